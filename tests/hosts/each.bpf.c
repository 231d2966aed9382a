/* bpf_for_each_map_elem: arrays, hashes, one within the other, deleting while going through. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 7);
	__type(key, __u32);
	__type(value, __u64);
} numbers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} flows SEC(".maps");

struct sum {
	__u64 all;
	__u32 stop, inner;
};

static long add_inner(void *map, __u32 *key, __u64 *value, struct sum *s)
{
	s->inner += *key + 1;
	*value += 1;
	return 0;
}

static long add(void *map, __u32 *key, __u64 *value, struct sum *s)
{
	s->all += *value * (*key + 1);
	*value += *key;
	bpf_for_each_map_elem(&counts, add_inner, s, 0);
	return *key == s->stop;
}

static long drop_odd(void *map, __u32 *key, __u64 *value, struct sum *s)
{
	s->all += *value;
	if (*value & 1)
		bpf_map_delete_elem(map, key);
	return 0;
}

SEC("xdp") int walk_arrays(struct xdp_md *ctx)
{
	unsigned char *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct sum s = {};

	if (p + 34 > end)
		return XDP_DROP;
	s.stop = p[20] & 15;
	p[0] = bpf_for_each_map_elem(&numbers, add, &s, p[22] == 9);
	p[1] = s.all;
	p[2] = s.inner;
	return XDP_TX;
}

SEC("xdp") int walk_hash(struct xdp_md *ctx)
{
	unsigned char *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct sum s = {};
	__u32 key;
	__u64 value;

	if (p + 34 > end)
		return XDP_DROP;
	key = p[30] & 31;
	value = p[29];
	bpf_map_update_elem(&flows, &key, &value, BPF_ANY);
	if (p[12] & 4)
		p[0] = bpf_for_each_map_elem(&flows, drop_odd, &s, 0);
	p[1] = s.all;
	return XDP_TX;
}

char license_text[] SEC("license") = "GPL";
