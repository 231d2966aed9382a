/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/passes/ssa.h"

/* A constant that is in a register already is not made again: of two definitions of one constant
 * the one that dominates the other serves both. Should registers run short, the allocator makes
 * constants again rather than storing them (spill.c). */

#define NO_BLOCK UINT32_MAX

struct consts {
	struct nfp_ssa *s;
	uint32_t *idom;   /* by block */
	uint32_t *order;  /* reverse postorder number by block */
	uint32_t *rename; /* register to use instead, + 1 */
	VEC(struct nfp_mi *) defs;
};

/* ---- dominators (Cooper, Harvey, Kennedy) ---- */

static uint32_t postorder(struct consts *c, uint32_t b, uint32_t next, bool *seen, uint32_t *list)
{
	struct frame {
		uint32_t block, succ;
	} *stack = ARENA_ARRAY(c->s->cx->scratch, struct frame, c->s->fn->blocks.len + 1);
	size_t depth = 0;

	stack[depth++] = (struct frame){ b, 0 };
	seen[b] = true;
	while (depth) {
		struct frame *f = &stack[depth - 1];
		const struct nfp_block *blk = &c->s->fn->blocks.at[f->block];

		if (f->succ < blk->n_succs) {
			uint32_t t = blk->succs[f->succ++];

			if (!seen[t]) {
				seen[t] = true;
				stack[depth++] = (struct frame){ t, 0 };
			}
			continue;
		}
		list[next++] = f->block;
		depth--;
	}
	return next;
}

static uint32_t meet(const struct consts *c, uint32_t a, uint32_t b)
{
	while (a != b) {
		while (c->order[a] > c->order[b])
			a = c->idom[a];
		while (c->order[b] > c->order[a])
			b = c->idom[b];
	}
	return a;
}

static void find_dominators(struct consts *c)
{
	struct nfp_func *fn = c->s->fn;
	size_t n = fn->blocks.len;
	uint32_t *list = ARENA_ARRAY(c->s->cx->scratch, uint32_t, n), count, i, p;
	bool *seen = ARENA_ARRAY(c->s->cx->scratch, bool, n), changed = true;

	nfp_cfg_build(fn, c->s->cx);
	count = postorder(c, 0, 0, seen, list);
	for (i = 0; i < n; i++)
		c->idom[i] = NO_BLOCK;
	for (i = 0; i < count; i++)
		c->order[list[i]] = count - 1 - i;
	c->idom[0] = 0;
	while (changed) {
		changed = false;
		for (i = count - 1; i-- > 0;) {
			const struct nfp_block *blk = &fn->blocks.at[list[i]];
			uint32_t d = NO_BLOCK;

			for (p = 0; p < blk->n_preds; p++)
				if (c->idom[blk->preds[p]] != NO_BLOCK)
					d = d == NO_BLOCK ? blk->preds[p]
							  : meet(c, d, blk->preds[p]);
			changed |= d != c->idom[list[i]];
			c->idom[list[i]] = d;
		}
	}
}

static bool dominates(const struct consts *c, uint32_t a, uint32_t b)
{
	while (b != a && b != 0)
		b = c->idom[b];
	return a == b;
}

/* ---- constants ---- */

static bool is_shared_const(const struct nfp_ssa *s, const struct nfp_mi *mi)
{
	return mi->op == NFP_M_CONST && mi->dst.kind == NFP_O_VREG && !mi->glue &&
	       !s->regs[mi->dst.reg].updated;
}

/* Does every way out of its block pass `mi`? Conditional branches may leave a block before it. */
static bool always_runs(const struct consts *c, uint32_t block, const struct nfp_mi *mi)
{
	const struct nfp_mi *before = c->s->fn->blocks.at[block].insns.at;

	while (before < mi && !nfp_op_is(before, NFP_OF_COND))
		before++;
	return before == mi;
}

/* Does the definition `a` come before `b` on every way to b? */
static bool comes_before(const struct consts *c, const struct nfp_mi *a, const struct nfp_mi *b)
{
	uint32_t ba = c->s->regs[a->dst.reg].block, bb = c->s->regs[b->dst.reg].block;

	return ba == bb ? a < b : dominates(c, ba, bb) && always_runs(c, ba, a);
}

static void replace(struct nfp_opnd *o, bool is_def, void *priv)
{
	const struct consts *c = priv;

	if (!is_def && o->kind == NFP_O_VREG && c->rename[o->reg])
		o->reg = c->rename[o->reg] - 1;
}

static bool find_doubles(struct consts *c)
{
	bool found = false;
	size_t i, k;

	for (i = 0; i < c->defs.len; i++)
		for (k = 0; k < c->defs.len; k++) {
			struct nfp_mi *a = c->defs.at[k], *b = c->defs.at[i];

			if (i == k || nfp_mi_const(a) != nfp_mi_const(b) || c->rename[a->dst.reg] ||
			    !comes_before(c, a, b))
				continue;
			c->rename[b->dst.reg] = a->dst.reg + 1;
			found = true;
			break;
		}
	return found;
}

bool nfp_fold_consts(struct nfp_ssa *s)
{
	size_t n = s->fn->blocks.len, i;
	struct consts c = {
		.s = s,
		.idom = ARENA_ARRAY(s->cx->scratch, uint32_t, n),
		.order = ARENA_ARRAY(s->cx->scratch, uint32_t, n),
		.rename = ARENA_ARRAY(s->cx->scratch, uint32_t, s->fn->vregs.len + 1),
	};
	uint32_t b;

	find_dominators(&c);
	for (b = 0; b < n; b++)
		for (i = 0; c.idom[b] != NO_BLOCK && i < s->fn->blocks.at[b].insns.len; i++)
			if (is_shared_const(s, &s->fn->blocks.at[b].insns.at[i]))
				*vec_push(&c.defs, s->cx->scratch) =
					&s->fn->blocks.at[b].insns.at[i];
	if (!find_doubles(&c))
		return false;
	for (b = 0; b < n; b++)
		for (i = 0; i < s->fn->blocks.at[b].insns.len; i++)
			nfp_visit_opnds(&s->fn->blocks.at[b].insns.at[i], replace, &c);
	return true;
}
