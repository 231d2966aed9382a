/* SPDX-License-Identifier: BSD-2-Clause */
/* Captured programs as files: what is read is what was written, and any bytes give a program that runs
 * or faults, or a message. */
#include "sim/captured.h"

#include "base/bits.h"
#include "base/file.h"
#include "sim/host.h"
#include "sim/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DATA     TEST_DATA "/hostjit/"
#define MUTANTS  400
#define FILE_MAX (1u << 20)

struct rig {
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx;
	struct fe_object obj;
	struct file_bytes file;
	char path[64];
};

static int open_rig(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	int fd;

	arena_init(&r->arena);
	arena_init(&r->scratch);
	diags_init(&r->diags, &r->arena);
	r->cx = (struct cx){ &r->arena, &r->scratch, &r->diags };
	strcpy(r->path, "/tmp/sim_captured_test_XXXXXX");
	fd = mkstemp(r->path);
	close(fd);
	*state = r;
	return fd < 0 ||
	       !fe_object_open(&r->cx, DATA "kinds.o",
			       &(struct fe_open_options){ .no_running_kernel = true }, &r->obj) ||
	       !file_read(&r->cx, DATA "kinds.hostjit", FILE_MAX, &r->file);
}

static int close_rig(void **state)
{
	struct rig *r = *state;

	unlink(r->path);
	fe_object_close(&r->obj);
	arena_reset(&r->arena);
	arena_reset(&r->scratch);
	free(r);
	return 0;
}

static void a_file_is_written_as_it_was_read(void **state)
{
	struct rig *r = *state;
	struct sim_captured img;
	struct file_bytes again;

	assert_true(sim_captured_read(&r->cx, DATA "kinds.hostjit", &img));
	assert_true(sim_captured_is_of(&r->cx, &img, &r->obj, &r->obj.progs[0]));
	assert_null(sim_captured_missing(&r->arena, &img, &r->obj, &r->obj.progs[0]));
	assert_true(sim_captured_write(&r->cx, r->path, &img));
	assert_true(file_read(&r->cx, r->path, FILE_MAX, &again));
	assert_int_equal(again.size, r->file.size);
	assert_memory_equal(again.data, r->file.data, again.size);
}

/* One packet through the image, if it can be set up at all. */
static bool run(struct rig *r, const struct sim_captured *img)
{
	static const uint8_t packet[64];
	struct sim_map_spec *specs = ARENA_ARRAY(&r->arena, struct sim_map_spec, r->obj.n_maps);
	struct sim_host_options opts = { .kind = SIM_HOST_CAPTURED, .image = img };
	struct sim_host_run res;
	struct sim_host *host;
	struct sim_maps *maps;
	const char *why;

	for (size_t i = 0; i < r->obj.n_maps; i++) {
		const struct fe_map *m = &r->obj.maps[i];

		specs[i] = (struct sim_map_spec){ m->name,
						  m->type,
						  m->key_size,
						  m->value_size,
						  m->max_entries ? m->max_entries : 1,
						  m->flags,
						  m->init };
	}
	maps = sim_maps_new(specs, r->obj.n_maps, &why);
	assert_non_null(maps);
	host = sim_host_new(&r->cx, &r->obj, &r->obj.progs[0], maps, &opts);
	if (host)
		sim_host_run_one(host,
				 &(struct sim_host_packet){ .data = packet, .len = sizeof(packet) },
				 &res);
	sim_host_free(host);
	sim_maps_free(maps);
	return host;
}

/* Changes that leave the machine code alone: code with wrong bytes may loop for ever, as on a CPU. */
static size_t mutate(uint8_t *data, size_t size, uint64_t *rng)
{
	static const char bytes[] = "0123456789abcdef \nmrsx.";
	uint32_t n = 1 + sim_rng_below(rng, 3);

	while (n--) {
		size_t at = sim_rng_below(rng, (uint32_t)size), line = at;

		while (line && data[line - 1] != '\n')
			line--;
		if (memcmp(data + line, "code", 4) != 0)
			data[at] = (uint8_t)bytes[sim_rng_below(rng, sizeof(bytes) - 1)];
	}
	return sim_rng_below(rng, 4) ? size : sim_rng_below(rng, (uint32_t)size) + 1;
}

static void any_bytes_give_a_program_or_a_message(void **state)
{
	struct rig *r = *state;
	uint64_t rng = 1;
	unsigned ran = 0;

	for (unsigned i = 0; i < MUTANTS; i++) {
		uint8_t *copy = arena_dup(&r->arena, r->file.data, r->file.size);
		size_t size = mutate(copy, r->file.size, &rng);
		unsigned errors = r->diags.errors;
		struct sim_captured img;
		bool ok;

		assert_true(file_write(&r->cx, r->path, copy, size));
		ok = sim_captured_read(&r->cx, r->path, &img) && run(r, &img);
		ran += ok;
		assert_true(ok == (r->diags.errors == errors));
	}
	print_message("%u of %u mutants ran\n", ran, MUTANTS);
	assert_true(ran > 0 && ran < MUTANTS);
}

static void lines_that_do_not_belong_are_refused(void **state)
{
	static const char *const wrong[] = {
		"bpf-offload-hostjit 2\nend\n",
		"bpf-offload-hostjit 1\nend\n",
		"bpf-offload-hostjit 1\nbpf-offload-hostjit 1\nend\n",
		"bpf-offload-hostjit 1\nkernel k\nprogram 6 1 0 p\nfunc 0x1000 2\ncode c3\nend\n",
		"bpf-offload-hostjit 1\nkernel k\nprogram 6 1 0 p\nfunc 0x1000 1\ncode c3c3\nend\n",
		"bpf-offload-hostjit 1\nkernel k\nprogram 6 1 0 p\nfunc 0x1000 1\ncode zz\nend\n",
		"bpf-offload-hostjit 1\nkernel k\nprogram 6 1 0 p\nfunc 0 0\nend\n",
		"bpf-offload-hostjit 1\nkernel k\nprogram 6 1 0 p\nfunc 0 4294967295\nend\n",
		"bpf-offload-hostjit 1\nmaps 4294967295\nend\n",
		"bpf-offload-hostjit 1\nmap 4294967295 1 1 1 1\nend\n",
		"bpf-offload-hostjit 1\nmap 0 1 4 4 1\nreloc map 0 0 0 0\nend\n",
		"bpf-offload-hostjit 1\nfield xdp_buff.data 4294967295\nend\n",
		"bpf-offload-hostjit 1\nkernel k\nprogram 6 1 0 p\nfunc 0 1\ncode c3\nend\nend\n",
	};
	struct rig *r = *state;
	struct sim_captured img;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_true(file_write(&r->cx, r->path, wrong[i], strlen(wrong[i])));
		if (sim_captured_read(&r->cx, r->path, &img))
			fail_msg("accepted: %s", wrong[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_is_written_as_it_was_read, open_rig,
						close_rig),
		cmocka_unit_test_setup_teardown(any_bytes_give_a_program_or_a_message, open_rig,
						close_rig),
		cmocka_unit_test_setup_teardown(lines_that_do_not_belong_are_refused, open_rig,
						close_rig),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
