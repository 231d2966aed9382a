/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_SPLIT_TEST_H
#define SIM_SPLIT_TEST_H

#include "partitioner/split.h"
#include "sim/diff.h"

/* Runs a split program: the device half in the simulated microengine, and the packets that it
 * passes up through the host half. Compares the result with the original program:
 * verdict, packet, events, maps (those that both sides add to summed up). Some packets carry a forged
 * hand-off record. Original and host half each run on all host sides of the options; of the host half
 * a kernel runs the object file that its user would load. */

struct sim_split_result {
	struct sim_diff_result diff; /* its hosts: results of the original on each */
	struct sim_diff_host half_hosts[SIM_DIFF_N_HOSTS]; /* results of the host half */
	uint64_t decided; /* packets that the device decided, PASS included */
	uint64_t handed;  /* packets on which the host half continued */
	uint64_t forged;  /* packets from the wire with a forged record in front */
};

/* As sim_diff_run(). */
bool sim_split_run(struct cx *cx, const struct vprog *vp, const struct part_halves *halves,
		   const struct nfp_firmware *fw, const struct sim_diff_device *dev,
		   const struct sim_diff_options *opts, struct sim_split_result *res);

#endif
