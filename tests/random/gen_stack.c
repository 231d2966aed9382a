/* SPDX-License-Identifier: BSD-2-Clause */
#include "gen_internal.h"

#include <string.h>

/* Stack: accesses of every size at every place, spills of numbers and pointers, unknown offsets,
 * and memory that a caller passes on. */

static int32_t slot_off(uint32_t slot)
{
	return -8 * (int32_t)(slot + 1);
}

/* In a loop pointers stay where the next round expects them. */
static bool holds_pointer(const struct gen *g, uint32_t slot)
{
	return g->s.slot[slot].kind != K_NONE || (g->head && g->head->slot[slot].kind != K_NONE);
}

static bool is_pinned(const struct gen *g, uint32_t slot)
{
	return g->s.slot[slot].kind == K_CTX || (g->head && holds_pointer(g, slot));
}

/* -1: none found */
static int32_t data_slot(struct gen *g)
{
	for (unsigned i = 0; i < 8; i++) {
		uint32_t slot = below(g, g->slots);

		if (!is_pinned(g, slot))
			return (int32_t)slot;
	}
	return -1;
}

static void wrote(struct gen *g, uint32_t slot, unsigned byte, unsigned bytes)
{
	if (g->s.slot[slot].kind !=
	    K_NONE) { /* a pointer no more: what is left of it isn't data either */
		g->s.slot[slot] = (struct value){ 0 };
		g->s.written[slot] = 0;
	}
	g->s.written[slot] |= (uint8_t)(bits_mask(bytes) << byte);
}

static void store_at(struct gen *g, uint32_t slot, uint8_t size, unsigned byte)
{
	int32_t off = slot_off(slot) + (int32_t)byte;

	if (percent(g, 35))
		asm_emit(g->b, ST(size, 10, off, random_imm(g)));
	else
		asm_emit(g->b, STX(size, 10, off, pick_scalar(g)));
	wrote(g, slot, byte, size_bytes(size));
}

void gen_stack_store(struct gen *g)
{
	uint8_t size = random_size(g);
	unsigned bytes = size_bytes(size);
	int32_t slot = data_slot(g);

	if (slot >= 0)
		store_at(g, (uint32_t)slot, size, below(g, 8 / bytes) * bytes);
}

void gen_stack_load(struct gen *g)
{
	for (unsigned tries = 0; tries < 16; tries++) {
		uint32_t slot = below(g, g->slots);
		uint8_t size = random_size(g), dst, mask;
		unsigned bytes = size_bytes(size), byte = below(g, 8 / bytes) * bytes;
		bool extend = g->new_isa && bytes < 8 && percent(g, 20);

		mask = (uint8_t)(bits_mask(bytes) << byte);
		if (holds_pointer(g, slot) || (g->s.written[slot] & mask) != mask)
			continue;
		dst = pick_dst(g, false);
		asm_emit(g->b, I(BPF_LDX | (extend ? EBPF_MEMSX : BPF_MEM) | size, dst, 10,
				 slot_off(slot) + (int32_t)byte, 0));
		set_reg(g, dst, scalar(extend ? UINT64_MAX : bits_mask(8 * bytes)));
		return;
	}
	gen_stack_store(g);
}

bool spill_register(struct gen *g, uint8_t r)
{
	int32_t slot = data_slot(g);

	if (slot < 0 || g->s.reg[r].kind == K_NONE || (g->head && g->s.reg[r].kind != K_SCALAR))
		return false;
	asm_emit(g->b, STX(BPF_DW, 10, slot_off((uint32_t)slot), r));
	wrote(g, (uint32_t)slot, 0, 8);
	if (g->s.reg[r].kind == K_SCALAR)
		return true;
	g->s.slot[slot] = g->s.reg[r];
	g->s.written[slot] = 0;
	return true;
}

void gen_spill(struct gen *g)
{
	spill_register(g, (uint8_t)below(g, 10));
}

int32_t scratch_slot(struct gen *g)
{
	int32_t slot = data_slot(g);

	if (slot < 0)
		return 0;
	wrote(g, (uint32_t)slot, 0, 8);
	return slot_off((uint32_t)slot);
}

void gen_fill(struct gen *g)
{
	for (unsigned tries = 0; tries < 16; tries++) {
		uint32_t slot = below(g, g->slots);
		bool pointer = g->s.slot[slot].kind != K_NONE;
		uint8_t dst;

		if (!pointer && (g->head || g->s.written[slot] != 0xff))
			continue;
		if (pointer && g->head)
			continue;
		dst = pick_dst(g, pointer);
		asm_emit(g->b, LDX(BPF_DW, dst, 10, slot_off(slot)));
		set_reg(g, dst, pointer ? g->s.slot[slot] : scalar(UINT64_MAX));
		return;
	}
}

/* First of `n` neighbours (towards higher slots) without pointers; -1: none. */
static int32_t data_run(struct gen *g, uint32_t n)
{
	if (n > g->slots)
		return -1;
	for (unsigned tries = 0; tries < 16; tries++) {
		uint32_t first = below(g, g->slots - n + 1), i;

		for (i = 0; i < n && !holds_pointer(g, first + i); i++)
			;
		if (i == n)
			return (int32_t)first;
	}
	return -1;
}

/* Writes what is not written yet of slots [first, first + n); false: it could not be. */
static void write_run(struct gen *g, uint32_t first, uint32_t n)
{
	for (uint32_t i = first; i < first + n; i++) {
		if (g->s.written[i] != 0xff)
			store_at(g, i, BPF_DW, 0);
	}
}

/* ptr += R10. Linux 6.18 takes "number += R10" in a called function for the main function's frame, so
 * there the pointer comes first. */
static void add_frame_pointer(struct gen *g, uint8_t ptr)
{
	uint16_t locked = g->locked;
	uint8_t number;

	if (!g->func) {
		asm_emit(g->b, ALU64(BPF_ADD, ptr, 10));
		return;
	}
	g->locked |= (uint16_t)(1u << ptr);
	number = pick_dst(g, false);
	asm_emit(g->b, MOV64(number, ptr), MOV64(ptr, 10), ALU64(BPF_ADD, ptr, number));
	g->locked = locked;
	set_reg(g, number, scalar(31));
}

/* R10 + constant + multiple of the size, 32 bytes of which all are written */
void gen_stack_variable(struct gen *g)
{
	uint8_t size = random_size(g), idx, ptr;
	unsigned bytes = size_bytes(size);
	int32_t first = data_run(g, 4), base;
	uint16_t locked = g->locked;

	if (first < 0 || g->head)
		return;
	write_run(g, (uint32_t)first, 4);
	base = slot_off((uint32_t)first + 3);
	idx = pick_scalar(g);
	g->locked |= (uint16_t)(1u << idx);
	ptr = pick_dst(g, true);
	g->locked = locked;
	asm_emit(g->b, MOV64(ptr, idx), ALU64I(BPF_AND, ptr, 31 & ~(bytes - 1)));
	add_frame_pointer(g, ptr);
	g->s.reg[ptr] = (struct value){ 0 };
	g->locked |= (uint16_t)(1u << ptr);
	if (percent(g, 50)) {
		uint8_t dst = pick_dst(g, false);

		asm_emit(g->b, LDX(size, dst, ptr, base));
		set_reg(g, dst, scalar(bits_mask(8 * bytes)));
	} else {
		asm_emit(g->b, STX(size, ptr, base, pick_scalar(g)));
	}
	g->locked = locked;
}

int32_t stack_bytes(struct gen *g, uint32_t bytes)
{
	uint32_t n = (bytes + 7) / 8;
	int32_t first = data_run(g, n);

	if (first < 0)
		return 0;
	write_run(g, (uint32_t)first, n);
	return slot_off((uint32_t)first + n - 1);
}

void gen_caller_stack(struct gen *g)
{
	int ptr = find_reg(g, K_STACK);
	uint8_t size = random_size(g);
	unsigned bytes = size_bytes(size);
	int32_t off;

	if (ptr < 0)
		return;
	off = (int32_t)(below(g, g->s.reg[ptr].len / bytes) * bytes);
	if (percent(g, 50)) {
		uint8_t dst = pick_dst(g, false);

		asm_emit(g->b, LDX(size, dst, ptr, off));
		set_reg(g, dst, scalar(bits_mask(8 * bytes)));
	} else {
		asm_emit(g->b, STX(size, ptr, off, pick_scalar(g)));
	}
}
