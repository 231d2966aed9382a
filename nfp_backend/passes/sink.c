/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/passes/frame.h"
#include "nfp_backend/mir/mir_ops.h"
#include "nfp_backend/passes.h"

/* Writes results directly to their destination: if a register is only read by one copy to local memory, to a
 * transfer register or to a helper's argument register, the instructions that
 * define and update it write there instead.
 * Needs: VREG. Leaves: VREG.
 *
 * The write moves up to that instruction, so no instruction between may access the destination. Branches
 * between are allowed, except for stack slots: key and value areas are rewritten before each
 * call, and a transfer tuple belongs to one block. */

struct sink {
	struct nfp_func *fn;
	uint32_t *n_defs, *n_uses; /* by register */
};

static void count(struct nfp_opnd *o, bool is_def, void *priv)
{
	struct sink *s = priv;

	if (o->kind == NFP_O_VREG)
		(is_def ? s->n_defs : s->n_uses)[o->reg]++;
}

static bool is_candidate(const struct sink *s, const struct nfp_block *b, size_t i)
{
	const struct nfp_mi *mi = &b->insns.at[i];

	return mi->op == NFP_M_COPY && mi->b.kind == NFP_O_VREG && !mi->sets_cc && !mi->glue &&
	       !(i && b->insns.at[i - 1].glue) &&
	       (mi->dst.kind == NFP_O_SLOT || mi->dst.kind == NFP_O_XOUT ||
		mi->dst.kind == NFP_O_GPR) &&
	       s->n_defs[mi->b.reg] == s->n_uses[mi->b.reg];
}

/* Can the instruction write `dst`? */
static bool can_write(const struct nfp_func *fn, const struct nfp_mi *mi,
		      const struct nfp_opnd *dst)
{
	bool lm = dst->kind == NFP_O_SLOT;

	switch (mi->op) {
	case NFP_M_LDF: /* source and destination are both operand fields */
		if ((lm && nfp_is_lm(&mi->b)) ||
		    (dst->kind == NFP_O_XOUT && (mi->b.kind == NFP_O_XIN || nfp_is_update(mi))))
			return false;
		break;
	case NFP_M_IMMED:
		if (dst->kind == NFP_O_XOUT)
			return false;
		break;
	case NFP_M_CONST:
		if (dst->kind == NFP_O_XOUT && !nfp_const_is_short(nfp_mi_const(mi)))
			return false;
		break;
	case NFP_M_ALU:
	case NFP_M_SHF:
	case NFP_M_DSHF:
	case NFP_M_ASR:
	case NFP_M_MUL:
	case NFP_M_COPY: break;
	case NFP_M_SLOT_ADDR: return dst->kind == NFP_O_GPR;
	default: return false;
	}
	return !lm || nfp_lm_operand_fits(fn, mi, dst);
}

struct clash {
	const struct nfp_opnd *place;
	bool found;
};

static void find_clash(struct nfp_opnd *o, bool is_def, void *priv)
{
	struct clash *c = priv;

	if (o->kind == c->place->kind && o->reg == c->place->reg)
		c->found |= o->sub == c->place->sub || (o->kind == NFP_O_XOUT && !is_def);
	if (o->kind == NFP_O_LM && o->reg > 1 && c->place->kind == NFP_O_SLOT)
		c->found = true;
}

/* Is there something at `mi` that the early write would disturb? */
static bool stands_in_way(const struct nfp_func *fn, struct nfp_mi *mi,
			  const struct nfp_opnd *place)
{
	struct clash c = { .place = place };

	if (place->kind == NFP_O_SLOT && fn->slots.at[place->reg].kind == NFP_SLOT_STACK &&
	    nfp_op_is(mi, NFP_OF_SUCC))
		return true;
	nfp_visit_opnds(mi, find_clash, &c);
	return c.found;
}

/* Index of the instruction that defines the source of the copy `i`, if it and all updates between can
 * write there; SIZE_MAX: no. Each of them is a definition, and except the first also a read. */
static size_t find_maker(const struct sink *s, struct nfp_block *b, size_t i)
{
	const struct nfp_mi *copy = &b->insns.at[i];
	uint32_t left = s->n_defs[copy->b.reg];
	size_t k;

	for (k = i; k-- > 0;) {
		struct nfp_mi *mi = &b->insns.at[k];

		if (nfp_is_vreg(&mi->dst, copy->b.reg)) {
			if (!can_write(s->fn, mi, &copy->dst) || !left--)
				return SIZE_MAX;
			if (!nfp_is_update(mi))
				return left ? SIZE_MAX : k;
		} else if (stands_in_way(s->fn, mi, &copy->dst)) {
			return SIZE_MAX;
		}
	}
	return SIZE_MAX;
}

static void redirect(struct nfp_block *b, size_t maker, size_t copy)
{
	struct nfp_mi *c = &b->insns.at[copy];
	uint32_t reg = c->b.reg;
	size_t k;

	for (k = maker; k < copy; k++)
		if (nfp_is_vreg(&b->insns.at[k].dst, reg))
			b->insns.at[k].dst = c->dst;
	/* the copy no longer names the place */
	c->dst = c->b = nfp_none();
}

static void sink_block(const struct sink *s, struct cx *cx, struct nfp_block *blk)
{
	bool *gone = ARENA_ARRAY(cx->scratch, bool, blk->insns.len + 1);
	size_t i, n = 0;

	for (i = 0; i < blk->insns.len; i++) {
		size_t maker = is_candidate(s, blk, i) ? find_maker(s, blk, i) : SIZE_MAX;

		gone[i] = maker != SIZE_MAX;
		if (gone[i])
			redirect(blk, maker, i);
	}
	for (i = 0; i < blk->insns.len; i++)
		if (!gone[i])
			blk->insns.at[n++] = blk->insns.at[i];
	blk->insns.len = n;
}

bool nfp_sink(struct nfp_func *fn, struct cx *cx)
{
	struct sink s = { .fn = fn };
	uint32_t b;
	size_t i;

	nfp_place_near_slots(fn);
	s.n_defs = ARENA_ARRAY(cx->scratch, uint32_t, fn->vregs.len + 1);
	s.n_uses = ARENA_ARRAY(cx->scratch, uint32_t, fn->vregs.len + 1);
	for (b = 0; b < fn->blocks.len; b++)
		for (i = 0; i < fn->blocks.at[b].insns.len; i++)
			nfp_visit_opnds(&fn->blocks.at[b].insns.at[i], count, &s);
	for (b = 0; b < fn->blocks.len; b++)
		sink_block(&s, cx, &fn->blocks.at[b]);
	return true;
}
