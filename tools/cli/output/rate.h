/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CLI_OUTPUT_RATE_H
#define TOOLS_CLI_OUTPUT_RATE_H

#include "sim/throughput.h"
#include "sim/timing.h"

/* The rate that the cycle model expects of a card, as run and nic say it. */

struct json_object;
void rate_print(const struct sim_rate *rate, const struct sim_timing *timing);
void rate_add(struct json_object *row, const struct sim_rate *rate,
	      const struct sim_timing *timing);

#endif
