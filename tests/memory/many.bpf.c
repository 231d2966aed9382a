// SPDX-License-Identifier: BSD-2-Clause
/* As many equal programs as PROGRAMS says, a multiple of 8: each stays partly on the host. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

static __always_inline int look(struct xdp_md *ctx, __u32 number)
{
	unsigned char *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u64 *count;
	__u32 key = number;

	if (data + 64 > end)
		return XDP_DROP;
#pragma unroll
	for (int i = 0; i < 32; i++)
		key = key * 31 + data[i];
	count = bpf_map_lookup_elem(&seen, &key);
	if (!count)
		return XDP_PASS;
	*count += data[40];
	return bpf_redirect(1, 0);
}

#define ONE(a, b, c)                                                                               \
	SEC("xdp") int look_##a##b##c(struct xdp_md *ctx) { return look(ctx, a * 64 + b * 8 + c); }
#define EIGHT(a, b)                                                                                \
	ONE(a, b, 0) ONE(a, b, 1) ONE(a, b, 2) ONE(a, b, 3) ONE(a, b, 4) ONE(a, b, 5)              \
	ONE(a, b, 6) ONE(a, b, 7)
#define ALL(a)                                                                                     \
	EIGHT(a, 0) EIGHT(a, 1) EIGHT(a, 2) EIGHT(a, 3) EIGHT(a, 4) EIGHT(a, 5) EIGHT(a, 6)        \
	EIGHT(a, 7)

EIGHT(0, 0)
#ifdef MANY
ALL(1)
ALL(2)
EIGHT(3, 0)
#endif

char _license[] SEC("license") = "GPL";
