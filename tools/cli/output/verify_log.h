/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CLI_OUTPUT_VERIFY_LOG_H
#define TOOLS_CLI_OUTPUT_VERIFY_LOG_H

#include "offload/inspect.h"

/* check --log: the states that the embedded verifier went through, in the order of its walk. */

struct json_object;

/* The program's log, NULL if none was kept. One line per walked instruction: "INSN: STATE". */
const struct diag *verify_log_find(const struct bpf_offload_program *p);
/* With source lines and instructions, on standard output. */
void verify_log_print(const struct bpf_offload_program *p);
/* [{"insn": N, "state": "R1=ctx() …"}] */
struct json_object *verify_log_json(const struct bpf_offload_program *p);

#endif
