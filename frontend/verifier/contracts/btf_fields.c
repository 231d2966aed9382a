/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/contracts/btf_fields.h"

#include "base/bits.h"
#include "frontend/verifier/contracts/kfuncs.h"

#include <bpf/btf.h>
#include <string.h>

/* Fields of map values, and of objects that the program makes, that only helpers may touch (spin locks, timers,
 * kernel pointers, nodes of lists …), found in the object file's BTF as the kernel finds them: by the names of
 * structures, without looking through typedefs and const. A value that breaks one of the kernel's rules has no
 * such fields at all: it is plain bytes, and what needs a field is rejected (fe_btf_fields.refused). */

#define MAX_DEPTH  32    /* of structures in structures, of modifiers: as the kernel */
#define MAX_FIELDS 11    /* in a value: as the kernel */
#define MAX_VISITS 4096u /* members of one value */

enum how_many { ONE, ANY };

struct row {
	const char *name;
	uint32_t size, align;
	enum how_many limit;
	enum fe_special_family family;
	enum fe_special_where where;
};

static const struct row rows[] = {
#define SPECIAL(name, size, align, limit, family, where)                                           \
	{ #name, size, align, limit, FE_SPECIAL_##family, FE_IN_##where },
#define HOLDS(family, map_type)
#include "frontend/verifier/contracts/btf_fields.def"
#undef SPECIAL
#undef HOLDS
};

struct finder {
	struct fe_btf_fields *special;
	const struct btf *btf;
	enum fe_special_where where;
	uint32_t seen; /* rows that may be there once, and were */
	unsigned visits;
};

/* A type, and the declaration that its decl_tags belong to. */
struct place {
	uint32_t type;
	uint32_t owner;    /* structure, or variable */
	int32_t component; /* member; -1: the variable itself */
	uint32_t off;
	uint32_t size; /* variables: of the whole; 0: not compared */
};

static void refuse(struct finder *w, const char *why)
{
	if (!w->special->refused)
		w->special->refused = why;
}

static void add(struct finder *w, const struct fe_btf_field *f)
{
	struct fe_btf_fields *s = w->special;

	if (s->n == MAX_FIELDS)
		refuse(w, "its value has more than 11 such fields");
	else if (s->n && f->off < s->field[s->n - 1].off + s->field[s->n - 1].size)
		refuse(w, "two such fields of its value overlap");
	else
		s->field[s->n++] = *f;
}

/* ---- kernel pointers ----------------------------------------------------------------------------- */

static bool is_tag(const struct btf_type *t)
{
	return t && btf_kind(t) == BTF_KIND_TYPE_TAG;
}

/* What a __kptr points to; NULL: no structure. */
static const struct btf_type *pointee(const struct btf *btf, uint32_t *id)
{
	const struct btf_type *t = btf__type_by_id(btf, *id);

	for (unsigned n = 0; t && n < MAX_DEPTH && (btf_is_mod(t) || btf_is_typedef(t)); n++) {
		*id = t->type;
		t = btf__type_by_id(btf, *id);
	}
	return t && btf_is_struct(t) ? t : NULL;
}

static void set_pointer_kind(struct finder *w, const char *tag, struct fe_btf_field *f)
{
	f->family = FE_SPECIAL_OBJECT;
	if (!strcmp(tag, "kptr"))
		f->kptr = FE_KPTR_OWNED;
	else if (!strcmp(tag, "kptr_untrusted"))
		f->kptr = FE_KPTR_UNTRUSTED;
	else if (!strcmp(tag, "percpu_kptr"))
		f->kptr = FE_KPTR_PERCPU;
	else if (!strcmp(tag, "uptr"))
		f->family = FE_SPECIAL_USER_PAGE;
	else
		refuse(w, "a pointer in its value has a type tag that the kernel does not know");
}

static bool add_pointer(struct finder *w, const struct btf_type *t, uint32_t off)
{
	struct fe_btf_field f = { .off = off, .size = 8, .name = "kptr" };
	const struct btf_type *tag, *to;

	if (btf_is_volatile(t))
		t = btf__type_by_id(w->btf, t->type);
	tag = t && btf_is_ptr(t) ? btf__type_by_id(w->btf, t->type) : NULL;
	if (!is_tag(tag) || off % 8)
		return false;
	f.to_id = tag->type;
	to = pointee(w->btf, &f.to_id);
	if (is_tag(btf__type_by_id(w->btf, tag->type)) || !to) {
		refuse(w, "a kernel pointer in its value is not a plain pointer to a structure");
		return false;
	}
	f.to = btf__name_by_offset(w->btf, to->name_off);
	f.object = (uint8_t)fe_object_kind(f.to);
	set_pointer_kind(w, btf__name_by_offset(w->btf, tag->name_off), &f);
	if (f.family == FE_SPECIAL_USER_PAGE && w->where == FE_IN_OBJECT)
		return false; /* a plain pointer there */
	add(w, &f);
	return true;
}

bool fe_is_kernel_pointer(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);
	struct fe_btf_fields s = { .n = 0 };
	struct finder w = { .special = &s, .btf = btf, .where = FE_IN_OBJECT };

	return t && add_pointer(&w, t, 0) && !s.refused;
}

/* ---- roots of lists and trees -------------------------------------------------------------------- */

/* "TYPE:MEMBER" of the decl_tag "contains:TYPE:MEMBER"; NULL: not exactly one. */
static const char *contains_tag(const struct finder *w, const struct place *p)
{
	const char *found = NULL;

	for (uint32_t id = 1; id < btf__type_cnt(w->btf); id++) {
		const struct btf_type *t = btf__type_by_id(w->btf, id);
		const char *name;

		if (btf_kind(t) != BTF_KIND_DECL_TAG || t->type != p->owner ||
		    btf_decl_tag(t)->component_idx != p->component)
			continue;
		name = btf__name_by_offset(w->btf, t->name_off);
		if (strncmp(name, "contains:", strlen("contains:")) != 0)
			continue;
		if (found)
			return NULL;
		found = name + strlen("contains:");
	}
	return found;
}

/* The node that the member is: of the kind that this sort of root holds, and the only member of its name. */
static bool find_node(const struct finder *w, const struct btf_type *t, const char *member,
		      const char *node_type, uint32_t *off)
{
	unsigned found = 0;

	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		const struct btf_type *node = btf__type_by_id(w->btf, btf_members(t)[i].type);

		if (strcmp(btf__name_by_offset(w->btf, btf_members(t)[i].name_off), member) != 0)
			continue;
		if (!node || !btf_is_struct(node) ||
		    strcmp(btf__name_by_offset(w->btf, node->name_off), node_type) != 0)
			return false;
		*off = btf_member_bit_offset(t, i) / 8;
		found++;
	}
	return found == 1 && *off % 8 == 0;
}

/* The tag names a structure and its node for this kind of root. */
static bool set_node(const struct finder *w, const char *tag, const char *node_type,
		     struct fe_btf_field *f)
{
	const char *member = tag ? strchr(tag, ':') : NULL;
	char name[128] = "";
	const struct btf_type *t;
	int32_t id;

	if (!member || (size_t)(member - tag) >= sizeof(name))
		return false;
	memcpy(name, tag, (size_t)(member - tag));
	id = btf__find_by_name_kind(w->btf, name, BTF_KIND_STRUCT);
	t = id > 0 ? btf__type_by_id(w->btf, (uint32_t)id) : NULL;
	if (!t || !find_node(w, t, member + 1, node_type, &f->node_off))
		return false;
	f->to_id = (uint32_t)id;
	f->to = btf__name_by_offset(w->btf, t->name_off);
	return true;
}

static void set_root(struct finder *w, const struct place *p, struct fe_btf_field *f)
{
	const char *node = !strcmp(f->name, "bpf_rb_root") ? "bpf_rb_node" : "bpf_list_node";

	if (!set_node(w, contains_tag(w, p), node, f))
		refuse(w, "a list or tree in its value does not name its nodes (__contains)");
}

/* ---- structures ---------------------------------------------------------------------------------- */

static void find(struct finder *w, const struct place *p, unsigned depth);

static const struct row *row_of(const struct finder *w, const struct btf_type *t)
{
	const char *name = btf__name_by_offset(w->btf, t->name_off);

	for (size_t i = 0; name && i < ARRAY_SIZE(rows); i++) {
		if ((rows[i].where & w->where) && !strcmp(name, rows[i].name))
			return &rows[i];
	}
	return NULL;
}

/* True: the field is there. */
static bool add_row(struct finder *w, const struct place *p, const struct btf_type *t,
		    const struct row *row)
{
	uint32_t bit = UINT32_C(1) << (row - rows);
	struct fe_btf_field f = {
		.off = p->off, .size = row->size, .name = row->name, .family = row->family
	};

	if (row->limit == ONE && (w->seen & bit)) {
		refuse(w, "its value has two fields of one kind");
		return false;
	}
	if (row->limit == ONE)
		w->seen |= bit;
	if (p->off % row->align || !btf_is_struct(t) || t->size != row->size)
		return false;
	if (row->family == FE_SPECIAL_ROOT)
		set_root(w, p, &f);
	add(w, &f);
	return true;
}

static void find_in_members(struct finder *w, uint32_t id, const struct btf_type *t, uint32_t off,
			    unsigned depth)
{
	for (uint32_t i = 0; i < btf_vlen(t) && !w->special->refused; i++) {
		struct place p = { .type = btf_members(t)[i].type,
				   .owner = id,
				   .component = (int32_t)i,
				   .off = off + btf_member_bit_offset(t, i) / 8 };

		find(w, &p, depth + 1);
	}
}

/* The fields from `first` on are those of an array's first element. */
static void repeat(struct finder *w, unsigned first, uint64_t times, uint32_t bytes)
{
	struct fe_btf_fields *s = w->special;
	unsigned n = s->n - first;

	for (unsigned i = first; i < s->n; i++) {
		if (s->field[i].family != FE_SPECIAL_OBJECT &&
		    s->field[i].family != FE_SPECIAL_ROOT)
			refuse(w, "its value has an array of such fields");
		if (!strcmp(s->field[i].name, "bpf_refcount"))
			refuse(w, "its value has an array of such fields");
	}
	for (uint64_t k = 1; k < times && n && !s->refused; k++) {
		for (unsigned i = 0; i < n && !s->refused; i++) {
			struct fe_btf_field f = s->field[first + i];

			f.off += (uint32_t)k * bytes;
			add(w, &f);
		}
	}
}

static void find_element(struct finder *w, const struct place *p, const struct btf_type *t,
			 uint32_t id, unsigned depth)
{
	const struct row *row = row_of(w, t);

	if (row)
		add_row(w, p, t, row);
	else if (btf_is_struct(t))
		find_in_members(w, id, t, p->off, depth);
	else
		add_pointer(w, t, p->off);
}

static void find(struct finder *w, const struct place *p, unsigned depth)
{
	const struct btf_type *t = btf__type_by_id(w->btf, p->type);
	uint32_t id = p->type;
	uint64_t n = 1;
	unsigned first = w->special->n;
	int64_t size;

	if (depth >= MAX_DEPTH || ++w->visits > MAX_VISITS) {
		refuse(w, "its value is nested too deeply");
		return;
	}
	for (unsigned i = 0; t && i < MAX_DEPTH && btf_is_array(t); i++) {
		n = n > UINT32_MAX ? n : n * btf_array(t)->nelems;
		id = btf_array(t)->type;
		t = btf__type_by_id(w->btf, id);
	}
	size = t && n ? btf__resolve_size(w->btf, id) : 0;
	if (size <= 0 || (p->size && p->size != (uint64_t)size * n))
		return;
	find_element(w, p, t, id, depth);
	if (n > 1)
		repeat(w, first, n, (uint32_t)size);
}

static bool has_family(const struct fe_btf_fields *s, enum fe_special_family family)
{
	for (unsigned i = 0; i < s->n; i++) {
		if (s->field[i].family == family)
			return true;
	}
	return false;
}

const struct fe_btf_field *fe_btf_field_named(const struct fe_btf_fields *s, const char *name)
{
	for (unsigned i = 0; i < s->n; i++) {
		if (!strcmp(s->field[i].name, name))
			return &s->field[i];
	}
	return NULL;
}

static void find_in_section(struct finder *w, const struct btf_type *t)
{
	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		const struct btf_var_secinfo *v = &btf_var_secinfos(t)[i];
		const struct btf_type *var = btf__type_by_id(w->btf, v->type);
		struct place p = { .type = var && btf_is_var(var) ? var->type : 0,
				   .owner = v->type,
				   .component = -1,
				   .off = v->offset,
				   .size = v->size };

		find(w, &p, 0);
	}
}

/* What the fields must have beside them. */
static void check_company(struct finder *w)
{
	const struct fe_btf_fields *s = w->special;

	if (has_family(s, FE_SPECIAL_ROOT) && !has_family(s, FE_SPECIAL_LOCK))
		refuse(w, "a list or tree in its value has no lock in the same value");
	if (fe_btf_field_named(s, "bpf_list_node") && fe_btf_field_named(s, "bpf_rb_node") &&
	    !fe_btf_field_named(s, "bpf_refcount"))
		refuse(w, "it is a node of lists and of trees and has no bpf_refcount");
}

void fe_special_find(struct fe_btf_fields *s, const struct btf *btf, uint32_t type_id,
		     enum fe_special_where where)
{
	const struct btf_type *t = btf__type_by_id(btf, type_id);
	struct finder w = { .special = s, .btf = btf, .where = where };

	for (unsigned n = 0; t && n < MAX_DEPTH && (btf_is_mod(t) || btf_is_typedef(t)); n++) {
		type_id = t->type;
		t = btf__type_by_id(btf, type_id);
	}
	if (t && btf_is_struct(t))
		find_in_members(&w, type_id, t, 0, 0);
	else if (t && btf_is_datasec(t))
		find_in_section(&w, t);
	check_company(&w);
	if (s->refused)
		s->n = 0;
}
