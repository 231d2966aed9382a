/* SPDX-License-Identifier: BSD-2-Clause */
#include "bpf_offload.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
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

static void *file_bytes(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	void *data;

	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	*size = (size_t)ftell(f);
	rewind(f);
	data = malloc(*size);
	assert_int_equal(fread(data, 1, *size, f), *size);
	fclose(f);
	return data;
}

static void results_as_bytes(void **state)
{
	size_t size, n, image_size, host_size, n_words, n_cuts;
	void *data = file_bytes(TEST_DATA "/objects/legacy.o", &size), *written;
	BPF_OFFLOAD_OPTS(bpf_offload_open_opts, opts, .object_name = "legacy.o");
	struct bpf_offload_object *obj = bpf_offload_object__open_mem(data, size, &opts);
	struct bpf_offload_program *p = bpf_offload_object__find_program_by_name(obj, "entry");
	const void *image, *host;
	uint32_t bytes, cookie;

	(void)state;
	free(data); /* it was copied */
	assert_non_null(p);
	assert_null(bpf_offload_program__image(p, &image_size));
	assert_int_equal(errno, ENOENT);
	assert_int_equal(bpf_offload_program__handoff(p, &bytes, &cookie), -ENOENT);
	assert_int_equal(bpf_offload_program__compile(p, NULL), 0);
	image = bpf_offload_program__image(p, &image_size);
	host = bpf_offload_program__host_object(p, &host_size);
	assert_memory_equal(image, "\177ELF", 4);
	assert_memory_equal(host, "\177ELF", 4);
	assert_non_null(bpf_offload_program__words(p, &n_words));
	assert_int_equal(n_words, bpf_offload_program__device_words(p));
	assert_int_equal(bpf_offload_program__handoff(p, &bytes, &cookie), 0);
	assert_true(bytes >= 8);
	assert_non_null(bpf_offload_program__cuts(p, &n_cuts));
	assert_true(n_cuts > 0);
	bpf_offload_program__cuts(p, &n);
	assert_int_equal(n, n_cuts);
	assert_int_equal(bpf_offload_program__write_image(p, TEST_BUILD "/library.nfp"), 0);
	written = file_bytes(TEST_BUILD "/library.nfp", &n);
	assert_int_equal(n, image_size);
	assert_memory_equal(written, image, n);
	free(written);
	/* the bytes of the host half are an object like any other */
	assert_int_equal(bpf_offload_program__write_host(p, TEST_BUILD "/library.host.o"), 0);
	written = file_bytes(TEST_BUILD "/library.host.o", &n);
	assert_int_equal(n, host_size);
	assert_memory_equal(written, host, n);
	free(written);
	bpf_offload_object__close(obj);
}

static void compiles_again_with_other_options(void **state)
{
	struct bpf_offload_object *obj =
		bpf_offload_object__open(TEST_DATA "/objects/legacy.o", NULL);
	struct bpf_offload_program *p = bpf_offload_object__find_program_by_name(obj, "entry");
	BPF_OFFLOAD_OPTS(bpf_offload_compile_opts, whole, .opt_level = 2, .require_device = true);
	size_t before, after;

	(void)state;
	assert_non_null(p);
	assert_int_equal(bpf_offload_program__compile(p, NULL), 0);
	assert_int_equal(bpf_offload_program__placement(p), BPF_OFFLOAD_SPLIT);
	bpf_offload_program__reasons(p, &before);
	assert_int_equal(bpf_offload_program__compile(p, &whole), 0);
	assert_int_equal(bpf_offload_program__placement(p), BPF_OFFLOAD_HOST);
	assert_int_equal(bpf_offload_program__device_words(p), 0);
	assert_int_equal(bpf_offload_program__compile(p, NULL), 0);
	assert_int_equal(bpf_offload_program__placement(p), BPF_OFFLOAD_SPLIT);
	bpf_offload_program__reasons(p, &after);
	assert_int_equal(before, after);
	bpf_offload_object__close(obj);
}

static void unknown_options_are_refused(void **state)
{
	struct {
		struct bpf_offload_open_opts opts;
		void *newer;
	} longer = { .opts.sz = sizeof(longer) };
	struct {
		struct bpf_offload_compile_opts opts;
		uint64_t newer;
	} compile = { .opts.sz = sizeof(compile), .opts.opt_level = 2 };
	struct bpf_offload_open_opts tiny = { .sz = 1 };
	struct bpf_offload_object *obj =
		bpf_offload_object__open(TEST_DATA "/objects/legacy.o", &longer.opts);

	(void)state;
	assert_non_null(obj);
	assert_int_equal(
		bpf_offload_program__compile(bpf_offload_object__find_program_by_name(obj, "entry"),
					     &compile.opts),
		0);
	compile.newer = 1;
	assert_int_equal(
		bpf_offload_program__compile(bpf_offload_object__find_program_by_name(obj, "entry"),
					     &compile.opts),
		-EINVAL);
	bpf_offload_object__close(obj);
	longer.newer = &longer;
	errno = 0;
	assert_null(bpf_offload_object__open(TEST_DATA "/objects/legacy.o", &longer.opts));
	assert_int_equal(errno, EINVAL);
	assert_null(bpf_offload_object__open(OBJECT, &tiny));
}

static void count_message(void *priv, const struct bpf_offload_message *m)
{
	assert_non_null(m->what.id);
	assert_non_null(m->what.text);
	++*(size_t *)priv;
}

static void messages_are_called_back(void **state)
{
	size_t called = 0;
	BPF_OFFLOAD_OPTS(bpf_offload_open_opts, opts, .message = count_message,
			 .message_priv = &called);

	(void)state;
	errno = 0;
	assert_null(bpf_offload_object__open_mem("no object", 9, &opts));
	assert_int_equal(errno, ENOEXEC);
	assert_int_equal(called, 1);
	assert_null(bpf_offload_object__open_mem("", 0, &opts));
	assert_int_equal(errno, EINVAL);
}

static void facts_of_the_library(void **state)
{
	int major, minor;

	(void)state;
	assert_int_equal(sscanf(bpf_offload_version_string(), "%d.%d", &major, &minor), 2);
	assert_int_equal(major, BPF_OFFLOAD_MAJOR_VERSION);
	assert_int_equal(minor, BPF_OFFLOAD_MINOR_VERSION);
	assert_string_equal(bpf_offload_firmware_profile(0), "corenic");
	assert_null(bpf_offload_firmware_profile(1000));
	assert_string_not_equal(bpf_offload_strerror(-EACCES), bpf_offload_strerror(-EIO));
	assert_non_null(bpf_offload_strerror(-12345));
	assert_int_equal(bpf_offload_object__nr_programs(NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(homes_of_maps),
		cmocka_unit_test(name_of_host_half),
		cmocka_unit_test(results_as_bytes),
		cmocka_unit_test(compiles_again_with_other_options),
		cmocka_unit_test(unknown_options_are_refused),
		cmocka_unit_test(messages_are_called_back),
		cmocka_unit_test(facts_of_the_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
