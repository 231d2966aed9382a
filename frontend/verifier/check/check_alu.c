/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/check/check_insn.h"
#include "frontend/verifier/domain/address.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/walk/env.h"
#include "frontend/verifier/walk/walk.h"

#include <inttypes.h>
#include <stdlib.h>

/* Arithmetic: numbers go to value.c; a pointer may have a number added or taken away, within the
 * limits that keep every later sum of offsets from wrapping. */

/* A name shared by the copies of a number, so that a test of one tells of all. */
void fe_link_scalar(struct fe_env *env, struct fe_reg *r)
{
	if (r->type != FE_SCALAR || fe_val_is_const(&r->val))
		return;
	if (r->flags & FE_PLUS_OFF)
		fe_reg_unlink(r);
	if (!r->id)
		r->id = ++env->walk.id_gen;
}

static bool check_divisor(struct fe_env *env, const struct bpf_insn *insn)
{
	uint8_t op = ebpf_op(insn);
	unsigned bits = ebpf_class(insn) == BPF_ALU64 ? 64 : 32;

	if (ebpf_src_is_reg(insn))
		return true;
	if ((op == BPF_DIV || op == BPF_MOD) && !insn->imm)
		return FE_REJECT(env, REASON_DIV_BY_ZERO);
	if ((op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH) &&
	    (insn->imm < 0 || (unsigned)insn->imm >= bits))
		return FE_REJECT(env, REASON_SHIFT_RANGE, insn->imm, bits);
	return true;
}

/* dst = src at the given width; MOVSX has its width in `off`. */
static void move_reg(struct fe_env *env, const struct bpf_insn *insn)
{
	struct fe_reg *src = fe_reg(env, insn->src_reg), *dst = fe_reg(env, insn->dst_reg);
	bool is64 = ebpf_class(insn) == BPF_ALU64;
	unsigned from = (unsigned)insn->off / 8; /* MOVSX: bytes kept */
	struct fe_reg moved = *src;

	if (is64 && !from) {
		fe_link_scalar(env, src);
		*dst = *src;
		return;
	}
	if (src->type != FE_SCALAR) { /* part of an address is just a number */
		fe_reg_unknown(&moved);
	} else if (!from && src->val.umax <= UINT32_MAX) {
		fe_link_scalar(env, src);
		moved = *src;
	} else {
		fe_reg_unlink(&moved);
	}
	if (from) {
		int64_t half = INT64_C(1) << (from * 8 - 1);
		bool fits = moved.val.umax < (uint64_t)half; /* unchanged by the extension */

		if (fits && is64 && src->type == FE_SCALAR) {
			fe_link_scalar(env, src);
			moved = *src;
		}
		fe_val_sign_extend(&moved.val, from, is64);
		if (env->opts.like_kernel && !fe_val_is_const(&moved.val))
			moved.val.var = fe_val_unknown().var; /* of its bits nothing is known */
	} else {
		fe_val_zext32(&moved.val);
	}
	*dst = moved;
}

static bool check_move(struct fe_env *env, const struct bpf_insn *insn)
{
	struct fe_reg *dst = fe_reg(env, insn->dst_reg);

	if (!fe_check_writable(env, insn->dst_reg))
		return false;
	if (!ebpf_src_is_reg(insn)) {
		bool is64 = ebpf_class(insn) == BPF_ALU64;

		fe_reg_const(dst, is64 ? (uint64_t)(int64_t)insn->imm : (uint32_t)insn->imm);
		return true;
	}
	if (!fe_check_readable(env, insn->src_reg))
		return false;
	move_reg(env, insn);
	return true;
}

/* NEG and the byte swaps. */
static bool check_unary(struct fe_env *env, const struct bpf_insn *insn)
{
	struct fe_reg *dst = fe_reg(env, insn->dst_reg);
	bool is64 = ebpf_class(insn) == BPF_ALU64;
	struct fe_reg result;

	if (!fe_check_readable(env, insn->dst_reg) || !fe_check_writable(env, insn->dst_reg))
		return false;
	/* a copy stays one when its bytes are put into the order that they have */
	if (insn->code == (BPF_ALU | BPF_END | BPF_TO_LE) && insn->imm == 64 &&
	    dst->type == FE_SCALAR)
		return true;
	fe_reg_unknown(&result);
	if (ebpf_op(insn) == BPF_NEG && dst->type == FE_SCALAR) {
		result.val = fe_val_const(0);
		fe_val_alu(&result.val, &dst->val, BPF_SUB, is64);
	} else if (ebpf_op(insn) == BPF_END && dst->type == FE_SCALAR) {
		result.val = dst->val;
		fe_val_end(&result.val, (unsigned)insn->imm / 8, is64 || insn->code & BPF_TO_BE);
	}
	*dst = result; /* of a pointer: wholly unknown, as to the kernel */
	return true;
}

/* ---- pointers ---------------------------------------------------------------------------------- */

bool fe_check_sane_offset(struct fe_env *env, const struct fe_reg *r)
{
	if (r->off >= FE_MAX_VAR_OFF || r->off <= -FE_MAX_VAR_OFF ||
	    r->val.smin >= FE_MAX_VAR_OFF || r->val.smin <= -FE_MAX_VAR_OFF ||
	    (fe_val_is_const(&r->val) && llabs((int64_t)r->val.var.value) >= FE_MAX_VAR_OFF))
		return FE_REJECT(env, REASON_POINTER_OFFSET, fe_reg_text(env, r), FE_MAX_VAR_OFF);
	return true;
}

static bool check_scalar_sane(struct fe_env *env, const struct fe_val *v)
{
	bool is_const = fe_val_is_const(v);

	if (is_const && (v->smin >= FE_MAX_VAR_OFF || v->smin <= -FE_MAX_VAR_OFF))
		return FE_REJECT(env, REASON_POINTER_ADDEND, (long long)v->smin);
	if (v->smin <= -FE_MAX_VAR_OFF || v->smin >= FE_MAX_VAR_OFF)
		return FE_REJECT(env, REASON_POINTER_ADDEND_UNBOUNDED);
	return true;
}

static bool may_do_arithmetic(struct fe_env *env, const struct fe_reg *ptr, bool by_zero)
{
	switch (ptr->type) {
	case FE_CTX:
	case FE_STACK:
	case FE_PKT:
	case FE_PKT_META:
	case FE_MAP_VALUE:
	case FE_MAP_KEY:
	case FE_MEM:
	case FE_FUNC:
	case FE_BTF_OBJ:
	case FE_LOCAL:
		if (ptr->flags & FE_MAYBE_NULL)
			return FE_REJECT(env, REASON_POINTER_MAYBE_NULL, fe_reg_name(ptr));
		return true;
	case FE_MAP_PTR:
		if (by_zero)
			return true;
		break;
	default: break;
	}
	return FE_REJECT(env, REASON_POINTER_ARITHMETIC, fe_reg_name(ptr));
}

/* dst = ptr ± number, number not constant. */
static void add_variable(struct fe_env *env, struct fe_reg *dst, const struct fe_val *n, uint8_t op)
{
	fe_val_alu(&dst->val, n, op, true);
	if (fe_reg_is_packet(dst)) {
		dst->id =
			++env->walk.id_gen; /* a new unknown offset: nothing is proven of it yet */
		if (op == BPF_ADD || n->smin < 0)
			dst->range = 0;
	}
}

/* `n`: the number, of register `regno`, or of an immediate and the pointer's own register. */
static bool pointer_and_number(struct fe_env *env, struct fe_reg *dst, const struct fe_reg *ptr,
			       const struct fe_val *n, unsigned regno, uint8_t op)
{
	struct fe_reg result = *ptr;
	bool is_const = fe_val_is_const(n);
	int64_t sum;

	if (ptr->type == FE_MEM && (ptr->flags & FE_UNTRUSTED)) { /* of any address as it is */
		*dst = result;
		return true;
	}
	if (!may_do_arithmetic(env, ptr, is_const && !n->var.value) || !check_scalar_sane(env, n) ||
	    !fe_check_sane_offset(env, ptr))
		return false;
	fe_need(env, regno);
	if (op == BPF_SUB && ptr->type == FE_STACK)
		return FE_REJECT(env, REASON_POINTER_SUB_STACK);
	sum = op == BPF_ADD ? ptr->off + n->smin : ptr->off - n->smin; /* both sane: fits */
	if (is_const && sum == (int32_t)sum)
		result.off = (int32_t)sum;
	else
		add_variable(env, &result, n, op);
	if (!fe_check_sane_offset(env, &result))
		return false;
	*dst = result;
	return true;
}

/* At least one side is a pointer. */
static bool check_pointer_alu(struct fe_env *env, const struct bpf_insn *insn, struct fe_reg *dst,
			      const struct fe_reg *src)
{
	uint8_t op = ebpf_op(insn);
	bool both = fe_reg_is_pointer(dst) && fe_reg_is_pointer(src);

	/* The distance of two pointers, or half of one, is just a number. To the kernel a wholly unknown one,
	 * even where the instruction clears its upper half. */
	if (op == BPF_SUB && (both || ebpf_class(insn) == BPF_ALU)) {
		fe_reg_unknown(dst);
		return true;
	}
	if (both)
		return FE_REJECT(env, REASON_POINTER_POINTER, fe_reg_name(dst), fe_reg_name(src));
	if (ebpf_class(insn) == BPF_ALU)
		return FE_REJECT(env, REASON_POINTER_32BIT,
				 fe_reg_name(fe_reg_is_pointer(dst) ? dst : src));
	if (op != BPF_ADD && op != BPF_SUB)
		return FE_REJECT(env, REASON_POINTER_OP,
				 fe_reg_name(fe_reg_is_pointer(dst) ? dst : src));
	if (fe_reg_is_pointer(dst))
		return pointer_and_number(env, dst, dst, &src->val,
					  ebpf_src_is_reg(insn) ? insn->src_reg : insn->dst_reg,
					  op);
	if (op == BPF_SUB)
		return FE_REJECT(env, REASON_POINTER_FROM_NUMBER, insn->dst_reg);
	return pointer_and_number(env, dst, src, &dst->val, insn->dst_reg, op);
}

/* ---- numbers ----------------------------------------------------------------------------------- */

/* A copy that had a constant added keeps its link (FE_PLUS_OFF), any other change cuts it. */
static void relink(struct fe_reg *dst, const struct bpf_insn *insn, const struct fe_val *src)
{
	bool adds = insn->code == (BPF_ALU64 | BPF_ADD | BPF_K) ||
		    insn->code == (BPF_ALU64 | BPF_ADD | BPF_X);

	if (adds && dst->id && !(dst->flags & FE_PLUS_OFF) && fe_val_is_const(src) &&
	    src->smin == (int32_t)src->smin && src->smin) {
		dst->flags |= FE_PLUS_OFF;
		dst->off = (int32_t)src->smin;
	} else {
		fe_reg_unlink(dst);
	}
}

/* The kernel knows nothing of the result, not even that 32 bits are enough for it. */
static bool unknown_to_kernel(const struct bpf_insn *insn, const struct fe_val *src)
{
	uint64_t bits = ebpf_class(insn) == BPF_ALU64 ? 64 : 32;

	switch (ebpf_op(insn)) {
	case BPF_DIV:
	case BPF_MOD: return true;
	case BPF_LSH:
	case BPF_RSH:
	case BPF_ARSH: return src->umax >= bits;
	default: return false;
	}
}

static bool check_binary(struct fe_env *env, const struct bpf_insn *insn)
{
	struct fe_reg *dst = fe_reg(env, insn->dst_reg);
	bool is64 = ebpf_class(insn) == BPF_ALU64;
	struct fe_reg imm;
	const struct fe_reg *src = &imm;

	if (!fe_check_readable(env, insn->dst_reg) || !fe_check_writable(env, insn->dst_reg))
		return false;
	if (ebpf_src_is_reg(insn)) {
		if (!fe_check_readable(env, insn->src_reg))
			return false;
		imm = *fe_reg(env, insn->src_reg); /* a copy: may be dst itself */
	} else {
		fe_reg_const(&imm, (uint64_t)(int64_t)insn->imm);
	}
	if (!check_divisor(env, insn))
		return false;
	if (fe_reg_is_pointer(dst) || fe_reg_is_pointer(src))
		return check_pointer_alu(env, insn, dst, src);
	if (env->opts.like_kernel && unknown_to_kernel(insn, &src->val))
		dst->val = fe_val_unknown();
	else
		fe_val_alu(&dst->val, &src->val, ebpf_op(insn), is64);
	relink(dst, insn, &src->val);
	return true;
}

static bool check_numbers(struct fe_env *env, const struct bpf_insn *insn)
{
	switch (ebpf_op(insn)) {
	case BPF_MOV: return check_move(env, insn);
	case BPF_NEG:
	case BPF_END: return check_unary(env, insn);
	default: return check_binary(env, insn);
	}
}

bool fe_check_alu(struct fe_env *env, const struct bpf_insn *insn)
{
	struct fe_reg dst, src;

	if (!fe_alu_has_address(env, insn))
		return check_numbers(env, insn);
	dst = *fe_reg(env, insn->dst_reg);
	src = *fe_reg(env, insn->src_reg);
	if (!ebpf_src_is_reg(insn))
		fe_reg_const(&src, (uint64_t)(int64_t)insn->imm);
	if (!check_numbers(env, insn))
		return false;
	fe_address_of_alu(env, insn, &dst, &src);
	return true;
}
