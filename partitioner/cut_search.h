/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_CUT_SEARCH_H
#define PARTITIONER_CUT_SEARCH_H

#include "partitioner/part_options.h"
#include "partitioner/pins.h"
#include "partitioner/split.h"

/* Chooses where a program is cut: the placement of highest benefit under the cost model (a minimum cut),
 * among those that are not excluded. The driver (offload/compile.c) makes two programs of a choice. What
 * does not hold it reports back, and the next choice is the best of the rest. */

struct part_search;

struct part_search_task {
	const struct vprog *vp; /* has main_stack */
	const bool *refused; /* by instruction, over all instances: the device cannot execute it */
	const struct part_pins *pins;
	const struct part_options *opts;
	uint32_t room; /* bytes that the device can put before a packet; 0: none */
};

/* Surveys the program. Lives as long as cx->arena. NULL: it cannot be split; *why_not says why. */
struct part_search *part_search_open(struct cx *cx, const struct part_search_task *task,
				     const char **why_not);

/* Fills in on_device, maps, tagged and the cuts of `halves`. False: no (more) choice; part_search_why_not(). */
bool part_search_choose(struct part_search *s, struct cx *cx, struct part_halves *halves);
/* Why the last choice did not hold, or why there is none; NULL: nothing to say. */
const char *part_search_why_not(const struct part_search *s);
void part_search_set_why_not(struct part_search *s, const char *text); /* copied */

/* By instruction of main: those that control may reach from the cuts; with `tagged` from instruction 0
 * too when tagged frames go to the host. */
const bool *part_search_reached(const struct part_search *s, struct cx *cx,
				const struct part_halves *halves, bool tagged);

/* ---- what did not hold ---------------------------------------------------------------------- */

/* No cut before instruction `pc` of main. */
void part_search_forbid_cut(struct part_search *s, uint32_t pc);
/* No cut whose packing holds instruction `at` of the device half. False: there is none. */
bool part_search_forbid_packing(struct part_search *s, const struct part_halves *halves,
				int64_t at);
/* The backend refused instructions of the device half. False: no choice follows from that. */
bool part_search_exclude(struct part_search *s, const struct part_halves *halves,
			 const struct split *device);
/* The device half is too large. False: there is no smaller one. */
bool part_search_shrink(struct part_search *s, const struct part_halves *halves,
			const struct split *device);

/* The choice holds: fills in `split` (placement, halves, places, maps, reasons). `image` is the device half's. */
void part_search_accept(struct part_search *s, struct cx *cx, const struct part_halves *halves,
			struct offload_image *image, struct split *split);

#endif
