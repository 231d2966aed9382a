/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/walk/verify.h"

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

static bool load(struct fe_env *env, const struct fe_btf_field *f, struct fe_reg *dst)
{
	const struct btf *btf;

	fe_reg_pointer(dst, FE_BTF_OBJ, f->object);
	dst->flags = FE_MAYBE_NULL | (f->kptr == FE_KPTR_OWNED ? FE_RCU : FE_UNTRUSTED);
	dst->id = ++env->id_gen;
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

	if (f->kptr == FE_KPTR_OWNED)
		return reject(env, f, "only bpf_kptr_xchg() changes it");
	if (null || (r && r->type == FE_BTF_OBJ && f->object && r->object == f->object && !r->off &&
		     fe_val_is_const(&r->val) && !r->val.var.value))
		return true;
	return reject(env, f, "it takes a pointer to such an object, or null");
}

bool fe_check_kptr_access(struct fe_env *env, const struct fe_mem_access *m,
			  const struct fe_btf_field *f)
{
	const struct fe_reg *base = fe_reg(env, m->base);

	if (f->kptr == FE_KPTR_OWNED && !fe_object_type((enum fe_object_kind)f->object)->stored)
		return FE_REJECT(env, REASON_KPTR_TYPE, f->to);
	if (m->atomic || (m->value < 0 && !m->is_imm))
		return reject(env, f, "only plain loads and stores may be made to it");
	if (m->size != 8 || !fe_val_is_const(&base->val) ||
	    base->off + (int64_t)base->val.var.value + m->off != f->off)
		return reject(env, f, "it is loaded and stored whole");
	return m->access == FE_READ ? load(env, f, fe_reg(env, (unsigned)m->value))
				    : store(env, f, m);
}

/* ---- bpf_kptr_xchg() --------------------------------------------------------------------------- */

bool fe_check_kptr_arg(struct fe_env *env, struct fe_call_args *c, unsigned regno)
{
	const struct fe_reg *r = fe_reg(env, regno);
	const struct fe_btf_field *f = NULL;

	if (r->type == FE_MAP_VALUE && !(r->flags & FE_MAYBE_NULL) && fe_val_is_const(&r->val))
		f = fe_kptr_field(env, r, 0, 8);
	if (!f || f->kptr != FE_KPTR_OWNED || r->off + (int64_t)r->val.var.value != f->off)
		return fe_wrong_kind(env, c, regno, "a field of a map value declared __kptr");
	if (!fe_object_type((enum fe_object_kind)f->object)->stored)
		return FE_REJECT(env, REASON_KPTR_TYPE, f->to);
	c->gives = f->object;
	return true;
}

bool fe_check_kptr_new(struct fe_env *env, struct fe_call_args *c, unsigned regno)
{
	const struct fe_reg *r = fe_reg(env, regno);

	if (fe_reg_is_null(r))
		return true;
	if (r->type != FE_BTF_OBJ || r->object != c->gives ||
	    (r->flags & (FE_MAYBE_NULL | FE_UNTRUSTED)) || r->off || !fe_val_is_const(&r->val) ||
	    r->val.var.value)
		return fe_wrong_kind(env, c, regno,
				     fe_object_type((enum fe_object_kind)c->gives)->name);
	if (!r->ref)
		return FE_REJECT(env, REASON_REF_NOT_OWNED, c->h->name, regno);
	c->release_ref = r->ref;
	return true;
}
