/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/packet.h"

#include "base/bits.h"
#include "sim/diff/packet_dict.h"
#include "sim/rng.h"

#include <assert.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#define N_FLOWS    64u
#define N_HOSTS    32u
#define MAX_BORDER 16u

struct flow { /* addresses as on the wire; IPv6 addresses have the IPv4 one as their last 4 bytes */
	uint32_t src, dst;
	uint16_t sport, dport;
	uint8_t proto;
};

struct sim_packet_gen {
	uint64_t seed;
	uint32_t min_len;
	struct sim_dict dict;
	struct flow flows[N_FLOWS];
	uint32_t hosts[N_HOSTS];
	uint8_t macs[8][ETH_ALEN];
};

/* A frame being made. Headers are appended; `border` has where each began, for cutting. */
struct frame {
	const struct sim_packet_gen *g;
	uint64_t rng;
	uint8_t *p;
	uint32_t len;
	uint32_t border[MAX_BORDER];
	unsigned n_border;
	struct flow flow;
	unsigned depth; /* of tunnels */
};

static uint32_t below(struct frame *f, uint32_t n)
{
	return sim_rng_below(&f->rng, n);
}

static bool chance(struct frame *f, uint32_t percent)
{
	return below(f, 100) < percent;
}

/* ---- bytes ---------------------------------------------------------------------------------- */

/* Zeroed room for a header; what does not fit into the longest frame is dropped on the floor. */
static uint8_t *append(struct frame *f, uint32_t n)
{
	uint8_t *at = f->p + f->len;

	assert(n <= SIM_PACKET_LONGEST && "header lengths are ours");
	if (f->n_border < MAX_BORDER)
		f->border[f->n_border++] = f->len;
	memset(at, 0, n);
	f->len += n;
	return at;
}

static bool has_room(const struct frame *f, uint32_t n)
{
	return f->len + n <= SIM_PACKET_LONGEST;
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put_random(struct frame *f, uint8_t *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i += 8) {
		uint64_t r = sim_rng_next(&f->rng);

		memcpy(p + i, &r, n - i < 8 ? n - i : 8);
	}
}

/* One of `usual`, else a constant of the program, else anything. */
static uint32_t draw(struct frame *f, unsigned bytes, const uint32_t *usual, uint32_t n)
{
	uint32_t pick = below(f, 10), v;

	if (n && pick < 6)
		return usual[below(f, n)];
	if (pick < 9 && sim_dict_draw(&f->g->dict, &f->rng, bytes, &v))
		return v;
	return (uint32_t)sim_rng_next(&f->rng);
}

#define DRAW(f, bytes, ...)                                                                        \
	draw((f), (bytes), (const uint32_t[]){ __VA_ARGS__ },                                      \
	     ARRAY_SIZE(((const uint32_t[]){ __VA_ARGS__ })))

/* Ones' complement sum over big-endian words. */
static uint32_t sum16(const uint8_t *p, uint32_t n, uint32_t sum)
{
	for (uint32_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	if (n & 1)
		sum += (uint32_t)p[n - 1] << 8;
	return sum;
}

static uint16_t fold16(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* ---- layer 4 -------------------------------------------------------------------------------- */

static void add_payload(struct frame *f)
{
	uint32_t pick = below(f, 100), n;
	uint8_t *p;

	n = pick < 25 ? 0 : pick < 60 ? below(f, 64) : pick < 85 ? below(f, 256) : below(f, 1400);
	if (pick == 99)
		n = SIM_PACKET_LONGEST;
	if (!has_room(f, n))
		n = SIM_PACKET_LONGEST - f->len;
	p = append(f, n);
	put_random(f, p, n);
	for (uint32_t i = 0; i < 4 && n >= 4; i++) { /* constants of protocols above this layer */
		uint32_t v, at = below(f, n / 4) * 4;

		if (at < 64 && sim_dict_draw(&f->g->dict, &f->rng, 4, &v))
			store_be32(p + at, v);
	}
}

static void add_tcp(struct frame *f)
{
	static const uint8_t usual_flags[] = { 0x02, 0x12, 0x10, 0x11, 0x04, 0x18, 0x14, 0x00 };
	uint32_t words = chance(f, 75) ? 5 : 5 + below(f, 11);
	uint8_t *p = append(f, words * 4);

	put16(p, f->flow.sport);
	put16(p + 2, f->flow.dport);
	put_random(f, p + 4, 8);
	p[12] = (uint8_t)(words << 4);
	p[13] = usual_flags[below(f, ARRAY_SIZE(usual_flags))];
	if (chance(f, 5))
		put_random(f, p + 12, 2); /* header length and flags of no sense */
	put_random(f, p + 14, 4);
	put_random(f, p + 20, words * 4 - 20);
	if (words > 5 && chance(f, 50))
		memset(p + 20, 1, words * 4 - 20); /* no-operation options */
	add_payload(f);
}

static void add_udp(struct frame *f)
{
	uint8_t *p = append(f, 8);
	uint32_t start = f->len - 8;

	put16(p, f->flow.sport);
	put16(p + 2, f->flow.dport);
	add_payload(f);
	put16(p + 4, chance(f, 90) ? f->len - start : below(f, 0x10000));
	if (chance(f, 70))
		put_random(f, p + 6, 2);
}

static void add_icmp(struct frame *f)
{
	uint8_t *p = append(f, 8);

	p[0] = (uint8_t)DRAW(f, 1, 0, 8, 3, 11, 128, 129, 135, 136);
	p[1] = (uint8_t)DRAW(f, 1, 0, 0, 1, 3, 4);
	put_random(f, p + 2, 6);
	add_payload(f);
}

static void add_network(struct frame *f, uint32_t ethertype);

static void add_gre(struct frame *f)
{
	static const uint32_t inner[] = { ETH_P_IP, ETH_P_IPV6, 0x6558 };
	uint32_t flags = DRAW(f, 2, 0, 0x2000, 0x8000, 0xb000), type = inner[below(f, 3)];
	uint8_t *p = append(f, 4);
	uint32_t extra =
		(flags & 0x8000 ? 4u : 0) + (flags & 0x2000 ? 4u : 0) + (flags & 0x1000 ? 4u : 0);

	put16(p, flags);
	put16(p + 2, type);
	p = append(f, extra);
	put_random(f, p, extra);
	f->depth++;
	add_network(f, type);
}

static void add_transport(struct frame *f, uint32_t proto)
{
	if (!has_room(f, 128)) /* headers of this layer and of one below it */
		return;
	switch (proto) {
	case IPPROTO_TCP: add_tcp(f); break;
	case IPPROTO_UDP: add_udp(f); break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6: add_icmp(f); break;
	case IPPROTO_GRE: add_gre(f); break;
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
		f->depth++;
		add_network(f, proto == IPPROTO_IPIP ? ETH_P_IP : ETH_P_IPV6);
		break;
	default: add_payload(f); break;
	}
}

static uint32_t draw_proto(struct frame *f, uint32_t icmp)
{
	uint32_t pick = below(f, 100);

	if (pick < 10 && f->depth < 2)
		return DRAW(f, 1, IPPROTO_IPIP, IPPROTO_GRE, IPPROTO_IPV6) & 0xff;
	if (pick < 20)
		return icmp;
	if (pick < 30)
		return DRAW(f, 1, IPPROTO_SCTP, IPPROTO_ESP, IPPROTO_AH, 0) & 0xff;
	return f->flow.proto;
}

/* ---- layer 3 -------------------------------------------------------------------------------- */

static void add_ipv4(struct frame *f)
{
	uint32_t start = f->len, words = chance(f, 85) ? 5 : 5 + below(f, 11);
	uint32_t proto = draw_proto(f, IPPROTO_ICMP);
	uint8_t *p = append(f, words * 4);

	p[0] = (uint8_t)(0x40 | words);
	p[1] = (uint8_t)DRAW(f, 1, 0, 0, 0xb8, 1, 3);
	put16(p + 4, below(f, 0x10000));
	put16(p + 6, DRAW(f, 2, 0, 0, 0x4000, 0x4000, 0x2000, 0x00b9, 0x20b9));
	p[8] = (uint8_t)DRAW(f, 1, 64, 64, 255, 128, 2, 1, 0);
	p[9] = (uint8_t)proto;
	memcpy(p + 12, &f->flow.src, 4);
	memcpy(p + 16, &f->flow.dst, 4);
	put_random(f, p + 20, words * 4 - 20);
	add_transport(f, proto);
	put16(p + 2, chance(f, 92) ? f->len - start : DRAW(f, 2, 0, 20, 0xffff));
	if (chance(f, 3))
		p[0] = (uint8_t)below(f, 256); /* version and header length of no sense */
	if (chance(f, 80))
		put16(p + 10, fold16(sum16(p, words * 4, 0)));
	else
		put_random(f, p + 10, 2);
}

static void add_arp(struct frame *f)
{
	uint8_t *p = append(f, 28);

	put16(p, 1);
	put16(p + 2, ETH_P_IP);
	p[4] = ETH_ALEN;
	p[5] = 4;
	put16(p + 6, DRAW(f, 2, 1, 2));
	put_random(f, p + 8, ETH_ALEN);
	memcpy(p + 14, &f->flow.src, 4);
	memcpy(p + 24, &f->flow.dst, 4);
}

/* Chain of extension headers before `proto`; fills in the next-header byte at `next`. */
static void add_ipv6_extensions(struct frame *f, uint8_t *next, uint32_t proto)
{
	static const uint8_t kinds[] = { IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT,
					 IPPROTO_DSTOPTS };
	uint32_t n = chance(f, 75) ? 0 : 1 + below(f, 3);

	while (n--) {
		uint8_t kind = kinds[below(f, ARRAY_SIZE(kinds))];
		uint32_t len = kind == IPPROTO_FRAGMENT ? 8 : 8 + 8 * below(f, 3);
		uint8_t *p;

		if (!has_room(f, len))
			break;
		p = append(f, len);
		put_random(f, p, len);
		p[1] = (uint8_t)(len / 8 - 1);
		*next = kind;
		next = p;
	}
	*next = (uint8_t)proto;
}

static void put_ipv6_address(struct frame *f, uint8_t *p, const uint32_t *v4)
{
	static const uint8_t prefix[2][12] = {
		{ 0x20, 0x01, 0x0d, 0xb8 },
		{ 0xfe, 0x80 },
	};

	memcpy(p, prefix[*v4 & 1], 12);
	memcpy(p + 12, v4, 4);
	if (chance(f, 5))
		put_random(f, p, 16);
}

static void add_ipv6(struct frame *f)
{
	uint32_t start = f->len + 40, proto = draw_proto(f, IPPROTO_ICMPV6);
	uint8_t *p = append(f, 40);

	p[0] = chance(f, 95) ? 0x60 : (uint8_t)below(f, 256);
	if (chance(f, 30))
		put_random(f, p + 1, 3); /* traffic class, flow label */
	p[7] = (uint8_t)DRAW(f, 1, 64, 255, 1, 0);
	put_ipv6_address(f, p + 8, &f->flow.src);
	put_ipv6_address(f, p + 24, &f->flow.dst);
	add_ipv6_extensions(f, p + 6, proto);
	add_transport(f, proto);
	put16(p + 4, chance(f, 92) ? f->len - start : below(f, 0x10000));
}

static void add_network(struct frame *f, uint32_t ethertype)
{
	if (!has_room(f, 256)) /* a header with all its options, and those behind it */
		return;
	switch (ethertype) {
	case ETH_P_IP: add_ipv4(f); break;
	case ETH_P_IPV6: add_ipv6(f); break;
	case ETH_P_ARP: add_arp(f); break;
	default: add_payload(f); break;
	}
}

/* ---- layer 2 -------------------------------------------------------------------------------- */

static uint32_t draw_ethertype(struct frame *f)
{
	uint32_t pick = below(f, 100), v;

	if (pick < 55)
		return ETH_P_IP;
	if (pick < 78)
		return ETH_P_IPV6;
	if (pick < 84)
		return ETH_P_ARP;
	if (pick < 96 && sim_dict_draw(&f->g->dict, &f->rng, 2, &v))
		return v;
	return below(f, 0x10000);
}

static void add_ethernet(struct frame *f)
{
	uint8_t *p = append(f, ETH_HLEN);
	uint32_t pick = below(f, 100), tags = pick < 75 ? 0 : pick < 92 ? 1 : 2;
	uint32_t type = draw_ethertype(f);

	memcpy(p, f->g->macs[below(f, ARRAY_SIZE(f->g->macs))], ETH_ALEN);
	memcpy(p + ETH_ALEN, f->g->macs[below(f, ARRAY_SIZE(f->g->macs))], ETH_ALEN);
	p += 2 * ETH_ALEN;
	while (tags--) {
		put16(p, chance(f, 70) ? ETH_P_8021Q : ETH_P_8021AD);
		p = append(f, 4);
		put16(p, DRAW(f, 2, 1, 100, 0x2064, 0));
		p += 2;
	}
	put16(p, type);
	add_network(f, type);
}

/* ---- damage --------------------------------------------------------------------------------- */

/* Cuts at a header's border or a byte beside it, where bounds checks are decided. */
static void cut(struct frame *f)
{
	uint32_t at = chance(f, 80) ? f->border[below(f, f->n_border)] + below(f, 3) - 1
				    : below(f, f->len + 1);

	if (at > f->len) /* 0 - 1 too */
		return;
	f->len = at;
}

static void splat_constant(struct frame *f)
{
	static const unsigned widths[] = { 1, 2, 4 };
	unsigned n = widths[below(f, 3)];
	uint32_t span = f->len < 128 ? f->len : 128, v;
	uint8_t be[4];

	if (!sim_dict_draw(&f->g->dict, &f->rng, n, &v))
		return;
	store_be32(be, v);
	memcpy(f->p + below(f, span - n + 1), be + 4 - n, n);
}

static void make_junk(struct frame *f)
{
	uint32_t n = 14 + below(f, chance(f, 80) ? 114 : SIM_PACKET_LONGEST - 13);

	put_random(f, append(f, n), n);
}

static void pad_to_minimum(struct frame *f)
{
	if (f->len < f->g->min_len) {
		memset(f->p + f->len, 0, f->g->min_len - f->len);
		f->len = f->g->min_len;
	}
}

/* A flow of the pool, its answer, or a new one. */
static struct flow pick_flow(struct frame *f)
{
	struct flow fl = f->g->flows[below(f, N_FLOWS)];
	uint32_t pick = below(f, 100);

	if (pick < 15)
		return (struct flow){ fl.dst, fl.src, fl.dport, fl.sport, fl.proto };
	if (pick < 60)
		return fl;
	fl.src = f->g->hosts[below(f, N_HOSTS)];
	fl.dst = f->g->hosts[below(f, N_HOSTS)];
	if (pick < 70)
		fl.src = __builtin_bswap32(DRAW(f, 4, 0x0a000001, 0xc0a80001, 0xffffffff));
	if (pick > 90)
		fl.dst = __builtin_bswap32(DRAW(f, 4, 0x0a000001, 0xc0a80001, 0xe0000001));
	fl.sport = (uint16_t)DRAW(f, 2, 1024, 40000, 53, 80);
	fl.dport = (uint16_t)DRAW(f, 2, 80, 443, 53, 22, 4789, 8080);
	fl.proto = (uint8_t)(below(f, 3) ? IPPROTO_TCP : IPPROTO_UDP);
	return fl;
}

uint32_t sim_packet_make(const struct sim_packet_gen *g, uint64_t index, uint8_t *buf)
{
	struct frame f = { .g = g, .rng = sim_rng_fork(g->seed, index), .p = buf };

	f.flow = pick_flow(&f);
	if (chance(&f, 4))
		make_junk(&f);
	else
		add_ethernet(&f);
	if (chance(&f, 12))
		cut(&f);
	pad_to_minimum(&f);
	if (chance(&f, 8))
		splat_constant(&f);
	assert(f.len >= SIM_PACKET_SHORTEST && f.len <= SIM_PACKET_LONGEST);
	return f.len;
}

/* ---- pools ---------------------------------------------------------------------------------- */

static void make_pools(struct sim_packet_gen *g)
{
	static const uint16_t ports[] = { 80, 443, 53, 22, 25, 123, 179, 4789, 6081, 8080, 8443 };
	struct frame f = { .g = g, .rng = sim_rng_fork(g->seed, UINT64_MAX) };

	for (size_t i = 0; i < ARRAY_SIZE(g->macs); i++) {
		put_random(&f, g->macs[i], ETH_ALEN);
		g->macs[i][0] &= 0xfc; /* unicast, globally administered */
	}
	memset(g->macs[0], 0xff, ETH_ALEN);
	memcpy(g->macs[1], (const uint8_t[]){ 0x01, 0x00, 0x5e, 0, 0, 1 }, ETH_ALEN);
	for (size_t i = 0; i < N_HOSTS; i++) {
		uint32_t v = (uint32_t)sim_rng_next(&f.rng), net = below(&f, 4);

		if (net < 2) /* private ranges: 10/8, 192.168/16 */
			v = (net ? 0xc0a80000 : 0x0a000000) | (v & 0xffff);
		else if (net == 2)
			v = DRAW(&f, 4, 0x7f000001, 0xe00000fb, 0x08080808);
		g->hosts[i] = __builtin_bswap32(v);
	}
	for (size_t i = 0; i < N_FLOWS; i++) {
		struct flow *fl = &g->flows[i];

		fl->src = g->hosts[below(&f, N_HOSTS)];
		fl->dst = g->hosts[below(&f, N_HOSTS)];
		fl->sport = (uint16_t)(1024 + below(&f, 60000));
		fl->dport = chance(&f, 70) ? ports[below(&f, ARRAY_SIZE(ports))]
					   : (uint16_t)DRAW(&f, 2, 80);
		fl->proto = (uint8_t)(below(&f, 3) ? IPPROTO_TCP : IPPROTO_UDP);
	}
}

struct sim_packet_gen *sim_packet_gen_new(struct arena *arena, const struct fe_prog *prog,
					  uint64_t seed, uint32_t min_len)
{
	struct sim_packet_gen *g = ARENA_NEW(arena, struct sim_packet_gen);

	assert(min_len >= SIM_PACKET_SHORTEST && min_len <= SIM_PACKET_LONGEST);
	g->seed = seed;
	g->min_len = min_len;
	sim_dict_from_prog(&g->dict, arena, prog);
	make_pools(g);
	return g;
}
