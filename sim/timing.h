/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_TIMING_H
#define SIM_TIMING_H

#include "base/cx.h"

#include <stdint.h>

/* Parameters of the cycle model: rows of timing.def. */
struct sim_timing {
#define TIMING(field, value, highest, what) uint32_t field;
#include "sim/me/timing.def"
#undef TIMING
};

extern const struct sim_timing sim_timing_default;

/* A file of `key = value` lines, '#' starts a comment; keys that it omits keep their default.
 * False: reported with the line. */
bool sim_timing_read(struct cx *cx, const char *path, struct sim_timing *t);

#endif
