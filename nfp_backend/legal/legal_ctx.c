/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/legal/legal.h"

#include "base/bits.h"

#include <linux/bpf.h>

/* Fields of the context: those in the packet vector (nfp.md 4.5), and names for messages. */

#define XDP_FIELD(name, what)                                                                      \
	{                                                                                          \
#name, offsetof(struct xdp_md, name), what                                         \
	}
#define SKB_FIELD(name, what)                                                                      \
	{                                                                                          \
#name, offsetof(struct __sk_buff, name), what                                      \
	}

struct field {
	const char *name;
	size_t off;
	enum nfp_ctx_field what;
};

static const struct field xdp_fields[] = {
	XDP_FIELD(data, NFP_CTX_DATA),
	XDP_FIELD(data_end, NFP_CTX_DATA_END),
	XDP_FIELD(data_meta, NFP_CTX_NONE),
	XDP_FIELD(ingress_ifindex, NFP_CTX_NONE),
	XDP_FIELD(rx_queue_index, NFP_CTX_QUEUE),
	XDP_FIELD(egress_ifindex, NFP_CTX_NONE),
};

static const struct field skb_fields[] = {
	SKB_FIELD(len, NFP_CTX_LEN),           SKB_FIELD(pkt_type, NFP_CTX_NONE),
	SKB_FIELD(mark, NFP_CTX_NONE),         SKB_FIELD(queue_mapping, NFP_CTX_NONE),
	SKB_FIELD(protocol, NFP_CTX_NONE),     SKB_FIELD(vlan_present, NFP_CTX_NONE),
	SKB_FIELD(vlan_tci, NFP_CTX_NONE),     SKB_FIELD(vlan_proto, NFP_CTX_NONE),
	SKB_FIELD(priority, NFP_CTX_NONE),     SKB_FIELD(ingress_ifindex, NFP_CTX_NONE),
	SKB_FIELD(ifindex, NFP_CTX_NONE),      SKB_FIELD(tc_index, NFP_CTX_NONE),
	SKB_FIELD(cb, NFP_CTX_NONE),           SKB_FIELD(hash, NFP_CTX_NONE),
	SKB_FIELD(tc_classid, NFP_CTX_NONE),   SKB_FIELD(data, NFP_CTX_DATA),
	SKB_FIELD(data_end, NFP_CTX_DATA_END), SKB_FIELD(napi_id, NFP_CTX_NONE),
	SKB_FIELD(family, NFP_CTX_NONE),       SKB_FIELD(remote_ip4, NFP_CTX_NONE),
	SKB_FIELD(local_ip4, NFP_CTX_NONE),    SKB_FIELD(remote_ip6, NFP_CTX_NONE),
	SKB_FIELD(local_ip6, NFP_CTX_NONE),    SKB_FIELD(remote_port, NFP_CTX_NONE),
	SKB_FIELD(local_port, NFP_CTX_NONE),   SKB_FIELD(data_meta, NFP_CTX_NONE),
	SKB_FIELD(flow_keys, NFP_CTX_NONE),    SKB_FIELD(tstamp, NFP_CTX_NONE),
	SKB_FIELD(wire_len, NFP_CTX_NONE),     SKB_FIELD(gso_segs, NFP_CTX_NONE),
	SKB_FIELD(sk, NFP_CTX_NONE),           SKB_FIELD(gso_size, NFP_CTX_NONE),
	SKB_FIELD(hwtstamp, NFP_CTX_NONE),
};

/* The field that begins at or before `off`. */
static const struct field *find(enum nfp_prog_type type, int32_t off)
{
	const struct field *best = NULL, *f = type == NFP_PROG_XDP ? xdp_fields : skb_fields;
	size_t n = type == NFP_PROG_XDP ? ARRAY_SIZE(xdp_fields) : ARRAY_SIZE(skb_fields);

	for (size_t i = 0; i < n; i++)
		if (off >= 0 && f[i].off <= (size_t)off && (!best || f[i].off > best->off))
			best = &f[i];
	return best;
}

enum nfp_ctx_field nfp_ctx_field(enum nfp_prog_type type, int32_t off, unsigned size)
{
	const struct field *f = find(type, off);

	return f && f->off == (size_t)off && size == 4 ? f->what : NFP_CTX_NONE;
}

const char *nfp_ctx_field_name(enum nfp_prog_type type, int32_t off)
{
	const struct field *f = find(type, off);

	return f ? f->name : "?";
}
