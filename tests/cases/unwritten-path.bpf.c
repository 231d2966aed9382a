/* SPDX-License-Identifier: BSD-2-Clause
 * What a program does with a packet depends on memory that it never wrote: no side can be right. Such packets are counted
 * with the reason and compared on no side; the others are, on maps that are the same everywhere.
 *
 * RUN: test --host=all --packets 500 --prog branch
 * EXIT: 0
 * SAYS: branch: equal, [1-9][0-9]* packets, 0 mismatches, [1-9][0-9]* skipped
 * SAYS: unwritten-path.bpf.c:[0-9]+: warning: [0-9]+ packets are not compared: a branch depends on memory that the program never wrote .*\[unwritten-path\]
 * SAYS: 0 bytes in 0 packets were not compared, nor were [1-9][0-9]* packets
 * RUN: test --packets 500 --prog branch --json
 * EXIT: 0
 * SAYS: "id":"unwritten-path"
 * SAYS: "skipped_packets":[1-9]
 * RUN: test --packets 500 --prog branch --junit r.xml
 * EXIT: 0
 * SH: grep 'failures="0"' r.xml
 * EXIT: 0
 *
 * Padding of a key: whether the element is found hangs on it.
 * RUN: test --host=all --packets 500 --prog key
 * EXIT: 0
 * SAYS: key: equal, [0-9]+ packets, 0 mismatches, [1-9][0-9]* skipped
 * SAYS: packets are not compared: a key depends on memory that the program never wrote
 * RUN: test --host=all --packets 500 --prog length
 * EXIT: 0
 * SAYS: length: equal
 * SAYS: an argument of a helper depends on memory
 * RUN: test --host=all --packets 500 --prog address
 * EXIT: 0
 * SAYS: address: equal
 * SAYS: an address depends on memory
 * RUN: test --host=all --packets 500 --prog in_callback
 * EXIT: 0
 * SAYS: in_callback: equal
 * SAYS: what a callback returns depends on memory
 * RUN: test --host=all --packets 500 --prog split
 * EXIT: 0
 * SAYS: split: equal, [1-9][0-9]* packets, 0 mismatches, [1-9][0-9]* skipped
 * SAYS: the device decided [1-9]
 * SAYS: \[unwritten-path\]
 *
 * A branch that known bits decide is none.
 * RUN: test --host=all --packets 500 --prog known
 * EXIT: 0
 * SAYS: known: equal, 500 packets, 0 mismatches, 0 skipped
 * NOT: \[unwritten-path\]
 *
 * All packets: the run ends.
 * RUN: test --host=all --packets 500 --prog always
 * EXIT: 0
 * SAYS: always: equal, 0 packets, 0 mismatches, 500 skipped
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct key {
	__u8 kind; /* three bytes of padding behind */
	__u32 address;
};

#define MAP(name, kind, key_type)                                                                  \
	struct {                                                                                   \
		__uint(type, kind);                                                                \
		__uint(max_entries, 64);                                                           \
		__type(key, key_type);                                                             \
		__type(value, __u32);                                                              \
	} name SEC(".maps")

MAP(by_key, BPF_MAP_TYPE_HASH, struct key);
MAP(counts, BPF_MAP_TYPE_ARRAY, __u32);
MAP(on_host, BPF_MAP_TYPE_LRU_HASH, __u32);

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

#define IPV4(ctx)                                                                                  \
	__u8 *p = (void *)(long)(ctx)->data, *end = (void *)(long)(ctx)->data_end;                 \
	if (p + 38 > end)                                                                          \
	return 0
#define UNWRITTEN(var) asm volatile("%0 = *(u64 *)(r10 - 64)" : "=r"(var))

static __always_inline void count(__u32 index)
{
	__u32 *n = bpf_map_lookup_elem(&counts, &index);

	if (n)
		*n += 1;
}

SEC("xdp") int branch(struct xdp_md *ctx)
{
	__u64 slot;

	IPV4(ctx);
	UNWRITTEN(slot);
	if (p[23] == 6 && (slot & 0x10))
		count(1);
	count(2);
	return p[23] == 17 ? XDP_DROP : XDP_PASS;
}

SEC("xdp") int key(struct xdp_md *ctx)
{
	__u32 value = 1, *found;
	struct key k;

	IPV4(ctx);
	if (p[23] == 6)
		__builtin_memset(&k, 0, sizeof(k));
	asm volatile("" : : "r"(&k) : "memory");
	k.kind = p[23];
	k.address = *(__u32 *)(p + 30) & 0xf;
	asm volatile("" : : "r"(&k) : "memory");
	found = bpf_map_lookup_elem(&by_key, &k);
	if (found)
		return XDP_DROP;
	bpf_map_update_elem(&by_key, &k, &value, BPF_ANY);
	return XDP_PASS;
}

SEC("xdp") int length(struct xdp_md *ctx)
{
	__u64 slot, bytes[4] = { 1, 2, 3, 4 };

	IPV4(ctx);
	UNWRITTEN(slot);
	if (p[23] == 6)
		slot = 3;
	bpf_ringbuf_output(&ring, bytes, (slot & 15) + 1, 0);
	return XDP_PASS;
}

SEC("xdp") int address(struct xdp_md *ctx)
{
	__u64 slot;

	IPV4(ctx);
	UNWRITTEN(slot);
	if (p[23] == 6)
		slot = 3;
	p += slot & 15;
	if (p + 1 > end)
		return XDP_DROP;
	return *p & 1 ? XDP_DROP : XDP_PASS;
}

static int callback(__u32 i, void *context)
{
	__u64 slot;

	UNWRITTEN(slot);
	return (slot >> i) & 1;
}

SEC("xdp") int in_callback(struct xdp_md *ctx)
{
	IPV4(ctx);
	if (p[23] == 6)
		return XDP_DROP;
	return bpf_loop(8, callback, 0, 0) & 1 ? XDP_DROP : XDP_PASS;
}

SEC("xdp") int split(struct xdp_md *ctx)
{
	__u32 key, value;
	__u64 slot;

	IPV4(ctx);
	UNWRITTEN(slot);
	key = *(__u32 *)(p + 30) & 0x1f;
	value = *(__u32 *)(p + 26);
	if (p[23] == 17)
		return XDP_DROP;
	if (p[23] == 6 && (slot & 0x10))
		key++;
	bpf_map_update_elem(&on_host, &key, &value, BPF_ANY);
	return XDP_PASS;
}

SEC("xdp") int known(struct xdp_md *ctx)
{
	__u64 slot;

	IPV4(ctx);
	UNWRITTEN(slot);
	slot = (slot & 0xff) | 0x100;
	if (slot < 0x100 || slot > 0x200 || slot == p[23])
		return XDP_DROP;
	return p[23] == 6 ? XDP_TX : XDP_PASS;
}

SEC("xdp") int always(struct xdp_md *ctx)
{
	__u64 slot;

	UNWRITTEN(slot);
	return slot & 1 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
