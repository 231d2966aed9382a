/* SPDX-License-Identifier: BSD-2-Clause */
/* Tail calls that are followed, and what stands against it: small programs by hand, run by the reference
 * interpreter as they are (it makes tail calls) and in their inlined form (in which none is left). */
#include "partitioner/inline.h"
#include "sim/interp.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/sim_host_run.h"

#define STACK     UINT64_C(0x10000000)
#define BSS       UINT64_C(0x20000)
#define CTX       UINT64_C(0x30000)
#define ARRAY     UINT64_C(0x40000)
#define MAX_PROGS 4u
#define MAX_CODE  24u

enum { MAP_PROGS, MAP_BSS, MAPS };

#define TAIL(index) LD_MAP(2, MAP_PROGS), MOV64I(3, index), CALL(BPF_FUNC_tail_call)
/* The first word of the global data counts what runs; the second says which. */
#define COUNT                                                                                      \
	LD_MAP_VALUE(7, MAP_BSS, 0), LDX(BPF_DW, 8, 7, 0), ALU64I(BPF_ADD, 8, 1),                  \
		STX(BPF_DW, 7, 0, 8)
#define RETURNS(v)                                                                                 \
	{                                                                                          \
		MOV64I(0, v), EXIT()                                                               \
	}

struct shape_case {
	const char *rule;
	struct bpf_insn code[MAX_PROGS][MAX_CODE]; /* [0] is inlined_verifies */
	uint32_t subprog; /* of program 0, where its second function starts */
	struct fe_slot slots[4];
	uint32_t n_slots;
	uint32_t which; /* second word of the global data */
	bool pinned, other_type, left;
	uint64_t r0, count; /* count 0: not looked at */
};

static const struct shape_case cases[] = {
	{ .rule = "a filled slot: the target's result",
	  .code = { { TAIL(1), MOV64I(0, 1), EXIT() }, RETURNS(7) },
	  .slots = { { 1, 1 } },
	  .n_slots = 1,
	  .r0 = 7 },
	{ .rule = "an empty slot has no effect",
	  .code = { { TAIL(0), MOV64I(0, 1), EXIT() }, RETURNS(7) },
	  .slots = { { 1, 1 } },
	  .n_slots = 1,
	  .r0 = 1 },
	{ .rule = "nor has an index outside the array",
	  .code = { { TAIL(4), MOV64I(0, 1), EXIT() }, RETURNS(7) },
	  .slots = { { 1, 1 } },
	  .n_slots = 1,
	  .r0 = 1 },
	{ .rule = "the index counts as 32 bits",
	  .code = { { LD_MAP(2, MAP_PROGS), LD64(3, UINT64_C(0x500000001)),
		      CALL(BPF_FUNC_tail_call), MOV64I(0, 1), EXIT() },
		    RETURNS(7) },
	  .slots = { { 1, 1 } },
	  .n_slots = 1,
	  .r0 = 7 },
	{ .rule = "a target that uses more stack than the caller",
	  .code = { { ST(BPF_DW, 10, -8, 5), TAIL(1), MOV64I(0, 1), EXIT() },
		    { ST(BPF_DW, 10, -64, 9), ST(BPF_DW, 10, -8, 1), LDX(BPF_DW, 0, 10, -64),
		      EXIT() } },
	  .slots = { { 1, 1 } },
	  .n_slots = 1,
	  .r0 = 9 },
	{ .rule = "a chain",
	  .code = { { COUNT, TAIL(1), MOV64I(0, 1), EXIT() },
		    { COUNT, TAIL(2), MOV64I(0, 2), EXIT() },
		    { COUNT, MOV64I(0, 3), EXIT() } },
	  .slots = { { 1, 1 }, { 2, 2 } },
	  .n_slots = 2,
	  .r0 = 3,
	  .count = 3 },
	{ .rule = "33 of them at most: a program that calls itself runs 34 times",
	  .code = { { MOV64(6, 1), COUNT, MOV64(1, 6), TAIL(0), MOV64I(0, 5), EXIT() } },
	  .slots = { { 0, 0 } },
	  .n_slots = 1,
	  .r0 = 5,
	  .count = 34 },
	{ .rule = "two that call each other",
	  .code = { { MOV64(6, 1), COUNT, MOV64(1, 6), TAIL(1), MOV64I(0, 5), EXIT() },
		    { MOV64(6, 1), COUNT, MOV64(1, 6), TAIL(0), MOV64I(0, 6), EXIT() } },
	  .slots = { { 0, 0 }, { 1, 1 } },
	  .n_slots = 2,
	  .r0 = 6,
	  .count = 34 },
	{ .rule = "an index that is data: one of the slots in its range",
	  .code = { { LD_MAP_VALUE(7, MAP_BSS, 8), LDX(BPF_DW, 3, 7, 0), ALU64I(BPF_AND, 3, 3),
		      LD_MAP(2, MAP_PROGS), CALL(BPF_FUNC_tail_call), MOV64I(0, 1), EXIT() },
		    RETURNS(7),
		    RETURNS(8) },
	  .slots = { { 1, 1 }, { 2, 2 } },
	  .n_slots = 2,
	  .which = 2,
	  .r0 = 8 },
	{ .rule = "an index that is data: an empty slot",
	  .code = { { LD_MAP_VALUE(7, MAP_BSS, 8), LDX(BPF_DW, 3, 7, 0), ALU64I(BPF_AND, 3, 3),
		      LD_MAP(2, MAP_PROGS), CALL(BPF_FUNC_tail_call), MOV64I(0, 1), EXIT() },
		    RETURNS(7) },
	  .slots = { { 1, 1 } },
	  .n_slots = 1,
	  .which = 3,
	  .r0 = 1 },
	{ .rule = "an array that the object does not fill is left",
	  .code = { { TAIL(1), MOV64I(0, 1), EXIT() }, RETURNS(7) },
	  .left = true },
	{ .rule = "so is one that other objects may fill",
	  .code = { { TAIL(1), MOV64I(0, 1), EXIT() }, RETURNS(7) },
	  .slots = { { 1, 1 } },
	  .n_slots = 1,
	  .pinned = true,
	  .left = true },
	{ .rule = "and a program of another type",
	  .code = { { TAIL(1), MOV64I(0, 1), EXIT() }, RETURNS(7) },
	  .slots = { { 1, 1 } },
	  .n_slots = 1,
	  .other_type = true,
	  .left = true },
	{ .rule = "a target that does not verify",
	  .code = { { TAIL(1), MOV64I(0, 1), EXIT() }, { EXIT() } },
	  .slots = { { 1, 1 } },
	  .n_slots = 1,
	  .left = true },
	{ .rule = "within a subprogram it ends the subprogram",
	  .code = { { MOV64I(6, 40), CALL_SUB(2), ALU64(BPF_ADD, 0, 6), EXIT(), TAIL(1),
		      MOV64I(0, 1), EXIT() },
		    { MOV64I(6, 0), MOV64I(0, 2), EXIT() } },
	  .subprog = 4,
	  .slots = { { 1, 1 } },
	  .n_slots = 1,
	  .r0 = 42 },
};

/* ---- the object ------------------------------------------------------------------------------------------ */

struct world {
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx;
	struct fe_map maps[MAPS];
	struct fe_subprog subs[MAX_PROGS][2];
	struct fe_prog progs[MAX_PROGS];
	struct fe_object obj;
	uint8_t stack[SIM_INTERP_STACK];
	uint64_t bss[2];
};

static uint32_t length(const struct bpf_insn *code)
{
	uint32_t n = MAX_CODE;

	while (n && !code[n - 1].code)
		n--;
	return n;
}

static void make_object(struct world *w, const struct shape_case *c)
{
	static const uint8_t zeroes[16];

	memset(w, 0, sizeof(*w));
	arena_init(&w->arena);
	arena_init(&w->scratch);
	diags_init(&w->diags, &w->arena);
	w->cx = (struct cx){ &w->arena, &w->scratch, &w->diags };
	w->maps[MAP_PROGS] = (struct fe_map){ .name = "progs",
					      .type = BPF_MAP_TYPE_PROG_ARRAY,
					      .key_size = 4,
					      .value_size = 4,
					      .max_entries = 4,
					      .inner = -1,
					      .pinned = c->pinned,
					      .slots = c->slots,
					      .n_slots = c->n_slots };
	w->maps[MAP_BSS] = (struct fe_map){ .name = ".bss",
					    .kind = FE_MAP_BSS,
					    .type = BPF_MAP_TYPE_ARRAY,
					    .key_size = 4,
					    .value_size = 16,
					    .max_entries = 1,
					    .inner = -1,
					    .init = zeroes };
	w->obj = (struct fe_object){
		.path = "t", .license = "GPL", .maps = w->maps, .n_maps = MAPS, .progs = w->progs
	};
	for (uint32_t i = 0; i < MAX_PROGS && length(c->code[i]); i++, w->obj.n_progs++) {
		uint32_t n = length(c->code[i]), sub = i ? 0 : c->subprog;

		w->subs[i][0] = (struct fe_subprog){ .end = sub ? sub : n, .name = "main" };
		w->subs[i][1] = (struct fe_subprog){ .start = sub, .end = n, .name = "sub" };
		w->progs[i] = (struct fe_prog){ .name = "p",
						.section = "xdp",
						.type = i && c->other_type ? BPF_PROG_TYPE_SCHED_CLS
									   : BPF_PROG_TYPE_XDP,
						.insns = c->code[i],
						.n_insns = n,
						.subprogs = w->subs[i],
						.n_subprogs = sub ? 2 : 1 };
	}
	w->bss[1] = c->which;
}

/* ---- runs ------------------------------------------------------------------------------------------------- */

static void *memory(void *priv, uint64_t addr, uint32_t size, bool write)
{
	struct world *w = priv;

	(void)write;
	if (addr >= STACK && addr - STACK <= sizeof(w->stack) - size)
		return w->stack + (addr - STACK);
	if (addr >= BSS && addr - BSS <= sizeof(w->bss) - size)
		return (uint8_t *)w->bss + (addr - BSS);
	return NULL;
}

static uint64_t map(void *priv, size_t idx, bool value)
{
	(void)priv;
	return value && idx == MAP_BSS ? BSS : ARRAY + idx;
}

static const struct fe_prog *tail_target(void *priv, uint64_t handle, uint32_t index)
{
	struct world *w = priv;
	const struct fe_map *m = &w->maps[MAP_PROGS];

	for (size_t i = 0; handle == ARRAY + MAP_PROGS && i < m->n_slots; i++)
		if (m->slots[i].index == index)
			return &w->progs[m->slots[i].target];
	return NULL;
}

static struct sim_interp_result run(struct world *w, const struct fe_prog *prog, bool tails)
{
	const struct sim_interp_env env = { .priv = w,
					    .stack = STACK,
					    .steps_max = 10000,
					    .memory = memory,
					    .map = map,
					    .tail_target = tails ? tail_target : NULL };
	struct sim_interp_result res;

	sim_interp_run(&env, prog, CTX, &res);
	return res;
}

static void check_run(struct world *w, const struct shape_case *c, const struct fe_prog *prog,
		      bool tails)
{
	struct sim_interp_result res;

	w->bss[0] = 0;
	res = run(w, prog, tails);
	if (res.fault)
		fail_msg("%s: %s at %u", c->rule, res.fault, res.fault_pc);
	if (res.r0 != c->r0 || (c->count && w->bss[0] != c->count))
		fail_msg("%s: result %llu, count %llu%s", c->rule, (unsigned long long)res.r0,
			 (unsigned long long)w->bss[0], tails ? "" : " in the new inlined");
}

static void follow(struct world *w, const struct shape_case *c)
{
	struct part_inliner *s;
	struct part_inlined inlined;
	struct vprog vp, again;
	const char *why = "";
	bool **set;

	if (!fe_verify(&w->cx, &w->obj, &w->progs[0], NULL, &vp))
		fail_msg("%s: the program does not verify", c->rule);
	s = part_inliner_new(&w->cx, &vp, NULL);
	set = part_inliner_callset(s);
	if (c->subprog ? false : part_inliner_tails(s) == c->left)
		fail_msg("%s: %s", c->rule, c->left ? "followed" : "not followed");
	if (c->left)
		return;
	part_inliner_closure(s, true, set);
	if (!part_inline_program(s, true, set, &inlined, &why))
		fail_msg("%s: %s", c->rule, why);
	if (!fe_verify(&w->cx, &w->obj, &inlined.prog, NULL, &again))
		fail_msg("%s: the new inlined does not verify", c->rule);
	if (!c->subprog) /* the interpreter does not make these */
		check_run(w, c, &w->progs[0], true);
	check_run(w, c, &inlined.prog, false);
}

static void tails_are_followed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world w;

		make_object(&w, &cases[i]);
		follow(&w, &cases[i]);
		arena_reset(&w.arena);
		arena_reset(&w.scratch);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tails_are_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
