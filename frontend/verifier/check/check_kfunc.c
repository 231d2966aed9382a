/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/check/check_call.h"
#include "frontend/verifier/check/check_insn.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/state/objects.h"
#include "frontend/verifier/walk/env.h"

#include "frontend/verifier/contracts/kfuncs.h"

/* Calls of kernel functions: those of kfuncs.def by their prototypes, others have a reason of their
 * own. Destructive ones (KF_DESTRUCTIVE) stop the machine: only when that is allowed, and only in
 * programs that the kernel offers them to. */

/* Types that generic_kfunc_set is registered for (kernel/bpf/helpers.c and
 * bpf_prog_type_to_kfunc_hook in btf.c, 6.18): tracing ones from 6.1 on, tc from 6.2, XDP from 6.8. */
static bool may_destroy(uint32_t type)
{
	switch (type) {
	case BPF_PROG_TYPE_XDP:
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_KPROBE:
	case BPF_PROG_TYPE_TRACEPOINT:
	case BPF_PROG_TYPE_PERF_EVENT:
	case BPF_PROG_TYPE_TRACING:
	case BPF_PROG_TYPE_LSM:
	case BPF_PROG_TYPE_STRUCT_OPS:
	case BPF_PROG_TYPE_SYSCALL:
	case BPF_PROG_TYPE_CGROUP_SKB:
	case BPF_PROG_TYPE_CGROUP_SOCK:
	case BPF_PROG_TYPE_CGROUP_DEVICE:
	case BPF_PROG_TYPE_CGROUP_SOCK_ADDR:
	case BPF_PROG_TYPE_CGROUP_SOCKOPT:
	case BPF_PROG_TYPE_CGROUP_SYSCTL:
	case BPF_PROG_TYPE_SOCK_OPS: return true;
	default: return false;
	}
}

/* Why a program of this type may not call a destructive function; REASON_NONE: it may. */
static enum reason refused_destruction(uint32_t type, bool allowed)
{
	if (!allowed)
		return REASON_DESTRUCTIVE;
	return may_destroy(type) ? REASON_NONE : REASON_DESTRUCTIVE_PROG;
}

static bool may_call(struct fe_env *env, const char *name, const struct fe_kfunc *k)
{
	enum reason refused;

	if (!k)
		return FE_REJECT(env, REASON_KFUNC, name);
	refused = k->proto.flags & FE_H_DESTRUCTIVE
			  ? refused_destruction(env->prog->type, env->opts.allow_destructive)
			  : REASON_NONE;
	if (refused != REASON_NONE)
		return FE_REJECT(env, refused, name);
	if (!(k->proto.progs & env->plan.kind))
		return FE_REJECT(env, REASON_KFUNC_PROG, name);
	if (k->proto.flags & FE_H_DEVICE_BOUND && env->opts.like_kernel)
		return FE_REJECT(env, REASON_DEVICE_BOUND, name);
	if (!fe_licence_is_gpl(env->obj->license))
		return FE_REJECT(env, REASON_HELPER_GPL, name,
				 env->obj->license ? env->obj->license : "");
	if (env->walk.cur->locked && !(k->proto.flags & FE_H_UNDER_LOCK))
		return FE_REJECT(env, REASON_LOCK_CALL, name);
	return true;
}

bool fe_check_kfunc(struct fe_env *env, const struct bpf_insn *insn)
{
	const char *name = fe_extern_name(env->obj, insn->imm);
	const struct fe_kfunc *k = fe_kfunc(name);
	struct fe_call_args c = { .map = -1, .callback = -1 };

	if (fe_ksym_absent(env, insn->imm))
		return FE_REJECT(env, REASON_KFUNC_ABSENT, name);
	if (insn->off) /* a module's table of functions: resolved when the object was opened */
		return FE_REJECT(env, REASON_INSN_ILLEGAL, insn->code, "off");
	if (!may_call(env, name, k))
		return false;
	c.id = k->proto.id;
	c.h = &k->proto;
	c.gives = k->gives;
	if (!fe_check_args(env, &c) || (c.callback >= 0 && !fe_check_callback(env, &c)))
		return false;
	if ((k->proto.flags & FE_H_INSERTS) && !fe_give_away(env, c.local.node_ref))
		return false;
	if (!fe_finish_call(env, &c))
		return false;
	if ((k->proto.flags & FE_H_MOVES_PKT) || fe_dynptr_moves_packet(&c))
		fe_clear_packet_pointers(env);
	if (k->proto.flags & FE_H_SECTION)
		return fe_check_section(env, name);
	return k->proto.ret != FE_RET_NEXT || fe_iter_next(env, &c);
}

const char *fe_destructive_call(const struct fe_object *obj, const struct bpf_insn *insn)
{
	const struct fe_kfunc *k = NULL;

	if (ebpf_is_call(insn) && insn->src_reg == EBPF_CALL_KFUNC)
		k = fe_kfunc(fe_extern_name(obj, insn->imm));
	return k && k->proto.flags & FE_H_DESTRUCTIVE ? k->proto.name : NULL;
}

const char *fe_destructive_prog(const struct fe_object *obj, const struct fe_prog *prog)
{
	const char *name = NULL;

	for (size_t i = 0; i < prog->n_insns && !name; i++) {
		name = fe_destructive_call(obj, &prog->insns[i]);
		i += ebpf_is_ld_imm64(&prog->insns[i]);
	}
	return name;
}

bool fe_check_destructive(struct cx *cx, const struct fe_object *obj, const struct fe_prog *prog,
			  bool allowed)
{
	for (size_t i = 0; i < prog->n_insns; i++) {
		const struct bpf_insn *insn = &prog->insns[i];
		struct diag_at at = fe_prog_at(obj, prog, (int64_t)i);
		const char *name = fe_destructive_call(obj, insn);
		enum reason refused = name ? refused_destruction(prog->type, allowed) : REASON_NONE;

		if (refused != REASON_NONE)
			return diag_error(cx->diags, &at, refused, name);
		i += ebpf_is_ld_imm64(insn);
	}
	return true;
}
