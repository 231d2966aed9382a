/* What a host half has to carry besides its code: maps of maps with their first elements, kernel functions,
 * global data. Each program parses first, so that something is for the card. */
#include "examples/common.bpf.h"

struct inner {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} tcp_ports SEC(".maps"), udp_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct inner);
} by_protocol SEC(".maps") = { .values = { [1] = &tcp_ports, [3] = &udp_ports } };

struct limits {
	__u64 shortest, longest;
};

struct limits limits = { 0, 1500 }; /* .data */
__u64 dropped;                      /* .bss */
const volatile __u32 shift = 16;    /* .rodata */

extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

/* Destination port of TCP and UDP over IPv4 without options; 0: anything else. */
static __always_inline __u32 port_of(struct xdp_md *ctx, __u32 *protocol)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = data + sizeof(*eth);
	struct udphdr *udp = (void *)(ip + 1);

	if ((void *)(udp + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5)
		return 0;
	*protocol = ip->protocol;
	return ip->protocol == IPPROTO_TCP || ip->protocol == IPPROTO_UDP ? bpf_ntohs(udp->dest)
									  : 0;
}

SEC("xdp")
int inner_maps(struct xdp_md *ctx)
{
	__u32 protocol, port = port_of(ctx, &protocol), index;
	__u64 *value;
	void *ports;

	if (!port)
		return XDP_PASS;
	index = protocol == IPPROTO_TCP ? 1 : 3;
	ports = bpf_map_lookup_elem(&by_protocol, &index);
	if (!ports)
		return XDP_DROP;
	value = bpf_map_lookup_elem(ports, &port);
	return value ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int kernel_functions(struct xdp_md *ctx)
{
	__u32 protocol, port = port_of(ctx, &protocol);
	int verdict = XDP_DROP;

	if (!port)
		return XDP_DROP;
	bpf_rcu_read_lock();
	if (port & 1)
		verdict = XDP_PASS;
	bpf_rcu_read_unlock();
	return verdict;
}

SEC("xdp")
int global_data(struct xdp_md *ctx)
{
	__u32 protocol, port = port_of(ctx, &protocol);
	__u64 now;

	if (!port)
		return XDP_DROP;
	now = bpf_ktime_get_ns() >> shift;
	if (now >= limits.shortest && now <= limits.longest)
		return XDP_PASS;
	dropped++;
	return XDP_DROP;
}

/* Runs on what another program redirected: never on the card, not in part. */
SEC("xdp/devmap")
int after_redirect(struct xdp_md *ctx)
{
	__u32 protocol, port = port_of(ctx, &protocol);

	return port == 7 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
