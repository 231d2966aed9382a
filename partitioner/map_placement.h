/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_MAP_PLACEMENT_H
#define PARTITIONER_MAP_PLACEMENT_H

#include "frontend/vprog.h"

/* Where the elements of each map live when a program is split, and what user space does about it. */

enum part_map_placement {
#define PART_MAP_PLACEMENT(id, name, duty, what) PART_MAP_##id,
#include "partitioner/map_placement.def"
#undef PART_MAP_PLACEMENT
};

struct part_map {
	enum part_map_placement home;
	const char *why;  /* of the home: a sentence */
	const char *duty; /* what user space does about it: a sentence */
	/* what packets do with it */
	bool lookup;  /* elements are found */
	bool read;    /* values are read */
	bool write;   /* values are written, other than by additions */
	bool add;     /* additions without result: atomic, or counters (counters.h) */
	bool changes; /* elements are put in or taken out */
	bool loose;   /* no constraint: the two sides may each use it */
	bool on_device, on_host;
	uint8_t *add_bytes; /* by 4 bytes of value: 4 or 8 where an addition of that size begins */
	uint32_t bound_by;  /* first instruction because of which only one side may have it;
			    * PART_UNBOUND: loose */
	const char *also_used_by; /* other programs of the object, "a, b"; NULL: none */
};
#define PART_UNBOUND UINT32_MAX

/* map_placement.c: what the program does with each map of its object. */
struct part_counters;
struct part_map *part_maps_survey(struct cx *cx, const struct vprog *vp,
				  const struct part_counters *counters);
/* Elements are found and added to, and that is all. */
bool part_map_only_counts(const struct part_map *m);
/* Calls fn for each instruction of main with each map that it uses, itself or in what it calls. */
typedef void part_map_visitor(void *priv, uint32_t main_pc, size_t map);
void part_maps_each_use(const struct vprog *vp, part_map_visitor *fn, void *priv);
/* Fills in home, on_device, on_host from the placement of main's instructions; `host_has_all`: the host has a
 * copy of each of them. */
void part_maps_settle(const struct vprog *vp, const bool *on_device, bool host_has_all,
		      struct part_map *maps);
/* The same for a program that one side has whole, surveyed, settled and explained. */
struct part_map *part_maps_of_whole(struct cx *cx, const struct vprog *vp, bool device);
/* map_placement_text.c: then fills in why, duty, also_used_by. */
void part_maps_explain(struct cx *cx, const struct vprog *vp, struct part_map *maps);
/* "summed" */
const char *part_map_placement_name(enum part_map_placement h);
/* What user space does about it, in a word for programs: "add-up" */
const char *part_map_placement_duty(enum part_map_placement h);

#endif
