/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_COUNTERS_H
#define PARTITIONER_COUNTERS_H

#include "frontend/vprog.h"

/* Counters as users write them: `*v += x` is a load of a map's value, additions, and a store back, and
 * the value that was loaded serves for nothing else. To the same end the load may give 0 and the
 * store add atomically, so
 *   - both sides may count, and user space adds up what they counted (map_placement.h, "summed");
 *   - the card may count for all of its engines in one element where the host has one a CPU. */

enum part_counter {
	PART_COUNTER_NONE,
	PART_COUNTER_LOAD,  /* its value goes into one store, plus or minus something */
	PART_COUNTER_STORE, /* that store: 4 or 8 bytes */
};

struct part_counters {
	uint8_t *role;     /* by instruction: enum part_counter */
	uint32_t *partner; /* by instruction that is one: the other one */
};

/* In every instance in which an instruction runs it is what its role says. */
struct part_counters part_counters_find(struct cx *cx, const struct vprog *vp);

#endif
