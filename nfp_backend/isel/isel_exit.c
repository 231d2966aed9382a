/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/firmware/calling_convention.h"
#include "nfp_backend/isel/isel_lower.h"

#include <assert.h>

/* Ways out. A verdict that is known where control leaves is a branch to one shared block a result byte;
 * only a computed verdict goes through the firmware's table (nfp.md 4.6). Blocks that do nothing
 * but return (a phi of verdicts, mostly) are evaluated for each edge that leads to them. */

uint32_t isel_exit_block(struct isel *is, uint32_t r0)
{
	uint8_t byte = nfp_exit_byte(is->fn->prog_type, r0);
	uint32_t *b = isel_map_at(&is->cache.exits, is->cx, byte + UINT64_C(1)),
		 here = is->here.block;
	struct nfp_mi *mi;

	if (*b == UINT32_MAX) {
		*b = isel_new_block(is);
		isel_begin(is, *b);
		mi = isel_emit(is, NFP_M_EXIT);
		mi->const_exit = true;
		nfp_mi_set_exit_byte(mi, byte);
		isel_begin(is, here);
	}
	return *b;
}

/* As the driver's abort: XDP_ABORTED, or tc's unspecified (nfp.md 4.6). */
void isel_abort(struct isel *is)
{
	isel_flush_stores(is);
	isel_jump(is, isel_exit_block(is, is->fn->prog_type == NFP_PROG_XDP ? 0 : UINT32_MAX));
}

/* ---- constant evaluation under one assumption ---- */

struct known {
	LLVMValueRef cond; /* this value is `value`, or … */
	bool value;
	uint32_t from, to; /* … control came to block `to` from block `from` */
	unsigned budget;
};

static bool eval(struct isel *is, struct known *k, LLVMValueRef v, uint64_t *out);

static bool eval_phi(struct isel *is, const struct known *k, LLVMValueRef phi, uint64_t *out)
{
	unsigned i, n = LLVMCountIncoming(phi);

	if (k->cond || isel_inst_of(&is->ir, phi)->block != k->to)
		return false;
	for (i = 0; i < n; i++)
		if (isel_block_index(&is->ir, LLVMGetIncomingBlock(phi, i)) == k->from)
			return isel_const_u64(LLVMGetIncomingValue(phi, i), out);
	return false;
}

static int64_t sign_extend(uint64_t v, unsigned width)
{
	uint64_t sign = UINT64_C(1) << (width - 1);

	return (int64_t)((v ^ sign) - sign);
}

static bool eval_op(LLVMValueRef v, uint64_t a, uint64_t b, unsigned from, uint64_t *out)
{
	switch (LLVMGetInstructionOpcode(v)) {
	case LLVMZExt:
	case LLVMTrunc:
	case LLVMFreeze: *out = a; break;
	case LLVMSExt: *out = (uint64_t)sign_extend(a, from); break;
	case LLVMAdd: *out = a + b; break;
	case LLVMSub: *out = a - b; break;
	case LLVMAnd: *out = a & b; break;
	case LLVMOr: *out = a | b; break;
	case LLVMXor: *out = a ^ b; break;
	case LLVMICmp:
		if (LLVMGetICmpPredicate(v) > LLVMIntNE)
			return false;
		*out = (a == b) == (LLVMGetICmpPredicate(v) == LLVMIntEQ);
		break;
	default: return false;
	}
	*out &= bits_mask(isel_width(v));
	return true;
}

static bool eval(struct isel *is, struct known *k, LLVMValueRef v, uint64_t *out)
{
	uint64_t a = 0, b = 0;

	if (v == k->cond) {
		*out = k->value;
		return true;
	}
	if (!LLVMIsAInstruction(v))
		return isel_const_u64(v, out);
	if (!isel_inst_of(&is->ir, v) || isel_width(v) > 64 || !isel_width(v) || !k->budget--)
		return false;
	if (isel_is_inst(v, LLVMPHI))
		return eval_phi(is, k, v, out);
	if (!isel_is_pure(v) || isel_is_inst(v, LLVMCall) || LLVMGetNumOperands(v) < 1 ||
	    !eval(is, k, LLVMGetOperand(v, 0), &a))
		return false;
	if (isel_is_inst(v, LLVMSelect))
		return eval(is, k, LLVMGetOperand(v, a ? 1 : 2), out);
	if (LLVMGetNumOperands(v) > 1 && !eval(is, k, LLVMGetOperand(v, 1), &b))
		return false;
	return eval_op(v, a, b, isel_width(LLVMGetOperand(v, 0)), out);
}

/* ---- edges ---- */

uint32_t isel_edge(struct isel *is, uint32_t from, uint32_t to)
{
	const struct isel_block *blk = &is->ir.blocks[to];
	struct known k = { .from = from, .to = to, .budget = 32 };
	uint64_t r0;

	assert(from < is->ir.n_blocks && to < is->ir.n_blocks);
	if (blk->ret_only &&
	    eval(is, &k, LLVMGetOperand(LLVMGetBasicBlockTerminator(blk->bb), 0), &r0))
		return isel_exit_block(is, (uint32_t)r0);
	return is->here.head[to];
}

/* ---- ret ---- */

/* The one condition that v depends on besides constants. False: none, several, or other values. */
static bool only_condition(struct isel *is, LLVMValueRef v, LLVMValueRef *cond, unsigned depth)
{
	int i, n;

	if (!LLVMIsAInstruction(v))
		return LLVMIsConstant(v);
	if (isel_width(v) == 1) {
		if (*cond && *cond != v)
			return false;
		*cond = v;
		return true;
	}
	if (!depth || !isel_is_pure(v) || isel_is_inst(v, LLVMCall))
		return false;
	n = LLVMGetNumOperands(v);
	for (i = 0; i < n; i++)
		if (!only_condition(is, LLVMGetOperand(v, (unsigned)i), cond, depth - 1))
			return false;
	return true;
}

static bool return_by_condition(struct isel *is, LLVMValueRef v)
{
	LLVMValueRef cond = NULL;
	uint64_t yes, no;

	if (!only_condition(is, v, &cond, 6) || !cond)
		return false;
	if (!eval(is, &(struct known){ .cond = cond, .value = true, .budget = 32 }, v, &yes) ||
	    !eval(is, &(struct known){ .cond = cond, .value = false, .budget = 32 }, v, &no))
		return false;
	if (isel_natural_sense(is, cond)) {
		isel_jump_if(is, cond, true, isel_exit_block(is, (uint32_t)yes));
		isel_br(is, isel_exit_block(is, (uint32_t)no));
	} else {
		isel_jump_if(is, cond, false, isel_exit_block(is, (uint32_t)no));
		isel_br(is, isel_exit_block(is, (uint32_t)yes));
	}
	return true;
}

void isel_return(struct isel *is, LLVMValueRef v)
{
	const struct isel_inst *in = isel_inst_of(&is->ir, v);
	uint64_t r0;

	if (!in && isel_const_u64(v, &r0)) {
		isel_br(is, isel_exit_block(is, (uint32_t)r0));
	} else if (in && return_by_condition(is, v)) {
		return;
	} else if (in && in->op == LLVMSelect && in->deferred) {
		uint32_t yes = isel_new_block(is), scope = is->here.scope;

		isel_jump_if(is, LLVMGetOperand(v, 0), true, yes);
		isel_return(is, LLVMGetOperand(v, 2));
		isel_begin_arm(is, yes, scope);
		isel_return(is, LLVMGetOperand(v, 1));
	} else {
		struct nfp_opnd o = isel_use(is, isel_get_word(is, v, 0));

		isel_emit(is, NFP_M_EXIT)->a = o;
	}
}
