/* SPDX-License-Identifier: BSD-2-Clause
 * Atomic operations on the program's own stack are plain arithmetic on the device: a frame belongs to one context. Also
 * on a caller's frame, and in tc programs.
 *
 * RUN: test --host=all --packets 300
 * EXIT: 0
 * SAYS: in_main: equal
 * SAYS: in_function: equal
 * SAYS: in_tc: equal
 *
 * RUN: explain
 * EXIT: 0
 * SAYS: in_main \(xdp\): device
 * SAYS: in_function \(xdp\): device
 * SAYS: in_tc \(tc\): device
 * SAYS: of_pointer \(xdp\): host
 * SAYS: device-atomic-target
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static __attribute__((noinline)) __u64 mix(volatile __u64 *own, __u32 by)
{
	__u64 old = __sync_fetch_and_add(own, by);

	old ^= __sync_lock_test_and_set((__u32 *)own + 1, by);
	old += __sync_val_compare_and_swap(own, old, (__u64)by << 32 | 7);
	__sync_fetch_and_or(own, 0x0f0f);
	__sync_fetch_and_and((__u32 *)own, 0xffff0fff);
	return old ^ __sync_fetch_and_xor((__u32 *)own, by);
}

static __attribute__((always_inline)) __u64 chain(__u64 first, __u32 by)
{
	volatile __u64 own = first;
	__u64 r = 0;

	for (int i = 0; i < 3; i++)
		r = r * 31 + mix(&own, by + i);
	return r ^ own;
}

SEC("xdp") int in_main(struct xdp_md *ctx)
{
	__u8 *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	volatile __u64 own;

	if (p + 34 > end)
		return XDP_DROP;
	own = *(__u64 *)(p + 8);
	__sync_fetch_and_xor(&own, *(__u64 *)(p + 16));
	*(__u64 *)p = __sync_val_compare_and_swap(&own, *(__u64 *)(p + 8), 5) + own;
	return XDP_PASS;
}

SEC("xdp") int in_function(struct xdp_md *ctx)
{
	__u8 *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (p + 34 > end)
		return XDP_DROP;
	*(__u64 *)p = chain(*(__u64 *)(p + 8), *(__u32 *)(p + 20));
	return XDP_PASS;
}

SEC("tc") int in_tc(struct __sk_buff *skb)
{
	__u8 *p = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (p + 34 > end)
		return 2;
	return chain(*(__u64 *)(p + 8), *(__u32 *)(p + 20)) & 1 ? 2 : -1;
}

SEC("xdp") __attribute__((naked)) int of_pointer(void)
{
	asm volatile(
		"*(u64 *)(r10 - 8) = r1; r2 = 1; r2 = xchg_64(r10 - 8, r2); if r2 == 0 goto 1f;"
		"r0 = 2; exit; 1: r0 = 1; exit;");
}

char _license[] SEC("license") = "GPL";
