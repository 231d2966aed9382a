/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/passes/interfere.h"

#include <assert.h>

/* Interference graph as adjacency lists plus a hash set of pairs: graphs are sparse (few registers
 * are live at once), so memory grows with the number of edges, not with its square. */

static uint64_t pair_key(uint32_t a, uint32_t b)
{
	/* + 1 keeps 0 for "empty" */
	return a < b ? ((uint64_t)a << 32 | b) + 1 : ((uint64_t)b << 32 | a) + 1;
}

static size_t slot_of(const struct nfp_interference *ig, uint64_t key)
{
	size_t i = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (ig->cap_pairs - 1);

	while (ig->pairs[i] && ig->pairs[i] != key)
		i = (i + 1) & (ig->cap_pairs - 1);
	return i;
}

static void grow(struct nfp_interference *ig)
{
	uint64_t *old = ig->pairs;
	size_t n = ig->cap_pairs, i;

	ig->cap_pairs = n ? n * 2 : 1024;
	ig->pairs = ARENA_ARRAY(ig->cx->scratch, uint64_t, ig->cap_pairs);
	for (i = 0; i < n; i++)
		if (old[i])
			ig->pairs[slot_of(ig, old[i])] = old[i];
}

bool nfp_interferes(const struct nfp_interference *ig, uint32_t a, uint32_t b)
{
	assert(a < ig->n && b < ig->n);
	return ig->cap_pairs && ig->pairs[slot_of(ig, pair_key(a, b))] != 0;
}

void nfp_interference_add(struct nfp_interference *ig, uint32_t a, uint32_t b)
{
	size_t i;

	assert(a < ig->n && b < ig->n);
	assert(ig->n_pairs <= ig->cap_pairs);
	if (a == b)
		return;
	if (ig->n_pairs * 2 >= ig->cap_pairs)
		grow(ig);
	i = slot_of(ig, pair_key(a, b));
	if (ig->pairs[i])
		return;
	ig->pairs[i] = pair_key(a, b);
	ig->n_pairs++;
	*vec_push(&ig->nodes[a].adj, ig->cx->scratch) = b;
	*vec_push(&ig->nodes[b].adj, ig->cx->scratch) = a;
}

/* ---- building ---- */

struct build {
	const struct nfp_func *fn;
	struct nfp_interference *ig;
	struct nfp_liveness live;
	uint32_t *set;   /* live virtual registers */
	nfp_regset regs; /* live hardware registers */
	const struct nfp_mi *mi;
	uint32_t freq;
};

static bool is_gpr(const struct build *b, uint32_t reg)
{
	return b->fn->vregs.at[reg].vclass == NFP_V_GPR;
}

/* Calls for every live GPR virtual register. */
static void each_live(struct build *b, void (*fn)(struct build *b, uint32_t reg, uint64_t arg),
		      uint64_t arg)
{
	uint32_t w, bits;

	for (w = 0; w < b->live.words; w++)
		for (bits = b->set[w]; bits; bits &= bits - 1) {
			uint32_t reg = w * 32 + (uint32_t)__builtin_ctz(bits);

			if (is_gpr(b, reg))
				fn(b, reg, arg);
		}
}

static void add_length(struct build *b, uint32_t reg, uint64_t arg)
{
	(void)arg;
	b->ig->nodes[reg].length++;
}

static void add_edge(struct build *b, uint32_t reg, uint64_t def)
{
	bool copied = b->mi->op == NFP_M_COPY && nfp_is_vreg(&b->mi->b, reg);

	if (!copied)
		nfp_interference_add(b->ig, (uint32_t)def, reg);
}

static void add_fixed(struct build *b, uint32_t reg, uint64_t regs)
{
	bool copied = b->mi->op == NFP_M_COPY && nfp_is_vreg(&b->mi->b, reg);

	if (!copied)
		b->ig->nodes[reg].fixed |= regs;
}

static void visit_defs(struct nfp_opnd *o, bool is_def, void *priv)
{
	struct build *b = priv;

	if (!is_def)
		return;
	if (o->kind == NFP_O_VREG) {
		bool from_fixed = b->mi->op == NFP_M_COPY && b->mi->b.kind == NFP_O_GPR;
		nfp_regset own = from_fixed ? nfp_gpr_set(&b->mi->b) : 0;

		each_live(b, add_edge, o->reg);
		b->ig->nodes[o->reg].fixed |= b->regs & ~own;
	}
	if (o->kind == NFP_O_GPR) {
		each_live(b, add_fixed, nfp_gpr_set(o));
		b->regs &= ~nfp_gpr_set(o);
	}
}

static void visit_uses(struct nfp_opnd *o, bool is_def, void *priv)
{
	struct build *b = priv;

	if (o->kind == NFP_O_VREG) {
		b->ig->nodes[o->reg].used = true;
		b->ig->nodes[o->reg].weight += b->freq;
	}
	if (!is_def && o->kind == NFP_O_GPR && !(o->bank == NFP_BANK_A && o->reg == NFP_ABI_STACK))
		b->regs |= nfp_gpr_set(o);
}

static void build_insn(struct build *b, uint32_t block, const struct nfp_mi *mi)
{
	struct nfp_mi copy = *mi;

	b->mi = &copy;
	/* registers live into the target are live here as well, in addition to those of later edges */
	if (nfp_op_is(mi, NFP_OF_SUCC))
		nfp_live_edge(b->fn, &b->live, block, mi->target[0], b->set);
	if (mi->op == NFP_M_BRHELPER) {
		each_live(b, add_fixed, nfp_helper_clobbers(mi->helper));
		b->regs = 0;
	}
	if (mi->op == NFP_M_BRDONE)
		b->regs = UINT64_C(1); /* the firmware reads A0 */
	nfp_visit_opnds(&copy, visit_defs, b);
	nfp_visit_opnds(&copy, visit_uses, b);
	nfp_live_step(b->fn, &b->live, block, mi, b->set);
	each_live(b, add_length, 0);
}

void nfp_interference_build(const struct nfp_func *fn, struct cx *cx, struct nfp_interference *ig)
{
	struct build b = { .fn = fn, .ig = ig };
	uint32_t blk;
	size_t i;

	*ig = (struct nfp_interference){ .cx = cx, .n = fn->vregs.len };
	ig->nodes = ARENA_ARRAY(cx->scratch, struct nfp_node, fn->vregs.len + 1);
	nfp_liveness(fn, cx, &b.live);
	b.set = ARENA_ARRAY(cx->scratch, uint32_t, b.live.words);
	for (blk = 0; blk < fn->blocks.len; blk++) {
		const struct nfp_block *block = &fn->blocks.at[blk];

		b.freq = block->freq ? block->freq : 1;
		b.regs = 0;
		nfp_live_at_end(fn, &b.live, blk, b.set);
		for (i = block->insns.len; i-- > 0;)
			build_insn(&b, blk, &block->insns.at[i]);
		assert((block->helper_return || !(b.regs & ~UINT64_C(1))) &&
		       "fixed registers do not live across blocks");
	}
}

/* ---- renumbering ---- */

struct compact {
	uint32_t *index; /* new number + 1; 0: unused */
	struct nfp_vreg *vregs;
	uint32_t n;
	const struct nfp_func *fn;
};

static void renumber(struct nfp_opnd *o, bool is_def, void *priv)
{
	struct compact *c = priv;

	(void)is_def;
	if (o->kind != NFP_O_VREG && o->kind != NFP_O_XIN && o->kind != NFP_O_XOUT)
		return;
	if (!c->index[o->reg]) {
		c->vregs[c->n] = c->fn->vregs.at[o->reg];
		c->index[o->reg] = ++c->n;
	}
	o->reg = c->index[o->reg] - 1;
}

/* nfp_visit_opnds() shows an update's destination twice: each operand is renumbered once. */
static void renumber_insn(struct nfp_mi *mi, struct compact *c)
{
	struct nfp_opnd dst = mi->dst;

	mi->dst = nfp_none();
	nfp_visit_opnds(mi, renumber, c);
	mi->dst = dst;
	renumber(&mi->dst, true, c);
}

void nfp_compact_vregs(struct nfp_func *fn, struct cx *cx)
{
	struct compact c = { .fn = fn };
	uint32_t b;
	size_t i;

	c.index = ARENA_ARRAY(cx->scratch, uint32_t, fn->vregs.len + 1);
	c.vregs = ARENA_ARRAY(cx->arena, struct nfp_vreg, fn->vregs.len + 1);
	for (b = 0; b < fn->blocks.len; b++)
		for (i = 0; i < fn->blocks.at[b].insns.len; i++)
			renumber_insn(&fn->blocks.at[b].insns.at[i], &c);
	fn->vregs.at = c.vregs;
	fn->vregs.len = c.n;
	fn->vregs.cap = fn->vregs.len;
}
