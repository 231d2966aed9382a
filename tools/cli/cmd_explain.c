#include "tools/cli/explain_split.h"
#include "tools/cli/report.h"

#include "nfp_backend/api.h"

#include <errno.h>
#include <stdio.h>

/* explain: each instruction with its source line, where it runs, and what keeps it from the NIC. */

static const char *place_name(enum part_place place)
{
	static const char *const names[] = { [PART_DEAD] = "dead",
					     [PART_DEVICE] = "NIC",
					     [PART_HOST] = "host",
					     [PART_BOTH] = "both" };

	return names[place];
}

/* Reasons are sorted by instruction: prints those of `insn`, from *next on. */
static void print_reasons(const struct bpf_offload_reason *r, size_t n, size_t *next, int64_t insn)
{
	for (; *next < n && r[*next].insn <= insn; (*next)++) {
		if (r[*next].insn != insn)
			continue;
		printf("                 ^ not for the NIC: %s [%s]\n", r[*next].text, r[*next].id);
		if (r[*next].advice[0])
			printf("                   %s\n", r[*next].advice);
	}
}

/* A cut before `insn`, in the listing. */
static void print_cut(const struct bpf_offload_program *p, size_t insn)
{
	const struct part_pair *pair = p->split.pair;

	for (uint32_t i = 0; pair && i < pair->n_cuts; i++)
		if (pair->cuts[i].pc == insn)
			printf("    ---- cut %u: here the host goes on\n", pair->cuts[i].id);
}

static void print_listing(struct bpf_offload_program *p)
{
	const struct fe_prog *prog = p->prog;
	const struct bpf_offload_reason *r;
	const struct fe_line *line, *shown = NULL;
	size_t n, next = 0;
	char text[160];

	r = bpf_offload_program__reasons(p, &n);
	for (size_t i = 0; i < prog->n_insns; i++) {
		bool wide = ebpf_is_ld_imm64(&prog->insns[i]) && i + 1 < prog->n_insns;

		line = fe_prog_line(prog, i);
		if (line && line != shown)
			printf("  %s:%u: %s\n", line->file, line->line, line->text);
		shown = line;
		print_cut(p, i);
		ebpf_disasm(&prog->insns[i], wide ? &prog->insns[i + 1] : NULL, text, sizeof(text));
		printf("    %-4s %5zu: %s\n", place_name(p->split.place[i]), i, text);
		print_reasons(r, n, &next, (int64_t)i);
		i += wide;
	}
}

static void print_program(const struct cli_args *args, struct bpf_offload_program *p)
{
	enum bpf_offload_placement placement = bpf_offload_program__placement(p);
	const struct bpf_offload_reason *r;
	size_t n;

	printf("%s (%s): %s", bpf_offload_program__name(p), bpf_offload_program__section(p),
	       bpf_offload_placement__name(placement));
	r = bpf_offload_program__reasons(p, &n);
	if (placement == BPF_OFFLOAD_REJECTED) {
		printf(", %zu instructions\n\n", bpf_offload_program__insn_cnt(p));
		return;
	}
	if (!p->compiled) {
		printf(", %zu instructions\n", bpf_offload_program__insn_cnt(p));
		for (size_t i = 0; i < n; i++)
			printf("  whole program: %s [%s]\n    %s\n\n", r[i].text, r[i].id,
			       r[i].advice);
		return;
	}
	printf(", %u of %u live instructions can run on the NIC", p->split.device_capable,
	       p->split.live_insns);
	if (bpf_offload_program__device_words(p))
		printf(", %zu instruction words", bpf_offload_program__device_words(p));
	putchar('\n');
	for (size_t i = 0; i < n && r[i].insn < 0; i++)
		printf("  whole program: %s [%s]\n    %s\n", r[i].text, r[i].id, r[i].advice);
	if (p->split.unsplit)
		printf("  not split: %s\n", p->split.unsplit);
	explain_split_print(p);
	if (!args->quiet)
		print_listing(p);
	putchar('\n');
}

static void add_listing(struct json_object *row, struct bpf_offload_program *p)
{
	struct json_object *insns = json_object_new_array(), *o;
	const struct fe_prog *prog = p->prog;
	const struct fe_line *line;
	char text[160];

	for (size_t i = 0; i < prog->n_insns; i++) {
		bool wide = ebpf_is_ld_imm64(&prog->insns[i]) && i + 1 < prog->n_insns;

		ebpf_disasm(&prog->insns[i], wide ? &prog->insns[i + 1] : NULL, text, sizeof(text));
		line = fe_prog_line(prog, i);
		o = json_object_new_object();
		json_object_object_add(o, "insn", json_object_new_int64((int64_t)i));
		json_object_object_add(o, "text", report_text(text));
		json_object_object_add(o, "place", report_text(place_name(p->split.place[i])));
		json_object_object_add(o, "file", line ? report_text(line->file) : NULL);
		json_object_object_add(o, "line", json_object_new_int64(line ? line->line : 0));
		json_object_array_add(insns, o);
		i += wide;
	}
	json_object_object_add(row, "insns", insns);
	json_object_object_add(row, "device_capable",
			       json_object_new_int64(p->split.device_capable));
	json_object_object_add(row, "live_insns", json_object_new_int64(p->split.live_insns));
}

static enum cli_exit explain_one(const struct cli_args *args, struct bpf_offload_program *p,
				 struct json_object *report)
{
	struct bpf_offload_compile_opts opts = cli_compile_opts(args);
	int err = bpf_offload_program__compile(p, &opts);
	struct json_object *row;

	if (err == -EINVAL)
		return CLI_USAGE;
	if (report) {
		row = report_program(report, p);
		report_placement(row, p);
		if (p->compiled)
			add_listing(row, p);
		if (p->split.pair)
			json_object_object_add(row, "split", explain_split_json(p));
	} else {
		print_program(args, p);
	}
	return err ? CLI_PROGRAM : CLI_OK;
}

enum cli_exit cmd_explain(const struct cli_args *args)
{
	return cli_each_program(args, explain_one);
}
