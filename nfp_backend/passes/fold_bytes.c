/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/passes/ssa.h"

#include <assert.h>

/* Where the bytes of a value come from: followed back through copies, shifts by whole bytes, masks
 * and ld_field, as far as each byte is one byte of one register, or zero. */

enum { MAX_DEPTH = 6 };

static struct nfp_byte byte_of_opnd(const struct nfp_ssa *s, const struct nfp_opnd *o, unsigned k,
				    unsigned depth);

/* Byte k of `o` shifted as the instruction says. */
static struct nfp_byte byte_of_shifted(const struct nfp_ssa *s, const struct nfp_mi *mi,
				       const struct nfp_opnd *o, unsigned k, unsigned depth)
{
	struct nfp_byte none = { NFP_BYTE_UNKNOWN, *o, 0 };
	unsigned bytes;

	if (mi->indirect || nfp_mi_shift(mi) % 8)
		return none;
	bytes = nfp_mi_shift(mi) / 8;
	if (mi->sc == NFP_SC_ROT)
		return byte_of_opnd(s, o, (k + bytes) % 4, depth);
	if (mi->sc == NFP_SC_RIGHT ? k + bytes > 3 : k < bytes)
		return (struct nfp_byte){ NFP_BYTE_ZERO, *o, 0 };
	return byte_of_opnd(s, o, mi->sc == NFP_SC_RIGHT ? k + bytes : k - bytes, depth);
}

static bool const_byte(const struct nfp_ssa *s, const struct nfp_opnd *o, unsigned k, uint8_t *v)
{
	uint32_t c = 0;
	bool known = nfp_ssa_const(s, o, &c);

	*v = (uint8_t)(c >> 8 * k);
	return known;
}

static struct nfp_byte byte_of_shf(const struct nfp_ssa *s, const struct nfp_mi *mi, unsigned k,
				   unsigned depth)
{
	struct nfp_byte b = byte_of_shifted(s, mi, &mi->b, k, depth), a;
	uint8_t mask;

	if (mi->alu == NFP_SHF_B)
		return b;
	if (mi->alu == NFP_SHF_OR) {
		a = byte_of_opnd(s, &mi->a, k, depth);
		if (a.kind == NFP_BYTE_ZERO)
			return b;
		if (b.kind == NFP_BYTE_ZERO)
			return a;
	}
	if (mi->alu == NFP_SHF_AND && const_byte(s, &mi->a, k, &mask) &&
	    (mask == 0 || mask == 0xff)) {
		if (!mask)
			b.kind = NFP_BYTE_ZERO;
		return b;
	}
	b.kind = NFP_BYTE_UNKNOWN;
	return b;
}

static struct nfp_byte byte_of_alu(const struct nfp_ssa *s, const struct nfp_mi *mi, unsigned k,
				   unsigned depth)
{
	bool left = nfp_ssa_const(s, &mi->a, &(uint32_t){ 0 });
	const struct nfp_opnd *imm = left ? &mi->a : &mi->b, *other = left ? &mi->b : &mi->a;
	struct nfp_byte none = { NFP_BYTE_UNKNOWN, mi->b, 0 };
	uint8_t v;

	if (mi->alu == NFP_ALU_B)
		return byte_of_opnd(s, &mi->b, k, depth);
	if (!const_byte(s, imm, k, &v))
		return none;
	if (mi->alu == NFP_ALU_AND && v == 0)
		return (struct nfp_byte){ NFP_BYTE_ZERO, *other, 0 };
	if ((mi->alu == NFP_ALU_AND && v == 0xff) || (mi->alu == NFP_ALU_OR && v == 0))
		return byte_of_opnd(s, other, k, depth);
	return none;
}

static struct nfp_byte byte_of_opnd(const struct nfp_ssa *s, const struct nfp_opnd *o, unsigned k,
				    unsigned depth)
{
	const struct nfp_mi *def = nfp_ssa_def(s, o);
	struct nfp_byte self = { NFP_BYTE_UNKNOWN, *o, k }, b;
	uint32_t value;

	if (nfp_ssa_const(s, o, &value) && !(value >> 8 * k & 0xff))
		return (struct nfp_byte){ NFP_BYTE_ZERO, *o, 0 };
	if (o->kind == NFP_O_XIN || (o->kind == NFP_O_VREG && !s->regs[o->reg].updated))
		self.kind = NFP_BYTE_OF;
	if (!def || depth == MAX_DEPTH)
		return self;
	switch (def->op) {
	case NFP_M_COPY: b = byte_of_opnd(s, &def->b, k, depth + 1); break;
	case NFP_M_SHF: b = byte_of_shf(s, def, k, depth + 1); break;
	case NFP_M_ALU: b = byte_of_alu(s, def, k, depth + 1); break;
	case NFP_M_LDF:
		if (!(def->bmask >> k & 1))
			return (struct nfp_byte){ NFP_BYTE_ZERO, *o, 0 };
		b = byte_of_shifted(s, def, &def->b, k, depth + 1);
		break;
	default: return self;
	}
	return b.kind == NFP_BYTE_UNKNOWN ? self : b;
}

struct nfp_byte nfp_byte_source(const struct nfp_ssa *s, const struct nfp_opnd *o, unsigned k)
{
	assert(k < 4);
	return byte_of_opnd(s, o, k, 0);
}

unsigned nfp_zero_bytes(const struct nfp_ssa *s, const struct nfp_opnd *o)
{
	unsigned mask = 0, k;

	for (k = 0; k < 4; k++)
		if (nfp_byte_source(s, o, k).kind == NFP_BYTE_ZERO)
			mask |= 1u << k;
	return mask;
}

struct find_tuple {
	uint32_t reg;
	bool found;
};

static void find_tuple(struct nfp_opnd *o, bool is_def, void *priv)
{
	struct find_tuple *f = priv;

	(void)is_def;
	f->found |= o->kind == NFP_O_XIN && o->reg == f->reg;
}

bool nfp_at_hand(const struct nfp_ssa *s, const struct nfp_opnd *o, uint32_t b, size_t at)
{
	struct nfp_block *blk = &s->fn->blocks.at[b];
	struct find_tuple f = { .reg = o->reg };

	while (o->kind == NFP_O_XIN && !f.found) {
		if (!at-- || blk->insns.at[at].op == NFP_M_CALL)
			return false;
		nfp_visit_opnds(&blk->insns.at[at], find_tuple, &f);
	}
	return true;
}
