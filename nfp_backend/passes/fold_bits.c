/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/passes/ssa.h"

/* Masks over dead bits.
 *
 *  1. For each register, the live bits: backward over all instructions to a fixed
 *     point.
 *  2. An operation that only changes dead bits is a copy; a flip of all live bits is a complement (no
 *     constant needed); a byte of a masked value is masked alone, with an 8-bit constant. */

#define ALL_BITS UINT32_MAX

struct bits {
	struct nfp_ssa *s;
	uint32_t *read;      /* by register */
	uint32_t (*out)[32]; /* by transfer-out tuple and word */
	bool changed;
};

static uint32_t byte_bits(unsigned bytes)
{
	uint32_t m = 0;
	unsigned k;

	for (k = 0; k < 4; k++)
		if (bytes >> k & 1)
			m |= 0xffu << 8 * k;
	return m;
}

/* All bits up to the highest one of `m`: the bits that a sum depends on. */
static uint32_t and_below(uint32_t m)
{
	return m ? ALL_BITS >> __builtin_clz(m) : 0;
}

static uint32_t rotate_left(uint32_t v, unsigned n)
{
	return n & 31 ? v << (n & 31) | v >> (32 - (n & 31)) : v;
}

/* Bits of the operand that the bits `m` of it, shifted, come from. */
static uint32_t before_shift(const struct nfp_mi *mi, uint32_t m)
{
	if (mi->indirect)
		return ALL_BITS;
	if (mi->sc == NFP_SC_ROT)
		return rotate_left(m, nfp_mi_shift(mi));
	return mi->sc == NFP_SC_RIGHT ? m << nfp_mi_shift(mi) : m >> nfp_mi_shift(mi);
}

/* ---- 1. live bits ---- */

static void reads(struct bits *b, const struct nfp_opnd *o, uint32_t m)
{
	if (o->kind != NFP_O_VREG || !(m & ~b->read[o->reg]))
		return;
	b->read[o->reg] |= m;
	b->changed = true;
}

static uint32_t result_bits(const struct bits *b, const struct nfp_mi *mi)
{
	if (mi->sets_cc || mi->glue)
		return ALL_BITS;
	if (mi->dst.kind == NFP_O_VREG)
		return b->read[mi->dst.reg];
	if (mi->dst.kind == NFP_O_XOUT)
		return b->out[mi->dst.reg][mi->dst.sub];
	return mi->dst.kind == NFP_O_NONE ? 0 : ALL_BITS;
}

/* Bits of `x` that matter for x AND y, x OR y …, if y is a constant that decides some of them. */
static uint32_t open_bits(const struct bits *b, const struct nfp_opnd *y, uint32_t m, bool by_zero)
{
	uint32_t c;

	if (!nfp_ssa_const(b->s, y, &c))
		return m;
	return by_zero ? m & c : m & ~c;
}

static void alu_reads(struct bits *b, const struct nfp_mi *mi, uint32_t m)
{
	uint32_t ma = m, mb = m;

	switch (mi->alu) {
	case NFP_ALU_B:
	case NFP_ALU_NOTB:
	case NFP_ALU_XOR: break;
	case NFP_ALU_AND:
		ma = open_bits(b, &mi->b, m, true);
		mb = open_bits(b, &mi->a, m, true);
		break;
	case NFP_ALU_OR:
		ma = open_bits(b, &mi->b, m, false);
		mb = open_bits(b, &mi->a, m, false);
		break;
	case NFP_ALU_NOTA_AND:
		ma = open_bits(b, &mi->b, m, true);
		mb = open_bits(b, &mi->a, m, false);
		break;
	case NFP_ALU_AND_NOTB:
		ma = open_bits(b, &mi->b, m, false);
		mb = open_bits(b, &mi->a, m, true);
		break;
	case NFP_ALU_ADD:
	case NFP_ALU_SUB:
	case NFP_ALU_RSUB:
	case NFP_ALU_ADDC:
	case NFP_ALU_SUBC:
	case NFP_ALU_ADD16:
	case NFP_ALU_ADD8: ma = mb = and_below(m); break;
	default: ma = mb = ALL_BITS; break;
	}
	if (mi->glue)
		ma = mb = ALL_BITS; /* shift counts and signs are taken from here */
	reads(b, &mi->a, ma);
	reads(b, &mi->b, mb);
}

static void shf_reads(struct bits *b, const struct nfp_mi *mi, uint32_t m)
{
	uint32_t c, mb = m;

	if (mi->alu == NFP_SHF_AND && nfp_ssa_const(b->s, &mi->a, &c))
		mb = m & c;
	reads(b, &mi->a, mi->glue ? ALL_BITS : m);
	reads(b, &mi->b, before_shift(mi, mb));
}

static void dshf_reads(struct bits *b, const struct nfp_mi *mi, uint32_t m)
{
	reads(b, &mi->a, mi->indirect ? ALL_BITS : m >> (32 - nfp_mi_shift(mi)));
	reads(b, &mi->b, mi->indirect ? ALL_BITS : m << nfp_mi_shift(mi));
}

static void ldf_reads(struct bits *b, const struct nfp_mi *mi, uint32_t m)
{
	uint32_t part = byte_bits(mi->bmask);

	reads(b, &mi->b, before_shift(mi, m & part));
	if (!mi->zf)
		reads(b, &mi->dst, m & ~part);
}

static void phi_reads(struct bits *b, const struct nfp_mi *mi, uint32_t m)
{
	uint32_t k;

	for (k = 0; k < mi->n_phi; k++)
		reads(b, &mi->phi[k].val, m);
}

static void any_reads(struct nfp_opnd *o, bool is_def, void *priv)
{
	if (!is_def)
		reads(priv, o, ALL_BITS);
}

static void insn_reads(struct bits *b, struct nfp_mi *mi)
{
	uint32_t m = result_bits(b, mi);

	switch (mi->op) {
	case NFP_M_PHI: phi_reads(b, mi, m); break;
	case NFP_M_COPY: reads(b, &mi->b, m); break;
	case NFP_M_ALU: alu_reads(b, mi, m); break;
	case NFP_M_SHF: shf_reads(b, mi, m); break;
	case NFP_M_DSHF: dshf_reads(b, mi, m); break;
	case NFP_M_LDF: ldf_reads(b, mi, m); break;
	case NFP_M_BBIT: reads(b, &mi->a, 1u << nfp_mi_bit(mi)); break;
	case NFP_M_BBYTE: reads(b, &mi->a, 0xffu << 8 * nfp_mi_byte(mi)); break;
	default: nfp_visit_opnds(mi, any_reads, b); break;
	}
}

/* Transfer-out words are read whole, except the last one of a byte write. */
static void command_reads(struct bits *b, const struct nfp_mi *mi)
{
	unsigned words = nfp_cmd_words(mi), w, first = mi->cmd.xfer.sub;
	unsigned rest = mi->cmd.count % 4;

	if (mi->cmd.xfer.kind != NFP_O_XOUT)
		return;
	for (w = 0; w < words; w++)
		b->out[mi->cmd.xfer.reg][first + w] = ALL_BITS;
	if (mi->cmd.mem == NFP_MEM_WRITE8_SWAP && rest)
		b->out[mi->cmd.xfer.reg][first + words - 1] = ALL_BITS >> (32 - 8 * rest);
}

static void find_reads(struct bits *b)
{
	struct nfp_func *fn = b->s->fn;
	uint32_t blk;
	size_t i;

	for (blk = 0; blk < fn->blocks.len; blk++)
		for (i = 0; i < fn->blocks.at[blk].insns.len; i++)
			if (fn->blocks.at[blk].insns.at[i].op == NFP_M_CMD)
				command_reads(b, &fn->blocks.at[blk].insns.at[i]);
	do {
		b->changed = false;
		for (blk = (uint32_t)fn->blocks.len; blk-- > 0;)
			for (i = fn->blocks.at[blk].insns.len; i-- > 0;)
				insn_reads(b, &fn->blocks.at[blk].insns.at[i]);
	} while (b->changed);
}

/* ---- 2. operations on dead bits ---- */

static bool becomes(struct nfp_mi *mi, enum nfp_mir_op op, enum nfp_alu_op alu, struct nfp_opnd b)
{
	*mi = (struct nfp_mi){
		.op = (uint8_t)op, .alu = (uint8_t)alu, .dst = mi->dst, .b = b, .bpf_pc = mi->bpf_pc
	};
	return true;
}

static bool simplify_alu(const struct bits *b, struct nfp_mi *mi, uint32_t m)
{
	bool left = nfp_ssa_const(b->s, &mi->a, &(uint32_t){ 0 });
	struct nfp_opnd other = left ? mi->b : mi->a;
	uint32_t c;

	if (!nfp_ssa_const(b->s, left ? &mi->a : &mi->b, &c))
		return false;
	switch (mi->alu) {
	case NFP_ALU_AND: return !(m & ~c) && becomes(mi, NFP_M_COPY, 0, other);
	case NFP_ALU_OR: return !(m & c) && becomes(mi, NFP_M_COPY, 0, other);
	case NFP_ALU_XOR:
		if (!(m & c))
			return becomes(mi, NFP_M_COPY, 0, other);
		return !(m & ~c) && becomes(mi, NFP_M_ALU, NFP_ALU_NOTB, other);
	default: return false;
	}
}

static bool is_shifted(const struct nfp_mi *mi)
{
	return mi->indirect || mi->shift != 0;
}

static bool simplify(const struct bits *b, struct nfp_mi *mi)
{
	uint32_t m = result_bits(b, mi), c;

	if (mi->sets_cc || mi->glue || mi->uses_cc ||
	    (mi->dst.kind != NFP_O_VREG && mi->dst.kind != NFP_O_XOUT))
		return false;
	switch (mi->op) {
	case NFP_M_ALU: return simplify_alu(b, mi, m);
	case NFP_M_SHF:
		return mi->alu == NFP_SHF_AND && !is_shifted(mi) &&
		       nfp_ssa_const(b->s, &mi->a, &c) && !(m & ~c) &&
		       becomes(mi, NFP_M_COPY, 0, mi->b);
	case NFP_M_LDF:
		return mi->zf && !is_shifted(mi) && !(m & ~byte_bits(mi->bmask)) &&
		       becomes(mi, NFP_M_COPY, 0, mi->b);
	default: return false;
	}
}

/* Masks off bytes that are zero anyway. Reads more of its source than before, so what part 1 found
 * no longer holds behind this. */
static bool simplify_zero(const struct bits *b, struct nfp_mi *mi)
{
	uint32_t m = result_bits(b, mi);

	return mi->op == NFP_M_LDF && mi->zf && !is_shifted(mi) && !mi->glue &&
	       (mi->dst.kind == NFP_O_VREG || mi->dst.kind == NFP_O_XOUT) &&
	       !(m & ~byte_bits(mi->bmask | nfp_zero_bytes(b->s, &mi->b))) &&
	       becomes(mi, NFP_M_COPY, 0, mi->b);
}

/* bbyte (x AND wide constant), k  =>  t = (byte of x) AND its 8 bits; bbyte t, 0. The AND has no
 * other reader, so it takes the new form itself. */
static bool narrow_byte_test(struct bits *b, struct nfp_mi *br)
{
	struct nfp_mi *def = br->op == NFP_M_BBYTE ? nfp_ssa_def(b->s, &br->a) : NULL;
	struct nfp_byte src;
	uint32_t c, block;

	if (!def || def->op != NFP_M_ALU || def->alu != NFP_ALU_AND || def->sets_cc || def->glue ||
	    b->s->regs[br->a.reg].n_uses != 1 || !nfp_ssa_const(b->s, &def->b, &c) || c <= 255)
		return false;
	src = nfp_byte_source(b->s, &def->a, nfp_mi_byte(br));
	block = b->s->regs[br->a.reg].block;
	if (src.kind != NFP_BYTE_OF ||
	    !nfp_at_hand(b->s, &src.o, block, (size_t)(def - b->s->fn->blocks.at[block].insns.at)))
		return false;
	*def = (struct nfp_mi){ .op = NFP_M_SHF,
				.alu = NFP_SHF_AND,
				.dst = def->dst,
				.a = nfp_imm(c >> 8 * nfp_mi_byte(br) & 0xff),
				.b = src.o,
				.bpf_pc = def->bpf_pc };
	if (src.k) {
		def->sc = NFP_SC_RIGHT;
		def->shift = (uint8_t)(8 * src.k);
	}
	br->shift = 0;
	return true;
}

bool nfp_fold_bits(struct nfp_ssa *s)
{
	struct bits b = { .s = s };
	size_t n = s->fn->vregs.len + 1, i;
	bool changed = false;
	uint32_t blk;

	b.read = ARENA_ARRAY(s->cx->scratch, uint32_t, n);
	b.out = arena_array(s->cx->scratch, n, sizeof(*b.out));
	find_reads(&b);
	for (blk = 0; blk < s->fn->blocks.len; blk++)
		for (i = 0; i < s->fn->blocks.at[blk].insns.len; i++) {
			struct nfp_mi *mi = &s->fn->blocks.at[blk].insns.at[i];
			bool grouped = i && mi[-1].glue;

			if (!grouped)
				changed |= simplify(&b, mi) || narrow_byte_test(&b, mi);
		}
	for (blk = 0; blk < s->fn->blocks.len && !changed; blk++)
		for (i = 0; i < s->fn->blocks.at[blk].insns.len && !changed; i++) {
			struct nfp_mi *mi = &s->fn->blocks.at[blk].insns.at[i];

			changed = !(i && mi[-1].glue) && simplify_zero(&b, mi);
		}
	return changed;
}
