/* SPDX-License-Identifier: BSD-2-Clause */
/* Contents of the maps: how both sides start, what is compared after a packet.
 *
 * Arrays start with pseudo-random values. Which keys a hash should have cannot be guessed, so the host
 * side runs some packets first, on maps of its own, and half of the keys that it looked up or deleted
 * in vain are put in; a program that looks up a second key only after finding the first gets there too. */
#include "sim/diff/diff_internal.h"

#include "base/bits.h"
#include "frontend/kernel_load.h"
#include "sim/captured.h"
#include "sim/rng.h"

#include <stdio.h>
#include <string.h>

#define LEARN_PACKETS  1024u
#define LEARN_MAX      4096u      /* keys over all maps */
#define FILL_MAX       4096u      /* elements of an array; the rest stays zero */
#define SLOTS_FILL_MAX 64u        /* devices, sockets, CPUs */
#define DIRECT_MAX     4096u      /* bytes of global data compared after every packet */
#define CHECK_ALL_MAX  (1u << 20) /* elements; larger maps are compared where they were touched */

/* ---- bytes of a value ------------------------------------------------------------------------ */

/* A third each: zero, a small number in each word, anything. */
static void random_value(uint64_t *rng, uint8_t *v, uint32_t size)
{
	uint32_t kind = sim_rng_below(rng, 3);

	memset(v, 0, size);
	for (uint32_t i = 0; kind == 1 && i < size; i += 4)
		v[i] = (uint8_t)sim_rng_below(rng, 4);
	for (uint32_t i = 0; kind == 2 && i < size; i++)
		v[i] = (uint8_t)sim_rng_next(rng);
}

static const uint8_t *value_at(struct sim_maps *m, int64_t off)
{
	size_t size;

	return sim_maps_memory(m, &size) + off;
}

static const uint8_t *find(struct sim_maps *m, size_t map, const uint8_t *key)
{
	int64_t off = sim_map_find(m, map, key);

	return off < 0 ? NULL : value_at(m, off);
}

/* The device's bytes of a value of the host. */
static uint8_t *converted(struct diff *d, size_t map, const uint8_t *value)
{
	uint32_t size = d->obj->maps[map].value_size;
	uint8_t *copy = arena_dup(d->cx->scratch, value, size);

	sim_me_swap_atomic(copy, size, d->word_use[map]);
	return copy;
}

/* Byte `i` of the device's value, where the host has it. */
static uint8_t device_byte(const uint8_t *use, const uint8_t *dev, uint32_t size, uint32_t i)
{
	bool swapped = use && (i | 3) < size && use[i / 4] == NFP_WORD_ATOMIC;

	return dev[swapped ? i ^ 3 : i];
}

static bool same_data(const uint8_t *special, const uint8_t *use, const uint8_t *host,
		      const uint8_t *dev, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++) {
		if (!special[i] && host[i] != device_byte(use, dev, size, i))
			return false;
	}
	return true;
}

static bool same_value(const struct diff *d, size_t map, const uint8_t *host, const uint8_t *dev)
{
	const uint8_t *use = d->word_use[map];
	uint32_t size = d->obj->maps[map].value_size, w = 0;

	if (d->special[map])
		return same_data(d->special[map], use, host, dev, size);

	for (; use && (w + 1) * 4 <= size; w++) {
		uint32_t h = load_le32(host + 4 * w), v = load_le32(dev + 4 * w);

		if (h != (use[w] == NFP_WORD_ATOMIC ? __builtin_bswap32(v) : v))
			return false;
	}
	return !memcmp(host + 4 * w, dev + 4 * w, size - 4 * w);
}

/* Makes the device's element what the host's is. */
static void mend(struct diff *d, size_t map, const uint8_t *key)
{
	const uint8_t *host = find(d->host_maps, map, key);

	if (host)
		sim_map_update(d->dev_maps, map, key, converted(d, map, host), BPF_ANY);
	else
		sim_map_delete(d->dev_maps, map, key);
	arena_reset(d->cx->scratch);
}

/* ---- comparison ------------------------------------------------------------------------------ */

/* What is undefined of the device's value becomes the host's. */
static void take_undef(struct diff *d, size_t map, const uint8_t *key, const uint8_t *host,
		       const uint8_t *dev)
{
	const uint8_t *mask = sim_diff_undef_value(d, map, key);
	uint32_t size = d->obj->maps[map].value_size;
	struct arena *a = d->cx->scratch;
	uint8_t *value;

	if (!mask)
		return;
	value = sim_diff_with_undef(a, converted(d, map, mask), converted(d, map, host), dev, size);
	sim_map_update(d->dev_maps, map, key, value, BPF_ANY);
	arena_reset(a);
}

/* `prefix`: how the difference was found, for the message. */
static void check_element(struct diff *d, size_t map, const uint8_t *key, const char *prefix)
{
	const uint8_t *host = find(d->host_maps, map, key), *dev = find(d->dev_maps, map, key);
	struct sim_diff_mismatch *m;

	if (host && dev) {
		take_undef(d, map, key, host, dev);
		dev = find(d->dev_maps, map, key);
	}
	if ((!host && !dev) || (host && dev && same_value(d, map, host, dev)))
		return;
	m = sim_diff_note(d, "map");
	if (m)
		m->text = arena_printf(d->cx->arena, "%s%s", prefix,
				       sim_diff_text_value(d, map, key, host,
							   dev ? converted(d, map, dev) : NULL));
	mend(d, map, key);
}

void sim_diff_maps_check(struct diff *d, const struct sim_host_run *host)
{
	static const uint8_t zero[4];

	if (host->touched_lost)
		sim_diff_maps_check_all(d);
	for (size_t i = 0; i < host->n_touched; i++) {
		const struct sim_touch *t = &host->touched[i];

		if (t->lookup)
			*(t->found ? &d->res->map_hits : &d->res->map_misses) += 1;
		if (d->on_device[t->map])
			check_element(d, t->map, t->key, "");
	}
	for (size_t map = 0; map < d->obj->n_maps; map++) {
		if (d->direct[map] && d->on_device[map] &&
		    d->obj->maps[map].value_size <= DIRECT_MAX)
			check_element(d, map, zero, "");
	}
}

/* Keys that the device has and the host has not; deleting moves iterators, so they are listed first. */
static void check_extra(struct diff *d, size_t map, const char *prefix)
{
	struct arena list = { 0 };
	VEC(const uint8_t *) extra = { 0 };
	const uint8_t *key;
	size_t iter = 0;
	int64_t off;

	while (sim_map_next(d->dev_maps, map, &iter, &key, &off)) {
		if (sim_map_find(d->host_maps, map, key) < 0)
			*vec_push(&extra, &list) =
				arena_dup(&list, key, d->obj->maps[map].key_size);
	}
	for (size_t i = 0; i < extra.len; i++)
		check_element(d, map, extra.at[i], prefix);
	arena_reset(&list);
}

static void check_map(struct diff *d, size_t map, const char *prefix)
{
	uint8_t copy[SIM_MAP_KEY_MAX];
	const uint8_t *key;
	size_t iter = 0;
	int64_t off;

	while (sim_map_next(d->host_maps, map, &iter, &key, &off)) {
		memcpy(copy, key, d->obj->maps[map].key_size);
		check_element(d, map, copy, prefix);
	}
	check_extra(d, map, prefix);
}

void sim_diff_maps_check_all(struct diff *d)
{
	char prefix[96] = "";

	if (d->unchecked_since < d->index)
		snprintf(prefix, sizeof(prefix), "not touched by the host since packet %llu: ",
			 (unsigned long long)d->unchecked_since);
	for (size_t map = 0; map < d->obj->n_maps; map++) {
		if (d->on_device[map] && d->obj->maps[map].max_entries <= CHECK_ALL_MAX)
			check_map(d, map, prefix);
	}
	d->unchecked_since = d->index + 1;
}

/* ---- the start ------------------------------------------------------------------------------- */

static bool is_hash(uint32_t type)
{
	return type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_LRU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_LPM_TRIE || type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

static bool is_array(uint32_t type)
{
	return type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

static bool is_redirect_target(uint32_t type)
{
	return type == BPF_MAP_TYPE_DEVMAP || type == BPF_MAP_TYPE_DEVMAP_HASH ||
	       type == BPF_MAP_TYPE_CPUMAP || type == BPF_MAP_TYPE_XSKMAP;
}

static void fill_array(struct diff *d, struct sim_maps *to, size_t map, uint64_t rng)
{
	const struct fe_map *m = &d->obj->maps[map];
	uint32_t n = m->max_entries < FILL_MAX ? m->max_entries : FILL_MAX;
	uint8_t *v = arena_alloc(d->cx->scratch, m->value_size);

	for (uint32_t i = 0; i < n; i++) {
		random_value(&rng, v, m->value_size);
		sim_special_clear(d->special[map], v, m->value_size);
		sim_map_update(to, map, &i, v, BPF_ANY);
	}
}

static void fill_targets(struct diff *d, struct sim_maps *to, size_t map, uint64_t rng)
{
	const struct fe_map *m = &d->obj->maps[map];
	uint32_t n = m->max_entries < SLOTS_FILL_MAX ? m->max_entries : SLOTS_FILL_MAX;
	uint8_t *v = arena_alloc(d->cx->scratch, m->value_size);

	for (uint32_t i = 0; i < n; i++) {
		v[0] = (uint8_t)(1 + sim_rng_below(&rng, 8)); /* an interface or CPU */
		if (sim_rng_below(&rng, 2))
			sim_map_update(to, map, &i, v, BPF_ANY);
	}
}

static void fill_set(struct diff *d, struct sim_maps *to)
{
	for (size_t map = 0; map < d->obj->n_maps; map++) {
		const struct fe_map *m = &d->obj->maps[map];
		uint64_t rng = sim_rng_fork(d->opts->seed, map);

		if (m->kind != FE_MAP_USER)
			continue;
		if (is_array(m->type))
			fill_array(d, to, map, rng);
		else if (is_redirect_target(m->type) && m->key_size == 4)
			fill_targets(d, to, map, rng);
		else if (sim_diff_holds_maps(m->type) && m->key_size == 4)
			sim_diff_fill_inner_maps(d, to, map, rng);
		arena_reset(d->cx->scratch);
	}
}

struct learned {
	size_t map;
	const uint8_t *key, *value;
};

struct learner {
	struct diff *d;
	struct sim_maps *maps; /* those of the trial run */
	VEC(struct learned) list;
	uint32_t *per_map;
};

static uint64_t key_hash(uint64_t seed, const uint8_t *key, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		seed = (seed ^ key[i]) * UINT64_C(0x100000001b3);
	return sim_rng_fork(seed, n);
}

/* Every other missing key goes in, always the same ones; no map gets more than half full. */
static void learn_key(struct learner *l, size_t map, const uint8_t *key)
{
	const struct fe_map *m = &l->d->obj->maps[map];
	uint64_t rng = key_hash(l->d->opts->seed + map, key, m->key_size);
	struct arena *a = l->d->cx->arena;
	uint8_t *k, *v;

	if ((rng & 1) || l->list.len == LEARN_MAX || l->per_map[map] >= (m->max_entries + 1) / 2)
		return;
	k = arena_dup(a, key, m->key_size);
	v = arena_alloc(a, m->value_size);
	if (!sim_diff_inner_map(l->d, map, &rng, v))
		random_value(&rng, v, m->value_size);
	sim_special_clear(l->d->special[map], v, m->value_size);
	if (m->type == BPF_MAP_TYPE_LPM_TRIE && load_le32(k) >= 8 && sim_rng_below(&rng, 2))
		store_le32(k, load_le32(k) - sim_rng_below(&rng, 8)); /* a prefix, not a host */
	if (sim_map_update(l->maps, map, k, v, BPF_NOEXIST))
		return;
	*vec_push(&l->list, a) = (struct learned){ map, k, v };
	l->per_map[map]++;
}

static bool feed_learner(void *priv, const struct sim_host_run *previous,
			 struct sim_host_packet *next)
{
	struct learner *l = priv;
	struct diff *d = l->d;

	for (size_t i = 0; previous && i < previous->n_touched; i++) {
		const struct sim_touch *t = &previous->touched[i];

		if (!t->found && is_hash(d->obj->maps[t->map].type))
			learn_key(l, t->map, t->key);
	}
	if (previous && previous->too_long)
		return false; /* the run will say so */
	if (d->index == LEARN_PACKETS || sim_diff_stopped(d) || !sim_diff_next_packet(d))
		return false;
	*next = (struct sim_host_packet){ .data = d->data,
					  .len = d->len,
					  .random_seed = sim_diff_packet_seed(d),
					  .clock_ns = d->index };
	d->index++;
	return true;
}

static bool maps_failed(struct diff *d, const char *why)
{
	struct diag_at at = fe_prog_at(d->obj, d->prog, -1);

	return diag_error(d->cx->diags, &at, REASON_SIM_MAP, why);
}

static struct sim_map_spec *host_specs(struct diff *d)
{
	struct sim_map_spec *s = ARENA_ARRAY(d->cx->arena, struct sim_map_spec, d->obj->n_maps + 1);

	for (size_t i = 0; i < d->obj->n_maps; i++) {
		const struct fe_map *m = &d->obj->maps[i];

		s[i] = (struct sim_map_spec){ .name = m->name,
					      .type = m->type,
					      .key_size = m->key_size,
					      .value_size = m->value_size,
					      .max_entries = fe_kernel_map_entries(m->type,
										   m->max_entries),
					      .flags = m->flags,
					      .init = m->init };
	}
	return s;
}

struct sim_maps *sim_diff_maps_new(struct diff *d, enum sim_diff_host_id id)
{
	size_t n = d->obj->n_maps;
	uint32_t *gaps = ARENA_ARRAY(d->cx->arena, uint32_t, n + 1);
	struct sim_maps *maps;
	const char *why;

	for (size_t i = 0; id == SIM_DIFF_IMAGE && i < n; i++)
		gaps[i] = sim_captured_gap(d->image, &d->obj->maps[i]);
	maps = sim_maps_new_gaps(host_specs(d), gaps, n, &why);
	if (!maps)
		maps_failed(d, why);
	return maps;
}

/* Runs the trial; the keys end up in d->host_maps. */
static bool learn(struct diff *d)
{
	struct learner l = { .d = d, .maps = sim_diff_maps_new(d, SIM_DIFF_JIT) };
	struct sim_host_options opts = sim_diff_host_options(d);
	struct sim_host *host;

	opts.max_rounds = sim_diff_max_rounds(d, true);

	if (!l.maps)
		return false;
	l.per_map = ARENA_ARRAY(d->cx->arena, uint32_t, d->obj->n_maps + 1);
	fill_set(d, l.maps);
	host = sim_host_new(d->cx, d->obj, d->prog, l.maps, &opts);
	d->running = sim_diff_side_name(SIM_DIFF_JIT);
	if (host)
		sim_host_loop(host, feed_learner, &l);
	d->running = NULL;
	for (size_t i = 0; i < l.list.len; i++)
		sim_map_update(d->host_maps, l.list.at[i].map, l.list.at[i].key, l.list.at[i].value,
			       BPF_ANY);
	sim_host_free(host);
	sim_maps_free(l.maps);
	return host;
}

static void copy_to_device(struct diff *d)
{
	for (size_t map = 0; map < d->obj->n_maps; map++) {
		uint32_t max = d->obj->maps[map].max_entries, n = 0;
		const uint8_t *key;
		size_t iter = 0;
		int64_t off;

		/* of a huge array only the start was filled */
		if (!d->on_device[map])
			continue;
		if (max <= CHECK_ALL_MAX || !is_array(d->obj->maps[map].type))
			max = UINT32_MAX;
		else
			max = FILL_MAX;
		while (n++ < max && sim_map_next(d->host_maps, map, &iter, &key, &off)) {
			sim_map_update(d->dev_maps, map, key,
				       converted(d, map, value_at(d->host_maps, off)), BPF_ANY);
			arena_reset(d->cx->scratch);
		}
	}
}

bool sim_diff_maps_fill(struct diff *d)
{
	fill_set(d, d->host_maps);
	if (!learn(d))
		return false;
	copy_to_device(d);
	return true;
}

bool sim_diff_maps_open(struct diff *d)
{
	struct sim_map_spec *specs = host_specs(d);
	size_t n = d->obj->n_maps;
	const char *why;

	d->host_maps = sim_diff_maps_new(d, d->lead);
	if (!d->host_maps)
		return false;
	for (size_t i = 0; i < d->dev->n_maps; i++) {
		const struct nfp_image_map *m = &d->dev->maps[i];

		if (m->object_idx >= n || m->key_size != d->obj->maps[m->object_idx].key_size ||
		    m->value_size != d->obj->maps[m->object_idx].value_size)
			return maps_failed(d, "the device's maps are not those of the object");
		specs[m->object_idx].type = m->type;
		if (m->max_entries)
			specs[m->object_idx].max_entries = m->max_entries;
		d->on_device[m->object_idx] = true;
		d->word_use[m->object_idx] = m->word_use;
	}
	d->dev_maps = sim_maps_new(specs, n, &why);
	return d->dev_maps || maps_failed(d, why);
}
