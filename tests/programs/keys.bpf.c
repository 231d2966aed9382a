/* Map helpers: keys and values from stack, packet and map values; counters beside plain words. */
#include "common.bpf.h"

struct value {
	__u64 plain, counter;
	__u32 small;
	__u8 bytes[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct value);
	__uint(max_entries, 4);
} array SEC(".maps");

struct odd_key {
	__u32 a;
	__u16 b;
	__u8 c;
} __attribute__((packed));

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct odd_key);
	__type(value, __u64);
	__uint(max_entries, 64);
} odd SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u64);
	__type(value, struct value);
	__uint(max_entries, 64);
} flows SEC(".maps");

SEC("xdp") int odd_sizes(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	struct odd_key key = { U32(data + 26), U16(data + 30), data[32] };
	__u64 *v = bpf_map_lookup_elem(&odd, &key), one = 1;

	if (!v)
		return bpf_map_update_elem(&odd, &key, &one, BPF_NOEXIST) ? XDP_DROP : XDP_PASS;
	*v += 1;
	if (data[33] & 1)
		return bpf_map_delete_elem(&odd, &key) ? XDP_DROP : XDP_TX;
	return XDP_TX;
}

SEC("xdp") int from_packet(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	struct value *v = bpf_map_lookup_elem(&flows, data + 26);
	struct value fresh = { 1, 0x0102030405060708ULL, 9, { 1, 2, 3, 4 } };

	if (v) {
		v->plain++;
		__sync_fetch_and_add(&v->counter, 1);
		__sync_fetch_and_add(&v->small, data[20]);
		v->bytes[data[21] & 3]++;
		return v->counter & 1 ? XDP_DROP : XDP_TX;
	}
	bpf_map_update_elem(&flows, data + 26, &fresh, BPF_NOEXIST);
	return XDP_PASS;
}

SEC("xdp") int from_map_value(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	__u32 key = data[30] & 3;
	struct value *v = bpf_map_lookup_elem(&array, &key), *w;

	if (!v)
		return XDP_DROP;
	v->plain = U64(data + 26);
	w = bpf_map_lookup_elem(&flows, &v->plain);
	if (w) {
		w->plain++;
		return XDP_TX;
	}
	bpf_map_update_elem(&flows, &v->plain, v, BPF_ANY);
	return XDP_PASS;
}

SEC("xdp") int one_of_two_maps(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	__u32 key = data[30] & 3;
	__u64 wide = key;
	struct value *v = 0;

	if (data[31] & 1)
		v = bpf_map_lookup_elem(&array, &key);
	if (!v)
		v = bpf_map_lookup_elem(&flows, &wide);
	if (!v)
		return XDP_PASS;
	v->plain += data[20];
	return XDP_TX;
}
