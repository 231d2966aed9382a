/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/loader.h"

#include <ctype.h>
#include <string.h>

/* Objects of clang before 8, and of assembly without .type: functions are symbols without type and size, beside
 * the labels of their jumps. In a section without a typed function, one begins at each global symbol, at each
 * target of a call, and at the section's start, and goes on to the next one. Loaders of that time took a section
 * for a program, so a static function or a section without symbol at its start is one, too. */

struct places {
	bool *starts; /* by instruction: a function begins here; NULL: the section is of no interest */
	uint32_t *symbol; /* by instruction: a name for it, global rather than local; 0: none */
};

struct untyped {
	struct cx *cx;
	struct fe_elf *elf;
	struct places *in; /* by section */
	const char *first; /* section of untyped functions */
	unsigned sections; /* that have such */
	char *names;       /* of symbols, with room for more */
};

static uint64_t n_insns(const struct untyped *u, uint32_t section)
{
	return u->elf->secs[section].size / sizeof(struct bpf_insn);
}

/* ---- which sections, and their symbols -------------------------------------------------------------- */

/* False: there are none. */
static bool find_sections(const struct untyped *u)
{
	const struct fe_elf *elf = u->elf;
	bool *typed = ARENA_ARRAY(u->cx->scratch, bool, elf->n_secs), any = false;

	for (uint32_t i = 0; i < elf->n_syms; i++) {
		const struct fe_symbol *s = &elf->syms[i];

		if (s->section < elf->n_secs && s->type == STT_FUNC && s->size)
			typed[s->section] = true;
	}
	for (uint32_t i = 1; i < elf->n_secs; i++) {
		uint64_t n = n_insns(u, i);

		if (typed[i] || !fe_section_is_code(&elf->secs[i]) || n > FE_MAX_OBJECT_INSNS)
			continue;
		u->in[i].starts = ARENA_ARRAY(u->cx->scratch, bool, n + 1);
		u->in[i].symbol = ARENA_ARRAY(u->cx->scratch, uint32_t, n + 1);
		any = true;
	}
	return any;
}

static void mark_start(const struct untyped *u, uint32_t section, int64_t insn)
{
	if (u->in[section].starts && insn >= 0 && (uint64_t)insn < n_insns(u, section))
		u->in[section].starts[insn] = true;
}

static void note_symbol(const struct untyped *u, uint32_t i)
{
	const struct fe_symbol *s = &u->elf->syms[i];
	const struct places *in = &u->in[s->section];
	uint64_t insn = s->value / sizeof(struct bpf_insn);
	uint32_t *name;

	if (!in->starts || s->type == STT_SECTION || !s->name[0] ||
	    s->value % sizeof(struct bpf_insn) || insn >= n_insns(u, s->section))
		return;
	name = &in->symbol[insn];
	if (s->bind != STB_LOCAL)
		in->starts[insn] = true;
	if (!*name || (s->bind != STB_LOCAL && u->elf->syms[*name].bind == STB_LOCAL))
		*name = i;
}

/* ---- where calls lead ------------------------------------------------------------------------------- */

static void mark_call(const struct untyped *u, uint32_t section, uint32_t at,
		      const struct bpf_insn *call)
{
	const struct fe_reloc *r = fe_elf_reloc_at(u->elf, section, at);
	const struct fe_symbol *s;

	if (!r) {
		mark_start(u, section, (int64_t)at + call->imm + 1);
		return;
	}
	s = &u->elf->syms[r->symbol];
	if (s->section && s->section < u->elf->n_secs)
		mark_start(u, s->section,
			   (int64_t)(s->value / sizeof(*call)) + call->imm + INT64_C(1));
}

static void mark_calls(const struct untyped *u)
{
	for (uint32_t i = 1; i < u->elf->n_secs; i++) {
		const struct fe_section *s = &u->elf->secs[i];
		const struct bpf_insn *insns = fe_section_insns(s);

		if (!fe_section_is_code(s))
			continue;
		for (uint32_t k = 0; k < s->size / sizeof(*insns); k++) {
			if (ebpf_is_call(&insns[k]) && insns[k].src_reg == EBPF_CALL_SUBPROG)
				mark_call(u, i, k, &insns[k]);
		}
	}
}

/* ---- functions -------------------------------------------------------------------------------------- */

/* Room for a symbol and a name of each section that has none at its start; the file's own tables stay as they are. */
static void reserve_symbols(struct untyped *u)
{
	struct fe_elf *elf = u->elf;
	struct fe_section *names = &elf->secs[elf->strtab];
	struct fe_symbol *syms =
		ARENA_ARRAY(u->cx->arena, struct fe_symbol, (size_t)elf->n_syms + elf->n_secs);
	size_t n = names->size;

	for (uint32_t i = 1; i < elf->n_secs; i++)
		n += u->in[i].starts ? strlen(elf->secs[i].name) + 1 : 0;
	u->names = arena_alloc(u->cx->arena, n);
	memcpy(u->names, names->data, names->size);
	names->data = (const uint8_t *)u->names;
	memcpy(syms, elf->syms, elf->n_syms * sizeof(*syms));
	elf->syms = syms;
}

/* A section without symbol at its start is a program of the section's name. */
static uint32_t add_symbol(struct untyped *u, uint32_t section)
{
	struct fe_elf *elf = u->elf;
	struct fe_section *names = &elf->secs[elf->strtab];
	char *name = u->names + names->size;

	strcpy(name, elf->secs[section].name);
	for (char *c = name; *c; c++) {
		if (!isalnum((unsigned char)*c))
			*c = '_'; /* the kernel takes no other names */
	}
	elf->syms[elf->n_syms] = (struct fe_symbol){ .name = name,
						     .name_off = (uint32_t)names->size,
						     .section = (uint16_t)section };
	names->size += strlen(name) + 1;
	elf->secs[elf->symtab].size += sizeof(Elf64_Sym);
	return elf->n_syms++;
}

static void make_function(struct untyped *u, uint32_t section, uint32_t start, uint32_t end)
{
	uint32_t i = u->in[section].symbol[start];
	struct fe_symbol *s;

	if (!i && !start && section != u->elf->text)
		i = add_symbol(u, section);
	if (!i)
		return; /* a call to it leads to no function, which is said of its caller */
	s = &u->elf->syms[i];
	s->type = STT_FUNC;
	s->size = (end - start) * sizeof(struct bpf_insn);
	if (section != u->elf->text && (!start || s->bind != STB_LOCAL))
		s->bind = STB_GLOBAL;
}

static void make_functions(struct untyped *u, uint32_t section)
{
	uint32_t n = (uint32_t)n_insns(u, section), start = 0;
	for (uint32_t i = 1; i <= n; i++) {
		if (i < n && !u->in[section].starts[i])
			continue;
		make_function(u, section, start, i);
		start = i;
	}
	if (!u->sections++)
		u->first = u->elf->secs[section].name;
}

void fe_elf_type_functions(struct cx *cx, struct fe_elf *elf)
{
	struct untyped u = { .cx = cx, .elf = elf };
	struct diag_at at = { .object = elf->path, .insn = -1 };

	u.in = ARENA_ARRAY(cx->scratch, struct places, elf->n_secs);
	if (!find_sections(&u))
		return;
	for (uint32_t i = 1; i < elf->n_syms; i++) {
		if (elf->syms[i].section < elf->n_secs)
			note_symbol(&u, i);
	}
	mark_calls(&u);
	reserve_symbols(&u);
	for (uint32_t i = 1; i < elf->n_secs; i++) {
		if (u.in[i].starts)
			make_functions(&u, i);
	}
	diag_warn(cx->diags, &at, REASON_ELF_UNTYPED, u.first, u.sections > 1 ? " and others" : "");
}
