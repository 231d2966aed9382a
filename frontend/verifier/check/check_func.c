/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/check/check_call.h"
#include "frontend/verifier/check/check_insn.h"
#include "frontend/verifier/domain/address.h"
#include "frontend/verifier/flow/stack_use.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/walk/env.h"
#include "frontend/verifier/walk/walk.h"

#include "base/bits.h"

/* Frames: calls of subprograms, callbacks that helpers make, exits, and the stack of whole call
 * chains. Global functions are walked from their callers like static ones, and see global.c. */

static bool enter(struct fe_env *env, struct fe_state *s, uint32_t subprog, uint32_t inst,
		  enum fe_frame_kind kind)
{
	struct fe_frame *f;
	uint32_t no = s->n_frames;

	if (no >= EBPF_MAX_FRAMES)
		return FE_REJECT(env, REASON_CALL_DEPTH, EBPF_MAX_FRAMES);
	f = fe_state_push_frame(&env->walk.pool, s);
	for (unsigned r = 0; r < 10; r++)
		fe_reg_not_init(&f->regs[r]);
	fe_reg_pointer(&f->regs[BPF_REG_10], FE_STACK, (int32_t)no);
	f->subprog = subprog;
	f->inst = inst;
	f->call_pc = env->walk.pc;
	f->kind = (uint8_t)kind;
	f->helper = -1;
	f->compares = false;
	f->rounds = 0;
	f->ret_min = 1; /* min > max: no limit */
	return true;
}

bool fe_check_call_subprog(struct fe_env *env, const struct bpf_insn *insn, uint32_t *next_pc)
{
	uint32_t target = (uint32_t)((int64_t)env->walk.pc + 1 + insn->imm);
	uint32_t subprog = (uint32_t)fe_cfg_subprog_at(env->prog, target);
	struct fe_frame *caller = fe_frame(env);
	uint32_t child = fe_facts_child(env, subprog, FE_FRAME_CALL);

	if ((fe_is_global(env, subprog) && !fe_global_check_call(env, subprog)) ||
	    !enter(env, env->walk.cur, subprog, child, FE_FRAME_CALL))
		return false;
	for (unsigned r = BPF_REG_1; r <= BPF_REG_5; r++)
		fe_frame(env)->regs[r] = caller->regs[r];
	for (unsigned r = BPF_REG_0; r <= BPF_REG_5; r++)
		fe_reg_not_init(&caller->regs[r]);
	*next_pc = target;
	return true;
}

/* ---- callbacks --------------------------------------------------------------------------------- */

static bool iterable(uint32_t map_type)
{
	switch (map_type) {
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH: return true;
	default: return false;
	}
}

/* (map, key, value, …): what for_each_map_elem and timers hand to the callback. */
static void set_element_args(struct fe_env *env, struct fe_frame *f, int32_t map, bool inner,
			     uint32_t map_uid)
{
	uint16_t flags = inner ? FE_INNER_MAP : 0;

	fe_reg_pointer(&f->regs[BPF_REG_1], FE_MAP_PTR, map);
	fe_reg_pointer(&f->regs[BPF_REG_2], FE_MAP_KEY, map);
	fe_reg_pointer(&f->regs[BPF_REG_3], FE_MAP_VALUE, map);
	for (unsigned r = BPF_REG_1; r <= BPF_REG_3; r++) {
		f->regs[r].flags = flags;
		f->regs[r].map_uid = map_uid;
	}
	f->regs[BPF_REG_3].id = ++env->walk.id_gen;
}

static bool set_callback_args(struct fe_env *env, struct fe_state *s, const struct fe_call_args *c)
{
	struct fe_frame *f = fe_top(s), *caller = s->frames[s->n_frames - 2];

	f->helper = (int32_t)c->id;
	f->ret_min = 0;
	f->ret_max = 1;
	if (c->h->flags & FE_H_INSERTS) {
		f->compares = true;
		fe_graph_callback_args(env, c, f);
		return true;
	}
	switch (c->id) {
	case BPF_FUNC_loop:
		fe_reg_unknown(&f->regs[BPF_REG_1]);
		f->regs[BPF_REG_2] = caller->regs[BPF_REG_3];
		return true;
	case BPF_FUNC_for_each_map_elem:
		if (!iterable((c->map_inner ? env->obj->inner_maps : env->obj->maps)[c->map].type))
			return FE_REJECT(env, REASON_CALLBACK_MAP, c->h->name);
		set_element_args(env, f, c->map, c->map_inner, c->map_uid);
		f->regs[BPF_REG_4] = caller->regs[BPF_REG_3];
		return true;
	case BPF_FUNC_user_ringbuf_drain:
		fe_reg_pointer(&f->regs[BPF_REG_1], FE_DYNPTR, FE_DYNPTR_LOCAL);
		f->regs[BPF_REG_1].id = ++env->walk.id_gen;
		f->regs[BPF_REG_2] = caller->regs[BPF_REG_3];
		return true;
	default: return FE_REJECT(env, REASON_HELPER_UNSUPPORTED, c->h->name);
	}
}

/* A timer's callback runs later, on its own: a path that starts with an empty machine. */
static bool walk_async(struct fe_env *env, const struct fe_call_args *c)
{
	uint32_t subprog = (uint32_t)c->callback;
	const struct fe_reg *timer = fe_reg(env, BPF_REG_1);
	uint32_t inst = fe_facts_child(env, subprog, FE_FRAME_ASYNC);
	struct fe_state *s = fe_fork(env, env->prog->subprogs[subprog].start);
	struct fe_frame *f;

	if (!s)
		return false;
	while (s->n_frames)
		fe_state_pop_frame(&env->walk.pool, s);
	s->n_refs = 0;
	s->rcu = false;
	s->preempts = 0;
	if (!enter(env, s, subprog, inst, FE_FRAME_ASYNC))
		return false;
	f = fe_top(s);
	f->ret_max = 0;
	f->ret_min = 0;
	set_element_args(env, f, timer->object, timer->flags & FE_INNER_MAP, timer->map_uid);
	return true;
}

bool fe_check_callback(struct fe_env *env, const struct fe_call_args *c)
{
	uint32_t subprog = (uint32_t)c->callback;
	struct fe_state *round;
	uint32_t inst;

	if (c->id == BPF_FUNC_timer_set_callback)
		return walk_async(env, c);
	if (c->id == BPF_FUNC_loop && fe_reg(env, BPF_REG_1)->type != FE_SCALAR)
		return FE_REJECT(env, REASON_ARG_KIND, c->h->name, BPF_REG_1,
				 fe_reg_text(env, fe_reg(env, BPF_REG_1)), "a number of rounds");
	if (c->id == BPF_FUNC_loop)
		fe_need(env, BPF_REG_1);
	if (c->id == BPF_FUNC_loop && fe_frame(env)->rounds >= fe_reg(env, BPF_REG_1)->val.umax) {
		fe_frame(env)->rounds = 0; /* that was all of them */
		return true;
	}
	/* This state goes on after the helper; a copy walks one round and comes back to the call. */
	inst = fe_facts_child(env, subprog, FE_FRAME_CALLBACK);
	round = fe_fork(env, env->prog->subprogs[subprog].start);
	if (!round)
		return false;
	round->rounds++;
	fe_top(round)->rounds += c->id == BPF_FUNC_loop;
	fe_frame(env)->rounds = 0;
	return enter(env, round, subprog, inst, FE_FRAME_CALLBACK) &&
	       set_callback_args(env, round, c);
}

static bool check_callback_result(struct fe_env *env, const struct fe_frame *f)
{
	const struct fe_reg *r0 = &f->regs[BPF_REG_0];

	fe_need(env, BPF_REG_0);
	if (r0->type != FE_SCALAR || r0->val.smin < f->ret_min || r0->val.smax > f->ret_max)
		return FE_REJECT(env, REASON_CALLBACK_RESULT, fe_reg_text(env, r0), f->ret_min,
				 f->ret_max);
	return true;
}

/* ---- exit -------------------------------------------------------------------------------------- */

static bool exit_program(struct fe_env *env)
{
	if (!fe_check_nothing_held(env) || !fe_check_readable(env, BPF_REG_0))
		return false;
	fe_address_used(env, fe_reg(env, BPF_REG_0));
	return true;
}

static bool exit_callback(struct fe_env *env, const struct fe_frame *f)
{
	if (env->walk.cur->locked &&
	    !f->compares) /* by the callback: helpers are not called with a lock held */
		return FE_REJECT(env, REASON_LOCK_HELD);
	for (uint32_t i = 0; i < env->walk.cur->n_refs; i++) {
		if (env->walk.cur->refs[i].frame == env->walk.cur->n_frames - 1)
			return FE_REJECT(env, REASON_REF_LEAK, env->walk.cur->refs[i].pc);
	}
	return fe_check_readable(env, BPF_REG_0) && check_callback_result(env, f);
}

static bool check_global_result(struct fe_env *env, const struct fe_frame *f)
{
	const struct fe_reg *r0 = &f->regs[BPF_REG_0];

	if (r0->type != FE_SCALAR)
		return FE_REJECT(env, REASON_GLOBAL_RETURNS, fe_reg_text(env, r0));
	return true;
}

/* The caller of a global function goes by its signature alone. */
static void forget_global_result(struct fe_env *env, uint32_t subprog)
{
	struct fe_address made_of = fe_reg(env, BPF_REG_0)->address;

	fe_reg_unknown(fe_reg(env, BPF_REG_0));
	fe_reg(env, BPF_REG_0)->address = made_of;
	if (fe_global_moves_packet(env, subprog))
		fe_state_each_reg(env->walk.cur, fe_forget_packet, NULL);
}

bool fe_check_exit(struct fe_env *env, uint32_t *next_pc, bool *done)
{
	struct fe_frame *f = fe_frame(env);
	enum fe_frame_kind kind = (enum fe_frame_kind)f->kind;
	struct fe_reg r0 = f->regs[BPF_REG_0];
	uint32_t call_pc = f->call_pc;

	uint32_t subprog = f->subprog;

	*done = env->walk.cur->n_frames == 1;
	if (*done)
		return exit_program(env) && (!env->root || check_global_result(env, f)) &&
		       (kind != FE_FRAME_ASYNC || check_callback_result(env, f));
	if (kind == FE_FRAME_CALLBACK && !exit_callback(env, f))
		return false;
	if (r0.type == FE_STACK)
		return FE_REJECT(env, REASON_RETURNS_STACK);
	fe_state_pop_frame(&env->walk.pool, env->walk.cur);
	if (kind == FE_FRAME_CALLBACK) {
		fe_step_ends_callback(env);
		*next_pc = call_pc; /* the helper may call again */
		fe_end_round(env, call_pc);
		return true;
	}
	*fe_reg(env, BPF_REG_0) = r0;
	if (kind == FE_FRAME_CALL && fe_is_global(env, subprog))
		forget_global_result(env, subprog);
	*next_pc = fe_cfg_next(&env->cfg, call_pc);
	return true;
}

/* A second path leaves the current function here, as `prepare` makes its state; this one goes on. In main
 * leaving is the end, and nothing is to be walked. */
static bool walk_early_exit(struct fe_env *env, void (*prepare)(struct fe_env *env))
{
	struct fe_state *stays = env->walk.cur;
	uint32_t next;
	bool done, ok;

	if (stays->n_frames == 1)
		return true;
	env->walk.cur = fe_fork(env, env->walk.pc);
	ok = env->walk.cur != NULL;
	if (ok) {
		prepare(env);
		ok = fe_check_exit(env, &next, &done);
	}
	if (!ok)
		return false;
	env->walk.work->pc = next;
	env->walk.cur = stays;
	return true;
}

/* A tail call that succeeds does not come back here: the program that it leads to returns in place of this
 * function, with any number, and may have moved the packet. */
static void tail_call_taken(struct fe_env *env)
{
	fe_reg_unknown(fe_reg(env, BPF_REG_0));
	fe_state_each_reg(env->walk.cur, fe_forget_packet, NULL);
}

bool fe_check_tail_call(struct fe_env *env)
{
	return walk_early_exit(env, tail_call_taken);
}

static void return_zero(struct fe_env *env)
{
	fe_reg_const(fe_reg(env, BPF_REG_0), 0);
}

bool fe_check_failed_load(struct fe_env *env)
{
	return walk_early_exit(env, return_zero);
}

/* ---- stack of call chains ---------------------------------------------------------------------- */

static bool has_tail_call(const struct fe_env *env, uint32_t subprog)
{
	const struct fe_subprog *sp = &env->prog->subprogs[subprog];

	for (uint32_t i = sp->start; i < sp->end; i = fe_cfg_next(&env->cfg, i)) {
		const struct bpf_insn *insn = &env->prog->insns[i];

		if (ebpf_is_call(insn) && insn->src_reg == EBPF_CALL_HELPER &&
		    insn->imm == BPF_FUNC_tail_call)
			return true;
	}
	return false;
}

#define STACK_ROUNDING  16  /* what a frame takes on the kernel's stack, under a JIT */
#define TAIL_CALL_STACK 256 /* a tail call needs the rest: 33 of them may follow each other */

struct chain {
	struct fe_env *env;
	uint32_t *own; /* stack of each subprogram, over all its instances */
	uint32_t *
		above; /* deepest callers seen so far; chains that are no deeper need no new look */
	uint32_t *depth; /* … and frames */
};

/* Follows every call in the text, walked or not, as the kernel does. Recursion was excluded. */
static bool follow(struct chain *c, uint32_t subprog, uint32_t above, uint32_t depth)
{
	const struct fe_prog *prog = c->env->prog;
	const struct fe_subprog *sp = &prog->subprogs[subprog];
	struct diag_at at = fe_prog_at(c->env->obj, prog, sp->start);
	uint32_t total = above + c->own[subprog];

	if (depth >= EBPF_MAX_FRAMES)
		return diag_error(c->env->cx->diags, &at, REASON_CALL_DEPTH, EBPF_MAX_FRAMES);
	if (total > EBPF_MAX_STACK)
		return diag_error(c->env->cx->diags, &at, REASON_STACK_TOTAL, total,
				  EBPF_MAX_STACK);
	if (above >= TAIL_CALL_STACK && has_tail_call(c->env, subprog))
		return diag_error(c->env->cx->diags, &at, REASON_STACK_TAIL_CALL, above,
				  TAIL_CALL_STACK);
	if (above < c->above[subprog] && depth < c->depth[subprog])
		return true;
	c->above[subprog] = above + 1 > c->above[subprog] ? above + 1 : c->above[subprog];
	c->depth[subprog] = depth + 1 > c->depth[subprog] ? depth + 1 : c->depth[subprog];
	for (uint32_t i = sp->start; i < sp->end; i = fe_cfg_next(&c->env->cfg, i)) {
		int32_t to = fe_cfg_callee(prog, i);

		if (to >= 0 && !follow(c, (uint32_t)to, total, depth + 1))
			return false;
	}
	return true;
}

bool fe_check_stack_depth(struct fe_env *env)
{
	size_t n = env->prog->n_subprogs;
	struct chain c = { env, ARENA_ARRAY(&env->mem, uint32_t, n),
			   ARENA_ARRAY(&env->mem, uint32_t, n),
			   ARENA_ARRAY(&env->mem, uint32_t, n) };

	for (size_t i = 0; i < n; i++)
		c.own[i] = (uint32_t)bits_round_up(fe_fastcall_stack(env, (uint32_t)i),
						   STACK_ROUNDING);
	return follow(&c, 0, 0, 0);
}
