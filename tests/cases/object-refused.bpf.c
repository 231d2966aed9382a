/* SPDX-License-Identifier: BSD-2-Clause
 * An object that libbpf refuses: its own line is in the JSON as it is in the text.
 *
 * RUN: check
 * EXIT: 1
 * SAYS: libbpf refuses the object: .* \[object-refused\]
 * SAYS: map 'm'
 *
 * RUN: check --json
 * EXIT: 1
 * SAYS: "id":"object-refused"
 * SAYS: "detail":".*map 'm'
 * SAYS: "severity":"error"
 *
 * RUN: test --json
 * EXIT: 1
 * SAYS: "detail":".*map 'm'
 * RUN: explain --json
 * EXIT: 1
 * SAYS: "detail":".*map 'm'
 * RUN: compile --json
 * EXIT: 1
 * SAYS: "detail":".*map 'm'
 * RUN: bench --json
 * EXIT: 1
 * SAYS: "detail":".*map 'm'
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__uint(key_size, 8); /* not that of the key's type */
	__type(value, __u64);
} m SEC(".maps");

SEC("xdp")
int f(struct xdp_md *ctx)
{
	__u32 key = 1;

	return bpf_map_lookup_elem(&m, &key) ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
