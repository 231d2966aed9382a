/* SPDX-License-Identifier: BSD-2-Clause */
#include "gen_internal.h"

/* Packet pointers from before the packet moved are numbers, of which every program may make anything. What
 * depends on their difference is the same on every machine; single bits of them are addresses. */

/* Two numbers from before the same move: a and b are locked. */
struct pair {
	uint8_t a, b, move;
};

static void put_number(struct gen *g, uint8_t dst, uint64_t umax)
{
	set_reg(g, dst, scalar(umax));
}

/* ---- the same on every machine ------------------------------------------------------------------ */

static void difference(struct gen *g, const struct pair *p)
{
	uint8_t d = pick_dst(g, false);

	asm_emit(g->b, MOV64(d, p->a), ALU64(BPF_SUB, d, p->b));
	if (percent(g, 30))
		asm_emit(g->b, ALU64I(percent(g, 50) ? BPF_ARSH : BPF_LSH, d, below(g, 8)));
	put_number(g, d, UINT64_MAX);
}

static void difference_of_words(struct gen *g, const struct pair *p)
{
	uint8_t d = pick_dst(g, false);

	if (percent(g, 50))
		asm_emit(g->b, MOV32(d, p->a), ALU32(BPF_SUB, d, p->b));
	else
		asm_emit(g->b, MOV64(d, p->a), ALU32(BPF_SUB, d, p->b));
	put_number(g, d, UINT32_MAX);
}

/* (a << 32) - (b << 32): the low halves */
static void difference_of_halves(struct gen *g, const struct pair *p)
{
	uint8_t d, e;

	if (!take_registers(g, &e, 1))
		return;
	d = pick_dst(g, false);
	asm_emit(g->b, MOV64(d, p->a), MOV64(e, p->b), ALU64I(BPF_LSH, d, 32),
		 ALU64I(BPF_LSH, e, 32), ALU64(BPF_SUB, d, e),
		 ALU64I(percent(g, 50) ? BPF_RSH : BPF_ARSH, d, 32));
	put_number(g, d, UINT64_MAX);
}

/* a * k - b * k, -a - -b, ~a - ~b */
static void difference_of_results(struct gen *g, const struct pair *p)
{
	uint8_t e, d;
	int32_t k = random_imm(g);

	if (!take_registers(g, &e, 1))
		return;
	d = pick_dst(g, false);
	asm_emit(g->b, MOV64(d, p->a), MOV64(e, p->b));
	switch (below(g, 4)) {
	case 0: asm_emit(g->b, ALU64I(BPF_MUL, d, k), ALU64I(BPF_MUL, e, k)); break;
	case 1: asm_emit(g->b, NEG64(d), NEG64(e)); break;
	case 2: asm_emit(g->b, ALU64I(BPF_XOR, d, -1), ALU64I(BPF_XOR, e, -1)); break;
	default: asm_emit(g->b, ALU64I(BPF_ADD, d, k), ALU64I(BPF_ADD, e, k));
	}
	asm_emit(g->b, ALU64(BPF_SUB, d, e));
	put_number(g, d, UINT64_MAX);
}

static void compare(struct gen *g, const struct pair *p)
{
	static const uint8_t ops[] = { BPF_JEQ, BPF_JNE, BPF_JGT, BPF_JGE, BPF_JLT, BPF_JLE };
	uint8_t op = ops[below(g, ARRAY_SIZE(ops))];
	uint32_t label;

	if (!pend(g, &label))
		return;
	if ((op == BPF_JEQ || op == BPF_JNE) && percent(g, 30))
		asm_jump(g->b, (struct bpf_insn)JMP32(op, p->a, p->b, 0), label);
	else
		asm_jump(g->b, (struct bpf_insn)JMP(op, p->a, p->b, 0), label);
}

static void test_for_null(struct gen *g, const struct pair *p)
{
	uint32_t label;

	if (pend(g, &label))
		asm_jump(g->b,
			 (struct bpf_insn)JMPI(percent(g, 50) ? BPF_JEQ : BPF_JNE, p->a, 0, 0),
			 label);
}

/* A pointer moved on stays what it is. */
static void move_on(struct gen *g, const struct pair *p)
{
	uint8_t d, n;

	if (!pointer_room(g, 2))
		return;
	n = bounded_scalar(g, 63);
	lock_reg(g, n);
	d = pick_dst(g, true);
	asm_emit(g->b, MOV64(d, p->a));
	if (percent(g, 50))
		asm_emit(g->b, ALU64I(percent(g, 70) ? BPF_ADD : BPF_SUB, d, below(g, 64)));
	else
		asm_emit(g->b, ALU64(BPF_ADD, d, n));
	set_reg(g, d, (struct value){ .kind = K_OLD, .map = p->move });
}

/* Through the stack, whole or the low halves alone. */
static void through_stack(struct gen *g, const struct pair *p)
{
	uint8_t size = percent(g, 50) ? BPF_DW : BPF_W, e, d;
	int32_t to_a = scratch_slot(g), to_b = scratch_slot(g);

	if (!to_a || !to_b || to_a == to_b || !take_registers(g, &e, 1))
		return;
	d = pick_dst(g, false);
	asm_emit(g->b, STX(BPF_DW, 10, to_a, p->a), STX(BPF_DW, 10, to_b, p->b),
		 LDX(size, d, 10, to_a), LDX(size, e, 10, to_b));
	if (size == BPF_DW)
		asm_emit(g->b, ALU64(BPF_SUB, d, e));
	else
		asm_emit(g->b, ALU32(BPF_SUB, d, e));
	asm_emit(g->b, ST(BPF_DW, 10, to_a, random_imm(g)), ST(BPF_DW, 10, to_b, 0));
	put_number(g, d, UINT64_MAX);
}

/* Through a map's value, which gets other bytes before anybody looks. */
static void through_map_value(struct gen *g, const struct pair *p)
{
	int v = find_reg(g, K_MAPVAL);
	int32_t at;
	uint8_t e, d;

	if (v < 0)
		return;
	at = (int32_t)first_data_byte(g, g->s.reg[v].map);
	if (g->p->maps[g->s.reg[v].map].value_size < (uint32_t)at + 16)
		return;
	at -= g->s.reg[v].off;
	lock_reg(g, (uint8_t)v);
	if (!take_registers(g, &e, 1))
		return;
	d = pick_dst(g, false);
	asm_emit(g->b, STX(BPF_DW, v, at, p->a), STX(BPF_DW, v, at + 8, p->b),
		 LDX(BPF_DW, d, v, at), LDX(BPF_DW, e, v, at + 8), ALU64(BPF_SUB, d, e),
		 ST(BPF_DW, v, at, 0), ST(BPF_DW, v, at + 8, 1));
	put_number(g, d, UINT64_MAX);
}

/* ---- addresses ---------------------------------------------------------------------------------- */

/* The number itself is what the program computes with from here on. */
static void as_number(struct gen *g, const struct pair *p)
{
	uint8_t d = pick_dst(g, false);

	if (percent(g, 50))
		asm_emit(g->b, MOV64(d, p->a));
	else
		asm_emit(g->b, MOV32(d, p->a));
	put_number(g, d, UINT64_MAX);
}

static void sum(struct gen *g, const struct pair *p)
{
	uint8_t d = pick_dst(g, false);

	asm_emit(g->b, MOV64(d, p->a), ALU64(percent(g, 50) ? BPF_ADD : BPF_XOR, d, p->b));
	put_number(g, d, UINT64_MAX);
}

static void test_bits(struct gen *g, const struct pair *p)
{
	uint32_t label;

	if (pend(g, &label))
		asm_jump(g->b, (struct bpf_insn)JMPI(BPF_JSET, p->a, random_imm(g), 0), label);
}

/* ---- choice ------------------------------------------------------------------------------------- */

struct use {
	void (*write)(struct gen *g, const struct pair *p);
	uint32_t weight;
};

static const struct use uses[] = {
	{ difference, 10 },
	{ difference_of_words, 8 },
	{ difference_of_halves, 4 },
	{ difference_of_results, 4 },
	{ compare, 8 },
	{ test_for_null, 2 },
	{ move_on, 5 },
	{ through_stack, 6 },
	{ through_map_value, 2 },
};

static const struct use address_uses[] = { { as_number, 3 }, { sum, 1 }, { test_bits, 1 } };

static const struct use *choose_use(struct gen *g, const struct use *from, size_t n)
{
	uint32_t total = 0, pick;

	for (size_t i = 0; i < n; i++)
		total += from[i].weight;
	pick = below(g, total);
	for (; pick >= from->weight; from++)
		pick -= from->weight;
	return from;
}

/* One that was spilled comes back. */
static void fill_old(struct gen *g)
{
	for (uint32_t i = 0; i < g->slots && !g->head; i++) {
		uint8_t r;

		if (g->s.slot[i].kind != K_OLD || !pointer_room(g, 2))
			continue;
		r = pick_dst(g, true);
		asm_emit(g->b, LDX(BPF_DW, r, 10, -8 * (int32_t)(i + 1)));
		set_reg(g, r, g->s.slot[i]);
		lock_reg(g, r);
	}
}

static bool find_pair(struct gen *g, struct pair *p)
{
	int a = find_reg(g, K_OLD);
	uint8_t other[10];
	uint32_t n = 0;

	for (uint8_t r = 0; a >= 0 && r < 10; r++) {
		if (r != a && g->s.reg[r].kind == K_OLD && g->s.reg[r].map == g->s.reg[a].map)
			other[n++] = r;
	}
	if (!n)
		return false;
	*p = (struct pair){ (uint8_t)a, other[below(g, n)], g->s.reg[a].map };
	lock_reg(g, p->a);
	lock_reg(g, p->b);
	return true;
}

void gen_old_pointers(struct gen *g)
{
	bool address = g->addresses && percent(g, 20);
	uint16_t locked = g->locked;
	struct pair p;

	if (percent(g, 30) || !find_pair(g, &p)) {
		g->locked = locked;
		fill_old(g);
		g->locked = locked;
		if (!find_pair(g, &p)) {
			g->locked = locked;
			return;
		}
	}
	if (address)
		choose_use(g, address_uses, ARRAY_SIZE(address_uses))->write(g, &p);
	else
		choose_use(g, uses, ARRAY_SIZE(uses))->write(g, &p);
	g->locked = locked;
}
