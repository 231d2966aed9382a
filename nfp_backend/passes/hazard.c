/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/firmware/calling_convention.h"
#include "nfp_backend/mir/mir_ops.h"
#include "nfp_backend/passes.h"

/* Puts NOPs where an instruction would come too early.
 * Needs: PHYS. Leaves: PHYS, ready to emit.
 *
 *  - a local-memory pointer is used NFP_ABI_LM_SLOTS instructions after its write at the earliest
 *    (nfp.md 1.4); write and use are in one block (nfp_check), and a helper takes longer to
 *    get at its arguments than a pointer needs
 *  - the first two instructions must not use LM0 (nfp.md 4.4) */

enum { ENTRY_SLOTS = 2 };

struct hazard {
	struct nfp_edit e;
	uint32_t since[4]; /* instructions since each pointer was written */
	uint32_t from_entry;
};

static int pointer_written(const struct nfp_mi *mi)
{
	if (mi->op != NFP_M_CSRWR)
		return -1;
	switch (nfp_mi_csr(mi)) {
	case NFP_CSR_ACTIVE_LM_ADDR0: return 0;
	case NFP_CSR_ACTIVE_LM_ADDR1: return 1;
	case NFP_CSR_ACTIVE_LM_ADDR2: return 2;
	case NFP_CSR_ACTIVE_LM_ADDR3: return 3;
	default: return -1;
	}
}

/* Slots that must still pass before the operand may be used. */
static uint32_t wait_for(const struct hazard *h, const struct nfp_opnd *o)
{
	uint32_t wait = 0;

	if (o->kind != NFP_O_LM)
		return 0;
	if (h->since[o->reg] < NFP_ABI_LM_SLOTS)
		wait = NFP_ABI_LM_SLOTS - h->since[o->reg];
	if (o->reg == 0 && h->from_entry < ENTRY_SLOTS && ENTRY_SLOTS - h->from_entry > wait)
		wait = ENTRY_SLOTS - h->from_entry;
	return wait;
}

static uint32_t max3(uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t m = a > b ? a : b;

	return m > c ? m : c;
}

static void tick(struct hazard *h)
{
	unsigned p;

	for (p = 0; p < 4; p++)
		h->since[p]++;
	h->from_entry++;
}

static void put_nops(struct hazard *h, uint32_t n)
{
	for (; n; n--) {
		(void)nfp_edit_new_outside_glue(&h->e, NFP_M_NOP);
		tick(h);
	}
}

static void fix_block(struct hazard *h, struct nfp_func *fn, struct cx *cx, uint32_t b)
{
	struct nfp_block blk = fn->blocks.at[b];
	size_t i;

	nfp_edit_begin(&h->e, fn, cx);
	for (i = 0; i < blk.insns.len; i++) {
		const struct nfp_mi *mi = &blk.insns.at[i];
		int p = pointer_written(mi);

		put_nops(h, max3(wait_for(h, &mi->dst), wait_for(h, &mi->a), wait_for(h, &mi->b)));
		nfp_edit_keep(&h->e, mi);
		tick(h);
		if (p >= 0)
			h->since[p] = 0;
	}
	nfp_edit_commit(&h->e, b);
}

/* Instructions that run before the first way out of the block. */
static uint32_t shortest_way(const struct nfp_block *b)
{
	uint32_t i;

	for (i = 0; i < b->insns.len; i++)
		if (nfp_op_is(&b->insns.at[i], NFP_OF_SUCC))
			return i + 1;
	return i;
}

bool nfp_fix_hazards(struct nfp_func *fn, struct cx *cx)
{
	struct hazard h = { .from_entry = 0 };
	unsigned p;
	uint32_t b;

	for (b = 0; b < fn->blocks.len; b++) {
		for (p = 0; p < 4; p++)
			h.since[p] = NFP_ABI_LM_SLOTS;
		fix_block(&h, fn, cx, b);
		h.from_entry = shortest_way(&fn->blocks.at[0]);
	}
	return true;
}
