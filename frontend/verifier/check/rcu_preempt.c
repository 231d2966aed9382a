/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/check/check_insn.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/walk/env.h"

#include <string.h>

/* Sections that a program enters and leaves: RCU read sections, disabled preemption. None is open when the
 * program ends. */

/* Objects that only the section kept: what is left of them may be anything. */
static void lose_protection(struct fe_reg *r, void *arg)
{
	(void)arg;
	if ((r->type != FE_BTF_OBJ && r->type != FE_LOCAL) || !(r->flags & FE_RCU))
		return;
	r->flags &= (uint16_t) ~(FE_RCU | FE_MAYBE_NULL);
	r->flags |= FE_UNTRUSTED;
}

bool fe_check_section(struct fe_env *env, const char *name)
{
	struct fe_state *s = env->walk.cur;

	if (!strcmp(name, "bpf_rcu_read_lock")) {
		if (s->rcu)
			return FE_REJECT(env, REASON_SECTION_TWICE, name);
		s->rcu = true;
	} else if (!strcmp(name, "bpf_rcu_read_unlock")) {
		if (!s->rcu)
			return FE_REJECT(env, REASON_SECTION_NOT_OPEN, name);
		s->rcu = false;
		fe_state_each_reg(s, lose_protection, NULL);
	} else if (!strcmp(name, "bpf_preempt_disable")) {
		s->preempts++;
	} else {
		if (!s->preempts)
			return FE_REJECT(env, REASON_SECTION_NOT_OPEN, name);
		s->preempts--;
	}
	return true;
}

bool fe_check_nothing_held(struct fe_env *env)
{
	const struct fe_state *s = env->walk.cur;

	if (s->locked)
		return FE_REJECT(env, REASON_LOCK_HELD);
	if (s->n_refs)
		return FE_REJECT(env, REASON_REF_LEAK, s->refs[0].pc);
	if (s->rcu)
		return FE_REJECT(env, REASON_SECTION_OPEN, "bpf_rcu_read_lock");
	if (s->preempts)
		return FE_REJECT(env, REASON_SECTION_OPEN, "bpf_preempt_disable");
	return true;
}
