#include "frontend/verifier/verify.h"

#include "frontend/verifier/kfuncs.h"

/* Calls of kernel functions: those of kfuncs.def by their prototypes, others have a reason of their
 * own. Destructive ones stop the machine; the kernel offers them to tracing programs alone. */

static bool may_call(struct fe_env *env, const char *name, const struct fe_kfunc *k)
{
	if (!k)
		return FE_REJECT(env, REASON_KFUNC, name);
	if (k->proto.flags & FE_H_DESTRUCTIVE)
		return FE_REJECT(env,
				 env->opts.allow_destructive ? REASON_DESTRUCTIVE_PROG
							     : REASON_DESTRUCTIVE,
				 name);
	if (!(k->proto.progs & env->kind))
		return FE_REJECT(env, REASON_KFUNC_PROG, name);
	if (!fe_licence_is_gpl(env->obj->license))
		return FE_REJECT(env, REASON_HELPER_GPL, name,
				 env->obj->license ? env->obj->license : "");
	if (env->cur->locked && !(k->proto.flags & FE_H_UNDER_LOCK))
		return FE_REJECT(env, REASON_LOCK_CALL, name);
	return true;
}

bool fe_check_kfunc(struct fe_env *env, const struct bpf_insn *insn)
{
	const char *name = fe_extern_name(env->obj, insn->imm);
	const struct fe_kfunc *k = fe_kfunc(name);
	struct fe_call_args c = { .map = -1, .callback = -1 };

	if (!may_call(env, name, k))
		return false;
	c.id = k->proto.id;
	c.h = &k->proto;
	c.gives = k->gives;
	if (!fe_check_args(env, &c) || !fe_finish_call(env, &c))
		return false;
	if ((k->proto.flags & FE_H_MOVES_PKT) || fe_dynptr_moves_packet(&c))
		fe_clear_packet_pointers(env);
	if (k->proto.flags & FE_H_SECTION)
		return fe_check_section(env, name);
	return k->proto.ret != FE_RET_NEXT || fe_iter_next(env, &c);
}

/* Types whose kernel functions are those of tracing (bpf_prog_type_to_kfunc_hook). */
static bool is_tracing(uint32_t type)
{
	switch (type) {
	case BPF_PROG_TYPE_KPROBE:
	case BPF_PROG_TYPE_TRACEPOINT:
	case BPF_PROG_TYPE_PERF_EVENT:
	case BPF_PROG_TYPE_TRACING:
	case BPF_PROG_TYPE_LSM: return true;
	default: return false;
	}
}

bool fe_check_destructive(struct cx *cx, const struct fe_object *obj, const struct fe_prog *prog,
			  bool allowed)
{
	for (size_t i = 0; i < prog->n_insns; i++) {
		const struct bpf_insn *insn = &prog->insns[i];
		struct diag_at at = fe_prog_at(obj, prog, (int64_t)i);
		const struct fe_kfunc *k;
		const char *name;

		if (ebpf_is_ld_imm64(insn))
			i++;
		if (!ebpf_is_call(insn) || insn->src_reg != EBPF_CALL_KFUNC)
			continue;
		name = fe_extern_name(obj, insn->imm);
		k = fe_kfunc(name);
		if (!k || !(k->proto.flags & FE_H_DESTRUCTIVE))
			continue;
		if (!allowed)
			return diag_error(cx->diags, &at, REASON_DESTRUCTIVE, name);
		if (!is_tracing(prog->type))
			return diag_error(cx->diags, &at, REASON_DESTRUCTIVE_PROG, name);
	}
	return true;
}
