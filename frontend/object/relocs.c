/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/loader.h"

#include <string.h>

/* libbpf refuses the whole object if one relocation is invalid (and writes beyond
 * a program that ends within a 64-bit constant). So each is checked first; a bad one is dropped
 * and its function marked broken. Broken programs are hidden from libbpf. */

static const char *undefined(const struct fe_symbol *s, struct arena *a)
{
	return arena_printf(a,
			    "'%s' is not defined: link the object with the one that has it "
			    "(bpftool gen object), or declare it __ksym",
			    s->name);
}

static const char *call_problem(const struct fe_elf *elf, const struct fe_symbol *s,
				const struct bpf_insn *i, struct arena *a)
{
	if (i->src_reg != EBPF_CALL_SUBPROG)
		return "a helper call has a relocation";
	if (s->section == SHN_UNDEF)
		return undefined(s, a);
	if (!elf->text || s->section != elf->text)
		return arena_printf(a,
				    "it calls '%s', which has its own SEC(); a called function "
				    "must not have one",
				    s->name);
	if (s->value % sizeof(*i))
		return "it calls into the middle of an instruction";
	return NULL;
}

/* The variable's offset is in the symbol, that of an element of it in imm. */
static const char *data_problem(const struct fe_section *sec, const struct fe_symbol *s,
				const struct bpf_insn *i, struct arena *a)
{
	int64_t offset = (int64_t)s->value + i->imm;

	if (s->value <= sec->size && offset >= 0 && offset <= (int64_t)sec->size)
		return NULL;
	return arena_printf(a, "it takes an address outside of section '%s'", sec->name);
}

static const char *address_problem(const struct fe_elf *elf, const struct fe_symbol *s,
				   const struct bpf_insn *i, struct arena *a)
{
	if (!s->section || s->section >= elf->n_secs)
		return undefined(s, a);
	if (s->section == elf->text) {
		if (s->value % sizeof(*i) || i->imm % (int)sizeof(*i))
			return "it takes the address of the middle of an instruction";
		return s->type == STT_SECTION || s->type == STT_FUNC
			       ? NULL
			       : "it takes an address in .text that is not a function";
	}
	if (s->section == elf->maps)
		return NULL;
	if (fe_section_is_data(&elf->secs[s->section]))
		return data_problem(&elf->secs[s->section], s, i, a);
	return arena_printf(a, "'%s' is in section '%s', which is neither data nor maps", s->name,
			    elf->secs[s->section].name);
}

static const char *problem(const struct fe_elf *elf, const struct fe_reloc *r,
			   const struct fe_func *f, struct arena *a)
{
	const struct bpf_insn *i = &fe_section_insns(&elf->secs[r->section])[r->insn];
	const struct fe_symbol *s = &elf->syms[r->symbol];

	if (ebpf_is_call(i))
		return call_problem(elf, s, i, a);
	if (!ebpf_is_ld_imm64(i))
		return "an instruction that takes no address has a relocation";
	if (r->insn + 1 >= f->start + f->len)
		return "it ends within a 64-bit constant";
	return address_problem(elf, s, i, a);
}

/* Call without relocation: within a section, so to another program unless in .text. */
static bool calls_within_section(const struct fe_elf *elf, const struct fe_func *f)
{
	const struct bpf_insn *insns = fe_section_insns(&elf->secs[f->section]);

	for (uint32_t i = f->start; i < f->start + f->len; i++) {
		if (ebpf_is_call(&insns[i]) && insns[i].src_reg == EBPF_CALL_SUBPROG &&
		    !fe_elf_reloc_at(elf, f->section, i))
			return true;
	}
	return false;
}

static const char *function_problem(const struct fe_elf *elf, const struct fe_func *f)
{
	if (!fe_func_is_main(elf, f))
		return NULL;
	if (f->section != elf->text && elf->syms[f->symbol].bind == STB_LOCAL)
		return "it is static: a program must be a global function";
	if (f->section != elf->text && calls_within_section(elf, f))
		return "it calls a function of its own section: a called function may have no "
		       "SEC()";
	return NULL;
}

void fe_relocs_check(struct cx *cx, struct fe_elf *elf)
{
	for (uint32_t i = 0; i < elf->n_relocs; i++) {
		struct fe_reloc *r = &elf->relocs[i];
		struct fe_func *f = fe_elf_func_at(elf, r->section, r->insn);
		const char *why;

		if (r->dropped)
			continue;
		why = f ? problem(elf, r, f, cx->arena) : "";
		if (!why)
			continue;
		r->dropped = true;
		if (f)
			f->broken = why;
	}
	for (uint32_t i = 0; i < elf->n_funcs; i++) {
		struct fe_func *f = &elf->funcs[i];

		if (!f->broken)
			f->broken = function_problem(elf, f);
		if (f->broken && fe_func_is_main(elf, f))
			fe_elf_hide_func(elf, f, true);
	}
}
