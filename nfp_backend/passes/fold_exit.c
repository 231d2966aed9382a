/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/firmware/calling_convention.h"
#include "nfp_backend/passes/ssa.h"

/* Ways out whose result is known on the way in: a block of PHIs that ends in EXIT is entered with a
 * constant from some predecessors; these go to an exit of that constant at once. The table code for
 * results in registers (lower_calls.c) is then often not needed at all. A predecessor that is itself only
 * PHIs takes the EXIT over, and its own predecessors are looked at in turn. */

struct exits {
	struct nfp_ssa *s;
	uint32_t by_byte[256]; /* block that leaves with it, + 1 */
};

/* Index of the PHI that decides the exit of block `b`; SIZE_MAX: the block is of another form. */
static size_t deciding_phi(const struct nfp_func *fn, uint32_t b)
{
	const struct nfp_block *blk = &fn->blocks.at[b];
	const struct nfp_mi *end = &blk->insns.at[blk->insns.len - 1];
	size_t i, found = SIZE_MAX;

	if (end->op != NFP_M_EXIT || end->const_exit || end->a.kind != NFP_O_VREG)
		return SIZE_MAX;
	for (i = 0; i + 1 < blk->insns.len; i++) {
		if (blk->insns.at[i].op != NFP_M_PHI)
			return SIZE_MAX;
		if (nfp_is_vreg(&blk->insns.at[i].dst, end->a.reg))
			found = i;
	}
	return found;
}

static uint32_t exit_block(struct exits *x, uint8_t byte, int32_t bpf_pc, uint32_t freq)
{
	struct nfp_func *fn = x->s->fn;
	uint32_t *b = &x->by_byte[byte];
	struct nfp_mi *mi;

	if (!*b) {
		*b = nfp_new_block(fn, x->s->cx) + 1;
		fn->blocks.at[*b - 1].freq = 0;
		mi = nfp_append(fn, x->s->cx, *b - 1, NFP_M_EXIT);
		mi->const_exit = true;
		nfp_mi_set_exit_byte(mi, byte);
		mi->bpf_pc = bpf_pc;
	}
	fn->blocks.at[*b - 1].freq += freq;
	return *b - 1;
}

/* Is `b` made of PHIs and a BR, and `val` one of them? */
static bool passes_on(const struct nfp_func *fn, uint32_t b, const struct nfp_opnd *val)
{
	const struct nfp_block *blk = &fn->blocks.at[b];
	bool found = false;
	size_t i;

	for (i = 0; i + 1 < blk->insns.len; i++) {
		if (blk->insns.at[i].op != NFP_M_PHI)
			return false;
		found |= val->kind == NFP_O_VREG && nfp_is_vreg(&blk->insns.at[i].dst, val->reg);
	}
	return found && blk->insns.at[i].op == NFP_M_BR;
}

/* Sends one predecessor elsewhere if its value allows; true if so. */
static bool redirect(struct exits *x, uint32_t b, struct nfp_phi in, const struct nfp_mi *exit)
{
	struct nfp_func *fn = x->s->fn;
	uint32_t value, freq = fn->blocks.at[in.block].freq;

	if (nfp_ssa_const(x->s, &in.val, &value)) {
		uint32_t to =
			exit_block(x, nfp_exit_byte(fn->prog_type, value), exit->bpf_pc, freq);

		nfp_drop_phi_operand(fn, b, in.block);
		nfp_retarget(fn, in.block, b, to);
		return true;
	}
	if (passes_on(fn, in.block, &in.val)) {
		struct nfp_block *p = &fn->blocks.at[in.block];

		nfp_drop_phi_operand(fn, b, in.block);
		p->insns.at[p->insns.len - 1] = *exit;
		p->insns.at[p->insns.len - 1].a = in.val;
		return true;
	}
	return false;
}

/* A block that is nothing but EXIT of a register: blocks that do no more than choose that
 * register and go there leave by themselves. */
static bool hand_up(struct nfp_func *fn, uint32_t b)
{
	struct nfp_mi *exit = &fn->blocks.at[b].insns.at[0];
	bool changed = false;
	uint32_t p;

	if (fn->blocks.at[b].insns.len != 1 || exit->op != NFP_M_EXIT || exit->const_exit)
		return false;
	for (p = 0; p < fn->blocks.len; p++) {
		struct nfp_block *from = &fn->blocks.at[p];
		struct nfp_mi *end = &from->insns.at[from->insns.len - 1];

		if (end->op != NFP_M_BR || end->target[0] != b || !passes_on(fn, p, &exit->a))
			continue;
		*end = *exit;
		changed = true;
	}
	return changed;
}

static bool fold_block(struct exits *x, uint32_t b)
{
	size_t phi = deciding_phi(x->s->fn, b);
	bool changed = false;
	uint32_t k = 0;

	if (phi == SIZE_MAX)
		return hand_up(x->s->fn, b);
	for (;;) {
		/* redirecting drops operands and may add blocks: fetch again */
		const struct nfp_block *blk = &x->s->fn->blocks.at[b];
		struct nfp_mi exit = blk->insns.at[blk->insns.len - 1];

		if (k >= blk->insns.at[phi].n_phi)
			return changed;
		if (redirect(x, b, blk->insns.at[phi].phi[k], &exit))
			changed = true;
		else
			k++;
	}
}

bool nfp_fold_exits(struct nfp_ssa *s)
{
	struct exits x = { .s = s };
	bool changed = false;
	uint32_t b, n = (uint32_t)s->fn->blocks.len;

	for (b = 0; b < n; b++)
		changed |= fold_block(&x, b);
	return changed;
}
