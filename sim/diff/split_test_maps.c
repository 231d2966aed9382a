/* SPDX-License-Identifier: BSD-2-Clause */
/* The maps of a split program against those of the original. Which side has a map is its home: maps of the
 * device are compared by diff_maps.c, here are those of the host half, and sums. */
#include "sim/diff/split_test_internal.h"

#include "base/bits.h"

#include <string.h>

#define CHECK_ALL_MAX (1u << 20) /* elements; larger maps are compared where they were touched */

static const uint8_t *find(struct sim_maps *m, size_t map, const uint8_t *key)
{
	int64_t off = sim_map_find(m, map, key);
	size_t size;

	return off < 0 ? NULL : sim_maps_memory(m, &size) + off;
}

/* What no half names is reached through a map of maps, if at all, and those are the host's. */
static enum part_map_placement home_of(const struct split_test *p, size_t map)
{
	enum part_map_placement home = map < p->n_homes ? p->halves->maps[map].home : PART_MAP_NONE;

	return home == PART_MAP_NONE ? PART_MAP_HOST : home;
}

static bool is_hosts(const struct split_test *p, size_t map)
{
	return home_of(p, map) == PART_MAP_HOST || home_of(p, map) == PART_MAP_SUMMED;
}

/* ---- the start ---------------------------------------------------------------------------------------- */

bool split_test_maps_open(struct split_test *p)
{
	p->half.host_maps = sim_diff_maps_new(&p->half, p->half.lead);
	p->d.summed = ARENA_ARRAY(p->d.cx->arena, bool, p->d.obj->n_maps + 1);
	for (size_t i = 0; i < p->d.obj->n_maps; i++) { /* a summed map is not compared by itself */
		p->d.summed[i] = home_of(p, i) == PART_MAP_SUMMED;
		p->d.on_device[i] &= !p->d.summed[i];
	}
	return p->half.host_maps;
}

void split_test_maps_fill(struct split_test *p)
{
	for (size_t map = 0; map < p->d.obj->n_maps; map++) {
		uint8_t *zero = arena_alloc(p->d.cx->arena, p->d.obj->maps[map].value_size);
		bool summed = home_of(p, map) == PART_MAP_SUMMED;
		const uint8_t *key;
		size_t iter = 0, size;
		int64_t off;

		while (sim_map_next(p->d.host_maps, map, &iter, &key, &off))
			sim_map_update(p->half.host_maps, map, key,
				       summed ? zero : sim_maps_memory(p->d.host_maps, &size) + off,
				       BPF_ANY);
	}
}

/* ---- comparison --------------------------------------------------------------------------------------- */

static void note_map(struct split_test *p, size_t map, const uint8_t *key, const uint8_t *ref,
		     const uint8_t *got)
{
	struct sim_diff_mismatch *m = sim_diff_note(&p->d, "map");

	if (m)
		m->text = arena_printf(p->d.cx->arena, "%s map: %s",
				       part_map_placement_name(home_of(p, map)),
				       sim_diff_text_value(&p->d, map, key, ref, got));
}

/* What user space sees of a map that both sides add to. */
static uint8_t *summed_value(struct split_test *p, size_t map, const uint8_t *dev,
			     const uint8_t *half)
{
	uint32_t size = p->d.obj->maps[map].value_size;
	const uint8_t *add = p->halves->maps[map].add_bytes;
	uint8_t *v = arena_dup(p->d.cx->scratch, dev, size);

	sim_me_swap_atomic(v, size, p->d.word_use[map]);
	for (uint32_t w = 0; (w + 1) * 4 <= size; w++) {
		if (add[w] == 8)
			store_le64(v + 4 * w, load_le64(v + 4 * w) + load_le64(half + 4 * w));
		else if (add[w] == 4)
			store_le32(v + 4 * w, load_le32(v + 4 * w) + load_le32(half + 4 * w));
	}
	return v;
}

/* What is undefined of the half's value becomes the original's. */
static void take_undef(struct split_test *p, size_t map, const uint8_t *key)
{
	const uint8_t *ref = find(p->d.host_maps, map, key), *half;
	const uint8_t *mask = ref ? sim_diff_undef_value(&p->d, map, key) : NULL;

	half = mask ? find(p->half.host_maps, map, key) : NULL;
	if (half)
		sim_diff_hosts_set(&p->half, map, key,
				   sim_diff_with_undef(p->d.cx->scratch, mask, ref, half,
						       p->d.obj->maps[map].value_size));
}

/* A map of the host that differs is mended, so that one fault is not counted again. */
static void check_element(struct split_test *p, size_t map, const uint8_t *key)
{
	bool summed = home_of(p, map) == PART_MAP_SUMMED;
	const uint8_t *ref = find(p->d.host_maps, map, key), *half, *dev;

	if (!summed)
		take_undef(p, map, key);
	half = find(p->half.host_maps, map, key);
	dev = summed ? find(p->d.dev_maps, map, key) : NULL;
	if (dev && half)
		half = summed_value(p, map, dev, half);
	if (ref && half ? !sim_special_same(p->d.special[map], half, ref,
					    p->d.obj->maps[map].value_size)
			: ref != half) {
		note_map(p, map, key, ref, half);
		if (!summed)
			sim_diff_hosts_set(&p->half, map, key, ref);
	}
	arena_reset(p->d.cx->scratch);
}

void split_test_maps_check(struct split_test *p, const struct sim_host_run *ref)
{
	static const uint8_t zero[4];

	sim_diff_maps_check(&p->d, ref);
	for (size_t i = 0; i < ref->n_touched; i++) {
		if (is_hosts(p, ref->touched[i].map))
			check_element(p, ref->touched[i].map, ref->touched[i].key);
	}
	for (size_t map = 0; map < p->d.obj->n_maps; map++) {
		if (p->d.direct[map] && is_hosts(p, map))
			check_element(p, map, zero);
	}
	if (ref->touched_lost)
		split_test_maps_check_all(p);
}

/* Keys of one set; checking changes sets, so they are listed first. */
static void check_keys_of(struct split_test *p, struct sim_maps *set, size_t map)
{
	struct arena list = { 0 };
	VEC(const uint8_t *) keys = { 0 };
	const uint8_t *key;
	size_t iter = 0;
	int64_t off;

	while (sim_map_next(set, map, &iter, &key, &off))
		*vec_push(&keys, &list) = arena_dup(&list, key, p->d.obj->maps[map].key_size);
	for (size_t i = 0; i < keys.len; i++)
		check_element(p, map, keys.at[i]);
	arena_reset(&list);
}

void split_test_maps_check_all(struct split_test *p)
{
	sim_diff_maps_check_all(&p->d);
	for (size_t map = 0; map < p->d.obj->n_maps; map++) {
		if (!is_hosts(p, map) || p->d.obj->maps[map].max_entries > CHECK_ALL_MAX)
			continue;
		check_keys_of(p, p->d.host_maps, map);
		check_keys_of(p, p->half.host_maps, map);
	}
}
