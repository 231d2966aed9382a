/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_lower.h"

/* Division. By a constant of 32 bits: multiplication by its reciprocal. Everything else: a loop of
 * shifts and subtractions, a bit of the quotient a round. Signed division goes through magnitudes.
 * Division by 0 is undefined here; the lifter has put eBPF's results around it. */

/* ---- reciprocals ---- */

struct reciprocal {
	uint32_t m;
	unsigned pre, post; /* x >> pre, product >> (32 + post); wide: see apply_wide() */
	bool wide;          /* the multiplier is 2^32 + m */
};

/* Smallest shift at which ceil(2^s / d) serves for all x < 2^bits (then the error x * e stays under
 * 2^s). The multiplier is below 2^33 at the end of the search at the latest. */
static uint64_t multiplier(uint32_t d, unsigned bits, unsigned *s)
{
	uint64_t xmax = bits_mask(bits), m = 0, e;

	for (*s = 32; *s < 64; (*s)++) {
		uint64_t pow = UINT64_C(1) << *s;

		m = (pow - 1) / d + 1;
		e = m * d - pow;
		if (!e || xmax <= (pow - 1) / e)
			return m;
	}
	return m;
}

static struct reciprocal reciprocal_of(uint32_t d, unsigned bits)
{
	struct reciprocal r = { 0 };
	unsigned s;
	uint64_t m = multiplier(d, bits, &s);

	if (m >> 32 && !(d & 1)) {
		r.pre = (unsigned)__builtin_ctz(d);
		m = multiplier(d >> r.pre, bits - r.pre, &s);
	}
	r.wide = m >> 32 != 0;
	r.m = (uint32_t)m;
	r.post = s - 32;
	return r;
}

/* x * (2^32 + m) >> (32 + post) without the 33rd bit: t = high(x * m), (((x - t) >> 1) + t) >> (post - 1) */
static struct isel_word apply_wide(struct isel *is, struct isel_word x, struct isel_word t,
				   unsigned post)
{
	struct nfp_opnd to = isel_use(is, t);
	struct nfp_opnd half = isel_shf(is, isel_alu(is, NFP_ALU_SUB, isel_use(is, x), to), 1);
	struct isel_word sum = isel_w_reg(isel_alu(is, NFP_ALU_ADD, half, to), 32);

	return isel_w_lshr(sum, post - 1);
}

static struct isel_word udiv_const(struct isel *is, struct isel_word x, uint32_t d)
{
	unsigned bits = isel_w_bits(&x);
	struct reciprocal r;
	struct isel_word q;

	if (bits_is_pow2(d))
		return isel_w_lshr(x, (unsigned)__builtin_ctz(d));
	if (isel_w_is_imm(&x))
		return isel_w_imm(x.o.imm / d);
	if (bits_mask(bits) < d)
		return isel_w_imm(0);
	if (d >> 31) { /* the quotient is 0 or 1: x >= d as the carry */
		isel_test(is, NFP_ALU_SUB, isel_use(is, x), isel_const(is, d));
		return isel_w_reg(isel_alu(is, NFP_ALU_ADDC, isel_const(is, 0), nfp_imm(0)), 1);
	}
	r = reciprocal_of(d, bits);
	x = isel_w_lshr(x, r.pre);
	q = isel_mul_high(is, x, isel_w_imm(r.m));
	q = r.wide ? apply_wide(is, x, q, r.post) : isel_w_lshr(q, r.post);
	bits -= 31 - (unsigned)__builtin_clz(d); /* q < 2^bits / 2^floor(log2 d) */
	return isel_w_plain(&q) && bits < q.bits ? isel_w_reg(q.o, bits) : q;
}

/* ---- the loop ---- */

struct division {
	unsigned n;           /* words */
	struct isel_val x, d; /* in */
	unsigned bits;        /* significant bits of x */
	struct isel_val q, r; /* out */
};

static uint32_t open_phi(struct isel *is, uint32_t from, struct nfp_opnd init, struct nfp_opnd *reg)
{
	*reg = isel_join_phi(is, from, init, nfp_none());
	return (uint32_t)is->phis.fixups.len - 1;
}

/* Shifts the pair r:q left by one bit; returns with the carry out of r in C. */
static void shift_in(struct isel *is, unsigned n, const struct nfp_opnd *q,
		     const struct nfp_opnd *r, struct nfp_opnd *q1, struct nfp_opnd *r1)
{
	unsigned i;

	for (i = 0; i < 2 * n; i++) {
		struct nfp_opnd o = i < n ? q[i] : r[i - n], *to = i < n ? &q1[i] : &r1[i - n];

		*to = isel_new_reg(is);
		isel_alu_to(is, *to, i ? NFP_ALU_ADDC : NFP_ALU_ADD, o, o)->sets_cc = true;
	}
}

/* One round: r:q <<= 1; if r >= d (or a bit fell out of r): r -= d, q |= 1. The machine blocks:
 * head (phis, shift, trial subtraction) -> keep or take -> next -> head or done. */
static void divide_loop(struct isel *is, struct division *dv)
{
	struct nfp_opnd q[2], r[2], q1[2], r1[2], t[2], qn[2], rn[2], i, i1, d[2];
	uint32_t from, head = isel_new_block(is), take = isel_new_block(is);
	uint32_t next = isel_new_block(is), done = isel_new_block(is), fix[5];
	struct isel_val x = isel_shl_const(is, dv->x, 32 * dv->n - dv->bits);
	struct nfp_opnd init[2];
	unsigned k, n = dv->n, scope = is->here.scope;

	for (k = 0; k < n; k++) {
		init[k] = isel_use_reg(is, x.w[k]);
		d[k] = isel_use_reg(is, dv->d.w[k]);
	}
	from = is->here.block;
	isel_goto(is, head);
	for (k = 0; k < n; k++) {
		fix[k] = open_phi(is, from, init[k], &q[k]);
		fix[2 + k] = open_phi(is, from, nfp_imm(0), &r[k]);
	}
	fix[4] = open_phi(is, from, nfp_imm(dv->bits), &i);
	shift_in(is, n, q, r, q1, r1);
	isel_bcc(is, NFP_CC_HS, take);
	for (k = 0; k < n; k++)
		isel_alu_to(is, nfp_none(), k ? NFP_ALU_SUBC : NFP_ALU_SUB, r1[k], d[k])->sets_cc =
			true;
	isel_bcc(is, NFP_CC_LO, next);
	isel_goto(is, take);
	for (k = 0; k < n; k++) {
		t[k] = isel_new_reg(is);
		isel_alu_to(is, t[k], k ? NFP_ALU_SUBC : NFP_ALU_SUB, r1[k], d[k])->sets_cc =
			k + 1 < n;
	}
	i1 = isel_alu(is, NFP_ALU_OR, q1[0], nfp_imm(1));
	isel_goto(is, next);
	qn[0] = isel_join_phi(is, take, i1, q1[0]);
	qn[1] = q1[1];
	for (k = 0; k < n; k++)
		rn[k] = isel_join_phi(is, take, t[k], r1[k]);
	i1 = isel_new_reg(is);
	isel_alu_to(is, i1, NFP_ALU_SUB, i, nfp_imm(1))->sets_cc = true;
	isel_bcc(is, NFP_CC_NE, head);
	isel_goto(is, done);
	is->here.scope = scope;
	for (k = 0; k < n; k++) {
		is->phis.fixups.at[fix[k]].usual = qn[k];
		is->phis.fixups.at[fix[2 + k]].usual = rn[k];
		dv->q.w[k] = isel_w_reg(qn[k], 32);
		dv->r.w[k] = isel_w_reg(rn[k], 32);
	}
	is->phis.fixups.at[fix[4]].usual = i1;
	dv->q.n = dv->r.n = (uint8_t)n;
}

static struct isel_val zero_words(unsigned n)
{
	struct isel_val v = { .n = (uint8_t)n };

	while (n--)
		v.w[n] = isel_w_imm(0);
	return v;
}

static unsigned val_bits(const struct isel_val *v)
{
	unsigned i;

	for (i = v->n; i-- > 0;)
		if (isel_w_bits(&v->w[i]))
			return 32 * i + isel_w_bits(&v->w[i]);
	return 0;
}

/* Unsigned, operands extended with zeros to whole words. */
static void divide(struct isel *is, struct division *dv, bool want_q)
{
	unsigned n = dv->x.n;

	dv->bits = val_bits(&dv->x);
	dv->q = zero_words(n);
	dv->r = zero_words(n);
	if (!dv->bits)
		return;
	if (dv->bits <= 32 && isel_w_is_imm(&dv->d.w[0]) && dv->d.w[0].o.imm &&
	    val_bits(&dv->d) <= 32) {
		dv->q.w[0] = udiv_const(is, dv->x.w[0], dv->d.w[0].o.imm);
		if (!want_q) {
			struct isel_val x = isel_val1(dv->x.w[0]), p;

			p = isel_mul(is, isel_val1(dv->q.w[0]), isel_val1(dv->d.w[0]), 1);
			dv->r.w[0] = isel_sub(is, x, p, 32).w[0];
		}
		return;
	}
	dv->n = dv->bits <= 32 && val_bits(&dv->d) <= 32 ? 1 : 2;
	divide_loop(is, dv);
	while (dv->q.n < n) {
		dv->q.w[dv->q.n++] = isel_w_imm(0);
		dv->r.w[dv->r.n++] = isel_w_imm(0);
	}
}

/* ---- signs ---- */

/* All ones if v is negative, else 0, in each word. */
static struct isel_val sign_mask(struct isel *is, const struct isel_val *v)
{
	struct isel_val m = isel_ashr_const(is, *v, 32u * v->n - 1);

	return m;
}

/* (v ^ m) - m: v negated where m is all ones */
static struct isel_val negate_by(struct isel *is, struct isel_val v, struct isel_val m)
{
	return isel_sub(is, isel_logic(is, LLVMXor, v, m), m, 32u * v.n);
}

void isel_select_div(struct isel *is, LLVMValueRef v)
{
	LLVMOpcode op = LLVMGetInstructionOpcode(v);
	LLVMValueRef a = LLVMGetOperand(v, 0), b = LLVMGetOperand(v, 1);
	bool is_signed = op == LLVMSDiv || op == LLVMSRem,
	     want_q = op == LLVMUDiv || op == LLVMSDiv;
	bool neg_a = is_signed && isel_ubits(&is->ir, a) == isel_width(a);
	bool neg_b = is_signed && isel_ubits(&is->ir, b) == isel_width(b);
	struct isel_val sa = { 0 }, sb = { 0 }, r;
	struct division dv = { 0 };

	if (isel_width(v) > 64) {
		isel_refuse(is, "a division of more than 64 bits");
		return;
	}
	dv.x = neg_a ? isel_get_sext(is, a) : isel_get_zext(is, a);
	dv.d = neg_b ? isel_get_sext(is, b) : isel_get_zext(is, b);
	if (neg_a) {
		sa = sign_mask(is, &dv.x);
		dv.x = negate_by(is, dv.x, sa);
	}
	if (neg_b) {
		sb = sign_mask(is, &dv.d);
		dv.d = negate_by(is, dv.d, sb);
	}
	divide(is, &dv, want_q);
	r = want_q ? dv.q : dv.r;
	if (neg_a)
		r = negate_by(is, r, sa);
	if (neg_b && want_q)
		r = negate_by(is, r, sb);
	isel_set(is, v, r);
}
