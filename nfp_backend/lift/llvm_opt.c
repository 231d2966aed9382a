/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/lift/lift.h"

#include <llvm-c/Core.h>
#include <llvm-c/DebugInfo.h>
#include <llvm-c/Error.h>
#include <llvm-c/Transforms/PassBuilder.h>

#include <assert.h>

/* LLVM's part of the optimisation, as a list of passes. Wanted: fewer instructions. Left out on
 * purpose: vectorisers, unrolling, lookup tables, and everything that needs a cost model of the
 * target, which LLVM has not got here. */

static const char passes_o2[] =
	"function("
	"sroa,early-cse<memssa>,instcombine<no-verify-fixpoint>,"
	/* before branches become selects: tests for NULL whose outcome is known by the path */
	"jump-threading,"
	"simplifycfg<no-switch-to-lookup>,"
	"correlated-propagation,aggressive-instcombine,instcombine<no-verify-fixpoint>,"
	"reassociate,gvn,sccp,bdce,dse,instcombine<no-verify-fixpoint>,adce,"
	"simplifycfg<no-switch-to-lookup;sink-common-insts;hoist-common-insts>,"
	"instcombine<no-verify-fixpoint>,adce)";

/* Pointers must be values for isel to tell the memories apart: registers leave their variables. */
static const char passes_o0[] = "function(sroa,dce,simplifycfg<no-switch-to-lookup>)";

/* !bpf_pc of every instruction from its debug location, then no debug information any more. */
static void keep_bpf_pc(LLVMModuleRef mod)
{
	LLVMContextRef llvm = LLVMGetModuleContext(mod);
	unsigned kind = LLVMGetMDKindIDInContext(llvm, "bpf_pc", 6);
	LLVMValueRef fn = LLVMGetNamedFunction(mod, "prog");

	for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(fn); b; b = LLVMGetNextBasicBlock(b))
		for (LLVMValueRef i = LLVMGetFirstInstruction(b); i;
		     i = LLVMGetNextInstruction(i)) {
			unsigned line = LLVMGetDebugLocLine(i);
			LLVMMetadataRef pc;

			if (!line)
				continue;
			pc = LLVMValueAsMetadata(
				LLVMConstInt(LLVMInt32TypeInContext(llvm), line - 1, 0));
			LLVMSetMetadata(
				i, kind,
				LLVMMetadataAsValue(llvm, LLVMMDNodeInContext2(llvm, &pc, 1)));
		}
	LLVMStripModuleDebugInfo(mod);
}

void nfp_llvm_opt(LLVMModuleRef mod, unsigned opt_level)
{
	LLVMPassBuilderOptionsRef opts = LLVMCreatePassBuilderOptions();
	LLVMErrorRef err = LLVMRunPasses(mod, opt_level ? passes_o2 : passes_o0, NULL, opts);

	assert(!err && "the pass list is ours and parses");
	LLVMConsumeError(err);
	LLVMDisposePassBuilderOptions(opts);
	if (opt_level)
		nfp_llvm_split_results(mod);
	keep_bpf_pc(mod);
}

char *nfp_llvm_text(LLVMModuleRef mod)
{
	LLVMModuleRef copy = LLVMCloneModule(mod);
	char *text;

	keep_bpf_pc(copy);
	text = LLVMPrintModuleToString(copy);
	LLVMDisposeModule(copy);
	return text;
}
