/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/passes/interfere.h"

#include <stdlib.h>

/* Joins registers that a copy connects if they do not interfere, most frequent copy first; the
 * copies are removed.
 * Needs: VREG. Leaves: VREG, registers renumbered.
 *
 * Register pressure does not limit joining: with 46 registers a longer live range is cheaper than a copy, and
 * registers that do not fit are spilled to local memory, where operands may stay. */

struct copy {
	uint32_t dst, src, freq;
	uint32_t order;
};

struct coalesce {
	struct nfp_func *fn;
	struct cx *cx;
	struct nfp_interference ig;
	uint32_t *parent; /* union-find */
	VEC(struct copy) copies;
};

static uint32_t find(struct coalesce *c, uint32_t v)
{
	while (c->parent[v] != v)
		v = c->parent[v] = c->parent[c->parent[v]];
	return v;
}

static bool is_reg_copy(const struct nfp_mi *mi)
{
	return mi->op == NFP_M_COPY && !mi->sets_cc && !mi->glue && mi->dst.kind == NFP_O_VREG &&
	       mi->b.kind == NFP_O_VREG;
}

static void list_copies(struct coalesce *c)
{
	uint32_t b;
	size_t i;

	for (b = 0; b < c->fn->blocks.len; b++) {
		const struct nfp_block *blk = &c->fn->blocks.at[b];

		for (i = 0; i < blk->insns.len; i++) {
			const struct nfp_mi *mi = &blk->insns.at[i];
			uint32_t order = (uint32_t)c->copies.len;

			if (is_reg_copy(mi))
				*vec_push(&c->copies, c->cx->scratch) =
					(struct copy){ mi->dst.reg, mi->b.reg, blk->freq, order };
		}
	}
}

static int by_freq(const void *pa, const void *pb)
{
	const struct copy *a = pa, *b = pb;

	if (a->freq != b->freq)
		return a->freq < b->freq ? 1 : -1;
	return a->order < b->order ? -1 : 1;
}

static void merge(struct coalesce *c, uint32_t into, uint32_t from)
{
	struct nfp_node *n = &c->ig.nodes[from];
	size_t i;

	for (i = 0; i < n->adj.len; i++)
		nfp_interference_add(&c->ig, into, find(c, n->adj.at[i]));
	c->ig.nodes[into].fixed |= n->fixed;
	c->parent[from] = into;
}

/* Would the joined register still find one of the 46 that no helper or argument takes? */
static bool leaves_room(const struct coalesce *c, uint32_t a, uint32_t b)
{
	nfp_regset taken = c->ig.nodes[a].fixed | c->ig.nodes[b].fixed;
	nfp_regset all = nfp_regs_both(0, NFP_ABI_GPRS - 1);

	return __builtin_popcountll(all & ~taken) >= 4;
}

static bool join_all(struct coalesce *c)
{
	bool joined = false;
	size_t i;

	for (i = 0; i < c->copies.len; i++) {
		uint32_t d = find(c, c->copies.at[i].dst), s = find(c, c->copies.at[i].src);

		if (d == s || nfp_interferes(&c->ig, d, s) || !leaves_room(c, d, s))
			continue;
		if (c->ig.nodes[d].adj.len < c->ig.nodes[s].adj.len)
			merge(c, s, d);
		else
			merge(c, d, s);
		joined = true;
	}
	return joined;
}

static void rename_opnd(struct nfp_opnd *o, bool is_def, void *priv)
{
	(void)is_def;
	if (o->kind == NFP_O_VREG)
		o->reg = find(priv, o->reg);
}

static void rewrite(struct coalesce *c)
{
	uint32_t b;
	size_t i;

	for (b = 0; b < c->fn->blocks.len; b++) {
		struct nfp_block *blk = &c->fn->blocks.at[b];
		size_t n = 0;

		for (i = 0; i < blk->insns.len; i++) {
			struct nfp_mi *mi = &blk->insns.at[i];

			nfp_visit_opnds(mi, rename_opnd, c);
			if (!is_reg_copy(mi) || mi->dst.reg != mi->b.reg)
				blk->insns.at[n++] = *mi;
		}
		blk->insns.len = n;
	}
}

static bool coalesce_once(struct nfp_func *fn, struct cx *cx)
{
	struct coalesce c = { .fn = fn, .cx = cx };
	uint32_t i;
	bool joined;

	nfp_interference_build(fn, cx, &c.ig);
	c.parent = ARENA_ARRAY(cx->scratch, uint32_t, fn->vregs.len + 1);
	for (i = 0; i < fn->vregs.len; i++)
		c.parent[i] = i;
	list_copies(&c);
	if (!c.copies.len)
		return false;
	qsort(c.copies.at, c.copies.len, sizeof(*c.copies.at), by_freq);
	joined = join_all(&c);
	rewrite(&c);
	return joined;
}

bool nfp_coalesce(struct nfp_func *fn, struct cx *cx)
{
	nfp_compact_vregs(fn, cx);
	/* each round sees the lives as they are after the copies of the last one went */
	while (coalesce_once(fn, cx))
		;
	nfp_compact_vregs(fn, cx);
	return true;
}
