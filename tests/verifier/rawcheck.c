/* SPDX-License-Identifier: BSD-2-Clause */
#include "cases.h"

#include "frontend/kernel.h"
#include "frontend/object/loader.h"

#include <bpf/btf.h>
#include <string.h>

/* Runs cases of raw instructions (dump_cases.c) through the embedded verifier and the running
 * kernel's, each as a program of its own type when that is XDP or tc, else as tc.
 *   rawcheck [-v] <CASES           -v: the end of the kernel's log follows
 * One line a case, tab separated: description, type (own, as-tc), verdicts (accept, reject): expected by
 * the case, ours, the kernel's (or none); our reason, the kernel's message. tools/verifier-reject-cases makes a table of it. */

struct verdict {
	bool accepted;
	const char *reason;
};

static uint32_t as_type(uint32_t type)
{
	switch (type) {
	case BPF_PROG_TYPE_XDP:
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_SCHED_ACT: return type;
	default: return BPF_PROG_TYPE_SCHED_CLS;
	}
}

static struct verdict ask_ours(struct cx *cx, const struct fe_object *obj,
			       const struct fe_prog *prog)
{
	const struct fe_verify_options opts = { .verdict_only = true };
	struct verdict v = { .reason = "" };
	struct vprog vp;

	v.accepted = fe_verify(cx, obj, prog, &opts, &vp);
	for (size_t i = 0; !v.accepted && i < cx->diags->list.len; i++) {
		const struct diag *d = &cx->diags->list.at[i];

		if (d->severity == DIAG_ERROR)
			v.reason = arena_printf(cx->arena, "%s@%lld: %s", reason_name(d->reason),
						(long long)d->at.insn, d->text);
	}
	return v;
}

static void one_line(const char *text)
{
	for (; *text; text++)
		putchar(*text == '\n' || *text == '\t' ? ' ' : *text);
}

static void print_case(const struct raw_case *c, const struct verdict *v,
		       const struct fe_kernel_answer *k)
{
	static const char *const words[] = { [FE_KERNEL_UNAVAILABLE] = "none",
					     [FE_KERNEL_ACCEPTS] = "accept",
					     [FE_KERNEL_REJECTS] = "reject" };

	one_line(c->descr);
	printf("\t%s\t%s\t%s\t%s\t", as_type(c->type) == c->type ? "own" : "as-tc",
	       c->expect_reject ? "reject" : "accept", v->accepted ? "accept" : "reject",
	       words[k->verdict]);
	one_line(v->reason);
	putchar('\t');
	one_line(k->why);
	putchar('\n');
}

static void run_case(struct cx *cx, const struct raw_case *c, bool verbose)
{
	struct fe_object obj = { .path = "case",
				 .license = "GPL",
				 .maps = c->maps.at,
				 .n_maps = c->maps.len,
				 .inner_maps = c->inner_maps.at,
				 .n_inner_maps = c->inner_maps.len,
				 .btf = c->btf };
	struct fe_prog prog = { .name = "case",
				.section = "case",
				.type = as_type(c->type),
				.insns = c->insns.at,
				.n_insns = c->insns.len,
				.subprogs = c->subprogs.at,
				.n_subprogs = c->subprogs.len };
	struct fe_kernel_answer k = { .why = c->needs, .log_tail = "" };
	struct verdict v;

	fe_kernel_types_init(cx, &(struct fe_open_options){ 0 }, &obj);
	v = ask_ours(cx, &obj, &prog);
	if (!c->needs)
		k = fe_kernel_verify_insns(cx, &obj, &prog);
	print_case(c, &v, &k);
	if (verbose)
		puts(k.log_tail);
	fe_kernel_types_free(&obj);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct arena arena, scratch;
	struct raw_case c;
	bool more, verbose = argc > 1 && !strcmp(argv[1], "-v");

	arena_init(&arena);
	arena_init(&scratch);
	do {
		struct diags diags;
		struct cx cx = { &arena, &scratch, &diags };

		diags_init(&diags, &arena);
		c = (struct raw_case){ .arena = &arena };
		more = raw_case_read(stdin, &c);
		if (more)
			run_case(&cx, &c, verbose);
		btf__free(c.btf);
		arena_reset(&scratch);
		arena_reset(&arena);
	} while (more);
	return 0;
}
