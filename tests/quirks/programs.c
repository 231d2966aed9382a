/* SPDX-License-Identifier: BSD-2-Clause */
#include "quirks.h"

/* Whole programs: control flow, calls, maps. Memory accesses are in programs_mem.c. */

static const uint8_t data_init[32] = { 1, 2, 3, 4, 5, 6, 7, 8, 0xff, 0xfe, 0xfd };

const struct fe_map program_maps[MAP_COUNT] = {
	[MAP_ARRAY] = { .name = "array",
			.type = BPF_MAP_TYPE_ARRAY,
			.key_size = 4,
			.value_size = 64,
			.max_entries = 8,
			.inner = -1 },
	[MAP_HASH] = { .name = "hash",
		       .type = BPF_MAP_TYPE_HASH,
		       .key_size = 8,
		       .value_size = 24,
		       .max_entries = 64,
		       .inner = -1 },
	[MAP_OTHER] = { .name = "other",
			.type = BPF_MAP_TYPE_ARRAY,
			.key_size = 4,
			.value_size = 32,
			.max_entries = 8,
			.inner = -1 },
	[MAP_DATA] = { .name = ".data",
		       .kind = FE_MAP_DATA,
		       .type = BPF_MAP_TYPE_ARRAY,
		       .key_size = 4,
		       .value_size = 32,
		       .max_entries = 1,
		       .init = data_init,
		       .inner = -1 },
};

void program_start(struct asm_buf *b, uint32_t len)
{
	asm_emit(b, MOV64(9, 1), LDX(BPF_W, 6, 1, 0), LDX(BPF_W, 7, 1, 4), MOV64(0, 6),
		 ALU64I(BPF_ADD, 0, len), JMP(BPF_JLE, 0, 7, 2), MOV64I(0, 1), EXIT());
}

void program_end(struct asm_buf *b)
{
	asm_emit(b, MOV64I(0, 2), EXIT());
}

/* ---- spills, register pressure ------------------------------------------------------------------ */

/* Ten 64-bit values live at once, all mixed before all are stored. */
static void ten_live_values(struct asm_buf *b)
{
	static const uint8_t regs[] = { 0, 1, 2, 3, 4, 5, 7, 8, 9 };

	program_start(b, 200);
	for (unsigned i = 0; i < 9; i++)
		asm_emit(b, LDX(BPF_DW, regs[i], 6, 8 * i));
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 9; i++)
			asm_emit(b,
				 ALU64(round & 1 ? BPF_SUB : BPF_ADD, regs[i], regs[(i + 1) % 9]),
				 ALU64(BPF_XOR, regs[(i + 4) % 9], regs[i]));
	}
	for (unsigned i = 0; i < 9; i++)
		asm_emit(b, STX(BPF_DW, 6, 8 * i + 96, regs[i]));
	program_end(b);
}

/* More values than the card has registers, in the frame. */
static void forty_values_on_the_stack(struct asm_buf *b)
{
	program_start(b, 168);
	asm_emit(b, LDX(BPF_DW, 1, 6, 0), LDX(BPF_DW, 2, 6, 8));
	for (int i = 0; i < 40; i++)
		asm_emit(b, ALU64(BPF_ADD, 1, 2), ALU64I(BPF_XOR, 2, i * 0x1234567),
			 STX(BPF_DW, 10, -8 * (i + 1), 1), ALU64I(BPF_LSH, 1, 1));
	asm_emit(b, MOV64I(3, 0));
	for (int i = 39; i >= 0; i--)
		asm_emit(b, LDX(BPF_DW, 4, 10, -8 * (i + 1)), ALU64(BPF_ADD, 3, 4),
			 ALU64I(BPF_MUL, 3, 3));
	asm_emit(b, STX(BPF_DW, 6, 160, 3));
	program_end(b);
}

static void spill_across_lookup(struct asm_buf *b)
{
	program_start(b, 80);
	asm_emit(b, LDX(BPF_DW, 7, 6, 0), LDX(BPF_DW, 8, 6, 8), STX(BPF_DW, 10, -16, 7),
		 STX(BPF_DW, 10, -24, 8), STX(BPF_DW, 10, -32, 6), ALU64I(BPF_AND, 7, 7),
		 STX(BPF_W, 10, -4, 7), MOV64(2, 10), ALU64I(BPF_ADD, 2, -4), LD_MAP(1, MAP_ARRAY),
		 CALL(BPF_FUNC_map_lookup_elem), LDX(BPF_DW, 6, 10, -32), JMPI(BPF_JEQ, 0, 0, 2),
		 LDX(BPF_DW, 1, 0, 8), STX(BPF_DW, 6, 16, 1), LDX(BPF_DW, 1, 10, -16),
		 LDX(BPF_DW, 2, 10, -24), STX(BPF_DW, 6, 32, 1), STX(BPF_DW, 6, 24, 2));
	program_end(b);
}

/* ---- calls -------------------------------------------------------------------------------------- */

static void functions_keep_r6_to_r9(struct asm_buf *b)
{
	uint32_t f = asm_label(b);

	program_start(b, 80);
	asm_emit(b, LDX(BPF_DW, 7, 6, 0), LDX(BPF_DW, 8, 6, 8), LDX(BPF_DW, 9, 6, 16), MOV64(1, 7),
		 MOV64(2, 8));
	asm_jump(b, (struct bpf_insn)CALL_SUB(0), f);
	asm_emit(b, ALU64(BPF_ADD, 7, 0), MOV64(1, 9), MOV64(2, 7));
	asm_jump(b, (struct bpf_insn)CALL_SUB(0), f);
	asm_emit(b, STX(BPF_DW, 6, 24, 0), STX(BPF_DW, 6, 32, 7), STX(BPF_DW, 6, 40, 8),
		 STX(BPF_DW, 6, 48, 9));
	program_end(b);
	asm_place(b, f);
	asm_emit(b, STX(BPF_DW, 10, -8, 1), MOV64(6, 2), MOV64I(7, -1), MOV64I(8, 5), MOV64(9, 1),
		 ALU64(BPF_XOR, 6, 7), ALU64(BPF_MUL, 9, 8), LDX(BPF_DW, 0, 10, -8),
		 ALU64(BPF_ADD, 0, 6), ALU64(BPF_ADD, 0, 9), EXIT());
}

/* The callee writes the caller's frame through a pointer. */
static void callee_writes_callers_stack(struct asm_buf *b)
{
	uint32_t f = asm_label(b);

	program_start(b, 80);
	asm_emit(b, LDX(BPF_DW, 1, 6, 0), STX(BPF_DW, 10, -8, 1), ST(BPF_DW, 10, -16, 0),
		 MOV64(1, 10), ALU64I(BPF_ADD, 1, -16));
	asm_jump(b, (struct bpf_insn)CALL_SUB(0), f);
	asm_emit(b, LDX(BPF_DW, 1, 10, -16), LDX(BPF_DW, 2, 10, -8), STX(BPF_DW, 6, 16, 1),
		 STX(BPF_DW, 6, 24, 2), STX(BPF_DW, 6, 32, 0));
	program_end(b);
	asm_place(b, f);
	asm_emit(b, LDX(BPF_DW, 0, 1, 8), STX(BPF_DW, 10, -8, 0), ALU64I(BPF_ADD, 0, 1),
		 STX(BPF_W, 1, 4, 0), STX(BPF_B, 1, 3, 0), STX(BPF_H, 1, 8, 0),
		 LDX(BPF_DW, 0, 10, -8), EXIT());
}

/* ---- control flow ------------------------------------------------------------------------------- */

static void bounded_loop(struct asm_buf *b)
{
	program_start(b, 128);
	asm_emit(b, LDX(BPF_DW, 1, 6, 0), MOV64I(2, 0), MOV64I(3, 0), ALU64(BPF_ADD, 3, 1),
		 ALU64(BPF_XOR, 1, 3), ALU64I(BPF_LSH, 1, 3), ALU64I(BPF_ADD, 2, 1),
		 JMPI(BPF_JLT, 2, 10, -5), STX(BPF_DW, 6, 16, 3), STX(BPF_DW, 6, 24, 1));
	program_end(b);
}

/* Two values change places in every round: copies at the loop's end that depend on each other. */
static void loop_swaps_values(struct asm_buf *b)
{
	program_start(b, 128);
	asm_emit(b, LDX(BPF_DW, 1, 6, 0), LDX(BPF_DW, 2, 6, 8), LDX(BPF_B, 4, 6, 16),
		 ALU64I(BPF_AND, 4, 7), MOV64I(5, 0), JMP(BPF_JGE, 5, 4, 5), MOV64(3, 1),
		 MOV64(1, 2), MOV64(2, 3), ALU64I(BPF_ADD, 5, 1), JMPI(BPF_JLT, 5, 8, -6),
		 STX(BPF_DW, 6, 16, 1), STX(BPF_DW, 6, 24, 2));
	program_end(b);
}

static void if_else_chain(struct asm_buf *b)
{
	uint32_t end = asm_label(b);

	program_start(b, 128);
	asm_emit(b, LDX(BPF_B, 1, 6, 0), MOV64I(0, 0));
	for (int i = 0; i < 12; i++) {
		asm_emit(b, MOV64I(0, i * 3 + 1));
		asm_jump(b, (struct bpf_insn)JMPI(BPF_JEQ, 1, i * 7, 0), end);
	}
	asm_emit(b, MOV64I(0, -1));
	asm_place(b, end);
	asm_emit(b, STX(BPF_DW, 6, 16, 0));
	program_end(b);
}

/* One choice by two tests, needed in two places: the constant of the second test is not made where the
 * first one leaves. */
static void choice_by_two_tests_used_twice(struct asm_buf *b)
{
	program_start(b, 96);
	asm_emit(b, LDX(BPF_DW, 5, 6, 64), MOV64(8, 5), LDX(BPF_B, 2, 6, 7),
		 JMP32I(BPF_JSLT, 2, 0x40, 2), JMP32I(BPF_JGT, 5, 0x87e74fff, 1), NEG32(5),
		 STX(BPF_B, 6, 28, 5), STX(BPF_W, 10, -24, 5), MOV64(2, 10),
		 ALU64I(BPF_ADD, 2, -24), LD_MAP(1, MAP_ARRAY), CALL(BPF_FUNC_map_lookup_elem),
		 JMPI(BPF_JEQ, 0, 0, 1), ATOMIC(BPF_DW, BPF_ADD, 0, 8, 8));
	program_end(b);
}

/* Two look-ups at the ends of two paths: made one, the map would not be known beforehand. */
static void lookup_of_one_map_or_another(struct asm_buf *b)
{
	program_start(b, 96);
	asm_emit(b, LDX(BPF_B, 1, 6, 0), LDX(BPF_B, 7, 6, 1), ALU64I(BPF_AND, 1, 7),
		 ST(BPF_DW, 10, -8, 0), STX(BPF_W, 10, -8, 1), MOV64(2, 10), ALU64I(BPF_ADD, 2, -8),
		 JMPI(BPF_JGT, 7, 128, 4), LD_MAP(1, MAP_ARRAY), CALL(BPF_FUNC_map_lookup_elem),
		 JA(3), LD_MAP(1, MAP_OTHER), CALL(BPF_FUNC_map_lookup_elem),
		 JMPI(BPF_JEQ, 0, 0, 3), LDX(BPF_DW, 1, 0, 8), STX(BPF_DW, 6, 16, 1),
		 STX(BPF_B, 0, 3, 7));
	program_end(b);
}

static void computed_verdict(struct asm_buf *b)
{
	program_start(b, 64);
	asm_emit(b, LDX(BPF_B, 0, 6, 0), ALU64I(BPF_AND, 0, 3), EXIT());
}

/* Only the low half of R0 counts. */
static void verdict_has_high_half(struct asm_buf *b)
{
	program_start(b, 64);
	asm_emit(b, LDX(BPF_B, 0, 6, 0), ALU64I(BPF_AND, 0, 3), LD64(1, 0x700000000),
		 ALU64(BPF_OR, 0, 1), EXIT());
}

static void verdict_out_of_range(struct asm_buf *b)
{
	program_start(b, 64);
	asm_emit(b, LDX(BPF_DW, 0, 6, 0), ALU64I(BPF_OR, 0, 8), EXIT());
}

/* ---- legacy packet loads (tc) -------------------------------------------------------------------- */

/* What was stored before a load outside of the packet ends the program stays stored. */
static void stores_before_ld_ind_abort(struct asm_buf *b)
{
	asm_emit(b, MOV64(6, 1), LDX(BPF_W, 2, 1, 76), LDX(BPF_W, 3, 1, 80), MOV64(4, 2),
		 ALU64I(BPF_ADD, 4, 64), JMP(BPF_JGT, 4, 3, 6), LDX(BPF_DW, 7, 2, 0),
		 STX(BPF_DW, 2, 16, 7), MOV64I(7, 65536), LD_IND(BPF_B, 7, 3), MOV64I(0, 2), EXIT(),
		 MOV64I(0, -1), EXIT());
}

static void ld_abs_sizes(struct asm_buf *b)
{
	asm_emit(b, MOV64(6, 1), LD_ABS(BPF_B, 3), MOV64(7, 0), LD_ABS(BPF_H, 13),
		 ALU64I(BPF_LSH, 7, 16), ALU64(BPF_XOR, 7, 0), LD_ABS(BPF_W, 58),
		 ALU64I(BPF_LSH, 7, 24), ALU64(BPF_XOR, 7, 0), MOV64(8, 7), ALU64I(BPF_AND, 8, 127),
		 LD_IND(BPF_W, 8, 1), ALU64(BPF_ADD, 7, 0), LDX(BPF_W, 2, 6, 76),
		 LDX(BPF_W, 3, 6, 80), MOV64(4, 2), ALU64I(BPF_ADD, 4, 64), JMP(BPF_JGT, 4, 3, 1),
		 STX(BPF_DW, 2, 16, 7), MOV64I(0, -1), EXIT());
}

/* From the start, from the network header (-2^20), from the link header (-2^21), from nothing (-3 * 2^20). */
static void ld_ind_negative_offset(struct asm_buf *b)
{
	asm_emit(b, MOV64(6, 1), LD_ABS(BPF_B, 0), ALU64I(BPF_AND, 0, 3), MOV64(7, 0),
		 ALU64I(BPF_LSH, 7, 20), NEG64(7), LD_IND(BPF_H, 7, 5), MOV64(8, 0),
		 LD_IND(BPF_B, 7, 60), ALU64(BPF_XOR, 8, 0), LDX(BPF_W, 2, 6, 76),
		 LDX(BPF_W, 3, 6, 80), MOV64(4, 2), ALU64I(BPF_ADD, 4, 64), JMP(BPF_JGT, 4, 3, 1),
		 STX(BPF_DW, 2, 16, 8), MOV64I(0, -1), EXIT());
}

const struct program program_cases[] = {
	{ "ten-live-values", ten_live_values, 0 },
	{ "forty-values-on-the-stack", forty_values_on_the_stack, 0 },
	{ "spill-across-lookup", spill_across_lookup, 0 },
	{ "functions-keep-r6-to-r9", functions_keep_r6_to_r9, 0 },
	{ "callee-writes-callers-stack", callee_writes_callers_stack, 0 },
	{ "bounded-loop", bounded_loop, 0 },
	{ "loop-swaps-values", loop_swaps_values, 0 },
	{ "if-else-chain", if_else_chain, 0 },
	{ "choice-by-two-tests-used-twice", choice_by_two_tests_used_twice, 0 },
	{ "lookup-of-one-map-or-another", lookup_of_one_map_or_another, 0 },
	{ "computed-verdict", computed_verdict, 0 },
	{ "verdict-has-high-half", verdict_has_high_half, 0 },
	{ "verdict-out-of-range", verdict_out_of_range, 0 },
	{ "stores-before-ld-ind-abort", stores_before_ld_ind_abort, BPF_PROG_TYPE_SCHED_CLS },
	{ "ld-ind-negative-offset", ld_ind_negative_offset, BPF_PROG_TYPE_SCHED_CLS },
	{ "ld-abs-sizes", ld_abs_sizes, BPF_PROG_TYPE_SCHED_CLS },
	{ 0 },
};
