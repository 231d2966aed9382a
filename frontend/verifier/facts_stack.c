#include "frontend/verifier/verify.h"

/* What main's stack holds before each of its instructions, joined over all states: what a program
 * that is to go on elsewhere has to take along. Only on request: it is much, and few need it. */

#define SLOTS 64u

void fe_facts_stack_init(struct fe_env *env)
{
	uint32_t n = env->prog->subprogs[0].end;

	if (!env->opts.main_stack)
		return;
	env->main_stack = ARENA_ARRAY(env->cx->arena, struct vp_stack, n);
	env->main_stack_seen = ARENA_ARRAY(&env->mem, bool, n);
}

static struct vp_reg unknown_number(void)
{
	struct fe_reg r = { .type = FE_NOT_INIT };

	fe_reg_unknown(&r);
	return fe_fact_of(&r);
}

static struct vp_slot slot_of(const struct fe_stack_slot *s)
{
	struct vp_slot v = { .whole = fe_slot_has_spill(s) && fe_slot_spill_bytes(s) == 8 };

	for (unsigned b = 0; b < 8; b++)
		v.bytes |= (uint8_t)((s->bytes[b] != FE_BYTE_INVALID) << b);
	v.reg = v.whole ? fe_fact_of(&s->spill) : unknown_number();
	if (fe_slot_has_object(s))
		v.reg.kind = VP_CONFLICT; /* dynptrs and iterators stay where they are */
	return v;
}

/* A pointer on one path and bytes of numbers, or nothing, on another is not usable as either. */
static void join_slot(struct vp_slot *a, const struct vp_slot *b)
{
	bool pointer = a->reg.kind != VP_SCALAR || b->reg.kind != VP_SCALAR;

	if (a->whole && b->whole) {
		fe_fact_join(&a->reg, &b->reg);
	} else if (a->bytes || b->bytes) {
		a->reg = unknown_number();
		if (pointer)
			a->reg.kind = VP_CONFLICT;
	}
	a->whole = a->whole && b->whole;
	a->bytes |= b->bytes;
}

static void grow(struct fe_env *env, struct vp_stack *s, uint32_t n)
{
	struct vp_slot *slots = ARENA_ARRAY(env->cx->arena, struct vp_slot, n);

	for (uint32_t i = 0; i < n; i++) {
		slots[i].reg = unknown_number();
		if (i < s->n)
			slots[i] = s->slots[i];
	}
	s->slots = slots;
	s->n = n;
}

void fe_facts_stack_visit(struct fe_env *env)
{
	const struct fe_frame *f = fe_frame(env);
	struct vp_stack *s;
	struct vp_slot now;

	/* One frame is main's, or that of a callback which runs on its own. */
	if (!env->main_stack || env->cur->n_frames != 1 || f->inst)
		return;
	s = &env->main_stack[env->pc];
	if (s->n < f->n_slots)
		grow(env, s, f->n_slots);
	for (uint32_t i = 0; i < s->n; i++) {
		now = (struct vp_slot){ .reg = unknown_number() };
		if (i < f->n_slots)
			now = slot_of(&f->slots[i]);
		if (env->main_stack_seen[env->pc])
			join_slot(&s->slots[i], &now);
		else
			s->slots[i] = now;
	}
	env->main_stack_seen[env->pc] = true;
}

void fe_facts_stack_finish(struct fe_env *env)
{
	uint32_t n = env->main_stack ? env->prog->subprogs[0].end : 0;

	for (uint32_t pc = 0; pc < n; pc++) {
		struct vp_stack *s = &env->main_stack[pc];
		uint64_t live = env->main_stack_seen[pc] ? fe_stack_live(env, 0, pc, 0) : 0;

		for (uint32_t i = 0; i < s->n && i < SLOTS; i++)
			s->slots[i].live = live >> i & 1;
	}
}
