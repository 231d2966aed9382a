/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/host_object.h"

#include <bpf/btf.h>

#include <stdlib.h>

/* .BTF and .BTF.ext of a host half: definitions of its maps, the types of their keys and values as in
 * the user's object, a function for each subprogram, and the lines that instructions come from. */

struct types {
	struct cx *cx;
	struct btf *btf;
	const struct btf *src; /* the object's; NULL: none */
	int *copy;             /* by type of src: its id here; 0: not yet */
	int int_id;
	VEC(struct part_obj_var) vars;
	bool failed;
};

static int check(struct types *t, int id)
{
	t->failed |= id < 0;
	return id < 0 ? 0 : id;
}

/* ---- the user's types ------------------------------------------------------------------------------------ */

static int copy_type(struct types *t, uint32_t id);

static struct btf_type *at(const struct types *t, int id)
{
	return (struct btf_type *)(uintptr_t)btf__type_by_id(t->btf, (uint32_t)id);
}

static void copy_members(struct types *t, int id, const struct btf_type *from)
{
	for (unsigned i = 0; i < btf_vlen(from); i++) {
		int member = copy_type(t, btf_members(from)[i].type);

		btf_members(at(t, id))[i].type = (uint32_t)member;
	}
}

static void copy_params(struct types *t, int id, const struct btf_type *from)
{
	int ret = copy_type(t, from->type);

	at(t, id)->type = (uint32_t)ret;
	for (unsigned i = 0; i < btf_vlen(from); i++) {
		int param = copy_type(t, btf_params(from)[i].type);

		btf_params(at(t, id))[i].type = (uint32_t)param;
	}
}

static void copy_array(struct types *t, int id, const struct btf_type *from)
{
	int elem = copy_type(t, btf_array(from)->type);
	int index = copy_type(t, btf_array(from)->index_type);

	btf_array(at(t, id))->type = (uint32_t)elem;
	btf_array(at(t, id))->index_type = (uint32_t)index;
}

/* The new type has the old one's references until they are copied, too. */
static void copy_references(struct types *t, int id, const struct btf_type *from)
{
	switch (btf_kind(from)) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION: copy_members(t, id, from); break;
	case BTF_KIND_ARRAY: copy_array(t, id, from); break;
	case BTF_KIND_FUNC_PROTO: copy_params(t, id, from); break;
	case BTF_KIND_PTR:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_VAR:
	case BTF_KIND_TYPE_TAG: {
		int to = copy_type(t, from->type);

		at(t, id)->type = (uint32_t)to;
		break;
	}
	default: break; /* numbers, enumerations, forward declarations */
	}
}

static int copy_type(struct types *t, uint32_t id)
{
	const struct btf_type *from = id ? btf__type_by_id(t->src, id) : NULL;
	int to;

	if (!from || t->failed)
		return 0;
	if (t->copy[id])
		return t->copy[id];
	to = check(t, btf__add_type(t->btf, t->src, from));
	t->copy[id] = to;
	if (to)
		copy_references(t, to, from);
	return to;
}

/* ---- maps -------------------------------------------------------------------------------------------------- */

/* A number in a map's definition: a pointer to an array of so many. */
static int number(struct types *t, uint32_t n)
{
	int array = check(t, btf__add_array(t->btf, t->int_id, t->int_id, n));

	return check(t, btf__add_ptr(t->btf, array));
}

struct definition {
	const char *name[5];
	int type[5];
};

static void describe(struct types *t, const struct fe_map *m, struct definition *d)
{
	bool typed = t->src && m->btf_key_id && m->btf_value_id;

	*d = (struct definition){
		.name = { "type", "max_entries", "map_flags", typed ? "key" : "key_size",
			  typed ? "value" : "value_size" },
		.type = { number(t, m->type), number(t, m->max_entries), number(t, m->flags) },
	};
	if (typed) {
		d->type[3] = check(t, btf__add_ptr(t->btf, copy_type(t, m->btf_key_id)));
		d->type[4] = check(t, btf__add_ptr(t->btf, copy_type(t, m->btf_value_id)));
	} else {
		d->type[3] = number(t, m->key_size);
		d->type[4] = number(t, m->value_size);
	}
}

/* The type of the elements of maps of maps: "values", an array of pointers to definitions, with size
 * 0; 0: no such map. */
static int inner_values(struct types *t, const struct fe_map *inner)
{
	struct definition d;
	int id;

	if (!inner)
		return 0;
	describe(t, inner, &d);
	id = check(t, btf__add_struct(t->btf, NULL, PART_OBJ_MAP_BYTES));
	for (unsigned i = 0; i < 5; i++)
		check(t, btf__add_field(t->btf, d.name[i], d.type[i], i * 64, 0));
	id = check(t, btf__add_ptr(t->btf, id));
	return check(t, btf__add_array(t->btf, t->int_id, id, 0));
}

static int add_map(struct types *t, const struct fe_map *m, const struct fe_map *inner)
{
	int values = inner_values(t, inner), id;
	struct definition d;

	describe(t, m, &d);
	id = check(t, btf__add_struct(t->btf, NULL, PART_OBJ_MAP_BYTES));
	for (unsigned i = 0; i < 5; i++)
		check(t, btf__add_field(t->btf, d.name[i], d.type[i], i * 64, 0));
	if (values)
		check(t, btf__add_field(t->btf, "values", values, PART_OBJ_MAP_BYTES * 8, 0));
	return check(t, btf__add_var(t->btf, m->name, BTF_VAR_GLOBAL_ALLOCATED, id));
}

static void add_maps(struct types *t, const struct fe_object *obj, const struct part_obj_map *maps,
		     size_t n)
{
	int *vars = ARENA_ARRAY(t->cx->scratch, int, n);

	for (size_t i = 0; i < n; i++) {
		const struct fe_map *m = &obj->maps[maps[i].map];

		vars[i] = add_map(t, m, m->inner >= 0 ? &obj->inner_maps[m->inner] : NULL);
	}
	if (n)
		check(t, btf__add_datasec(t->btf, ".maps", maps[n - 1].offset + maps[n - 1].size));
	for (size_t i = 0; i < n; i++)
		check(t, btf__add_datasec_var_info(t->btf, vars[i], maps[i].offset, maps[i].size));
}

/* ---- global data ------------------------------------------------------------------------------------------- */

/* The user's variables, so that a skeleton has them by name. Without BTF, or with BTF that does
 * not fit the section, the section stays plain bytes. */
static void add_variables(struct types *t, const struct fe_object *obj, uint32_t map,
			  const char *section)
{
	const struct fe_map *m = &obj->maps[map];
	int sec = t->src ? btf__find_by_name_kind(t->src, m->name, BTF_KIND_DATASEC) : 0;
	const struct btf_type *from = sec > 0 ? btf__type_by_id(t->src, (uint32_t)sec) : NULL;
	const struct btf_var_secinfo *v = from ? btf_var_secinfos(from) : NULL;
	unsigned n = from ? btf_vlen(from) : 0;
	int *vars = ARENA_ARRAY(t->cx->scratch, int, n + 1);

	for (unsigned i = 0; i < n; i++)
		if (v[i].offset > m->value_size || v[i].size > m->value_size - v[i].offset)
			return;
	for (unsigned i = 0; i < n; i++)
		vars[i] = copy_type(t, v[i].type);
	if (n)
		check(t, btf__add_datasec(t->btf, section, m->value_size));
	for (unsigned i = 0; i < n; i++) {
		const struct btf_type *var;

		check(t, btf__add_datasec_var_info(t->btf, vars[i], v[i].offset, v[i].size));
		var = at(t, vars[i]);
		if (var && btf_var(var)->linkage == BTF_VAR_GLOBAL_ALLOCATED)
			*vec_push(&t->vars, t->cx->arena) = (struct part_obj_var){
				arena_strdup(t->cx->arena,
					     btf__name_by_offset(t->btf, var->name_off)),
				map, v[i].offset, v[i].size
			};
	}
}

/* ---- kernel functions and variables -------------------------------------------------------------------------- */

static int add_extern(struct types *t, const struct fe_extern *e)
{
	const struct btf_type *from = btf__type_by_id(t->src, e->btf_id);
	int type = from ? copy_type(t, from->type) : 0;

	return check(t, e->is_func ? btf__add_func(t->btf, e->name, BTF_FUNC_EXTERN, type)
				   : btf__add_var(t->btf, e->name, BTF_VAR_GLOBAL_EXTERN, type));
}

static void add_externs(struct types *t, const struct fe_object *obj, const bool *used)
{
	int *ids = ARENA_ARRAY(t->cx->scratch, int, obj->n_externs);
	bool any = false;

	for (size_t i = 0; i < obj->n_externs; i++) {
		ids[i] = used[i] ? add_extern(t, &obj->externs[i]) : 0;
		any |= used[i];
	}
	if (any)
		check(t, btf__add_datasec(t->btf, ".ksyms", 0));
	for (size_t i = 0; i < obj->n_externs; i++)
		if (used[i])
			check(t, btf__add_datasec_var_info(t->btf, ids[i], 0, 0));
}

/* ---- .BTF.ext ----------------------------------------------------------------------------------------------- */

struct words {
	struct arena *arena;
	VEC(uint32_t) v;
};

static void put(struct words *w, uint32_t v)
{
	*vec_push(&w->v, w->arena) = v;
}

static uint32_t text(struct types *t, const char *s)
{
	return (uint32_t)check(t, btf__add_str(t->btf, s));
}

static bool is_name(const char *s)
{
	if (!*s || (*s >= '0' && *s <= '9'))
		return false;
	for (; *s; s++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.", *s))
			return false;
	return true;
}

/* Static: the kernel then verifies each function with the arguments of its callers. */
static int *add_functions(struct types *t, const struct fe_prog *prog)
{
	int *ids = ARENA_ARRAY(t->cx->scratch, int, prog->n_subprogs);
	int proto = check(t, btf__add_func_proto(t->btf, t->int_id));

	for (size_t i = 0; i < prog->n_subprogs; i++) {
		const char *name = i ? prog->subprogs[i].name : prog->name;

		if (!is_name(name))
			name = arena_printf(t->cx->scratch, "subprog_%zu", i);
		ids[i] = check(t, btf__add_func(t->btf, name, BTF_FUNC_STATIC, proto));
	}
	return ids;
}

/* Each main is in a section of its own; [from, to) of the subprograms and of the instructions. */
struct part {
	const struct fe_prog *prog;
	const int *ids; /* of functions, by subprogram */
	const char *section;
	size_t sub_from, sub_to;
	uint32_t from, to;
};

static void function_info(struct types *t, struct words *w, const struct part *p)
{
	if (p->sub_from == p->sub_to)
		return;
	put(w, text(t, p->section));
	put(w, (uint32_t)(p->sub_to - p->sub_from));
	for (size_t i = p->sub_from; i < p->sub_to; i++) {
		put(w, (p->prog->subprogs[i].start - p->from) * 8);
		put(w, (uint32_t)p->ids[i]);
	}
}

static void line_info(struct types *t, struct words *w, const struct part *p)
{
	const struct fe_prog *prog = p->prog;
	uint32_t n = 0;

	for (size_t i = 0; prog && i < prog->n_lines; i++)
		n += prog->lines[i].insn >= p->from && prog->lines[i].insn < p->to;
	if (!n)
		return;
	put(w, text(t, p->section));
	put(w, n);
	for (size_t i = 0; i < prog->n_lines; i++) {
		const struct fe_line *l = &prog->lines[i];

		if (l->insn < p->from || l->insn >= p->to)
			continue;
		put(w, (l->insn - p->from) * 8);
		put(w, text(t, l->file));
		put(w, text(t, l->text));
		put(w, l->line << 10 | (l->column & 0x3ff));
	}
}

static bool has_line_at(const struct fe_prog *prog, uint32_t insn)
{
	for (size_t i = 0; i < prog->n_lines; i++)
		if (prog->lines[i].insn == insn)
			return true;
	return false;
}

/* The kernel requires lines for all functions, from their first instruction on, or for none. */
static bool lines_are_complete(const struct fe_prog *prog)
{
	for (size_t i = 0; i < prog->n_subprogs; i++)
		if (!has_line_at(prog, prog->subprogs[i].start))
			return false;
	return true;
}

static struct part first_part(struct types *t, const struct fe_prog *first)
{
	struct part none = { 0 };

	if (!first)
		return none;
	return (struct part){ first, add_functions(t, first), first->section, 0, 1,
			      0,     (uint32_t)first->n_insns };
}

static struct part_bytes extension(struct types *t, const struct part_obj_progs *progs)
{
	struct words w = { .arena = t->cx->arena };
	const struct fe_prog *prog = progs->prog;
	uint32_t end = prog->subprogs[0].end, n = (uint32_t)prog->n_insns;
	const int *ids = add_functions(t, prog);
	const struct part parts[3] = {
		{ prog, ids, progs->section, 0, 1, 0, end },
		{ prog, ids, ".text", 1, prog->n_subprogs, end, n },
		first_part(t, progs->first),
	};
	size_t lines;

	put(&w, 0xeb9f | 1u << 16); /* magic, version 1, no flags */
	for (unsigned i = 0; i < 5; i++)
		put(&w, 24); /* header's length; the rest is known at the end */
	put(&w, 8);          /* bytes of a function's record */
	for (unsigned i = 0; i < 3; i++)
		function_info(t, &w, &parts[i]);
	lines = w.v.len;
	put(&w, 16); /* bytes of a line's record */
	for (unsigned i = 0; i < 3 && lines_are_complete(prog); i++)
		line_info(t, &w, &parts[i]);
	if (w.v.len == lines + 1)
		w.v.len = lines;
	w.v.at[2] = 0;
	w.v.at[3] = (uint32_t)(lines - 6) * 4;
	w.v.at[4] = w.v.at[3];
	w.v.at[5] = (uint32_t)(w.v.len - lines) * 4;
	return (struct part_bytes){ w.v.at, w.v.len * 4 };
}

bool part_object_btf(struct cx *cx, const struct fe_object *obj, const struct part_obj_progs *progs,
		     const struct part_obj_uses *uses, struct part_obj_btf *out)
{
	struct types t = { .cx = cx, .btf = btf__new_empty(), .src = obj->btf };
	const void *raw;
	uint32_t size;

	if (!t.btf)
		return false;
	if (t.src)
		t.copy = ARENA_ARRAY(cx->scratch, int, btf__type_cnt(t.src));
	t.int_id = check(&t, btf__add_int(t.btf, "int", 4, BTF_INT_SIGNED));
	add_maps(&t, obj, uses->maps, uses->n_maps);
	for (size_t i = 0; i < obj->n_maps; i++)
		if (uses->any[i] && obj->maps[i].kind != FE_MAP_USER &&
		    obj->maps[i].kind != FE_MAP_KCONFIG)
			add_variables(&t, obj, (uint32_t)i, uses->sections[i]);
	add_externs(&t, obj, uses->externs);
	out->ext = extension(&t, progs);
	out->vars = t.vars.at;
	out->n_vars = t.vars.len;
	raw = btf__raw_data(t.btf, &size);
	if (raw)
		out->btf = (struct part_bytes){ arena_dup(cx->arena, raw, size), size };
	btf__free(t.btf);
	return raw && !t.failed;
}
