/* SPDX-License-Identifier: BSD-2-Clause
 * Accepted here only: stores to rx_queue_index and metadata functions, which are for programs of a device, and
 * what hangs on a 32-bit quotient's having 32 bits. No host half is written that does any of it.
 *
 * RUN: check --prog queue
 * EXIT: 0
 *
 * RUN: compile --prog queue --out q
 * EXIT: 0
 *
 * SH: test ! -e q/queue.host.o
 * EXIT: 0
 *
 * RUN: check --prog stamp
 * EXIT: 0
 *
 * RUN: compile --prog stamp --out s
 * EXIT: 0
 *
 * SH: test ! -e s/stamp.host.o
 * EXIT: 0
 *
 * RUN: check --prog quotient
 * EXIT: 0
 *
 * RUN: compile --prog quotient --out d
 * EXIT: 0
 *
 * SH: test ! -e d/quotient.host.o
 * EXIT: 0
 *
 * RUN: compile --prog early_queue --out e
 * EXIT: 0
 *
 * SH: test ! -e e/early_queue.host.o || $tool check --verifier=both e/early_queue.host.o
 * NEEDS: bpf
 * EXIT: 0
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

int bpf_xdp_metadata_rx_timestamp(const struct xdp_md *ctx, __u64 *timestamp) __ksym;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} last SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u8[64]);
} bytes SEC(".maps");

/* Most packets are the device's. */
static int for_host(struct xdp_md *ctx)
{
	__u8 *p = (void *)(long)ctx->data;

	return (void *)(p + 14) <= (void *)(long)ctx->data_end && p[12] == 8 && p[13] == 0;
}

SEC("xdp")
int queue(struct xdp_md *ctx)
{
	if (!for_host(ctx))
		return XDP_PASS;
	if (bpf_ktime_get_tai_ns() & 1)
		ctx->rx_queue_index = 2;
	return XDP_PASS;
}

SEC("xdp")
int early_queue(struct xdp_md *ctx)
{
	if (!for_host(ctx))
		return XDP_PASS;
	ctx->rx_queue_index = 2;
	return bpf_ktime_get_tai_ns() & 1 ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int stamp(struct xdp_md *ctx)
{
	__u64 now = 0, *value;
	__u32 key = 0;

	if (!for_host(ctx) || bpf_xdp_metadata_rx_timestamp(ctx, &now))
		return XDP_PASS;
	value = bpf_map_lookup_elem(&last, &key);
	if (value)
		*value = now;
	return XDP_PASS;
}

SEC("xdp")
int quotient(struct xdp_md *ctx)
{
	__u32 key = 0;
	__u64 at;
	__u8 *value;

	if (!for_host(ctx))
		return XDP_PASS;
	at = bpf_ktime_get_tai_ns();
	value = bpf_map_lookup_elem(&bytes, &key);
	if (!value)
		return XDP_DROP;
	asm volatile("r1 = %[at]\n"
		     "w1 /= 8\n"
		     "r1 >>= 26\n"
		     "%[value] += r1\n"
		     "%[at] = *(u8 *)(%[value] + 0)\n"
		     : [at] "+r"(at), [value] "+r"(value)
		     :
		     : "r1");
	return at & 1 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
