/* SPDX-License-Identifier: BSD-2-Clause */
#include "gen_internal.h"

/* Pointers as numbers, while they are pointers: their low halves, their differences, what is known of every
 * address. As with old packet pointers (gen_old.c), what depends on distances alone is the same everywhere. */

/* A register with a pointer of any kind; R10 is one. Mostly into the packet: the device computes with those,
 * and refuses most of what is made of other addresses. */
static uint8_t any_pointer(struct gen *g)
{
	static const enum kind kinds[] = { K_PKT, K_PKT, K_PKT,    K_PKT, K_END,
					   K_END, K_END, K_MAPVAL, K_CTX, K_STACK };
	int r = find_reg(g, kinds[below(g, ARRAY_SIZE(kinds))]);

	if (r < 0 && percent(g, 80))
		r = find_reg(g, K_PKT);
	return r < 0 ? 10 : (uint8_t)r;
}

/* data_end - data in 32 bits, as a compiler writes it for an int. */
static void packet_length(struct gen *g)
{
	int ctx = context(g);
	uint8_t r[2];

	if (ctx < 0 || g->head)
		return;
	lock_reg(g, (uint8_t)ctx);
	if (!take_registers(g, r, 2))
		return;
	asm_emit(g->b, LDX(BPF_W, r[0], ctx, g->xdp ? 4 : 80),
		 LDX(BPF_W, r[1], ctx, g->xdp ? 0 : 76));
	switch (below(g, 3)) {
	case 0: asm_emit(g->b, ALU32(BPF_SUB, r[0], r[1])); break;
	case 1: asm_emit(g->b, MOV32(r[0], r[0]), ALU32(BPF_SUB, r[0], r[1])); break;
	default:
		asm_emit(g->b, MOV32(r[1], r[1]), MOV32(r[0], r[0]), ALU64(BPF_SUB, r[0], r[1]),
			 MOV32(r[0], r[0]));
	}
	g->s.reg[r[0]] = scalar(UINT32_MAX);
}

static void minus_itself(struct gen *g)
{
	uint8_t p = any_pointer(g), d;
	bool is32 = percent(g, 50);

	if (p < 10)
		lock_reg(g, p);
	d = pick_dst(g, false);
	asm_emit(g->b,
		 I(is32 ? BPF_ALU | BPF_MOV | BPF_X : BPF_ALU64 | BPF_MOV | BPF_X, d, p, 0, 0),
		 I((is32 ? BPF_ALU : BPF_ALU64) | BPF_SUB | BPF_X, d, p, 0, 0));
	set_reg(g, d, scalar(UINT64_MAX));
}

/* Two places in one memory: `step` apart. */
static void distance(struct gen *g)
{
	uint8_t p = any_pointer(g), d, e;
	int32_t step = 4 * (1 + (int32_t)below(g, 3));

	if (p < 10 && g->s.reg[p].kind != K_MAPVAL && g->s.reg[p].kind != K_PKT)
		return;
	if (p < 10)
		lock_reg(g, p);
	if (!take_registers(g, &e, 1))
		return;
	d = pick_dst(g, false);
	asm_emit(g->b, MOV64(e, p), ALU64I(BPF_ADD, e, p < 10 ? step : -step));
	if (percent(g, 50))
		asm_emit(g->b, MOV32(d, p), ALU32(BPF_SUB, d, e));
	else
		asm_emit(g->b, MOV64(d, p), ALU64(BPF_SUB, d, e));
	set_reg(g, d, scalar(UINT64_MAX));
}

/* A pointer and its copy are equal, also in their low halves. */
static void equals_itself(struct gen *g)
{
	uint8_t p = any_pointer(g), e;
	uint32_t label;

	if (p < 10)
		lock_reg(g, p);
	if (!take_registers(g, &e, 1) || !pend(g, &label))
		return;
	if (percent(g, 50)) {
		asm_emit(g->b, MOV64(e, p));
		asm_jump(g->b, (struct bpf_insn)JMP32(BPF_JNE, e, p, 0), label);
	} else {
		uint8_t d = pick_dst(g, false);

		asm_emit(g->b, MOV32(e, p), MOV32(d, p));
		asm_jump(g->b, (struct bpf_insn)JMP(BPF_JNE, e, d, 0), label);
		set_reg(g, d, (struct value){ 0 });
	}
}

/* Addresses of frames and contexts are multiples of 8: never an odd number. */
static void is_odd_number(struct gen *g)
{
	int ctx = find_reg(g, K_CTX);
	uint8_t p = ctx < 0 || percent(g, 50) ? 10 : (uint8_t)ctx, e;
	int32_t odd = percent(g, 50) ? 1 : random_imm(g) | 1;
	uint32_t label;

	if (p < 10)
		lock_reg(g, p);
	if (!take_registers(g, &e, 1) || !pend(g, &label))
		return;
	asm_emit(g->b, MOV32(e, p));
	asm_jump(g->b, (struct bpf_insn)JMP32I(percent(g, 50) ? BPF_JEQ : BPF_JNE, e, odd, 0),
		 label);
}

/* The low half is what the program computes with from here on. */
static void as_number(struct gen *g)
{
	uint8_t p = any_pointer(g), d;

	if (p < 10)
		lock_reg(g, p);
	d = pick_dst(g, false);
	asm_emit(g->b, MOV32(d, p));
	set_reg(g, d, scalar(UINT32_MAX));
}

/* What is left of a spilled pointer of which one part was overwritten. */
static void rest_of_spill(struct gen *g)
{
	uint8_t p = any_pointer(g), d = pick_dst(g, false);
	int32_t at = scratch_slot(g);

	if (!at)
		return;
	asm_emit(g->b, STX(BPF_DW, 10, at, p), ST(BPF_W, 10, at + 4, random_imm(g)),
		 LDX(percent(g, 50) ? BPF_DW : BPF_W, d, 10, at), ST(BPF_DW, 10, at, 0));
	g->s.reg[d] = scalar(UINT64_MAX);
}

/* ---- choice ------------------------------------------------------------------------------------- */

struct view {
	void (*write)(struct gen *g);
	uint32_t weight;
};

static const struct view views[] = { { packet_length, 8 },
				     { minus_itself, 2 },
				     { distance, 3 },
				     { equals_itself, 2 },
				     { is_odd_number, 1 } };
static const struct view address_views[] = { { as_number, 3 }, { rest_of_spill, 1 } };

static const struct view *choose_view(struct gen *g, const struct view *from, size_t n)
{
	uint32_t total = 0, pick;

	for (size_t i = 0; i < n; i++)
		total += from[i].weight;
	pick = below(g, total);
	for (; pick >= from->weight; from++)
		pick -= from->weight;
	return from;
}

void gen_pointer_view(struct gen *g)
{
	uint16_t locked = g->locked;

	if (g->addresses && percent(g, 50))
		choose_view(g, address_views, ARRAY_SIZE(address_views))->write(g);
	else
		choose_view(g, views, ARRAY_SIZE(views))->write(g);
	g->locked = locked;
}
