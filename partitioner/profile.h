/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_PROFILE_H
#define PARTITIONER_PROFILE_H

#include "frontend/vprog.h"

/* How often instructions run on a user's own packets. The partitioner does not know how to run a
 * program: whoever does (sim/branch_profile.h) is asked for counts. */

struct part_counts {
	uint64_t packets;
	uint64_t *runs;  /* by instruction of the program */
	uint64_t *taken; /* by instruction: a conditional jump went to its target */
};

struct part_profiler {
	void *priv;
	/* Fills in `counts`, with arrays in cx->arena. NULL, or why this program cannot be run: then it
	 * is placed by guesses. */
	const char *(*count)(void *priv, struct cx *cx, const struct vprog *vp,
			     struct part_counts *counts);
};

#endif
