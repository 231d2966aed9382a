/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef OFFLOAD_COMPILE_H
#define OFFLOAD_COMPILE_H

#include "partitioner/device_ops.h"
#include "partitioner/part_options.h"
#include "partitioner/split.h"

#include <stdio.h>

/* The driver: takes a verified program through partitioner and backend (compile.c reads like the picture
 * in docs/architecture.md). */

struct offload_options {
	struct part_options part;
	uint64_t *
		budget; /* instructions that verifications of forms and halves may walk; NULL: offload_budget() */
	/* What if: refusals that count as none (explain). Nothing is translated then. NULL: all count. */
	bool (*pretend)(void *priv, const struct offload_refusal *why);
	void *pretend_priv;
	FILE *dump_to; /* where the dumps that the target asks for go; NULL: standard output */
};

struct offload_result {
	struct split split;
	VEC(struct offload_phase) phases; /* of the device's translation, with their times */
};

/* Decides where the program runs, makes the halves of a split program and the device's image. `vp` was
 * verified with main_stack and must live as long as the result, which is in cx->arena.
 * False: reported; nothing to use. A program that stays on the host is a result. */
bool offload_compile(struct cx *cx, const struct vprog *vp, const struct offload_target *target,
		     const struct offload_options *opts, struct offload_result *result);

/* Instructions that all verifications of a program's forms and halves may walk: together less than the
 * program itself took, unless that is little. */
uint64_t offload_budget(const struct vprog *vp);

#endif
