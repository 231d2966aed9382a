/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_SPLIT_TEST_H
#define SIM_SPLIT_TEST_H

#include "partitioner/split.h"
#include "sim/diff.h"

/* Runs a split program as it would run: the device's half in the simulated microengine, what it
 * passes up through the host half, and compares with the program as it was, before the split:
 * verdict, packet, events, maps (those that both sides add to summed up). Some packets carry a forged
 * hand-off record. Original and host half each run on all host sides of the options; of the host half
 * a kernel runs the object file that its user would load. */

struct sim_split_result {
	struct sim_diff_result diff; /* its hosts: how the original did on each */
	struct sim_diff_host half_hosts[SIM_DIFF_N_HOSTS]; /* and the host half */
	uint64_t decided; /* packets that the device decided, PASS included */
	uint64_t handed;  /* packets on which the host half went on */
	uint64_t forged;  /* packets that came from the wire with a record in front */
};

/* As sim_diff_run(). */
bool sim_split_run(struct cx *cx, const struct vprog *vp, const struct part_halves *halves,
		   const struct nfp_firmware *fw, const struct sim_diff_device *dev,
		   const struct sim_diff_options *opts, struct sim_split_result *res);

#endif
