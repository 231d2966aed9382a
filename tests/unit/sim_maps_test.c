/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps behave as the kernel's for lookup, update and delete; offsets stay put; order is fixed. */
#include "sim/maps.h"

#include "base/bits.h"

#include <errno.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct sim_maps *new_map(uint32_t type, uint32_t key, uint32_t value, uint32_t entries)
{
	struct sim_map_spec spec = { .name = "m",
				     .type = type,
				     .key_size = key,
				     .value_size = value,
				     .max_entries = entries };
	const char *why;
	struct sim_maps *m = sim_maps_new(&spec, 1, &why);

	assert_null(why);
	assert_non_null(m);
	return m;
}

static uint8_t *value_at(struct sim_maps *m, int64_t off)
{
	size_t size;
	uint8_t *mem = sim_maps_memory(m, &size);

	assert_true(off >= 0 && (size_t)off < size);
	return mem + off;
}

static void arrays_are_full_from_the_start(void **state)
{
	static const uint32_t types[] = { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_PERCPU_ARRAY };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct sim_maps *m = new_map(types[i], 4, 6, 3);
		uint32_t key = 2, beyond = 3;
		const uint8_t *k;
		size_t iter = 0, n = 0;
		int64_t off;

		assert_int_equal(sim_map_lookup(m, 0, &key), 16); /* values are 8 bytes apart */
		assert_int_equal(sim_map_lookup(m, 0, &beyond), SIM_MAP_NONE);
		assert_int_equal(sim_map_update(m, 0, &key, "abcdef", BPF_ANY), 0);
		assert_memory_equal(value_at(m, 16), "abcdef\0\0", 8);
		assert_int_equal(sim_map_update(m, 0, &key, "abcdef", BPF_NOEXIST), -EEXIST);
		assert_int_equal(sim_map_update(m, 0, &beyond, "abcdef", BPF_ANY), -E2BIG);
		assert_int_equal(sim_map_update(m, 0, &key, "abcdef", 9), -EINVAL);
		assert_int_equal(sim_map_delete(m, 0, &key), -EINVAL);
		while (sim_map_next(m, 0, &iter, &k, &off))
			assert_int_equal(load_le32(k), n++);
		assert_int_equal(n, 3);
		sim_maps_clear(m);
		assert_memory_equal(value_at(m, 16), "\0\0\0\0\0\0\0\0", 8);
		sim_maps_free(m);
	}
}

static void data_sections_come_back_on_clear(void **state)
{
	static const uint8_t init[4] = { 1, 2, 3, 4 };
	struct sim_map_spec spec = { "d", BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0, init };
	const char *why;
	struct sim_maps *m = sim_maps_new(&spec, 1, &why);
	uint32_t key = 0;

	(void)state;
	assert_memory_equal(value_at(m, 0), init, 4);
	assert_int_equal(sim_map_update(m, 0, &key, "zzzz", BPF_ANY), 0);
	sim_maps_clear(m);
	assert_memory_equal(value_at(m, 0), init, 4);
	sim_maps_free(m);
}

static void hash_flags_and_capacity(void **state)
{
	static const uint32_t types[] = { BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_PERCPU_HASH,
					  BPF_MAP_TYPE_DEVMAP_HASH };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct sim_maps *m = new_map(types[i], 4, 8, 2);
		uint64_t v = 7;

		assert_int_equal(sim_map_lookup(m, 0, "key1"), SIM_MAP_NONE);
		assert_int_equal(sim_map_update(m, 0, "key1", &v, BPF_EXIST), -ENOENT);
		assert_int_equal(sim_map_update(m, 0, "key1", &v, BPF_NOEXIST), 0);
		assert_int_equal(sim_map_update(m, 0, "key1", &v, BPF_NOEXIST), -EEXIST);
		assert_int_equal(sim_map_update(m, 0, "key2", &v, BPF_ANY), 0);
		assert_int_equal(sim_map_update(m, 0, "key3", &v, BPF_ANY), -E2BIG);
		assert_int_equal(sim_map_update(m, 0, "key2", &v, BPF_EXIST), 0);
		assert_int_equal(sim_map_delete(m, 0, "key3"), -ENOENT);
		assert_int_equal(sim_map_delete(m, 0, "key1"), 0);
		assert_int_equal(sim_map_lookup(m, 0, "key1"), SIM_MAP_NONE);
		assert_int_equal(sim_map_update(m, 0, "key3", &v, BPF_ANY), 0);
		sim_maps_clear(m);
		assert_int_equal(sim_map_lookup(m, 0, "key2"), SIM_MAP_NONE);
		sim_maps_free(m);
	}
}

/* Random inserts and deletes against a table indexed by key: membership, offsets that do not move, order. */
static void hash_against_a_table(void **state)
{
	enum { KEYS = 512, ROOM = 300 };
	struct sim_maps *m = new_map(BPF_MAP_TYPE_HASH, 2, 4, ROOM);
	int64_t where[KEYS];
	uint32_t seed = 1, n = 0;

	(void)state;
	memset(where, 0xff, sizeof(where));
	for (int step = 0; step < 20000; step++) {
		uint16_t k;
		uint8_t key[2];

		seed = seed * 1664525u + 1013904223u;
		k = (uint16_t)(seed >> 20) % KEYS;
		key[0] = (uint8_t)(k >> 8);
		key[1] = (uint8_t)k;
		assert_int_equal(sim_map_lookup(m, 0, key), where[k]);
		if (seed & 0x10000) {
			bool full = n == ROOM && where[k] < 0;

			assert_int_equal(sim_map_update(m, 0, key, &seed, BPF_ANY),
					 full ? -E2BIG : 0);
			n += where[k] < 0 && !full;
			if (where[k] < 0)
				where[k] = sim_map_lookup(m, 0, key);
			if (!full)
				assert_int_equal(load_le32(value_at(m, where[k])), seed);
		} else {
			assert_int_equal(sim_map_delete(m, 0, key), where[k] < 0 ? -ENOENT : 0);
			n -= where[k] >= 0;
			where[k] = -1;
		}
		if (step % 500 == 0) {
			const uint8_t *at;
			size_t iter = 0, seen = 0;
			int last = -1;
			int64_t off;

			for (; sim_map_next(m, 0, &iter, &at, &off); seen++) {
				int now = at[0] << 8 | at[1];

				assert_true(now > last);
				assert_int_equal(off, where[now]);
				last = now;
			}
			assert_int_equal(seen, n);
		}
	}
	sim_maps_free(m);
}

static void lru_evicts_what_was_not_used(void **state)
{
	struct sim_maps *m = new_map(BPF_MAP_TYPE_LRU_HASH, 1, 1, 3);

	(void)state;
	assert_int_equal(sim_map_update(m, 0, "a", "1", BPF_ANY), 0);
	assert_int_equal(sim_map_update(m, 0, "b", "2", BPF_ANY), 0);
	assert_int_equal(sim_map_update(m, 0, "c", "3", BPF_ANY), 0);
	assert_true(sim_map_lookup(m, 0, "a") >= 0);
	assert_int_equal(sim_map_update(m, 0, "d", "4", BPF_ANY), 0);
	assert_int_equal(sim_map_lookup(m, 0, "b"), SIM_MAP_NONE);
	assert_int_equal(*value_at(m, sim_map_lookup(m, 0, "a")), '1');
	assert_int_equal(*value_at(m, sim_map_lookup(m, 0, "d")), '4');
	sim_maps_free(m);
}

static void trie_finds_the_longest_prefix(void **state)
{
	struct sim_maps *m = new_map(BPF_MAP_TYPE_LPM_TRIE, 8, 1, 4);
	static const struct {
		uint8_t key[8];
		char value;
	} in[] = { { { 8, 0, 0, 0, 10, 9, 9, 9 }, 'a' },
		   { { 20, 0, 0, 0, 10, 1, 0xf0, 0 }, 'b' },
		   { { 32, 0, 0, 0, 10, 1, 0xf2, 3 }, 'c' },
		   { { 0, 0, 0, 0, 0, 0, 0, 0 }, 'd' } };
	static const struct {
		uint8_t key[8];
		char value;
	} ask[] = {
		{ { 32, 0, 0, 0, 10, 7, 7, 7 }, 'a' },    { { 32, 0, 0, 0, 10, 1, 0xf2, 3 }, 'c' },
		{ { 32, 0, 0, 0, 10, 1, 0xff, 3 }, 'b' }, { { 24, 0, 0, 0, 10, 1, 0xf2, 3 }, 'b' },
		{ { 32, 0, 0, 0, 10, 1, 0x0f, 3 }, 'a' }, { { 32, 0, 0, 0, 11, 1, 2, 3 }, 'd' }
	};
	static const uint8_t too_long[8] = { 33, 0, 0, 0, 10, 1, 2, 3 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(in); i++)
		assert_int_equal(sim_map_update(m, 0, in[i].key, &in[i].value, BPF_ANY), 0);
	assert_int_equal(sim_map_update(m, 0, in[0].key, &in[0].value, BPF_NOEXIST), -EEXIST);
	for (size_t i = 0; i < ARRAY_SIZE(ask); i++)
		assert_int_equal(*value_at(m, sim_map_lookup(m, 0, ask[i].key)), ask[i].value);
	assert_int_equal(sim_map_update(m, 0, ask[5].key, "x", BPF_ANY), -ENOSPC);
	assert_int_equal(sim_map_update(m, 0, too_long, "x", BPF_ANY), -EINVAL);
	assert_int_equal(sim_map_lookup(m, 0, too_long), SIM_MAP_NONE);
	assert_int_equal(sim_map_delete(m, 0, in[3].key), 0);
	assert_int_equal(sim_map_delete(m, 0, in[3].key), -ENOENT);
	assert_int_equal(sim_map_lookup(m, 0, ask[5].key), SIM_MAP_NONE);
	sim_maps_free(m);
}

static void arrays_of_things_start_empty(void **state)
{
	static const uint32_t types[] = { BPF_MAP_TYPE_PROG_ARRAY,    BPF_MAP_TYPE_PERF_EVENT_ARRAY,
					  BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_DEVMAP,
					  BPF_MAP_TYPE_CPUMAP,        BPF_MAP_TYPE_XSKMAP };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct sim_maps *m = new_map(types[i], 4, 4, 4);
		uint32_t key = 2, v = 5;
		const uint8_t *at;
		size_t iter = 0;
		int64_t off;

		assert_int_equal(sim_map_lookup(m, 0, &key), SIM_MAP_NONE);
		assert_int_equal(sim_map_update(m, 0, &key, &v, BPF_ANY), 0);
		assert_int_equal(sim_map_lookup(m, 0, &key), 16);
		assert_true(sim_map_next(m, 0, &iter, &at, &off));
		assert_int_equal(load_le32(at), 2);
		assert_false(sim_map_next(m, 0, &iter, &at, &off));
		assert_int_equal(sim_map_delete(m, 0, &key), 0);
		assert_int_equal(sim_map_delete(m, 0, &key), -ENOENT);
		sim_maps_free(m);
	}
}

static void unusable_specs_say_why(void **state)
{
	static const struct sim_map_spec specs[] = {
		{ "type", 999, 4, 4, 1, 0, NULL },
		{ "entries", BPF_MAP_TYPE_HASH, 4, 4, 0, 0, NULL },
		{ "key", BPF_MAP_TYPE_HASH, 0, 4, 1, 0, NULL },
		{ "value", BPF_MAP_TYPE_HASH, 4, 0, 1, 0, NULL },
		{ "array key", BPF_MAP_TYPE_ARRAY, 8, 4, 1, 0, NULL },
		{ "trie key", BPF_MAP_TYPE_LPM_TRIE, 4, 4, 1, 0, NULL },
		{ "huge", BPF_MAP_TYPE_HASH, 4, 1u << 24, 1u << 26, 0, NULL },
		{ "huge", BPF_MAP_TYPE_HASH, UINT32_MAX, UINT32_MAX, UINT32_MAX, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		const char *why = NULL;

		assert_null(sim_maps_new(&specs[i], 1, &why));
		assert_non_null(why);
	}
}

static void several_maps_share_one_block(void **state)
{
	static const struct sim_map_spec specs[] = {
		{ "a", BPF_MAP_TYPE_ARRAY, 4, 12, 5, 0, NULL },
		{ "r", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0, NULL },
		{ "h", BPF_MAP_TYPE_HASH, 4, 4, 5, 0, NULL },
	};
	const char *why;
	struct sim_maps *m = sim_maps_new(specs, ARRAY_SIZE(specs), &why);
	uint32_t key = 1, four = 4;
	size_t size;

	(void)state;
	assert_non_null(m);
	assert_int_equal(sim_maps_count(m), 3);
	assert_string_equal(sim_maps_spec(m, 2)->name, "h");
	sim_maps_memory(m, &size);
	assert_int_equal(size % 4096, 0);
	assert_int_equal(sim_map_update(m, 2, &key, &key, BPF_ANY), 0);
	assert_true(sim_map_lookup(m, 2, &key) >= sim_map_lookup(m, 0, &four) + 16);
	assert_int_equal(sim_map_lookup(m, 1, &key), SIM_MAP_NONE);
	assert_int_equal(sim_map_update(m, 1, &key, &key, BPF_ANY), -EINVAL);
	sim_maps_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arrays_are_full_from_the_start),
		cmocka_unit_test(data_sections_come_back_on_clear),
		cmocka_unit_test(hash_flags_and_capacity),
		cmocka_unit_test(hash_against_a_table),
		cmocka_unit_test(lru_evicts_what_was_not_used),
		cmocka_unit_test(trie_finds_the_longest_prefix),
		cmocka_unit_test(arrays_of_things_start_empty),
		cmocka_unit_test(unusable_specs_say_why),
		cmocka_unit_test(several_maps_share_one_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
