/* SPDX-License-Identifier: BSD-2-Clause
 * Pinning values of other loaders than libbpf (iproute2: 2, Cilium: 16), which libbpf refuses: read, with a warning.
 *
 * RUN: check
 * EXIT: 0
 * SAYS: warning: map 'replaced' has pinning value 16 of another loader .* \[foreign-pin\]
 * SAYS: warning: map 'global' has pinning value 2 of
 * SAYS: f \(xdp\): accepted
 * NOT: 'by_name' has pinning
 * NOT: 'sixteen' has pinning
 *
 * RUN: check --verifier=both
 * NEEDS: bpf
 * EXIT: 0
 * SAYS: f \(xdp\): accepted, kernel: accepted
 *
 * RUN: test --packets 500
 * EXIT: 0
 * SAYS: f: equal
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define ARRAY(name, n, ...)                                                                        \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(max_entries, n);                                                            \
		__type(key, __u32);                                                                \
		__type(value, __u64);                                                              \
		__VA_ARGS__                                                                        \
	} name SEC(".maps")

ARRAY(replaced, 16, __uint(pinning, 16););
ARRAY(global, 2, __uint(pinning, 2););
ARRAY(by_name, 4, __uint(pinning, LIBBPF_PIN_BY_NAME););
ARRAY(sixteen, 16);

#define COUNT(map)                                                                                 \
	do {                                                                                       \
		__u32 key = 1;                                                                     \
		__u64 *value = bpf_map_lookup_elem(&map, &key);                                    \
		if (value)                                                                         \
			__sync_fetch_and_add(value, 1);                                            \
	} while (0)

SEC("xdp")
int f(struct xdp_md *ctx)
{
	COUNT(replaced);
	COUNT(global);
	COUNT(by_name);
	COUNT(sixteen);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
