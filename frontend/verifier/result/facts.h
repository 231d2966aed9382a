/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_VERIFIER_RESULT_FACTS_H
#define FRONTEND_VERIFIER_RESULT_FACTS_H

#include "frontend/verifier/walk/env.h"

/* What is handed on: facts, and what a rejection says. */

/* facts.c */
void fe_facts_init(struct fe_env *env);
void fe_facts_visit(struct fe_env *env);
void fe_facts_branch(struct fe_env *env, bool taken, bool not_taken);
void fe_facts_packet_changes(struct fe_env *env);
void fe_facts_address(struct fe_env *env, uint8_t kind);
/* Instance of `subprog` called from here; made on first use. */
uint32_t fe_facts_child(struct fe_env *env, uint32_t subprog, enum fe_frame_kind kind);
void fe_facts_finish(struct fe_env *env, struct vprog *vp);
struct vp_reg fe_fact_of(const struct fe_reg *r);
void fe_fact_join(struct vp_reg *a, const struct vp_reg *b);
/* Joining what is known of `r` would change nothing: asked of every register of every state. */
bool fe_fact_covers(const struct vp_reg *a, const struct fe_reg *r);

/* facts_stack.c: vprog.main_stack, when asked for */
void fe_facts_stack_init(struct fe_env *env);
void fe_facts_stack_visit(struct fe_env *env);
void fe_facts_stack_finish(struct fe_env *env);

/* explain.c: reports with the current place, state and path; false. */
#define FE_REJECT(env, ...)                                                                        \
	(diag_error((env)->cx->diags, fe_here_(&(struct diag_at){ 0 }, (env)), __VA_ARGS__),       \
	 fe_explain((env)))
const struct diag_at *fe_here_(struct diag_at *at, const struct fe_env *env);
bool fe_explain(struct fe_env *env);
const char *fe_reg_name(const struct fe_reg *r);                     /* "map_value" … */
const char *fe_reg_text(struct fe_env *env, const struct fe_reg *r); /* with values */
void fe_log_state(struct fe_env *env);

#endif
