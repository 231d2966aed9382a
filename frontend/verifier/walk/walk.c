/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/check/check_call.h"
#include "frontend/verifier/check/check_insn.h"
#include "frontend/verifier/flow/stack_use.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/walk/env.h"
#include "frontend/verifier/walk/walk.h"

#include <string.h>

/* The walk: every path of the program, depth first, one abstract state at a time. At a branch that
 * may go both ways the taken side waits (fe_fork) while the walk falls through; where a state is
 * covered by a remembered one the path ends (prune.c). */

struct fe_state *fe_fork(struct fe_env *env, uint32_t pc)
{
	struct fe_work *w = env->walk.free_work;

	if (env->walk.n_work >= FE_MAX_PENDING) {
		FE_REJECT(env, REASON_TOO_MANY_BRANCHES, FE_MAX_PENDING);
		return NULL;
	}
	if (w)
		env->walk.free_work = w->next;
	else
		w = ARENA_NEW(&env->mem, struct fe_work);
	w->state = fe_state_new(&env->walk.pool);
	fe_state_copy(&env->walk.pool, w->state, env->walk.cur);
	w->state->next = NULL;
	w->state->n_steps = env->walk.steps.len;
	w->pc = pc;
	w->next = env->walk.work;
	env->walk.work = w;
	env->walk.n_work++;
	if (env->walk.cur->parent)
		env->walk.cur->parent->branches++;
	return w->state;
}

void fe_drop_fork(struct fe_env *env)
{
	struct fe_work *w = env->walk.work;

	env->walk.work = w->next;
	env->walk.n_work--;
	if (env->walk.cur->parent)
		env->walk.cur->parent->branches--;
	fe_state_free(&env->walk.pool, w->state);
	w->next = env->walk.free_work;
	env->walk.free_work = w;
}

/* Ends the current path; false when no other waits. */
static bool next_path(struct fe_env *env)
{
	struct fe_work *w = env->walk.work;

	fe_branch_done(env, env->walk.cur);
	fe_state_free(&env->walk.pool, env->walk.cur);
	env->walk.cur = NULL;
	if (!w)
		return false;
	env->walk.cur = w->state;
	env->walk.pc = w->pc;
	env->walk.steps.len = env->walk.cur->n_steps;
	env->walk.work = w->next;
	env->walk.n_work--;
	w->next = env->walk.free_work;
	env->walk.free_work = w;
	return true;
}

bool fe_check_readable(struct fe_env *env, unsigned regno)
{
	if (fe_reg(env, regno)->type == FE_NOT_INIT)
		return FE_REJECT(env, REASON_REG_NOT_INIT, regno);
	return true;
}

bool fe_check_writable(struct fe_env *env, unsigned regno)
{
	if (regno == BPF_REG_10)
		return FE_REJECT(env, REASON_FRAME_POINTER_WRITE);
	return true;
}

static bool step_jump(struct fe_env *env, const struct bpf_insn *insn, uint32_t *next, bool *done)
{
	if (ebpf_is_exit(insn))
		return fe_check_exit(env, next, done);
	env->totals.jumps++;
	if (ebpf_is_ja(insn)) {
		*next = (uint32_t)ebpf_jump_target(insn, env->walk.pc);
		return true;
	}
	if (insn->code == EBPF_MAY_GOTO)
		return fe_check_may_goto(env, insn, next);
	if (!ebpf_is_call(insn))
		return fe_check_cond_jump(env, insn, next, done);
	if (insn->src_reg == EBPF_CALL_SUBPROG)
		return fe_check_call_subprog(env, insn, next);
	return fe_check_call(env, insn) && fe_check_throw(env, insn, done);
}

static bool step(struct fe_env *env, uint32_t *next, bool *done)
{
	const struct bpf_insn *insn = &env->prog->insns[env->walk.pc];

	*next = fe_cfg_next(&env->cfg, env->walk.pc);
	if (ebpf_is_alu(insn))
		return fe_check_alu(env, insn);
	if (ebpf_is_jump_class(insn))
		return step_jump(env, insn, next, done);
	if (ebpf_is_ld_imm64(insn))
		return fe_check_ld_imm64(env, insn);
	if (ebpf_class(insn) == BPF_LD)
		return fe_check_ld_abs(env, insn);
	if (ebpf_class(insn) == BPF_STX && ebpf_mode(insn) == BPF_ATOMIC)
		return fe_check_atomic(env, insn);
	return fe_check_load_store(env, insn);
}

static bool start(struct fe_env *env)
{
	struct fe_frame *f;

	env->walk.cur = fe_state_new(&env->walk.pool);
	f = fe_state_push_frame(&env->walk.pool, env->walk.cur);
	for (unsigned r = 0; r < 10; r++)
		fe_reg_not_init(&f->regs[r]);
	fe_reg_pointer(&f->regs[BPF_REG_10], FE_STACK, 0);
	f->subprog = env->root;
	f->ret_min = 1; /* no limit: min > max */
	env->walk.pc = env->prog->subprogs[env->root].start;
	if (env->root)
		return fe_global_start(env, env->root, f);
	fe_reg_pointer(&f->regs[BPF_REG_1], FE_CTX, -1);
	return true;
}

/* One instruction of the current path. `done`: the path ended. */
static bool visit(struct fe_env *env, bool *done)
{
	uint32_t pc = env->walk.pc, inst = fe_frame(env)->inst, next;

	if (env->totals.processed++ >= env->opts.insn_limit)
		return FE_REJECT(env, REASON_TOO_COMPLEX, env->opts.insn_limit);
	if (env->cfg.flags[pc] & FE_CFG_PRUNE) {
		enum fe_visit v = fe_visit(env);

		if (v != FE_VISIT_GO_ON) {
			*done = true;
			return v == FE_VISIT_COVERED;
		}
	}
	fe_facts_visit(env);
	if (env->opts.log_states)
		fe_log_state(env);
	fe_step_begin(env);
	memset(env->stack_live.visit_read, 0, sizeof(env->stack_live.visit_read));
	memset(env->stack_live.visit_killed, 0, sizeof(env->stack_live.visit_killed));
	if (!step(env, &next, done))
		return false;
	fe_stack_commit(env, inst, pc);
	env->walk.pc = next;
	return true;
}

bool fe_walk(struct fe_env *env)
{
	bool done;

	if (!start(env))
		return false;
	do {
		do {
			done = false;
			if (!visit(env, &done))
				return false;
		} while (!done);
	} while (next_path(env));
	return true;
}
