/* About 3,600 instructions, all of which the card could execute but two: several times what its code store
 * holds. A part of it goes there. */
#include "examples/common.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

/* Loads, arithmetic and a branch that no compiler folds. */
#define ONE(i)                                                                                     \
	{                                                                                          \
		__u64 b = *(volatile __u32 *)(data + (i));                                         \
		sum = (sum * 77) ^ (b << 7);                                                       \
		asm volatile("" : "+r"(sum));                                                      \
		if (b & 1)                                                                         \
			sum += b ^ (sum >> 5);                                                     \
		asm volatile("" : "+r"(sum));                                                      \
	}
#define TEN(i)                                                                                     \
	ONE(i) ONE(i + 1) ONE(i + 2) ONE(i + 3) ONE(i + 4) ONE(i + 5) ONE(i + 6) ONE(i + 7)        \
		ONE(i + 8) ONE(i + 9)
#define HUNDRED(i)                                                                                 \
	TEN(i) TEN(i + 10) TEN(i + 20) TEN(i + 30) TEN(i + 40) TEN(i + 50) TEN(i + 60)             \
		TEN(i + 70) TEN(i + 80) TEN(i + 90)

SEC("xdp")
int long_program(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u64 sum = 0, *value;
	__u32 key;

	if (data + 310 > end)
		return XDP_PASS;
	HUNDRED(0)
	HUNDRED(100)
	HUNDRED(200)
	key = (__u32)sum;
	value = bpf_map_lookup_elem(&seen, &key);
	if (value && *value == 5)
		return bpf_ktime_get_ns() & 1 ? XDP_PASS : XDP_DROP;
	if (sum & 64)
		return (int)bpf_redirect((__u32)sum, 0);
	return XDP_TX;
}

char _license[] SEC("license") = "Dual BSD/GPL";
