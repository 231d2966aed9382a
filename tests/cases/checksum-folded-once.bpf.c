/* SPDX-License-Identifier: BSD-2-Clause
 * bpf_csum_diff answers with 16 bits since Linux 6.13 and with 32 before. All sides answer as the kernel that is
 * compared; without one, as since 6.13.
 *
 * RUN: test --host=all --packets 500
 * NEEDS: bpf
 * EXIT: 0
 * NOT: DIFFERS
 *
 * RUN: test --host=jit,interp --packets 500 --prog folded
 * EXIT: 0
 * SAYS: verdicts: pass 500
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp") int csum(struct xdp_md *ctx)
{
	__u8 *p = (void *)(long)ctx->data, *e = (void *)(long)ctx->data_end;
	__u32 c;

	if (p + 34 > e || p[12] != 8 || p[13])
		return XDP_PASS;
	c = bpf_csum_diff(0, 0, (__be32 *)(p + 14), 20, 0);
	c = (c & 0xffff) + (c >> 16);
	*(__u16 *)(p + 24) = ~c;
	return XDP_TX;
}

/* What is taken away, what is put there, both, neither; zeroes, and seeds of 32 bits. */
SEC("xdp") int kinds(struct xdp_md *ctx)
{
	__u8 *p = (void *)(long)ctx->data, *e = (void *)(long)ctx->data_end;
	__u32 a[4] = { 0, 0x12345678, 0xffffffff, 7 }, b[2] = { 0, 0 }, *out;

	if (p + 60 > e)
		return XDP_PASS;
	out = (__u32 *)(p + 20);
	a[3] = *(__u32 *)(p + 14);
	out[0] = bpf_csum_diff(a, sizeof(a), 0, 0, 0);
	out[1] = bpf_csum_diff(0, 0, a, sizeof(a), 0xffff0001);
	out[2] = bpf_csum_diff(a, sizeof(a), b, sizeof(b), 0x89abcdef);
	out[3] = bpf_csum_diff(b, sizeof(b), a, sizeof(a), 0xffffffff);
	out[4] = bpf_csum_diff(b, sizeof(b), 0, 0, 0);
	out[5] = bpf_csum_diff(0, 0, b, sizeof(b), 0);
	out[6] = bpf_csum_diff(b, sizeof(b), b, sizeof(b), 0);
	out[7] = bpf_csum_diff(0, 0, 0, 0, 0xfedc0123);
	out[8] = bpf_csum_diff(a, sizeof(a), a, sizeof(a), 0);
	return XDP_TX;
}

SEC("xdp") int folded(struct xdp_md *ctx)
{
	__u32 a[2] = { 0xffff8000, 0x8000ffff };

	return (__u64)bpf_csum_diff(0, 0, a, sizeof(a), 0x12345678) > 0xffff ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
