/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/mir/liveness.h"

#include <assert.h>

/* PHIs become copies on the edges that lead to them.
 * Needs: SSA without CALL and EXIT. Leaves: VREG.
 *
 * The copies of an edge are one parallel assignment, written as a sequence. Their place:
 *   - the block's last branch: before it, because no other edge follows;
 *   - a conditional branch: also before it, if they are few and the registers that they overwrite are dead if it
 *     is not taken (they may later fill its defer slots);
 *   - else in a separate block on the edge. */

enum { MAX_COPIES_BEFORE_COND = 3 };

struct move {
	struct nfp_opnd dst, src;
};

struct phis {
	struct nfp_func *fn;
	struct cx *cx;
	struct nfp_liveness live;
	VEC(struct move) moves;
	size_t n_blocks; /* without those made for edges */
};

/* ---- parallel assignment as a sequence ---- */

static bool is_pending_src(const struct phis *p, const struct nfp_opnd *reg, size_t except)
{
	size_t i;

	for (i = 0; i < p->moves.len; i++)
		if (i != except && nfp_opnd_equal(&p->moves.at[i].src, reg))
			return true;
	return false;
}

static void drop_move(struct phis *p, size_t i)
{
	p->moves.at[i] = p->moves.at[--p->moves.len];
}

static void emit_move(struct nfp_edit *e, const struct move *m)
{
	if (m->src.kind == NFP_O_IMM && m->src.imm > 255)
		nfp_edit_const(e, m->dst, m->src.imm);
	else
		nfp_edit_copy(e, m->dst, m->src);
}

/* Writes a register that no other move still reads; when only cycles are left, one of them is
 * broken through a new register. */
static void sequence(struct phis *p, struct nfp_edit *e)
{
	while (p->moves.len) {
		size_t i;

		for (i = 0; i < p->moves.len; i++)
			if (!is_pending_src(p, &p->moves.at[i].dst, i))
				break;
		if (i < p->moves.len) {
			emit_move(e, &p->moves.at[i]);
			drop_move(p, i);
		} else {
			struct nfp_opnd tmp = nfp_vreg(nfp_new_vreg(p->fn, p->cx, NFP_V_GPR, 1));

			nfp_edit_copy(e, tmp, p->moves.at[0].src);
			p->moves.at[0].src = tmp;
		}
	}
}

static void collect(struct phis *p, uint32_t from, uint32_t to)
{
	const struct nfp_block *t = &p->fn->blocks.at[to];
	size_t i;
	uint32_t k;

	p->moves.len = 0;
	for (i = 0; i < t->insns.len && t->insns.at[i].op == NFP_M_PHI; i++)
		for (k = 0; k < t->insns.at[i].n_phi; k++) {
			const struct nfp_phi *phi = &t->insns.at[i].phi[k];

			if (phi->block != from || nfp_opnd_equal(&phi->val, &t->insns.at[i].dst))
				continue;
			*vec_push(&p->moves, p->cx->scratch) =
				(struct move){ .dst = t->insns.at[i].dst, .src = phi->val };
		}
}

/* ---- where the copies go ---- */

static void live_after(const struct phis *p, uint32_t b, size_t at, uint32_t *set)
{
	const struct nfp_block *blk = &p->fn->blocks.at[b];
	size_t i;

	nfp_live_at_end(p->fn, &p->live, b, set);
	for (i = blk->insns.len; i-- > at + 1;)
		nfp_live_step(p->fn, &p->live, b, &blk->insns.at[i], set);
}

/* May the copies stand before the conditional branch `at`, and so run on both ways? */
static bool harmless_before(const struct phis *p, uint32_t b, size_t at)
{
	const struct nfp_mi *br = &p->fn->blocks.at[b].insns.at[at];
	uint32_t *set = ARENA_ARRAY(p->cx->scratch, uint32_t, p->live.words);
	size_t i;

	if (p->moves.len > MAX_COPIES_BEFORE_COND ||
	    (at && p->fn->blocks.at[b].insns.at[at - 1].glue))
		return false;
	live_after(p, b, at, set);
	for (i = 0; i < p->moves.len; i++) {
		uint32_t reg = p->moves.at[i].dst.reg;

		if (nfp_set_has(set, reg) || nfp_is_vreg(&br->a, reg))
			return false;
	}
	return true;
}

static uint32_t edge_block(struct phis *p, uint32_t from, uint32_t to)
{
	uint32_t b = nfp_new_block(p->fn, p->cx);
	uint32_t freq = p->fn->blocks.at[from].freq / 2;
	struct nfp_edit e;

	p->fn->blocks.at[b].freq = freq ? freq : 1;
	nfp_edit_begin(&e, p->fn, p->cx);
	sequence(p, &e);
	nfp_edit_new(&e, NFP_M_BR)->target[0] = to;
	nfp_edit_commit(&e, b);
	return b;
}

static void copies_for_block(struct phis *p, uint32_t b)
{
	struct nfp_block *blk = &p->fn->blocks.at[b];
	size_t i, n = blk->insns.len;
	struct nfp_mi *old = blk->insns.at;
	struct nfp_edit e;

	nfp_edit_begin(&e, p->fn, p->cx);
	for (i = 0; i < n; i++) {
		struct nfp_mi mi = old[i];

		if (nfp_op_is(&mi, NFP_OF_SUCC)) {
			collect(p, b, mi.target[0]);
			e.bpf_pc = mi.bpf_pc;
			if (p->moves.len &&
			    (nfp_op_is(&mi, NFP_OF_END) || harmless_before(p, b, i)))
				sequence(p, &e);
			else if (p->moves.len)
				mi.target[0] = edge_block(p, b, mi.target[0]);
		}
		nfp_edit_keep(&e, &mi);
	}
	nfp_edit_commit(&e, b);
}

static void drop_phis(struct nfp_block *b)
{
	size_t n = 0;

	while (n < b->insns.len && b->insns.at[n].op == NFP_M_PHI)
		n++;
	b->insns.at += n;
	b->insns.len -= n;
	b->insns.cap -= n;
}

bool nfp_remove_phis(struct nfp_func *fn, struct cx *cx)
{
	struct phis p = { .fn = fn, .cx = cx, .n_blocks = fn->blocks.len };
	uint32_t b;

	nfp_liveness(fn, cx, &p.live);
	for (b = 0; b < p.n_blocks; b++)
		copies_for_block(&p, b);
	for (b = 0; b < p.n_blocks; b++)
		drop_phis(&fn->blocks.at[b]);
	fn->stage = NFP_STAGE_VREG;
	return true;
}
