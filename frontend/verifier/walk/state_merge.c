/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/walk/env.h"
#include "frontend/verifier/walk/walk.h"

#include <string.h>

/* States widened to stand for many: where one came by that differs from an earlier one only in numbers
 * that made no difference (prune.c). That is safe whatever the numbers are for, and the facts hold. */

/* Covers `joined`, which covers `old`. The later the join, the less is kept, so that it comes to an end. */
static struct fe_val widened(const struct fe_val *old, const struct fe_val *joined, uint32_t joins)
{
	struct fe_val v = *joined;
	bool small = joined->umax <= UINT32_MAX;

	if (joins < FE_HULLS || fe_val_equal(old, joined))
		return v;
	if (joins == FE_HULLS)
		v = fe_val_widen(old, joined);
	else
		v = fe_val_unknown();
	if (small && joins <= FE_HULLS + 1)
		fe_val_zext32(&v);
	return v;
}

static void merge_scalar(const struct fe_reg *old, struct fe_reg *cur, bool needed, uint32_t joins)
{
	struct fe_val joined = fe_val_join(&old->val, &cur->val);

	if (!old->id && fe_val_covers(&old->val, &cur->val)) {
		cur->val = old->val;
		fe_reg_unlink(cur);
		return;
	}
	if (needed || fe_val_equal(&old->val, &cur->val)) /* covered, with its copies */
		return;
	fe_reg_unlink(cur);
	cur->val = widened(&old->val, &joined, joins);
}

static void join_reg(const struct fe_reg *old, struct fe_reg *cur, bool needed, uint32_t joins)
{
	if (old->type != cur->type)
		return;
	if (cur->type == FE_SCALAR)
		merge_scalar(old, cur, needed, joins);
	else if (fe_reg_is_packet(cur) && old->range >= 0)
		cur->range = old->range; /* covered: no more is known in old */
}

static void join_slot(const struct fe_stack_slot *old, struct fe_stack_slot *cur, bool needed,
		      uint32_t joins)
{
	bool same_spill = fe_slot_has_spill(old) && fe_slot_has_spill(cur) &&
			  fe_slot_spill_bytes(old) == fe_slot_spill_bytes(cur);

	if (same_spill)
		join_reg(&old->spill, &cur->spill, needed, joins);
	if (!fe_slot_has_number(old) || !fe_slot_has_number(cur))
		return;
	for (unsigned b = 0; b < 8; b++) {
		uint8_t o = old->bytes[b], n = cur->bytes[b];

		if (o == n && (o != FE_BYTE_SPILL || same_spill))
			continue;
		cur->bytes[b] = o == FE_BYTE_INVALID || n == FE_BYTE_INVALID ? FE_BYTE_INVALID
									     : FE_BYTE_MISC;
	}
	if (!same_spill)
		memset(&cur->spill, 0, sizeof(cur->spill));
}

void fe_join_frame(const struct fe_frame *old, struct fe_frame *cur, uint16_t regs, uint64_t slots,
		   uint32_t joins)
{
	for (unsigned r = 0; r < 10; r++) {
		if (regs >> r & 1)
			join_reg(&old->regs[r], &cur->regs[r], old->needed_regs >> r & 1, joins);
	}
	for (uint32_t i = 0; i < old->n_slots && i < cur->n_slots; i++) {
		if (slots >> i & 1)
			join_slot(&old->slots[i], &cur->slots[i], old->needed_slots >> i & 1,
				  joins);
	}
}
