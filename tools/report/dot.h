/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_REPORT_DOT_H
#define TOOLS_REPORT_DOT_H

#include "tools/report/program_facts.h"

#include <stdio.h>

/* Control flow as a graph for graphviz' dot: blocks in the colour of their side with source lines and
 * frequencies, cuts as notes with the values handed over. One file, one cluster per program. */

void rep_dot_begin(FILE *out, const char *title);
void rep_dot_program(FILE *out, struct rep_facts *f, unsigned number);
void rep_dot_end(FILE *out);

#endif
