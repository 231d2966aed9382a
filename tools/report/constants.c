/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/report/constants.h"

#include "base/bits.h"

#include <bpf/btf.h>
#include <inttypes.h>

/* Accesses of the program => places in constant data => members of variables, by the object's BTF. */

enum { UNREAD, WHOLE = 255 }; /* of a place; else the bytes that are read from it on */

struct list {
	struct arena *arena;
	const struct fe_object *obj;
	const struct fe_map *map;
	const uint8_t *reads; /* by byte of the map's value */
	VEC(struct rep_constant) at;
};

/* ---- what is read --------------------------------------------------------------------------------- */

struct survey {
	const struct vprog *vp;
	uint8_t **reads; /* by map; NULL: not compiled in */
};

static void note_read(const struct survey *s, const struct vp_reg *r, int64_t off, unsigned size)
{
	int64_t from = r->min_off + off, to = r->max_off + off + size;
	uint8_t *reads;

	if ((r->kind != VP_MAP_VALUE && r->kind != VP_MAP_VALUE_OR_NULL) || r->object < 0 ||
	    (size_t)r->object >= s->vp->obj->n_maps)
		return;
	reads = s->reads[r->object];
	if (!reads || from < 0 || to > s->vp->obj->maps[r->object].value_size)
		return;
	if (r->min_off != r->max_off)
		memset(reads + from, WHOLE, (size_t)(to - from));
	else if (reads[from] < size)
		reads[from] = (uint8_t)size;
}

static void note_insn(const struct survey *s, const struct vp_fact *f, const struct bpf_insn *insn)
{
	if (ebpf_class(insn) == BPF_LDX)
		note_read(s, &f->regs[insn->src_reg], insn->off, ebpf_size_bytes(insn));
	if (!ebpf_is_call(insn) || insn->src_reg == EBPF_CALL_SUBPROG)
		return;
	for (unsigned reg = 1; reg <= 5;
	     reg++) /* the callee determines the size: the variable that begins there */
		note_read(s, &f->regs[reg], 0, 1);
}

static void note_all(const struct survey *s)
{
	const struct vprog *vp = s->vp;

	for (size_t inst = 0; inst < vp->n_inst; inst++) {
		const struct fe_subprog *sub = &vp->prog->subprogs[vp->inst[inst].subprog];

		for (uint32_t pc = sub->start; pc < sub->end; pc++) {
			const struct vp_fact *f = vp_fact_at(vp, inst, pc);

			if (f->seen)
				note_insn(s, f, &vp->prog->insns[pc]);
		}
	}
}

/* ---- values --------------------------------------------------------------------------------------- */

static const char *bytes_text(struct arena *a, const uint8_t *p, size_t n)
{
	const char *text = "bytes";

	for (size_t i = 0; i < n && i < 16; i++)
		text = arena_printf(a, "%s %02x", text, p[i]);
	return n > 16 ? arena_printf(a, "%s …", text) : text;
}

static uint64_t load(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

static int64_t sign_extend(uint64_t v, size_t n)
{
	return n >= 8 ? (int64_t)v : (int64_t)(v << (64 - 8 * n)) >> (64 - 8 * n);
}

static const char *int_text(struct arena *a, const struct btf_type *t, const uint8_t *p)
{
	uint64_t v = load(p, t->size);

	if (btf_int_encoding(t) & BTF_INT_BOOL)
		return v ? "true" : "false";
	return btf_int_encoding(t) & BTF_INT_SIGNED
		       ? arena_printf(a, "%" PRId64, sign_extend(v, t->size))
		       : arena_printf(a, "%" PRIu64, v);
}

static const char *enum_text(struct arena *a, const struct btf *btf, const struct btf_type *t,
			     const uint8_t *p)
{
	uint64_t v = load(p, t->size), is;

	for (int i = 0; i < btf_vlen(t); i++) {
		is = btf_is_enum64(t) ? btf_enum64_value(&btf_enum64(t)[i])
				      : (uint32_t)btf_enum(t)[i].val;
		if (is == (t->size < 8 ? v & UINT32_MAX : v))
			return arena_printf(
				a, "%s",
				btf__name_by_offset(btf, btf_is_enum64(t)
								 ? btf_enum64(t)[i].name_off
								 : btf_enum(t)[i].name_off));
	}
	return arena_printf(a, "%" PRIu64, v);
}

/* ---- names ---------------------------------------------------------------------------------------- */

/* A location within a variable, from the variable down to the member that is read. */
struct leaf {
	const char *name;
	const struct btf_type *type;
	uint32_t offset, size; /* within the map's value */
};

static bool enter(struct list *l, struct leaf *f, uint32_t type, uint32_t offset, const char *name)
{
	int id = btf__resolve_type(l->obj->btf, type);
	int64_t size = id >= 0 ? btf__resolve_size(l->obj->btf, (uint32_t)id) : -1;

	if (size <= 0 || size > UINT32_MAX)
		return false;
	*f = (struct leaf){ name, btf__type_by_id(l->obj->btf, (uint32_t)id), offset,
			    (uint32_t)size };
	return true;
}

static bool enter_member(struct list *l, struct leaf *f, uint32_t at)
{
	for (int i = 0; i < btf_vlen(f->type); i++) {
		const struct btf_member *m = &btf_members(f->type)[i];
		uint32_t bit = btf_member_bit_offset(f->type, (uint32_t)i),
			 from = f->offset + bit / 8;
		int64_t size = btf__resolve_size(l->obj->btf, m->type);
		const char *name = btf__name_by_offset(l->obj->btf, m->name_off);

		if (!*name || bit % 8 || btf_member_bitfield_size(f->type, (uint32_t)i) ||
		    size <= 0 || at < from || at - from >= size)
			continue;
		return enter(l, f, m->type, from, arena_printf(l->arena, "%s.%s", f->name, name));
	}
	return false;
}

static bool enter_element(struct list *l, struct leaf *f, uint32_t at)
{
	const struct btf_array *a = btf_array(f->type);
	int64_t size = btf__resolve_size(l->obj->btf, a->type);
	uint32_t i;

	if (size <= 0)
		return false;
	i = (uint32_t)((at - f->offset) / size);
	return enter(l, f, a->type, f->offset + i * (uint32_t)size,
		     arena_printf(l->arena, "%s[%u]", f->name, i));
}

static bool is_text(const struct list *l, const struct leaf *f)
{
	const uint8_t *p = l->map->init + f->offset;

	if (!btf_is_array(f->type) || btf_array(f->type)->nelems != f->size ||
	    !memchr(p, 0, f->size))
		return false;
	for (; *p; p++)
		if (*p < ' ' || *p > '~')
			return false;
	return p != l->map->init + f->offset;
}

static void go_down(struct list *l, struct leaf *f, uint32_t at)
{
	while (!is_text(l, f) && (btf_is_array(f->type)       ? enter_element(l, f, at)
				  : btf_is_composite(f->type) ? enter_member(l, f, at)
							      : false))
		;
}

static const char *leaf_text(const struct list *l, const struct leaf *f, bool *settable)
{
	const uint8_t *p = l->map->init + f->offset;

	*settable = true;
	if (btf_is_int(f->type) && f->type->size <= 8)
		return int_text(l->arena, f->type, p);
	if (btf_is_any_enum(f->type))
		return enum_text(l->arena, l->obj->btf, f->type, p);
	if (is_text(l, f))
		return arena_printf(l->arena, "\"%s\"", (const char *)p);
	*settable = false;
	return bytes_text(l->arena, p, f->size);
}

/* ---- one map -------------------------------------------------------------------------------------- */

static void add_leaf(struct list *l, const struct leaf *f)
{
	struct rep_constant *c = vec_push(&l->at, l->arena);

	*c = (struct rep_constant){ .name = f->name, .map = l->map->name };
	c->value = leaf_text(l, f, &c->settable);
	c->settable &= l->map->kind == FE_MAP_RODATA;
}

/* Offset after the last reported variable. */
static uint32_t add_variable(struct list *l, const struct leaf *var)
{
	uint32_t end = var->offset + var->size;

	for (uint32_t i = var->offset; i < end;) {
		struct leaf f = *var;

		if (l->reads[i] == UNREAD) {
			i++;
			continue;
		}
		if (l->reads[i] != WHOLE)
			go_down(l, &f, i);
		add_leaf(l, &f);
		i = f.offset + f.size > i ? f.offset + f.size : i + 1;
	}
	return end;
}

static void add_unnamed(struct list *l, uint32_t i)
{
	uint32_t n = l->reads[i] == WHOLE ? 1 : l->reads[i];

	*vec_push(&l->at, l->arena) =
		(struct rep_constant){ .name = arena_printf(l->arena, "%s+%u", l->map->name, i),
				       .value = bytes_text(l->arena, l->map->init + i, n),
				       .map = l->map->name };
}

static bool variable_at(struct list *l, const struct btf_type *sec, uint32_t i, struct leaf *var)
{
	for (int k = 0; sec && k < btf_vlen(sec); k++) {
		const struct btf_var_secinfo *v = &btf_var_secinfos(sec)[k];
		const struct btf_type *t = btf__type_by_id(l->obj->btf, v->type);

		if (!t || !btf_is_var(t) || i < v->offset || i - v->offset >= v->size ||
		    v->size > l->map->value_size - v->offset)
			continue;
		return enter(l, var, t->type, v->offset,
			     btf__name_by_offset(l->obj->btf, t->name_off)) &&
		       var->size <= l->map->value_size - v->offset;
	}
	return false;
}

static void add_map(struct list *l)
{
	const struct btf *btf = l->obj->btf;
	int id = btf ? btf__find_by_name_kind(btf, l->map->name, BTF_KIND_DATASEC) : 0;
	const struct btf_type *sec = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
	struct leaf var;

	for (uint32_t i = 0; i < l->map->value_size;) {
		if (l->reads[i] == UNREAD) {
			i++;
		} else if (variable_at(l, sec, i, &var)) {
			i = add_variable(l, &var);
		} else {
			add_unnamed(l, i);
			i += l->reads[i] == WHOLE ? 1u : l->reads[i];
		}
	}
}

const struct rep_constant *rep_constants(const struct bpf_offload_program *p, size_t *n)
{
	const struct part_map *maps = p->compiled ? p->result.split.maps : NULL;
	struct arena *a = &p->owner->arena;
	struct list l = { .arena = a, .obj = &p->owner->obj };
	struct survey s = { .vp = p->result.split.vp };

	*n = 0;
	if (!maps || !p->image)
		return NULL;
	s.reads = ARENA_ARRAY(a, uint8_t *, l.obj->n_maps + 1);
	for (size_t i = 0; i < l.obj->n_maps; i++)
		if (maps[i].home == PART_MAP_COMPILED_IN)
			s.reads[i] = ARENA_ARRAY(a, uint8_t, l.obj->maps[i].value_size + 8);
	note_all(&s);
	for (size_t i = 0; i < l.obj->n_maps; i++) {
		l.map = &l.obj->maps[i];
		l.reads = s.reads[i];
		if (l.reads)
			add_map(&l);
	}
	*n = l.at.len;
	return l.at.at;
}
