/* SPDX-License-Identifier: BSD-2-Clause
 * Bytes of results that the program never wrote: padding of a structure that is copied, a stack buffer that is longer than
 * what was put into it, a load that failed, a record that was filled in part. They are another thing on each side and in
 * each kernel: named, counted, and left out of the comparison.
 *
 * RUN: test --host=all --packets 500 --prog padding
 * EXIT: 0
 * SAYS: padding: equal, 500 packets, 0 mismatches, 0 skipped
 * SAYS: unwritten-bytes.bpf.c:[0-9]+: warning: [0-9]+ bytes of results in [0-9]+ packets come from memory that the program never wrote .first in packet [0-9]+, map 'values'.*\[unwritten-bytes\]
 * SAYS: never written by the program: [0-9]+ bytes in [0-9]+ packets were not compared, nor were 0 packets
 * RUN: test --packets 500 --prog padding
 * BUILD: -mcpu=v1 -O1
 * EXIT: 0
 * SAYS: padding: equal
 * SAYS: unwritten-bytes
 * RUN: test --packets 500 --prog padding --json
 * EXIT: 0
 * SAYS: "id":"unwritten-bytes"
 * SAYS: "skipped_packets":0
 * SAYS: "mismatches":0
 * SH: $tool test --packets 500 --prog padding --json %o | tr -d ' \n' | grep -c '"unwritten":{"bytes":[1-9][0-9]*,"packets":[1-9]'
 * EXIT: 0
 *
 * RUN: test --host=all --packets 500 --prog to_packet
 * EXIT: 0
 * SAYS: to_packet: equal
 * SAYS: first in packet [0-9]+, the packet
 * RUN: test --host=all --packets 500 --prog event --firmware generous
 * EXIT: 0
 * SAYS: event: equal
 * SAYS: first in packet [0-9]+, an event
 * RUN: test --host=all --packets 500 --prog record
 * EXIT: 0
 * SAYS: record: equal
 * SAYS: first in packet [0-9]+, an event
 * RUN: test --host=all --packets 500 --prog half_record
 * EXIT: 0
 * SAYS: half_record: equal
 * SAYS: first in packet [0-9]+, an event
 * RUN: test --host=all --packets 500 --prog failed_load
 * EXIT: 0
 * SAYS: failed_load: equal
 * SAYS: first in packet [0-9]+, map 'values'
 * RUN: test --host=all --packets 500 --prog verdict
 * EXIT: 0
 * SAYS: verdict: equal
 * SAYS: first in packet [0-9]+, the verdict
 * RUN: test --host=all --packets 500 --prog in_function
 * EXIT: 0
 * SAYS: in_function: equal
 * SAYS: unwritten-bytes
 *
 * A split program: the card and the host half each have such bytes.
 * RUN: test --host=all --packets 500 --prog split
 * EXIT: 0
 * SAYS: split: equal
 * SAYS: the device decided [1-9]
 * SAYS: unwritten-bytes
 * RUN: test --host=all --packets 500 --prog tc_padding
 * EXIT: 0
 * SAYS: tc_padding: equal
 * SAYS: unwritten-bytes
 *
 * Nothing undefined gets anywhere: nothing is said of it.
 * RUN: test --host=all --packets 500 --prog masked_out
 * EXIT: 0
 * SAYS: masked_out: equal, 500 packets, 0 mismatches, 0 skipped
 * NOT: \[unwritten-bytes\]|never written by
 *
 * The bits beside the undefined ones are compared: words that write another member there are found.
 * RUN: compile -o wrong --emit words --prog padding
 * BUILD: -DWRONG
 * EXIT: 0
 * RUN: test --device-words wrong/padding.words --packets 500 --prog padding
 * EXIT: 1
 * SAYS: padding: DIFFERS
 * SAYS: \[unwritten-bytes\]
 * RUN: compile -o wrong --emit words --prog to_packet
 * BUILD: -DWRONG
 * EXIT: 0
 * RUN: test --device-words wrong/to_packet.words --packets 500 --prog to_packet
 * EXIT: 1
 * SAYS: to_packet: DIFFERS
 * SAYS: first difference at byte 8;
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

struct value {
	__u8 kind;
	__u32 address; /* three bytes of padding in front */
	__u16 port;    /* two behind */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct value);
} values SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct value);
} on_host SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
	__uint(max_entries, 16);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

#define IPV4(ctx)                                                                                  \
	__u8 *p = (void *)(long)(ctx)->data, *end = (void *)(long)(ctx)->data_end;                 \
	if (p + 38 > end)                                                                          \
	return 0

static __always_inline void fill(struct value *v, const __u8 *p)
{
	v->kind = p[23];
	v->address = *(__u32 *)(p + 26);
#ifdef WRONG
	v->port = *(__u16 *)(p + 36);
#else
	v->port = *(__u16 *)(p + 34);
#endif
	asm volatile("" : : "r"(v) : "memory"); /* in memory, as it is */
}

SEC("xdp") int padding(struct xdp_md *ctx)
{
	struct value v;
	__u32 key;

	IPV4(ctx);
	key = *(__u32 *)(p + 30);
	fill(&v, p);
	bpf_map_update_elem(&values, &key, &v, BPF_ANY);
	return XDP_PASS;
}

SEC("tc") int tc_padding(struct __sk_buff *ctx)
{
	struct value v;
	__u32 key;

	IPV4(ctx);
	key = *(__u32 *)(p + 30);
	fill(&v, p);
	bpf_map_update_elem(&values, &key, &v, BPF_ANY);
	return TC_ACT_UNSPEC;
}

SEC("xdp") int to_packet(struct xdp_md *ctx)
{
	struct value v;

	IPV4(ctx);
	fill(&v, p);
	*(__u64 *)p = *(__u64 *)&v;
	*(__u32 *)(p + 8) = *(__u32 *)&v.port;
	return XDP_TX;
}

SEC("xdp") int event(struct xdp_md *ctx)
{
	struct value v;

	IPV4(ctx);
	fill(&v, p);
	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &v, sizeof(v));
	return XDP_PASS;
}

SEC("xdp") int record(struct xdp_md *ctx)
{
	struct value v;

	IPV4(ctx);
	fill(&v, p);
	bpf_ringbuf_output(&ring, &v, sizeof(v), 0);
	return XDP_PASS;
}

SEC("xdp") int half_record(struct xdp_md *ctx)
{
	struct value *v;

	IPV4(ctx);
	v = bpf_ringbuf_reserve(&ring, sizeof(*v), 0);
	if (!v)
		return XDP_PASS;
	v->address = *(__u32 *)(p + 26);
	bpf_ringbuf_submit(v, 0);
	return XDP_PASS;
}

SEC("xdp") int failed_load(struct xdp_md *ctx)
{
	struct value v;
	__u32 key;

	IPV4(ctx);
	key = *(__u32 *)(p + 30);
	bpf_xdp_load_bytes(ctx, 60, &v, sizeof(v)); /* fails on short packets */
	bpf_map_update_elem(&values, &key, &v, BPF_ANY);
	return XDP_PASS;
}

SEC("xdp") int verdict(struct xdp_md *ctx)
{
	__u64 slot;

	IPV4(ctx);
	asm volatile("%0 = *(u64 *)(r10 - 64)" : "=r"(slot));
	return p[23] == 6 ? (int)slot : XDP_PASS;
}

static __attribute__((noinline)) int store(__u32 key, __u32 address)
{
	struct value v;

	v.address = address;
	asm volatile("" : : "r"(&v) : "memory");
	return bpf_map_update_elem(&values, &key, &v, BPF_ANY);
}

SEC("xdp") int in_function(struct xdp_md *ctx)
{
	IPV4(ctx);
	return store(*(__u32 *)(p + 30), *(__u32 *)(p + 26)) ? XDP_DROP : XDP_PASS;
}

SEC("xdp") int split(struct xdp_md *ctx)
{
	struct value v;
	__u32 key;

	IPV4(ctx);
	key = *(__u32 *)(p + 30);
	fill(&v, p);
	if (p[23] == 17) {
		bpf_map_update_elem(&values, &key, &v, BPF_ANY);
		return XDP_DROP;
	}
	if (p[23] == 6)
		bpf_map_update_elem(&on_host, &key, &v, BPF_ANY);
	return XDP_PASS;
}

SEC("xdp") int masked_out(struct xdp_md *ctx)
{
	__u64 slot;

	IPV4(ctx);
	asm volatile("%0 = *(u64 *)(r10 - 64)" : "=r"(slot));
	slot &= 0xff00;
	slot ^= slot;
	return slot + (p[23] == 6 ? XDP_DROP : XDP_PASS);
}

char _license[] SEC("license") = "GPL";
