/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/check/check_call.h"
#include "frontend/verifier/check/check_insn.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/state/objects.h"
#include "frontend/verifier/walk/env.h"

/* Dynptrs: windows onto memory whose size is known when the program runs. Calls make them in 16 bytes
 * of stack; slices are plain memory that lives as long as its dynptr, and, being of a packet, no
 * longer than the packet stays where it is. */

#define DYNPTR_BYTES 16

/* The sixteen bytes become the call's: whatever was there ends. */
static bool overwrite(struct fe_env *env, unsigned regno)
{
	struct fe_mem_access m = { .base = regno, .size = 8, .access = FE_WRITE, .value = -1 };

	for (m.off = 0; m.off < DYNPTR_BYTES; m.off += 8) {
		if (!fe_check_mem(env, &m))
			return false;
	}
	return true;
}

static bool make(struct fe_env *env, struct fe_call_args *c, unsigned regno,
		 enum fe_dynptr_type type, uint32_t ref)
{
	struct fe_place p;
	struct fe_reg r;

	if (!fe_object_place(env, regno, DYNPTR_BYTES, &p))
		return fe_wrong_kind(env, c, regno, "sixteen aligned bytes of stack for a dynptr");
	if (!overwrite(env, regno))
		return false;
	fe_reg_pointer(&r, FE_DYNPTR, (int32_t)type);
	r.id = ++env->walk.id_gen;
	r.ref = ref;
	if (type == FE_DYNPTR_RINGBUF && !ref) {
		r.ref = ++env->walk.id_gen;
		if (!fe_state_add_ref(env->walk.cur, r.ref, env->walk.pc))
			return FE_REJECT(env, REASON_REF_TOO_MANY, FE_MAX_REFS);
	}
	return fe_object_put(env, regno, DYNPTR_BYTES, &r);
}

/* An initialised one; NULL: reported. */
static const struct fe_reg *find(struct fe_env *env, const struct fe_call_args *c, unsigned regno)
{
	const struct fe_reg *r = fe_reg(env, regno);
	struct fe_place p;

	if (r->type == FE_DYNPTR) /* a callback's */
		return r;
	r = NULL;
	if (fe_object_place(env, regno, DYNPTR_BYTES, &p))
		r = fe_object_at(env, &p, FE_DYNPTR);
	if (!r)
		fe_wrong_kind(env, c, regno, "a dynptr");
	return r;
}

bool fe_check_dynptr_arg(struct fe_env *env, struct fe_call_args *c, unsigned regno, uint8_t kind)
{
	const struct fe_reg *r;

	if (kind == FE_ARG_DYNPTR_NULL && fe_reg_is_null(fe_reg(env, regno)))
		return true;
	switch (kind) {
	case FE_ARG_NEW_LOCAL:
		if (fe_reg(env, BPF_REG_1)->type != FE_MAP_VALUE)
			return fe_wrong_kind(env, c, BPF_REG_1, "memory of a map value");
		return make(env, c, regno, FE_DYNPTR_LOCAL, 0);
	case FE_ARG_NEW_RINGBUF: return make(env, c, regno, FE_DYNPTR_RINGBUF, 0);
	case FE_ARG_NEW_SKB: return make(env, c, regno, FE_DYNPTR_SKB, 0);
	case FE_ARG_NEW_SKB_META: return make(env, c, regno, FE_DYNPTR_SKB_META, 0);
	case FE_ARG_NEW_XDP: return make(env, c, regno, FE_DYNPTR_XDP, 0);
	case FE_ARG_NEW_CLONE: return make(env, c, regno, c->dynptr_type, c->dynptr_ref);
	default: break;
	}
	r = find(env, c, regno);
	if (!r)
		return false;
	if (kind == FE_ARG_DYNPTR_RELEASE && !r->ref)
		return FE_REJECT(env, REASON_REF_NOT_OWNED, c->h->name, regno);
	if (kind == FE_ARG_DYNPTR_RELEASE)
		c->release_ref = r->ref;
	c->dynptr_id = r->id;
	c->dynptr_ref = r->ref;
	c->dynptr_type = (uint8_t)r->object;
	return true;
}

/* Whatever is written to an skb may move it. */
bool fe_dynptr_moves_packet(const struct fe_call_args *c)
{
	return (c->h->flags & FE_H_WRITES_DYNPTR) &&
	       (c->dynptr_type == FE_DYNPTR_SKB || c->dynptr_type == FE_DYNPTR_SKB_META);
}

void fe_dynptr_slice(const struct fe_call_args *c, struct fe_reg *r0)
{
	bool packet = c->dynptr_type == FE_DYNPTR_SKB || c->dynptr_type == FE_DYNPTR_SKB_META ||
		      c->dynptr_type == FE_DYNPTR_XDP;

	fe_reg_pointer(r0, FE_MEM, (int32_t)c->dynptr_id);
	r0->mem_size = (uint32_t)c->alloc_size;
	if (c->h->ret == FE_RET_MEM_NULL) {
		r0->ref = c->dynptr_ref;
		return;
	}
	r0->flags = FE_SLICE;
	if (packet)
		r0->flags |= FE_PKT_SLICE;
	if (c->h->ret == FE_RET_SLICE_NULL)
		r0->flags |= FE_READ_ONLY;
}
