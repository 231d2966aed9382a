/* SPDX-License-Identifier: BSD-2-Clause */
/* Longest-prefix-match tries: key = 32-bit prefix length, then data in network order. Stored as
 * a hash of masked keys; a lookup tries the prefix lengths in use from the longest down. */
#include "sim/maps/maps_internal.h"

#include "base/bits.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#define LPM_MAX_DATA 256u /* bytes, as in the kernel */

static uint32_t data_bytes(const struct sim_map *m)
{
	return m->spec.key_size - 4;
}

static const char *lpm_check(const struct sim_map_spec *s)
{
	if (s->key_size < 5 || s->key_size > 4 + LPM_MAX_DATA)
		return "the key of a trie has 5 to 260 bytes";
	return NULL;
}

static size_t prefixes_bytes(const struct sim_map *m)
{
	return sizeof(*m->prefixes) * ((size_t)data_bytes(m) * 8 + 1);
}

static bool lpm_open(struct sim_map *m)
{
	m->htab = sim_htab_new(m->spec.key_size, (uint32_t)m->slots);
	m->prefixes = sim_map_alloc(prefixes_bytes(m));
	m->scratch_key = sim_map_alloc(m->spec.key_size);
	return m->htab && m->prefixes && m->scratch_key;
}

static void lpm_close(struct sim_map *m)
{
	sim_htab_free(m->htab);
	sim_map_release(m->prefixes, prefixes_bytes(m));
	sim_map_release(m->scratch_key, m->spec.key_size);
}

static void lpm_clear(struct sim_map *m)
{
	sim_htab_clear(m->htab);
	memset(m->prefixes, 0, prefixes_bytes(m));
}

/* `key` with `bits` of prefix and zeroes after it. */
static const uint8_t *masked(struct sim_map *m, const void *key, uint32_t bits)
{
	uint8_t *to = m->scratch_key;

	store_le32(to, bits);
	memset(to + 4, 0, data_bytes(m));
	memcpy(to + 4, (const uint8_t *)key + 4, (bits + 7) / 8);
	if (bits % 8)
		to[4 + bits / 8] &= (uint8_t)(0xff00u >> bits % 8);
	return to;
}

static int64_t lpm_lookup(struct sim_map *m, const void *key)
{
	uint32_t bits = load_le32(key);

	if (bits > data_bytes(m) * 8)
		return -1;
	for (;; bits--) {
		if (m->prefixes[bits]) {
			int64_t slot = sim_htab_find(m->htab, masked(m, key, bits));

			if (slot >= 0)
				return slot;
		}
		if (!bits)
			return -1;
	}
}

static int lpm_update(struct sim_map *m, const void *key, const void *value, uint64_t flags)
{
	uint32_t bits = load_le32(key);
	const uint8_t *exact;
	int64_t slot;
	int rc;

	if (bits > data_bytes(m) * 8 || flags > BPF_EXIST)
		return -EINVAL;
	exact = masked(m, key, bits);
	slot = sim_htab_find(m->htab, exact);
	rc = sim_map_check_flags(slot >= 0, flags);
	if (rc)
		return rc;
	if (slot < 0) {
		slot = sim_htab_insert(m->htab, exact);
		if (slot < 0)
			return -ENOSPC;
		m->prefixes[bits]++;
	}
	memcpy(sim_map_value(m, slot), value, m->spec.value_size);
	return 0;
}

static int lpm_erase(struct sim_map *m, const void *key)
{
	uint32_t bits = load_le32(key);
	int64_t slot;

	if (bits > data_bytes(m) * 8)
		return -EINVAL;
	slot = sim_htab_find(m->htab, masked(m, key, bits));
	if (slot < 0)
		return -ENOENT;
	sim_htab_remove(m->htab, slot);
	m->prefixes[bits]--;
	return 0;
}

static bool lpm_next(struct sim_map *m, size_t *iter, const uint8_t **key, int64_t *slot)
{
	return sim_map_hash_ops.next(m, iter, key, slot);
}

const struct sim_map_ops sim_map_lpm_ops = {
	.check = lpm_check,
	.open = lpm_open,
	.close = lpm_close,
	.clear = lpm_clear,
	.lookup = lpm_lookup,
	.update = lpm_update,
	.erase = lpm_erase,
	.next = lpm_next,
};
