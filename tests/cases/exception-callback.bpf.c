/* SPDX-License-Identifier: BSD-2-Clause
 * An exception callback that no instruction calls is not walked: a program that names one is rejected.
 *
 * RUN: check --prog careless
 * EXIT: 1
 * SAYS: exception-callback
 *
 * RUN: check --prog plain
 * EXIT: 0
 *
 * RUN: compile --prog careless --out .
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

__attribute__((noinline)) int reads_anywhere(__u64 cookie)
{
	return *(volatile int *)cookie;
}

SEC("xdp")
__attribute__((btf_decl_tag("exception_callback:reads_anywhere"))) int careless(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp")
int plain(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
