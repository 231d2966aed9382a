/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/cli/nic/nic_maps.h"

#include "base/bits.h"
#include "base/file.h"
#include "sim/maptext.h"
#include "sim/me.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct fill {
	struct cx *cx;
	const struct nic_maps *maps;
};

static int card_map(const struct nic_maps *m, const char *name)
{
	for (size_t i = 0; m->img && i < m->img->n_maps; i++)
		if (!strcmp(m->img->maps[i].name, name))
			return (int)i;
	return -1;
}

static struct bpf_map *host_map(const struct nic_maps *m, const char *name)
{
	return m->host ? bpf_object__find_map_by_name(m->host, name) : NULL;
}

/* Does the device add to it? Then the host adds to it as well. */
static bool is_summed(const struct nfp_image_map *m)
{
	for (uint32_t i = 0; m->word_use && i < (m->value_size + 3) / 4; i++)
		if (m->word_use[i] == NFP_WORD_ATOMIC)
			return true;
	return false;
}

static bool is_percpu(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static bool is_array(uint32_t type)
{
	return type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

static bool is_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

static const char *said(struct cx *cx, int err)
{
	return err ? arena_printf(cx->arena, "map operation failed: %s",
				  strerror(err < 0 ? -err : err))
		   : NULL;
}

/* ---- filling ------------------------------------------------------------------------------------ */

static const char *parse(const struct sim_maptext_line *line, uint8_t *key, size_t key_size,
			 uint8_t *value, size_t value_size)
{
	const char *why = sim_maptext_parse(line->key, key, key_size);

	if (!why && line->value)
		why = sim_maptext_parse(line->value, value, value_size);
	return why;
}

static const char *fill_card(struct fill *f, const struct sim_maptext_line *line, int idx)
{
	const struct nfp_image_map *m = &f->maps->img->maps[idx];
	uint8_t *key = arena_alloc(f->cx->scratch, m->key_size);
	uint8_t *value = arena_alloc(f->cx->scratch, m->value_size);
	const char *why = parse(line, key, m->key_size, value, m->value_size);

	if (why)
		return why;
	if (!line->value)
		return said(f->cx, sim_map_delete(f->maps->card, (size_t)idx, key));
	sim_me_swap_atomic(value, m->value_size, m->word_use);
	return said(f->cx, sim_map_update(f->maps->card, (size_t)idx, key, value, BPF_ANY));
}

/* Bytes that bpf(2) passes for a value: per-CPU maps have one for each processor. */
static size_t host_value_bytes(const struct bpf_map *m, size_t *copies)
{
	int cpus = libbpf_num_possible_cpus();

	*copies = is_percpu(bpf_map__type(m)) && cpus > 0 ? (size_t)cpus : 1;
	return *copies > 1 ? bits_round_up(bpf_map__value_size(m), 8) : bpf_map__value_size(m);
}

static const char *fill_host(struct fill *f, const struct sim_maptext_line *line,
			     const struct bpf_map *m, bool zero)
{
	size_t copies, size = host_value_bytes(m, &copies);
	uint8_t *key = arena_alloc(f->cx->scratch, bpf_map__key_size(m));
	uint8_t *value = arena_array(f->cx->scratch, copies, size);
	const char *why = parse(line, key, bpf_map__key_size(m), value, bpf_map__value_size(m));

	if (why)
		return why;
	if (zero)
		memset(value, 0, size);
	for (size_t i = 1; i < copies; i++)
		memcpy(value + i * size, value, size);
	if (!line->value)
		return said(f->cx, bpf_map_delete_elem(bpf_map__fd(m), key));
	return said(f->cx, bpf_map_update_elem(bpf_map__fd(m), key, value, BPF_ANY));
}

static const char *fill_line(void *priv, const struct sim_maptext_line *line)
{
	struct fill *f = priv;
	int card = line->side == SIM_MAPTEXT_HOST ? -1 : card_map(f->maps, line->map);
	struct bpf_map *host = line->side == SIM_MAPTEXT_NIC ? NULL : host_map(f->maps, line->map);
	const char *why = NULL;

	if (card < 0 && !host)
		why = arena_printf(f->cx->arena, "there is no map '%s'", line->map);
	if (card >= 0)
		why = fill_card(f, line, card);
	if (!why && host)
		why = fill_host(f, line, host, card >= 0 && is_summed(&f->maps->img->maps[card]));
	arena_reset(f->cx->scratch);
	return why;
}

bool nic_maps_fill(struct cx *cx, const struct nic_maps *maps, const char *path)
{
	struct fill f = { cx, maps };

	return sim_maptext_read(cx, path, fill_line, &f);
}

/* ---- writing ------------------------------------------------------------------------------------ */

struct element {
	const char *prefix, *map;
	const uint8_t *key, *value;
	size_t key_size, value_size;
};

static void print(FILE *out, const struct element *e)
{
	fprintf(out, "%s%s ", e->prefix, e->map);
	sim_maptext_print(out, e->key, e->key_size);
	fputc(' ', out);
	sim_maptext_print(out, e->value, e->value_size);
	fputc('\n', out);
}

/* The host's value of a per-CPU map: words of 8 bytes added up, as counters are read. */
static void add_copies(uint8_t *value, size_t size, size_t copies)
{
	for (size_t i = 1; i < copies; i++)
		for (size_t w = 0; w + 8 <= size; w += 8)
			store_le64(value + w,
				   load_le64(value + w) + load_le64(value + i * size + w));
}

/* In the user's order; NULL: the device has no such element. */
static uint8_t *card_value(struct cx *cx, const struct nic_maps *maps, int idx, const uint8_t *key)
{
	const struct nfp_image_map *m = &maps->img->maps[idx];
	int64_t off = sim_map_lookup(maps->card, (size_t)idx, key);
	size_t size;
	uint8_t *v;

	if (off < 0)
		return NULL;
	v = arena_dup(cx->scratch, sim_maps_memory(maps->card, &size) + off, m->value_size);
	sim_me_swap_atomic(v, m->value_size, m->word_use);
	return v;
}

static void dump_card(FILE *out, struct cx *cx, const struct nic_maps *maps, size_t idx)
{
	const struct nfp_image_map *m = &maps->img->maps[idx];
	const uint8_t *key;
	size_t iter = 0;
	int64_t off;

	while (sim_map_next(maps->card, idx, &iter, &key, &off)) {
		struct element e = { .prefix = "nic:",
				     .map = m->name,
				     .key = key,
				     .key_size = m->key_size,
				     .value_size = m->value_size };

		e.value = card_value(cx, maps, (int)idx, key);
		if (e.value && !(is_array(m->type) && is_zero(e.value, e.value_size)))
			print(out, &e);
		arena_reset(cx->scratch);
	}
}

/* Both sides add to it: numbers of 8 bytes, or of 4. */
static void print_sum(FILE *out, struct element e, const uint8_t *card, bool array)
{
	uint8_t *host = (uint8_t *)(uintptr_t)e.value;

	e.prefix = "# nic + host: ";
	for (size_t w = 0; e.value_size % 8 == 0 && w < e.value_size; w += 8)
		store_le64(host + w, load_le64(host + w) + load_le64(card + w));
	for (size_t w = 0; e.value_size % 8 == 4 && w < e.value_size; w += 4)
		store_le32(host + w, load_le32(host + w) + load_le32(card + w));
	if (!(array && is_zero(host, e.value_size)))
		print(out, &e);
}

static void dump_host(FILE *out, struct cx *cx, const struct nic_maps *maps,
		      const struct bpf_map *m)
{
	size_t copies, size = host_value_bytes(m, &copies), key_size = bpf_map__key_size(m);
	uint8_t *key = arena_alloc(cx->arena, key_size),
		*value = arena_array(cx->arena, copies, size);
	int card = card_map(maps, bpf_map__name(m)), fd = bpf_map__fd(m);
	bool summed = card >= 0 && is_summed(&maps->img->maps[card]);
	struct element e = { .prefix = "host:",
			     .map = bpf_map__name(m),
			     .key = key,
			     .value = value,
			     .key_size = key_size,
			     .value_size = bpf_map__value_size(m) };

	for (int err = bpf_map_get_next_key(fd, NULL, key); !err;
	     err = bpf_map_get_next_key(fd, key, key)) {
		const uint8_t *other;

		if (bpf_map_lookup_elem(fd, key, value))
			continue;
		add_copies(value, size, copies);
		if (!(is_array(bpf_map__type(m)) && is_zero(value, size)))
			print(out, &e);
		other = summed ? card_value(cx, maps, card, key) : NULL;
		if (other)
			print_sum(out, e, other, is_array(bpf_map__type(m)));
		arena_reset(cx->scratch);
	}
}

static void dump_all(FILE *out, struct cx *cx, const struct nic_maps *maps)
{
	struct bpf_map *m;

	for (size_t i = 0; maps->img && i < maps->img->n_maps; i++)
		dump_card(out, cx, maps, i);
	if (!maps->host)
		return;
	bpf_object__for_each_map (m, maps->host) {
		if (bpf_map__fd(m) >= 0 && bpf_map__key_size(m))
			dump_host(out, cx, maps, m);
	}
}

bool nic_maps_dump(struct cx *cx, const struct nic_maps *maps, const char *path)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	bool ok;

	if (!out)
		return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_OUTPUT_WRITE, path,
				  strerror(errno));
	dump_all(out, cx, maps);
	fclose(out);
	ok = file_write(cx, path, text, size);
	free(text);
	return ok;
}
