/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/loader.h"

#include <bpf/btf.h>
#include <string.h>

/* Initial elements of prog_arrays and maps of maps: relocations of the section ".maps", one per
 * element, within the member "values" of the map's definition. They never reach libbpf. */

#define POINTER_BYTES 8

static struct fe_map *map_named(const struct fe_object *obj, const char *name)
{
	for (size_t i = 0; i < obj->n_maps; i++) {
		if (obj->maps[i].kind == FE_MAP_USER && !strcmp(obj->maps[i].name, name))
			return (struct fe_map *)(uintptr_t)&obj->maps[i];
	}
	return NULL;
}

/* Byte offset of member "values" in the definition of a map; -1: it has none. */
static int64_t values_offset(const struct btf *btf, const char *map)
{
	int id = btf__find_by_name_kind(btf, map, BTF_KIND_VAR);
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;

	while (t && (btf_is_mod(t) || btf_is_typedef(t) || btf_is_var(t)))
		t = btf__type_by_id(btf, t->type);
	if (!t || !btf_is_struct(t))
		return -1;
	for (unsigned i = 0; i < btf_vlen(t); i++) {
		if (!strcmp(btf__name_by_offset(btf, btf_members(t)[i].name_off), "values"))
			return btf_member_bit_offset(t, i) / 8;
	}
	return -1;
}

/* Index of the program or map that a symbol names; false: neither. */
static bool find_target(const struct fe_object *obj, const struct fe_map *map,
			const struct fe_symbol *s, uint32_t *target)
{
	const struct fe_map *inner = map_named(obj, s->name);

	if (map->type == BPF_MAP_TYPE_PROG_ARRAY) {
		for (size_t i = 0; i < obj->n_progs; i++) {
			*target = (uint32_t)i;
			if (!strcmp(obj->progs[i].name, s->name))
				return true;
		}
		return false;
	}
	*target = inner ? (uint32_t)(inner - obj->maps) : 0;
	return inner != NULL;
}

/* The map whose definition covers an offset of ".maps". */
static const struct fe_symbol *map_symbol(const struct fe_elf *elf, uint64_t offset)
{
	for (uint32_t i = 0; i < elf->n_syms; i++) {
		const struct fe_symbol *s = &elf->syms[i];

		if (s->section == elf->maps && s->type == STT_OBJECT && s->value <= offset &&
		    offset - s->value < s->size)
			return s;
	}
	return NULL;
}

static void add_slot(struct cx *cx, const struct fe_elf *elf, struct fe_object *obj,
		     const Elf64_Rel *rel)
{
	const struct fe_symbol *at = map_symbol(elf, rel->r_offset);
	struct fe_map *map = at ? map_named(obj, at->name) : NULL;
	int64_t values = map ? values_offset(obj->btf, at->name) : -1;
	struct fe_slot slot, *grown;
	uint64_t offset;

	if (values < 0 || ELF64_R_SYM(rel->r_info) >= elf->n_syms ||
	    rel->r_offset - at->value < (uint64_t)values)
		return;
	offset = rel->r_offset - at->value - (uint64_t)values;
	slot.index = (uint32_t)(offset / POINTER_BYTES);
	if (offset % POINTER_BYTES || slot.index >= map->max_entries ||
	    !find_target(obj, map, &elf->syms[ELF64_R_SYM(rel->r_info)], &slot.target))
		return;
	grown = ARENA_ARRAY(cx->arena, struct fe_slot, map->n_slots + 1);
	if (map->n_slots)
		memcpy(grown, map->slots, map->n_slots * sizeof(*grown));
	grown[map->n_slots++] = slot;
	map->slots = grown;
}

#define MAX_SLOTS 1024 /* looked at: each costs a search among symbols */

void fe_slots_collect(struct cx *cx, const struct fe_elf *elf, struct fe_object *obj)
{
	uint32_t n = 0;

	for (uint32_t i = 1; elf->maps && obj->btf && i < elf->n_secs; i++) {
		const struct fe_section *s = &elf->secs[i];

		if (s->type != SHT_REL || s->info != elf->maps || !s->data)
			continue;
		for (uint64_t off = 0; off < s->size && n++ < MAX_SLOTS; off += sizeof(Elf64_Rel)) {
			Elf64_Rel rel;

			memcpy(&rel, s->data + off, sizeof(rel));
			add_slot(cx, elf, obj, &rel);
		}
	}
}
