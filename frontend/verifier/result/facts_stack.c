/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/flow/stack_use.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/walk/env.h"

#include <string.h>

/* What main's stack holds before each of its instructions, joined over all states: what a program
 * that is to go on elsewhere has to take along. Only on request: it is much, and few need it. */

#define SLOTS 64u

void fe_facts_stack_init(struct fe_env *env)
{
	uint32_t n = env->prog->subprogs[0].end;

	if (!env->opts.main_stack)
		return;
	env->facts.main_stack = ARENA_ARRAY(env->cx->arena, struct vp_stack, n);
	env->facts.main_stack_seen = ARENA_ARRAY(&env->mem, bool, n);
}

static struct vp_reg unknown_scalar(void)
{
	struct fe_reg r = { .type = FE_NOT_INIT };

	fe_reg_unknown(&r);
	return fe_fact_of(&r);
}

static uint8_t written_bytes(const struct fe_stack_slot *s)
{
	uint8_t bytes = 0;

	for (unsigned b = 0; b < 8; b++)
		bytes |= (uint8_t)((s->bytes[b] != FE_BYTE_INVALID) << b);
	return bytes;
}

static bool is_whole(const struct fe_stack_slot *s)
{
	static const uint8_t all[8] = {
		FE_BYTE_SPILL, FE_BYTE_SPILL, FE_BYTE_SPILL, FE_BYTE_SPILL,
		FE_BYTE_SPILL, FE_BYTE_SPILL, FE_BYTE_SPILL, FE_BYTE_SPILL
	};

	return !memcmp(s->bytes, all, sizeof(all));
}

static struct vp_slot slot_of(const struct fe_stack_slot *s)
{
	struct vp_slot v = { .whole = is_whole(s), .bytes = written_bytes(s) };

	v.reg = v.whole ? fe_fact_of(&s->spill) : unknown_scalar();
	if (!v.whole && fe_slot_has_address(s))
		v.reg.kind = VP_ADDRESS;
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
		a->reg = unknown_scalar();
		if (pointer)
			a->reg.kind = VP_CONFLICT;
	}
	a->whole = a->whole && b->whole;
	a->bytes |= b->bytes;
}

/* The join stays what it is: every slot of every state comes by here, and nearly all add nothing. */
static bool adds_nothing(const struct vp_slot *a, const struct fe_stack_slot *s)
{
	if (a->reg.kind == VP_CONFLICT)
		return true;
	if (is_whole(s))
		return a->whole && fe_fact_covers(&a->reg, &s->spill);
	return !a->whole && !fe_slot_has_object(s) && !fe_slot_has_address(s);
}

static void visit_slot(struct vp_slot *a, const struct fe_stack_slot *s, bool first)
{
	struct vp_slot now;

	if (first) {
		*a = slot_of(s);
	} else if (adds_nothing(a, s)) {
		if (a->bytes != 0xff)
			a->bytes |= written_bytes(s);
	} else {
		now = slot_of(s);
		join_slot(a, &now);
	}
}

static void grow(struct fe_env *env, struct vp_stack *s, uint32_t n)
{
	struct vp_slot *slots = ARENA_ARRAY(env->cx->arena, struct vp_slot, n);

	for (uint32_t i = 0; i < n; i++) {
		slots[i].reg = unknown_scalar();
		if (i < s->n)
			slots[i] = s->slots[i];
	}
	s->slots = slots;
	s->n = n;
}

/* No path comes here but from the instruction before, which leaves the stack as it was. */
static bool has_stack_of_previous(const struct fe_env *env, uint32_t pc)
{
	const struct bpf_insn *before;

	if (pc == 0 || env->cfg.flags[pc] & FE_CFG_PRUNE)
		return false;
	before = &env->prog->insns[pc - 1];
	if (env->cfg.flags[pc - 1] & FE_CFG_SECOND_HALF)
		before--;
	return ebpf_is_alu(before) || ebpf_is_ld_imm64(before) || ebpf_class(before) == BPF_LDX;
}

void fe_facts_stack_visit(struct fe_env *env)
{
	static const struct fe_stack_slot empty;
	const struct fe_frame *f = fe_frame(env);
	struct vp_stack *s;

	/* One frame is main's, or that of a callback which runs on its own. */
	if (!env->facts.main_stack || env->walk.cur->n_frames != 1 || f->inst ||
	    has_stack_of_previous(env, env->walk.pc))
		return;
	s = &env->facts.main_stack[env->walk.pc];
	if (s->n < f->n_slots)
		grow(env, s, f->n_slots);
	for (uint32_t i = 0; i < s->n; i++)
		visit_slot(&s->slots[i], i < f->n_slots ? &f->slots[i] : &empty,
			   !env->facts.main_stack_seen[env->walk.pc]);
	env->facts.main_stack_seen[env->walk.pc] = true;
}

static void take_from_previous(struct fe_env *env, uint32_t pc)
{
	uint32_t previous = pc - (env->cfg.flags[pc - 1] & FE_CFG_SECOND_HALF ? 2 : 1);
	const struct vp_stack *from = &env->facts.main_stack[previous];
	struct vp_stack *s = &env->facts.main_stack[pc];

	s->slots = arena_dup(env->cx->arena, from->slots, from->n * sizeof(*from->slots));
	s->n = from->n;
	env->facts.main_stack_seen[pc] = env->facts.main_stack_seen[previous];
}

void fe_facts_stack_finish(struct fe_env *env)
{
	const struct vp_fact *facts = env->facts.inst.at[0].pub.facts;
	uint32_t n = env->facts.main_stack ? env->prog->subprogs[0].end : 0;

	for (uint32_t pc = 0; pc < n; pc++) {
		struct vp_stack *s = &env->facts.main_stack[pc];
		uint64_t live;

		if (facts[pc].seen && has_stack_of_previous(env, pc))
			take_from_previous(env, pc);
		live = env->facts.main_stack_seen[pc] ? fe_stack_live(env, 0, pc, 0) : 0;
		for (uint32_t i = 0; i < s->n && i < SLOTS; i++)
			s->slots[i].live = live >> i & 1;
	}
}
