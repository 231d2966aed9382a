/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CLI_TESTING_TEST_PLAN_H
#define TOOLS_CLI_TESTING_TEST_PLAN_H

#include "sim/split_test.h"
#include "tools/cli/cli.h"

/* How much one call of test runs: --shard takes a part of the packets, --time adds rounds with further
 * seeds. Every seed that a plan uses can be given as --seed to repeat its round. */
struct test_plan {
	uint64_t seed, packets; /* of the next round; packets 0: all of the capture file */
	uint64_t step;          /* from one round's seed to the next */
	double until;           /* 0: one round */
};

/* False: the options are invalid (reported on stderr). */
bool test_plan(const struct cli_args *args, struct test_plan *plan);
/* After a round: is there another? */
bool test_plan_next(struct test_plan *plan, const struct sim_diff_result *total);
/* Adds the results of a round to the previous ones. */
void test_plan_add(struct sim_split_result *total, const struct sim_split_result *round);

#endif
