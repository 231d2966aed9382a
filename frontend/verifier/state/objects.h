/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_VERIFIER_STATE_OBJECTS_H
#define FRONTEND_VERIFIER_STATE_OBJECTS_H

#include "frontend/verifier/walk/env.h"

/* Objects on the stack, and references that own objects of the program. */

/* stack_object.c */
struct fe_place {
	struct fe_frame *frame;
	uint32_t frame_no, slot, n; /* slots [slot], [slot - 1] … of rising addresses */
};
/* `bytes` of stack at a known, aligned place that the register points to. False: not so (not reported). */
bool fe_object_place(struct fe_env *env, unsigned regno, unsigned bytes, struct fe_place *p);
bool fe_object_put(struct fe_env *env, unsigned regno, unsigned bytes, const struct fe_reg *r);
/* The object that is at the place, whole; NULL: none. */
struct fe_reg *fe_object_at(struct fe_env *env, const struct fe_place *p, enum fe_type type);
/* The slot is stored to. False: reported. */
bool fe_object_overwrite(struct fe_env *env, struct fe_frame *f, uint32_t slot);
/* Ends all objects that hold the reference. */
void fe_objects_release(struct fe_env *env, uint32_t ref);

/* owned.c: references that own an object, and those that do not */
void fe_set_not_owning(const struct fe_env *env, struct fe_reg *r);
/* The object with the reference goes to a list or tree: what points to it owns it no more. */
bool fe_give_away(struct fe_env *env, uint32_t ref);
/* … into a field of a map's value, memory of each CPU: it stays as long as the section. */
void fe_give_percpu(struct fe_env *env, uint32_t ref);
/* The lock is given up: other CPUs may free what is not owned. */
void fe_drop_not_owning(struct fe_env *env);

#endif
