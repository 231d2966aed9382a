/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_query.h"

/* What is still there after a helper call? Helpers clobber transfer registers, and adjust_head and
 * adjust_tail rewrite the packet vector (address and length of the packet).
 *
 * A version names the last such event before an instruction: the call itself, or the block where
 * paths with different events meet. If a definition dominates a use and both have the same version, no
 * event lies on any path between them: a path through an event would have to pass the event's or the
 * meeting block's number on, or run through the definition again. */

#define NO_VERSION UINT32_MAX

static uint32_t after_block(struct isel_ir *ir, uint32_t b, unsigned effect, uint32_t version)
{
	const struct isel_block *blk = &ir->blocks[b];
	uint32_t i;

	for (i = blk->first; i < blk->first + blk->n; i++) {
		unsigned clobbers = 0;

		if (effect == ISEL_CLOBBERS_XFER)
			ir->insts[i].xfer_version = version;
		else
			ir->insts[i].pv_version = version;
		if (ir->insts[i].op == LLVMCall)
			(void)isel_is_nfp_call(isel_callee(ir->insts[i].v), &clobbers);
		if (clobbers & effect)
			version = i + 1;
	}
	return version;
}

static uint32_t before_block(const struct isel_ir *ir, uint32_t b, const uint32_t *in,
			     const uint32_t *out)
{
	const struct isel_block *blk = &ir->blocks[b];
	uint32_t meeting = ir->n_insts + 1 + b, version = NO_VERSION;
	size_t i;

	if (!b)
		return 0;
	if (in[b] == meeting)
		return meeting;
	for (i = 0; i < blk->preds.len; i++) {
		uint32_t p = out[blk->preds.at[i]];

		if (p == NO_VERSION)
			continue;
		if (version != NO_VERSION && version != p)
			return meeting;
		version = p;
	}
	return version;
}

static void flow(struct isel_ir *ir, unsigned effect)
{
	uint32_t *in = ARENA_ARRAY(ir->cx->scratch, uint32_t, ir->n_blocks);
	uint32_t *out = ARENA_ARRAY(ir->cx->scratch, uint32_t, ir->n_blocks);
	bool changed = true;
	uint32_t b;

	for (b = 0; b < ir->n_blocks; b++)
		in[b] = out[b] = NO_VERSION;
	while (changed) {
		changed = false;
		for (b = 0; b < ir->n_blocks; b++) {
			uint32_t version = before_block(ir, b, in, out);

			if (version == in[b] && out[b] != NO_VERSION)
				continue;
			in[b] = version;
			out[b] = after_block(ir, b, effect, version);
			changed = true;
		}
	}
}

void isel_find_clobbers(struct isel_ir *ir)
{
	flow(ir, ISEL_CLOBBERS_XFER);
	flow(ir, ISEL_CLOBBERS_PV);
}

/* ---- escapes ---- */

/* Can the result share words with the operand without an instruction of its own? Only matters for
 * speed where transfer registers are concerned, but must not miss anything for the packet vector. */
static bool may_alias(const struct isel_inst *in)
{
	switch (in->op) {
	case LLVMAdd:
	case LLVMSub:
	case LLVMXor: return in->width > 32;
	case LLVMMul:
	case LLVMUDiv:
	case LLVMSDiv:
	case LLVMURem:
	case LLVMSRem: return false;
	default: return true;
	}
}

struct escape {
	struct isel_ir *ir;
	const struct isel_inst *from;
	bool pv; /* which version counts */
	unsigned budget;
};

static uint32_t version_of(const struct escape *e, const struct isel_inst *in)
{
	return e->pv ? in->pv_version : in->xfer_version;
}

static const struct isel_inst *last_inst(const struct isel_ir *ir, LLVMBasicBlockRef bb)
{
	const struct isel_block *blk = &ir->blocks[isel_block_index(ir, bb)];

	return &ir->insts[blk->first + blk->n - 1];
}

static bool phi_use_escapes(const struct escape *e, LLVMValueRef phi, LLVMValueRef v)
{
	unsigned i, n = LLVMCountIncoming(phi);

	for (i = 0; i < n; i++) {
		LLVMBasicBlockRef from = LLVMGetIncomingBlock(phi, i);

		if (LLVMGetIncomingValue(phi, i) == v &&
		    isel_block_index(e->ir, from) != UINT32_MAX &&
		    version_of(e, last_inst(e->ir, from)) != version_of(e, e->from))
			return true;
	}
	return false;
}

static bool escapes(struct escape *e, LLVMValueRef v)
{
	LLVMUseRef u;

	for (u = LLVMGetFirstUse(v); u; u = LLVMGetNextUse(u)) {
		LLVMValueRef user = LLVMGetUser(u);
		const struct isel_inst *in = isel_inst_of(e->ir, user);

		if (!in)
			continue; /* unreachable code */
		if (!e->budget--)
			return true;
		if (in->op == LLVMPHI) {
			if (phi_use_escapes(e, user, v))
				return true;
		} else if (version_of(e, in) != version_of(e, e->from)) {
			return true;
		} else if (isel_is_pure(user) && (e->pv || in->deferred || may_alias(in))) {
			if (escapes(e, user))
				return true;
		}
	}
	return false;
}

void isel_find_escapes(struct isel_ir *ir)
{
	uint32_t i;

	for (i = 0; i < ir->n_insts; i++) {
		struct isel_inst *in = &ir->insts[i];
		struct escape e = { .ir = ir, .from = in, .budget = 64 };

		if (in->op == LLVMCall && isel_calls(in->v, "nfp.pkt.data"))
			e.pv = true;
		else if (in->op != LLVMLoad)
			continue;
		in->escapes = escapes(&e, in->v);
	}
}
