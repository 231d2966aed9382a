/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_MAP_PLACEMENT_H
#define PARTITIONER_MAP_PLACEMENT_H

#include "frontend/vprog.h"

/* Placement of each map of a split program, and the resulting task of user space. */

enum part_map_placement {
#define PART_MAP_PLACEMENT(id, name, duty, what) PART_MAP_##id,
#include "partitioner/map_placement.def"
#undef PART_MAP_PLACEMENT
};

struct part_map {
	enum part_map_placement home;
	const char *why;  /* reason of the placement: a sentence */
	const char *duty; /* task of user space: a sentence */
	/* use by the program */
	bool lookup;  /* elements are looked up */
	bool read;    /* values are read */
	bool write;   /* values are written, other than by additions */
	bool add;     /* additions without result: atomic, or counters (counters.h) */
	bool changes; /* elements are inserted or deleted */
	bool loose;   /* no constraint: both sides may use it */
	bool on_device, on_host;
	uint8_t *add_bytes; /* by 4 bytes of value: 4 or 8 where an addition of that size begins */
	uint32_t bound_by;  /* first instruction that restricts the map to one side;
			    * PART_UNBOUND: loose */
	const char *also_used_by; /* other programs of the object, "a, b"; NULL: none */
};
#define PART_UNBOUND UINT32_MAX

/* map_placement.c: what the program does with each map of its object. */
struct part_counters;
struct part_map *part_maps_survey(struct cx *cx, const struct vprog *vp,
				  const struct part_counters *counters);
/* The program only looks up elements and adds to them. */
bool part_map_only_counts(const struct part_map *m);
/* Calls fn for each instruction of main and each map that it uses, directly or in a callee. */
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
/* Task of user space as an identifier: "add-up" */
const char *part_map_placement_duty(enum part_map_placement h);

#endif
