/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/passes/ssa.h"

/* Branches with a known outcome: on a byte that is always zero, on the address
 * of the packet (never 0: bit 31 is set, nfp.md 4.5). Never taken: the branch is removed. Always
 * taken: the instructions after it are removed. */

enum outcome { UNKNOWN, NEVER, ALWAYS };

static enum outcome if_true(bool taken)
{
	return taken ? ALWAYS : NEVER;
}

static bool is_packet_address(const struct nfp_ssa *s, const struct nfp_opnd *o)
{
	const struct nfp_mi *def = nfp_ssa_def(s, o);

	if (o->kind == NFP_O_LM)
		return o->reg == 1 && o->sub == 2 && !o->post;
	return def && def->op == NFP_M_COPY && is_packet_address(s, &def->b);
}

/* The instruction that set the condition codes which instruction `at` reads. */
static const struct nfp_mi *cc_setter(const struct nfp_block *b, size_t at)
{
	while (at-- > 0)
		if (b->insns.at[at].sets_cc)
			return &b->insns.at[at];
	return NULL;
}

static enum outcome outcome_of(const struct nfp_ssa *s, const struct nfp_block *b, size_t at)
{
	const struct nfp_mi *mi = &b->insns.at[at], *set;

	switch (mi->op) {
	case NFP_M_BBYTE:
		if (nfp_byte_source(s, &mi->a, nfp_mi_byte(mi)).kind != NFP_BYTE_ZERO)
			return UNKNOWN;
		return if_true((nfp_mi_byte_value(mi) == 0) == mi->br_set);
	case NFP_M_BBIT:
		if (nfp_byte_source(s, &mi->a, nfp_mi_bit(mi) / 8).kind != NFP_BYTE_ZERO)
			return UNKNOWN;
		return if_true(!mi->br_set);
	case NFP_M_BCC:
		set = cc_setter(b, at);
		if (!set || set->op != NFP_M_ALU || set->alu != NFP_ALU_B ||
		    !is_packet_address(s, &set->b) || (mi->cc != NFP_CC_EQ && mi->cc != NFP_CC_NE))
			return UNKNOWN;
		return if_true(mi->cc == NFP_CC_NE);
	default: return UNKNOWN;
	}
}

/* The block no longer branches there, at least not from the place that is gone. */
static void lose_edge(struct nfp_func *fn, uint32_t b, uint32_t target)
{
	if (!nfp_block_leads_to(&fn->blocks.at[b], target))
		nfp_drop_phi_operand(fn, target, b);
}

static void remove_branch(struct nfp_func *fn, uint32_t b, size_t at)
{
	struct nfp_block *blk = &fn->blocks.at[b];
	uint32_t target = blk->insns.at[at].target[0];

	memmove(&blk->insns.at[at], &blk->insns.at[at + 1],
		(blk->insns.len - at - 1) * sizeof(*blk->insns.at));
	blk->insns.len--;
	lose_edge(fn, b, target);
}

static void cut_behind(struct nfp_func *fn, uint32_t b, size_t at)
{
	struct nfp_block *blk = &fn->blocks.at[b];
	size_t n = blk->insns.len, i;

	blk->insns.at[at] = (struct nfp_mi){ .op = NFP_M_BR,
					     .bpf_pc = blk->insns.at[at].bpf_pc,
					     .target = { blk->insns.at[at].target[0] } };
	blk->insns.len = at + 1;
	for (i = at + 1; i < n; i++)
		if (nfp_op_is(&blk->insns.at[i], NFP_OF_SUCC))
			lose_edge(fn, b, blk->insns.at[i].target[0]);
}

/* The first branch with a known outcome; removing it moves definitions. */
static bool fold_one(struct nfp_ssa *s)
{
	uint32_t b;
	size_t i;

	for (b = 0; b < s->fn->blocks.len; b++)
		for (i = 0; i < s->fn->blocks.at[b].insns.len; i++) {
			enum outcome o = outcome_of(s, &s->fn->blocks.at[b], i);

			if (o == UNKNOWN)
				continue;
			if (o == NEVER)
				remove_branch(s->fn, b, i);
			else
				cut_behind(s->fn, b, i);
			return true;
		}
	return false;
}

bool nfp_fold_known(struct nfp_ssa *s)
{
	bool changed = false;

	while (fold_one(s)) {
		nfp_ssa_build(s, s->fn, s->cx);
		changed = true;
	}
	return changed;
}
