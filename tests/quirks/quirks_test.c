/* SPDX-License-Identifier: BSD-2-Clause */
/* Faults that the kernel's driver has (nfp.md 5.4: cases named q1-… to q8-…), and those that JIT
 * compilers are known for: each is a named case, and none may be ours.
 *
 *   quirks_test SUITE [CASE [PASSES-TO-DUMP]]
 *
 * Every case runs at -O0 and -O2 on packets of edge values and must run on the device. */
#include "quirks.h"

#include "packets.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PACKETS 96u
#define SEED    7u

struct run {
	struct packet_file packets;
	const char *only; /* name of one case; NULL: all */
	const char *dump;
	unsigned cases, faults;
};

static const unsigned levels[] = { 0, 2 };

static bool is_fine(struct run *x, const char *name, uint32_t type, struct asm_buf *b, FILE *log)
{
	uint32_t subprog_at[4];
	struct harness_case c = { .name = name,
				  .type = type ? type : BPF_PROG_TYPE_XDP,
				  .insns = b->at,
				  .n_insns = b->n,
				  .subprog_at = subprog_at,
				  .maps = program_maps,
				  .n_maps = MAP_COUNT };
	bool ok = true;

	asm_finish(b);
	for (uint32_t i = 0; i < b->n; i++) {
		if (ebpf_is_call(&b->at[i]) && b->at[i].src_reg == EBPF_CALL_SUBPROG) {
			subprog_at[0] = i + 1 + (uint32_t)b->at[i].imm;
			c.n_subprogs = 1; /* all cases have one function at most */
		}
	}
	for (unsigned l = 0; l < 2; l++) {
		struct harness_options o = { .packets = PACKETS,
					     .seed = SEED,
					     .pcap = x->packets.path,
					     .dump = x->dump,
					     .level = levels[l],
					     .log = log };
		struct harness_result r;

		harness_run(&c, &o, &r);
		ok &= r.outcome == HARNESS_EQUAL && r.diff.packets > 0;
	}
	return ok;
}

static void one_op(struct run *x, const struct op *op)
{
	static struct asm_buf b;

	memset(&b, 0, sizeof(b));
	op_program(op, 1, &b);
	if (is_fine(x, op->name, 0, &b, stdout))
		return;
	printf("FAILED: %s\n", op->name);
	x->faults++;
}

static void run_ops(struct run *x, void (*fill)(struct op_list *l))
{
	static struct op_list l;
	static struct asm_buf b;

	l.n = 0;
	fill(&l);
	for (uint32_t i = 0; i < l.n; i += OP_BATCH) {
		uint32_t n = l.n - i < OP_BATCH ? l.n - i : OP_BATCH;

		for (uint32_t k = i; k < i + n && x->only; k++) {
			if (!strcmp(l.at[k].name, x->only)) {
				x->cases++;
				one_op(x, &l.at[k]);
			}
		}
		if (x->only)
			continue;
		x->cases += n;
		memset(&b, 0, sizeof(b));
		op_program(&l.at[i], n, &b);
		if (is_fine(x, "batch", 0, &b, NULL))
			continue;
		printf("a batch from %s on fails\n", l.at[i].name);
		x->faults++;
		for (uint32_t k = i; k < i + n; k++)
			one_op(x, &l.at[k]);
	}
}

static void run_programs(struct run *x, const struct program *p)
{
	static struct asm_buf b;

	for (; p->name; p++) {
		if (x->only && strcmp(p->name, x->only))
			continue;
		x->cases++;
		memset(&b, 0, sizeof(b));
		p->write(&b);
		if (is_fine(x, p->name, p->type, &b, stdout))
			continue;
		printf("FAILED: %s\n", p->name);
		x->faults++;
	}
}

static const struct suite {
	const char *name;
	void (*fill)(struct op_list *l);
	const struct program *programs;
} suites[] = {
	{ "alu", ops_alu, NULL },           { "shift", ops_shift, NULL },
	{ "divide", ops_divide, NULL },     { "swap", ops_swap, NULL },
	{ "jump", ops_jump, NULL },         { "quirk", ops_quirk, NULL },
	{ "memory", NULL, memory_cases },   { "atomic", NULL, atomic_cases },
	{ "program", NULL, program_cases },
};

int main(int argc, char **argv)
{
	struct arena arena;
	struct diags diags;
	struct cx cx = { &arena, &arena, &diags };
	struct run x = { .only = argc > 2 ? argv[2] : NULL, .dump = argc > 3 ? argv[3] : NULL };

	arena_init(&arena);
	diags_init(&diags, &arena);
	if (!packets_make(&cx, SEED, PACKETS, &x.packets))
		return 3;
	for (size_t i = 0; argc > 1 && i < sizeof(suites) / sizeof(suites[0]); i++) {
		if (strcmp(suites[i].name, argv[1]))
			continue;
		if (suites[i].fill)
			run_ops(&x, suites[i].fill);
		else
			run_programs(&x, suites[i].programs);
	}
	packets_free(&x.packets);
	arena_reset(&arena);
	printf("%u cases, %u faults\n", x.cases, x.faults);
	return !x.cases ? 2 : x.faults != 0;
}
