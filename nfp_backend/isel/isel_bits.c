/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_query.h"

/* Upper bound of each value's significant bits (value < 2^ubits), so that the high words of
 * 64-bit arithmetic on 32-bit data need no registers. Optimistic: starts at 0 and grows until nothing
 * changes; phis of counting loops grow a bit a round, up to their width. */

#define MAX_ROUNDS 40 /* then everything that still grows is given its whole width */

unsigned isel_ubits(const struct isel_ir *ir, LLVMValueRef v)
{
	uint32_t w[ISEL_MAX_WORDS], i = isel_inst_index(ir, v);
	int k;

	if (i != UINT32_MAX)
		return ir->insts[i].ubits;
	if (!isel_const_words(v, w))
		return isel_width(v);
	for (k = ISEL_MAX_WORDS - 1; k >= 0; k--)
		if (w[k])
			return 32 * (unsigned)k + 32 - (unsigned)__builtin_clz(w[k]);
	return 0;
}

static unsigned umin(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned umax(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

static unsigned log2_up(unsigned v) /* bits of the number v */
{
	return v ? 32 - (unsigned)__builtin_clz(v) : 0;
}

static unsigned intrinsic_bits(const struct isel_ir *ir, const struct isel_inst *in)
{
	const char *name = isel_callee(in->v);
	unsigned a, b;

	if (!strcmp(name, "nfp.pkt.len"))
		return 14;                /* nfp.md 4.5 */
	if (!strncmp(name, "llvm.ct", 7)) /* ctpop, ctlz, cttz */
		return umin(in->width, log2_up(in->width));
	if (strncmp(name, "llvm.", 5) || LLVMGetNumOperands(in->v) < 3)
		return in->width;
	a = isel_ubits(ir, LLVMGetOperand(in->v, 0));
	b = isel_ubits(ir, LLVMGetOperand(in->v, 1));
	if (!strncmp(name, "llvm.umin.", 10))
		return umin(a, b);
	if (!strncmp(name, "llvm.umax.", 10))
		return umax(a, b);
	if (!strncmp(name, "llvm.smin.", 10) || !strncmp(name, "llvm.smax.", 10))
		return a < in->width && b < in->width ? umax(a, b) : in->width;
	if (!strncmp(name, "llvm.usub.sat.", 14))
		return a;
	if (!strncmp(name, "llvm.uadd.sat.", 14))
		return umin(in->width, umax(a, b) + 1);
	return in->width;
}

static unsigned phi_bits(const struct isel_ir *ir, LLVMValueRef phi)
{
	unsigned i, n = LLVMCountIncoming(phi), bits = 0;

	for (i = 0; i < n; i++)
		if (isel_block_index(ir, LLVMGetIncomingBlock(phi, i)) != UINT32_MAX)
			bits = umax(bits, isel_ubits(ir, LLVMGetIncomingValue(phi, i)));
	return bits;
}

static unsigned shift_bits(const struct isel_inst *in, unsigned a)
{
	uint64_t n;

	if (in->op == LLVMAShr && a == in->width)
		return in->width;
	if (!isel_const_u64(LLVMGetOperand(in->v, 1), &n) || n >= in->width)
		return in->op == LLVMShl ? in->width : a;
	if (in->op == LLVMShl)
		return a ? umin(in->width, a + (unsigned)n) : 0;
	return a > n ? a - (unsigned)n : 0;
}

static unsigned transfer(const struct isel_ir *ir, const struct isel_inst *in)
{
	int n = LLVMGetNumOperands(in->v);
	unsigned a = n > 0 ? isel_ubits(ir, LLVMGetOperand(in->v, 0)) : 0;
	unsigned b = n > 1 ? isel_ubits(ir, LLVMGetOperand(in->v, 1)) : 0;

	switch (in->op) {
	case LLVMZExt:
	case LLVMFreeze:
	case LLVMBitCast:
	case LLVMPtrToInt:
	case LLVMIntToPtr:
	case LLVMTrunc: return umin(a, in->width);
	case LLVMSExt: return a < isel_width(LLVMGetOperand(in->v, 0)) ? a : in->width;
	case LLVMAnd:
	case LLVMURem: return umin(a, b);
	case LLVMOr:
	case LLVMXor: return umax(a, b);
	case LLVMAdd: return umin(in->width, umax(a, b) + 1);
	case LLVMSub: return LLVMGetNUW(in->v) ? a : in->width;
	case LLVMMul: return umin(in->width, a + b);
	case LLVMUDiv: return a;
	case LLVMShl:
	case LLVMLShr:
	case LLVMAShr: return shift_bits(in, a);
	case LLVMSelect: return umax(b, isel_ubits(ir, LLVMGetOperand(in->v, 2)));
	case LLVMPHI: return phi_bits(ir, in->v);
	case LLVMCall: return intrinsic_bits(ir, in);
	default: return in->width;
	}
}

void isel_find_bits(struct isel_ir *ir)
{
	bool changed = true;
	unsigned round;
	uint32_t i;

	for (round = 0; changed; round++) {
		changed = false;
		for (i = 0; i < ir->n_insts; i++) {
			struct isel_inst *in = &ir->insts[i];
			unsigned bits = in->width ? transfer(ir, in) : 0;

			if (bits <= in->ubits)
				continue;
			in->ubits = (uint16_t)(round >= MAX_ROUNDS ? in->width : bits);
			changed = true;
		}
	}
}
