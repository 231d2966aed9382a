/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/loader.h"

#include "base/bits.h"

#include <bpf/btf.h>
#include <stdlib.h>
#include <string.h>

/* Maps declared the old way: a "maps" section of structs, which libbpf 1.x refuses. All layouts
 * in use begin with the same words (libbpf's struct bpf_map_def, the kernel samples', iproute2's
 * bpf_elf_map); iproute2's goes on with id, pinning, inner_id. The section is replaced by the
 * BTF-style declaration of the same maps: as if written with __uint(type, …) in SEC(".maps"). */

enum word { TYPE, KEY_SIZE, VALUE_SIZE, MAX_ENTRIES, FLAGS, ID, PINNING, INNER_ID, N_WORDS };

#define MIN_BYTES     16 /* up to and including max_entries */
#define IPROUTE_BYTES 36 /* bpf_elf_map with inner_id and inner_idx */
#define SLOT_BYTES    64 /* of a map in the new section: at least the size of its BTF struct */

struct legacy_map {
	struct fe_symbol *symbol;
	uint32_t words[N_WORDS];
	uint32_t bytes; /* of the struct in the file */
};

struct legacy {
	struct cx *cx;
	struct fe_elf *elf;
	uint32_t section;
	struct legacy_map *maps;
	uint32_t n;
	struct btf *btf;
	int int_id;
};

static bool refuse(const struct legacy *l, const char *why)
{
	struct diag_at at = { .object = l->elf->path, .section = "maps", .insn = -1 };

	return diag_error(l->cx->diags, &at, REASON_LEGACY_MAPS, why);
}

/* ---- reading ------------------------------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
	const struct legacy_map *x = a, *y = b;

	return (x->symbol->value > y->symbol->value) - (x->symbol->value < y->symbol->value);
}

static bool read_map(const struct legacy *l, struct legacy_map *m, uint64_t end)
{
	const struct fe_section *s = &l->elf->secs[l->section];

	if (end > s->size || m->symbol->value >= end || end - m->symbol->value < MIN_BYTES)
		return refuse(l, arena_printf(l->cx->arena, "'%s' is smaller than a map definition",
					      m->symbol->name));
	m->bytes = (uint32_t)(end - m->symbol->value);
	for (uint32_t i = 0; i < N_WORDS && (i + 1) * 4 <= m->bytes; i++)
		m->words[i] = load_le32(s->data + m->symbol->value + i * 4);
	return true;
}

static bool read_maps(struct legacy *l)
{
	const struct fe_section *s = &l->elf->secs[l->section];

	l->maps = ARENA_ARRAY(l->cx->scratch, struct legacy_map, FE_MAX_MAPS);
	for (uint32_t i = 0; i < l->elf->n_syms; i++) {
		struct fe_symbol *sym = &l->elf->syms[i];

		if (sym->section != l->section || sym->type == STT_SECTION || !sym->name[0])
			continue;
		if (l->n == FE_MAX_MAPS)
			return refuse(l, "there are too many maps");
		l->maps[l->n++].symbol = sym;
	}
	if (!l->n)
		return refuse(l, "no symbol names a map in it");
	qsort(l->maps, l->n, sizeof(*l->maps), by_value);
	for (uint32_t i = 0; i < l->n; i++) {
		if (!read_map(l, &l->maps[i],
			      i + 1 < l->n ? l->maps[i + 1].symbol->value : s->size))
			return false;
	}
	return true;
}

/* ---- writing ------------------------------------------------------------------------------------ */

/* Type of "int (*field)[value]", which is how BTF-style maps write a number. */
static int number(const struct legacy *l, uint32_t value)
{
	return btf__add_ptr(l->btf, btf__add_array(l->btf, l->int_id, l->int_id, value));
}

/* iproute2: the map whose id is this one's inner_id is the template of its inner maps. */
static const struct legacy_map *template_of(const struct legacy *l, const struct legacy_map *m)
{
	bool of_maps = m->words[TYPE] == BPF_MAP_TYPE_ARRAY_OF_MAPS ||
		       m->words[TYPE] == BPF_MAP_TYPE_HASH_OF_MAPS;

	if (!of_maps || m->bytes != IPROUTE_BYTES || !m->words[INNER_ID])
		return NULL;
	for (uint32_t i = 0; i < l->n; i++) {
		if (&l->maps[i] != m && l->maps[i].words[ID] == m->words[INNER_ID])
			return &l->maps[i];
	}
	return NULL;
}

/* iproute2's word for where it pins; in the kernel samples' layout the same word is a NUMA node. */
static bool is_pinned(const struct legacy_map *m)
{
	return m->bytes > PINNING * 4 && m->words[PINNING] && !(m->words[FLAGS] & BPF_F_NUMA_NODE);
}

/* struct { type, key_size, value_size, max_entries, map_flags, pinning[, values] } of a map; templates of inner maps are
 * never pinned. */
static int definition(const struct legacy *l, const struct legacy_map *m,
		      const struct legacy_map *inner, bool may_pin)
{
	static const char *const names[] = { "type",        "key_size",  "value_size",
					     "max_entries", "map_flags", "pinning" };
	int fields[ARRAY_SIZE(names)], values = 0, id;
	const uint32_t n = may_pin && is_pinned(m) ? ARRAY_SIZE(names) : ARRAY_SIZE(names) - 1;

	for (uint32_t i = 0; i < n; i++)
		fields[i] = number(l, i <= FLAGS ? m->words[i] : 1);
	if (inner)
		values = btf__add_array(l->btf, l->int_id,
					btf__add_ptr(l->btf, definition(l, inner, NULL, false)), 0);
	id = btf__add_struct(l->btf, NULL, 8 * n);
	for (uint32_t i = 0; i < n; i++)
		btf__add_field(l->btf, names[i], fields[i], i * 64, 0);
	if (inner)
		btf__add_field(l->btf, "values", values, n * 64, 0);
	return id;
}

/* The compiler's own DATASEC of the section has no size yet, which libbpf would take from it. */
static void settle_old_datasec(const struct legacy *l)
{
	int id = btf__find_by_name_kind(l->btf, "maps", BTF_KIND_DATASEC);

	if (id > 0)
		((struct btf_type *)(uintptr_t)btf__type_by_id(l->btf, (uint32_t)id))->size =
			l->n * SLOT_BYTES;
}

static bool add_types(struct legacy *l)
{
	int *vars = ARENA_ARRAY(l->cx->scratch, int, l->n);

	l->int_id = btf__add_int(l->btf, "int", 4, BTF_INT_SIGNED);
	for (uint32_t i = 0; i < l->n; i++) {
		const struct legacy_map *m = &l->maps[i];
		int def = definition(l, m, template_of(l, m), true);

		vars[i] = btf__add_var(l->btf, m->symbol->name, BTF_VAR_GLOBAL_ALLOCATED, def);
		if (vars[i] < 0)
			return refuse(l, arena_printf(l->cx->arena, "'%s' is not a valid map name",
						      m->symbol->name));
	}
	if (btf__add_datasec(l->btf, ".maps", l->n * SLOT_BYTES) < 0)
		return refuse(l, "its BTF cannot be extended");
	for (uint32_t i = 0; i < l->n; i++)
		btf__add_datasec_var_info(l->btf, vars[i], i * SLOT_BYTES, SLOT_BYTES);
	settle_old_datasec(l);
	return true;
}

static bool replace_sections(const struct legacy *l)
{
	struct fe_elf *elf = l->elf;
	struct arena *a = l->cx->arena;
	struct fe_bytes btf;
	uint32_t size;
	const void *raw = btf__raw_data(l->btf, &size);

	if (!raw)
		return refuse(l, "its BTF cannot be extended");
	btf = (struct fe_bytes){ arena_dup(a, raw, size), size };
	if (!elf->btf) {
		elf->btf = fe_elf_add_section(elf, ".BTF", btf);
	} else {
		elf->secs[elf->btf].data = btf.at;
		elf->secs[elf->btf].size = btf.len;
	}
	elf->secs[l->section] = (struct fe_section){ .name = ".maps",
						     .type = SHT_PROGBITS,
						     .data = arena_alloc(a, l->n * SLOT_BYTES),
						     .size = l->n * SLOT_BYTES };
	elf->maps = l->section;
	for (uint32_t i = 0; i < l->n; i++) {
		l->maps[i].symbol->value = i * SLOT_BYTES;
		l->maps[i].symbol->type = STT_OBJECT;
		l->maps[i].symbol->bind = STB_GLOBAL;
	}
	return true;
}

static bool convert(struct legacy *l)
{
	const struct fe_section *old = &l->elf->secs[l->elf->btf];
	bool ok;

	if (l->elf->maps)
		return refuse(l, "there is also a .maps section");
	if (!read_maps(l))
		return false;
	l->btf = l->elf->btf ? btf__new(old->data, (uint32_t)old->size) : btf__new_empty();
	if (!l->btf)
		return refuse(l, "its BTF cannot be extended");
	ok = add_types(l) && replace_sections(l);
	btf__free(l->btf);
	return ok;
}

bool fe_legacy_maps(struct cx *cx, struct fe_elf *elf)
{
	struct legacy l = { .cx = cx, .elf = elf, .section = fe_elf_section(elf, "maps") };

	if (!l.section || !elf->secs[l.section].data)
		return true;
	return convert(&l);
}
