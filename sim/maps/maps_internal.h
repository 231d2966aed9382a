/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_MAPS_MAPS_INTERNAL_H
#define SIM_MAPS_MAPS_INTERNAL_H

#include "sim/maps.h"

/* Shared by maps.c (the set), maps_array.c, maps_hash.c and maps_lpm.c (the kinds of map). */

struct sim_htab; /* keyed storage of one map, see maps_hash.c */

struct sim_map {
	struct sim_map_spec spec;
	const struct sim_map_ops *ops;
	uint8_t *values;       /* element 0; elements are `stride` bytes apart */
	size_t off;            /* of element 0 in the set's memory */
	size_t gap;            /* bytes in front of each value, a multiple of 8 */
	size_t stride;         /* gap and value size, rounded up to 8 */
	size_t slots;          /* elements that fit in the set's memory */
	struct sim_htab *htab; /* hash kinds and tries */
	uint8_t *present;      /* arrays whose elements may be missing: a byte each */
	uint32_t *prefixes;    /* tries: elements per prefix length */
	uint32_t iter_key;     /* arrays: result of sim_map_next() */
	uint8_t *scratch_key;  /* tries: a masked key */
};

/* One row a kind. `open` allocates what the kind needs beside the values; false: out of memory.
 * Elements are named by slot number here, -1: none; the set turns it into an offset. */
struct sim_map_ops {
	const char *(*check)(const struct sim_map_spec *s); /* why it is unusable, or NULL */
	bool (*open)(struct sim_map *m);
	void (*close)(struct sim_map *m);
	void (*clear)(struct sim_map *m); /* values are zeroed already */
	int64_t (*lookup)(struct sim_map *m, const void *key);
	int64_t (*find)(struct sim_map *m, const void *key); /* NULL: as lookup */
	int (*update)(struct sim_map *m, const void *key, const void *value, uint64_t flags);
	int (*erase)(struct sim_map *m, const void *key);
	bool (*next)(struct sim_map *m, size_t *iter, const uint8_t **key, int64_t *slot);
};

extern const struct sim_map_ops sim_map_array_ops; /* every element is there */
extern const struct sim_map_ops sim_map_slots_ops; /* array of things that may be missing */
extern const struct sim_map_ops sim_map_hash_ops;
extern const struct sim_map_ops sim_map_lru_ops;
extern const struct sim_map_ops sim_map_lpm_ops;
extern const struct sim_map_ops sim_map_empty_ops; /* has no elements that a key names */

static inline uint8_t *sim_map_value(const struct sim_map *m, int64_t slot)
{
	return m->values + (size_t)slot * m->stride;
}

/* ---- zeroed, lazily committed memory: a map may be declared far larger than it is used ------- */
void *sim_map_alloc(size_t size); /* NULL: none left */
void sim_map_release(void *p, size_t size);

/* ---- keyed storage (maps_hash.c) ------------------------------------------------------------ */
struct sim_htab *sim_htab_new(uint32_t key_size, uint32_t slots);
void sim_htab_free(struct sim_htab *h);
void sim_htab_clear(struct sim_htab *h);
uint32_t sim_htab_count(const struct sim_htab *h);
int64_t sim_htab_find(const struct sim_htab *h, const void *key);
int64_t sim_htab_insert(struct sim_htab *h, const void *key); /* key is new; -1: full */
void sim_htab_remove(struct sim_htab *h, int64_t slot);
const uint8_t *sim_htab_key(const struct sim_htab *h, int64_t slot);
int64_t sim_htab_sorted(const struct sim_htab *h, size_t rank); /* slot, -1: past the end */
/* Least recently used order: touch marks as newest, oldest gives the one to evict. */
void sim_htab_touch(struct sim_htab *h, int64_t slot);
int64_t sim_htab_oldest(const struct sim_htab *h);
/* 0, or the -errno that BPF_NOEXIST, BPF_EXIST or an unknown flag asks for. */
int sim_map_check_flags(bool exists, uint64_t flags);

#endif
