/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_LIFT_LIFT_H
#define NFP_BACKEND_LIFT_LIFT_H

#include "nfp_backend/prog.h"

#include <llvm-c/Types.h>

/* Verified program -> one LLVM function `i32 @prog()`; intrinsics.def defines the functions that it may call
 * and its address spaces.
 *
 * False: an instruction has no device form; `why` is the rule and *why_pc the place. Never
 * happens for a program whose every instruction ebpf_legal.c accepted, except when it is too large. */
bool nfp_lift(struct cx *cx, const struct nfp_prog *np, LLVMContextRef llvm, LLVMModuleRef *mod,
	      struct offload_refusal *why);

/* llvm_opt.c: the chosen LLVM passes; afterwards every instruction carries !bpf_pc !{i32 pc} where
 * its origin is known, and no debug information is left. */
void nfp_llvm_opt(LLVMModuleRef mod, unsigned opt_level);
/* llvm_exit.c: results chosen by `select` become branches. Only after all passes that may undo it. */
void nfp_llvm_split_results(LLVMModuleRef mod);
/* Text of the module as isel would see it (LLVMDisposeMessage it). */
char *nfp_llvm_text(LLVMModuleRef mod);

#endif
