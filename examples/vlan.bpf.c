/* VLAN push and pop: two programs for the two sides of a trunk port. */
#include "common.bpf.h"

#define TAG_BYTES 4
#define PORT_VLAN 100

/* Tags every untagged packet with PORT_VLAN. */
SEC("xdp")
int vlan_push(struct xdp_md *ctx)
{
	struct cursor c = packet(ctx);
	struct ethhdr *eth = take(&c, sizeof(*eth)), old;
	struct vlan_tag *tag;

	if (!eth)
		return XDP_DROP;
	if (eth->h_proto == bpf_htons(ETH_P_8021Q))
		return XDP_PASS;
	old = *eth;
	if (bpf_xdp_adjust_head(ctx, -TAG_BYTES))
		return XDP_DROP;
	c = packet(ctx);
	eth = take(&c, sizeof(*eth));
	tag = take(&c, sizeof(*tag));
	if (!eth || !tag)
		return XDP_DROP;
	*eth = old;
	eth->h_proto = bpf_htons(ETH_P_8021Q);
	tag->tci = bpf_htons(PORT_VLAN);
	tag->proto = old.h_proto;
	return XDP_TX;
}

/* Strips the outer tag; other VLANs than PORT_VLAN are dropped. */
SEC("xdp")
int vlan_pop(struct xdp_md *ctx)
{
	struct cursor c = packet(ctx);
	struct ethhdr *eth = take(&c, sizeof(*eth)), old;
	struct vlan_tag *tag = take(&c, sizeof(*tag));
	__be16 inner;

	if (!eth || !tag || eth->h_proto != bpf_htons(ETH_P_8021Q))
		return XDP_PASS;
	if ((tag->tci & bpf_htons(0x0fff)) != bpf_htons(PORT_VLAN))
		return XDP_DROP;
	old = *eth;
	inner = tag->proto;
	if (bpf_xdp_adjust_head(ctx, TAG_BYTES))
		return XDP_DROP;
	c = packet(ctx);
	eth = take(&c, sizeof(*eth));
	if (!eth)
		return XDP_DROP;
	*eth = old;
	eth->h_proto = inner;
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
