/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/flow/stack_use.h"
#include "frontend/verifier/walk/env.h"

#include <string.h>

/* Which stack slots may be read later. Reads and full overwrites are noted while walking, per
 * instance, instruction and frame (an instruction may touch its callers' frames); liveness is
 * their backward closure over the instance's control flow, entering callees at calls and leaving
 * them at exits. All notes only ever add live slots, so the closure is kept up to date lazily. A
 * query is made for fully walked states alone, whose reads are all noted by then. */

static uint32_t start_of(const struct fe_env *env, uint32_t inst)
{
	return env->prog->subprogs[env->facts.inst.at[inst].pub.subprog].start;
}

static size_t cell(const struct fe_env *env, uint32_t inst, uint32_t pc, uint32_t frame)
{
	size_t width = env->facts.inst.at[inst].pub.depth + 1;

	return (pc - start_of(env, inst)) * width + frame;
}

void fe_stack_note_read(struct fe_env *env, uint32_t frame, uint32_t slot)
{
	env->stack_live.visit_read[frame] |= UINT64_C(1) << slot;
}

void fe_stack_note_kill(struct fe_env *env, uint32_t frame, uint32_t slot)
{
	env->stack_live.visit_killed[frame] |= UINT64_C(1) << slot;
}

static void push(struct fe_env *env, uint32_t inst, uint32_t pc)
{
	struct fe_stack_todo *t = vec_push(&env->stack_live.todo, &env->mem);

	t->inst = inst;
	t->insn = pc;
}

void fe_stack_commit(struct fe_env *env, uint32_t inst, uint32_t pc)
{
	struct fe_inst *in = &env->facts.inst.at[inst];
	bool *seen = &in->stack_seen[pc - start_of(env, inst)];
	bool changed = !*seen;

	if (env->stack_live.off)
		return;
	for (uint32_t f = 0; f <= in->pub.depth; f++) {
		size_t c = cell(env, inst, pc, f);
		uint64_t read = in->read[c] | env->stack_live.visit_read[f];
		uint64_t killed = *seen ? in->killed[c] & env->stack_live.visit_killed[f]
					: env->stack_live.visit_killed[f];

		changed |= read != in->read[c] || killed != in->killed[c];
		in->read[c] = read;
		in->killed[c] = killed;
	}
	*seen = true;
	if (changed)
		push(env, inst, pc);
}

/* Live slots of `frame` before `pc` of an instance; 0 for frames it cannot see. */
static uint64_t before(const struct fe_env *env, uint32_t inst, uint32_t pc, uint32_t frame)
{
	const struct fe_inst *in = &env->facts.inst.at[inst];

	return frame > in->pub.depth ? 0 : in->live[cell(env, inst, pc, frame)];
}

/* A tail call that succeeds ends the function, and so does a packet load that fails. */
static bool leaves(const struct bpf_insn *insn)
{
	return ebpf_is_exit(insn) || ebpf_is_packet_load(insn) ||
	       (ebpf_is_call(insn) && insn->src_reg == EBPF_CALL_HELPER &&
		insn->imm == BPF_FUNC_tail_call);
}

static uint64_t after_exit(const struct fe_env *env, const struct fe_inst *in, uint32_t frame)
{
	uint32_t parent;
	uint64_t live;

	if (in->pub.parent < 0)
		return 0;
	parent = (uint32_t)in->pub.parent;
	live = before(env, parent, fe_cfg_next(&env->cfg, in->pub.call_pc), frame);
	if (in->callback) /* the helper may call again */
		live |= before(env, parent, in->pub.call_pc, frame);
	return live;
}

static uint64_t after(const struct fe_env *env, uint32_t inst, uint32_t pc, uint32_t frame)
{
	const struct fe_inst *in = &env->facts.inst.at[inst];
	const struct vp_fact *fact = &in->pub.facts[pc - start_of(env, inst)];
	uint32_t succ[2];
	uint64_t live = 0;

	if (leaves(&env->prog->insns[pc]))
		live = after_exit(env, in, frame);
	for (unsigned k = fe_cfg_succ(&env->cfg, pc, succ); k-- > 0;)
		live |= before(env, inst, succ[k], frame);
	if (fact->child >= 0)
		live |= before(env, (uint32_t)fact->child, start_of(env, (uint32_t)fact->child),
			       frame);
	if (fact->callback >= 0)
		live |= before(env, (uint32_t)fact->callback,
			       start_of(env, (uint32_t)fact->callback), frame);
	return live;
}

static void push_exits(struct fe_env *env, int32_t inst)
{
	const struct fe_subprog *sp;

	if (inst < 0)
		return;
	sp = &env->prog->subprogs[env->facts.inst.at[inst].pub.subprog];
	for (uint32_t i = sp->start; i < sp->end; i = fe_cfg_next(&env->cfg, i)) {
		if (leaves(&env->prog->insns[i]))
			push(env, (uint32_t)inst, i);
	}
}

/* Whatever comes before `pc` of the instance has to be looked at again. */
static void push_before(struct fe_env *env, uint32_t inst, uint32_t pc)
{
	const struct fe_cfg *cfg = &env->cfg;
	const struct fe_inst *in = &env->facts.inst.at[inst];
	uint32_t start = start_of(env, inst);

	for (uint32_t k = cfg->pred_start[pc]; k < cfg->pred_start[pc + 1]; k++) {
		const struct vp_fact *fact = &in->pub.facts[cfg->pred[k] - start];

		push(env, inst, cfg->pred[k]);
		push_exits(env, fact->child);
		push_exits(env, fact->callback);
	}
	push_exits(env, in->pub.facts[pc - start].callback);
	if (pc == start && in->pub.parent >= 0)
		push(env, (uint32_t)in->pub.parent, in->pub.call_pc);
}

static void settle(struct fe_env *env)
{
	while (env->stack_live.todo.len) {
		struct fe_stack_todo t = env->stack_live.todo.at[--env->stack_live.todo.len];
		struct fe_inst *in = &env->facts.inst.at[t.inst];
		bool changed = false;

		for (uint32_t f = 0; f <= in->pub.depth; f++) {
			size_t c = cell(env, t.inst, t.insn, f);
			uint64_t live = in->live[c] | in->read[c] |
					(after(env, t.inst, t.insn, f) & ~in->killed[c]);

			changed |= live != in->live[c];
			in->live[c] = live;
		}
		if (changed)
			push_before(env, t.inst, t.insn);
	}
}

uint64_t fe_stack_live(struct fe_env *env, uint32_t inst, uint32_t pc, uint32_t frame)
{
	if (env->stack_live.off)
		return UINT64_MAX;
	settle(env);
	return before(env, inst, pc, frame);
}
