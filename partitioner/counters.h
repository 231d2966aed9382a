/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_COUNTERS_H
#define PARTITIONER_COUNTERS_H

#include "frontend/vprog.h"

/* Counters of the form `*v += x`: a load of a map's value, additions, and a store back, where
 * the loaded value has no other use. Equivalently, the load gives 0 and the
 * store adds atomically. So
 *   - both sides may count, and user space adds the two values (map_placement.h, "summed");
 *   - the device may count for all engines in one element where the host has one per CPU. */

enum part_counter {
	PART_COUNTER_NONE,
	PART_COUNTER_LOAD,  /* its value goes into one store, plus or minus something */
	PART_COUNTER_STORE, /* that store: 4 or 8 bytes */
};

struct part_counters {
	uint8_t *role;     /* by instruction: enum part_counter */
	uint32_t *partner; /* by instruction that is one: the other one */
};

/* An instruction has the same role in every instance. */
struct part_counters part_counters_find(struct cx *cx, const struct vprog *vp);

#endif
