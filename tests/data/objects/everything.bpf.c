/* One object with every construct the loader has to handle. Compiled: see PROVENANCE.md. */
#include <linux/bpf.h>

#include <stdbool.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} flows SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} inner_one SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { [1] = &inner_one } };

int hashed(struct xdp_md *ctx);
int main_prog(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 8);
	__uint(key_size, 4);
	__array(values, int(void *));
} jumps SEC(".maps") = { .values = { [0] = (void *)&hashed, [5] = (void *)&main_prog } };

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} events SEC(".maps");

const volatile __u32 limit = 7;
__u32 seen;
__u32 first = 0x11223344;

extern int LINUX_KERNEL_VERSION __kconfig;
extern bool CONFIG_NO_SUCH_OPTION __kconfig __weak;
extern int bpf_xdp_metadata_rx_hash(const struct xdp_md *ctx, __u32 *hash) __ksym;

struct bpf_map;

static __attribute__((noinline)) int scale(int x)
{
	return x * (int)first;
}

__attribute__((noinline)) int weigh(int x)
{
	return scale(x) + (int)limit;
}

static long count(struct bpf_map *map, __u32 *key, __u64 *value, void *ctx)
{
	seen++;
	return 0;
}

SEC("xdp") int main_prog(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;
	__u64 *value = bpf_map_lookup_elem(&flows, &key);

	if (value)
		__sync_fetch_and_add(value, 1);
	bpf_for_each_map_elem(&flows, count, NULL, 0);
	return weigh((int)key) & 3;
}

SEC("xdp.frags/cpumap") int hashed(struct xdp_md *ctx)
{
	__u32 hash = 0;

	bpf_xdp_metadata_rx_hash(ctx, &hash);
	bpf_tail_call(ctx, &jumps, 5);
	bpf_perf_event_output(ctx, &events, 0, &hash, sizeof(hash));
	return hash ? XDP_PASS : XDP_DROP;
}

SEC("?classifier/nested") int nested(struct __sk_buff *skb)
{
	__u32 key = 1;
	void *map = bpf_map_lookup_elem(&outer, &key);

	if (!map)
		return LINUX_KERNEL_VERSION > 0 && CONFIG_NO_SUCH_OPTION;
	return bpf_map_lookup_elem(map, &key) ? -1 : 0;
}

SEC("kprobe/nothing") int probe(void *ctx)
{
	return 0;
}

char _license[] SEC("license") = "GPL";
