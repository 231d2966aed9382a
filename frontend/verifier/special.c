#include "frontend/verifier/verify.h"

#include "base/bits.h"

#include <bpf/btf.h>
#include <string.h>

/* Fields of map values that only helpers may touch (spin locks, timers, kernel pointers …), found
 * by type name in the object's BTF: the value's own members, or the variables of a data section. */

static const char *const special_types[] = {
	"bpf_spin_lock", "bpf_res_spin_lock", "bpf_timer",   "bpf_wq",      "bpf_task_work",
	"bpf_list_head", "bpf_list_node",     "bpf_rb_root", "bpf_rb_node", "bpf_refcount",
};

static const struct btf_type *skip_modifiers(const struct btf *btf, uint32_t id, bool *kptr)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	/* Bounded: a hostile BTF may have cycles. */
	for (unsigned n = 0; t && n < 32; n++) {
		if (btf_kind(t) == BTF_KIND_TYPE_TAG &&
		    strstr(btf__name_by_offset(btf, t->name_off), "kptr"))
			*kptr = true;
		if (!btf_is_mod(t) && !btf_is_typedef(t) && btf_kind(t) != BTF_KIND_TYPE_TAG)
			return t;
		t = btf__type_by_id(btf, t->type);
	}
	return NULL;
}

static void add(struct fe_special *s, uint32_t off, uint32_t size, const char *name)
{
	if (s->n < ARRAY_SIZE(s->field))
		s->field[s->n++] = (struct fe_special_field){ off, size, name };
}

static void classify(struct fe_special *s, const struct btf *btf, uint32_t type_id, uint32_t off)
{
	bool kptr = false;
	const struct btf_type *t = skip_modifiers(btf, type_id, &kptr);
	const char *name;

	if (!t)
		return;
	if (btf_is_ptr(t)) {
		skip_modifiers(btf, t->type, &kptr);
		if (kptr)
			add(s, off, 8, "kptr");
		return;
	}
	if (!btf_is_struct(t))
		return;
	name = btf__name_by_offset(btf, t->name_off);
	for (size_t i = 0; name && i < ARRAY_SIZE(special_types); i++) {
		if (!strcmp(name, special_types[i]))
			add(s, off, t->size, special_types[i]);
	}
}

static void find(struct fe_special *s, const struct btf *btf, uint32_t value_id)
{
	const struct btf_type *t = value_id ? btf__type_by_id(btf, value_id) : NULL;
	bool kptr = false;

	if (t && !btf_is_datasec(t))
		t = skip_modifiers(btf, value_id, &kptr);
	if (!t)
		return;
	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		if (btf_is_struct(t)) {
			const struct btf_member *m = &btf_members(t)[i];

			classify(s, btf, m->type, btf_member_bit_offset(t, i) / 8);
		} else if (btf_is_datasec(t)) {
			const struct btf_var_secinfo *v = &btf_var_secinfos(t)[i];
			const struct btf_type *var = btf__type_by_id(btf, v->type);

			if (var && btf_is_var(var))
				classify(s, btf, var->type, v->offset);
		} else {
			return;
		}
	}
}

void fe_special_init(struct fe_env *env)
{
	const struct fe_object *obj = env->obj;

	env->special = ARENA_ARRAY(&env->mem, struct fe_special, obj->n_maps + 1);
	env->inner_special = ARENA_ARRAY(&env->mem, struct fe_special, obj->n_inner_maps + 1);
	if (!obj->btf)
		return;
	for (size_t i = 0; i < obj->n_maps; i++)
		find(&env->special[i], obj->btf, obj->maps[i].btf_value_id);
	for (size_t i = 0; i < obj->n_inner_maps; i++)
		find(&env->inner_special[i], obj->btf, obj->inner_maps[i].btf_value_id);
}

const struct fe_special *fe_special_of(const struct fe_env *env, const struct fe_reg *r)
{
	return r->flags & FE_INNER_MAP ? &env->inner_special[r->object] : &env->special[r->object];
}
