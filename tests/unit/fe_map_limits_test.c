/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/kernel_load.h"
#include "frontend/object/loader.h"

#include "base/bits.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

/* The table of map_limits.def against bpf(BPF_MAP_CREATE): every type with sizes and flags at and beside each limit. */

static const uint32_t types[] = {
	BPF_MAP_TYPE_HASH,         BPF_MAP_TYPE_ARRAY,
	BPF_MAP_TYPE_PROG_ARRAY,   BPF_MAP_TYPE_PERF_EVENT_ARRAY,
	BPF_MAP_TYPE_PERCPU_HASH,  BPF_MAP_TYPE_PERCPU_ARRAY,
	BPF_MAP_TYPE_STACK_TRACE,  BPF_MAP_TYPE_CGROUP_ARRAY,
	BPF_MAP_TYPE_LRU_HASH,     BPF_MAP_TYPE_LRU_PERCPU_HASH,
	BPF_MAP_TYPE_LPM_TRIE,     BPF_MAP_TYPE_DEVMAP,
	BPF_MAP_TYPE_SOCKMAP,      BPF_MAP_TYPE_CPUMAP,
	BPF_MAP_TYPE_XSKMAP,       BPF_MAP_TYPE_SOCKHASH,
	BPF_MAP_TYPE_QUEUE,        BPF_MAP_TYPE_STACK,
	BPF_MAP_TYPE_DEVMAP_HASH,  BPF_MAP_TYPE_RINGBUF,
	BPF_MAP_TYPE_BLOOM_FILTER,
};
static const uint32_t keys[] = { 0, 1, 2, 3, 4, 5, 6, 8, 16, 260, 261, 512, 513 };
static const uint32_t values[] = { 0, 1, 2, 4, 5, 6, 8, 12, 16, 1016, 1024, 32768, 32769 };

static int kernel_makes(const struct fe_map *m)
{
	struct bpf_map_create_opts opts = { .sz = sizeof(opts), .map_flags = m->flags };
	int fd = bpf_map_create((enum bpf_map_type)m->type, NULL, m->key_size, m->value_size,
				m->max_entries, &opts);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? -errno : 0;
}

static bool is_ring(uint32_t type)
{
	return type == BPF_MAP_TYPE_RINGBUF || type == BPF_MAP_TYPE_USER_RINGBUF;
}

static void compare(struct arena *a, struct fe_map m)
{
	const char *why;
	int err;

	m.max_entries = is_ring(m.type) ? (uint32_t)sysconf(_SC_PAGESIZE) : 1;
	fe_map_complete(&m);
	why = fe_map_problem(a, &m);
	err = kernel_makes(&m);
	if (err == -ENOMEM || err == -EOPNOTSUPP)
		return;
	if (!why != !err)
		fail_msg("type %u key %u value %u flags 0x%x: kernel %d, here: %s", m.type,
			 m.key_size, m.value_size, m.flags, err, why ? why : "fine");
}

static void limits_are_the_kernels(void **state)
{
	struct fe_map array = {
		.type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1
	};
	struct arena a;

	(void)state;
	if (kernel_makes(&array)) {
		print_message("skipped: bpf(2) makes no maps here\n");
		skip();
	}
	arena_init(&a);
	for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
		for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
			for (size_t v = 0; v < ARRAY_SIZE(values); v++)
				compare(&a, (struct fe_map){ .type = types[t],
							     .key_size = keys[k],
							     .value_size = values[v] });
		for (unsigned bit = 0; bit < 13; bit++)
			for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
				compare(&a,
					(struct fe_map){ .type = types[t],
							 .key_size = keys[k],
							 .value_size = is_ring(types[t]) ? 0 : 8,
							 .flags = 1u << bit }),
					compare(&a, (struct fe_map){ .type = types[t],
								     .key_size = keys[k],
								     .value_size = 4,
								     .flags = 1u << bit |
									      BPF_F_RDONLY_PROG });
	}
	arena_reset(&a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(limits_are_the_kernels) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
