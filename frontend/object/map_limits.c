/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/loader.h"

#include "base/bits.h"

#include <bpf/bpf.h>

/* Maps that no kernel makes, found without one. What every loader of such a map has to set is set here, with a
 * warning, so that the host half loads by itself; all else is the map's fault. */

struct limits {
	uint32_t key_from, key_to, value_from, value_to, value_step, flags;
};

/* NULL: of this type nothing is known. */
static const struct limits *limits_of(uint32_t type)
{
	static const struct limits rows[] = {
/* clang-format off: the rows' macros end with the file */
#define MAP_LIMITS(type, k0, k1, v0, v1, step, flags)                                              \
	[BPF_MAP_TYPE_##type] = { k0, k1, v0, v1, step, flags },
#include "frontend/object/map_limits.def"
#undef MAP_LIMITS
		/* clang-format on */
	};

	return type < ARRAY_SIZE(rows) && rows[type].value_step ? &rows[type] : NULL;
}

static bool is_storage(uint32_t type)
{
	return type == BPF_MAP_TYPE_SK_STORAGE || type == BPF_MAP_TYPE_INODE_STORAGE ||
	       type == BPF_MAP_TYPE_TASK_STORAGE;
}

static const char *range(struct arena *a, const char *what, uint32_t is, uint32_t from, uint32_t to)
{
	if (from == to)
		return arena_printf(a, "its %s is %u bytes, not %u", what, is, from);
	return arena_printf(a, "its %s is %u bytes, not %u to %u", what, is, from, to);
}

static const char *size_problem(struct arena *a, const struct fe_map *m, const struct limits *l)
{
	bool hash = l->key_to > 512;

	if (m->key_size < l->key_from || m->key_size > l->key_to)
		return range(a, "key", m->key_size, l->key_from, l->key_to);
	if (m->value_size < l->value_from || m->value_size > l->value_to)
		return range(a, "value", m->value_size, l->value_from, l->value_to);
	if (m->value_size % l->value_step)
		return arena_printf(a, "its value is %u bytes, not a multiple of %u", m->value_size,
				    l->value_step);
	if (hash && (uint64_t)m->key_size + m->value_size > l->key_to - 64)
		return arena_printf(a, "key and value together are %llu bytes, above 4 MiB",
				    (unsigned long long)m->key_size + m->value_size);
	return NULL;
}

static const char *flags_problem(struct arena *a, const struct fe_map *m, const struct limits *l)
{
	const uint32_t prog = BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG,
		       user = BPF_F_RDONLY | BPF_F_WRONLY, own_lru = BPF_F_NO_COMMON_LRU;

	if (m->flags & ~l->flags)
		return arena_printf(a, "flags 0x%x are not valid for its type",
				    m->flags & ~l->flags);
	if ((m->flags & prog) == prog || (m->flags & user) == user)
		return "it is read-only and write-only at once";
	if (m->flags & BPF_F_STACK_BUILD_ID && m->value_size % sizeof(struct bpf_stack_build_id))
		return "its value is not a multiple of 32 bytes, the size of a build id and an "
		       "offset";
	if (m->flags & own_lru && m->flags & BPF_F_NUMA_NODE)
		return "per-CPU LRU lists (BPF_F_NO_COMMON_LRU) have no NUMA node";
	return NULL;
}

#define MAX_BUCKETS (1u << 31)
#define MAX_CPUS    8192u /* NR_CPUS of the largest configurations */

static const char *entries_problem(struct arena *a, const struct fe_map *m)
{
	if (is_storage(m->type) && m->max_entries)
		return "a storage has no max_entries";
	if (m->type == BPF_MAP_TYPE_CPUMAP && m->max_entries > MAX_CPUS)
		return arena_printf(a, "%u CPUs; no kernel has more than %u", m->max_entries,
				    MAX_CPUS);
	if ((m->type == BPF_MAP_TYPE_DEVMAP_HASH || m->type == BPF_MAP_TYPE_STACK_TRACE) &&
	    m->max_entries > MAX_BUCKETS)
		return arena_printf(a, "%u elements; the limit is %u", m->max_entries, MAX_BUCKETS);
	if ((m->type == BPF_MAP_TYPE_QUEUE || m->type == BPF_MAP_TYPE_STACK) &&
	    m->max_entries >= UINT32_MAX / m->value_size)
		return "its elements together are above 4 GiB";
	return NULL;
}

const char *fe_map_problem(struct arena *a, const struct fe_map *m)
{
	const struct limits *l = limits_of(m->type);
	const char *why = NULL;

	if (m->kind != FE_MAP_USER || !l)
		return NULL;
	why = size_problem(a, m, l);
	if (!why)
		why = flags_problem(a, m, l);
	return why ? why : entries_problem(a, m);
}

const char *fe_map_complete(struct fe_map *m)
{
	bool tree = m->type == BPF_MAP_TYPE_LPM_TRIE || is_storage(m->type);

	if (m->kind != FE_MAP_USER)
		return NULL;
	if (tree && !(m->flags & BPF_F_NO_PREALLOC)) {
		m->flags |= BPF_F_NO_PREALLOC;
		return "flag BPF_F_NO_PREALLOC";
	}
	if (m->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY && (!m->key_size || !m->value_size)) {
		m->key_size = m->key_size ? m->key_size : 4;
		m->value_size = m->value_size ? m->value_size : 4;
		return "key and value of 4 bytes";
	}
	return NULL;
}

static bool names_map(const struct fe_prog *prog, size_t map)
{
	for (size_t i = 0; i < prog->n_insns; i++) {
		const struct bpf_insn *in = &prog->insns[i];

		if (!ebpf_is_ld_imm64(in))
			continue;
		if ((in->src_reg == EBPF_IMM_MAP_IDX || in->src_reg == EBPF_IMM_MAP_IDX_VALUE) &&
		    in->imm >= 0 && (size_t)in->imm == map)
			return true;
		i++;
	}
	return false;
}

bool fe_maps_check(struct cx *cx, const struct fe_object *obj, const struct fe_prog *prog)
{
	struct diag_at at = fe_prog_at(obj, prog, -1);

	for (size_t i = 0; i < obj->n_maps; i++) {
		const char *why = fe_map_problem(cx->arena, &obj->maps[i]);

		if (why && names_map(prog, i))
			return diag_error(cx->diags, &at, REASON_MAP_IMPOSSIBLE, obj->maps[i].name,
					  ebpf_map_type_name(obj->maps[i].type), why);
	}
	return true;
}
