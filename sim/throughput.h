/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_THROUGHPUT_H
#define SIM_THROUGHPUT_H

#include "sim/me.h"

/* One engine under load: its contexts take packets in turn and share the issue slots.
 *
 * Packets do not depend on one another's timing, so sim_me_run() executes them one after the other and
 * says when each gave up the engine and for how long (struct sim_me_wait); this replays those stretches
 * as the hardware interleaves them: a context runs until it waits, then the next one that is ready goes on,
 * in round-robin order; one that is done takes the next packet at once. The result is the packet rate of an engine
 * that always has packets.
 *
 * Not modelled: queues in front of the memories, which many engines share, and the firmware's own work per
 * packet. */

struct sim_throughput;

struct sim_throughput *sim_throughput_new(const struct sim_timing *timing);
void sim_throughput_free(struct sim_throughput *e);

/* Adds the next packet, with its run; it starts when a context is free. */
void sim_throughput_packet(struct sim_throughput *e, const struct sim_me_result *run);

struct sim_rate {
	double cycles_per_packet; /* of one engine, all contexts together; 0: no packet */
	double mpps;              /* of all engines */
	double issue_share;       /* of the cycles: an instruction or branch shadow in the slot */
	double wait_share
		[SIM_ME_MEMORIES]; /* of the cycles: every context waits, the next for this */
	const char *bound_by;      /* "issue", or the memory with the most idle cycles */
};

struct sim_rate sim_throughput_rate(struct sim_throughput *e);

#endif
