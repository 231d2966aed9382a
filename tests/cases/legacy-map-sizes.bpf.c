/* SPDX-License-Identifier: BSD-2-Clause
 * Definitions in a "maps" section have the size that each loader gave them: only the first four words are common to all.
 *
 * RUN: test --packets 500
 * BUILD: -DWORDS=4
 * EXIT: 0
 * SAYS: f: equal
 * RUN: test --packets 500
 * BUILD: -DWORDS=5
 * EXIT: 0
 * SAYS: f: equal
 * RUN: test --packets 500
 * BUILD: -DWORDS=6
 * EXIT: 0
 * SAYS: f: equal
 * RUN: test --packets 500
 * BUILD: -DWORDS=7
 * EXIT: 0
 * SAYS: f: equal
 * RUN: test --packets 500
 * BUILD: -DWORDS=9 -g0
 * EXIT: 0
 * SAYS: f: equal
 * RUN: test --packets 500
 * BUILD: -DWORDS=10
 * EXIT: 0
 * SAYS: f: equal
 * RUN: test --packets 500
 * BUILD: -DWORDS=70 -DPIN=2
 * EXIT: 0
 * SAYS: f: equal
 * RUN: check
 * BUILD: -DWORDS=7 -DPIN=16
 * EXIT: 0
 * SAYS: f \(xdp\): accepted
 * RUN: check
 * BUILD: -DWORDS=3
 * EXIT: 1
 * SAYS: is smaller than a map definition \[legacy-maps\]
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#ifndef WORDS
#define WORDS 5
#endif
#ifndef PIN
#define PIN 0
#endif

struct definition {
	__u32 word[WORDS];
};

#if WORDS >= 7
#define DEFINE(...) { { __VA_ARGS__, 0, 0, PIN } } /* flags, id, pinning */
#elif WORDS == 3
#define DEFINE(type, key, value, entries) { { type, key, value } }
#else
#define DEFINE(...) { { __VA_ARGS__ } }
#endif

struct definition hits SEC("maps") = DEFINE(BPF_MAP_TYPE_ARRAY, 4, 8, 4);
struct definition seen SEC("maps") = DEFINE(BPF_MAP_TYPE_HASH, 4, 4, 64);

SEC("xdp")
int f(struct xdp_md *ctx)
{
	__u32 key = 1;
	__u64 *value = bpf_map_lookup_elem(&hits, &key);

	if (value)
		__sync_fetch_and_add(value, 1);
	return bpf_map_lookup_elem(&seen, &key) ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
