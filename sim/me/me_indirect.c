/* SPDX-License-Identifier: BSD-2-Clause */
/* Operands that lie behind a pointer or in another context: fetched before the instruction into
 * the context's scratch registers, stored after it, pointers modified last (nfp.md 1.4). */
#include "sim/me/me_internal.h"

#include <inttypes.h>

bool me_lm_is_stack(const struct sim_me *me, uint32_t addr, uint32_t bytes)
{
	uint32_t base = me->stack_word * 4;

	return addr >= base && addr - base <= me->fw.stack_bytes &&
	       bytes <= me->fw.stack_bytes - (addr - base);
}

uint8_t me_lm_byte(const struct sim_me *me, uint32_t addr)
{
	return (uint8_t)(me->lm[addr / 4 % ME_LM_WORDS] >> 8 * (addr & 3));
}

bool me_lm_index(struct sim_me *me, struct me_ctx *ctx, unsigned ptr, unsigned offset,
		 uint32_t *word)
{
	uint32_t base;

	if (!me_pointer_get(me, ctx, ptr, &base))
		return false;
	*word = (base >> 2 & (ME_LM_WORDS - 1)) | offset; /* ORed, not added */
	if (me_lm_is_stack(me, *word * 4, 4) || *word - me->pv_word < ME_PV_WORDS)
		return true;
	return me_fault(me, ctx, SIM_ME_FAULT_LM,
			"*l$index%u is local memory 0x%" PRIx32 ", neither the stack (0x%" PRIx32
			", %" PRIu32 " bytes) nor the packet vector",
			ptr, *word * 4, me->stack_word * 4, me->fw.stack_bytes);
}

/* The register that a slow operand means, in this context or another; NULL: fault. */
static uint32_t *locate(struct sim_me *me, struct me_ctx *ctx, const struct me_operand *o,
			bool write)
{
	uint32_t i;

	switch (o->kind) {
	case ME_LM: return me_lm_index(me, ctx, o->n, o->offset, &i) ? &me->lm[i] : NULL;
	case ME_GPR_ABS: return &me->ctx[o->n / 32].r[(o->bank_b ? R_GPR_B : R_GPR_A) + o->n % 32];
	case ME_XFER_INDEX:
		if (!me_pointer_get(me, ctx, ME_T_INDEX, &i))
			return NULL;
		i = i >> 2 & 0xff; /* byte address over all contexts: 64 registers each */
		return &me->ctx[i / 64].r[(write ? R_OUT : R_IN) + i % 64];
	default: me_fault(me, ctx, SIM_ME_FAULT_UNMODELLED, "operand is not modelled"); return NULL;
	}
}

static bool load(struct sim_me *me, struct me_ctx *ctx, const struct me_operand *o, unsigned to)
{
	const uint32_t *from = locate(me, ctx, o, false);

	if (!from)
		return false;
	ctx->r[to] = *from;
	return true;
}

bool me_slow_load(struct sim_me *me, struct me_ctx *ctx, const struct me_op *op)
{
	const struct me_insn *in = &me->insns[ctx->pc];

	if (op->flags & OP_SLOW_LEFT && !load(me, ctx, &in->left, R_LEFT))
		return false;
	if (op->flags & OP_SLOW_RIGHT && !load(me, ctx, &in->right, R_RIGHT))
		return false;
	return !(op->flags & OP_SLOW_OLD) || load(me, ctx, &in->dst, R_OLD);
}

static unsigned pointer_of(const struct me_operand *o)
{
	return o->kind == ME_XFER_INDEX ? ME_T_INDEX : o->n;
}

/* Operands that modify the same pointer modify it once. */
static void post_modify(struct me_ctx *ctx, const struct me_insn *in)
{
	const struct me_operand *ops[] = { &in->left, &in->right, &in->dst };
	unsigned done = 0;

	for (unsigned i = 0; i < 3; i++) {
		const struct me_operand *o = ops[i];
		unsigned which = pointer_of(o);

		if ((o->kind != ME_LM && o->kind != ME_XFER_INDEX) || o->post == ME_KEEP ||
		    done >> which & 1)
			continue;
		done |= 1u << which;
		ctx->ptr[which].now += o->post == ME_INCREMENT ? 4u : -4u;
	}
}

bool me_slow_store(struct sim_me *me, struct me_ctx *ctx, const struct me_op *op)
{
	const struct me_insn *in = &me->insns[ctx->pc];

	if (op->flags & OP_SLOW_DST) {
		uint32_t *to = locate(me, ctx, &in->dst, true);

		if (!to)
			return false;
		*to = ctx->r[R_RESULT];
	}
	post_modify(ctx, in);
	return true;
}
