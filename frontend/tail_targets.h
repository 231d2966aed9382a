/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_TAIL_TARGETS_H
#define FRONTEND_TAIL_TARGETS_H

#include "frontend/object.h"

#define SIM_TAILS_MAX                                                                              \
	64u /* programs that one program may tail-call; further ones count as absent */
#define SIM_TAIL_CALLS_MAX                                                                         \
	33u /* MAX_TAIL_CALL_CNT of the kernel; calls of empty slots do not count */

struct sim_tails {
	const struct fe_prog *progs[SIM_TAILS_MAX]; /* [0]: the program itself */
	size_t n;
};

void sim_tails_find(const struct fe_object *obj, const struct fe_prog *prog, struct sim_tails *t);
/* Program in a slot of the map; NULL: empty. */
const struct fe_prog *sim_tails_target(const struct fe_object *obj, uint32_t prog_type, size_t map,
				       uint32_t index);

#endif
