/* SPDX-License-Identifier: BSD-2-Clause */
#include "bpf_offload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The public interface as a loader uses it. */

#define OBJECT TEST_DATA "/objects/everything.o"

static struct bpf_offload_program *by_name(struct bpf_offload_object *obj, const char *name)
{
	for (size_t i = 0; i < bpf_offload_object__nr_programs(obj); i++)
		if (!strcmp(bpf_offload_program__name(bpf_offload_object__program(obj, i)), name))
			return bpf_offload_object__program(obj, i);
	return NULL;
}

static const struct bpf_offload_map_home *home_of(struct bpf_offload_program *p, const char *map)
{
	const struct bpf_offload_map_home *homes;
	size_t n;

	homes = bpf_offload_program__map_homes(p, &n);
	for (size_t i = 0; i < n; i++)
		if (!strcmp(homes[i].map, map))
			return &homes[i];
	return NULL;
}

static void homes_of_maps(void **state)
{
	struct bpf_offload_object *obj = bpf_offload_object__open(OBJECT, NULL);
	struct bpf_offload_program *p = obj ? by_name(obj, "main_prog") : NULL;
	size_t n, again;

	(void)state;
	assert_non_null(p);
	assert_null(bpf_offload_program__map_homes(p, &n));
	assert_int_equal(n, 0);
	assert_int_equal(bpf_offload_program__compile(p, NULL), 0);
	assert_int_equal(bpf_offload_program__placement(p), BPF_OFFLOAD_HOST);
	assert_null(bpf_offload_program__host_name(p));
	bpf_offload_program__map_homes(p, &n);
	bpf_offload_program__map_homes(p, &again);
	assert_int_equal(n, again);
	assert_non_null(home_of(p, "flows"));
	assert_string_equal(home_of(p, "flows")->home, "host");
	assert_string_equal(home_of(p, "flows")->duty, "use-host");
	assert_non_null(home_of(p, "flows")->why);
	assert_non_null(home_of(p, "flows")->text);
	assert_null(home_of(p, "events"));
	bpf_offload_object__close(obj);
}

static void name_of_host_half(void **state)
{
	struct bpf_offload_object *obj =
		bpf_offload_object__open(TEST_DATA "/objects/legacy.o", NULL);
	struct bpf_offload_program *p = obj ? by_name(obj, "entry") : NULL;

	(void)state;
	assert_non_null(p);
	assert_null(bpf_offload_program__host_name(p));
	assert_int_equal(bpf_offload_program__compile(p, NULL), 0);
	assert_int_equal(bpf_offload_program__placement(p), BPF_OFFLOAD_SPLIT);
	assert_string_equal(bpf_offload_program__host_name(p), "entry_host");
	bpf_offload_object__close(obj);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(homes_of_maps),
		cmocka_unit_test(name_of_host_half),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
