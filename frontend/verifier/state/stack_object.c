/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/flow/stack_use.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/state/objects.h"
#include "frontend/verifier/walk/env.h"

#include <string.h>

/* Objects on the program's stack that calls make and calls alone look into: dynptrs (two slots) and
 * iterators (one). Storing over one ends it; one that holds a reference may not end like that. */

bool fe_object_place(struct fe_env *env, unsigned regno, unsigned bytes, struct fe_place *p)
{
	const struct fe_reg *r = fe_reg(env, regno);
	int64_t off;

	if (r->type != FE_STACK || !fe_val_is_const(&r->val))
		return false;
	off = r->off + (int64_t)r->val.var.value;
	if (off % 8 || off < -EBPF_MAX_STACK || off + bytes > 0)
		return false;
	p->frame_no = (uint32_t)r->object;
	p->frame = env->walk.cur->frames[p->frame_no];
	p->slot = (uint32_t)(-off / 8 - 1);
	p->n = bytes / 8;
	return true;
}

bool fe_object_put(struct fe_env *env, unsigned regno, unsigned bytes, const struct fe_reg *r)
{
	struct fe_place p;

	if (!fe_object_place(env, regno, bytes, &p))
		return false;
	for (uint32_t i = 0; i < p.n; i++) {
		struct fe_stack_slot *s = &p.frame->slots[p.slot - i];

		memset(s->bytes, FE_BYTE_OBJECT, sizeof(s->bytes));
		s->spill = *r;
		s->spill.off = (int32_t)(8 * i);
	}
	return true;
}

struct fe_reg *fe_object_at(struct fe_env *env, const struct fe_place *p, enum fe_type type)
{
	for (uint32_t i = 0; i < p->n; i++) {
		const struct fe_stack_slot *s;

		if (p->slot >= p->frame->n_slots)
			return NULL;
		s = &p->frame->slots[p->slot - i];
		if (!fe_slot_has_object(s) || s->spill.type != type ||
		    (type == FE_DYNPTR && s->spill.off != (int32_t)(8 * i)) ||
		    (type == FE_ITER && s->spill.ref != p->frame->slots[p->slot].spill.ref))
			return NULL;
		fe_stack_note_read(env, p->frame_no, p->slot - i);
	}
	return &p->frame->slots[p->slot].spill;
}

/* ---- the end of objects ------------------------------------------------------------------------ */

struct end {
	int32_t id;
	bool released; /* the memory itself is gone, not just the window onto it */
};

/* What bpf_dynptr_slice() gave stays when its dynptr is stored over, as in the kernel. */
static void forget_slice(struct fe_reg *r, void *arg)
{
	const struct end *e = arg;

	if (r->type == FE_MEM && r->object == e->id && (e->released || !(r->flags & FE_SLICE)))
		fe_reg_unknown(r);
}

static void forget_slot(struct fe_stack_slot *s)
{
	memset(s, 0, sizeof(*s));
}

static void forget_dynptr(struct fe_env *env, struct fe_frame *f, uint32_t slot, bool released)
{
	struct end e = { (int32_t)f->slots[slot].spill.id, released };
	uint32_t low = f->slots[slot].spill.off ? slot + 1 : slot;

	fe_state_each_reg(env->walk.cur, forget_slice, &e);
	forget_slot(&f->slots[low]);
	forget_slot(&f->slots[low - 1]);
}

bool fe_object_overwrite(struct fe_env *env, struct fe_frame *f, uint32_t slot)
{
	struct fe_stack_slot *s = &f->slots[slot];

	if (!fe_slot_has_object(s))
		return true;
	if (s->spill.type == FE_DYNPTR) {
		if (s->spill.ref)
			return FE_REJECT(env, REASON_DYNPTR_OVERWRITTEN);
		forget_dynptr(env, f, slot, false);
		return true;
	}
	forget_slot(s);
	memset(s->bytes, FE_BYTE_MISC, sizeof(s->bytes));
	return true;
}

void fe_objects_release(struct fe_env *env, uint32_t ref)
{
	for (uint32_t k = 0; k < env->walk.cur->n_frames; k++) {
		struct fe_frame *f = env->walk.cur->frames[k];

		for (uint32_t i = 0; i < f->n_slots; i++) {
			struct fe_stack_slot *s = &f->slots[i];

			if (!fe_slot_has_object(s) || s->spill.ref != ref)
				continue;
			if (s->spill.type == FE_DYNPTR)
				forget_dynptr(env, f, i, true);
			else
				forget_slot(s);
		}
	}
}
