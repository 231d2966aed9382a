/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/mir.h"

#include "nfp_backend/mir/mir_ops.h"

#include <assert.h>

/* Construction of machine IR, its control-flow graph, and the one place that knows which operands
 * an instruction reads and writes. */

uint32_t nfp_new_vreg(struct nfp_func *fn, struct cx *cx, enum nfp_vclass vclass, unsigned words)
{
	assert(words >= 1 && words <= 32);
	assert((vclass != NFP_V_GPR || words == 1) && "a GPR is one word");
	*vec_push(&fn->vregs, cx->arena) = (struct nfp_vreg){
		.vclass = (uint8_t)vclass,
		.words = (uint8_t)words,
		.phys = -1,
		.slot = -1,
	};
	return (uint32_t)fn->vregs.len - 1;
}

uint32_t nfp_new_block(struct nfp_func *fn, struct cx *cx)
{
	/* passes shorten vectors, so the room behind their end need not be zeroed */
	*vec_push(&fn->blocks, cx->arena) = (struct nfp_block){ .freq = 1 };
	return (uint32_t)fn->blocks.len - 1;
}

uint32_t nfp_new_slot(struct nfp_func *fn, struct cx *cx, enum nfp_slot_kind kind, uint32_t words)
{
	*vec_push(&fn->slots, cx->arena) = (struct nfp_slot){
		.kind = (uint8_t)kind,
		.words = words,
		.offset = -1,
	};
	return (uint32_t)fn->slots.len - 1;
}

struct nfp_mi *nfp_append(struct nfp_func *fn, struct cx *cx, uint32_t block, enum nfp_mir_op op)
{
	struct nfp_mi *mi = vec_push(&fn->blocks.at[block].insns, cx->arena);

	assert(block < fn->blocks.len && op < NFP_M_COUNT);
	*mi = (struct nfp_mi){ .op = (uint8_t)op, .bpf_pc = -1 };
	return mi;
}

/* ---- control-flow graph ---- */

/* Calls out(arg, target) for each edge that leaves block `b`; the same target may come twice. */
static void each_succ(const struct nfp_func *fn, uint32_t b,
		      void (*out)(void *arg, uint32_t from, uint32_t to), void *arg)
{
	const struct nfp_block *blk = &fn->blocks.at[b];
	size_t i;

	for (i = 0; i < blk->insns.len; i++)
		if (nfp_op_is(&blk->insns.at[i], NFP_OF_SUCC))
			out(arg, b, blk->insns.at[i].target[0]);
	if (nfp_block_end(blk) == blk->insns.len && b + 1 < fn->blocks.len)
		out(arg, b, b + 1);
}

struct cfg_edges {
	struct nfp_func *fn;
	uint32_t *last_from; /* block that was last recorded as predecessor, + 1 */
	bool fill;
};

static void count_or_fill(void *arg, uint32_t from, uint32_t to)
{
	struct cfg_edges *e = arg;
	struct nfp_block *s = &e->fn->blocks.at[from], *t = &e->fn->blocks.at[to];

	assert(to < e->fn->blocks.len && "a branch out of the function");
	if (e->last_from[to] == from + 1)
		return; /* a second branch to the same block */
	e->last_from[to] = from + 1;
	if (e->fill) {
		s->succs[s->n_succs] = to;
		t->preds[t->n_preds] = from;
	}
	s->n_succs++;
	t->n_preds++;
}

static void walk_edges(struct cfg_edges *e)
{
	uint32_t b;

	memset(e->last_from, 0, e->fn->blocks.len * sizeof(*e->last_from));
	for (b = 0; b < e->fn->blocks.len; b++) {
		e->fn->blocks.at[b].n_preds = 0;
		e->fn->blocks.at[b].n_succs = 0;
	}
	for (b = 0; b < e->fn->blocks.len; b++)
		each_succ(e->fn, b, count_or_fill, e);
}

void nfp_cfg_build(struct nfp_func *fn, struct cx *cx)
{
	struct cfg_edges e = { .fn = fn };
	uint32_t b;

	e.last_from = ARENA_ARRAY(cx->scratch, uint32_t, fn->blocks.len);
	walk_edges(&e);
	for (b = 0; b < fn->blocks.len; b++) {
		struct nfp_block *blk = &fn->blocks.at[b];

		blk->preds = ARENA_ARRAY(cx->arena, uint32_t, blk->n_preds);
		blk->succs = ARENA_ARRAY(cx->arena, uint32_t, blk->n_succs);
	}
	e.fill = true;
	walk_edges(&e);
}

/* ---- operands ---- */

static void visit(struct nfp_opnd *o, bool is_def, nfp_opnd_visitor *fn, void *priv)
{
	assert(o->kind <= NFP_O_IMM);
	if (o->kind != NFP_O_NONE && o->kind != NFP_O_IMM)
		fn(o, is_def, priv);
}

static void visit_call(struct nfp_call *c, nfp_opnd_visitor *fn, void *priv)
{
	uint32_t i;

	for (i = 0; i < c->n_key; i++)
		visit(&c->key[i], false, fn, priv);
	for (i = 0; i < c->n_value; i++)
		visit(&c->value[i], false, fn, priv);
	for (i = 0; i < 2; i++) {
		visit(&c->flags[i], false, fn, priv);
		visit(&c->ptr[i], false, fn, priv);
	}
	visit(&c->size, false, fn, priv);
}

/* Uses come before definitions; an update's destination comes as both. */
void nfp_visit_opnds(struct nfp_mi *mi, nfp_opnd_visitor *fn, void *priv)
{
	const struct nfp_mir_op_info *info = nfp_op_info(mi);
	uint32_t i;

	if (info->a)
		visit(&mi->a, false, fn, priv);
	if (info->b)
		visit(&mi->b, false, fn, priv);
	if (info->fields & NFP_FIELD_CALL)
		visit_call(&mi->call, fn, priv);
	if (info->fields & NFP_FIELD_PHI)
		for (i = 0; i < mi->n_phi; i++)
			visit(&mi->phi[i].val, false, fn, priv);
	if (info->fields & NFP_FIELD_CMD)
		visit(&mi->cmd.xfer, nfp_mem_op_reads(mi->cmd.mem), fn, priv);
	if (!info->dst)
		return;
	if (nfp_is_update(mi))
		visit(&mi->dst, false, fn, priv);
	visit(&mi->dst, true, fn, priv);
	if (info->fields & NFP_FIELD_DST2)
		visit(&mi->dst2, true, fn, priv);
}
