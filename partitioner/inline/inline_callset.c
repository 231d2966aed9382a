/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/inline/inline_source.h"

/* Which calls of main are replaced: those of the marked subprograms, and of all that lie between main and
 * them. */

#define MAX_CALL_INSNS 4096u /* of one call, including calls inlined into it */

struct closing {
	struct part_inliner *s;
	const struct part_inline_source *src;
	bool tails;
	bool *set;      /* by subprogram */
	uint32_t *size; /* by subprogram, including calls inlined into it; 0: not yet known */
};

bool **part_inliner_callset(struct part_inliner *s)
{
	bool **set = ARENA_ARRAY(s->cx->arena, bool *, s->obj->n_progs + 1);

	for (size_t i = 0; i < s->all.len; i++) {
		const struct part_inline_source *src = s->all.at[i];

		set[part_inline_slot_of(s, src)] =
			ARENA_ARRAY(s->cx->arena, bool, src->prog->n_subprogs);
	}
	return set;
}

void part_inliner_keep(struct part_inliner *s, uint32_t sub, const char *why)
{
	s->all.at[0]->subs[sub].why_not = why;
}

void part_inliner_mark(const struct part_inliner *s, bool *const *set, struct part_origin at)
{
	uint32_t slot = at.prog == PART_NO_PROG ? (uint32_t)s->obj->n_progs : at.prog;
	const struct fe_prog *p = part_inliner_prog(s, at.prog);

	for (size_t k = 1; k < p->n_subprogs; k++)
		if (at.insn >= p->subprogs[k].start && at.insn < p->subprogs[k].end)
			set[slot][k] = true;
}

const struct fe_prog *part_inliner_prog(const struct part_inliner *s, uint32_t prog)
{
	return prog == part_inliner_own(s) ? s->all.at[0]->prog : s->by_prog[prog]->prog;
}

uint32_t part_inliner_own(const struct part_inliner *s)
{
	return s->all.at[0]->index;
}

static void note(struct closing *c, uint32_t sub, const char *why)
{
	const char *name = c->src->prog->subprogs[sub].name;

	c->set[sub] = false;
	if (!c->s->note)
		c->s->note = arena_printf(c->s->cx->arena, "calls of '%s' are not inlined: %s",
					  name, why);
}

/* A tail call replaces what is left of the subprogram alone. */
static bool holds_tail(const struct closing *c, const struct fe_subprog *sub)
{
	for (uint32_t pc = sub->start; c->tails && pc < sub->end; pc++)
		if (c->src->tails[pc])
			return true;
	return false;
}

/* Marks callers of marked subprograms, excludes impossible ones, adds up sizes. eBPF has no recursion. */
static uint32_t settle(struct closing *c, uint32_t k)
{
	const struct fe_prog *p = c->src->prog;
	const struct fe_subprog *sub = &p->subprogs[k];
	uint32_t size = sub->end - sub->start;

	if (c->size[k])
		return c->size[k];
	c->set[k] |= k && holds_tail(c, sub);
	for (uint32_t pc = sub->start; pc < sub->end; pc = part_inline_next(p, pc)) {
		int32_t callee = part_inline_callee(p, pc);

		if (callee <= 0)
			continue;
		settle(c, (uint32_t)callee);
		if (!c->set[callee])
			continue;
		size += c->size[callee];
		c->set[k] |= k > 0;
	}
	c->size[k] = size;
	if (c->set[k] && c->src->subs[k].why_not)
		note(c, k, c->src->subs[k].why_not);
	else if (c->set[k] && size > MAX_CALL_INSNS)
		note(c, k,
		     arena_printf(c->s->cx->arena, "the body has %u instructions, the limit is %u",
				  size, MAX_CALL_INSNS));
	return size;
}

static bool calls_marked(const struct part_inline_source *src, const bool *set)
{
	for (uint32_t pc = 0; pc < src->prog->subprogs[0].end;
	     pc = part_inline_next(src->prog, pc)) {
		int32_t callee = part_inline_callee(src->prog, pc);

		if (callee > 0 && set[callee])
			return true;
	}
	return false;
}

bool part_inliner_closure(struct part_inliner *s, bool tails, bool *const *set)
{
	bool any = false;

	for (size_t i = 0; i < s->all.len; i++) {
		const struct part_inline_source *src = s->all.at[i];
		struct closing c = { .s = s, .src = src, .tails = tails };

		if (i && !tails)
			break;
		c.set = set[part_inline_slot_of(s, src)];
		c.size = ARENA_ARRAY(s->cx->arena, uint32_t, src->prog->n_subprogs);
		settle(&c, 0);
		any |= calls_marked(src, c.set);
	}
	return any;
}

const char *part_inliner_note(const struct part_inliner *s)
{
	return s->note;
}
