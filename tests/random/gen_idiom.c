/* SPDX-License-Identifier: BSD-2-Clause */
#include "gen_internal.h"

/* Patterns that compilers recognise and make one operation of: rotates, byte swaps by hand, minimum and
 * maximum, saturation, overflow tests, sign tricks, byte-wise loads. Optimisers turn them into
 * operations that no eBPF instruction has, each of which instruction selection must know. */

/* Two numbers that may be changed, and a third register; false: no room. */
struct trio {
	uint8_t a, b, t;
};

static void copy_scalar(struct gen *g, uint8_t dst)
{
	uint8_t src = pick_scalar(g);

	if (src != dst)
		asm_emit(g->b, MOV64(dst, src));
	set_reg(g, dst, scalar(UINT64_MAX));
}

static bool take_trio(struct gen *g, struct trio *x)
{
	uint32_t room = 0;

	for (unsigned r = 0; r < 10; r++)
		room += g->s.reg[r].kind <= K_SCALAR && !(g->locked & 1u << r) &&
			(!g->head || g->head->reg[r].kind <= K_SCALAR);
	if (room < 4)
		return false;
	x->a = pick_dst(g, false);
	copy_scalar(g, x->a);
	lock_reg(g, x->a);
	x->b = pick_dst(g, false);
	copy_scalar(g, x->b);
	lock_reg(g, x->b);
	x->t = pick_dst(g, false);
	copy_scalar(g, x->t);
	lock_reg(g, x->t);
	return true;
}

/* Both jump forms of a comparison over `skip` instructions. */
static struct bpf_insn skip_if(struct gen *g, uint8_t op, uint8_t dst, uint8_t src, bool is32)
{
	(void)g;
	return (struct bpf_insn)I((is32 ? BPF_JMP32 : BPF_JMP) | op | BPF_X, dst, src, 1, 0);
}

static const uint8_t orders[] = { BPF_JGT,  BPF_JGE,  BPF_JLT,  BPF_JLE,
				  BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE };

static void min_max(struct gen *g, const struct trio *x)
{
	bool is32 = percent(g, 40);

	if (is32 && percent(g, 70))
		asm_emit(g->b, MOV32(x->a, x->a), MOV32(x->b, x->b));
	asm_emit(g->b, skip_if(g, orders[below(g, 8)], x->a, x->b, is32), MOV64(x->a, x->b));
}

static void absolute(struct gen *g, const struct trio *x)
{
	if (percent(g, 50))
		asm_emit(g->b, JMPI(BPF_JSGE, x->a, below(g, 2), 1), NEG64(x->a));
	else
		asm_emit(g->b, JMP32I(BPF_JSGT, x->a, -(int)below(g, 2), 1), NEG32(x->a));
}

static void rotate(struct gen *g, const struct trio *x)
{
	uint32_t bits = percent(g, 50) ? 64 : 32, n = 1 + below(g, bits - 1);
	uint8_t class = bits == 64 ? BPF_ALU64 : BPF_ALU;
	uint8_t src = percent(g, 40) ? x->b : x->a; /* another: a funnel shift */

	asm_emit(g->b, I(class | BPF_MOV | BPF_X, x->t, src, 0, 0),
		 I(class | BPF_LSH | BPF_K, x->a, 0, 0, n),
		 I(class | BPF_RSH | BPF_K, x->t, 0, 0, bits - n),
		 I(class | (percent(g, 70) ? BPF_OR : BPF_ADD) | BPF_X, x->a, x->t, 0, 0));
}

static void rotate_by_register(struct gen *g, const struct trio *x)
{
	uint32_t bits = percent(g, 50) ? 64 : 32;
	uint8_t class = bits == 64 ? BPF_ALU64 : BPF_ALU;

	asm_emit(g->b, I(class | BPF_MOV | BPF_X, x->t, x->a, 0, 0),
		 ALU64I(BPF_AND, x->b, bits - 1), I(class | BPF_LSH | BPF_X, x->a, x->b, 0, 0),
		 NEG64(x->b), ALU64I(BPF_AND, x->b, bits - 1),
		 I(class | BPF_RSH | BPF_X, x->t, x->b, 0, 0), ALU64(BPF_OR, x->a, x->t));
}

static void swap_by_hand(struct gen *g, const struct trio *x)
{
	asm_emit(g->b, MOV64(x->t, x->a), ALU64I(BPF_RSH, x->t, 8), ALU64I(BPF_AND, x->t, 0xff00ff),
		 ALU64I(BPF_AND, x->a, 0xff00ff), ALU64I(BPF_LSH, x->a, 8),
		 ALU64(BPF_OR, x->a, x->t));
	if (percent(g, 50))
		return;
	asm_emit(g->b, MOV32(x->t, x->a), ALU32I(BPF_RSH, x->t, 16), ALU32I(BPF_LSH, x->a, 16),
		 ALU64(BPF_OR, x->a, x->t));
}

static void overflow_test(struct gen *g, const struct trio *x)
{
	bool is32 = percent(g, 40);
	uint8_t class = is32 ? BPF_ALU : BPF_ALU64;

	switch (below(g, 3)) {
	case 0: /* carry of an addition */
		asm_emit(g->b, I(class | BPF_ADD | BPF_X, x->a, x->b, 0, 0), MOV64I(x->t, 1),
			 skip_if(g, BPF_JLT, x->a, x->b, is32), MOV64I(x->t, 0));
		break;
	case 1: /* saturation */
		asm_emit(g->b, I(class | BPF_ADD | BPF_X, x->a, x->b, 0, 0),
			 skip_if(g, BPF_JGE, x->a, x->b, is32),
			 I(class | BPF_MOV | BPF_K, x->a, 0, 0, -1));
		break;
	default: /* down to 0 at most */
		asm_emit(g->b, MOV64(x->t, x->a), I(class | BPF_SUB | BPF_X, x->t, x->b, 0, 0),
			 skip_if(g, BPF_JGE, x->a, x->b, is32), MOV64I(x->t, 0));
	}
}

static void sign_tricks(struct gen *g, const struct trio *x)
{
	uint32_t n = percent(g, 60) ? 32 : 48 + 8 * below(g, 2);

	switch (below(g, 4)) {
	case 0: asm_emit(g->b, ALU64I(BPF_LSH, x->a, n), ALU64I(BPF_ARSH, x->a, n)); break;
	case 1: asm_emit(g->b, ALU64I(BPF_LSH, x->a, n), ALU64I(BPF_RSH, x->a, n)); break;
	case 2: asm_emit(g->b, ALU64I(BPF_ARSH, x->a, 63), ALU64(BPF_AND, x->a, x->b)); break;
	default:
		asm_emit(g->b, ALU32I(BPF_ARSH, x->a, 31), ALU32(BPF_XOR, x->b, x->a),
			 ALU32(BPF_SUB, x->b, x->a));
	}
}

static void lowest_bits(struct gen *g, const struct trio *x)
{
	asm_emit(g->b, MOV64(x->t, x->a), ALU64I(percent(g, 50) ? BPF_ADD : BPF_SUB, x->t, 1));
	asm_emit(g->b, ALU64(percent(g, 50) ? BPF_AND : BPF_XOR, x->a, x->t));
	if (percent(g, 50))
		asm_emit(g->b, MOV64I(x->b, 0), JMPI(BPF_JEQ, x->a, 0, 1), MOV64I(x->b, 1));
}

static void quotient_and_rest(struct gen *g, const struct trio *x)
{
	static const int32_t by[] = { 3, 7, 10, 60, 641, 1000, 4096, 65535 };
	int32_t d = by[below(g, ARRAY_SIZE(by))];
	uint8_t class = percent(g, 50) ? BPF_ALU : BPF_ALU64;

	asm_emit(g->b, I(class | BPF_MOV | BPF_X, x->t, x->a, 0, 0),
		 I(class | BPF_DIV | BPF_K, x->a, 0, 0, d),
		 I(class | BPF_MOV | BPF_X, x->b, x->a, 0, 0),
		 I(class | BPF_MUL | BPF_K, x->b, 0, 0, d),
		 I(class | BPF_SUB | BPF_X, x->t, x->b, 0, 0));
}

static void fold_checksum(struct gen *g, const struct trio *x)
{
	asm_emit(g->b, MOV64(x->t, x->a), ALU64I(BPF_AND, x->t, 0xffff), ALU64I(BPF_RSH, x->a, 16),
		 ALU64(BPF_ADD, x->a, x->t), MOV64(x->t, x->a), ALU64I(BPF_RSH, x->t, 16),
		 ALU64(BPF_ADD, x->a, x->t), ALU64I(BPF_XOR, x->a, -1),
		 ALU64I(BPF_AND, x->a, 0xffff));
}

static void choose(struct gen *g, const struct trio *x)
{
	struct bpf_insn cond = skip_if(g, orders[below(g, 8)], x->a, x->b, percent(g, 40));

	if (percent(g, 50))
		asm_emit(g->b, MOV64I(x->t, random_imm(g)), cond, MOV64I(x->t, random_imm(g)));
	else
		asm_emit(g->b, cond, ALU64(percent(g, 50) ? BPF_ADD : BPF_XOR, x->t, x->a));
}

/* Tests of one number against constants, as a switch gives them. */
static void cases(struct gen *g, const struct trio *x)
{
	uint32_t end = asm_label(g->b), n = 3 + below(g, 6);
	int32_t first = percent(g, 60) ? (int32_t)below(g, 8) : random_imm(g) & 0x7fffff00;

	if (percent(g, 70))
		asm_emit(g->b, ALU64I(BPF_AND, x->a, 15), ALU64I(BPF_ADD, x->a, first));
	for (uint32_t i = 0; i < n; i++) {
		asm_emit(g->b, MOV64I(x->t, random_imm(g)));
		asm_jump(g->b, (struct bpf_insn)JMPI(BPF_JEQ, x->a, first + (int32_t)(i * 2), 0),
			 end);
	}
	asm_emit(g->b, MOV64I(x->t, -1));
	asm_place(g->b, end);
}

/* Neighbouring bytes of the packet put together with shifts. */
static void join_bytes(struct gen *g, const struct trio *x)
{
	int ptr = find_reg(g, K_PKT);
	uint32_t n = 2 + below(g, 3), at;
	bool big = percent(g, 50);

	if (ptr < 0 || g->s.reg[ptr].len < 8u + (uint16_t)g->s.reg[ptr].off)
		return;
	at = below(g, g->s.reg[ptr].len - (uint16_t)g->s.reg[ptr].off - 7);
	asm_emit(g->b, LDX(BPF_B, x->a, ptr, at));
	for (uint32_t i = 1; i < n; i++) {
		asm_emit(g->b, LDX(BPF_B, x->t, ptr, at + i));
		if (big)
			asm_emit(g->b, ALU64I(BPF_LSH, x->a, 8));
		else
			asm_emit(g->b, ALU64I(BPF_LSH, x->t, 8 * i));
		asm_emit(g->b, ALU64(BPF_OR, x->a, x->t));
	}
}

/* A number written byte by byte: stores that may become one. */
static void split_bytes(struct gen *g, const struct trio *x)
{
	int ptr = find_reg(g, K_PKT);
	uint32_t at;
	bool big = percent(g, 50);

	if (ptr < 0 || g->s.reg[ptr].len < 8u + (uint16_t)g->s.reg[ptr].off)
		return;
	at = below(g, g->s.reg[ptr].len - (uint16_t)g->s.reg[ptr].off - 7);
	for (uint32_t i = 0; i < 4; i++)
		asm_emit(g->b, STX(BPF_B, ptr, at + (big ? 3 - i : i), x->a),
			 ALU64I(BPF_RSH, x->a, 8));
}

void gen_idiom(struct gen *g)
{
	static void (*const idioms[])(struct gen *, const struct trio *) = {
		min_max,       absolute,    rotate,      rotate_by_register, swap_by_hand,
		overflow_test, sign_tricks, lowest_bits, quotient_and_rest,  fold_checksum,
		choose,        cases,       join_bytes,  split_bytes,
	};
	uint16_t locked = g->locked;
	struct trio x;

	if (take_trio(g, &x))
		idioms[below(g, ARRAY_SIZE(idioms))](g, &x);
	g->locked = locked;
}
