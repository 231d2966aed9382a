/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/nic/nic_frame.h"

#include "base/bits.h"

#include <linux/if_ether.h>
#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <string.h>

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5 /* linux/virtio_net.h of 6.2 and later */
#endif

#define ETH_ADDRS   12u /* bytes before the EtherType */
#define TAG_BYTES   4u
#define MAX_HEADERS 512u /* copied before each segment */
#define TCP_LEAST   20u
#define UDP_BYTES   8u

enum { TCP_SEQ = 4, TCP_OFF = 12, TCP_FLAGS = 13, TCP_SUM = 16, UDP_LEN = 4, UDP_SUM = 6 };
enum { TCP_FIN = 0x01, TCP_PSH = 0x08, TCP_CWR = 0x80 };
enum { IP4_LEN = 2, IP4_ID = 4, IP4_SUM = 10, IP4_ADDRS = 12, IP6_LEN = 4, IP6_ADDRS = 8 };

/* ---- checksums ---- */

static uint64_t sum(const uint8_t *p, uint32_t len)
{
	uint64_t s = 0;

	for (; len > 1; p += 2, len -= 2)
		s += load_be16(p);
	return len ? s + ((uint64_t)p[0] << 8) : s;
}

static uint16_t fold(uint64_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

/* A result of 0 is written as 0xffff: in UDP, 0 means no checksum. */
static void put_sum(uint8_t *at, uint64_t s)
{
	uint16_t folded = fold(s);

	store_be16(at, folded ? folded : 0xffff);
}

static bool fill_sum(uint8_t *frame, uint32_t len, const struct nic_undone *u)
{
	uint32_t start = u->csum_start, at = start + u->csum_offset;

	if (start >= len || at + 2 > len)
		return false;
	put_sum(frame + at, sum(frame + start, len - start));
	return true;
}

/* ---- segments ---- */

struct super { /* a frame of many segments */
	uint8_t *frame;
	uint32_t len;
	uint32_t l3, l4, payload; /* offsets */
	uint32_t size;            /* payload bytes of a segment */
	bool v6, udp;
};

/* Offset behind the tags, and the EtherType there. */
static uint32_t network_at(const struct super *s, uint16_t *proto)
{
	uint32_t at = ETH_ADDRS;

	*proto = 0;
	while (at + 2 <= s->len) {
		*proto = load_be16(s->frame + at);
		if (*proto != ETH_P_8021Q && *proto != ETH_P_8021AD)
			break;
		at += TAG_BYTES;
	}
	return at + 2;
}

static bool find_network(struct super *s)
{
	uint16_t proto;

	s->l3 = network_at(s, &proto);
	s->v6 = proto == ETH_P_IPV6;
	if (s->v6)
		return s->l4 >= s->l3 + 40;
	return proto == ETH_P_IP && s->l4 >= s->l3 + 20 &&
	       s->l4 == s->l3 + (s->frame[s->l3] & 0xfu) * 4u;
}

static bool parse(struct super *s, const struct nic_undone *u)
{
	uint8_t kind = u->gso_type & (uint8_t)~VIRTIO_NET_HDR_GSO_ECN;

	s->udp = kind == VIRTIO_NET_HDR_GSO_UDP_L4;
	if (!s->udp && kind != VIRTIO_NET_HDR_GSO_TCPV4 && kind != VIRTIO_NET_HDR_GSO_TCPV6)
		return false;
	s->l4 = u->csum_start;
	s->size = u->gso_size;
	if (!u->csum || !s->size || s->l4 + (s->udp ? UDP_BYTES : TCP_LEAST) > s->len ||
	    !find_network(s))
		return false;
	s->payload = s->l4 + (s->udp ? UDP_BYTES : s->frame[s->l4 + TCP_OFF] / 16u * 4u);
	return s->payload >= s->l4 + (s->udp ? UDP_BYTES : TCP_LEAST) && s->payload <= s->len &&
	       s->payload <= MAX_HEADERS;
}

static void network_header(const struct super *s, uint8_t *h, uint32_t l4_bytes, uint32_t index)
{
	uint8_t *ip = h + s->l3;
	uint32_t ip_bytes = s->l4 - s->l3;

	if (s->v6) {
		store_be16(ip + IP6_LEN, (uint16_t)(ip_bytes - 40 + l4_bytes));
		return;
	}
	store_be16(ip + IP4_LEN, (uint16_t)(ip_bytes + l4_bytes));
	store_be16(ip + IP4_ID, (uint16_t)(load_be16(ip + IP4_ID) + index));
	store_be16(ip + IP4_SUM, 0);
	store_be16(ip + IP4_SUM, fold(sum(ip, ip_bytes)));
}

static void transport_header(const struct super *s, uint8_t *h, uint32_t l4_bytes, uint32_t index,
			     bool last)
{
	uint8_t *l4 = h + s->l4;
	uint8_t drop = 0;

	if (s->udp) {
		store_be16(l4 + UDP_LEN, (uint16_t)l4_bytes);
		return;
	}
	store_be32(l4 + TCP_SEQ, load_be32(l4 + TCP_SEQ) + index * s->size);
	if (!last)
		drop |= TCP_FIN | TCP_PSH;
	if (index)
		drop |= TCP_CWR;
	l4[TCP_FLAGS] &= (uint8_t)~drop;
}

/* Over pseudo header, transport header and payload. */
static void transport_sum(const struct super *s, uint8_t *h, uint32_t l4_bytes)
{
	uint8_t *at = h + s->l4 + (s->udp ? UDP_SUM : TCP_SUM);
	uint64_t pseudo = (s->udp ? IPPROTO_UDP : IPPROTO_TCP) + (uint64_t)l4_bytes;

	pseudo += s->v6 ? sum(h + s->l3 + IP6_ADDRS, 32) : sum(h + s->l3 + IP4_ADDRS, 8);
	store_be16(at, 0);
	put_sum(at, pseudo + sum(h + s->l4, l4_bytes));
}

/* The headers are written right before each segment's payload, over what was emitted already. */
static bool segment(struct super *s, const struct nic_undone *u, nic_frame_fn *emit, void *priv)
{
	uint8_t headers[MAX_HEADERS];
	uint32_t index = 0;

	if (!parse(s, u))
		return false;
	memcpy(headers, s->frame, s->payload);
	for (uint32_t at = s->payload; at < s->len || !index; index++) {
		uint32_t n = s->len - at < s->size ? s->len - at : s->size;
		uint32_t l4_bytes = s->payload - s->l4 + n;
		uint8_t *h = s->frame + at - s->payload;

		memcpy(h, headers, s->payload);
		network_header(s, h, l4_bytes, index);
		transport_header(s, h, l4_bytes, index, at + n == s->len);
		transport_sum(s, h, l4_bytes);
		emit(priv, h, s->payload + n);
		at += n;
	}
	return true;
}

/* ---- the whole ---- */

static uint8_t *put_tag(uint8_t *frame, struct nic_undone *u)
{
	uint8_t *start = frame - TAG_BYTES;

	memmove(start, frame, ETH_ADDRS);
	store_be16(start + ETH_ADDRS, u->tpid);
	store_be16(start + ETH_ADDRS + 2, u->tci);
	u->csum_start = (uint16_t)(u->csum_start + TAG_BYTES);
	return start;
}

bool nic_frame_finish(uint8_t *frame, uint32_t len, const struct nic_undone *undone,
		      nic_frame_fn *emit, void *priv)
{
	struct nic_undone u = *undone;

	if (len < ETH_HLEN)
		return false;
	if (u.tagged) {
		frame = put_tag(frame, &u);
		len += TAG_BYTES;
	}
	if (u.gso_type != VIRTIO_NET_HDR_GSO_NONE)
		return segment(&(struct super){ .frame = frame, .len = len }, &u, emit, priv);
	if (u.csum && !fill_sum(frame, len, &u))
		return false;
	emit(priv, frame, len);
	return true;
}
