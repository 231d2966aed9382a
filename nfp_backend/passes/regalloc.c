/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/passes/regalloc.h"

#include "nfp_backend/passes/frame.h"

#include <assert.h>

/* Virtual GPRs get hardware registers by colouring the interference graph.
 * Needs: BANKED. Leaves: BANKED without virtual GPRs; slots for spilled registers; no copies from a
 * register to itself.
 *
 *  1. simplify: take away registers that have fewer neighbours than choices; if none is left, the
 *     one that is cheapest to spill
 *  2. select: in reverse order give each a free number, that of a copy's other side if possible
 *  3. spill registers without a number (spill.c), and start again
 *
 * A number is taken in one bank or, for registers of both banks, in both at once. */

struct alloc {
	struct nfp_func *fn;
	struct cx *cx;
	unsigned gprs;       /* registers in each bank that may be used */
	nfp_regset reserved; /* frame address and its scratch register */
	uint32_t first_temp; /* registers from here on were made by spilling: never spilled again */
	struct nfp_interference ig;
	uint32_t *degree;
	bool *removed, *spilled;
	VEC(uint32_t) stack;
	struct hint {
		uint32_t reg;  /* the other side of a copy, or … */
		int16_t fixed; /* … a hardware register number; -1: none */
		uint32_t next; /* index + 1 */
	} * hints;
	size_t n_hints;
	uint32_t *first_hint; /* by vreg: index + 1 */
};

static enum nfp_bank bank_of(const struct alloc *a, uint32_t v)
{
	return a->fn->vregs.at[v].bank;
}

/* Numbers (bit n) that nothing fixed takes in the banks of `v`. */
static uint32_t choices(const struct alloc *a, uint32_t v)
{
	nfp_regset taken = a->ig.nodes[v].fixed | a->reserved;
	uint32_t all = (1u << a->gprs) - 1, busy = 0;

	if (bank_of(a, v) & NFP_BANK_A)
		busy |= (uint32_t)taken;
	if (bank_of(a, v) & NFP_BANK_B)
		busy |= (uint32_t)(taken >> 32);
	return all & ~busy;
}

static bool share_bank(const struct alloc *a, uint32_t u, uint32_t v)
{
	return (bank_of(a, u) & bank_of(a, v)) != 0;
}

/* ---- hints: copies that vanish if both sides get one register ---- */

static void add_hint(struct alloc *a, uint32_t v, uint32_t other, int fixed)
{
	struct hint *h = &a->hints[a->n_hints++];

	*h = (struct hint){ .reg = other, .fixed = (int16_t)fixed, .next = a->first_hint[v] };
	a->first_hint[v] = (uint32_t)a->n_hints;
}

static void list_hints(struct alloc *a)
{
	size_t n = 0, i;
	uint32_t b;

	for (b = 0; b < a->fn->blocks.len; b++)
		n += a->fn->blocks.at[b].insns.len;
	a->hints = ARENA_ARRAY(a->cx->scratch, struct hint, 2 * n + 1);
	a->n_hints = 0;
	a->first_hint = ARENA_ARRAY(a->cx->scratch, uint32_t, a->fn->vregs.len + 1);
	for (b = 0; b < a->fn->blocks.len; b++)
		for (i = 0; i < a->fn->blocks.at[b].insns.len; i++) {
			const struct nfp_mi *mi = &a->fn->blocks.at[b].insns.at[i];
			const struct nfp_opnd *d = &mi->dst, *s = &mi->b;

			if (mi->op != NFP_M_COPY)
				continue;
			if (d->kind == NFP_O_VREG && s->kind == NFP_O_VREG) {
				add_hint(a, d->reg, s->reg, -1);
				add_hint(a, s->reg, d->reg, -1);
			} else if (d->kind == NFP_O_VREG && s->kind == NFP_O_GPR) {
				add_hint(a, d->reg, 0, (int)s->reg);
			} else if (d->kind == NFP_O_GPR && s->kind == NFP_O_VREG) {
				add_hint(a, s->reg, 0, (int)d->reg);
			}
		}
}

/* ---- 1. simplify ---- */

static void remove_node(struct alloc *a, uint32_t v)
{
	const struct nfp_node *n = &a->ig.nodes[v];
	size_t i;

	a->removed[v] = true;
	*vec_push(&a->stack, a->cx->scratch) = v;
	for (i = 0; i < n->adj.len; i++)
		if (share_bank(a, v, n->adj.at[i]))
			a->degree[n->adj.at[i]]--;
}

static bool is_easy(const struct alloc *a, uint32_t v)
{
	return a->degree[v] < (uint32_t)__builtin_popcount(choices(a, v));
}

/* Spilling short lives frees little, and temporaries of spilling must stay registers. */
static bool cheaper_to_spill(const struct alloc *a, uint32_t u, uint32_t v)
{
	const struct nfp_node *x = &a->ig.nodes[u], *y = &a->ig.nodes[v];

	if ((u >= a->first_temp) != (v >= a->first_temp))
		return u < a->first_temp;
	return x->weight * (a->degree[v] + 1) < y->weight * (a->degree[u] + 1);
}

static void simplify(struct alloc *a)
{
	uint32_t n = (uint32_t)a->fn->vregs.len, v, left = 0, worst;
	bool progress;
	size_t i;

	for (v = 0; v < n; v++) {
		a->removed[v] = !a->ig.nodes[v].used || a->fn->vregs.at[v].vclass != NFP_V_GPR;
		left += !a->removed[v];
		a->degree[v] = 0;
		for (i = 0; i < a->ig.nodes[v].adj.len; i++)
			a->degree[v] += share_bank(a, v, a->ig.nodes[v].adj.at[i]);
	}
	while (left) {
		progress = false;
		worst = UINT32_MAX;
		for (v = 0; v < n; v++) {
			if (a->removed[v])
				continue;
			if (is_easy(a, v)) {
				remove_node(a, v);
				left--;
				progress = true;
			} else if (worst == UINT32_MAX || cheaper_to_spill(a, v, worst)) {
				worst = v;
			}
		}
		if (!progress) {
			remove_node(a, worst);
			left--;
		}
	}
}

/* ---- 2. select ---- */

static uint32_t free_numbers(const struct alloc *a, uint32_t v)
{
	const struct nfp_node *n = &a->ig.nodes[v];
	uint32_t free = choices(a, v);
	size_t i;

	for (i = 0; i < n->adj.len; i++) {
		uint32_t u = n->adj.at[i];
		int8_t phys = a->fn->vregs.at[u].phys;

		if (phys >= 0 && share_bank(a, u, v))
			free &= ~(1u << phys);
	}
	return free;
}

/* Numbers that neighbours without a register yet would like for a copy from or to hardware. */
static uint32_t wanted_by_others(const struct alloc *a, uint32_t v)
{
	const struct nfp_node *n = &a->ig.nodes[v];
	uint32_t wanted = 0, h;
	size_t i;

	for (i = 0; i < n->adj.len; i++) {
		uint32_t u = n->adj.at[i];

		if (a->fn->vregs.at[u].phys >= 0 || !share_bank(a, u, v))
			continue;
		for (h = a->first_hint[u]; h; h = a->hints[h - 1].next)
			if (a->hints[h - 1].fixed >= 0)
				wanted |= 1u << a->hints[h - 1].fixed;
	}
	return wanted;
}

static int pick(const struct alloc *a, uint32_t v, uint32_t free)
{
	uint32_t h, wanted;

	for (h = a->first_hint[v]; h; h = a->hints[h - 1].next) {
		const struct hint *x = &a->hints[h - 1];
		int want = x->fixed;

		if (want < 0 && share_bank(a, v, x->reg))
			want = a->fn->vregs.at[x->reg].phys;
		if (want >= 0 && (free >> want & 1))
			return want;
	}
	/* registers of both banks from above, the others from below: less scattering; A22 last,
	 * so that the firmware's value stays in it where possible */
	if (free & ~(1u << NFP_ABI_STACK))
		free &= ~(1u << NFP_ABI_STACK);
	wanted = wanted_by_others(a, v);
	if (free & ~wanted)
		free &= ~wanted;
	if (bank_of(a, v) == NFP_BANK_BOTH)
		return 31 - __builtin_clz(free);
	return __builtin_ctz(free);
}

static bool select_numbers(struct alloc *a)
{
	bool ok = true;
	size_t i;

	for (i = a->stack.len; i-- > 0;) {
		uint32_t v = a->stack.at[i], free = free_numbers(a, v);

		if (free) {
			a->fn->vregs.at[v].phys = (int8_t)pick(a, v, free);
		} else {
			a->spilled[v] = true;
			ok = false;
		}
	}
	return ok;
}

/* ---- result ---- */

static void to_hardware(struct nfp_opnd *o, bool is_def, void *priv)
{
	const struct alloc *a = priv;
	const struct nfp_vreg *v;

	(void)is_def;
	if (o->kind != NFP_O_VREG)
		return;
	v = &a->fn->vregs.at[o->reg];
	assert(v->phys >= 0 && "register without number");
	*o = nfp_gpr(v->bank, (unsigned)v->phys);
}

/* Does the copy write only what is there already? */
static bool is_idle_copy(const struct nfp_mi *mi)
{
	return mi->op == NFP_M_COPY && !mi->sets_cc && !mi->glue && mi->dst.kind == NFP_O_GPR &&
	       mi->b.kind == NFP_O_GPR && mi->dst.reg == mi->b.reg &&
	       (mi->dst.bank & mi->b.bank) == mi->dst.bank;
}

static void rewrite(struct alloc *a)
{
	uint32_t b;
	size_t i;

	for (b = 0; b < a->fn->blocks.len; b++) {
		struct nfp_block *blk = &a->fn->blocks.at[b];
		size_t n = 0;

		for (i = 0; i < blk->insns.len; i++) {
			struct nfp_mi *mi = &blk->insns.at[i];

			nfp_visit_opnds(mi, to_hardware, a);
			if (!is_idle_copy(mi))
				blk->insns.at[n++] = *mi;
		}
		blk->insns.len = n;
	}
}

static nfp_regset reserved_regs(const struct nfp_func *fn)
{
	nfp_regset r = 0;

	if (nfp_needs_frame_address(fn))
		r |= UINT64_C(1) << NFP_ABI_STACK;
	if (nfp_has_far_slots(fn))
		r |= UINT64_C(1) << (32 + NFP_ABI_STACK);
	return r;
}

static bool colour(struct alloc *a)
{
	size_t n = a->fn->vregs.len, i;

	nfp_interference_build(a->fn, a->cx, &a->ig);
	a->reserved = reserved_regs(a->fn);
	a->degree = ARENA_ARRAY(a->cx->scratch, uint32_t, n + 1);
	a->removed = ARENA_ARRAY(a->cx->scratch, bool, n + 1);
	a->spilled = ARENA_ARRAY(a->cx->scratch, bool, n + 1);
	a->stack.len = 0;
	for (i = 0; i < n; i++)
		if (a->fn->vregs.at[i].vclass == NFP_V_GPR)
			a->fn->vregs.at[i].phys = -1;
	list_hints(a);
	simplify(a);
	return select_numbers(a);
}

static bool check_length(const struct nfp_func *fn, struct cx *cx)
{
	size_t n = 0;
	uint32_t b;

	for (b = 0; b < fn->blocks.len; b++)
		n += fn->blocks.at[b].insns.len;
	/* copies may vanish, the rest is a word or more each */
	if (fn->fw && n / 4 > fn->fw->max_len)
		return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_CODE_TOO_LONG,
				  (unsigned)n / 4, fn->fw->max_len);
	return true;
}

bool nfp_allocate_few(struct nfp_func *fn, struct cx *cx, unsigned gprs)
{
	struct alloc a = { .fn = fn, .cx = cx, .gprs = gprs };
	unsigned round;

	if (!check_length(fn, cx))
		return false;
	nfp_compact_vregs(fn, cx);
	a.first_temp = (uint32_t)fn->vregs.len;
	for (round = 0; !colour(&a); round++) {
		struct nfp_spills s = { .spilled = a.spilled, .n = fn->vregs.len, .ig = &a.ig };

		assert(round < 100 && "spilling does not come to an end");
		nfp_insert_spills(fn, cx, &s);
	}
	rewrite(&a);
	return true;
}

bool nfp_allocate(struct nfp_func *fn, struct cx *cx)
{
	return nfp_allocate_few(fn, cx, NFP_ABI_GPRS);
}
