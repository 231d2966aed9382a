/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/split.h"

#include "partitioner/halves/dead_code.h"

#include <stdlib.h>

/* Takes a program through a backend in the order of calls of the kernel's verifier and
 * kernel/bpf/offload.c: prepare, insn_hook per instruction, finalize, then dead code goes, then
 * translate. Whatever the backend refuses is collected with its reason. */

struct job {
	struct cx *cx;
	const struct vprog *vp;
	const struct bpf_offload_ops *ops;
	struct offload_prog *state;
	struct split *split;
	VEC(struct part_reason) reasons;
	bool *refused; /* per instruction */
};

static void add_reason(struct job *j, uint32_t insn, int32_t inst,
		       const struct offload_refusal *why)
{
	struct part_reason *r;

	for (size_t i = j->reasons.len; i-- > 0 && j->reasons.at[i].insn == insn;)
		if (j->reasons.at[i].reason == why->reason)
			return;
	r = vec_push(&j->reasons, j->cx->arena);
	*r = (struct part_reason){ insn, inst, why->reason, why->text };
}

static bool pretended(const struct job *j, const struct offload_refusal *why)
{
	const struct offload_options *o = &j->state->opts;

	return o->pretend && o->pretend(o->pretend_priv, why);
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
static void ask_insn(struct job *j, uint32_t pc)
{
	struct offload_refusal why;
	bool live = false;

	for (size_t i = 0; i < j->vp->n_inst; i++) {
		if (!seen_in(j->vp, i, pc))
			continue;
		live = true;
		why = (struct offload_refusal){ 0 };
		if (j->ops->insn_hook(j->state, i, pc, &why) || pretended(j, &why))
			continue;
		j->refused[pc] = true;
		add_reason(j, pc, (int32_t)i, &why);
	}
	j->split->place[pc] = live ? PART_DEVICE : PART_DEAD;
	j->split->live_insns += live;
	j->split->device_capable += live && !j->refused[pc];
}

static void ask_all(struct job *j)
{
	for (uint32_t pc = 0; pc < j->vp->prog->n_insns; pc++) {
		if (is_second_slot(j->vp, pc))
			j->split->place[pc] = j->split->place[pc - 1];
		else
			ask_insn(j, pc);
	}
}

static void ask_whole(struct job *j)
{
	struct offload_refusal why = { 0 };

	if (!j->ops->finalize(j->state, &why) && !pretended(j, &why))
		add_reason(j, PART_WHOLE, -1, &why);
}

/* ---- dead code ------------------------------------------------------------------------------------ */

/* Mirrors the verifier's three passes: branches with one dead side become plain jumps, dead
 * instructions go, jumps to the next instruction go. */
static bool remove_dead_code(struct job *j)
{
	struct part_code code;
	struct bpf_insn ja;
	uint32_t n;

	part_code_init(&code, j->cx, j->vp, j->split->place);
	for (uint32_t i = 0; i < code.n; i++)
		if (part_code_hardwired(&code, i, &ja)) {
			code.insns[i] = ja;
			if (!j->ops->replace_insn(j->state, i, &ja))
				return false;
		}
	for (uint32_t i = 0; i < code.n; i++) {
		n = part_code_dead_run(&code, i);
		if (n && !j->ops->remove_insns(j->state, i, n))
			return false;
		part_code_remove(&code, i, n);
	}
	for (uint32_t i = 0; i < code.n; i++)
		if (part_code_is_nop(&code, i)) {
			if (!j->ops->remove_insns(j->state, i, 1))
				return false;
			part_code_remove(&code, i--, 1);
		}
	return true;
}

/* ---- decision -------------------------------------------------------------------------------------- */

static void place_live(struct job *j, enum part_place place)
{
	for (size_t pc = 0; pc < j->vp->prog->n_insns; pc++)
		if (j->split->place[pc] != PART_DEAD)
			j->split->place[pc] = place;
}

/* False: reported. A refusal of the translation is an answer: the program stays on the host. */
static bool translate(struct job *j)
{
	struct offload_refusal why = { 0 };

	if (j->state->opts.pretend)
		return true;
	if (j->ops->translate(j->state, &why)) {
		j->split->image = j->state->image;
		return true;
	}
	if (why.reason == REASON_NONE)
		return false;
	j->split->exceeds_device = true;
	add_reason(j, PART_WHOLE, -1, &why);
	return true;
}

static bool decide(struct job *j)
{
	ask_all(j);
	ask_whole(j);
	if (!j->reasons.len && (!remove_dead_code(j) || !translate(j)))
		return false;
	j->split->reasons = j->reasons.at;
	j->split->n_reasons = j->reasons.len;
	j->split->placement = j->reasons.len ? PART_ALL_HOST : PART_ALL_DEVICE;
	place_live(j, j->reasons.len ? PART_HOST : PART_DEVICE);
	return true;
}

bool part_offload_whole(struct cx *cx, const struct vprog *vp, const struct bpf_offload_ops *ops,
			const void *target, const struct offload_options *opts, struct split *split,
			struct offload_prog *state)
{
	struct job j = { .cx = cx, .vp = vp, .ops = ops, .state = state, .split = split };
	bool ok;

	*state = (struct offload_prog){ .cx = cx, .vp = vp, .target = target, .opts = *opts };
	*split = (struct split){ .vp = vp };
	split->place = ARENA_ARRAY(cx->arena, enum part_place, vp->prog->n_insns);
	j.refused = ARENA_ARRAY(cx->arena, bool, vp->prog->n_insns);
	if (!ops->prepare(state))
		return false;
	ok = decide(&j);
	ops->destroy(state);
	split->refused = j.refused;
	return ok;
}

const char *part_placement_name(enum part_placement p)
{
	static const char *const names[] = {
		[PART_ALL_DEVICE] = "device",
		[PART_SPLIT] = "split",
		[PART_ALL_HOST] = "host",
	};

	return names[p];
}
