/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/cli/output/report.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct json_object *report_new(void)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "schema", json_object_new_int(2));
	json_object_object_add(o, "programs", json_object_new_array());
	return o;
}

static struct json_object *reason_row(const struct bpf_offload_reason *r)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "insn", json_object_new_int64(r->insn));
	json_object_object_add(o, "file", report_text(r->file));
	json_object_object_add(o, "line", json_object_new_int64(r->line));
	json_object_object_add(o, "id", report_text(r->id));
	json_object_object_add(o, "text", report_text(r->text));
	json_object_object_add(o, "advice", report_text(r->advice));
	json_object_object_add(o, "detail", report_text(r->detail));
	return o;
}

struct json_object *report_program(struct json_object *report, struct bpf_offload_program *prog)
{
	struct json_object *row = json_object_new_object(), *reasons = json_object_new_array();
	const struct bpf_offload_reason *r;
	size_t n;

	json_object_object_add(row, "name", report_text(bpf_offload_program__name(prog)));
	json_object_object_add(row, "section", report_text(bpf_offload_program__section(prog)));
	json_object_object_add(row, "type", report_text(bpf_offload_program__type(prog)));
	json_object_object_add(row, "bpf_insns",
			       json_object_new_int64((int64_t)bpf_offload_program__insn_cnt(prog)));
	r = bpf_offload_program__reasons(prog, &n);
	for (size_t i = 0; i < n; i++)
		json_object_array_add(reasons, reason_row(&r[i]));
	json_object_object_add(row, "reasons", reasons);
	json_object_array_add(json_object_object_get(report, "programs"), row);
	return row;
}

void report_placement(struct json_object *row, struct bpf_offload_program *prog)
{
	json_object_object_add(
		row, "placement",
		report_text(bpf_offload_placement__name(bpf_offload_program__placement(prog))));
}

/* Is the message among its program's reasons, which the program's row has? */
static bool is_reason(struct bpf_offload_object *obj, const struct bpf_offload_message *m)
{
	const struct bpf_offload_reason *r;
	struct bpf_offload_program *p;
	size_t n;

	for (size_t i = 0; m->program && (p = bpf_offload_object__program(obj, i)); i++) {
		if (strcmp(bpf_offload_program__name(p), m->program))
			continue;
		r = bpf_offload_program__reasons(p, &n);
		for (size_t k = 0; k < n; k++) {
			if (!strcmp(r[k].id, m->what.id) && !strcmp(r[k].text, m->what.text))
				return true;
		}
	}
	return false;
}

void report_diags(struct json_object *report, const struct diags *d)
{
	struct json_object *errors = json_object_new_array(), *row;

	for (size_t i = 0; i < d->list.len; i++) {
		const struct diag *e = &d->list.at[i];
		const struct bpf_offload_reason r = { .insn = e->at.insn,
						      .file = e->at.file,
						      .line = e->at.line,
						      .id = reason_name(e->reason),
						      .text = e->text,
						      .advice = reason_advice(e->reason),
						      .detail = e->detail };

		if (e->severity == DIAG_NOTE)
			continue;
		row = reason_row(&r);
		json_object_object_add(
			row, "severity",
			json_object_new_string(e->severity == DIAG_ERROR ? "error" : "warning"));
		json_object_object_add(row, "program", report_text(e->at.prog));
		json_object_array_add(errors, row);
	}
	json_object_object_add(report, "errors", errors);
}

void report_failure(const struct diags *d)
{
	struct json_object *report = report_new();

	report_diags(report, d);
	report_print(report);
}

void report_messages(struct json_object *report, struct bpf_offload_object *obj)
{
	struct json_object *errors = json_object_new_array(), *row;
	const struct bpf_offload_message *m;
	size_t n;

	m = bpf_offload_object__messages(obj, &n);
	for (size_t i = 0; i < n; i++) {
		if (m[i].error && is_reason(obj, &m[i]))
			continue;
		row = reason_row(&m[i].what);
		json_object_object_add(row, "severity",
				       json_object_new_string(m[i].error ? "error" : "warning"));
		json_object_object_add(row, "program", report_text(m[i].program));
		json_object_array_add(errors, row);
	}
	json_object_object_add(report, "errors", errors);
}

void report_print(struct json_object *report)
{
	puts(json_object_to_json_string_ext(report, JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(report);
}
