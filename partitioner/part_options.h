/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_PART_OPTIONS_H
#define PARTITIONER_PART_OPTIONS_H

#include "partitioner/cost.h"
#include "partitioner/profile.h"

/* What the user decides about the placement. All zero: the defaults. */
struct part_options {
	bool whole_only;      /* do not split */
	bool keep_tail_calls; /* do not follow them */
	bool untagged;        /* tc: the user says that no frame with a VLAN tag arrives */
	uint32_t max_handoff; /* bytes of a hand-off record at most; 0: what the device allows */
	const char *pins;     /* "SYMBOL=host|device,…": subprograms and maps; NULL: none */
	const struct part_costs *costs;       /* NULL: part_costs_default */
	const struct part_profiler *profiler; /* how often edges are taken; NULL: estimated */
	uint64_t cut_seed; /* not 0: a random legal cut in place of the best, for tests */
};

#endif
