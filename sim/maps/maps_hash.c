/* SPDX-License-Identifier: BSD-2-Clause */
/* Keyed storage and the hash kinds of map.
 *
 * A key owns one slot until it is removed; the slot's value sits in the set's memory and never
 * moves. Beside the buckets, all slots in use are kept sorted by key bytes (for comparing two
 * sets) and in order of use (for LRU maps). Slots are numbered so that two sets that saw the
 * same calls hand out the same ones. */
#include "sim/maps/maps_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NIL UINT32_MAX

struct sim_htab {
	uint32_t key_size, slots;
	uint32_t used;  /* slots in use */
	uint32_t fresh; /* slots never used so far start here */
	uint32_t free;  /* removed slots, linked through chain[] */
	uint32_t bucket_mask;
	uint32_t oldest, newest;
	uint32_t *buckets; /* slot + 1; 0: empty */
	uint32_t *chain;   /* next slot of the bucket or of the free list */
	uint32_t *sorted;  /* slots by key bytes */
	uint32_t *older, *newer;
	uint8_t *keys;
	size_t words_bytes, keys_bytes; /* of the two allocations */
};

static uint32_t hash_key(const void *key, uint32_t size)
{
	const uint8_t *b = key;
	uint32_t h = 2166136261u;

	for (uint32_t i = 0; i < size; i++)
		h = (h ^ b[i]) * 16777619u; /* FNV-1a */
	return h ^ h >> 15;
}

struct sim_htab *sim_htab_new(uint32_t key_size, uint32_t slots)
{
	struct sim_htab *h = calloc(1, sizeof(*h));
	uint32_t buckets = 1;
	uint32_t *words;

	if (!h)
		return NULL;
	while (buckets < slots)
		buckets *= 2; /* slots <= 2^26 */
	h->key_size = key_size;
	h->slots = slots;
	h->words_bytes = sizeof(*words) * (buckets + 4 * (size_t)slots);
	h->keys_bytes = (size_t)key_size * slots;
	words = sim_map_alloc(h->words_bytes);
	h->keys = sim_map_alloc(h->keys_bytes);
	h->buckets = words;
	if (!words || !h->keys) {
		sim_htab_free(h);
		return NULL;
	}
	h->chain = words + buckets;
	h->sorted = h->chain + slots;
	h->older = h->sorted + slots;
	h->newer = h->older + slots;
	h->bucket_mask = buckets - 1;
	h->free = h->oldest = h->newest = NIL;
	return h;
}

void sim_htab_free(struct sim_htab *h)
{
	if (!h)
		return;
	sim_map_release(h->buckets, h->words_bytes);
	sim_map_release(h->keys, h->keys_bytes);
	free(h);
}

void sim_htab_clear(struct sim_htab *h)
{
	for (uint32_t i = 0; i < h->used; i++) {
		const uint8_t *key = sim_htab_key(h, h->sorted[i]);

		h->buckets[hash_key(key, h->key_size) & h->bucket_mask] = 0;
	}
	h->used = h->fresh = 0;
	h->free = h->oldest = h->newest = NIL;
}

uint32_t sim_htab_count(const struct sim_htab *h)
{
	return h->used;
}

const uint8_t *sim_htab_key(const struct sim_htab *h, int64_t slot)
{
	return h->keys + (size_t)slot * h->key_size;
}

int64_t sim_htab_sorted(const struct sim_htab *h, size_t rank)
{
	return rank < h->used ? (int64_t)h->sorted[rank] : -1;
}

int64_t sim_htab_find(const struct sim_htab *h, const void *key)
{
	uint32_t at = h->buckets[hash_key(key, h->key_size) & h->bucket_mask];

	while (at && memcmp(sim_htab_key(h, at - 1), key, h->key_size))
		at = h->chain[at - 1];
	return (int64_t)at - 1;
}

/* Where `key` is, or would have to go, in sorted[]. */
static uint32_t sorted_rank(const struct sim_htab *h, const uint8_t *key)
{
	uint32_t lo = 0, hi = h->used;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (memcmp(sim_htab_key(h, h->sorted[mid]), key, h->key_size) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void unlink_use(struct sim_htab *h, uint32_t slot)
{
	uint32_t older = h->older[slot], newer = h->newer[slot];

	if (older == NIL)
		h->oldest = newer;
	else
		h->newer[older] = newer;
	if (newer == NIL)
		h->newest = older;
	else
		h->older[newer] = older;
}

static void link_newest(struct sim_htab *h, uint32_t slot)
{
	h->older[slot] = h->newest;
	h->newer[slot] = NIL;
	if (h->newest == NIL)
		h->oldest = slot;
	else
		h->newer[h->newest] = slot;
	h->newest = slot;
}

int64_t sim_htab_insert(struct sim_htab *h, const void *key)
{
	uint32_t *bucket = &h->buckets[hash_key(key, h->key_size) & h->bucket_mask];
	uint32_t slot, rank;

	if (h->free != NIL) {
		slot = h->free;
		h->free = h->chain[slot];
	} else if (h->fresh < h->slots) {
		slot = h->fresh++;
	} else {
		return -1;
	}
	memcpy(h->keys + (size_t)slot * h->key_size, key, h->key_size);
	rank = sorted_rank(h, key);
	memmove(&h->sorted[rank + 1], &h->sorted[rank], sizeof(*h->sorted) * (h->used - rank));
	h->sorted[rank] = slot;
	h->used++;
	h->chain[slot] = *bucket;
	*bucket = slot + 1;
	link_newest(h, slot);
	return slot;
}

void sim_htab_remove(struct sim_htab *h, int64_t which)
{
	uint32_t slot = (uint32_t)which;
	const uint8_t *key = sim_htab_key(h, which);
	uint32_t rank = sorted_rank(h, key);
	uint32_t *at = &h->buckets[hash_key(key, h->key_size) & h->bucket_mask];

	assert(h->sorted[rank] == slot && "slot is in use");
	memmove(&h->sorted[rank], &h->sorted[rank + 1], sizeof(*h->sorted) * (h->used - rank - 1));
	h->used--;
	while (*at != slot + 1)
		at = &h->chain[*at - 1];
	*at = h->chain[slot];
	unlink_use(h, slot);
	h->chain[slot] = h->free;
	h->free = slot;
}

void sim_htab_touch(struct sim_htab *h, int64_t slot)
{
	unlink_use(h, (uint32_t)slot);
	link_newest(h, (uint32_t)slot);
}

int64_t sim_htab_oldest(const struct sim_htab *h)
{
	return h->oldest == NIL ? -1 : (int64_t)h->oldest;
}

/* ---- the kinds of map ----------------------------------------------------------------------- */

static bool hash_open(struct sim_map *m)
{
	m->htab = sim_htab_new(m->spec.key_size, (uint32_t)m->slots);
	return m->htab;
}

static void hash_close(struct sim_map *m)
{
	sim_htab_free(m->htab);
}

static void hash_clear(struct sim_map *m)
{
	sim_htab_clear(m->htab);
}

static int64_t hash_lookup(struct sim_map *m, const void *key)
{
	return sim_htab_find(m->htab, key);
}

static void set_value(struct sim_map *m, int64_t slot, const void *value)
{
	uint8_t *to = sim_map_value(m, slot);

	memcpy(to, value, m->spec.value_size);
	memset(to + m->spec.value_size, 0, m->stride - m->gap - m->spec.value_size);
}

static int hash_update(struct sim_map *m, const void *key, const void *value, uint64_t flags)
{
	int64_t slot = sim_htab_find(m->htab, key);
	int rc = sim_map_check_flags(slot >= 0, flags);

	if (rc)
		return rc;
	if (slot < 0)
		slot = sim_htab_insert(m->htab, key);
	if (slot < 0)
		return -E2BIG;
	set_value(m, slot, value);
	return 0;
}

static int hash_erase(struct sim_map *m, const void *key)
{
	int64_t slot = sim_htab_find(m->htab, key);

	if (slot < 0)
		return -ENOENT;
	sim_htab_remove(m->htab, slot);
	return 0;
}

static bool hash_next(struct sim_map *m, size_t *iter, const uint8_t **key, int64_t *slot)
{
	*slot = sim_htab_sorted(m->htab, *iter);
	if (*slot < 0)
		return false;
	*key = sim_htab_key(m->htab, *slot);
	(*iter)++;
	return true;
}

const struct sim_map_ops sim_map_hash_ops = {
	.open = hash_open,
	.close = hash_close,
	.clear = hash_clear,
	.lookup = hash_lookup,
	.update = hash_update,
	.erase = hash_erase,
	.next = hash_next,
};

/* The kernel evicts approximately the least recently used element; here it is exactly that one. */
static int64_t lru_lookup(struct sim_map *m, const void *key)
{
	int64_t slot = sim_htab_find(m->htab, key);

	if (slot >= 0)
		sim_htab_touch(m->htab, slot);
	return slot;
}

static int lru_update(struct sim_map *m, const void *key, const void *value, uint64_t flags)
{
	int64_t slot = sim_htab_find(m->htab, key);
	int rc = sim_map_check_flags(slot >= 0, flags);

	if (rc)
		return rc;
	if (slot < 0 && sim_htab_count(m->htab) == m->slots)
		sim_htab_remove(m->htab, sim_htab_oldest(m->htab));
	if (slot < 0)
		slot = sim_htab_insert(m->htab, key);
	else
		sim_htab_touch(m->htab, slot);
	set_value(m, slot, value);
	return 0;
}

const struct sim_map_ops sim_map_lru_ops = {
	.open = hash_open,
	.close = hash_close,
	.clear = hash_clear,
	.lookup = lru_lookup,
	.find = hash_lookup,
	.update = lru_update,
	.erase = hash_erase,
	.next = hash_next,
};
