/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/check/check_call.h"
#include "frontend/verifier/check/check_insn.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/walk/env.h"
#include "frontend/verifier/walk/walk.h"

#include "base/bits.h"
#include "frontend/verifier/contracts/kfuncs.h"

#include <bpf/btf.h>
#include <string.h>

/* Global (non-static) functions. The kernel verifies each apart, from the types of its parameters
 * alone, and its callers know nothing but that it returned a number. Here each gets a walk of its
 * own for the verdict (fe_global_start), and is walked from its callers as well, so that facts of
 * the callee exist per call. Without BTF a function counts as static. */

enum param_kind { PARAM_NUMBER, PARAM_CTX, PARAM_MEM, PARAM_DYNPTR, PARAM_OBJECT };

struct param {
	enum param_kind kind;
	uint32_t size; /* PARAM_MEM */
	bool nullable;
	const char *object; /* PARAM_OBJECT: the kernel's structure */
};

struct signature {
	const char *name;
	struct param params[5];
	unsigned n;
};

static const struct btf_type *resolve(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	/* Bounded: a hostile BTF may have cycles. */
	for (unsigned n = 0; t && n < 32; n++) {
		if (!btf_is_mod(t) && !btf_is_typedef(t) && btf_kind(t) != BTF_KIND_TYPE_TAG)
			return t;
		t = btf__type_by_id(btf, t->type);
	}
	return NULL;
}

static bool is_scalar(const struct btf_type *t)
{
	return t && (btf_is_int(t) || btf_is_any_enum(t));
}

/* __attribute__((btf_decl_tag("arg:…"))) on a parameter. */
static bool has_tag(const struct btf *btf, uint32_t func, unsigned param, const char *tag)
{
	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const char *name;

		if (!t || btf_kind(t) != BTF_KIND_DECL_TAG || t->type != func ||
		    btf_decl_tag(t)->component_idx != (int32_t)param)
			continue;
		name = btf__name_by_offset(btf, t->name_off);
		if (name && !strcmp(name, tag))
			return true;
	}
	return false;
}

static bool is_named_struct(const struct btf *btf, const struct btf_type *t, const char *want)
{
	const char *name = t ? btf__name_by_offset(btf, t->name_off) : NULL;

	return t && btf_is_struct(t) && name && !strcmp(name, want);
}

static bool is_ctx(const struct fe_env *env, const struct btf_type *pointee, uint32_t func,
		   unsigned param)
{
	const char *want = env->plan.kind == FE_PROG_XDP ? "xdp_md" : "__sk_buff";

	return is_named_struct(env->obj->btf, pointee, want) ||
	       has_tag(env->obj->btf, func, param, "arg:ctx");
}

/* "arg:trusted": an object of the kernel, of a type that only the object file's BTF names. */
static bool read_object(struct fe_env *env, struct signature *s, uint32_t func, unsigned i,
			const struct btf_type *t)
{
	const struct btf *btf = env->obj->btf;
	const char *name = t && btf_is_struct(t) ? btf__name_by_offset(btf, t->name_off) : NULL;

	/* Whom the kernel vouches for is known of tasks alone: see known_not_null(). */
	if (!name || fe_object_kind(name) != FE_OBJ_TASK)
		return FE_REJECT(env, REASON_GLOBAL_PARAM, s->name, i + 1);
	s->params[i] = (struct param){ .kind = PARAM_OBJECT,
				       .nullable = has_tag(btf, func, i, "arg:nullable"),
				       .object = name };
	return true;
}

static bool read_param(struct fe_env *env, struct signature *s, uint32_t func, unsigned i,
		       uint32_t type_id)
{
	const struct btf *btf = env->obj->btf;
	const struct btf_type *t = resolve(btf, type_id);
	struct param *p = &s->params[i];
	int64_t size;

	if (is_scalar(t))
		return true;
	if (!t || !btf_is_ptr(t))
		return FE_REJECT(env, REASON_GLOBAL_PARAM, s->name, i + 1);
	if (is_ctx(env, resolve(btf, t->type), func, i)) {
		p->kind = PARAM_CTX;
		return true;
	}
	if (is_named_struct(btf, resolve(btf, t->type), "bpf_dynptr")) {
		p->kind = PARAM_DYNPTR;
		return true;
	}
	if (has_tag(btf, func, i, "arg:trusted"))
		return read_object(env, s, func, i, resolve(btf, t->type));
	size = resolve(btf, t->type) ? btf__resolve_size(btf, t->type) : -1;
	if (size <= 0 || size > UINT32_MAX)
		return FE_REJECT(env, REASON_GLOBAL_PARAM, s->name, i + 1);
	*p = (struct param){ .kind = PARAM_MEM,
			     .size = (uint32_t)size,
			     .nullable = !has_tag(btf, func, i, "arg:nonnull") };
	return true;
}

static bool read_signature(struct fe_env *env, uint32_t subprog, struct signature *s)
{
	const struct fe_subprog *sp = &env->prog->subprogs[subprog];
	const struct btf *btf = env->obj->btf;
	const struct btf_type *func = btf__type_by_id(btf, sp->btf_func_id), *proto;

	*s = (struct signature){ .name = sp->name };
	proto = func && btf_is_func(func) ? btf__type_by_id(btf, func->type) : NULL;
	if (!proto || !btf_is_func_proto(proto) || btf_vlen(proto) > ARRAY_SIZE(s->params))
		return FE_REJECT(env, REASON_GLOBAL_SIGNATURE, sp->name);
	if (!is_scalar(resolve(btf, proto->type)))
		return FE_REJECT(env, REASON_GLOBAL_RESULT, sp->name);
	s->n = btf_vlen(proto);
	for (unsigned i = 0; i < s->n; i++) {
		if (!read_param(env, s, sp->btf_func_id, i, btf_params(proto)[i].type))
			return false;
	}
	return true;
}

bool fe_is_global(const struct fe_env *env, uint32_t subprog)
{
	const struct fe_subprog *sp = &env->prog->subprogs[subprog];

	return subprog && sp->global && sp->btf_func_id && env->obj->btf;
}

bool fe_global_start(struct fe_env *env, uint32_t subprog, struct fe_frame *f)
{
	struct signature s;

	if (!read_signature(env, subprog, &s))
		return false;
	for (unsigned i = 0; i < s.n; i++) {
		struct fe_reg *r = &f->regs[BPF_REG_1 + i];

		switch (s.params[i].kind) {
		case PARAM_NUMBER: fe_reg_unknown(r); break;
		case PARAM_CTX: fe_reg_pointer(r, FE_CTX, -1); break;
		case PARAM_DYNPTR:
			fe_reg_pointer(r, FE_DYNPTR, FE_DYNPTR_LOCAL);
			r->id = ++env->walk.id_gen;
			break;
		case PARAM_OBJECT:
			fe_reg_pointer(r, FE_BTF_OBJ, (int32_t)fe_object_kind(s.params[i].object));
			r->flags = s.params[i].nullable ? FE_MAYBE_NULL : 0;
			r->id = ++env->walk.id_gen;
			break;
		case PARAM_MEM:
			fe_reg_pointer(r, FE_MEM, -1);
			r->mem_size = s.params[i].size;
			r->flags = s.params[i].nullable ? FE_MAYBE_NULL : 0;
			r->id = ++env->walk.id_gen;
		}
	}
	return true;
}

/* The memory that a caller hands over can be read and written. */
static bool check_memory(struct fe_env *env, unsigned regno, const struct param *p)
{
	struct fe_reg *r = fe_reg(env, regno);
	uint16_t flags = r->flags;
	bool ok;

	if (fe_reg_is_null(r) && p->nullable)
		return true;
	if (p->nullable)
		r->flags &= (uint16_t)~FE_MAYBE_NULL;
	ok = r->type == FE_STACK ? fe_check_stack_helper(env, regno, 0, p->size, FE_READ)
				 : fe_check_region(env, regno, 0, p->size, false, FE_READ) &&
					   fe_check_region(env, regno, 0, p->size, false, FE_WRITE);
	r->flags = flags;
	return ok;
}

static bool check_dynptr(struct fe_env *env, unsigned regno, const char *function)
{
	struct fe_helper h = { .name = function };
	struct fe_call_args c = { .h = &h, .map = -1, .callback = -1 };

	return fe_check_dynptr_arg(env, &c, regno, FE_ARG_DYNPTR);
}

static bool is_object(const struct fe_reg *r, const struct param *p)
{
	uint16_t unwanted = FE_UNTRUSTED | FE_RCU | FE_PERCPU | (p->nullable ? 0 : FE_MAYBE_NULL);

	if (fe_reg_is_null(r))
		return p->nullable;
	return r->type == FE_BTF_OBJ && r->object == (int32_t)fe_object_kind(p->object) &&
	       !(r->flags & unwanted) && !r->off && fe_val_is_const(&r->val) && !r->val.var.value;
}

bool fe_global_check_call(struct fe_env *env, uint32_t subprog)
{
	struct signature s;

	if (!read_signature(env, subprog, &s))
		return false;
	if (env->walk.cur->locked)
		return FE_REJECT(env, REASON_LOCK_CALL, s.name);
	for (unsigned i = 0; i < s.n; i++) {
		unsigned regno = BPF_REG_1 + i;
		const struct fe_reg *r = fe_reg(env, regno);

		if (!fe_check_readable(env, regno))
			return false;
		if (s.params[i].kind != PARAM_NUMBER)
			fe_need(env, regno); /* null, where it is a number */
		if (s.params[i].kind == PARAM_NUMBER && r->type != FE_SCALAR)
			return FE_REJECT(env, REASON_ARG_KIND, s.name, regno, fe_reg_text(env, r),
					 "a scalar");
		if (s.params[i].kind == PARAM_CTX && (r->type != FE_CTX || r->off))
			return FE_REJECT(env, REASON_ARG_KIND, s.name, regno, fe_reg_text(env, r),
					 "the context");
		if (s.params[i].kind == PARAM_OBJECT && !is_object(r, &s.params[i]))
			return FE_REJECT(env, REASON_ARG_KIND, s.name, regno, fe_reg_text(env, r),
					 s.params[i].object);
		if (s.params[i].kind == PARAM_DYNPTR && !check_dynptr(env, regno, s.name))
			return false;
		if (s.params[i].kind == PARAM_MEM && !check_memory(env, regno, &s.params[i]))
			return false;
	}
	return true;
}

/* What may end a function with a number; NULL: nothing. Without BTF a tail call is taken as it is: some
 * loader may have added it. */
static const char *early_exit(const struct fe_env *env, const struct fe_subprog *sp)
{
	bool typed = sp->btf_func_id && env->obj->btf;

	for (uint32_t i = sp->start; i < sp->end; i = fe_cfg_next(&env->cfg, i)) {
		const struct bpf_insn *insn = &env->prog->insns[i];

		if (ebpf_is_packet_load(insn))
			return "a legacy packet load";
		if (typed && ebpf_is_call(insn) && insn->src_reg == EBPF_CALL_HELPER &&
		    insn->imm == BPF_FUNC_tail_call)
			return "a tail call";
	}
	return NULL;
}

/* By the BTF, which must be there: 128-bit numbers have no register. */
static bool returns_number(const struct fe_env *env, const struct fe_subprog *sp)
{
	const struct btf *btf = env->obj->btf;
	const struct btf_type *t = btf ? btf__type_by_id(btf, sp->btf_func_id) : NULL;

	t = t && btf_is_func(t) ? btf__type_by_id(btf, t->type) : NULL;
	t = t && btf_is_func_proto(t) ? resolve(btf, t->type) : NULL;
	return is_scalar(t) && t->size <= 8;
}

bool fe_check_early_exits(struct fe_env *env)
{
	for (uint32_t i = 1; i < env->prog->n_subprogs; i++) {
		const struct fe_subprog *sp = &env->prog->subprogs[i];
		struct diag_at at = fe_prog_at(env->obj, env->prog, sp->start);
		const char *what = early_exit(env, sp);

		if (what && env->plan.local.refused) /* the kernel sees no types */
			return diag_error(env->cx->diags, &at, REASON_BTF_REFUSED,
					  env->plan.local.culprit, env->plan.local.refused);
		if (what && !returns_number(env, sp))
			return diag_error(env->cx->diags, &at, REASON_EARLY_EXIT_RESULT, sp->name,
					  what);
	}
	return true;
}

static bool moves_packet(const struct fe_env *env, uint32_t subprog, unsigned depth)
{
	const struct fe_subprog *sp = &env->prog->subprogs[subprog];

	for (uint32_t i = sp->start; i < sp->end; i = fe_cfg_next(&env->cfg, i)) {
		const struct bpf_insn *insn = &env->prog->insns[i];
		int32_t callee = fe_cfg_callee(env->prog, i);
		const struct fe_helper *h = NULL;

		if (ebpf_is_call(insn) && insn->src_reg == EBPF_CALL_HELPER)
			h = fe_helper((uint32_t)insn->imm, env->plan.kind);
		/* what a tail call leads to may move it */
		if (h && (h->flags & FE_H_MOVES_PKT || h->id == BPF_FUNC_tail_call))
			return true;
		if (callee >= 0 && depth < EBPF_MAX_FRAMES &&
		    moves_packet(env, (uint32_t)callee, depth + 1))
			return true;
	}
	return false;
}

bool fe_global_moves_packet(struct fe_env *env, uint32_t subprog)
{
	uint8_t *known = &env->plan.moves_packet[subprog]; /* 0: not yet looked at, 1: no, 2: yes */

	if (!*known)
		*known = moves_packet(env, subprog, 0) ? 2 : 1;
	return *known == 2;
}
