/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/lift/lift_int.h"

/* Conditions of conditional jumps, as narrow as the facts allow. */

static const LLVMIntPredicate predicate[16] = {
	[BPF_JEQ >> 4] = LLVMIntEQ,   [BPF_JNE >> 4] = LLVMIntNE,   [BPF_JGT >> 4] = LLVMIntUGT,
	[BPF_JGE >> 4] = LLVMIntUGE,  [BPF_JLT >> 4] = LLVMIntULT,  [BPF_JLE >> 4] = LLVMIntULE,
	[BPF_JSGT >> 4] = LLVMIntSGT, [BPF_JSGE >> 4] = LLVMIntSGE, [BPF_JSLT >> 4] = LLVMIntSLT,
	[BPF_JSLE >> 4] = LLVMIntSLE,
};

static bool is_packet(const struct vp_reg *r)
{
	return r->kind == VP_PKT || r->kind == VP_PKT_END;
}

/* Comparing on 32 bits gives the same answer when both numbers fit, as the comparison reads them. */
static bool narrows(const struct vp_reg *a, const struct vp_reg *b, LLVMIntPredicate pred)
{
	bool is_signed = pred >= LLVMIntSGT;

	if (a->kind != VP_SCALAR || b->kind != VP_SCALAR)
		return false;
	if (!is_signed && a->umax <= UINT32_MAX && b->umax <= UINT32_MAX)
		return true;
	return (is_signed || pred == LLVMIntEQ || pred == LLVMIntNE) && a->smin >= INT32_MIN &&
	       a->smax <= INT32_MAX && b->smin >= INT32_MIN && b->smax <= INT32_MAX;
}

static struct vp_reg source(const struct lift *l)
{
	struct vp_reg r = { .kind = VP_SCALAR };

	if (ebpf_src_is_reg(l->insn))
		return *lift_reg(l, l->insn->src_reg);
	r.smin = r.smax = l->insn->imm;
	r.var.value = r.umin = r.umax = (uint64_t)r.smin;
	return r;
}

static bool is_zero(const struct vp_reg *r)
{
	return vp_is_const(r) && r->var.value == 0;
}

/* Pointers that the verifier calls by their kind are not NULL, whatever their number here is. */
static bool never_null(const struct vp_reg *r)
{
	return !vp_is_number(r) && r->kind != VP_MAP_VALUE_OR_NULL && r->kind != VP_CONFLICT &&
	       r->kind != VP_PKT_OR_ADDRESS;
}

static LLVMValueRef pointer_or_number(struct lift *l, unsigned reg)
{
	return lift_reg(l, reg)->kind == VP_CONFLICT ? lift_read(l, reg).v[VIEW_INT]
						     : lift_address(l, reg);
}

static LLVMValueRef compare64(struct lift *l, LLVMIntPredicate pred, const struct vp_reg *s)
{
	const struct vp_reg *d = lift_reg(l, l->insn->dst_reg);
	bool reg = ebpf_src_is_reg(l->insn), equality = pred == LLVMIntEQ || pred == LLVMIntNE;
	LLVMValueRef a, b;

	if (equality && ((never_null(d) && is_zero(s)) || (is_zero(d) && never_null(s))))
		return LLVMConstInt(l->i1, pred == LLVMIntNE, 0);
	if (d->kind == VP_MAP_VALUE_OR_NULL && is_zero(s)) {
		a = lift_read_ptr(l, l->insn->dst_reg);
		b = LLVMConstNull(l->map_ptr);
	} else if (reg && is_packet(d) && is_packet(s)) {
		a = lift_read_ptr(l, l->insn->dst_reg);
		b = lift_read_ptr(l, l->insn->src_reg);
	} else if (narrows(d, s, pred)) {
		a = lift_read32(l, l->insn->dst_reg);
		b = reg ? lift_read32(l, l->insn->src_reg) : lift_i32(l, (uint32_t)l->insn->imm);
	} else {
		a = pointer_or_number(l, l->insn->dst_reg);
		b = reg ? pointer_or_number(l, l->insn->src_reg)
			: lift_i64(l, (uint64_t)(int64_t)l->insn->imm);
	}
	return LLVMBuildICmp(l->b, pred, a, b, "");
}

static LLVMValueRef test_bits(struct lift *l, bool is64, const struct vp_reg *s)
{
	const struct vp_reg *d = lift_reg(l, l->insn->dst_reg);
	bool reg = ebpf_src_is_reg(l->insn), wide = is64 && !vp_fits32(d) && !vp_fits32(s);
	LLVMValueRef a, b;

	if (wide) {
		a = lift_read64(l, l->insn->dst_reg);
		b = reg ? lift_read64(l, l->insn->src_reg)
			: lift_i64(l, (uint64_t)(int64_t)l->insn->imm);
	} else {
		a = lift_read32(l, l->insn->dst_reg);
		b = reg ? lift_read32(l, l->insn->src_reg) : lift_i32(l, (uint32_t)l->insn->imm);
	}
	a = LLVMBuildAnd(l->b, a, b, "");
	return LLVMBuildICmp(l->b, LLVMIntNE, a, LLVMConstNull(LLVMTypeOf(a)), "");
}

LLVMValueRef lift_condition(struct lift *l)
{
	bool is64 = ebpf_class(l->insn) == BPF_JMP, reg = ebpf_src_is_reg(l->insn);
	uint8_t op = ebpf_op(l->insn);
	struct vp_reg s = source(l);

	if (op == BPF_JSET)
		return test_bits(l, is64, &s);
	if (!predicate[op >> 4]) {
		lift_refuse(l, REASON_NFP_OPCODE, l->insn->code);
		return NULL;
	}
	if (is64)
		return compare64(l, predicate[op >> 4], &s);
	return LLVMBuildICmp(
		l->b, predicate[op >> 4], lift_read32(l, l->insn->dst_reg),
		reg ? lift_read32(l, l->insn->src_reg) : lift_i32(l, (uint32_t)l->insn->imm), "");
}
