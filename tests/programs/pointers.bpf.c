/* Packet pointers: NULL on some paths, variable offsets, differences, spills. */
#include "common.bpf.h"

SEC("xdp") int null_on_some_paths(struct xdp_md *ctx)
{
	__u8 *p = 0;

	PACKET(ctx, data, end);
	if (data[23] == 6)
		p = data + 14;
	else if (data[23] == 17)
		p = data + 20;
	if (!p)
		return XDP_DROP;
	*p ^= 1;
	return XDP_TX;
}

SEC("xdp") int variable_headers(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	__u8 *l4 = data + 14 + (data[14] & 15) * 4;

	if (l4 + 8 > end)
		return XDP_PASS;
	U16(l4) = U16(l4 + 2) + (__u16)(l4 - data);
	return (end - l4) & 1 ? XDP_TX : XDP_DROP;
}

/* A parser's cursor, kept in memory across a call. */
struct cursor {
	__u8 *at, *end;
};

static __attribute__((noinline)) int next(struct cursor *c, __u32 n)
{
	return n & 1 ? 14 : 18;
}

SEC("xdp") int spilled(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	struct cursor c = { data, end };

	c.at += next(&c, data[13]);
	if (c.at + 20 > c.end)
		return XDP_DROP;
	c.at[0] = c.at[9];
	return XDP_TX;
}

SEC("xdp") int loop_over_options(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	__u8 *p = data + 14;
	__u32 sum = 0;

	for (int i = 0; i < 16; i++) {
		if (p + 2 > end)
			break;
		sum += U16(p);
		p += (sum & 3) + 1;
	}
	U32(data) = sum;
	return XDP_TX;
}
