/* SPDX-License-Identifier: BSD-2-Clause */
#include "test_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TEXT 16384u

enum section { SECTION_NONE, SECTION_ASM, SECTION_RAW, SECTION_MEM, SECTION_RESULT, SECTION_ERROR };

struct reader {
	struct test_file *t;
	enum section section;
	char text[MAX_TEXT]; /* of the asm section */
	size_t text_len;
};

static bool fail(struct test_file *t, const char *why)
{
	snprintf(t->error, sizeof(t->error), "%s", why);
	return false;
}

static enum section section_of(const char *line)
{
	static const struct {
		const char *name;
		enum section section;
	} rows[] = { { "asm", SECTION_ASM },
		     { "raw", SECTION_RAW },
		     { "mem", SECTION_MEM },
		     { "result", SECTION_RESULT },
		     { "error", SECTION_ERROR } };
	char name[16];

	if (sscanf(line, "-- %15s", name) != 1)
		return SECTION_NONE;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!strcmp(rows[i].name, name))
			return rows[i].section;
	}
	return SECTION_NONE;
}

static bool add_text(struct reader *r, const char *line)
{
	size_t n = strlen(line);

	if (r->text_len + n + 2 > sizeof(r->text))
		return fail(r->t, "too long");
	memcpy(r->text + r->text_len, line, n);
	r->text_len += n;
	r->text[r->text_len++] = '\n';
	r->text[r->text_len] = 0;
	return true;
}

static bool add_bytes(struct reader *r, char *line)
{
	for (char *word = strtok(line, " \t"); word; word = strtok(NULL, " \t")) {
		if (r->t->mem_len == TEST_MAX_MEM)
			return fail(r->t, "too much memory");
		r->t->mem[r->t->mem_len++] = (uint8_t)strtoul(word, NULL, 16);
	}
	return true;
}

static bool add_raw(struct reader *r, char *line)
{
	for (char *word = strtok(line, " \t"); word; word = strtok(NULL, " \t")) {
		uint64_t v = strtoull(word, NULL, 0);

		if (r->t->n_insns == TEST_MAX_INSNS)
			return fail(r->t, "too many instructions");
		memcpy(&r->t->insns[r->t->n_insns++], &v, sizeof(v));
	}
	return true;
}

static bool add_line(struct reader *r, char *line)
{
	line[strcspn(line, "#\r\n")] = 0;
	if (strstr(line, "--")) {
		r->section = section_of(line);
		r->t->wants_error |= r->section == SECTION_ERROR;
		return true;
	}
	if (!line[strspn(line, " \t")])
		return true;
	switch (r->section) {
	case SECTION_ASM: return add_text(r, line);
	case SECTION_RAW: return add_raw(r, line);
	case SECTION_MEM: return add_bytes(r, line);
	case SECTION_RESULT:
		r->t->result = strtoull(line, NULL, 0);
		r->t->has_result = true;
		return true;
	default: return true;
	}
}

bool test_file_read(const char *path, struct test_file *t)
{
	struct reader r = { .t = t };
	FILE *in = fopen(path, "r");
	char line[512];
	bool ok = in;

	memset(t, 0, sizeof(*t));
	if (!in)
		return fail(t, "cannot be opened");
	while (ok && fgets(line, sizeof(line), in))
		ok = add_line(&r, line);
	fclose(in);
	if (!ok)
		return false;
	if (!t->has_result && !t->wants_error)
		return fail(t, "neither a result nor an error");
	if (!t->n_insns &&
	    !assemble(r.text, t->insns, TEST_MAX_INSNS, &t->n_insns, t->error, sizeof(t->error)))
		return false;
	return t->n_insns || fail(t, "no instructions");
}
