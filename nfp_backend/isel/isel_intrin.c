/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_lower.h"

/* LLVM's own intrinsics that the pass list makes out of ordinary code. */

/* ---- byte and bit order ---- */

/* The low 16 bits swapped. */
static struct isel_word bswap16(struct isel *is, struct isel_word w)
{
	struct nfp_opnd dst, o = w.o;
	int s = w.shift;

	w = isel_w_keep(w, 0, 16);
	if (isel_w_is_imm(&w))
		return isel_w_imm(__builtin_bswap16((uint16_t)w.o.imm));
	if (isel_w_bits(&w) <= 8)
		return isel_w_shl(w, 8);
	if (w.lo || w.hi < 16 || s + 8 > 31) { /* no plain pair of bytes of the operand */
		o = isel_use_any_imm(is, w);
		s = 0;
	}
	dst = isel_new_reg(is);
	isel_ldf_to(is, dst, 1, o, s + 8, true);
	isel_ldf_to(is, dst, 2, o, s - 8, false);
	return isel_w_reg(dst, 16);
}

static struct isel_word bswap32(struct isel *is, struct isel_word w)
{
	struct nfp_opnd dst, o;

	if (isel_w_is_imm(&w))
		return isel_w_imm(__builtin_bswap32(w.o.imm));
	if (isel_w_bits(&w) <= 16)
		return isel_w_shl(bswap16(is, w), 16);
	o = isel_use_any_imm(is, w);
	dst = isel_new_reg(is);
	isel_shf_to(is, dst, NFP_SHF_B, nfp_none(), o, 8)->sc = NFP_SC_ROT;
	isel_ldf_to(is, dst, 5, o, 24, false)->sc = NFP_SC_ROT;
	return isel_w_reg(dst, 32);
}

struct isel_val isel_bswap(struct isel *is, struct isel_val v, unsigned bytes)
{
	struct isel_val r = { .n = (uint8_t)((bytes + 3) / 4) };
	unsigned i;

	if (bytes == 2)
		return isel_val1(bswap16(is, v.w[0]));
	for (i = 0; i < r.n; i++)
		r.w[i] = bswap32(is, v.w[r.n - 1u - i]);
	return bytes % 4 ? isel_lshr_const(is, r, 32 - 8 * (bytes % 4)) : r;
}

/* Swaps neighbouring groups of k bits, those at the positions in m with those above. */
static struct nfp_opnd swap_bits(struct isel *is, struct nfp_opnd x, uint32_t m, int k)
{
	struct nfp_opnd mask = isel_const(is, m), up = isel_new_reg(is), low,
			dst = isel_new_reg(is);

	isel_shf_to(is, up, NFP_SHF_AND, mask, x, k);
	low = isel_alu(is, NFP_ALU_AND, x, mask);
	isel_shf_to(is, dst, NFP_SHF_OR, up, low, -k);
	return dst;
}

static struct isel_word bitreverse32(struct isel *is, struct isel_word w)
{
	struct nfp_opnd x = isel_use_reg(is, w);

	x = swap_bits(is, x, 0x55555555, 1);
	x = swap_bits(is, x, 0x33333333, 2);
	x = swap_bits(is, x, 0x0f0f0f0f, 4);
	return bswap32(is, isel_w_reg(x, 32));
}

static struct isel_val bitreverse(struct isel *is, struct isel_val v, unsigned width)
{
	struct isel_val r = { .n = v.n };
	unsigned i;

	for (i = 0; i < r.n; i++)
		r.w[i] = bitreverse32(is, v.w[r.n - 1u - i]);
	return width % 32 ? isel_lshr_const(is, r, 32 - width % 32) : r;
}

/* ---- counting bits ---- */

/* x - masked shift, then sums of 2, 4 and 8 bits; the last sum by multiplication. */
static struct isel_word ctpop32(struct isel *is, struct isel_word w)
{
	struct nfp_opnd x, t = isel_new_reg(is), u = isel_new_reg(is), m;

	if (isel_w_is_imm(&w))
		return isel_w_imm((uint32_t)__builtin_popcount(w.o.imm));
	x = isel_use_reg(is, w);
	isel_shf_to(is, t, NFP_SHF_AND, isel_const(is, 0x55555555), x, 1);
	x = isel_alu(is, NFP_ALU_SUB, x, t);
	m = isel_const(is, 0x33333333);
	isel_shf_to(is, u, NFP_SHF_AND, m, x, 2);
	x = isel_alu(is, NFP_ALU_ADD, isel_alu(is, NFP_ALU_AND, x, m), u);
	x = isel_alu(is, NFP_ALU_ADD, x, isel_shf(is, x, 4));
	x = isel_alu(is, NFP_ALU_AND, x, isel_const(is, 0x0f0f0f0f));
	x = isel_alu(is, NFP_ALU_ADD, x, isel_shf(is, x, 8));
	x = isel_alu(is, NFP_ALU_ADD, x, isel_shf(is, x, 16));
	return isel_w_keep(isel_w_reg(x, 32), 0, 6);
}

/* Index of the lowest bit set of a word that is not 0. */
static struct isel_word lowest(struct isel *is, struct isel_word w)
{
	return isel_w_reg(isel_alu(is, NFP_ALU_FFS, nfp_none(), isel_use(is, w)), 5);
}

/* Index of the highest bit set: smear it downwards, keep it alone, find it. */
static struct isel_word highest(struct isel *is, struct isel_word w)
{
	struct nfp_opnd x = isel_use_reg(is, w), y;
	int k;

	for (k = 1; k < 32; k *= 2) {
		y = isel_new_reg(is);
		isel_shf_to(is, y, NFP_SHF_OR, x, x, k);
		x = y;
	}
	y = isel_new_reg(is);
	isel_shf_to(is, y, NFP_SHF_AND_NOTB, x, x, 1);
	return lowest(is, isel_w_reg(y, 32));
}

/* cttz (from below) or ctlz over n words of `width` bits, zero-extended: the first word that is not
 * 0 decides. All 0: width. */
static struct isel_word count_zeros(struct isel *is, struct isel_val v, unsigned width, bool below)
{
	uint32_t join = isel_new_block(is), scope = is->here.scope;
	struct {
		uint32_t from;
		struct nfp_opnd o;
	} arm[ISEL_MAX_WORDS] = { 0 };
	struct isel_word r = isel_w_imm(0);
	struct nfp_opnd acc;
	unsigned i, k;

	for (k = 0; k < v.n; k++) {
		uint32_t next = isel_new_block(is), before = is->here.scope;

		i = below ? k : v.n - 1u - k;
		isel_jump_eq_const(is, v.w[i], 32, 0, true, next);
		if (below)
			r = isel_add(is, isel_val1(lowest(is, v.w[i])),
				     isel_val1(isel_w_imm(32 * i)), 32)
				    .w[0];
		else
			r = isel_sub(is, isel_val1(isel_w_imm(width - 1 - 32 * i)),
				     isel_val1(highest(is, v.w[i])), 32)
				    .w[0];
		arm[k].o = isel_use_phi(is, r);
		arm[k].from = is->here.block;
		isel_br(is, join);
		isel_begin_arm(is, next, before);
	}
	isel_goto(is, join);
	is->here.scope = scope;
	acc = isel_join_phi(is, arm[0].from, arm[0].o, nfp_imm(width));
	for (k = 1; k < v.n; k++)
		isel_join_more(is, arm[k].from, arm[k].o);
	return isel_w_reg(acc, 32);
}

static struct isel_val ctpop(struct isel *is, struct isel_val v)
{
	struct isel_val sum = isel_val1(ctpop32(is, v.w[0]));
	unsigned i;

	for (i = 1; i < v.n; i++)
		sum = isel_add(is, sum, isel_val1(ctpop32(is, v.w[i])), 32);
	return sum;
}

/* ---- comparisons with a result ---- */

static struct isel_val choose(struct isel *is, LLVMIntPredicate p, struct isel_val a,
			      struct isel_val b, struct isel_val yes, struct isel_val no)
{
	uint32_t yes_block = isel_new_block(is), join = isel_new_block(is), scope = is->here.scope;
	struct nfp_opnd y[ISEL_MAX_WORDS], n[ISEL_MAX_WORDS];
	struct isel_val r = { .n = yes.n };
	unsigned i;

	for (i = 0; i < r.n; i++) {
		y[i] = isel_use_phi(is, yes.w[i]);
		n[i] = isel_use_phi(is, no.w[i]);
	}
	isel_jump_cmp(is, p, a, b, yes_block);
	isel_br(is, join);
	isel_begin(is, yes_block);
	isel_goto(is, join);
	is->here.scope = scope;
	for (i = 0; i < r.n; i++) {
		if (isel_same_opnd(&y[i], &n[i]))
			r.w[i] = isel_w_reg(y[i], 32);
		else
			r.w[i] = isel_w_reg(isel_join_phi(is, yes_block, y[i], n[i]), 32);
	}
	return r;
}

static struct isel_val min_max(struct isel *is, const char *name, LLVMValueRef a, LLVMValueRef b)
{
	bool is_signed = name[5] == 's', max = name[7] == 'a' && name[6] == 'm';
	LLVMIntPredicate p = is_signed ? max ? LLVMIntSGT : LLVMIntSLT
			     : max     ? LLVMIntUGT
				       : LLVMIntULT;
	struct isel_val x = is_signed ? isel_get_sext(is, a) : isel_get_zext(is, a);
	struct isel_val y = is_signed ? isel_get_sext(is, b) : isel_get_zext(is, b);

	return choose(is, p, x, y, x, y);
}

static struct isel_val imm_val(unsigned n, uint32_t low)
{
	struct isel_val v = { .n = (uint8_t)n };

	while (n--)
		v.w[n] = isel_w_imm(n ? (low == UINT32_MAX ? low : 0) : low);
	return v;
}

static struct isel_val absolute(struct isel *is, LLVMValueRef x)
{
	struct isel_val v = isel_get_sext(is, x);
	struct isel_val m = isel_ashr_const(is, v, 32u * v.n - 1);

	return isel_sub(is, isel_logic(is, LLVMXor, v, m), m, 32u * v.n);
}

static struct isel_val usub_sat(struct isel *is, struct isel_val a, struct isel_val b)
{
	struct isel_val diff = isel_sub(is, a, b, 32u * a.n);

	return choose(is, LLVMIntULT, a, b, imm_val(a.n, 0), diff);
}

static struct isel_val uadd_sat(struct isel *is, struct isel_val a, struct isel_val b,
				unsigned width)
{
	struct isel_val sum = isel_add(is, a, b, 32u * a.n), s = sum;

	if (width % 32) /* the sum fits the words: compare with the largest value */
		return choose(is, LLVMIntUGT, s, isel_all_ones(width), isel_all_ones(width), sum);
	return choose(is, LLVMIntULT, s, a, imm_val(a.n, UINT32_MAX), sum);
}

struct isel_val isel_all_ones(unsigned width)
{
	struct isel_val v = { .n = (uint8_t)((width + 31) / 32) };
	unsigned i;

	for (i = 0; i < v.n; i++)
		v.w[i] =
			isel_w_imm((uint32_t)bits_mask(width - 32 * i >= 32 ? 32 : width - 32 * i));
	return v;
}

/* ucmp, scmp: -1, 0 or 1 */
static struct isel_val three_way(struct isel *is, const char *name, LLVMValueRef v)
{
	LLVMValueRef a = LLVMGetOperand(v, 0), b = LLVMGetOperand(v, 1);
	bool is_signed = name[5] == 's';
	struct isel_val x = is_signed ? isel_get_sext(is, a) : isel_get_zext(is, a);
	struct isel_val y = is_signed ? isel_get_sext(is, b) : isel_get_zext(is, b);
	unsigned n = (isel_width(v) + 31) / 32;
	struct isel_val r =
		choose(is, is_signed ? LLVMIntSGT : LLVMIntUGT, x, y, imm_val(n, 1), imm_val(n, 0));

	return choose(is, is_signed ? LLVMIntSLT : LLVMIntULT, x, y, imm_val(n, UINT32_MAX), r);
}

/* ---- funnel shifts ---- */

/* By a variable: hi << n | (lo >> 1) >> (width - 1 - n), right for n = 0 too; fshr the other way. */
static struct isel_val funnel_var(struct isel *is, LLVMValueRef v, bool left)
{
	unsigned width = isel_width(v);
	struct isel_val hi = isel_get(is, LLVMGetOperand(v, 0)),
			lo = isel_get_zext(is, LLVMGetOperand(v, 1));
	struct isel_word n = isel_get_zext(is, LLVMGetOperand(v, 2)).w[0], rest;
	struct isel_val a, b;

	if (!bits_is_pow2(width) || width > 64) {
		isel_refuse(is, "a funnel shift of odd width by a variable");
		return lo;
	}
	n = isel_w_keep(n, 0, (unsigned)__builtin_ctz(width));
	rest = isel_w_reg(
		isel_alu(is, NFP_ALU_SUB, isel_use(is, isel_w_imm(width - 1)), isel_use(is, n)),
		(unsigned)__builtin_ctz(width));
	if (left) {
		a = isel_shift_var(is, LLVMShl, hi, width, n);
		b = isel_shift_var(is, LLVMLShr, isel_lshr_const(is, lo, 1), width, rest);
	} else {
		a = isel_shift_var(is, LLVMShl, isel_shl_const(is, hi, 1), width, rest);
		b = isel_shift_var(is, LLVMLShr, lo, width, n);
	}
	return isel_logic(is, LLVMOr, a, b);
}

static struct isel_val funnel(struct isel *is, LLVMValueRef v, bool left)
{
	unsigned width = isel_width(v);
	struct isel_val hi, lo;
	uint64_t n;

	if (!isel_const_u64(LLVMGetOperand(v, 2), &n))
		return funnel_var(is, v, left);
	hi = isel_get(is, LLVMGetOperand(v, 0));
	lo = isel_get(is, LLVMGetOperand(v, 1));
	n %= width;
	if (left)
		return n ? isel_funnel(is, hi, lo, width - (unsigned)n, width) : hi;
	return isel_funnel(is, hi, lo, (unsigned)n, width);
}

/* ---- selection ---- */

static bool is_call(const char *name, const char *prefix)
{
	return !strncmp(name, prefix, strlen(prefix));
}

static bool select_unary(struct isel *is, LLVMValueRef v, const char *name)
{
	LLVMValueRef x = LLVMGetOperand(v, 0);
	unsigned width = isel_width(v);
	struct isel_val r;

	if (is_call(name, "llvm.bswap.")) {
		if (!isel_bswap_of_load(is, v, &r))
			r = isel_bswap(is, isel_get(is, x), width / 8);
	} else if (is_call(name, "llvm.bitreverse.")) {
		r = bitreverse(is, isel_get(is, x), width);
	} else if (is_call(name, "llvm.ctpop.")) {
		r = ctpop(is, isel_get_zext(is, x));
	} else if (is_call(name, "llvm.ctlz.") || is_call(name, "llvm.cttz.")) {
		r = isel_val1(count_zeros(is, isel_get_zext(is, x), width, name[7] == 't'));
	} else if (is_call(name, "llvm.abs.")) {
		r = absolute(is, x);
	} else {
		return false;
	}
	isel_set(is, v, r);
	return true;
}

static bool select_binary(struct isel *is, LLVMValueRef v, const char *name)
{
	LLVMValueRef a = LLVMGetOperand(v, 0), b = LLVMGetOperand(v, 1);
	unsigned width = isel_width(v);
	struct isel_val r;

	if (is_call(name, "llvm.umin.") || is_call(name, "llvm.umax.") ||
	    is_call(name, "llvm.smin.") || is_call(name, "llvm.smax."))
		r = min_max(is, name, a, b);
	else if (is_call(name, "llvm.usub.sat."))
		r = usub_sat(is, isel_get_zext(is, a), isel_get_zext(is, b));
	else if (is_call(name, "llvm.uadd.sat."))
		r = uadd_sat(is, isel_get_zext(is, a), isel_get_zext(is, b), width);
	else if (is_call(name, "llvm.ucmp.") || is_call(name, "llvm.scmp."))
		r = three_way(is, name, v);
	else if (is_call(name, "llvm.fshl.") || is_call(name, "llvm.fshr."))
		r = funnel(is, v, name[8] == 'l');
	else
		return false;
	isel_set(is, v, r);
	return true;
}

bool isel_select_intrinsic(struct isel *is, LLVMValueRef v, const char *name)
{
	if (isel_intrinsic_is_ignored(name))
		return true;
	if (is_call(name, "llvm.memcpy.") || is_call(name, "llvm.memmove.")) {
		isel_select_memcpy(is, v);
		return true;
	}
	if (is_call(name, "llvm.memset.")) {
		isel_select_memset(is, v);
		return true;
	}
	if (!isel_width(v)) /* with.overflow: made where its parts are extracted */
		return strstr(name, ".with.overflow.") != NULL;
	return select_unary(is, v, name) || select_binary(is, v, name);
}
