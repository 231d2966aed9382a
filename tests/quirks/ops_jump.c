/* SPDX-License-Identifier: BSD-2-Clause */
#include "quirks.h"

#include "base/bits.h"

/* Comparisons: signed and unsigned, 32 and 64 bits, immediates that are sign-extended. */

static const struct {
	uint8_t op;
	const char *name;
} rows[] = {
	{ BPF_JEQ, "jeq" },   { BPF_JNE, "jne" },   { BPF_JGT, "jgt" },   { BPF_JGE, "jge" },
	{ BPF_JLT, "jlt" },   { BPF_JLE, "jle" },   { BPF_JSET, "jset" }, { BPF_JSGT, "jsgt" },
	{ BPF_JSGE, "jsge" }, { BPF_JSLT, "jslt" }, { BPF_JSLE, "jsle" },
};

static const int32_t imms[] = { 0,      1,       2,        127,        128,         255,
				256,    -1,      -2,       -128,       -255,        -256,
				0xffff, 0x10000, -0x10000, 0x7fffffff, -0x7fffffff, INT32_MIN };

static const uint8_t classes[] = { BPF_JMP, BPF_JMP32 };

static void against_imm(struct op_list *l, uint8_t code, const char *name, int32_t imm)
{
	op_add(l,
	       (const struct bpf_insn[]){ I(code | BPF_K, 0, 0, 2, imm), MOV64I(0, 1), JA(1),
					  MOV64I(0, 2) },
	       4, "%s-imm-%d", name, imm);
	/* operands next to the immediate, with and without a high half that a 32-bit test must ignore */
	op_add(l,
	       (const struct bpf_insn[]){
		       ALU64I(BPF_AND, 1, 3),
		       ALU64I(BPF_ADD, 1, -1),
		       ALU64I(BPF_ADD, 1, imm),
		       ALU64I(BPF_RSH, 0, 62),
		       ALU64I(BPF_LSH, 0, 32),
		       ALU64(BPF_XOR, 1, 0),
		       I(code | BPF_K, 1, 0, 2, imm),
		       MOV64I(0, 1),
		       JA(1),
		       MOV64I(0, 2),
	       },
	       10, "%s-imm-%d-near", name, imm);
}

static void against_reg(struct op_list *l, uint8_t code, const char *name)
{
	OPF(l, "%s-reg", name, I(code | BPF_X, 0, 1, 2, 0), MOV64I(0, 1), JA(1), MOV64I(0, 2));
	OPF(l, "%s-reg-itself", name, I(code | BPF_X, 0, 0, 2, 0), MOV64I(0, 1), JA(1),
	    MOV64I(0, 2));
	OPF(l, "%s-reg-near", name, MOV64(2, 0), ALU64I(BPF_AND, 1, 3), ALU64(BPF_ADD, 2, 1),
	    ALU64I(BPF_SUB, 2, 1), I(code | BPF_X, 2, 0, 2, 0), MOV64I(0, 1), JA(1), MOV64I(0, 2));
	OPF(l, "%s-reg-equal-low-half", name, MOV32(2, 0), ALU64I(BPF_LSH, 1, 32),
	    ALU64(BPF_OR, 2, 1), I(code | BPF_X, 2, 0, 2, 0), MOV64I(0, 1), JA(1), MOV64I(0, 2));
	OPF(l, "%s-reg-equal-high-half", name, MOV64(2, 0), MOV32(1, 1), ALU64(BPF_XOR, 2, 1),
	    I(code | BPF_X, 2, 0, 2, 0), MOV64I(0, 1), JA(1), MOV64I(0, 2));
}

void ops_jump(struct op_list *l)
{
	for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
		for (unsigned c = 0; c < 2; c++) {
			char name[32];

			snprintf(name, sizeof(name), "%s%d", rows[r].name, c ? 32 : 64);
			for (size_t i = 0; i < ARRAY_SIZE(imms); i++)
				against_imm(l, classes[c] | rows[r].op, name, imms[i]);
			against_reg(l, classes[c] | rows[r].op, name);
		}
	}
	OP(l, "jset64-negative-imm-has-high-bits", MOV64I(1, 1), ALU64I(BPF_LSH, 1, 40),
	   ALU64(BPF_AND, 0, 1), JMPI(BPF_JSET, 0, INT32_MIN, 1), MOV64I(0, 7));
	OP(l, "jset32-negative-imm-has-none", MOV64I(1, 1), ALU64I(BPF_LSH, 1, 40),
	   ALU64(BPF_AND, 0, 1), JMP32I(BPF_JSET, 0, INT32_MIN, 1), MOV64I(0, 7));
	OP(l, "value-of-a-comparison-survives", MOV64I(2, 1), JMP(BPF_JGT, 0, 1, 1), MOV64I(2, 0),
	   MOV64I(3, 1), JMP(BPF_JSGT, 0, 1, 1), MOV64I(3, 0), ALU64I(BPF_LSH, 3, 1),
	   ALU64(BPF_OR, 2, 3), MOV64(0, 2));
}
