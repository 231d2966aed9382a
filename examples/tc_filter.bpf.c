/* tc ingress filter in direct-action mode: IPv4 fragments and packets to blocked UDP ports are shot. */
#include "common.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 65536);
	__type(key, __u32);   /* UDP destination port */
	__type(value, __u32); /* 1: blocked */
} blocked SEC(".maps");

SEC("tc")
int tc_filter(struct __sk_buff *skb)
{
	struct cursor c = { (void *)(long)skb->data, (void *)(long)skb->data_end };
	struct ethhdr *eth = take(&c, sizeof(*eth));
	struct iphdr *ip = take(&c, sizeof(*ip));
	struct udphdr *udp;
	__u32 port, *is_blocked;

	if (!eth || !ip || eth->h_proto != bpf_htons(ETH_P_IP))
		return TC_ACT_UNSPEC;
	if (ip->frag_off & bpf_htons(0x3fff))
		return TC_ACT_SHOT;
	if (ip->protocol != IPPROTO_UDP || ip->ihl != 5)
		return TC_ACT_UNSPEC;
	udp = take(&c, sizeof(*udp));
	if (!udp)
		return TC_ACT_SHOT;
	port = bpf_ntohs(udp->dest);
	is_blocked = bpf_map_lookup_elem(&blocked, &port);
	if (is_blocked && *is_blocked)
		return TC_ACT_SHOT;
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "Dual BSD/GPL";
