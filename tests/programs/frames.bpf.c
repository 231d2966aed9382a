/* Stacks: frames of callers, offsets known only at run time, loops, values that were never written. */
#include "common.bpf.h"

static __attribute__((noinline)) int fill(__u8 *buf, __u32 n, __u64 seed)
{
	for (__u32 i = 0; i < 24; i++) {
		buf[i] = seed >> (i & 7);
		seed = seed * 0x9e3779b1 + n;
	}
	return buf[n & 15];
}

SEC("xdp") int callers_frame(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	__u8 buf[24] = {};
	int r = fill(buf, U32(data + 26), U64(data + 14));

	data[0] = r;
	data[1] = buf[23] + buf[(r & 15) + 5];
	return XDP_TX;
}

SEC("xdp") int variable_index(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	volatile __u32 table[8];
	__u32 sum = 0;

	for (int i = 0; i < 8; i++)
		table[i] = U32(data + 14 + 4 * i) + i;
	table[data[26] & 7] = 1;
	for (int i = 0; i < 4; i++)
		sum += table[data[27 + i] & 7];
	U32(data) = sum;
	return XDP_TX;
}

static __attribute__((noinline)) __u64 depth2(__u64 a, __u64 *out)
{
	volatile __u64 local = a * 3;

	*out += local;
	return local ^ a;
}

static __attribute__((noinline)) __u64 depth1(__u64 a, __u64 *out)
{
	volatile __u64 local = a + 1;
	__u64 r = depth2(local, out);

	*out ^= r;
	return depth2(r, out) + local;
}

SEC("xdp") int nested_calls(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	__u64 out = U64(data + 26), r = depth1(U32(data + 30), &out);

	U64(data) = out;
	U32(data + 8) = r;
	return XDP_TX;
}
