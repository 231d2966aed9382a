/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_PASSES_H
#define NFP_BACKEND_PASSES_H

#include "nfp_backend/mir.h"
#include "nfp_backend/ucode.h"

/* Passes over MIR, in the order in which they run at -O2. At -O0 only the ones marked * run.
 * A pass that returns false has reported. */

/* dce.c    */ bool nfp_dead_code(struct nfp_func *fn, struct cx *cx);
/* fold.c   */ bool
nfp_fold(struct nfp_func *fn,
	 struct cx *cx); /* peepholes over SSA: constants, copies, single-use LM and xfer reads */
/* lower_calls.c    */ bool
nfp_lower_calls(struct nfp_func *fn,
		struct cx *cx); /* * CALL, EXIT -> fixed registers, LM, branches */
/* reuse.c  */ bool
nfp_reuse_arguments(struct nfp_func *fn,
		    struct cx *cx); /* stores of keys and values that are in place */
/* phi.c    */ bool nfp_remove_phis(struct nfp_func *fn,
				    struct cx *cx); /* * PHI -> parallel copies; SSA -> VREG */
/* coalesce.c */ bool nfp_coalesce(struct nfp_func *fn,
				   struct cx *cx); /* joins copy-related registers */
/* sink.c   */ bool nfp_sink(struct nfp_func *fn,
			     struct cx *cx); /* results written where a copy would take them */
/* layout.c */ bool nfp_layout(struct nfp_func *fn,
			       struct cx *cx); /* * block order, branch inversion, fall-through */
/* legalize.c */ bool nfp_legalize(struct nfp_func *fn,
				   struct cx *cx); /* * operands that instructions can have */
/* xfer.c   */ bool nfp_assign_xfer(struct nfp_func *fn,
				    struct cx *cx); /* * numbers of transfer registers */
/* bank.c   */ bool nfp_assign_banks(struct nfp_func *fn, struct cx *cx); /* * VREG -> BANKED */
/* regalloc.c */ bool nfp_allocate(struct nfp_func *fn,
				   struct cx *cx); /* * BANKED -> physical registers, spills */
/* frame.c  */ bool nfp_place_frame(struct nfp_func *fn,
					struct cx *cx); /* * slots -> local memory; -> PHYS */
/* sched.c  */ bool nfp_schedule(struct nfp_func *fn, struct cx *cx); /* fills defer slots */
/* hazard.c */ bool
nfp_fix_hazards(struct nfp_func *fn,
		struct cx *cx); /* * NOPs where an instruction would come too early */
/* emit.c   */ bool nfp_emit(struct nfp_func *fn, struct cx *cx,
				    struct nfp_ucode *out); /* * words + relocations + lines */

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

/* Row of the pipeline, driven by pipeline.c: dumping, checking and timing belong to the driver. */
struct nfp_pass {
	const char *name; /* --dump, --stop-after */
	bool (*run)(struct nfp_func *fn, struct cx *cx);
	bool always; /* also at -O0 */
	const char *what;
};
extern const struct nfp_pass nfp_mir_passes[];
extern const unsigned nfp_n_mir_passes;

/* Runs the MIR passes and emits; honours dump, stop_after, check_each of `opts` (struct
 * offload_options). */
struct offload_options;
bool nfp_run_mir_passes(struct nfp_func *fn, struct cx *cx, const struct offload_options *opts,
			struct nfp_ucode *out);

#endif
