/* Every kind of map and call that a kernel's JIT writes in a way of its own: inlined lookups of arrays,
 * per-CPU arrays, hashes, LRU and per-CPU hashes, global data, functions, callbacks, tail calls, the CPU's
 * number, context fields behind pointers. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define MAP(name_, type_, key_, value_, n_)                                                        \
	struct {                                                                                   \
		__uint(type, type_);                                                               \
		__uint(max_entries, n_);                                                           \
		__type(key, key_);                                                                 \
		__type(value, value_);                                                             \
	} name_ SEC(".maps")

struct key12 {
	__u32 a, b, c;
};

MAP(array, BPF_MAP_TYPE_ARRAY, __u32, __u64, 64);
MAP(percpu_array, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, __u64, 32);
MAP(hash, BPF_MAP_TYPE_HASH, struct key12, __u64, 256);
MAP(percpu_hash, BPF_MAP_TYPE_PERCPU_HASH, __u32, __u64, 256);
MAP(lru, BPF_MAP_TYPE_LRU_HASH, __u32, __u64, 4096);
MAP(lru_percpu, BPF_MAP_TYPE_LRU_PERCPU_HASH, __u32, __u64, 4096);

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 64);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, __u32);
} routes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__uint(value_size, 4);
} jumps SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} events SEC(".maps");

__u64 total, by_length[8];
const volatile __u32 modulus = 7;

static __noinline __u32 word_at(struct xdp_md *ctx, __u32 off)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	off &= 0x3f;
	if (data + off + 4 > end)
		return off;
	return *(__u32 *)(data + off);
}

static void count(void *map, void *key, __u64 by)
{
	__u64 *v = bpf_map_lookup_elem(map, key);

	if (v)
		*v += by;
	else
		bpf_map_update_elem(map, key, &by, BPF_NOEXIST);
}

struct sum {
	struct xdp_md *ctx;
	__u64 words;
};

static long add_word(__u32 i, void *arg)
{
	struct sum *s = arg;

	s->words += word_at(s->ctx, i * 4);
	return i == 11;
}

static long count_all(struct xdp_md *ctx, __u32 low)
{
	struct key12 k = { low & 15, 1, low & 3 };
	__u32 slot = low & 63, small = low & 255;
	struct {
		__u32 prefix, addr;
	} route = { 32, word_at(ctx, 30) };
	__u32 *hop;

	count(&array, &slot, 1);
	slot &= 31;
	count(&percpu_array, &slot, 2);
	count(&hash, &k, 3);
	count(&percpu_hash, &small, 4);
	count(&lru, &small, 5);
	count(&lru_percpu, &small, 6);
	if ((low & 7) == 3)
		bpf_map_delete_elem(&hash, &k);
	hop = bpf_map_lookup_elem(&routes, &route);
	return hop ? *hop & 1 : 0;
}

SEC("xdp")
int kinds(struct xdp_md *ctx)
{
	struct sum s = { .ctx = ctx };
	__u32 len = (__u32)(ctx->data_end - ctx->data), low = word_at(ctx, 26);
	__u64 record[2];

	total += len;
	by_length[(len >> 6) & 7]++;
	bpf_loop(16, add_word, &s, 0);
	record[0] = s.words;
	record[1] = bpf_get_smp_processor_id() + ctx->ingress_ifindex + ctx->rx_queue_index;
	if ((low & 3) == 1)
		bpf_perf_event_output(ctx, &events,
				      BPF_F_CURRENT_CPU | (len > 64 ? 20ull << 32 : 0), record,
				      sizeof(record));
	if (count_all(ctx, low))
		return XDP_DROP;
	bpf_tail_call(ctx, &jumps, low & 7);
	bpf_tail_call_static(ctx, &jumps, 1);
	return s.words % modulus == 1 ? XDP_TX : XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
