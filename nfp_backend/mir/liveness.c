/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/mir/liveness.h"

#include <assert.h>

/* Which virtual registers are live at block borders: backward data flow to a fixed point.
 *
 * A block may be left in its middle (mir.h), so its live-in set is found by walking its
 * instructions each time; at a branch the target's live-in set joins. PHIs count at the edges:
 * the value for block p is used at p's branches, the result is not live into the PHI's block.
 *
 * XOUT tuples live inside one block and are left out of the sets; see nfp_xout_first(). */

static void add_phi_uses(const struct nfp_func *fn, uint32_t from, uint32_t to, uint32_t *set)
{
	const struct nfp_block *t = &fn->blocks.at[to];
	size_t i;
	uint32_t k;

	for (i = 0; i < t->insns.len && t->insns.at[i].op == NFP_M_PHI; i++)
		for (k = 0; k < t->insns.at[i].n_phi; k++) {
			const struct nfp_phi *phi = &t->insns.at[i].phi[k];

			if (phi->block == from &&
			    (phi->val.kind == NFP_O_VREG || phi->val.kind == NFP_O_XIN))
				nfp_set_add(set, phi->val.reg);
		}
}

void nfp_live_edge(const struct nfp_func *fn, const struct nfp_liveness *live, uint32_t from,
		   uint32_t to, uint32_t *set)
{
	uint32_t w;

	assert(from < fn->blocks.len && to < fn->blocks.len);
	for (w = 0; w < live->words; w++)
		set[w] |= live->in[(size_t)to * live->words + w];
	add_phi_uses(fn, from, to, set);
}

void nfp_live_at_end(const struct nfp_func *fn, const struct nfp_liveness *live, uint32_t b,
		     uint32_t *set)
{
	const struct nfp_block *blk = &fn->blocks.at[b];

	assert(b < fn->blocks.len);
	memset(set, 0, live->words * sizeof(*set));
	if (nfp_block_end(blk) == blk->insns.len && b + 1 < fn->blocks.len)
		nfp_live_edge(fn, live, b, b + 1, set);
}

struct walk {
	const struct nfp_func *fn;
	uint32_t *set;
	bool defs; /* visit removes definitions, else adds uses */
};

static void visit(struct nfp_opnd *o, bool is_def, void *priv)
{
	struct walk *w = priv;

	if (is_def != w->defs || (o->kind != NFP_O_VREG && o->kind != NFP_O_XIN))
		return;
	if (is_def)
		nfp_set_remove(w->set, o->reg);
	else
		nfp_set_add(w->set, o->reg);
}

void nfp_live_step(const struct nfp_func *fn, const struct nfp_liveness *live, uint32_t b,
		   const struct nfp_mi *mi, uint32_t *set)
{
	struct walk w = { .fn = fn, .set = set, .defs = true };
	struct nfp_mi copy = *mi;

	if (nfp_op_is(mi, NFP_OF_SUCC))
		nfp_live_edge(fn, live, b, mi->target[0], set);
	if (fn->stage == NFP_STAGE_PHYS)
		return;
	nfp_visit_opnds(&copy, visit, &w);
	w.defs = false;
	if (mi->op != NFP_M_PHI)
		nfp_visit_opnds(&copy, visit, &w);
}

void nfp_liveness(const struct nfp_func *fn, struct cx *cx, struct nfp_liveness *live)
{
	size_t nb = fn->blocks.len;
	uint32_t *set, b;
	bool changed;

	live->words = (uint32_t)(fn->vregs.len + 31) / 32;
	live->in = ARENA_ARRAY(cx->scratch, uint32_t, nb * live->words);
	live->out = ARENA_ARRAY(cx->scratch, uint32_t, nb * live->words);
	set = ARENA_ARRAY(cx->scratch, uint32_t, live->words);
	do {
		changed = false;
		for (b = (uint32_t)nb; b-- > 0;) {
			const struct nfp_block *blk = &fn->blocks.at[b];
			size_t i;

			nfp_live_at_end(fn, live, b, set);
			for (i = blk->insns.len; i-- > 0;)
				nfp_live_step(fn, live, b, &blk->insns.at[i], set);
			if (!live->words ||
			    !memcmp(set, &live->in[b * live->words], live->words * sizeof(*set)))
				continue;
			memcpy(&live->in[b * live->words], set, live->words * sizeof(*set));
			changed = true;
		}
	} while (changed);
	for (b = 0; b < nb; b++) {
		const struct nfp_block *blk = &fn->blocks.at[b];
		uint32_t *out = &live->out[b * live->words];

		nfp_live_at_end(fn, live, b, out);
		if (blk->insns.len && nfp_op_is(&blk->insns.at[blk->insns.len - 1], NFP_OF_SUCC))
			nfp_live_edge(fn, live, b, blk->insns.at[blk->insns.len - 1].target[0],
				      out);
	}
}
