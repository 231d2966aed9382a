/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/domain/address.h"
#include "frontend/verifier/walk/env.h"
#include "frontend/verifier/walk/walk.h"

/* Loops whose end is decided when the program runs: callbacks of helpers, iterators, may_goto. The walk
 * goes round until a round starts in a state that an earlier one covers; numbers that differ from
 * round to round are widened, so that this comes to pass. */

/* Bounds that moved may move on; after this many rounds nothing at all is kept. */
#define PATIENCE 64u

static void widen_reg(struct fe_env *env, const struct fe_reg *before, struct fe_reg *now,
		      bool patient)
{
	/* no device goes round such loops: what a number is made of does not matter any more */
	if (now->type == FE_SCALAR && !fe_same_address(before, now))
		now->address = (struct fe_address){ 0 };
	if (before->type != FE_SCALAR || now->type != FE_SCALAR ||
	    fe_val_equal(&before->val, &now->val))
		return;
	fe_reg_unlink(now);
	now->val = patient ? fe_val_widen(&before->val, &now->val) : fe_val_unknown();
	env->totals.widened = true;
}

static void widen_frame(struct fe_env *env, const struct fe_frame *before, struct fe_frame *now,
			bool patient)
{
	uint32_t n = before->n_slots < now->n_slots ? before->n_slots : now->n_slots;

	for (unsigned r = 0; r < 10; r++)
		widen_reg(env, &before->regs[r], &now->regs[r], patient);
	for (uint32_t i = 0; i < n; i++) {
		unsigned bytes = fe_slot_spill_bytes(&before->slots[i]);

		if (bytes && bytes == fe_slot_spill_bytes(&now->slots[i]))
			widen_reg(env, &before->slots[i].spill, &now->slots[i].spill, patient);
	}
}

static bool same_frames(const struct fe_state *a, const struct fe_state *b)
{
	if (a->n_frames != b->n_frames)
		return false;
	for (uint32_t k = 0; k < a->n_frames; k++) {
		if (a->frames[k]->inst != b->frames[k]->inst ||
		    a->frames[k]->call_pc != b->frames[k]->call_pc)
			return false;
	}
	return true;
}

/* `up`: a remembered state, the first that may have been at `pc` a round before. */
static void widen_round(struct fe_env *env, const struct fe_state *up, struct fe_state *now,
			uint32_t pc)
{
	if (now->round++ < env->totals.exact_rounds)
		return;
	while (up && (up->pc != pc || !same_frames(up, now)))
		up = up->parent;
	for (uint32_t k = 0; up && k < now->n_frames; k++)
		widen_frame(env, up->frames[k], now->frames[k],
			    now->round < env->totals.exact_rounds + PATIENCE);
}

void fe_end_round(struct fe_env *env, uint32_t call_pc)
{
	widen_round(env, env->walk.cur->parent, env->walk.cur, call_pc);
}

void fe_begin_round(struct fe_env *env, struct fe_state *round)
{
	const struct fe_state *here =
		env->walk.cur->parent; /* remembered just before the instruction */

	widen_round(env, here ? here->parent : NULL, round, env->walk.pc);
}
