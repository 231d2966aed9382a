/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/lift/lift_int.h"

/* Class LD: 64-bit constants, map addresses, legacy packet loads. */

/* Address of a byte in element 0 of a global data section: the section is an array of one. */
static void load_section_address(struct lift *l, const struct nfp_prog_map *pm, uint32_t off)
{
	LLVMValueRef args[3] = { lift_i32(l, (uint32_t)pm->image_idx), lift_i32(l, 1),
				 lift_i32(l, 0) };
	LLVMValueRef idx = lift_i64(l, off), p;

	if (pm->image_idx < 0) { /* only loads that are folded use it */
		p = LLVMConstNull(l->map_ptr);
	} else {
		p = lift_call(l, LIFT_MAP_LOOKUP, args, 3);
		p = LLVMBuildInBoundsGEP2(l->b, l->i8, p, &idx, 1, "");
	}
	lift_write(l, l->insn->dst_reg, lift_pointer(l, VP_MAP_VALUE, p));
}

bool lift_ld_imm64(struct lift *l)
{
	uint64_t lo = (uint32_t)l->insn->imm;
	uint64_t hi = (uint32_t)l->np->insns[l->pc + 1].insn.imm;
	int32_t map = nfp_ld_imm_map(l->np, l->insn);

	if (map >= 0 && l->insn->src_reg == EBPF_IMM_MAP_IDX_VALUE) {
		load_section_address(l, &l->np->maps[map], (uint32_t)hi);
		return true;
	}
	if (map >=
	    0) { /* used only to name the map in a call; not 0, as it compares unequal to NULL */
		struct lift_val v = { .kind = VP_MAP_PTR,
				      .v[VIEW_INT] = lift_i64(l, (uint64_t)map + 1) };

		lift_write(l, l->insn->dst_reg, v);
		return true;
	}
	if (l->insn->src_reg != EBPF_IMM_VALUE)
		return lift_refuse(l, REASON_NFP_LD_IMM, (unsigned)l->insn->src_reg);
	lift_write64(l, l->insn->dst_reg, lift_i64(l, hi << 32 | lo));
	return true;
}

/* Bases of the kernel's negative offsets (SKF_NET_OFF, SKF_LL_OFF of linux/filter.h). A frame that reaches
 * the device's program begins with its link header, followed by the network header. */
#define OFF_NETWORK    UINT32_C(0xfff00000)
#define OFF_LINK       UINT32_C(0xffe00000)
#define LINK_HDR_BYTES 14u

/* An offset from the packet's start for one that only the running program knows. Offsets that are
 * proven not to be negative fold to themselves. */
static LLVMValueRef from_packet_start(struct lift *l, LLVMValueRef off)
{
	LLVMValueRef net = lift_i32(l, OFF_NETWORK), link = lift_i32(l, OFF_LINK), at;

	at = LLVMBuildSelect(l->b, LLVMBuildICmp(l->b, LLVMIntUGE, off, link, ""),
			     LLVMBuildSub(l->b, off, link, ""), off, "");
	return LLVMBuildSelect(
		l->b, LLVMBuildICmp(l->b, LLVMIntUGE, off, net, ""),
		LLVMBuildSub(l->b, off, lift_i32(l, OFF_NETWORK - LINK_HDR_BYTES), ""), at, "");
}

/* A load that fails ends the function with 0; in main it is the driver's abort. */
static void leave_with_zero(struct lift *l)
{
	if (l->f->ret) {
		lift_write64(l, 0, lift_i64(l, 0));
		LLVMBuildBr(l->b, l->f->ret);
	} else {
		lift_call(l, LIFT_ABORT, NULL, 0);
		LLVMBuildUnreachable(l->b);
	}
}

/* Continues in a new block when the packet has `size` bytes at `off`. */
static void check_packet_range(struct lift *l, LLVMValueRef off, unsigned size)
{
	LLVMBasicBlockRef ok = LLVMAppendBasicBlockInContext(l->llvm, l->fn, "ld_abs.ok");
	LLVMBasicBlockRef bad = LLVMAppendBasicBlockInContext(l->llvm, l->fn, "ld_abs.bad");
	LLVMValueRef len = LLVMBuildLoad2(l->b, l->i32, l->plen, "plen");
	LLVMValueRef room = LLVMBuildSub(l->b, len, lift_i32(l, size), "");
	LLVMValueRef fits = LLVMBuildICmp(l->b, LLVMIntUGE, len, lift_i32(l, size), "");
	LLVMValueRef in = LLVMBuildICmp(l->b, LLVMIntULE, off, room, "");

	LLVMBuildCondBr(l->b, LLVMBuildAnd(l->b, fits, in, ""), ok, bad);
	LLVMPositionBuilderAtEnd(l->b, bad);
	leave_with_zero(l);
	LLVMPositionBuilderAtEnd(l->b, ok);
}

bool lift_ld_abs(struct lift *l)
{
	unsigned size = ebpf_size_bytes(l->insn);
	bool indirect = ebpf_mode(l->insn) == BPF_IND;
	LLVMValueRef off = lift_i32(l, (uint32_t)l->insn->imm), p, v;

	if (!indirect && l->insn->imm < 0)
		return lift_refuse(l, REASON_NFP_LD_ABS_NEGATIVE, l->insn->imm);
	if (indirect)
		off = from_packet_start(
			l, LLVMBuildAdd(l->b, lift_read32(l, l->insn->src_reg), off, ""));
	check_packet_range(l, off, size);
	p = LLVMBuildLoad2(l->b, l->pkt_ptr, l->data, "data");
	p = LLVMBuildInBoundsGEP2(l->b, l->i8, p, &off, 1, "");
	v = LLVMBuildLoad2(l->b, LLVMIntTypeInContext(l->llvm, size * 8), p, "");
	LLVMSetAlignment(v, 1);
	lift_mark_space(l, v, SPACE_PKT);
	if (size > 1)
		v = lift_bswap(l, v);
	lift_write64(l, 0, LLVMBuildZExt(l->b, v, l->i64, ""));
	return true;
}
