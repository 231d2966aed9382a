/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole programs as the kernel's driver translated them (tests/data/peer-nfp-jit), run on made-up
 * packets and compared with what their C source says, written out again here. All 24 builds. */
#include "sim/me.h"

#include "base/bits.h"
#include "nfp_backend/image.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEADROOM  128
#define MAX_WORDS 512
#define PACKETS   1500
#define MAP_TID   2 /* what the words name the one map of a program */

static const struct nfp_firmware generous = {
	.name = "generous",
	.abi_version = 3,
	.helper_addr = { 0x100, 0x140, 0x180, 0x1c0 },
	.adjust_head = { true, NFP_ADJUST_HEAD_NO_META, 32, 248, 96, 120 },
	.maps = { true, 1u << BPF_MAP_TYPE_HASH | 1u << BPF_MAP_TYPE_ARRAY, 4096, UINT32_MAX, 512,
		  65536, 66048 },
	.random = true,
	.queue_select = true,
	.adjust_tail = true,
	.max_len = 12288,
	.start = 2048,
	.done = 1024,
	.stack_bytes = 512,
	.inline_mtu = 2016,
};

/* ---- the sources' meaning -------------------------------------------------------------------- */

struct world {
	uint8_t room[HEADROOM + 512];
	uint8_t *pkt;
	uint32_t len;
	struct sim_maps *maps; /* map 0 */
	int queue;             /* -1: not selected */
};

static uint16_t get16(const struct world *w, unsigned off)
{
	return load_le16(w->pkt + off);
}

static uint32_t get32(const struct world *w, unsigned off)
{
	return load_le32(w->pkt + off);
}

static uint8_t *lookup(struct world *w, const void *key)
{
	int64_t off = sim_map_lookup(w->maps, 0, key);
	size_t size;

	return off == SIM_MAP_NONE ? NULL : sim_maps_memory(w->maps, &size) + off;
}

static void count(uint8_t *value)
{
	store_le64(value, load_le64(value) + 1);
}

static bool is_ip(const struct world *w)
{
	return get16(w, 12) == 0x0008;
}

static unsigned l2swap(struct world *w)
{
	uint8_t mac[6];

	if (w->len < 14)
		return XDP_DROP;
	memcpy(mac, w->pkt, 6);
	memcpy(w->pkt, w->pkt + 6, 6);
	memcpy(w->pkt + 6, mac, 6);
	return XDP_TX;
}

static unsigned swtch(struct world *w)
{
	if (w->len < 14)
		return XDP_DROP;
	switch (w->pkt[12] << 8 | w->pkt[13]) {
	case 0x0800:
	case 0x0806: return XDP_PASS;
	case 0x86dd:
	case 0x88cc: return XDP_TX;
	case 0x8100: return XDP_ABORTED;
	default: return XDP_DROP;
	}
}

static unsigned portfilter(struct world *w)
{
	uint32_t port;
	const uint8_t *v;

	if (w->len < 54 || !is_ip(w) || (w->pkt[14] & 15) != 5 || w->pkt[23] != 6)
		return XDP_PASS;
	port = (uint32_t)w->pkt[36] << 8 | w->pkt[37];
	v = lookup(w, &port);
	return v && load_le32(v) ? XDP_DROP : XDP_PASS;
}

static unsigned ipblack(struct world *w)
{
	uint8_t *v;

	if (w->len < 34 || !is_ip(w))
		return XDP_PASS;
	v = lookup(w, w->pkt + 26);
	if (!v)
		return XDP_PASS;
	count(v);
	return XDP_DROP;
}

static uint32_t mix(uint32_t a, uint32_t b)
{
	a ^= b << 5;
	a += b >> 7;
	a ^= a << 13;
	return a ^ a >> 17;
}

static unsigned bpf2bpf(struct world *w)
{
	uint32_t idx;

	if (w->len < 34)
		return XDP_PASS;
	idx = mix(mix(get32(w, 26), get32(w, 30)), w->pkt[23]) & 15;
	count(lookup(w, &idx));
	return XDP_PASS;
}

static unsigned ipip(struct world *w)
{
	const uint8_t *t;
	uint8_t *o, mac[6];
	uint32_t sum = 0;
	unsigned total;

	if (w->len < 34 || !is_ip(w))
		return XDP_PASS;
	total = ((unsigned)w->pkt[16] << 8 | w->pkt[17]) + 20;
	t = lookup(w, w->pkt + 30);
	if (!t)
		return XDP_PASS;
	memcpy(mac, w->pkt, 6);
	w->pkt -= 20;
	w->len += 20;
	memcpy(w->pkt + 6, mac, 6);
	memcpy(w->pkt, t + 8, 6);
	store_le32(w->pkt + 12, 0x00450008); /* IPv4; version, header length, TOS */
	o = w->pkt + 14;
	o[2] = (uint8_t)(total >> 8);
	o[3] = (uint8_t)total;
	store_le32(o + 4, 0);
	store_le32(o + 8, 0x00000440); /* TTL 64, IPIP, checksum 0 */
	memcpy(o + 12, t, 8);
	for (unsigned i = 0; i < 20; i += 2)
		sum += load_le16(o + i);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	o[10] = (uint8_t)~sum;
	o[11] = (uint8_t)(~sum >> 8);
	return XDP_TX;
}

static unsigned ttl_router(struct world *w)
{
	const uint8_t *n;
	uint8_t key[4] = { 0 };
	uint32_t sum;

	if (w->len < 34 || !is_ip(w) || w->pkt[22] <= 1)
		return XDP_PASS;
	memcpy(key, w->pkt + 30, 3);
	n = lookup(w, key);
	if (!n)
		return XDP_PASS;
	sum = get16(w, 24) + 1u;
	sum += sum >= 0xffff;
	w->pkt[24] = (uint8_t)sum;
	w->pkt[25] = (uint8_t)(sum >> 8);
	w->pkt[22]--;
	memcpy(w->pkt, n, 12);
	return XDP_TX;
}

static unsigned trunc_pkt(struct world *w)
{
	if (w->len < 128)
		return XDP_PASS;
	w->len = 64;
	return XDP_TX;
}

static unsigned qsel(struct world *w)
{
	if (w->len >= 34)
		w->queue = w->pkt[26] & 7;
	return XDP_PASS;
}

static void flow_key(const struct world *w, uint8_t *key)
{
	memcpy(key, w->pkt + 26, 8);
	memcpy(key + 8, w->pkt + 34, 4);
	store_le32(key + 12, w->pkt[23]);
}

static unsigned flowlearn(struct world *w)
{
	uint8_t key[16], *v;
	uint64_t zero = 0;

	if (w->len < 38)
		return XDP_PASS;
	flow_key(w, key);
	v = lookup(w, key);
	if (v)
		count(v);
	else
		sim_map_update(w->maps, 0, key, &zero, BPF_ANY);
	return XDP_PASS;
}

static unsigned flowdel(struct world *w)
{
	uint8_t key[16];

	if (w->len < 48)
		return XDP_PASS;
	flow_key(w, key);
	if (w->pkt[47] & 1)
		sim_map_delete(w->maps, 0, key);
	return XDP_PASS;
}

static unsigned varhdr(struct world *w)
{
	uint8_t *t;

	if (w->len < 34 || !is_ip(w) || w->pkt[23] != 6)
		return XDP_PASS;
	t = w->pkt + 14 + 4 * (w->pkt[14] & 15);
	if (t + 20 > w->pkt + w->len)
		return XDP_PASS;
	if (t[2] || t[3] != 80 || !(t[13] & 2) || t[13] & 16)
		return XDP_PASS;
	t[14] = t[15] = 0;
	return XDP_TX;
}

static const struct program {
	const char *file; /* OBJECT.v__PROGRAM with %u for the -mcpu version */
	unsigned (*model)(struct world *w);
	uint32_t map_type, key, value, entries;
	bool counts;   /* the value is a 64-bit counter */
	unsigned fill; /* elements put in before */
} programs[] = {
	{ "l2swap.v%u.o__l2swap", l2swap, 0, 0, 0, 0, false, 0 },
	{ "misc.v%u.o__swtch", swtch, 0, 0, 0, 0, false, 0 },
	{ "misc.v%u.o__trunc_pkt", trunc_pkt, 0, 0, 0, 0, false, 0 },
	{ "misc.v%u.o__qsel", qsel, 0, 0, 0, 0, false, 0 },
	{ "misc.v%u.o__varhdr", varhdr, 0, 0, 0, 0, false, 0 },
	{ "portfilter.v%u.o__portfilter", portfilter, BPF_MAP_TYPE_HASH, 4, 4, 1024, false, 40 },
	{ "ipblack.v%u.o__ipblack", ipblack, BPF_MAP_TYPE_HASH, 4, 8, 65536, true, 40 },
	{ "bpf2bpf.v%u.o__bpf2bpf", bpf2bpf, BPF_MAP_TYPE_ARRAY, 4, 8, 16, true, 0 },
	{ "ipip.v%u.o__ipip", ipip, BPF_MAP_TYPE_HASH, 4, 16, 256, false, 40 },
	{ "ttl_router.v%u.o__ttl_router", ttl_router, BPF_MAP_TYPE_HASH, 4, 16, 4096, false, 40 },
	{ "misc.v%u.o__flowlearn", flowlearn, BPF_MAP_TYPE_HASH, 16, 8, 30, true, 0 },
	{ "misc.v%u.o__flowdel", flowdel, BPF_MAP_TYPE_HASH, 16, 8, 1024, true, 60 },
};

/* ---- packets and maps ------------------------------------------------------------------------ */

static uint32_t seed;

static uint32_t any(uint32_t n) /* 0..n-1 */
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static uint32_t make_packet(uint8_t *p)
{
	static const uint16_t types[] = { 0x0800, 0x0800, 0x0800, 0x0800, 0x0806,
					  0x86dd, 0x8100, 0x88cc, 0x1234 };
	static const uint8_t protocols[] = { 6, 6, 6, 17, 1 };
	static const uint32_t lengths[] = { 0, 13, 14, 33, 34, 37, 38, 47, 48, 53, 54 };
	uint32_t len = any(3) ? 60 + any(200) : lengths[any(ARRAY_SIZE(lengths))];
	uint16_t type = types[any(ARRAY_SIZE(types))];

	for (unsigned i = 0; i < 300; i++)
		p[i] = (uint8_t)any(256);
	p[12] = (uint8_t)(type >> 8);
	p[13] = (uint8_t)type;
	p[14] = (uint8_t)(any(3) ? 0x45 : any(256));
	p[22] = (uint8_t)any(4);
	p[23] = protocols[any(ARRAY_SIZE(protocols))];
	for (unsigned i = 26; i < 34; i++) /* addresses among a few, so that maps are hit */
		p[i] = (uint8_t)(i % 4 == 2 ? 10 + any(4) : i % 4 == 1 ? any(2) : 10);
	p[34] = p[36] = 0;
	p[35] = (uint8_t)any(2);
	p[37] = (uint8_t)(any(2) ? 80 : any(100));
	if (any(2))
		p[47] = (uint8_t)(any(2) ? 2 : 0x12);
	return len;
}

/* A key that packets of make_packet() may ask for. */
static void make_key(const struct program *p, uint8_t *key)
{
	uint8_t pkt[512];

	make_packet(pkt);
	if (p->model == portfilter)
		store_le32(key, any(100));
	else if (p->model == ttl_router)
		store_le32(key, load_le32(pkt + 30) & 0xffffff);
	else if (p->model == flowdel)
		flow_key(&(struct world){ .pkt = pkt }, key);
	else
		memcpy(key, pkt + (p->model == ipip ? 30 : 26), 4);
}

static void fill_maps(const struct program *p, struct sim_maps *device, struct sim_maps *expected)
{
	static const uint8_t atomic[2] = { NFP_WORD_ATOMIC, NFP_WORD_ATOMIC };

	for (unsigned i = 0; i < p->fill; i++) {
		uint8_t key[16], value[16];

		make_key(p, key);
		for (unsigned j = 0; j < p->value; j++)
			value[j] = (uint8_t)(any(3) ? any(256) : 255);
		if (p->model == portfilter)
			store_le32(value, any(2));
		assert_int_equal(sim_map_update(expected, 0, key, value, BPF_ANY), 0);
		sim_me_swap_atomic(value, p->value, p->counts ? atomic : NULL);
		assert_int_equal(sim_map_update(device, 0, key, value, BPF_ANY), 0);
	}
}

static void compare_maps(const struct program *p, struct sim_maps *device,
			 struct sim_maps *expected)
{
	static const uint8_t atomic[2] = { NFP_WORD_ATOMIC, NFP_WORD_ATOMIC };
	size_t iter_d = 0, iter_e = 0, size;
	const uint8_t *key_d, *key_e;
	int64_t off_d, off_e;

	while (sim_map_next(expected, 0, &iter_e, &key_e, &off_e)) {
		uint8_t value[16];

		assert_true(sim_map_next(device, 0, &iter_d, &key_d, &off_d));
		assert_memory_equal(key_d, key_e, p->key);
		memcpy(value, sim_maps_memory(device, &size) + off_d, p->value);
		sim_me_swap_atomic(value, p->value, p->counts ? atomic : NULL);
		assert_memory_equal(value, sim_maps_memory(expected, &size) + off_e, p->value);
	}
	assert_false(sim_map_next(device, 0, &iter_d, &key_d, &off_d));
}

/* ---- runs ------------------------------------------------------------------------------------ */

static size_t read_words(const char *name, uint64_t *words)
{
	char path[512], line[64];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), TEST_DATA "/peer-nfp-jit/words/%s.rel.hex", name);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		assert_true(n < MAX_WORDS);
		words[n++] = strtoull(line, NULL, 16);
	}
	fclose(f);
	return n;
}

static struct sim_maps *new_maps(const struct program *p)
{
	struct sim_map_spec spec = { "m", p->map_type, p->key, p->value, p->entries, 0, NULL };
	const char *why;

	return sim_maps_new(&spec, p->map_type ? 1 : 0, &why);
}

static void check_packet(const char *name, unsigned i, struct world *w, unsigned verdict,
			 const struct sim_me_result *r)
{
	static const uint8_t bytes[] = { [XDP_ABORTED] = SIM_ME_RESULT_ABORT,
					 [XDP_DROP] = SIM_ME_RESULT_DROP,
					 [XDP_PASS] = SIM_ME_RESULT_PASS,
					 [XDP_TX] = SIM_ME_RESULT_TX };

	if (r->byte != bytes[verdict] || r->pkt_len != w->len ||
	    memcmp(r->pkt, w->pkt, w->len) != 0)
		print_error("%s, packet %u\n", name, i);
	assert_int_equal(r->byte, bytes[verdict]);
	assert_int_equal(r->pkt_len, w->len);
	assert_memory_equal(r->pkt, w->pkt, w->len);
	assert_int_equal(r->queue_selected, w->queue >= 0);
	if (w->queue >= 0)
		assert_int_equal(r->queue, w->queue);
	assert_true(r->insns > 0 && r->cycles >= r->busy_cycles);
}

static unsigned run_packet(struct sim_me *me, const struct program *p, const char *name, unsigned i,
			   struct sim_maps *expected)
{
	struct world w = { .maps = expected, .queue = -1 };
	struct sim_me_packet in;
	struct sim_me_result r;
	uint8_t data[512];
	unsigned verdict;

	w.pkt = w.room + HEADROOM;
	w.len = make_packet(w.pkt);
	memcpy(data, w.pkt, w.len);
	in = (struct sim_me_packet){ .data = data, .len = w.len };
	verdict = p->model(&w);
	if (!sim_me_run(me, &in, &r))
		print_error("%s, packet %u, word %u %s: %s\n", name, i, r.error.word_idx,
			    r.error.insn, r.error.text);
	assert_int_equal(r.error.fault, SIM_ME_OK);
	check_packet(name, i, &w, verdict, &r);
	return verdict;
}

static void run_build(const struct program *p, unsigned version)
{
	struct sim_maps *device = new_maps(p), *expected = new_maps(p);
	struct sim_me_map map = { .tid = MAP_TID, .map_idx = 0 };
	uint64_t words[MAX_WORDS];
	struct sim_me_config cfg = { .fw = &generous,
				     .words = words,
				     .maps = device,
				     .map_table = &map,
				     .n_maps = p->map_type ? 1 : 0,
				     .junk_seed = version };
	unsigned seen[5] = { 0 }, kinds = 0;
	struct sim_me_error err;
	struct sim_me *me;
	char name[64];

	snprintf(name, sizeof(name), p->file, version);
	cfg.n_words = read_words(name, words);
	me = sim_me_new(&cfg, &err);
	if (!me)
		print_error("%s: %s\n", name, err.text);
	assert_non_null(me);
	if (p->map_type)
		fill_maps(p, device, expected);
	for (unsigned i = 0; i < PACKETS; i++) {
		seen[run_packet(me, p, name, i, expected)]++;
		if (p->map_type)
			compare_maps(p, device, expected);
	}
	for (unsigned v = 0; v < ARRAY_SIZE(seen); v++)
		kinds += seen[v] > PACKETS / 200;
	if (p->model != bpf2bpf && p->model != qsel && p->model != flowlearn && p->model != flowdel)
		assert_true(kinds >= 2); /* the packets reach more than one verdict */
	sim_me_free(me);
	sim_maps_free(device);
	sim_maps_free(expected);
}

static void kernel_translations_do_what_their_source_says(void **state)
{
	(void)state;
	seed = 1;
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		for (unsigned version = 2; version <= 3; version++)
			run_build(&programs[i], version);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_translations_do_what_their_source_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
