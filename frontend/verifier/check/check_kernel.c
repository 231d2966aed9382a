/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/check/check_call.h"
#include "frontend/verifier/check/check_insn.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/walk/env.h"

#include "frontend/verifier/contracts/kernel_type.h"
#include "frontend/verifier/contracts/kfuncs.h"

#include <bpf/btf.h>

/* Loads from kernel structures: what a member is the kernel's BTF tells. Pointers found there are
 * followed by further loads, which the kernel makes fault-proof; no call takes them. */

static bool reject_types(struct fe_env *env, const char *what)
{
	return FE_REJECT(env, REASON_KERNEL_TYPES, what);
}

/* Type of what the register points to; 0: reported. */
static uint32_t type_of(struct fe_env *env, const struct btf *btf, const struct fe_reg *r)
{
	const char *name = NULL;
	uint32_t id;

	if (r->type == FE_BTF_OBJ && r->object == FE_OBJ_NONE)
		return r->btf_id;
	if (r->type == FE_BTF_OBJ)
		name = fe_object_type((enum fe_object_kind)r->object)->name;
	else
		name = fe_kernel_map_struct(fe_map_of(env, r)->type);
	id = name ? fe_kernel_struct(btf, name) : 0;
	if (!id)
		reject_types(env, name ? name : "this type of map");
	return id;
}

static void set_member(const struct fe_member *member, const struct fe_mem_access *m,
		       struct fe_reg *dst)
{
	switch (member->kind) {
	case FE_MEMBER_POINTER:
		fe_reg_pointer(dst, FE_BTF_OBJ, FE_OBJ_NONE);
		dst->btf_id = member->type;
		dst->flags = FE_UNTRUSTED;
		break;
	case FE_MEMBER_MEMORY:
		fe_reg_pointer(dst, FE_MEM, -1);
		dst->flags = FE_UNTRUSTED | FE_READ_ONLY;
		break;
	default: fe_loaded_scalar(dst, m);
	}
}

bool fe_check_kernel_load(struct fe_env *env, const struct fe_mem_access *m)
{
	const struct fe_reg *base = fe_reg(env, m->base);
	struct fe_member member = { .kind = FE_MEMBER_NUMBER };
	const struct btf *btf;
	uint32_t type;

	if (base->flags & FE_PERCPU)
		return FE_REJECT(env, REASON_NOT_MEMORY, m->base, fe_reg_text(env, base));
	if (base->type != FE_MEM) {
		if (!fe_val_is_const(&base->val))
			return FE_REJECT(env, REASON_CTX_VARIABLE, fe_reg_text(env, base));
		btf = fe_kernel_btf(env->cx, env->obj);
		if (!btf)
			return reject_types(env, fe_reg_name(base));
		type = type_of(env, btf, base);
		if (!type)
			return false;
		member = fe_kernel_member(
			btf, type, base->off + (int64_t)base->val.var.value + m->off, m->size);
	}
	if (member.kind == FE_MEMBER_NONE)
		return FE_REJECT(env, REASON_KERNEL_MEMBER, fe_reg_text(env, base), (int)m->off,
				 m->size, member.why);
	if (m->value >= 0)
		set_member(&member, m, fe_reg(env, (unsigned)m->value));
	return true;
}

/* ---- casts ------------------------------------------------------------------------------------- */

bool fe_check_type_arg(struct fe_env *env, struct fe_call_args *c, unsigned regno)
{
	const struct fe_reg *r = fe_reg(env, regno);
	const struct btf *btf = fe_kernel_btf(env->cx, env->obj);
	const struct btf_type *t;

	if (r->type != FE_SCALAR || !fe_val_is_const(&r->val))
		return fe_wrong_kind(env, c, regno, "a constant type id");
	c->type = (uint32_t)r->val.var.value;
	if (!c->type)
		return true; /* void */
	if (!btf)
		return reject_types(env, "the type");
	t = btf__type_by_id(btf, c->type);
	return (t && btf_is_composite(t)) ||
	       fe_wrong_kind(env, c, regno, "the id of a kernel structure, or 0 (void)");
}

void fe_cast_result(struct fe_env *env, const struct fe_call_args *c, struct fe_reg *r0)
{
	if (c->h->ret == FE_RET_CAST_CTX) {
		fe_reg_pointer(r0, FE_BTF_OBJ,
			       env->plan.kind == FE_PROG_XDP ? FE_OBJ_XDP_BUFF : FE_OBJ_SK_BUFF);
		return;
	}
	if (c->type) {
		fe_reg_pointer(r0, FE_BTF_OBJ, FE_OBJ_NONE);
		r0->btf_id = c->type;
		r0->flags = FE_UNTRUSTED;
	} else {
		fe_reg_pointer(r0, FE_MEM, -1);
		r0->flags = FE_UNTRUSTED | FE_READ_ONLY;
	}
}
