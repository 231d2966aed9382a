/* Source blacklist: packets from listed IPv4 addresses are dropped and counted per address. */
#include "common.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __be32);  /* source address */
	__type(value, __u64); /* packets dropped */
} blacklist SEC(".maps");

SEC("xdp")
int drop_listed(struct xdp_md *ctx)
{
	struct cursor c = packet(ctx);
	struct ethhdr *eth = take(&c, sizeof(*eth));
	struct iphdr *ip = take(&c, sizeof(*ip));
	__u64 *hits;
	__be32 source;

	if (!eth || !ip || eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	source = ip->saddr;
	hits = bpf_map_lookup_elem(&blacklist, &source);
	if (!hits)
		return XDP_PASS;
	__sync_fetch_and_add(hits, 1);
	return XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
