/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_VERIFIER_WALK_WALK_H
#define FRONTEND_VERIFIER_WALK_WALK_H

#include "frontend/verifier/walk/env.h"

/* The walk over all paths: forks, remembered states, loops, scalars that made a difference. */

/* walk.c */
bool fe_walk(struct fe_env *env);
/* A copy of the current state, to be walked later from `pc`; NULL: too many wait (reported). */
struct fe_state *fe_fork(struct fe_env *env, uint32_t pc);
void fe_drop_fork(struct fe_env *env);                      /* takes the last fork back */
bool fe_check_readable(struct fe_env *env, unsigned regno); /* initialised */
bool fe_check_writable(struct fe_env *env, unsigned regno); /* not R10 */

/* prune.c */
enum fe_visit { FE_VISIT_GO_ON, FE_VISIT_COVERED, FE_VISIT_FAILED };
void fe_prune_init(struct fe_env *env);
enum fe_visit fe_visit(struct fe_env *env);
void fe_branch_done(struct fe_env *env, struct fe_state *s);

/* loop_widen.c */
/* `round`: the state that enters one more round of the loop whose test is the current instruction. */
void fe_begin_round(struct fe_env *env, struct fe_state *round);
/* The current state came back from a callback to the call at `call_pc`. */
void fe_end_round(struct fe_env *env, uint32_t call_pc);

/* state_merge.c */
/* Widens what is live in `cur` to stand for `old`, too, which covers it but for numbers that made
 * no difference. */
void fe_join_frame(const struct fe_frame *old, struct fe_frame *cur, uint16_t regs, uint64_t slots,
		   uint32_t joins);

/* precise.c */
void fe_step_begin(struct fe_env *env); /* the current instruction */
/* … touches `n` slots, the topmost `slot`. `replaces`: what was in them is gone. */
void fe_step_stack(struct fe_env *env, uint32_t frame, uint32_t slot, uint32_t n, bool replaces);
void fe_step_ends_callback(struct fe_env *env);
/* The current instruction is safe, or goes one way only, thanks to what is known of the number. */
void fe_need(struct fe_env *env, unsigned regno);
void fe_need_slot(struct fe_env *env, uint32_t frame_no, uint32_t slot);
/* The path ends here since `old` covers it: what made a difference from there does so here. */
void fe_need_as(struct fe_env *env, const struct fe_state *old);

/* global.c */
/* Functions that a packet load or a tail call may end: they must return a number. */
bool fe_check_early_exits(struct fe_env *env);
bool fe_is_global(const struct fe_env *env, uint32_t subprog);
/* First frame of a walk that verifies a global function apart. */
bool fe_global_start(struct fe_env *env, uint32_t subprog, struct fe_frame *f);
bool fe_global_check_call(struct fe_env *env, uint32_t subprog);
bool fe_global_moves_packet(struct fe_env *env, uint32_t subprog);

#endif
