#ifndef PARTITIONER_MAPS_H
#define PARTITIONER_MAPS_H

#include "frontend/vprog.h"

/* Where the elements of each map live when a program is split, and what user space does about it. */

enum part_home {
	PART_HOME_NONE,       /* the program does not use it */
	PART_HOME_DEVICE,     /* user space reads and writes the device's */
	PART_HOME_HOST,       /* an ordinary map of the host */
	PART_HOME_REPLICATED, /* both have it; packets only read it: user space writes both */
	PART_HOME_SUMMED,     /* both add, nobody reads: user space adds the two */
};

struct part_map {
	enum part_home home;
	/* what packets do with it */
	bool lookup;  /* elements are found */
	bool read;    /* values are read */
	bool write;   /* values are written, other than by atomic additions */
	bool add;     /* atomic additions without result */
	bool changes; /* elements are put in or taken out */
	bool loose;   /* no constraint: the two sides may each use it */
	bool on_device, on_host;
	uint8_t *add_bytes; /* by 4 bytes of value: 4 or 8 where an addition of that size begins */
};

/* maps.c: what the program does with each map of its object. */
struct part_map *part_maps_survey(struct cx *cx, const struct vprog *vp);
/* Calls fn for each instruction of main with each map that it uses, itself or in what it calls. */
typedef void part_map_visitor(void *priv, uint32_t main_pc, size_t map);
void part_maps_each_use(const struct vprog *vp, part_map_visitor *fn, void *priv);
/* Fills in home, on_device, on_host from the placement of main's instructions. */
void part_maps_settle(const struct vprog *vp, const bool *on_device, struct part_map *maps);
const char *part_home_name(enum part_home h);
/* Why, and what user space does. */
const char *part_home_text(const struct part_map *m);

#endif
