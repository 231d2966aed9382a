/* SPDX-License-Identifier: BSD-2-Clause
 * Maps that no kernel makes as they are declared. What every loader sets is set, with a warning, also in the host half;
 * what none can is an error for the programs that use the map.
 *
 * RUN: check --prog lpm
 * EXIT: 0
 * SAYS: warning: map 'nets' of type lpm_trie omits an attribute .* BPF_F_NO_PREALLOC.* \[map-incomplete\]
 * SAYS: lpm \(xdp\): accepted
 *
 * RUN: check --prog lpm --verifier=both
 * NEEDS: bpf
 * EXIT: 0
 * SAYS: lpm \(xdp\): accepted, kernel: accepted
 *
 * RUN: check --prog events --verifier=both
 * NEEDS: bpf
 * EXIT: 0
 * SAYS: map 'ring' of type perf_event_array omits an attribute .* key and value of 4 bytes
 * SAYS: events \(xdp\): accepted, kernel: accepted
 *
 * RUN: test --host=all --prog lpm --packets 500
 * EXIT: 0
 * SAYS: lpm: equal
 *
 * The host half loads by itself.
 * RUN: compile --prog lpm -o out
 * NEEDS: bpf
 * EXIT: 0
 * SAYS: lpm \(xdp\): split
 * SH: "$tool" check --verifier=both out/lpm.host.o
 * NEEDS: bpf
 * EXIT: 0
 * SAYS: kernel: accepted
 *
 * RUN: check --prog odd
 * EXIT: 1
 * SAYS: error: no kernel can create map 'odd_map' of type array: its key is 8 bytes, not 4 \[map-impossible\]
 * SAYS: odd \(xdp\): rejected
 * RUN: check --prog odd --verifier=both
 * NEEDS: bpf
 * EXIT: 1
 * SAYS: odd \(xdp\): rejected
 * RUN: check --prog odd
 * BUILD: -DTYPE=LRU_HASH -DFLAGS=1
 * EXIT: 1
 * SAYS: 'odd_map' of type lru_hash: flags 0x1 are not valid for its type
 * RUN: check --prog odd
 * BUILD: -DTYPE=CPUMAP -DKEY=int -DENTRIES=100000
 * EXIT: 1
 * SAYS: 'odd_map' of type cpumap: 100000 CPUs; no kernel has more than 8192
 * RUN: check --prog odd
 * BUILD: -DTYPE=LPM_TRIE -DKEY=int
 * EXIT: 1
 * SAYS: 'odd_map' of type lpm_trie: its key is 4 bytes, not 5 to 260
 * RUN: check --prog odd
 * BUILD: -DTYPE=PERCPU_ARRAY -DKEY=int -DVALUE=struct_40000
 * EXIT: 1
 * SAYS: 'odd_map' of type percpu_array: its value is 40000 bytes, not 1 to 32768
 * RUN: check --prog odd
 * BUILD: -DTYPE=HASH -DFLAGS=384
 * EXIT: 1
 * SAYS: 'odd_map' of type hash: it is read-only and write-only at once
 *
 * The object's other programs do not care.
 * RUN: check --prog lpm
 * BUILD: -DTYPE=HASH -DFLAGS=384
 * EXIT: 0
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#ifndef TYPE
#define TYPE ARRAY
#endif
#ifndef KEY
#define KEY __u64
#endif
#ifndef VALUE
#define VALUE int
#endif
#ifndef FLAGS
#define FLAGS 0
#endif
#ifndef ENTRIES
#define ENTRIES 16
#endif
#define JOIN(a, b) a##b
#define MAP_TYPE(t) JOIN(BPF_MAP_TYPE_, t)

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__type(key, __u64);
	__type(value, __u32);
	__uint(max_entries, 16);
} nets SEC(".maps"); /* its loader adds BPF_F_NO_PREALLOC */

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
} ring SEC(".maps"); /* its loader sets all sizes */

typedef struct { char bytes[40000]; } struct_40000;
struct {
	__uint(type, MAP_TYPE(TYPE));
	__type(key, KEY);
	__type(value, VALUE);
	__uint(max_entries, ENTRIES);
	__uint(map_flags, FLAGS);
} odd_map SEC(".maps");

SEC("xdp")
int lpm(struct xdp_md *ctx)
{
	__u8 *p = (void *)(long)ctx->data, *e = (void *)(long)ctx->data_end;
	__u64 k;

	if (p + 34 > e || p[12] != 8 || p[13])
		return XDP_PASS;
	if (p[23] == 17)
		return XDP_DROP;
	k = 32 | (__u64)(p[26] | p[27] << 8 | p[28] << 16) << 32;
	return bpf_map_lookup_elem(&nets, &k) ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int events(struct xdp_md *ctx)
{
	__u32 record = 7;

	bpf_perf_event_output(ctx, &ring, BPF_F_CURRENT_CPU, &record, sizeof(record));
	return XDP_PASS;
}

SEC("xdp")
int odd(struct xdp_md *ctx)
{
	__u64 k = 1;

	return bpf_map_lookup_elem(&odd_map, &k) ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
