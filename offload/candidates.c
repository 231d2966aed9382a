/* SPDX-License-Identifier: BSD-2-Clause */
#include "offload/compilation.h"

#include "base/lcg.h"
#include "partitioner/flow.h"

#include <string.h>

/* The forms of a program (partitioner/inline.h). First as its user wrote it, with known tail calls
 * followed. When part of that stays on the host, calls on the host are replaced by what they call, so
 * that the cut may be within. */

#define VERIFY_LIMIT 500000u /* instructions walked: a form that needs more is not used */

static struct part_origin origin_of(const struct compilation *c, const struct part_inlined *inlined,
				    uint32_t pc)
{
	if (inlined)
		return inlined->origin[pc];
	return (struct part_origin){ part_inliner_own(c->inliner), pc };
}

/* Pins name functions of the program as written. */
static void take_pins(struct compilation *c, struct candidate *k)
{
	k->pins = c->pins;
	if (!k->inlined || !c->pins.n)
		return;
	k->pins.at = arena_dup(c->cx->arena, c->pins.at, c->pins.n * sizeof(*c->pins.at));
	for (size_t i = 0; i < c->pins.n; i++) {
		struct part_pin *pin = &k->pins.at[i];

		if (pin->subprog < 0)
			continue;
		pin->subprog = -1;
		for (size_t s = 1; s < k->vp->prog->n_subprogs; s++)
			if (!strcmp(k->vp->prog->subprogs[s].name, pin->symbol))
				pin->subprog = (int32_t)s;
	}
}

/* An inlined form that verifies. If it does not, nothing is reported. */
static bool make_inlined(struct compilation *c, part_inline_callset set, struct candidate *k)
{
	struct fe_verify_options opts = { .allow_destructive = true,
					  .main_stack = true,
					  .insn_limit = VERIFY_LIMIT,
					  .budget = c->budget };
	struct part_inlined *inlined = ARENA_NEW(c->cx->arena, struct part_inlined);
	struct vprog *vp = ARENA_NEW(c->cx->arena, struct vprog);
	const char *why = "the result does not verify";
	struct cx quiet = *c->cx;
	struct diags diags;

	diags_init(&diags, c->cx->arena);
	quiet.diags = &diags;
	*k = (struct candidate){ .inlined = inlined, .vp = vp };
	return part_inline_program(c->inliner, c->tails, set, inlined, &why) &&
	       fe_verify(&quiet, c->vp->obj, &inlined->prog, &opts, vp);
}

/* ---- the first form ---------------------------------------------------------------------------- */

static void keep_pinned(struct compilation *c)
{
	for (size_t i = 0; i < c->pins.n; i++)
		if (c->pins.at[i].subprog > 0)
			part_inliner_keep(c->inliner, (uint32_t)c->pins.at[i].subprog,
					  "--pin names it");
}

void candidates_open(struct compilation *c)
{
	c->inliner = part_inliner_new(c->cx, c->vp, c->budget);
	keep_pinned(c);
}

void candidate_first(struct compilation *c, struct candidate *k)
{
	bool **set = part_inliner_callset(c->inliner);

	c->tails = !c->opts->part.keep_tail_calls && part_inliner_tails(c->inliner);
	if (c->tails) {
		part_inliner_closure(c->inliner, true, set);
		c->tails = make_inlined(c, set, k);
	}
	if (!c->tails)
		*k = (struct candidate){ .vp = c->vp };
	take_pins(c, k);
}

/* ---- calls that stay on the host ------------------------------------------------------------------- */

static bool on_device(const struct split *split, uint32_t main_pc)
{
	return split->halves ? split->halves->on_device[main_pc]
			     : split->placement == PART_ALL_DEVICE;
}

/* With random cuts every other one. */
static void mark_calls(struct compilation *c, const struct candidate *k, bool *const *set)
{
	const struct vprog *vp = k->vp;
	uint64_t rng = c->opts->part.cut_seed * UINT64_C(0x9e3779b97f4a7c15);

	for (size_t i = 1; i < vp->n_inst; i++) {
		uint32_t at = vp->prog->subprogs[vp->inst[i].subprog].start;
		bool mark = c->opts->part.cut_seed ? lcg_next(&rng) & 1
						   : !on_device(&k->split, part_main_pc(vp, i, at));

		if (mark)
			part_inliner_mark(c->inliner, set, origin_of(c, k->inlined, at));
	}
}

bool candidate_inlined(struct compilation *c, const struct candidate *first, struct candidate *k)
{
	bool **set = part_inliner_callset(c->inliner);

	mark_calls(c, first, set);
	if (!part_inliner_closure(c->inliner, c->tails, set) || !make_inlined(c, set, k))
		return false;
	take_pins(c, k);
	return true;
}

bool candidate_is_better(const struct compilation *c, const struct candidate *a,
			 const struct candidate *b)
{
	const struct part_halves *halves = a->split.halves;

	if (a->split.placement != b->split.placement)
		return a->split.placement < b->split.placement; /* device, split, host */
	return halves && (c->opts->part.cut_seed || halves->benefit > b->split.halves->benefit);
}
