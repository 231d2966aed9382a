/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps of maps. Their elements are maps that the object declares (".values") or that user space makes from a
 * template; for a comparison two of these stand in for those of user space, as further maps of the object, so that
 * their contents are filled and compared like any other's. An element holds the index of its map. */
#include "sim/diff/diff_internal.h"

#include "base/bits.h"
#include "sim/rng.h"

#include <linux/bpf.h>
#include <string.h>

#define STAND_INS 2u

bool sim_diff_holds_maps(uint32_t type)
{
	return type == BPF_MAP_TYPE_ARRAY_OF_MAPS || type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

static bool wants_stand_ins(const struct fe_map *m)
{
	return sim_diff_holds_maps(m->type) && m->inner >= 0;
}

/* Maps that the program names, and those that such maps begin with. */
static bool *used_maps(struct cx *cx, const struct fe_object *obj, const struct fe_prog *prog)
{
	bool *used = ARENA_ARRAY(cx->arena, bool, obj->n_maps + 1);

	for (size_t i = 0; i < obj->n_maps; i++) {
		const struct fe_map *m = &obj->maps[i];

		if (!sim_host_uses_map(obj, prog, i))
			continue;
		used[i] = true;
		for (size_t k = 0; sim_diff_holds_maps(m->type) && k < m->n_slots; k++)
			used[m->slots[k].target] = true;
	}
	return used;
}

/* A map that the program does not use may be of any kind and size: here it has no elements. */
static void empty_unused(struct cx *cx, const struct fe_object *obj, const struct fe_prog *prog,
			 struct fe_map *maps)
{
	const bool *used = used_maps(cx, obj, prog);

	for (size_t i = 0; i < obj->n_maps; i++) {
		if (!used[i])
			maps[i].type = BPF_MAP_TYPE_QUEUE;
	}
}

const struct fe_object *sim_diff_object(struct cx *cx, const struct fe_object *obj,
					const struct fe_prog *prog)
{
	struct fe_object *more;
	struct fe_map *maps;
	size_t n = obj->n_maps, extra = 0;

	for (size_t i = 0; i < n; i++)
		extra += wants_stand_ins(&obj->maps[i]) ? STAND_INS : 0;
	more = ARENA_NEW(cx->arena, struct fe_object);
	maps = ARENA_ARRAY(cx->arena, struct fe_map, n + extra + 1);
	if (n)
		memcpy(maps, obj->maps, n * sizeof(*maps));
	empty_unused(cx, obj, prog, maps);
	for (size_t i = 0; i < obj->n_maps; i++) {
		for (unsigned k = 0; wants_stand_ins(&maps[i]) && k < STAND_INS; k++) {
			maps[n] = obj->inner_maps[obj->maps[i].inner];
			maps[n].inner = -1;
			maps[n++].name = arena_printf(cx->arena, "%s/%u", obj->maps[i].name, k);
		}
	}
	*more = *obj;
	more->maps = maps;
	more->n_maps = n;
	return more;
}

/* Index of the first stand-in of a map; they lie behind the object's own, in order. */
static size_t first_stand_in(const struct fe_object *obj, size_t map)
{
	size_t extra = 0, before = 0;

	for (size_t i = 0; i < obj->n_maps; i++) {
		if (!wants_stand_ins(&obj->maps[i]))
			continue;
		extra += STAND_INS;
		before += i < map ? STAND_INS : 0;
	}
	return obj->n_maps - extra + before;
}

bool sim_diff_inner_map(const struct diff *d, size_t map, uint64_t *rng, uint8_t *value)
{
	const struct fe_map *m = &d->obj->maps[map];
	uint32_t pick = sim_rng_below(rng, STAND_INS);

	if (!wants_stand_ins(m))
		return false;
	store_le32(value, (uint32_t)(first_stand_in(d->obj, map) + pick));
	return true;
}

static bool declared(const struct fe_map *m, uint32_t index, uint32_t *target)
{
	for (size_t i = 0; i < m->n_slots; i++) {
		if (m->slots[i].index == index) {
			*target = m->slots[i].target;
			return true;
		}
	}
	return false;
}

void sim_diff_fill_inner_maps(const struct diff *d, struct sim_maps *to, size_t map, uint64_t rng)
{
	const struct fe_map *m = &d->obj->maps[map];
	uint32_t n = m->max_entries < 64 ? m->max_entries : 64, target;
	uint8_t value[4];

	for (uint32_t i = 0; i < n; i++) {
		if (declared(m, i, &target))
			store_le32(value, target);
		else if (m->n_slots || !sim_rng_below(&rng, 3) ||
			 !sim_diff_inner_map(d, map, &rng, value))
			continue; /* what an object fills in part is that */
		sim_map_update(to, map, &i, value, BPF_ANY);
	}
}
