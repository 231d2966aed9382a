/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CLI_OUTPUT_EXPLAIN_FILES_H
#define TOOLS_CLI_OUTPUT_EXPLAIN_FILES_H

#include "tools/cli/cli.h"
#include "tools/report/program_facts.h"

/* explain --dot, --svg, --html: files that tell of all programs of an object. They are collected while
 * the programs are walked, and written at the end. */
struct explain_files;

/* NULL: the command line asks for none. */
struct explain_files *explain_files_new(const struct cli_args *args);
/* facts NULL: the program was not placed. */
void explain_files_add(struct explain_files *x, struct bpf_offload_program *p,
		       struct rep_facts *facts);
/* Writes the files, unless no program was added, and frees. CLI_OK, or CLI_ENVIRONMENT with an error on stderr. */
enum cli_exit explain_files_finish(struct explain_files *x);

#endif
