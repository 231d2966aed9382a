/* SPDX-License-Identifier: BSD-2-Clause */
/* Local CSRs, and the pointers among them whose writes take effect late (nfp.md 1.4, 1.7). */
#include "sim/me/me_internal.h"

#include <assert.h>
#include <inttypes.h>

#define LM_POINTER_MASK 0xffcu /* bits that the CSR has */

void me_pointer_force(struct me_ctx *ctx, unsigned which, uint32_t value)
{
	struct me_pointer *p = &ctx->ptr[which];

	ctx->n_late -= p->n_late;
	p->n_late = 0;
	p->now = value;
}

/* Writes that are due take effect, oldest first. */
static void settle(struct me_ctx *ctx, struct me_pointer *p)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < p->n_late; i++) {
		if (p->late[i].ready <= ctx->cycle)
			p->now = p->late[i].value;
		else
			p->late[kept++] = p->late[i];
	}
	ctx->n_late -= p->n_late - kept;
	p->n_late = kept;
}

void me_pointer_set_late(struct me_ctx *ctx, unsigned which, uint32_t value, uint64_t ready)
{
	struct me_pointer *p = &ctx->ptr[which];

	settle(ctx, p);
	if (p->n_late == ME_LATE) { /* only with a longer latency than the hardware's */
		p->now = p->late[0].value;
		for (unsigned i = 1; i < ME_LATE; i++)
			p->late[i - 1] = p->late[i];
		p->n_late--;
		ctx->n_late--;
	}
	p->late[p->n_late].value = value;
	p->late[p->n_late++].ready = ready;
	ctx->n_late++;
}

bool me_pointer_get(struct sim_me *me, struct me_ctx *ctx, unsigned which, uint32_t *value)
{
	struct me_pointer *p = &ctx->ptr[which];

	if (p->n_late)
		settle(ctx, p);
	*value = p->now;
	if (!p->n_late)
		return true;
	return me_hazard(me, ctx, SIM_ME_FAULT_HAZARD_LM,
			 "pointer %u was written to 0x%" PRIx32
			 " too shortly before: still sees 0x%" PRIx32,
			 which, p->late[p->n_late - 1].value, p->now);
}

/* Pointer behind a CSR, or -1. */
static int pointer_of(uint16_t csr)
{
	switch (csr) {
	case ME_CSR_LM_ADDR_0: return 0;
	case ME_CSR_LM_ADDR_1: return 1;
	case ME_CSR_LM_ADDR_2: return 2;
	case ME_CSR_LM_ADDR_3: return 3;
	case ME_CSR_T_INDEX: return ME_T_INDEX;
	default: return -1;
	}
}

static bool check_access(struct sim_me *me, struct me_ctx *ctx, uint16_t csr, bool write)
{
	const struct me_csr_info *info = me_csr_find(csr);

	if (info && (write ? info->may_write : info->may_read))
		return true;
	return me_fault(me, ctx, SIM_ME_FAULT_CSR,
			"%s of local CSR 0x%x (%s) is not available to programs",
			write ? "write" : "read", csr, info ? info->name : "undocumented");
}

static uint32_t next_random(struct sim_me *me)
{
	if (me->random)
		return me->random(me->random_arg);
	me->random_state = me->random_state * 1664525u + 1013904223u;
	return me->random_state ^ me->random_state >> 16;
}

bool me_csr_read(struct sim_me *me, struct me_ctx *ctx, uint16_t csr, uint32_t *value)
{
	int ptr = pointer_of(csr);

	if (!check_access(me, ctx, csr, false))
		return false;
	if (ptr >= 0)
		return me_pointer_get(me, ctx, (unsigned)ptr, value);
	switch (csr) {
	case ME_CSR_ALU_OUT: *value = ctx->prev_res; break;
	case ME_CSR_CTX_ENABLES: *value = 0xc0005500u; break; /* 4 contexts, PRNG free-running */
	case ME_CSR_ACTIVE_CTX_STS:
		*value = 32u << 25 | (me->fw.start + ctx->pc) << 8 | 4u << 3 | ctx->number;
		break;
	case ME_CSR_BYTE_INDEX: *value = ctx->byte_index; break;
	case ME_CSR_TIMESTAMP_LOW: *value = (uint32_t)(ctx->cycle / 16); break;
	case ME_CSR_TIMESTAMP_HIGH: *value = (uint32_t)(ctx->cycle / 16 >> 32); break;
	case ME_CSR_PSEUDO_RANDOM: *value = next_random(me); break;
	case ME_CSR_CMD_INDIRECT_REF_0: *value = ctx->cmd_indirect_ref[0]; break;
	case ME_CSR_CMD_INDIRECT_REF_1: *value = ctx->cmd_indirect_ref[1]; break;
	default: assert(false && "CSR row says readable"); return false;
	}
	return true;
}

bool me_csr_write(struct sim_me *me, struct me_ctx *ctx, uint16_t csr, uint32_t value)
{
	int ptr = pointer_of(csr);

	if (!check_access(me, ctx, csr, true))
		return false;
	if (ptr >= 0) {
		uint32_t v = ptr == ME_T_INDEX ? value : value & LM_POINTER_MASK;

		me_pointer_set_late(ctx, (unsigned)ptr, v, ctx->cycle + 1 + me->timing.lm_latency);
		return true;
	}
	switch (csr) {
	case ME_CSR_BYTE_INDEX: ctx->byte_index = value; break;
	case ME_CSR_CMD_INDIRECT_REF_0: ctx->cmd_indirect_ref[0] = value; break;
	case ME_CSR_CMD_INDIRECT_REF_1: ctx->cmd_indirect_ref[1] = value; break;
	default: assert(false && "CSR row says writable"); return false;
	}
	return true;
}
