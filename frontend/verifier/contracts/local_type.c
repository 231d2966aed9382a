/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/contracts/btf_fields.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/walk/env.h"

#include "base/bits.h"
#include "frontend/verifier/contracts/kernel_type.h"
#include "frontend/verifier/contracts/kfuncs.h"

#include <bpf/btf.h>
#include <string.h>

/* Types of the program's own: the structures of the object file's BTF that have special fields, as the kernel
 * collects them when the BTF is loaded (btf_parse_struct_metas()). A structure counts when one of its own members is
 * special; then fields of nested structures count, too. The kernel refuses a BTF as a whole for one structure
 * that breaks a rule. Loaders go on without BTF then, so that no map has special fields and no object can be made. */

/* Objects that own objects that own … : as many as newer kernels take. */
#define MAX_OWNERS 8u

static const char *const member_structs[] = { "bpf_spin_lock", "bpf_list_head", "bpf_list_node",
					      "bpf_rb_root",   "bpf_rb_node",   "bpf_refcount" };

struct scan {
	struct fe_env *env;
	const struct btf *btf;
	int32_t structs[ARRAY_SIZE(member_structs)]; /* their ids, where there are any */
	uint8_t *depth; /* by type: owners below it, plus 1; 0: not yet known */
};

static void refuse(struct scan *w, uint32_t type, const char *why)
{
	struct fe_local_types *l = &w->env->plan.local;
	const struct btf_type *t = btf__type_by_id(w->btf, type);

	if (l->refused)
		return;
	l->refused = why;
	l->culprit = t ? btf__name_by_offset(w->btf, t->name_off) : "?";
}

static bool is_special(const struct scan *w, uint32_t member_type)
{
	for (size_t i = 0; i < ARRAY_SIZE(w->structs); i++) {
		if (w->structs[i] > 0 && (uint32_t)w->structs[i] == member_type)
			return true;
	}
	return fe_is_kernel_pointer(w->btf, member_type);
}

static bool has_special_member(const struct scan *w, const struct btf_type *t)
{
	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		if (is_special(w, btf_members(t)[i].type))
			return true;
	}
	return false;
}

static void collect(struct scan *w, uint32_t id)
{
	struct fe_btf_fields *s = ARENA_NEW(&w->env->mem, struct fe_btf_fields);

	fe_special_find(s, w->btf, id, FE_IN_OBJECT);
	if (s->refused)
		refuse(w, id, s->refused);
	else if (!s->n)
		refuse(w, id, "a lock, list, tree or node in it is not where the kernel wants it");
	w->env->plan.local.of[id] = s;
}

/* ---- who owns whom ------------------------------------------------------------------------------- */

/* Structure that the field owns objects of; 0: none of the program's own that has special fields. */
static uint32_t owned_by(const struct scan *w, const struct fe_btf_field *f)
{
	if (f->family == FE_SPECIAL_ROOT)
		return f->to_id;
	if ((f->kptr != FE_KPTR_OWNED && f->kptr != FE_KPTR_PERCPU) ||
	    fe_home_of(w->env, f) == FE_HOME_KERNEL)
		return 0;
	return w->env->plan.local.of[f->to_id] ? f->to_id : 0;
}

static bool has_family(const struct fe_btf_fields *s, enum fe_special_family family)
{
	for (unsigned i = 0; i < s->n; i++) {
		if (s->field[i].family == family)
			return true;
	}
	return false;
}

static void check_field(struct scan *w, uint32_t id, const struct fe_btf_field *f)
{
	const struct fe_btf_fields *s = w->env->plan.local.of[id], *owned;

	if (f->kptr == FE_KPTR_OWNED && fe_home_of(w->env, f) == FE_HOME_KERNEL &&
	    !fe_object_type((enum fe_object_kind)f->object)->stored)
		refuse(w, id, "it owns an object that the kernel does not know how to release");
	if (f->family != FE_SPECIAL_ROOT)
		return;
	owned = w->env->plan.local.of[f->to_id];
	if (!owned)
		refuse(w, id, "the nodes of a list or tree in it have no special fields");
	else if (has_family(s, FE_SPECIAL_NODE) && has_family(owned, FE_SPECIAL_ROOT))
		refuse(w, id, "it is a node, and holds nodes that hold nodes");
}

/* Owners below `id`, itself included; more than `left`: too many, or a circle. */
static unsigned count_owners(struct scan *w, uint32_t id, unsigned left)
{
	const struct fe_btf_fields *s = w->env->plan.local.of[id];
	unsigned most = 0;

	if (!left)
		return 1;
	for (unsigned i = 0; !w->depth[id] && i < s->n; i++) {
		uint32_t to = owned_by(w, &s->field[i]);
		unsigned n = to ? count_owners(w, to, left - 1) : 0;

		if (n > left - 1)
			return left + 1;
		most = n > most ? n : most;
	}
	if (!w->depth[id])
		w->depth[id] = (uint8_t)(most + 1);
	return w->depth[id];
}

static void check_structs(struct scan *w)
{
	const struct fe_local_types *l = &w->env->plan.local;

	for (uint32_t id = 1; id < l->n && !l->refused; id++) {
		for (unsigned i = 0; l->of[id] && i < l->of[id]->n; i++)
			check_field(w, id, &l->of[id]->field[i]);
	}
	for (uint32_t id = 1; id < l->n && !l->refused; id++) {
		if (l->of[id] && count_owners(w, id, MAX_OWNERS) > MAX_OWNERS)
			refuse(w, id, "objects own objects in a circle, or too many times over");
	}
}

void fe_local_init(struct fe_env *env)
{
	const struct btf *btf = env->obj->btf;
	struct scan w = { .env = env, .btf = btf };
	struct fe_local_types *l = &env->plan.local;

	*l = (struct fe_local_types){ .n = btf ? btf__type_cnt(btf) : 0 };
	l->of = ARENA_ARRAY(&env->mem, struct fe_btf_fields *, l->n + 1);
	w.depth = ARENA_ARRAY(&env->mem, uint8_t, l->n + 1);
	for (size_t i = 0; btf && i < ARRAY_SIZE(member_structs); i++)
		w.structs[i] = btf__find_by_name_kind(btf, member_structs[i], BTF_KIND_STRUCT);
	for (uint32_t id = 1; id < l->n; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);

		if (btf_is_struct(t) && has_special_member(&w, t))
			collect(&w, id);
	}
	check_structs(&w);
}

/* ---- use ---------------------------------------------------------------------------------------- */

static bool holds_objects(const struct fe_env *env, const struct fe_btf_fields *s)
{
	for (unsigned i = 0; i < s->n; i++) {
		const struct fe_btf_field *f = &s->field[i];

		if (f->family == FE_SPECIAL_ROOT || fe_local_fields(env, f->to_id)->n)
			return true;
	}
	return false;
}

void fe_local_note_map(struct fe_env *env, int32_t map)
{
	const struct fe_map *m = &env->obj->maps[map];

	if (holds_objects(env, &env->plan.special[map]) ||
	    (m->inner >= 0 && (size_t)m->inner < env->obj->n_inner_maps &&
	     holds_objects(env, &env->plan.inner_special[m->inner])))
		env->plan.local.used = true;
}

/* ---- questions ----------------------------------------------------------------------------------- */

const struct fe_btf_fields *fe_local_fields(const struct fe_env *env, uint32_t type)
{
	static const struct fe_btf_fields none;

	return type < env->plan.local.n && env->plan.local.of[type] ? env->plan.local.of[type]
								    : &none;
}

/* The kernel looks for a structure of that name among its own first. Types of modules are not known here. */
enum fe_home fe_home_of(const struct fe_env *env, const struct fe_btf_field *f)
{
	const struct btf *btf;

	if (f->object != FE_OBJ_NONE)
		return FE_HOME_KERNEL;
	btf = fe_kernel_btf(env->cx, env->obj);
	if (!btf)
		return FE_HOME_UNKNOWN;
	return fe_kernel_struct(btf, f->to) ? FE_HOME_KERNEL : FE_HOME_LOCAL;
}

bool fe_reject_types(struct fe_env *env)
{
	return FE_REJECT(env, REASON_BTF_REFUSED, env->plan.local.culprit, env->plan.local.refused);
}
