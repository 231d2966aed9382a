/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/passes/frame.h"
#include "nfp_backend/passes/regalloc.h"

#include <assert.h>

/* Moves spilled registers to the frame.
 *
 * The unit is a glued group (mostly one instruction), as nothing may come inside. In a group, a
 * spilled register is named as local memory where it stands if every operand of the group can do
 * that; else a new register takes its place in the group, loaded before and stored behind. A
 * register that holds one constant is not stored: the constant is made again. */

struct spill {
	struct nfp_func *fn;
	struct cx *cx;
	const struct nfp_spills *s;
	struct nfp_edit e;
	uint32_t *slot;                 /* by vreg: slot + 1 */
	const struct nfp_mi **constant; /* by vreg: its only definition, if that is a CONST */
	uint32_t *n_defs;
};

/* ---- slots and constants ---- */

static void count_defs(struct nfp_opnd *o, bool is_def, void *priv)
{
	struct spill *sp = priv;

	if (is_def && o->kind == NFP_O_VREG)
		sp->n_defs[o->reg]++;
}

static void find_constants(struct spill *sp)
{
	uint32_t b;
	size_t i;

	for (b = 0; b < sp->fn->blocks.len; b++)
		for (i = 0; i < sp->fn->blocks.at[b].insns.len; i++) {
			struct nfp_mi *mi = &sp->fn->blocks.at[b].insns.at[i];

			nfp_visit_opnds(mi, count_defs, sp);
			if (mi->op == NFP_M_CONST && mi->dst.kind == NFP_O_VREG &&
			    mi->dst.reg < sp->s->n && !mi->glue && (!i || !mi[-1].glue))
				sp->constant[mi->dst.reg] = mi;
		}
	for (i = 0; i < sp->s->n; i++)
		if (sp->n_defs[i] != 1)
			sp->constant[i] = NULL;
}

/* A slot whose registers never live at the same time as `v`; else a new one. */
static void assign_slot(struct spill *sp, uint32_t v)
{
	uint32_t slot, u;

	for (slot = 0; slot < sp->fn->slots.len; slot++) {
		bool clash = sp->fn->slots.at[slot].kind != NFP_SLOT_SPILL;
		bool ours = false;

		for (u = 0; u < sp->s->n && !clash; u++) {
			if (sp->slot[u] != slot + 1)
				continue;
			ours = true;
			clash = nfp_interferes(sp->s->ig, u, v);
		}
		if (!clash && ours)
			break;
	}
	if (slot == sp->fn->slots.len) {
		slot = nfp_new_slot(sp->fn, sp->cx, NFP_SLOT_SPILL, 1);
		nfp_place_spill_slot(sp->fn, slot);
	}
	sp->slot[v] = slot + 1;
}

/* ---- one group ---- */

struct group {
	struct spill *sp;
	struct nfp_mi *insns;
	size_t n;
	uint32_t reg;  /* the spilled register being replaced */
	uint32_t temp; /* replacement + 1 */
	bool used_first, defined, seen;
};

static bool is_spilled(const struct spill *sp, const struct nfp_opnd *o)
{
	return o->kind == NFP_O_VREG && o->reg < sp->s->n && sp->s->spilled[o->reg];
}

static bool is_other_lm(const struct nfp_opnd *o, uint32_t reg)
{
	return nfp_is_lm(o) && !nfp_is_vreg(o, reg);
}

/* A command takes local memory in field A: the other part must be a constant or of bank B. */
static bool command_allows(const struct group *g, const struct nfp_opnd *other)
{
	return other->kind == NFP_O_IMM ||
	       (other->kind == NFP_O_VREG && (g->sp->fn->vregs.at[other->reg].bank & NFP_BANK_B));
}

/* May every operand of `mi` that names the register name its slot instead? */
static bool takes_slot(const struct group *g, const struct nfp_mi *mi, const struct nfp_opnd *slot)
{
	bool a = nfp_is_vreg(&mi->a, g->reg), b = nfp_is_vreg(&mi->b, g->reg);
	bool dst = nfp_is_vreg(&mi->dst, g->reg);
	bool shares_fields =
		mi->op == NFP_M_LDF; /* destination and source are both operand fields */

	if (!a && !b && !dst)
		return true;
	if (mi->op == NFP_M_COPY) /* also for far slots; two far sides would need a register */
		return nfp_slot_is_near(g->sp->fn, slot) && !(b && nfp_is_lm(&mi->dst)) &&
		       !(dst && nfp_is_lm(&mi->b));
	if (!nfp_lm_operand_fits(g->sp->fn, mi, slot) || (a && b))
		return false;
	if ((a && is_other_lm(&mi->b, g->reg)) || (b && is_other_lm(&mi->a, g->reg)))
		return false;
	if (shares_fields && ((dst && (b || nfp_is_lm(&mi->b))) || (b && nfp_is_lm(&mi->dst))))
		return false;
	if (mi->op == NFP_M_CMD)
		return command_allows(g, a ? &mi->b : &mi->a);
	return mi->op != NFP_M_SLOT_ADDR || mi->b.kind == NFP_O_SLOT;
}

static void note(struct nfp_opnd *o, bool is_def, void *priv)
{
	struct group *g = priv;

	if (!nfp_is_vreg(o, g->reg))
		return;
	if (!g->seen && !is_def)
		g->used_first = true;
	g->seen = true;
	g->defined |= is_def;
}

static void replace(struct nfp_opnd *o, bool is_def, void *priv)
{
	struct group *g = priv;

	(void)is_def;
	if (nfp_is_vreg(o, g->reg))
		*o = g->temp ? nfp_vreg(g->temp - 1) : nfp_slot(g->sp->slot[g->reg] - 1, 0);
}

static void load(struct group *g, uint32_t reg)
{
	const struct nfp_mi *c = g->sp->constant[g->reg];

	if (c)
		nfp_edit_const(&g->sp->e, nfp_vreg(reg), nfp_mi_const(c));
	else
		nfp_edit_copy(&g->sp->e, nfp_vreg(reg), nfp_slot(g->sp->slot[g->reg] - 1, 0));
}

/* Replaces the register in the group; true if it must be stored behind. */
static bool replace_one(struct group *g, struct nfp_opnd *stored)
{
	struct spill *sp = g->sp;
	struct nfp_opnd slot = nfp_none();
	bool direct = !sp->constant[g->reg];
	size_t i;

	if (direct && !sp->slot[g->reg])
		assign_slot(sp, g->reg);
	if (direct)
		slot = nfp_slot(sp->slot[g->reg] - 1, 0);
	for (i = 0; i < g->n; i++) {
		direct = direct && takes_slot(g, &g->insns[i], &slot);
		nfp_visit_opnds(&g->insns[i], note, g);
	}
	if (!direct) {
		g->temp = nfp_new_vreg(sp->fn, sp->cx, NFP_V_GPR, 1) + 1;
		sp->fn->vregs.at[g->temp - 1].bank = sp->fn->vregs.at[g->reg].bank;
		if (g->used_first)
			load(g, g->temp - 1);
	}
	for (i = 0; i < g->n; i++)
		nfp_visit_opnds(&g->insns[i], replace, g);
	*stored = slot;
	return !direct && g->defined;
}

struct find_spilled {
	const struct spill *sp;
	uint32_t reg; /* first spilled register met, + 1 */
};

static void find_spilled(struct nfp_opnd *o, bool is_def, void *priv)
{
	struct find_spilled *f = priv;

	(void)is_def;
	if (!f->reg && is_spilled(f->sp, o))
		f->reg = o->reg + 1;
}

/* The definition of a constant that is made again at each use is not needed. */
static bool is_dropped(const struct spill *sp, const struct nfp_mi *mi)
{
	return mi->op == NFP_M_CONST && is_spilled(sp, &mi->dst) && sp->constant[mi->dst.reg];
}

static void rewrite_group(struct spill *sp, struct nfp_mi *insns, size_t n)
{
	VEC(struct nfp_mi) stores = { 0 };
	size_t i;

	sp->e.bpf_pc = insns[0].bpf_pc;
	if (n == 1 && is_dropped(sp, &insns[0]))
		return;
	for (;;) {
		struct find_spilled f = { .sp = sp };
		struct group g = { .sp = sp, .insns = insns, .n = n };
		struct nfp_opnd slot;

		for (i = 0; i < n; i++)
			nfp_visit_opnds(&insns[i], find_spilled, &f);
		if (!f.reg)
			break;
		g.reg = f.reg - 1;
		if (replace_one(&g, &slot)) {
			struct nfp_mi *st = vec_push(&stores, sp->cx->scratch);

			st->op = NFP_M_COPY;
			st->bpf_pc = insns[0].bpf_pc;
			st->dst = slot;
			st->b = nfp_vreg(g.temp - 1);
		}
	}
	for (i = 0; i < n; i++)
		nfp_edit_keep(&sp->e, &insns[i]);
	for (i = 0; i < stores.len; i++)
		nfp_edit_keep(&sp->e, &stores.at[i]);
}

static size_t group_length(const struct nfp_block *b, size_t i)
{
	size_t n = 1;

	while (b->insns.at[i + n - 1].glue)
		n++;
	return n;
}

void nfp_insert_spills(struct nfp_func *fn, struct cx *cx, const struct nfp_spills *s)
{
	struct spill sp = { .fn = fn, .cx = cx, .s = s };
	uint32_t b;
	size_t i, n;

	sp.slot = ARENA_ARRAY(cx->scratch, uint32_t, s->n + 1);
	sp.constant = ARENA_ARRAY(cx->scratch, const struct nfp_mi *, s->n + 1);
	sp.n_defs = ARENA_ARRAY(cx->scratch, uint32_t, s->n + 1);
	find_constants(&sp);
	for (b = 0; b < fn->blocks.len; b++) {
		struct nfp_block blk = fn->blocks.at[b];

		nfp_edit_begin(&sp.e, fn, cx);
		for (i = 0; i < blk.insns.len; i += n) {
			n = group_length(&blk, i);
			rewrite_group(&sp, &blk.insns.at[i], n);
		}
		nfp_edit_commit(&sp.e, b);
	}
}
