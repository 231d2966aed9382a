/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_BRANCH_PROFILE_H
#define SIM_BRANCH_PROFILE_H

#include "partitioner/profile.h"

/* Counts how often instructions run on the packets of a capture file, by the reference interpreter. Maps
 * start as those of a comparison do (docs/comparison.md): with values, and with half of the keys that
 * these packets look up, so that hits and misses both happen. Same file, same counts. */

struct sim_profile {
	const char *path;            /* of the capture file */
	struct sim_profile_of *done; /* what was counted, in the arena of the context that asked */
};

/* part_profiler.count; priv: struct sim_profile *. Asked again for a program, it runs nothing. */
const char *sim_profile_count(void *priv, struct cx *cx, const struct vprog *vp,
			      struct part_counts *counts);

/* Before any program is looked at: false when there is no such file or it holds no packet (reported). */
bool sim_profile_check(struct cx *cx, const char *path);

#endif
