/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/mir/mir_ops.h"
#include "nfp_backend/passes.h"

/* Removes stores of arguments that are already in place: a lookup, and the update after
 * a miss, usually have the same key.
 * Needs: SSA after abi, where only argument copies write key and value slots. Leaves: SSA.
 *
 * Forward data flow: the content of each word of these slots at the end of each block, as an operand
 * (register or constant); a join keeps only contents that are equal on all edges. A fact about a register
 * ends where the register is defined (the next round of a loop). */

struct reuse {
	struct nfp_func *fn;
	uint32_t *first_word; /* by slot: index of its words in a state; UINT32_MAX: not tracked */
	uint32_t n_words;
	struct nfp_opnd *out; /* by block and word; kind NONE: unknown */
	bool *visited;        /* by block */
	struct nfp_opnd *now;
};

static void number_words(struct reuse *r, struct cx *cx)
{
	size_t i;

	r->first_word = ARENA_ARRAY(cx->scratch, uint32_t, r->fn->slots.len + 1);
	for (i = 0; i < r->fn->slots.len; i++) {
		const struct nfp_slot *s = &r->fn->slots.at[i];

		r->first_word[i] = UINT32_MAX;
		if (s->kind != NFP_SLOT_KEY && s->kind != NFP_SLOT_VALUE)
			continue;
		r->first_word[i] = r->n_words;
		r->n_words += s->words;
	}
}

static struct nfp_opnd *fact_of(struct reuse *r, const struct nfp_opnd *o)
{
	if (o->kind != NFP_O_SLOT || r->first_word[o->reg] == UINT32_MAX)
		return NULL;
	return &r->now[r->first_word[o->reg] + o->sub];
}

static bool names_value(const struct nfp_opnd *o)
{
	return o->kind == NFP_O_IMM || o->kind == NFP_O_VREG || o->kind == NFP_O_XIN;
}

static void forget_defined(struct nfp_opnd *o, bool is_def, void *priv)
{
	struct reuse *r = priv;
	struct nfp_opnd *fact = fact_of(r, o);
	uint32_t w;

	if (!is_def)
		return;
	if (fact)
		*fact = nfp_none();
	if (o->kind != NFP_O_VREG && o->kind != NFP_O_XIN)
		return;
	for (w = 0; w < r->n_words; w++)
		if (r->now[w].kind == o->kind && r->now[w].reg == o->reg)
			r->now[w] = nfp_none();
}

/* Brings the state behind the instruction; true if it stores what is there already. */
static bool step(struct reuse *r, struct nfp_mi *mi)
{
	struct nfp_opnd *fact = fact_of(r, &mi->dst), stored = nfp_none();

	if (fact && mi->op == NFP_M_COPY && names_value(&mi->b))
		stored = mi->b;
	if (fact && mi->op == NFP_M_CONST)
		stored = nfp_imm(nfp_mi_const(mi));
	if (stored.kind == NFP_O_NONE) {
		nfp_visit_opnds(mi, forget_defined, r);
		return false;
	}
	if (!mi->glue && !mi->sets_cc && nfp_opnd_equal(fact, &stored))
		return true;
	*fact = stored;
	return false;
}

static void meet(struct reuse *r, uint32_t b)
{
	const struct nfp_block *blk = &r->fn->blocks.at[b];
	bool any = false;
	uint32_t p, w;

	for (p = 0; p < blk->n_preds; p++) {
		const struct nfp_opnd *out = &r->out[blk->preds[p] * r->n_words];

		if (!r->visited[blk->preds[p]])
			continue;
		for (w = 0; w < r->n_words; w++)
			if (!any)
				r->now[w] = out[w];
			else if (!nfp_opnd_equal(&r->now[w], &out[w]))
				r->now[w] = nfp_none();
		any = true;
	}
	if (!any)
		memset(r->now, 0, r->n_words * sizeof(*r->now));
}

/* A block may be left in the middle: its result is what holds from its start to its end. */
static void keep_common(struct reuse *r, struct nfp_opnd *common)
{
	uint32_t w;

	for (w = 0; w < r->n_words; w++)
		if (!nfp_opnd_equal(&common[w], &r->now[w]))
			common[w] = nfp_none();
}

static bool flow_block(struct reuse *r, struct cx *cx, uint32_t b)
{
	struct nfp_block *blk = &r->fn->blocks.at[b];
	struct nfp_opnd *common = NULL, *out = &r->out[b * r->n_words];
	size_t size = r->n_words * sizeof(*out), i;
	bool changed;

	meet(r, b);
	for (i = 0; i < blk->insns.len; i++) {
		(void)step(r, &blk->insns.at[i]);
		if (!nfp_op_is(&blk->insns.at[i], NFP_OF_SUCC))
			continue;
		if (common)
			keep_common(r, common);
		else
			common = arena_dup(cx->scratch, r->now, size);
	}
	if (!common)
		common = r->now;
	changed = !r->visited[b] || memcmp(out, common, size) != 0;
	memcpy(out, common, size);
	r->visited[b] = true;
	return changed;
}

static void drop_stores(struct reuse *r, uint32_t b)
{
	struct nfp_block *blk = &r->fn->blocks.at[b];
	size_t i, n = 0;

	meet(r, b);
	for (i = 0; i < blk->insns.len; i++)
		if (!step(r, &blk->insns.at[i]))
			blk->insns.at[n++] = blk->insns.at[i];
	blk->insns.len = n;
}

bool nfp_reuse_arguments(struct nfp_func *fn, struct cx *cx)
{
	struct reuse r = { .fn = fn };
	bool changed;
	uint32_t b;

	number_words(&r, cx);
	if (!r.n_words)
		return true;
	nfp_cfg_build(fn, cx);
	r.now = ARENA_ARRAY(cx->scratch, struct nfp_opnd, r.n_words);
	r.out = ARENA_ARRAY(cx->scratch, struct nfp_opnd, fn->blocks.len * r.n_words);
	r.visited = ARENA_ARRAY(cx->scratch, bool, fn->blocks.len);
	do {
		changed = false;
		for (b = 0; b < fn->blocks.len; b++)
			changed |= flow_block(&r, cx, b);
	} while (changed);
	for (b = 0; b < fn->blocks.len; b++)
		drop_stores(&r, b);
	return nfp_dead_code(fn, cx);
}
