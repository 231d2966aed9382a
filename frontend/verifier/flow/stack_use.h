/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_VERIFIER_FLOW_STACK_USE_H
#define FRONTEND_VERIFIER_FLOW_STACK_USE_H

#include "frontend/verifier/walk/env.h"

/* Stack that later instructions read, and stack that does not count. */

/* stack_live.c */
void fe_stack_note_read(struct fe_env *env, uint32_t frame, uint32_t slot);
void fe_stack_note_kill(struct fe_env *env, uint32_t frame, uint32_t slot);
void fe_stack_commit(struct fe_env *env, uint32_t inst, uint32_t pc); /* end of a visit */
uint64_t fe_stack_live(struct fe_env *env, uint32_t inst, uint32_t pc, uint32_t frame);

/* fastcall.c */
void fe_fastcall_init(struct fe_env *env);
/* The current instruction touches stack of a function, from `off` on. */
void fe_fastcall_note_access(struct fe_env *env, uint32_t subprog, int64_t off);
/* Bytes of stack that count. */
uint32_t fe_fastcall_stack(const struct fe_env *env, uint32_t subprog);

#endif
