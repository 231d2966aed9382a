/* Maps of maps, declared in the object and made by user space. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
};
struct in_hash {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
};
struct inner one SEC(".maps"), two SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 8);
	__type(key, __u32);
	__array(values, struct inner);
} fixed SEC(".maps") = { .values = { [1] = &one, [3] = &two } };
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 8);
	__type(key, __u32);
	__array(values, struct inner);
} open_array SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 100);
	__type(key, __u32);
	__array(values, struct in_hash);
} by_host SEC(".maps");
static int count(void *m, __u32 k)
{
	__u64 *v;
	if (!m)
		return 0;
	v = bpf_map_lookup_elem(m, &k);
	if (!v)
		return 1;
	__sync_fetch_and_add(v, 3);
	return 2 + (*v & 7);
}
SEC("xdp") int maps_of_maps(struct xdp_md *ctx)
{
	unsigned char *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	if (p + 34 > end)
		return XDP_DROP;
	__u32 k = p[23] & 7, d = *(__u32 *)(p + 30), s = p[29];
	__u64 one64 = d;
	int r = count(bpf_map_lookup_elem(&fixed, &k), p[22]) +
		count(bpf_map_lookup_elem(&open_array, &k), p[21] & 31);
	void *h = bpf_map_lookup_elem(&by_host, &d);
	if (h) {
		__u64 *v = bpf_map_lookup_elem(h, &s);
		if (v) {
			*v += r;
			r += 5;
		} else
			bpf_map_update_elem(h, &s, &one64, 0);
		if (s == 7)
			bpf_map_delete_elem(h, &s);
	}
	p[0] = r;
	return XDP_TX;
}
char license_text[] SEC("license") = "GPL";
