/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_lower.h"

/* Integer comparisons as branches: equality is isel_eq.c's, order stands here. a < b and a >= b are one
 * subtraction (64 bit: two with borrow) and a branch on C or N=V; the others are turned into these,
 * because Z covers only the last word (nfp.md 2.7). */

static LLVMIntPredicate inverse(LLVMIntPredicate p)
{
	switch (p) {
	case LLVMIntEQ: return LLVMIntNE;
	case LLVMIntNE: return LLVMIntEQ;
	case LLVMIntUGT: return LLVMIntULE;
	case LLVMIntUGE: return LLVMIntULT;
	case LLVMIntULT: return LLVMIntUGE;
	case LLVMIntULE: return LLVMIntUGT;
	case LLVMIntSGT: return LLVMIntSLE;
	case LLVMIntSGE: return LLVMIntSLT;
	case LLVMIntSLT: return LLVMIntSGE;
	default: return LLVMIntSGT;
	}
}

static LLVMIntPredicate swapped(LLVMIntPredicate p)
{
	switch (p) {
	case LLVMIntUGT: return LLVMIntULT;
	case LLVMIntUGE: return LLVMIntULE;
	case LLVMIntULT: return LLVMIntUGT;
	case LLVMIntULE: return LLVMIntUGE;
	case LLVMIntSGT: return LLVMIntSLT;
	case LLVMIntSGE: return LLVMIntSLE;
	case LLVMIntSLT: return LLVMIntSGT;
	case LLVMIntSLE: return LLVMIntSGE;
	default: return p;
	}
}

static bool is_signed(LLVMIntPredicate p)
{
	return p == LLVMIntSGT || p == LLVMIntSGE || p == LLVMIntSLT || p == LLVMIntSLE;
}

static LLVMIntPredicate as_unsigned(LLVMIntPredicate p)
{
	switch (p) {
	case LLVMIntSGT: return LLVMIntUGT;
	case LLVMIntSGE: return LLVMIntUGE;
	case LLVMIntSLT: return LLVMIntULT;
	case LLVMIntSLE: return LLVMIntULE;
	default: return p;
	}
}

/* ---- order ---- */

static bool add_one(struct isel_val *v) /* false: wrapped to 0 */
{
	unsigned i;

	for (i = 0; i < v->n; i++) {
		v->w[i].o.imm++;
		if (v->w[i].o.imm)
			return true;
	}
	return false;
}

static bool is_smax(const struct isel_val *v)
{
	unsigned i;

	for (i = 0; i + 1 < v->n; i++)
		if (v->w[i].o.imm != UINT32_MAX)
			return false;
	return v->w[i].o.imm == INT32_MAX;
}

/* Makes p one of ULT, UGE, SLT, SGE. False: decided, *always says how. */
static bool to_less_or_not(LLVMIntPredicate *p, struct isel_val *a, struct isel_val *b,
			   bool *always)
{
	struct isel_val t;

	if (*p == LLVMIntULT || *p == LLVMIntUGE || *p == LLVMIntSLT || *p == LLVMIntSGE)
		return true;
	if (isel_is_imm(b)) { /* x > c is x >= c + 1 */
		bool greater = *p == LLVMIntUGT || *p == LLVMIntSGT;

		*always = !greater;
		if (is_signed(*p) && is_smax(b))
			return false;
		if (!add_one(b) && !is_signed(*p))
			return false;
		*p = is_signed(*p) ? greater ? LLVMIntSGE : LLVMIntSLT
		     : greater     ? LLVMIntUGE
				   : LLVMIntULT;
		return true;
	}
	t = *a;
	*a = *b;
	*b = t;
	*p = swapped(*p);
	return true;
}

/* High words that are 0 on both sides go, and the sign with them. */
static LLVMIntPredicate narrow(LLVMIntPredicate p, struct isel_val *a, struct isel_val *b)
{
	while (a->n > 1 && isel_w_is(&a->w[a->n - 1], 0) && isel_w_is(&b->w[a->n - 1], 0)) {
		a->n--;
		b->n--;
		p = as_unsigned(p);
	}
	if (isel_w_bits(&a->w[a->n - 1]) < 32 && isel_w_bits(&b->w[b->n - 1]) < 32)
		p = as_unsigned(p);
	return p;
}

/* a - b for the flags. */
static void compare(struct isel *is, const struct isel_val *a, const struct isel_val *b)
{
	unsigned i, start = 0;

	while (start + 1 < a->n && isel_w_is(&b->w[start], 0))
		start++; /* no borrow comes out of these */
	for (i = start; i < a->n; i++) {
		struct isel_word x = a->w[i], y = b->w[i];
		uint32_t neg = 0u - y.o.imm;

		if (a->n == 1 && isel_w_is_imm(&y) && y.o.imm &&
		    isel_const_cost(neg) < isel_const_cost(y.o.imm))
			isel_test(is, NFP_ALU_ADD, isel_use(is, x), isel_use(is, isel_w_imm(neg)));
		else
			isel_test(is, i > start ? NFP_ALU_SUBC : NFP_ALU_SUB, isel_use(is, x),
				  isel_use(is, y));
	}
}

/* x < 2^k and x >= 2^k: is anything left above bit k? */
static bool jump_pow2(struct isel *is, LLVMIntPredicate p, const struct isel_val *a,
		      const struct isel_val *b, uint32_t target)
{
	uint32_t c = b->w[0].o.imm;
	struct isel_word high;

	if (a->n != 1 || !isel_w_is_imm(&b->w[0]) || !bits_is_pow2(c) || is_signed(p))
		return false;
	high = isel_w_lshr(a->w[0], (unsigned)__builtin_ctz(c));
	if (c > 1 && isel_eq_cost(&high, 0) >= isel_w_cost(&a->w[0]) + 2 + isel_const_cost(c))
		return false;
	isel_jump_eq_const(is, high, 32, 0, p == LLVMIntULT, target);
	return true;
}

static enum nfp_cc condition(LLVMIntPredicate p)
{
	switch (p) {
	case LLVMIntULT: return NFP_CC_LO;
	case LLVMIntUGE: return NFP_CC_HS;
	case LLVMIntSLT: return NFP_CC_LT;
	default: return NFP_CC_GE;
	}
}

void isel_jump_cmp(struct isel *is, LLVMIntPredicate p, struct isel_val a, struct isel_val b,
		   uint32_t target)
{
	bool always;

	if (isel_is_imm(&a) && !isel_is_imm(&b)) {
		struct isel_val t = a;

		a = b;
		b = t;
		p = swapped(p);
	}
	if (p == LLVMIntEQ || p == LLVMIntNE) {
		isel_jump_eq(is, a, b, p == LLVMIntEQ, target);
		return;
	}
	p = narrow(p, &a, &b);
	if (!to_less_or_not(&p, &a, &b, &always)) {
		isel_jump_when(is, always, target);
		return;
	}
	if (!is_signed(p) && isel_is_imm(&b) && isel_w_is(&b.w[b.n - 1], 0) &&
	    (b.n == 1 || isel_w_is(&b.w[0], 0)) && b.n <= 2) { /* x < 0, x >= 0 */
		isel_jump_when(is, p == LLVMIntUGE, target);
		return;
	}
	if (jump_pow2(is, p, &a, &b, target))
		return;
	compare(is, &a, &b);
	isel_bcc(is, condition(p), target);
}

/* x < 0 and x >= 0 look at one bit. */
static bool jump_sign(struct isel *is, LLVMIntPredicate p, LLVMValueRef a, LLVMValueRef b,
		      uint32_t target)
{
	unsigned width = isel_width(a), bit = (width - 1) % 32;
	struct isel_word w;
	uint64_t c;

	if (width > 64 || !isel_const_u64(b, &c))
		return false;
	if (!((p == LLVMIntSLT || p == LLVMIntSGE) && !c) &&
	    !((p == LLVMIntSGT || p == LLVMIntSLE) && c == bits_mask(width)))
		return false;
	w = isel_w_keep(isel_get_word(is, a, (width - 1) / 32), bit, bit + 1);
	isel_jump_eq_const(is, w, 32, 0, p == LLVMIntSGE || p == LLVMIntSGT, target);
	return true;
}

/* Bytes from the root to an address as a sum; false: they might wrap around. */
static bool offset_of(struct isel *is, const struct isel_addr *a, struct isel_val *sum)
{
	enum { SMALL_BITS = 20 }; /* packets are far shorter, and their addresses have room above */
	uint32_t i;

	if (a->off < 0 || a->off >> SMALL_BITS)
		return false;
	for (i = 0; i < a->n_var; i++)
		if (isel_ubits(&is->ir, a->var[i]) > SMALL_BITS)
			return false;
	*sum = isel_val1(isel_w_imm((uint32_t)a->off));
	for (i = 0; i < a->n_var; i++) {
		struct isel_val v = isel_get_zext(is, a->var[i]);

		*sum = isel_add(is, isel_val1(v.w[0]), *sum, SMALL_BITS + 2);
	}
	return true;
}

/* Pointers into one packet compare as their offsets. */
static bool jump_offsets(struct isel *is, LLVMIntPredicate p, LLVMValueRef a, LLVMValueRef b,
			 uint32_t target)
{
	struct isel_addr x, y;
	struct isel_val m, n;

	if (LLVMGetTypeKind(LLVMTypeOf(a)) != LLVMPointerTypeKind || is_signed(p) ||
	    LLVMGetPointerAddressSpace(LLVMTypeOf(a)) != ISEL_PACKET || !isel_address(is, a, &x) ||
	    !isel_address(is, b, &y))
		return false;
	if (x.pkt_root != y.pkt_root || (x.pkt_root ? x.version != y.version : x.root != y.root))
		return false;
	if (!offset_of(is, &x, &m) || !offset_of(is, &y, &n))
		return false;
	isel_jump_cmp(is, p, m, n, target);
	return true;
}

void isel_jump_icmp(struct isel *is, LLVMIntPredicate p, LLVMValueRef a, LLVMValueRef b, bool sense,
		    uint32_t target)
{
	struct isel_val x, y;
	bool equality;

	if (!sense)
		p = inverse(p);
	equality = p == LLVMIntEQ || p == LLVMIntNE;
	if (equality && isel_call_is_fused(&is->ir, a)) {
		isel_jump_call_failed(is, a, p == LLVMIntNE, target);
		return;
	}
	if (equality && isel_jump_eq_pattern(is, a, b, p == LLVMIntEQ, target))
		return;
	if (jump_offsets(is, p, a, b, target))
		return;
	if (jump_sign(is, p, a, b, target))
		return;
	if (is_signed(p)) {
		x = isel_get_sext(is, a);
		y = isel_get_sext(is, b);
	} else {
		x = isel_get_zext(is, a);
		y = isel_get_zext(is, b);
	}
	isel_jump_cmp(is, p, x, y, target);
}

/* ---- comparisons in the carry flag ---- */

/* C after a subtraction says "not less". What can be brought to that form can be added at once. */
static bool carry_form(struct isel *is, LLVMValueRef icmp, bool sense, LLVMIntPredicate *p,
		       uint64_t *c, bool *has_c)
{
	LLVMValueRef a = LLVMGetOperand(icmp, 0), b = LLVMGetOperand(icmp, 1);
	unsigned width = isel_width(a);

	*p = LLVMGetICmpPredicate(icmp);
	if (!sense)
		*p = inverse(*p);
	if (isel_ubits(&is->ir, a) < width && isel_ubits(&is->ir, b) < width)
		*p = as_unsigned(*p);
	*has_c = isel_const_u64(b, c) && width <= 32;
	if (width > 32)
		return *p == LLVMIntUGE || *p == LLVMIntULE;
	switch (*p) {
	case LLVMIntUGE:
	case LLVMIntULE: return true;
	case LLVMIntULT: return *has_c && *c > 0;
	case LLVMIntUGT: return *has_c && *c < bits_mask(width);
	case LLVMIntEQ:
	case LLVMIntNE: return true;
	default: return false;
	}
}

bool isel_carry_means(struct isel *is, LLVMValueRef icmp, bool sense)
{
	LLVMIntPredicate p;
	uint64_t c;
	bool has_c;

	return carry_form(is, icmp, sense, &p, &c, &has_c);
}

void isel_carry_icmp(struct isel *is, LLVMValueRef icmp, bool sense)
{
	struct isel_val a = isel_get_zext(is, LLVMGetOperand(icmp, 0));
	struct isel_val b = isel_get_zext(is, LLVMGetOperand(icmp, 1)), t;
	LLVMIntPredicate p;
	uint64_t c;
	bool has_c;

	(void)carry_form(is, icmp, sense, &p, &c, &has_c);
	switch (p) {
	case LLVMIntUGT: b = isel_val1(isel_w_imm((uint32_t)c + 1)); break;
	case LLVMIntULT: /* x < c is c - 1 >= x */
		b = a;
		a = isel_val1(isel_w_imm((uint32_t)c - 1));
		break;
	case LLVMIntULE:
		t = a;
		a = b;
		b = t;
		break;
	case LLVMIntEQ:
	case LLVMIntNE: /* x = a ^ b; 0 >= x; x >= 1 */
		t = has_c && !c ? a : isel_logic(is, LLVMXor, a, b);
		a = p == LLVMIntEQ ? isel_val1(isel_w_imm(0)) : t;
		b = p == LLVMIntEQ ? t : isel_val1(isel_w_imm(1));
		break;
	default: break;
	}
	compare(is, &a, &b);
}
