/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/check/check_call.h"
#include "frontend/verifier/check/check_insn.h"
#include "frontend/verifier/contracts/btf_fields.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/state/objects.h"
#include "frontend/verifier/walk/env.h"

#include "frontend/verifier/contracts/kernel_type.h"

#include <bpf/btf.h>
#include <string.h>

/* Objects that the program makes: loads and stores, and the calls that make, share and drop them. Their types are
 * structures of the object file's BTF. Members are read and written freely, but for those that calls alone may touch. */

#define MAX_PERCPU_BYTES 512u /* as the kernel's allocator */
#define MAX_DEPTH        32u

static bool has_variable_part(const struct fe_reg *r)
{
	return !fe_val_is_const(&r->val) || r->val.var.value;
}

/* Memory of each CPU that the program owns no more is not addressed as an object. */
static bool is_owned_kind(const struct fe_reg *r, uint16_t flags)
{
	return r->type == FE_LOCAL && r->flags == flags && r->ref && !has_variable_part(r);
}

static const struct btf_type *struct_of(const struct fe_env *env, uint64_t id)
{
	const struct btf *btf = env->obj->btf;
	const struct btf_type *t =
		btf && id && id < btf__type_cnt(btf) ? btf__type_by_id(btf, (uint32_t)id) : NULL;

	return t && btf_is_struct(t) ? t : NULL;
}

/* ---- loads and stores ---------------------------------------------------------------------------- */

/* Why the pointer is good for no access of this kind; NULL: it is. */
static const char *why_no_access(const struct fe_reg *base, const struct fe_mem_access *m)
{
	if (base->flags & FE_PERCPU)
		return "it is memory of each CPU (bpf_this_cpu_ptr())";
	if (has_variable_part(base))
		return "the offset is not known";
	if (base->off + m->off < 0)
		return "it lies before the object";
	if (!(base->flags & FE_UNTRUSTED))
		return NULL;
	if (m->access == FE_WRITE || !(base->flags & FE_NOT_OWNING))
		return "the section that kept the object has ended";
	return NULL;
}

static const char *why_no_member(const struct fe_env *env, const struct fe_reg *base, int64_t off,
				 unsigned size)
{
	const struct fe_btf_fields *s = fe_local_fields(env, base->btf_id);
	const struct btf_type *t = struct_of(env, base->btf_id);
	struct fe_member member;

	for (unsigned i = 0; i < s->n; i++) {
		if (off < s->field[i].off + s->field[i].size && s->field[i].off < off + size)
			return "only calls may touch that member";
	}
	if (!t || off + size > t->size)
		return "it goes beyond the object";
	member = fe_kernel_member(env->obj->btf, base->btf_id, off, size);
	return member.kind == FE_MEMBER_NONE ? member.why : NULL;
}

bool fe_check_local_access(struct fe_env *env, const struct fe_mem_access *m)
{
	const struct fe_reg *base = fe_reg(env, m->base);
	const char *why = why_no_access(base, m);

	if (!why)
		why = why_no_member(env, base, (int64_t)base->off + m->off, m->size);
	if (why)
		return FE_REJECT(env, REASON_LOCAL_ACCESS, fe_reg_text(env, base), (int)m->off,
				 m->size, why);
	if (m->access == FE_READ && m->value >= 0)
		fe_loaded_scalar(fe_reg(env, (unsigned)m->value), m);
	return true;
}

/* ---- calls --------------------------------------------------------------------------------------- */

static const struct btf_type *skip_modifiers(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	for (unsigned n = 0; t && n < MAX_DEPTH && (btf_is_mod(t) || btf_is_typedef(t)); n++)
		t = btf__type_by_id(btf, t->type);
	return t;
}

static bool is_number(const struct btf_type *t)
{
	return t && (btf_is_int(t) || btf_is_any_enum(t));
}

/* Numbers, arrays of numbers, and structures of those, three deep, as the kernel looks. */
static bool is_numbers_only(const struct btf *btf, const struct btf_type *t, unsigned depth)
{
	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		const struct btf_type *m = skip_modifiers(btf, btf_members(t)[i].type);

		if (m && btf_is_composite(m)) {
			if (depth == 3 || !is_numbers_only(btf, m, depth + 1))
				return false;
			continue;
		}
		if (m && btf_is_array(m))
			m = btf_array(m)->nelems ? skip_modifiers(btf, btf_array(m)->type) : NULL;
		if (!is_number(m))
			return false;
	}
	return true;
}

static bool check_percpu_type(struct fe_env *env, struct fe_call_args *c, unsigned regno,
			      const struct btf_type *t)
{
	if (!t->size || t->size > MAX_PERCPU_BYTES)
		return fe_wrong_kind(env, c, regno, "a type of 1 to 512 bytes");
	if (!is_numbers_only(env->obj->btf, t, 0) || fe_local_fields(env, c->local.type)->n)
		return fe_wrong_kind(env, c, regno, "a type of numbers only");
	return true;
}

/* The id of a structure of the object file, as bpf_core_type_id_local() gives it. */
static bool check_type(struct fe_env *env, struct fe_call_args *c, unsigned regno, bool percpu)
{
	const struct fe_reg *r = fe_reg(env, regno);
	const struct btf_type *t;

	if (env->plan.local.refused)
		return fe_reject_types(env);
	if (r->type != FE_SCALAR || !fe_val_is_const(&r->val))
		return fe_wrong_kind(env, c, regno, "a constant: the id of a type");
	t = struct_of(env, r->val.var.value);
	if (!t)
		return fe_wrong_kind(env, c, regno, "the id of a structure of the object file");
	c->local.type = (uint32_t)r->val.var.value;
	c->local.percpu = percpu;
	return !percpu || check_percpu_type(env, c, regno, t);
}

static bool check_drop(struct fe_env *env, struct fe_call_args *c, unsigned regno, uint16_t flags)
{
	const struct fe_reg *r = fe_reg(env, regno);

	if (!is_owned_kind(r, flags) || r->off)
		return fe_wrong_kind(env, c, regno,
				     flags ? "owned memory of each CPU (bpf_percpu_obj_new())"
					   : "the start of an owned object (bpf_obj_new())");
	c->release_ref = r->ref;
	return true;
}

/* Kernel pointers of a section must be to the start of the object, all others may be to a node. */
static bool check_counted(struct fe_env *env, struct fe_call_args *c, unsigned regno)
{
	const struct fe_reg *r = fe_reg(env, regno);
	bool section = (r->flags & FE_RCU) && !(r->flags & FE_NOT_OWNING);

	if (r->type != FE_LOCAL || (r->flags & (FE_MAYBE_NULL | FE_UNTRUSTED | FE_PERCPU)) ||
	    has_variable_part(r) || (section && r->off) ||
	    !fe_btf_field_named(fe_local_fields(env, r->btf_id), "bpf_refcount"))
		return fe_wrong_kind(env, c, regno, "an object with a bpf_refcount");
	c->local.type = r->btf_id;
	c->local.never_null = r->ref && !(r->flags & FE_NOT_OWNING);
	return true;
}

bool fe_check_local_arg(struct fe_env *env, struct fe_call_args *c, unsigned regno, uint8_t kind)
{
	switch (kind) {
	case FE_ARG_LOCAL_TYPE: return check_type(env, c, regno, false);
	case FE_ARG_PERCPU_TYPE: return check_type(env, c, regno, true);
	case FE_ARG_LOCAL_RELEASE: return check_drop(env, c, regno, 0);
	case FE_ARG_PERCPU_RELEASE: return check_drop(env, c, regno, FE_PERCPU);
	default: return check_counted(env, c, regno);
	}
}

void fe_local_result(struct fe_env *env, const struct fe_call_args *c, struct fe_reg *r0)
{
	env->plan.local.used = true;
	fe_reg_pointer(r0, FE_LOCAL, -1);
	r0->btf_id = c->local.type;
	r0->off = (int32_t)c->local.off;
	r0->flags = (uint16_t)((c->local.percpu ? FE_PERCPU : 0) |
			       (c->local.never_null ? 0 : FE_MAYBE_NULL));
	if (c->local.root && !(c->h->flags & FE_H_ACQUIRES))
		fe_set_not_owning(env, r0);
	r0->id = ++env->walk.id_gen;
}
