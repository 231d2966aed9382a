/* SPDX-License-Identifier: BSD-2-Clause */
#include "offload/library_priv.h"

#include <stdlib.h>
#include <string.h>

/* Reasons, messages and map placements of a program as the public interface gives them. */

static struct bpf_offload_reason reason_of_diag(const struct diag *d)
{
	return (struct bpf_offload_reason){ .insn = d->at.insn,
					    .file = d->at.file,
					    .line = d->at.line,
					    .source = d->at.source,
					    .id = reason_name(d->reason),
					    .text = d->text,
					    .advice = reason_advice(d->reason),
					    .detail = d->detail };
}

struct bpf_offload_message library_message(const struct diag *d)
{
	return (struct bpf_offload_message){ .error = d->severity == DIAG_ERROR,
					     .program = d->at.prog,
					     .what = reason_of_diag(d) };
}

const struct bpf_offload_message *bpf_offload_object__messages(struct bpf_offload_object *obj,
							       size_t *n)
{
	for (; obj->listed < obj->diags.list.len; obj->listed++) {
		const struct diag *d = &obj->diags.list.at[obj->listed];

		if (d->severity == DIAG_NOTE)
			continue;
		*vec_push(&obj->messages, &obj->own) = library_message(d);
	}
	*n = obj->messages.len;
	return obj->messages.at;
}

/* A type may be missing because the section has a name of another loader: the user can tell it. */
static void mark_untyped(struct bpf_offload_program *p)
{
	struct bpf_offload_object *o = p->owner;
	struct diag_at at = fe_prog_at(&o->obj, p->prog, -1);

	p->host_only = true;
	diag_warn(&o->diags, &at, REASON_PROG_NO_TYPE, p->prog->section);
	*vec_push(&p->reasons, &o->arena) =
		reason_of_diag(&o->diags.list.at[o->diags.list.len - 1]);
}

/* Programs of other types belong to the host whole: there is nothing for us to verify or place. */
void library_mark_host_only(struct bpf_offload_program *p)
{
	struct diag_at at = fe_prog_at(&p->owner->obj, p->prog, -1);
	struct bpf_offload_reason *r;

	if (p->prog->type == BPF_PROG_TYPE_UNSPEC) {
		mark_untyped(p);
		return;
	}
	r = vec_push(&p->reasons, &p->owner->arena);
	p->host_only = true;
	*r = (struct bpf_offload_reason){
		.insn = -1,
		.file = at.file,
		.line = at.line,
		.id = reason_name(REASON_PROG_TYPE),
		.text = arena_printf(&p->owner->arena, "programs of type %s run on the host only",
				     bpf_offload_program__type(p)),
		.advice = reason_advice(REASON_PROG_TYPE),
	};
}

/* The diagnostics from index `first` on that are errors become the program's reasons. */
void library_take_reasons(struct bpf_offload_program *p, size_t first)
{
	struct bpf_offload_object *o = p->owner;

	for (size_t i = first; i < o->diags.list.len; i++) {
		if (o->diags.list.at[i].severity == DIAG_ERROR)
			*vec_push(&p->reasons, &o->arena) = reason_of_diag(&o->diags.list.at[i]);
	}
}

/* Why a program has no instructions was said as a warning when the object was opened. */
void library_take_broken_reason(struct bpf_offload_program *p)
{
	struct bpf_offload_object *o = p->owner;

	for (size_t i = 0; i < o->diags.list.len; i++) {
		const struct diag *d = &o->diags.list.at[i];

		if (d->reason == REASON_PROG_BROKEN && d->at.prog &&
		    !strcmp(d->at.prog, p->prog->name))
			*vec_push(&p->reasons, &o->arena) = reason_of_diag(d);
	}
}

/* Those of a program that tail calls lead to are reasons of the whole here. */
static struct bpf_offload_reason reason_of_split(struct bpf_offload_program *p,
						 const struct part_reason *r)
{
	struct part_source at = { p->prog, r->insn };
	const char *text = r->text;
	struct diag_at where;

	if (r->insn != PART_WHOLE)
		at = part_source_of(&p->result.split, p->prog, r->insn);
	where = fe_prog_at(&p->owner->obj, at.prog, r->insn == PART_WHOLE ? -1 : (int64_t)at.insn);
	if (at.prog != p->prog)
		text = arena_printf(&p->owner->arena, "in '%s', instruction %u: %s", at.prog->name,
				    at.insn, r->text);
	return (struct bpf_offload_reason){ .insn = at.prog == p->prog ? where.insn : -1,
					    .file = where.file,
					    .line = where.line,
					    .source = where.source,
					    .id = reason_name(r->reason),
					    .text = text,
					    .advice = reason_advice(r->reason) };
}

static bool is_known(const struct bpf_offload_program *p, const struct bpf_offload_reason *r)
{
	for (size_t i = 0; i < p->reasons.len; i++)
		if (p->reasons.at[i].insn == r->insn && p->reasons.at[i].id == r->id &&
		    !strcmp(p->reasons.at[i].text, r->text))
			return true;
	return false;
}

static int by_insn(const void *a, const void *b)
{
	const struct bpf_offload_reason *x = a, *y = b;

	if (x->insn != y->insn)
		return x->insn < y->insn ? -1 : 1;
	return strcmp(x->id, y->id);
}

/* An instruction may have been placed several times, in copies. */
void library_take_split_reasons(struct bpf_offload_program *p)
{
	for (size_t i = 0; i < p->result.split.n_reasons; i++) {
		struct bpf_offload_reason r = reason_of_split(p, &p->result.split.reasons[i]);

		if (!p->result.split.inlined || !is_known(p, &r))
			*vec_push(&p->reasons, &p->owner->arena) = r;
	}
	if (p->result.split.inlined && p->reasons.len)
		qsort(p->reasons.at, p->reasons.len, sizeof(*p->reasons.at), by_insn);
}

const struct bpf_offload_reason *bpf_offload_program__reasons(const struct bpf_offload_program *p,
							      size_t *n)
{
	*n = p->reasons.len;
	return p->reasons.at;
}

const struct bpf_offload_map_home *bpf_offload_program__map_homes(struct bpf_offload_program *p,
								  size_t *n)
{
	const struct part_map *maps = p->compiled && !p->homes.len ? p->result.split.maps : NULL;

	for (size_t i = 0; maps && i < p->owner->obj.n_maps; i++) {
		if (maps[i].home == PART_MAP_NONE)
			continue;
		*vec_push(&p->homes, &p->owner->arena) = (struct bpf_offload_map_home){
			.map = p->owner->obj.maps[i].name,
			.home = part_map_placement_name(maps[i].home),
			.why = maps[i].why,
			.duty = part_map_placement_duty(maps[i].home),
			.text = maps[i].duty
		};
	}
	*n = p->homes.len;
	return p->homes.at;
}

/* In a form with calls inlined the source may be another program's. */
static struct bpf_offload_cut public_cut(const struct bpf_offload_program *p,
					 const struct part_cut_point *c)
{
	struct part_source at = part_source_of(&p->result.split, p->prog, c->pc);
	struct diag_at where = fe_prog_at(&p->owner->obj, at.prog, (int64_t)at.insn);

	return (struct bpf_offload_cut){ .insn = c->pc,
					 .id = c->id,
					 .file = where.file,
					 .line = where.line,
					 .share = c->share };
}

const struct bpf_offload_cut *bpf_offload_program__cuts(struct bpf_offload_program *p, size_t *n)
{
	const struct part_halves *halves = p->compiled ? p->result.split.halves : NULL;

	for (uint32_t i = (uint32_t)p->cuts.len; halves && i < halves->n_cuts; i++)
		*vec_push(&p->cuts, &p->owner->arena) = public_cut(p, &halves->cuts[i]);
	*n = p->cuts.len;
	return p->cuts.at;
}
