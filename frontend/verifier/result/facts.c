/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/walk/env.h"

#include "base/bits.h"

#include <string.h>

/* What vprog.h promises: per instance and instruction the join of all states seen before it. Only
 * live registers are kept: paths end where a remembered state covers what is live (prune.c), so
 * nothing is known of dead ones. */

#define FACT_REGS (BPF_REG_10 + 1u)

static const uint8_t kinds[FE_TYPE_COUNT] = {
	[FE_NOT_INIT] = VP_NOT_INIT, [FE_SCALAR] = VP_SCALAR,   [FE_CTX] = VP_CTX,
	[FE_STACK] = VP_STACK,       [FE_PKT] = VP_PKT,         [FE_PKT_META] = VP_PKT_META,
	[FE_PKT_END] = VP_PKT_END,   [FE_MAP_PTR] = VP_MAP_PTR, [FE_MAP_VALUE] = VP_MAP_VALUE,
	[FE_MAP_KEY] = VP_MAP_KEY,   [FE_MEM] = VP_MEM,         [FE_FUNC] = VP_FUNC,
	[FE_SOCK_COMMON] = VP_OTHER, [FE_SOCKET] = VP_OTHER,    [FE_TCP_SOCK] = VP_OTHER,
	[FE_XDP_SOCK] = VP_OTHER,    [FE_BTF_OBJ] = VP_OTHER,   [FE_DYNPTR] = VP_OTHER,
	[FE_ITER] = VP_OTHER,        [FE_LOCAL] = VP_OTHER,
};

static uint8_t kind_of(const struct fe_reg *r)
{
	uint8_t kind = r->type == FE_SCALAR && r->address.k ? VP_ADDRESS : kinds[r->type];

	if (!(r->flags & FE_MAYBE_NULL))
		return kind;
	if (kind == VP_MAP_VALUE)
		return VP_MAP_VALUE_OR_NULL;
	return kind == VP_MEM ? VP_MEM_OR_NULL : VP_OTHER;
}

static int64_t add_saturating(int64_t a, int64_t b)
{
	int64_t sum;

	if (!__builtin_add_overflow(a, b, &sum))
		return sum;
	return b < 0 ? INT64_MIN : INT64_MAX;
}

static int16_t object_of(const struct fe_reg *r)
{
	return r->flags & FE_INNER_MAP || r->type == FE_MEM || r->object > INT16_MAX
		       ? -1
		       : (int16_t)r->object;
}

static uint32_t range_of(const struct fe_reg *r)
{
	return fe_reg_is_packet(r) && r->range > r->off ? (uint32_t)(r->range - r->off) : 0;
}

struct vp_reg fe_fact_of(const struct fe_reg *r)
{
	struct vp_reg v = {
		.kind = kind_of(r),
		.object = object_of(r),
		.off = r->off,
		.var = r->val.var,
		.smin = r->val.smin,
		.smax = r->val.smax,
		.umin = r->val.umin,
		.umax = r->val.umax,
		.s32_min = r->val.s32_min,
		.s32_max = r->val.s32_max,
		.u32_min = r->val.u32_min,
		.u32_max = r->val.u32_max,
	};

	if (v.kind == VP_SCALAR || v.kind == VP_ADDRESS || v.kind == VP_NOT_INIT)
		return v;
	v.min_off = add_saturating(r->val.smin, r->off);
	v.max_off = add_saturating(r->val.smax, r->off);
	v.range = range_of(r);
	return v;
}

static void join_numbers(struct vp_reg *a, const struct vp_reg *b)
{
	a->var = fe_tnum_join(a->var, b->var);
	a->smin = b->smin < a->smin ? b->smin : a->smin;
	a->smax = b->smax > a->smax ? b->smax : a->smax;
	a->umin = b->umin < a->umin ? b->umin : a->umin;
	a->umax = b->umax > a->umax ? b->umax : a->umax;
	a->s32_min = b->s32_min < a->s32_min ? b->s32_min : a->s32_min;
	a->s32_max = b->s32_max > a->s32_max ? b->s32_max : a->s32_max;
	a->u32_min = b->u32_min < a->u32_min ? b->u32_min : a->u32_min;
	a->u32_max = b->u32_max > a->u32_max ? b->u32_max : a->u32_max;
}

static bool is_null_fact(const struct vp_reg *r)
{
	return r->kind == VP_SCALAR && !r->var.mask && !r->var.value;
}

/* One of them is a number made of a packet pointer. */
static uint8_t join_address(uint8_t a, uint8_t b)
{
	static const uint8_t at_least[] = {
		[VP_SCALAR] = VP_ADDRESS,
		[VP_ADDRESS] = VP_ADDRESS,
		[VP_PKT] = VP_PKT_OR_ADDRESS,
		[VP_PKT_META] = VP_PKT_OR_ADDRESS,
		[VP_PKT_END] = VP_PKT_OR_ADDRESS,
		[VP_PKT_OR_ADDRESS] = VP_PKT_OR_ADDRESS,
		[VP_CONFLICT] = 0,
	};

	if (!at_least[a] || !at_least[b])
		return VP_CONFLICT;
	return at_least[a] == VP_ADDRESS ? at_least[b] : at_least[a];
}

/* Kind that covers both; a map value or null on either side makes "map value or null". */
static uint8_t join_kind(const struct vp_reg *a, const struct vp_reg *b)
{
	bool a_value = a->kind == VP_MAP_VALUE || a->kind == VP_MAP_VALUE_OR_NULL;
	bool b_value = b->kind == VP_MAP_VALUE || b->kind == VP_MAP_VALUE_OR_NULL;
	bool a_mem = a->kind == VP_MEM || a->kind == VP_MEM_OR_NULL;
	bool b_mem = b->kind == VP_MEM || b->kind == VP_MEM_OR_NULL;

	if (a->kind == b->kind)
		return a->kind;
	if (a->kind == VP_NOT_INIT || b->kind == VP_NOT_INIT)
		return VP_NOT_INIT;
	if ((a_value && b_value) || (a_value && is_null_fact(b)) || (b_value && is_null_fact(a)))
		return VP_MAP_VALUE_OR_NULL;
	if ((a_mem && b_mem) || (a_mem && is_null_fact(b)) || (b_mem && is_null_fact(a)))
		return VP_MEM_OR_NULL;
	if (a->kind == VP_ADDRESS || b->kind == VP_ADDRESS || a->kind == VP_PKT_OR_ADDRESS ||
	    b->kind == VP_PKT_OR_ADDRESS)
		return join_address(a->kind, b->kind);
	return VP_CONFLICT;
}

/* Null adds nothing to what is known of a pointer of this kind. */
static bool takes_null(uint8_t kind)
{
	return kind != VP_SCALAR && kind != VP_CONFLICT && kind != VP_ADDRESS &&
	       kind != VP_PKT_OR_ADDRESS;
}

void fe_fact_join(struct vp_reg *a, const struct vp_reg *b)
{
	uint8_t kind;

	if (!memcmp(a, b, sizeof(*a)))
		return;
	kind = join_kind(a, b);
	if (is_null_fact(a) && takes_null(kind)) {
		*a = *b; /* null adds nothing to what is known of the pointer */
	} else if (!(is_null_fact(b) && takes_null(kind))) {
		if (a->object != b->object)
			a->object = -1;
		if (kind != VP_SCALAR && a->off != b->off)
			a->off_varies = true;
		a->off_varies |= b->off_varies;
		a->min_off = b->min_off < a->min_off ? b->min_off : a->min_off;
		a->max_off = b->max_off > a->max_off ? b->max_off : a->max_off;
		a->range = b->range < a->range ? b->range : a->range;
		join_numbers(a, b);
	}
	a->kind = kind;
}

static bool covers_numbers(const struct vp_reg *a, const struct fe_val *v)
{
	return !(v->var.mask & ~a->var.mask) && !((v->var.value ^ a->var.value) & ~a->var.mask) &&
	       v->smin >= a->smin && v->smax <= a->smax && v->umin >= a->umin &&
	       v->umax <= a->umax && v->s32_min >= a->s32_min && v->s32_max <= a->s32_max &&
	       v->u32_min >= a->u32_min && v->u32_max <= a->u32_max;
}

bool fe_fact_covers(const struct vp_reg *a, const struct fe_reg *r)
{
	if (a->kind != kind_of(r) || !covers_numbers(a, &r->val))
		return false;
	if (a->kind == VP_SCALAR || a->kind == VP_ADDRESS || a->kind == VP_NOT_INIT)
		return true;
	return (a->object == -1 || a->object == object_of(r)) &&
	       (a->off_varies || a->off == r->off) &&
	       add_saturating(r->val.smin, r->off) >= a->min_off &&
	       add_saturating(r->val.smax, r->off) <= a->max_off && range_of(r) >= a->range;
}

static struct vp_fact *current_fact(const struct fe_env *env)
{
	const struct vp_instance *in = &env->facts.inst.at[fe_frame(env)->inst].pub;

	return &in->facts[env->walk.pc - env->prog->subprogs[in->subprog].start];
}

void fe_facts_visit(struct fe_env *env)
{
	struct vp_fact *fact = current_fact(env);
	uint16_t live = (uint16_t)(env->cfg.live[env->walk.pc] | 1u << BPF_REG_10);

	if (env->opts.verdict_only)
		live = 0;
	else if (!fact->seen)
		fact->regs = ARENA_ARRAY(env->cx->arena, struct vp_reg, FACT_REGS);
	for (unsigned r = 0; r < FACT_REGS; r++) {
		const struct fe_reg *reg = &fe_frame(env)->regs[r];
		struct vp_reg now;

		if (!(live >> r & 1) || (fact->seen && fe_fact_covers(&fact->regs[r], reg)))
			continue;
		now = fe_fact_of(reg);
		if (fact->seen)
			fe_fact_join(&fact->regs[r], &now);
		else
			fact->regs[r] = now;
	}
	fact->seen = true;
	fe_facts_stack_visit(env);
}

void fe_facts_branch(struct fe_env *env, bool taken, bool not_taken)
{
	struct vp_fact *fact = current_fact(env);

	/* While walking, `branch` counts: 0 nothing seen, 1 taken, 2 not taken, 3 both. */
	fact->branch |= (uint8_t)((taken ? 1 : 0) | (not_taken ? 2 : 0));
}

static uint8_t branch_outcome(const struct vp_fact *fact)
{
	switch (fact->branch) {
	case 1: return VP_BRANCH_ALWAYS;
	case 2: return VP_BRANCH_NEVER;
	default: return VP_BRANCH_BOTH;
	}
}

void fe_facts_packet_changes(struct fe_env *env)
{
	current_fact(env)->packet_changes = true;
}

void fe_facts_address(struct fe_env *env, uint8_t kind)
{
	current_fact(env)->address = kind;
}

static uint32_t add_instance(struct fe_env *env, uint32_t subprog, int32_t parent, uint32_t depth)
{
	const struct fe_subprog *sp = &env->prog->subprogs[subprog];
	uint32_t n = sp->end - sp->start;
	struct fe_inst *in = vec_push(&env->facts.inst, &env->mem);

	in->pub = (struct vp_instance){
		.subprog = subprog,
		.parent = parent,
		.call_pc = env->walk.pc,
		.depth = depth,
		.facts = ARENA_ARRAY(env->cx->arena, struct vp_fact, n),
	};
	for (uint32_t i = 0; i < n; i++)
		in->pub.facts[i] = (struct vp_fact){ .child = -1,
						     .callback = -1,
						     .regs = env->facts.nothing_known };
	in->read = ARENA_ARRAY(&env->mem, uint64_t, (size_t)n * (depth + 1));
	in->killed = ARENA_ARRAY(&env->mem, uint64_t, (size_t)n * (depth + 1));
	in->live = ARENA_ARRAY(&env->mem, uint64_t, (size_t)n * (depth + 1));
	in->stack_seen = ARENA_ARRAY(&env->mem, bool, n);
	env->facts.instance_insns += n;
	return (uint32_t)(env->facts.inst.len - 1);
}

void fe_facts_init(struct fe_env *env)
{
	env->facts.nothing_known = ARENA_ARRAY(env->cx->arena, struct vp_reg, FACT_REGS);
	env->facts.shared_inst = ARENA_ARRAY(&env->mem, int32_t, env->prog->n_subprogs);
	for (size_t i = 0; i < env->prog->n_subprogs; i++)
		env->facts.shared_inst[i] = -1;
	add_instance(env, env->root, -1, 0);
	fe_facts_stack_init(env);
}

/* The instance that all further callers of a subprogram share. */
static uint32_t shared_instance(struct fe_env *env, uint32_t subprog, uint32_t parent)
{
	uint32_t depth = env->facts.inst.at[parent].pub.depth + 1;

	if (env->facts.shared_inst[subprog] < 0) /* the first caller, and perhaps the only one */
		env->facts.shared_inst[subprog] =
			(int32_t)add_instance(env, subprog, (int32_t)parent, depth);
	else
		env->stack_live.off = true;
	return (uint32_t)env->facts.shared_inst[subprog];
}

uint32_t fe_facts_child(struct fe_env *env, uint32_t subprog, enum fe_frame_kind kind)
{
	bool callback = kind != FE_FRAME_CALL;
	const struct fe_subprog *sp = &env->prog->subprogs[subprog];
	struct vp_fact *fact = current_fact(env);
	uint32_t parent = fe_frame(env)->inst, child;
	int32_t *link = callback ? &fact->callback : &fact->child;

	if (*link >= 0 && env->facts.inst.at[*link].pub.subprog == subprog)
		return (uint32_t)*link;
	/* A second callback of one call (another function on another path) is shared, too; which of
	 * them the call enters is not known any more. */
	env->stack_live.off |= *link >= 0;
	if (*link >= 0 || env->facts.instance_insns + (sp->end - sp->start) > VP_MAX_INSTANCE_INSNS)
		child = shared_instance(env, subprog, parent);
	else
		child = add_instance(
			env, subprog, (int32_t)parent,
			kind == FE_FRAME_ASYNC ? 0 : env->facts.inst.at[parent].pub.depth + 1);
	env->facts.inst.at[child].callback = callback;
	*link = (int32_t)child;
	return child;
}

static void finish_instance(const struct fe_env *env, struct vp_instance *in)
{
	const struct fe_subprog *sp = &env->prog->subprogs[in->subprog];

	for (uint32_t i = sp->start; i < sp->end; i++) {
		struct vp_fact *fact = &in->facts[i - sp->start];

		fact->branch = branch_outcome(fact);
		fact->zext_needed = env->cfg.zext_needed[i];
	}
	in->stack_bytes = (uint32_t)bits_round_up(in->stack_bytes, 8);
}

void fe_facts_finish(struct fe_env *env, struct vprog *vp)
{
	struct vp_instance *all =
		ARENA_ARRAY(env->cx->arena, struct vp_instance, env->facts.inst.len);

	for (size_t i = 0; i < env->facts.inst.len; i++) {
		all[i] = env->facts.inst.at[i].pub;
		finish_instance(env, &all[i]);
	}
	fe_facts_stack_finish(env);
	*vp = (struct vprog){
		.obj = env->obj,
		.prog = env->prog,
		.inst = all,
		.n_inst = env->facts.inst.len,
		.max_pkt_off = env->facts.max_pkt_off,
		.insns_processed = env->totals.processed,
		.states_total = env->totals.n_states,
		.reads_unwritten = env->totals.warned_uninit,
		.main_stack = env->facts.main_stack,
		.local_objects = env->plan.local.used,
	};
}
