/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/check/check_insn.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/walk/env.h"

#include "base/bits.h"

/* Loads and stores through pointers to structures that are not memory of the program: the context
 * and sockets. What each field allows is a row of ctx.def. */

enum table { TABLE_XDP, TABLE_SKB, TABLE_SOCK, TABLE_COMMON, TABLE_TCP, TABLE_XSK };
enum rule { RULE_NO, RULE_FULL, RULE_NARROW, RULE_ANY, RULE_PADDED, RULE_START };

struct field {
	uint8_t table, read, write, gives;
	uint16_t off, size;
	const char *name;
};

static const struct field fields[] = {
#define FIELD(table, type, member, read, write, gives)                                             \
	{ TABLE_##table,                                                                           \
	  RULE_##read,                                                                             \
	  RULE_##write,                                                                            \
	  FE_##gives,                                                                              \
	  offsetof(struct type, member),                                                           \
	  sizeof(((struct type *)0)->member),                                                      \
	  #type "." #member },
#include "frontend/verifier/contracts/ctx.def"
#undef FIELD
};

static const struct field *field_at(enum table table, int64_t off)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct field *f = &fields[i];

		if (f->table == table && off >= f->off && off < f->off + f->size)
			return f;
	}
	return NULL;
}

static bool allows(const struct field *f, uint8_t rule, int64_t off, unsigned size)
{
	if (rule == RULE_PADDED && off == f->off && size == 4)
		return true;
	if (off % size || off + size > f->off + f->size)
		return false;
	switch (rule) {
	case RULE_FULL: return off == f->off && size == f->size;
	case RULE_PADDED:
	case RULE_NARROW: return size <= 4;
	case RULE_START: return off == f->off && size <= 4;
	case RULE_ANY: return true;
	default: return false;
	}
}

static enum table table_of(const struct fe_env *env, const struct fe_reg *base)
{
	switch (base->type) {
	case FE_SOCKET: return TABLE_SOCK;
	case FE_SOCK_COMMON: return TABLE_COMMON;
	case FE_TCP_SOCK: return TABLE_TCP;
	case FE_XDP_SOCK: return TABLE_XSK;
	default: return env->plan.kind == FE_PROG_XDP ? TABLE_XDP : TABLE_SKB;
	}
}

static void load_field(struct fe_env *env, const struct field *f, struct fe_reg *dst)
{
	switch (f->gives) {
	case FE_SCALAR: fe_reg_unknown(dst); break;
	case FE_SOCK_COMMON:
		fe_reg_pointer(dst, FE_SOCK_COMMON, -1);
		dst->flags = FE_MAYBE_NULL;
		dst->id = ++env->walk.id_gen;
		break;
	default: fe_reg_pointer(dst, (enum fe_type)f->gives, -1); dst->range = 0;
	}
}

bool fe_check_ctx(struct fe_env *env, const struct fe_mem_access *m)
{
	const struct fe_reg *base = fe_reg(env, m->base);
	int64_t off = (int64_t)base->off + m->off;
	enum table table = table_of(env, base);
	const struct field *f;
	struct fe_reg loaded;

	if (!fe_val_is_const(&base->val))
		return FE_REJECT(env, REASON_CTX_VARIABLE, fe_reg_text(env, base));
	off += (int64_t)base->val.var.value;
	/* The kernel rewrites these accesses and wants the pointer itself as base. */
	if (base->off || base->val.var.value)
		return FE_REJECT(env, REASON_CTX_MODIFIED, fe_reg_text(env, base));
	f = field_at(table, off);
	if (!f || !allows(f, m->access == FE_READ ? f->read : f->write, off, m->size) ||
	    (f->off == offsetof(struct xdp_md, egress_ifindex) && table == TABLE_XDP &&
	     env->prog->attach_type != BPF_XDP_DEVMAP) ||
	    (f->gives != FE_SCALAR && m->sign_extend))
		return FE_REJECT(env, REASON_CTX_ACCESS, fe_reg_name(base), (long long)off, m->size,
				 m->access == FE_READ ? "read" : "written",
				 f ? f->name : "no field");
	if (m->access == FE_WRITE && table == TABLE_XDP && env->opts.like_kernel)
		return FE_REJECT(env, REASON_DEVICE_BOUND, f->name); /* no other field is written */
	if (m->access == FE_WRITE || m->value < 0)
		return true;
	load_field(env, f, &loaded);
	*fe_reg(env, (unsigned)m->value) = loaded;
	return true;
}
