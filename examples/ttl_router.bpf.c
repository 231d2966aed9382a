/* A router's fast path: next hop by /24 prefix, TTL decremented, header checksum updated. */
#include "common.bpf.h"

struct next_hop {
	__u8 dest[ETH_ALEN], source[ETH_ALEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __be32); /* prefix */
	__type(value, struct next_hop);
} routes SEC(".maps");

SEC("xdp")
int route(struct xdp_md *ctx)
{
	struct cursor c = packet(ctx);
	struct ethhdr *eth = take(&c, sizeof(*eth));
	struct iphdr *ip = take(&c, sizeof(*ip));
	struct next_hop *hop;
	__be32 prefix;
	__u32 sum;

	if (!eth || !ip || eth->h_proto != bpf_htons(ETH_P_IP) || ip->ttl <= 1)
		return XDP_PASS;
	prefix = ip->daddr & bpf_htonl(0xffffff00);
	hop = bpf_map_lookup_elem(&routes, &prefix);
	if (!hop)
		return XDP_PASS;
	/* RFC 1624: one less in the TTL's byte is 0x0100 more in the checksum. */
	sum = ip->check + bpf_htons(0x0100);
	ip->check = (__u16)(sum + (sum >= 0xffff));
	ip->ttl--;
	__builtin_memcpy(eth->h_dest, hop->dest, ETH_ALEN);
	__builtin_memcpy(eth->h_source, hop->source, ETH_ALEN);
	return XDP_TX;
}

char _license[] SEC("license") = "Dual BSD/GPL";
