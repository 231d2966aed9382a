/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/loader.h"

#include "base/bits.h"

#include <bpf/btf.h>
#include <string.h>

/* Symbols that the object uses but does not define. libbpf resolves them against the running
 * kernel or fails; here they get values that do not depend on it:
 *   kernel function (kfunc)  CALL with src_reg EBPF_CALL_KFUNC, imm = index into fe_object.externs
 *   kernel variable (ksym)   LD_IMM64 with src_reg EBPF_IMM_BTF_ID, imm = that index
 *   __kconfig variable       a read-only data section of the values, as libbpf's .kconfig map */

#define MAX_MODIFIERS 32 /* of a variable's type: a hostile BTF may have cycles */

struct resolver {
	struct cx *cx;
	struct fe_elf *elf;
	const struct btf *btf;
	struct fe_kconfig kconfig;
	VEC(struct fe_extern) externs;
	VEC(uint8_t) values;   /* of the __kconfig variables */
	uint32_t *seen;        /* by symbol: index into externs + 1, or offset into values + 1 */
	uint32_t *kconfig_var; /* by symbol: VAR of a __kconfig variable, else 0 */
	bool *is_ksym;         /* by symbol: declared __ksym */
};

static bool is_extern(const struct fe_symbol *s)
{
	return s->section == SHN_UNDEF && s->type == STT_NOTYPE && s->name[0] &&
	       (s->bind == STB_GLOBAL || s->bind == STB_WEAK);
}

static bool in_datasec(const struct btf *btf, uint32_t var, const char *datasec)
{
	int id = btf__find_by_name_kind(btf, datasec, BTF_KIND_DATASEC);
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;

	for (unsigned i = 0; t && i < btf_vlen(t); i++) {
		if (btf_var_secinfos(t)[i].type == var)
			return true;
	}
	return false;
}

static uint32_t btf_id(const struct resolver *r, const char *name, bool is_func)
{
	int id = r->btf ? btf__find_by_name_kind(r->btf, name,
						 is_func ? BTF_KIND_FUNC : BTF_KIND_VAR)
			: 0;

	return id > 0 ? (uint32_t)id : 0;
}

/* ---- __kconfig ---------------------------------------------------------------------------------- */

static void put_value(struct resolver *r, uint32_t off, uint32_t size, const struct fe_symbol *s)
{
	struct diag_at at = { .object = r->elf->path, .insn = -1 };
	uint8_t *to = r->values.at + off;
	char text[256];
	uint64_t v;

	if (size <= 8 && fe_kconfig_number(&r->kconfig, s->name, &v)) {
		for (uint32_t i = 0; i < size; i++)
			to[i] = (uint8_t)(v >> (8 * i));
	} else if (fe_kconfig_string(&r->kconfig, s->name, text, sizeof(text))) {
		size_t n = strnlen(text, size - 1);

		memcpy(to, text, n);
	} else if (s->bind != STB_WEAK) {
		diag_warn(r->cx->diags, &at, REASON_KCONFIG_UNKNOWN, s->name);
	}
}

#define MAX_KCONFIG_BYTES 4096 /* of one variable, and of all: kernel options are short */

/* Offset of the variable in the section; false: it is of no usable size. */
static bool place_kconfig(struct resolver *r, uint32_t var, const struct fe_symbol *s,
			  uint32_t *offset)
{
	int64_t size = btf__resolve_size(r->btf, var);

	if (size <= 0 || size > MAX_KCONFIG_BYTES || r->values.len > MAX_KCONFIG_BYTES)
		return false;
	*offset = (uint32_t)r->values.len;
	for (int64_t i = 0; i < (int64_t)bits_round_up((uint64_t)size, 8); i++)
		vec_push(&r->values, r->cx->arena);
	put_value(r, *offset, (uint32_t)size, s);
	return true;
}

/* "extern const void name __ksym" */
static bool is_typeless(const struct resolver *r, const char *name)
{
	const struct btf_type *t = btf__type_by_id(r->btf, btf_id(r, name, false));

	for (unsigned n = 0; t && n < MAX_MODIFIERS; n++) {
		if (!t->type)
			return true;
		t = btf__type_by_id(r->btf, t->type);
		if (!t || !btf_is_mod(t))
			return false;
	}
	return false;
}

/* ---- one use ------------------------------------------------------------------------------------ */

static uint32_t extern_index(struct resolver *r, const struct fe_reloc *rel, bool is_func)
{
	const struct fe_symbol *s = &r->elf->syms[rel->symbol];

	if (!r->seen[rel->symbol]) {
		*vec_push(&r->externs, r->cx->arena) =
			(struct fe_extern){ .name = s->name,
					    .is_func = is_func,
					    .weak = s->bind == STB_WEAK,
					    .typeless = !is_func && is_typeless(r, s->name),
					    .btf_id = btf_id(r, s->name, is_func) };
		r->seen[rel->symbol] = (uint32_t)r->externs.len;
	}
	return r->seen[rel->symbol] - 1;
}

static void use_kconfig(struct resolver *r, const struct fe_reloc *rel)
{
	uint32_t off, *seen = &r->seen[rel->symbol];

	if (!*seen &&
	    place_kconfig(r, r->kconfig_var[rel->symbol], &r->elf->syms[rel->symbol], &off))
		*seen = off + 1;
}

/* Address of a kernel variable or function. */
static void use_address(struct resolver *r, struct fe_reloc *rel, struct bpf_insn *i)
{
	const struct fe_symbol *s = &r->elf->syms[rel->symbol];

	i->src_reg = EBPF_IMM_BTF_ID;
	i->imm = (int32_t)extern_index(r, rel, btf_id(r, s->name, true) != 0);
	rel->dropped = true;
}

static void use_call(struct resolver *r, struct fe_reloc *rel, struct bpf_insn *i)
{
	i->src_reg = EBPF_CALL_KFUNC;
	i->off = 0;
	i->imm = (int32_t)extern_index(r, rel, true);
	rel->dropped = true;
}

static void resolve(struct resolver *r, struct fe_reloc *rel)
{
	struct bpf_insn *i = &fe_section_insns(&r->elf->secs[rel->section])[rel->insn];

	if (r->kconfig_var[rel->symbol] && ebpf_is_ld_imm64(i))
		use_kconfig(r, rel);
	else if (!r->is_ksym[rel->symbol])
		return; /* left undefined: relocs.c says so */
	else if (ebpf_is_call(i) && i->src_reg == EBPF_CALL_SUBPROG)
		use_call(r, rel, i);
	else if (ebpf_is_ld_imm64(i))
		use_address(r, rel, i);
}

/* Gives the __kconfig symbols their place in the section of values; hides all others, for libbpf
 * would look for them. */
static void settle_symbols(struct resolver *r)
{
	struct fe_elf *elf = r->elf;

	if (r->values.len)
		elf->kconfig = fe_elf_add_section(elf, ".rodata.kconfig",
						  (struct fe_bytes){ r->values.at, r->values.len });
	for (uint32_t i = 0; i < elf->n_syms; i++) {
		struct fe_symbol *s = &elf->syms[i];

		if (!is_extern(s))
			continue;
		if (r->seen[i] && r->kconfig_var[i]) {
			s->section = (uint16_t)elf->kconfig;
			s->value = r->seen[i] - 1;
			s->type = STT_OBJECT;
		}
		s->bind = STB_LOCAL;
	}
}

/* Finds the declarations of the undefined symbols. False: reported. */
static bool classify(struct resolver *r, uint32_t *n_externs)
{
	struct diag_at at = { .object = r->elf->path, .insn = -1 };

	*n_externs = 0;
	r->kconfig_var = ARENA_ARRAY(r->cx->scratch, uint32_t, r->elf->n_syms);
	r->is_ksym = ARENA_ARRAY(r->cx->scratch, bool, r->elf->n_syms);
	for (uint32_t i = 0; i < r->elf->n_syms; i++) {
		const struct fe_symbol *s = &r->elf->syms[i];
		uint32_t var, func;

		if (!is_extern(s))
			continue;
		if (++*n_externs > FE_MAX_EXTERNS)
			return diag_error(r->cx->diags, &at, REASON_ELF_INVALID, r->elf->path,
					  "it has too many undefined symbols");
		var = btf_id(r, s->name, false);
		func = btf_id(r, s->name, true);
		if (var && in_datasec(r->btf, var, ".kconfig"))
			r->kconfig_var[i] = var;
		r->is_ksym[i] = (var && in_datasec(r->btf, var, ".ksyms")) ||
				(func && in_datasec(r->btf, func, ".ksyms"));
	}
	return true;
}

bool fe_externs_resolve(struct cx *cx, struct fe_elf *elf, const struct btf *btf,
			const struct fe_open_options *opts, struct fe_object *obj)
{
	struct resolver r = { .cx = cx, .elf = elf, .btf = btf };
	uint32_t n;

	if (!classify(&r, &n))
		return false;
	if (!n)
		return true;
	r.seen = ARENA_ARRAY(cx->scratch, uint32_t, elf->n_syms);
	if (!fe_kconfig_read(cx, opts, &r.kconfig))
		return false;
	for (uint32_t i = 0; i < elf->n_relocs; i++) {
		if (is_extern(&elf->syms[elf->relocs[i].symbol]))
			resolve(&r, &elf->relocs[i]);
	}
	settle_symbols(&r);
	obj->externs = r.externs.at;
	obj->n_externs = r.externs.len;
	return true;
}
