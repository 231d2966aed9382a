/* Sends every packet back where it came from, with the Ethernet addresses swapped. */
#include "common.bpf.h"

SEC("xdp")
int macswap(struct xdp_md *ctx)
{
	struct cursor c = packet(ctx);
	struct ethhdr *eth = take(&c, sizeof(*eth));
	__u8 dest[ETH_ALEN];

	if (!eth)
		return XDP_DROP;
	__builtin_memcpy(dest, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, dest, ETH_ALEN);
	return XDP_TX;
}

char _license[] SEC("license") = "Dual BSD/GPL";
