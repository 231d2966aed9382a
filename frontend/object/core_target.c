/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/core.h"

#include "base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The target kernel's types, by name without flavour. */

static uint32_t hash_name(const char *s)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (size_t n = core_name_len(s); n--; s++)
		h = (h ^ (uint8_t)*s) * 16777619u;
	return h;
}

static int by_hash(const void *a, const void *b)
{
	const struct core_name *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static const char *name_of(const struct core_target *t, uint32_t id)
{
	return btf__name_by_offset(t->btf, btf__type_by_id(t->btf, id)->name_off);
}

static void index_names(struct arena *a, struct core_target *t)
{
	uint32_t n = btf__type_cnt(t->btf);

	t->names = ARENA_ARRAY(a, struct core_name, n);
	for (uint32_t id = 1; id < n; id++) {
		const char *name = name_of(t, id);

		if (*name)
			t->names[t->n_names++] = (struct core_name){ hash_name(name), id };
	}
	qsort(t->names, t->n_names, sizeof(*t->names), by_hash);
}

uint32_t core_target_first(const struct core_target *t, const char *name)
{
	uint32_t lo = 0, hi = t->n_names, hash = hash_name(name);

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (t->names[mid].hash < hash)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

uint32_t core_target_named(const struct core_target *t, const char *name, uint32_t *row)
{
	uint32_t hash = hash_name(name);

	for (; *row < t->n_names && t->names[*row].hash == hash; ++*row) {
		if (core_same_name(name, name_of(t, t->names[*row].id)))
			return t->names[(*row)++].id;
	}
	return 0;
}

/* Reads raw BTF, or the .BTF section of an ELF file. NULL: *why. */
static struct btf *read_types(struct cx *cx, const char *path, const char **why)
{
	struct file_bytes file;
	struct fe_bytes blob;
	struct btf *btf;

	if (!file_read(cx, path, FE_MAX_FILE_BYTES, &file)) {
		*why = "it cannot be read";
		return NULL;
	}
	if (!fe_elf_find_raw((struct fe_bytes){ file.data, file.size }, ".BTF", &blob))
		blob = (struct fe_bytes){ file.data, file.size };
	else /* aligned */
		blob.at = arena_dup(cx->scratch, blob.at, blob.len);
	*why = fe_btf_problem(cx->scratch, blob);
	if (*why)
		return NULL;
	btf = btf__new(blob.at, (uint32_t)blob.len);
	if (btf)
		btf__set_pointer_size(btf, 8);
	else
		*why = strerror(errno);
	return btf;
}

#define DEFAULT_TARGET "/sys/kernel/btf/vmlinux"

bool core_target_open(struct cx *cx, const struct fe_open_options *opts, struct core_target *t,
		      const char **why)
{
	bool wanted;

	*t = (struct core_target){ .path = opts->btf_path ? opts->btf_path : DEFAULT_TARGET };
	*why = "it is not used, or there is no such file";
	wanted = opts->btf_path || (!opts->no_running_kernel && !access(t->path, R_OK));
	if (!wanted)
		return true;
	t->btf = read_types(cx, t->path, why);
	if (t->btf)
		index_names(cx->scratch, t);
	else if (opts->btf_path)
		return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_CORE_TARGET, t->path, *why);
	return true; /* a running kernel that is too new to be read counts as none */
}

int64_t core_target_member(const struct core_target *t, const char *name, const char *member)
{
	uint32_t row = core_target_first(t, name), id;

	while ((id = core_target_named(t, name, &row))) {
		const struct btf_type *s = btf__type_by_id(t->btf, id);

		if (!s || !btf_is_struct(s))
			continue;
		for (uint16_t i = 0; i < btf_vlen(s); i++) {
			const char *m = btf__name_by_offset(t->btf, btf_members(s)[i].name_off);

			if (m && !strcmp(m, member))
				return btf_member_bit_offset(s, i) / 8;
		}
	}
	return -1;
}
