/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_query.h"

/* Which instructions are computed where their user stands instead of in place.
 *
 * A pure instruction with one user in the same block is: the user then sees the whole expression
 * (`(x & 8) == 0` is one branch on a bit). Conditions and addresses always are, even with several
 * users: a comparison costs no more as a branch than a branch on its result would. Nothing moves across a
 * helper call, and the height of a tree is limited because selection of it recurses. */

#define MAX_HEIGHT 24

static bool used_by_multiple(LLVMValueRef cond, uint32_t block, struct isel_ir *ir)
{
	LLVMValueRef user = isel_single_user(cond);
	struct isel_inst *in = user ? isel_inst_of(ir, user) : NULL;

	return !in || in->block != block;
}

static bool can_move_to_user(struct isel_ir *ir, const struct isel_inst *in)
{
	LLVMValueRef user = isel_single_user(in->v);
	const struct isel_inst *to = user ? isel_inst_of(ir, user) : NULL;

	if (!to || to->block != in->block || to->op == LLVMPHI)
		return false;
	if (to->xfer_version != in->xfer_version || to->pv_version != in->pv_version)
		return false;
	/* operands of a condition that is tested in several places are computed once, but for masks */
	if (isel_is_cond(user) && in->op != LLVMAnd && used_by_multiple(user, to->block, ir))
		return false;
	return true;
}

static bool wants_deferral(struct isel_ir *ir, const struct isel_inst *in)
{
	if (in->op == LLVMAlloca)
		return true;
	if (!isel_is_pure(in->v))
		return false;
	return isel_is_cond(in->v) || in->op == LLVMGetElementPtr || can_move_to_user(ir, in);
}

static unsigned operand_height(struct isel_ir *ir, LLVMValueRef v)
{
	unsigned h = 0;
	int i, n = LLVMGetNumOperands(v);

	for (i = 0; i < n; i++) {
		struct isel_inst *o = isel_inst_of(ir, LLVMGetOperand(v, (unsigned)i));

		if (o && o->deferred && o->height > h)
			h = o->height;
	}
	return h;
}

void isel_find_deferred(struct isel_ir *ir)
{
	uint32_t i;

	for (i = 0; i < ir->n_insts; i++) {
		struct isel_inst *in = &ir->insts[i];
		unsigned h;

		if (!wants_deferral(ir, in))
			continue;
		h = operand_height(ir, in->v);
		if (h >= MAX_HEIGHT)
			continue;
		in->deferred = true;
		in->height = (uint8_t)(h + 1);
	}
}
