/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/split.h"

#include "partitioner/survey/counters.h"
#include "partitioner/choose/pins.h"
#include "partitioner/survey/flow.h"

#include <assert.h>

/* Chooses among forms of the program (partitioner/inline.h). First as its user wrote it, with known
 * tail calls followed. When part of that stays on the host, calls on the host are replaced by what
 * they call, so that the cut may be within, and the better of the two is taken. */

#define VERIFY_LIMIT 500000u /* instructions walked: a form that needs more is not used */
#define LEAST_BUDGET 500000u

/* All forms and halves of a program together take less work than the program itself took, unless that
 * is little. */
uint64_t part_budget(const struct vprog *vp)
{
	uint64_t most = vp->insns_walked / 4 * 3;

	return most > LEAST_BUDGET ? most : LEAST_BUDGET;
}

struct candidate {
	const struct part_inlined *inlined; /* NULL: as written */
	const struct vprog *vp;
	struct part_pins pins;
	struct split split;
	struct offload_prog state;
};

struct choice {
	struct cx *cx;
	const struct vprog *vp; /* as written */
	const struct bpf_offload_ops *ops;
	const void *target;
	struct offload_options opts; /* without dumps: the winner is dumped */
	struct part_pins pins;
	struct part_inliner *inliner;
	bool tails;
	uint64_t *budget; /* instructions that verifications of forms and halves may still walk */
};

static struct part_origin origin_of(const struct choice *c, const struct part_inlined *inlined,
				    uint32_t pc)
{
	if (inlined)
		return inlined->origin[pc];
	return (struct part_origin){ part_inliner_own(c->inliner), pc };
}

/* ---- candidates ------------------------------------------------------------------------------------ */

/* Pins name functions of the program as written. */
static void take_pins(struct choice *c, struct candidate *k)
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

static bool may_split(const struct choice *c, const struct split *split)
{
	bool some = split->placement != PART_ALL_DEVICE && split->device_capable;

	/* what may stop the host is the host's, whole, whatever else it does */
	if (fe_destructive_prog(split->vp->obj, split->vp->prog))
		return false;
	return c->ops->handoff_room && !c->opts.whole_only &&
	       (some || c->opts.cut_seed || c->pins.any_host);
}

static bool place(struct choice *c, struct candidate *k)
{
	struct part_task task = { c->cx,    k->vp, c->ops,   c->target,
				  &c->opts, NULL,  &k->pins, c->budget };

	take_pins(c, k);
	if (!part_offload_whole(c->cx, k->vp, c->ops, c->target, &c->opts, &k->split, &k->state))
		return false;
	task.refused = k->split.refused;
	if (may_split(c, &k->split))
		part_split(&task, c->ops->handoff_room(&k->state), &k->split, &k->state);
	return true;
}

/* An inlined form that verifies. If it does not, nothing is reported. */
static bool inlined_verifies(struct choice *c, part_inline_callset set, struct candidate *k)
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

/* With tail calls followed when there are any. */
static bool place_first(struct choice *c, struct candidate *k)
{
	bool **set = part_inliner_callset(c->inliner);

	c->tails = !c->opts.keep_tail_calls && part_inliner_tails(c->inliner);
	if (c->tails) {
		part_inliner_closure(c->inliner, true, set);
		if (!inlined_verifies(c, set, k))
			c->tails = false;
	}
	if (!c->tails)
		*k = (struct candidate){ .vp = c->vp };
	return place(c, k);
}

/* ---- calls that stay on the host ----------------------------------------------------------------------- */

static bool on_device(const struct split *split, uint32_t main_pc)
{
	return split->halves ? split->halves->on_device[main_pc]
			     : split->placement == PART_ALL_DEVICE;
}

static uint64_t next_random(uint64_t *rng)
{
	*rng = *rng * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *rng >> 33;
}

/* With random cuts every other one. */
static void mark_calls(struct choice *c, const struct candidate *k, bool *const *set)
{
	const struct vprog *vp = k->vp;
	uint64_t rng = c->opts.cut_seed * UINT64_C(0x9e3779b97f4a7c15);

	for (size_t i = 1; i < vp->n_inst; i++) {
		uint32_t at = vp->prog->subprogs[vp->inst[i].subprog].start;
		bool mark = c->opts.cut_seed ? next_random(&rng) & 1
					     : !on_device(&k->split, part_main_pc(vp, i, at));

		if (mark)
			part_inliner_mark(c->inliner, set, origin_of(c, k->inlined, at));
	}
}

static void keep_pinned(struct choice *c)
{
	for (size_t i = 0; i < c->pins.n; i++)
		if (c->pins.at[i].subprog > 0)
			part_inliner_keep(c->inliner, (uint32_t)c->pins.at[i].subprog,
					  "--pin names it");
}

static bool better(const struct choice *c, const struct split *a, const struct split *b)
{
	if (a->placement != b->placement)
		return a->placement < b->placement; /* device, split, host */
	return a->halves && (c->opts.cut_seed || a->halves->benefit > b->halves->benefit);
}

/* False: reported. */
static bool place_replaced(struct choice *c, bool **set, struct candidate *first, bool *taken)
{
	struct candidate k;

	if (!inlined_verifies(c, set, &k))
		return true;
	if (!place(c, &k))
		return false;
	*taken = better(c, &k.split, &first->split);
	if (*taken)
		*first = k;
	return true;
}

/* False: reported. What a form that is not taken has needed is given back. */
static bool try_replaced(struct choice *c, struct candidate *first)
{
	bool **set = part_inliner_callset(c->inliner), ok, taken = false;
	struct cx *outer = c->cx, own = *outer;
	struct arena mem;

	mark_calls(c, first, set);
	if (!part_inliner_closure(c->inliner, c->tails, set))
		return true;
	arena_init(&mem);
	own.arena = &mem;
	c->cx = &own;
	ok = place_replaced(c, set, first, &taken);
	c->cx = outer;
	if (taken)
		arena_move(outer->arena, &mem);
	arena_reset(&mem);
	return ok;
}

/* ---- what is told -------------------------------------------------------------------------------------- */

/* Once a program; on the host alone the array is as ever. */
static void tell_followed(const struct choice *c, const struct split *split)
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

/* Where maps live when one side has the whole program. */
static void settle_maps(struct cx *cx, struct split *split)
{
	const struct vprog *vp = split->vp;
	bool *on_device = ARENA_ARRAY(cx->scratch, bool, vp->prog->n_insns);
	struct part_counters counters = part_counters_find(cx, vp);

	for (size_t pc = 0; pc < vp->prog->n_insns; pc++)
		on_device[pc] = split->placement == PART_ALL_DEVICE;
	split->maps = part_maps_survey(cx, vp, &counters);
	part_maps_settle(vp, on_device, false, split->maps);
	part_maps_explain(cx, vp, split->maps);
}

/* ---- the whole ---------------------------------------------------------------------------------------------- */

/* Once more, with the dumps that were asked for. */
static bool dump(struct choice *c, const struct offload_options *asked, struct candidate *k)
{
	const struct vprog *vp = k->split.halves ? &k->split.halves->device_vp : k->vp;
	struct split split;

	if (!asked->dump && !asked->stop_after)
		return true;
	if (!part_offload_whole(c->cx, vp, c->ops, c->target, asked, &split, &k->state))
		return false;
	k->split.image = split.image;
	return true;
}

bool part_offload(struct cx *cx, const struct vprog *vp, const struct bpf_offload_ops *ops,
		  const void *target, const struct offload_options *opts, struct split *split,
		  struct offload_prog *state)
{
	uint64_t budget = part_budget(vp);
	struct choice c = { .cx = cx,
			    .vp = vp,
			    .ops = ops,
			    .target = target,
			    .opts = *opts,
			    .budget = opts->budget ? opts->budget : &budget };
	struct candidate k;

	assert(vp->main_stack);
	c.opts.dump = NULL;
	c.opts.stop_after = NULL;
	if (!part_pins_parse(cx, vp, opts->pins, &c.pins))
		return false;
	c.inliner = part_inliner_new(cx, vp, c.budget);
	keep_pinned(&c);
	if (!place_first(&c, &k) || (may_split(&c, &k.split) && !try_replaced(&c, &k)) ||
	    !dump(&c, opts, &k))
		return false;
	*split = k.split;
	split->inlined = k.inlined;
	split->inline_note = part_inliner_note(c.inliner);
	*state = k.state;
	state->vp = k.vp;
	state->cx = cx;
	if (!split->halves && c.pins.any_host)
		give_to_host(split);
	tell_followed(&c, split);
	if (!split->halves)
		settle_maps(cx, split);
	return true;
}

struct part_source part_source_of(const struct split *split, const struct fe_prog *own,
				  uint32_t insn)
{
	const struct fe_object *obj = split->vp->obj;
	struct part_origin at;

	if (!split->inlined)
		return (struct part_source){ own, insn };
	at = split->inlined->origin[insn];
	return (struct part_source){ at.prog == PART_NO_PROG ? own : &obj->progs[at.prog],
				     at.insn };
}
