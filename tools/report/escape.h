/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_REPORT_ESCAPE_H
#define TOOLS_REPORT_ESCAPE_H

#include <stddef.h>
#include <stdio.h>

/* Escapes text of an object (names, source lines, paths) for XML, HTML, or a graphviz label. It may hold any
 * bytes. Markup characters become entities; bytes that are not UTF-8, control
 * characters, and characters that reorder the line become U+FFFD. */

void rep_escape(FILE *out, const char *text);
/* At most `max` characters, then an ellipsis. */
void rep_escape_some(FILE *out, const char *text, size_t max);

/* Part of a path behind its last '/'. */
const char *rep_basename(const char *path);

#endif
