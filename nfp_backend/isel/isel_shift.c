/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_lower.h"

/* Shifts. By constants they are mostly bit fields (isel_word.c); a word that takes bits of two words
 * is one dbl_shf. By variables the count comes from the left operand of the instruction before
 * (nfp.md 2.8), so each is a glued pair. */

struct isel_word isel_shift_pair(struct isel *is, struct isel_word hi, struct isel_word lo,
				 unsigned r)
{
	struct isel_word low = isel_w_lshr(lo, r), high = isel_w_shl(hi, 32 - r), out;
	unsigned two_xfer = hi.o.kind == NFP_O_XIN && lo.o.kind == NFP_O_XIN;

	if (isel_w_union(&low, &high, &out))
		return out;
	if (!isel_w_is_imm(&low) && !isel_w_is_imm(&high) &&
	    1 + isel_w_cost(&hi) + isel_w_cost(&lo) + two_xfer <= 2)
		return isel_w_reg(isel_dshf(is, isel_use(is, hi), isel_use(is, lo), r), 32);
	return isel_w_or(is, low, high);
}

/* The low `words` words of v >> n. */
static struct isel_val shift_right(struct isel *is, const struct isel_val *v, unsigned n,
				   unsigned words)
{
	struct isel_val r = { .n = (uint8_t)words };
	unsigned q = n / 32, bit = n % 32, i;

	for (i = 0; i < words; i++) {
		struct isel_word lo = i + q < v->n ? v->w[i + q] : isel_w_imm(0);
		struct isel_word hi = i + q + 1 < v->n ? v->w[i + q + 1] : isel_w_imm(0);

		r.w[i] = bit ? isel_shift_pair(is, hi, lo, bit) : lo;
	}
	return r;
}

struct isel_val isel_lshr_const(struct isel *is, struct isel_val v, unsigned n)
{
	return shift_right(is, &v, n, v.n);
}

struct isel_val isel_shl_const(struct isel *is, struct isel_val v, unsigned n)
{
	struct isel_val r = { .n = v.n };
	unsigned q = n / 32, bit = n % 32, i;

	for (i = 0; i < v.n; i++) {
		struct isel_word hi = i >= q ? v.w[i - q] : isel_w_imm(0);
		struct isel_word lo = i >= q + 1 ? v.w[i - q - 1] : isel_w_imm(0);

		r.w[i] = bit ? isel_shift_pair(is, hi, lo, 32 - bit) : hi;
	}
	return r;
}

static struct isel_word asr_word(struct isel *is, struct isel_word w, unsigned n)
{
	if (isel_w_is_imm(&w))
		return isel_w_imm((uint32_t)((int64_t)(int32_t)w.o.imm >> n));
	if (!n)
		return w;
	if (isel_w_bits(&w) < 32)
		return isel_w_lshr(w, n);
	return isel_w_reg(isel_asr(is, isel_use(is, w), n), 32);
}

struct isel_val isel_ashr_const(struct isel *is, struct isel_val v, unsigned n)
{
	struct isel_val r = { .n = v.n };
	unsigned q = n / 32, bit = n % 32, i, top = v.n - 1u;
	struct isel_word sign = isel_w_imm(0);

	for (i = 0; i < v.n; i++) {
		if (i + q < top) {
			r.w[i] = bit ? isel_shift_pair(is, v.w[i + q + 1], v.w[i + q], bit)
				     : v.w[i + q];
		} else if (i + q == top) {
			r.w[i] = asr_word(is, v.w[top], bit);
		} else {
			if (i + q == top + 1)
				sign = asr_word(is, v.w[top], 31);
			r.w[i] = sign;
		}
	}
	return r;
}

struct isel_val isel_funnel(struct isel *is, struct isel_val hi, struct isel_val lo, unsigned right,
			    unsigned width)
{
	struct isel_val both = { 0 };
	unsigned i;

	if (!right)
		return lo;
	if (width == 32 && isel_w_plain(&hi.w[0]) && isel_w_plain(&lo.w[0]) &&
	    isel_same_opnd(&hi.w[0].o, &lo.w[0].o) && !isel_w_is_imm(&lo.w[0])) {
		struct nfp_opnd dst = isel_new_reg(is);

		isel_shf_to(is, dst, NFP_SHF_B, nfp_none(), lo.w[0].o, (int)right)->sc = NFP_SC_ROT;
		return isel_val1(isel_w_reg(dst, 32));
	}
	if (width % 32 || width > 32 * ISEL_MAX_WORDS / 2) {
		for (i = 0; i < lo.n; i++)
			lo.w[i] = isel_zext_word(is, &lo, width, i);
		return isel_logic(is, LLVMOr, isel_lshr_const(is, lo, right),
				  isel_shl_const(is, hi, width - right));
	}
	for (i = 0; i < lo.n; i++)
		both.w[i] = lo.w[i];
	for (i = 0; i < hi.n; i++)
		both.w[lo.n + i] = hi.w[i];
	both.n = (uint8_t)(lo.n + hi.n);
	return shift_right(is, &both, right, lo.n);
}

/* ---- variable counts ---- */

/* The next instruction shifts by a's low five bits; with `sign`, also takes its sign (a's bits above 30
 * must be 0 then). */
static void prime(struct isel *is, struct nfp_opnd a, const struct nfp_opnd *sign)
{
	isel_alu_to(is, nfp_none(), NFP_ALU_OR, a, sign ? *sign : nfp_imm(0))->glue = true;
}

static struct nfp_opnd shf_indirect(struct isel *is, struct nfp_opnd v, enum nfp_sc sc)
{
	struct nfp_opnd dst = isel_new_reg(is);
	struct nfp_mi *mi = isel_shf_to(is, dst, NFP_SHF_B, nfp_none(), v, 0);

	mi->sc = (uint8_t)sc;
	mi->indirect = true;
	return dst;
}

static struct nfp_opnd dshf_indirect(struct isel *is, struct nfp_opnd hi, struct nfp_opnd lo)
{
	struct nfp_opnd dst = isel_dshf(is, hi, lo, 0);
	struct nfp_block *b = &is->fn->blocks.at[is->here.block];

	b->insns.at[b->insns.len - 1].indirect = true;
	return dst;
}

static struct nfp_opnd asr_indirect(struct isel *is, struct nfp_opnd count, struct nfp_opnd v)
{
	struct nfp_opnd dst = isel_new_reg(is);
	struct nfp_mi *mi;

	prime(is, count, &v);
	mi = isel_emit(is, NFP_M_ASR);
	mi->dst = dst;
	mi->b = v;
	mi->sc = NFP_SC_RIGHT;
	mi->indirect = true;
	return dst;
}

static struct nfp_opnd shift_word(struct isel *is, LLVMOpcode op, struct nfp_opnd v,
				  struct nfp_opnd count)
{
	if (op == LLVMAShr)
		return asr_indirect(is, count, v);
	prime(is, count, NULL);
	return shf_indirect(is, v, op == LLVMShl ? NFP_SC_LEFT : NFP_SC_RIGHT);
}

/* Both words by 0..31. Left: (hi:lo) << n is ((hi:lo) >> 1) >> (31 - n) one word up, which unlike
 * >> (32 - n) is right for n = 0 (nfp.md 5.4, Q3). */
static void shift_two(struct isel *is, LLVMOpcode op, const struct nfp_opnd v[2],
		      struct nfp_opnd count, struct nfp_opnd out[2])
{
	if (op == LLVMShl) {
		struct nfp_opnd lo1 = isel_dshf(is, v[1], v[0], 1), hi1 = isel_shf(is, v[1], 1);
		struct nfp_opnd rest = isel_alu(is, NFP_ALU_NOTB, nfp_none(), count);

		prime(is, rest, NULL);
		out[1] = dshf_indirect(is, hi1, lo1);
		out[0] = shift_word(is, op, v[0], count);
	} else {
		prime(is, count, NULL);
		out[0] = dshf_indirect(is, v[1], v[0]);
		out[1] = shift_word(is, op, v[1], count);
	}
}

/* Both words by 32..63, where the count's low five bits are what counts. */
static void shift_two_far(struct isel *is, LLVMOpcode op, const struct nfp_opnd v[2],
			  struct nfp_opnd count, struct nfp_opnd out[2])
{
	if (op == LLVMShl) {
		out[1] = shift_word(is, op, v[0], count);
		out[0] = nfp_imm(0);
		return;
	}
	out[0] = shift_word(is, op, v[1], count);
	out[1] = op == LLVMAShr ? isel_asr(is, v[1], 31) : nfp_imm(0);
}

/* A mask that keeps at least the bits that the hardware looks at is not needed. */
static struct isel_word drop_mask(struct isel_word amount, unsigned looked_at)
{
	if (!isel_w_is_imm(&amount) && amount.shift >= 0 && !amount.lo && amount.hi >= looked_at)
		amount.hi = 32;
	return amount;
}

static struct isel_val shift64(struct isel *is, LLVMOpcode op, struct isel_val v,
			       struct isel_word amount)
{
	bool near_only = isel_w_bits(&amount) <= 5;
	struct nfp_opnd w[2] = { isel_use_reg(is, v.w[0]), isel_use_reg(is, v.w[1]) };
	struct nfp_opnd count, near[2], far[2];
	struct isel_val r = { .n = 2 };
	uint32_t far_block, far_end, join, scope = is->here.scope;
	unsigned i;

	count = isel_use_reg(is, op == LLVMAShr || near_only ? amount : drop_mask(amount, 6));
	if (near_only) {
		shift_two(is, op, w, count, near);
		for (i = 0; i < 2; i++)
			r.w[i] = isel_w_reg(near[i], 32);
		return r;
	}
	far_block = isel_new_block(is);
	join = isel_new_block(is);
	isel_bbit(is, count, 5, true, far_block);
	shift_two(is, op, w, count, near);
	isel_br(is, join);
	isel_begin_arm(is, far_block, scope);
	shift_two_far(is, op, w, count, far);
	far_end = is->here.block;
	isel_br(is, join);
	isel_begin(is, join);
	is->here.scope = scope;
	for (i = 0; i < 2; i++)
		r.w[i] = isel_w_reg(isel_join_phi(is, far_end, far[i], near[i]), 32);
	return r;
}

struct isel_val isel_shift_var(struct isel *is, LLVMOpcode op, struct isel_val v, unsigned width,
			       struct isel_word amount)
{
	struct nfp_opnd w, count;

	if (width > 64) {
		isel_refuse(is, "a shift of more than 64 bits by a variable");
		return v;
	}
	if (width > 32)
		return shift64(is, op, v, amount);
	if (op != LLVMAShr)
		amount = drop_mask(amount, 5);
	w = isel_use(is, v.w[0]);
	count = isel_use_reg(is, amount);
	return isel_val1(isel_w_reg(shift_word(is, op, w, count), 32));
}

void isel_select_shift(struct isel *is, LLVMValueRef v)
{
	LLVMOpcode op = LLVMGetInstructionOpcode(v);
	LLVMValueRef x = LLVMGetOperand(v, 0), by = LLVMGetOperand(v, 1);
	unsigned width = isel_width(v);
	struct isel_val val, amount;
	uint64_t n;

	if (op == LLVMAShr && isel_ubits(&is->ir, x) < width)
		op = LLVMLShr; /* not negative */
	val = op == LLVMShl    ? isel_get(is, x)
	      : op == LLVMLShr ? isel_get_zext(is, x)
			       : isel_get_sext(is, x);
	if (isel_const_u64(by, &n)) {
		n = n < width ? n : 0; /* anything else is poison */
		val = op == LLVMShl    ? isel_shl_const(is, val, (unsigned)n)
		      : op == LLVMLShr ? isel_lshr_const(is, val, (unsigned)n)
				       : isel_ashr_const(is, val, (unsigned)n);
	} else {
		amount = isel_get_zext(is, by);
		val = isel_shift_var(is, op, val, width, amount.w[0]);
	}
	isel_set(is, v, val);
}
