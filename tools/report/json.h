/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_REPORT_JSON_H
#define TOOLS_REPORT_JSON_H

#include "tools/report/program_facts.h"
#include "tools/report/json_text.h"

/* The facts as JSON (docs/json.md). */

/* Adds explain's keys to a program's row. */
void rep_json(struct rep_facts *f, struct json_object *row);

/* Pieces that the manifest shares. */
struct json_object *rep_json_cuts(struct rep_facts *f); /* [] when not split */
struct json_object *rep_json_maps(struct rep_facts *f);
/* Program arrays that are compiled in: their content is fixed, and user space must not change it. */
struct json_object *rep_json_program_arrays(const struct bpf_offload_program *p);

/* Variables whose values are in the microcode: [{name, value, map}]. */
struct json_object *rep_json_constants(const struct bpf_offload_program *p);

#endif
