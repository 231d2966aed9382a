/* SPDX-License-Identifier: BSD-2-Clause */
#include "ebpf/insn.h"

#include "base/bits.h"

/* Which field values an opcode allows (RFC 9669 section 4 and 5). A table indexed by opcode; an
 * opcode without a row is illegal. What depends on more than one field is in special(). */

enum reg_rule { REG_ZERO, REG_ANY }; /* REG_ANY: R0 to R10 */
enum off_rule {
	OFF_ZERO,
	OFF_ANY,
	OFF_SIGNED, /* 0, or 1: signed division */
	OFF_SX32,   /* 0, 8, 16: width to extend from */
	OFF_SX64,   /* 0, 8, 16, 32 */
};
enum imm_rule {
	IMM_ZERO,
	IMM_ANY,
	IMM_SWAP,   /* 16, 32, 64: width */
	IMM_ATOMIC, /* a row of ops.def */
};

struct rule {
	bool known;
	uint8_t dst, src, off, imm;
};

#define ROW(d, s, o, i)                                                                            \
	{                                                                                          \
		true, REG_##d, REG_##s, OFF_##o, IMM_##i                                           \
	}

#define ALU_OFF(op, off_k, off32_x, off64_x)                                                       \
	[BPF_ALU | BPF_K | BPF_##op] = ROW(ANY, ZERO, off_k, ANY),                                 \
			   [BPF_ALU64 | BPF_K | BPF_##op] = ROW(ANY, ZERO, off_k, ANY),            \
			   [BPF_ALU | BPF_X | BPF_##op] = ROW(ANY, ANY, off32_x, ZERO),            \
			   [BPF_ALU64 | BPF_X | BPF_##op] = ROW(ANY, ANY, off64_x, ZERO)
#define ALU(op) ALU_OFF(op, ZERO, ZERO, ZERO)
#define JUMP(op)                                                                                   \
	[BPF_JMP | BPF_K | (op)] = ROW(ANY, ZERO, ANY, ANY),                                       \
			   [BPF_JMP32 | BPF_K | (op)] = ROW(ANY, ZERO, ANY, ANY),                  \
			   [BPF_JMP | BPF_X | (op)] = ROW(ANY, ANY, ANY, ZERO),                    \
			   [BPF_JMP32 | BPF_X | (op)] = ROW(ANY, ANY, ANY, ZERO)
#define MEMORY(size)                                                                               \
	[BPF_LDX | BPF_MEM | (size)] = ROW(ANY, ANY, ANY, ZERO),                                   \
			     [BPF_ST | BPF_MEM | (size)] = ROW(ANY, ZERO, ANY, ANY),               \
			     [BPF_STX | BPF_MEM | (size)] = ROW(ANY, ANY, ANY, ZERO)
#define PACKET(size)                                                                               \
	[BPF_LD | BPF_ABS | (size)] = ROW(ZERO, ZERO, ZERO, ANY),                                  \
			    [BPF_LD | BPF_IND | (size)] = ROW(ZERO, ANY, ZERO, ANY)

static const struct rule rules[256] = {
	ALU(ADD),
	ALU(SUB),
	ALU(MUL),
	ALU_OFF(DIV, SIGNED, SIGNED, SIGNED),
	ALU(OR),
	ALU(AND),
	ALU(LSH),
	ALU(RSH),
	ALU_OFF(MOD, SIGNED, SIGNED, SIGNED),
	ALU(XOR),
	ALU_OFF(MOV, ZERO, SX32, SX64),
	ALU(ARSH),
	[BPF_ALU | BPF_NEG] = ROW(ANY, ZERO, ZERO, ZERO),
	[BPF_ALU64 | BPF_NEG] = ROW(ANY, ZERO, ZERO, ZERO),
	[BPF_ALU | BPF_END | BPF_TO_LE] = ROW(ANY, ZERO, ZERO, SWAP),
	[BPF_ALU | BPF_END | BPF_TO_BE] = ROW(ANY, ZERO, ZERO, SWAP),
	[BPF_ALU64 | BPF_END] = ROW(ANY, ZERO, ZERO, SWAP),

#define EBPF_JUMP_OP(name, code, sign) JUMP(code),
#include "ebpf/ops.def"
	[BPF_JMP | BPF_JA] = ROW(ZERO, ZERO, ANY, ZERO),
	[BPF_JMP32 | BPF_JA] = ROW(ZERO, ZERO, ZERO, ANY),
	[BPF_JMP | BPF_CALL] = ROW(ZERO, ANY, ANY, ANY),
	[BPF_JMP | BPF_EXIT] = ROW(ZERO, ZERO, ZERO, ZERO),
	[EBPF_MAY_GOTO] = ROW(ZERO, ZERO, ANY, ZERO),

	MEMORY(BPF_B),
	MEMORY(BPF_H),
	MEMORY(BPF_W),
	MEMORY(BPF_DW),
	[BPF_LDX | EBPF_MEMSX | BPF_B] = ROW(ANY, ANY, ANY, ZERO),
	[BPF_LDX | EBPF_MEMSX | BPF_H] = ROW(ANY, ANY, ANY, ZERO),
	[BPF_LDX | EBPF_MEMSX | BPF_W] = ROW(ANY, ANY, ANY, ZERO),
	[BPF_STX | BPF_ATOMIC | BPF_B] = ROW(ANY, ANY, ANY, ATOMIC),
	[BPF_STX | BPF_ATOMIC | BPF_H] = ROW(ANY, ANY, ANY, ATOMIC),
	[BPF_STX | BPF_ATOMIC | BPF_W] = ROW(ANY, ANY, ANY, ATOMIC),
	[BPF_STX | BPF_ATOMIC | BPF_DW] = ROW(ANY, ANY, ANY, ATOMIC),
	PACKET(BPF_B),
	PACKET(BPF_H),
	PACKET(BPF_W),
	[BPF_LD | BPF_IMM | BPF_DW] = ROW(ANY, ANY, ZERO, ANY),
};

static bool reg_ok(uint8_t rule, unsigned reg)
{
	return rule == REG_ZERO ? !reg : reg <= BPF_REG_10;
}

static bool off_ok(uint8_t rule, int16_t off)
{
	switch (rule) {
	case OFF_ZERO: return off == 0;
	case OFF_SIGNED: return off == 0 || off == 1;
	case OFF_SX32: return off == 0 || off == 8 || off == 16;
	case OFF_SX64: return off == 0 || off == 8 || off == 16 || off == 32;
	default: return true;
	}
}

static bool imm_ok(uint8_t rule, int32_t imm)
{
	static const int32_t atomics[] = {
#define EBPF_ATOMIC_OP(imm, sign, fetch_name) imm,
#include "ebpf/ops.def"
	};

	switch (rule) {
	case IMM_ZERO: return imm == 0;
	case IMM_SWAP: return imm == 16 || imm == 32 || imm == 64;
	case IMM_ATOMIC:
		for (size_t k = 0; k < ARRAY_SIZE(atomics); k++) {
			if (atomics[k] == imm)
				return true;
		}
		return false;
	default: return true;
	}
}

static const char *special(const struct bpf_insn *i, const struct bpf_insn *next)
{
	if (ebpf_is_ld_imm64(i)) {
		if (i->src_reg > EBPF_IMM_MAP_IDX_VALUE)
			return "source register of a 64-bit constant is not a known kind";
		if (!next)
			return "second half of a 64-bit constant is missing";
		if (next->code || next->dst_reg || next->src_reg || next->off)
			return "second half of a 64-bit constant has fields other than its value";
	}
	if (ebpf_class(i) == BPF_STX && ebpf_mode(i) == BPF_ATOMIC && ebpf_size_bytes(i) < 4 &&
	    i->imm != EBPF_LOAD_ACQ && i->imm != EBPF_STORE_REL)
		return "only load-acquire and store-release may access one or two bytes";
	if (ebpf_is_call(i)) {
		if (i->src_reg > EBPF_CALL_KFUNC)
			return "source register of a call is not a known kind";
		if (i->off && i->src_reg != EBPF_CALL_KFUNC)
			return "offset of a call is not zero";
	}
	return NULL;
}

bool ebpf_insn_legal(const struct bpf_insn *i, const struct bpf_insn *next, const char **why)
{
	const struct rule *r = &rules[i->code];

	if (!r->known)
		*why = "opcode is not defined";
	else if (!reg_ok(r->dst, i->dst_reg))
		*why = r->dst == REG_ZERO ? "destination register must be 0"
					  : "destination register is above R10";
	else if (!reg_ok(r->src, i->src_reg))
		*why = r->src == REG_ZERO ? "source register must be 0"
					  : "source register is above R10";
	else if (!off_ok(r->off, i->off))
		*why = r->off == OFF_ZERO ? "offset must be 0" : "offset has no meaning here";
	else if (!imm_ok(r->imm, i->imm))
		*why = r->imm == IMM_ZERO ? "immediate must be 0" : "immediate has no meaning here";
	else
		*why = special(i, next);
	return !*why;
}
