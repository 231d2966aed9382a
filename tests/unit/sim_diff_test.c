/* SPDX-License-Identifier: BSD-2-Clause */
/* The comparison finds what is wrong with words and says where; it repeats exactly. The words are the
 * kernel driver's (tests/data/peer-nfp-jit), which agree with the host as they are: see tests/peer. */
#include "sim/diff.h"

#include "base/bits.h"
#include "frontend/vprog.h"
#include "sim/me.h"
#include "sim/packet.h"
#include "sim/pcap.h"
#include "sim/rng.h"

#include <inttypes.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PEER      TEST_DATA "/peer-nfp-jit"
#define MAX_WORDS 512

/* The values of peer-nfp-jit. */
static const struct nfp_firmware firmware = {
	.name = "generous",
	.abi_version = 3,
	.helper_addr = { .map_lookup = 0x100,
			 .map_update = 0x140,
			 .map_delete = 0x180,
			 .perf_event_output = 0x1c0 },
	.adjust_head = { .present = true,
			 .flags = NFP_ADJUST_HEAD_NO_META,
			 .off_min = 32,
			 .off_max = 248,
			 .guaranteed_sub = 96,
			 .guaranteed_add = 120 },
	.random = true,
	.queue_select = true,
	.adjust_tail = true,
	.max_len = 12288,
	.start = 2048,
	.done = 1024,
	.stack_bytes = 512,
	.inline_mtu = 2016,
};

struct rig {
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx;
	struct fe_object obj;
	const struct fe_prog *prog;
	struct vprog vp;
	uint64_t words[MAX_WORDS];
	size_t n_words;
	struct sim_diff_device dev;
	struct sim_diff_result res;
};

static size_t read_words(const char *object, const char *prog, uint64_t *words)
{
	char path[512];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), PEER "/words/%s__%s.rel.hex", object, prog);
	f = fopen(path, "r");
	assert_non_null(f);
	while (n < MAX_WORDS && fscanf(f, "%" SCNx64, &words[n]) == 1)
		n++;
	fclose(f);
	return n;
}

static void open_rig(struct rig *r, const char *object, const char *prog)
{
	char path[512];

	memset(r, 0, sizeof(*r));
	arena_init(&r->arena);
	arena_init(&r->scratch);
	diags_init(&r->diags, &r->arena);
	r->cx = (struct cx){ &r->arena, &r->scratch, &r->diags };
	snprintf(path, sizeof(path), PEER "/objects/%s", object);
	assert_true(fe_object_open(&r->cx, path, &(struct fe_open_options){ 0 }, &r->obj));
	for (size_t i = 0; i < r->obj.n_progs; i++) {
		if (!strcmp(r->obj.progs[i].name, prog))
			r->prog = &r->obj.progs[i];
	}
	assert_non_null(r->prog);
	assert_true(fe_verify(&r->cx, &r->obj, r->prog, &(struct fe_verify_options){ 0 }, &r->vp));
	r->n_words = read_words(object, prog, r->words);
	sim_diff_device_from_vprog(&r->arena, &r->vp, &firmware, r->words, r->n_words, &r->dev);
}

static void close_rig(struct rig *r)
{
	fe_object_close(&r->obj);
	arena_reset(&r->arena);
	arena_reset(&r->scratch);
}

static bool run(struct rig *r, const struct sim_diff_options *opts)
{
	return sim_diff_run(&r->cx, &r->obj, r->prog, &firmware, &r->dev, opts, &r->res);
}

static void runs_repeat_by_seed(void **state)
{
	struct sim_diff_result first;
	struct rig r;

	(void)state;
	open_rig(&r, "portfilter.v2.o", "portfilter");
	assert_true(run(&r, &(struct sim_diff_options){ .packets = 3000, .seed = 5 }));
	first = r.res;
	assert_true(run(&r, &(struct sim_diff_options){ .packets = 3000, .seed = 5 }));
	assert_memory_equal(first.verdicts, r.res.verdicts, sizeof(first.verdicts));
	assert_int_equal(first.device_insns, r.res.device_insns);
	assert_int_equal(first.device_cycles, r.res.device_cycles);
	assert_true(run(&r, &(struct sim_diff_options){ .packets = 3000, .seed = 6 }));
	assert_int_not_equal(first.device_insns, r.res.device_insns);
	/* both verdicts, and keys that are there as well as keys that are not */
	assert_true(r.res.verdicts[XDP_DROP] > 30 && r.res.verdicts[XDP_PASS] > 30);
	assert_true(r.res.map_hits > 30 && r.res.map_misses > 30);
	close_rig(&r);
}

static void other_words_differ_in_the_verdict(void **state)
{
	const struct sim_diff_mismatch *m;
	struct rig r;

	(void)state;
	open_rig(&r, "misc.v2.o", "swtch");
	r.dev.n_words = read_words("l2swap.v2.o", "l2swap", r.words); /* always TX */
	assert_true(run(&r, &(struct sim_diff_options){ .packets = 500, .seed = 1 }));
	assert_true(r.res.mismatches > 300);
	assert_int_equal(r.res.n_kept, SIM_DIFF_KEEP);
	m = &r.res.kept[0];
	assert_string_equal(m->what, "verdict");
	assert_non_null(strstr(m->text, "host:   XDP_"));
	assert_non_null(strstr(m->text, "device: send back (result byte 0x44)"));
	assert_true(m->packet_len >= 14);
	close_rig(&r);
}

/* Each counter differs where it was counted, once: the device's copy is mended afterwards. */
static void counters_in_the_wrong_order_are_found(void **state)
{
	struct nfp_image_map map;
	struct rig r;

	(void)state;
	open_rig(&r, "ipblack.v3.o", "ipblack");
	map = r.dev.maps[0];
	map.word_use = NULL;
	r.dev.maps = &map;
	assert_true(run(&r, &(struct sim_diff_options){ .packets = 2000, .seed = 1 }));
	assert_in_range(r.res.mismatches, 100, r.res.map_hits);
	for (size_t i = 0; i < r.res.n_kept; i++) {
		assert_string_equal(r.res.kept[i].what, "map");
		assert_non_null(strstr(r.res.kept[i].text, "map 'blacklist', key "));
	}
	close_rig(&r);
}

static void damaged_words_are_reported(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r, "l2swap.v2.o", "l2swap");
	r.words[5] ^= UINT64_C(1) << 20; /* its check bits no longer fit */
	assert_false(run(&r, &(struct sim_diff_options){ .packets = 10, .seed = 1 }));
	assert_int_equal(r.diags.errors, 1);
	assert_int_equal(r.diags.list.at[0].reason, REASON_SIM_WORDS);
	close_rig(&r);
}

/* One flipped bit a word, check bits made good: most mutants must be noticed, and every kind of
 * difference must occur. */
struct tally {
	unsigned mutants, noticed, unloadable;
	unsigned verdict, packet, map, queue, device;
};

static void count_kind(struct tally *t, const char *what)
{
	t->verdict += !strcmp(what, "verdict");
	t->packet += !strcmp(what, "packet");
	t->map += !strcmp(what, "map");
	t->queue += !strcmp(what, "queue");
	t->device += !strcmp(what, "device error");
}

static void run_mutant(struct rig *r, struct tally *t, size_t word, unsigned bit)
{
	uint64_t original = r->words[word], op = (original ^ UINT64_C(1) << bit) & bits_mask(45);
	unsigned errors = r->diags.errors;

	r->words[word] = op | (uint64_t)sim_me_ecc(op) << 45;
	t->mutants++;
	if (!run(r, &(struct sim_diff_options){ .packets = 400, .seed = 1 })) {
		assert_int_equal(r->diags.errors, errors + 1);
		t->unloadable++;
	} else if (r->res.mismatches) {
		t->noticed++;
		count_kind(t, r->res.kept[0].what);
	}
	r->words[word] = original;
}

static void mutants_are_noticed(void **state)
{
	static const struct {
		const char *object, *prog;
	} programs[] = { { "ipblack.v3.o", "ipblack" },
			 { "l2swap.v3.o", "l2swap" },
			 { "misc.v3.o", "qsel" } };
	struct tally t = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		uint64_t rng = 7;
		struct rig r;

		open_rig(&r, programs[i].object, programs[i].prog);
		for (size_t w = 0; w + 8 < r.n_words; w++) /* eight NOPs at the end never run */
			run_mutant(&r, &t, w, sim_rng_below(&rng, 45));
		close_rig(&r);
	}
	print_message(
		"%u mutants: %u noticed (verdict %u, packet %u, map %u, queue %u, device %u), "
		"%u not loadable\n",
		t.mutants, t.noticed, t.verdict, t.packet, t.map, t.queue, t.device, t.unloadable);
	/* the rest sits in unused bits, dead high halves and verdicts that these programs never give */
	assert_true((t.noticed + t.unloadable) * 10 >= t.mutants * 6);
	assert_true(t.verdict && t.packet && t.map && t.queue && t.device);
}

static void capture_files_are_run_and_filtered(void **state)
{
	char path[] = "/tmp/sim_diff_test.XXXXXX";
	static const uint32_t lens[] = { 13, 14, 60, 200, 1514, 2016, 2017, 9000 };
	static uint8_t packet[9000];
	struct sim_pcap_writer *w;
	struct rig r;
	int fd = mkstemp(path);

	(void)state;
	assert_return_code(fd, 0);
	close(fd);
	open_rig(&r, "l2swap.v2.o", "l2swap");
	w = sim_pcap_create(&r.cx, path);
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++)
		sim_pcap_write(w, packet, lens[i]);
	assert_true(sim_pcap_finish(&r.cx, w));
	assert_true(run(&r, &(struct sim_diff_options){ .pcap = path }));
	assert_int_equal(r.res.packets, 5); /* what neither a wire nor CTM could hold is left out */
	assert_int_equal(r.res.skipped, 3);
	assert_int_equal(r.res.mismatches, 0);
	assert_true(run(&r, &(struct sim_diff_options){ .pcap = path, .packets = 2 }));
	assert_int_equal(r.res.packets, 2);
	unlink(path);
	assert_false(run(&r, &(struct sim_diff_options){ .pcap = path }));
	assert_int_equal(r.diags.list.at[0].reason, REASON_PCAP_OPEN);
	close_rig(&r);
}

static void word_use_comes_from_the_proof(void **state)
{
	static const struct {
		const char *object, *prog, *map;
		uint8_t use[4];
	} cases[] = {
		{ "misc.v2.o", "flowlearn", "flows", { NFP_WORD_ATOMIC, NFP_WORD_ATOMIC } },
		{ "bpf2bpf.v3.o", "bpf2bpf", "hits", { NFP_WORD_ATOMIC, NFP_WORD_ATOMIC } },
		{ "portfilter.v2.o", "portfilter", "ports", { NFP_WORD_READ } },
		{ "ttl_router.v2.o",
		  "ttl_router",
		  "routes",
		  { NFP_WORD_READ, NFP_WORD_READ, NFP_WORD_READ, NFP_WORD_UNUSED } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rig r;

		open_rig(&r, cases[i].object, cases[i].prog);
		assert_int_equal(r.dev.n_maps, 1);
		assert_int_equal(r.dev.first_tid, 2);
		assert_string_equal(r.dev.maps[0].name, cases[i].map);
		assert_memory_equal(r.dev.maps[0].word_use, cases[i].use,
				    r.dev.maps[0].value_size / 4);
		close_rig(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_repeat_by_seed),
		cmocka_unit_test(other_words_differ_in_the_verdict),
		cmocka_unit_test(counters_in_the_wrong_order_are_found),
		cmocka_unit_test(damaged_words_are_reported),
		cmocka_unit_test(mutants_are_noticed),
		cmocka_unit_test(capture_files_are_run_and_filtered),
		cmocka_unit_test(word_use_comes_from_the_proof),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
