/* Public-port map: TCP packets pass only when their destination port is in the map. */
#include "common.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);   /* port, host order */
	__type(value, __u32); /* 1: public */
} public_ports SEC(".maps");

SEC("xdp")
int portfilter(struct xdp_md *ctx)
{
	struct cursor c = packet(ctx);
	struct ethhdr *eth = take(&c, sizeof(*eth));
	struct iphdr *ip = take(&c, sizeof(*ip));
	struct tcphdr *tcp;
	__u32 port, *is_public;

	if (!eth || !ip || eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	if (ip->ihl != 5 || ip->protocol != IPPROTO_TCP)
		return XDP_PASS;
	tcp = take(&c, sizeof(*tcp));
	if (!tcp)
		return XDP_DROP;
	port = bpf_ntohs(tcp->dest);
	is_public = bpf_map_lookup_elem(&public_ports, &port);
	return is_public && *is_public ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
