/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/lift/lift_int.h"

/* ALU instructions. 64-bit operations whose operands and result are proven to stay below 2^32 are
 * emitted on 32 bits: half the microengine's work. Semantics are RFC 9669's: shift counts are
 * masked, x / 0 = 0, x % 0 = x. */

/* A binary operation with both operands as values of one width. */
struct operands {
	LLVMValueRef a, b;
	bool nuw;
};

static const LLVMOpcode plain_op[16] = {
	[BPF_ADD >> 4] = LLVMAdd, [BPF_SUB >> 4] = LLVMSub,  [BPF_MUL >> 4] = LLVMMul,
	[BPF_OR >> 4] = LLVMOr,   [BPF_AND >> 4] = LLVMAnd,  [BPF_XOR >> 4] = LLVMXor,
	[BPF_LSH >> 4] = LLVMShl, [BPF_RSH >> 4] = LLVMLShr, [BPF_ARSH >> 4] = LLVMAShr,
};

static LLVMValueRef build(struct lift *l, LLVMOpcode op, struct operands o)
{
	LLVMValueRef v = LLVMBuildBinOp(l->b, op, o.a, o.b, "");

	if (o.nuw && LLVMIsAInstruction(v))
		LLVMSetNUW(v, 1);
	return v;
}

/* Fact of the source operand, which may be an immediate. */
static struct vp_reg source_range(const struct lift *l)
{
	struct vp_reg r = { .kind = VP_SCALAR };

	if (ebpf_src_is_reg(l->insn))
		return *lift_reg(l, l->insn->src_reg);
	r.var.value = r.umin = r.umax = (uint64_t)(int64_t)l->insn->imm;
	return r;
}

static bool sum_fits(uint64_t a, uint64_t b)
{
	return a <= UINT32_MAX && b <= UINT32_MAX && a + b <= UINT32_MAX;
}

/* Both operands are below 2^32: does the exact result stay there? `after`: the verifier's own
 * bounds of the result, NULL when there are none. */
static bool result_fits32(uint8_t op, const struct vp_reg *d, const struct vp_reg *s,
			  const struct vp_reg *after)
{
	switch (op) {
	case BPF_ADD: return sum_fits(d->umax, s->umax) || (after && vp_fits32(after));
	case BPF_SUB: return d->umin >= s->umax || (after && vp_fits32(after));
	case BPF_MUL: return d->umax * s->umax <= UINT32_MAX || (after && vp_fits32(after));
	case BPF_LSH: return s->umax < 32 && after && vp_fits32(after);
	case BPF_RSH: return s->umax < 32;
	case BPF_ARSH: return s->umax < 32 && d->umax <= INT32_MAX;
	default: return true; /* AND, OR, XOR, DIV, MOD */
	}
}

static bool narrows(const struct lift *l, uint8_t op, const struct vp_reg *s)
{
	const struct vp_reg *d = lift_reg(l, l->insn->dst_reg);

	if (op == BPF_AND && d->kind == VP_SCALAR && s->kind == VP_SCALAR)
		return vp_fits32(d) || vp_fits32(s);
	return vp_fits32(d) && vp_fits32(s) &&
	       result_fits32(op, d, s, lift_after(l, l->insn->dst_reg));
}

static bool can_overflow(uint8_t op)
{
	return op == BPF_ADD || op == BPF_SUB || op == BPF_MUL || op == BPF_LSH;
}

static LLVMValueRef source32(struct lift *l)
{
	return ebpf_src_is_reg(l->insn) ? lift_read32(l, l->insn->src_reg)
					: lift_i32(l, (uint32_t)l->insn->imm);
}

static LLVMValueRef source64(struct lift *l)
{
	return ebpf_src_is_reg(l->insn) ? lift_read64(l, l->insn->src_reg)
					: lift_i64(l, (uint64_t)(int64_t)l->insn->imm);
}

/* ---- shifts ----------------------------------------------------------------------------------- */

static LLVMValueRef masked_count(struct lift *l, LLVMValueRef count, unsigned width,
				 const struct vp_reg *s)
{
	if (s->umax < width)
		return count;
	return LLVMBuildAnd(l->b, count, LLVMConstInt(LLVMTypeOf(count), width - 1, 0), "");
}

/* ---- division --------------------------------------------------------------------------------- */

static LLVMValueRef zero_of(LLVMValueRef v)
{
	return LLVMConstNull(LLVMTypeOf(v));
}

static LLVMValueRef is_negative(struct lift *l, LLVMValueRef v)
{
	return LLVMBuildICmp(l->b, LLVMIntSLT, v, zero_of(v), "");
}

static LLVMValueRef negate_if(struct lift *l, LLVMValueRef cond, LLVMValueRef v)
{
	return LLVMBuildSelect(l->b, cond, LLVMBuildSub(l->b, zero_of(v), v, ""), v, "");
}

/* LLVM's division of numbers; the divisor is not 0. Signed division goes by magnitudes (read as
 * unsigned, so the most negative number has one): the quotient is negative when the signs differ,
 * the remainder follows the dividend. */
static LLVMValueRef divide(struct lift *l, LLVMValueRef a, LLVMValueRef b)
{
	bool mod = ebpf_op(l->insn) == BPF_MOD;
	LLVMOpcode op = mod ? LLVMURem : LLVMUDiv;
	LLVMValueRef a_neg, b_neg, flip;

	if (l->insn->off != 1)
		return LLVMBuildBinOp(l->b, op, a, b, "");
	a_neg = is_negative(l, a);
	b_neg = is_negative(l, b);
	flip = mod ? a_neg : LLVMBuildXor(l->b, a_neg, b_neg, "");
	return negate_if(
		l, flip,
		LLVMBuildBinOp(l->b, op, negate_if(l, a_neg, a), negate_if(l, b_neg, b), ""));
}

/* x / 0 = 0 and x % 0 = x, which LLVM leaves undefined. */
static LLVMValueRef divide_any(struct lift *l, LLVMValueRef a, LLVMValueRef b, bool may_be_zero)
{
	LLVMValueRef by_zero = ebpf_op(l->insn) == BPF_MOD ? a : zero_of(a), is_zero, q;

	if (LLVMIsAConstantInt(b))
		return LLVMIsNull(b) ? by_zero : divide(l, a, b);
	if (!may_be_zero)
		return divide(l, a, b);
	is_zero = LLVMBuildICmp(l->b, LLVMIntEQ, b, zero_of(b), "");
	q = divide(l, a, LLVMBuildSelect(l->b, is_zero, LLVMConstInt(LLVMTypeOf(b), 1, 0), b, ""));
	return LLVMBuildSelect(l->b, is_zero, by_zero, q, "");
}

/* Both numbers below 2^32 (2^31 when they are read as signed): 32 bits do. */
static bool div_narrows(const struct lift *l, const struct vp_reg *s)
{
	const struct vp_reg *d = lift_reg(l, l->insn->dst_reg);
	uint64_t max = l->insn->off == 1 ? INT32_MAX : UINT32_MAX;

	return d->umax <= max && s->umax <= max;
}

static bool lift_div(struct lift *l, bool is64, const struct vp_reg *s)
{
	unsigned dst = l->insn->dst_reg;

	if (is64 && !div_narrows(l, s))
		lift_write64(l, dst, divide_any(l, lift_read64(l, dst), source64(l), s->umin == 0));
	else
		lift_write32(l, dst,
			     divide_any(l, lift_read32(l, dst), source32(l),
					s->umin == 0 || s->umax > UINT32_MAX));
	return true;
}

/* ---- byte order --------------------------------------------------------------------------------- */

static bool lift_end(struct lift *l)
{
	unsigned bits = (unsigned)l->insn->imm;
	bool swap = ebpf_class(l->insn) == BPF_ALU64 || ebpf_src_is_reg(l->insn);
	LLVMValueRef v =
		bits == 64 ? lift_read64(l, l->insn->dst_reg) : lift_read32(l, l->insn->dst_reg);

	if (bits == 16)
		v = LLVMBuildTrunc(l->b, v, l->i16, "");
	if (swap)
		v = lift_bswap(l, v);
	lift_write64(l, l->insn->dst_reg, LLVMBuildZExtOrBitCast(l->b, v, l->i64, ""));
	return true;
}

/* ---- moves -------------------------------------------------------------------------------------- */

/* MOVSX: the low `off` bits, sign-extended to the operation's width (ISA v4). */
static void move_signed(struct lift *l, bool is64)
{
	LLVMTypeRef from = LLVMIntTypeInContext(l->llvm, (unsigned)l->insn->off);
	LLVMValueRef v = lift_read32(l, l->insn->src_reg);

	if (l->insn->off < 32)
		v = LLVMBuildTrunc(l->b, v, from, "");
	if (is64)
		lift_write64(l, l->insn->dst_reg, LLVMBuildSExt(l->b, v, l->i64, ""));
	else
		lift_write32(l, l->insn->dst_reg, LLVMBuildSExtOrBitCast(l->b, v, l->i32, ""));
}

static bool lift_mov(struct lift *l, bool is64)
{
	if (ebpf_src_is_reg(l->insn) && l->insn->off)
		move_signed(l, is64);
	else if (!is64)
		lift_write32(l, l->insn->dst_reg, source32(l));
	else if (ebpf_src_is_reg(l->insn))
		lift_write(l, l->insn->dst_reg, lift_read(l, l->insn->src_reg));
	else
		lift_write64(l, l->insn->dst_reg, source64(l));
	return true;
}

/* ---- pointers ------------------------------------------------------------------------------------ */

static bool is_pointer(const struct vp_reg *r)
{
	return !vp_is_number(r);
}

static bool has_own_view(uint8_t kind)
{
	return kind == VP_PKT || kind == VP_MAP_VALUE;
}

/* pointer - pointer */
static bool pointer_difference(struct lift *l)
{
	uint8_t d = lift_reg(l, l->insn->dst_reg)->kind, s = lift_reg(l, l->insn->src_reg)->kind;
	LLVMValueRef a, b;

	if (d == VP_PKT_OR_ADDRESS || s == VP_PKT_OR_ADDRESS) {
		a = lift_address(l, l->insn->dst_reg);
		b = lift_address(l, l->insn->src_reg);
		lift_write64(l, l->insn->dst_reg, LLVMBuildSub(l->b, a, b, ""));
		return true;
	}
	if ((d == VP_PKT || d == VP_PKT_END) && (s == VP_PKT || s == VP_PKT_END)) {
		a = lift_read32(l, l->insn->dst_reg);
		b = lift_read32(l, l->insn->src_reg);
		a = LLVMBuildSub(l->b, a, b, "");
		lift_write64(l, l->insn->dst_reg, LLVMBuildSExt(l->b, a, l->i64, ""));
		return true;
	}
	if (d != s || (d != VP_STACK && d != VP_MAP_VALUE))
		return lift_refuse(l, REASON_NFP_POINTER_MATH, l->insn->dst_reg);
	a = lift_address(l, l->insn->dst_reg);
	b = lift_address(l, l->insn->src_reg);
	lift_write64(l, l->insn->dst_reg, LLVMBuildSub(l->b, a, b, ""));
	return true;
}

/* A packet address has 32 bits and never wraps (bit 31 set, at most 2^29 is added to it), so its
 * index does with the low half. */
static LLVMValueRef pointer_index(struct lift *l, uint8_t kind, int scalar_reg)
{
	if (scalar_reg < 0)
		return kind == VP_PKT ? lift_i32(l, (uint32_t)l->insn->imm) : source64(l);
	return kind == VP_PKT ? lift_read32(l, (unsigned)scalar_reg)
			      : lift_read64(l, (unsigned)scalar_reg);
}

static bool pointer_math(struct lift *l, uint8_t op)
{
	unsigned dst = l->insn->dst_reg, ptr = dst;
	int scalar = ebpf_src_is_reg(l->insn) ? l->insn->src_reg : -1;
	uint8_t kind;
	LLVMValueRef idx;

	if (op == BPF_ADD && scalar >= 0 && is_pointer(lift_reg(l, (unsigned)scalar))) {
		ptr = (unsigned)scalar;
		scalar = (int)dst;
	}
	kind = lift_reg(l, ptr)->kind;
	if ((op != BPF_ADD && op != BPF_SUB) || (!has_own_view(kind) && kind != VP_STACK) ||
	    (scalar >= 0 && is_pointer(lift_reg(l, (unsigned)scalar))))
		return lift_refuse(l, REASON_NFP_POINTER_MATH, ptr);
	idx = pointer_index(l, kind, scalar);
	if (op == BPF_SUB)
		idx = LLVMBuildNeg(l->b, idx, "");
	if (kind == VP_STACK) {
		struct lift_val v = lift_read(l, ptr);

		v.v[VIEW_INT] = LLVMBuildAdd(l->b, v.v[VIEW_INT], idx, "");
		lift_write(l, dst, v);
		return true;
	}
	lift_write(l, dst,
		   lift_pointer(
			   l, kind,
			   LLVMBuildInBoundsGEP2(l->b, l->i8, lift_read_ptr(l, ptr), &idx, 1, "")));
	return true;
}

/* A packet pointer on some paths and a scalar on others, plus a scalar: both views are computed, and
 * the reader of the result selects one. */
static bool move_both_views(struct lift *l, uint8_t op)
{
	unsigned dst = l->insn->dst_reg;
	bool ptr_is_src = ebpf_src_is_reg(l->insn) &&
			  lift_reg(l, l->insn->src_reg)->kind == VP_PKT_OR_ADDRESS;
	LLVMValueRef a = lift_read64(l, dst), b = source64(l), idx = ptr_is_src ? a : b;
	struct lift_val v = lift_read(l, ptr_is_src ? l->insn->src_reg : dst);

	v.v[VIEW_INT] = LLVMBuildBinOp(l->b, plain_op[op >> 4], a, b, "");
	idx = LLVMBuildTrunc(l->b, idx, l->i32, "");
	if (op == BPF_SUB)
		idx = LLVMBuildNeg(l->b, idx, "");
	v.v[VIEW_PKT] = LLVMBuildGEP2(l->b, l->i8, v.v[VIEW_PKT], &idx, 1, "");
	lift_write(l, dst, v);
	return true;
}

static bool is_mixed(const struct vp_reg *r)
{
	return r->kind == VP_PKT_OR_ADDRESS;
}

/* ---- all of them --------------------------------------------------------------------------------- */

static bool lift_plain64(struct lift *l, uint8_t op, const struct vp_reg *s)
{
	unsigned dst = l->insn->dst_reg;
	bool narrow = narrows(l, op, s);
	struct operands o = { .nuw = narrow && can_overflow(op) };
	LLVMValueRef v;

	o.a = narrow ? lift_read32(l, dst) : lift_read64(l, dst);
	o.b = narrow ? source32(l) : source64(l);
	if (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH)
		o.b = masked_count(l, o.b, narrow ? 32 : 64, s);
	v = build(l, plain_op[op >> 4], o);
	if (narrow)
		lift_write32(l, dst, v);
	else
		lift_write64(l, dst, v);
	return true;
}

static bool lift_plain32(struct lift *l, uint8_t op, const struct vp_reg *s)
{
	struct operands o = { .a = lift_read32(l, l->insn->dst_reg), .b = source32(l) };

	if (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH)
		o.b = masked_count(l, o.b, 32, s);
	lift_write32(l, l->insn->dst_reg, build(l, plain_op[op >> 4], o));
	return true;
}

static bool lift_neg(struct lift *l, bool is64)
{
	unsigned dst = l->insn->dst_reg;

	if (is64)
		lift_write64(l, dst, LLVMBuildNeg(l->b, lift_read64(l, dst), ""));
	else
		lift_write32(l, dst, LLVMBuildNeg(l->b, lift_read32(l, dst), ""));
	return true;
}

bool lift_alu(struct lift *l)
{
	bool is64 = ebpf_class(l->insn) == BPF_ALU64;
	uint8_t op = ebpf_op(l->insn);
	struct vp_reg s = source_range(l);

	switch (op) {
	case BPF_MOV: return lift_mov(l, is64);
	case BPF_END: return lift_end(l);
	case BPF_NEG: return lift_neg(l, is64);
	case BPF_DIV:
	case BPF_MOD: return lift_div(l, is64, &s);
	default: break;
	}
	if (!plain_op[op >> 4])
		return lift_refuse(l, REASON_NFP_OPCODE, l->insn->code);
	if (is64 && op == BPF_SUB && is_pointer(lift_reg(l, l->insn->dst_reg)) && is_pointer(&s))
		return pointer_difference(l);
	if (is64 && (is_mixed(lift_reg(l, l->insn->dst_reg)) || is_mixed(&s)))
		return move_both_views(l, op);
	if (is64 && (is_pointer(lift_reg(l, l->insn->dst_reg)) || is_pointer(&s)))
		return pointer_math(l, op);
	return is64 ? lift_plain64(l, op, &s) : lift_plain32(l, op, &s);
}
