/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/core.h"

#include <string.h>

/* When a type of the program and one of the target kernel count as the same. Three relations,
 * from loose to strict: fields_compatible (what a field holds), types_compatible (existence of a
 * type), types_match (bpf_core_type_matches()). Names are compared without flavours. */

const struct btf_type *core_strip(const struct btf *btf, uint32_t id, uint32_t *stripped)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	while (t && (btf_is_mod(t) || btf_is_typedef(t))) { /* fe_btf_problem(): no cycles */
		id = t->type;
		t = btf__type_by_id(btf, id);
	}
	if (stripped)
		*stripped = id;
	return t;
}

/* A flavour begins behind three underscores between two other characters. */
static bool flavour_follows(const char *s)
{
	return s[0] != '_' && s[1] == '_' && s[2] == '_' && s[3] == '_' && s[4] != '_';
}

size_t core_name_len(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = n >= 5 ? n - 4 : 0; i-- > 0;) {
		if (flavour_follows(name + i))
			return i + 1;
	}
	return n;
}

bool core_same_name(const char *a, const char *b)
{
	size_t n = core_name_len(a);

	return n == core_name_len(b) && !memcmp(a, b, n);
}

bool core_same_kind(const struct btf_type *a, const struct btf_type *b)
{
	return btf_kind(a) == btf_kind(b) || (btf_is_any_enum(a) && btf_is_any_enum(b));
}

static enum core_answer answer(bool yes)
{
	return yes ? CORE_YES : CORE_NO;
}

static bool plain_ints(const struct btf_type *a, const struct btf_type *b)
{
	return !btf_int_offset(a) && !btf_int_offset(b);
}

static bool names_agree(const struct btf *lb, const struct btf_type *l, const struct btf *tb,
			const struct btf_type *t)
{
	const char *a = btf__name_by_offset(lb, l->name_off);
	const char *b = btf__name_by_offset(tb, t->name_off);

	return !*a || !*b || core_same_name(a, b);
}

enum core_answer core_fields_compatible(const struct core_pair *w, uint32_t l, uint32_t t)
{
	const struct btf *lb = w->local, *tb = w->target;
	const struct btf_type *lt = core_strip(lb, l, &l), *tt = core_strip(tb, t, &t);

	while (btf_is_array(lt) && btf_is_array(tt)) {
		lt = core_strip(lb, btf_array(lt)->type, &l);
		tt = core_strip(tb, btf_array(tt)->type, &t);
	}
	if (btf_is_composite(lt) && btf_is_composite(tt))
		return CORE_YES;
	if (!core_same_kind(lt, tt))
		return CORE_NO;
	switch (btf_kind(lt)) {
	case BTF_KIND_PTR:
	case BTF_KIND_FLOAT: return CORE_YES;
	case BTF_KIND_FWD:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64: return answer(names_agree(lb, lt, tb, tt));
	case BTF_KIND_INT: return answer(plain_ints(lt, tt));
	default: return CORE_NO;
	}
}

/* ---- compatible and match: walks over both types at once ---------------------------------------- */

static enum core_answer compatible(struct core_pair *w, uint32_t l, uint32_t t, int depth)
{
	const struct btf_type *lt = core_strip(w->local, l, &l), *tt = core_strip(w->target, t, &t);
	enum core_answer a;

	if (depth > CORE_MAX_DEPTH || ++w->work > CORE_MAX_WORK)
		return CORE_ERROR;
	if (!core_same_kind(lt, tt))
		return CORE_NO;
	switch (btf_kind(lt)) {
	case BTF_KIND_UNKN:
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
	case BTF_KIND_FWD: return CORE_YES;
	case BTF_KIND_INT: return answer(plain_ints(lt, tt));
	case BTF_KIND_PTR: return compatible(w, lt->type, tt->type, depth + 1);
	case BTF_KIND_ARRAY:
		return compatible(w, btf_array(lt)->type, btf_array(tt)->type, depth + 1);
	case BTF_KIND_FUNC_PROTO:
		if (btf_vlen(lt) != btf_vlen(tt))
			return CORE_NO;
		for (unsigned i = 0; i < btf_vlen(lt); i++) {
			a = compatible(w, btf_params(lt)[i].type, btf_params(tt)[i].type,
				       depth + 1);
			if (a != CORE_YES)
				return a;
		}
		return compatible(w, lt->type, tt->type, depth + 1);
	default: return CORE_NO;
	}
}

enum core_answer core_types_compatible(struct core_pair *w, uint32_t l, uint32_t t)
{
	return core_same_kind(btf__type_by_id(w->local, l), btf__type_by_id(w->target, t))
		       ? compatible(w, l, t, 0)
		       : CORE_NO;
}

static bool same_name_at(const struct core_pair *w, uint32_t l_off, uint32_t t_off)
{
	return core_same_name(btf__name_by_offset(w->local, l_off),
			      btf__name_by_offset(w->target, t_off));
}

static uint32_t enumerator_name(const struct btf_type *t, unsigned i)
{
	return btf_is_enum(t) ? btf_enum(t)[i].name_off : btf_enum64(t)[i].name_off;
}

/* Each enumerator of the program has one of the same name in the target. */
static enum core_answer match_enums(struct core_pair *w, const struct btf_type *lt,
				    const struct btf_type *tt)
{
	if (lt->size != tt->size)
		return CORE_NO;
	for (unsigned i = 0; i < btf_vlen(lt); i++) {
		unsigned k = 0;

		while (k < btf_vlen(tt) &&
		       !same_name_at(w, enumerator_name(lt, i), enumerator_name(tt, k)))
			k++;
		w->work += k;
		if (w->work > CORE_MAX_WORK)
			return CORE_ERROR;
		if (k == btf_vlen(tt))
			return CORE_NO;
	}
	return CORE_YES;
}

static enum core_answer match(struct core_pair *w, uint32_t l, uint32_t t, bool behind_ptr,
			      int depth);

/* Each member of the program's struct has one of the same name and a matching type. */
static enum core_answer match_members(struct core_pair *w, const struct btf_type *lt,
				      const struct btf_type *tt, bool behind_ptr, int depth)
{
	for (unsigned i = 0; i < btf_vlen(lt); i++) {
		const struct btf_member *lm = &btf_members(lt)[i];
		enum core_answer a = CORE_NO;

		for (unsigned k = 0; k < btf_vlen(tt) && a == CORE_NO; k++) {
			const struct btf_member *tm = &btf_members(tt)[k];

			if (++w->work > CORE_MAX_WORK)
				return CORE_ERROR;
			if (same_name_at(w, lm->name_off, tm->name_off))
				a = match(w, lm->type, tm->type, behind_ptr, depth + 1);
		}
		if (a != CORE_YES)
			return a;
	}
	return CORE_YES;
}

/* Behind a pointer a declaration stands for the type: btf_kflag() of a FWD says union. */
static bool fwd_stands_for(const struct btf_type *fwd, const struct btf_type *t)
{
	return btf_is_composite(t) && (btf_is_union(t) != 0) == btf_kflag(fwd);
}

static enum core_answer match_composites(struct core_pair *w, const struct btf_type *lt,
					 const struct btf_type *tt, bool behind_ptr, int depth)
{
	if (btf_kind(lt) == btf_kind(tt)) {
		if (btf_is_fwd(lt))
			return answer(btf_kflag(lt) == btf_kflag(tt));
		return behind_ptr ? CORE_YES : match_members(w, lt, tt, behind_ptr, depth);
	}
	if (!behind_ptr)
		return CORE_NO;
	if (btf_is_fwd(lt))
		return answer(fwd_stands_for(lt, tt));
	return answer(btf_is_fwd(tt) && fwd_stands_for(tt, lt));
}

static enum core_answer match_protos(struct core_pair *w, const struct btf_type *lt,
				     const struct btf_type *tt, bool behind_ptr, int depth)
{
	if (btf_vlen(lt) != btf_vlen(tt))
		return CORE_NO;
	for (unsigned i = 0; i < btf_vlen(lt); i++) {
		enum core_answer a = match(w, btf_params(lt)[i].type, btf_params(tt)[i].type,
					   behind_ptr, depth + 1);

		if (a != CORE_YES)
			return a;
	}
	return match(w, lt->type, tt->type, behind_ptr, depth + 1);
}

static enum core_answer match(struct core_pair *w, uint32_t l, uint32_t t, bool behind_ptr,
			      int depth)
{
	const struct btf_type *lt = core_strip(w->local, l, &l), *tt = core_strip(w->target, t, &t);

	if (depth > CORE_MAX_DEPTH || ++w->work > CORE_MAX_WORK)
		return CORE_ERROR;
	if (!same_name_at(w, lt->name_off, tt->name_off))
		return CORE_NO;
	if (btf_is_composite(lt) || btf_is_fwd(lt))
		return match_composites(w, lt, tt, behind_ptr, depth);
	if (!core_same_kind(lt, tt))
		return CORE_NO;
	switch (btf_kind(lt)) {
	case BTF_KIND_UNKN: return CORE_YES;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64: return match_enums(w, lt, tt);
	case BTF_KIND_INT:
		return answer(lt->size == tt->size &&
			      (btf_int_encoding(lt) & BTF_INT_SIGNED) ==
				      (btf_int_encoding(tt) & BTF_INT_SIGNED));
	case BTF_KIND_PTR: return match(w, lt->type, tt->type, true, depth + 1);
	case BTF_KIND_ARRAY:
		if (btf_array(lt)->nelems != btf_array(tt)->nelems)
			return CORE_NO;
		return match(w, btf_array(lt)->type, btf_array(tt)->type, behind_ptr, depth + 1);
	case BTF_KIND_FUNC_PROTO: return match_protos(w, lt, tt, behind_ptr, depth);
	default: return CORE_NO;
	}
}

enum core_answer core_types_match(struct core_pair *w, uint32_t l, uint32_t t)
{
	return match(w, l, t, false, 0);
}
