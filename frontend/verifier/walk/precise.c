/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/walk/env.h"
#include "frontend/verifier/walk/walk.h"

#include <string.h>

/* Which numbers mattered. A check that needs a number's bounds (an offset, a size, a branch with one way only)
 * says so with fe_need(); from there the path is followed back, instruction by instruction, to all
 * registers and stack slots that the number was made of, and these are marked in the remembered states
 * that are passed. Numbers of a fully walked state without a mark made no difference on any path from it.
 *
 * The marks choose what is widened (prune.c, state_merge.c). A mark too few costs a second attempt, never a
 * wrong verdict or fact: widened states are walked like others.
 *
 * The walk is depth first, so the steps of the current path, and those before each fork that waits, are
 * prefixes of one array. */

/* By frame, innermost last: what is looked for, going back. */
struct needs {
	uint16_t regs[8];
	uint64_t slots[8];
};

#define CALLER_SAVED 0x003fu /* R0 to R5 */
#define ARGUMENTS    0x003eu /* R1 to R5 */

static uint16_t bit(unsigned regno)
{
	return (uint16_t)(1u << regno);
}

static bool is_met(const struct needs *n)
{
	for (unsigned k = 0; k < 8; k++) {
		if (n->regs[k] || n->slots[k])
			return false;
	}
	return true;
}

/* ---- the path ---------------------------------------------------------------------------------- */

void fe_step_begin(struct fe_env *env)
{
	struct fe_step *s = vec_push(&env->walk.steps, &env->mem);

	s->pc = env->walk.pc;
	s->frame = (env->walk.cur->n_frames - 1) & 7;
}

void fe_step_stack(struct fe_env *env, uint32_t frame, uint32_t slot, uint32_t n, bool replaces)
{
	struct fe_step *s = &env->walk.steps.at[env->walk.steps.len - 1];

	s->slot_frame = frame & 7;
	s->slot = (uint8_t)slot;
	s->n_slots = (uint8_t)n;
	s->replaces = replaces;
}

void fe_step_ends_callback(struct fe_env *env)
{
	env->walk.steps.at[env->walk.steps.len - 1].ends_callback = true;
}

/* ---- back over one instruction ------------------------------------------------------------------- */

static uint64_t slots_of(const struct fe_step *s)
{
	uint64_t n = s->n_slots;

	return (n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1) << s->slot;
}

/* The register is defined from others, or from stack. */
static void undo_alu(const struct bpf_insn *i, uint16_t *regs)
{
	uint8_t op = ebpf_op(i);

	if (!(*regs & bit(i->dst_reg)))
		return;
	if (op == BPF_MOV)
		*regs &= (uint16_t)~bit(i->dst_reg);
	if (ebpf_src_is_reg(i) && op != BPF_END && op != BPF_NEG)
		*regs |= bit(i->src_reg);
}

static void undo_load(const struct fe_step *s, unsigned into, uint16_t *regs, struct needs *n)
{
	if (!(*regs & bit(into)))
		return;
	*regs &= (uint16_t)~bit(into);
	if (s->n_slots)
		n->slots[s->slot_frame] |= slots_of(s);
}

static void undo_store(const struct fe_step *s, const struct bpf_insn *i, uint16_t *regs,
		       struct needs *n)
{
	if (!s->n_slots || !(n->slots[s->slot_frame] & slots_of(s)))
		return;
	if (s->replaces)
		n->slots[s->slot_frame] &= ~slots_of(s);
	if (ebpf_class(i) == BPF_STX)
		*regs |= bit(i->src_reg);
}

static void undo_memory(const struct fe_step *s, const struct bpf_insn *i, uint16_t *regs,
			struct needs *n)
{
	switch (ebpf_class(i)) {
	case BPF_LDX: undo_load(s, i->dst_reg, regs, n); break;
	case BPF_ST: undo_store(s, i, regs, n); break;
	case BPF_STX:
		if (ebpf_mode(i) != BPF_ATOMIC)
			undo_store(s, i, regs, n);
		else if (i->imm == BPF_CMPXCHG)
			undo_load(s, BPF_REG_0, regs, n);
		else if (i->imm & BPF_FETCH)
			undo_load(s, i->src_reg, regs, n);
		break;
	default: /* BPF_LD */
		*regs &= ebpf_is_ld_imm64(i) ? (uint16_t)~bit(i->dst_reg) : (uint16_t)~CALLER_SAVED;
	}
}

/* Entered: the callee's arguments were the caller's. A callback got none of its numbers from there. */
static void undo_entry(const struct fe_step *s, const struct bpf_insn *i, struct needs *n)
{
	if (i->src_reg == EBPF_CALL_SUBPROG)
		n->regs[s->frame] |= n->regs[s->frame + 1] & ARGUMENTS;
	n->regs[s->frame + 1] = 0;
	n->slots[s->frame + 1] = 0;
}

/* Left for the caller: R0 is the callee's, unless another program returned in its place. */
static void undo_exit(const struct fe_step *s, const struct bpf_insn *i, struct needs *n)
{
	uint16_t *caller = &n->regs[s->frame - 1];

	n->regs[s->frame] = 0;
	n->slots[s->frame] = 0;
	if (s->ends_callback)
		return;
	if (ebpf_is_exit(i))
		n->regs[s->frame] = *caller & bit(BPF_REG_0);
	*caller &= (uint16_t)~CALLER_SAVED;
}

/* A test bounds either side by the other. */
static void undo_test(const struct bpf_insn *i, uint16_t *regs)
{
	uint16_t both = bit(i->dst_reg) | bit(i->src_reg);

	if (ebpf_is_cond_jump(i) && ebpf_src_is_reg(i) && (*regs & both))
		*regs |= both;
}

/* `frame`: the innermost after the instruction. */
static void undo(const struct fe_env *env, const struct fe_step *s, uint32_t frame, struct needs *n)
{
	const struct bpf_insn *i = &env->prog->insns[s->pc];
	uint16_t *regs = &n->regs[s->frame];

	if (frame > s->frame)
		undo_entry(s, i, n);
	else if (frame < s->frame)
		undo_exit(s, i, n);
	else if (ebpf_is_alu(i))
		undo_alu(i, regs);
	else if (ebpf_is_call(i))
		*regs &= (uint16_t)~CALLER_SAVED;
	else if (ebpf_is_jump_class(i))
		undo_test(i, regs);
	else
		undo_memory(s, i, regs, n);
}

/* ---- marks ------------------------------------------------------------------------------------- */

/* Copies of a marked number count with it: a test of one bounds the others. */
static void mark_copies(struct fe_state *st, uint32_t id, struct needs *n)
{
	for (uint32_t k = 0; k < st->n_frames; k++) {
		struct fe_frame *f = st->frames[k];

		for (unsigned r = 0; r < 10; r++) {
			if (f->regs[r].type == FE_SCALAR && f->regs[r].id == id)
				n->regs[k] |= bit(r) & (uint16_t)~f->needed_regs;
		}
		for (uint32_t i = 0; i < f->n_slots; i++) {
			if (fe_slot_has_spill(&f->slots[i]) &&
			    f->slots[i].spill.type == FE_SCALAR && f->slots[i].spill.id == id)
				n->slots[k] |= UINT64_C(1) << i & ~f->needed_slots;
		}
	}
}

/* Leaves in `n` what is a number in the frame and has no mark yet. */
static void keep_new(const struct fe_frame *f, uint16_t *regs, uint64_t *slots)
{
	*regs &= (uint16_t)~f->needed_regs;
	for (unsigned r = 0; *regs >> r; r++) {
		if (f->regs[r].type != FE_SCALAR)
			*regs &= (uint16_t)~bit(r);
	}
	*slots &= ~f->needed_slots;
	for (uint64_t left = *slots; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);

		if (i >= f->n_slots || !fe_slot_has_number(&f->slots[i]))
			*slots &= ~(UINT64_C(1) << i);
	}
}

static void mark_frame_copies(struct fe_state *st, const struct fe_frame *f, uint16_t regs,
			      uint64_t slots, struct needs *n)
{
	for (unsigned r = 0; regs >> r; r++) {
		if ((regs >> r & 1) && f->regs[r].id)
			mark_copies(st, f->regs[r].id, n);
	}
	for (; slots; slots &= slots - 1) {
		const struct fe_stack_slot *s = &f->slots[__builtin_ctzll(slots)];

		if (fe_slot_has_spill(s) && s->spill.id)
			mark_copies(st, s->spill.id, n);
	}
}

/* Marks in a remembered state; what remains in `n` is to be looked for before it. */
static void mark(struct fe_state *st, struct needs *n)
{
	for (uint32_t k = 0; k < 8; k++) {
		if (k < st->n_frames)
			keep_new(st->frames[k], &n->regs[k], &n->slots[k]);
		else
			n->regs[k] = 0, n->slots[k] = 0;
	}
	for (uint32_t k = 0; k < st->n_frames; k++)
		mark_frame_copies(st, st->frames[k], n->regs[k], n->slots[k], n);
	for (uint32_t k = 0; k < st->n_frames; k++) {
		st->frames[k]->needed_regs |= n->regs[k];
		st->frames[k]->needed_slots |= n->slots[k];
	}
}

/* From before the step `at` back, until nothing is left to look for. */
static void look_back(struct fe_env *env, struct needs *n, size_t at, uint32_t frame)
{
	struct fe_state *st = env->walk.cur->parent;

	for (; !is_met(n); st = st->parent) {
		size_t stop = st ? st->n_steps : 0;

		while (at > stop && !is_met(n)) {
			const struct fe_step *s = &env->walk.steps.at[--at];

			undo(env, s, frame, n);
			frame = s->frame;
		}
		if (!st)
			return;
		mark(st, n);
	}
}

/* ---- what matters --------------------------------------------------------------------------------- */

void fe_need(struct fe_env *env, unsigned regno)
{
	size_t now = env->walk.steps.len - 1;
	uint32_t frame = env->walk.steps.at[now].frame;
	struct needs n = { 0 };

	if (fe_reg(env, regno)->type != FE_SCALAR)
		return;
	n.regs[frame] = bit(regno);
	look_back(env, &n, now, frame);
}

void fe_need_slot(struct fe_env *env, uint32_t frame_no, uint32_t slot)
{
	size_t now = env->walk.steps.len - 1;
	struct needs n = { 0 };

	n.slots[frame_no] = UINT64_C(1) << slot;
	look_back(env, &n, now, env->walk.steps.at[now].frame);
}

void fe_need_as(struct fe_env *env, const struct fe_state *old)
{
	struct needs n = { 0 };

	for (uint32_t k = 0; k < old->n_frames; k++) {
		n.regs[k] = old->frames[k]->needed_regs;
		n.slots[k] = old->frames[k]->needed_slots;
	}
	look_back(env, &n, env->walk.steps.len, env->walk.cur->n_frames - 1);
}
