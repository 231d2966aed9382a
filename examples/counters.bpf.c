/* Packets and bytes per IP protocol number, IPv4 and IPv6. */
#include "common.bpf.h"

struct traffic {
	__u64 packets, bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32); /* IP protocol number; 255: not IP */
	__type(value, struct traffic);
} per_protocol SEC(".maps");

SEC("xdp")
int count_protocols(struct xdp_md *ctx)
{
	struct cursor c = packet(ctx);
	__u64 bytes = c.end - c.at;
	struct ethhdr *eth = take(&c, sizeof(*eth));
	struct traffic *t;
	__u32 protocol = 255;

	if (!eth)
		return XDP_DROP;
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = take(&c, sizeof(*ip));

		if (ip)
			protocol = ip->protocol;
	} else if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip6 = take(&c, sizeof(*ip6));

		if (ip6)
			protocol = ip6->nexthdr;
	}
	t = bpf_map_lookup_elem(&per_protocol, &protocol);
	if (t) {
		__sync_fetch_and_add(&t->packets, 1);
		__sync_fetch_and_add(&t->bytes, bytes);
	}
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
