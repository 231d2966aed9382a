/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/passes/ssa.h"

/* Peepholes over values in SSA.
 *
 *   copies      a register that only copies another register is replaced by that one
 *   bytes       a branch on a byte of a value that was put together by shifts and masks looks at
 *   the
 *               place the byte came from, transfer registers above all
 *   compares    of a value below 256 with a small constant become a branch on its byte
 *   tests       of a result against 0 use the condition codes of the instruction that makes it
 *
 * Each rule removes an instruction or brings one nearer to its source, so the rules come to an
 * end. */

struct fold {
	struct nfp_ssa *s;
	bool changed;
};

/* ---- copies ---- */

static bool is_plain_copy(const struct nfp_mi *mi)
{
	if (mi->op == NFP_M_PHI)
		return mi->n_phi == 1 && mi->phi[0].val.kind == NFP_O_VREG;
	return mi->op == NFP_M_COPY && !mi->sets_cc && !mi->glue && mi->b.kind == NFP_O_VREG;
}

static void forward_copy(struct nfp_opnd *o, bool is_def, void *priv)
{
	struct fold *f = priv;
	const struct nfp_mi *def = is_def ? NULL : nfp_ssa_def(f->s, o);
	const struct nfp_opnd *src;

	if (!def || !is_plain_copy(def))
		return;
	src = def->op == NFP_M_PHI ? &def->phi[0].val : &def->b;
	if (f->s->regs[src->reg].updated)
		return;
	*o = *src;
	f->changed = true;
}

/* ---- bytes ---- */

static void fold_byte_branch(struct fold *f, uint32_t b, size_t at, struct nfp_mi *mi)
{
	struct nfp_byte src;

	if (mi->op != NFP_M_BBYTE || mi->a.kind != NFP_O_VREG)
		return;
	src = nfp_byte_source(f->s, &mi->a, nfp_mi_byte(mi));
	if (src.kind != NFP_BYTE_OF || nfp_opnd_equal(&src.o, &mi->a) ||
	    !nfp_at_hand(f->s, &src.o, b, at))
		return;
	mi->a = src.o;
	mi->shift = (uint8_t)src.k;
	f->changed = true;
}

/* ---- compares and tests ---- */

static bool is_below_256(const struct nfp_ssa *s, const struct nfp_opnd *o)
{
	return (nfp_zero_bytes(s, o) & 0xe) == 0xe;
}

/* Number of instructions that read the condition codes set at `at`; *only is the last of them. */
static unsigned cc_readers(const struct nfp_block *b, size_t at, size_t *only)
{
	unsigned n = 0;
	size_t i;

	for (i = at + 1; i < b->insns.len; i++) {
		if (nfp_reads_cc(&b->insns.at[i])) {
			*only = i;
			n++;
		}
		if (b->insns.at[i].sets_cc)
			break;
	}
	return n;
}

static bool tests_equality(const struct nfp_mi *mi)
{
	return mi->op == NFP_M_BCC && (mi->cc == NFP_CC_EQ || mi->cc == NFP_CC_NE);
}

/* -- = x - c; beq  =>  bbyte x, 0, eq, c. The compare itself is left to dead code removal. */
static void fold_compare(struct fold *f, struct nfp_block *blk, size_t at)
{
	struct nfp_mi *mi = &blk->insns.at[at], *br;
	size_t reader = 0;
	uint32_t c;

	if (mi->op != NFP_M_ALU || mi->dst.kind != NFP_O_NONE || !mi->sets_cc || mi->glue ||
	    (mi->alu != NFP_ALU_SUB && mi->alu != NFP_ALU_XOR) || mi->a.kind != NFP_O_VREG ||
	    !nfp_ssa_const(f->s, &mi->b, &c) || c > 255 || !is_below_256(f->s, &mi->a) ||
	    cc_readers(blk, at, &reader) != 1 || !tests_equality(&blk->insns.at[reader]))
		return;
	br = &blk->insns.at[reader];
	br->op = NFP_M_BBYTE;
	br->uses_cc = false;
	br->br_set = br->cc == NFP_CC_EQ;
	br->a = mi->a;
	br->shift = 0;
	br->cc = 0;
	nfp_mi_set_byte_value(br, c);
	f->changed = true;
}

/* The register that `-- = --, B, x` or `-- = x OR 0` compares with 0; NULL: another instruction. */
static const struct nfp_opnd *tested(const struct nfp_mi *mi)
{
	if (mi->op != NFP_M_ALU || mi->dst.kind != NFP_O_NONE || !mi->sets_cc || mi->glue)
		return NULL;
	if (mi->alu == NFP_ALU_B)
		return &mi->b;
	if (mi->alu == NFP_ALU_OR && mi->b.kind == NFP_O_IMM && !mi->b.imm)
		return &mi->a;
	return NULL;
}

static bool may_set_cc(const struct nfp_mi *mi)
{
	return mi->op == NFP_M_ALU || mi->op == NFP_M_SHF || mi->op == NFP_M_DSHF ||
	       mi->op == NFP_M_ASR;
}

/* Do all readers of the codes set at `at` look at zero and sign only? */
static bool zero_or_sign_only(const struct nfp_block *b, size_t at)
{
	size_t i;

	for (i = at + 1; i < b->insns.len; i++) {
		const struct nfp_mi *mi = &b->insns.at[i];

		if (nfp_reads_cc(mi) && (mi->op != NFP_M_BCC || mi->cc > NFP_CC_PL))
			return false;
		if (mi->sets_cc)
			break;
	}
	return true;
}

_Static_assert(NFP_CC_EQ < NFP_CC_PL && NFP_CC_NE < NFP_CC_PL && NFP_CC_MI < NFP_CC_PL &&
		       NFP_CC_PL < NFP_CC_HS,
	       "conditions on zero and sign come first");

static void fold_test(struct fold *f, uint32_t b, size_t at)
{
	struct nfp_block *blk = &f->s->fn->blocks.at[b];
	const struct nfp_opnd *x = tested(&blk->insns.at[at]);
	struct nfp_mi *def = x ? nfp_ssa_def(f->s, x) : NULL, *mi;

	if (!def || f->s->regs[x->reg].block != b || !may_set_cc(def) ||
	    !zero_or_sign_only(blk, at))
		return;
	for (mi = &blk->insns.at[at] - 1; mi > def; mi--)
		if (mi->sets_cc || nfp_reads_cc(mi) || mi->op == NFP_M_CALL)
			return;
	def->sets_cc = true;
	blk->insns.at[at].sets_cc = false; /* nothing is left of it */
	f->changed = true;
}

bool nfp_fold_values(struct nfp_ssa *s)
{
	struct fold f = { .s = s };
	uint32_t b;
	size_t i;

	for (b = 0; b < s->fn->blocks.len; b++) {
		struct nfp_block *blk = &s->fn->blocks.at[b];

		for (i = 0; i < blk->insns.len; i++) {
			nfp_visit_opnds(&blk->insns.at[i], forward_copy, &f);
			fold_byte_branch(&f, b, i, &blk->insns.at[i]);
			fold_test(&f, b, i);
			fold_compare(&f, blk, i);
		}
	}
	return f.changed;
}
