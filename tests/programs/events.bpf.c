/* perf_event_output of each kind of memory that the firmware can read (nfp.md 4.11). */
#include "common.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
	__uint(max_entries, 16);
} events SEC(".maps");

struct value {
	__u64 a, b;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct value);
	__uint(max_entries, 4);
} values SEC(".maps");

SEC("xdp") int from_stack(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	struct {
		__u32 from, to;
		__u16 odd;
	} record = { U32(data + 26), U32(data + 30), 7 };

	return bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &record, sizeof(record))
		       ? XDP_DROP
		       : XDP_PASS;
}

SEC("xdp") int with_packet_bytes(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	__u32 len = (__u32)(end - data);

	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU | (20ULL << 32), &len, sizeof(len));
	return XDP_PASS;
}

SEC("xdp") int from_map_value(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	__u32 key = U8(data + 30) & 3;
	struct value *v = bpf_map_lookup_elem(&values, &key);

	if (!v)
		return XDP_DROP;
	v->a += 3;
	v->b ^= U32(data + 26);
	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, v, sizeof(*v));
	return XDP_TX;
}
