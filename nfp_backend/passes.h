/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_PASSES_H
#define NFP_BACKEND_PASSES_H

#include "nfp_backend/mir.h"
#include "nfp_backend/ucode.h"

/* Passes over MIR, by the rows of stages.def. A pass that returns false has reported. */
typedef bool nfp_pass_fn(struct nfp_func *fn, struct cx *cx);
#define STAGE(name, needs, leaves, what)
#define PASS(name, run, level, what) nfp_pass_fn run;
#include "nfp_backend/stages.def"
#undef PASS
#undef STAGE

/* emit.c: words, relocations, source lines. */
bool nfp_emit(struct nfp_func *fn, struct cx *cx, struct nfp_ucode *out);

/* The PASS rows of stages.def. */
struct nfp_pass {
	const char *name;
	nfp_pass_fn *run;
	bool always; /* also at -O0 */
	const char *what;
};
extern const struct nfp_pass nfp_mir_passes[];
extern const unsigned nfp_n_mir_passes;

#endif
