/* SPDX-License-Identifier: BSD-2-Clause
 * Programs whose packets take more rounds of loops than a comparison has time for: said, skipped, and no side hangs.
 * What is just below the limit is compared, and the limit can be moved.
 *
 * RUN: test --host=jit,interp --prog callback
 * EXIT: 0
 * SAYS: callback: skipped, not comparable: packet 0 takes more than 100000 loop rounds
 * SAYS: sim-work
 *
 * RUN: test --host=jit,interp --prog callback --json
 * EXIT: 0
 * SAYS: "not_compared":"not comparable: packet 0 takes more than 100000 loop rounds
 *
 * RUN: test --host=interp --prog nested
 * EXIT: 0
 * SAYS: nested: skipped, not comparable: packet 0
 *
 * RUN: test --host=jit,interp --prog nested
 * EXIT: 0
 * SAYS: nested: skipped, not comparable: packet 0
 *
 * RUN: test --host=all --prog elements --packets 30
 * EXIT: 0
 * SAYS: elements: skipped, not comparable: packet 0
 *
 * RUN: test --host=jit,interp --prog sometimes --packets 3000
 * EXIT: 0
 * SAYS: sometimes: skipped, not comparable: packet [0-9]+ takes more
 *
 * RUN: test --host=jit,interp --prog bounded --packets 20
 * EXIT: 0
 * SAYS: bounded: equal, 20 packets
 *
 * RUN: test --host=jit,interp --prog bounded --packets 20 --max-work 999
 * EXIT: 0
 * SAYS: bounded: skipped, not comparable: packet 0 takes more than 999 loop rounds
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 200000);
	__type(key, __u32);
	__type(value, __u64);
} many SEC(".maps");

static long nothing(__u32 i, void *ctx)
{
	return 0;
}

static long loops(__u32 i, void *ctx)
{
	bpf_loop(1 << 23, nothing, (void *)0, 0);
	return 0;
}

static long element(void *map, __u32 *key, __u64 *value, void *ctx)
{
	return 0;
}

SEC("xdp") int callback(struct xdp_md *ctx)
{
	bpf_loop(1 << 20, nothing, (void *)0, 0);
	return XDP_PASS;
}

SEC("xdp") int nested(struct xdp_md *ctx)
{
	bpf_loop(1 << 23, loops, (void *)0, 0);
	return XDP_PASS;
}

SEC("xdp") int elements(struct xdp_md *ctx)
{
	bpf_for_each_map_elem(&many, element, (void *)0, 0);
	return XDP_PASS;
}

SEC("xdp") int sometimes(struct xdp_md *ctx)
{
	__u8 *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (p + 24 > end)
		return XDP_DROP;
	if (p[23] == 17)
		bpf_loop(1 << 23, nothing, (void *)0, 0);
	return XDP_PASS;
}

SEC("xdp") int bounded(struct xdp_md *ctx)
{
	volatile __u32 sum = 0;

	for (__u32 i = 0; i < 2000; i++)
		sum += i;
	return sum ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
