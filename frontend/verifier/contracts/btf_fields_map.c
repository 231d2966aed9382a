/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/contracts/btf_fields.h"
#include "frontend/verifier/walk/env.h"

#include "base/bits.h"

#include <bpf/btf.h>
#include <linux/bpf.h>
#include <string.h>

/* Which maps may have special fields in their values. Where the kernel refuses a map's BTF because of them, the
 * loader makes the map once more without BTF: the fields are then plain bytes, and what needs one is rejected. */

enum { BPF_MAP_TYPE_CGRP_STORAGE = 32 }; /* newer than Debian 12's headers */

static const struct {
	enum fe_special_family family;
	uint32_t map_type;
} holders[] = {
#define SPECIAL(name, size, align, limit, family, where)
#define HOLDS(family, map_type) { FE_SPECIAL_##family, BPF_MAP_TYPE_##map_type },
#include "frontend/verifier/contracts/btf_fields.def"
#undef SPECIAL
#undef HOLDS
};

static bool holds(uint32_t map_type, enum fe_special_family family)
{
	for (size_t i = 0; i < ARRAY_SIZE(holders); i++) {
		if (holders[i].family == family && holders[i].map_type == map_type)
			return true;
	}
	return false;
}

static bool is_u32(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	for (unsigned n = 0; t && n < 32 && (btf_is_mod(t) || btf_is_typedef(t)); n++)
		t = btf__type_by_id(btf, t->type);
	return t && btf_is_int(t) && btf_int_bits(t) == 32 && !btf_int_offset(t);
}

/* Arrays and storages take whole numbers of 32 bits only; nothing here takes a key without a type. */
static bool key_is_fine(const struct fe_map *m, const struct btf *btf)
{
	if (m->kind != FE_MAP_USER)
		return true; /* a data section */
	if (!m->btf_key_id || btf__resolve_size(btf, m->btf_key_id) != (int64_t)m->key_size)
		return false;
	switch (m->type) {
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_SK_STORAGE:
	case BPF_MAP_TYPE_INODE_STORAGE:
	case BPF_MAP_TYPE_TASK_STORAGE:
	case BPF_MAP_TYPE_CGRP_STORAGE: return is_u32(btf, m->btf_key_id);
	default: return true;
	}
}

/* NULL: the map may have the fields that its value has. */
static const char *why_not(const struct fe_btf_fields *s, const struct fe_map *m,
			   const struct btf *btf)
{
	bool user = m->kind == FE_MAP_USER;

	for (unsigned i = 0; i < s->n; i++) {
		if (!holds(m->type, s->field[i].family))
			return "a map of this type cannot hold all such fields of its value";
	}
	if (!s->n)
		return NULL;
	if (!key_is_fine(m, btf))
		return "its key has no type, or the wrong one (arrays: __u32)";
	if ((m->flags & (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG)) || m->kind == FE_MAP_RODATA ||
	    m->kind == FE_MAP_KCONFIG)
		return "programs may not both read and write it";
	if (user && btf__resolve_size(btf, m->btf_value_id) != (int64_t)m->value_size)
		return "its value size differs from the size of the value's type";
	return NULL;
}

static void find_fields(const struct fe_env *env, const struct fe_map *m, struct fe_btf_fields *s)
{
	const struct fe_object *obj = env->obj;
	const char *why;

	if (env->plan.local.refused) {
		s->refused = "the kernel refuses the object's types";
		return;
	}
	if (!obj->btf || !m->btf_value_id) {
		s->refused = "the object has no BTF for its value";
		return;
	}
	fe_special_find(s, obj->btf, m->btf_value_id, FE_IN_VALUE);
	why = why_not(s, m, obj->btf);
	if (!why)
		return;
	s->refused = why;
	s->n = 0;
}

void fe_btf_fields_init(struct fe_env *env)
{
	const struct fe_object *obj = env->obj;

	env->plan.special = ARENA_ARRAY(&env->mem, struct fe_btf_fields, obj->n_maps + 1);
	env->plan.inner_special =
		ARENA_ARRAY(&env->mem, struct fe_btf_fields, obj->n_inner_maps + 1);
	for (size_t i = 0; i < obj->n_maps; i++)
		find_fields(env, &obj->maps[i], &env->plan.special[i]);
	for (size_t i = 0; i < obj->n_inner_maps; i++)
		find_fields(env, &obj->inner_maps[i], &env->plan.inner_special[i]);
}

const struct fe_btf_fields *fe_btf_fields_of(const struct fe_env *env, const struct fe_reg *r)
{
	if (r->type == FE_LOCAL)
		return fe_local_fields(env, r->btf_id);
	return r->flags & FE_INNER_MAP ? &env->plan.inner_special[r->object]
				       : &env->plan.special[r->object];
}

const struct fe_btf_field *fe_btf_field_at(const struct fe_env *env, const struct fe_reg *r,
					   const char *name)
{
	const struct fe_btf_fields *s = fe_btf_fields_of(env, r);

	for (unsigned i = 0; i < s->n; i++) {
		if ((int64_t)s->field[i].off == r->off + (int64_t)r->val.var.value &&
		    !strcmp(s->field[i].name, name))
			return &s->field[i];
	}
	return NULL;
}
