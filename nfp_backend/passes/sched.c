/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/firmware/calling_convention.h"
#include "nfp_backend/mir/mir_ops.h"
#include "nfp_backend/passes.h"

/* Fills the slots behind branches and waiting commands with instructions from before them, which
 * would otherwise run while nothing does behind the branch (nfp.md 2.18).
 * Needs: PHYS. Leaves: PHYS with `defer` counts; the number of words stays.
 *
 * Deferred instructions always run, and before whatever stands at the target. So one may move
 * behind the transfer if it depends on nothing that it passes, and if the transfer itself does
 * not read its result. */

/* Resources that an instruction reads or writes, as bits. Local memory: LM0 words, LM1 words, and one bit
 * for LM2 and LM3, which may point to words of LM0 as well. */
struct effects {
	nfp_regset gpr_read, gpr_write;
	uint32_t xin_read, xin_write, xout_read, xout_write;
	uint64_t lm_read, lm_write;
	bool cc_read, cc_write;
};

enum { LM1_SHIFT = 16, LM_OTHER_BIT = 32, ENTRY_SLOTS = 2 };

struct collect {
	struct effects *e;
	const struct nfp_mi *mi;
};

static uint64_t lm_bits(const struct nfp_opnd *o)
{
	if (o->post || o->reg > 1)
		return UINT64_C(0xffff) | UINT64_C(1) << LM_OTHER_BIT;
	return UINT64_C(1) << (o->sub + (o->reg ? LM1_SHIFT : 0));
}

static uint32_t xfer_bits(const struct collect *c, const struct nfp_opnd *o)
{
	uint32_t n = c->mi->op == NFP_M_CMD && o == &c->mi->cmd.xfer ? nfp_cmd_words(c->mi) : 1;

	return (n >= 32 ? UINT32_MAX : (1u << n) - 1) << o->reg;
}

static void collect_opnd(struct nfp_opnd *o, bool is_def, void *priv)
{
	struct collect *c = priv;
	struct effects *e = c->e;

	switch (o->kind) {
	case NFP_O_GPR: *(is_def ? &e->gpr_write : &e->gpr_read) |= nfp_gpr_set(o); break;
	case NFP_O_XIN: *(is_def ? &e->xin_write : &e->xin_read) |= xfer_bits(c, o); break;
	case NFP_O_XOUT: *(is_def ? &e->xout_write : &e->xout_read) |= xfer_bits(c, o); break;
	case NFP_O_LM: *(is_def ? &e->lm_write : &e->lm_read) |= lm_bits(o); break;
	default: break;
	}
}

static void add_effects(struct effects *e, const struct nfp_mi *mi)
{
	struct nfp_mi copy = *mi;
	struct collect c = { .e = e, .mi = &copy };

	nfp_visit_opnds(&copy, collect_opnd, &c);
	e->cc_read |= nfp_reads_cc(mi);
	e->cc_write |= mi->sets_cc;
}

/* Must `x` stay before what has the effects `y`? */
static bool depends(const struct effects *x, const struct effects *y)
{
	return (x->gpr_write & (y->gpr_read | y->gpr_write)) || (x->gpr_read & y->gpr_write) ||
	       (x->xin_write & (y->xin_read | y->xin_write)) || (x->xin_read & y->xin_write) ||
	       (x->xout_write & (y->xout_read | y->xout_write)) || (x->xout_read & y->xout_write) ||
	       (x->lm_write & (y->lm_read | y->lm_write)) || (x->lm_read & y->lm_write) ||
	       (x->cc_write && (y->cc_read || y->cc_write)) || (x->cc_read && y->cc_write);
}

/* ---- what may move ---- */

static unsigned slots_of(const struct nfp_mi *mi)
{
	if (nfp_op_is(mi, NFP_OF_COND))
		return 3;
	if (nfp_op_is(mi, NFP_OF_END) || (mi->op == NFP_M_CMD && mi->cmd.swap))
		return 2;
	return 0;
}

static bool far_pointer(const struct nfp_opnd *o)
{
	return o->kind == NFP_O_LM && (o->reg > 1 || o->post);
}

static bool is_movable(const struct nfp_mi *mi)
{
	switch (mi->op) {
	case NFP_M_ALU:
	case NFP_M_SHF:
	case NFP_M_DSHF:
	case NFP_M_LDF:
	case NFP_M_IMMED:
	case NFP_M_RETADDR:
	case NFP_M_MAPID: break;
	default: return false;
	}
	return !mi->glue && !far_pointer(&mi->dst) && !far_pointer(&mi->a) && !far_pointer(&mi->b);
}

/* Is the instruction one of those that keep a pointer's use away from its write? */
static bool covers_pointer_write(const struct nfp_block *b, size_t i)
{
	size_t back;

	for (back = 1; back <= NFP_ABI_LM_SLOTS && back <= i; back++)
		if (b->insns.at[i - back].op == NFP_M_CSRWR)
			return true;
	return false;
}

/* `fixed`: that many instructions at the start of the block stay there. */
static bool may_move(const struct nfp_block *b, size_t i, size_t fixed)
{
	return i >= fixed && is_movable(&b->insns.at[i]) && !(i && b->insns.at[i - 1].glue) &&
	       !covers_pointer_write(b, i);
}

/* ---- the first instructions of the program, which must not use LM0 (nfp.md 4.4) ---- */

static bool names_lm0(const struct nfp_mi *mi)
{
	const struct nfp_opnd *o[] = { &mi->dst, &mi->a, &mi->b };
	size_t i;

	for (i = 0; i < 3; i++)
		if (o[i]->kind == NFP_O_LM && o[i]->reg == 0)
			return true;
	return false;
}

/* Index of an instruction behind `at` that can come before it; 0: none. */
static size_t find_early(const struct nfp_block *b, size_t at)
{
	struct effects between = { 0 };
	size_t i;

	for (i = at; i < b->insns.len && !slots_of(&b->insns.at[i]); i++) {
		struct effects e = { 0 };

		add_effects(&e, &b->insns.at[i]);
		if (i > at && may_move(b, i, 0) && !names_lm0(&b->insns.at[i]) &&
		    !depends(&e, &between))
			return i;
		add_effects(&between, &b->insns.at[i]);
	}
	return 0;
}

/* Brings something useful before the first use of LM0; the result is how many instructions must
 * stay where they are for its sake. */
static size_t delay_lm0(struct nfp_block *b)
{
	bool wanted = false;
	size_t at, i;

	for (at = 0; at < ENTRY_SLOTS && at < b->insns.len; at++) {
		struct nfp_mi early;

		if (!names_lm0(&b->insns.at[at]))
			continue;
		i = find_early(b, at);
		if (!i)
			break;
		early = b->insns.at[i];
		memmove(&b->insns.at[at + 1], &b->insns.at[at], (i - at) * sizeof(early));
		b->insns.at[at] = early;
	}
	for (i = 0; i < b->insns.len && i < 4 * ENTRY_SLOTS; i++)
		wanted |= names_lm0(&b->insns.at[i]);
	return wanted ? ENTRY_SLOTS : 0;
}

/* ---- filling ---- */

/* The transfer's own effects: out registers are fetched after the slots (nfp.md 3.3). */
static struct effects transfer_effects(const struct nfp_mi *mi)
{
	struct effects e = { 0 };

	add_effects(&e, mi);
	e.xout_read = 0;
	return e;
}

/* Moves instructions of [floor, at) behind the transfer `at`. */
static void fill_slots(struct nfp_block *b, size_t floor, size_t at, size_t fixed)
{
	struct nfp_mi *insns = b->insns.at, transfer = insns[at], moved[3];
	unsigned max = slots_of(&transfer), n = 0, i;
	struct effects stay = transfer_effects(&transfer);
	size_t j, to = at;

	if (transfer.glue || (at && insns[at - 1].glue && transfer.op != NFP_M_CMD))
		return;
	/* upwards: remaining instructions are shifted down, moved ones are taken out */
	for (j = at; j-- > floor && n < max;) {
		struct effects e = { 0 };

		add_effects(&e, &insns[j]);
		if (may_move(b, j, fixed) && !depends(&e, &stay)) {
			moved[n++] = insns[j];
			memmove(&insns[j], &insns[j + 1], (to - 1 - j) * sizeof(*insns));
			to--;
		} else {
			add_effects(&stay, &insns[j]);
		}
	}
	transfer.defer = (uint8_t)n;
	insns[to] = transfer;
	for (i = 0; i < n; i++)
		insns[to + 1 + i] = moved[n - 1 - i];
}

bool nfp_schedule(struct nfp_func *fn, struct cx *cx)
{
	uint32_t b;
	size_t i, floor;

	(void)cx;
	for (b = 0; b < fn->blocks.len; b++) {
		struct nfp_block *blk = &fn->blocks.at[b];
		size_t fixed = b ? 0 : delay_lm0(blk);

		for (i = floor = 0; i < blk->insns.len; i++) {
			if (!slots_of(&blk->insns.at[i]))
				continue;
			fill_slots(blk, floor, i, fixed);
			floor = i + 1;
		}
	}
	return true;
}
