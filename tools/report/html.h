/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_REPORT_HTML_H
#define TOOLS_REPORT_HTML_H

#include "tools/report/program_facts.h"

#include <stdio.h>

/* One self-contained HTML file: source, BPF and microcode side by side, linked by line; figures,
 * cuts, maps, advice. Its policy allows only its own script, by digest, and no network access.
 *
 *   html.c         the document, figures, the tables
 *   html_panes.c   the three listings
 *   html_style.c   style sheet and script, as texts */

void rep_html_begin(FILE *out, const char *title);
void rep_html_program(FILE *out, struct rep_facts *f, unsigned number);
/* A program that was not placed: of another type, or rejected. */
void rep_html_other(FILE *out, struct bpf_offload_program *p, unsigned number);
/* To a program's section. */
void rep_html_link(FILE *out, struct bpf_offload_program *p, unsigned number);
void rep_html_end(FILE *out);

/* html_panes.c, html_style.c */
void rep_html_panes(FILE *out, struct rep_facts *f);
void rep_html_host_half(FILE *out, struct rep_facts *f);
extern const char rep_html_css[], rep_html_js[];

#endif
