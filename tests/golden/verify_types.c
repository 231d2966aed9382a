/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/golden/verify_types.h"

#include "frontend/object/loader.h"

#include <bpf/btf.h>
#include <stdio.h>

struct ids {
	int u32, u64, func_proto;
	int lock;
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
	int id = btf__add_struct(btf, "locked", 16);

	btf__add_field(btf, "lock", ids->lock, 0, 0);
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

/* ---- objects of the program's own ---------------------------------------------------------------- */

/* `n` times u64, as the kernel's headers have them. */
static int add_opaque(struct btf *btf, const struct ids *ids, const char *name, unsigned n)
{
	int id = btf__add_struct(btf, name, 8 * n);

	for (unsigned i = 0; i < n; i++)
		btf__add_field(btf, i ? "b" : "a", ids->u64, 64 * i, 0);
	return id;
}

/* The structures come first, so that their ids are known; what they are made of follows them. */
enum { LOCK = GOLDEN_ROOTS + 1, LIST_NODE, RB_NODE, COUNT, LIST_HEAD, RB_ROOT, STASH, CPU };

static void add_objects(struct btf *btf, const struct ids *ids)
{
	btf__add_struct(btf, "golden_node", 32);
	btf__add_field(btf, "key", ids->u64, 0, 0);
	btf__add_field(btf, "link", LIST_NODE, 64, 0);
	btf__add_struct(btf, "golden_item", 72);
	btf__add_field(btf, "key", ids->u64, 0, 0);
	btf__add_field(btf, "link", LIST_NODE, 64, 0);
	btf__add_field(btf, "tree", RB_NODE, 256, 0);
	btf__add_field(btf, "count", COUNT, 512, 0);
	btf__add_field(btf, "n", ids->u32, 544, 0);
	btf__add_struct(btf, "golden_cpu", 16);
	btf__add_field(btf, "a", ids->u64, 0, 0);
	btf__add_field(btf, "b", ids->u32, 64, 0);
	btf__add_field(btf, "c", ids->u32, 96, 0);
	btf__add_struct(btf, "golden_roots", 56);
	btf__add_field(btf, "lock", LOCK, 0, 0);
	btf__add_field(btf, "n", ids->u32, 32, 0);
	btf__add_field(btf, "nodes", LIST_HEAD, 64, 0);
	btf__add_field(btf, "items", RB_ROOT, 192, 0);
	btf__add_field(btf, "stash", STASH, 320, 0);
	btf__add_field(btf, "cpu", CPU, 384, 0);
}

/* What the structures above are made of. False: an id is not as they have it. */
static bool add_parts(struct btf *btf, struct ids *ids)
{
	bool ok;
	int tag;

	ids->lock = btf__add_struct(btf, "bpf_spin_lock", 4);
	btf__add_field(btf, "val", ids->u32, 0, 0);
	ok = ids->lock == LOCK && add_opaque(btf, ids, "bpf_list_node", 3) == LIST_NODE &&
	     add_opaque(btf, ids, "bpf_rb_node", 4) == RB_NODE;
	ok = btf__add_struct(btf, "bpf_refcount", 4) == COUNT && ok;
	btf__add_field(btf, "val", ids->u32, 0, 0);
	ok = ok && add_opaque(btf, ids, "bpf_list_head", 2) == LIST_HEAD &&
	     add_opaque(btf, ids, "bpf_rb_root", 2) == RB_ROOT;
	ok = btf__add_ptr(btf, CPU + 1) == STASH && ok;
	ok = btf__add_ptr(btf, CPU + 2) == CPU && ok;
	tag = btf__add_type_tag(btf, "kptr", GOLDEN_ITEM);
	ok = tag == CPU + 1 && btf__add_type_tag(btf, "percpu_kptr", GOLDEN_CPU) == CPU + 2 && ok;
	btf__add_decl_tag(btf, "contains:golden_node:link", GOLDEN_ROOTS, 2);
	return btf__add_decl_tag(btf, "contains:golden_item:tree", GOLDEN_ROOTS, 3) > 0 && ok;
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
	t->maps[GOLDEN_OBJECTS] = locks;
	t->maps[GOLDEN_OBJECTS].name = "objects";
	t->maps[GOLDEN_OBJECTS].value_size = 56;
	t->maps[GOLDEN_OBJECTS].btf_value_id = GOLDEN_ROOTS;
	t->maps[GOLDEN_TIMERS] = locks;
	t->maps[GOLDEN_TIMERS].name = "timers";
	t->maps[GOLDEN_TIMERS].value_size = 24;
	t->maps[GOLDEN_TIMERS].btf_value_id = (uint32_t)ids->timed;
}

static bool uses_objects(const struct rig *r)
{
	for (size_t i = 0; i < r->prog.n_insns; i++) {
		const struct bpf_insn *insn = &r->prog.insns[i];

		if (ebpf_is_ld_imm64(insn) && insn->src_reg == EBPF_IMM_MAP_IDX &&
		    insn->imm == GOLDEN_OBJECTS)
			return true;
	}
	return false;
}

/* One that has none of the types: they are the program's own. */
static void use_other_kernel(struct rig *r)
{
	fe_kernel_types_init(&r->cx, &(struct fe_open_options){ 0 }, &r->obj);
	fe_kernel_types_keep(&r->obj, btf__new_empty());
}

bool golden_types_init(struct golden_types *t, struct rig *r)
{
	struct ids ids = { 0 };

	t->btf = btf__new_empty();
	ids.u32 = btf__add_int(t->btf, "u32", 4, 0);
	ids.u64 = btf__add_int(t->btf, "u64", 8, 0);
	ids.func_proto = btf__add_func_proto(t->btf, ids.u32);
	add_objects(t->btf, &ids);
	if (!add_parts(t->btf, &ids))
		return false;
	ids.locked = add_locked(t->btf, &ids);
	ids.timed = add_timed(t->btf, &ids);
	if (!all_valid(&ids) || !add_functions(t->btf, &ids, r))
		return false;
	memcpy(t->maps, r->maps, sizeof(r->maps));
	add_maps(t, &ids);
	r->obj.btf = t->btf;
	if (uses_objects(r))
		use_other_kernel(r);
	r->obj.maps = t->maps;
	r->obj.n_maps = GOLDEN_MAPS;
	return true;
}

void golden_types_free(struct golden_types *t, struct rig *r)
{
	fe_kernel_types_free(&r->obj);
	btf__free(t->btf);
}
