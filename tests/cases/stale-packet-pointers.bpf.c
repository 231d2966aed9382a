/* SPDX-License-Identifier: BSD-2-Clause
 * Packet pointers from before the packet moved are numbers that stay usable; their difference is the old length. The
 * same numbers come from a pointer's half, its negative, or of a call that failed. On the device the address is
 * another one: what depends on differences and order alone is the device's, anything else is refused by name.
 *
 * RUN: test --packets 600
 * EXIT: 0
 * NOT: DIFFERS|stays on the host
 *
 * RUN: test --packets 600 -O0
 * EXIT: 0
 * NOT: DIFFERS|stays on the host
 *
 * RUN: test --packets 600
 * BUILD: -mcpu=v1
 * EXIT: 0
 * NOT: DIFFERS|stays on the host
 *
 * RUN: test --packets 600
 * BUILD: -mcpu=v2 -O1
 * EXIT: 0
 * NOT: DIFFERS|stays on the host
 *
 * RUN: test --packets 600
 * BUILD: -mcpu=v4
 * EXIT: 0
 * NOT: DIFFERS|stays on the host
 *
 * RUN: test --packets 600
 * CC: clang-14
 * EXIT: 0
 * NOT: DIFFERS|stays on the host
 *
 * RUN: explain --prog length_kept
 * EXIT: 0
 * SAYS: length_kept \(xdp\): device
 *
 * RUN: explain --prog of_a_split
 * EXIT: 0
 * SAYS: of_a_split \(xdp\): split
 *
 * RUN: test --host=all --packets 200
 * NEEDS: bpf
 * EXIT: 0
 * NOT: DIFFERS
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define DATA(ctx)     ((char *)(long)(ctx)->data)
#define DATA_END(ctx) ((char *)(long)(ctx)->data_end)
#define HIDE(x)       asm volatile("" : "+r"(x))

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} sums SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} recent SEC(".maps");

static __always_inline void count(__u32 key, __u64 by)
{
	__u64 *v = bpf_map_lookup_elem(&sums, &key);

	if (v)
		*v += by;
}

static __attribute__((noinline)) int move_head(struct xdp_md *ctx, int by)
{
	return bpf_xdp_adjust_head(ctx, by);
}

SEC("xdp") int length_kept(struct xdp_md *ctx)
{
	int len = ctx->data_end - ctx->data;

	if (bpf_xdp_adjust_head(ctx, 14))
		return XDP_DROP;
	return len > 100 ? XDP_PASS : XDP_TX;
}

SEC("xdp") int trimmed_by_one(struct xdp_md *ctx)
{
	int len = ctx->data_end - ctx->data;

	if (bpf_xdp_adjust_tail(ctx, -1))
		return XDP_ABORTED;
	return ctx->data_end - ctx->data == len - 1 ? XDP_PASS : XDP_DROP;
}

SEC("xdp") int counted(struct xdp_md *ctx)
{
	__u64 len = DATA_END(ctx) - DATA(ctx);

	if (move_head(ctx, -8))
		return XDP_DROP;
	count(1, len * 3);
	return XDP_PASS;
}

SEC("xdp") int call_failed(struct xdp_md *ctx)
{
	char *p = DATA(ctx), *end = DATA_END(ctx);
	int r = bpf_xdp_adjust_head(ctx, 2000);

	return end - p > 80 ? XDP_PASS : r ? XDP_TX : XDP_DROP;
}

SEC("xdp") int spilled(struct xdp_md *ctx)
{
	char *volatile p = DATA(ctx), *volatile end = DATA_END(ctx);

	if (bpf_xdp_adjust_head(ctx, 6))
		return XDP_DROP;
	count(2, end - p);
	return end - p > 90 ? XDP_PASS : XDP_TX;
}

SEC("xdp") int of_two_moves(struct xdp_md *ctx)
{
	char *first = DATA(ctx), *second, *third;

	if (bpf_xdp_adjust_head(ctx, 6))
		return XDP_DROP;
	second = DATA(ctx);
	if (bpf_xdp_adjust_head(ctx, -2))
		return XDP_DROP;
	third = DATA(ctx);
	if (bpf_xdp_adjust_head(ctx, -1))
		return XDP_ABORTED;
	count(3, second - first);
	count(4, third - second + 100);
	return third > first ? XDP_PASS : XDP_TX;
}

SEC("xdp") int compared(struct xdp_md *ctx)
{
	char *p = DATA(ctx), *end = DATA_END(ctx), *q, *new_end;
	int r = 0;

	if (bpf_xdp_adjust_head(ctx, -20))
		return XDP_DROP;
	q = DATA(ctx);
	new_end = DATA_END(ctx);
	r |= p + 60 > new_end;
	r |= (q < p) << 1;
	r |= (end == new_end) << 2;
	r |= (p - 20 == q) << 3;
	r |= (p + 80 >= end) << 4;
	count(r & 7, r);
	return r == 14 ? XDP_PASS : XDP_TX;
}

SEC("xdp") int moved_on_some_paths(struct xdp_md *ctx)
{
	char *p = DATA(ctx), *end = DATA_END(ctx);
	int moved = 0;

	if (p + 34 > end)
		return XDP_PASS;
	if (p[12] == 8) {
		if (bpf_xdp_adjust_head(ctx, -4))
			return XDP_DROP;
		moved = 1;
	}
	p += 4;
	if (!moved && p + 2 <= end)
		count(6, p[1]);
	count(5, end - p);
	return end - p > 60 ? XDP_PASS : XDP_TX;
}

SEC("xdp") int negated(struct xdp_md *ctx)
{
	long p = (long)DATA(ctx), end = (long)DATA_END(ctx);

	if (bpf_xdp_adjust_head(ctx, 4))
		return XDP_DROP;
	p = -p;
	HIDE(p);
	count(1, p + end);
	return p + end > 70 ? XDP_PASS : XDP_TX;
}

SEC("xdp") int multiplied(struct xdp_md *ctx)
{
	long p = (long)DATA(ctx), end = (long)DATA_END(ctx);

	if (bpf_xdp_adjust_head(ctx, 4))
		return XDP_DROP;
	asm volatile("%0 *= 5; %1 *= 5" : "+r"(p), "+r"(end));
	count(1, end - p);
	return end - p > 500 ? XDP_PASS : XDP_TX;
}

SEC("xdp") int halves(struct xdp_md *ctx)
{
	long p = (long)DATA(ctx), end = (long)DATA_END(ctx);

	if (bpf_xdp_adjust_head(ctx, 4))
		return XDP_DROP;
	asm volatile("%0 <<= 32; %0 >>= 32; %1 <<= 32; %1 >>= 32" : "+r"(p), "+r"(end));
	count(1, end - p);
	return end > p + 70 ? XDP_PASS : XDP_TX;
}

SEC("xdp") int joined(struct xdp_md *ctx)
{
	char *p = DATA(ctx), *end = DATA_END(ctx), *x = p;

	if (p + 20 > end)
		return XDP_DROP;
	if (p[0] & 1)
		x = end;
	if (bpf_xdp_adjust_head(ctx, 4))
		return XDP_ABORTED;
	count(0, x - p);
	return x == p ? XDP_PASS : XDP_TX;
}

SEC("xdp") int never_null(struct xdp_md *ctx)
{
	long p = (long)DATA(ctx);

	if (bpf_xdp_adjust_head(ctx, 4))
		return XDP_ABORTED;
	HIDE(p);
	return p == 0 ? XDP_PASS : XDP_DROP;
}

SEC("xdp") int of_a_split(struct xdp_md *ctx)
{
	char *p = DATA(ctx), *end = DATA_END(ctx);
	__u32 key = 1;
	__u64 *v;

	if (p + 20 > end || p[0] & 1)
		return XDP_DROP;
	if (bpf_xdp_adjust_head(ctx, 4))
		return XDP_ABORTED;
	v = bpf_map_lookup_elem(&recent, &key);
	if (v)
		*v += end - p;
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
