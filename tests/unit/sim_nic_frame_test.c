/* SPDX-License-Identifier: BSD-2-Clause */
/* What a packet socket hands out becomes frames of a cable: tags, checksums, segments. */
#include "sim/nic/nic_frame.h"

#include "base/bits.h"

#include <linux/virtio_net.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GSO_UDP_L4 5
#define MOST       64

struct got {
	unsigned n;
	struct {
		uint8_t *at; /* its own allocation: a read past its end is seen */
		uint32_t len;
	} frame[MOST];
};

static void collect(void *priv, const uint8_t *frame, uint32_t len)
{
	struct got *g = priv;

	assert_true(g->n < MOST);
	g->frame[g->n].at = malloc(len);
	memcpy(g->frame[g->n].at, frame, len);
	g->frame[g->n++].len = len;
}

static void forget(struct got *g)
{
	while (g->n)
		free(g->frame[--g->n].at);
}

/* ---- a frame of many segments -------------------------------------------------------------------- */

struct inlined {
	const char *name;
	bool v6, udp, tagged; /* tagged: the tag lies beside the frame */
	uint32_t ip_options, payload;
	uint16_t size;
	unsigned segments;
};

struct made {
	uint8_t *mem, *frame;
	uint32_t len, l3, l4, data;
	struct nic_undone u;
};

static uint32_t put_network(const struct inlined *s, uint8_t *ip, uint32_t l4_bytes)
{
	uint32_t n = s->v6 ? 40 : 20 + s->ip_options;

	if (s->v6) {
		ip[0] = 0x60;
		store_be16(ip + 4, (uint16_t)l4_bytes);
		ip[6] = s->udp ? 17 : 6;
	} else {
		ip[0] = (uint8_t)(0x40 | n / 4);
		store_be16(ip + 2, (uint16_t)(n + l4_bytes));
		store_be16(ip + 4, 0xfffe); /* the identification wraps */
		ip[9] = s->udp ? 17 : 6;
	}
	for (unsigned i = 0; i < (s->v6 ? 32u : 8u); i++)
		ip[(s->v6 ? 8 : 12) + i] = (uint8_t)(i * 29 + 1);
	return n;
}

static struct made make(const struct inlined *s)
{
	uint32_t l4_head = s->udp ? 8 : 32;
	struct made m = { .l3 = 14, .len = 14 + (s->v6 ? 40 : 20 + s->ip_options) + l4_head };

	m.data = m.len;
	m.l4 = m.data - l4_head;
	m.len += s->payload;
	m.mem = calloc(1, NIC_FRAME_ROOM + m.len);
	m.frame = m.mem + NIC_FRAME_ROOM;
	memcpy(m.frame, "\x02\0\0\0\0\1\x02\0\0\0\0\2", 12);
	store_be16(m.frame + 12, s->v6 ? 0x86dd : 0x0800);
	put_network(s, m.frame + m.l3, m.len - m.l4);
	if (s->udp) {
		store_be16(m.frame + m.l4 + 4, (uint16_t)(m.len - m.l4));
	} else {
		store_be32(m.frame + m.l4 + 4, 0xfffffff0); /* so does the sequence number */
		m.frame[m.l4 + 12] = 0x80;
		m.frame[m.l4 + 13] = 0x80 | 0x10 | 0x08 | 0x01; /* CWR, ACK, PSH, FIN */
	}
	for (uint32_t i = 0; i < s->payload; i++)
		m.frame[m.data + i] = (uint8_t)(i * 7);
	m.u = (struct nic_undone){ .csum = true,
				   .csum_start = (uint16_t)m.l4,
				   .csum_offset = s->udp ? 6 : 16,
				   .gso_type = s->udp  ? GSO_UDP_L4
					       : s->v6 ? VIRTIO_NET_HDR_GSO_TCPV6
						       : VIRTIO_NET_HDR_GSO_TCPV4,
				   .gso_size = s->size,
				   .tagged = s->tagged,
				   .tpid = 0x8100,
				   .tci = 0x2005 };
	return m;
}

/* Sum over the words of a region, the slow way. */
static uint32_t add_up(uint32_t sum, const uint8_t *p, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void check_sums(const struct inlined *s, const uint8_t *ip, const uint8_t *l4,
		       uint32_t l4_len)
{
	uint32_t sum = (s->udp ? 17 : 6) + l4_len;

	sum = add_up(sum, ip + (s->v6 ? 8 : 12), s->v6 ? 32 : 8);
	assert_int_equal(add_up(sum, l4, l4_len), 0xffff);
	if (!s->v6)
		assert_int_equal(add_up(0, ip, (uint32_t)(l4 - ip)), 0xffff);
}

static void check_segment(const struct inlined *s, const struct made *m, const uint8_t *f,
			  uint32_t len, unsigned index)
{
	uint32_t shift = s->tagged ? 4 : 0, at = index * s->size;
	uint32_t n = s->payload - at < s->size ? s->payload - at : s->size;
	const uint8_t *ip = f + m->l3 + shift, *l4 = f + m->l4 + shift;
	bool last = at + n == s->payload;

	assert_int_equal(len, m->data + shift + n);
	if (s->tagged) {
		assert_memory_equal(f + 12, "\x81\x00\x20\x05", 4);
		assert_int_equal(load_be16(f + 16), s->v6 ? 0x86dd : 0x0800);
	}
	check_sums(s, ip, l4, m->data - m->l4 + n);
	assert_int_equal(load_be16(ip + (s->v6 ? 4 : 2)),
			 (s->v6 ? 0 : m->l4 - m->l3) + m->data - m->l4 + n);
	if (!s->v6)
		assert_int_equal(load_be16(ip + 4), (uint16_t)(0xfffe + index));
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(f[m->data + shift + i], (uint8_t)((at + i) * 7));
	if (s->udp) {
		assert_int_equal(load_be16(l4 + 4), 8 + n);
		return;
	}
	assert_int_equal(load_be32(l4 + 4), 0xfffffff0 + at);
	assert_int_equal(l4[13], 0x10 | (last ? 0x09 : 0) | (index ? 0 : 0x80));
}

static void segments_are_frames_of_their_own(void **state)
{
	static const struct inlined shapes[] = {
		{ "ipv4", .payload = 4000, .size = 1448, .segments = 3 },
		{ "ipv4 options", .ip_options = 24, .payload = 2000, .size = 1000, .segments = 2 },
		{ "ipv6", .v6 = true, .payload = 4344, .size = 1448, .segments = 3 },
		{ "tag beside", .tagged = true, .payload = 100, .size = 33, .segments = 4 },
		{ "ipv6, tag", .v6 = true, .tagged = true, .payload = 9, .size = 4, .segments = 3 },
		{ "udp", .udp = true, .payload = 3001, .size = 1200, .segments = 3 },
		{ "udp v6", .udp = true, .v6 = true, .payload = 1201, .size = 1200, .segments = 2 },
		{ "one byte each", .payload = 40, .size = 1, .segments = 40 },
		{ "one segment", .payload = 700, .size = 1448, .segments = 1 },
		{ "nothing but headers", .payload = 0, .size = 1448, .segments = 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		struct made m = make(&shapes[i]);
		struct got g = { 0 };

		assert_true(nic_frame_finish(m.frame, m.len, &m.u, collect, &g));
		assert_int_equal(g.n, shapes[i].segments);
		for (unsigned k = 0; k < g.n; k++)
			check_segment(&shapes[i], &m, g.frame[k].at, g.frame[k].len, k);
		forget(&g);
		free(m.mem);
	}
}

static void what_makes_no_sense_is_refused(void **state)
{
	static const struct inlined s = { "ipv4", .payload = 4000, .size = 1448 };
	static const struct nic_undone tcp = {
		.gso_type = 1, .csum = true, .csum_start = 34, .gso_size = 9
	};
	const struct {
		const char *name;
		uint32_t len, at, byte; /* of a change to the frame; at 0: none */
		struct nic_undone u;
	} cases[] = {
		{ "not ip", 0, 12, 0x12, tcp },
		{ "ip header longer", 0, 14, 0x4f, tcp },
		{ "tcp header short", 0, 46, 0x10, tcp },
		{ "tcp header long", 80, 46, 0xf0, tcp },
		{ "tcp header cut", 53, 0, 0, tcp },
		{ "shorter than ethernet", 13, 0, 0, { 0 } },
		{ "kind unknown",
		  .u = { .gso_type = 77, .csum = true, .csum_start = 34, .gso_size = 9 } },
		{ "ip fragments",
		  .u = { .gso_type = 3, .csum = true, .csum_start = 34, .gso_size = 9 } },
		{ "no size", .u = { .gso_type = 1, .csum = true, .csum_start = 34 } },
		{ "no start", .u = { .gso_type = 1, .gso_size = 9 } },
		{ "start behind",
		  .u = { .gso_type = 1, .csum = true, .csum_start = 60000, .gso_size = 9 } },
		{ "start in ethernet",
		  .u = { .gso_type = 1, .csum = true, .csum_start = 6, .gso_size = 9 } },
		{ "sum behind", .u = { .csum = true, .csum_start = 34, .csum_offset = 60000 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct made m = make(&s);
		struct got g = { 0 };
		uint32_t len = cases[i].len ? cases[i].len : m.len;

		if (cases[i].at)
			m.frame[cases[i].at] = (uint8_t)cases[i].byte;
		if (nic_frame_finish(m.frame, len, &cases[i].u, collect, &g))
			fail_msg("%s was taken", cases[i].name);
		assert_int_equal(g.n, 0);
		free(m.mem);
	}
}

/* ---- one frame ------------------------------------------------------------------------------------ */

static void plain_frames_stay(void **state)
{
	static const struct inlined s = { "ipv4", .payload = 10, .size = 100 };
	const struct nic_undone nothing = { 0 };
	struct made m = make(&s);
	struct got g = { 0 };

	(void)state;
	assert_true(nic_frame_finish(m.frame, m.len, &nothing, collect, &g));
	assert_true(nic_frame_finish(m.frame, 14, &nothing, collect, &g));
	assert_int_equal(g.n, 2);
	assert_int_equal(g.frame[0].len, m.len);
	assert_memory_equal(g.frame[0].at, m.frame, m.len);
	assert_int_equal(g.frame[1].len, 14);
	forget(&g);
	free(m.mem);
}

/* The field holds the pseudo header's sum then; odd lengths, too. */
static void a_checksum_is_filled_in(void **state)
{
	static const struct inlined shapes[] = { { "tcp", .payload = 11, .size = 100 },
						 { "tag", .tagged = true, .payload = 12 },
						 { "udp v6", .v6 = true, .udp = true,
						   .payload = 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct inlined *s = &shapes[i];
		struct made m = make(s);
		struct got g = { 0 };
		const uint8_t *ip = m.frame + m.l3;
		uint32_t shift = s->tagged ? 4 : 0, pseudo = (s->udp ? 17 : 6) + m.len - m.l4;

		pseudo = add_up(pseudo, ip + (s->v6 ? 8 : 12), s->v6 ? 32 : 8);
		store_be16(m.frame + m.l4 + m.u.csum_offset, (uint16_t)pseudo);
		m.u.gso_type = VIRTIO_NET_HDR_GSO_NONE;
		assert_true(nic_frame_finish(m.frame, m.len, &m.u, collect, &g));
		assert_int_equal(g.n, 1);
		assert_int_equal(g.frame[0].len, m.len + shift);
		pseudo = (s->udp ? 17 : 6) + m.len - m.l4;
		ip = g.frame[0].at + m.l3 + shift;
		pseudo = add_up(pseudo, ip + (s->v6 ? 8 : 12), s->v6 ? 32 : 8);
		assert_int_equal(add_up(pseudo, g.frame[0].at + m.l4 + shift, m.len - m.l4),
				 0xffff);
		forget(&g);
		free(m.mem);
	}
}

/* Random descriptions of random bytes: an answer each time, and nothing beyond the frame. */
static void any_bytes_are_survived(void **state)
{
	uint64_t x = 88172645463325252u;

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		uint32_t len;
		struct nic_undone u;
		struct got g = { 0 };
		uint8_t *mem;

		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		len = (uint32_t)(x % 120);
		mem = calloc(1, NIC_FRAME_ROOM + len + 1);
		for (uint32_t k = 0; k < len; k++)
			mem[NIC_FRAME_ROOM + k] = (uint8_t)(x >> k % 57);
		if (len > 20 && x & 1)
			memcpy(mem + NIC_FRAME_ROOM + 12, "\x08\x00\x45", 3);
		u = (struct nic_undone){ .csum = x >> 8 & 1,
					 .csum_start = x >> 9 & 1 ? 34 : (uint16_t)(x >> 16),
					 .csum_offset = (uint16_t)(x >> 20 & 31),
					 .gso_type = (uint8_t)(x >> 28 & 7),
					 .gso_size = (uint16_t)(2 + (x >> 32 & 15)),
					 .tagged = x >> 40 & 1 };
		nic_frame_finish(mem + NIC_FRAME_ROOM, len, &u, collect, &g);
		forget(&g);
		free(mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_are_frames_of_their_own),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(plain_frames_stay),
		cmocka_unit_test(a_checksum_is_filled_in),
		cmocka_unit_test(any_bytes_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
