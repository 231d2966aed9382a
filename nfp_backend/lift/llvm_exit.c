/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/lift/lift.h"

#include <llvm-c/Core.h>
#include <llvm-c/DebugInfo.h>

#include <stdlib.h>

/* Results that LLVM chose with `select` become branches again: a branch goes straight to the code
 * that leaves with that result, a select would first put it into a register.
 *
 *   p:  %s = select i1 %c, i32 2, i32 1        p:  br i1 %c, label %r, label %p2
 *       br label %r                      =>    p2: br label %r
 *   r:  %x = phi i32 [ %s, %p ], …             r:  %x = phi i32 [ 2, %p ], [ 1, %p2 ], …
 *       ret i32 %x                                 ret i32 %x */

/* A select of which one side at least is a known result, and that only `user` sees. */
static bool is_choice(LLVMValueRef v)
{
	LLVMUseRef use = LLVMGetFirstUse(v);

	return LLVMIsASelectInst(v) && use && !LLVMGetNextUse(use) &&
	       (LLVMIsAConstantInt(LLVMGetOperand(v, 1)) ||
		LLVMIsAConstantInt(LLVMGetOperand(v, 2)));
}

static bool only_jumps_to(LLVMBasicBlockRef p, LLVMBasicBlockRef to)
{
	LLVMValueRef t = LLVMGetBasicBlockTerminator(p);

	return LLVMIsABranchInst(t) && !LLVMIsConditional(t) && LLVMGetSuccessor(t, 0) == to;
}

/* Replaces the end of `p` by a branch on the select's condition. */
static void branch_on(LLVMBuilderRef b, LLVMBasicBlockRef p, LLVMValueRef select,
		      LLVMBasicBlockRef yes, LLVMBasicBlockRef no)
{
	LLVMValueRef br;

	LLVMInstructionEraseFromParent(LLVMGetBasicBlockTerminator(p));
	LLVMPositionBuilderAtEnd(b, p);
	br = LLVMBuildCondBr(b, LLVMGetOperand(select, 0), yes, no);
	LLVMInstructionSetDebugLoc(br, LLVMInstructionGetDebugLoc(select));
}

static LLVMBasicBlockRef block_after(LLVMValueRef fn, LLVMBasicBlockRef p)
{
	LLVMBasicBlockRef n =
		LLVMAppendBasicBlockInContext(LLVMGetTypeContext(LLVMTypeOf(fn)), fn, "");

	LLVMMoveBasicBlockAfter(n, p);
	return n;
}

/* `ret select` without a join. */
static void split_ret(LLVMBuilderRef b, LLVMValueRef fn, LLVMBasicBlockRef r, LLVMValueRef select)
{
	LLVMBasicBlockRef no = block_after(fn, r), yes = block_after(fn, r);

	LLVMPositionBuilderAtEnd(b, yes);
	LLVMBuildRet(b, LLVMGetOperand(select, 1));
	LLVMPositionBuilderAtEnd(b, no);
	LLVMBuildRet(b, LLVMGetOperand(select, 2));
	branch_on(b, r, select, yes, no);
	LLVMInstructionEraseFromParent(select);
}

/* Adds an edge to the join `r`, next to the one from `p`; returns its new phi. */
static LLVMValueRef split_incoming(LLVMBuilderRef b, LLVMValueRef fn, LLVMBasicBlockRef r,
				   LLVMValueRef phi, unsigned which)
{
	LLVMBasicBlockRef p = LLVMGetIncomingBlock(phi, which), no = block_after(fn, p), from;
	LLVMValueRef select = LLVMGetIncomingValue(phi, which), fresh, v;

	LLVMPositionBuilderBefore(b, phi);
	fresh = LLVMBuildPhi(b, LLVMTypeOf(phi), "");
	for (unsigned i = 0; i < LLVMCountIncoming(phi); i++) {
		v = i == which ? LLVMGetOperand(select, 1) : LLVMGetIncomingValue(phi, i);
		from = LLVMGetIncomingBlock(phi, i);
		LLVMAddIncoming(fresh, &v, &from, 1);
	}
	v = LLVMGetOperand(select, 2);
	LLVMAddIncoming(fresh, &v, &no, 1);
	LLVMReplaceAllUsesWith(phi, fresh);
	LLVMInstructionEraseFromParent(phi);
	LLVMPositionBuilderAtEnd(b, no);
	LLVMBuildBr(b, r);
	branch_on(b, p, select, r, no);
	LLVMInstructionEraseFromParent(select);
	return fresh;
}

static void split_phi(LLVMBuilderRef b, LLVMValueRef fn, LLVMBasicBlockRef r, LLVMValueRef phi)
{
	for (unsigned i = 0; i < LLVMCountIncoming(phi); i++)
		while (is_choice(LLVMGetIncomingValue(phi, i)) &&
		       only_jumps_to(LLVMGetIncomingBlock(phi, i), r))
			phi = split_incoming(b, fn, r, phi, i);
}

void nfp_llvm_split_results(LLVMModuleRef mod)
{
	LLVMValueRef fn = LLVMGetNamedFunction(mod, "prog"), ret, v;
	LLVMBuilderRef b = LLVMCreateBuilderInContext(LLVMGetModuleContext(mod));

	for (LLVMBasicBlockRef r = LLVMGetFirstBasicBlock(fn); r; r = LLVMGetNextBasicBlock(r)) {
		ret = LLVMGetBasicBlockTerminator(r);
		if (!LLVMIsAReturnInst(ret))
			continue;
		v = LLVMGetOperand(ret, 0);
		if (is_choice(v))
			split_ret(b, fn, r, v);
		else if (LLVMIsAPHINode(v) && LLVMGetFirstInstruction(r) == v &&
			 LLVMGetNextInstruction(v) == ret)
			split_phi(b, fn, r, v);
	}
	LLVMDisposeBuilder(b);
}
