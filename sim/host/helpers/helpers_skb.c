/* SPDX-License-Identifier: BSD-2-Clause */
/* tc helpers and legacy packet loads: what needs a struct sk_buff rather than a struct xdp_buff. The
 * packet is linear and carries no checksum offload state, as in BPF_PROG_TEST_RUN. */
#include "sim/host/environment/host_internal.h"

#include "base/bits.h"
#include "sim/host/helpers/host_helpers.h"
#include "sim/host/unwritten/unwritten.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <string.h>

#define ERR(e) ((uint64_t)(int64_t)(-(e)))

#define SKF_NET_OFF (-0x100000) /* legacy offsets relative to the network header */
#define SKF_LL_OFF  (-0x200000) /* … and to the link header */
#define VLAN_TAG    4u

static struct __sk_buff *skb_of(struct sim_host *h)
{
	return (struct __sk_buff *)(void *)h->ctx;
}

static uint8_t *span(struct sim_host *h, uint64_t off, uint64_t len)
{
	uint64_t have = h->data_end - h->data;

	return off <= have && len <= have - off ? h->packet + h->data + off : NULL;
}

/* ---- loads and stores ----------------------------------------------------------------------- */

uint64_t sim_skb_load_abs(struct sim_host *h, int32_t off, uint32_t bytes, uint64_t *failed)
{
	int64_t at = off;
	const uint8_t *p;
	uint64_t v = 0;

	if (off < 0 && off >= SKF_NET_OFF)
		at = (int64_t)off - SKF_NET_OFF + ETH_HLEN;
	else if (off < 0 && off >= SKF_LL_OFF)
		at = (int64_t)off - SKF_LL_OFF;
	p = at < 0 ? NULL : span(h, (uint64_t)at, bytes);
	*failed = !p;
	if (p && sim_unwritten_any(h, GUEST_PACKET + h->data + (uint64_t)at, bytes))
		sim_unwritten_result(h, bits_mask(8 * bytes));
	for (uint32_t i = 0; p && i < bytes; i++)
		v = v << 8 | p[i];
	return v;
}

uint64_t sim_helper_skb_load_bytes(struct sim_host *h, const uint64_t *a)
{
	uint32_t off = (uint32_t)a[1], len = (uint32_t)a[3];
	uint8_t *to = sim_guest_ptr(h, a[2], len);
	const uint8_t *p = off > INT32_MAX ? NULL : span(h, off, len);

	if (!to)
		return 0;
	if (!p) {
		memset(to, 0, len);
		sim_unwritten_written(h, a[2], len);
		return ERR(EFAULT);
	}
	memmove(to, p, len);
	sim_unwritten_copy(h, a[2], GUEST_PACKET + h->data + off, len);
	return 0;
}

uint64_t sim_helper_skb_store_bytes(struct sim_host *h, const uint64_t *a)
{
	uint32_t off = (uint32_t)a[1], len = (uint32_t)a[3];
	const uint8_t *from = sim_guest_ptr(h, a[2], len);
	uint8_t *p = off > INT32_MAX ? NULL : span(h, off, len);

	if (!from)
		return 0;
	if (a[4] & ~(uint64_t)(BPF_F_RECOMPUTE_CSUM | BPF_F_INVALIDATE_HASH))
		return ERR(EINVAL);
	if (!p)
		return ERR(EFAULT);
	memmove(p, from, len);
	sim_unwritten_copy(h, GUEST_PACKET + h->data + off, a[2], len);
	return 0;
}

uint64_t sim_helper_skb_pull_data(struct sim_host *h, const uint64_t *a)
{
	return (uint32_t)a[1] > h->data_end - h->data ? ERR(ENOMEM) : 0; /* linear already */
}

/* skb_change_head(skb, bytes, flags): zeroes in front */
uint64_t sim_helper_skb_change_head(struct sim_host *h, const uint64_t *a)
{
	uint32_t more = (uint32_t)a[1];

	if (a[2] || more > INT32_MAX)
		return ERR(EINVAL);
	if (more > h->data || more > SIM_HEADROOM - VLAN_TAG) {
		h->environment = true; /* a kernel would find the memory */
		return ERR(ENOMEM);
	}
	h->data -= more;
	memset(h->packet + h->data, 0, more);
	sim_unwritten_written(h, GUEST_PACKET + h->data, more);
	sim_ctx_sync(h);
	return 0;
}

/* ---- checksums: 16-bit sums are kept in the order they have in memory ------------------------- */

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint32_t add32(uint32_t a, uint32_t b) /* end-around carry */
{
	uint32_t s = a + b;

	return s + (s < b);
}

static uint16_t add16(uint16_t a, uint16_t b)
{
	uint16_t s = (uint16_t)(a + b);

	return (uint16_t)(s + (s < b));
}

static uint16_t replace4(uint16_t sum, uint32_t from, uint32_t to)
{
	return fold(add32(add32(~(uint32_t)sum, ~from), to));
}

static uint16_t replace2(uint16_t sum, uint16_t from, uint16_t to)
{
	return (uint16_t)~add16(add16((uint16_t)~sum, (uint16_t)~from), to);
}

static uint16_t replace_diff(uint16_t sum, uint32_t diff)
{
	return fold(add32(diff, ~(uint32_t)sum));
}

/* A sum in the packet was changed by arguments 3 and 4. */
static void note_undef_sum(struct sim_host *h, uint32_t off)
{
	uint64_t at = GUEST_PACKET + h->data + off;

	if (sim_unwritten_arg(h, 3) || sim_unwritten_arg(h, 4) || sim_unwritten_any(h, at, 2))
		sim_unwritten_undefine(h, at, 2);
}

/* l3_csum_replace(skb, offset, from, to, flags): flags say how wide the field is; 0: `to` is a sum */
uint64_t sim_helper_l3_csum_replace(struct sim_host *h, const uint64_t *a)
{
	uint32_t off = (uint32_t)a[1];
	uint8_t *p = span(h, off, 2);
	uint16_t sum;

	if (a[4] & ~(uint64_t)BPF_F_HDR_FIELD_MASK)
		return ERR(EINVAL);
	if (off > 0xffff || (off & 1) || !p)
		return ERR(EFAULT);
	sum = load_le16(p);
	switch (a[4]) {
	case 0:
		if (a[2])
			return ERR(EINVAL);
		sum = replace_diff(sum, (uint32_t)a[3]);
		break;
	case 2: sum = replace2(sum, (uint16_t)a[2], (uint16_t)a[3]); break;
	case 4: sum = replace4(sum, (uint32_t)a[2], (uint32_t)a[3]); break;
	default: return ERR(EINVAL);
	}
	p[0] = (uint8_t)sum;
	p[1] = (uint8_t)(sum >> 8);
	note_undef_sum(h, off);
	return 0;
}

uint64_t sim_helper_l4_csum_replace(struct sim_host *h, const uint64_t *a)
{
	const uint64_t known =
		BPF_F_MARK_MANGLED_0 | BPF_F_MARK_ENFORCE | BPF_F_PSEUDO_HDR | BPF_F_HDR_FIELD_MASK;
	bool mangled = a[4] & BPF_F_MARK_MANGLED_0, enforce = a[4] & BPF_F_MARK_ENFORCE;
	uint32_t off = (uint32_t)a[1];
	uint8_t *p = span(h, off, 2);
	uint16_t sum;

	if (a[4] & ~known)
		return ERR(EINVAL);
	if (off > 0xffff || (off & 1) || !p)
		return ERR(EFAULT);
	sum = load_le16(p);
	sim_unwritten_decides(h, GUEST_PACKET + h->data + off, 2, "a sum");
	if (mangled && !enforce && !sum) /* UDP without a checksum */
		return 0;
	switch (a[4] & BPF_F_HDR_FIELD_MASK) {
	case 0:
		if (a[2])
			return ERR(EINVAL);
		sum = replace_diff(sum, (uint32_t)a[3]);
		break;
	case 2: sum = replace4(sum, (uint16_t)a[2], (uint16_t)a[3]); break;
	case 4: sum = replace4(sum, (uint32_t)a[2], (uint32_t)a[3]); break;
	default: return ERR(EINVAL);
	}
	if (mangled && !sum)
		sum = 0xffff;
	p[0] = (uint8_t)sum;
	p[1] = (uint8_t)(sum >> 8);
	note_undef_sum(h, off);
	return 0;
}

/* ---- VLAN tags: the outermost lives beside the packet, as in the kernel ----------------------- */

static uint16_t be16_at(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static bool is_vlan(uint16_t proto) /* host order */
{
	return proto == ETH_P_8021Q || proto == ETH_P_8021AD;
}

static uint16_t protocol(struct sim_host *h)
{
	return __builtin_bswap16((uint16_t)skb_of(h)->protocol);
}

static void set_protocol(struct sim_host *h, uint16_t proto)
{
	skb_of(h)->protocol = __builtin_bswap16(proto);
}

static void insert_tag(struct sim_host *h, uint16_t proto, uint16_t tci)
{
	uint8_t *p;

	h->data -= VLAN_TAG;
	p = h->packet + h->data;
	memmove(p, p + VLAN_TAG, 2 * ETH_ALEN);
	sim_unwritten_copy(h, GUEST_PACKET + h->data, GUEST_PACKET + h->data + VLAN_TAG,
			   2 * ETH_ALEN);
	sim_unwritten_written(h, GUEST_PACKET + h->data + 2 * ETH_ALEN, VLAN_TAG);
	p[12] = (uint8_t)(proto >> 8);
	p[13] = (uint8_t)proto;
	p[14] = (uint8_t)(tci >> 8);
	p[15] = (uint8_t)tci;
}

/* Takes the tag out of the packet; false: too short for one. */
static bool remove_tag(struct sim_host *h, uint16_t *tci)
{
	uint8_t *p = span(h, 0, ETH_HLEN + VLAN_TAG);
	uint16_t inner;

	if (!p)
		return false;
	sim_unwritten_decides(h, GUEST_PACKET + h->data + 12, 6, "a tag");
	*tci = be16_at(p + 14);
	inner = be16_at(p + 16);
	memmove(p + VLAN_TAG, p, 2 * ETH_ALEN);
	sim_unwritten_copy(h, GUEST_PACKET + h->data + VLAN_TAG, GUEST_PACKET + h->data,
			   2 * ETH_ALEN);
	h->data += VLAN_TAG;
	if (inner < ETH_P_802_3_MIN) {
		uint8_t *sap = span(h, ETH_HLEN, 2);

		inner = sap && be16_at(sap) == 0xffff ? ETH_P_802_3 : ETH_P_802_2;
	}
	set_protocol(h, inner);
	return true;
}

void sim_skb_fold_vlan(struct sim_host *h)
{
	if (h->vlan_present && h->data >= VLAN_TAG)
		insert_tag(h, h->vlan_proto, h->vlan_tci);
	h->vlan_present = false;
}

uint64_t sim_helper_skb_vlan_push(struct sim_host *h, const uint64_t *a)
{
	uint16_t proto = __builtin_bswap16((uint16_t)a[1]);

	if (h->vlan_present) {
		if (h->data < VLAN_TAG)
			return ERR(ENOMEM);
		insert_tag(h, h->vlan_proto, h->vlan_tci);
		set_protocol(h, h->vlan_proto);
	}
	h->vlan_present = true;
	h->vlan_proto = is_vlan(proto) ? proto : ETH_P_8021Q;
	h->vlan_tci = (uint16_t)a[2];
	sim_ctx_sync(h);
	return 0;
}

uint64_t sim_helper_skb_vlan_pop(struct sim_host *h, const uint64_t *a)
{
	uint16_t tci, proto;

	(void)a;
	if (h->vlan_present) {
		h->vlan_present = false;
		h->vlan_tci = h->vlan_proto = 0;
	} else if (!is_vlan(protocol(h))) {
		return 0;
	} else if (!remove_tag(h, &tci)) {
		return ERR(ENOMEM);
	}
	proto = protocol(h);
	if (is_vlan(proto)) { /* the next tag takes the place beside the packet */
		if (!remove_tag(h, &tci))
			return ERR(ENOMEM);
		h->vlan_present = true;
		h->vlan_proto = proto;
		h->vlan_tci = tci;
	}
	sim_ctx_sync(h);
	return 0;
}
