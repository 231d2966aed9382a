/* SPDX-License-Identifier: BSD-2-Clause
 * A packet pointer from before the packet moved, compared with the new end: as public load balancers do it.
 *
 * RUN: explain --prog stale
 * EXIT: 0
 * SAYS: stale \(xdp\): device
 *
 * RUN: test --prog stale --packets 1000
 * EXIT: 0
 * SAYS: stale: equal
 *
 * RUN: test --prog stale --packets 1000 -O0
 * EXIT: 0
 * SAYS: stale: equal
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("xdp") int stale(struct xdp_md *ctx)
{
	char *p = (void *)(long)ctx->data, *e = (void *)(long)ctx->data_end;
	if (p + 34 > e || p[23] != 6)
		return XDP_PASS;
	if (bpf_xdp_adjust_head(ctx, -20))
		return XDP_DROP;
	char *q = (void *)(long)ctx->data, *f = (void *)(long)ctx->data_end;
	if (q + 14 > f || p + 34 > f) /* p: from before adjust_head */
		return XDP_DROP;
	q[0] = 1;
	return XDP_TX;
}
char _license[] SEC("license") = "GPL";
