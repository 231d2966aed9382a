/* SPDX-License-Identifier: BSD-2-Clause
 * Locks, timers, kernel pointers and the like in map values are no data: they start as zero, as a kernel has them,
 * and are not compared; everything around them is. In hashes, arrays, inner maps, per-CPU maps and global data.
 *
 * RUN: test --host=jit,interp --packets 500
 * EXIT: 0
 * SAYS: locked: equal, 500 packets
 * SAYS: arrays: equal, 500 packets
 * SAYS: inner: equal, 500 packets
 * SAYS: global: equal, 500 packets
 * SAYS: percpu: equal, 500 packets
 *
 * RUN: test --host=all --packets 500
 * NEEDS: bpf
 * EXIT: 0
 * NOT: DIFFERS
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_helpers.h>

struct bpf_cpumask;
struct counted {
	struct bpf_spin_lock lock;
	__u32 n;
};
struct timed {
	__u64 before;
	struct {
		struct bpf_timer timer;
	} in;
	__u64 n;
};
struct pointed {
	__u32 n;
	struct bpf_cpumask __kptr *mask;
	__u64 after;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct counted);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct counted);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct timed);
} timers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct pointed);
} pointers SEC(".maps");

struct outer {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_ARRAY);
		__uint(max_entries, 4);
		__type(key, __u32);
		__type(value, struct counted);
	});
} outers SEC(".maps");

struct bpf_spin_lock glock SEC(".bss.locked");
__u32 gcount SEC(".bss.locked");

static __always_inline struct iphdr *ipv4(struct xdp_md *ctx)
{
	struct iphdr *ip = (void *)(long)ctx->data + sizeof(struct ethhdr);

	return (void *)(ip + 1) > (void *)(long)ctx->data_end ? 0 : ip;
}

static __always_inline int count(struct counted *v)
{
	__u32 n;

	bpf_spin_lock(&v->lock);
	n = ++v->n;
	bpf_spin_unlock(&v->lock);
	return n & 1 ? XDP_PASS : XDP_TX;
}

SEC("xdp") int locked(struct xdp_md *ctx)
{
	struct iphdr *ip = ipv4(ctx);
	struct counted *v;
	__u32 key;

	if (!ip)
		return XDP_DROP;
	key = ip->saddr;
	v = bpf_map_lookup_elem(&flows, &key);
	return v ? count(v) : XDP_ABORTED;
}

SEC("xdp") int arrays(struct xdp_md *ctx)
{
	struct iphdr *ip = ipv4(ctx);
	struct counted *v;
	struct timed *t;
	__u32 key;

	if (!ip)
		return XDP_DROP;
	key = ip->ttl & 7;
	t = bpf_map_lookup_elem(&timers, &key);
	v = bpf_map_lookup_elem(&slots, &key);
	if (!v || !t)
		return XDP_ABORTED;
	t->n += t->before;
	return count(v);
}

SEC("xdp") int percpu(struct xdp_md *ctx)
{
	struct iphdr *ip = ipv4(ctx);
	struct pointed *v;
	__u32 key;

	if (!ip)
		return XDP_DROP;
	key = ip->saddr;
	v = bpf_map_lookup_elem(&pointers, &key);
	if (!v)
		return XDP_ABORTED;
	v->after += v->n++;
	return v->mask ? XDP_DROP : XDP_PASS;
}

SEC("xdp") int inner(struct xdp_md *ctx)
{
	struct iphdr *ip = ipv4(ctx);
	struct counted *v;
	__u32 key;
	void *map;

	if (!ip)
		return XDP_DROP;
	key = ip->ttl & 3;
	map = bpf_map_lookup_elem(&outers, &key);
	if (!map)
		return XDP_ABORTED;
	v = bpf_map_lookup_elem(map, &key);
	return v ? count(v) : XDP_ABORTED;
}

SEC("xdp") int global(struct xdp_md *ctx)
{
	bpf_spin_lock(&glock);
	gcount++;
	bpf_spin_unlock(&glock);
	return gcount & 1 ? XDP_PASS : XDP_TX;
}

char _license[] SEC("license") = "GPL";
