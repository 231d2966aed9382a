/* SPDX-License-Identifier: BSD-2-Clause */
#include "quirks.h"

/* Memory: every size at the offsets where encodings change, copies, map values, atomics. */

static const uint8_t sizes[] = { BPF_B, BPF_H, BPF_W, BPF_DW };

static int32_t bytes_of(uint8_t size)
{
	return (int32_t)ebpf_size_bytes(&(const struct bpf_insn){ .code = size });
}

/* ---- packet -------------------------------------------------------------------------------------- */

/* An offset of up to 127 is part of the command, more needs a register (nfp.md 5.3). */
static void packet_loads_around_128(struct asm_buf *b)
{
	program_start(b, 304);
	asm_emit(b, MOV64I(1, 0));
	for (int32_t off = 119; off <= 137; off++) {
		for (unsigned s = 0; s < 4; s++)
			asm_emit(b, LDX(sizes[s], 2, 6, off), ALU64I(BPF_MUL, 1, 31),
				 ALU64(BPF_ADD, 1, 2));
	}
	asm_emit(b, STX(BPF_DW, 6, 0, 1));
	program_end(b);
}

static void packet_stores_around(struct asm_buf *b, int32_t first, uint8_t size)
{
	program_start(b, 304);
	asm_emit(b, LDX(BPF_DW, 1, 6, 0));
	for (int32_t off = first; off <= first + 24; off += 3)
		asm_emit(b, STX(size, 6, off, 1), ALU64I(BPF_MUL, 1, 0x10001));
	program_end(b);
}

static void packet_store_bytes_around_128(struct asm_buf *b)
{
	packet_stores_around(b, 116, BPF_B);
}

static void packet_store_halves_around_128(struct asm_buf *b)
{
	packet_stores_around(b, 116, BPF_H);
}

static void packet_store_words_around_128(struct asm_buf *b)
{
	packet_stores_around(b, 116, BPF_W);
}

static void packet_store_doubles_around_128(struct asm_buf *b)
{
	packet_stores_around(b, 116, BPF_DW);
}

static void packet_store_far(struct asm_buf *b)
{
	packet_stores_around(b, 250, BPF_DW);
}

static void packet_load_sees_store(struct asm_buf *b)
{
	program_start(b, 128);
	asm_emit(b, LDX(BPF_DW, 1, 6, 0), LDX(BPF_W, 2, 6, 66), STX(BPF_B, 6, 67, 1),
		 LDX(BPF_W, 3, 6, 66), STX(BPF_H, 6, 65, 3), LDX(BPF_DW, 4, 6, 60),
		 STX(BPF_DW, 6, 16, 2), STX(BPF_DW, 6, 24, 3), STX(BPF_DW, 6, 32, 4));
	program_end(b);
}

static void packet_variable_offset(struct asm_buf *b)
{
	program_start(b, 128);
	asm_emit(b, LDX(BPF_B, 1, 6, 0), ALU64I(BPF_AND, 1, 63), MOV64(2, 6), ALU64(BPF_ADD, 2, 1),
		 MOV64(3, 2), ALU64I(BPF_ADD, 3, 40), JMP(BPF_JGT, 3, 7, 5), LDX(BPF_DW, 3, 2, 24),
		 LDX(BPF_H, 4, 2, 33), STX(BPF_W, 2, 27, 4), STX(BPF_DW, 6, 112, 3),
		 STX(BPF_DW, 6, 120, 4));
	program_end(b);
}

/* ---- q4: runs of loads and stores that the driver makes one copy of ------------------------------ */

static void copy(struct asm_buf *b, uint8_t size, int32_t n, int32_t from, int32_t to, bool down)
{
	for (int32_t i = 0; i < n; i++) {
		int32_t at = (down ? n - 1 - i : i) * bytes_of(size);

		asm_emit(b, LDX(size, 1, 6, from + at), STX(size, 6, to + at, 1));
	}
	/* the register holds what was copied last */
	asm_emit(b, STX(BPF_DW, 6, 288, 1));
}

static void copies(struct asm_buf *b, bool down)
{
	static const int32_t lens[][4] = {
		{ 3, 7, 13, 31 }, { 2, 5, 9, 16 }, { 2, 3, 5, 9 }, { 2, 3, 4, 5 }
	};

	program_start(b, 304);
	for (unsigned s = 0; s < 4; s++)
		for (unsigned k = 0; k < 4; k++)
			copy(b, sizes[s], lens[s][k], 1 + (int32_t)s * 8, 90 + (int32_t)k * 47,
			     down);
	program_end(b);
}

static void q4_copy_ascending(struct asm_buf *b)
{
	copies(b, false);
}

static void q4_copy_descending(struct asm_buf *b)
{
	copies(b, true);
}

/* Source and destination overlap: bytes copied first are copied again. */
static void q4_copy_overlapping(struct asm_buf *b)
{
	program_start(b, 304);
	copy(b, BPF_W, 8, 16, 20, false);
	copy(b, BPF_W, 8, 84, 80, false);
	copy(b, BPF_B, 9, 150, 151, false);
	copy(b, BPF_H, 9, 201, 200, true);
	program_end(b);
}

/* Longer than 128 bytes, and with an offset that does not fit 8 bits. */
static void q4_copy_long_and_far(struct asm_buf *b)
{
	program_start(b, 304);
	copy(b, BPF_DW, 17, 0, 139, false);
	copy(b, BPF_W, 6, 4, 262, false);
	program_end(b);
}

static void q4_macs_swapped(struct asm_buf *b)
{
	program_start(b, 304);
	asm_emit(b, LDX(BPF_W, 1, 6, 0), LDX(BPF_H, 2, 6, 4), LDX(BPF_W, 3, 6, 6),
		 LDX(BPF_H, 4, 6, 10), STX(BPF_W, 6, 0, 3), STX(BPF_H, 6, 4, 4),
		 STX(BPF_W, 6, 6, 1), STX(BPF_H, 6, 10, 2));
	program_end(b);
}

/* ---- stack --------------------------------------------------------------------------------------- */

/* A pattern, one store of each size at every place it may stand, and all read back. */
static void stack_parts(struct asm_buf *b, uint8_t size, bool imm)
{
	int32_t bytes = bytes_of(size);

	program_start(b, 304);
	asm_emit(b, LDX(BPF_DW, 1, 6, 0), LDX(BPF_DW, 2, 6, 8), MOV64I(4, 0));
	for (int32_t byte = 0; byte < 16; byte += bytes) {
		asm_emit(b, STX(BPF_DW, 10, -16, 1), STX(BPF_DW, 10, -8, 1));
		if (imm)
			asm_emit(b, ST(size, 10, -16 + byte, 0x89abcdef));
		else
			asm_emit(b, STX(size, 10, -16 + byte, 2));
		asm_emit(b, LDX(size, 3, 10, -16 + byte), ALU64I(BPF_MUL, 4, 33),
			 ALU64(BPF_ADD, 4, 3), LDX(BPF_DW, 3, 10, -16 + (byte & 8)),
			 ALU64I(BPF_MUL, 4, 33), ALU64(BPF_XOR, 4, 3));
	}
	asm_emit(b, STX(BPF_DW, 6, 16, 4));
	program_end(b);
}

static void stack_bytes(struct asm_buf *b)
{
	stack_parts(b, BPF_B, false);
}

static void stack_halves(struct asm_buf *b)
{
	stack_parts(b, BPF_H, false);
}

static void stack_words(struct asm_buf *b)
{
	stack_parts(b, BPF_W, false);
}

static void stack_byte_immediates(struct asm_buf *b)
{
	stack_parts(b, BPF_B, true);
}

static void stack_half_immediates(struct asm_buf *b)
{
	stack_parts(b, BPF_H, true);
}

static void stack_word_immediates(struct asm_buf *b)
{
	stack_parts(b, BPF_W, true);
}

/* Offsets behind the 16 words that an operand reaches. */
static void stack_deep(struct asm_buf *b)
{
	program_start(b, 304);
	asm_emit(b, LDX(BPF_DW, 1, 6, 0), MOV64I(2, 0));
	for (int32_t off = -8; off >= -400; off -= 56)
		asm_emit(b, STX(BPF_DW, 10, off, 1), ST(BPF_B, 10, off + 3, 0x42),
			 ALU64I(BPF_ADD, 1, 77));
	for (int32_t off = -8; off >= -400; off -= 56)
		asm_emit(b, LDX(BPF_DW, 3, 10, off), ALU64I(BPF_MUL, 2, 5), ALU64(BPF_ADD, 2, 3));
	asm_emit(b, STX(BPF_DW, 6, 16, 2));
	program_end(b);
}

static void stack_variable_offset(struct asm_buf *b)
{
	program_start(b, 304);
	asm_emit(b, LDX(BPF_DW, 1, 6, 0));
	for (int i = 1; i <= 8; i++)
		asm_emit(b, STX(BPF_DW, 10, -8 * i, 1), ALU64I(BPF_MUL, 1, 0x1234567));
	asm_emit(b, LDX(BPF_B, 2, 6, 8), ALU64I(BPF_AND, 2, 0x38), MOV64(3, 10),
		 ALU64(BPF_ADD, 3, 2), STX(BPF_DW, 3, -64, 1), LDX(BPF_B, 2, 6, 9),
		 ALU64I(BPF_AND, 2, 0x3f), MOV64(3, 10), ALU64(BPF_ADD, 3, 2),
		 ST(BPF_B, 3, -64, 0x77), LDX(BPF_B, 4, 3, -64));
	asm_emit(b, MOV64I(5, 0));
	for (int i = 1; i <= 8; i++)
		asm_emit(b, LDX(BPF_DW, 2, 10, -8 * i), ALU64I(BPF_MUL, 5, 3),
			 ALU64(BPF_ADD, 5, 2));
	asm_emit(b, STX(BPF_DW, 6, 16, 5), STX(BPF_DW, 6, 24, 4));
	program_end(b);
}

/* One store after a join, to a constant place from here and a variable one from there. */
static void stack_store_at_either_place(struct asm_buf *b)
{
	program_start(b, 304);
	asm_emit(b, LDX(BPF_DW, 1, 6, 0), LDX(BPF_B, 4, 6, 8));
	for (int i = 1; i <= 8; i++)
		asm_emit(b, STX(BPF_DW, 10, -8 * i, 4));
	asm_emit(b, JMPI(BPF_JSGT, 4, 99, 2), STX(BPF_DW, 10, -32, 1), JA(5), LDX(BPF_DW, 2, 6, 16),
		 ALU64I(BPF_AND, 2, 24), ALU64(BPF_ADD, 2, 10), STX(BPF_DW, 2, -32, 1),
		 MOV64I(2, 0), MOV64I(5, 0));
	for (int i = 1; i <= 8; i++)
		asm_emit(b, LDX(BPF_DW, 2, 10, -8 * i), ALU64I(BPF_MUL, 5, 3),
			 ALU64(BPF_ADD, 5, 2));
	asm_emit(b, STX(BPF_DW, 6, 16, 5));
	program_end(b);
}

/* ---- map values ---------------------------------------------------------------------------------- */

/* R8 = value of an array's element, R0 the same. */
static void look_up(struct asm_buf *b)
{
	program_start(b, 304);
	asm_emit(b, LDX(BPF_B, 1, 6, 0), ALU64I(BPF_AND, 1, 7), STX(BPF_W, 10, -4, 1), MOV64(2, 10),
		 ALU64I(BPF_ADD, 2, -4), LD_MAP(1, MAP_ARRAY), CALL(BPF_FUNC_map_lookup_elem),
		 JMPI(BPF_JNE, 0, 0, 2), MOV64I(0, 1), EXIT(), MOV64(8, 0));
}

static void map_value_parts(struct asm_buf *b)
{
	look_up(b);
	asm_emit(b, LDX(BPF_DW, 1, 6, 8), MOV64I(2, 0));
	for (unsigned s = 0; s < 4; s++)
		for (int32_t off = 0; off < 8; off += bytes_of(sizes[s]))
			asm_emit(b, STX(sizes[s], 8, 8 * (int32_t)s + off, 1),
				 ALU64I(BPF_ADD, 1, 0x11), LDX(BPF_DW, 3, 8, 8 * (int32_t)s),
				 ALU64I(BPF_MUL, 2, 7), ALU64(BPF_ADD, 2, 3));
	asm_emit(b, STX(BPF_DW, 6, 16, 2));
	program_end(b);
}

static void map_value_unaligned(struct asm_buf *b)
{
	look_up(b);
	asm_emit(b, LDX(BPF_DW, 1, 6, 8), STX(BPF_DW, 8, 3, 1), STX(BPF_W, 8, 21, 1),
		 STX(BPF_H, 8, 31, 1), LDX(BPF_DW, 2, 8, 5), LDX(BPF_W, 3, 8, 19),
		 LDX(BPF_H, 4, 8, 39), STX(BPF_DW, 6, 16, 2), STX(BPF_DW, 6, 24, 3),
		 STX(BPF_DW, 6, 32, 4));
	program_end(b);
}

static void q8_st_map_value(struct asm_buf *b)
{
	look_up(b);
	asm_emit(b, ST(BPF_DW, 8, 0, -3), ST(BPF_W, 8, 12, 0x12345678), ST(BPF_H, 8, 18, -2),
		 ST(BPF_B, 8, 21, 0x5a), LDX(BPF_DW, 1, 8, 16), STX(BPF_DW, 6, 16, 1));
	program_end(b);
}

static void map_value_variable_offset(struct asm_buf *b)
{
	look_up(b);
	asm_emit(b, LDX(BPF_B, 1, 6, 8), ALU64I(BPF_AND, 1, 31), ALU64(BPF_ADD, 8, 1),
		 LDX(BPF_DW, 2, 8, 0), LDX(BPF_B, 3, 8, 9), STX(BPF_W, 8, 17, 2),
		 STX(BPF_DW, 6, 16, 2), STX(BPF_DW, 6, 24, 3));
	program_end(b);
}

/* The first of the bytes read is the first of the value: nothing in front of it may be read along. */
static void map_value_chosen_place_low(struct asm_buf *b)
{
	look_up(b);
	asm_emit(b, LDX(BPF_DW, 1, 6, 8), MOV64(2, 1), ALU64I(BPF_ADD, 2, 15), MOV64I(3, 0),
		 JMPI(BPF_JGT, 2, 36, 3), MOV64(4, 8), ALU64(BPF_ADD, 4, 2), LDX(BPF_W, 3, 4, 0),
		 STX(BPF_W, 6, 16, 3));
	program_end(b);
}

/* The second of two places exists on one path only. */
static void map_value_chosen_place_high(struct asm_buf *b)
{
	look_up(b);
	asm_emit(b, LDX(BPF_B, 1, 6, 8), ALU64I(BPF_AND, 1, 63), MOV64(4, 8), ALU64(BPF_ADD, 4, 1),
		 LDX(BPF_B, 3, 4, 0), JMPI(BPF_JGT, 1, 38, 4), MOV64(5, 8), ALU64(BPF_ADD, 5, 1),
		 LDX(BPF_B, 2, 5, 25), ALU64(BPF_ADD, 3, 2), STX(BPF_W, 6, 16, 3));
	program_end(b);
}

/* ---- atomics ------------------------------------------------------------------------------------- */

static void atomic_addends(struct asm_buf *b)
{
	static const int32_t addends[] = { 1, 0, 255, 256, 0xffff, 0x10000, -1, INT32_MIN };

	look_up(b);
	for (unsigned i = 0; i < 8; i++)
		asm_emit(b, MOV64I(1, addends[i]),
			 ATOMIC(i & 1 ? BPF_DW : BPF_W, BPF_ADD, 8, 8 * (int)i, 1));
	program_end(b);
}

static void atomic_adds_packet_bytes(struct asm_buf *b)
{
	look_up(b);
	asm_emit(b, LDX(BPF_DW, 1, 6, 8), ATOMIC(BPF_DW, BPF_ADD, 8, 0, 1),
		 ATOMIC(BPF_W, BPF_ADD, 8, 8, 1), LDX(BPF_H, 1, 6, 16),
		 ATOMIC(BPF_DW, BPF_ADD, 8, 16, 1), ATOMIC(BPF_W, BPF_ADD, 8, 24, 1));
	program_end(b);
}

/* A posted addition may still be under way when a load comes to the same memory. */
static void load_beside_posted_add(struct asm_buf *b)
{
	look_up(b);
	asm_emit(b, MOV64I(1, 1), ATOMIC(BPF_W, BPF_ADD, 8, 4, 1), LDX(BPF_B, 2, 8, 16),
		 STX(BPF_DW, 6, 16, 2));
	program_end(b);
}

static void load_of_posted_add(struct asm_buf *b)
{
	look_up(b);
	asm_emit(b, MOV64I(1, 1), ATOMIC(BPF_DW, BPF_ADD, 8, 0, 1), LDX(BPF_DW, 2, 8, 0),
		 STX(BPF_DW, 6, 16, 2));
	program_end(b);
}

static void load_before_posted_add_in_loop(struct asm_buf *b)
{
	look_up(b);
	asm_emit(b, MOV64I(7, 3), MOV64I(3, 0), LDX(BPF_W, 2, 8, 0), ALU64(BPF_ADD, 3, 2),
		 MOV64I(1, 1), ATOMIC(BPF_W, BPF_ADD, 8, 0, 1), ALU64I(BPF_ADD, 7, -1),
		 JMPI(BPF_JNE, 7, 0, -6), STX(BPF_DW, 6, 16, 3));
	program_end(b);
}

/* A carry of the first must not come from what the second adds. */
static void posted_adds_of_both_widths(struct asm_buf *b)
{
	look_up(b);
	asm_emit(b, MOV64I(1, 65280), ATOMIC(BPF_DW, BPF_ADD, 8, 0, 1), MOV64I(1, -129),
		 ATOMIC(BPF_W, BPF_ADD, 8, 0, 1), MOV64I(1, 200), ATOMIC(BPF_DW, BPF_ADD, 8, 0, 1));
	program_end(b);
}

static void atomic_add_of_zero(struct asm_buf *b)
{
	look_up(b);
	asm_emit(b, MOV64I(1, 0), ATOMIC(BPF_W, BPF_ADD, 8, 4, 1),
		 ATOMIC(BPF_DW, BPF_ADD, 8, 8, 1));
	program_end(b);
}

const struct program memory_cases[] = {
	{ "packet-loads-around-128", packet_loads_around_128, 0 },
	{ "packet-store-bytes-around-128", packet_store_bytes_around_128, 0 },
	{ "packet-store-halves-around-128", packet_store_halves_around_128, 0 },
	{ "packet-store-words-around-128", packet_store_words_around_128, 0 },
	{ "packet-store-doubles-around-128", packet_store_doubles_around_128, 0 },
	{ "packet-store-far", packet_store_far, 0 },
	{ "packet-load-sees-store", packet_load_sees_store, 0 },
	{ "packet-variable-offset", packet_variable_offset, 0 },
	{ "q4-copy-ascending", q4_copy_ascending, 0 },
	{ "q4-copy-descending", q4_copy_descending, 0 },
	{ "q4-copy-overlapping", q4_copy_overlapping, 0 },
	{ "q4-copy-long-and-far", q4_copy_long_and_far, 0 },
	{ "q4-macs-swapped", q4_macs_swapped, 0 },
	{ "stack-bytes", stack_bytes, 0 },
	{ "stack-halves", stack_halves, 0 },
	{ "stack-words", stack_words, 0 },
	{ "stack-byte-immediates", stack_byte_immediates, 0 },
	{ "stack-half-immediates", stack_half_immediates, 0 },
	{ "stack-word-immediates", stack_word_immediates, 0 },
	{ "stack-deep", stack_deep, 0 },
	{ "stack-variable-offset", stack_variable_offset, 0 },
	{ "stack-store-at-either-place", stack_store_at_either_place, 0 },
	{ "map-value-parts", map_value_parts, 0 },
	{ "map-value-unaligned", map_value_unaligned, 0 },
	{ "q8-st-map-value", q8_st_map_value, 0 },
	{ "map-value-variable-offset", map_value_variable_offset, 0 },
	{ "map-value-chosen-place-low", map_value_chosen_place_low, 0 },
	{ "map-value-chosen-place-high", map_value_chosen_place_high, 0 },
	{ "atomic-addends", atomic_addends, 0 },
	{ "atomic-adds-packet-bytes", atomic_adds_packet_bytes, 0 },
	{ "load-beside-posted-add", load_beside_posted_add, 0 },
	{ "load-of-posted-add", load_of_posted_add, 0 },
	{ "load-before-posted-add-in-loop", load_before_posted_add_in_loop, 0 },
	{ "posted-adds-of-both-widths", posted_adds_of_both_widths, 0 },
	{ "atomic-add-of-zero", atomic_add_of_zero, 0 },
	{ 0 },
};
