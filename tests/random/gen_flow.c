/* SPDX-License-Identifier: BSD-2-Clause */
#include "gen_internal.h"

/* Control flow: forward jumps to anywhere further down, if/else, bounded loops. */

#define MAX_LOOPS  2u
#define MAX_ROUNDS 5u

struct bpf_insn random_condition(struct gen *g)
{
	static const uint8_t ops[] = { BPF_JEQ,  BPF_JNE,  BPF_JGT,  BPF_JGE,  BPF_JLT, BPF_JLE,
				       BPF_JSET, BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE };
	uint8_t op = ops[below(g, ARRAY_SIZE(ops))], dst = pick_scalar(g);
	uint8_t class = percent(g, 60) ? BPF_JMP : BPF_JMP32;

	if (percent(g, 40))
		return (struct bpf_insn)I(class | op | BPF_X, dst, pick_scalar(g), 0, 0);
	return (struct bpf_insn)I(class | op | BPF_K, dst, 0, 0, random_imm(g));
}

void gen_branch(struct gen *g)
{
	struct bpf_insn insn = random_condition(g);
	uint32_t label;

	if (pend(g, &label))
		asm_jump(g->b, insn, label);
}

void gen_if_else(struct gen *g)
{
	struct bpf_insn insn = random_condition(g);
	uint32_t no = asm_label(g->b), end = asm_label(g->b), outer = g->n_pending,
		 floor = g->floor;
	struct state before, after_then;

	if (outer + 2 >= MAX_PENDING) {
		asm_place(g->b, no);
		asm_place(g->b, end);
		return;
	}
	g->floor = outer;
	asm_jump(g->b, insn, no);
	before = g->s;
	gen_statements(g, 1 + below(g, 3));
	place_all_pending(g, outer);
	asm_jump(g->b, (struct bpf_insn)JA(0), end);
	after_then = g->s;
	g->s = before;
	asm_place(g->b, no);
	gen_statements(g, below(g, 3));
	place_all_pending(g, outer);
	asm_place(g->b, end);
	join(&g->s, &after_then);
	g->floor = floor;
}

/* The rounds are counted in a register or on the stack; the count is a constant or a number of at most
 * MAX_ROUNDS. At the head all numbers may have any value and no pointer may change. */
static void forget_ranges(struct gen *g)
{
	for (unsigned r = 0; r < 10; r++) {
		if (g->s.reg[r].kind == K_SCALAR)
			g->s.reg[r].umax = UINT64_MAX;
	}
	if (!g->calls_ok)
		return;
	for (unsigned r = 0; r < 6; r++)
		g->s.reg[r] = (struct value){ 0 };
}

/* *again: the jump back after counting down. A kernel that learns too much from a JSET in the loop does
 * not see the end of "!= 0". */
static uint8_t loop_counter(struct gen *g, uint8_t *again)
{
	uint8_t ctr, src;

	if (percent(g, 50)) {
		ctr = pick_dst(g, false);
		*again = BPF_JNE;
		asm_emit(g->b, MOV64I(ctr, 1 + below(g, MAX_ROUNDS)));
		return ctr;
	}
	src = pick_scalar(g);
	ctr = pick_dst(g, false);
	*again = BPF_JSGT;
	asm_emit(g->b, MOV64(ctr, src), ALU64I(BPF_AND, ctr, 3), ALU64I(BPF_ADD, ctr, 1));
	return ctr;
}

/* Numbers can be written to some registers in the loop, the counter apart. */
static bool room_for_loop(const struct gen *g)
{
	uint32_t n = 0;

	for (unsigned r = 0; r < 10; r++)
		n += g->s.reg[r].kind <= K_SCALAR && !(g->locked & 1u << r);
	return n >= 4;
}

void gen_loop(struct gen *g)
{
	uint32_t head_label, outer = g->n_pending, floor = g->floor;
	uint16_t locked = g->locked;
	struct state head;
	uint8_t ctr, again;

	if (g->head || g->n_loops == MAX_LOOPS || !room_for_loop(g))
		return;
	g->n_loops++;
	g->calls_ok = !(g->locked & 0x3f) && percent(g, 30);
	ctr = loop_counter(g, &again);
	set_reg(g, ctr, scalar(UINT64_MAX));
	if (g->calls_ok && ctr < 6) /* calls clobber it */
		g->calls_ok = false;
	forget_ranges(g);
	g->locked |= (uint16_t)(1u << ctr);
	head_label = asm_label(g->b);
	asm_place(g->b, head_label);
	head = g->s;
	g->head = &head;
	g->floor = outer;
	gen_statements(g, 2 + below(g, 4));
	place_all_pending(g, outer);
	asm_emit(g->b, ALU64I(BPF_ADD, ctr, -1));
	asm_jump(g->b, (struct bpf_insn)JMPI(again, ctr, 0, 0), head_label);
	g->head = NULL;
	g->floor = floor;
	g->locked = locked;
}
