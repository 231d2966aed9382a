/* Global data: constants are folded, variables live in an array of one. */
#include "common.bpf.h"

const volatile __u32 limits[16] = { 3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3 };
const volatile __u32 knob = 77;
__u32 counts[16];
__u64 total = 1000;

SEC("xdp") int variables(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	__u32 i = data[30] & 15;

	counts[i] += limits[i];
	total += counts[i];
	U32(data) = counts[i] + limits[3];
	return XDP_TX;
}

SEC("xdp") int constants(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	U32(data) = knob + limits[5];
	return XDP_TX;
}

SEC("xdp") int counter(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	__sync_fetch_and_add(&total, data[20]);
	U64(data) = total;
	return XDP_TX;
}
