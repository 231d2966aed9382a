/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/golden/verify_types.h"

#include <bpf/btf.h>
#include <stdio.h>

struct ids {
	int u32, u64, func_proto;
	int locked, timed; /* value types */
};

static bool all_valid(const struct ids *ids)
{
	return ids->u32 > 0 && ids->u64 > 0 && ids->func_proto > 0 && ids->locked > 0 &&
	       ids->timed > 0;
}

/* struct { struct bpf_spin_lock lock; u32 n; u64 sum; } */
static int add_locked(struct btf *btf, const struct ids *ids)
{
	int lock = btf__add_struct(btf, "bpf_spin_lock", 4), id;

	btf__add_field(btf, "val", ids->u32, 0, 0);
	id = btf__add_struct(btf, "locked", 16);
	btf__add_field(btf, "lock", lock, 0, 0);
	btf__add_field(btf, "n", ids->u32, 32, 0);
	return btf__add_field(btf, "sum", ids->u64, 64, 0) ? -1 : id;
}

/* struct { struct bpf_timer timer; u64 n; } */
static int add_timed(struct btf *btf, const struct ids *ids)
{
	int timer, id;

	timer = btf__add_struct(btf, "bpf_timer", 16);
	btf__add_field(btf, "a", ids->u64, 0, 0);
	btf__add_field(btf, "b", ids->u64, 64, 0);
	id = btf__add_struct(btf, "timed", 24);
	btf__add_field(btf, "timer", timer, 0, 0);
	return btf__add_field(btf, "n", ids->u64, 128, 0) ? -1 : id;
}

static bool add_functions(struct btf *btf, const struct ids *ids, struct rig *r)
{
	char name[24];
	int id;

	for (size_t i = 0; i < r->prog.n_subprogs; i++) {
		snprintf(name, sizeof(name), "f%zu", i);
		id = btf__add_func(btf, name, BTF_FUNC_STATIC, ids->func_proto);
		if (id < 0)
			return false;
		r->subprogs[i].btf_func_id = (uint32_t)id;
	}
	return true;
}

static void add_maps(struct golden_types *t, const struct ids *ids)
{
	struct fe_map locks = { .name = "locks",
				.type = BPF_MAP_TYPE_ARRAY,
				.key_size = 4,
				.value_size = 16,
				.max_entries = 8,
				.inner = -1,
				.btf_key_id = (uint32_t)ids->u32,
				.btf_value_id = (uint32_t)ids->locked };

	t->maps[GOLDEN_LOCKS] = locks;
	t->maps[GOLDEN_LOCKED_HASH] = locks;
	t->maps[GOLDEN_LOCKED_HASH].name = "locked_hash";
	t->maps[GOLDEN_LOCKED_HASH].type = BPF_MAP_TYPE_HASH;
	t->maps[GOLDEN_TIMERS] = locks;
	t->maps[GOLDEN_TIMERS].name = "timers";
	t->maps[GOLDEN_TIMERS].value_size = 24;
	t->maps[GOLDEN_TIMERS].btf_value_id = (uint32_t)ids->timed;
}

bool golden_types_init(struct golden_types *t, struct rig *r)
{
	struct ids ids = { 0 };

	t->btf = btf__new_empty();
	ids.u32 = btf__add_int(t->btf, "u32", 4, 0);
	ids.u64 = btf__add_int(t->btf, "u64", 8, 0);
	ids.func_proto = btf__add_func_proto(t->btf, ids.u32);
	ids.locked = add_locked(t->btf, &ids);
	ids.timed = add_timed(t->btf, &ids);
	if (!all_valid(&ids) || !add_functions(t->btf, &ids, r))
		return false;
	memcpy(t->maps, r->maps, sizeof(r->maps));
	add_maps(t, &ids);
	r->obj.btf = t->btf;
	r->obj.maps = t->maps;
	r->obj.n_maps = GOLDEN_MAPS;
	return true;
}

void golden_types_free(struct golden_types *t)
{
	btf__free(t->btf);
}
