/* SPDX-License-Identifier: BSD-2-Clause */
#include "cases.h"

#include "base/bits.h"

#include <bpf/btf.h>
#include <stdlib.h>
#include <string.h>

/* ---- maps ---------------------------------------------------------------------------------------- */

/* Types of the values in maps with a lock or a timer, as map_kinds refers to them. */
enum { ID_INT = 1, ID_LOCK, ID_LOCK_VALUE, ID_TIMER, ID_TIMER_VALUE };

static struct btf *make_btf(void)
{
	struct btf *btf = btf__new_empty();

	btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	btf__add_struct(btf, "bpf_spin_lock", 4);
	btf__add_field(btf, "val", ID_INT, 0, 0);
	btf__add_struct(btf, "val", 8);
	btf__add_field(btf, "cnt", ID_INT, 0, 0);
	btf__add_field(btf, "l", ID_LOCK, 32, 0);
	btf__add_struct(btf, "bpf_timer", 16);
	btf__add_struct(btf, "timer", 16);
	btf__add_field(btf, "t", ID_TIMER, 0, 0);
	return btf;
}

/* The selftest's maps by the names of its fixups: sizes of key and value, entries, flags, and the
 * type of the value where it matters. */
static const struct map_kind {
	const char *name;
	uint32_t type, key_size, value_size, max_entries, flags, value_id;
} map_kinds[] = {
	{ "map_hash_8b", BPF_MAP_TYPE_HASH, 8, 8, 1, BPF_F_NO_PREALLOC, 0 },
	{ "map_hash_48b", BPF_MAP_TYPE_HASH, 8, 48, 1, BPF_F_NO_PREALLOC, 0 },
	{ "map_hash_16b", BPF_MAP_TYPE_HASH, 8, 16, 1, BPF_F_NO_PREALLOC, 0 },
	{ "map_array_48b", BPF_MAP_TYPE_ARRAY, 4, 48, 1, 0, 0 },
	{ "map_array_ro", BPF_MAP_TYPE_ARRAY, 4, 48, 1, BPF_F_RDONLY_PROG, 0 },
	{ "map_array_wo", BPF_MAP_TYPE_ARRAY, 4, 48, 1, BPF_F_WRONLY_PROG, 0 },
	{ "map_array_small", BPF_MAP_TYPE_ARRAY, 4, 1, 1, 0, 0 },
	{ "map_sockmap", BPF_MAP_TYPE_SOCKMAP, 4, 4, 1, 0, 0 },
	{ "map_sockhash", BPF_MAP_TYPE_SOCKHASH, 4, 4, 1, 0, 0 },
	{ "map_xskmap", BPF_MAP_TYPE_XSKMAP, 4, 4, 1, 0, 0 },
	{ "map_stacktrace", BPF_MAP_TYPE_STACK_TRACE, 4, 8, 1, 0, 0 },
	{ "map_event_output", BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 1, 0, 0 },
	{ "map_reuseport_array", BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, 4, 8, 1, 0, 0 },
	{ "map_ringbuf", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0, 0 },
	{ "prog1", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0, 0 },
	{ "prog2", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 8, 0, 0 },
	{ "map_in_map", BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 1, 0, 0 },
	{ "cgroup_storage", BPF_MAP_TYPE_CGROUP_STORAGE, 16, 64, 0, 0, 0 },
	{ "percpu_cgroup_storage", BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, 16, 64, 0, 0, 0 },
	{ "map_spin_lock", BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0, ID_LOCK_VALUE },
	{ "sk_storage_map", BPF_MAP_TYPE_SK_STORAGE, 4, 8, 0, BPF_F_NO_PREALLOC, ID_LOCK_VALUE },
	{ "map_timer", BPF_MAP_TYPE_ARRAY, 4, 16, 1, 0, ID_TIMER_VALUE },
};

static const struct map_kind inner_kind = { "inner", BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0, 0 };

static struct fe_map make_map(const struct map_kind *k)
{
	return (struct fe_map){ .name = k->name,
				.type = k->type,
				.key_size = k->key_size,
				.value_size = k->value_size,
				.max_entries = k->max_entries,
				.flags = k->flags,
				.inner = k->type == BPF_MAP_TYPE_ARRAY_OF_MAPS ? 0 : -1,
				.btf_key_id = k->value_id ? ID_INT : 0,
				.btf_value_id = k->value_id };
}

/* Index of the case's map of that kind; -1: no such kind. */
static int map_of_kind(struct raw_case *c, const char *kind)
{
	for (size_t i = 0; i < c->maps.len; i++) {
		if (!strcmp(c->maps.at[i].name, kind))
			return (int)i;
	}
	for (size_t i = 0; i < ARRAY_SIZE(map_kinds); i++) {
		if (strcmp(map_kinds[i].name, kind))
			continue;
		*vec_push(&c->maps, c->arena) = make_map(&map_kinds[i]);
		if (map_kinds[i].type == BPF_MAP_TYPE_ARRAY_OF_MAPS)
			*vec_push(&c->inner_maps, c->arena) = make_map(&inner_kind);
		return (int)c->maps.len - 1;
	}
	return -1;
}

/* ---- lines --------------------------------------------------------------------------------------- */

struct fixup {
	uint32_t insn;
	int map;
};

struct reader {
	struct raw_case *c;
	VEC(struct fixup) fixups;
	VEC(struct fe_subprog) funcs; /* as told: start and type */
};

static size_t hex_bytes(const char *hex, uint8_t *out, size_t max)
{
	size_t n = 0;
	unsigned byte;

	for (; n < max && sscanf(hex, "%2x", &byte) == 1; hex += 2)
		out[n++] = (uint8_t)byte;
	return n;
}

static void read_btf(struct raw_case *c, const char *hex)
{
	size_t max = strlen(hex) / 2;
	uint8_t *data = arena_alloc(c->arena, max + 1);

	c->btf = btf__new(data, (uint32_t)hex_bytes(hex, data, max));
	if (!c->btf)
		c->needs = "BTF that libbpf reads";
}

/* One line of a case; false: it was the last. */
static bool read_line(struct reader *r, char *line)
{
	struct raw_case *c = r->c;
	char word[64];
	uint32_t a, b;

	line[strcspn(line, "\n")] = '\0';
	if (!strncmp(line, "case ", 5)) {
		c->descr = arena_strdup(c->arena, line + 5);
	} else if (sscanf(line, "prog %u %u %63s", &a, &b, word) == 3) {
		c->type = a;
		c->attach_type = b;
		c->expect_reject = !strcmp(word, "reject");
	} else if (sscanf(line, "map %u %63s", &a, word) == 2) {
		*vec_push(&r->fixups, c->arena) = (struct fixup){ a, map_of_kind(c, word) };
	} else if (!strncmp(line, "kfunc ", 6)) {
		c->needs = "kernel functions of a test module";
	} else if (!strncmp(line, "btf ", 4)) {
		read_btf(c, line + 4);
	} else if (sscanf(line, "func %u %u", &a, &b) == 2) {
		*vec_push(&r->funcs, c->arena) =
			(struct fe_subprog){ .start = a, .btf_func_id = b };
	} else if (!strncmp(line, "insn ", 5)) {
		hex_bytes(line + 5, (uint8_t *)vec_push(&c->insns, c->arena), 8);
	}
	return strcmp(line, "end") != 0;
}

/* ---- putting together ---------------------------------------------------------------------------- */

static void bind_maps(struct reader *r)
{
	struct raw_case *c = r->c;

	for (size_t i = 0; i < r->fixups.len; i++) {
		const struct fixup *f = &r->fixups.at[i];
		struct bpf_insn *in;

		if (f->insn >= c->insns.len || f->map < 0) {
			c->needs = "a map that cannot be made here";
			continue;
		}
		in = &c->insns.at[f->insn];
		in->imm = f->map;
		if (ebpf_is_ld_imm64(in) && in->src_reg == BPF_PSEUDO_MAP_FD)
			in->src_reg = EBPF_IMM_MAP_IDX;
		else if (ebpf_is_ld_imm64(in) && in->src_reg == BPF_PSEUDO_MAP_VALUE)
			in->src_reg = EBPF_IMM_MAP_IDX_VALUE;
	}
}

static void mark(const struct raw_case *c, bool *start, size_t i)
{
	const struct bpf_insn *in = &c->insns.at[i];
	int64_t to = (int64_t)i + 1 + in->imm;

	if (to > 0 && to < (int64_t)c->insns.len)
		start[to] |= (ebpf_is_call(in) && in->src_reg == EBPF_CALL_SUBPROG) ||
			     (ebpf_is_ld_imm64(in) && in->src_reg == EBPF_IMM_FUNC);
}

/* Functions start where calls and function addresses lead. */
static void find_subprogs(struct reader *r)
{
	struct raw_case *c = r->c;
	size_t n = c->insns.len, len;
	bool *start = ARENA_ARRAY(c->arena, bool, n + 1);

	start[0] = true;
	for (size_t i = 0; i < n; i++)
		mark(c, start, i);
	for (uint32_t i = 0; i < n; i++) {
		if (!start[i])
			continue;
		*vec_push(&c->subprogs, c->arena) =
			(struct fe_subprog){ .start = i, .end = (uint32_t)n, .name = "" };
		len = c->subprogs.len;
		if (len > 1)
			c->subprogs.at[len - 2].end = i;
		for (size_t k = 0; k < r->funcs.len; k++) {
			if (r->funcs.at[k].start == i)
				c->subprogs.at[len - 1].btf_func_id = r->funcs.at[k].btf_func_id;
		}
	}
}

bool raw_case_read(FILE *in, struct raw_case *c)
{
	struct reader r = { .c = c };
	char *line = NULL;
	size_t size = 0;
	bool more = true;

	while (more && getline(&line, &size, in) > 0)
		more = read_line(&r, line);
	free(line);
	if (more)
		return false;
	bind_maps(&r);
	find_subprogs(&r);
	if (!c->btf)
		c->btf = make_btf();
	return true;
}
