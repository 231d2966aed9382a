/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_ir.h"

#include <assert.h>

/* Hash map from non-zero 64-bit keys to 32-bit indices. Nobody iterates over one, so the order of
 * addresses never shows in the output. */

static size_t slot_of(const struct isel_map *map, uint64_t key)
{
	size_t i = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (map->cap - 1);

	while (map->keys[i] && map->keys[i] != key)
		i = (i + 1) & (map->cap - 1);
	return i;
}

static void grow(struct isel_map *map, struct cx *cx)
{
	struct isel_map old = *map;
	size_t i;

	map->cap = old.cap ? old.cap * 2 : 64;
	map->keys = ARENA_ARRAY(cx->scratch, uint64_t, map->cap);
	map->vals = ARENA_ARRAY(cx->scratch, uint32_t, map->cap);
	for (i = 0; i < old.cap; i++) {
		size_t to;

		if (!old.keys[i])
			continue;
		to = slot_of(map, old.keys[i]);
		map->keys[to] = old.keys[i];
		map->vals[to] = old.vals[i];
	}
}

uint32_t *isel_map_at(struct isel_map *map, struct cx *cx, uint64_t key)
{
	size_t i;

	assert(key);
	if (map->len * 2 >= map->cap)
		grow(map, cx);
	i = slot_of(map, key);
	if (!map->keys[i]) {
		map->keys[i] = key;
		map->vals[i] = UINT32_MAX;
		map->len++;
	}
	return &map->vals[i];
}

uint32_t isel_map_find(const struct isel_map *map, uint64_t key)
{
	size_t i;

	if (!map->cap)
		return UINT32_MAX;
	i = slot_of(map, key);
	return map->keys[i] ? map->vals[i] : UINT32_MAX;
}
