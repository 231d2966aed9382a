/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/lift/lift_int.h"

/* Atomic operations. On map values the memory's atomic engine does them (nfp.md 3.3, 3.4): additions
 * without result. A frame belongs to one context, which nothing interrupts: load, operate, store do. */

static LLVMValueRef operand(struct lift *l, unsigned reg, unsigned size)
{
	return size == 8 ? lift_read64(l, reg) : lift_read32(l, reg);
}

/* The value that memory has afterwards; NULL: refused. */
static LLVMValueRef operate(struct lift *l, LLVMValueRef old, LLVMValueRef v, unsigned size)
{
	switch (l->insn->imm & ~BPF_FETCH) {
	case BPF_ADD: return LLVMBuildAdd(l->b, old, v, "");
	case BPF_OR: return LLVMBuildOr(l->b, old, v, "");
	case BPF_AND: return LLVMBuildAnd(l->b, old, v, "");
	case BPF_XOR: return LLVMBuildXor(l->b, old, v, "");
	case BPF_XCHG & ~BPF_FETCH: return v;
	case BPF_CMPXCHG & ~BPF_FETCH:
		return LLVMBuildSelect(
			l->b, LLVMBuildICmp(l->b, LLVMIntEQ, old, operand(l, BPF_REG_0, size), ""),
			v, old, "");
	default: lift_refuse(l, REASON_NFP_ATOMIC_OP, (uint32_t)l->insn->imm); return NULL;
	}
}

static void write_old(struct lift *l, LLVMValueRef old, unsigned size)
{
	unsigned reg = l->insn->imm == BPF_CMPXCHG ? BPF_REG_0 : l->insn->src_reg;

	if (size == 8)
		lift_write64(l, reg, old);
	else
		lift_write32(l, reg, old);
}

static bool on_stack(struct lift *l, unsigned size)
{
	unsigned dst = l->insn->dst_reg;
	LLVMValueRef old = lift_mem_load(l, dst, l->insn->off, size), now;

	if (!old)
		return false;
	now = operate(l, old, operand(l, l->insn->src_reg, size), size);
	if (!now || !lift_mem_store(l, dst, l->insn->off, size, now))
		return false;
	if (l->insn->imm & BPF_FETCH)
		write_old(l, old, size);
	return true;
}

bool lift_atomic(struct lift *l)
{
	unsigned size = ebpf_size_bytes(l->insn), dst = l->insn->dst_reg, src = l->insn->src_reg;

	if (lift_reg(l, src)->kind != VP_SCALAR)
		return lift_refuse(l, REASON_NFP_ATOMIC_TARGET, dst);
	if (lift_reg(l, dst)->kind == VP_STACK)
		return on_stack(l, size);
	if (lift_reg(l, dst)->kind != VP_MAP_VALUE)
		return lift_refuse(l, REASON_NFP_ATOMIC_TARGET, dst);
	if (l->insn->imm != BPF_ADD || size < 4)
		return lift_refuse(l, REASON_NFP_ATOMIC_OP, (uint32_t)l->insn->imm);
	return lift_mem_add(l, dst, l->insn->off, size, operand(l, src, size));
}
