/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/passes/frame.h"
#include "nfp_backend/passes.h"

/* Makes every instruction encodable, except for banks: no two sources of one kind,
 * constants and local-memory offsets in range. Other operands go through a new register.
 * Needs: VREG. Leaves: VREG; near slots have offsets, except spill slots.
 * Contract with bank.c: docs/banks.md. */

struct legal {
	struct nfp_func *fn;
	struct cx *cx;
	struct nfp_edit e;
	struct nfp_opnd store_to, store_from; /* copy wanted behind the group; kind NONE: none */
};

static struct nfp_opnd new_reg(struct legal *l)
{
	return nfp_vreg(nfp_new_vreg(l->fn, l->cx, NFP_V_GPR, 1));
}

/* Replaces a source by a register that is loaded before the group. */
static void through_reg(struct legal *l, struct nfp_opnd *o)
{
	struct nfp_opnd reg = new_reg(l);
	bool wide = o->kind == NFP_O_IMM && o->imm > 255;
	struct nfp_mi *mi = nfp_edit_new_outside_glue(&l->e, wide ? NFP_M_CONST : NFP_M_COPY);

	mi->dst = reg;
	if (wide)
		nfp_mi_set_const(mi, o->imm);
	else
		mi->b = *o;
	*o = reg;
}

static uint32_t max_imm(const struct nfp_mi *mi)
{
	return mi->op == NFP_M_CMD ? 127 : 255;
}

static bool source_fits(const struct legal *l, const struct nfp_mi *mi, const struct nfp_opnd *o)
{
	if (o->kind == NFP_O_IMM)
		return o->imm <= max_imm(mi);
	return !nfp_is_lm(o) || nfp_lm_operand_fits(l->fn, mi, o);
}

static bool same_port(const struct nfp_opnd *a, const struct nfp_opnd *b)
{
	if (nfp_is_lm(a) && nfp_is_lm(b))
		return true;
	return a->kind == b->kind && (a->kind == NFP_O_XIN || a->kind == NFP_O_IMM);
}

/* Of two sources of one kind the right one is moved: it is the one that may be shifted. */
static void fix_sources(struct legal *l, struct nfp_mi *mi)
{
	struct nfp_opnd *left = mi->op == NFP_M_LDF ? &mi->dst : &mi->a;

	if (!source_fits(l, mi, &mi->a))
		through_reg(l, &mi->a);
	if (!source_fits(l, mi, &mi->b))
		through_reg(l, &mi->b);
	if (same_port(left, &mi->b) || (left->kind == NFP_O_XOUT && mi->b.kind == NFP_O_XIN))
		through_reg(l, &mi->b);
}

static bool dst_fits(const struct legal *l, const struct nfp_mi *mi)
{
	if (mi->dst.kind == NFP_O_XOUT)
		return mi->op != NFP_M_CONST || nfp_const_is_short(nfp_mi_const(mi));
	return !nfp_is_lm(&mi->dst) || nfp_lm_operand_fits(l->fn, mi, &mi->dst);
}

/* A destination out of reach: the result goes to a register and from there behind the group. */
static void fix_dst(struct legal *l, struct nfp_mi *mi)
{
	if (dst_fits(l, mi))
		return;
	l->store_to = mi->dst;
	l->store_from = new_reg(l);
	if (nfp_is_update(mi)) {
		struct nfp_mi *load = nfp_edit_new_outside_glue(&l->e, NFP_M_COPY);

		load->dst = l->store_from;
		load->b = mi->dst;
	}
	mi->dst = l->store_from;
}

/* COPY reaches everything, but only one side may be far, and a wide constant is a CONST. */
static void fix_copy(struct legal *l, struct nfp_mi *mi)
{
	bool far_b = nfp_is_lm(&mi->b) && !nfp_lm_operand_fits(l->fn, mi, &mi->b);
	bool far_dst = nfp_is_lm(&mi->dst) && !nfp_lm_operand_fits(l->fn, mi, &mi->dst);

	if (mi->b.kind == NFP_O_IMM && mi->b.imm > 255) {
		mi->op = NFP_M_CONST;
		nfp_mi_set_const(mi, mi->b.imm);
		mi->b = nfp_none();
	} else if (far_dst && (far_b || mi->b.kind == NFP_O_IMM)) {
		through_reg(l, &mi->b);
	}
}

static void fix_insn(struct legal *l, struct nfp_mi *mi)
{
	bool grouped = mi->glue || (l->e.out.len && l->e.out.at[l->e.out.len - 1].glue);

	l->store_to = nfp_none();
	if (mi->op == NFP_M_COPY)
		fix_copy(l, mi);
	/* a far word takes code around its copy, so there is none in a group */
	if ((mi->op == NFP_M_COPY && !grouped) || mi->op == NFP_M_SLOT_ADDR)
		return;
	fix_sources(l, mi);
	fix_dst(l, mi);
}

static void fix_block(struct legal *l, uint32_t b)
{
	const struct nfp_block *blk = &l->fn->blocks.at[b];
	struct nfp_opnd to = nfp_none(), from = nfp_none();
	size_t i;

	nfp_edit_begin(&l->e, l->fn, l->cx);
	for (i = 0; i < blk->insns.len; i++) {
		struct nfp_mi mi = blk->insns.at[i];

		l->e.bpf_pc = mi.bpf_pc;
		fix_insn(l, &mi);
		if (l->store_to.kind != NFP_O_NONE) {
			to = l->store_to;
			from = l->store_from;
		}
		nfp_edit_keep(&l->e, &mi);
		if (!mi.glue && to.kind != NFP_O_NONE) {
			nfp_edit_copy(&l->e, to, from);
			to = nfp_none();
		}
	}
	nfp_edit_commit(&l->e, b);
}

bool nfp_legalize(struct nfp_func *fn, struct cx *cx)
{
	struct legal l = { .fn = fn, .cx = cx };
	uint32_t b;

	nfp_place_near_slots(fn);
	for (b = 0; b < fn->blocks.len; b++)
		fix_block(&l, b);
	return true;
}
