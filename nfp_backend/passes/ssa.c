/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/passes/ssa.h"

#include <assert.h>

/* Definitions and uses of SSA registers, and surgery on the control-flow graph that keeps PHIs
 * right. */

struct scan {
	struct nfp_ssa *s;
	struct nfp_mi *mi;
	uint32_t block;
};

static void scan_opnd(struct nfp_opnd *o, bool is_def, void *priv)
{
	struct scan *sc = priv;
	struct nfp_ssa_reg *r;

	if (o->kind != NFP_O_VREG && o->kind != NFP_O_XIN)
		return;
	r = &sc->s->regs[o->reg];
	if (nfp_is_update(sc->mi) && o == &sc->mi->dst) {
		r->updated = true;
	} else if (is_def) {
		r->def = sc->mi;
		r->block = sc->block;
	} else {
		r->n_uses++;
	}
}

void nfp_ssa_build(struct nfp_ssa *s, struct nfp_func *fn, struct cx *cx)
{
	uint32_t b;
	size_t i;

	*s = (struct nfp_ssa){ .fn = fn, .cx = cx };
	s->regs = ARENA_ARRAY(cx->scratch, struct nfp_ssa_reg, fn->vregs.len + 1);
	for (b = 0; b < fn->blocks.len; b++)
		for (i = 0; i < fn->blocks.at[b].insns.len; i++) {
			struct scan sc = { s, &fn->blocks.at[b].insns.at[i], b };

			nfp_visit_opnds(sc.mi, scan_opnd, &sc);
		}
}

struct nfp_mi *nfp_ssa_def(const struct nfp_ssa *s, const struct nfp_opnd *o)
{
	if (o->kind != NFP_O_VREG || s->regs[o->reg].updated)
		return NULL;
	return s->regs[o->reg].def;
}

bool nfp_ssa_const(const struct nfp_ssa *s, const struct nfp_opnd *o, uint32_t *value)
{
	const struct nfp_mi *def = nfp_ssa_def(s, o);

	if (o->kind == NFP_O_IMM) {
		*value = o->imm;
		return true;
	}
	if (!def)
		return false;
	if (def->op == NFP_M_CONST) {
		*value = nfp_mi_const(def);
		return true;
	}
	return def->op == NFP_M_COPY && nfp_ssa_const(s, &def->b, value);
}

/* ---- control-flow graph ---- */

struct nfp_opnd *nfp_phi_operand(struct nfp_mi *phi, uint32_t from)
{
	uint32_t k;

	assert(phi->op == NFP_M_PHI);
	for (k = 0; k < phi->n_phi; k++)
		if (phi->phi[k].block == from)
			return &phi->phi[k].val;
	return NULL;
}

void nfp_drop_phi_operand(struct nfp_func *fn, uint32_t b, uint32_t from)
{
	struct nfp_block *blk = &fn->blocks.at[b];
	size_t i;
	uint32_t k, n;

	assert(b < fn->blocks.len);
	for (i = 0; i < blk->insns.len && blk->insns.at[i].op == NFP_M_PHI; i++) {
		struct nfp_mi *phi = &blk->insns.at[i];

		for (k = n = 0; k < phi->n_phi; k++)
			if (phi->phi[k].block != from)
				phi->phi[n++] = phi->phi[k];
		phi->n_phi = n;
	}
}

void nfp_retarget(struct nfp_func *fn, uint32_t from, uint32_t old, uint32_t to)
{
	struct nfp_block *blk = &fn->blocks.at[from];
	size_t i;

	assert(from < fn->blocks.len && to < fn->blocks.len);
	for (i = 0; i < blk->insns.len; i++)
		if (nfp_op_is(&blk->insns.at[i], NFP_OF_LABEL) && blk->insns.at[i].target[0] == old)
			blk->insns.at[i].target[0] = to;
}

static void mark_reached(const struct nfp_func *fn, struct cx *cx, bool *reached)
{
	VEC(uint32_t) work = { 0 };
	size_t i;

	*vec_push(&work, cx->scratch) = 0;
	reached[0] = true;
	while (work.len) {
		const struct nfp_block *blk = &fn->blocks.at[work.at[--work.len]];

		for (i = 0; i < blk->insns.len; i++) {
			uint32_t t = blk->insns.at[i].target[0];

			if (!nfp_op_is(&blk->insns.at[i], NFP_OF_SUCC) || reached[t])
				continue;
			reached[t] = true;
			*vec_push(&work, cx->scratch) = t;
		}
	}
}

static void renumber_block(struct nfp_block *blk, const uint32_t *index)
{
	size_t i;
	uint32_t k;

	for (i = 0; i < blk->insns.len; i++) {
		struct nfp_mi *mi = &blk->insns.at[i];

		if (nfp_op_is(mi, NFP_OF_LABEL))
			mi->target[0] = index[mi->target[0]];
		for (k = 0; mi->op == NFP_M_PHI && k < mi->n_phi; k++)
			mi->phi[k].block = index[mi->phi[k].block];
	}
}

bool nfp_prune_blocks(struct nfp_func *fn, struct cx *cx)
{
	size_t n = fn->blocks.len, kept = 0, i;
	bool *reached = ARENA_ARRAY(cx->scratch, bool, n);
	uint32_t *index = ARENA_ARRAY(cx->scratch, uint32_t, n), b;

	mark_reached(fn, cx, reached);
	for (b = 0; b < n; b++) {
		const struct nfp_block *blk = &fn->blocks.at[b];

		for (i = 0; !reached[b] && i < blk->insns.len; i++)
			if (nfp_op_is(&blk->insns.at[i], NFP_OF_SUCC))
				nfp_drop_phi_operand(fn, blk->insns.at[i].target[0], b);
	}
	for (b = 0; b < n; b++)
		if (reached[b]) {
			index[b] = (uint32_t)kept;
			fn->blocks.at[kept++] = fn->blocks.at[b];
		}
	fn->blocks.len = kept;
	for (b = 0; b < kept; b++)
		renumber_block(&fn->blocks.at[b], index);
	return kept != n;
}
