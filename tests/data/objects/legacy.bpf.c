/* Map definitions that libbpf 1.x no longer reads, free-form section names, a kernel's version. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct bpf_map_def {
	unsigned int type, key_size, value_size, max_entries, map_flags;
};

struct bpf_map_def SEC("maps") counters = {
	.type = BPF_MAP_TYPE_PERCPU_ARRAY,
	.key_size = 4,
	.value_size = 8,
	.max_entries = 16,
};

struct bpf_map_def SEC("maps") programs = {
	.type = BPF_MAP_TYPE_PROG_ARRAY,
	.key_size = 4,
	.value_size = 4,
	.max_entries = 8,
};

SEC("xdp_sample") int entry(struct xdp_md *ctx)
{
	__u32 key = 3;
	__u64 *value = bpf_map_lookup_elem(&counters, &key);

	if (value)
		*value += 1;
	bpf_tail_call(ctx, &programs, 1);
	return XDP_PASS;
}

SEC("prog") int other(struct xdp_md *ctx)
{
	return XDP_PASS;
}

__u32 _version SEC("version") = 0x60100; /* of the kernel, once wanted of kprobes */
char _license[] SEC("license") = "GPL";
