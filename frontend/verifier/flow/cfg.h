/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_VERIFIER_FLOW_CFG_H
#define FRONTEND_VERIFIER_FLOW_CFG_H

#include "frontend/object.h"

/* Control flow and register liveness of a program, before any state is walked (cfg.c, reg_live.c). */

#define FE_CFG_SECOND_HALF 0x01 /* of a LD_IMM64: not an instruction */
#define FE_CFG_PRUNE       0x02 /* states are compared here */
#define FE_CFG_REACHED     0x04
#define FE_CFG_FORCE       0x08 /* always remember the state: helper call with a callback */

#define FE_MAX_INSNS 1000000u

struct fe_cfg {
	const struct fe_prog *prog;
	uint8_t *flags;    /* FE_CFG_*, per instruction */
	uint32_t *subprog; /* index of the subprogram, per instruction */
	uint16_t *live;    /* bit r: register r may be read before it is written, from here on */
	bool *zext_needed; /* 32-bit result whose high half may be read */
	uint32_t *
		pred_start; /* n + 1: predecessors of i are pred[pred_start[i] … pred_start[i + 1]) */
	uint32_t *pred;     /* jumps and falls within the subprogram; not calls */
};

/* Successors within the subprogram: 0, 1 or 2 (next, then jump target). A call falls through. */
unsigned fe_cfg_succ(const struct fe_cfg *cfg, uint32_t pc, uint32_t succ[2]);
/* Instruction after `pc`: one or two slots on. */
uint32_t fe_cfg_next(const struct fe_cfg *cfg, uint32_t pc);
/* Subprogram that starts at `pc`; -1: none. */
int32_t fe_cfg_subprog_at(const struct fe_prog *prog, int64_t pc);

/* Subprogram that an instruction calls or takes the address of; -1: none. */
int32_t fe_cfg_callee(const struct fe_prog *prog, uint32_t pc);

/* Field legality, jump targets, reachability, subprogram boundaries, recursion. False: reported. */
bool fe_cfg_check(struct cx *cx, struct arena *arena, const struct fe_object *obj,
		  const struct fe_prog *prog, struct fe_cfg *cfg);
/* reg_live.c: fills live and zext_needed of a checked program. */
void fe_cfg_liveness(struct arena *arena, const struct fe_object *obj, struct fe_cfg *cfg);

#endif
