/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_PROFILE_H
#define PARTITIONER_PROFILE_H

#include "frontend/vprog.h"

/* Execution frequencies on the user's packets. The partitioner cannot run a
 * program; sim/branch_profile.h implements this interface. */

struct part_counts {
	uint64_t packets;
	uint64_t *runs;  /* by instruction of the program */
	uint64_t *taken; /* by instruction: a conditional jump went to its target */
};

struct part_profiler {
	void *priv;
	/* Fills in `counts`, with arrays in cx->arena. Returns NULL, or why the program cannot run; it
	 * is then placed by estimates. */
	const char *(*count)(void *priv, struct cx *cx, const struct vprog *vp,
			     struct part_counts *counts);
};

#endif
