/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/core.h"

#include "base/bits.h"

#include <string.h>

/* Applies the CO-RE relocations of an object to the instructions of its sections. Needs: .BTF and
 * .BTF.ext checked. Leaves: instructions patched, or replaced by a call to a helper that does not
 * exist where the target lacks what they access; functions that cannot be patched marked broken.
 * (libbpf leaves this to the kernel when it relocates without one.) */

struct core {
	struct cx *cx;
	struct fe_elf *elf;
	const struct fe_btf_ext *ext;
	const struct fe_func *reported; /* the last function with a warning */
	const struct btf *local;
	struct core_target target;
	struct core_pair types;
	uint32_t n_without_target;
	struct core_path local_path, path; /* large: kept off the stack */
};

/* ---- decision ------------------------------------------------------------------------------------ */

static bool is_abi_type(const char *name)
{
	static const char *const names[] = {
#define FE_ABI_TYPE(name) name,
#include "frontend/object/core_abi.def"
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(name, names[i]))
			return true;
	}
	return false;
}

static bool same_value(const struct core_value *a, const struct core_value *b)
{
	return a->number == b->number && a->field_bytes == b->field_bytes &&
	       a->missing == b->missing;
}

/* One candidate; false: *broken is the reason why there is no decision. */
static bool try_candidate(struct core *c, uint32_t id, bool *found, struct core_decision *d)
{
	const struct core_path *p = &c->local_path;
	struct core_value v;

	switch (core_path_match(&c->types, p, id, &c->path)) {
	case CORE_NO: return true;
	case CORE_YES: break;
	default: d->broken = "the kernel's types are too deep or too many to compare"; return false;
	}
	if (!core_value(p->kind, &c->path, &v)) {
		d->broken = "the kernel's field cannot be accessed that way";
		return false;
	}
	if (*found && !same_value(&v, &d->now)) {
		d->broken = "the kernel has several types of that name, which differ";
		return false;
	}
	if (!*found)
		d->now = v;
	*found = true;
	return true;
}

static void ask_target(struct core *c, const char *name, struct core_decision *d)
{
	const struct btf_type *lt = btf__type_by_id(c->local, c->local_path.root);
	uint32_t row = core_target_first(&c->target, name), id;
	bool found = false;

	while ((id = core_target_named(&c->target, name, &row))) {
		if (core_same_kind(lt, btf__type_by_id(c->target.btf, id)) &&
		    !try_candidate(c, id, &found, d))
			return;
	}
	if (!found && !core_value(c->local_path.kind, NULL, &d->now))
		d->broken = "its kind is unknown";
	else if (d->now.missing)
		d->poison = "the kernel has no such type, field or value";
}

static void decide(struct core *c, const struct fe_ext_core *relo, struct core_decision *d)
{
	const struct btf_type *t = btf__type_by_id(c->local, relo->type);
	const char *name = btf__name_by_offset(c->local, t->name_off);

	*d = (struct core_decision){ 0 };
	if (!core_path_parse(c->local, relo, &c->local_path)) {
		d->broken = "its access string does not fit the type";
		return;
	}
	if (!core_value(relo->kind, &c->local_path, &d->was)) {
		d->broken = "its kind is unknown or does not fit the field";
		return;
	}
	d->now = d->was;
	if (relo->kind == BPF_CORE_TYPE_ID_LOCAL)
		return;
	if (!*name) {
		d->broken = "a type without name cannot be found in the kernel";
	} else if (c->target.btf) {
		ask_target(c, name, d);
	} else if (!is_abi_type(name) || !core_is_field(relo->kind)) {
		d->poison = "no kernel BTF";
		c->n_without_target++;
	}
}

/* ---- all ----------------------------------------------------------------------------------------- */

static const char *describe(const struct core *c, const struct fe_ext_core *r)
{
	const struct btf_type *t = btf__type_by_id(c->local, r->type);
	const char *name = btf__name_by_offset(c->local, t->name_off);
	const struct core_path *p = &c->local_path;
	const char *text = arena_printf(c->cx->arena, "%s", *name ? name : "(anonymous)");

	for (unsigned i = 0; i < p->n && p->root == r->type; i++) {
		if (p->step[i].name)
			text = arena_printf(c->cx->arena, "%s.%s", text, p->step[i].name);
		else if (i)
			text = arena_printf(c->cx->arena, "%s[%u]", text, p->step[i].index);
	}
	return text;
}

/* Once per function: a missing type usually affects several instructions. */
static void report_poison(struct core *c, const struct fe_func *f, const struct fe_ext_core *r,
			  const char *why)
{
	const struct fe_ext_line *line = fe_btf_ext_line(c->ext, r->section, r->insn);
	struct diag_at at = { .object = c->elf->path,
			      .section = c->elf->secs[r->section].name,
			      .prog = f->name,
			      .insn = r->insn - f->start };

	if (c->reported == f)
		return;
	c->reported = f;
	if (line) {
		at.line = line->line;
		at.file = arena_strdup(c->cx->arena, btf__name_by_offset(c->local, line->file_off));
		at.source =
			arena_strdup(c->cx->arena, btf__name_by_offset(c->local, line->text_off));
		at.source += strspn(at.source, " \t");
	}
	diag_warn(c->cx->diags, &at, REASON_CORE_UNRESOLVED, describe(c, r), why);
}

static void apply(struct core *c, struct fe_func *f, const struct fe_ext_core *r)
{
	struct bpf_insn *i = &fe_section_insns(&c->elf->secs[r->section])[r->insn];
	bool has_next = r->insn + 1 < f->start + f->len;
	struct core_decision d;

	decide(c, r, &d);
	if (!d.broken && !d.poison)
		d.broken = core_patch(&c->types, &d, i, has_next);
	if (d.broken) {
		f->broken = arena_printf(c->cx->arena, "CO-RE relocation of %s: %s", describe(c, r),
					 d.broken);
		return;
	}
	if (!d.poison)
		return;
	if (c->target.btf)
		report_poison(c, f, r, d.poison);
	core_poison(i, has_next);
}

static void report_no_target(const struct core *c, const char *why)
{
	struct diag_at at = { .object = c->elf->path, .insn = -1 };

	if (c->n_without_target)
		diag_warn(c->cx->diags, &at, REASON_CORE_NO_TARGET, c->n_without_target,
			  arena_printf(c->cx->arena, "'%s': %s", c->target.path, why));
}

bool fe_core_apply(struct cx *cx, struct fe_elf *elf, const struct btf *btf,
		   const struct fe_btf_ext *ext, const struct fe_open_options *opts,
		   struct fe_object *obj)
{
	const char *why;
	struct core *c;

	obj->conn_mark = -1;
	if (!ext->n_cores)
		return true;
	c = ARENA_NEW(cx->scratch, struct core);
	*c = (struct core){ .cx = cx, .elf = elf, .ext = ext, .local = btf };
	if (!core_target_open(cx, opts, &c->target, &why))
		return false;
	c->types = (struct core_pair){ .local = btf, .target = c->target.btf };
	for (uint32_t k = 0; k < ext->n_cores; k++) {
		const struct fe_ext_core *r = &ext->cores[k];
		struct fe_func *f = fe_elf_func_at(elf, r->section, r->insn);

		if (f && !f->broken) /* else of a function that a linker dropped */
			apply(c, f, r);
	}
	report_no_target(c, why);
	if (obj->n_externs)
		obj->conn_mark = core_target_member(&c->target, "nf_conn", "mark");
	fe_kernel_types_keep(obj, c->target.btf);
	return true;
}
