/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/check/check_call.h"
#include "frontend/verifier/check/check_insn.h"
#include "frontend/verifier/contracts/btf_fields.h"
#include "frontend/verifier/flow/stack_use.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/walk/env.h"
#include "frontend/verifier/walk/walk.h"

#include "frontend/verifier/contracts/kfuncs.h"

#include <string.h>

/* Entry of the verifier. What is proven, and how, is described in env.h (list of the files), prune.c
 * (when a path may end early) and facts.c (what is handed on). */

static bool program_kind(struct fe_env *env)
{
	struct diag_at at = fe_prog_at(env->obj, env->prog, -1);

	switch (env->prog->type) {
	case BPF_PROG_TYPE_XDP: env->plan.kind = FE_PROG_XDP; return true;
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_SCHED_ACT: env->plan.kind = FE_PROG_TC; return true;
	default:
		return diag_error(env->cx->diags, &at, REASON_PROG_TYPE, env->prog->section,
				  env->prog->type);
	}
}

static bool calls_back(const struct fe_env *env, const struct bpf_insn *insn)
{
	const struct fe_helper *h;
	const struct fe_kfunc *k;

	if (!ebpf_is_call(insn))
		return false;
	if (insn->src_reg == EBPF_CALL_KFUNC) {
		k = fe_kfunc(fe_extern_name(env->obj, insn->imm));
		return k && k->proto.args[2] == FE_ARG_FUNC;
	}
	if (insn->src_reg != EBPF_CALL_HELPER)
		return false;
	h = fe_helper((uint32_t)insn->imm, env->plan.kind);
	for (unsigned a = 0; h && a < 5; a++) {
		if (h->args[a] == FE_ARG_CALLBACK_CTX)
			return true;
	}
	return false;
}

/* Loops whose end is decided when the program runs always compare states: there their rounds meet. */
static void mark_rounds(struct fe_env *env)
{
	for (uint32_t i = 0; i < env->prog->n_insns; i = fe_cfg_next(&env->cfg, i)) {
		const struct bpf_insn *insn = &env->prog->insns[i];

		if (insn->code == EBPF_MAY_GOTO || calls_back(env, insn) || fe_iter_is_next(env, i))
			env->cfg.flags[i] |= FE_CFG_FORCE | FE_CFG_PRUNE;
	}
}

static void report_log(struct fe_env *env)
{
	struct diags *d = env->cx->diags;
	struct diag_at at = fe_prog_at(env->obj, env->prog, -1);

	diag_warn(d, &at, REASON_VERIFY_LOG, env->totals.processed, env->totals.n_states);
	d->list.at[d->list.len - 1].severity = DIAG_NOTE;
	if (env->log_text.len)
		diag_add_detail(d, env->log_text.at);
}

/* A walk of its own, in the attempt of main. */
static struct fe_env env_of_global(const struct fe_env *main, uint32_t subprog)
{
	struct fe_env env = { .obj = main->obj,
			      .prog = main->prog,
			      .opts = main->opts,
			      .cfg = main->cfg,
			      .root = subprog,
			      .plan = main->plan,
			      .totals = main->totals };

	env.opts.main_stack = false;
	return env;
}

/* Each global function once more, from its signature alone. Its facts are not used. */
static bool verify_globals(struct fe_env *main)
{
	bool ok = true;

	for (uint32_t i = 1; ok && i < main->prog->n_subprogs; i++) {
		struct cx cx = *main->cx;
		struct fe_env env = env_of_global(main, i);

		if (!fe_is_global(main, i))
			continue;
		env.walk.pool.arena = cx.arena = &env.mem;
		env.cx = &cx;
		fe_prune_init(&env);
		fe_facts_init(&env);
		ok = fe_walk(&env);
		main->totals = env.totals;
		main->plan.local.used |= env.plan.local.used;
		if (env.facts.max_pkt_off > main->facts.max_pkt_off)
			main->facts.max_pkt_off = env.facts.max_pkt_off;
		arena_reset(&env.mem);
	}
	return ok;
}

static bool verify(struct fe_env *env, struct vprog *vp)
{
	struct diag_at at = fe_prog_at(env->obj, env->prog, -1);
	bool ok;

	if (env->prog->broken)
		return diag_error(env->cx->diags, &at, REASON_PROG_BROKEN,
				  "it could not be relocated (see the warning)");
	if (!program_kind(env) || !fe_check_exception_callback(env) ||
	    !fe_cfg_check(env->cx, &env->mem, env->obj, env->prog, &env->cfg))
		return false;
	fe_local_init(env);
	if (!fe_check_early_exits(env))
		return false;
	fe_cfg_liveness(&env->mem, env->obj, &env->cfg);
	mark_rounds(env);
	env->plan.base_type = ARENA_ARRAY(&env->mem, uint16_t, env->prog->n_insns);
	env->plan.stack_of = ARENA_ARRAY(&env->mem, uint32_t, env->prog->n_subprogs);
	env->plan.moves_packet = ARENA_ARRAY(&env->mem, uint8_t, env->prog->n_subprogs);
	if (!fe_check_exceptions(env))
		return false;
	fe_fastcall_init(env);
	fe_btf_fields_init(env);
	fe_prune_init(env);
	fe_facts_init(env);
	ok = fe_walk(env) && verify_globals(env) && fe_check_stack_depth(env);
	if (ok)
		fe_facts_finish(env, vp);
	if (env->opts.log_states)
		report_log(env);
	return ok;
}

/* One verification with diagnostics of its own, within what is left of the budget. */
static bool attempt(struct fe_env *env, struct diags *said, struct vprog *vp, uint64_t *walked)
{
	uint64_t *budget = env->opts.budget;
	struct arena *to = env->cx->arena;
	struct cx cx = *env->cx;
	struct arena facts;
	bool ok;

	if (budget && *budget < env->opts.insn_limit)
		env->opts.insn_limit = (uint32_t)*budget;
	diags_init(said, env->cx->diags->arena);
	arena_init(&facts);
	cx.arena = &facts;
	cx.diags = said;
	env->cx = &cx;
	arena_init(&env->mem);
	env->walk.pool.arena = &env->mem;
	ok = verify(env, vp);
	arena_reset(&env->mem);
	if (ok)
		arena_move(to, &facts);
	arena_reset(&facts);
	*walked += env->totals.processed;
	if (budget)
		*budget -= env->totals.processed < *budget ? env->totals.processed : *budget;
	return ok;
}

static void report(struct diags *to, const struct diags *said)
{
	for (size_t i = 0; i < said->list.len; i++)
		*vec_push(&to->list, to->arena) = said->list.at[i];
	to->errors += said->errors;
}

static bool gave_up(const struct diags *said)
{
	for (size_t i = 0; i < said->list.len; i++) {
		enum reason r = said->list.at[i].reason;

		if (r == REASON_TOO_COMPLEX || r == REASON_TOO_MANY_BRANCHES)
			return true;
	}
	return false;
}

/* A rejection counts unless it may be due to widened numbers. What a loop's test needs may be lost ("i != n"):
 * then its rounds are walked one by one. And what no check minded in one state, a check may mind in a joined one. */
bool fe_verify(struct cx *cx, const struct fe_object *obj, const struct fe_prog *prog,
	       const struct fe_verify_options *opts, struct vprog *vp)
{
	struct fe_env env = { .cx = cx, .obj = obj, .prog = prog }, again, strict;
	struct diags said, said_again;
	uint64_t walked = 0;
	bool ok;

	if (opts)
		env.opts = *opts;
	if (!env.opts.insn_limit)
		env.opts.insn_limit = FE_INSN_LIMIT;
	again = strict = env;
	again.totals.exact_rounds = FE_EXACT_ROUNDS;
	if (again.opts.insn_limit > FE_EXACT_LIMIT)
		again.opts.insn_limit = FE_EXACT_LIMIT;
	ok = attempt(&env, &said, vp, &walked);
	if (!ok && env.totals.widened) {
		ok = attempt(&again, &said_again, vp, &walked);
		if (ok || !gave_up(&said_again))
			said = said_again;
	}
	if (!ok && env.totals.joined && !gave_up(&said)) {
		strict.totals.strict = true;
		ok = attempt(&strict, &said_again, vp, &walked);
		said = ok ? said_again : said;
	}
	report(cx->diags, &said);
	if (ok)
		vp->insns_walked = walked;
	return ok;
}
