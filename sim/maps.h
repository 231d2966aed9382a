/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_MAPS_H
#define SIM_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* eBPF maps as plain memory, one set a side (device, host), so that a run on one side never
 * disturbs the other and contents can be compared afterwards.
 *
 * All values of a set live in one page-aligned block of memory. An element is named by its
 * byte offset in that block, so each side maps the block where it likes: the host under Unicorn
 * at a guest address, the device at an address of external memory. Offsets never move while
 * an element lives. Values are 8-byte aligned. One CPU: per-CPU maps have one value a key. */

struct sim_map_spec {
	const char *name;
	uint32_t type; /* enum bpf_map_type */
	uint32_t key_size, value_size, max_entries, flags;
	const uint8_t *init; /* content of element 0 of a data section's map; NULL: zeroes */
	/* name and init are not copied: they outlive the set */
};

struct sim_maps;

#define SIM_MAP_KEY_MAX 512u /* bytes; MAX_BPF_STACK: no key can be longer */
#define SIM_MAP_NONE    (-1) /* no such element, as an offset */

/* NULL when a spec is unusable (unknown type, absurd size); `why` then says so. */
struct sim_maps *sim_maps_new(const struct sim_map_spec *specs, size_t n, const char **why);
/* With gaps[i] unused bytes in front of each value of map i. */
struct sim_maps *sim_maps_new_gaps(const struct sim_map_spec *specs, const uint32_t *gaps, size_t n,
				   const char **why);
void sim_maps_free(struct sim_maps *m);
/* Back to the state after sim_maps_new(). */
void sim_maps_clear(struct sim_maps *m);

bool sim_maps_know(uint32_t type); /* a type that can be simulated */
size_t sim_maps_count(const struct sim_maps *m);
const struct sim_map_spec *sim_maps_spec(const struct sim_maps *m, size_t map);
uint8_t *sim_maps_memory(struct sim_maps *m, size_t *size);

/* Bytes from offset `off` of the block to the end of the element there (values are rounded up to
 * 8 bytes); 0: no element has this offset. */
size_t sim_maps_room(const struct sim_maps *m, size_t off);

/* As bpf_map_{lookup,update,delete}_elem: offset or SIM_MAP_NONE; 0 or -errno (a full hash
 * answers -E2BIG). `flags` is BPF_ANY, BPF_NOEXIST or BPF_EXIST. */
int64_t sim_map_lookup(struct sim_maps *m, size_t map, const void *key);
/* The same for those who only look: an LRU map does not count it as a use. */
int64_t sim_map_find(struct sim_maps *m, size_t map, const void *key);
int sim_map_update(struct sim_maps *m, size_t map, const void *key, const void *value,
		   uint64_t flags);
int sim_map_delete(struct sim_maps *m, size_t map, const void *key);

/* Elements in a fixed order (arrays by index, hashes by key bytes): start with *iter = 0, stop at
 * false. `key` points into the set and stays valid until the map is changed. */
bool sim_map_next(struct sim_maps *m, size_t map, size_t *iter, const uint8_t **key,
		  int64_t *value_off);

#endif
