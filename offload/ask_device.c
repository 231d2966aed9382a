/* SPDX-License-Identifier: BSD-2-Clause */
#include "offload/compilation.h"

#include "partitioner/dead_code.h"

#include <stdlib.h>

/* Takes a program through a backend in the order of calls of the kernel's verifier and
 * kernel/bpf/offload.c: prepare, insn_hook per instruction, finalize, then dead code goes, then
 * translate. Whatever the backend refuses is collected with its reason. */

struct question {
	struct cx *cx;
	const struct vprog *vp;
	const struct bpf_offload_ops *ops;
	const struct offload_options *opts;
	struct offload_prog *state;
	struct split *split;
	VEC(struct part_reason) reasons;
	bool *refused; /* per instruction */
};

static void add_reason(struct question *q, uint32_t insn, int32_t inst,
		       const struct offload_refusal *why)
{
	struct part_reason *r;

	for (size_t i = q->reasons.len; i-- > 0 && q->reasons.at[i].insn == insn;)
		if (q->reasons.at[i].reason == why->reason)
			return;
	r = vec_push(&q->reasons, q->cx->arena);
	*r = (struct part_reason){ insn, inst, why->reason, why->text };
}

static bool pretended(const struct question *q, const struct offload_refusal *why)
{
	return q->opts->pretend && q->opts->pretend(q->opts->pretend_priv, why);
}

static bool seen_in(const struct vprog *vp, size_t inst, uint32_t pc)
{
	const struct fe_subprog *sub = &vp->prog->subprogs[vp->inst[inst].subprog];

	return pc >= sub->start && pc < sub->end && vp_fact_at(vp, inst, pc)->seen;
}

static bool is_second_slot(const struct vprog *vp, uint32_t pc)
{
	return pc > 0 && ebpf_is_ld_imm64(&vp->prog->insns[pc - 1]);
}

/* ---- what the device can do -------------------------------------------------------------------- */

/* Instruction by instruction, so that reasons come out sorted. */
static void ask_insn(struct question *q, uint32_t pc)
{
	struct offload_refusal why;
	bool live = false;

	for (size_t i = 0; i < q->vp->n_inst; i++) {
		if (!seen_in(q->vp, i, pc))
			continue;
		live = true;
		why = (struct offload_refusal){ 0 };
		if (q->ops->insn_hook(q->state, i, pc, &why) || pretended(q, &why))
			continue;
		q->refused[pc] = true;
		add_reason(q, pc, (int32_t)i, &why);
	}
	q->split->place[pc] = live ? PART_DEVICE : PART_DEAD;
	q->split->live_insns += live;
	q->split->device_capable += live && !q->refused[pc];
}

static void ask_all(struct question *q)
{
	for (uint32_t pc = 0; pc < q->vp->prog->n_insns; pc++) {
		if (is_second_slot(q->vp, pc))
			q->split->place[pc] = q->split->place[pc - 1];
		else
			ask_insn(q, pc);
	}
}

static void ask_whole(struct question *q)
{
	struct offload_refusal why = { 0 };

	if (!q->ops->finalize(q->state, &why) && !pretended(q, &why))
		add_reason(q, PART_WHOLE, -1, &why);
}

/* ---- dead code ------------------------------------------------------------------------------------ */

/* Mirrors the verifier's three passes: branches with one dead side become plain jumps, dead
 * instructions go, jumps to the next instruction go. */
static bool remove_dead_code(struct question *q)
{
	struct part_code code;
	struct bpf_insn ja;
	uint32_t n;

	part_code_init(&code, q->cx, q->vp, q->split->place);
	for (uint32_t i = 0; i < code.n; i++)
		if (part_code_hardwired(&code, i, &ja)) {
			code.insns[i] = ja;
			if (!q->ops->replace_insn(q->state, i, &ja))
				return false;
		}
	for (uint32_t i = 0; i < code.n; i++) {
		n = part_code_dead_run(&code, i);
		if (n && !q->ops->remove_insns(q->state, i, n))
			return false;
		part_code_remove(&code, i, n);
	}
	for (uint32_t i = 0; i < code.n; i++)
		if (part_code_is_nop(&code, i)) {
			if (!q->ops->remove_insns(q->state, i, 1))
				return false;
			part_code_remove(&code, i--, 1);
		}
	return true;
}

/* ---- decision -------------------------------------------------------------------------------------- */

static void place_live(struct question *q, enum part_place place)
{
	for (size_t pc = 0; pc < q->vp->prog->n_insns; pc++)
		if (q->split->place[pc] != PART_DEAD)
			q->split->place[pc] = place;
}

/* False: reported. A refusal of the translation is an answer: the program stays on the host. */
static bool translate(struct question *q)
{
	struct offload_refusal why = { 0 };

	if (q->opts->pretend)
		return true;
	if (q->ops->translate(q->state, &why)) {
		q->split->image = q->state->out.image;
		return true;
	}
	if (why.reason == REASON_NONE)
		return false;
	q->split->exceeds_device = true;
	add_reason(q, PART_WHOLE, -1, &why);
	return true;
}

static bool decide(struct question *q)
{
	ask_all(q);
	ask_whole(q);
	if (!q->reasons.len && (!remove_dead_code(q) || !translate(q)))
		return false;
	q->split->reasons = q->reasons.at;
	q->split->n_reasons = q->reasons.len;
	q->split->placement = q->reasons.len ? PART_ALL_HOST : PART_ALL_DEVICE;
	place_live(q, q->reasons.len ? PART_HOST : PART_DEVICE);
	return true;
}

bool ask_device(const struct compilation *c, struct cx *cx, const struct vprog *vp,
		struct split *split, struct offload_output *device)
{
	struct offload_prog state = { .cx = cx, .vp = vp, .target = c->target };
	struct question q = { .cx = cx,
			      .vp = vp,
			      .ops = c->target->ops,
			      .opts = c->opts,
			      .state = &state,
			      .split = split };
	bool ok;

	*split = (struct split){ .vp = vp };
	split->place = ARENA_ARRAY(cx->arena, enum part_place, vp->prog->n_insns);
	q.refused = ARENA_ARRAY(cx->arena, bool, vp->prog->n_insns);
	if (!q.ops->prepare(&state))
		return false;
	ok = decide(&q);
	q.ops->destroy(&state);
	split->refused = q.refused;
	*device = state.out;
	return ok;
}
