/* SPDX-License-Identifier: BSD-2-Clause
 * Locks and timers go into some types of maps only; elsewhere they are plain bytes, and the calls are rejected.
 * Fields are found by the names of structures, not through typedefs, and keys need a type.
 *
 * BUILD: -Wno-unused
 *
 * RUN: check --verifier=both --prog locked
 * NEEDS: bpf
 * BUILD: -DTYPE=HASH
 * EXIT: 0
 * NOT: DIFFER
 *
 * RUN: check --prog locked
 * BUILD: -DTYPE=HASH
 * EXIT: 0
 *
 * RUN: check --verifier=both --prog locked
 * NEEDS: bpf
 * BUILD: -DTYPE=ARRAY
 * EXIT: 0
 * NOT: DIFFER
 *
 * RUN: check --prog locked
 * BUILD: -DTYPE=ARRAY
 * EXIT: 0
 *
 * RUN: check --verifier=both --prog locked
 * NEEDS: bpf
 * BUILD: -DTYPE=LRU_HASH
 * EXIT: 1
 * NOT: DIFFER
 *
 * RUN: check --prog locked
 * BUILD: -DTYPE=LRU_HASH
 * EXIT: 1
 * SAYS: map-no-special
 *
 * RUN: check --verifier=both --prog locked
 * NEEDS: bpf
 * BUILD: -DTYPE=PERCPU_HASH
 * EXIT: 1
 * NOT: DIFFER
 *
 * RUN: check --prog locked
 * BUILD: -DTYPE=PERCPU_HASH
 * EXIT: 1
 * SAYS: map-no-special
 *
 * RUN: check --verifier=both --prog locked
 * NEEDS: bpf
 * BUILD: -DTYPE=PERCPU_ARRAY
 * EXIT: 1
 * NOT: DIFFER
 *
 * RUN: check --prog locked
 * BUILD: -DTYPE=PERCPU_ARRAY
 * EXIT: 1
 * SAYS: map-no-special
 *
 * RUN: check --verifier=both --prog locked
 * NEEDS: bpf
 * BUILD: -DTYPE=LRU_PERCPU_HASH
 * EXIT: 1
 * NOT: DIFFER
 *
 * RUN: check --prog locked
 * BUILD: -DTYPE=LRU_PERCPU_HASH
 * EXIT: 1
 * SAYS: map-no-special
 *
 * RUN: check --verifier=both --prog timed
 * NEEDS: bpf
 * BUILD: -DTYPE=HASH
 * EXIT: 0
 * NOT: DIFFER
 *
 * RUN: check --prog timed
 * BUILD: -DTYPE=HASH
 * EXIT: 0
 *
 * RUN: check --verifier=both --prog timed
 * NEEDS: bpf
 * BUILD: -DTYPE=LRU_HASH
 * EXIT: 0
 * NOT: DIFFER
 *
 * RUN: check --prog timed
 * BUILD: -DTYPE=LRU_HASH
 * EXIT: 0
 *
 * RUN: check --verifier=both --prog timed
 * NEEDS: bpf
 * BUILD: -DTYPE=ARRAY
 * EXIT: 0
 * NOT: DIFFER
 *
 * RUN: check --prog timed
 * BUILD: -DTYPE=ARRAY
 * EXIT: 0
 *
 * RUN: check --verifier=both --prog timed
 * NEEDS: bpf
 * BUILD: -DTYPE=PERCPU_HASH
 * EXIT: 1
 * NOT: DIFFER
 *
 * RUN: check --prog timed
 * BUILD: -DTYPE=PERCPU_HASH
 * EXIT: 1
 * SAYS: map-no-special
 *
 * RUN: check --verifier=both --prog timed
 * NEEDS: bpf
 * BUILD: -DTYPE=PERCPU_ARRAY
 * EXIT: 1
 * NOT: DIFFER
 *
 * RUN: check --prog timed
 * BUILD: -DTYPE=PERCPU_ARRAY
 * EXIT: 1
 * SAYS: map-no-special
 *
 * RUN: check --verifier=both --prog timed
 * NEEDS: bpf
 * BUILD: -DTYPE=LRU_PERCPU_HASH
 * EXIT: 1
 * NOT: DIFFER
 *
 * RUN: check --prog timed
 * BUILD: -DTYPE=LRU_PERCPU_HASH
 * EXIT: 1
 * SAYS: map-no-special
 *
 * RUN: check --verifier=both --prog locked
 * NEEDS: bpf
 * BUILD: -DTYPE=HASH -DNO_KEY
 * EXIT: 1
 * NOT: DIFFER
 *
 * RUN: check --prog locked
 * BUILD: -DTYPE=HASH -DNO_KEY
 * EXIT: 1
 * SAYS: map-no-special
 *
 * RUN: check --verifier=both --prog locked
 * NEEDS: bpf
 * BUILD: -DTYPE=HASH -DTYPEDEF
 * EXIT: 1
 * NOT: DIFFER
 *
 * RUN: check --prog locked
 * BUILD: -DTYPE=HASH -DTYPEDEF
 * EXIT: 1
 * SAYS: expected bpf_spin_lock
 *
 * RUN: check --verifier=both --prog locked
 * NEEDS: bpf
 * BUILD: -DTYPE=HASH -DREAD_ONLY
 * EXIT: 1
 * NOT: DIFFER
 *
 * RUN: check --prog locked
 * BUILD: -DTYPE=HASH -DREAD_ONLY
 * EXIT: 1
 * SAYS: map-no-special
 *
 * RUN: check --verifier=both --prog in_inner
 * NEEDS: bpf
 * BUILD: -DTYPE=ARRAY
 * EXIT: 0
 * NOT: DIFFER
 *
 * RUN: check --prog in_inner
 * BUILD: -DTYPE=ARRAY
 * EXIT: 0
 *
 * RUN: check --verifier=both --prog in_inner
 * NEEDS: bpf
 * BUILD: -DTYPE=LRU_HASH
 * EXIT: 1
 * NOT: DIFFER
 *
 * RUN: check --prog in_inner
 * BUILD: -DTYPE=LRU_HASH
 * EXIT: 1
 * SAYS: map-no-special
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#define MAP_TYPE_(type) BPF_MAP_TYPE_##type
#define MAP_TYPE(type)  MAP_TYPE_(type)
#ifdef NO_KEY
#define KEY __uint(key_size, 4)
#else
#define KEY __type(key, __u32)
#endif
#ifdef READ_ONLY
#define FLAGS BPF_F_RDONLY_PROG
#else
#define FLAGS 0
#endif
#ifdef TYPEDEF
typedef struct bpf_spin_lock lock;
#else
#define lock struct bpf_spin_lock
#endif

struct counted {
	lock held;
	__u32 n;
};

struct timed {
	__u64 n;
	struct bpf_timer timer;
};

struct {
	__uint(type, MAP_TYPE(TYPE));
	__uint(max_entries, 16);
	__uint(map_flags, FLAGS);
	KEY;
	__type(value, struct counted);
} flows SEC(".maps");

struct {
	__uint(type, MAP_TYPE(TYPE));
	__uint(max_entries, 16);
	KEY;
	__type(value, struct timed);
} timers SEC(".maps");

struct inner {
	__uint(type, MAP_TYPE(TYPE));
	__uint(max_entries, 16);
	KEY;
	__type(value, struct counted);
} one SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { &one } };

static int count(void *map)
{
	__u32 key = 0;
	struct counted *v = bpf_map_lookup_elem(map, &key);

	if (!v)
		return XDP_ABORTED;
	bpf_spin_lock((struct bpf_spin_lock *)&v->held);
#ifndef READ_ONLY
	v->n++;
#endif
	bpf_spin_unlock((struct bpf_spin_lock *)&v->held);
	return XDP_PASS;
}

SEC("xdp")
int locked(struct xdp_md *ctx)
{
	return count(&flows);
}

SEC("xdp")
int in_inner(struct xdp_md *ctx)
{
	__u32 key = 0;
	void *map = bpf_map_lookup_elem(&outer, &key);

	return map ? count(map) : XDP_DROP;
}

SEC("tc")
int timed(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct timed *v = bpf_map_lookup_elem(&timers, &key);

	return v ? bpf_timer_init(&v->timer, &timers, 1) & 1 : 0;
}

char _license[] SEC("license") = "GPL";
