/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/loader.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>

/* libbpf's relocated programs => fe_prog. libbpf does not say which function an appended
 * subprogram is; that is found by following each call both in the relocated code and in the
 * section it came from. */

/* A function as part of a program. */
struct piece {
	uint32_t start; /* in the program */
	const struct fe_func *func;
};

struct collector {
	struct cx *cx;
	struct fe_elf *elf;
	const struct fe_btf_ext *ext;
	const struct fe_open_options *opts;
	struct fe_object *obj;
	struct piece *pieces; /* room for all functions; reused by each program */
};

struct pieces {
	struct piece *at;
	size_t len;
};

/* ---- which function is where -------------------------------------------------------------------- */

static bool is_call(const struct bpf_insn *i)
{
	return (ebpf_is_call(i) && i->src_reg == EBPF_CALL_SUBPROG) ||
	       (ebpf_is_ld_imm64(i) && i->src_reg == EBPF_IMM_FUNC);
}

/* Function that the instruction `insn` of `from` calls or takes the address of, as the file has
 * it. Calls within a section need no relocation; across sections the symbol is the function, or
 * the section with the function's offset in imm (for an address in bytes, for a call in
 * instructions less one). */
static const struct fe_func *callee(const struct fe_elf *elf, const struct fe_func *from,
				    uint32_t insn, const struct bpf_insn *raw)
{
	const struct fe_reloc *r = fe_elf_reloc_at(elf, from->section, insn);
	const struct fe_symbol *s;
	int64_t target;

	if (!r)
		return fe_elf_func_at(elf, from->section, (uint32_t)(insn + (int64_t)raw->imm + 1));
	s = &elf->syms[r->symbol];
	target = (int64_t)(s->value / sizeof(*raw));
	target += ebpf_is_call(raw) ? (int64_t)raw->imm + 1 : raw->imm / (int64_t)sizeof(*raw);
	return fe_elf_func_at(elf, s->section, (uint32_t)target);
}

static int by_start(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* A subprogram that a check found broken, by its reason; NULL: all are fine. */
static const char *broken_piece(const struct pieces *p)
{
	for (size_t i = 0; i < p->len; i++) {
		if (p->at[i].func->broken)
			return p->at[i].func->broken;
	}
	return NULL;
}

/* False: the program is not made of whole functions (libbpf and we disagree). */
static bool find_pieces(const struct collector *c, const struct fe_func *main_func,
			const struct bpf_insn *insns, size_t n, struct pieces *p)
{
	bool *known = ARENA_ARRAY(c->cx->scratch, bool, n);
	uint32_t expected = 0;

	p->at = c->pieces;
	p->at[p->len++] = (struct piece){ 0, main_func };
	known[0] = n > 0;
	for (size_t k = 0; k < p->len; k++) {
		const struct piece from = p->at[k];
		const struct bpf_insn *raw = fe_section_insns(&c->elf->secs[from.func->section]);

		if (from.start + (uint64_t)from.func->len > n)
			return false;
		for (uint32_t i = 0; i < from.func->len; i++) {
			uint32_t pc = from.start + i, insn = from.func->start + i;
			int64_t target = pc + 1 + (int64_t)insns[pc].imm;
			const struct fe_func *f;

			if (!is_call(&insns[pc]))
				continue;
			if (target < 0 || target >= (int64_t)n)
				return false;
			if (known[target])
				continue;
			f = callee(c->elf, from.func, insn, &raw[insn]);
			if (!f || p->len == c->elf->n_funcs)
				return false;
			known[target] = true;
			p->at[p->len++] = (struct piece){ (uint32_t)target, f };
		}
	}
	qsort(p->at, p->len, sizeof(*p->at), by_start);
	for (size_t k = 0; k < p->len; k++) {
		if (p->at[k].start != expected)
			return false;
		expected += p->at[k].func->len;
	}
	return expected == n;
}

/* ---- functions and lines ------------------------------------------------------------------------- */

static void set_subprogs(const struct collector *c, const struct pieces *p, struct fe_prog *prog)
{
	struct fe_subprog *subs = ARENA_ARRAY(c->cx->arena, struct fe_subprog, p->len);

	for (size_t i = 0; i < p->len; i++) {
		const struct fe_func *f = p->at[i].func;
		const struct fe_ext_func *info = fe_btf_ext_func(c->ext, f->section, f->start);

		subs[i] = (struct fe_subprog){ .start = p->at[i].start,
					       .end = p->at[i].start + f->len,
					       .name = f->name,
					       .global = f->is_global,
					       .btf_func_id = info ? info->type : 0 };
	}
	prog->subprogs = subs;
	prog->n_subprogs = p->len;
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

static void set_lines(const struct collector *c, const struct pieces *p, struct fe_prog *prog)
{
	VEC(struct fe_line) lines = { 0 };

	for (size_t i = 0; i < p->len; i++) {
		const struct fe_func *f = p->at[i].func;

		for (uint32_t k = fe_btf_ext_first_line(c->ext, f->section, f->start);
		     k < c->ext->n_lines && c->ext->lines[k].section == f->section &&
		     c->ext->lines[k].insn < f->start + f->len;
		     k++) {
			const struct fe_ext_line *l = &c->ext->lines[k];

			if (!l->line) /* the compiler's own: keep the line before */
				continue;
			*vec_push(&lines, c->cx->arena) = (struct fe_line){
				.insn = p->at[i].start + l->insn - f->start,
				.file = btf__name_by_offset(c->obj->btf, l->file_off),
				.text = skip_blanks(btf__name_by_offset(c->obj->btf, l->text_off)),
				.line = l->line,
				.column = l->column,
			};
		}
	}
	prog->lines = lines.at;
	prog->n_lines = lines.len;
}

/* ---- programs ------------------------------------------------------------------------------------ */

static void give_up(const struct collector *c, struct fe_prog *prog, const char *why,
		    const char *log)
{
	struct diag_at at = fe_prog_at(c->obj, prog, -1);

	prog->broken = true;
	diag_warn(c->cx->diags, &at, REASON_PROG_BROKEN, why);
	if (log)
		diag_add_detail(c->cx->diags, log);
}

static void take_insns(const struct collector *c, const struct fe_func *f,
		       const struct bpf_program *p, struct fe_prog *prog)
{
	struct pieces pieces = { 0 };
	const struct bpf_insn *insns;
	size_t n;

	if (!p || strcmp(bpf_program__name(p), f->name)) {
		give_up(c, prog, "libbpf does not find it", NULL);
		return;
	}
	n = bpf_program__insn_cnt(p);
	insns = arena_dup(c->cx->arena, bpf_program__insns(p), n * sizeof(*insns));
	if (!find_pieces(c, f, insns, n, &pieces)) {
		give_up(c, prog, "its calls do not target functions", NULL);
		return;
	}
	if (broken_piece(&pieces)) {
		give_up(c, prog, broken_piece(&pieces), NULL);
		return;
	}
	prog->insns = insns;
	prog->n_insns = n;
	set_subprogs(c, &pieces, prog);
	set_lines(c, &pieces, prog);
}

bool fe_func_is_main(const struct fe_elf *elf, const struct fe_func *f)
{
	return f->section != elf->text || elf->n_funcs == 1;
}

/* One program by itself, after relocating all of them failed: in an image that hides the others. */
static void take_alone(const struct collector *c, const struct fe_func *f, struct fe_prog *prog)
{
	struct bpf_object *bpf;
	const char *log = NULL;

	for (uint32_t i = 0; i < c->elf->n_funcs; i++) {
		const struct fe_func *other = &c->elf->funcs[i];

		if (fe_func_is_main(c->elf, other))
			fe_elf_hide_func(c->elf, other, other != f);
	}
	bpf = fe_libbpf_open(c->cx, c->obj->path, "", fe_elf_image(c->cx, c->elf));
	if (!bpf) { /* reported: with all of the programs, libbpf had opened it */
		prog->broken = true;
		return;
	}
	if (fe_libbpf_relocate(c->cx, bpf, &log))
		take_insns(c, f, bpf_object__next_program(bpf, NULL), prog);
	else
		give_up(c, prog, "libbpf cannot relocate it", log);
	bpf_object__close(bpf);
}

static void describe(const struct collector *c, const struct fe_func *f, struct fe_prog *prog)
{
	const char *section = c->elf->secs[f->section].name;
	struct fe_section_type t = fe_section_type(c->cx, c->opts, section);

	*prog = (struct fe_prog){ .name = f->name,
				  .section = section[0] == '?' ? section + 1 : section,
				  .type = t.type,
				  .attach_type = t.attach,
				  .frags = t.frags };
}

static size_t count_main(const struct fe_elf *elf)
{
	size_t n = 0;

	for (uint32_t i = 0; i < elf->n_funcs; i++)
		n += fe_func_is_main(elf, &elf->funcs[i]);
	return n;
}

#define MAX_ALONE 64 /* programs tried by themselves: each opens the object again */

bool fe_progs_collect(struct cx *cx, struct fe_elf *elf, const struct fe_btf_ext *ext,
		      const struct fe_open_options *opts, struct bpf_object *bpf,
		      struct fe_object *obj)
{
	struct collector c = { cx,   elf, ext,
			       opts, obj, ARENA_ARRAY(cx->scratch, struct piece, elf->n_funcs) };
	struct diag_at at = { .object = obj->path, .insn = -1 };
	size_t n = count_main(elf), n_alone = 0;
	struct bpf_program *next = NULL;
	struct fe_prog *prog;
	const char *log = NULL;
	bool all;

	if (!n)
		return diag_error(cx->diags, &at, REASON_OBJECT_NO_PROGRAM, obj->path);
	all = fe_libbpf_relocate(cx, bpf, &log);
	prog = ARENA_ARRAY(cx->arena, struct fe_prog, n);
	obj->progs = prog;
	obj->n_progs = n;
	for (uint32_t i = 0; i < elf->n_funcs; i++) {
		const struct fe_func *f = &elf->funcs[i];

		if (!fe_func_is_main(elf, f))
			continue;
		describe(&c, f, prog);
		if (f->broken) /* hidden from libbpf */
			give_up(&c, prog, f->broken, NULL);
		else if (all)
			take_insns(&c, f, next = bpf_object__next_program(bpf, next), prog);
		else if (n > 1 && n_alone++ < MAX_ALONE)
			take_alone(&c, f, prog);
		else
			give_up(&c, prog, "libbpf cannot relocate it", log);
		prog++;
	}
	return true;
}
