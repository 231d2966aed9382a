/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/mir/liveness.h"

#include <assert.h>
#include <stdlib.h>

/* Order of the blocks, so that few unconditional branches are left and the frequent way falls
 * through.
 * Needs: VREG. Leaves: VREG; blocks that cannot be reached are gone, a BR to the next block is
 * gone.
 *
 *  1. Branches to a block that only branches on go to its target.
 *  2. Blocks are joined into chains, most frequent edge first. An edge is joined when it leaves the
 *     last block of one chain and enters the first of another, and the branch can be left out: the
 *     final BR, or a conditional branch just before it once turned round.
 *  3. The chain of the entry comes first, then the chains in the order in which their blocks are
 *     met. */

#define NO_BLOCK UINT32_MAX

struct layout {
	struct nfp_func *fn;
	struct cx *cx;
	uint32_t *next, *prev; /* in the chain; NO_BLOCK at its ends */
	uint32_t *head;        /* first block of the chain that the block is in */
	bool *reached;
	uint32_t *n_preds;
};

struct edge {
	uint32_t from, to, weight;
	bool turned; /* by turning the conditional branch before the final BR */
	bool only;   /* no other edge enters the target */
};

/* ---- 1. branches to branches ---- */

/* Where control really goes from the start of block `b`. */
static uint32_t thread(const struct nfp_func *fn, uint32_t b)
{
	uint32_t hops;

	for (hops = 0; hops < fn->blocks.len; hops++) {
		const struct nfp_block *blk = &fn->blocks.at[b];

		if (blk->insns.len != 1 || blk->insns.at[0].op != NFP_M_BR)
			break;
		b = blk->insns.at[0].target[0];
	}
	return b;
}

static void thread_branches(struct nfp_func *fn)
{
	uint32_t b;
	size_t i;

	for (b = 0; b < fn->blocks.len; b++)
		for (i = 0; i < fn->blocks.at[b].insns.len; i++) {
			struct nfp_mi *mi = &fn->blocks.at[b].insns.at[i];

			if (nfp_op_is(mi, NFP_OF_LABEL))
				mi->target[0] = thread(fn, mi->target[0]);
			if (mi->op == NFP_M_BRHELPER)
				fn->blocks.at[mi->target[0]].helper_return = true;
		}
}

/* A conditional branch to where the BR behind it goes decides nothing. */
static void drop_idle_conditions(struct nfp_func *fn)
{
	uint32_t b;

	for (b = 0; b < fn->blocks.len; b++) {
		struct nfp_block *blk = &fn->blocks.at[b];
		size_t n = blk->insns.len;

		while (n >= 2 && blk->insns.at[n - 1].op == NFP_M_BR &&
		       nfp_op_is(&blk->insns.at[n - 2], NFP_OF_COND) &&
		       blk->insns.at[n - 2].target[0] == blk->insns.at[n - 1].target[0]) {
			blk->insns.at[n - 2] = blk->insns.at[n - 1];
			n = --blk->insns.len;
		}
	}
}

static void mark_reached(struct layout *l)
{
	VEC(uint32_t) work = { 0 };
	size_t i;

	*vec_push(&work, l->cx->scratch) = 0;
	l->reached[0] = true;
	while (work.len) {
		const struct nfp_block *blk = &l->fn->blocks.at[work.at[--work.len]];

		for (i = 0; i < blk->insns.len; i++) {
			uint32_t t = blk->insns.at[i].target[0];

			if (!nfp_op_is(&blk->insns.at[i], NFP_OF_SUCC))
				continue;
			l->n_preds[t]++;
			if (l->reached[t])
				continue;
			l->reached[t] = true;
			*vec_push(&work, l->cx->scratch) = t;
		}
	}
}

/* ---- 2. chains ---- */

/* Frequency of an edge, from those of the blocks: exact when one end has no other edge; else what
 * the other edges leave of the source's. */
static uint32_t edge_weight(const struct layout *l, uint32_t from, uint32_t to, uint32_t other)
{
	uint32_t f = l->fn->blocks.at[from].freq, t = l->fn->blocks.at[to].freq;

	if (l->n_preds[to] == 1)
		return f < t ? f : t;
	if (other != NO_BLOCK && l->n_preds[other] == 1)
		f -= f < l->fn->blocks.at[other].freq ? f : l->fn->blocks.at[other].freq;
	return f < t ? f : t;
}

static int compare_edges(const void *pa, const void *pb)
{
	const struct edge *a = pa, *b = pb;

	if (a->weight != b->weight)
		return a->weight < b->weight ? 1 : -1;
	if (a->only != b->only)
		return b->only ? 1 : -1;
	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return (int)a->turned - (int)b->turned;
}

static void add_edge(const struct layout *l, struct edge **next, uint32_t from, uint32_t to,
		     uint32_t other, bool turned)
{
	*(*next)++ = (struct edge){ from, to, edge_weight(l, from, to, other), turned,
				    l->n_preds[to] == 1 };
}

static size_t list_edges(const struct layout *l, struct edge *edges)
{
	struct edge *next = edges;
	uint32_t b;

	for (b = 0; b < l->fn->blocks.len; b++) {
		const struct nfp_block *blk = &l->fn->blocks.at[b];
		const struct nfp_mi *end = &blk->insns.at[blk->insns.len - 1];
		bool turns = end->op == NFP_M_BR && blk->insns.len >= 2 &&
			     nfp_op_is(end - 1, NFP_OF_COND);

		if (!l->reached[b] || !nfp_op_is(end, NFP_OF_SUCC))
			continue;
		add_edge(l, &next, b, end->target[0], turns ? end[-1].target[0] : NO_BLOCK, false);
		if (turns)
			add_edge(l, &next, b, end[-1].target[0], end->target[0], true);
	}
	qsort(edges, (size_t)(next - edges), sizeof(*edges), compare_edges);
	return (size_t)(next - edges);
}

static void turn_branch(struct nfp_block *blk)
{
	struct nfp_mi *end = &blk->insns.at[blk->insns.len - 1];
	uint32_t t = end->target[0];

	nfp_invert_branch(end - 1);
	end->target[0] = end[-1].target[0];
	end[-1].target[0] = t;
}

static void join(struct layout *l, const struct edge *e)
{
	uint32_t b;

	if (l->next[e->from] != NO_BLOCK || l->prev[e->to] != NO_BLOCK || e->to == 0 ||
	    l->head[e->from] == l->head[e->to])
		return;
	if (e->turned)
		turn_branch(&l->fn->blocks.at[e->from]);
	l->next[e->from] = e->to;
	l->prev[e->to] = e->from;
	for (b = e->to; b != NO_BLOCK; b = l->next[b])
		l->head[b] = l->head[e->from];
}

static void make_chains(struct layout *l)
{
	size_t i, n;
	struct edge *edges = ARENA_ARRAY(l->cx->scratch, struct edge, 2 * l->fn->blocks.len);
	uint32_t b;

	for (b = 0; b < l->fn->blocks.len; b++) {
		l->next[b] = l->prev[b] = NO_BLOCK;
		l->head[b] = b;
	}
	n = list_edges(l, edges);
	for (i = 0; i < n; i++)
		join(l, &edges[i]);
}

/* ---- 3. the new order ---- */

static void reorder(struct layout *l)
{
	size_t n = l->fn->blocks.len, placed = 0, i;
	uint32_t *new_index = ARENA_ARRAY(l->cx->scratch, uint32_t, n);
	struct nfp_block *blocks = ARENA_ARRAY(l->cx->arena, struct nfp_block, n);
	uint32_t start, b;

	for (start = 0; start < n; start++) {
		if (!l->reached[start] || l->prev[start] != NO_BLOCK)
			continue;
		for (b = start; b != NO_BLOCK; b = l->next[b]) {
			new_index[b] = (uint32_t)placed;
			blocks[placed++] = l->fn->blocks.at[b];
		}
	}
	for (b = 0; b < placed; b++)
		for (i = 0; i < blocks[b].insns.len; i++)
			if (nfp_op_is(&blocks[b].insns.at[i], NFP_OF_LABEL))
				blocks[b].insns.at[i].target[0] =
					new_index[blocks[b].insns.at[i].target[0]];
	l->fn->blocks.at = blocks;
	l->fn->blocks.len = l->fn->blocks.cap = placed;
}

static void drop_branches_to_next(struct nfp_func *fn)
{
	uint32_t b;

	for (b = 0; b < fn->blocks.len; b++) {
		struct nfp_block *blk = &fn->blocks.at[b];
		size_t n = blk->insns.len;

		if (n && blk->insns.at[n - 1].op == NFP_M_BR &&
		    blk->insns.at[n - 1].target[0] == b + 1)
			blk->insns.len--;
	}
}

bool nfp_layout(struct nfp_func *fn, struct cx *cx)
{
	size_t n = fn->blocks.len;
	struct layout l = {
		.fn = fn,
		.cx = cx,
		.next = ARENA_ARRAY(cx->scratch, uint32_t, n),
		.prev = ARENA_ARRAY(cx->scratch, uint32_t, n),
		.head = ARENA_ARRAY(cx->scratch, uint32_t, n),
		.reached = ARENA_ARRAY(cx->scratch, bool, n),
		.n_preds = ARENA_ARRAY(cx->scratch, uint32_t, n),
	};

	thread_branches(fn);
	drop_idle_conditions(fn);
	mark_reached(&l);
	make_chains(&l);
	reorder(&l);
	drop_branches_to_next(fn);
	return true;
}
