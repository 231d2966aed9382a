/* SPDX-License-Identifier: BSD-2-Clause
 * A map that the simulator cannot hold: its program is not compared, with the reason in every form of the report; the
 * object's other programs are.
 *
 * RUN: test --host=all --packets 500
 * EXIT: 0
 * SAYS: large: skipped, the simulator cannot hold the program's maps
 * SAYS: warning: the simulator cannot hold .* \[sim-map\]
 * SAYS: small: equal, 500 packets
 * SAYS: plain: equal, 500 packets
 * NOT: error
 *
 * RUN: test --host=all --packets 500 --json
 * EXIT: 0
 * SAYS: "not_compared":"the simulator cannot hold the program's maps
 * SAYS: "id":"sim-map"
 * SAYS: "packets":500
 *
 * RUN: test --packets 500 --junit junit.xml --host=interp
 * EXIT: 0
 * SH: grep -c '<skipped' junit.xml
 * EXIT: 0
 *
 * What the simulator needs and cannot have is an error in the JSON, too.
 * RUN: test --prog plain --pcap no-such-file --json
 * EXIT: 1
 * SAYS: "id":"pcap-open"
 * SAYS: "not_compared":"cannot read packets
 *
 * RUN: check --prog nobody --json
 * EXIT: 2
 * SAYS: "text":"no program 'nobody'; the programs are: large \(xdp\), small \(xdp\), plain \(xdp\)"
 *
 * RUN: run --pcap no-such-file --json
 * EXIT: 1
 * SAYS: "severity":"error"
 * SAYS: "id":"image-
 *
 * RUN: disasm --json
 * EXIT: 1
 * SAYS: "severity":"error"
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16000000);
	__type(key, __u32);
	__type(value, char[4000]);
} huge SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} counter SEC(".maps");

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
	__u64 *value = bpf_map_lookup_elem(&counter, &key);

	if (value)
		__sync_fetch_and_add(value, 1);
	return XDP_PASS;
}

SEC("xdp")
int plain(struct xdp_md *ctx)
{
	return ctx->data + 60ull > ctx->data_end ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
