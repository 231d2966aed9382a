/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_lower.h"

/* Equality as branches.
 *
 *   field == c      a branch a byte, on the transfer register itself if the field is in one; one bit: a
 *                   branch on the bit; else a subtraction and a branch, whichever is shorter
 *   (x & y) == 0    one AND for the flags
 *   (a | b) == c    where a and b bring bits of their own: each part by itself */

void isel_jump_when(struct isel *is, bool taken, uint32_t target)
{
	if (taken)
		isel_jump(is, target);
}

/* ---- equality with a constant ---- */

bool isel_field_bytes(const struct isel_word *w, unsigned width, unsigned *first, unsigned *n)
{
	struct isel_word f = isel_w_keep(*w, 0, width);
	unsigned bits = isel_w_bits(&f), covered;
	int natural;

	if (isel_w_is_imm(&f) || f.lo || f.shift < 0 || f.shift % 8)
		return false;
	*first = (unsigned)f.shift / 8;
	*n = (bits + 7) / 8;
	covered = 8 * *n;
	natural = f.bits - f.shift;
	/* the last byte must hold nothing above the field */
	if (f.hi < covered && f.hi < natural)
		return false;
	return *first + *n <= 4;
}

unsigned isel_eq_cost(const struct isel_word *w, uint32_t c)
{
	unsigned k = isel_const_cost(c), neg = isel_const_cost(0u - c), cost = isel_w_cost(w);

	if (!c) /* an extraction may set the condition codes itself, but for ld_field */
		return cost <= 1 ? 2 : cost + 1;
	return cost + (k < neg ? k : neg) + 2;
}

static void jump_bytes(struct isel *is, struct nfp_opnd o, unsigned first, unsigned n, uint32_t c,
		       bool eq, uint32_t target)
{
	uint32_t skip = eq && n > 1 ? isel_new_block(is) : 0, scope = is->here.scope;
	unsigned i;

	for (i = 0; i + 1 < n; i++)
		isel_bbyte(is, o, first + i, c >> (8 * i) & 0xff, false, eq ? skip : target);
	isel_bbyte(is, o, first + i, c >> (8 * i) & 0xff, eq, target);
	if (skip) {
		isel_br(is, skip);
		isel_begin_arm(is, skip, scope);
	}
}

static void jump_zero(struct isel *is, struct isel_word w, bool eq, uint32_t target)
{
	if (!isel_w_plain(&w) && w.hi <= 8)
		isel_shf_to(is, nfp_none(), NFP_SHF_AND,
			    nfp_imm((uint32_t)(bits_mask(w.hi) & ~bits_mask(w.lo))), w.o, w.shift)
			->sets_cc = true;
	else if (!isel_w_plain(&w) && isel_w_shift_only(&w))
		isel_shf_to(is, nfp_none(), NFP_SHF_B, nfp_none(), w.o, w.shift)->sets_cc = true;
	else
		isel_test(is, NFP_ALU_B, nfp_none(), isel_use(is, w));
	isel_bcc(is, eq ? NFP_CC_EQ : NFP_CC_NE, target);
}

void isel_jump_eq_const(struct isel *is, struct isel_word w, unsigned width, uint32_t c, bool eq,
			uint32_t target)
{
	unsigned first, n, bits;
	uint32_t possible;

	w = isel_w_keep(w, 0, width);
	c &= (uint32_t)bits_mask(width);
	bits = isel_w_bits(&w);
	possible = (uint32_t)(bits_mask(bits) & ~bits_mask(isel_w_is_imm(&w) ? 0 : w.lo));
	if (isel_w_is_imm(&w) || c & ~possible) {
		isel_jump_when(is, (isel_w_is(&w, c)) == eq, target);
		return;
	}
	c >>= w.lo; /* nothing stands below the field */
	bits -= w.lo;
	w = isel_w_lshr(w, w.lo);
	if (bits == 1) {
		isel_bbit(is, w.o, (unsigned)w.shift, eq == (c != 0), target);
		return;
	}
	if (isel_field_bytes(&w, width, &first, &n) && n <= isel_eq_cost(&w, c)) {
		jump_bytes(is, w.o, first, n, c, eq, target);
		return;
	}
	if (!c) {
		jump_zero(is, w, eq, target);
		return;
	}
	if (isel_const_cost(0u - c) < isel_const_cost(c))
		isel_test(is, NFP_ALU_ADD, isel_use(is, w), isel_use(is, isel_w_imm(0u - c)));
	else
		isel_test(is, NFP_ALU_SUB, isel_use(is, w), isel_use(is, isel_w_imm(c)));
	isel_bcc(is, eq ? NFP_CC_EQ : NFP_CC_NE, target);
}

/* ---- equality ---- */

static void jump_eq_word(struct isel *is, struct isel_word a, struct isel_word b, bool eq,
			 uint32_t target)
{
	if (isel_w_is_imm(&b)) {
		isel_jump_eq_const(is, a, 32, b.o.imm, eq, target);
	} else if (isel_w_is_imm(&a)) {
		isel_jump_eq_const(is, b, 32, a.o.imm, eq, target);
	} else if (isel_w_plain(&a) && isel_w_plain(&b) && isel_same_opnd(&a.o, &b.o)) {
		isel_jump_when(is, eq, target);
	} else {
		isel_test(is, NFP_ALU_XOR, isel_use(is, a), isel_use(is, b));
		isel_bcc(is, eq ? NFP_CC_EQ : NFP_CC_NE, target);
	}
}

/* Operands zero-extended to whole words. */
void isel_jump_eq(struct isel *is, struct isel_val a, struct isel_val b, bool eq, uint32_t target)
{
	uint32_t skip, scope = is->here.scope;
	unsigned i;

	if (a.n == 2 && isel_w_is(&b.w[0], 0) && isel_w_is(&b.w[1], 0) && !isel_w_is_imm(&a.w[0]) &&
	    !isel_w_is_imm(&a.w[1])) {
		isel_test(is, NFP_ALU_OR, isel_use(is, a.w[0]), isel_use(is, a.w[1]));
		isel_bcc(is, eq ? NFP_CC_EQ : NFP_CC_NE, target);
		return;
	}
	while (a.n > 1 && isel_w_is_imm(&a.w[a.n - 1]) && isel_w_is_imm(&b.w[a.n - 1]) &&
	       a.w[a.n - 1].o.imm == b.w[a.n - 1].o.imm)
		a.n--;
	if (a.n == 1 || !eq) {
		for (i = 0; i < a.n; i++)
			jump_eq_word(is, a.w[i], b.w[i], eq, target);
		return;
	}
	skip = isel_new_block(is);
	for (i = 0; i + 1 < a.n; i++)
		jump_eq_word(is, a.w[i], b.w[i], false, skip);
	jump_eq_word(is, a.w[i], b.w[i], true, target);
	isel_br(is, skip);
	isel_begin_arm(is, skip, scope);
}

/* (x & y) == 0 where the masked value itself is not needed and no bit field. */
static bool jump_masked(struct isel *is, LLVMValueRef a, LLVMValueRef b, bool eq, uint32_t target)
{
	struct isel_inst *in = isel_inst_of(&is->ir, a);
	struct isel_word x, y, t;
	uint64_t zero;
	uint32_t imm;
	int shift;

	if (!in || in->op != LLVMAnd || !in->deferred || !isel_const_u64(b, &zero) || zero ||
	    in->width > 32)
		return false;
	x = isel_get_zext(is, LLVMGetOperand(a, 0)).w[0];
	y = isel_get_zext(is, LLVMGetOperand(a, 1)).w[0];
	if (isel_w_is_imm(&x)) {
		t = x;
		x = y;
		y = t;
	}
	if (isel_w_is_imm(&y)) {
		if (!y.o.imm || bits_is_pow2((y.o.imm >> __builtin_ctz(y.o.imm)) + UINT64_C(1)))
			return false; /* a run of bits */
		if (isel_short_mask(&x, y.o.imm, &imm, &shift)) {
			isel_shf_to(is, nfp_none(), NFP_SHF_AND, nfp_imm(imm), x.o, shift)
				->sets_cc = true;
			isel_bcc(is, eq ? NFP_CC_EQ : NFP_CC_NE, target);
			return true;
		}
	}
	isel_test(is, NFP_ALU_AND, isel_use(is, x), isel_use(is, y));
	isel_bcc(is, eq ? NFP_CC_EQ : NFP_CC_NE, target);
	return true;
}

/* ---- equality of parts: a | b | … where each brings bits of its own ---- */

#define MAX_PARTS 8

struct parts {
	struct isel_word w[MAX_PARTS];
	unsigned n;
};

static uint32_t part_mask(const struct isel_word *w)
{
	if (isel_w_is_imm(w))
		return w->o.imm;
	return (uint32_t)(bits_mask(isel_w_bits(w)) & ~bits_mask(w->lo));
}

static void add_part(struct parts *p, struct isel_word w)
{
	unsigned i;

	for (i = 0; i < p->n; i++) {
		struct isel_word both;

		if (isel_w_union(&p->w[i], &w, &both)) {
			p->w[i] = p->w[--p->n];
			add_part(p, both);
			return;
		}
	}
	p->w[p->n++] = w;
}

static bool collect_parts(struct isel *is, LLVMValueRef v, struct parts *p)
{
	struct isel_inst *in = isel_inst_of(&is->ir, v);

	if (in && in->op == LLVMOr && in->deferred)
		return collect_parts(is, LLVMGetOperand(v, 0), p) &&
		       collect_parts(is, LLVMGetOperand(v, 1), p);
	if (p->n == MAX_PARTS)
		return false;
	add_part(p, isel_get_zext(is, v).w[0]);
	return true;
}

static bool jump_parts(struct isel *is, LLVMValueRef a, LLVMValueRef b, bool eq, uint32_t target)
{
	struct isel_inst *in = isel_inst_of(&is->ir, a);
	struct parts p = { .n = 0 };
	uint32_t all = 0, skip, scope = is->here.scope;
	uint64_t c;
	unsigned i;

	if (!in || in->op != LLVMOr || !in->deferred || in->width > 32 || !isel_const_u64(b, &c) ||
	    !collect_parts(is, a, &p))
		return false;
	for (i = 0; i < p.n; i++) {
		if (isel_w_is_imm(&p.w[i]) || (part_mask(&p.w[i]) & all))
			return false;
		all |= part_mask(&p.w[i]);
	}
	if ((uint32_t)c & ~all) {
		isel_jump_when(is, !eq, target);
		return true;
	}
	skip = isel_new_block(is);
	for (i = 0; i < p.n; i++) {
		bool last = i + 1 == p.n;
		uint32_t want = ((uint32_t)c & part_mask(&p.w[i])) >> p.w[i].lo;

		isel_jump_eq_const(is, isel_w_lshr(p.w[i], p.w[i].lo), 32, want, eq && last,
				   eq && !last ? skip : target);
	}
	isel_br(is, skip);
	isel_begin_arm(is, skip, scope);
	return true;
}

/* A load that stands in registers in the other byte order is compared as it is. */
static bool jump_swapped(struct isel *is, LLVMIntPredicate p, LLVMValueRef a, LLVMValueRef b,
			 uint32_t target)
{
	struct isel_val x, c;
	bool is_swapped;

	if (!LLVMIsAConstantInt(b) || isel_width(a) % 16)
		return false;
	x = isel_eq_view(is, a, &is_swapped);
	if (!is_swapped)
		return false;
	c = isel_bswap(is, isel_get(is, b), isel_width(a) / 8);
	isel_jump_cmp(is, p, x, c, target);
	return true;
}

bool isel_jump_eq_pattern(struct isel *is, LLVMValueRef a, LLVMValueRef b, bool eq, uint32_t target)
{
	return jump_swapped(is, eq ? LLVMIntEQ : LLVMIntNE, a, b, target) ||
	       jump_masked(is, a, b, eq, target) || jump_parts(is, a, b, eq, target);
}
