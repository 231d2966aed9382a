/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_RANDOM_ASM_H
#define TESTS_RANDOM_ASM_H

#include "ebpf/insn.h"

#include <assert.h>

/* eBPF programs written down in C: initialisers of struct bpf_insn for tables, and a buffer with
 * labels for programs that are put together while running. */

/* ---- initialisers; LD64 and LD_MAP* are two instructions ------------------------------------- */

#define I(code_, dst, src, off_, imm_)                                                             \
	{                                                                                          \
		.code = (uint8_t)(code_), .dst_reg = (uint8_t)(dst)&0xfu,                          \
		.src_reg = (uint8_t)(src)&0xfu, .off = (int16_t)(off_), .imm = (int32_t)(imm_)     \
	}
#define ALU64(op, d, s)         I(BPF_ALU64 | (op) | BPF_X, d, s, 0, 0)
#define ALU64I(op, d, v)        I(BPF_ALU64 | (op) | BPF_K, d, 0, 0, v)
#define ALU32(op, d, s)         I(BPF_ALU | (op) | BPF_X, d, s, 0, 0)
#define ALU32I(op, d, v)        I(BPF_ALU | (op) | BPF_K, d, 0, 0, v)
#define MOV64(d, s)             ALU64(BPF_MOV, d, s)
#define MOV64I(d, v)            ALU64I(BPF_MOV, d, v)
#define MOV32(d, s)             ALU32(BPF_MOV, d, s)
#define MOV32I(d, v)            ALU32I(BPF_MOV, d, v)
#define MOVSX64(d, s, bits)     I(BPF_ALU64 | BPF_MOV | BPF_X, d, s, bits, 0)
#define MOVSX32(d, s, bits)     I(BPF_ALU | BPF_MOV | BPF_X, d, s, bits, 0)
#define NEG64(d)                I(BPF_ALU64 | BPF_NEG, d, 0, 0, 0)
#define NEG32(d)                I(BPF_ALU | BPF_NEG, d, 0, 0, 0)
#define TO_BE(d, bits)          I(BPF_ALU | BPF_END | BPF_TO_BE, d, 0, 0, bits)
#define TO_LE(d, bits)          I(BPF_ALU | BPF_END | BPF_TO_LE, d, 0, 0, bits)
#define BSWAP(d, bits)          I(BPF_ALU64 | BPF_END, d, 0, 0, bits)
#define LDX(sz, d, s, o)        I(BPF_LDX | BPF_MEM | (sz), d, s, o, 0)
#define LDSX(sz, d, s, o)       I(BPF_LDX | EBPF_MEMSX | (sz), d, s, o, 0)
#define STX(sz, d, o, s)        I(BPF_STX | BPF_MEM | (sz), d, s, o, 0)
#define ST(sz, d, o, v)         I(BPF_ST | BPF_MEM | (sz), d, 0, o, v)
#define ATOMIC(sz, op, d, o, s) I(BPF_STX | BPF_ATOMIC | (sz), d, s, o, op)
#define LD_ABS(sz, v)           I(BPF_LD | BPF_ABS | (sz), 0, 0, 0, v)
#define LD_IND(sz, s, v)        I(BPF_LD | BPF_IND | (sz), 0, s, 0, v)
#define JMP(op, d, s, o)        I(BPF_JMP | (op) | BPF_X, d, s, o, 0)
#define JMPI(op, d, v, o)       I(BPF_JMP | (op) | BPF_K, d, 0, o, v)
#define JMP32(op, d, s, o)      I(BPF_JMP32 | (op) | BPF_X, d, s, o, 0)
#define JMP32I(op, d, v, o)     I(BPF_JMP32 | (op) | BPF_K, d, 0, o, v)
#define JA(o)                   I(BPF_JMP | BPF_JA, 0, 0, o, 0)
#define CALL(id)                I(BPF_JMP | BPF_CALL, 0, 0, 0, id)
#define CALL_SUB(o)             I(BPF_JMP | BPF_CALL, 0, EBPF_CALL_SUBPROG, 0, o)
#define EXIT()                  I(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define LD64(d, v)                                                                                 \
	I(BPF_LD | BPF_IMM | BPF_DW, d, 0, 0, (uint32_t)(v)),                                      \
		I(0, 0, 0, 0, (uint32_t)((uint64_t)(v) >> 32))
#define LD_MAP(d, idx) I(BPF_LD | BPF_IMM | BPF_DW, d, EBPF_IMM_MAP_IDX, 0, idx), I(0, 0, 0, 0, 0)
#define LD_MAP_VALUE(d, idx, off)                                                                  \
	I(BPF_LD | BPF_IMM | BPF_DW, d, EBPF_IMM_MAP_IDX_VALUE, 0, idx), I(0, 0, 0, 0, off)

/* ---- buffer with labels ----------------------------------------------------------------------- */

#define ASM_MAX_INSNS  4096u
#define ASM_MAX_LABELS 1024u
#define ASM_UNPLACED   UINT32_MAX

struct asm_buf {
	struct bpf_insn at[ASM_MAX_INSNS];
	uint32_t n;
	uint32_t target[ASM_MAX_INSNS]; /* label + 1 that a jump or call goes to; 0: none */
	uint32_t label[ASM_MAX_LABELS]; /* instruction that a label names, or ASM_UNPLACED */
	uint32_t n_labels;
};

static inline uint32_t asm_label(struct asm_buf *b)
{
	assert(b->n_labels < ASM_MAX_LABELS);
	b->label[b->n_labels] = ASM_UNPLACED;
	return b->n_labels++;
}

static inline void asm_place(struct asm_buf *b, uint32_t label)
{
	assert(b->label[label] == ASM_UNPLACED);
	b->label[label] = b->n;
}

static inline void asm_put(struct asm_buf *b, const struct bpf_insn *insns, size_t n)
{
	assert(b->n + n <= ASM_MAX_INSNS);
	for (size_t i = 0; i < n; i++)
		b->at[b->n++] = insns[i];
}

/* asm_emit(b, MOV64I(0, 2), EXIT()): the initialisers above. */
#define asm_emit(b, ...)                                                                           \
	asm_put((b), (const struct bpf_insn[]){ __VA_ARGS__ },                                     \
		sizeof((const struct bpf_insn[]){ __VA_ARGS__ }) / sizeof(struct bpf_insn))

/* A jump or call; its offset is filled in by asm_finish(). */
static inline void asm_jump(struct asm_buf *b, struct bpf_insn insn, uint32_t label)
{
	b->target[b->n] = label + 1;
	asm_put(b, &insn, 1);
}

static inline void asm_finish(struct asm_buf *b)
{
	for (uint32_t i = 0; i < b->n; i++) {
		uint32_t to;

		if (!b->target[i])
			continue;
		to = b->label[b->target[i] - 1];
		assert(to != ASM_UNPLACED);
		if (ebpf_is_call(&b->at[i]))
			b->at[i].imm = (int32_t)to - (int32_t)i - 1;
		else
			b->at[i].off = (int16_t)((int32_t)to - (int32_t)i - 1);
	}
}

#endif
