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

/* Liveness of virtual registers at block borders (liveness.c): bit v of in[b] / out[b]. */
struct nfp_liveness {
	uint32_t words;     /* 32-bit words a set */
	uint32_t *in, *out; /* n_blocks * words */
};
void nfp_liveness(const struct nfp_func *fn, struct cx *cx, struct nfp_liveness *live);

/* Calls `visit` for each register operand that an instruction reads or writes, pseudo
 * instructions' argument lists included (mir.c): the one place that knows. LDF without zf reads dst. */
typedef void nfp_opnd_visitor(struct nfp_opnd *o, bool is_def, void *priv);
void nfp_visit_opnds(struct nfp_mi *mi, nfp_opnd_visitor *visit, void *priv);

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
