/* SPDX-License-Identifier: BSD-2-Clause */
#include "quirks.h"

#include "base/bits.h"

/* Arithmetic: what instruction selection can get wrong about widths, signs and special operands. */

static const struct {
	uint8_t class;
	const char *name;
	unsigned bits;
} widths[] = { { BPF_ALU64, "64", 64 }, { BPF_ALU, "32", 32 } };

static const int32_t imms[] = { 0,           1,         2,         127,    128,     255,
				256,         -1,        -2,        -128,   -129,    -255,
				-256,        0x7fff,    0x8000,    0xffff, 0x10000, 0x7fffffff,
				-0x7fffffff, INT32_MIN, 0x00ff00ff };

void ops_alu(struct op_list *l)
{
	static const struct {
		uint8_t op;
		const char *name;
	} rows[] = { { BPF_ADD, "add" }, { BPF_SUB, "sub" }, { BPF_AND, "and" }, { BPF_OR, "or" },
		     { BPF_XOR, "xor" }, { BPF_MUL, "mul" }, { BPF_MOV, "mov" } };

	for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
		for (unsigned w = 0; w < 2; w++) {
			uint8_t code = widths[w].class | rows[r].op;
			char name[32];

			snprintf(name, sizeof(name), "%s%s", rows[r].name, widths[w].name);
			OPF(l, "%s-reg", name, I(code | BPF_X, 0, 1, 0, 0));
			OPF(l, "%s-self", name, I(code | BPF_X, 0, 0, 0, 0));
			for (size_t i = 0; i < ARRAY_SIZE(imms); i++)
				op_add(l,
				       (const struct bpf_insn[]){
					       I(code | BPF_K, 0, 0, 0, imms[i]) },
				       1, "%s-imm-%d", name, imms[i]);
		}
	}
	OP(l, "neg64", NEG64(0));
	OP(l, "neg32-clears-high-half", NEG32(0));
	OP(l, "alu32-clears-high-half-of-kept-value", ALU32I(BPF_ADD, 0, 0));
	OP(l, "mov32-self-clears-high-half", MOV32(0, 0));
	OP(l, "and32-all-ones-clears-high-half", ALU32I(BPF_AND, 0, -1));
	OP(l, "mul64-of-halves", MOV32(0, 0), MOV32(1, 1), ALU64(BPF_MUL, 0, 1));
	OP(l, "mul64-high-bits", ALU64(BPF_MUL, 0, 1), ALU64I(BPF_RSH, 0, 32));
	OP(l, "mul64-of-16-bits", ALU64I(BPF_AND, 0, 0xffff), ALU64I(BPF_AND, 1, 0xffff),
	   ALU64(BPF_MUL, 0, 1));
	OP(l, "mul64-of-bytes", ALU64I(BPF_AND, 0, 0xff), ALU64I(BPF_AND, 1, 0xff),
	   ALU64(BPF_MUL, 0, 1));
	OP(l, "mul32-by-64-bit-operand", ALU32(BPF_MUL, 0, 1));
	OP(l, "add64-carry-chain", ALU64(BPF_ADD, 0, 1), ALU64(BPF_ADD, 0, 1),
	   ALU64(BPF_ADD, 0, 0));
	OP(l, "sub64-borrow-chain", ALU64(BPF_SUB, 1, 0), ALU64(BPF_SUB, 0, 1),
	   ALU64(BPF_SUB, 0, 1));
	OP(l, "ld-imm64", LD64(1, 0x8000000080000000), ALU64(BPF_ADD, 0, 1));
	OP(l, "ld-imm64-equal-halves", LD64(1, 0xfedcba98fedcba98), ALU64(BPF_XOR, 0, 1));
}

/* ---- shifts ---------------------------------------------------------------------------------- */

static void shift_by(struct op_list *l, uint8_t code, const char *name, unsigned bits)
{
	static const uint8_t counts[] = { 0, 1, 7, 8, 15, 16, 24, 30, 31, 32, 33, 40, 62, 63 };

	for (size_t i = 0; i < ARRAY_SIZE(counts) && counts[i] < bits; i++) {
		op_add(l, (const struct bpf_insn[]){ I(code | BPF_K, 0, 0, 0, counts[i]) }, 1,
		       "%s-imm-%u", name, counts[i]);
		op_add(l,
		       (const struct bpf_insn[]){ MOV64I(1, counts[i]),
						  I(code | BPF_X, 0, 1, 0, 0) },
		       2, "%s-known-reg-%u", name, counts[i]);
	}
	OPF(l, "%s-reg", name, I(code | BPF_X, 0, 1, 0, 0));
	OPF(l, "%s-reg-below-32", name, ALU64I(BPF_AND, 1, 31), I(code | BPF_X, 0, 1, 0, 0));
	OPF(l, "%s-reg-below-64", name, ALU64I(BPF_AND, 1, 63), I(code | BPF_X, 0, 1, 0, 0));
	OPF(l, "%s-reg-32-or-more", name, ALU64I(BPF_AND, 1, 31), ALU64I(BPF_OR, 1, 32),
	    I(code | BPF_X, 0, 1, 0, 0));
	OPF(l, "%s-reg-0-or-32", name, ALU64I(BPF_AND, 1, 32), I(code | BPF_X, 0, 1, 0, 0));
	OPF(l, "%s-reg-0-or-1", name, ALU64I(BPF_AND, 1, 1), I(code | BPF_X, 0, 1, 0, 0));
	OPF(l, "%s-reg-31-or-63", name, ALU64I(BPF_AND, 1, 32), ALU64I(BPF_OR, 1, 31),
	    I(code | BPF_X, 0, 1, 0, 0));
	OPF(l, "%s-by-itself", name, I(code | BPF_X, 0, 0, 0, 0));
	OPF(l, "%s-of-amount", name, MOV64(2, 1), I(code | BPF_X, 1, 2, 0, 0), MOV64(0, 1));
	OPF(l, "%s-of-constant", name, MOV64(2, 1), LD64(0, 0x8123456789abcdef),
	    I(code | BPF_X, 0, 2, 0, 0));
}

void ops_shift(struct op_list *l)
{
	static const struct {
		uint8_t op;
		const char *name;
	} rows[] = { { BPF_LSH, "lsh" }, { BPF_RSH, "rsh" }, { BPF_ARSH, "arsh" } };

	for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
		for (unsigned w = 0; w < 2; w++) {
			char name[32];

			snprintf(name, sizeof(name), "%s%s", rows[r].name, widths[w].name);
			shift_by(l, widths[w].class | rows[r].op, name, widths[w].bits);
		}
	}
	OP(l, "lsh-rsh-zero-extends", ALU64I(BPF_LSH, 0, 32), ALU64I(BPF_RSH, 0, 32));
	OP(l, "lsh-arsh-sign-extends", ALU64I(BPF_LSH, 0, 32), ALU64I(BPF_ARSH, 0, 32));
	OP(l, "lsh-arsh-sign-extends-byte", ALU64I(BPF_LSH, 0, 56), ALU64I(BPF_ARSH, 0, 56));
	OP(l, "rotate64", MOV64(2, 0), ALU64I(BPF_LSH, 0, 13), ALU64I(BPF_RSH, 2, 51),
	   ALU64(BPF_OR, 0, 2));
	OP(l, "rotate32", MOV32(0, 0), MOV32(2, 0), ALU32I(BPF_LSH, 0, 7), ALU32I(BPF_RSH, 2, 25),
	   ALU32(BPF_OR, 0, 2));
	OP(l, "rotate32-by-reg", ALU64I(BPF_AND, 1, 31), MOV64I(3, 32), ALU64(BPF_SUB, 3, 1),
	   MOV32(2, 0), ALU32(BPF_LSH, 0, 1), ALU32(BPF_RSH, 2, 3), ALU32(BPF_OR, 0, 2));
}

/* ---- division -------------------------------------------------------------------------------- */

static void divide_by(struct op_list *l, uint8_t code, const char *name, int16_t off)
{
	static const int32_t divisors[] = {
		1,       2,          3,         5,    6,    7,     9,     10,    11,
		12,      14,         16,        25,   28,   60,    64,    100,   125,
		255,     256,        641,       1000, 1024, 65535, 65536, 65537, 1000000,
		6700417, 0x7fffffff, INT32_MIN, -1,   -2,   -3,    -5,    -641,  -0x7fffffff
	};

	for (size_t i = 0; i < ARRAY_SIZE(divisors); i++) {
		op_add(l, (const struct bpf_insn[]){ I(code | BPF_K, 0, 0, off, divisors[i]) }, 1,
		       "%s-imm-%d", name, divisors[i]);
		op_add(l,
		       (const struct bpf_insn[]){ MOV32I(2, divisors[i]),
						  I(code | BPF_X, 0, 2, off, 0) },
		       2, "%s-known-reg-%u", name, (uint32_t)divisors[i]);
	}
	OPF(l, "%s-narrow-by-10", name, ALU64I(BPF_AND, 0, 0xffff), I(code | BPF_K, 0, 0, off, 10));
	OPF(l, "%s-32-bit-by-7", name, MOV32(0, 0), I(code | BPF_K, 0, 0, off, 7));
	OPF(l, "%s-of-constant", name, MOV64I(0, 1000), I(code | BPF_K, 0, 0, off, 7));
	OPF(l, "%s-by-2^63", name, LD64(2, UINT64_C(1) << 63), I(code | BPF_X, 0, 2, off, 0));
	OPF(l, "%s-by-2^32", name, LD64(2, UINT64_C(1) << 32), I(code | BPF_X, 0, 2, off, 0));
	OPF(l, "%s-by-2^32+1", name, LD64(2, 0x100000001), I(code | BPF_X, 0, 2, off, 0));
	OPF(l, "%s-by-10^10", name, LD64(2, 10000000000), I(code | BPF_X, 0, 2, off, 0));
	OPF(l, "%s-by-2^64-1", name, LD64(2, UINT64_MAX), I(code | BPF_X, 0, 2, off, 0));
	OPF(l, "%s-by-register", name, I(code | BPF_X, 0, 1, off, 0));
	OPF(l, "%s-by-small-register", name, ALU64I(BPF_AND, 1, 3), I(code | BPF_X, 0, 1, off, 0));
	OPF(l, "%s-by-known-0", name, MOV64I(2, 0), I(code | BPF_X, 0, 2, off, 0));
	OPF(l, "%s-by-known-2^32-in-32", name, LD64(2, 0x700000000), I(code | BPF_X, 0, 2, off, 0));
}

void ops_divide(struct op_list *l)
{
	for (unsigned w = 0; w < 2; w++) {
		char name[32];

		snprintf(name, sizeof(name), "div%s", widths[w].name);
		divide_by(l, widths[w].class | BPF_DIV, name, 0);
		snprintf(name, sizeof(name), "mod%s", widths[w].name);
		divide_by(l, widths[w].class | BPF_MOD, name, 0);
		snprintf(name, sizeof(name), "sdiv%s", widths[w].name);
		divide_by(l, widths[w].class | BPF_DIV, name, 1);
		snprintf(name, sizeof(name), "smod%s", widths[w].name);
		divide_by(l, widths[w].class | BPF_MOD, name, 1);
	}
}

/* ---- byte order, sign extension -------------------------------------------------------------- */

void ops_swap(struct op_list *l)
{
	for (int32_t bits = 16; bits <= 64; bits *= 2) {
		OPF(l, "to-be-%d", bits, TO_BE(0, bits));
		OPF(l, "to-le-%d-cuts", bits, TO_LE(0, bits));
		OPF(l, "bswap-%d", bits, BSWAP(0, bits));
		OPF(l, "to-be-%d-twice", bits, TO_BE(0, bits), TO_BE(0, bits));
		OPF(l, "to-be-%d-of-sum", bits, ALU64(BPF_ADD, 0, 1), TO_BE(0, bits));
		OPF(l, "to-be-%d-then-shift", bits, TO_BE(0, bits), ALU64I(BPF_RSH, 0, 8));
		OPF(l, "to-be-%d-of-constant", bits, LD64(0, 0x0123456789abcdef), TO_BE(0, bits));
	}
	for (int32_t bits = 8; bits <= 32; bits *= 2) {
		OPF(l, "movsx64-%d", bits, MOVSX64(0, 1, bits));
		OPF(l, "movsx64-%d-self", bits, MOVSX64(0, 0, bits));
		if (bits < 32)
			OPF(l, "movsx32-%d-clears-high-half", bits, MOVSX32(0, 1, bits));
	}
	OP(l, "ldsx-8", LDSX(BPF_B, 0, 6, 3));
	OP(l, "ldsx-16", LDSX(BPF_H, 0, 6, 5));
	OP(l, "ldsx-32", LDSX(BPF_W, 0, 6, 7));
	OP(l, "ldsx-8-stack", STX(BPF_DW, 10, -8, 0), LDSX(BPF_B, 0, 10, -3));
	OP(l, "ldsx-16-stack", STX(BPF_DW, 10, -8, 0), LDSX(BPF_H, 0, 10, -6));
	OP(l, "ldsx-32-stack", STX(BPF_DW, 10, -8, 0), LDSX(BPF_W, 0, 10, -4));
}

/* ---- nfp.md 5.4 --------------------------------------------------------------------------- */

void ops_quirk(struct op_list *l)
{
	static const uint8_t jumps[] = { BPF_JGE, BPF_JLT, BPF_JSGE, BPF_JSLT };
	static const char *const names[] = { "jge", "jlt", "jsge", "jslt" };

	OP(l, "q1-add64-imm-int-min", ALU64I(BPF_ADD, 0, INT32_MIN));
	OP(l, "q1-sub64-imm-int-min", ALU64I(BPF_SUB, 0, INT32_MIN));
	OP(l, "q1-add32-imm-int-min", ALU32I(BPF_ADD, 0, INT32_MIN));
	OP(l, "q1-sub32-imm-int-min", ALU32I(BPF_SUB, 0, INT32_MIN));
	for (unsigned i = 0; i < 4; i++) {
		OPF(l, "q1-%s64-imm-int-min", names[i],
		    I(BPF_JMP | jumps[i] | BPF_K, 0, 0, 2, INT32_MIN), MOV64I(0, 1), JA(1),
		    MOV64I(0, 2));
		OPF(l, "q1-%s32-imm-int-min", names[i],
		    I(BPF_JMP32 | jumps[i] | BPF_K, 0, 0, 2, INT32_MIN), MOV64I(0, 1), JA(1),
		    MOV64I(0, 2));
		OPF(l, "q1-%s64-imm-int-min-near", names[i], ALU64I(BPF_AND, 1, 3),
		    MOV64I(0, INT32_MIN), ALU64(BPF_ADD, 0, 1), ALU64I(BPF_SUB, 0, 2),
		    I(BPF_JMP | jumps[i] | BPF_K, 0, 0, 2, INT32_MIN), MOV64I(0, 1), JA(1),
		    MOV64I(0, 2));
	}
	/* the shift amount that an "indirect" shift would take lies about in a register */
	OP(l, "q2-div-by-1-after-odd-operand", MOV32(0, 0), ALU64I(BPF_OR, 1, 7),
	   ALU64(BPF_ADD, 0, 1), MOV32(0, 0), ALU64I(BPF_DIV, 0, 1));
	OP(l, "q2-div-by-28-after-odd-operand", MOV32(0, 0), ALU64I(BPF_OR, 1, 5),
	   ALU64(BPF_XOR, 0, 1), MOV32(0, 0), ALU64I(BPF_DIV, 0, 28));
	OP(l, "q3-lsh64-by-reg-0", ALU64I(BPF_AND, 1, 16), ALU64(BPF_LSH, 0, 1));
	OP(l, "q3-lsh64-by-reg-below-32-may-be-0", ALU64I(BPF_AND, 1, 1), ALU64(BPF_LSH, 0, 1));
	OP(l, "q3-rsh64-by-reg-0", ALU64I(BPF_AND, 1, 16), ALU64(BPF_RSH, 0, 1));
	OP(l, "q5-div64-by-known-zero-reg", MOV32(0, 0), MOV64I(1, 0), ALU64(BPF_DIV, 0, 1));
	OP(l, "q5-div32-by-known-zero-reg", MOV64I(1, 0), ALU32(BPF_DIV, 0, 1));
	OP(l, "q5-mod64-by-known-zero-reg", MOV64I(1, 0), ALU64(BPF_MOD, 0, 1));
	OP(l, "q5-mod32-by-known-zero-reg", MOV64I(1, 0), ALU32(BPF_MOD, 0, 1));
	OP(l, "q5-div64-zero-after-branch", MOV64I(2, 0), JMPI(BPF_JEQ, 1, 0, 1),
	   ALU64(BPF_DIV, 0, 2));
	/* K forms have 0 in src_reg, and R0 is anything here */
	OP(l, "q7-lsh64-imm-with-odd-r0", MOV64(2, 0), MOV64I(0, 40), ALU64I(BPF_LSH, 2, 5),
	   MOV64(0, 2));
	OP(l, "q7-mul-imm-with-wide-r0", MOV32(2, 1), ALU64I(BPF_MUL, 2, 9), ALU64(BPF_ADD, 0, 2));
	OP(l, "q7-div-imm-with-zero-r0", MOV32(2, 0), MOV64I(0, 0), ALU64I(BPF_DIV, 2, 9),
	   MOV64(0, 2));
	OP(l, "q8-st-stack", ST(BPF_DW, 10, -8, INT32_MIN), LDX(BPF_DW, 0, 10, -8));
	OP(l, "q8-st-stack-word", STX(BPF_DW, 10, -8, 0), ST(BPF_W, 10, -4, -2),
	   LDX(BPF_DW, 0, 10, -8));
	OP(l, "q8-st-stack-half", STX(BPF_DW, 10, -8, 0), ST(BPF_H, 10, -6, 0x1234),
	   LDX(BPF_DW, 0, 10, -8));
	OP(l, "q8-st-stack-byte", STX(BPF_DW, 10, -8, 0), ST(BPF_B, 10, -3, -1),
	   LDX(BPF_DW, 0, 10, -8));
	OP(l, "q8-st-packet-double", ST(BPF_DW, 6, 96, -5), LDX(BPF_DW, 0, 6, 96));
	OP(l, "q8-st-packet-word", ST(BPF_W, 6, 101, 0x7fffffff), LDX(BPF_DW, 0, 6, 99));
	OP(l, "q8-st-packet-half", ST(BPF_H, 6, 107, -2), LDX(BPF_DW, 0, 6, 104));
	OP(l, "q8-st-packet-byte", ST(BPF_B, 6, 111, 0xa5), LDX(BPF_DW, 0, 6, 106));
}
