/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_STAGES_H
#define NFP_BACKEND_STAGES_H

#include "nfp_backend/backend.h"
#include "nfp_backend/mir.h"
#include "nfp_backend/prog.h"
#include "nfp_backend/ucode.h"

#include <llvm-c/Types.h>

#include <stdio.h>

/* The driver of the stages (stages.def). Dumps, checks, probes, times and stops are its business alone: a
 * stage only turns one form of the program into the next. */

/* One translation. LLVM's objects live from lift to isel. */
struct nfp_translation {
	struct cx *cx;
	const struct nfp_options *opts;
	const struct nfp_prog *np;
	struct offload_refusal *why;
	LLVMContextRef llvm;
	LLVMModuleRef mod;
	struct nfp_func fn;
	struct nfp_ucode code;
	struct offload_output *out; /* gets phases; NULL: not wanted */
	FILE *dump;                 /* NULL: nothing is dumped */
};

/* All stages. False: reported, or `why` filled in. */
bool nfp_run_stages(struct nfp_translation *t);
/* From the first pass over machine IR on, for tests that begin with machine IR: t->fn is filled in. */
bool nfp_run_mir_stages(struct nfp_translation *t);

#endif
