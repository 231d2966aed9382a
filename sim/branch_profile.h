/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_BRANCH_PROFILE_H
#define SIM_BRANCH_PROFILE_H

#include "partitioner/profile.h"

/* Counts executions per instruction on the packets of a capture file, in the reference interpreter. Maps
 * start as in a comparison (docs/comparison.md): with values, and with half of the keys that
 * these packets look up, so that hits and misses both occur. The same file gives the same counts. */

struct sim_profile {
	const char *path;            /* of the capture file */
	struct sim_profile_of *done; /* earlier counts, in the arena of the calling context */
};

/* part_profiler.count; priv: struct sim_profile *. A second call for a program returns the same counts. */
const char *sim_profile_count(void *priv, struct cx *cx, const struct vprog *vp,
			      struct part_counts *counts);

/* Checks the file before any program is placed: false if it does not exist or holds no packet (reported). */
bool sim_profile_check(struct cx *cx, const char *path);

#endif
