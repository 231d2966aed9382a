/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/check/check_call.h"
#include "frontend/verifier/domain/address.h"
#include "frontend/verifier/flow/stack_use.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/walk/env.h"
#include "frontend/verifier/walk/walk.h"

#include "base/bits.h"

#include <string.h>

/* Remembered states. A path ends where its state is covered by one that was walked before: every
 * concrete machine of the new state is one of the old state's, so whatever can happen from here
 * was seen, and the joined facts hold for it as well. Covering is true subsumption in everything
 * that later instructions may read (live registers and stack slots), so the facts need no repair.
 *
 * Numbers that made no difference on any path from the old state (precise.c) need not keep states
 * apart. The kernel ends the path there; its verdict stays right, but facts of ours would not hold
 * for the new numbers. So the new state is widened to stand for both (state_merge.c) and walked once more,
 * which no check can mind, and covers the next ones truly.
 *
 * A remembered state with unfinished paths is an ancestor of the current one: meeting exactly the
 * same state again is an infinite loop. */

enum compare {
	COMPARE_COVER,  /* old, fully walked, covers cur in all that is live */
	COMPARE_WITHIN, /* … old is not fully walked: every stack slot counts */
	COMPARE_EXACT,  /* the same state */
};

#define MAX_IDS 1024u

struct id_pairs {
	uint32_t old[MAX_IDS], cur[MAX_IDS];
	unsigned n;
};

struct comparison {
	struct fe_env *env;
	enum compare mode;
	struct id_pairs *ids;
	bool lax;    /* numbers that made no difference in old may differ */
	bool needed; /* the number that is being compared made one */
	bool loose;  /* some number does differ */
};

/* Ids are names: the same object or number must go by one name in each state. */
static bool same_id(struct comparison *c, uint32_t old, uint32_t cur)
{
	struct id_pairs *p = c->ids;

	if (!old != !cur)
		return false;
	if (!old)
		return true;
	for (unsigned i = 0; i < p->n; i++) {
		if (p->old[i] == old)
			return p->cur[i] == cur;
		if (p->cur[i] == cur)
			return false;
	}
	if (p->n == MAX_IDS)
		return false;
	p->old[p->n] = old;
	p->cur[p->n++] = cur;
	return true;
}

static bool same_val(const struct comparison *c, const struct fe_val *old, const struct fe_val *cur)
{
	return c->mode == COMPARE_EXACT ? fe_val_equal(old, cur) : fe_val_covers(old, cur);
}

static bool number_covered(struct comparison *c, const struct fe_reg *old, const struct fe_reg *cur)
{
	if (!same_val(c, &old->val, &cur->val))
		return false;
	/* Numbers that old knows to be equal must be so in cur; cur may know of more. */
	return !old->id ||
	       (old->flags == cur->flags && old->off == cur->off && same_id(c, old->id, cur->id));
}

static bool scalar_covered(struct comparison *c, const struct fe_reg *old, const struct fe_reg *cur)
{
	bool covered = number_covered(c, old, cur);

	if (!fe_same_address(old, cur))
		return false;
	if (covered || !c->lax || c->needed)
		return covered;
	c->loose = true;
	return true;
}

static bool packet_covered(struct comparison *c, const struct fe_reg *old, const struct fe_reg *cur)
{
	if (c->mode == COMPARE_EXACT || old->range < 0 || cur->range < 0) {
		if (old->range != cur->range)
			return false;
	} else if (old->range > cur->range) {
		return false;
	}
	return old->off == cur->off && (!old->id || same_id(c, old->id, cur->id)) &&
	       same_val(c, &old->val, &cur->val);
}

static bool reg_covered(struct comparison *c, const struct fe_reg *old, const struct fe_reg *cur)
{
	if (old->type == FE_NOT_INIT) /* whoever read it on the old path would have been rejected */
		return c->mode != COMPARE_EXACT || cur->type == FE_NOT_INIT;
	if (old->type != cur->type)
		return false;
	if (old->type == FE_SCALAR)
		return scalar_covered(c, old, cur);
	if (old->flags != cur->flags)
		return false;
	if (old->type == FE_MEM
		    ? !same_id(c, (uint32_t)(old->object + 1), (uint32_t)(cur->object + 1))
		    : old->object != cur->object)
		return false;
	if (fe_reg_is_packet(old))
		return packet_covered(c, old, cur);
	if (old->off != cur->off || !same_val(c, &old->val, &cur->val) ||
	    !same_id(c, old->ref, cur->ref))
		return false;
	switch (old->type) {
	case FE_MAP_PTR:
	case FE_MAP_VALUE:
	case FE_MAP_KEY:
		return same_id(c, old->map_uid, cur->map_uid) &&
		       (!old->id || same_id(c, old->id, cur->id));
	case FE_BTF_OBJ:
	case FE_LOCAL:
		return old->btf_id == cur->btf_id && (!old->id || same_id(c, old->id, cur->id));
	case FE_MEM: return old->mem_size == cur->mem_size && same_id(c, old->id, cur->id);
	default: return !old->id || same_id(c, old->id, cur->id);
	}
}

/* The slot's eight bytes as one unbounded number, which is what loads make of misc bytes. */
static bool is_any_scalar(const struct fe_stack_slot *s)
{
	if (fe_slot_spill_bytes(s) == 8)
		return s->spill.type == FE_SCALAR && !s->spill.id && !s->spill.address.k &&
		       fe_val_is_unknown(&s->spill.val);
	for (unsigned i = 0; i < 8; i++) {
		if (s->bytes[i] != FE_BYTE_MISC && s->bytes[i] != FE_BYTE_INVALID)
			return false;
	}
	return true;
}

/* The rounds of an iterator (its `off`) do not count: they may go on. */
static bool object_covered(struct comparison *c, const struct fe_reg *old, const struct fe_reg *cur)
{
	return old->type == cur->type && old->object == cur->object &&
	       (old->type == FE_ITER ? old->iter == cur->iter : old->off == cur->off) &&
	       same_id(c, old->id, cur->id) && same_id(c, old->ref, cur->ref);
}

static bool bytes_covered(const struct comparison *c, const struct fe_stack_slot *old,
			  const struct fe_stack_slot *cur)
{
	for (unsigned i = 0; i < 8; i++) {
		uint8_t o = old->bytes[i], n = cur->bytes[i];

		if (o == n || (c->mode != COMPARE_EXACT && o == FE_BYTE_INVALID))
			continue;
		if (c->mode == COMPARE_EXACT || o != FE_BYTE_MISC || n == FE_BYTE_SPILL ||
		    n == FE_BYTE_ADDRESS)
			return false;
	}
	return true;
}

static bool content_covered(struct comparison *c, const struct fe_stack_slot *old,
			    const struct fe_stack_slot *cur)
{
	static const uint8_t nothing[8];

	if (c->mode != COMPARE_EXACT) {
		if (!memcmp(old->bytes, nothing, sizeof(nothing)))
			return true;
		if (is_any_scalar(old) && fe_slot_has_number(cur))
			return true;
	}
	if (!bytes_covered(c, old, cur))
		return false;
	if (fe_slot_has_object(old))
		return object_covered(c, &old->spill, &cur->spill);
	if (!fe_slot_has_spill(old))
		return true;
	return fe_slot_spill_bytes(old) == fe_slot_spill_bytes(cur) &&
	       reg_covered(c, &old->spill, &cur->spill);
}

static bool slot_covered(struct comparison *c, const struct fe_stack_slot *old,
			 const struct fe_stack_slot *cur)
{
	if (content_covered(c, old, cur))
		return true;
	if (!c->lax || c->needed || !fe_slot_has_number(old) || !fe_slot_has_number(cur))
		return false;
	c->loose = true;
	return true;
}

static bool stack_covered(struct comparison *c, const struct fe_frame *old,
			  const struct fe_frame *cur, uint64_t live)
{
	static const struct fe_stack_slot empty;
	uint32_t n = old->n_slots > cur->n_slots ? old->n_slots : cur->n_slots;

	for (uint32_t i = 0; i < n; i++) {
		const struct fe_stack_slot *o = i < old->n_slots ? &old->slots[i] : &empty;
		const struct fe_stack_slot *s = i < cur->n_slots ? &cur->slots[i] : &empty;

		if (c->mode == COMPARE_COVER && !(live >> i & 1))
			continue;
		c->needed = old->needed_slots >> i & 1;
		if (!slot_covered(c, o, s))
			return false;
	}
	return true;
}

/* Registers of frame `k` that may be read when the walk goes on. A caller gets back R6 to R9; a
 * helper that calls back may do so again, with all its arguments. */
static uint16_t live_regs(const struct fe_env *env, const struct fe_state *s, uint32_t k)
{
	uint32_t call_pc;

	if (k + 1 == s->n_frames)
		return env->cfg.live[env->walk.pc];
	call_pc = s->frames[k + 1]->call_pc;
	if (s->frames[k + 1]->kind == FE_FRAME_CALLBACK)
		return env->cfg.live[call_pc] | env->cfg.live[fe_cfg_next(&env->cfg, call_pc)];
	return env->cfg.live[fe_cfg_next(&env->cfg, call_pc)] & 0x03c0;
}

/* While a loop is open that paths were cut short against, not all reads are noted yet. */
static uint64_t live_slots(struct fe_env *env, uint32_t k)
{
	if (env->walk.open_loops)
		return UINT64_MAX;
	return fe_stack_live(env, fe_frame(env)->inst, env->walk.pc, k);
}

static bool frame_covered(struct comparison *c, const struct fe_state *os,
			  const struct fe_state *cs, uint32_t k)
{
	const struct fe_frame *old = os->frames[k], *cur = cs->frames[k];
	uint16_t live = live_regs(c->env, cs, k);

	if (old->inst != cur->inst || old->call_pc != cur->call_pc || old->kind != cur->kind ||
	    old->helper != cur->helper || old->ret_min != cur->ret_min ||
	    old->ret_max != cur->ret_max || old->rounds > cur->rounds)
		return false;
	for (unsigned r = 0; r < 10; r++) {
		c->needed = old->needed_regs >> r & 1;
		if ((live >> r & 1) && !reg_covered(c, &old->regs[r], &cur->regs[r]))
			return false;
	}
	return stack_covered(c, old, cur,
			     c->mode == COMPARE_COVER ? live_slots(c->env, k) : UINT64_MAX);
}

static bool refs_match(struct comparison *c, const struct fe_state *old, const struct fe_state *cur)
{
	if (old->n_refs != cur->n_refs || old->locked != cur->locked || old->rcu != cur->rcu ||
	    old->preempts != cur->preempts)
		return false;
	for (uint32_t i = 0; i < old->n_refs; i++) {
		if (!same_id(c, old->refs[i].id, cur->refs[i].id))
			return false;
	}
	return !old->locked ||
	       (old->lock_map == cur->lock_map && same_id(c, old->lock_id, cur->lock_id));
}

static bool compare(struct comparison *c, const struct fe_state *old)
{
	struct fe_env *env = c->env;

	if (old->n_frames != env->walk.cur->n_frames)
		return false;
	env->walk.ids->n = 0;
	for (uint32_t k = old->n_frames; k-- > 0;) {
		if (!frame_covered(c, old, env->walk.cur, k))
			return false;
	}
	return refs_match(c, old, env->walk.cur);
}

static bool covered(struct fe_env *env, const struct fe_state *old, enum compare mode)
{
	struct comparison c = { .env = env, .mode = mode, .ids = env->walk.ids };

	return compare(&c, old);
}

/* … or only but for numbers that made no difference: `loose`. */
static bool covered_where_needed(struct fe_env *env, const struct fe_state *old, bool lax,
				 bool *loose)
{
	struct comparison c = {
		.env = env, .mode = COMPARE_COVER, .ids = env->walk.ids, .lax = lax
	};
	bool ok = compare(&c, old);

	*loose = c.loose;
	return ok;
}

/* ---- single names ------------------------------------------------------------------------------ */

struct id_count {
	struct id_pairs *seen; /* old: id, cur: times */
};

static void count_id(struct fe_reg *r, void *arg)
{
	struct id_pairs *p = ((struct id_count *)arg)->seen;

	if (r->type != FE_SCALAR || !r->id)
		return;
	for (unsigned i = 0; i < p->n; i++) {
		if (p->old[i] == r->id) {
			p->cur[i]++;
			return;
		}
	}
	if (p->n < MAX_IDS) {
		p->old[p->n] = r->id;
		p->cur[p->n++] = 1;
	}
}

static void drop_single_id(struct fe_reg *r, void *arg)
{
	const struct id_pairs *p = ((struct id_count *)arg)->seen;

	if (r->type != FE_SCALAR || !r->id)
		return;
	for (unsigned i = 0; i < p->n; i++) {
		if (p->old[i] == r->id && p->cur[i] == 1)
			fe_reg_unlink(r);
	}
}

/* A number with one copy left needs no name, which only keeps states apart. */
static void drop_single_ids(struct fe_env *env)
{
	struct id_count c = { env->walk.ids };

	env->walk.ids->n = 0;
	fe_state_each_reg(env->walk.cur, count_id, &c);
	if (env->walk.ids->n)
		fe_state_each_reg(env->walk.cur, drop_single_id, &c);
}

/* ---- remembering ------------------------------------------------------------------------------- */

/* Gives the storage back once nothing can refer to the state. */
static void free_if_done(struct fe_env *env, struct fe_state *s)
{
	if (s->dropped && !s->branches)
		fe_state_free(&env->walk.pool, s);
}

void fe_branch_done(struct fe_env *env, struct fe_state *s)
{
	struct fe_state *up = s->parent, *next;

	for (; up; up = next) {
		next = up->parent;
		if (--up->branches)
			return;
		if (up->loop_head)
			env->walk.open_loops--;
		free_if_done(env, up);
	}
}

static void remember(struct fe_env *env)
{
	struct fe_state *s = fe_state_new(&env->walk.pool);

	fe_state_copy(&env->walk.pool, s, env->walk.cur);
	s->pc = env->walk.pc;
	s->branches = 1;
	s->hits = s->misses = 0;
	s->n_steps = env->walk.steps.len;
	s->dropped = s->loop_head = false;
	env->walk.cur->joins = 0;
	s->next = env->walk.remembered[env->walk.pc];
	env->walk.remembered[env->walk.pc] = s;
	env->walk.cur->parent = s;
	env->totals.n_states++;
	env->walk.crowd[env->walk.pc]++;
	env->totals.jumps_at_state = env->totals.jumps;
	env->totals.processed_at_state = env->totals.processed;
}

static bool may_be_looping(const struct fe_state *old, const struct fe_state *cur)
{
	return old->n_frames == cur->n_frames &&
	       !memcmp(fe_top(old)->regs, fe_top(cur)->regs, sizeof(fe_top(old)->regs));
}

/* A loop that ends when run may have gone round between the two. */
static bool is_next_round(struct fe_env *env, const struct fe_state *old)
{
	if (env->prog->insns[env->walk.pc].code == EBPF_MAY_GOTO)
		return old->rounds != env->walk.cur->rounds;
	return !fe_iter_is_next(env, env->walk.pc) || fe_iter_goes_on(env);
}

/* An unfinished ancestor at the same place: an infinite loop, or a next round. */
static enum fe_visit compare_ancestor(struct fe_env *env, struct fe_state *old, bool *add)
{
	if (env->cfg.flags[env->walk.pc] & FE_CFG_FORCE) {
		if (!is_next_round(env, old) || !covered(env, old, COMPARE_WITHIN))
			return FE_VISIT_GO_ON;
		if (!old->loop_head)
			env->walk.open_loops++;
		old->loop_head = true;
		fe_need_as(env, old);
		return FE_VISIT_COVERED;
	}
	/* In a round the same state may come again: they are bounded when run. */
	if (old->rounds == env->walk.cur->rounds && may_be_looping(old, env->walk.cur) &&
	    !fe_iter_rounds_differ(old, env->walk.cur) && covered(env, old, COMPARE_EXACT)) {
		FE_REJECT(env, REASON_INFINITE_LOOP);
		return FE_VISIT_FAILED;
	}
	/* Rounds of a loop differ: remembering each would only cost. */
	if (env->totals.jumps - env->totals.jumps_at_state < 20 &&
	    env->totals.processed - env->totals.processed_at_state < 100)
		*add = false;
	return FE_VISIT_GO_ON;
}

/* `*like`: the newest state that covers the current one but for numbers that made no difference. */
static enum fe_visit compare_all(struct fe_env *env, bool *add, struct fe_state **like)
{
	bool lax = env->walk.crowd[env->walk.pc] >= FE_CROWD && !env->totals.strict, loose;
	struct fe_state **link = &env->walk.remembered[env->walk.pc], *old;

	while ((old = *link)) {
		if (old->branches) {
			enum fe_visit v = compare_ancestor(env, old, add);

			if (v != FE_VISIT_GO_ON)
				return v;
		} else if (covered_where_needed(env, old, lax && !*like, &loose)) {
			old->hits++;
			if (!loose) {
				fe_need_as(env, old);
				return FE_VISIT_COVERED;
			}
			*like = old;
		}
		if (*add && old != *like)
			old->misses++;
		if (old->misses > old->hits * 3 + 3) { /* it does not pay to keep */
			*link = old->next;
			old->dropped = true;
			free_if_done(env, old);
			continue;
		}
		link = &old->next;
	}
	return FE_VISIT_GO_ON;
}

/* Widens the current state to stand for `old`, too, which covers it but for numbers. */
static void join_states(struct fe_env *env, const struct fe_state *old)
{
	for (uint32_t k = 0; k < env->walk.cur->n_frames; k++)
		fe_join_frame(old->frames[k], env->walk.cur->frames[k],
			      live_regs(env, env->walk.cur, k), live_slots(env, k), old->joins);
	env->walk.cur->joins = old->joins + 1;
	env->totals.joined = true;
}

enum fe_visit fe_visit(struct fe_env *env)
{
	bool forced = env->cfg.flags[env->walk.pc] & FE_CFG_FORCE;
	bool add = forced || (env->totals.jumps != env->totals.jumps_at_state &&
			      env->totals.processed - env->totals.processed_at_state >= 8);
	struct fe_state *like = NULL;
	enum fe_visit v;

	drop_single_ids(env);
	v = compare_all(env, &add, &like);
	if (v != FE_VISIT_GO_ON)
		return v;
	if (like)
		join_states(env, like);
	if (like || add || forced)
		remember(env);
	return v;
}

void fe_prune_init(struct fe_env *env)
{
	env->walk.remembered = ARENA_ARRAY(&env->mem, struct fe_state *, env->prog->n_insns);
	env->walk.ids = ARENA_NEW(&env->mem, struct id_pairs);
	env->walk.crowd = ARENA_ARRAY(&env->mem, uint32_t, env->prog->n_insns);
}
