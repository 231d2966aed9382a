/* SPDX-License-Identifier: BSD-2-Clause
 * A subprogram tail-calls a program, whose own subprogram tail-calls the next: each returns to the caller of the
 * subprogram that it came from. All host sides go the same way, as deep as 33 tail calls allow.
 *
 * RUN: test --host=jit,interp --packets 500 --prog chain
 * EXIT: 0
 * SAYS: chain: equal, 500 packets
 *
 * RUN: test --host=jit,interp --packets 500 --prog again
 * EXIT: 0
 * SAYS: again: equal, 500 packets
 *
 * RUN: test --host=all --packets 500
 * NEEDS: bpf
 * EXIT: 0
 * NOT: DIFFERS
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} count SEC(".maps");

int chain(struct xdp_md *ctx);
int middle(struct xdp_md *ctx);
int last(struct xdp_md *ctx);
int again(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size, sizeof(__u32));
	__array(values, int(void *));
} next SEC(".maps") = { .values = { [0] = (void *)&chain, [1] = (void *)&middle, [2] = (void *)&last, [3] = (void *)&again } };

static __always_inline void add(__u32 key, __u64 n)
{
	__u64 *v = bpf_map_lookup_elem(&count, &key);

	if (v)
		*v += n;
}

static __noinline int go(struct xdp_md *ctx, __u32 to)
{
	volatile __u32 kept = to;

	bpf_tail_call(ctx, &next, to);
	return kept;
}

SEC("xdp") int last(struct xdp_md *ctx)
{
	add(2, 1);
	return XDP_TX;
}

SEC("xdp") int middle(struct xdp_md *ctx)
{
	int got = go(ctx, 2);

	add(1, got);
	return got == XDP_TX ? XDP_PASS : XDP_ABORTED;
}

SEC("xdp") int chain(struct xdp_md *ctx)
{
	int got = go(ctx, 1);

	add(0, got);
	return got == XDP_PASS ? XDP_DROP : XDP_ABORTED;
}

/* Itself, as often as a kernel allows: the last call fails, and all the callers go on. */
SEC("xdp") int again(struct xdp_md *ctx)
{
	int got = go(ctx, 3);

	add(3, 1);
	return got == 3 ? XDP_PASS : XDP_TX;
}

char _license[] SEC("license") = "GPL";
