/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_HOST_ENGINES_X86_EMIT_H
#define SIM_HOST_ENGINES_X86_EMIT_H

#include "base/arena.h"

#include <stddef.h>
#include <stdint.h>

/* x86-64 machine code, one instruction a call, for the JIT. Instructions are rows of x86_ops.def. */

enum x86_reg {
	X86_RAX,
	X86_RCX,
	X86_RDX,
	X86_RBX,
	X86_RSP,
	X86_RBP,
	X86_RSI,
	X86_RDI,
	X86_R8,
	X86_R9,
	X86_R10,
	X86_R11,
	X86_R12,
	X86_R13,
	X86_R14,
	X86_R15,
};

enum x86_width { X86_W8 = 1, X86_W16 = 2, X86_W32 = 4, X86_W64 = 8 };

enum x86_op {
#define X86_OP(name, lead, opcode, digit, src8) X86_##name,
#include "sim/host/engines/x86_ops.def"
#undef X86_OP
	X86_OP_COUNT
};

/* low nibble of Jcc */
enum x86_cc {
	X86_CC_B = 0x2,
	X86_CC_AE = 0x3,
	X86_CC_E = 0x4,
	X86_CC_NE = 0x5,
	X86_CC_BE = 0x6,
	X86_CC_A = 0x7,
	X86_CC_L = 0xc,
	X86_CC_GE = 0xd,
	X86_CC_LE = 0xe,
	X86_CC_G = 0xf,
};

struct x86_buf {
	struct arena *arena;
	uint8_t *at;
	size_t len, cap;
};

void x86_bytes(struct x86_buf *b, const uint8_t *bytes, size_t n);
void x86_byte(struct x86_buf *b, uint8_t byte);
void x86_imm32(struct x86_buf *b, int32_t v);

/* op rm, reg: `reg` is ignored by rows that have a digit. */
void x86_reg_reg(struct x86_buf *b, enum x86_op op, enum x86_width w, enum x86_reg rm,
		 enum x86_reg reg);
/* op [base + disp], reg (or the other way round for loads). */
void x86_mem(struct x86_buf *b, enum x86_op op, enum x86_width w, enum x86_reg reg,
	     enum x86_reg base, int32_t disp);
/* The *_IMM rows: 32-bit immediate (sign-extended at X86_W64), 8-bit one for shifts. */
void x86_reg_imm(struct x86_buf *b, enum x86_op op, enum x86_width w, enum x86_reg rm, int32_t imm);

void x86_mov_imm64(struct x86_buf *b, enum x86_reg dst, uint64_t v); /* shortest form */
void x86_bswap(struct x86_buf *b, enum x86_width w, enum x86_reg r); /* 32 or 64 */
void x86_push(struct x86_buf *b, enum x86_reg r);
void x86_pop(struct x86_buf *b, enum x86_reg r);
void x86_ret(struct x86_buf *b);
void x86_call_reg(struct x86_buf *b, enum x86_reg r);
void x86_lock(struct x86_buf *b);                       /* prefix of the next instruction */
void x86_extend_a(struct x86_buf *b, enum x86_width w); /* cdq, cqo: sign of rax into rdx */
void x86_out_al(struct x86_buf *b, uint8_t port);

/* Short jumps inside one BPF instruction: the result is patched by x86_land(). */
size_t x86_jcc_short(struct x86_buf *b, enum x86_cc cc);
size_t x86_jmp_short(struct x86_buf *b);
void x86_land(struct x86_buf *b, size_t jump);
/* Backward: to `target`, an offset in the buffer. */
void x86_jcc_back(struct x86_buf *b, enum x86_cc cc, size_t target);

#endif
