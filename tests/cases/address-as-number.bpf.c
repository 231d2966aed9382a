/* SPDX-License-Identifier: BSD-2-Clause
 * Numbers that depend on where the packet, the context, the stack or a map value lies: the device has it elsewhere, so
 * the instruction is the host's, with the reason.
 *
 * RUN: test --packets 300
 * EXIT: 0
 * NOT: DIFFERS
 *
 * RUN: explain --prog context_low
 * EXIT: 0
 * SAYS: depends on the address of the context.*device-address
 *
 * RUN: explain --prog stack_low
 * EXIT: 0
 * SAYS: depends on the address of the stack.*device-address
 *
 * RUN: explain --prog stack_negated
 * EXIT: 0
 * SAYS: depends on the address of the stack.*device-address
 *
 * RUN: explain --prog value_low
 * EXIT: 0
 * SAYS: depends on the address of a map value.*device-address
 *
 * RUN: explain --prog two_values
 * EXIT: 0
 * SAYS: depends on the address of a map value.*device-address
 *
 * RUN: explain --prog bits
 * EXIT: 0
 * SAYS: depends on the address of the packet.*device-address
 *
 * RUN: explain --prog high
 * EXIT: 0
 * SAYS: depends on the address of the packet.*device-address
 *
 * RUN: explain --prog swapped
 * EXIT: 0
 * SAYS: depends on the address of the packet.*device-address
 *
 * RUN: explain --prog counted
 * EXIT: 0
 * SAYS: depends on the address of the packet.*device-address
 *
 * RUN: explain --prog as_key
 * EXIT: 0
 * SAYS: depends on the address of the packet.*device-address
 *
 * RUN: explain --prog pointer_as_key
 * EXIT: 0
 * SAYS: depends on the address of the packet.*device-address
 *
 * RUN: explain --prog returned
 * EXIT: 0
 * SAYS: depends on the address of the packet.*device-address
 *
 * RUN: explain --prog overwritten_in_part
 * EXIT: 0
 * SAYS: depends on the address of the packet.*device-address
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define DATA(ctx) ((char *)(long)(ctx)->data)

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} sums SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u64);
	__type(value, __u64);
} seen SEC(".maps");

SEC("xdp") int context_low(struct xdp_md *ctx)
{
	long r = XDP_DROP;

	asm volatile("w2 = w1; if w2 == 1 goto 1f; %0 = 2; 1:" : "+r"(r) : "r"(ctx) : "r2");
	return r;
}

SEC("xdp") int stack_low(struct xdp_md *ctx)
{
	long r = XDP_DROP;

	asm volatile("w2 = w10; if w2 > 100 goto 1f; %0 = 2; 1:" : "+r"(r)::"r2");
	return r;
}

SEC("xdp") int stack_negated(struct xdp_md *ctx)
{
	long r = XDP_DROP;

	asm volatile("r2 = r10; r2 = -r2; if r2 s> 0 goto 1f; %0 = 2; 1:" : "+r"(r)::"r2");
	return r;
}

SEC("xdp") int value_low(struct xdp_md *ctx)
{
	__u32 key = 1;
	char *v = bpf_map_lookup_elem(&sums, &key);
	long r = XDP_DROP;

	asm volatile("r1 = %1; w2 = w1; if w2 != 0 goto 1f; %0 = 2; 1:"
		     : "+r"(r)
		     : "r"(v)
		     : "r1", "r2");
	return r;
}

SEC("xdp") int two_values(struct xdp_md *ctx)
{
	__u32 one = 1, two = 2;
	char *a = bpf_map_lookup_elem(&sums, &one), *b = bpf_map_lookup_elem(&sums, &two);

	if (!a || !b)
		return XDP_ABORTED;
	return b - a == 8 ? XDP_PASS : a < b ? XDP_DROP : XDP_TX;
}

static __always_inline long old_start(struct xdp_md *ctx)
{
	long p = (long)DATA(ctx);

	bpf_xdp_adjust_head(ctx, 4);
	asm volatile("" : "+r"(p));
	return p;
}

SEC("xdp") int bits(struct xdp_md *ctx)
{
	return old_start(ctx) & 1 ? XDP_PASS : XDP_PASS + 1;
}

SEC("xdp") int high(struct xdp_md *ctx)
{
	return old_start(ctx) >> 32 == 5 ? XDP_PASS : XDP_DROP;
}

SEC("xdp") int swapped(struct xdp_md *ctx)
{
	return __builtin_bswap64(old_start(ctx)) == 5 ? XDP_PASS : XDP_DROP;
}

SEC("xdp") int counted(struct xdp_md *ctx)
{
	__u32 key = 1;
	long p = old_start(ctx);
	__u64 *v = bpf_map_lookup_elem(&sums, &key);

	if (v)
		*v += p;
	return XDP_PASS;
}

SEC("xdp") int as_key(struct xdp_md *ctx)
{
	__u64 p = old_start(ctx);

	return bpf_map_lookup_elem(&seen, &p) ? XDP_PASS : XDP_DROP;
}

SEC("xdp") int pointer_as_key(struct xdp_md *ctx)
{
	void *p = DATA(ctx);

	return bpf_map_lookup_elem(&seen, &p) ? XDP_PASS : XDP_DROP;
}

SEC("xdp") int returned(struct xdp_md *ctx)
{
	return old_start(ctx);
}

SEC("xdp") int overwritten_in_part(struct xdp_md *ctx)
{
	long r = XDP_DROP;

	asm volatile("r2 = *(u32 *)(%1 + 0); *(u64 *)(r10 - 8) = r2; r2 = 0; *(u8 *)(r10 - 8) = r2;"
		     "r2 = *(u64 *)(r10 - 8); if r2 == 5 goto 1f; %0 = 2; 1:"
		     : "+r"(r)
		     : "r"(ctx)
		     : "r2");
	return r;
}

char _license[] SEC("license") = "GPL";
