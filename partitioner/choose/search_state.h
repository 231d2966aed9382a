/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_CHOOSE_SEARCH_STATE_H
#define PARTITIONER_CHOOSE_SEARCH_STATE_H

#include "partitioner/choose/min_cut.h"
#include "partitioner/cut_search.h"
#include "partitioner/counters.h"
#include "partitioner/flow.h"

/* State of a search for cuts, shared by cut_weights.c (fills in the weights) and cut_search.c (chooses). */

/* What the program is: fixed when the search begins. */
struct search_survey {
	struct part_flow flow;
	struct part_counters counters;
	struct part_map *maps;
	struct part_live *live; /* by instruction of main */
	uint32_t *size;         /* by instruction of main: instructions, with those that it calls */
};

/* The instance of the minimum cut. What does not hold changes gain and no_cut_here. */
struct search_weights {
	const struct part_costs *costs;
	int64_t *
		gain; /* by instruction of main; -PART_CUT_INF: the host's, PART_CUT_INF: the device's */
	bool *no_cut_here; /* by instruction of main */
	bool *tail;        /* by instruction of main: each side has its own copy */
	VEC(struct part_cut_tie) ties;
	uint64_t rng; /* of random cuts; 0: the best */
};

struct part_search {
	struct cx *cx; /* for what lives as long as the search */
	struct part_search_task task;
	const struct vprog *vp;
	bool tc, tagged; /* tagged: as part_halves.tagged */
	struct search_survey survey;
	struct search_weights weights;
	uint32_t max_payload, min_payload; /* bytes of live values in a record */
	uint64_t room;       /* instructions that the device may get; UINT64_MAX: any number */
	int64_t benefit;     /* of the last choice */
	const char *why_not; /* part_search_why_not() */
};

/* cut_weights.c: gains, ties and tails, from the survey. */
void part_weigh(struct part_search *s);
int64_t part_random_below(struct search_weights *w, uint32_t n);
/* Something that is done so often, in hundredths of a cycle. Sums over all nodes and edges stay below
 * PART_CUT_INF. */
int64_t part_benefit(const struct part_search *s, int64_t hundredths, uint32_t freq);
/* The instruction stays on the host. */
void part_refuse(struct part_search *s, uint32_t pc);
/* Tails that follow instructions of the device are on the device, too. */
void part_add_tails(const struct part_search *s, bool *on_device);

static inline int64_t part_cost_of(const struct part_search *s, enum part_cost c)
{
	return s->weights.costs->of[c];
}

/* cut_points.c: fills in cuts, record_bytes and cookie of the halves from their on_device and tagged;
 * `live` is by instruction. False: there are none, or too many. */
bool part_collect_cut_points(struct cx *cx, const struct part_flow *r, const struct part_live *live,
			     uint32_t min_payload, struct part_halves *halves);

#endif
