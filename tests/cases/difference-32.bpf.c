/* SPDX-License-Identifier: BSD-2-Clause
 * A 32-bit difference of two packet pointers has 64 unknown bits to the kernel, so it is no offset until it is masked.
 *
 * RUN: check --prog trailer
 * EXIT: 1
 * SAYS: pointer-addend-unbounded
 *
 * RUN: check --prog masked
 * EXIT: 0
 *
 * RUN: compile --prog trailer --out .
 * EXIT: 1
 *
 * SH: ls *.host.o *.nfp
 * EXIT: 2
 *
 * RUN: check --verifier=both
 * NEEDS: bpf
 * EXIT: 1
 * NOT: DIFFER
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int trailer(struct xdp_md *ctx)
{
	__u8 *d = (void *)(long)ctx->data, *e = (void *)(long)ctx->data_end, *p;
	__u32 n = e - d;

	if (n < 30 || n > 1600)
		return XDP_PASS;
	p = d + n - 16;
	return p + 16 > e ? XDP_ABORTED : XDP_TX;
}

SEC("xdp")
int masked(struct xdp_md *ctx)
{
	__u8 *d = (void *)(long)ctx->data, *e = (void *)(long)ctx->data_end, *p;
	__u64 n = (__u64)(e - d) & 2047;

	p = d + n;
	return p + 4 > e ? XDP_ABORTED : XDP_TX;
}

char _license[] SEC("license") = "GPL";
