/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/cli/testing/map_ids.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool refuse(struct bpf_offload_object *o, const char *list, const char *why)
{
	const struct diag_at at = { .object = o->obj.path, .insn = -1 };

	return diag_error(&o->diags, &at, REASON_SIM_MAP_IDS, list, why);
}

static size_t find_map(const struct fe_object *obj, const char *name, size_t n)
{
	size_t i = 0;

	while (i < obj->n_maps &&
	       (strlen(obj->maps[i].name) != n || strncmp(obj->maps[i].name, name, n)))
		i++;
	return i;
}

static const char *map_list(struct bpf_offload_object *o)
{
	const char *all = NULL;

	for (size_t i = 0; i < o->obj.n_maps; i++)
		all = arena_printf(&o->arena, "%s%s%s", all ? all : "", all ? ", " : "",
				   o->obj.maps[i].name);
	return all ? all : "none";
}

/* A number from 1 to UINT32_MAX; 0: it is none. */
static uint32_t read_id(const char *text, const char **end)
{
	unsigned long long v;
	char *rest;

	errno = 0;
	v = strtoull(text, &rest, 0);
	*end = rest;
	return *text < '0' || *text > '9' || errno || v > UINT32_MAX ? 0 : (uint32_t)v;
}

/* Ids of perf event arrays are a kernel's, the others a firmware's. */
static bool same_space(uint32_t type_a, uint32_t type_b)
{
	return (type_a == BPF_MAP_TYPE_PERF_EVENT_ARRAY) ==
	       (type_b == BPF_MAP_TYPE_PERF_EVENT_ARRAY);
}

static bool check_doubles(struct bpf_offload_object *o, const char *list)
{
	for (size_t i = 0; i < o->obj.n_maps; i++) {
		for (size_t k = 0; o->map_ids[i] && k < i; k++) {
			if (o->map_ids[i] == o->map_ids[k] &&
			    same_space(o->obj.maps[i].type, o->obj.maps[k].type))
				return refuse(
					o, list,
					arena_printf(&o->arena,
						     "'%s' and '%s' have the same id %" PRIu32,
						     o->obj.maps[k].name, o->obj.maps[i].name,
						     o->map_ids[i]));
		}
	}
	return true;
}

bool map_ids_read(struct bpf_offload_object *o, const char *list)
{
	const char *at = list;

	if (!list)
		return true;
	o->map_ids = ARENA_ARRAY(&o->own, uint32_t, o->obj.n_maps + 1);
	while (*at) {
		size_t n = strcspn(at, "=,"), map = find_map(&o->obj, at, n);

		if (at[n] != '=')
			return refuse(o, list, "write NAME=N,NAME=N");
		if (map == o->obj.n_maps)
			return refuse(o, list,
				      arena_printf(&o->arena,
						   "there is no map '%.*s'; the maps are: %s",
						   (int)n, at, map_list(o)));
		o->map_ids[map] = read_id(at + n + 1, &at);
		if (!o->map_ids[map] || (*at && *at != ','))
			return refuse(o, list, "an id is a number from 1 to 4294967295");
		at += *at == ',';
	}
	return check_doubles(o, list);
}

static const char *id_list(struct bpf_offload_object *o, const struct sim_diff_device *dev)
{
	const char *all = "";

	for (size_t i = 0; i < dev->n_maps; i++)
		all = arena_printf(&o->arena, "%s%s%s=%" PRIu32, all, i ? "," : "",
				   dev->maps[i].name, dev->tids[i]);
	return all;
}

static bool has_doubles(const struct sim_diff_device *dev)
{
	for (size_t i = 0; i < dev->n_maps; i++) {
		for (size_t k = 0; k < i; k++) {
			if (dev->tids[i] == dev->tids[k] &&
			    same_space(dev->maps[i].type, dev->maps[k].type))
				return true;
		}
	}
	return false;
}

void map_ids_apply(struct bpf_offload_object *o, struct sim_diff_device *dev)
{
	const struct diag_at at = { .object = o->obj.path, .insn = -1 };
	bool all_given = true;

	for (size_t i = 0; i < dev->n_maps; i++) {
		uint32_t given = o->map_ids ? o->map_ids[dev->maps[i].object_idx] : 0;

		all_given &= given != 0;
		if (given)
			dev->tids[i] = given;
	}
	if ((dev->tids_guessed && !all_given) || has_doubles(dev))
		diag_warn(&o->diags, &at, REASON_SIM_MAP_IDS_GUESSED, id_list(o, dev));
}
