/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/check/check_call.h"
#include "frontend/verifier/check/check_insn.h"
#include "frontend/verifier/contracts/btf_fields.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/state/objects.h"
#include "frontend/verifier/walk/env.h"

#include "frontend/verifier/contracts/kernel_type.h"
#include "frontend/verifier/contracts/kfuncs.h"

/* Fields of map values that hold pointers to kernel objects (__kptr, __kptr_untrusted). A field that owns
 * its object is changed by bpf_kptr_xchg() alone; loading it gives the object for as long as the
 * program runs, or null. */

const struct fe_btf_field *fe_kptr_field(const struct fe_env *env, const struct fe_reg *r,
					 int64_t off, uint64_t size)
{
	const struct fe_btf_fields *s = fe_btf_fields_of(env, r);
	int64_t lo = r->off + off + r->val.smin, hi = r->off + off + (int64_t)r->val.umax;

	if (r->val.smin <= -FE_MAX_VAR_OFF || r->val.umax >= FE_MAX_VAR_OFF)
		return NULL; /* rejected as any access */
	for (unsigned i = 0; i < s->n; i++) {
		const struct fe_btf_field *f = &s->field[i];

		if (f->kptr && lo < f->off + 8 && f->off < hi + (int64_t)size)
			return f;
	}
	return NULL;
}

static bool reject(struct fe_env *env, const struct fe_btf_field *f, const char *why)
{
	return FE_REJECT(env, REASON_KPTR_ACCESS, f->to, why);
}

static bool may_own(const struct fe_env *env, const struct fe_btf_field *f)
{
	return fe_object_type((enum fe_object_kind)f->object)->stored
		       ? f->kptr == FE_KPTR_OWNED
		       : fe_home_of(env, f) == FE_HOME_LOCAL;
}

/* An object of the program's own that the field owns. */
static void load_local(struct fe_env *env, const struct fe_btf_field *f, struct fe_reg *dst)
{
	const struct fe_btf_fields *s = fe_local_fields(env, f->to_id);

	env->plan.local.used = true;
	fe_reg_pointer(dst, FE_LOCAL, -1);
	dst->btf_id = f->to_id;
	dst->flags = FE_MAYBE_NULL | FE_RCU;
	if (f->kptr == FE_KPTR_PERCPU)
		dst->flags |= FE_PERCPU;
	if (fe_btf_field_named(s, "bpf_list_node") || fe_btf_field_named(s, "bpf_rb_node"))
		dst->flags |= FE_NOT_OWNING;
	dst->id = ++env->walk.id_gen;
}

static bool load(struct fe_env *env, const struct fe_btf_field *f, struct fe_reg *dst)
{
	const struct btf *btf;

	if (f->kptr != FE_KPTR_UNTRUSTED && fe_home_of(env, f) == FE_HOME_LOCAL) {
		load_local(env, f, dst);
		return true;
	}
	fe_reg_pointer(dst, FE_BTF_OBJ, f->object);
	dst->flags = FE_MAYBE_NULL | (f->kptr == FE_KPTR_OWNED ? FE_RCU : FE_UNTRUSTED);
	dst->id = ++env->walk.id_gen;
	if (f->object != FE_OBJ_NONE)
		return true;
	btf = fe_kernel_btf(env->cx, env->obj);
	dst->btf_id = fe_kernel_struct(btf, f->to);
	return dst->btf_id || FE_REJECT(env, REASON_KERNEL_TYPES, f->to);
}

static bool store(struct fe_env *env, const struct fe_btf_field *f, const struct fe_mem_access *m)
{
	const struct fe_reg *r = m->value >= 0 ? fe_reg(env, (unsigned)m->value) : NULL;
	bool null = r ? fe_reg_is_null(r) : !m->imm;

	if (f->kptr != FE_KPTR_UNTRUSTED)
		return reject(env, f, "only bpf_kptr_xchg() changes it");
	if (null || (r && r->type == FE_BTF_OBJ && f->object && r->object == f->object && !r->off &&
		     fe_val_is_const(&r->val) && !r->val.var.value))
		return true;
	return reject(env, f, "only a pointer to such an object, or null, may be stored");
}

static bool reject_type(struct fe_env *env, const struct fe_btf_field *f)
{
	return fe_home_of(env, f) == FE_HOME_UNKNOWN ? FE_REJECT(env, REASON_KERNEL_TYPES, f->to)
						     : FE_REJECT(env, REASON_KPTR_TYPE, f->to);
}

bool fe_check_kptr_access(struct fe_env *env, const struct fe_mem_access *m,
			  const struct fe_btf_field *f)
{
	const struct fe_reg *base = fe_reg(env, m->base);

	if (f->kptr != FE_KPTR_UNTRUSTED && !may_own(env, f))
		return reject_type(env, f);
	if (m->atomic || (m->value < 0 && !m->is_imm))
		return reject(env, f, "only plain loads and stores may access it");
	if (m->size != 8 || !fe_val_is_const(&base->val) ||
	    base->off + (int64_t)base->val.var.value + m->off != f->off)
		return reject(env, f, "it must be loaded and stored whole");
	return m->access == FE_READ ? load(env, f, fe_reg(env, (unsigned)m->value))
				    : store(env, f, m);
}

/* ---- bpf_kptr_xchg() --------------------------------------------------------------------------- */

/* The field that the register points to: of a map's value, or of an object that is owned. */
static const struct fe_btf_field *field_at(const struct fe_env *env, const struct fe_reg *r)
{
	bool value = r->type == FE_MAP_VALUE && !(r->flags & FE_MAYBE_NULL);
	bool object = r->type == FE_LOCAL && !r->flags && r->ref && !r->val.var.value;

	return (value || object) && fe_val_is_const(&r->val) ? fe_btf_field_at(env, r, "kptr")
							     : NULL;
}

bool fe_check_kptr_arg(struct fe_env *env, struct fe_call_args *c, unsigned regno)
{
	const struct fe_btf_field *f = field_at(env, fe_reg(env, regno));

	if (!f || (f->kptr != FE_KPTR_OWNED && f->kptr != FE_KPTR_PERCPU))
		return fe_no_field(env, c, regno, "field declared __kptr");
	if (!may_own(env, f))
		return reject_type(env, f);
	c->gives = f->object;
	if (!f->object) {
		c->local.type = f->to_id;
		c->local.percpu = f->kptr == FE_KPTR_PERCPU;
	}
	return true;
}

/* An owned object of the field's type. */
static bool fits(const struct fe_call_args *c, const struct fe_reg *r)
{
	if (r->off || !fe_val_is_const(&r->val) || r->val.var.value)
		return false;
	if (c->local.type)
		return r->type == FE_LOCAL && r->btf_id == c->local.type &&
		       r->flags == (c->local.percpu ? FE_PERCPU : 0);
	return r->type == FE_BTF_OBJ && r->object == c->gives &&
	       !(r->flags & (FE_MAYBE_NULL | FE_UNTRUSTED));
}

bool fe_check_kptr_new(struct fe_env *env, struct fe_call_args *c, unsigned regno)
{
	const struct fe_reg *r = fe_reg(env, regno);

	if (fe_reg_is_null(r))
		return true;
	if (!fits(c, r))
		return fe_wrong_kind(env, c, regno,
				     c->local.type
					     ? "an owned object of the field's type"
					     : fe_object_type((enum fe_object_kind)c->gives)->name);
	if (!r->ref)
		return FE_REJECT(env, REASON_REF_NOT_OWNED, c->h->name, regno);
	c->release_ref = r->ref;
	if (c->local.percpu)
		fe_give_percpu(env, r->ref);
	return true;
}
