#include "frontend/verifier/verify.h"

#include <string.h>

/* A last attempt for programs that take too long: where many states came by that differ in numbers alone,
 * the numbers of the next one are widened until it stands for all of them. That is safe, and the facts
 * hold, but a bound that matters may be lost: so it is tried only when the walk gave up without. */

#define HULLS 8u /* joins at a place that keep bounds; after that nothing is kept */

static void join_number(const struct fe_reg *old, struct fe_reg *cur, bool patient)
{
	struct fe_val joined = fe_val_join(&old->val, &cur->val);

	if (!old->id && fe_val_covers(&old->val, &cur->val)) {
		cur->val = old->val;
		fe_reg_unlink(cur);
		return;
	}
	if (old->id && cur->id && fe_val_equal(&old->val, &cur->val))
		return;
	fe_reg_unlink(cur);
	cur->val = patient ? joined : fe_val_unknown();
}

static bool is_number(const struct fe_stack_slot *s)
{
	return !fe_slot_has_object(s) && (!fe_slot_has_spill(s) || s->spill.type == FE_SCALAR);
}

static void join_slot(const struct fe_stack_slot *old, struct fe_stack_slot *cur, bool patient)
{
	bool same_spill =
		fe_slot_has_spill(old) && fe_slot_spill_bytes(old) == fe_slot_spill_bytes(cur);

	if (!is_number(old) || !is_number(cur))
		return;
	for (unsigned b = 0; b < 8; b++) {
		uint8_t o = old->bytes[b], n = cur->bytes[b];

		if (o == n && (o != FE_BYTE_SPILL || same_spill))
			continue;
		cur->bytes[b] = o == FE_BYTE_INVALID || n == FE_BYTE_INVALID ? FE_BYTE_INVALID
									     : FE_BYTE_MISC;
	}
	if (same_spill)
		join_number(&old->spill, &cur->spill, patient);
	else
		memset(&cur->spill, 0, sizeof(cur->spill));
}

void fe_join_numbers(struct fe_env *env, const struct fe_state *old)
{
	bool patient = old->joins < HULLS;

	for (uint32_t k = 0; k < env->cur->n_frames; k++) {
		const struct fe_frame *o = old->frames[k];
		struct fe_frame *f = env->cur->frames[k];

		for (unsigned r = 0; r < 10; r++) {
			if (o->regs[r].type == FE_SCALAR && f->regs[r].type == FE_SCALAR)
				join_number(&o->regs[r], &f->regs[r], patient);
		}
		for (uint32_t i = 0; i < o->n_slots && i < f->n_slots; i++)
			join_slot(&o->slots[i], &f->slots[i], patient);
	}
	env->cur->joins = old->joins + 1;
}
