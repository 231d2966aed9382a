/* tc ingress: unwanted ports and fragments are shot, the rest gets a mark for the stack's routing and a
 * priority by its DSCP. The card parses and shoots; marks are the stack's, so they are set on the host. */
#include "common.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 65536);
	__type(key, __u32);   /* destination port */
	__type(value, __u32); /* 0: shot; else the mark */
} port_mark SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);   /* DSCP */
	__type(value, __u64); /* packets */
} dscp_packets SEC(".maps");

SEC("tc")
int tc_mark(struct __sk_buff *skb)
{
	struct cursor c = { (void *)(long)skb->data, (void *)(long)skb->data_end };
	struct ethhdr *eth = take(&c, sizeof(*eth));
	struct iphdr *ip = take(&c, sizeof(*ip));
	struct udphdr *udp;
	__u32 port, dscp, *mark;
	__u64 *packets;

	if (!eth || !ip || eth->h_proto != bpf_htons(ETH_P_IP))
		return TC_ACT_OK;
	if (ip->frag_off & bpf_htons(0x3fff))
		return TC_ACT_SHOT;
	if ((ip->protocol != IPPROTO_UDP && ip->protocol != IPPROTO_TCP) || ip->ihl != 5)
		return TC_ACT_OK;
	udp = take(&c, sizeof(*udp)); /* TCP has its ports in the same place */
	if (!udp)
		return TC_ACT_SHOT;
	port = bpf_ntohs(udp->dest);
	mark = bpf_map_lookup_elem(&port_mark, &port);
	if (!mark || !*mark)
		return TC_ACT_SHOT;
	dscp = ip->tos >> 2;
	packets = bpf_map_lookup_elem(&dscp_packets, &dscp);
	if (packets)
		__sync_fetch_and_add(packets, 1);
	skb->mark = *mark;
	skb->priority = dscp >> 3;
	return TC_ACT_PIPE;
}

char _license[] SEC("license") = "Dual BSD/GPL";
