/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/check/check_call.h"
#include "frontend/verifier/contracts/btf_fields.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/state/objects.h"
#include "frontend/verifier/walk/env.h"

#include <string.h>

/* Lists and trees of objects that the program makes. A root is a field of a map's value or of an object; the lock
 * beside it must be held. Its declaration names the structure and the member that are its nodes (__contains). */

static bool has_variable_part(const struct fe_reg *r)
{
	return !fe_val_is_const(&r->val) || r->val.var.value;
}

/* A map's value, or an object that is owned. */
static bool may_hold_root(const struct fe_reg *r)
{
	if (r->type == FE_MAP_VALUE)
		return !(r->flags & FE_MAYBE_NULL) && fe_val_is_const(&r->val);
	return r->type == FE_LOCAL && !r->flags && r->ref && !has_variable_part(r);
}

static bool is_lock_held(const struct fe_state *s, const struct fe_reg *r)
{
	uint32_t of = r->type == FE_LOCAL ? FE_LOCK_LOCAL : (uint32_t)r->object;

	return s->locked && s->lock_id == r->id && s->lock_map == of;
}

static bool check_root(struct fe_env *env, struct fe_call_args *c, unsigned regno, const char *type)
{
	const struct fe_reg *r = fe_reg(env, regno);
	const struct fe_btf_field *f = may_hold_root(r) ? fe_btf_field_at(env, r, type) : NULL;

	if (env->plan.local.refused)
		return fe_reject_types(env);
	if (!f)
		return fe_no_field(env, c, regno, type);
	if (!is_lock_held(env->walk.cur, r))
		return FE_REJECT(env, REASON_GRAPH_LOCK, c->h->name, type, regno);
	c->local.root = f;
	return true;
}

/* The register points to the node that the root is of. */
static bool is_node(const struct fe_env *env, const struct fe_call_args *c, const struct fe_reg *r,
		    const char *type)
{
	const struct fe_btf_field *root = c->local.root;

	return !has_variable_part(r) && fe_btf_field_at(env, r, type) && r->btf_id == root->to_id &&
	       r->off == (int32_t)root->node_off;
}

static bool reject_node(struct fe_env *env, const struct fe_call_args *c, unsigned regno,
			const char *how, const char *type)
{
	return FE_REJECT(env, REASON_GRAPH_NODE, c->h->name, regno,
			 fe_reg_text(env, fe_reg(env, regno)), how, c->local.root->to, type,
			 c->local.root->node_off);
}

static bool check_new_node(struct fe_env *env, struct fe_call_args *c, unsigned regno,
			   const char *type)
{
	const struct fe_reg *r = fe_reg(env, regno);

	if (r->type != FE_LOCAL || r->flags || !r->ref || !is_node(env, c, r, type))
		return reject_node(env, c, regno, "an owned", type);
	c->local.node_ref = r->ref;
	return true;
}

/* One that may be in the tree: the kernel looks when the program runs. */
static bool check_tree_node(struct fe_env *env, struct fe_call_args *c, unsigned regno)
{
	const struct fe_reg *r = fe_reg(env, regno);

	if (fe_in_graph_callback(env->walk.cur))
		return FE_REJECT(env, REASON_GRAPH_CALLBACK, c->h->name);
	if (r->type != FE_LOCAL || (r->flags & ~(FE_NOT_OWNING | FE_RCU)) ||
	    (!(r->flags & FE_NOT_OWNING) && !r->ref) || !is_node(env, c, r, "bpf_rb_node"))
		return reject_node(env, c, regno, "a", "bpf_rb_node");
	return true;
}

bool fe_check_graph_arg(struct fe_env *env, struct fe_call_args *c, unsigned regno, uint8_t kind)
{
	bool ok;

	switch (kind) {
	case FE_ARG_LIST_HEAD: ok = check_root(env, c, regno, "bpf_list_head"); break;
	case FE_ARG_RB_ROOT: ok = check_root(env, c, regno, "bpf_rb_root"); break;
	case FE_ARG_LIST_NODE: return check_new_node(env, c, regno, "bpf_list_node");
	case FE_ARG_RB_NODE_NEW: return check_new_node(env, c, regno, "bpf_rb_node");
	default: return check_tree_node(env, c, regno);
	}
	if (!ok)
		return false;
	c->local.type = c->local.root->to_id;
	c->local.off = c->local.root->node_off;
	return true;
}

/* ---- the function that compares two nodes -------------------------------------------------------- */

void fe_graph_callback_args(struct fe_env *env, const struct fe_call_args *c, struct fe_frame *f)
{
	for (unsigned regno = BPF_REG_1; regno <= BPF_REG_2; regno++) {
		struct fe_reg *r = &f->regs[regno];

		fe_reg_pointer(r, FE_LOCAL, -1);
		r->btf_id = c->local.type;
		r->off = (int32_t)c->local.off;
		fe_set_not_owning(env, r);
	}
}

bool fe_in_graph_callback(const struct fe_state *s)
{
	for (uint32_t k = 0; k < s->n_frames; k++) {
		if (s->frames[k]->kind == FE_FRAME_CALLBACK && s->frames[k]->compares)
			return true;
	}
	return false;
}
