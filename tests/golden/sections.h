/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_GOLDEN_SECTIONS_H
#define TESTS_GOLDEN_SECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* A golden file: lines before the first section, then sections that begin with "-- HEAD". */

struct section {
	const char *head; /* what follows "-- " */
	char *want;
	char *got;
};

/* Cuts `text`, which is changed, at its heads. False: more than `max` sections. */
static inline bool sections_split(char *text, struct section *sections, size_t max, size_t *n)
{
	char *line = text, *next;

	for (; *line; line = next) {
		next = strchr(line, '\n');
		next = next ? next + 1 : line + strlen(line);
		if (strncmp(line, "-- ", 3) != 0 || next[-1] != '\n')
			continue;
		if (*n == max)
			return false;
		next[-1] = '\0';
		*line = '\0';
		sections[*n].head = line + 3;
		sections[(*n)++].want = next;
	}
	return true;
}

#endif
