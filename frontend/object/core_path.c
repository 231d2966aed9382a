/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/core.h"

#include <stdlib.h>
#include <string.h>

/* Access strings. "0:1:2" for p->a[2]: element 0 of what p points to, member 1, element 2.
 * A path keeps the steps that have a meaning elsewhere: named members and array elements;
 * anonymous structs and unions on the way only add to the offset. */

static const struct btf_member *member(const struct btf_type *t, uint32_t i)
{
	return &btf_members(t)[i];
}

static const char *member_name(const struct btf *btf, const struct btf_type *t, uint32_t i)
{
	return btf__name_by_offset(btf, member(t, i)->name_off);
}

static bool push(struct core_path *p, uint32_t type, uint32_t index, const char *name)
{
	if (p->n > CORE_MAX_STEPS)
		return false;
	p->step[p->n++] = (struct core_step){ type, index, name };
	return true;
}

/* Adds `index` elements of a type to the offset. */
static bool skip_elements(struct core_path *p, uint32_t type, uint32_t index)
{
	int64_t size = btf__resolve_size(p->btf, type);

	if (size < 0)
		return false;
	p->bit_off += (uint64_t)index * (uint64_t)size * 8;
	return p->bit_off <= UINT32_MAX; /* as libbpf keeps it */
}

/* The last member of a struct, when an array of no or one element: may be indexed further. */
static bool is_flexible(const struct core_path *p, const struct btf_array *a)
{
	const struct core_step *last;
	const struct btf_type *t;

	if (!p->n || a->nelems > 1)
		return false;
	last = &p->step[p->n - 1];
	if (!last->name)
		return false;
	t = btf__type_by_id(p->btf, last->type);
	return btf_is_struct(t) && last->index == btf_vlen(t) - 1u;
}

/* ---- the program's own path --------------------------------------------------------------------- */

/* One number of the access string, from type *id on. */
static bool parse_step(struct core_path *p, uint32_t *id, uint32_t index)
{
	const struct btf_type *t = core_strip(p->btf, *id, id);

	if (btf_is_composite(t)) {
		const char *name;

		if (index >= btf_vlen(t))
			return false;
		name = member_name(p->btf, t, index);
		p->bit_off += btf_member_bit_offset(t, index);
		if (*name && !push(p, *id, index, name))
			return false;
		*id = member(t, index)->type;
		return true;
	}
	if (btf_is_array(t)) {
		const struct btf_array *a = btf_array(t);

		if (index >= a->nelems && !is_flexible(p, a))
			return false;
		core_strip(p->btf, a->type, id);
		return push(p, *id, index, NULL) && skip_elements(p, *id, index);
	}
	return false;
}

static bool parse_enumerator(struct core_path *p, uint32_t id, uint32_t index)
{
	const struct btf_type *t = btf__type_by_id(p->btf, id);
	uint32_t name;

	if (!btf_is_any_enum(t) || index >= btf_vlen(t))
		return false;
	name = btf_is_enum(t) ? btf_enum(t)[index].name_off : btf_enum64(t)[index].name_off;
	return push(p, id, index, btf__name_by_offset(p->btf, name));
}

static bool next_number(const char **s, uint32_t *n)
{
	char *end;
	unsigned long v;

	if (**s < '0' || **s > '9')
		return false;
	v = strtoul(*s, &end, 10);
	*n = (uint32_t)v;
	*s = *end == ':' ? end + 1 : end;
	return v <= INT32_MAX && (!*end || (*end == ':' && end[1]));
}

bool core_path_parse(const struct btf *btf, const struct fe_ext_core *relo, struct core_path *p)
{
	const char *s = btf__name_by_offset(btf, relo->access_off);
	uint32_t index, id;

	*p = (struct core_path){ .btf = btf, .root = relo->type, .kind = relo->kind };
	if (!next_number(&s, &index))
		return false;
	if (!core_is_field(p->kind) && !core_is_enumval(p->kind))
		return !index && !*s;
	core_strip(btf, relo->type, &id);
	if (core_is_enumval(p->kind))
		return !*s && parse_enumerator(p, id, index);
	if (!push(p, id, index, NULL) || !skip_elements(p, id, index))
		return false;
	for (unsigned n = 0; *s; n++) {
		if (n == CORE_MAX_STEPS || !next_number(&s, &index) || !parse_step(p, &id, index))
			return false;
	}
	return true;
}

/* ---- the same in the target --------------------------------------------------------------------- */

struct finder {
	struct core_pair *w;
	const struct core_step *want;
	struct core_path *p;
};

/* Finds the member that `want` names in composite type *id, also within anonymous members; leaves
 * its type in *id. */
static enum core_answer find_member(struct finder *f, uint32_t *id, int depth)
{
	const struct btf *tb = f->p->btf;
	const struct btf_type *t = core_strip(tb, *id, id);
	uint32_t composite = *id;

	if (depth > CORE_MAX_DEPTH)
		return CORE_ERROR;
	if (!btf_is_composite(t))
		return CORE_NO;
	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		const char *name = member_name(tb, t, i);
		uint64_t before = f->p->bit_off;

		if (++f->w->work > CORE_MAX_WORK)
			return CORE_ERROR;
		f->p->bit_off += btf_member_bit_offset(t, i);
		if (!*name) {
			enum core_answer a;

			*id = member(t, i)->type;
			a = find_member(f, id, depth + 1);
			if (a != CORE_NO)
				return a;
		} else if (!strcmp(name, f->want->name)) {
			const struct btf_type *lt = btf__type_by_id(f->w->local, f->want->type);

			*id = member(t, i)->type;
			if (!push(f->p, composite, i, name))
				return CORE_ERROR;
			return core_fields_compatible(f->w, member(lt, f->want->index)->type, *id);
		}
		f->p->bit_off = before;
	}
	return CORE_NO;
}

static enum core_answer find_element(struct core_path *p, const struct core_step *want,
				     uint32_t *id)
{
	const struct btf_type *t = core_strip(p->btf, *id, id);

	if (p->n) { /* the first step indexes the root itself */
		if (!btf_is_array(t))
			return CORE_NO;
		if (want->index >= btf_array(t)->nelems && !is_flexible(p, btf_array(t)))
			return CORE_NO;
		core_strip(p->btf, btf_array(t)->type, id);
	}
	return push(p, *id, want->index, NULL) && skip_elements(p, *id, want->index) ? CORE_YES
										     : CORE_ERROR;
}

static enum core_answer find_enumerator(struct core_pair *w, struct core_path *p,
					const struct core_step *want, uint32_t id)
{
	const struct btf_type *t = core_strip(p->btf, id, &id);

	if (!btf_is_any_enum(t))
		return CORE_NO;
	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		uint32_t off = btf_is_enum(t) ? btf_enum(t)[i].name_off : btf_enum64(t)[i].name_off;
		const char *name = btf__name_by_offset(p->btf, off);

		if (++w->work > CORE_MAX_WORK)
			return CORE_ERROR;
		if (core_same_name(name, want->name))
			return push(p, id, i, name) ? CORE_YES : CORE_ERROR;
	}
	return CORE_NO;
}

enum core_answer core_path_match(struct core_pair *w, const struct core_path *local, uint32_t id,
				 struct core_path *p)
{
	struct finder f = { .w = w, .p = p };
	enum core_answer a = CORE_YES;

	if (++w->work > CORE_MAX_WORK)
		return CORE_ERROR;
	*p = (struct core_path){ .btf = w->target, .root = id, .kind = local->kind };
	if (local->kind == BPF_CORE_TYPE_MATCHES)
		return core_types_match(w, local->root, id);
	if (core_is_enumval(local->kind))
		return find_enumerator(w, p, &local->step[0], id);
	if (!core_is_field(local->kind))
		return core_types_compatible(w, local->root, id);
	for (unsigned i = 0; i < local->n && a == CORE_YES; i++) {
		f.want = &local->step[i];
		a = f.want->name ? find_member(&f, &id, 0) : find_element(p, f.want, &id);
	}
	return a;
}
