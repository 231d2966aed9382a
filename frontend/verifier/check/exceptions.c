/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/check/check_insn.h"
#include "frontend/verifier/walk/env.h"

#include "frontend/verifier/contracts/kfuncs.h"

/* bpf_throw(): the program ends, from whatever function it is in. Nothing may be held by any of them, and no
 * helper may be waiting for a callback to return. */

static bool is_throw(const struct fe_env *env, const struct bpf_insn *insn)
{
	const struct fe_kfunc *k = NULL;

	if (ebpf_is_call(insn) && insn->src_reg == EBPF_CALL_KFUNC)
		k = fe_kfunc(fe_extern_name(env->obj, insn->imm));
	return k && (k->proto.flags & FE_H_THROWS);
}

/* Instruction that throws in the function or in one that it calls; -1: none. */
static int64_t find_throw(const struct fe_env *env, uint32_t subprog, bool *seen)
{
	const struct fe_subprog *sp = &env->prog->subprogs[subprog];
	int64_t found = -1;

	if (seen[subprog])
		return -1;
	seen[subprog] = true;
	for (uint32_t i = sp->start; i < sp->end && found < 0; i = fe_cfg_next(&env->cfg, i)) {
		int32_t to = fe_cfg_callee(env->prog, i);

		if (is_throw(env, &env->prog->insns[i]))
			found = i;
		else if (to >= 0)
			found = find_throw(env, (uint32_t)to, seen);
	}
	return found;
}

/* Walked or not, as the kernel looks. */
static bool check_callbacks(struct fe_env *env)
{
	const struct fe_prog *p = env->prog;

	for (uint32_t i = 0; i < p->n_insns; i = fe_cfg_next(&env->cfg, i)) {
		bool *seen = ARENA_ARRAY(&env->mem, bool, p->n_subprogs);
		int64_t at = -1;

		if (ebpf_is_ld_imm64(&p->insns[i]) && p->insns[i].src_reg == EBPF_IMM_FUNC)
			at = find_throw(env, (uint32_t)fe_cfg_callee(p, i), seen);
		if (at >= 0) {
			struct diag_at where = fe_prog_at(env->obj, p, at);

			return diag_error(env->cx->diags, &where, REASON_THROW_CALLBACK);
		}
	}
	return true;
}

static bool has_throw(const struct fe_env *env)
{
	for (uint32_t i = 0; i < env->prog->n_insns; i = fe_cfg_next(&env->cfg, i)) {
		if (is_throw(env, &env->prog->insns[i]))
			return true;
	}
	return false;
}

bool fe_check_exceptions(struct fe_env *env)
{
	return !has_throw(env) || check_callbacks(env);
}

bool fe_check_throw(struct fe_env *env, const struct bpf_insn *insn, bool *done)
{
	*done = is_throw(env, insn);
	return !*done || fe_check_nothing_held(env);
}
