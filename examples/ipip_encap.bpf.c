/* IPIP encapsulation: packets to a mapped address leave in an outer IPv4 header. */
#include "common.bpf.h"

struct tunnel {
	__be32 local, remote;
	__u8 next_mac[ETH_ALEN];
	__u8 unused[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __be32); /* inner destination */
	__type(value, struct tunnel);
} tunnels SEC(".maps");

static __always_inline void outer_header(struct iphdr *ip, const struct tunnel *t, __u16 inner_len)
{
	__u16 *half = (__u16 *)ip;
	__u32 sum = 0;

	*(__u8 *)ip = 0x45; /* version 4, five words */
	ip->tos = 0;
	ip->tot_len = bpf_htons(inner_len + sizeof(*ip));
	ip->id = 0;
	ip->frag_off = 0;
	ip->ttl = 64;
	ip->protocol = IPPROTO_IPIP;
	ip->check = 0;
	ip->saddr = t->local;
	ip->daddr = t->remote;
#pragma unroll
	for (unsigned i = 0; i < sizeof(*ip) / 2; i++)
		sum += half[i];
	ip->check = ~fold(sum);
}

SEC("xdp")
int ipip_encap(struct xdp_md *ctx)
{
	struct cursor c = packet(ctx);
	struct ethhdr *eth = take(&c, sizeof(*eth)), *inner_eth;
	struct iphdr *ip = take(&c, sizeof(*ip));
	struct tunnel *t;
	__be32 dest;
	__u16 inner_len;

	if (!eth || !ip || eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	dest = ip->daddr;
	inner_len = bpf_ntohs(ip->tot_len);
	t = bpf_map_lookup_elem(&tunnels, &dest);
	if (!t)
		return XDP_PASS;
	if (bpf_xdp_adjust_head(ctx, -(int)sizeof(struct iphdr)))
		return XDP_DROP;
	c = packet(ctx);
	eth = take(&c, sizeof(*eth));
	ip = take(&c, sizeof(*ip));
	if (!eth || !ip || c.at > c.end)
		return XDP_DROP;
	inner_eth = (void *)eth + sizeof(*ip);
	if ((void *)(inner_eth + 1) > c.end)
		return XDP_DROP;
	__builtin_memcpy(eth->h_source, inner_eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, t->next_mac, ETH_ALEN);
	eth->h_proto = bpf_htons(ETH_P_IP);
	outer_header(ip, t, inner_len);
	return XDP_TX;
}

char _license[] SEC("license") = "Dual BSD/GPL";
