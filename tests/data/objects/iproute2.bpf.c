/* Map definitions of iproute2's loader; the template of an inner map is found by its id. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct bpf_elf_map {
	__u32 type, size_key, size_value, max_elem, flags, id, pinning, inner_id, inner_idx;
};

struct bpf_elf_map SEC("maps") table = {
	.type = BPF_MAP_TYPE_HASH,
	.size_key = 4,
	.size_value = 8,
	.max_elem = 16,
	.flags = BPF_F_NO_PREALLOC,
	.id = 5,
};

struct bpf_elf_map SEC("maps") tables = {
	.type = BPF_MAP_TYPE_ARRAY_OF_MAPS,
	.size_key = 4,
	.size_value = 4,
	.max_elem = 2,
	.inner_id = 5,
};

SEC("classifier") int cls(struct __sk_buff *skb)
{
	__u32 key = 0;
	void *map = bpf_map_lookup_elem(&tables, &key);

	return map && bpf_map_lookup_elem(map, &key) ? -1 : 0;
}

SEC("action") int act(struct __sk_buff *skb)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&table, &key) ? 0 : -1;
}

char _license[] SEC("license") = "GPL";
