/* Port classifier in front of an AF_XDP socket: what a port's TCP packets shall do is in a map; those for the
 * socket are redirected, unwanted ones are dropped, the rest passes. On a card that has no redirect the program
 * is split: classification there, the redirect on the host. docs/software-nic.md runs it. */
#include "common.bpf.h"

#define QUEUES 64

enum class { CLASS_PASS, CLASS_DROP, CLASS_SOCKET, CLASSES };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);   /* TCP destination port, host order */
	__type(value, __u32); /* enum class; a port that is not there: CLASS_PASS */
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CLASSES);
	__type(key, __u32);
	__type(value, __u64); /* TCP packets of the class */
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, QUEUES);
	__type(key, __u32); /* receive queue */
	__type(value, __u32);
} sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, QUEUES);
	__type(key, __u32); /* receive queue */
	__type(value, __u64); /* packets for its socket */
} redirected SEC(".maps");

static __always_inline void count(void *counters, __u32 which)
{
	__u64 *n = bpf_map_lookup_elem(counters, &which);

	if (n)
		__sync_fetch_and_add(n, 1);
}

/* Network header behind up to one VLAN tag: offset of the TCP header, or NULL. */
static __always_inline struct tcphdr *tcp_of(struct cursor *c)
{
	struct ethhdr *eth = take(c, sizeof(*eth));
	struct ipv6hdr *ip6;
	struct vlan_tag *tag;
	struct iphdr *ip;
	__be16 proto;

	if (!eth)
		return NULL;
	proto = eth->h_proto;
	if (proto == bpf_htons(ETH_P_8021Q)) {
		tag = take(c, sizeof(*tag));
		if (!tag)
			return NULL;
		proto = tag->proto;
	}
	if (proto == bpf_htons(ETH_P_IP)) {
		ip = take(c, sizeof(*ip));
		if (!ip || ip->ihl != 5 || ip->protocol != IPPROTO_TCP ||
		    ip->frag_off & bpf_htons(0x1fff))
			return NULL;
	} else if (proto == bpf_htons(ETH_P_IPV6)) {
		ip6 = take(c, sizeof(*ip6));
		if (!ip6 || ip6->nexthdr != IPPROTO_TCP)
			return NULL;
	} else {
		return NULL;
	}
	return take(c, sizeof(struct tcphdr));
}

SEC("xdp")
int xsk_classifier(struct xdp_md *ctx)
{
	struct cursor c = packet(ctx);
	struct tcphdr *tcp = tcp_of(&c);
	__u32 port, class = CLASS_PASS, *found;

	if (!tcp)
		return XDP_PASS;
	port = bpf_ntohs(tcp->dest);
	found = bpf_map_lookup_elem(&ports, &port);
	if (found)
		class = *found;
	switch (class) {
	case CLASS_DROP:
		count(&seen, CLASS_DROP);
		return XDP_DROP;
	case CLASS_SOCKET:
		count(&seen, CLASS_SOCKET);
		count(&redirected, ctx->rx_queue_index);
		/* without a socket on this queue the packet goes its usual way */
		return bpf_redirect_map(&sockets, ctx->rx_queue_index, XDP_PASS);
	default:
		count(&seen, CLASS_PASS);
		return XDP_PASS;
	}
}

char _license[] SEC("license") = "Dual BSD/GPL";
