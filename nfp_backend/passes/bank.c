/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/passes/frame.h"
#include "nfp_backend/mir/liveness.h"

#include <assert.h>

/* Gives every GPR virtual register a bank: A, B or both (docs/banks.md).
 * Needs: VREG, legal operands. Leaves: BANKED; no instruction is added.
 *
 * An instruction reads at most one register of each bank, so two register sources must differ in
 * bank: an edge between them. With A and B as colours this is two-colouring; union-find with
 * parity does it. An edge that would close an odd cycle is "bad": one of its ends is put into both
 * banks, which costs no instruction (gpr_wrboth), only room. Components are then turned A or B
 * so that both banks are filled alike. */

struct edge {
	uint32_t u, v;
};

struct bank {
	struct nfp_func *fn;
	struct cx *cx;
	VEC(struct edge) edges;
	uint32_t *parent; /* union-find over registers and, as the last node, "bank A" */
	bool *odd;        /* other bank than the parent's */
	bool *both;
	uint32_t *bad;  /* number of bad edges at a register */
	uint32_t *uses; /* instructions during which it is live */
	uint32_t root_a;
};

/* ---- constraints ---- */

static void want_different(struct bank *k, uint32_t u, uint32_t v)
{
	*vec_push(&k->edges, k->cx->scratch) = (struct edge){ u, v };
}

/* Two sources of one instruction. */
static void add_pair(struct bank *k, const struct nfp_opnd *a, const struct nfp_opnd *b)
{
	if (a->kind == NFP_O_GPR && b->kind == NFP_O_VREG) {
		const struct nfp_opnd *t = a;

		a = b;
		b = t;
	}
	if (a->kind != NFP_O_VREG)
		return;
	if (b->kind == NFP_O_VREG && a->reg == b->reg)
		k->both[a->reg] = true;
	else if (b->kind == NFP_O_VREG)
		want_different(k, a->reg, b->reg);
	else if (b->kind == NFP_O_GPR && b->bank == NFP_BANK_A)
		want_different(k, a->reg, k->root_a);
	else if (b->kind == NFP_O_GPR && b->bank == NFP_BANK_B)
		k->both[a->reg] = true; /* does not come up: B registers are written only */
}

/* A command reads transfer registers and local memory through field A, so the other part of the
 * address is of bank B (nfp.md 3.1). */
static void add_command(struct bank *k, const struct nfp_mi *mi)
{
	const struct nfp_opnd *a = &mi->a, *b = &mi->b;

	if (a->kind == NFP_O_VREG && (b->kind == NFP_O_XIN || nfp_is_lm(b)))
		want_different(k, a->reg, k->root_a);
	if (b->kind == NFP_O_VREG && (a->kind == NFP_O_XIN || nfp_is_lm(a)))
		want_different(k, b->reg, k->root_a);
}

static void add_insn(struct bank *k, const struct nfp_mi *mi)
{
	if (mi->op == NFP_M_CMD)
		add_command(k, mi);
	if (mi->op == NFP_M_LDF)
		add_pair(k, &mi->dst, &mi->b);
	else
		add_pair(k, &mi->a, &mi->b);
}

/* ---- union-find with parity ---- */

static uint32_t find(struct bank *k, uint32_t v, bool *odd)
{
	uint32_t root, next;
	bool left;

	*odd = false;
	for (root = v; k->parent[root] != root; root = k->parent[root])
		*odd ^= k->odd[root];
	for (left = *odd; k->parent[v] != root && v != root; v = next) {
		bool own = k->odd[v];

		next = k->parent[v];
		k->parent[v] = root;
		k->odd[v] = left;
		left ^= own;
	}
	return root;
}

/* False: the edge closes an odd cycle. */
static bool join_different(struct bank *k, uint32_t u, uint32_t v)
{
	bool odd_u, odd_v;
	uint32_t ru = find(k, u, &odd_u), rv = find(k, v, &odd_v);

	if (ru == rv)
		return odd_u != odd_v;
	if (rv == k->root_a) { /* keep "bank A" a root */
		rv = ru;
		ru = k->root_a;
	}
	k->parent[rv] = ru;
	k->odd[rv] = odd_u == odd_v;
	return true;
}

static void reset(struct bank *k)
{
	uint32_t i;

	for (i = 0; i <= k->root_a; i++) {
		k->parent[i] = i;
		k->odd[i] = false;
		k->bad[i] = 0;
	}
}

static bool is_open(const struct bank *k, const struct edge *e)
{
	return !k->both[e->u] && !k->both[e->v];
}

/* Joins all edges between registers of one bank; true when none is bad. Else one register is
 * put into both banks: the one with most bad edges, of those the shortest-lived. */
static bool try_colour(struct bank *k)
{
	uint32_t i, best = UINT32_MAX;
	size_t e;

	reset(k);
	for (e = 0; e < k->edges.len; e++) {
		const struct edge *x = &k->edges.at[e];

		if (!is_open(k, x) || join_different(k, x->u, x->v))
			continue;
		k->bad[x->u]++;
		k->bad[x->v]++;
	}
	for (i = 0; i < k->root_a; i++) {
		if (!k->bad[i])
			continue;
		if (best == UINT32_MAX || k->bad[i] > k->bad[best] ||
		    (k->bad[i] == k->bad[best] && k->uses[i] < k->uses[best]))
			best = i;
	}
	if (best != UINT32_MAX)
		k->both[best] = true;
	return best == UINT32_MAX;
}

/* ---- result ---- */

static void find_lengths(struct bank *k)
{
	struct nfp_liveness live;
	uint32_t *set, b, w, bits;
	size_t i;

	nfp_liveness(k->fn, k->cx, &live);
	set = ARENA_ARRAY(k->cx->scratch, uint32_t, live.words);
	for (b = 0; b < k->fn->blocks.len; b++) {
		const struct nfp_block *blk = &k->fn->blocks.at[b];

		nfp_live_at_end(k->fn, &live, b, set);
		for (i = blk->insns.len; i-- > 0;) {
			nfp_live_step(k->fn, &live, b, &blk->insns.at[i], set);
			for (w = 0; w < live.words; w++)
				for (bits = set[w]; bits; bits &= bits - 1)
					k->uses[w * 32 + (uint32_t)__builtin_ctz(bits)]++;
		}
	}
}

/* Turns each component so that the emptier bank gets its heavier side. */
static void write_banks(struct bank *k)
{
	int64_t *weight = ARENA_ARRAY(k->cx->scratch, int64_t, k->root_a + 1); /* even - odd side */
	bool *turned = ARENA_ARRAY(k->cx->scratch, bool, k->root_a + 1);       /* even side in B */
	int64_t balance;                                                       /* A - B */
	uint32_t i, root;
	bool odd;

	for (i = 0; i < k->root_a; i++) {
		root = find(k, i, &odd);
		if (!k->both[i] && k->fn->vregs.at[i].vclass == NFP_V_GPR)
			weight[root] += odd ? -(int64_t)k->uses[i] - 1 : (int64_t)k->uses[i] + 1;
	}
	balance = weight[k->root_a];
	for (i = 0; i < k->root_a; i++) {
		if (k->parent[i] != i)
			continue;
		turned[i] = (balance > 0) == (weight[i] > 0);
		balance += turned[i] ? -weight[i] : weight[i];
	}
	for (i = 0; i < k->root_a; i++) {
		struct nfp_vreg *v = &k->fn->vregs.at[i];

		root = find(k, i, &odd);
		if (v->vclass != NFP_V_GPR)
			continue;
		if (k->both[i])
			v->bank = NFP_BANK_BOTH;
		else
			v->bank = turned[root] == odd ? NFP_BANK_A : NFP_BANK_B;
	}
}

bool nfp_assign_banks(struct nfp_func *fn, struct cx *cx)
{
	size_t n = fn->vregs.len + 1, i;
	struct bank k = {
		.fn = fn,
		.cx = cx,
		.parent = ARENA_ARRAY(cx->scratch, uint32_t, n),
		.odd = ARENA_ARRAY(cx->scratch, bool, n),
		.both = ARENA_ARRAY(cx->scratch, bool, n),
		.bad = ARENA_ARRAY(cx->scratch, uint32_t, n),
		.uses = ARENA_ARRAY(cx->scratch, uint32_t, n),
		.root_a = (uint32_t)fn->vregs.len,
	};
	uint32_t b;

	for (b = 0; b < fn->blocks.len; b++)
		for (i = 0; i < fn->blocks.at[b].insns.len; i++)
			add_insn(&k, &fn->blocks.at[b].insns.at[i]);
	find_lengths(&k);
	while (!try_colour(&k))
		;
	write_banks(&k);
	fn->stage = NFP_STAGE_BANKED;
	return true;
}
