/* SPDX-License-Identifier: BSD-2-Clause
 * Fields of map values that are no data: locks, timers, kernel pointers, roots of lists and trees. A kernel keeps
 * them to itself (user space reads zeroes), so they start as zero, and what a side has there is not compared.
 *
 * They are found by the names that BTF has for them. Whether a kernel allows a field where it is, is no question here:
 * a field that it does not allow is in no program that it loads. */
#include "sim/diff/diff_internal.h"

#include "base/bits.h"

#include <bpf/btf.h>
#include <string.h>

#define DEPTH_MAX 16 /* of types in types */

struct special {
	const struct btf *btf;
	uint8_t *mask; /* a byte for each of the value; made at the first field */
	struct arena *arena;
	uint32_t size;
};

static void mark(struct special *s, uint64_t off, uint64_t bytes)
{
	if (off >= s->size)
		return;
	if (!s->mask)
		s->mask = arena_alloc(s->arena, s->size);
	memset(s->mask + off, 1, bytes < s->size - off ? bytes : s->size - off);
}

static bool is_special_struct(const char *name)
{
	static const char *const names[] = { "bpf_spin_lock", "bpf_res_spin_lock", "bpf_timer",
					     "bpf_wq",        "bpf_task_work",     "bpf_refcount",
					     "bpf_list_head", "bpf_list_node",     "bpf_rb_root",
					     "bpf_rb_node",   "bpf_dynptr" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(name, names[i]))
			return true;
	}
	return false;
}

/* __kptr, __kptr_untrusted, __percpu_kptr, __uptr */
static bool is_kernel_pointer(const struct special *s, const struct btf_type *pointer)
{
	const struct btf_type *to = btf__type_by_id(s->btf, pointer->type);
	const char *tag =
		to && btf_is_type_tag(to) ? btf__name_by_offset(s->btf, to->name_off) : "";

	return tag && (strstr(tag, "kptr") || !strcmp(tag, "uptr"));
}

static void find(struct special *s, uint32_t id, uint64_t off, unsigned depth);

static void find_in_members(struct special *s, const struct btf_type *t, uint64_t off,
			    unsigned depth)
{
	const struct btf_member *m = btf_members(t);

	for (uint32_t i = 0; i < btf_vlen(t); i++)
		find(s, m[i].type, off + btf_member_bit_offset(t, i) / 8, depth);
}

static void find_in_array(struct special *s, const struct btf_type *t, uint64_t off, unsigned depth)
{
	const struct btf_array *a = btf_array(t);
	int64_t size = btf__resolve_size(s->btf, a->type);

	for (uint32_t i = 0; size > 0 && i < a->nelems && off < s->size; i++, off += (uint64_t)size)
		find(s, a->type, off, depth);
}

static void find_in_section(struct special *s, const struct btf_type *t, unsigned depth)
{
	const struct btf_var_secinfo *v = btf_var_secinfos(t);

	for (uint32_t i = 0; i < btf_vlen(t); i++)
		find(s, v[i].type, v[i].offset, depth);
}

/* Modifiers, and a variable's type. */
static const struct btf_type *plain_type(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	for (unsigned i = 0;
	     t && i < DEPTH_MAX && (btf_is_mod(t) || btf_is_typedef(t) || btf_is_var(t)); i++)
		t = btf__type_by_id(btf, t->type);
	return t;
}

static void find(struct special *s, uint32_t id, uint64_t off, unsigned depth)
{
	const struct btf_type *t = plain_type(s->btf, id);
	const char *name = t ? btf__name_by_offset(s->btf, t->name_off) : NULL;

	if (!t || depth == DEPTH_MAX || off >= s->size)
		return;
	if (btf_is_struct(t) && name && is_special_struct(name))
		mark(s, off, t->size);
	else if (btf_is_composite(t))
		find_in_members(s, t, off, depth + 1);
	else if (btf_is_array(t))
		find_in_array(s, t, off, depth + 1);
	else if (btf_is_datasec(t))
		find_in_section(s, t, depth + 1);
	else if (btf_is_ptr(t) && is_kernel_pointer(s, t))
		mark(s, off, sizeof(uint64_t));
}

const uint8_t *sim_special_bytes(struct arena *arena, const struct fe_object *obj,
				 const struct fe_map *m)
{
	struct special s = { .btf = obj->btf, .arena = arena, .size = m->value_size };

	if (obj->btf && m->btf_value_id)
		find(&s, m->btf_value_id, 0, 0);
	return s.mask;
}

void sim_special_clear(const uint8_t *special, uint8_t *value, uint32_t size)
{
	for (uint32_t i = 0; special && i < size; i++) {
		if (special[i])
			value[i] = 0;
	}
}

bool sim_special_same(const uint8_t *special, const uint8_t *a, const uint8_t *b, uint32_t size)
{
	if (!special)
		return !memcmp(a, b, size);
	for (uint32_t i = 0; i < size; i++) {
		if (!special[i] && a[i] != b[i])
			return false;
	}
	return true;
}
