/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/loader.h"

#include <stdlib.h>
#include <string.h>

/* Functions and relocations of the executable sections of a checked ELF file. */

static bool invalid(struct cx *cx, const struct fe_elf *elf, const char *why)
{
	struct diag_at at = { .object = elf->path, .insn = -1 };

	return diag_error(cx->diags, &at, REASON_ELF_INVALID, elf->path, why);
}

static bool is_function(const struct fe_elf *elf, const struct fe_symbol *s)
{
	return s->type == STT_FUNC && s->section && s->section < elf->n_secs &&
	       fe_section_is_code(&elf->secs[s->section]);
}

static int by_place(const void *a, const void *b)
{
	const struct fe_func *x = a, *y = b;

	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	return (x->start > y->start) - (x->start < y->start);
}

static bool check_function(struct cx *cx, const struct fe_elf *elf, const struct fe_symbol *s)
{
	const struct fe_section *sec = &elf->secs[s->section];
	const size_t insn = sizeof(struct bpf_insn);

	if (!s->size || s->size % insn || s->value % insn)
		return invalid(cx, elf,
			       arena_printf(cx->arena,
					    "function '%s' does not consist of whole instructions",
					    s->name));
	if (s->value > sec->size || s->size > sec->size - s->value)
		return invalid(cx, elf,
			       arena_printf(cx->arena, "function '%s' exceeds section '%s'",
					    s->name, sec->name));
	return true;
}

/* At most: when every program calls all of .text. */
static uint64_t linked_insns(const struct fe_elf *elf)
{
	uint64_t mains = 0, own = 0, shared = 0;

	for (uint32_t i = 0; i < elf->n_funcs; i++) {
		if (elf->funcs[i].section == elf->text) {
			shared += elf->funcs[i].len;
		} else {
			own += elf->funcs[i].len;
			mains++;
		}
	}
	return own + mains * shared;
}

static bool collect_functions(struct cx *cx, struct fe_elf *elf)
{
	uint64_t insns = 0;

	elf->funcs = ARENA_ARRAY(cx->arena, struct fe_func, FE_MAX_FUNCTIONS);
	for (uint32_t i = 0; i < elf->n_syms; i++) {
		const struct fe_symbol *s = &elf->syms[i];

		if (!is_function(elf, s))
			continue;
		if (!check_function(cx, elf, s))
			return false;
		if (elf->n_funcs == FE_MAX_FUNCTIONS)
			return invalid(cx, elf, "it has too many functions");
		elf->funcs[elf->n_funcs++] =
			(struct fe_func){ .name = s->name,
					  .section = s->section,
					  .symbol = i,
					  .start = (uint32_t)(s->value / sizeof(struct bpf_insn)),
					  .len = (uint32_t)(s->size / sizeof(struct bpf_insn)),
					  .is_global =
						  s->bind != STB_LOCAL &&
						  ELF64_ST_VISIBILITY(s->other) == STV_DEFAULT };
		insns += s->size / sizeof(struct bpf_insn);
	}
	if (insns > FE_MAX_OBJECT_INSNS)
		return invalid(cx, elf,
			       "it has more instructions than the kernel allows in a program");
	if (linked_insns(elf) > FE_MAX_LINKED_INSNS)
		return invalid(cx, elf, "its programs share too many functions");
	qsort(elf->funcs, elf->n_funcs, sizeof(*elf->funcs), by_place);
	for (uint32_t i = 1; i < elf->n_funcs; i++) {
		const struct fe_func *f = &elf->funcs[i], *before = f - 1;

		if (f->section == before->section && before->start + before->len > f->start)
			return invalid(cx, elf,
				       arena_printf(cx->arena, "functions '%s' and '%s' overlap",
						    before->name, f->name));
	}
	return true;
}

static int reloc_by_place(const void *a, const void *b)
{
	const struct fe_reloc *x = a, *y = b;

	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	return (x->insn > y->insn) - (x->insn < y->insn);
}

static bool is_code_reloc(const struct fe_elf *elf, const struct fe_section *s)
{
	return s->type == SHT_REL && s->data && fe_section_is_code(&elf->secs[s->info]);
}

static bool read_relocs(struct cx *cx, struct fe_elf *elf, const struct fe_section *s)
{
	const struct fe_section *target = &elf->secs[s->info];

	for (uint64_t off = 0; off < s->size; off += sizeof(Elf64_Rel)) {
		Elf64_Rel rel;

		memcpy(&rel, s->data + off, sizeof(rel));
		if (rel.r_offset % sizeof(struct bpf_insn) || rel.r_offset >= target->size)
			return invalid(cx, elf,
				       arena_printf(cx->arena,
						    "section '%s' relocates no instruction",
						    s->name));
		if (ELF64_R_SYM(rel.r_info) >= elf->n_syms)
			return invalid(cx, elf,
				       arena_printf(cx->arena,
						    "section '%s' refers to a symbol out of range",
						    s->name));
		elf->relocs[elf->n_relocs++] = (struct fe_reloc){
			.section = s->info,
			.insn = (uint32_t)(rel.r_offset / sizeof(struct bpf_insn)),
			.symbol = (uint32_t)ELF64_R_SYM(rel.r_info),
			.type = (uint32_t)ELF64_R_TYPE(rel.r_info)
		};
	}
	return true;
}

static bool collect_relocs(struct cx *cx, struct fe_elf *elf)
{
	uint64_t n = 0;

	for (uint32_t i = 1; i < elf->n_secs; i++) {
		if (is_code_reloc(elf, &elf->secs[i]))
			n += elf->secs[i].size / sizeof(Elf64_Rel);
	}
	if (n > FE_MAX_RELOCS)
		return invalid(cx, elf, "it has too many relocations");
	elf->relocs = ARENA_ARRAY(cx->arena, struct fe_reloc, n + 1);
	for (uint32_t i = 1; i < elf->n_secs; i++) {
		if (is_code_reloc(elf, &elf->secs[i]) && !read_relocs(cx, elf, &elf->secs[i]))
			return false;
	}
	qsort(elf->relocs, elf->n_relocs, sizeof(*elf->relocs), reloc_by_place);
	for (uint32_t i = 1; i < elf->n_relocs; i++) {
		if (!reloc_by_place(&elf->relocs[i - 1], &elf->relocs[i]))
			return invalid(cx, elf, "it relocates one instruction twice");
	}
	return true;
}

bool fe_elf_collect_code(struct cx *cx, struct fe_elf *elf)
{
	if (!collect_relocs(cx, elf))
		return false;
	fe_elf_type_functions(cx, elf);
	return collect_functions(cx, elf);
}

struct fe_func *fe_elf_func_at(const struct fe_elf *elf, uint32_t section, uint32_t insn)
{
	uint32_t lo = 0, hi = elf->n_funcs;

	while (lo < hi) { /* first function that starts behind the instruction */
		uint32_t mid = lo + (hi - lo) / 2;
		const struct fe_func *f = &elf->funcs[mid];

		if (f->section < section || (f->section == section && f->start <= insn))
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo || elf->funcs[lo - 1].section != section ||
	    insn >= elf->funcs[lo - 1].start + elf->funcs[lo - 1].len)
		return NULL;
	return &elf->funcs[lo - 1];
}

struct fe_reloc *fe_elf_reloc_at(const struct fe_elf *elf, uint32_t section, uint32_t insn)
{
	struct fe_reloc key = { .section = section, .insn = insn };

	return elf->n_relocs
		       ? bsearch(&key, elf->relocs, elf->n_relocs, sizeof(key), reloc_by_place)
		       : NULL;
}

struct bpf_insn *fe_section_insns(const struct fe_section *s)
{
	return (struct bpf_insn *)(uintptr_t)s->data;
}

void fe_elf_hide_func(struct fe_elf *elf, const struct fe_func *f, bool hidden)
{
	elf->syms[f->symbol].type = hidden ? STT_NOTYPE : STT_FUNC;
}
