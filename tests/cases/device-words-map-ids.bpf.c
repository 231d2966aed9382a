/* SPDX-License-Identifier: BSD-2-Clause
 * Words that came without an image hold the table ids that a firmware gave out: they need not be consecutive, and a
 * branch may choose between maps. The ids are read from the calls in the words, or given.
 *
 * RUN: compile -o even --emit words --map-ids first=2,second=4,third=6 --prog three
 * EXIT: 0
 * RUN: test --prog three --device-words even/three.words --packets 500
 * EXIT: 0
 * SAYS: three: equal
 * NOT: map-ids-unclear
 * RUN: test --prog three --device-words even/three.words --map-ids first=2,second=4,third=6 --packets 500
 * EXIT: 0
 * SAYS: three: equal
 *
 * Any order.
 * RUN: compile -o odd --emit words --map-ids first=700,second=5,third=66 --prog three
 * EXIT: 0
 * RUN: test --prog three --device-words odd/three.words --map-ids first=700,second=5,third=66 --packets 500
 * EXIT: 0
 * SAYS: three: equal
 * NOT: map-ids-unclear
 *
 * The words of an image have room for 16 bits.
 * RUN: compile -o large --emit words --map-ids first=70000 --prog three
 * EXIT: 3
 * SAYS: reloc-range
 *
 * Wrong ids are noticed.
 * RUN: test --prog three --device-words odd/three.words --map-ids first=700,second=66,third=5 --packets 500
 * EXIT: 1
 * SAYS: three: DIFFERS
 *
 * A perf event array has an id of the kernel's, which may be the number of a table.
 * RUN: compile -o events --emit words --map-ids note=2,more=9,first=2,second=3 --prog event --firmware generous
 * EXIT: 0
 * SH: grep '"table_id"' events/event.manifest.json
 * EXIT: 0
 * SAYS: "table_id":9
 * RUN: test --prog event --device-words events/event.words --firmware generous --packets 500
 * EXIT: 0
 * SAYS: event: equal
 * RUN: test --prog event --device-words events/event.words --map-ids note=9,more=2 --firmware generous --packets 500
 * EXIT: 1
 * SAYS: event: DIFFERS
 *
 * RUN: test --prog three --map-ids first=1,second=1
 * EXIT: 2
 * SAYS: 'first' and 'second' have the same id 1
 * RUN: test --prog three --map-ids nowhere=1
 * EXIT: 2
 * SAYS: there is no map 'nowhere'; the maps are: first, second
 * RUN: test --prog three --map-ids first=0
 * EXIT: 2
 * SAYS: an id is a number from 1 to 4294967295
 * RUN: test --prog three --map-ids first
 * EXIT: 2
 * SAYS: write NAME=N
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define TABLE(name)                              \
	struct {                                 \
		__uint(type, BPF_MAP_TYPE_HASH); \
		__uint(max_entries, 64);         \
		__type(key, __u32);              \
		__type(value, __u32);            \
	} name SEC(".maps")
#define EVENTS(name)                                         \
	struct {                                             \
		__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); \
		__uint(key_size, 4);                         \
		__uint(value_size, 4);                       \
		__uint(max_entries, 16);                     \
	} name SEC(".maps")

TABLE(first);
TABLE(second);
TABLE(third);
EVENTS(note);
EVENTS(more);

/* Keeps calls apart that the compiler would make one of, with a map chosen before. */
#define APART(n) asm volatile("/* " n " */" : : : "memory")

SEC("xdp") int three(struct xdp_md *ctx)
{
	__u8 *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 key, *v;

	if (p + 34 > end)
		return XDP_PASS;
	key = *(__u32 *)(p + 26);
	if (p[23] == 6) {
		v = bpf_map_lookup_elem(&first, &key);
		APART("1");
	} else if (p[23] == 17) {
		v = bpf_map_lookup_elem(&second, &key);
		APART("2");
	} else {
		v = bpf_map_lookup_elem(&third, &key);
	}
	if (!v)
		return XDP_PASS;
	return *v & 1 ? XDP_DROP : XDP_TX;
}

SEC("xdp") int event(struct xdp_md *ctx)
{
	__u8 *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 key, *v;

	if (p + 34 > end)
		return XDP_PASS;
	key = *(__u32 *)(p + 26);
	if (p[23] == 6) {
		v = bpf_map_lookup_elem(&first, &key);
		APART("1");
	} else {
		v = bpf_map_lookup_elem(&second, &key);
	}
	if (v) {
		bpf_perf_event_output(ctx, &note, BPF_F_CURRENT_CPU, &key, sizeof(key));
		APART("2");
	} else {
		bpf_perf_event_output(ctx, &more, BPF_F_CURRENT_CPU, &key, sizeof(key));
	}
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
