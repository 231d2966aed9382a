/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_CHOOSE_MIN_CUT_H
#define PARTITIONER_CHOOSE_MIN_CUT_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

/* Which nodes go to the device: the choice of highest benefit, exactly.
 *
 * Each node has a gain (device rather than host; may be negative). Each edge u -> v says two things:
 *   v on the device needs u there, too (control goes device -> host once);
 *   u on the device and v on the host costs `cost` (the hand-off).
 * A tie puts both ends on the same side. This is a minimum cut: nodes on the source's side are the
 * device's; a gain is an arc from the source, a loss an arc to the sink. */

#define PART_CUT_INF INT64_C(0x0fffffffffffffff) /* a cost that is never paid */

struct part_cut_edge {
	uint32_t from, to;
	int64_t cost; /* >= 0; PART_CUT_INF: no hand-off here */
};

struct part_cut_tie {
	uint32_t a, b;
};

struct part_cut {
	uint32_t n;
	const int64_t *gain; /* by node; -PART_CUT_INF: the host's; PART_CUT_INF: the device's */
	const struct part_cut_edge *edges;
	size_t n_edges;
	const struct part_cut_tie *ties;
	size_t n_ties;
};

/* Fills in on_device[n] (the smallest of the best choices) and gives its benefit. False in `*possible`
 * when demands contradict each other (then on_device is meaningless). */
int64_t part_cut_solve(struct arena *scratch, const struct part_cut *cut, bool *on_device,
		       bool *possible);
/* cut_limited.c: the same with at most `room` of size on the device; a good choice, not always the best. */
int64_t part_cut_limited(struct arena *scratch, const struct part_cut *cut, const uint32_t *size,
			 uint64_t room, bool *on_device, bool *possible);
/* Worth of a choice; -PART_CUT_INF when it is not allowed. */
int64_t part_cut_benefit(const struct part_cut *cut, const bool *on_device);

#endif
