/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_lower.h"

/* i1 values. Conditions are not computed: they are branched on where they are used, `and` and `or`
 * as chains of branches. Only a use as a number, a stored flag or a phi wants 0 or 1 in a register. */

static bool is_bool_op(LLVMValueRef v, LLVMOpcode op)
{
	return isel_is_inst(v, op) && isel_width(v) == 1;
}

enum shape { SHAPE_OTHER, SHAPE_AND, SHAPE_OR, SHAPE_NOT, SHAPE_XOR, SHAPE_SELECT };

static bool is_bool_const(LLVMValueRef v, bool value)
{
	uint64_t c;

	return isel_const_u64(v, &c) && (c & 1) == value;
}

/* What a condition is made of; a, b: its parts. */
static enum shape shape_of(LLVMValueRef v, LLVMValueRef *a, LLVMValueRef *b)
{
	if (is_bool_op(v, LLVMSelect)) {
		*a = LLVMGetOperand(v, 0);
		if (is_bool_const(LLVMGetOperand(v, 2), false)) {
			*b = LLVMGetOperand(v, 1);
			return SHAPE_AND;
		}
		*b = LLVMGetOperand(v, 2);
		return is_bool_const(LLVMGetOperand(v, 1), true) ? SHAPE_OR : SHAPE_SELECT;
	}
	if (!is_bool_op(v, LLVMAnd) && !is_bool_op(v, LLVMOr) && !is_bool_op(v, LLVMXor))
		return SHAPE_OTHER;
	*a = LLVMGetOperand(v, 0);
	*b = LLVMGetOperand(v, 1);
	if (LLVMGetInstructionOpcode(v) == LLVMXor)
		return is_bool_const(*b, true) ? SHAPE_NOT : SHAPE_XOR;
	return LLVMGetInstructionOpcode(v) == LLVMAnd ? SHAPE_AND : SHAPE_OR;
}

bool isel_natural_sense(struct isel *is, LLVMValueRef cond)
{
	LLVMValueRef a, b;

	if (isel_is_inst(cond, LLVMFreeze))
		return isel_natural_sense(is, LLVMGetOperand(cond, 0));
	switch (shape_of(cond, &a, &b)) {
	case SHAPE_AND: return false;
	case SHAPE_OR: return true;
	case SHAPE_NOT: return !isel_natural_sense(is, a);
	default: break;
	}
	/* equality of several bytes or words is left at the first difference */
	return !(isel_is_inst(cond, LLVMICmp) && LLVMGetICmpPredicate(cond) == LLVMIntEQ);
}

/* Both must be `sense` for the jump. */
static void jump_if_both(struct isel *is, LLVMValueRef a, LLVMValueRef b, bool sense,
			 uint32_t target)
{
	uint32_t skip = isel_new_block(is), scope = is->here.scope;

	isel_jump_if(is, a, !sense, skip);
	isel_jump_if(is, b, sense, target);
	isel_br(is, skip);
	isel_begin_arm(is, skip, scope);
}

static void jump_if_select(struct isel *is, LLVMValueRef v, bool sense, uint32_t target)
{
	uint32_t other = isel_new_block(is), join = isel_new_block(is), scope = is->here.scope;

	isel_jump_if(is, LLVMGetOperand(v, 0), false, other);
	isel_jump_if(is, LLVMGetOperand(v, 1), sense, target);
	isel_br(is, join);
	isel_begin_arm(is, other, scope);
	isel_jump_if(is, LLVMGetOperand(v, 2), sense, target);
	isel_br(is, join);
	isel_begin_arm(is, join, scope);
}

static void jump_if_word(struct isel *is, struct isel_word w, bool sense, uint32_t target)
{
	isel_jump_eq_const(is, isel_w_keep(w, 0, 1), 32, 0, !sense, target);
}

static void jump_if_op(struct isel *is, LLVMValueRef cond, bool sense, uint32_t target)
{
	LLVMValueRef a, b;

	switch (shape_of(cond, &a, &b)) {
	case SHAPE_NOT: isel_jump_if(is, a, !sense, target); return;
	case SHAPE_SELECT: jump_if_select(is, cond, sense, target); return;
	case SHAPE_XOR: jump_if_word(is, isel_bool(is, cond), sense, target); return;
	case SHAPE_AND:
	case SHAPE_OR:
		if ((shape_of(cond, &a, &b) == SHAPE_AND) == sense) {
			jump_if_both(is, a, b, sense, target);
		} else {
			isel_jump_if(is, a, sense, target);
			isel_jump_if(is, b, sense, target);
		}
		return;
	case SHAPE_OTHER: break;
	}
	if (isel_is_inst(cond, LLVMICmp))
		isel_jump_icmp(is, LLVMGetICmpPredicate(cond), LLVMGetOperand(cond, 0),
			       LLVMGetOperand(cond, 1), sense, target);
	else if (isel_is_inst(cond, LLVMFreeze))
		isel_jump_if(is, LLVMGetOperand(cond, 0), sense, target);
	else
		isel_jump_overflow(is, cond, sense, target);
}

void isel_jump_if(struct isel *is, LLVMValueRef cond, bool sense, uint32_t target)
{
	const struct isel_inst *in = isel_inst_of(&is->ir, cond);

	if (in && isel_is_cond(cond) && in->deferred)
		jump_if_op(is, cond, sense, target);
	else
		jump_if_word(is, isel_get_word(is, cond, 0), sense, target);
}

/* ---- as a number ---- */

/* A diamond: `yes` if the condition holds, else `no`. */
static struct isel_word by_branch(struct isel *is, LLVMValueRef cond, uint32_t yes, uint32_t no)
{
	uint32_t far_block = isel_new_block(is), join = isel_new_block(is), scope = is->here.scope;
	bool sense = isel_natural_sense(is, cond);
	struct nfp_opnd o;

	jump_if_op(is, cond, sense, far_block);
	isel_br(is, join);
	isel_begin(is, far_block);
	isel_goto(is, join);
	is->here.scope = scope;
	o = isel_join_phi(is, far_block, nfp_imm(sense ? yes : no), nfp_imm(sense ? no : yes));
	return isel_w_reg(o, yes > 1 ? 32 : 1);
}

static struct isel_word carry_word(struct isel *is, LLVMValueRef cond, bool sense,
				   enum nfp_alu_op op)
{
	struct nfp_opnd zero;

	isel_carry_icmp(is, cond, sense);
	zero = isel_const(is, 0);
	return isel_w_reg(isel_alu(is, op, zero, nfp_imm(0)), op == NFP_ALU_ADDC ? 1 : 32);
}

struct isel_word isel_bool(struct isel *is, LLVMValueRef cond)
{
	LLVMValueRef a, b;
	struct isel_word w;

	if (isel_is_inst(cond, LLVMFreeze))
		return isel_w_keep(isel_get_word(is, LLVMGetOperand(cond, 0), 0), 0, 1);
	if (isel_is_inst(cond, LLVMICmp)) {
		if (isel_carry_means(is, cond, true))
			return carry_word(is, cond, true, NFP_ALU_ADDC); /* 0 + 0 + C */
		if (isel_carry_means(is, cond, false)) {
			w = carry_word(is, cond, false,
				       NFP_ALU_SUBC); /* 0 - 0 - !C: -1 if it holds */
			return isel_w_keep(w, 0, 1);
		}
	}
	if (shape_of(cond, &a, &b) == SHAPE_XOR || shape_of(cond, &a, &b) == SHAPE_NOT) {
		struct isel_val x = isel_val1(isel_get_word(is, a, 0));

		return isel_logic(is, LLVMXor, x, isel_val1(isel_get_word(is, b, 0))).w[0];
	}
	return by_branch(is, cond, 1, 0);
}

struct isel_word isel_bool_sext(struct isel *is, LLVMValueRef cond)
{
	const struct isel_inst *in = isel_inst_of(&is->ir, cond);

	if (in && in->deferred && isel_is_inst(cond, LLVMICmp)) {
		if (isel_carry_means(is, cond, false)) /* 0 - 0 - !C */
			return carry_word(is, cond, false, NFP_ALU_SUBC);
		return by_branch(is, cond, UINT32_MAX, 0);
	}
	return isel_get_sext(is, cond).w[0];
}

/* ---- select ---- */

static bool is_cheap(struct isel *is, LLVMValueRef v)
{
	const struct isel_inst *in = isel_inst_of(&is->ir, v);

	return !in || !in->deferred || in->op == LLVMGetElementPtr;
}

struct arm {
	unsigned n;
	struct isel_word w[ISEL_MAX_WORDS];
	struct nfp_opnd o[ISEL_MAX_WORDS];
};

static struct arm make_arm(struct isel *is, LLVMValueRef v)
{
	struct isel_val val = isel_get(is, v);
	struct arm a = { .n = val.n };
	unsigned i;

	for (i = 0; i < val.n; i++) {
		a.w[i] = val.w[i];
		a.o[i] = isel_use_phi(is, val.w[i]);
	}
	return a;
}

static void join_arms(struct isel *is, LLVMValueRef v, const struct arm *special,
		      uint32_t special_pred, const struct arm *usual)
{
	struct isel_val r = { .n = (uint8_t)usual->n };
	unsigned i;

	for (i = 0; i < r.n; i++) {
		unsigned x = isel_w_bits(&special->w[i]), y = isel_w_bits(&usual->w[i]);

		if (isel_same_opnd(&special->o[i], &usual->o[i]))
			r.w[i] = isel_w_reg(usual->o[i], x);
		else
			r.w[i] = isel_w_reg(
				isel_join_phi(is, special_pred, special->o[i], usual->o[i]),
				x > y ? x : y);
	}
	isel_set(is, v, r);
}

/* The value of `far_v` is made before the branch, that of `near_v` only when it is needed:
 *     jump to join if cond is `sense`;  near: …;  join: phi */
void isel_select_select(struct isel *is, LLVMValueRef v)
{
	LLVMValueRef cond = LLVMGetOperand(v, 0), yes = LLVMGetOperand(v, 1),
		     no = LLVMGetOperand(v, 2);
	bool sense = isel_natural_sense(is, cond);
	uint32_t near_block, join, near_end, scope = is->here.scope;
	struct arm far_arm, near_arm;

	if (!is_cheap(is, sense ? yes : no) && is_cheap(is, sense ? no : yes))
		sense = !sense;
	far_arm = make_arm(is, sense ? yes : no);
	near_block = isel_new_block(is);
	join = isel_new_block(is);
	isel_jump_if(is, cond, sense, join);
	isel_goto(is, near_block);
	near_arm = make_arm(is, sense ? no : yes);
	near_end = is->here.block;
	isel_goto(is, join);
	is->here.scope = scope;
	join_arms(is, v, &near_arm, near_end, &far_arm);
}
