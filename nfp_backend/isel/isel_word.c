/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_cursor.h"

#include <assert.h>

/* Words as bit fields (struct isel_word): algebra that makes no code, and extraction that does.
 * Extracted fields and loaded constants are remembered, so asking again in code that they dominate
 * is free. */

struct isel_word isel_w_imm(uint32_t v)
{
	return (struct isel_word){ .o = nfp_imm(v), .hi = 32, .bits = 32 };
}

struct isel_word isel_w_reg(struct nfp_opnd o, unsigned bits)
{
	assert(o.kind != NFP_O_NONE && o.kind != NFP_O_GPR);
	if (o.kind == NFP_O_IMM)
		return isel_w_imm(o.imm);
	return (struct isel_word){ .o = o, .hi = 32, .bits = (uint8_t)(bits < 32 ? bits : 32) };
}

/* Bits of the shifted operand that may be set, before the field's mask: [low, high). */
static unsigned natural_lo(const struct isel_word *w)
{
	return w->shift < 0 ? (unsigned)-w->shift : 0;
}

static unsigned natural_hi(const struct isel_word *w)
{
	int hi = w->bits - w->shift;

	return hi < 0 ? 0 : hi > 32 ? 32 : (unsigned)hi;
}

bool isel_w_plain(const struct isel_word *w)
{
	return isel_w_is_imm(w) || (!w->shift && !w->lo && w->hi >= natural_hi(w));
}

unsigned isel_w_bits(const struct isel_word *w)
{
	unsigned nat = natural_hi(w);

	if (isel_w_is_imm(w))
		return w->o.imm ? 32 - (unsigned)__builtin_clz(w->o.imm) : 0;
	return w->hi < nat ? w->hi : nat;
}

static struct isel_word normalise(struct isel_word w)
{
	unsigned nat = natural_hi(&w);

	assert(w.shift >= -31 && w.shift <= 31);
	assert(w.lo <= 32 && w.hi <= 32 && w.bits <= 32);
	if (w.lo >= w.hi || w.lo >= nat || natural_lo(&w) >= w.hi)
		return isel_w_imm(0);
	return w;
}

struct isel_word isel_w_keep(struct isel_word w, unsigned lo, unsigned hi)
{
	if (isel_w_is_imm(&w))
		return isel_w_imm(w.o.imm & (uint32_t)(bits_mask(hi) & ~bits_mask(lo)));
	w.lo = (uint8_t)(lo > w.lo ? lo : w.lo);
	w.hi = (uint8_t)(hi < w.hi ? hi : w.hi);
	return normalise(w);
}

struct isel_word isel_w_lshr(struct isel_word w, unsigned n)
{
	assert(n < 32);
	if (isel_w_is_imm(&w))
		return isel_w_imm(w.o.imm >> n);
	if (!n)
		return w;
	if (w.shift + (int)n > 31) /* nothing is left */
		return isel_w_imm(0);
	/* bits that a left shift has pushed out must not come back */
	w.hi = (uint8_t)(w.hi > n ? w.hi - n : 0);
	w.lo = (uint8_t)(w.lo > n ? w.lo - n : 0);
	w.shift = (int8_t)(w.shift + (int)n);
	return normalise(w);
}

struct isel_word isel_w_shl(struct isel_word w, unsigned n)
{
	unsigned lo, hi;

	assert(n < 32);
	if (isel_w_is_imm(&w))
		return isel_w_imm(w.o.imm << n);
	if (!n)
		return w;
	if (w.shift - (int)n < -31)
		return isel_w_imm(0);
	hi = w.hi + n;
	lo = w.lo + n; /* also keeps bits that a right shift has dropped from coming back */
	w.hi = (uint8_t)(hi > 32 ? 32 : hi);
	w.lo = (uint8_t)(lo > 32 ? 32 : lo);
	w.shift = (int8_t)(w.shift - (int)n);
	return normalise(w);
}

static bool same_field_source(const struct isel_word *a, const struct isel_word *b)
{
	return a->o.kind == b->o.kind && a->o.reg == b->o.reg && a->o.sub == b->o.sub &&
	       a->shift == b->shift;
}

bool isel_w_union(const struct isel_word *a, const struct isel_word *b, struct isel_word *out)
{
	const struct isel_word *low = a, *high = b;

	if (isel_w_is(a, 0) || isel_w_is(b, 0)) {
		*out = isel_w_is(a, 0) ? *b : *a;
		return true;
	}
	if (isel_w_is_imm(a) && isel_w_is_imm(b)) {
		*out = isel_w_imm(a->o.imm | b->o.imm);
		return true;
	}
	if (isel_w_is_imm(a) || isel_w_is_imm(b) || !same_field_source(a, b))
		return false;
	if (low->lo > high->lo) {
		low = b;
		high = a;
	}
	if (low->hi < high->lo)
		return false;
	*out = *low;
	out->hi = high->hi > low->hi ? high->hi : low->hi;
	return true;
}

/* ---- extraction ---- */

enum form { FORM_PLAIN, FORM_SHIFT, FORM_AND8, FORM_BYTES, FORM_MASK, FORM_TWO_SHIFTS };

static uint32_t field_mask(const struct isel_word *w)
{
	assert(w->lo < w->hi);
	return (uint32_t)(bits_mask(w->hi) & ~bits_mask(w->lo));
}

static bool one_immed(uint32_t v) /* nfp.md 2.10 */
{
	uint32_t n = ~v;

	return !(v & 0xffff0000) || !(v & 0xff0000ff) || !(v & 0x0000ffff) || !(n & 0xffff0000) ||
	       !(n & 0xff0000ff) || !(n & 0x0000ffff);
}

unsigned isel_const_cost(uint32_t v)
{
	return v <= 255 ? 0 : one_immed(v) ? 1 : 2;
}

static enum form form_of(const struct isel_word *w)
{
	bool low_ok = w->lo <= natural_lo(w), high_ok = w->hi >= natural_hi(w);

	if (isel_w_plain(w))
		return FORM_PLAIN;
	if (low_ok && high_ok)
		return FORM_SHIFT;
	if (w->hi <= 8)
		return FORM_AND8;
	if ((low_ok || w->lo % 8 == 0) && (high_ok || w->hi % 8 == 0))
		return FORM_BYTES;
	return w->lo || one_immed(field_mask(w)) ? FORM_MASK : FORM_TWO_SHIFTS;
}

unsigned isel_w_cost(const struct isel_word *w)
{
	switch (form_of(w)) {
	case FORM_PLAIN: return 0;
	case FORM_MASK: return 1 + isel_const_cost(field_mask(w));
	case FORM_TWO_SHIFTS: return 2;
	default: return 1;
	}
}

/* Mask of the bytes that the field covers; a border that the shift alone makes is rounded outwards. */
static unsigned byte_mask(const struct isel_word *w)
{
	unsigned first = w->lo / 8, end = (w->hi + 7u) / 8;

	return ((1u << end) - 1) & ~((1u << first) - 1);
}

static void extract_to(struct isel *is, struct nfp_opnd dst, const struct isel_word *w)
{
	struct nfp_opnd t;

	assert(!isel_w_is_imm(w));
	switch (form_of(w)) {
	case FORM_PLAIN: isel_copy_to(is, dst, w->o); break;
	case FORM_SHIFT: isel_shf_to(is, dst, NFP_SHF_B, nfp_none(), w->o, w->shift); break;
	case FORM_AND8:
		isel_shf_to(is, dst, NFP_SHF_AND, nfp_imm(field_mask(w)), w->o, w->shift);
		break;
	case FORM_BYTES: isel_ldf_to(is, dst, byte_mask(w), w->o, w->shift, true); break;
	case FORM_MASK:
		t = isel_const(is, field_mask(w));
		isel_shf_to(is, dst, NFP_SHF_AND, t, w->o, w->shift);
		break;
	case FORM_TWO_SHIFTS: /* push the bits above the field out, then down again */
		t = isel_shf(is, w->o, w->shift - (32 - w->hi));
		isel_shf_to(is, dst, NFP_SHF_B, nfp_none(), t, 32 - w->hi);
		break;
	}
}

static uint64_t cache_key(const struct isel_word *w)
{
	if (isel_w_is_imm(w))
		return UINT64_C(1) << 63 | w->o.imm;
	return UINT64_C(1) << 62 | (uint64_t)w->o.kind << 56 | (uint64_t)w->o.reg << 24 |
	       (uint64_t)w->o.sub << 18 | (uint64_t)(w->shift + 32) << 12 | (uint64_t)w->lo << 6 |
	       (w->hi & 63u);
}

static bool find_cached(struct isel *is, uint64_t key, struct nfp_opnd *out)
{
	uint32_t i = isel_map_find(&is->cache.fields, key);
	const struct isel_cached *c;

	if (i == UINT32_MAX)
		return false;
	c = &is->cache.cached.at[i];
	/* constants are loaded anew in each block: registers are dearer than an immed */
	if ((key >> 63 && c->block != is->here.ir_block) || !isel_in_scope(is, c->block, c->scope))
		return false;
	*out = nfp_vreg(c->vreg);
	return true;
}

static void remember(struct isel *is, uint64_t key, struct nfp_opnd reg)
{
	*isel_map_at(&is->cache.fields, is->cx, key) = (uint32_t)is->cache.cached.len;
	*vec_push(&is->cache.cached, is->cx->scratch) = (struct isel_cached){
		.vreg = reg.reg,
		.block = is->here.ir_block,
		.scope = is->here.scope,
	};
}

struct nfp_opnd isel_const(struct isel *is, uint32_t v)
{
	struct isel_word w = isel_w_imm(v);
	struct nfp_opnd reg;

	if (find_cached(is, cache_key(&w), &reg))
		return reg;
	reg = isel_copy(is, nfp_imm(v));
	remember(is, cache_key(&w), reg);
	return reg;
}

static struct nfp_opnd extract(struct isel *is, const struct isel_word *w)
{
	struct nfp_opnd reg;

	if (find_cached(is, cache_key(w), &reg))
		return reg;
	reg = isel_new_reg(is);
	extract_to(is, reg, w);
	if (w->o.kind != NFP_O_LM) /* local memory may change */
		remember(is, cache_key(w), reg);
	return reg;
}

struct nfp_opnd isel_use_any_imm(struct isel *is, struct isel_word w)
{
	return isel_w_plain(&w) ? w.o : extract(is, &w);
}

struct nfp_opnd isel_use(struct isel *is, struct isel_word w)
{
	struct nfp_opnd o = isel_use_any_imm(is, w);

	return o.kind == NFP_O_IMM && o.imm > 255 ? isel_const(is, o.imm) : o;
}

struct nfp_opnd isel_use_reg(struct isel *is, struct isel_word w)
{
	struct nfp_opnd o = isel_use_any_imm(is, w);

	if (o.kind == NFP_O_VREG)
		return o;
	return o.kind == NFP_O_IMM ? isel_const(is, o.imm) : extract(is, &w);
}

struct nfp_opnd isel_use_phi(struct isel *is, struct isel_word w)
{
	return isel_w_is_imm(&w) ? w.o : isel_use_reg(is, w);
}

/* ---- putting words together ---- */

bool isel_w_shift_only(const struct isel_word *w)
{
	enum form f = form_of(w);

	return f == FORM_PLAIN || f == FORM_SHIFT;
}

static bool bytes_are_enough(const struct isel_word *w)
{
	return !isel_w_is_imm(w) && w->lo % 8 == 0 && (w->hi % 8 == 0 || w->hi >= natural_hi(w));
}

/* a | b into dst; NFP_O_NONE: a new register, or no instruction at all. */
static struct isel_word or_to(struct isel *is, struct isel_word a, struct isel_word b,
			      struct nfp_opnd dst)
{
	unsigned bits = isel_w_bits(&a) > isel_w_bits(&b) ? isel_w_bits(&a) : isel_w_bits(&b);
	struct isel_word t;
	struct nfp_opnd l;

	if (dst.kind == NFP_O_NONE)
		dst = isel_new_reg(is);
	if (isel_w_is_imm(&b) || (isel_w_shift_only(&a) && !isel_w_shift_only(&b))) {
		t = a;
		a = b;
		b = t;
	}
	l = isel_use(is, a);
	if (isel_w_shift_only(&b) && b.shift)
		isel_shf_to(is, dst, NFP_SHF_OR, l, b.o, b.shift);
	else
		isel_alu_to(is, dst, NFP_ALU_OR, l, isel_use(is, b));
	return isel_w_reg(dst, bits);
}

/* b's bytes into a copy of a, where they must be 0: one ld_field. */
static struct isel_word insert_bytes(struct isel *is, struct isel_word a, struct isel_word b)
{
	unsigned bits = isel_w_bits(&a) > isel_w_bits(&b) ? isel_w_bits(&a) : isel_w_bits(&b);
	struct nfp_opnd dst = isel_new_reg(is);

	extract_to(is, dst, &a);
	isel_ldf_to(is, dst, byte_mask(&b), b.o, b.shift, false);
	return isel_w_reg(dst, bits);
}

struct isel_word isel_w_or(struct isel *is, struct isel_word a, struct isel_word b)
{
	struct isel_word out;

	if (isel_w_union(&a, &b, &out))
		return out;
	/* disjoint bytes of which neither is a mere shift */
	if (!isel_w_shift_only(&a) && !isel_w_shift_only(&b) &&
	    (bytes_are_enough(&a) || bytes_are_enough(&b))) {
		if (bytes_are_enough(&b) && !(byte_mask(&b) & byte_mask(&a)))
			return insert_bytes(is, a, b);
		if (bytes_are_enough(&a) && !(byte_mask(&b) & byte_mask(&a)))
			return insert_bytes(is, b, a);
	}
	return or_to(is, a, b, nfp_none());
}

void isel_w_or_to_xout(struct isel *is, struct nfp_opnd xout, struct isel_word a,
		       struct isel_word b)
{
	struct isel_word both;

	assert(xout.kind == NFP_O_XOUT);
	if (isel_w_union(&a, &b, &both))
		isel_w_to_xout(is, xout, both);
	else
		or_to(is, a, b, xout);
}

void isel_w_to_xout(struct isel *is, struct nfp_opnd xout, struct isel_word w)
{
	assert(xout.kind == NFP_O_XOUT);
	if (isel_w_is_imm(&w) && !one_immed(w.o.imm)) /* the second immed would read the register */
		isel_copy_to(is, xout, isel_const(is, w.o.imm));
	else if (form_of(&w) == FORM_PLAIN || form_of(&w) == FORM_MASK ||
		 form_of(&w) == FORM_TWO_SHIFTS)
		isel_copy_to(is, xout, isel_use_any_imm(is, w));
	else
		extract_to(is, xout, &w);
}
