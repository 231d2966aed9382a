/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_lower.h"

/* Multiplication (nfp.md 2.15): hidden multiplier fed by a run of glued steps. */

struct product {
	struct nfp_opnd lo, hi; /* NFP_O_NONE: not wanted */
};

static void step(struct isel *is, enum nfp_mul_type type, enum nfp_mul_step s, struct nfp_opnd dst,
		 struct nfp_opnd a, struct nfp_opnd b, bool glue)
{
	struct nfp_mi *mi = isel_emit(is, NFP_M_MUL);

	mi->mul_type = (uint8_t)(s == NFP_STEP_START ? 0 : (unsigned)type);
	mi->mul_step = (int8_t)s;
	mi->dst = dst;
	mi->a = a;
	mi->b = b;
	mi->glue = glue;
}

static void multiply(struct isel *is, enum nfp_mul_type type, struct nfp_opnd a, struct nfp_opnd b,
		     const struct product *p)
{
	int steps = type == NFP_MUL_16X16 ? 2 : 4, i;
	bool want_hi = p->hi.kind != NFP_O_NONE;

	if (a.kind != NFP_O_VREG && a.kind == b.kind) /* one port for each kind */
		a = isel_copy(is, a);
	step(is, type, NFP_STEP_START, nfp_none(), a, b, true);
	for (i = 0; i < steps; i++)
		step(is, type, (enum nfp_mul_step)(NFP_STEP_1 + i), nfp_none(), a, b, true);
	step(is, type, NFP_STEP_LAST, p->lo, nfp_none(), nfp_none(), want_hi);
	if (want_hi)
		step(is, type, NFP_STEP_LAST2, p->hi, nfp_none(), nfp_none(), false);
}

static struct isel_word low_product(struct isel *is, struct isel_word a, struct isel_word b)
{
	struct product p = { .hi = nfp_none() };
	bool small = isel_w_bits(&a) <= 16 && isel_w_bits(&b) <= 16;
	unsigned bits = isel_w_bits(&a) + isel_w_bits(&b);
	struct nfp_opnd ao, bo;

	if (isel_w_is_imm(&a) && isel_w_is_imm(&b))
		return isel_w_imm(a.o.imm * b.o.imm);
	if (isel_w_is(&a, 0) || isel_w_is(&b, 0))
		return isel_w_imm(0);
	ao = isel_use(is, a);
	bo = isel_use(is, b);
	p.lo = isel_new_reg(is);
	multiply(is, small ? NFP_MUL_16X16 : NFP_MUL_32X32, ao, bo, &p);
	return isel_w_reg(p.lo, bits);
}

struct isel_word isel_mul_high(struct isel *is, struct isel_word a, struct isel_word b)
{
	struct product p = { .lo = nfp_none() };
	struct nfp_opnd ao = isel_use(is, a), bo = isel_use(is, b);

	p.hi = isel_new_reg(is);
	multiply(is, NFP_MUL_32X32, ao, bo, &p);
	return isel_w_reg(p.hi, 32);
}

static struct isel_val full_product(struct isel *is, struct isel_word a, struct isel_word b)
{
	unsigned bits = isel_w_bits(&a) + isel_w_bits(&b);
	struct isel_val r = { .n = 2 };
	struct nfp_opnd ao, bo;
	struct product p;

	if (bits <= 32) {
		r.w[0] = low_product(is, a, b);
		r.w[1] = isel_w_imm(0);
		return r;
	}
	if (isel_w_is_imm(&a) && isel_w_is_imm(&b)) {
		uint64_t x = (uint64_t)a.o.imm * b.o.imm;

		r.w[0] = isel_w_imm((uint32_t)x);
		r.w[1] = isel_w_imm((uint32_t)(x >> 32));
		return r;
	}
	ao = isel_use(is, a);
	bo = isel_use(is, b);
	p = (struct product){ isel_new_reg(is), isel_new_reg(is) };
	multiply(is, NFP_MUL_32X32, ao, bo, &p);
	r.w[0] = isel_w_reg(p.lo, 32);
	r.w[1] = isel_w_reg(p.hi, bits - 32);
	return r;
}

/* ---- by constants that are two powers of two apart: a shift and an addition ---- */

struct two_terms {
	unsigned k, low; /* c = (2^k + 1 or 2^k - 1) << low */
	bool minus;
};

static bool as_two_terms(uint64_t c, struct two_terms *t)
{
	if (!c)
		return false;
	t->low = (unsigned)__builtin_ctzll(c);
	c >>= t->low;
	t->minus = bits_is_pow2(c + 1);
	if (!t->minus && !bits_is_pow2(c - 1))
		return false;
	t->k = (unsigned)__builtin_ctzll(t->minus ? c + 1 : c - 1);
	return true;
}

static bool by_shift(struct isel *is, struct isel_val x, const struct isel_val *c, unsigned words,
		     struct isel_val *out)
{
	struct two_terms t;
	struct isel_val high;
	uint64_t v;

	if (!isel_w_is_imm(&c->w[0]) || (c->n > 1 && !isel_w_is_imm(&c->w[1])) || words > 2)
		return false;
	v = c->w[0].o.imm | (uint64_t)(c->n > 1 ? c->w[1].o.imm : 0) << 32;
	if (bits_is_pow2(v)) {
		*out = isel_shl_const(is, x, (unsigned)__builtin_ctzll(v));
		return true;
	}
	if (!as_two_terms(v, &t) || t.k + t.low >= 32 * words)
		return false;
	high = isel_shl_const(is, x, t.k);
	*out = t.minus ? isel_sub(is, high, x, 32 * words) : isel_add(is, high, x, 32 * words);
	*out = isel_shl_const(is, *out, t.low);
	return true;
}

struct isel_val isel_mul(struct isel *is, struct isel_val a, struct isel_val b, unsigned words)
{
	struct isel_val r;
	unsigned i, j;

	a.n = b.n = (uint8_t)words;
	if (by_shift(is, a, &b, words, &r) || by_shift(is, b, &a, words, &r))
		return r;
	if (words == 1)
		return isel_val1(low_product(is, a.w[0], b.w[0]));
	/* schoolbook, each product added at its place, the top word by low products only */
	memset(&r, 0, sizeof(r));
	r.n = (uint8_t)words;
	for (i = 0; i < words; i++)
		r.w[i] = isel_w_imm(0);
	for (i = 0; i < words; i++) {
		for (j = 0; i + j < words; j++) {
			struct isel_val term = { 0 };

			if (isel_w_is(&a.w[i], 0) || isel_w_is(&b.w[j], 0))
				continue;
			if (i + j + 1 == words)
				term = isel_val1(low_product(is, a.w[i], b.w[j]));
			else
				term = full_product(is, a.w[i], b.w[j]);
			r = isel_add_at(is, r, term, i + j);
		}
	}
	return r;
}

void isel_select_mul(struct isel *is, LLVMValueRef v)
{
	struct isel_val a = isel_get(is, LLVMGetOperand(v, 0)),
			b = isel_get(is, LLVMGetOperand(v, 1));
	unsigned need = (isel_ubits(&is->ir, v) + 31) / 32;

	if (!need)
		need = 1;
	/* small factors of a narrow product may use the short form if nothing stands above them */
	if (isel_width(v) <= 16) {
		a = isel_get_zext(is, LLVMGetOperand(v, 0));
		b = isel_get_zext(is, LLVMGetOperand(v, 1));
	}
	isel_set(is, v, isel_mul(is, a, b, need < a.n ? need : a.n));
}
