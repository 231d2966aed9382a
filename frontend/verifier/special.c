#include "frontend/verifier/verify.h"

#include "base/bits.h"
#include "frontend/verifier/kfuncs.h"

#include <bpf/btf.h>
#include <string.h>

/* Fields of map values that only helpers may touch (spin locks, timers, kernel pointers …), found
 * by type name in the object's BTF: the value's own members, or the variables of a data section. */

static const char *const special_types[] = {
	"bpf_spin_lock", "bpf_res_spin_lock", "bpf_timer",   "bpf_wq",      "bpf_task_work",
	"bpf_list_head", "bpf_list_node",     "bpf_rb_root", "bpf_rb_node", "bpf_refcount",
};

#define MAX_MODIFIERS 32 /* a hostile BTF may have cycles */
#define MAX_NESTING   8
#define MAX_VISITS    4096u /* members of one value, arrays unrolled */

struct finder {
	struct fe_special *special;
	const struct btf *btf;
	unsigned visits;
};

/* The type itself; *tag: the innermost type tag on the way, if any. */
static const struct btf_type *skip_modifiers(const struct btf *btf, uint32_t id, const char **tag)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	for (unsigned n = 0; t && n < MAX_MODIFIERS; n++) {
		if (btf_kind(t) == BTF_KIND_TYPE_TAG && tag)
			*tag = btf__name_by_offset(btf, t->name_off);
		if (!btf_is_mod(t) && !btf_is_typedef(t) && btf_kind(t) != BTF_KIND_TYPE_TAG)
			return t;
		t = btf__type_by_id(btf, t->type);
	}
	return NULL;
}

static void add(struct fe_special *s, const struct fe_special_field *f)
{
	struct fe_special_field *last = &s->field[ARRAY_SIZE(s->field) - 1];

	if (s->n < ARRAY_SIZE(s->field)) {
		s->field[s->n++] = *f;
	} else if (f->off + f->size > last->off) { /* more than any kernel takes: one for all */
		last->size = f->off + f->size - last->off;
		last->kptr = FE_KPTR_NOT;
	}
}

static void add_pointer(struct finder *w, const struct btf_type *ptr, uint32_t off)
{
	struct fe_special_field f = { .off = off, .size = 8, .name = "kptr", .to = "?" };
	const char *tag = NULL;
	const struct btf_type *t = skip_modifiers(w->btf, ptr->type, &tag);

	if (!tag || !strstr(tag, "kptr"))
		return;
	if (t && btf_is_struct(t))
		f.to = btf__name_by_offset(w->btf, t->name_off);
	f.object = (uint8_t)fe_object_kind(f.to);
	if (!strcmp(tag, "kptr"))
		f.kptr = FE_KPTR_OWNED;
	else if (!strcmp(tag, "kptr_untrusted"))
		f.kptr = FE_KPTR_UNTRUSTED;
	add(w->special, &f); /* others, of each CPU: not to be touched */
}

/* As deep as the kernel looks: structures in structures, and arrays of them. */
static void classify(struct finder *w, uint32_t type_id, uint32_t off, unsigned depth)
{
	const struct btf_type *t = skip_modifiers(w->btf, type_id, NULL);
	const char *name;

	if (!t || depth > MAX_NESTING || ++w->visits > MAX_VISITS)
		return;
	if (btf_is_ptr(t)) {
		add_pointer(w, t, off);
	} else if (btf_is_array(t)) {
		int64_t size = btf__resolve_size(w->btf, btf_array(t)->type);
		unsigned before = w->special->n;

		for (uint32_t i = 0; size > 0 && i < btf_array(t)->nelems; i++) {
			classify(w, btf_array(t)->type, off + i * (uint32_t)size, depth + 1);
			if (w->special->n == before || w->visits > MAX_VISITS)
				break; /* nothing special in the first: nor in the others */
		}
	} else if (btf_is_struct(t)) {
		name = btf__name_by_offset(w->btf, t->name_off);
		for (size_t i = 0; name && i < ARRAY_SIZE(special_types); i++) {
			if (!strcmp(name, special_types[i])) {
				add(w->special,
				    &(struct fe_special_field){ .off = off,
								.size = t->size,
								.name = special_types[i] });
				return;
			}
		}
		for (uint32_t i = 0; i < btf_vlen(t); i++)
			classify(w, btf_members(t)[i].type, off + btf_member_bit_offset(t, i) / 8,
				 depth + 1);
	}
}

static void find(struct fe_special *s, const struct btf *btf, uint32_t value_id)
{
	const struct btf_type *t = value_id ? btf__type_by_id(btf, value_id) : NULL;
	struct finder w = { s, btf, 0 };

	if (!t)
		return;
	if (!btf_is_datasec(t)) {
		t = skip_modifiers(btf, value_id, NULL);
		if (t && btf_is_struct(t))
			classify(&w, value_id, 0, 0);
		return;
	}
	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		const struct btf_var_secinfo *v = &btf_var_secinfos(t)[i];
		const struct btf_type *var = btf__type_by_id(btf, v->type);

		if (var && btf_is_var(var))
			classify(&w, var->type, v->offset, 0);
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
