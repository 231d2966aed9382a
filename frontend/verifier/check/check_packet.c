/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/check/check_insn.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/walk/env.h"

/* Accesses of the packet: what a comparison with data_end has proven counts, relative to the variable part of the
 * pointer. A rejection names its cause, of which there are several: each asks for another change. */

struct access {
	const struct fe_reg *r;
	int64_t base; /* constant part of the offset */
	uint64_t size;
	const char *end; /* what such pointers are compared with */
};

static bool refuse_offset(struct fe_env *env, const struct access *a)
{
	uint64_t var = a->r->val.umax;

	if (var >= UINT32_MAX)
		return FE_REJECT(env, REASON_PKT_UNBOUNDED, fe_reg_text(env, a->r));
	return FE_REJECT(env, REASON_PKT_TOO_FAR, fe_reg_text(env, a->r),
			 (unsigned long long)((uint64_t)a->base + var + a->size),
			 (long long)a->base, (unsigned long long)var, (unsigned long long)a->size,
			 a->end);
}

static bool refuse(struct fe_env *env, const struct access *a)
{
	const struct fe_reg *r = a->r;
	const char *text = fe_reg_text(env, r);
	unsigned long long size = a->size;

	if (a->base < 0)
		return FE_REJECT(env, REASON_PKT_NEGATIVE, text, (long long)a->base);
	if (r->range < 0)
		return FE_REJECT(env, REASON_PKT_BEYOND_END, text, (long long)a->base, size);
	/* No comparison can prove these, so its absence is not the cause. */
	if (r->val.umax > FE_MAX_PKT_OFF || a->size > FE_MAX_PKT_OFF ||
	    (uint64_t)a->base + r->val.umax + a->size > FE_MAX_PKT_OFF)
		return refuse_offset(env, a);
	if (!r->range)
		return FE_REJECT(env, REASON_PKT_NOT_COMPARED, text, (long long)a->base, size,
				 a->end);
	return FE_REJECT(env, REASON_PKT_BOUNDS, text, (long long)a->base, size, a->end,
			 (long long)r->range);
}

bool fe_check_packet(struct fe_env *env, const struct fe_reg *r, int64_t off, uint64_t size,
		     bool zero_size_ok)
{
	struct access a = { r, (int64_t)r->off + off, size,
			    r->type == FE_PKT_META ? "data" : "data_end" };
	int64_t limit = r->range > 0 ? r->range : 0;
	uint64_t end;

	/* What is proven is relative to the pointer's unknown part, which must not be negative. */
	if (r->val.smin < 0)
		return FE_REJECT(env, REASON_ACCESS_MIN, fe_reg_text(env, r), (long long)a.base);
	if (!size && !zero_size_ok)
		return FE_REJECT(env, REASON_ACCESS_EMPTY, fe_reg_text(env, r));
	if (r->range < 0 || a.base < 0 || size > (uint64_t)limit || a.base > limit - (int64_t)size)
		return refuse(env, &a);
	end = (uint64_t)a.base + r->val.umax + size;
	if (size && end - 1 > env->facts.max_pkt_off)
		env->facts.max_pkt_off = end - 1 > UINT32_MAX ? UINT32_MAX : (uint32_t)(end - 1);
	return true;
}
