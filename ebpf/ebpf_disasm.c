/* SPDX-License-Identifier: BSD-2-Clause */
#include "ebpf/insn.h"

#include "base/bits.h"

#include <inttypes.h>
#include <stdio.h>

/* Text of an instruction, in the syntax of the kernel verifier's log and of bpftool. What they
 * have no syntax for (map indices before loading) reads alike: map[idx:3]. */

struct out {
	char *buf;
	size_t size;
};

#define PUT(o, ...) ((void)snprintf((o)->buf, (o)->size, __VA_ARGS__))

static const struct {
	const char *sign, *signed_sign;
} alu_ops[16] = {
#define EBPF_ALU_OP(name, sign, signed_sign) [BPF_##name >> 4] = { sign, signed_sign },
#include "ebpf/ops.def"
};

static const char *const jump_signs[16] = {
#define EBPF_JUMP_OP(name, code, sign) [(code) >> 4] = sign,
#include "ebpf/ops.def"
};

static const struct {
	int32_t imm;
	const char *sign, *fetch_name;
} atomics[] = {
#define EBPF_ATOMIC_OP(imm, sign, fetch_name) { imm, sign, fetch_name },
#include "ebpf/ops.def"
};

static const char *mem_type(const struct bpf_insn *i)
{
	static const char *const names[2][4] = {
		{ "u32", "u16", "u8", "u64" }, /* by size bits: W, H, B, DW */
		{ "s32", "s16", "s8", "s64" },
	};

	return names[ebpf_mode(i) == EBPF_MEMSX][(i->code & 0x18) >> 3];
}

static void unknown(const struct bpf_insn *i, struct out *o)
{
	PUT(o, "(unknown code 0x%02x: dst %u src %u off %d imm 0x%" PRIx32 ")", i->code, i->dst_reg,
	    i->src_reg, i->off, (uint32_t)i->imm);
}

static void alu(const struct bpf_insn *i, struct out *o)
{
	bool is64 = ebpf_class(i) == BPF_ALU64;
	const char *sign = alu_ops[ebpf_op(i) >> 4].sign;
	char r = is64 ? 'r' : 'w';

	if (ebpf_op(i) == BPF_NEG) {
		PUT(o, "%c%u = -%c%u", r, i->dst_reg, r, i->dst_reg);
	} else if (ebpf_op(i) == BPF_END) {
		PUT(o, "r%u = %s%d r%u", i->dst_reg,
		    is64                 ? "bswap"
		    : ebpf_src_is_reg(i) ? "be"
					 : "le",
		    i->imm, i->dst_reg);
	} else if (!sign) {
		unknown(i, o);
	} else {
		if (i->off == 1 && alu_ops[ebpf_op(i) >> 4].signed_sign)
			sign = alu_ops[ebpf_op(i) >> 4].signed_sign;
		if (!ebpf_src_is_reg(i))
			PUT(o, "%c%u %s %d", r, i->dst_reg, sign, i->imm);
		else if (ebpf_op(i) == BPF_MOV && i->off)
			PUT(o, "%c%u %s (s%d)%c%u", r, i->dst_reg, sign, i->off, r, i->src_reg);
		else
			PUT(o, "%c%u %s %c%u", r, i->dst_reg, sign, r, i->src_reg);
	}
}

static void ld_imm64(const struct bpf_insn *i, const struct bpf_insn *next, struct out *o)
{
	uint32_t high = next ? (uint32_t)next->imm : 0;

	switch (i->src_reg) {
	case EBPF_IMM_VALUE:
		PUT(o, "r%u = 0x%" PRIx64, i->dst_reg, (uint64_t)high << 32 | (uint32_t)i->imm);
		break;
	case EBPF_IMM_MAP_FD: PUT(o, "r%u = map[fd:%d]", i->dst_reg, i->imm); break;
	case EBPF_IMM_MAP_VALUE_FD:
		PUT(o, "r%u = map[fd:%d][0]+%" PRIu32, i->dst_reg, i->imm, high);
		break;
	case EBPF_IMM_BTF_ID: PUT(o, "r%u = ksym[%d]", i->dst_reg, i->imm); break;
	case EBPF_IMM_FUNC: PUT(o, "r%u = subprog[%+d]", i->dst_reg, i->imm); break;
	case EBPF_IMM_MAP_IDX: PUT(o, "r%u = map[idx:%d]", i->dst_reg, i->imm); break;
	case EBPF_IMM_MAP_IDX_VALUE:
		PUT(o, "r%u = map[idx:%d][0]+%" PRIu32, i->dst_reg, i->imm, high);
		break;
	default: unknown(i, o);
	}
}

static void ld(const struct bpf_insn *i, const struct bpf_insn *next, struct out *o)
{
	if (ebpf_is_ld_imm64(i))
		ld_imm64(i, next, o);
	else if (ebpf_mode(i) == BPF_ABS)
		PUT(o, "r0 = *(%s *)skb[%d]", mem_type(i), i->imm);
	else if (ebpf_mode(i) == BPF_IND)
		PUT(o, "r0 = *(%s *)skb[r%u + %d]", mem_type(i), i->src_reg, i->imm);
	else
		unknown(i, o);
}

static void atomic(const struct bpf_insn *i, struct out *o)
{
	const char *is64 = ebpf_size_bytes(i) == 8 ? "64" : "";

	for (size_t k = 0; k < ARRAY_SIZE(atomics); k++) {
		if (atomics[k].imm != i->imm)
			continue;
		if (atomics[k].sign)
			PUT(o, "lock *(%s *)(r%u %+d) %s r%u", mem_type(i), i->dst_reg, i->off,
			    atomics[k].sign, i->src_reg);
		else if (i->imm == EBPF_LOAD_ACQ)
			PUT(o, "r%u = %s((%s *)(r%u %+d))", i->dst_reg, atomics[k].fetch_name,
			    mem_type(i), i->src_reg, i->off);
		else if (i->imm == EBPF_STORE_REL)
			PUT(o, "%s((%s *)(r%u %+d), r%u)", atomics[k].fetch_name, mem_type(i),
			    i->dst_reg, i->off, i->src_reg);
		else if (i->imm == BPF_CMPXCHG)
			PUT(o, "r0 = atomic%s_cmpxchg((%s *)(r%u %+d), r0, r%u)", is64, mem_type(i),
			    i->dst_reg, i->off, i->src_reg);
		else
			PUT(o, "r%u = atomic%s_%s((%s *)(r%u %+d), r%u)", i->src_reg, is64,
			    atomics[k].fetch_name, mem_type(i), i->dst_reg, i->off, i->src_reg);
		return;
	}
	unknown(i, o);
}

static void mem(const struct bpf_insn *i, struct out *o)
{
	bool plain = ebpf_mode(i) == BPF_MEM;

	if (ebpf_class(i) == BPF_LDX && (plain || ebpf_mode(i) == EBPF_MEMSX))
		PUT(o, "r%u = *(%s *)(r%u %+d)", i->dst_reg, mem_type(i), i->src_reg, i->off);
	else if (ebpf_class(i) == BPF_ST && plain)
		PUT(o, "*(%s *)(r%u %+d) = %d", mem_type(i), i->dst_reg, i->off, i->imm);
	else if (ebpf_class(i) == BPF_STX && plain)
		PUT(o, "*(%s *)(r%u %+d) = r%u", mem_type(i), i->dst_reg, i->off, i->src_reg);
	else if (ebpf_class(i) == BPF_STX && ebpf_mode(i) == BPF_ATOMIC)
		atomic(i, o);
	else
		unknown(i, o);
}

static void call(const struct bpf_insn *i, struct out *o)
{
	switch (i->src_reg) {
	case EBPF_CALL_HELPER:
		if (ebpf_helper_name((uint32_t)i->imm)[0] == '?')
			PUT(o, "call helper#%" PRIu32, (uint32_t)i->imm);
		else
			PUT(o, "call bpf_%s#%d", ebpf_helper_name((uint32_t)i->imm), i->imm);
		break;
	case EBPF_CALL_SUBPROG: PUT(o, "call pc%+d", i->imm); break;
	case EBPF_CALL_KFUNC: PUT(o, "call kfunc#%d", i->imm); break;
	default: unknown(i, o);
	}
}

static void jump(const struct bpf_insn *i, struct out *o)
{
	const char *sign = jump_signs[ebpf_op(i) >> 4];
	char r = ebpf_class(i) == BPF_JMP ? 'r' : 'w';

	if (ebpf_is_call(i))
		call(i, o);
	else if (ebpf_is_exit(i))
		PUT(o, "exit");
	else if (i->code == (BPF_JMP | BPF_JA))
		PUT(o, "goto pc%+d", i->off);
	else if (i->code == (BPF_JMP32 | BPF_JA))
		PUT(o, "gotol pc%+d", i->imm);
	else if (i->code == EBPF_MAY_GOTO)
		PUT(o, "may_goto pc%+d", i->off);
	else if (!sign)
		unknown(i, o);
	else if (ebpf_src_is_reg(i))
		PUT(o, "if %c%u %s %c%u goto pc%+d", r, i->dst_reg, sign, r, i->src_reg, i->off);
	else
		PUT(o, "if %c%u %s 0x%" PRIx32 " goto pc%+d", r, i->dst_reg, sign, (uint32_t)i->imm,
		    i->off);
}

void ebpf_disasm(const struct bpf_insn *i, const struct bpf_insn *next, char *buf, size_t size)
{
	struct out o = { buf, size };

	switch (ebpf_class(i)) {
	case BPF_ALU:
	case BPF_ALU64: alu(i, &o); break;
	case BPF_JMP:
	case BPF_JMP32: jump(i, &o); break;
	case BPF_LD: ld(i, next, &o); break;
	default: mem(i, &o);
	}
}
