/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/inline/inline_body.h"

/* Builds the program, with lines, functions and origins, from the set of inlined and followed calls. */

/* ---- are tail calls to be counted? ------------------------------------------------------------------- */

struct walk {
	struct part_inliner *s;
	uint32_t *depth; /* by program: longest chain from it, + 1; 0: not known */
	bool *open;      /* on the way here: meeting it again is a cycle */
};

#define ENDLESS (PART_INLINE_TAIL_CALLS + 1)

/* Tail calls that may follow each other from here; ENDLESS: more than the kernel allows. */
static uint32_t longest(struct walk *w, const struct part_inline_source *src)
{
	uint32_t most = 0, at = part_inline_slot_of(w->s, src);
	const struct fe_slot *slot;

	if (w->open[at])
		return ENDLESS;
	if (w->depth[at])
		return w->depth[at] - 1;
	w->open[at] = true;
	for (uint32_t pc = 0; pc < src->prog->n_insns && most < ENDLESS; pc++)
		for (size_t i = 0; src->tails[pc] &&
				   (slot = part_inline_choice(w->s->obj, src->tails[pc], &i));) {
			uint32_t n = 1 + longest(w, part_inline_target(w->s, slot->target));

			most = n > most ? n : most;
		}
	w->open[at] = false;
	most = most > ENDLESS ? ENDLESS : most;
	w->depth[at] = most + 1;
	return most;
}

/* Within subprograms, which may be called over and over, always. */
static bool in_subprogram(const struct part_inline_source *src)
{
	for (uint32_t pc = src->prog->subprogs[0].end; pc < src->prog->n_insns; pc++)
		if (src->tails[pc])
			return true;
	return false;
}

static bool must_count(struct part_inliner *s)
{
	size_t n = s->obj->n_progs + 1;
	struct walk w = { s, ARENA_ARRAY(s->cx->arena, uint32_t, n),
			  ARENA_ARRAY(s->cx->arena, bool, n) };
	bool sub = false;

	for (size_t i = 0; i < s->all.len; i++)
		sub |= in_subprogram(s->all.at[i]);
	return sub || longest(&w, s->all.at[0]) > PART_INLINE_TAIL_CALLS;
}

bool part_inliner_tails(struct part_inliner *s)
{
	const struct part_inline_source *first = s->all.at[0];

	for (uint32_t pc = 0; pc < first->prog->n_insns; pc++)
		if (first->tails[pc])
			return true;
	return false;
}

/* ---- the program around the instructions ----------------------------------------------------------------- */

static void make_subs(const struct part_inline_body *e, struct part_inlined *out)
{
	const struct part_inline_source *first = e->s->all.at[0];
	size_t n = e->units.len + 1;
	struct fe_subprog *subs = ARENA_ARRAY(e->cx->arena, struct fe_subprog, n);

	subs[0] = first->prog->subprogs[0];
	subs[0].end = e->main_end;
	for (size_t i = 1; i < n; i++) {
		const struct part_inline_unit *u = &e->units.at[i - 1];

		subs[i] = u->src->prog->subprogs[u->sub];
		subs[i].start = u->start;
		subs[i].end = u->end;
	}
	out->prog.subprogs = subs;
	out->prog.n_subprogs = n;
}

/* Every function has a line from its first instruction on. */
static void make_lines(const struct part_inline_body *e, struct part_inlined *out)
{
	VEC(struct fe_line) lines = { 0 };
	const struct fe_line *last = NULL;

	for (uint32_t i = 0; i < e->as.code.len; i++) {
		const struct part_inline_source *src =
			part_inline_numbered(e->s, e->as.origins.at[i]);
		const struct fe_line *line =
			fe_prog_line(src->prog, e->as.origins.at[i] - src->number);

		if (!line || (line == last && part_inline_sub_at(&out->prog, i) < 0))
			continue;
		last = line;
		*vec_push(&lines, e->cx->arena) = *line;
		lines.at[lines.len - 1].insn = i;
	}
	out->prog.lines = lines.at;
	out->prog.n_lines = lines.len;
}

static void make_origins(const struct part_inline_body *e, struct part_inlined *out)
{
	struct part_origin *origin =
		ARENA_ARRAY(e->cx->arena, struct part_origin, e->as.code.len + 1);

	for (size_t i = 0; i < e->as.code.len; i++) {
		uint32_t number = e->as.origins.at[i];
		const struct part_inline_source *src = part_inline_numbered(e->s, number);

		origin[i] = (struct part_origin){ src->index, number - src->number };
	}
	out->origin = origin;
}

#define MAX_TOLD 16u /* slots listed */

static const char *targets_text(const struct fe_object *obj, struct arena *a,
				const struct fe_map *m)
{
	const char *text = "";

	for (size_t i = 0; i < m->n_slots; i++) {
		if (i == MAX_TOLD)
			return arena_printf(a, "%s, …", text);
		text = arena_printf(a, "%s%s[%u] %s", text, i ? ", " : "", m->slots[i].index,
				    obj->progs[m->slots[i].target].name);
	}
	return text;
}

static void make_followed(const struct part_inline_body *e, struct part_inlined *out)
{
	const struct fe_object *obj = e->s->obj;
	VEC(struct part_followed) all = { 0 };

	for (uint32_t map = 0; map < obj->n_maps; map++)
		if (e->calls[map])
			*vec_push(&all, e->cx->arena) = (struct part_followed){
				map, e->calls[map], targets_text(obj, e->cx->arena, &obj->maps[map])
			};
	out->followed = all.at;
	out->n_followed = all.len;
}

bool part_inline_program(struct part_inliner *s, bool tails, part_inline_callset set,
			 struct part_inlined *out, const char **why)
{
	struct part_inline_body e = { .cx = s->cx, .s = s, .tails = tails, .set = set };

	e.counts = tails && must_count(s);
	if (!part_inline_bodies(&e)) {
		*why = e.why;
		return false;
	}
	*out = (struct part_inlined){ .prog = *s->all.at[0]->prog, .n_inlined = e.n_inlined };
	out->prog.insns = e.as.code.at;
	out->prog.n_insns = e.as.code.len;
	make_subs(&e, out);
	make_lines(&e, out);
	make_origins(&e, out);
	make_followed(&e, out);
	return true;
}
