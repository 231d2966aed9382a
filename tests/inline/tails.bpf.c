/* Tail calls through arrays that the object fills in. */
#include "tests/programs/common.bpf.h"

int drop_udp(struct xdp_md *ctx);
int count(struct xdp_md *ctx);
int bounce(struct xdp_md *ctx);
int again(struct xdp_md *ctx);
int host_only(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 8);
	__uint(key_size, 4);
	__array(values, int(struct xdp_md *));
} steps SEC(".maps") = {
	.values = { [0] = &drop_udp, [1] = &count, [3] = &bounce, [5] = &again, [6] = &host_only },
};

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__uint(value_size, 4);
} unknown SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} flows SEC(".maps");

static __attribute__((noinline)) void add(__u32 key)
{
	__u64 *v = bpf_map_lookup_elem(&counts, &key);

	if (v)
		__sync_fetch_and_add(v, 1);
}

SEC("xdp") int drop_udp(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);

	if (U8(data + 23) == 17)
		return XDP_DROP;
	bpf_tail_call(ctx, &steps, 1);
	return XDP_ABORTED;
}

SEC("xdp") int count(struct xdp_md *ctx)
{
	volatile __u64 local[6];

	PACKET(ctx, data, end);
	local[5] = U32(data + 26);
	add(local[5] & 3);
	bpf_tail_call(ctx, &steps, 3);
	return XDP_ABORTED;
}

SEC("xdp") int bounce(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);

	U8(data) = 2;
	return XDP_TX;
}

/* Fixed indices, one after the other. */
SEC("xdp") int chain(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);

	if (U16(data + 12) != 0x0008)
		return XDP_PASS;
	bpf_tail_call(ctx, &steps, 0);
	return XDP_ABORTED;
}

/* Slots that are empty, or outside: the call has no effect. */
SEC("xdp") int empty(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);

	bpf_tail_call(ctx, &steps, 2);
	add(2);
	bpf_tail_call(ctx, &steps, 8);
	if (U8(data + 23) == 6)
		bpf_tail_call(ctx, &steps, 3);
	return XDP_DROP;
}

/* The index is in the packet. */
SEC("xdp") int chosen(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);

	bpf_tail_call(ctx, &steps, U8(data + 22) & 3);
	return XDP_PASS;
}

/* Calls itself until there have been 33 of them. */
SEC("xdp") int again(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);

	U8(data)++;
	bpf_tail_call(ctx, &steps, 5);
	return XDP_TX;
}

/* What the card has not, behind a tail call. */
SEC("xdp") int host_only(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	__u32 key = U32(data + 26);
	__u64 one = 1;

	if (U8(data + 23) == 1)
		return XDP_TX;
	bpf_map_update_elem(&flows, &key, &one, BPF_ANY);
	return XDP_DROP;
}

SEC("xdp") int behind(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);

	if (U8(data + 14) != 0x45)
		return XDP_DROP;
	bpf_tail_call(ctx, &steps, 6);
	return XDP_PASS;
}

/* A tail call within a subprogram ends the subprogram only. */
static __attribute__((noinline)) int sub(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &steps, 3);
	return XDP_PASS;
}

SEC("xdp") int within(struct xdp_md *ctx)
{
	int r = sub(ctx);

	add(1);
	return r == XDP_TX ? XDP_DROP : r;
}

/* Nobody knows what is in there: the host's. */
SEC("xdp") int not_known(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);

	if (U8(data + 23) == 17)
		return XDP_DROP;
	if (U8(data + 14) != 0x45 || U8(data + 22) < 2)
		return XDP_DROP;
	bpf_tail_call(ctx, &unknown, 1);
	return XDP_PASS;
}
