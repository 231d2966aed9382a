/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CLI_OUTPUT_REPORT_H
#define TOOLS_CLI_OUTPUT_REPORT_H

#include "base/diag.h"
#include "bpf_offload.h"
#include "tools/cli/cli.h"
#include "tools/report/json_text.h"

/* JSON output, schema 2: {"schema":2,"programs":[…]}, with "errors":[…] when the object itself is
 * at fault. Documented in docs/json.md; new keys may come, none goes. */

struct json_object *report_new(void);
/* Adds a program's row with the keys of every command; returns the row for more keys. */
struct json_object *report_program(struct json_object *report, struct bpf_offload_program *prog);
/* Adds "placement" to a program's row. */
void report_placement(struct json_object *row, struct bpf_offload_program *prog);
/* Adds the messages that no program owns as "errors". */
void report_messages(struct json_object *report, struct bpf_offload_object *obj);
/* The same of a command without an eBPF object. */
void report_diags(struct json_object *report, const struct diags *d);
/* A report of commands without an eBPF object that failed: its messages, no program. Printed. */
void report_failure(const struct diags *d);
/* Prints and frees. */
void report_print(struct json_object *report);

#endif
