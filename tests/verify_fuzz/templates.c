/* SPDX-License-Identifier: BSD-2-Clause */
#include "mutate.h"

#include "base/bits.h"

#include <string.h>

/* Safe programs by hand, one for each rule that the random generator leaves alone. The maps are those
 * of fuzz_maps[] in verify_fuzz.c. */

enum { ARRAY, HASH, COUNTERS, RINGBUF, PROGS };

#define R0         BPF_REG_0
#define R1         BPF_REG_1
#define R2         BPF_REG_2
#define R3         BPF_REG_3
#define R4         BPF_REG_4
#define R5         BPF_REG_5
#define R6         BPF_REG_6
#define R7         BPF_REG_7
#define R8         BPF_REG_8
#define FP         BPF_REG_10
#define FUNC(d, o) I(BPF_LD | BPF_IMM | BPF_DW, d, EBPF_IMM_FUNC, 0, o), I(0, 0, 0, 0, 0)
#define LOOKUP(map)                                                                                \
	ST(BPF_DW, FP, -8, 1), MOV64(R2, FP), ALU64I(BPF_ADD, R2, -8), LD_MAP(R1, map),            \
		CALL(BPF_FUNC_map_lookup_elem)
#define PACKET(n, skip)                                                                            \
	LDX(BPF_W, R2, R1, 0), LDX(BPF_W, R3, R1, 4), MOV64(R4, R2), ALU64I(BPF_ADD, R4, n),       \
		JMP(BPF_JGT, R4, R3, skip)

#define TEMPLATE(prog_type, ...)                                                                   \
	{                                                                                          \
		BPF_PROG_TYPE_##prog_type,                                                         \
			sizeof((struct bpf_insn[]){ __VA_ARGS__ }) / sizeof(struct bpf_insn),      \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

static const struct template
{
	uint32_t type, n;
	struct bpf_insn insns[48];
}
templates[] = {
	/* a record of the ring buffer, filled and given back */
	TEMPLATE(XDP, MOV64(R6, R1), LD_MAP(R1, RINGBUF), MOV64I(R2, 16), MOV64I(R3, 0),
		 CALL(BPF_FUNC_ringbuf_reserve), JMPI(BPF_JEQ, R0, 0, 5), ST(BPF_DW, R0, 0, 7),
		 ST(BPF_DW, R0, 8, 9), MOV64(R1, R0), MOV64I(R2, 0), CALL(BPF_FUNC_ringbuf_submit),
		 MOV64I(R0, 2), EXIT()),
	/* a socket, looked up, read, and released */
	TEMPLATE(SCHED_CLS, ST(BPF_DW, FP, -16, 1), ST(BPF_DW, FP, -8, 1), MOV64(R2, FP),
		 ALU64I(BPF_ADD, R2, -16), MOV64I(R3, 12), MOV64I(R4, -1), MOV64I(R5, 0),
		 CALL(BPF_FUNC_sk_lookup_tcp), JMPI(BPF_JEQ, R0, 0, 4), LDX(BPF_W, R6, R0, 4),
		 MOV64(R1, R0), CALL(BPF_FUNC_sk_release), JA(0), MOV64I(R0, 0), EXIT()),
	/* bpf_loop with a context on the stack */
	TEMPLATE(XDP, ST(BPF_DW, FP, -8, 0), MOV64I(R1, 10), FUNC(R2, 9), MOV64(R3, FP),
		 ALU64I(BPF_ADD, R3, -8), MOV64I(R4, 0), CALL(BPF_FUNC_loop),
		 LDX(BPF_DW, R0, FP, -8), ALU64I(BPF_AND, R0, 1), JA(0), EXIT(),
		 LDX(BPF_DW, R3, R2, 0), ALU64I(BPF_ADD, R3, 1), STX(BPF_DW, R2, 0, R3),
		 MOV64I(R0, 0), EXIT()),
	/* for_each_map_elem */
	TEMPLATE(SCHED_CLS, ST(BPF_DW, FP, -8, 0), LD_MAP(R1, HASH), FUNC(R2, 7), MOV64(R3, FP),
		 ALU64I(BPF_ADD, R3, -8), MOV64I(R4, 0), CALL(BPF_FUNC_for_each_map_elem),
		 LDX(BPF_DW, R0, FP, -8), EXIT(), LDX(BPF_W, R5, R2, 0), LDX(BPF_DW, R6, R3, 0),
		 STX(BPF_DW, R4, 0, R6), ALU64(BPF_ADD, R5, R6), MOV64I(R0, 0), EXIT()),
	/* packet bytes as key, value updated in place */
	TEMPLATE(XDP, PACKET(14, 7), LD_MAP(R1, HASH), CALL(BPF_FUNC_map_lookup_elem),
		 JMPI(BPF_JEQ, R0, 0, 3), MOV64I(R1, 1), ATOMIC(BPF_DW, BPF_ADD, R0, 8, R1),
		 LDX(BPF_DW, R2, R0, 0), MOV64I(R0, 2), EXIT()),
	/* bounded index into a value, signed and unsigned tests */
	TEMPLATE(XDP, LDX(BPF_W, R6, R1, 12), LOOKUP(ARRAY), JMPI(BPF_JEQ, R0, 0, 6),
		 JMPI(BPF_JSGT, R6, 40, 5), JMPI(BPF_JSLT, R6, 0, 4), ALU64(BPF_ADD, R0, R6),
		 LDX(BPF_B, R1, R0, 3), ST(BPF_B, R0, 2, 1), MOV64I(R7, 0), MOV64I(R0, 2), EXIT()),
	/* variable stack offset, spill beside it */
	TEMPLATE(SCHED_CLS, MOV64(R7, R1), LDX(BPF_W, R6, R1, 0), ALU64I(BPF_AND, R6, 0x18),
		 ST(BPF_DW, FP, -8, 0), ST(BPF_DW, FP, -16, 0), ST(BPF_DW, FP, -24, 0),
		 ST(BPF_DW, FP, -32, 0), STX(BPF_DW, FP, -40, R7), MOV64(R2, FP),
		 ALU64I(BPF_ADD, R2, -32), ALU64(BPF_ADD, R2, R6), STX(BPF_DW, R2, 0, R6),
		 LDX(BPF_DW, R3, FP, -16), LDX(BPF_DW, R4, FP, -40), LDX(BPF_W, R0, R4, 0), EXIT()),
	/* numbers that bound each other: copies, 32-bit halves, spills */
	TEMPLATE(SCHED_CLS, LDX(BPF_W, R6, R1, 0), LDX(BPF_W, R7, R1, 8), MOV64(R8, R6),
		 STX(BPF_DW, FP, -16, R6), LOOKUP(ARRAY), JMPI(BPF_JEQ, R0, 0, 9),
		 JMP32I(BPF_JGT, R6, 60, 8), LDX(BPF_DW, R1, FP, -16), MOV64(R2, R0),
		 ALU64(BPF_ADD, R2, R1), LDX(BPF_B, R3, R2, 0), JMP(BPF_JGE, R7, R8, 3),
		 ALU64(BPF_ADD, R0, R7), LDX(BPF_B, R4, R0, 0), MOV64I(R5, 0), MOV64I(R0, 0),
		 EXIT()),
	/* a loop with a counter, a call in it */
	TEMPLATE(XDP, MOV64I(R6, 0), MOV64I(R7, 0), MOV64(R1, R6), CALL_SUB(6),
		 ALU64(BPF_ADD, R7, R0), ALU64I(BPF_ADD, R6, 1), JMPI(BPF_JLT, R6, 8, -5),
		 MOV64(R0, R7), ALU64I(BPF_AND, R0, 3), EXIT(), MOV64(R0, R1),
		 JMPI(BPF_JGT, R1, 5, 1), ALU64I(BPF_MUL, R0, 3), EXIT()),
	/* a callee that writes through a pointer to the caller's stack */
	TEMPLATE(XDP, MOV64(R6, R1), MOV64(R1, FP), ALU64I(BPF_ADD, R1, -16),
		 STX(BPF_DW, FP, -8, R6), ST(BPF_DW, FP, -16, 5), CALL_SUB(4),
		 LDX(BPF_DW, R2, FP, -8), LDX(BPF_W, R3, R2, 12), LDX(BPF_DW, R0, FP, -16), EXIT(),
		 LDX(BPF_DW, R2, R1, 0), ALU64I(BPF_ADD, R2, 1), STX(BPF_DW, R1, 0, R2),
		 MOV64I(R0, 0), EXIT()),
	/* tail call, legacy packet loads */
	TEMPLATE(SCHED_CLS, MOV64(R6, R1), LD_ABS(BPF_H, 12), JMPI(BPF_JNE, R0, 0x800, 4),
		 LD_IND(BPF_B, R0, 2), MOV64(R1, R6), LD_MAP(R2, PROGS), MOV64I(R3, 1),
		 CALL(BPF_FUNC_tail_call), MOV64I(R0, 0), EXIT()),
	/* checksum difference over stack and packet, bytes copied by a bounded size */
	TEMPLATE(SCHED_CLS, MOV64(R6, R1), LDX(BPF_W, R7, R1, 0), ST(BPF_DW, FP, -8, 0),
		 ST(BPF_DW, FP, -16, 0), MOV64(R1, FP), ALU64I(BPF_ADD, R1, -16), MOV64I(R2, 8),
		 MOV64(R3, FP), ALU64I(BPF_ADD, R3, -8), MOV64I(R4, 8), MOV64I(R5, 0),
		 CALL(BPF_FUNC_csum_diff), ALU64I(BPF_AND, R7, 15), MOV64(R1, R6), MOV64I(R2, 0),
		 MOV64(R3, FP), ALU64I(BPF_ADD, R3, -16), MOV64(R4, R7), JMPI(BPF_JEQ, R4, 0, 1),
		 CALL(BPF_FUNC_skb_load_bytes), MOV64I(R0, 0), EXIT()),
};

void fuzz_template(struct fuzz_program *p, uint64_t *seed)
{
	const struct template *t = &templates[fuzz_below(seed, ARRAY_SIZE(templates))];

	p->type = t->type;
	p->n = t->n;
	memcpy(p->insns, t->insns, t->n * sizeof(*t->insns));
}
