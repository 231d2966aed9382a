/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/contracts/btf_fields.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/state/objects.h"
#include "frontend/verifier/walk/env.h"

/* References to objects of the program's own. One that owns must be given up, by dropping it or by handing it to a
 * list, a tree or a field of a map's value. What points to an object in a list or tree does not own it: the object is
 * there as long as the lock is held that guards the list, since other CPUs may take it out and free it. */

void fe_set_not_owning(const struct fe_env *env, struct fe_reg *r)
{
	r->flags |= FE_NOT_OWNING;
	/* Counted objects are freed after the section of the last who saw them. */
	if (fe_btf_field_named(fe_local_fields(env, r->btf_id), "bpf_refcount"))
		r->flags |= FE_RCU;
}

struct gift {
	const struct fe_env *env;
	uint32_t ref;
};

static void disown(struct fe_reg *r, void *arg)
{
	const struct gift *g = arg;

	if (r->type != FE_LOCAL || r->ref != g->ref)
		return;
	r->ref = 0;
	fe_set_not_owning(g->env, r);
}

bool fe_give_away(struct fe_env *env, uint32_t ref)
{
	struct gift g = { env, ref };

	if (!fe_state_drop_ref(env->walk.cur, ref))
		return FE_REJECT(env, REASON_REF_UNKNOWN);
	fe_state_each_reg(env->walk.cur, disown, &g);
	return true;
}

static void keep_for_section(struct fe_reg *r, void *arg)
{
	if (r->type != FE_LOCAL || !(r->flags & FE_PERCPU) || r->ref != *(const uint32_t *)arg)
		return;
	r->ref = 0;
	r->flags |= FE_RCU;
}

void fe_give_percpu(struct fe_env *env, uint32_t ref)
{
	fe_state_each_reg(env->walk.cur, keep_for_section, &ref);
}

static void drop(struct fe_reg *r, void *arg)
{
	(void)arg;
	if (r->type == FE_LOCAL && (r->flags & FE_NOT_OWNING))
		fe_reg_unknown(r);
}

void fe_drop_not_owning(struct fe_env *env)
{
	fe_state_each_reg(env->walk.cur, drop, NULL);
}
