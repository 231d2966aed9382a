/* Cuts within what main calls: what the card refuses, bpf_map_update_elem, sits in a subprogram. */
#include "tests/programs/common.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} flows SEC(".maps");

static __attribute__((noinline)) void note_flow(__u32 key, __u64 value)
{
	__u64 *v = bpf_map_lookup_elem(&flows, &key);

	if (v)
		*v += value;
	else
		bpf_map_update_elem(&flows, &key, &value, BPF_ANY);
}

/* Parses; only TCP gets to the map that the card has not. */
static __attribute__((noinline)) int classify(__u8 *data, __u8 *end, __u64 salt)
{
	__u32 key = 1;
	__u64 *v;

	if (data + 54 > end)
		return XDP_PASS;
	if (U16(data + 12) != 0x0008)
		return XDP_PASS;
	if (U8(data + 14) != 0x45 || U8(data + 22) < 2)
		return XDP_DROP;
	v = bpf_map_lookup_elem(&seen, &key);
	if (v)
		__sync_fetch_and_add(v, 1);
	if (U8(data + 23) == 17)
		return XDP_TX;
	if (U8(data + 23) != 6)
		return XDP_PASS;
	note_flow(U32(data + 26), salt + U16(data + 16));
	return XDP_DROP;
}

SEC("xdp") int in_callee(struct xdp_md *ctx)
{
	__u8 *data = (__u8 *)(long)ctx->data, *end = (__u8 *)(long)ctx->data_end;
	__u64 salt = (end - data) * 3;
	int verdict;

	verdict = classify(data, end, salt);
	if (verdict == XDP_TX && data + 14 <= end)
		U16(data + 6) = salt;
	return verdict;
}

/* Called from two places, with registers of the caller that live on across the calls. */
static __attribute__((noinline)) __u32 mix(__u8 *p, __u32 n)
{
	volatile __u32 t[4];

	t[0] = n;
	t[1] = U32(p);
	t[2] = U32(p + 4) * 3;
	t[3] = t[0] ^ t[1];
	if (t[3] & 1)
		note_flow(t[2] & 7, t[1]);
	return t[3] + t[2];
}

SEC("xdp") int twice(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	__u32 a = U32(data + 26), b = U32(data + 30);
	__u32 x, y;

	if (U8(data + 23) == 17)
		return XDP_DROP;
	x = mix(data + 14, a);
	y = mix(data + 22, b + x);
	U32(data) = x ^ y;
	U32(data + 4) = a + b;
	return XDP_TX;
}

/* A global function: the kernel verifies it apart from its callers. */
__attribute__((noinline)) int apart(struct xdp_md *ctx, __u32 limit)
{
	__u8 *data = (__u8 *)(long)ctx->data, *end = (__u8 *)(long)ctx->data_end;

	if (data + 54 > end)
		return XDP_PASS;
	if (U8(data + 22) > limit)
		return XDP_DROP;
	note_flow(U8(data + 22), limit);
	return XDP_PASS;
}

SEC("xdp") int global_callee(struct xdp_md *ctx)
{
	int r = apart(ctx, 100);

	return r == XDP_DROP ? XDP_DROP : apart(ctx, 200);
}
