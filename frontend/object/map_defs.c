/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/loader.h"

#include <assert.h>
#include <bpf/libbpf.h>
#include <string.h>

/* libbpf's maps => fe_map, in libbpf's order, which its map indices refer to. */

/* Data sections come in section order behind the declared maps. */
struct data_maps {
	const struct fe_elf *elf;
	uint32_t next; /* section to look at */
};

static const struct fe_section *next_data_section(struct data_maps *d)
{
	while (d->next < d->elf->n_secs) {
		const struct fe_section *s = &d->elf->secs[d->next++];

		if (fe_section_is_data(s))
			return s;
	}
	return NULL;
}

static struct fe_map from_bpf_map(struct arena *a, const struct bpf_map *m)
{
	return (struct fe_map){ .name = arena_strdup(a, bpf_map__name(m)),
				.kind = FE_MAP_USER,
				.type = bpf_map__type(m),
				.key_size = bpf_map__key_size(m),
				.value_size = bpf_map__value_size(m),
				.max_entries = bpf_map__max_entries(m),
				.flags = bpf_map__map_flags(m),
				.pinned = bpf_map__pin_path(m) != NULL,
				.inner = -1,
				.btf_key_id = bpf_map__btf_key_type_id(m),
				.btf_value_id = bpf_map__btf_value_type_id(m) };
}

static void fill_data(struct arena *a, struct data_maps *d, struct fe_map *map)
{
	const struct fe_section *s = next_data_section(d);

	assert(s && "libbpf makes one map of each data section");
	map->name = s->name;
	map->init = s->data ? s->data : arena_alloc(a, map->value_size);
	if (s == &d->elf->secs[d->elf->kconfig]) {
		map->name = ".kconfig";
		map->kind = FE_MAP_KCONFIG;
	} else if (s->type == SHT_NOBITS)
		map->kind = FE_MAP_BSS;
	else
		map->kind = s->name[1] == 'r' ? FE_MAP_RODATA : FE_MAP_DATA;
}

static void complete(struct cx *cx, const struct fe_object *obj, struct fe_map *map)
{
	struct diag_at at = { .object = obj->path, .section = ".maps", .insn = -1 };
	const char *what = fe_map_complete(map);

	if (what)
		diag_warn(cx->diags, &at, REASON_MAP_INCOMPLETE, map->name,
			  ebpf_map_type_name(map->type), what);
}

bool fe_maps_collect(struct cx *cx, const struct fe_elf *elf, struct bpf_object *bpf,
		     struct fe_object *obj)
{
	struct data_maps data = { elf, 1 };
	VEC(struct fe_map) maps = { 0 }, inner = { 0 };
	struct diag_at at = { .object = obj->path, .insn = -1 };
	struct bpf_map *m;

	bpf_object__for_each_map (m, bpf) {
		struct fe_map *map = vec_push(&maps, cx->arena);
		struct bpf_map *template = bpf_map__inner_map(m);

		*map = from_bpf_map(cx->arena, m);
		if (map->type == BPF_MAP_TYPE_STRUCT_OPS) /* libbpf 1.1 crashes on it */
			return diag_error(cx->diags, &at, REASON_OBJECT_REFUSED,
					  arena_printf(cx->arena, "'%s' declares a struct_ops map",
						       map->name));
		if (bpf_map__is_internal(m))
			fill_data(cx->arena, &data, map);
		complete(cx, obj, map);
		if (template) {
			map->inner = (int)inner.len;
			*vec_push(&inner, cx->arena) = from_bpf_map(cx->arena, template);
			complete(cx, obj, &inner.at[inner.len - 1]);
		}
	}
	obj->maps = maps.at;
	obj->n_maps = maps.len;
	obj->inner_maps = inner.at;
	obj->n_inner_maps = inner.len;
	return true;
}
