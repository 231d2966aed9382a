/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/contracts/kernel_type.h"

#include "base/bits.h"

#include <bpf/btf.h>
#include <linux/bpf.h>
#include <string.h>

/* Finds the member that lies at an offset of a structure, as the kernel does (btf_struct_walk()):
 * a load takes a whole pointer, a whole bit field, or any bytes inside of a number or an array of them. */

#define MAX_STEPS                                                                                  \
	32 /* nested structures, or modifiers of one type: a hostile BTF may have cycles */

struct walk {
	const struct btf *btf;
	int64_t off; /* into the structure at hand */
	unsigned size;
	bool loose; /* in a union: a load may take more than one member */
};

static const struct btf_type *plain(const struct btf *btf, uint32_t id, uint32_t *plain_id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	for (unsigned n = 0; t && n < MAX_STEPS; n++) {
		if (!btf_is_mod(t) && !btf_is_typedef(t) && btf_kind(t) != BTF_KIND_TYPE_TAG) {
			*plain_id = id;
			return t;
		}
		id = t->type;
		t = btf__type_by_id(btf, id);
	}
	return NULL;
}

static bool is_struct(const struct btf_type *t)
{
	return t && btf_is_composite(t);
}

uint32_t fe_kernel_struct(const struct btf *btf, const char *name)
{
	int id = btf ? btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT) : 0;

	return id > 0 ? (uint32_t)id : 0;
}

struct fe_ksym_type fe_kernel_resolved(const struct btf *btf, uint32_t type)
{
	struct fe_ksym_type r = { 0 };
	const struct btf_type *t = btf ? plain(btf, type, &r.type) : NULL;
	int64_t size = t ? btf__resolve_size(btf, type) : -1;

	if (size < 0 || size > UINT32_MAX)
		return (struct fe_ksym_type){ 0 };
	r.is_struct = is_struct(t);
	r.size = (uint32_t)size;
	return r;
}

static bool is_in_section(const struct btf *btf, uint32_t var, const char *section)
{
	int id = btf__find_by_name_kind(btf, section, BTF_KIND_DATASEC);
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;

	for (uint32_t i = 0; t && i < btf_vlen(t); i++) {
		if (btf_var_secinfos(t)[i].type == var)
			return true;
	}
	return false;
}

struct fe_ksym_type fe_kernel_variable(const struct btf *btf, uint32_t var)
{
	const struct btf_type *t = btf && var ? btf__type_by_id(btf, var) : NULL;
	struct fe_ksym_type r = { 0 };

	if (!t || !btf_is_var(t))
		return r;
	r = fe_kernel_resolved(btf, t->type);
	r.percpu = is_in_section(btf, var, ".data..percpu");
	return r;
}

const char *fe_kernel_map_struct(uint32_t map_type)
{
	static const struct {
		uint32_t type;
		const char *name;
	} rows[] = {
		{ BPF_MAP_TYPE_ARRAY, "bpf_array" },
		{ BPF_MAP_TYPE_PERCPU_ARRAY, "bpf_array" },
		{ BPF_MAP_TYPE_PROG_ARRAY, "bpf_array" },
		{ BPF_MAP_TYPE_PERF_EVENT_ARRAY, "bpf_array" },
		{ BPF_MAP_TYPE_CGROUP_ARRAY, "bpf_array" },
		{ BPF_MAP_TYPE_ARRAY_OF_MAPS, "bpf_array" },
		{ BPF_MAP_TYPE_HASH, "bpf_htab" },
		{ BPF_MAP_TYPE_LRU_HASH, "bpf_htab" },
		{ BPF_MAP_TYPE_PERCPU_HASH, "bpf_htab" },
		{ BPF_MAP_TYPE_LRU_PERCPU_HASH, "bpf_htab" },
		{ BPF_MAP_TYPE_HASH_OF_MAPS, "bpf_htab" },
		{ BPF_MAP_TYPE_LPM_TRIE, "lpm_trie" },
		{ BPF_MAP_TYPE_QUEUE, "bpf_queue_stack" },
		{ BPF_MAP_TYPE_STACK, "bpf_queue_stack" },
		{ BPF_MAP_TYPE_STACK_TRACE, "bpf_stack_map" },
		{ BPF_MAP_TYPE_RINGBUF, "bpf_ringbuf_map" },
		{ BPF_MAP_TYPE_USER_RINGBUF, "bpf_ringbuf_map" },
		{ BPF_MAP_TYPE_BLOOM_FILTER, "bpf_bloom_filter" },
		{ BPF_MAP_TYPE_DEVMAP, "bpf_dtab" },
		{ BPF_MAP_TYPE_DEVMAP_HASH, "bpf_dtab" },
		{ BPF_MAP_TYPE_CPUMAP, "bpf_cpu_map" },
		{ BPF_MAP_TYPE_XSKMAP, "xsk_map" },
		{ BPF_MAP_TYPE_SOCKMAP, "bpf_stab" },
		{ BPF_MAP_TYPE_SOCKHASH, "bpf_shtab" },
		{ BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, "reuseport_array" },
		{ BPF_MAP_TYPE_SK_STORAGE, "bpf_local_storage_map" },
		{ BPF_MAP_TYPE_TASK_STORAGE, "bpf_local_storage_map" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].type == map_type)
			return rows[i].name;
	}
	return NULL;
}

/* ---- one structure ----------------------------------------------------------------------------- */

static struct fe_member none(const char *why)
{
	return (struct fe_member){ .kind = FE_MEMBER_NONE, .why = why };
}

static struct fe_member number(void)
{
	return (struct fe_member){ .kind = FE_MEMBER_NUMBER };
}

/* Beyond the end a structure may go on as elements of its last member, "x[]". NULL: it does not. */
static const struct btf_type *behind_end(struct walk *w, const struct btf_type *t)
{
	const struct btf_member *last = btf_members(t) + btf_vlen(t) - 1;
	const struct btf_type *array, *elem;
	int64_t start;
	uint32_t id;

	if (!btf_vlen(t))
		return NULL;
	start = btf_member_bit_offset(t, btf_vlen(t) - 1) / 8;
	array = plain(w->btf, last->type, &id);
	if (!array || !btf_is_array(array) || btf_array(array)->nelems || w->off < start)
		return NULL;
	elem = plain(w->btf, btf_array(array)->type, &id);
	if (is_struct(elem) && elem->size)
		w->off = (w->off - start) % elem->size;
	else if (!elem || !btf_is_int(elem))
		return NULL;
	return elem;
}

static struct fe_member pointer(const struct btf *btf, const struct btf_type *ptr)
{
	const struct btf_type *t = btf__type_by_id(btf, ptr->type);
	uint32_t id;

	if (t && btf_kind(t) == BTF_KIND_TYPE_TAG) {
		const char *tag = btf__name_by_offset(btf, t->name_off);

		if (tag && (!strcmp(tag, "user") || !strcmp(tag, "percpu")))
			return (struct fe_member){ .kind = FE_MEMBER_FOREIGN };
	}
	t = plain(btf, ptr->type, &id);
	if (is_struct(t))
		return (struct fe_member){ .kind = FE_MEMBER_POINTER, .type = id };
	return (struct fe_member){ .kind = FE_MEMBER_MEMORY };
}

/* The innermost element of an array, whole dimensions taken as one. */
static const struct btf_type *element(const struct btf *btf, const struct btf_type *array)
{
	const struct btf_type *t = array;
	uint32_t id;

	for (unsigned n = 0; t && btf_is_array(t) && n < MAX_STEPS; n++)
		t = plain(btf, btf_array(t)->type, &id);
	return t;
}

static int64_t size_of(const struct btf_type *t)
{
	if (!t)
		return 0;
	return btf_is_ptr(t)                                                            ? 8
	       : is_struct(t) || btf_is_int(t) || btf_is_any_enum(t) || btf_is_float(t) ? t->size
											: 0;
}

/* Takes the bytes from a member that starts at `start` and has `bytes`. A structure is to be looked into:
 * returned in *into, and the walk's offset moved. */
static struct fe_member take(struct walk *w, const struct btf_type *t, int64_t start, int64_t bytes,
			     const struct btf_type **into)
{
	const struct btf_type *inner = element(w->btf, t);
	int64_t one = btf_is_array(t) ? size_of(inner) : bytes;

	if (!inner || one <= 0)
		return none("its type has no size");
	if (btf_is_array(t))
		start += (w->off - start) / one * one;
	if (is_struct(inner)) {
		w->off -= start;
		*into = inner;
		return number();
	}
	if (btf_is_ptr(inner)) {
		if (w->off != start || w->size != 8)
			return none("a pointer must be loaded whole");
		return pointer(w->btf, inner);
	}
	return number();
}

/* The member at the offset: a kind, or *into. */
static struct fe_member step(struct walk *w, const struct btf_type *t, const struct btf_type **into)
{
	const struct btf_member *m = btf_members(t);

	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		int64_t start = btf_member_bit_offset(t, i) / 8, bytes;
		unsigned bits = btf_member_bitfield_size(t, i);
		const struct btf_type *mt;
		struct fe_member got;
		uint32_t id;

		if (w->off + w->size <= start)
			break;
		if (bits) {
			int64_t end = (btf_member_bit_offset(t, i) + bits + 7) / 8;

			if (w->off <= start && end <= w->off + w->size)
				return number();
			continue;
		}
		if (w->off < start)
			break;
		mt = plain(w->btf, m[i].type, &id);
		bytes = btf__resolve_size(w->btf, m[i].type);
		if (!mt || bytes < 0)
			return none("its type has no size");
		if (w->off >= start + bytes)
			continue;
		got = take(w, mt, start, bytes, into);
		if (got.kind == FE_MEMBER_NUMBER && !*into && !w->loose &&
		    w->off + w->size > start + bytes)
			return none("it exceeds the member");
		return got;
	}
	return none("there is no member");
}

struct fe_member fe_kernel_member(const struct btf *btf, uint32_t type, int64_t off, unsigned size)
{
	struct walk w = { btf, off, size, false };
	uint32_t id;
	const struct btf_type *t = btf ? plain(btf, type, &id) : NULL;

	if (off < 0)
		return none("it lies before the structure");
	for (unsigned n = 0; is_struct(t) && n < MAX_STEPS; n++) {
		const struct btf_type *into = NULL;
		struct fe_member got;

		w.loose |= btf_is_union(t) && btf_vlen(t) != 1;
		if (w.off + w.size > t->size) {
			t = behind_end(&w, t);
			if (!t)
				return none("it exceeds the structure");
			if (btf_is_int(t))
				return number();
			continue;
		}
		got = step(&w, t, &into);
		if (!into)
			return got;
		t = into;
	}
	return none("the type is unknown");
}
