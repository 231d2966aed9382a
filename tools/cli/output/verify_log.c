/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/cli/output/verify_log.h"

#include "tools/cli/output/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	size_t insn;
	const char *state;
	size_t len; /* of state */
};

/* Takes one line off *text; false at its end. */
static bool next_entry(const struct fe_prog *prog, const char **text, struct entry *e)
{
	char *after;

	while (**text) {
		const char *line = *text;
		size_t len = strcspn(line, "\n");

		*text = line[len] ? line + len + 1 : line + len;
		e->insn = strtoul(line, &after, 10);
		if (after == line || *after != ':' || e->insn >= prog->n_insns)
			continue;
		e->state = after + 1 + (after[1] == ' ');
		e->len = (size_t)(line + len - e->state);
		return true;
	}
	return false;
}

const struct diag *verify_log_find(const struct bpf_offload_program *p)
{
	const struct diags *d = &p->owner->diags;

	for (size_t i = 0; i < d->list.len; i++) {
		if (d->list.at[i].reason == REASON_VERIFY_LOG &&
		    !strcmp(d->list.at[i].at.prog, p->prog->name))
			return &d->list.at[i];
	}
	return NULL;
}

void verify_log_print(const struct bpf_offload_program *p)
{
	const struct diag *d = verify_log_find(p);
	const struct fe_prog *prog = p->prog;
	const struct fe_line *line, *shown = NULL;
	const char *text;
	struct entry e;
	char insn[160];

	if (!d)
		return;
	text = d->detail ? d->detail : "";
	while (next_entry(prog, &text, &e)) {
		line = fe_prog_line(prog, e.insn);
		if (line && (!shown || line->line != shown->line || line->file != shown->file))
			printf("  ; %s:%u: %s\n", line->file, line->line, line->text);
		shown = line;
		printf("        %.*s\n", (int)e.len, e.state);
		fe_disasm(&p->owner->obj, &prog->insns[e.insn],
			  e.insn + 1 < prog->n_insns ? &prog->insns[e.insn + 1] : NULL, insn,
			  sizeof(insn));
		printf("  %5zu: %s\n", e.insn, insn);
	}
	printf("  %s\n", d->text);
}

struct json_object *verify_log_json(const struct bpf_offload_program *p)
{
	const struct diag *d = verify_log_find(p);
	struct json_object *log = json_object_new_array(), *row;
	const char *text = d && d->detail ? d->detail : "";
	struct entry e;

	while (next_entry(p->prog, &text, &e)) {
		row = json_object_new_object();
		json_object_object_add(row, "insn", json_object_new_int64((int64_t)e.insn));
		json_object_object_add(row, "state",
				       json_object_new_string_len(e.state, (int)e.len));
		json_object_array_add(log, row);
	}
	return log;
}
