/* Statistics as most programs keep them: a structure a CPU and verdict, counted without atomics. Drops
 * what comes from port 0, which nobody uses. */
#include "common.bpf.h"

struct stats {
	__u64 packets, bytes;
	__u32 options; /* packets with IPv4 options */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 5);
	__type(key, __u32); /* verdict */
	__type(value, struct stats);
} stats SEC(".maps");

__u64 seen; /* of all packets */

static __always_inline int count(__u32 verdict, __u64 bytes, __u32 options)
{
	struct stats *s = bpf_map_lookup_elem(&stats, &verdict);

	if (s) {
		s->packets++;
		s->bytes += bytes;
		if (options)
			s->options++;
	}
	return (int)verdict;
}

SEC("xdp")
int percpu_stats(struct xdp_md *ctx)
{
	struct cursor c = packet(ctx);
	__u64 bytes = c.end - c.at;
	struct ethhdr *eth = take(&c, sizeof(*eth));
	struct iphdr *ip = take(&c, sizeof(*ip));
	struct udphdr *udp;

	seen++;
	if (!eth || !ip || eth->h_proto != bpf_htons(ETH_P_IP))
		return count(XDP_PASS, bytes, 0);
	if (ip->protocol != IPPROTO_UDP || ip->ihl != 5)
		return count(XDP_PASS, bytes, ip->ihl > 5);
	udp = take(&c, sizeof(*udp));
	if (udp && !udp->source)
		return count(XDP_DROP, bytes, 0);
	return count(XDP_PASS, bytes, 0);
}

char _license[] SEC("license") = "Dual BSD/GPL";
