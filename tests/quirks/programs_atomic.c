/* SPDX-License-Identifier: BSD-2-Clause */
#include "quirks.h"

/* Atomic operations on the stack: every operation, both widths, on operands of the packet. */

#define SLOT_A (-8)
#define SLOT_B (-16)

/* Operands in R1, R2 and R3; both slots hold R1. */
static void start(struct asm_buf *b)
{
	program_start(b, 120);
	asm_emit(b, LDX(BPF_DW, 1, 6, 0), LDX(BPF_DW, 2, 6, 8), LDX(BPF_DW, 3, 6, 16),
		 STX(BPF_DW, 10, SLOT_A, 1), STX(BPF_DW, 10, SLOT_B, 1));
}

/* Both slots and two registers show what happened. */
static void finish(struct asm_buf *b)
{
	asm_emit(b, STX(BPF_DW, 6, 64, 2), STX(BPF_DW, 6, 72, 3), LDX(BPF_DW, 1, 10, SLOT_A),
		 STX(BPF_DW, 6, 80, 1), LDX(BPF_DW, 1, 10, SLOT_B), STX(BPF_DW, 6, 88, 1));
	program_end(b);
}

/* 64 bits in one slot; the low half, then the high one, in the other. */
static void operation(struct asm_buf *b, int32_t op)
{
	start(b);
	asm_emit(b, ATOMIC(BPF_DW, op, 10, SLOT_A, 2), ATOMIC(BPF_W, op, 10, SLOT_B, 3),
		 ATOMIC(BPF_W, op, 10, SLOT_B + 4, 2));
	finish(b);
}

#define OPERATION(name, op)                                                                        \
	static void name(struct asm_buf *b)                                                        \
	{                                                                                          \
		operation(b, op);                                                                  \
	}
OPERATION(stack_add, BPF_ADD)
OPERATION(stack_or, BPF_OR)
OPERATION(stack_and, BPF_AND)
OPERATION(stack_xor, BPF_XOR)
OPERATION(stack_fetch_add, BPF_ADD | BPF_FETCH)
OPERATION(stack_fetch_or, BPF_OR | BPF_FETCH)
OPERATION(stack_fetch_and, BPF_AND | BPF_FETCH)
OPERATION(stack_fetch_xor, BPF_XOR | BPF_FETCH)
OPERATION(stack_exchange, BPF_XCHG)

/* R0 once as memory has it, once as it comes. */
static void compare_exchange(struct asm_buf *b, uint8_t size)
{
	start(b);
	asm_emit(b, MOV64(0, 1), ATOMIC(size, BPF_CMPXCHG, 10, SLOT_A, 2), STX(BPF_DW, 6, 96, 0),
		 LDX(BPF_DW, 0, 6, 24), ATOMIC(size, BPF_CMPXCHG, 10, SLOT_B, 3),
		 STX(BPF_DW, 6, 104, 0));
	finish(b);
}

static void stack_compare_exchange_64(struct asm_buf *b)
{
	compare_exchange(b, BPF_DW);
}

static void stack_compare_exchange_32(struct asm_buf *b)
{
	compare_exchange(b, BPF_W);
}

/* A 32-bit operation compares and returns 32 bits, whatever the high half of R0 is. */
static void stack_compare_exchange_high_half(struct asm_buf *b)
{
	start(b);
	asm_emit(b, MOV64(0, 1), ALU64I(BPF_XOR, 0, -1), MOV32(1, 1), ALU64I(BPF_RSH, 0, 32),
		 ALU64I(BPF_LSH, 0, 32), ALU64(BPF_OR, 0, 1),
		 ATOMIC(BPF_W, BPF_CMPXCHG, 10, SLOT_A, 2), STX(BPF_DW, 6, 96, 0));
	finish(b);
}

static void stack_fetch_into_same_register(struct asm_buf *b)
{
	start(b);
	for (int i = 0; i < 3; i++)
		asm_emit(b, ATOMIC(BPF_DW, BPF_ADD | BPF_FETCH, 10, SLOT_A, 2),
			 ATOMIC(BPF_W, BPF_XOR | BPF_FETCH, 10, SLOT_A + 4, 3),
			 ATOMIC(BPF_DW, BPF_XCHG, 10, SLOT_B, 3));
	finish(b);
}

/* Through a copy of the frame pointer, in a loop. */
static void stack_atomic_in_loop(struct asm_buf *b)
{
	start(b);
	asm_emit(b, MOV64(4, 10), ALU64I(BPF_ADD, 4, SLOT_B), MOV64I(5, 5),
		 ATOMIC(BPF_DW, BPF_ADD | BPF_FETCH, 4, SLOT_A - SLOT_B, 2),
		 ATOMIC(BPF_W, BPF_OR, 4, 4, 2), ALU64(BPF_XOR, 3, 2), ALU64I(BPF_SUB, 5, 1),
		 JMPI(BPF_JNE, 5, 0, -5));
	finish(b);
}

static void callers_stack_from_function(struct asm_buf *b)
{
	uint32_t f = asm_label(b);

	start(b);
	asm_emit(b, MOV64(8, 3), MOV64(1, 10), ALU64I(BPF_ADD, 1, SLOT_A));
	asm_jump(b, (struct bpf_insn)CALL_SUB(0), f);
	asm_emit(b, MOV64(2, 0), MOV64(3, 8));
	finish(b);
	asm_place(b, f);
	asm_emit(b, STX(BPF_DW, 10, SLOT_A, 2), ATOMIC(BPF_DW, BPF_XCHG, 1, 0, 2),
		 ATOMIC(BPF_W, BPF_ADD | BPF_FETCH, 10, SLOT_A, 2), LDX(BPF_DW, 0, 10, SLOT_A),
		 ALU64(BPF_XOR, 0, 2), EXIT());
}

/* Beside the other kind: one counter on the stack, one in a map. */
static void stack_and_map_value(struct asm_buf *b)
{
	start(b);
	asm_emit(b, ALU64I(BPF_AND, 3, 7), STX(BPF_W, 10, -20, 3), MOV64(8, 2), MOV64(2, 10),
		 ALU64I(BPF_ADD, 2, -20), LD_MAP(1, MAP_OTHER), CALL(BPF_FUNC_map_lookup_elem),
		 MOV64(2, 8), MOV64I(3, 1), JMPI(BPF_JEQ, 0, 0, 2),
		 ATOMIC(BPF_DW, BPF_ADD, 0, 8, 8),
		 ATOMIC(BPF_DW, BPF_ADD | BPF_FETCH, 10, SLOT_A, 3));
	finish(b);
}

const struct program atomic_cases[] = {
	{ "stack-add", stack_add, 0 },
	{ "stack-or", stack_or, 0 },
	{ "stack-and", stack_and, 0 },
	{ "stack-xor", stack_xor, 0 },
	{ "stack-fetch-add", stack_fetch_add, 0 },
	{ "stack-fetch-or", stack_fetch_or, 0 },
	{ "stack-fetch-and", stack_fetch_and, 0 },
	{ "stack-fetch-xor", stack_fetch_xor, 0 },
	{ "stack-exchange", stack_exchange, 0 },
	{ "stack-compare-exchange-64", stack_compare_exchange_64, 0 },
	{ "stack-compare-exchange-32", stack_compare_exchange_32, 0 },
	{ "stack-compare-exchange-high-half", stack_compare_exchange_high_half, 0 },
	{ "stack-fetch-into-same-register", stack_fetch_into_same_register, 0 },
	{ "stack-atomic-in-loop", stack_atomic_in_loop, 0 },
	{ "callers-stack-from-function", callers_stack_from_function, 0 },
	{ "stack-and-map-value", stack_and_map_value, 0 },
	{ 0 },
};
