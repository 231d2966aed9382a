/* SPDX-License-Identifier: BSD-2-Clause */
#include "gen_internal.h"

#include "packets.h"

/* Arithmetic on numbers: every operation, both widths, both forms, with operands at the edges. */

static const int32_t divisors[] = { 1,       2,          3,         5,    6,     7,     10,
				    12,      28,         60,        64,   100,   127,   255,
				    256,     641,        1000,      4096, 65535, 65536, 65537,
				    1000000, 0x7fffffff, INT32_MIN, -1,   -2,    -3,    -641 };

int32_t random_imm(struct gen *g)
{
	static const int32_t edges[] = {
		0,      1,      2,      3,          7,           8,         15,         16,
		31,     32,     63,     64,         127,         128,       129,        254,
		255,    256,    0x7fff, 0x8000,     0xffff,      0x10000,   0xff00,     0xff0000,
		-1,     -2,     -127,   -128,       -129,        -255,      -256,       -257,
		-32768, -32769, -65536, 0x7fffffff, -0x7fffffff, INT32_MIN, 0x55555555, 0x01010101
	};

	switch (below(g, 4)) {
	case 0: return (int32_t)sim_rng_next(&g->rng);
	case 1: return (int32_t)below(g, 256);
	default: return edges[below(g, ARRAY_SIZE(edges))];
	}
}

void make_constant(struct gen *g, uint8_t dst)
{
	uint64_t v;

	if (percent(g, 50)) {
		v = packets_operand(&g->rng);
		asm_emit(g->b, LD64(dst, v));
	} else {
		v = (uint64_t)(int64_t)random_imm(g);
		if (percent(g, 50)) {
			asm_emit(g->b, MOV64I(dst, (int32_t)v));
		} else {
			asm_emit(g->b, MOV32I(dst, (int32_t)v));
			v = (uint32_t)v;
		}
	}
	set_reg(g, dst, scalar(v));
}

static uint8_t width(struct gen *g)
{
	return percent(g, 50) ? BPF_ALU64 : BPF_ALU;
}

static uint64_t limit(uint8_t class)
{
	return class == BPF_ALU64 ? UINT64_MAX : UINT32_MAX;
}

static void put(struct gen *g, uint8_t dst, struct bpf_insn insn, uint64_t umax)
{
	asm_put(g->b, &insn, 1);
	set_reg(g, dst, scalar(umax));
}

/* A number that may be overwritten. */
static uint8_t operand_dst(struct gen *g)
{
	uint8_t dst = pick_dst(g, false), src;

	if (g->s.reg[dst].kind == K_SCALAR)
		return dst;
	src = pick_scalar(g);
	if (src != dst)
		put(g, dst, (struct bpf_insn)MOV64(dst, src), g->s.reg[src].umax);
	return dst;
}

static void binary(struct gen *g)
{
	static const uint8_t ops[] = { BPF_ADD, BPF_SUB, BPF_MUL, BPF_OR,
				       BPF_AND, BPF_XOR, BPF_ADD, BPF_SUB };
	uint8_t op = ops[below(g, ARRAY_SIZE(ops))], class = width(g), dst = operand_dst(g);
	uint64_t umax = limit(class);
	int32_t imm;

	if (percent(g, 55)) {
		put(g, dst, (struct bpf_insn)I(class | op | BPF_X, dst, pick_scalar(g), 0, 0),
		    umax);
		return;
	}
	imm = random_imm(g);
	if (op == BPF_AND && imm >= 0)
		umax = (uint64_t)imm;
	put(g, dst, (struct bpf_insn)I(class | op | BPF_K, dst, 0, 0, imm), umax);
}

static void shift(struct gen *g)
{
	static const uint8_t ops[] = { BPF_LSH, BPF_RSH, BPF_ARSH };
	static const uint8_t counts[] = {
		0, 1, 4, 7, 8, 15, 16, 24, 30, 31, 32, 33, 40, 48, 62, 63
	};
	uint8_t op = ops[below(g, 3)], class = width(g), dst = operand_dst(g), count;
	uint64_t umax = limit(class);

	if (percent(g, 50)) {
		count = percent(g, 70) ? counts[below(g, ARRAY_SIZE(counts))]
				       : (uint8_t)below(g, 64);
		count &= class == BPF_ALU64 ? 63 : 31;
		if (op == BPF_RSH)
			umax >>= count;
		put(g, dst, (struct bpf_insn)I(class | op | BPF_K, dst, 0, 0, count), umax);
		return;
	}
	/* half of the time the verifier knows something of the amount */
	count = percent(g, 50) ? bounded_scalar(g, percent(g, 50) ? 31 : 63) : pick_scalar(g);
	if (g->s.reg[dst].kind != K_SCALAR) /* a label of bounded_scalar()'s does not change it */
		return;
	put(g, dst, (struct bpf_insn)I(class | op | BPF_X, dst, count, 0, 0), umax);
}

static void divide(struct gen *g)
{
	uint8_t op = percent(g, 60) ? BPF_DIV : BPF_MOD, class = width(g), dst = operand_dst(g),
		src;
	int16_t is_signed = g->new_isa && percent(g, 30);
	int32_t imm = percent(g, 80) ? divisors[below(g, ARRAY_SIZE(divisors))] : random_imm(g);

	if (percent(g, 70)) {
		imm = imm ? imm : 1;
		put(g, dst, (struct bpf_insn)I(class | op | BPF_K, dst, 0, is_signed, imm),
		    limit(class));
		return;
	}
	src = pick_scalar(g);
	if (percent(g, 97) && src != dst && !(g->locked & 1u << src)) /* known, may well be 0 */
		put(g, src, (struct bpf_insn)MOV64I(src, percent(g, 15) ? 0 : imm), UINT64_MAX);
	put(g, dst, (struct bpf_insn)I(class | op | BPF_X, dst, src, is_signed, 0), limit(class));
}

static void unary(struct gen *g)
{
	uint8_t dst = operand_dst(g), class = width(g);
	int32_t bits = 16 << below(g, 3);
	uint64_t umax = bits_mask((unsigned)bits);

	switch (below(g, g->new_isa ? 4 : 3)) {
	case 0: put(g, dst, (struct bpf_insn)I(class | BPF_NEG, dst, 0, 0, 0), limit(class)); break;
	case 1: put(g, dst, (struct bpf_insn)TO_BE(dst, bits), umax); break;
	case 2: put(g, dst, (struct bpf_insn)TO_LE(dst, bits), umax); break;
	default: put(g, dst, (struct bpf_insn)BSWAP(dst, bits), umax); break;
	}
}

static void move(struct gen *g)
{
	uint8_t src = pick_scalar(g), class = width(g), dst = pick_dst(g, false);
	int16_t bits = 0;
	uint64_t umax = g->s.reg[src].umax;

	if (g->new_isa && percent(g, 40)) {
		bits = (int16_t)(8 << below(g, class == BPF_ALU64 ? 3 : 2));
		umax = limit(class);
	} else if (umax > limit(class)) {
		umax = limit(class);
	}
	put(g, dst, (struct bpf_insn)I(class | BPF_MOV | BPF_X, dst, src, bits, 0), umax);
}

void gen_alu(struct gen *g)
{
	uint32_t pick = below(g, 100);

	if (pick < 40)
		binary(g);
	else if (pick < 62)
		shift(g);
	else if (pick < 72)
		divide(g);
	else if (pick < 84)
		unary(g);
	else if (pick < 94)
		move(g);
	else
		make_constant(g, pick_dst(g, false));
}
