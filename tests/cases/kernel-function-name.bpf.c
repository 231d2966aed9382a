/* SPDX-License-Identifier: BSD-2-Clause
 * A kernel function is called by its name, by verifier, device and report.
 *
 * RUN: explain --prog hashed --btf /sys/kernel/btf/vmlinux
 * EXIT: 0
 * SAYS: kernel function 'bpf_xdp_metadata_rx_hash' exists only on the host.*device-kfunc
 * SAYS: call bpf_xdp_metadata_rx_hash
 * NOT: kernel function [0-9]|kfunc#
 *
 * RUN: explain --prog stamped --btf /sys/kernel/btf/vmlinux
 * BUILD: -mcpu=v2 -O1
 * EXIT: 0
 * SAYS: kernel function 'bpf_xdp_metadata_rx_timestamp' exists only on the host.*device-kfunc
 * NOT: kernel function [0-9]|kfunc#
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern int bpf_xdp_metadata_rx_hash(const struct xdp_md *ctx, __u32 *hash, __u32 *rss_type) __attribute__((section(".ksyms")));
extern int bpf_xdp_metadata_rx_timestamp(const struct xdp_md *ctx, __u64 *stamp) __attribute__((section(".ksyms")));

static __always_inline int is_short(struct xdp_md *ctx)
{
	unsigned char *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	return data + 64 > end || data[12] != 8;
}

SEC("xdp")
int hashed(struct xdp_md *ctx)
{
	__u32 hash = 0, type = 0;

	if (is_short(ctx))
		return XDP_DROP;
	return bpf_xdp_metadata_rx_hash(ctx, &hash, &type) ? XDP_PASS : XDP_TX;
}

SEC("xdp")
int stamped(struct xdp_md *ctx)
{
	__u64 stamp = 0;

	if (is_short(ctx))
		return XDP_DROP;
	return bpf_xdp_metadata_rx_timestamp(ctx, &stamp) ? XDP_PASS : XDP_TX;
}

char _license[] SEC("license") = "GPL";
