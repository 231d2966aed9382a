/* Layer-4 load balancer: a flow's hash picks one of a service's backends, whose Ethernet address
 * the packet leaves with (direct server return). */
#include "common.bpf.h"

#define BUCKETS 64 /* a power of two: the device has no modulo by a variable */

struct service_key {
	__be32 address;
	__be16 port;
	__u16 protocol;
};

struct backend {
	__u8 mac[ETH_ALEN];
	__u8 unused[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 512);
	__type(key, struct service_key);
	__type(value, __u32); /* first bucket in `backends` */
} services SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 512 * BUCKETS);
	__type(key, __u32);
	__type(value, struct backend);
} backends SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 512 * BUCKETS);
	__type(key, __u32);
	__type(value, __u64); /* packets sent */
} sent SEC(".maps");

/* A multiply-xorshift mix of the flow's two ends: cheap, and every input bit reaches the low ones. */
static __always_inline __u32 flow_hash(__be32 source, __be16 source_port, __be16 dest_port)
{
	__u32 h = source ^ ((__u32)source_port << 16 | dest_port);

	h ^= h >> 16;
	h *= 0x7feb352d;
	h ^= h >> 15;
	return h;
}

SEC("xdp")
int balance(struct xdp_md *ctx)
{
	struct cursor c = packet(ctx);
	struct ethhdr *eth = take(&c, sizeof(*eth));
	struct iphdr *ip = take(&c, sizeof(*ip));
	struct service_key key = {};
	struct udphdr *ports; /* TCP and UDP begin alike */
	struct backend *to;
	__u32 *first, bucket;
	__u64 *count;

	if (!eth || !ip || eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5)
		return XDP_PASS;
	if (ip->protocol != IPPROTO_TCP && ip->protocol != IPPROTO_UDP)
		return XDP_PASS;
	ports = take(&c, sizeof(*ports));
	if (!ports)
		return XDP_DROP;
	key.address = ip->daddr;
	key.port = ports->dest;
	key.protocol = ip->protocol;
	first = bpf_map_lookup_elem(&services, &key);
	if (!first)
		return XDP_PASS;
	bucket = *first + (flow_hash(ip->saddr, ports->source, ports->dest) & (BUCKETS - 1));
	to = bpf_map_lookup_elem(&backends, &bucket);
	if (!to)
		return XDP_DROP;
	__builtin_memcpy(eth->h_source, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, to->mac, ETH_ALEN);
	count = bpf_map_lookup_elem(&sent, &bucket);
	if (count)
		__sync_fetch_and_add(count, 1);
	return XDP_TX;
}

char _license[] SEC("license") = "Dual BSD/GPL";
