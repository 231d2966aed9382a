/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames through images as the software NIC takes them, without interfaces: what goes up and what is before it, what
 * goes back, what is counted. And which object belongs to an image. */
#include "sim/nic.h"

#include "base/bits.h"
#include "base/file.h"
#include "offload/inspect.h"
#include "partitioner/handoff.h"
#include "partitioner/host_object.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define HALF      TEST_BUILD "/nic-card-test.host.o"
#define TCP_FRAME 54u /* bytes up to the end of the TCP header */
#define MAX_FRAME 2048u

struct rig {
	struct bpf_offload_object *obj;
	struct bpf_offload_program *prog;
	struct sim_maps *maps;
	struct sim_nic_card card;
	struct sim_nic_stats stats;
	struct sim_nic_out out;
	uint8_t frame[MAX_FRAME];
};

static struct sim_maps *make_maps(const struct nfp_image *img, struct sim_map_spec *specs,
				  struct sim_me_map *table)
{
	const char *why;

	for (size_t i = 0; i < img->n_maps; i++) {
		const struct nfp_image_map *m = &img->maps[i];

		specs[i] =
			(struct sim_map_spec){ m->name,        m->type,  m->key_size, m->value_size,
					       m->max_entries, m->flags, m->init };
		table[i] = (struct sim_me_map){ .tid = (uint32_t)i + 1, .map_idx = i };
	}
	return sim_maps_new(specs, img->n_maps, &why);
}

static void begin(struct rig *r, const char *name)
{
	char path[256];
	struct sim_map_spec *specs;
	struct sim_me_map *table;
	struct sim_me_config cfg = { 0 };
	struct sim_me_error err;
	uint64_t *words;

	*r = (struct rig){ 0 };
	snprintf(path, sizeof(path), "%s/examples/%s.o", TEST_BUILD, name);
	if (access(path, R_OK))
		skip(); /* no clang, so no examples */
	r->obj = bpf_offload_object__open(path, NULL);
	assert_non_null(r->obj);
	r->prog = bpf_offload_object__program(r->obj, 0);
	assert_int_equal(bpf_offload_program__compile(r->prog, NULL), 0);
	assert_true(inspect_relocate(r->prog, &words, &cfg.n_words));
	specs = ARENA_ARRAY(&r->obj->arena, struct sim_map_spec, 8);
	table = ARENA_ARRAY(&r->obj->arena, struct sim_me_map, 8);
	assert_true(r->prog->image->n_maps <= 8);
	r->maps = make_maps(r->prog->image, specs, table);
	assert_non_null(r->maps);
	cfg.fw = &r->prog->fw;
	cfg.words = words;
	cfg.maps = r->maps;
	cfg.map_table = table;
	cfg.n_maps = r->prog->image->n_maps;
	r->card = (struct sim_nic_card){ .me = sim_me_new(&cfg, &err),
					 .fw = &r->prog->fw,
					 .engine = sim_throughput_new(NULL),
					 .record_bytes = r->prog->image->base.handoff_bytes };
	assert_non_null(r->card.me);
}

static void end(struct rig *r)
{
	sim_me_free(r->card.me);
	sim_throughput_free(r->card.engine);
	sim_maps_free(r->maps);
	bpf_offload_object__close(r->obj);
}

static void set_port(struct rig *r, uint32_t port, uint32_t class)
{
	const struct nfp_image *img = r->prog->image;

	for (size_t i = 0; i < img->n_maps; i++)
		if (!strcmp(img->maps[i].name, "ports"))
			assert_int_equal(sim_map_update(r->maps, i, &port, &class, 0), 0);
}

static void tcp(struct rig *r, uint16_t port, uint32_t len)
{
	for (uint32_t i = 0; i < MAX_FRAME; i++)
		r->frame[i] = (uint8_t)(i * 13 + port);
	store_be16(r->frame + 12, 0x0800);
	r->frame[14] = 0x45;
	store_be16(r->frame + 20, 0);
	r->frame[23] = 6;
	store_be16(r->frame + 36, port);
	sim_nic_frame(&r->card, r->frame, len, &r->stats, &r->out);
}

/* ---- records -------------------------------------------------------------------------------------- */

static void check_up(const struct rig *r, uint32_t len, bool decided)
{
	uint32_t record = r->card.record_bytes;

	assert_int_equal(r->out.way, SIM_NIC_HOST);
	assert_int_equal(r->out.len, len + record);
	assert_int_equal(load_le32(r->out.data), r->prog->image->base.handoff_cookie);
	assert_int_equal(r->out.data[PART_HANDOFF_OFF_VERSION], PART_HANDOFF_VERSION);
	assert_int_equal(load_le16(r->out.data + PART_HANDOFF_OFF_BYTES), record);
	assert_int_equal(r->out.data[PART_HANDOFF_OFF_CUT] == PART_HANDOFF_DECIDED, decided);
	assert_memory_equal(r->out.data + record, r->frame, len);
}

static void what_goes_up_has_a_record_in_front(void **state)
{
	static const uint32_t lengths[] = { TCP_FRAME, 60, 61, 590, 1500, 1514, 1518 };
	struct rig r;

	(void)state;
	begin(&r, "xsk_classifier");
	assert_true(r.card.record_bytes >= PART_HANDOFF_HEADER);
	set_port(&r, 9, 1);
	set_port(&r, 7000, 2);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		tcp(&r, 80, lengths[i]);
		check_up(&r, lengths[i], true);
		tcp(&r, 7000, lengths[i]);
		check_up(&r, lengths[i], false);
		tcp(&r, 9, lengths[i]);
		assert_int_equal(r.out.way, SIM_NIC_DROP);
		assert_null(r.out.data);
	}
	assert_int_equal(r.stats.from_wire.packets, 3 * ARRAY_SIZE(lengths));
	assert_int_equal(r.stats.decided, ARRAY_SIZE(lengths));
	assert_int_equal(r.stats.handed, ARRAY_SIZE(lengths));
	assert_int_equal(r.stats.way[SIM_NIC_HOST].packets, 2 * ARRAY_SIZE(lengths));
	assert_int_equal(r.stats.way[SIM_NIC_DROP].packets, ARRAY_SIZE(lengths));
	assert_int_equal(r.stats.from_wire.bytes,
			 3 * (TCP_FRAME + 60 + 61 + 590 + 1500 + 1514 + 1518));
	end(&r);
}

/* Frames that are cut anywhere are no TCP: they pass, and nothing is read behind their end. */
static void short_frames_go_up_unchanged(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, "xsk_classifier");
	set_port(&r, 9, 1);
	for (uint32_t len = 0; len < TCP_FRAME; len++) {
		tcp(&r, 9, len);
		check_up(&r, len, true);
	}
	tcp(&r, 9, TCP_FRAME);
	assert_int_equal(r.out.way, SIM_NIC_DROP);
	end(&r);
}

static void the_longest_frame_is_the_firmwares(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, "xsk_classifier");
	assert_true(r.card.fw->inline_mtu < MAX_FRAME);
	tcp(&r, 80, r.card.fw->inline_mtu);
	check_up(&r, r.card.fw->inline_mtu, true);
	tcp(&r, 80, r.card.fw->inline_mtu + 1);
	assert_int_equal(r.out.way, SIM_NIC_TOO_LONG);
	assert_null(r.out.data);
	assert_int_equal(r.stats.way[SIM_NIC_TOO_LONG].packets, 1);
	end(&r);
}

/* ---- other cards ---------------------------------------------------------------------------------- */

static void without_an_image_frames_go_up_as_they_are(void **state)
{
	struct rig r = { 0 };

	(void)state;
	tcp(&r, 80, 1514);
	assert_int_equal(r.out.way, SIM_NIC_HOST);
	assert_ptr_equal(r.out.data, r.frame);
	assert_int_equal(r.out.len, 1514);
	tcp(&r, 80, MAX_FRAME);
	assert_int_equal(r.out.way, SIM_NIC_HOST);
	assert_int_equal(r.stats.way[SIM_NIC_HOST].packets, 2);
}

static void a_whole_program_makes_no_records(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, "ttl_router");
	assert_int_equal(r.card.record_bytes, 0);
	tcp(&r, 80, 100);
	assert_int_equal(r.stats.decided + r.stats.handed, 0);
	assert_int_equal(r.stats.from_wire.packets, 1);
	end(&r);
}

static void what_is_sent_back_goes_to_the_wire(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, "macswap");
	tcp(&r, 80, 1514);
	assert_int_equal(r.out.way, SIM_NIC_WIRE);
	assert_int_equal(r.out.len, 1514);
	assert_memory_equal(r.out.data, r.frame + 6, 6);
	assert_memory_equal(r.out.data + 6, r.frame, 6);
	assert_memory_equal(r.out.data + 12, r.frame + 12, 1502);
	assert_int_equal(r.stats.way[SIM_NIC_WIRE].packets, 1);
	end(&r);
}

/* ---- which object belongs to an image ------------------------------------------------------------- */

static void a_host_half_says_which_records_it_takes(void **state)
{
	struct part_handoff_id records;
	char path[256];
	struct rig r;

	(void)state;
	begin(&r, "xsk_classifier");
	assert_int_equal(bpf_offload_program__write_host(r.prog, HALF), 0);
	assert_true(part_object_handoff_id(&r.obj->cx, HALF, &records));
	assert_int_equal(records.cookie, r.prog->image->base.handoff_cookie);
	assert_int_equal(records.bytes, r.prog->image->base.handoff_bytes);
	snprintf(path, sizeof(path), "%s/examples/xsk_classifier.o", TEST_BUILD);
	assert_true(part_object_handoff_id(&r.obj->cx, path, &records));
	assert_int_equal(records.bytes, 0);
	unlink(HALF);
	end(&r);
}

/* Every third cut, and changed bytes: an answer each time. */
static void damaged_objects_are_survived(void **state)
{
	struct part_handoff_id records;
	struct file_bytes half;
	uint64_t x = 42;
	struct rig r;

	(void)state;
	begin(&r, "xsk_classifier");
	assert_int_equal(bpf_offload_program__write_host(r.prog, HALF), 0);
	assert_true(file_read(&r.obj->cx, HALF, 1 << 20, &half));
	for (size_t len = 1; len < half.size; len += len < 80 ? 1 : 37) {
		assert_true(file_write(&r.obj->cx, HALF, half.data, len));
		part_object_handoff_id(&r.obj->cx, HALF, &records);
	}
	for (unsigned i = 0; i < 400; i++) {
		uint8_t *at, old;

		x = x * 6364136223846793005u + 1442695040888963407u;
		at = &half.data[(x >> 33) % (i < 200 ? 64 : half.size)];
		if (i >= 200) /* section headers are at the end */
			at = &half.data[half.size - 1 - (x >> 33) % 1024];
		old = *at;
		*at = (uint8_t)(x >> 24);
		assert_true(file_write(&r.obj->cx, HALF, half.data, half.size));
		part_object_handoff_id(&r.obj->cx, HALF, &records);
		*at = old;
	}
	unlink(HALF);
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_up_has_a_record_in_front),
		cmocka_unit_test(short_frames_go_up_unchanged),
		cmocka_unit_test(the_longest_frame_is_the_firmwares),
		cmocka_unit_test(without_an_image_frames_go_up_as_they_are),
		cmocka_unit_test(a_whole_program_makes_no_records),
		cmocka_unit_test(what_is_sent_back_goes_to_the_wire),
		cmocka_unit_test(a_host_half_says_which_records_it_takes),
		cmocka_unit_test(damaged_objects_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
