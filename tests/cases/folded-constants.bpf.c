/* SPDX-License-Identifier: BSD-2-Clause
 * A configuration constant: folded into the microcode, a map of the host.
 *
 * RUN: test --prog only_port --packets 1000
 * EXIT: 0
 * SAYS: only_port: equal
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile __u16 port = 80;

SEC("xdp")
int only_port(struct xdp_md *ctx)
{
	__u8 *p = (void *)(long)ctx->data;

	if (p + 38 > (__u8 *)(long)ctx->data_end)
		return XDP_PASS;
	return (p[36] << 8 | p[37]) == port ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
