/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_REPORT_TEXT_H
#define TOOLS_REPORT_TEXT_H

#include "tools/report/program_facts.h"

/* explain on a terminal. `listing`: with source lines and instructions. */
void rep_text(struct rep_facts *f, bool listing);
/* "  compiled in: port = 80", one line per variable; for explain and compile. */
void rep_text_constants(const struct bpf_offload_program *p);

#endif
