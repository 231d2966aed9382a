/* SPDX-License-Identifier: BSD-2-Clause */
/* The generator repeats exactly, keeps its bounds, and reaches what real parsers branch on; capture
 * files are read and written. */
#include "sim/packet.h"
#include "sim/pcap.h"
#include "tests/support/sim_host_run.h"

#include "base/bits.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct sim_packet_gen *generator(struct arena *a, const struct bpf_insn *insns, size_t n,
					uint64_t seed, uint32_t min_len)
{
	struct fe_prog prog = { .insns = insns, .n_insns = n };

	return sim_packet_gen_new(a, &prog, seed, min_len);
}

static void packets_repeat_whatever_came_before(void **state)
{
	uint8_t a[SIM_PACKET_LONGEST], b[SIM_PACKET_LONGEST];
	struct sim_packet_gen *one, *two;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	one = generator(&arena, NULL, 0, 7, SIM_PACKET_SHORTEST);
	two = generator(&arena, NULL, 0, 7, SIM_PACKET_SHORTEST);
	for (uint64_t i = 0; i < 100; i++)
		sim_packet_make(one, i, a);
	for (uint64_t i = 100; i < 200; i++) {
		uint32_t len = sim_packet_make(one, i, a);

		assert_int_equal(sim_packet_make(two, i, b), len);
		assert_memory_equal(a, b, len);
	}
	arena_reset(&arena);
}

static void lengths_stay_in_bounds(void **state)
{
	static const uint32_t mins[] = { 14, 60 };
	uint8_t *buf = malloc(SIM_PACKET_LONGEST); /* exact, for the sanitizer */
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t m = 0; m < ARRAY_SIZE(mins); m++) {
		struct sim_packet_gen *g = generator(&arena, NULL, 0, 1, mins[m]);
		uint32_t shortest = UINT32_MAX, longest = 0;

		for (uint64_t i = 0; i < 20000; i++) {
			uint32_t len = sim_packet_make(g, i, buf);

			shortest = len < shortest ? len : shortest;
			longest = len > longest ? len : longest;
		}
		assert_int_equal(shortest, mins[m]);
		assert_int_equal(longest, SIM_PACKET_LONGEST);
	}
	free(buf);
	arena_reset(&arena);
}

/* What a parser sees of one packet. */
struct seen {
	unsigned vlan[3], ipv4, ipv6, arp, options, fragment, tcp, udp, icmp, tunnel, extension,
		syn;
	unsigned bad_length, lldp, short_ip;
};

static void look(struct seen *s, const uint8_t *p, uint32_t len)
{
	uint32_t off = 12, type, tags = 0;

	type = (uint32_t)(p[12] << 8 | p[13]);
	while ((type == 0x8100 || type == 0x88a8) && tags < 2 && off + 6 <= len) {
		off += 4;
		tags++;
		type = (uint32_t)(p[off] << 8 | p[off + 1]);
	}
	off += 2;
	s->vlan[tags]++;
	s->arp += type == 0x0806;
	s->lldp += type == 0x88cc;
	s->short_ip += type == 0x0800 && len < off + 20;
	if (type == 0x86dd && len >= off + 40) {
		s->ipv6++;
		s->extension += p[off + 6] == 0 || p[off + 6] == 43 || p[off + 6] == 44;
	}
	if (type != 0x0800 || len < off + 40)
		return;
	s->ipv4++;
	s->options += (p[off] & 15) > 5;
	s->fragment += (p[off + 6] & 0x3f) != 0;
	s->bad_length += (uint32_t)(p[off + 2] << 8 | p[off + 3]) + off != len;
	s->tcp += p[off + 9] == IPPROTO_TCP;
	s->udp += p[off + 9] == IPPROTO_UDP;
	s->icmp += p[off + 9] == IPPROTO_ICMP;
	s->tunnel += p[off + 9] == IPPROTO_IPIP || p[off + 9] == IPPROTO_GRE;
	s->syn += p[off + 9] == IPPROTO_TCP && p[off] == 0x45 && (p[off + 33] & 0x12) == 0x02;
}

static void a_parsers_branches_are_reached(void **state)
{
	/* compares with LLDP's type as the program sees it: loaded without a swap */
	static const struct bpf_insn insns[] = { JMPI(BPF_JEQ, 1, 0xcc88, 0) };
	uint8_t buf[SIM_PACKET_LONGEST];
	struct seen s = { 0 };
	struct arena arena;
	struct sim_packet_gen *g;

	(void)state;
	arena_init(&arena);
	g = generator(&arena, insns, 1, 3, SIM_PACKET_SHORTEST);
	for (uint64_t i = 0; i < 10000; i++) {
		uint32_t len = sim_packet_make(g, i, buf);

		look(&s, buf, len);
	}
	for (size_t i = 0; i < sizeof(s) / sizeof(unsigned); i++) {
		unsigned n;

		memcpy(&n, (const uint8_t *)&s + i * sizeof(n), sizeof(n));
		if (n < 20)
			fail_msg("counter %zu of struct seen is only %u of 10000", i, n);
	}
	arena_reset(&arena);
}

/* Address pairs that occur ten times and more make up a good part of the IPv4 packets. */
static void flows_come_back(void **state)
{
	enum { SLOTS = 4096 };
	uint8_t buf[SIM_PACKET_LONGEST];
	unsigned count[SLOTS] = { 0 }, total = 0, back = 0;
	struct arena arena;
	struct sim_packet_gen *g;

	(void)state;
	arena_init(&arena);
	g = generator(&arena, NULL, 0, 5, 60);
	for (uint64_t i = 0; i < 5000; i++) {
		uint64_t pair;

		sim_packet_make(g, i, buf);
		if (buf[12] != 8 || buf[13] != 0)
			continue;
		pair = load_le64(buf + 26) * UINT64_C(0x9e3779b97f4a7c15);
		count[pair >> 52]++;
		total++;
	}
	for (unsigned i = 0; i < SLOTS; i++)
		back += count[i] >= 10 ? count[i] : 0;
	assert_in_range(back, total / 4, total * 3 / 4);
	arena_reset(&arena);
}

/* ---- capture files -------------------------------------------------------------------------- */

struct files {
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx;
	char path[64];
};

static void open_files(struct files *f)
{
	int fd;

	arena_init(&f->arena);
	arena_init(&f->scratch);
	diags_init(&f->diags, &f->arena);
	f->cx = (struct cx){ &f->arena, &f->scratch, &f->diags };
	snprintf(f->path, sizeof(f->path), "/tmp/sim_packet_test.XXXXXX");
	fd = mkstemp(f->path);
	assert_return_code(fd, 0);
	close(fd);
}

static void close_files(struct files *f)
{
	unlink(f->path);
	arena_reset(&f->arena);
	arena_reset(&f->scratch);
}

static void written_captures_read_back(void **state)
{
	struct files f;
	struct sim_pcap_writer *w;
	struct sim_pcap *p;
	const uint8_t *data;
	uint32_t len;

	(void)state;
	open_files(&f);
	w = sim_pcap_create(&f.cx, f.path);
	assert_non_null(w);
	sim_pcap_write(w, (const uint8_t *)"abcdefghijklmnopq", 17);
	sim_pcap_write(w, (const uint8_t *)"0123456789012345678901", 22);
	assert_true(sim_pcap_finish(&f.cx, w));
	p = sim_pcap_open(&f.cx, f.path);
	assert_non_null(p);
	assert_true(sim_pcap_next(&f.cx, p, &data, &len));
	assert_int_equal(len, 17);
	assert_memory_equal(data, "abcdefghijklmnopq", 17);
	assert_true(sim_pcap_next(&f.cx, p, &data, &len));
	assert_int_equal(len, 22);
	assert_false(sim_pcap_next(&f.cx, p, &data, &len));
	assert_int_equal(f.diags.errors, 0);
	sim_pcap_close(p);
	close_files(&f);
}

static void damaged_captures_are_reported(void **state)
{
	static const struct {
		const char *name;
		uint8_t bytes[64];
		size_t n;
	} cases[] = {
		{ "empty", { 0 }, 0 },
		{ "no capture", "hello, this is text, not packets", 32 },
		{ "header cut", { 0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0 }, 8 },
		{ "raw IP link type",
		  { 0xd4, 0xc3, 0xb2, 0xa1, 2, 0,    4,    0, 0, 0,  0,
		    0,    0,    0,    0,    0, 0xff, 0xff, 0, 0, 101 },
		  24 },
		{ "packet cut",
		  { 0xd4, 0xc3, 0xb2, 0xa1, 2,  0, 4, 0, 0,  0, 0, 0, 0, 0,
		    0,    0,    0xff, 0xff, 0,  0, 1, 0, 0,  0, 0, 0, 0, 0,
		    0,    0,    0,    0,    60, 0, 0, 0, 60, 0, 0, 0, 1, 2 },
		  42 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct files f;
		struct sim_pcap *p;
		const uint8_t *data;
		uint32_t len;
		FILE *out;

		open_files(&f);
		out = fopen(f.path, "w");
		assert_int_equal(fwrite(cases[i].bytes, 1, cases[i].n, out), cases[i].n);
		fclose(out);
		p = sim_pcap_open(&f.cx, f.path);
		if (p)
			assert_false(sim_pcap_next(&f.cx, p, &data, &len));
		if (f.diags.errors != 1 || f.diags.list.at[0].reason != REASON_PCAP_OPEN)
			fail_msg("%s: not reported once", cases[i].name);
		sim_pcap_close(p);
		close_files(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_repeat_whatever_came_before),
		cmocka_unit_test(lengths_stay_in_bounds),
		cmocka_unit_test(a_parsers_branches_are_reached),
		cmocka_unit_test(flows_come_back),
		cmocka_unit_test(written_captures_read_back),
		cmocka_unit_test(damaged_captures_are_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
