/* SPDX-License-Identifier: BSD-2-Clause */
/* A set of eBPF maps: checks the specs, lays all values out in one block, and hands each call to
 * the kind of map. */
#include "sim/maps/maps_internal.h"

#include "base/bits.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define MAPS_MAX_BYTES  (UINT64_C(4) << 30) /* values of a set */
#define MAP_MAX_ENTRIES (1u << 26)
#define MAP_MAX_VALUE   (32u << 20)
#define MAPS_PAGE       4096u
#define MAPS_SLACK      8u /* readable behind the last value: devices load whole words */
#define MAPS_SMALL      (1u << 20)

struct sim_maps {
	struct sim_map *at;
	size_t n;
	uint8_t *mem;
	size_t mem_bytes;
};

static const struct sim_map_ops *ops_of(uint32_t type)
{
	static const struct sim_map_ops *const table[] = {
		[BPF_MAP_TYPE_HASH] = &sim_map_hash_ops,
		[BPF_MAP_TYPE_ARRAY] = &sim_map_array_ops,
		[BPF_MAP_TYPE_PROG_ARRAY] = &sim_map_slots_ops,
		[BPF_MAP_TYPE_PERF_EVENT_ARRAY] = &sim_map_slots_ops,
		[BPF_MAP_TYPE_PERCPU_HASH] = &sim_map_hash_ops,
		[BPF_MAP_TYPE_PERCPU_ARRAY] = &sim_map_array_ops,
		[BPF_MAP_TYPE_LRU_HASH] = &sim_map_lru_ops,
		[BPF_MAP_TYPE_LRU_PERCPU_HASH] = &sim_map_lru_ops,
		[BPF_MAP_TYPE_LPM_TRIE] = &sim_map_lpm_ops,
		[BPF_MAP_TYPE_ARRAY_OF_MAPS] = &sim_map_slots_ops,
		[BPF_MAP_TYPE_HASH_OF_MAPS] = &sim_map_hash_ops,
		[BPF_MAP_TYPE_DEVMAP] = &sim_map_slots_ops,
		[BPF_MAP_TYPE_CPUMAP] = &sim_map_slots_ops,
		[BPF_MAP_TYPE_XSKMAP] = &sim_map_slots_ops,
		[BPF_MAP_TYPE_DEVMAP_HASH] = &sim_map_hash_ops,
		[BPF_MAP_TYPE_QUEUE] = &sim_map_empty_ops,
		[BPF_MAP_TYPE_STACK] = &sim_map_empty_ops,
		[BPF_MAP_TYPE_RINGBUF] = &sim_map_empty_ops,
	};

	return type < ARRAY_SIZE(table) ? table[type] : NULL;
}

void *sim_map_alloc(size_t size)
{
	void *p = mmap(NULL, size ? size : 1, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void sim_map_release(void *p, size_t size)
{
	if (p)
		munmap(p, size ? size : 1);
}

int sim_map_check_flags(bool exists, uint64_t flags)
{
	if (flags > BPF_EXIST)
		return -EINVAL;
	if (exists && flags == BPF_NOEXIST)
		return -EEXIST;
	if (!exists && flags == BPF_EXIST)
		return -ENOENT;
	return 0;
}

static const char *check_spec(const struct sim_map_spec *s)
{
	const struct sim_map_ops *ops = ops_of(s->type);

	if (!ops)
		return "map type is not simulated";
	if (ops == &sim_map_empty_ops)
		return NULL;
	if (!s->max_entries || s->max_entries > MAP_MAX_ENTRIES)
		return "max_entries is 0 or too large";
	if (!s->key_size || s->key_size > SIM_MAP_KEY_MAX)
		return "key size is 0 or too large";
	if (!s->value_size || s->value_size > MAP_MAX_VALUE)
		return "value size is 0 or too large";
	return ops->check ? ops->check(s) : NULL;
}

/* Offsets of all maps; false: more than a set may hold. */
static bool lay_out(struct sim_maps *m)
{
	uint64_t off = 0;

	for (size_t i = 0; i < m->n; i++) {
		struct sim_map *map = &m->at[i];
		uint64_t size;

		map->off = (size_t)off;
		if (map->ops == &sim_map_empty_ops)
			continue;
		map->stride = map->gap + (size_t)bits_round_up(map->spec.value_size, 8);
		map->slots = map->spec.max_entries;
		size = (uint64_t)map->stride * map->slots; /* < 2^26 * 2^25: no overflow */
		off += bits_round_up(size, 64);
		if (off > MAPS_MAX_BYTES)
			return false;
	}
	m->mem_bytes = (size_t)bits_round_up(off + MAPS_SLACK, MAPS_PAGE);
	return true;
}

static const char *open_all(struct sim_maps *m)
{
	if (!lay_out(m))
		return "the maps are too large together";
	m->mem = sim_map_alloc(m->mem_bytes);
	if (!m->mem)
		return "no memory left for the maps";
	for (size_t i = 0; i < m->n; i++) {
		struct sim_map *map = &m->at[i];

		map->values = m->mem + map->off + map->gap;
		if (map->ops->open && !map->ops->open(map))
			return "no memory left for the maps";
		if (map->ops->clear)
			map->ops->clear(map);
	}
	return NULL;
}

struct sim_maps *sim_maps_new(const struct sim_map_spec *specs, size_t n, const char **why)
{
	return sim_maps_new_gaps(specs, NULL, n, why);
}

struct sim_maps *sim_maps_new_gaps(const struct sim_map_spec *specs, const uint32_t *gaps, size_t n,
				   const char **why)
{
	struct sim_maps *m = calloc(1, sizeof(*m));

	*why = NULL;
	if (m)
		m->at = calloc(n ? n : 1, sizeof(*m->at));
	if (!m || !m->at) {
		free(m);
		*why = "no memory left for the maps";
		return NULL;
	}
	m->n = n;
	for (size_t i = 0; i < n && !*why; i++) {
		m->at[i].spec = specs[i];
		m->at[i].gap = gaps ? (size_t)bits_round_up(gaps[i], 8) : 0;
		m->at[i].ops = ops_of(specs[i].type);
		*why = check_spec(&specs[i]);
	}
	if (!*why)
		*why = open_all(m);
	if (*why) {
		sim_maps_free(m);
		return NULL;
	}
	return m;
}

void sim_maps_free(struct sim_maps *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n; i++)
		if (m->at[i].ops && m->at[i].ops->close)
			m->at[i].ops->close(&m->at[i]);
	sim_map_release(m->mem, m->mem_bytes);
	free(m->at);
	free(m);
}

void sim_maps_clear(struct sim_maps *m)
{
	/* a large block is given back to the system, which hands out zeroed pages again */
	if (m->mem_bytes <= MAPS_SMALL || madvise(m->mem, m->mem_bytes, MADV_DONTNEED))
		memset(m->mem, 0, m->mem_bytes);
	for (size_t i = 0; i < m->n; i++)
		if (m->at[i].ops->clear)
			m->at[i].ops->clear(&m->at[i]);
}

bool sim_maps_know(uint32_t type)
{
	return ops_of(type);
}

size_t sim_maps_count(const struct sim_maps *m)
{
	return m->n;
}

const struct sim_map_spec *sim_maps_spec(const struct sim_maps *m, size_t map)
{
	return &m->at[map].spec;
}

uint8_t *sim_maps_memory(struct sim_maps *m, size_t *size)
{
	*size = m->mem_bytes;
	return m->mem;
}

size_t sim_maps_room(const struct sim_maps *m, size_t off)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct sim_map *map = &m->at[i];

		if (off >= map->off && off - map->off < map->stride * map->slots) {
			size_t at = (off - map->off) % map->stride;

			return at < map->gap ? 0 : map->stride - at;
		}
	}
	return 0;
}

static int64_t to_offset(const struct sim_map *map, int64_t slot)
{
	if (slot < 0)
		return SIM_MAP_NONE;
	return (int64_t)(map->off + map->gap + (size_t)slot * map->stride);
}

int64_t sim_map_lookup(struct sim_maps *m, size_t map, const void *key)
{
	return to_offset(&m->at[map], m->at[map].ops->lookup(&m->at[map], key));
}

int64_t sim_map_find(struct sim_maps *m, size_t map, const void *key)
{
	struct sim_map *at = &m->at[map];

	return to_offset(at, (at->ops->find ? at->ops->find : at->ops->lookup)(at, key));
}

int sim_map_update(struct sim_maps *m, size_t map, const void *key, const void *value,
		   uint64_t flags)
{
	return m->at[map].ops->update(&m->at[map], key, value, flags);
}

int sim_map_delete(struct sim_maps *m, size_t map, const void *key)
{
	return m->at[map].ops->erase(&m->at[map], key);
}

bool sim_map_next(struct sim_maps *m, size_t map, size_t *iter, const uint8_t **key,
		  int64_t *value_off)
{
	int64_t slot;

	if (!m->at[map].ops->next(&m->at[map], iter, key, &slot))
		return false;
	*value_off = to_offset(&m->at[map], slot);
	return true;
}
