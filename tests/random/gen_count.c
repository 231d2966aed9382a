/* SPDX-License-Identifier: BSD-2-Clause */
#include "gen_internal.h"

/* Loops in which some rounds change a number and others do not: counted, or gathered bit by bit. A verifier
 * that does not keep its values apart must know of it what holds for all of them. */

#define MAX_COUNTED 40u

/* One round's change of `sum`. */
static struct bpf_insn change(struct gen *g, uint8_t sum, uint8_t round)
{
	static const uint8_t ops[] = { BPF_ADD, BPF_SUB, BPF_OR, BPF_XOR };
	uint8_t class = percent(g, 50) ? BPF_ALU64 : BPF_ALU, op = ops[below(g, ARRAY_SIZE(ops))];

	if (percent(g, 20))
		return (struct bpf_insn)I(class | op | BPF_X, sum, round, 0, 0);
	if (percent(g, 20))
		return (struct bpf_insn)I(class | BPF_LSH | BPF_K, sum, 0, 0, 1);
	return (struct bpf_insn)I(class | op | BPF_K, sum, 0, 0, 1 << below(g, 31));
}

/* Conditional changes, of which the bits decide that the round shifts out. */
static void write_round(struct gen *g, uint8_t bits, uint8_t sum, uint8_t round)
{
	for (uint32_t n = 1 + below(g, 2); n--;) {
		uint32_t over = asm_label(g->b);

		asm_jump(g->b, (struct bpf_insn)JMPI(BPF_JSET, bits, 1 << below(g, 4), 0), over);
		asm_emit(g->b, change(g, sum, round));
		asm_place(g->b, over);
	}
	if (percent(g, 70))
		asm_emit(g->b, ALU64I(BPF_RSH, bits, 1));
	else
		asm_emit(g->b, ALU64I(BPF_MUL, bits, 0x19660d), ALU64(BPF_XOR, bits, round));
}

void gen_counting_loop(struct gen *g)
{
	uint16_t locked = g->locked;
	uint8_t src = pick_scalar(g), r[3]; /* bits, sum, round */
	uint32_t head;

	if (!take_registers(g, r, ARRAY_SIZE(r)))
		return;
	asm_emit(g->b, MOV64(r[0], src), MOV64I(r[1], percent(g, 70) ? 0 : random_imm(g)),
		 MOV64I(r[2], 0));
	head = asm_label(g->b);
	asm_place(g->b, head);
	write_round(g, r[0], r[1], r[2]);
	asm_emit(g->b, ALU64I(BPF_ADD, r[2], 1));
	asm_jump(g->b, (struct bpf_insn)JMPI(BPF_JLT, r[2], 1 + (int32_t)below(g, MAX_COUNTED), 0),
		 head);
	g->locked = locked;
	for (unsigned i = 0; i < ARRAY_SIZE(r); i++)
		set_reg(g, r[i], scalar(UINT64_MAX));
}
