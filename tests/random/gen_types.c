/* SPDX-License-Identifier: BSD-2-Clause */
#include "gen_internal.h"

#include <bpf/btf.h>
#include <string.h>

/* Types of the program, as BTF: structures of map values that hold a lock or a timer, and one function type,
 * `int f(int)`, for all functions: a kernel wants to know that those with legacy loads return a number. */

static int add_int(struct btf *btf)
{
	return btf__add_int(btf, "u32", 4, 0);
}

static int add_func(struct btf *btf)
{
	return btf__add_func(btf, "f", BTF_FUNC_STATIC, TYPE_COUNT);
}

/* `special` of `bytes` bytes, and one plain number for the rest of the first 16 bytes or more. */
static int add_value(struct btf *btf, const char *name, uint32_t size, int special,
		     uint32_t data_at)
{
	int id = btf__add_struct(btf, name, size);

	btf__add_field(btf, "special", special, 0, 0);
	btf__add_field(btf, "data", TYPE_KEY, data_at * 8, 0);
	return id;
}

static void add_special_types(struct btf *btf)
{
	int lock = btf__add_struct(btf, "bpf_spin_lock", 4), timer;

	btf__add_field(btf, "val", TYPE_KEY, 0, 0);
	timer = btf__add_struct(btf, "bpf_timer", 16);
	btf__add_field(btf, "opaque", TYPE_KEY, 0, 0);
	assert(lock == TYPE_COUNT + 1 && timer == TYPE_COUNT + 2);
	(void)lock;
	(void)timer;
}

void make_types(struct gen_program *p)
{
	struct btf *btf = btf__new_empty();
	const void *raw;
	int ids[TYPE_COUNT];

	ids[TYPE_KEY] = add_int(btf);
	ids[TYPE_FUNC] = add_func(btf);
	ids[TYPE_LOCKED] = add_value(btf, "locked", LOCKED_BYTES, TYPE_COUNT + 1, LOCKED_DATA_AT);
	ids[TYPE_TIMED] = add_value(btf, "timed", TIMED_BYTES, TYPE_COUNT + 2, TIMED_DATA_AT);
	btf__add_func_proto(btf, TYPE_KEY);
	btf__add_func_param(btf, "n", TYPE_KEY);
	add_special_types(btf);
	for (int i = 1; i < TYPE_COUNT; i++)
		assert(ids[i] == i);
	raw = btf__raw_data(btf, &p->btf_bytes);
	assert(raw && p->btf_bytes <= sizeof(p->btf));
	memcpy(p->btf, raw, p->btf_bytes);
	btf__free(btf);
}
