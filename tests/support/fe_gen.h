/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FE_GEN_H
#define TESTS_FE_GEN_H

#include "tests/support/fe_rig.h"

#include "base/bits.h"

/* Random programs that are safe by construction: numbers in R0 to R5, 64 bytes of packet, a map
 * value and stack to load from and store to, branches, bounded loops and calls. */

#define GEN_PKT_MIN  64u
#define GEN_COUNTERS 3 /* slots below the 64 bytes */

#define R0 BPF_REG_0
#define R1 BPF_REG_1
#define R5 BPF_REG_5
#define R6 BPF_REG_6 /* loop counter */
#define R7 BPF_REG_7 /* packet */
#define R8 BPF_REG_8 /* map value */
#define R9 BPF_REG_9 /* context */
#define FP BPF_REG_10

static inline uint64_t next(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static inline uint32_t below(uint64_t *s, uint32_t n)
{
	return (uint32_t)(next(s) >> 33) % n;
}

struct gen {
	struct asm_buf b;
	uint64_t seed;
	bool in_loop;
	bool in_func; /* body of a subprogram: R7 packet, R8 map value, R9 caller's frame pointer */
	uint32_t func[2]; /* labels */
	bool called[2];
};

static inline int32_t constant(struct gen *g)
{
	static const int32_t edges[] = { 0, 1, -1, 2, 7, 8, 255, 256, 65535, INT32_MAX, INT32_MIN };

	return below(&g->seed, 2) ? edges[below(&g->seed, ARRAY_SIZE(edges))]
				  : (int32_t)next(&g->seed) >> below(&g->seed, 32);
}

static inline unsigned scalar(struct gen *g)
{
	return below(&g->seed, 6);
}

static inline uint8_t size(struct gen *g)
{
	static const uint8_t sizes[] = { BPF_B, BPF_H, BPF_W, BPF_DW };

	return sizes[below(&g->seed, 4)];
}

static inline unsigned bytes(uint8_t sz)
{
	return sz == BPF_B ? 1 : sz == BPF_H ? 2 : sz == BPF_W ? 4 : 8;
}

static inline void gen_alu(struct gen *g)
{
	static const uint8_t ops[] = { BPF_ADD, BPF_SUB, BPF_MUL,  BPF_AND, BPF_OR,  BPF_XOR,
				       BPF_LSH, BPF_RSH, BPF_ARSH, BPF_DIV, BPF_MOD, BPF_MOV };
	uint8_t op = ops[below(&g->seed, ARRAY_SIZE(ops))];
	bool is64 = below(&g->seed, 2), shift = op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH;
	uint8_t class = is64 ? BPF_ALU64 : BPF_ALU;
	int32_t k = constant(g);

	if (below(&g->seed, 2)) {
		asm_emit(&g->b, I(class | op | BPF_X, scalar(g), scalar(g), 0, 0));
		return;
	}
	if (shift)
		k = (int32_t)below(&g->seed, is64 ? 64 : 32);
	if ((op == BPF_DIV || op == BPF_MOD) && !k)
		k = 3;
	asm_emit(&g->b, I(class | op | BPF_K, scalar(g), 0, 0, k));
}

static inline void gen_unary(struct gen *g)
{
	static const int widths[] = { 16, 32, 64 }, extend[] = { 8, 16, 32 };
	unsigned d = scalar(g);

	switch (below(&g->seed, 5)) {
	case 0: asm_emit(&g->b, NEG64(d)); break;
	case 1: asm_emit(&g->b, NEG32(d)); break;
	case 2: asm_emit(&g->b, TO_BE(d, widths[below(&g->seed, 3)])); break;
	case 3: asm_emit(&g->b, MOVSX64(d, scalar(g), extend[below(&g->seed, 3)])); break;
	default: asm_emit(&g->b, MOVSX32(d, scalar(g), extend[below(&g->seed, 2)]));
	}
}

static inline void gen_stack(struct gen *g)
{
	uint8_t sz = size(g);
	int off = -(int)(below(&g->seed, 64 / bytes(sz)) + 1) * (int)bytes(sz);

	switch (below(&g->seed, 4)) {
	case 0: asm_emit(&g->b, ST(sz, FP, off, constant(g))); break;
	case 1: asm_emit(&g->b, STX(sz, FP, off, scalar(g))); break;
	case 2: asm_emit(&g->b, LDX(sz, scalar(g), FP, off)); break;
	default:
		if (sz == BPF_DW)
			sz = BPF_W;
		asm_emit(&g->b, LDSX(sz, scalar(g), FP, off));
	}
}

static inline void gen_access(struct gen *g, uint8_t sz, unsigned base, int off)
{
	switch (below(&g->seed, 3)) {
	case 0: asm_emit(&g->b, LDX(sz, scalar(g), base, off)); break;
	case 1: asm_emit(&g->b, STX(sz, base, off, R0)); break;
	default: asm_emit(&g->b, ST(sz, base, off, constant(g)));
	}
}

/* Packet or map value at a constant offset. */
static inline void gen_memory(struct gen *g)
{
	uint8_t sz = size(g);

	gen_access(g, sz, below(&g->seed, 2) ? R7 : R8, (int)below(&g->seed, 65 - bytes(sz)));
}

/* … at a masked number; for the packet another test against its end is due. R1 is the pointer. */
static inline void gen_memory_index(struct gen *g)
{
	bool packet = below(&g->seed, 2);
	uint32_t out = asm_label(&g->b);
	uint8_t sz = size(g);

	asm_emit(&g->b, MOV64(R1, 2 + below(&g->seed, 3)), ALU64I(BPF_AND, R1, 31),
		 ALU64(BPF_ADD, R1, packet ? R7 : R8));
	if (packet) {
		asm_emit(&g->b, MOV64(R5, R1), ALU64I(BPF_ADD, R5, 33), LDX(BPF_W, 4, R9, 4));
		asm_jump(&g->b, (struct bpf_insn)JMP(BPF_JGT, R5, 4, 0), out);
	}
	if (below(&g->seed, 2))
		asm_emit(&g->b, LDX(sz, R0, R1, (int)below(&g->seed, 34 - bytes(sz))));
	else
		asm_emit(&g->b, ST(sz, R1, (int)below(&g->seed, 34 - bytes(sz)), constant(g)));
	asm_place(&g->b, out);
	asm_emit(&g->b, MOV64I(R1, constant(g)));
	if (packet)
		asm_emit(&g->b, MOV64I(R5, constant(g)), LDX(BPF_H, 4, R7, 6));
}

/* A stack access with a masked index. */
static inline void gen_stack_index(struct gen *g)
{
	asm_emit(&g->b, MOV64(R1, 2 + below(&g->seed, 3)), ALU64I(BPF_AND, R1, 7),
		 ALU64(BPF_ADD, R1, FP));
	if (below(&g->seed, 2))
		asm_emit(&g->b, ST(BPF_B, R1, -16, constant(g)));
	else
		asm_emit(&g->b, LDX(BPF_B, R0, R1, -16));
	asm_emit(&g->b, MOV64I(R1, constant(g)));
}

/* The caller's stack, from a subprogram. */
static inline void gen_caller_stack(struct gen *g)
{
	uint8_t sz = size(g);
	int off = -(int)(below(&g->seed, 64 / bytes(sz)) + 1) * (int)bytes(sz);

	if (below(&g->seed, 2))
		asm_emit(&g->b, LDX(sz, scalar(g), R9, off));
	else
		asm_emit(&g->b, STX(sz, R9, off, scalar(g)));
}

static inline void gen_call(struct gen *g)
{
	unsigned f = below(&g->seed, 2);

	g->called[f] = true;
	asm_emit(&g->b, MOV64(2, R7), MOV64(3, R8), MOV64(4, FP));
	asm_jump(&g->b, (struct bpf_insn)CALL_SUB(0), g->func[f]);
	for (unsigned r = 1; r < 6; r++)
		asm_emit(&g->b, LDX(size(g), r, FP, -8 * (int)r));
}

static inline struct bpf_insn condition(struct gen *g)
{
	static const uint8_t ops[] = { BPF_JEQ,  BPF_JNE,  BPF_JGT,  BPF_JGE,  BPF_JLT, BPF_JLE,
				       BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE, BPF_JSET };
	uint8_t op = ops[below(&g->seed, ARRAY_SIZE(ops))];
	uint8_t class = below(&g->seed, 2) ? BPF_JMP : BPF_JMP32;

	if (below(&g->seed, 3))
		return (struct bpf_insn)I(class | op | BPF_K, scalar(g), 0, 0, constant(g));
	return (struct bpf_insn)I(class | op | BPF_X, scalar(g), scalar(g), 0, 0);
}

static inline void gen_block(struct gen *g, unsigned n);

static inline void gen_branch(struct gen *g, unsigned n)
{
	uint32_t other = asm_label(&g->b), end = asm_label(&g->b);

	asm_jump(&g->b, condition(g), other);
	gen_block(g, n / 2);
	asm_jump(&g->b, (struct bpf_insn)JA(0), end);
	asm_place(&g->b, other);
	gen_block(g, n / 2);
	asm_place(&g->b, end);
}

/* As many rounds as the one who runs it likes. */
static inline void gen_may_goto(struct gen *g, unsigned n)
{
	uint32_t top = asm_label(&g->b), out = asm_label(&g->b);

	g->in_loop = true;
	asm_place(&g->b, top);
	asm_jump(&g->b, (struct bpf_insn){ .code = EBPF_MAY_GOTO }, out);
	gen_block(g, n);
	asm_jump(&g->b, (struct bpf_insn)JA(0), top);
	asm_place(&g->b, out);
	g->in_loop = false;
}

static inline void gen_loop(struct gen *g, unsigned n)
{
	uint32_t top = asm_label(&g->b);
	int32_t rounds = 1 + (int32_t)below(&g->seed, 5);

	if (!below(&g->seed, 3)) {
		gen_may_goto(g, n);
		return;
	}
	g->in_loop = true;
	asm_emit(&g->b, MOV64I(R6, 0));
	asm_place(&g->b, top);
	gen_block(g, n);
	asm_emit(&g->b, ALU64I(BPF_ADD, R6, 1));
	if (below(&g->seed, 2))
		asm_emit(&g->b, MOV64(R5, R6));
	asm_jump(&g->b, (struct bpf_insn)JMPI(BPF_JLT, R6, rounds, 0), top);
	g->in_loop = false;
}

/* Counts, or gathers bits, in a slot of its own where a condition holds; the sum is used now and then. */
static inline void gen_count(struct gen *g)
{
	static const uint8_t ops[] = { BPF_ADD, BPF_OR, BPF_XOR, BPF_LSH, BPF_SUB };
	uint8_t sz = below(&g->seed, 2) ? BPF_W : BPF_DW, op = ops[below(&g->seed, 5)];
	uint8_t class = below(&g->seed, 2) ? BPF_ALU : BPF_ALU64;
	int off = -72 - 8 * (int)below(&g->seed, GEN_COUNTERS);
	uint32_t over = asm_label(&g->b);
	unsigned r = scalar(g);

	asm_jump(&g->b, condition(g), over);
	asm_emit(&g->b, LDX(sz, r, FP, off));
	if (below(&g->seed, 3))
		asm_emit(&g->b, I(class | op | BPF_K, r, 0, 0,
				  1 << below(&g->seed, op == BPF_LSH ? 3 : 20)));
	else
		asm_emit(&g->b,
			 I(class | (op == BPF_LSH ? BPF_ADD : op) | BPF_X, r, scalar(g), 0, 0));
	asm_emit(&g->b, STX(sz, FP, off, r));
	asm_place(&g->b, over);
	if (!below(&g->seed, 4))
		asm_emit(&g->b, LDX(sz, scalar(g), FP, off));
}

/* Some rounds change a number, others do not. R6 counts them; R5 is renewed for the conditions. */
static inline void gen_counting_loop(struct gen *g)
{
	int32_t rounds = 8 + (int32_t)below(&g->seed, 32);
	uint32_t top = asm_label(&g->b);
	unsigned n = 1 + below(&g->seed, 3);

	g->in_loop = true;
	asm_emit(&g->b, MOV64I(R6, 0));
	asm_place(&g->b, top);
	asm_emit(&g->b, LDX(size(g), R5, R7, (int)below(&g->seed, 56)));
	while (n--)
		gen_count(g);
	if (below(&g->seed, 2))
		gen_alu(g);
	asm_emit(&g->b, ALU64I(BPF_ADD, R6, 1));
	asm_jump(&g->b, (struct bpf_insn)JMPI(BPF_JLT, R6, rounds, 0), top);
	g->in_loop = false;
}

static inline void gen_block(struct gen *g, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint32_t pick = below(&g->seed, 21);

		if (pick < 8)
			gen_alu(g);
		else if (pick < 10)
			gen_unary(g);
		else if (pick < 13)
			gen_stack(g);
		else if (pick == 13)
			gen_memory(g);
		else if (pick == 14 && !g->in_func)
			gen_memory_index(g);
		else if (pick == 15)
			gen_stack_index(g);
		else if (pick == 20 && g->in_func)
			gen_caller_stack(g);
		else if (pick == 20)
			gen_call(g);
		else if (pick == 16 && !g->in_loop && n > 3 && !below(&g->seed, 3))
			gen_counting_loop(g);
		else if (pick == 16 && !g->in_loop && n > 3)
			gen_loop(g, 3);
		else if (n > 2)
			gen_branch(g, n / 2);
	}
}

static inline void gen_func(struct gen *g, unsigned f)
{
	if (!g->called[f])
		return;
	g->in_func = true;
	asm_place(&g->b, g->func[f]);
	asm_emit(&g->b, MOV64(R7, 2), MOV64(R8, 3), MOV64(R9, 4), MOV64(R0, R1));
	for (int off = -8; off >= -64 - 8 * GEN_COUNTERS; off -= 8)
		asm_emit(&g->b, STX(BPF_DW, FP, off, R1));
	for (unsigned r = 2; r < 6; r++)
		asm_emit(&g->b, LDX(size(g), r, R9, -8 * (int)r));
	gen_block(g, 3 + below(&g->seed, 6));
	asm_emit(&g->b, EXIT());
}

static inline void gen_program(struct gen *g, uint64_t seed)
{
	uint32_t out = asm_label(&g->b), have = asm_label(&g->b);

	g->seed = seed * 0x9e3779b97f4a7c15u + 1;
	g->func[0] = asm_label(&g->b);
	g->func[1] = asm_label(&g->b);
	asm_emit(&g->b, MOV64(R9, R1), ST(BPF_W, FP, -4, 3), MOV64(2, FP), ALU64I(BPF_ADD, 2, -4),
		 LD_MAP(R1, RIG_ARRAY), CALL(BPF_FUNC_map_lookup_elem));
	asm_jump(&g->b, (struct bpf_insn)JMPI(BPF_JNE, R0, 0, 0), have);
	asm_place(&g->b, out);
	asm_emit(&g->b, MOV64I(R0, 1), EXIT());
	asm_place(&g->b, have);
	asm_emit(&g->b, MOV64(R8, R0), LDX(BPF_W, R7, R9, 0), LDX(BPF_W, 2, R9, 4), MOV64(3, R7),
		 ALU64I(BPF_ADD, 3, GEN_PKT_MIN));
	asm_jump(&g->b, (struct bpf_insn)JMP(BPF_JGT, 3, 2, 0), out);
	for (int off = -8; off >= -64; off -= 8)
		asm_emit(&g->b, ST(BPF_DW, FP, off, constant(g)));
	for (int off = -72; off >= -64 - 8 * GEN_COUNTERS; off -= 8)
		asm_emit(&g->b, ST(BPF_DW, FP, off, 0));
	for (unsigned r = 0; r < 6; r++)
		asm_emit(&g->b, LDX(size(g), r, below(&g->seed, 2) ? R7 : R8, 8 * (int)r));
	gen_block(g, 6 + below(&g->seed, 12));
	asm_emit(&g->b, EXIT());
	for (unsigned f = 0; f < 2; f++)
		gen_func(g, f);
	asm_finish(&g->b);
}

#endif
