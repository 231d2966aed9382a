/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/firmware/calling_convention.h"
#include "nfp_backend/mir/liveness.h"

#include <assert.h>
#include <stdlib.h>

/* Transfer registers: consecutive numbers for each tuple.
 * Needs: VREG, legal operands. Leaves: VREG with `phys` set for every XIN and XOUT tuple.
 *
 * Data that was read stays in transfer registers and is used from there. What is read behind a
 * helper call, or finds no room, is copied to GPRs right behind its command. */

struct tuple {
	uint32_t reg;
	uint32_t first, last; /* positions in the function, as laid out, where it is live */
	bool across_call;
};

struct xfer {
	struct nfp_func *fn;
	struct cx *cx;
	struct nfp_liveness live;
	struct tuple *tuples; /* by register; first > last: not used */
	uint8_t *evictions;   /* by register, as many as there were at the start */
	bool evicted, failed;
};

/* ---- live ranges: the hull of all positions where the tuple is live ---- */

struct range_visit {
	struct xfer *x;
	uint32_t pos;
};

static void extend(struct xfer *x, uint32_t reg, uint32_t pos)
{
	struct tuple *t = &x->tuples[reg];

	if (pos < t->first)
		t->first = pos;
	if (pos > t->last)
		t->last = pos;
}

static void visit_range(struct nfp_opnd *o, bool is_def, void *priv)
{
	struct range_visit *v = priv;

	(void)is_def;
	if (o->kind == NFP_O_XIN || o->kind == NFP_O_XOUT)
		extend(v->x, o->reg, v->pos);
}

static void extend_live(struct xfer *x, const uint32_t *set, uint32_t pos, bool call)
{
	uint32_t w, bits;

	for (w = 0; w < x->live.words; w++)
		for (bits = set[w]; bits; bits &= bits - 1) {
			uint32_t reg = w * 32 + (uint32_t)__builtin_ctz(bits);

			if (x->fn->vregs.at[reg].vclass == NFP_V_GPR)
				continue;
			extend(x, reg, pos);
			if (call)
				x->tuples[reg].across_call = true;
		}
}

static void find_ranges(struct xfer *x)
{
	uint32_t b, i, pos = 0;

	nfp_liveness(x->fn, x->cx, &x->live);
	x->tuples = ARENA_ARRAY(x->cx->scratch, struct tuple, x->fn->vregs.len + 1);
	for (i = 0; i < x->fn->vregs.len; i++)
		x->tuples[i] = (struct tuple){ .reg = i, .first = UINT32_MAX };
	for (b = 0; b < x->fn->blocks.len; b++) {
		struct nfp_block *blk = &x->fn->blocks.at[b];

		extend_live(x, &x->live.in[b * x->live.words], pos, blk->helper_return);
		for (i = 0; i < blk->insns.len; i++, pos++) {
			struct range_visit v = { .x = x, .pos = pos };
			const struct nfp_mi *mi = &blk->insns.at[i];

			nfp_visit_opnds(&blk->insns.at[i], visit_range, &v);
			if (nfp_op_is(mi, NFP_OF_SUCC)) /* blocks may be left in their middle */
				extend_live(x, &x->live.in[mi->target[0] * x->live.words], pos,
					    false);
		}
		if (pos)
			extend_live(x, &x->live.out[b * x->live.words], pos - 1, false);
	}
}

/* ---- copies to GPRs ---- */

struct evict {
	uint32_t tuple;
	uint32_t gpr[32]; /* by word, + 1; 0: word not used */
	bool *destroyed; /* by block: may a helper have run since the command? NULL: copy for all */
	bool loaded;     /* the command is in the block, before the instruction */
	uint32_t block;
	struct nfp_func *fn;
	struct cx *cx;
};

static bool fills(const struct nfp_mi *mi, uint32_t tuple)
{
	return mi->op == NFP_M_CMD && mi->cmd.xfer.kind == NFP_O_XIN && mi->cmd.xfer.reg == tuple;
}

static bool block_fills(const struct nfp_block *blk, uint32_t tuple)
{
	size_t i;

	for (i = 0; i < blk->insns.len; i++)
		if (fills(&blk->insns.at[i], tuple))
			return true;
	return false;
}

/* Forward data flow: blocks that some way leads to through a helper since the command. */
static void find_destroyed(struct xfer *x, struct evict *ev)
{
	bool changed = true;
	uint32_t b, p;

	nfp_cfg_build(x->fn, x->cx);
	ev->destroyed = ARENA_ARRAY(x->cx->scratch, bool, x->fn->blocks.len);
	while (changed) {
		changed = false;
		for (b = 0; b < x->fn->blocks.len; b++) {
			const struct nfp_block *blk = &x->fn->blocks.at[b];
			bool d = blk->helper_return;

			for (p = 0; p < blk->n_preds; p++)
				d |= ev->destroyed[blk->preds[p]] &&
				     !block_fills(&x->fn->blocks.at[blk->preds[p]], ev->tuple);
			changed |= d != ev->destroyed[b];
			ev->destroyed[b] = d;
		}
	}
}

static void replace_uses(struct nfp_opnd *o, bool is_def, void *priv)
{
	struct evict *ev = priv;
	uint32_t *gpr;

	if (is_def || o->kind != NFP_O_XIN || o->reg != ev->tuple)
		return;
	if (ev->destroyed && (!ev->destroyed[ev->block] || ev->loaded))
		return;
	gpr = &ev->gpr[o->sub];
	if (!*gpr)
		*gpr = nfp_new_vreg(ev->fn, ev->cx, NFP_V_GPR, 1) + 1;
	*o = nfp_vreg(*gpr - 1);
}

static void copies_behind(struct xfer *x, struct evict *ev, uint32_t b)
{
	struct nfp_block *blk = &x->fn->blocks.at[b];
	struct nfp_edit e;
	bool pending = false;
	size_t i;
	unsigned w;

	nfp_edit_begin(&e, x->fn, x->cx);
	for (i = 0; i < blk->insns.len; i++) {
		const struct nfp_mi *mi = &blk->insns.at[i];

		nfp_edit_keep(&e, mi);
		if (fills(mi, ev->tuple))
			pending = true;
		if (!pending || mi->glue)
			continue;
		for (w = 0; w < 32; w++)
			if (ev->gpr[w])
				nfp_edit_copy(&e, nfp_vreg(ev->gpr[w] - 1), nfp_xin(ev->tuple, w));
		pending = false;
	}
	nfp_edit_commit(&e, b);
}

static void evict(struct xfer *x, uint32_t tuple)
{
	struct evict ev = { .tuple = tuple, .fn = x->fn, .cx = x->cx };
	size_t i;

	/* once for tuples after calls, once for the rest */
	if (x->fn->vregs.at[tuple].vclass != NFP_V_XIN || x->evictions[tuple] == 2) {
		x->failed = true;
		return;
	}
	x->evictions[tuple]++;
	if (x->tuples[tuple].across_call)
		find_destroyed(x, &ev);
	for (ev.block = 0; ev.block < x->fn->blocks.len; ev.block++) {
		struct nfp_block *blk = &x->fn->blocks.at[ev.block];

		ev.loaded = false;
		for (i = 0; i < blk->insns.len; i++) {
			nfp_visit_opnds(&blk->insns.at[i], replace_uses, &ev);
			ev.loaded |= fills(&blk->insns.at[i], tuple);
		}
	}
	for (ev.block = 0; ev.block < x->fn->blocks.len; ev.block++)
		copies_behind(x, &ev, ev.block);
	x->evicted = true;
}

/* ---- numbers ---- */

static bool overlap(const struct tuple *a, const struct tuple *b)
{
	return a->first <= b->last && b->first <= a->last;
}

static int place(const struct xfer *x, const struct tuple *const *placed, size_t n_placed,
		 const struct tuple *t)
{
	const struct nfp_vreg *v = &x->fn->vregs.at[t->reg];
	uint32_t busy = 0, want = v->words == 32 ? UINT32_MAX : (1u << v->words) - 1;
	unsigned at;
	size_t i;

	for (i = 0; i < n_placed; i++) {
		const struct nfp_vreg *p = &x->fn->vregs.at[placed[i]->reg];

		if (p->vclass == v->vclass && overlap(placed[i], t))
			busy |= (p->words == 32 ? UINT32_MAX : (1u << p->words) - 1) << p->phys;
	}
	for (at = 0; at + v->words <= NFP_ABI_XFERS; at++)
		if (!(busy & want << at))
			return (int)at;
	return -1;
}

static int by_start(const void *pa, const void *pb)
{
	const struct tuple *a = *(const struct tuple *const *)pa;
	const struct tuple *b = *(const struct tuple *const *)pb;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a->reg < b->reg ? -1 : 1;
}

/* Longest range of those in the way: its words cost the least copies for the room it frees. */
static uint32_t victim(const struct xfer *x, const struct tuple *const *placed, size_t n,
		       const struct tuple *t)
{
	const struct tuple *best = t;
	size_t i;

	for (i = 0; i < n; i++)
		if (x->fn->vregs.at[placed[i]->reg].vclass == NFP_V_XIN && overlap(placed[i], t) &&
		    placed[i]->last - placed[i]->first > best->last - best->first)
			best = placed[i];
	return best->reg;
}

static void number_tuples(struct xfer *x)
{
	size_t n = 0, i, n_regs = x->fn->vregs.len;
	const struct tuple **order = ARENA_ARRAY(x->cx->scratch, const struct tuple *, n_regs + 1);

	for (i = 0; i < n_regs; i++)
		if (x->tuples[i].first != UINT32_MAX)
			order[n++] = &x->tuples[i];
	qsort(order, n, sizeof(*order), by_start);
	for (i = 0; i < n; i++) {
		int at = place(x, order, i, order[i]);

		if (at < 0) {
			evict(x, victim(x, order, i, order[i]));
			return;
		}
		x->fn->vregs.at[order[i]->reg].phys = (int8_t)at;
	}
}

bool nfp_assign_xfer(struct nfp_func *fn, struct cx *cx)
{
	struct xfer x = { .fn = fn, .cx = cx };
	size_t i, n = fn->vregs.len;

	x.evictions = ARENA_ARRAY(cx->scratch, uint8_t, n);
	do {
		x.evicted = false;
		find_ranges(&x);
		for (i = 0; i < n && !x.evicted; i++)
			if (x.tuples[i].across_call)
				evict(&x, (uint32_t)i);
		if (!x.evicted)
			number_tuples(&x);
	} while (x.evicted && !x.failed);
	if (x.failed)
		return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_TRANSFER_REGISTERS);
	return true;
}
