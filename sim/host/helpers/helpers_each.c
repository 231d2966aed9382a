/* SPDX-License-Identifier: BSD-2-Clause */
/* bpf_for_each_map_elem in steps, for it calls back: guest code (guest_gate.c) and the interpreter go through the
 * elements with them. The keys are those that were there at the start; what is gone by its turn is left out.
 * A kernel's hashes have another order, which changes with every load. */
#include "sim/host/environment/host_internal.h"

#include "sim/host/helpers/host_helpers.h"
#include "sim/interp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ERR(e) ((uint64_t)(int64_t)(-(e)))

_Static_assert(SIM_EACH_LEVELS *SIM_EACH_KEY_MAX <= GUEST_KEYS_SIZE, "a key per level");

static bool can_be_walked(uint32_t type)
{
	switch (type) {
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH: return true;
	default: return false;
	}
}

static bool is_array(uint32_t type)
{
	return type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

static bool list_keys(struct sim_host *h, struct sim_each *e)
{
	size_t room = 0;
	const uint8_t *key;
	size_t iter = 0;
	int64_t off;

	while (sim_map_next(h->maps, e->map, &iter, &key, &off)) {
		if (e->n == room) {
			uint8_t *more;

			room = room ? 2 * room : 64;
			more = realloc(e->keys, room * e->key_size);
			if (!more)
				return false;
			e->keys = more;
		}
		memcpy(e->keys + e->n++ * e->key_size, key, e->key_size);
	}
	return true;
}

/* for_each_map_elem(map, callback, context, flags) */
static uint64_t start(struct sim_host *h, const uint64_t *a)
{
	const struct sim_map_spec *spec;
	struct sim_each *e;
	size_t map = sim_guest_map(h, a[0]);

	if (map == SIZE_MAX)
		return 0;
	if (h->n_each == SIM_EACH_LEVELS) {
		sim_host_fault(h, "for_each_map_elem nests too deep");
		return 0;
	}
	spec = sim_maps_spec(h->maps, map);
	e = &h->each[h->n_each++];
	*e = (struct sim_each){ .map = map, .key_size = spec->key_size };
	if (a[3] || !can_be_walked(spec->type))
		e->error = ERR(EINVAL);
	else if (!list_keys(h, e))
		sim_host_fault(h, "no memory left for the keys of a map");
	if (!is_array(spec->type) && e->n > 1)
		h->environment = true;
	return 0;
}

/* Address of the next value; 0: that was the last. */
static uint64_t next(struct sim_host *h, struct sim_each *e)
{
	uint8_t *guest_key = h->keys + (h->n_each - 1) * SIM_EACH_KEY_MAX;

	while (e->at < e->n) {
		const uint8_t *key = e->keys + e->at++ * e->key_size;
		int64_t off = sim_map_find(h->maps, e->map, key);

		if (off < 0)
			continue;
		memcpy(guest_key, key, e->key_size);
		e->called++;
		sim_note_touch(h,
			       &(struct sim_touch){
				       .map = e->map, .key = key, .found = true, .existed = true });
		return GUEST_VALUES + (uint64_t)off;
	}
	return 0;
}

static uint64_t end(struct sim_host *h, struct sim_each *e)
{
	uint64_t ret = e->error ? e->error : e->called;

	free(e->keys);
	e->keys = NULL;
	h->n_each--;
	return ret;
}

uint64_t sim_each_step(struct sim_host *h, uint64_t id, const uint64_t *a)
{
	struct sim_each *e = h->n_each ? &h->each[h->n_each - 1] : NULL;

	if (id == SIM_EACH_START)
		return start(h, a);
	if (!e)
		return 0;
	switch (id) {
	case SIM_EACH_NEXT: return sim_host_round(h) ? next(h, e) : 0;
	case SIM_EACH_KEY: return GUEST_KEYS + (h->n_each - 1) * SIM_EACH_KEY_MAX;
	default: return end(h, e);
	}
}

void sim_each_reset(struct sim_host *h)
{
	while (h->n_each)
		end(h, &h->each[h->n_each - 1]);
}
