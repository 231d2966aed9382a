/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_lower.h"

/* Addition, logic and casts, on any number of words. */

/* ---- addition and subtraction ---- */

static struct isel_val negated_imm(const struct isel_val *v)
{
	struct isel_val out = *v;
	uint64_t carry = 1;
	unsigned i;

	for (i = 0; i < v->n; i++) {
		carry += ~v->w[i].o.imm;
		out.w[i] = isel_w_imm((uint32_t)carry);
		carry >>= 32;
	}
	return out;
}

static unsigned imm_cost(const struct isel_val *v, unsigned words)
{
	unsigned i, cost = 0;

	for (i = 0; i < words && i < v->n; i++)
		cost += isel_const_cost(v->w[i].o.imm);
	return cost;
}

static struct isel_word word_at(const struct isel_val *v, unsigned i)
{
	return i < v->n ? v->w[i] : isel_w_imm(0);
}

static unsigned result_words(const struct isel_val *a, const struct isel_val *b, unsigned ubits)
{
	unsigned n = a->n > b->n ? a->n : b->n, need = (ubits + 31) / 32;

	return need < n ? need : n;
}

static void pad(struct isel_val *r, unsigned from, unsigned n)
{
	for (; from < n; from++)
		r->w[from] = isel_w_imm(0);
	r->n = (uint8_t)n;
}

struct isel_val isel_add(struct isel *is, struct isel_val a, struct isel_val b, unsigned ubits)
{
	unsigned i, n = a.n > b.n ? a.n : b.n, need = result_words(&a, &b, ubits);
	struct isel_val r = { 0 }, t;
	bool carry = false;

	if (isel_is_imm(&a)) {
		t = a;
		a = b;
		b = t;
	}
	if (isel_is_imm(&b)) {
		t = negated_imm(&b);
		if (imm_cost(&t, need) < imm_cost(&b, need))
			return isel_sub(is, a, t, ubits);
	}
	for (i = 0; i < need; i++) {
		struct isel_word x = word_at(&a, i), y = word_at(&b, i);
		struct nfp_opnd xo, yo, dst;

		if (!carry && (isel_w_is(&x, 0) || isel_w_is(&y, 0))) {
			r.w[i] = isel_w_is(&x, 0) ? y : x;
			continue;
		}
		if (isel_w_is_imm(&x) && !isel_w_is_imm(&y)) {
			struct isel_word s = x;

			x = y;
			y = s;
		}
		xo = isel_use(is, x);
		yo = isel_use(is, y);
		dst = isel_new_reg(is);
		isel_alu_to(is, dst, carry ? NFP_ALU_ADDC : NFP_ALU_ADD, xo, yo)->sets_cc =
			i + 1 < need;
		r.w[i] = isel_w_reg(dst, 32);
		carry = true;
	}
	pad(&r, need, n);
	return r;
}

struct isel_val isel_sub(struct isel *is, struct isel_val a, struct isel_val b, unsigned ubits)
{
	unsigned i, n = a.n > b.n ? a.n : b.n, need = result_words(&a, &b, ubits);
	struct isel_val r = { 0 }, t;
	bool borrow = false;

	if (isel_is_imm(&b)) {
		t = negated_imm(&b);
		if (imm_cost(&t, need) < imm_cost(&b, need))
			return isel_add(is, a, t, ubits);
	}
	for (i = 0; i < need; i++) {
		struct isel_word x = word_at(&a, i), y = word_at(&b, i);
		struct nfp_opnd xo, yo, dst;

		if (!borrow && isel_w_is(&y, 0)) {
			r.w[i] = x;
			continue;
		}
		xo = isel_use(is, x);
		yo = isel_use(is, y);
		dst = isel_new_reg(is);
		isel_alu_to(is, dst, borrow ? NFP_ALU_SUBC : NFP_ALU_SUB, xo, yo)->sets_cc =
			i + 1 < need;
		r.w[i] = isel_w_reg(dst, 32);
		borrow = true;
	}
	pad(&r, need, n);
	return r;
}

struct isel_val isel_add_at(struct isel *is, struct isel_val a, struct isel_val b, unsigned at)
{
	struct isel_val low = { .n = (uint8_t)(a.n - at) }, sum;
	unsigned i;

	for (i = 0; i < low.n; i++)
		low.w[i] = a.w[at + i];
	sum = isel_add(is, low, b, 32u * low.n);
	for (i = 0; i < low.n; i++)
		a.w[at + i] = sum.w[i];
	return a;
}

/* ---- logic ---- */

/* Bits of the value that mask m keeps form one run; bits the value does not have do not matter. */
static bool is_run(uint32_t m, unsigned value_bits, unsigned *lo, unsigned *hi)
{
	uint32_t have = (uint32_t)bits_mask(value_bits), run;

	m &= have;
	if (!m) {
		*lo = *hi = 0;
		return true;
	}
	*lo = (unsigned)__builtin_ctz(m);
	run = m >> *lo;
	*hi = *lo + (run == UINT32_MAX ? 32 : (unsigned)__builtin_ctz(~run));
	if (m & ~(uint32_t)(bits_mask(*hi) & ~bits_mask(*lo)))
		return false;
	if (*hi >= value_bits)
		*hi = 32;
	return true;
}

/* Mask of bytes that m keeps, if it keeps or drops whole bytes. */
static bool is_byte_mask(uint32_t m, unsigned *bmask)
{
	unsigned i;

	*bmask = 0;
	for (i = 0; i < 4; i++) {
		uint32_t byte = m >> (8 * i) & 0xff;

		if (byte != 0 && byte != 0xff)
			return false;
		*bmask |= byte ? 1u << i : 0;
	}
	return true;
}

bool isel_short_mask(const struct isel_word *x, uint32_t m, uint32_t *imm, int *shift)
{
	uint32_t eff = m & (uint32_t)(bits_mask(isel_w_bits(x)) & ~bits_mask(x->lo));
	unsigned k = eff ? (unsigned)__builtin_ctz(eff) : 0;

	*imm = eff >> k;
	*shift = x->shift + (int)k;
	return eff && !isel_w_is_imm(x) && *imm <= 255 && *shift <= 31;
}

static struct isel_word and_const(struct isel *is, struct isel_word x, uint32_t m)
{
	unsigned bits = isel_w_bits(&x), top = m ? 32 - (unsigned)__builtin_clz(m) : 0, lo, hi,
		 bmask;
	struct nfp_opnd dst;
	uint32_t imm;
	int shift;

	if (isel_w_is_imm(&x))
		return isel_w_imm(x.o.imm & m);
	if (is_run(m, bits, &lo, &hi))
		return lo == hi ? isel_w_imm(0) : isel_w_keep(x, lo, hi);
	if (isel_short_mask(&x, m, &imm,
			    &shift)) { /* masked at the bottom, in place only if wanted */
		dst = isel_new_reg(is);
		isel_shf_to(is, dst, NFP_SHF_AND, nfp_imm(imm), x.o, shift);
		return isel_w_shl(isel_w_reg(dst, 32 - (unsigned)__builtin_clz(imm)),
				  (unsigned)(shift - x.shift));
	}
	if (is_byte_mask(m, &bmask) && isel_w_shift_only(&x)) {
		dst = isel_new_reg(is);
		isel_ldf_to(is, dst, bmask, x.o, x.shift, true);
	} else if (~m <= 255) {
		dst = isel_alu(is, NFP_ALU_AND_NOTB, isel_use(is, x), nfp_imm(~m));
	} else {
		dst = isel_alu(is, NFP_ALU_AND, isel_use(is, x), isel_use(is, isel_w_imm(m)));
	}
	return isel_w_reg(dst, bits < top ? bits : top);
}

static struct isel_word and_words(struct isel *is, struct isel_word x, struct isel_word y)
{
	unsigned bx = isel_w_bits(&x), by = isel_w_bits(&y);

	if (isel_w_is_imm(&y))
		return and_const(is, x, y.o.imm);
	if (isel_w_is_imm(&x))
		return and_const(is, y, x.o.imm);
	return isel_w_reg(isel_alu(is, NFP_ALU_AND, isel_use(is, x), isel_use(is, y)),
			  bx < by ? bx : by);
}

static struct isel_word or_words(struct isel *is, struct isel_word x, struct isel_word y)
{
	if (isel_w_is(&x, UINT32_MAX) || isel_w_is(&y, UINT32_MAX))
		return isel_w_imm(UINT32_MAX);
	return isel_w_or(is, x, y);
}

static struct isel_word xor_words(struct isel *is, struct isel_word x, struct isel_word y)
{
	unsigned bx = isel_w_bits(&x), by = isel_w_bits(&y);

	if (isel_w_is_imm(&x) && isel_w_is_imm(&y))
		return isel_w_imm(x.o.imm ^ y.o.imm);
	if (isel_w_is(&x, 0) || isel_w_is(&y, 0))
		return isel_w_is(&x, 0) ? y : x;
	if (isel_w_is(&y, UINT32_MAX))
		return isel_w_reg(isel_alu(is, NFP_ALU_NOTB, nfp_none(), isel_use(is, x)), 32);
	if (isel_w_is(&x, UINT32_MAX))
		return xor_words(is, y, x);
	return isel_w_reg(isel_alu(is, NFP_ALU_XOR, isel_use(is, x), isel_use(is, y)),
			  bx > by ? bx : by);
}

struct isel_val isel_logic(struct isel *is, LLVMOpcode op, struct isel_val a, struct isel_val b)
{
	struct isel_val r = { .n = a.n };
	unsigned i;

	for (i = 0; i < r.n; i++) {
		struct isel_word x = a.w[i], y = word_at(&b, i);

		r.w[i] = op == LLVMAnd  ? and_words(is, x, y)
			 : op == LLVMOr ? or_words(is, x, y)
					: xor_words(is, x, y);
	}
	return r;
}

/* ---- selection ---- */

/* x + (a >= b) and the like: the comparison's carry is added at once. `v` is add, one operand of
 * which is a zext of a comparison that nobody else needs. */
static bool add_carry(struct isel *is, LLVMValueRef v)
{
	LLVMValueRef x = LLVMGetOperand(v, 0), z = LLVMGetOperand(v, 1), cmp;
	struct isel_word w;
	struct nfp_opnd o;
	unsigned k;

	if (isel_width(v) > 32)
		return false;
	for (k = 0; k < 2; k++) {
		z = LLVMGetOperand(v, 1 - k);
		x = LLVMGetOperand(v, k);
		if (isel_is_inst(z, LLVMZExt) && isel_inst_of(&is->ir, z)->deferred &&
		    isel_is_inst(LLVMGetOperand(z, 0), LLVMICmp))
			break;
	}
	if (k == 2)
		return false;
	cmp = LLVMGetOperand(z, 0);
	if (!isel_carry_means(is, cmp, true))
		return false;
	w = isel_get_word(is, x, 0);
	o = isel_use(is, w);
	isel_carry_icmp(is, cmp, true);
	isel_set(is, v, isel_val1(isel_w_reg(isel_alu(is, NFP_ALU_ADDC, o, nfp_imm(0)), 32)));
	return true;
}

static unsigned cheaper_sign(LLVMOpcode op, uint32_t c)
{
	unsigned cost = isel_const_cost(c), neg = isel_const_cost(0u - c);

	if (op == LLVMAdd || op == LLVMSub)
		return cost < neg ? cost : neg;
	return op == LLVMXor && c == UINT32_MAX ? 0 : cost;
}

/* The bits of a narrow constant above its type do not matter: copies of the sign may be cheaper. */
static void narrow_const(LLVMOpcode op, unsigned width, struct isel_val *v)
{
	struct isel_word *top = &v->w[v->n - 1];
	unsigned k = width % 32;
	uint32_t sext;

	if (!k || !isel_w_is_imm(top))
		return;
	sext = top->o.imm | (top->o.imm >> (k - 1) & 1 ? ~(uint32_t)bits_mask(k) : 0);
	if (cheaper_sign(op, sext) < cheaper_sign(op, top->o.imm))
		*top = isel_w_imm(sext);
}

void isel_select_binary(struct isel *is, LLVMValueRef v)
{
	LLVMOpcode op = LLVMGetInstructionOpcode(v);
	unsigned ubits = isel_ubits(&is->ir, v);
	struct isel_val a, b;

	if (op == LLVMAdd && add_carry(is, v))
		return;
	a = isel_get(is, LLVMGetOperand(v, 0));
	b = isel_get(is, LLVMGetOperand(v, 1));
	narrow_const(op, isel_width(v), &b);
	if (op == LLVMAdd)
		isel_set(is, v, isel_add(is, a, b, ubits));
	else if (op == LLVMSub)
		isel_set(is, v, isel_sub(is, a, b, ubits));
	else
		isel_set(is, v, isel_logic(is, op, a, b));
}

void isel_select_cast(struct isel *is, LLVMValueRef v)
{
	LLVMOpcode op = LLVMGetInstructionOpcode(v);
	LLVMValueRef x = LLVMGetOperand(v, 0);
	unsigned from = isel_width(x), to = isel_width(v);
	struct isel_val val;

	if (!from || from > ISEL_MAX_WIDTH) {
		isel_refuse(is, "a conversion of a type that is neither integer nor pointer");
		return;
	}
	if (op == LLVMSExt && from == 1) {
		val = isel_val1(isel_bool_sext(is, x));
		isel_set(is, v, isel_sext(is, val, 32, to > 32 ? to : 32));
		return;
	}
	if (op == LLVMSExt && isel_ubits(&is->ir, x) == from)
		val = isel_sext(is, isel_get(is, x), from, (to + 31) / 32 * 32);
	else if (to > from)
		val = isel_get_zext(is, x);
	else
		val = isel_get(is, x);
	isel_set(is, v, val);
}
