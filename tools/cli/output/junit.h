/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CLI_OUTPUT_JUNIT_H
#define TOOLS_CLI_OUTPUT_JUNIT_H

#include "base/arena.h"

#include <stdbool.h>

/* test --junit FILE: the results as JUnit XML, the form that CI systems show. One test suite per object, one
 * test case per program. */
struct junit;

struct junit_case {
	const char *name, *section;
	double seconds;
	const char *skipped; /* why; NULL: it ran */
	const char *failure; /* difference or error; NULL: none */
	const char *details; /* more about the failure, several lines; may be NULL */
};

struct junit *junit_new(struct arena *arena, const char *object);
void junit_add(struct junit *j, const struct junit_case *c); /* copies */
/* Any text may be in it: control characters and bytes that are not UTF-8 are written as '?'. False: reported on
 * stderr; no partial file remains. */
bool junit_write(const struct junit *j, const char *path);

#endif
