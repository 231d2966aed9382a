/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/cli/output/explain_files.h"
#include "tools/cli/output/report.h"
#include "tools/report/json.h"
#include "tools/report/text.h"

#include <errno.h>
#include <stdio.h>

/* explain: each instruction with its source line, its side, and the reasons why it is not on the device. */

static void print_program(const struct cli_args *args, struct bpf_offload_program *p,
			  struct rep_facts *f)
{
	enum bpf_offload_placement placement = bpf_offload_program__placement(p);
	const struct bpf_offload_reason *r;
	size_t n;

	printf("%s (%s): %s", bpf_offload_program__name(p), bpf_offload_program__section(p),
	       bpf_offload_placement__name(placement));
	if (!f) {
		printf(", %zu instructions\n", bpf_offload_program__insn_cnt(p));
		r = bpf_offload_program__reasons(p, &n);
		/* a rejection was already printed in full */
		for (size_t i = 0; placement != BPF_OFFLOAD_REJECTED && i < n; i++)
			printf("  whole program: %s [%s]\n    %s\n", r[i].text, r[i].id,
			       r[i].advice);
		putchar('\n');
		return;
	}
	printf(", %u of %u live instructions can run on the device", p->result.split.device_capable,
	       p->result.split.live_insns);
	if (bpf_offload_program__device_words(p))
		printf(", %zu instruction words", bpf_offload_program__device_words(p));
	putchar('\n');
	rep_text(f, !args->quiet);
	putchar('\n');
}

static enum cli_exit explain_one(const struct cli_args *args, struct bpf_offload_program *p,
				 struct json_object *report)
{
	struct bpf_offload_compile_opts opts = cli_compile_opts(args);
	int err = bpf_offload_program__compile(p, &opts);
	struct rep_facts *facts = NULL;
	struct json_object *row;

	if (err == -EINVAL)
		return CLI_USAGE;
	if (p->compiled) {
		facts = rep_gather(p);
		rep_advise(facts);
	}
	if (report) {
		row = report_program(report, p);
		report_placement(row, p);
		if (facts)
			rep_json(facts, row);
	} else {
		print_program(args, p, facts);
	}
	if (args->collect.explain_to)
		explain_files_add(args->collect.explain_to, p, facts);
	return err ? CLI_PROGRAM : CLI_OK;
}

/* The costs that --costs gives, or the defaults. */
static enum cli_exit list_costs(const struct cli_args *args)
{
	struct part_costs costs = part_costs_default;
	struct arena arena;
	struct diags diags;
	struct cx cx = { .arena = &arena, .scratch = &arena, .diags = &diags };
	bool ok;

	arena_init(&arena);
	diags_init(&diags, &arena);
	ok = !args->place.costs || part_costs_read(&cx, args->place.costs, &costs);
	if (ok)
		part_costs_print(stdout, &costs);
	for (size_t i = 0; i < diags.list.len; i++)
		diag_print(stderr, &diags.list.at[i]);
	arena_reset(&arena);
	return ok ? CLI_OK : CLI_USAGE;
}

enum cli_exit cmd_explain(const struct cli_args *args)
{
	struct cli_args own = *args;
	enum cli_exit code, files;

	if (args->place.list_costs)
		return list_costs(args);
	own.collect.explain_to = explain_files_new(args);
	code = cli_each_program(&own, explain_one);
	if (!own.collect.explain_to)
		return code;
	files = explain_files_finish(own.collect.explain_to);
	return files > code ? files : code;
}
