/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/passes/ssa.h"

/* Tests whose outcome is known on the way in: a block of PHIs, at most one test, and branches;
 * from a predecessor that brings a constant the outcome is known, so it goes where the branches
 * would lead. Typical: `if (bpf_xdp_adjust_head(...))`, whose result is 0 or -22 by the way
 * taken. */

struct thread {
	struct nfp_ssa *s;
	uint32_t b, from;
	bool n, z, c, v, known; /* condition codes */
};

static size_t count_phis(const struct nfp_block *b)
{
	size_t n = 0;

	while (n < b->insns.len && b->insns.at[n].op == NFP_M_PHI)
		n++;
	return n;
}

/* Only PHIs, tests without result and branches? */
static bool has_form(const struct nfp_block *b)
{
	size_t i;

	for (i = count_phis(b); i + 1 < b->insns.len; i++) {
		const struct nfp_mi *mi = &b->insns.at[i];
		bool test = mi->op == NFP_M_ALU && mi->dst.kind == NFP_O_NONE && mi->sets_cc &&
			    !mi->glue;

		if (!test && !nfp_op_is(mi, NFP_OF_COND))
			return false;
	}
	return count_phis(b) && i + 1 == b->insns.len && b->insns.at[i].op == NFP_M_BR;
}

/* Does a branch before instruction `at` lead where that one leads? */
static bool leads_there_already(const struct nfp_block *b, size_t at)
{
	for (size_t i = count_phis(b); i < at; i++)
		if (nfp_op_is(&b->insns.at[i], NFP_OF_SUCC) &&
		    b->insns.at[i].target[0] == b->insns.at[at].target[0])
			return true;
	return false;
}

/* Reads of `reg`, a PHI of block b, by b itself and, on the way from b, by PHIs of its successors. */
static uint32_t reads_inside(const struct nfp_ssa *s, uint32_t b, uint32_t reg)
{
	struct nfp_block *blk = &s->fn->blocks.at[b];
	uint32_t n = 0;

	for (size_t i = count_phis(blk); i < blk->insns.len; i++) {
		const struct nfp_mi *mi = &blk->insns.at[i];
		const struct nfp_block *to;

		n += nfp_is_vreg(&mi->a, reg) + nfp_is_vreg(&mi->b, reg);
		if (!nfp_op_is(mi, NFP_OF_SUCC) || leads_there_already(blk, i))
			continue;
		to = &s->fn->blocks.at[mi->target[0]];
		for (size_t k = 0; k < count_phis(to); k++) {
			const struct nfp_opnd *o = nfp_phi_operand(&to->insns.at[k], b);

			n += o && nfp_is_vreg(o, reg);
		}
	}
	return n;
}

/* Are the block's PHIs read in it and by PHIs of its successors only? */
static bool is_private(const struct nfp_ssa *s, uint32_t b)
{
	const struct nfp_block *blk = &s->fn->blocks.at[b];

	for (size_t p = 0; p < count_phis(blk); p++) {
		uint32_t reg = blk->insns.at[p].dst.reg;

		if (s->regs[reg].updated || reads_inside(s, b, reg) < s->regs[reg].n_uses)
			return false;
	}
	return true;
}

/* ---- evaluation on the way from one predecessor ---- */

static bool value_of(const struct thread *t, const struct nfp_opnd *o, uint32_t *value)
{
	struct nfp_block *blk = &t->s->fn->blocks.at[t->b];
	size_t i;

	for (i = 0; i < count_phis(blk); i++)
		if (o->kind == NFP_O_VREG && nfp_is_vreg(&blk->insns.at[i].dst, o->reg)) {
			const struct nfp_opnd *in = nfp_phi_operand(&blk->insns.at[i], t->from);

			return in && nfp_ssa_const(t->s, in, value);
		}
	*value = 0;
	return o->kind == NFP_O_NONE || nfp_ssa_const(t->s, o, value);
}

static void set_cc(struct thread *t, uint32_t a, uint32_t b, unsigned carry, uint32_t *r)
{
	uint64_t wide = (uint64_t)a + b + carry;

	*r = (uint32_t)wide;
	t->c = wide >> 32 != 0;
	t->v = ((a ^ *r) & (b ^ *r)) >> 31 != 0;
}

static void eval_test(struct thread *t, const struct nfp_mi *mi)
{
	uint32_t a, b, r = 0;

	t->known = value_of(t, &mi->a, &a) && value_of(t, &mi->b, &b);
	if (!t->known)
		return;
	t->c = t->v = false;
	switch (mi->alu) {
	case NFP_ALU_B: r = b; break;
	case NFP_ALU_OR: r = a | b; break;
	case NFP_ALU_AND: r = a & b; break;
	case NFP_ALU_XOR: r = a ^ b; break;
	case NFP_ALU_ADD: set_cc(t, a, b, 0, &r); break;
	case NFP_ALU_SUB: set_cc(t, a, ~b, 1, &r); break;
	default: t->known = false; break;
	}
	t->n = r >> 31;
	t->z = !r;
}

static bool eval_cc(const struct thread *t, unsigned cc)
{
	switch (cc) {
	case NFP_CC_EQ: return t->z;
	case NFP_CC_NE: return !t->z;
	case NFP_CC_MI: return t->n;
	case NFP_CC_PL: return !t->n;
	case NFP_CC_HS: return t->c;
	case NFP_CC_LO: return !t->c;
	case NFP_CC_VS: return t->v;
	case NFP_CC_VC: return !t->v;
	case NFP_CC_GE: return t->n == t->v;
	case NFP_CC_LT: return t->n != t->v;
	case NFP_CC_LE: return t->z || t->n != t->v;
	default: return !t->z && t->n == t->v;
	}
}

/* Is the branch taken? False with *known false: depends on more. */
static bool eval_branch(const struct thread *t, const struct nfp_mi *mi, bool *known)
{
	uint32_t a = 0;

	*known = mi->op == NFP_M_BCC ? t->known : value_of(t, &mi->a, &a);
	if (mi->op == NFP_M_BCC)
		return eval_cc(t, mi->cc);
	if (mi->op == NFP_M_BBIT)
		return (a >> nfp_mi_bit(mi) & 1) == mi->br_set;
	return ((a >> 8 * nfp_mi_byte(mi) & 0xff) == nfp_mi_byte_value(mi)) == mi->br_set;
}

/* Where control goes when it comes from t->from; UINT32_MAX: not known. */
static uint32_t destination(struct thread *t)
{
	const struct nfp_block *blk = &t->s->fn->blocks.at[t->b];
	size_t i;
	bool known;

	for (i = count_phis(blk); i + 1 < blk->insns.len; i++) {
		const struct nfp_mi *mi = &blk->insns.at[i];

		if (mi->op == NFP_M_ALU) {
			eval_test(t, mi);
			continue;
		}
		if (eval_branch(t, mi, &known) && known)
			return mi->target[0];
		if (!known)
			return UINT32_MAX;
	}
	return blk->insns.at[i].target[0];
}

/* ---- the detour ---- */

/* Value that the block hands on in a PHI of `to`, as it is when control comes from t->from. */
static struct nfp_opnd handed_on(const struct thread *t, struct nfp_opnd val)
{
	struct nfp_block *blk = &t->s->fn->blocks.at[t->b];
	size_t i;

	for (i = 0; i < count_phis(blk); i++)
		if (val.kind == NFP_O_VREG && nfp_is_vreg(&blk->insns.at[i].dst, val.reg))
			return *nfp_phi_operand(&blk->insns.at[i], t->from);
	return val;
}

static bool detour(struct thread *t)
{
	struct nfp_func *fn = t->s->fn;
	uint32_t to = destination(t), n;
	struct nfp_block *blk;
	struct nfp_phi *list;
	size_t i;

	if (to == UINT32_MAX || to == t->b)
		return false;
	blk = &fn->blocks.at[to];
	for (i = 0; i < count_phis(blk); i++)
		if (nfp_phi_operand(&blk->insns.at[i], t->from))
			return false; /* it goes there already, with values of its own */
	for (i = 0; i < count_phis(blk); i++) {
		struct nfp_mi *phi = &blk->insns.at[i];
		struct nfp_opnd val = handed_on(t, *nfp_phi_operand(phi, t->b));

		n = phi->n_phi;
		list = ARENA_ARRAY(t->s->cx->arena, struct nfp_phi, n + 1);
		memcpy(list, phi->phi, n * sizeof(*list));
		list[n] = (struct nfp_phi){ t->from, val };
		phi->phi = list;
		phi->n_phi = n + 1;
	}
	nfp_drop_phi_operand(fn, t->b, t->from);
	nfp_retarget(fn, t->from, t->b, to);
	return true;
}

bool nfp_fold_branches(struct nfp_ssa *s)
{
	bool changed = false;
	uint32_t b;

	for (b = 0; b < s->fn->blocks.len; b++) {
		struct nfp_block *blk = &s->fn->blocks.at[b];
		uint32_t k = 0;

		if (!has_form(blk) || !is_private(s, b))
			continue;
		while (k < blk->insns.at[0].n_phi) {
			struct thread t = { .s = s, .b = b, .from = blk->insns.at[0].phi[k].block };

			if (detour(&t))
				changed = true;
			else
				k++;
		}
	}
	return changed;
}
