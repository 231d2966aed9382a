/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/host/engines/x86_emit.h"

#include "base/bits.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

struct op_row {
	uint8_t lead, opcode;
	int8_t digit;
	uint8_t src8;
};

static const struct op_row op_rows[X86_OP_COUNT] = {
#define X86_OP(name, lead, opcode, digit, src8) { lead, opcode, digit, src8 },
#include "sim/host/engines/x86_ops.def"
#undef X86_OP
};

enum rex { REX = 0x40, REX_B = 1, REX_X = 2, REX_R = 4, REX_W = 8 };

void x86_bytes(struct x86_buf *b, const uint8_t *bytes, size_t n)
{
	if (b->len + n > b->cap) {
		size_t cap = b->cap ? b->cap * 2 : 1024;
		uint8_t *p;

		while (cap < b->len + n)
			cap *= 2;
		p = arena_alloc(b->arena, cap);
		if (b->len)
			memcpy(p, b->at, b->len);
		b->at = p;
		b->cap = cap;
	}
	memcpy(b->at + b->len, bytes, n);
	b->len += n;
}

void x86_byte(struct x86_buf *b, uint8_t byte)
{
	x86_bytes(b, &byte, 1);
}

void x86_imm32(struct x86_buf *b, int32_t v)
{
	uint8_t bytes[4];

	store_le32(bytes, (uint32_t)v);
	x86_bytes(b, bytes, sizeof(bytes));
}

static bool is_high(enum x86_reg r) /* needs a REX bit */
{
	return r >= X86_R8;
}

static bool is_new_byte_reg(enum x86_reg r) /* spl..dil: ah..bh without REX */
{
	return r >= X86_RSP && r <= X86_RDI;
}

/* Prefixes and opcode; ModRM follows. */
static void emit_opcode(struct x86_buf *b, const struct op_row *op, enum x86_width w,
			enum x86_reg reg, enum x86_reg rm, bool force_rex)
{
	uint8_t rex = 0;

	if (w == X86_W16)
		x86_byte(b, 0x66);
	if (w == X86_W64)
		rex |= REX | REX_W;
	if (op->digit < 0 && is_high(reg))
		rex |= REX | REX_R;
	if (is_high(rm))
		rex |= REX | REX_B;
	if (force_rex)
		rex |= REX;
	if (rex)
		x86_byte(b, rex);
	if (op->lead)
		x86_byte(b, op->lead);
	x86_byte(b, (uint8_t)(w == X86_W8 ? op->opcode - 1 : op->opcode));
}

static uint8_t modrm(unsigned mod, const struct op_row *op, enum x86_reg reg, enum x86_reg rm)
{
	unsigned mid = op->digit < 0 ? (unsigned)reg & 7 : (unsigned)op->digit;

	return (uint8_t)(mod << 6 | mid << 3 | ((unsigned)rm & 7));
}

void x86_reg_reg(struct x86_buf *b, enum x86_op op, enum x86_width w, enum x86_reg rm,
		 enum x86_reg reg)
{
	const struct op_row *row = &op_rows[op];
	bool byte_reg = (w == X86_W8 && (is_new_byte_reg(rm) || is_new_byte_reg(reg))) ||
			(row->src8 && is_new_byte_reg(rm));

	emit_opcode(b, row, w, reg, rm, byte_reg);
	x86_byte(b, modrm(3, row, reg, rm));
}

void x86_mem(struct x86_buf *b, enum x86_op op, enum x86_width w, enum x86_reg reg,
	     enum x86_reg base, int32_t disp)
{
	const struct op_row *row = &op_rows[op];
	bool small = disp >= INT8_MIN && disp <= INT8_MAX;

	emit_opcode(b, row, w, reg, base, w == X86_W8 && is_new_byte_reg(reg));
	x86_byte(b, modrm(small ? 1 : 2, row, reg, base));
	if (((unsigned)base & 7) == X86_RSP) /* rsp and r12 as base need a SIB byte */
		x86_byte(b, 0x24);
	if (small)
		x86_byte(b, (uint8_t)disp);
	else
		x86_imm32(b, disp);
}

static bool takes_imm8(enum x86_op op) /* shifts have nothing else */
{
	return op == X86_ROL_IMM || op == X86_SHL_IMM || op == X86_SHR_IMM || op == X86_SAR_IMM;
}

void x86_reg_imm(struct x86_buf *b, enum x86_op op, enum x86_width w, enum x86_reg rm, int32_t imm)
{
	assert(w != X86_W8 && "no byte immediates here");
	/* imul's destination and source register are the same here */
	x86_reg_reg(b, op, w, rm, rm);
	if (takes_imm8(op)) {
		x86_byte(b, (uint8_t)imm);
	} else if (w == X86_W16) {
		x86_byte(b, (uint8_t)imm);
		x86_byte(b, (uint8_t)((uint32_t)imm >> 8));
	} else {
		x86_imm32(b, imm);
	}
}

void x86_mov_imm64(struct x86_buf *b, enum x86_reg dst, uint64_t v)
{
	uint8_t bytes[8];

	if (v == 0) {
		x86_reg_reg(b, X86_XOR, X86_W32, dst, dst);
	} else if (v <= UINT32_MAX) {
		x86_reg_imm(b, X86_MOV_IMM, X86_W32, dst, (int32_t)(uint32_t)v);
	} else if ((int64_t)v >= INT32_MIN && (int64_t)v < 0) {
		x86_reg_imm(b, X86_MOV_IMM, X86_W64, dst, (int32_t)(int64_t)v);
	} else {
		x86_byte(b, (uint8_t)(REX | REX_W | (is_high(dst) ? REX_B : 0)));
		x86_byte(b, (uint8_t)(0xb8 | (dst & 7)));
		store_le64(bytes, v);
		x86_bytes(b, bytes, sizeof(bytes));
	}
}

void x86_bswap(struct x86_buf *b, enum x86_width w, enum x86_reg r)
{
	x86_byte(b, (uint8_t)(REX | (w == X86_W64 ? REX_W : 0) | (is_high(r) ? REX_B : 0)));
	x86_byte(b, 0x0f);
	x86_byte(b, (uint8_t)(0xc8 | (r & 7)));
}

static void short_form(struct x86_buf *b, uint8_t opcode, enum x86_reg r)
{
	if (is_high(r))
		x86_byte(b, REX | REX_B);
	x86_byte(b, (uint8_t)(opcode | (r & 7)));
}

void x86_push(struct x86_buf *b, enum x86_reg r)
{
	short_form(b, 0x50, r);
}

void x86_pop(struct x86_buf *b, enum x86_reg r)
{
	short_form(b, 0x58, r);
}

void x86_ret(struct x86_buf *b)
{
	x86_byte(b, 0xc3);
}

void x86_call_reg(struct x86_buf *b, enum x86_reg r)
{
	if (is_high(r))
		x86_byte(b, REX | REX_B);
	x86_byte(b, 0xff);
	x86_byte(b, (uint8_t)(0xd0 | (r & 7)));
}

void x86_lock(struct x86_buf *b)
{
	x86_byte(b, 0xf0);
}

void x86_extend_a(struct x86_buf *b, enum x86_width w)
{
	if (w == X86_W64)
		x86_byte(b, REX | REX_W);
	x86_byte(b, 0x99);
}

void x86_out_al(struct x86_buf *b, uint8_t port)
{
	x86_byte(b, 0xe6);
	x86_byte(b, port);
}

size_t x86_jcc_short(struct x86_buf *b, enum x86_cc cc)
{
	x86_byte(b, (uint8_t)(0x70 | cc));
	x86_byte(b, 0);
	return b->len;
}

size_t x86_jmp_short(struct x86_buf *b)
{
	x86_byte(b, 0xeb);
	x86_byte(b, 0);
	return b->len;
}

void x86_land(struct x86_buf *b, size_t jump)
{
	assert(b->len - jump <= INT8_MAX && "short jump inside one BPF instruction");
	b->at[jump - 1] = (uint8_t)(b->len - jump);
}

void x86_jcc_back(struct x86_buf *b, enum x86_cc cc, size_t target)
{
	size_t end = b->len + 2;

	assert(end - target <= 128 && "short jump inside one BPF instruction");
	x86_byte(b, (uint8_t)(0x70 | cc));
	x86_byte(b, (uint8_t)(target - end));
}
