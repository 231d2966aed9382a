/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/check/check_call.h"
#include "frontend/verifier/check/check_insn.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/walk/env.h"

#include "frontend/verifier/contracts/kernel_type.h"
#include "frontend/verifier/contracts/kfuncs.h"

#include <bpf/btf.h>

/* Addresses of kernel functions and variables. What is declared weak may be absent: its address is then 0, and
 * code behind a test of it is dead. A function's address is good for that test alone. */

enum presence { ABSENT, PRESENT, UNKNOWN };

static uint32_t find(const struct btf *btf, const struct fe_extern *x)
{
	int id = btf ? btf__find_by_name_kind(btf, x->name,
					      x->is_func ? BTF_KIND_FUNC : BTF_KIND_VAR)
		     : 0;

	return id > 0 ? (uint32_t)id : 0;
}

/* Functions of modules are not in the types of the kernel proper. */
static enum presence presence(const struct btf *btf, const struct fe_extern *x)
{
	const struct fe_kfunc *k = x->is_func ? fe_kfunc(x->name) : NULL;

	if (x->typeless)
		return UNKNOWN;
	if (!btf)
		return k ? PRESENT : UNKNOWN;
	if (find(btf, x))
		return PRESENT;
	return k && (k->proto.flags & FE_H_MODULE) ? UNKNOWN : ABSENT;
}

static const struct fe_extern *extern_of(const struct fe_env *env, int32_t index)
{
	return index >= 0 && (size_t)index < env->obj->n_externs ? &env->obj->externs[index] : NULL;
}

bool fe_ksym_absent(struct fe_env *env, int32_t index)
{
	const struct fe_extern *x = extern_of(env, index);

	return x && x->weak && presence(fe_kernel_btf(env->cx, env->obj), x) == ABSENT;
}

static bool set_variable(struct fe_env *env, const struct btf *btf, const struct fe_extern *x,
			 struct fe_reg *dst)
{
	uint32_t var = find(btf, x);
	struct fe_ksym_type t = fe_kernel_variable(btf, var);

	if (!t.type)
		return FE_REJECT(env, REASON_KERNEL_TYPES, x->name);
	if (t.is_struct || t.percpu) {
		fe_reg_pointer(dst, FE_BTF_OBJ, FE_OBJ_NONE);
		dst->btf_id = t.type;
		dst->flags = t.percpu ? FE_PERCPU : 0;
		return true;
	}
	fe_reg_pointer(dst, FE_MEM, -1);
	dst->mem_size = t.size;
	dst->flags = FE_READ_ONLY;
	return true;
}

static bool set_address(struct fe_env *env, const struct btf *btf, const struct fe_extern *x,
			struct fe_reg *dst)
{
	if (!x->is_func)
		return set_variable(env, btf, x, dst);
	fe_reg_pointer(dst, FE_MEM, -1); /* of no bytes */
	dst->flags = FE_READ_ONLY;
	return true;
}

bool fe_check_ksym(struct fe_env *env, const struct bpf_insn *insn)
{
	const struct fe_extern *x = extern_of(env, insn->imm);
	const struct btf *btf = fe_kernel_btf(env->cx, env->obj);
	struct fe_reg *dst = fe_reg(env, insn->dst_reg);

	if (!x)
		return FE_REJECT(env, REASON_IMM_KIND, insn->src_reg);
	switch (presence(btf, x)) {
	case PRESENT: return set_address(env, btf, x, dst);
	case ABSENT:
		if (!x->weak)
			return FE_REJECT(env, REASON_KSYM_MISSING, x->name);
		fe_reg_const(dst, 0);
		return true;
	default:
		if (!x->weak && !x->typeless)
			return FE_REJECT(env, REASON_KERNEL_TYPES, x->name);
		fe_reg_unknown(dst);
		return true;
	}
}

/* ---- variables of each CPU ----------------------------------------------------------------------- */

bool fe_check_percpu_arg(struct fe_env *env, struct fe_call_args *c, unsigned regno)
{
	const struct fe_reg *r = fe_reg(env, regno);

	if (r->type == FE_LOCAL && r->flags == (FE_PERCPU | FE_RCU) && !r->off &&
	    fe_val_is_const(&r->val) && !r->val.var.value) {
		c->local.type = r->btf_id;
		return true;
	}
	if (r->type != FE_BTF_OBJ || !(r->flags & FE_PERCPU) || r->off ||
	    !fe_val_is_const(&r->val) || r->val.var.value)
		return fe_wrong_kind(env, c, regno, "the address of a per-CPU kernel variable");
	c->type = r->btf_id;
	return true;
}

void fe_percpu_result(struct fe_env *env, const struct fe_call_args *c, struct fe_reg *r0)
{
	struct fe_ksym_type t;

	if (c->local.type) {
		fe_reg_pointer(r0, FE_LOCAL, -1);
		r0->btf_id = c->local.type;
		r0->flags = FE_RCU;
		return;
	}
	t = fe_kernel_resolved(fe_kernel_btf(env->cx, env->obj), c->type);
	if (t.is_struct) {
		fe_reg_pointer(r0, FE_BTF_OBJ, FE_OBJ_NONE);
		r0->btf_id = t.type;
		return;
	}
	fe_reg_pointer(r0, FE_MEM, -1);
	r0->mem_size = t.size;
	r0->flags = FE_READ_ONLY;
}
