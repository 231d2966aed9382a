/* SPDX-License-Identifier: BSD-2-Clause
 * A map that the kernel does not create (too large): its name and the errno are said, not that root is missing.
 * Programs that do not use it get their verdict.
 *
 * NEEDS: bpf
 *
 * RUN: check --verifier=both
 * EXIT: 3
 * SAYS: map 'huge' of type array cannot be created: errno [0-9]+ \(E[A-Z0-9]+\)
 * SAYS: kernel-map
 * SAYS: large \(xdp\): accepted, kernel: no verdict
 * SAYS: small \(xdp\): accepted, kernel: accepted
 * NOT: Run as root
 *
 * RUN: check --verifier=kernel --prog large
 * EXIT: 3
 * SAYS: map 'huge' of type array cannot be created: errno
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 0xfffffff0);
	__type(key, __u32);
	__type(value, __u64[1000]);
} huge SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 100);
	__type(key, __u32);
	__type(value, __u64);
} fine SEC(".maps");

SEC("xdp")
int large(struct xdp_md *ctx)
{
	__u32 key = 1;

	return bpf_map_lookup_elem(&huge, &key) ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int small(struct xdp_md *ctx)
{
	__u32 key = 1;

	return bpf_map_lookup_elem(&fine, &key) ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
