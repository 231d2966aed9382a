/* SPDX-License-Identifier: BSD-2-Clause */
/* Faults of the lifter: changes to LLVM IR before LLVM's passes. */
#include "faults.h"

#include <string.h>

/* ---- tools ---------------------------------------------------------------------------------------- */

static unsigned width(LLVMValueRef v)
{
	LLVMTypeRef t = LLVMTypeOf(v);

	return LLVMGetTypeKind(t) == LLVMIntegerTypeKind ? LLVMGetIntTypeWidth(t) : 0;
}

static LLVMOpcode opcode(LLVMValueRef v)
{
	return LLVMIsAInstruction(v) ? LLVMGetInstructionOpcode(v) : 0;
}

static LLVMBuilderRef before(LLVMValueRef insn)
{
	LLVMModuleRef mod =
		LLVMGetGlobalParent(LLVMGetBasicBlockParent(LLVMGetInstructionParent(insn)));
	LLVMBuilderRef b = LLVMCreateBuilderInContext(LLVMGetModuleContext(mod));

	LLVMPositionBuilderBefore(b, insn);
	return b;
}

static bool replace(LLVMBuilderRef b, LLVMValueRef insn, LLVMValueRef by)
{
	LLVMDisposeBuilder(b);
	if (by == insn)
		return false;
	LLVMReplaceAllUsesWith(insn, by);
	LLVMInstructionEraseFromParent(insn);
	return true;
}

static bool replace_binary(LLVMValueRef insn, LLVMOpcode op)
{
	LLVMBuilderRef b = before(insn);

	return replace(b, insn,
		       LLVMBuildBinOp(b, op, LLVMGetOperand(insn, 0), LLVMGetOperand(insn, 1), ""));
}

static bool replace_compare(LLVMValueRef insn, LLVMIntPredicate p)
{
	LLVMBuilderRef b = before(insn);

	return replace(b, insn,
		       LLVMBuildICmp(b, p, LLVMGetOperand(insn, 0), LLVMGetOperand(insn, 1), ""));
}

static bool is_call(LLVMValueRef insn, const char *name)
{
	const char *f;
	size_t len;

	if (!LLVMIsACallInst(insn))
		return false;
	f = LLVMGetValueName2(LLVMGetCalledValue(insn), &len);
	return len >= strlen(name) && !strncmp(f, name, strlen(name));
}

/* ---- widths ---------------------------------------------------------------------------------------- */

static bool extends(LLVMValueRef insn, LLVMOpcode op, unsigned from_min, unsigned from_max)
{
	unsigned from = opcode(insn) == op ? width(LLVMGetOperand(insn, 0)) : 0;

	return from >= from_min && from <= from_max;
}

bool fault_alu32_sign_extends(LLVMValueRef insn)
{
	LLVMBuilderRef b;

	if (!extends(insn, LLVMZExt, 32, 32))
		return false;
	b = before(insn);
	return replace(b, insn, LLVMBuildSExt(b, LLVMGetOperand(insn, 0), LLVMTypeOf(insn), ""));
}

bool fault_alu32_keeps_high(LLVMValueRef insn)
{
	LLVMValueRef low;

	if (!extends(insn, LLVMZExt, 32, 32))
		return false;
	low = LLVMGetOperand(insn, 0);
	if (opcode(low) != LLVMTrunc || width(LLVMGetOperand(low, 0)) != 64)
		return false;
	return replace(before(insn), insn, LLVMGetOperand(low, 0));
}

bool fault_narrow_load_sign_extends(LLVMValueRef insn)
{
	LLVMBuilderRef b;

	if (!extends(insn, LLVMZExt, 8, 16))
		return false;
	b = before(insn);
	return replace(b, insn, LLVMBuildSExt(b, LLVMGetOperand(insn, 0), LLVMTypeOf(insn), ""));
}

bool fault_movsx_zero_extends(LLVMValueRef insn)
{
	LLVMBuilderRef b;

	if (opcode(insn) != LLVMSExt)
		return false;
	b = before(insn);
	return replace(b, insn, LLVMBuildZExt(b, LLVMGetOperand(insn, 0), LLVMTypeOf(insn), ""));
}

/* ---- shifts ---------------------------------------------------------------------------------------- */

bool fault_arsh_logical(LLVMValueRef insn)
{
	return opcode(insn) == LLVMAShr && replace_binary(insn, LLVMLShr);
}

bool fault_rsh_arithmetic(LLVMValueRef insn)
{
	return opcode(insn) == LLVMLShr && replace_binary(insn, LLVMAShr);
}

bool fault_shift64_count_5_bits(LLVMValueRef insn)
{
	LLVMValueRef mask = opcode(insn) == LLVMAnd ? LLVMGetOperand(insn, 1) : NULL;

	if (!mask || width(insn) != 64 || !LLVMIsAConstantInt(mask) ||
	    LLVMConstIntGetZExtValue(mask) != 63)
		return false;
	LLVMSetOperand(insn, 1, LLVMConstInt(LLVMTypeOf(mask), 31, 0));
	return true;
}

bool fault_shl64_by_zero(LLVMValueRef insn)
{
	LLVMValueRef x, n, copied, plain;
	LLVMBuilderRef b;

	if (opcode(insn) != LLVMShl || width(insn) != 64 ||
	    LLVMIsAConstantInt(LLVMGetOperand(insn, 1)))
		return false;
	b = before(insn);
	x = LLVMGetOperand(insn, 0);
	n = LLVMGetOperand(insn, 1);
	plain = LLVMBuildShl(b, x, n, "");
	copied = LLVMBuildOr(b, x, LLVMBuildShl(b, x, LLVMConstInt(LLVMTypeOf(n), 32, 0), ""), "");
	return replace(
		b, insn,
		LLVMBuildSelect(b, LLVMBuildICmp(b, LLVMIntEQ, n, LLVMConstNull(LLVMTypeOf(n)), ""),
				copied, plain, ""));
}

/* ---- compares -------------------------------------------------------------------------------------- */

bool fault_compare_signed_as_unsigned(LLVMValueRef insn)
{
	if (opcode(insn) != LLVMICmp)
		return false;
	switch (LLVMGetICmpPredicate(insn)) {
	case LLVMIntSGT: return replace_compare(insn, LLVMIntUGT);
	case LLVMIntSGE: return replace_compare(insn, LLVMIntUGE);
	case LLVMIntSLT: return replace_compare(insn, LLVMIntULT);
	case LLVMIntSLE: return replace_compare(insn, LLVMIntULE);
	default: return false;
	}
}

bool fault_compare_unsigned_as_signed(LLVMValueRef insn)
{
	if (opcode(insn) != LLVMICmp || !width(LLVMGetOperand(insn, 0)))
		return false;
	switch (LLVMGetICmpPredicate(insn)) {
	case LLVMIntUGT: return replace_compare(insn, LLVMIntSGT);
	case LLVMIntUGE: return replace_compare(insn, LLVMIntSGE);
	case LLVMIntULT: return replace_compare(insn, LLVMIntSLT);
	case LLVMIntULE: return replace_compare(insn, LLVMIntSLE);
	default: return false;
	}
}

bool fault_compare_off_by_one(LLVMValueRef insn)
{
	if (opcode(insn) != LLVMICmp)
		return false;
	switch (LLVMGetICmpPredicate(insn)) {
	case LLVMIntUGT: return replace_compare(insn, LLVMIntUGE);
	case LLVMIntULT: return replace_compare(insn, LLVMIntULE);
	case LLVMIntSGT: return replace_compare(insn, LLVMIntSGE);
	case LLVMIntSLT: return replace_compare(insn, LLVMIntSLE);
	default: return false;
	}
}

bool fault_compare64_low_half(LLVMValueRef insn)
{
	LLVMBuilderRef b;
	LLVMTypeRef i32;

	if (opcode(insn) != LLVMICmp || width(LLVMGetOperand(insn, 0)) != 64)
		return false;
	b = before(insn);
	i32 = LLVMInt32TypeInContext(LLVMGetTypeContext(LLVMTypeOf(insn)));
	return replace(b, insn,
		       LLVMBuildICmp(b, LLVMGetICmpPredicate(insn),
				     LLVMBuildTrunc(b, LLVMGetOperand(insn, 0), i32, ""),
				     LLVMBuildTrunc(b, LLVMGetOperand(insn, 1), i32, ""), ""));
}

bool fault_compare32_whole(LLVMValueRef insn)
{
	LLVMValueRef low = opcode(insn) == LLVMICmp ? LLVMGetOperand(insn, 0) : NULL, whole;
	LLVMBuilderRef b;

	if (!low || opcode(low) != LLVMTrunc || width(low) != 32)
		return false;
	whole = LLVMGetOperand(low, 0);
	b = before(insn);
	return replace(
		b, insn,
		LLVMBuildICmp(b, LLVMGetICmpPredicate(insn), whole,
			      LLVMBuildZExt(b, LLVMGetOperand(insn, 1), LLVMTypeOf(whole), ""),
			      ""));
}

/* ---- immediates ------------------------------------------------------------------------------------- */

static bool zero_extend_operand(LLVMValueRef insn, unsigned i)
{
	LLVMValueRef v = LLVMGetOperand(insn, i);
	long long n;

	if (width(v) != 64 || !LLVMIsAConstantInt(v))
		return false;
	n = LLVMConstIntGetSExtValue(v);
	if (n >= 0 || n < INT32_MIN)
		return false;
	LLVMSetOperand(insn, i, LLVMConstInt(LLVMTypeOf(v), (uint32_t)n, 0));
	return true;
}

static bool is_bit_test(LLVMValueRef insn)
{
	LLVMUseRef use = LLVMGetFirstUse(insn);

	return opcode(insn) == LLVMAnd && use && opcode(LLVMGetUser(use)) == LLVMICmp;
}

bool fault_imm_zero_extended(LLVMValueRef insn)
{
	return LLVMIsABinaryOperator(insn) && !is_bit_test(insn) && zero_extend_operand(insn, 1);
}

bool fault_compare_imm_zero_extended(LLVMValueRef insn)
{
	return opcode(insn) == LLVMICmp && zero_extend_operand(insn, 1);
}

bool fault_jset_imm_zero_extended(LLVMValueRef insn)
{
	return is_bit_test(insn) && zero_extend_operand(insn, 1);
}

/* ---- byte order, division ---------------------------------------------------------------------------- */

static bool drop_swap(LLVMValueRef insn, unsigned bits)
{
	if (!is_call(insn, "llvm.bswap") || width(insn) != bits)
		return false;
	return replace(before(insn), insn, LLVMGetOperand(insn, 0));
}

bool fault_swap16_missing(LLVMValueRef insn)
{
	return drop_swap(insn, 16);
}

bool fault_swap32_missing(LLVMValueRef insn)
{
	return drop_swap(insn, 32);
}

bool fault_swap64_missing(LLVMValueRef insn)
{
	return drop_swap(insn, 64);
}

/* The select that chooses what a division by 0 gives; its value then. */
static LLVMValueRef by_zero(LLVMValueRef insn)
{
	LLVMOpcode op;

	if (opcode(insn) != LLVMSelect || opcode(LLVMGetOperand(insn, 0)) != LLVMICmp ||
	    LLVMGetICmpPredicate(LLVMGetOperand(insn, 0)) != LLVMIntEQ)
		return NULL;
	op = opcode(LLVMGetOperand(insn, 2));
	return op == LLVMUDiv || op == LLVMURem ? LLVMGetOperand(insn, 1) : NULL;
}

bool fault_div_by_zero(LLVMValueRef insn)
{
	LLVMValueRef v = by_zero(insn);

	if (!v || !LLVMIsNull(v))
		return false;
	return replace(before(insn), insn, LLVMGetOperand(insn, 2));
}

bool fault_mod_by_zero(LLVMValueRef insn)
{
	LLVMValueRef v = by_zero(insn);

	if (!v || LLVMIsNull(v))
		return false;
	LLVMSetOperand(insn, 1, LLVMConstNull(LLVMTypeOf(v)));
	return true;
}

/* By magnitudes, as the backend has no signed division. */
bool fault_div_signed(LLVMValueRef insn)
{
	LLVMValueRef a, zero, neg;
	LLVMBuilderRef b;

	if (opcode(insn) != LLVMUDiv)
		return false;
	b = before(insn);
	a = LLVMGetOperand(insn, 0);
	zero = LLVMConstNull(LLVMTypeOf(a));
	neg = LLVMBuildSelect(b, LLVMBuildICmp(b, LLVMIntSLT, a, zero, ""),
			      LLVMBuildSub(b, zero, a, ""), a, "");
	LLVMDisposeBuilder(b);
	LLVMSetOperand(insn, 0, neg);
	return true;
}

/* ---- helpers ------------------------------------------------------------------------------------------ */

bool fault_packet_end_late(LLVMValueRef insn)
{
	LLVMBuilderRef b;
	LLVMValueRef more, next;

	if (!is_call(insn, "nfp.pkt.len"))
		return false;
	next = LLVMGetNextInstruction(insn);
	b = before(next);
	more = LLVMBuildAdd(b, insn, LLVMConstInt(LLVMTypeOf(insn), 1, 0), "");
	LLVMDisposeBuilder(b);
	LLVMReplaceAllUsesWith(insn, more);
	LLVMSetOperand(more, 0, insn);
	return true;
}

bool fault_update_flags_lost(LLVMValueRef insn)
{
	LLVMValueRef flags;

	if (!is_call(insn, "nfp.map.update"))
		return false;
	flags = LLVMGetOperand(insn, 1);
	if (LLVMIsNull(flags))
		return false;
	LLVMSetOperand(insn, 1, LLVMConstNull(LLVMTypeOf(flags)));
	return true;
}

bool fault_key_words_swapped(LLVMValueRef insn)
{
	unsigned first = is_call(insn, "nfp.map.update") ? 3 : 2;
	LLVMValueRef k;

	if (!is_call(insn, "nfp.map.") ||
	    LLVMConstIntGetZExtValue(LLVMGetOperand(insn, first - 1)) < 2)
		return false;
	k = LLVMGetOperand(insn, first);
	LLVMSetOperand(insn, first, LLVMGetOperand(insn, first + 1));
	LLVMSetOperand(insn, first + 1, k);
	return true;
}

bool fault_adjust_delta_lost(LLVMValueRef insn)
{
	LLVMValueRef delta;
	LLVMBuilderRef b;

	if (!is_call(insn, "nfp.adjust."))
		return false;
	b = before(insn);
	delta = LLVMGetOperand(insn, 0);
	LLVMSetOperand(insn, 0, LLVMBuildAdd(b, delta, LLVMConstInt(LLVMTypeOf(delta), 1, 0), ""));
	LLVMDisposeBuilder(b);
	return true;
}

bool fault_event_size_short(LLVMValueRef insn)
{
	LLVMValueRef size;

	if (!is_call(insn, "nfp.perf.event"))
		return false;
	size = LLVMGetOperand(insn, 4);
	if (!LLVMIsAConstantInt(size) || LLVMConstIntGetZExtValue(size) < 2)
		return false;
	LLVMSetOperand(insn, 4,
		       LLVMConstInt(LLVMTypeOf(size), LLVMConstIntGetZExtValue(size) - 1, 0));
	return true;
}
