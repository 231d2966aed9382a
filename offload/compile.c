/* SPDX-License-Identifier: BSD-2-Clause */
#include "offload/compilation.h"

#include <assert.h>

/* The pipeline. For each form of the verified program: ask the device; if it refuses something, choose a
 * cut, make both halves, verify them, translate; keep the better form. */

#define MAX_CUTS     48u     /* tried for one form */
#define LEAST_BUDGET 500000u /* instructions */

uint64_t offload_budget(const struct vprog *vp)
{
	uint64_t most = vp->insns_walked / 4 * 3;

	return most > LEAST_BUDGET ? most : LEAST_BUDGET;
}

/* ---- one form ---------------------------------------------------------------------------------- */

/* Why the program runs in one piece, whatever else it does; NULL: it need not. */
static const char *why_whole(const struct vprog *vp)
{
	if (fe_destructive_prog(vp->obj, vp->prog))
		return "it may stop the host";
	if (vp->local_objects)
		return "it holds objects of its own types, which go by the BTF of its object file";
	return NULL;
}

static bool may_split(const struct compilation *c, const struct candidate *k)
{
	const struct split *split = &k->split;
	bool some = split->placement != PART_ALL_DEVICE && split->device_capable;

	return c->target->ops->handoff_room && !c->opts->part.whole_only &&
	       (some || c->opts->part.cut_seed || k->pins.any_host);
}

/* One choice of the search, in memory of its own: a cut that does not hold gives its memory back. */
static enum cut_outcome try_next_cut(const struct compilation *c, struct candidate *k,
				     struct part_search *search)
{
	struct offload_output device;
	struct part_halves halves;
	enum cut_outcome outcome = CUT_GIVE_UP;
	struct cx own = *c->cx;
	struct arena mem;

	arena_init(&mem);
	own.arena = &mem;
	if (part_search_choose(search, &own, &halves))
		outcome = try_cut(c, &own, k, search, &halves, &device);
	if (outcome == CUT_HOLDS) {
		arena_move(c->cx->arena, &mem);
		part_search_accept(search, c->cx, &halves, device.image, &k->split);
		k->device = device;
	}
	arena_reset(&mem);
	return outcome;
}

static void split(const struct compilation *c, struct candidate *k)
{
	struct part_search_task task = { .vp = k->vp,
					 .refused = k->split.refused,
					 .pins = &k->pins,
					 .opts = &c->opts->part,
					 .room = c->target->ops->handoff_room(c->target) };
	struct part_search *search = part_search_open(c->cx, &task, &k->split.no_split_reason);
	enum cut_outcome outcome = CUT_TRY_NEXT;

	if (!search)
		return;
	for (unsigned i = 0; outcome == CUT_TRY_NEXT && i < MAX_CUTS; i++)
		outcome = try_next_cut(c, k, search);
	if (outcome != CUT_HOLDS)
		k->split.no_split_reason = part_search_why_not(search);
}

/* False: reported. */
static bool place(const struct compilation *c, struct candidate *k)
{
	if (!ask_device(c, c->cx, k->vp, &k->split, &k->device))
		return false;
	if (!may_split(c, k))
		return true;
	k->split.no_split_reason = why_whole(k->vp);
	if (!k->split.no_split_reason)
		split(c, k);
	return true;
}

/* In memory of its own, which a form that is not taken gives back. False: reported. */
static bool place_inlined(struct compilation *c, struct candidate *best)
{
	struct cx *outer = c->cx, own = *outer;
	bool ok = true, taken = false;
	struct candidate k;
	struct arena mem;

	arena_init(&mem);
	own.arena = &mem;
	c->cx = &own;
	if (candidate_inlined(c, best, &k)) {
		ok = place(c, &k);
		taken = ok && candidate_is_better(c, &k, best);
	}
	c->cx = outer;
	if (taken) {
		arena_move(outer->arena, &mem);
		*best = k;
	}
	arena_reset(&mem);
	return ok;
}

/* ---- the result --------------------------------------------------------------------------------- */

/* Changes of a program array no longer reach the device. On the host alone they do. */
static void warn_followed(const struct compilation *c, const struct split *split)
{
	const struct part_inlined *inlined = split->inlined;
	struct diag_at at = fe_prog_at(c->vp->obj, c->vp->prog, -1);

	for (size_t i = 0; split->image && inlined && i < inlined->n_followed; i++)
		diag_warn(c->cx->diags, &at, REASON_TAILS_COMPILED_IN,
			  c->vp->obj->maps[inlined->followed[i].map].name,
			  inlined->followed[i].targets);
}

/* Pins that no split satisfies are satisfied by the host alone. */
static void give_to_host(struct split *split)
{
	for (size_t pc = 0; pc < split->vp->prog->n_insns; pc++)
		if (split->place[pc] == PART_DEVICE)
			split->place[pc] = PART_HOST;
	split->placement = PART_ALL_HOST;
	split->image = NULL;
}

/* So that a loader can tell which host half belongs to the image. */
static void name_record(struct split *split)
{
	if (!split->halves || !split->image)
		return;
	split->image->handoff_cookie = split->halves->cookie;
	split->image->handoff_bytes = split->halves->record_bytes;
}

static void settle(struct compilation *c, struct candidate *k, struct offload_result *result)
{
	struct split *split = &k->split;

	split->inlined = k->inlined;
	split->inline_note = part_inliner_note(c->inliner);
	if (!split->halves && c->pins.any_host)
		give_to_host(split);
	warn_followed(c, split);
	if (!split->halves)
		split->maps =
			part_maps_of_whole(c->cx, split->vp, split->placement == PART_ALL_DEVICE);
	name_record(split);
	if (k->device.dump)
		fputs(k->device.dump, c->opts->dump_to ? c->opts->dump_to : stdout);
	result->split = *split;
	result->phases.at = k->device.phases.at;
	result->phases.len = k->device.phases.len;
}

/* ---- the whole ------------------------------------------------------------------------------------- */

bool offload_compile(struct cx *cx, const struct vprog *vp, const struct offload_target *target,
		     const struct offload_options *opts, struct offload_result *result)
{
	uint64_t budget = offload_budget(vp);
	struct compilation c = { .cx = cx,
				 .vp = vp,
				 .target = target,
				 .opts = opts,
				 .budget = opts->budget ? opts->budget : &budget };
	struct candidate best;

	assert(vp->main_stack);
	*result = (struct offload_result){ 0 };
	if (!part_pins_parse(cx, vp, opts->part.pins, &c.pins))
		return false;
	candidates_open(&c);
	candidate_first(&c, &best);
	if (!place(&c, &best))
		return false;
	if (may_split(&c, &best) && !place_inlined(&c, &best))
		return false;
	settle(&c, &best, result);
	return true;
}
