/* SPDX-License-Identifier: BSD-2-Clause
 * What a program may not do with objects of its own: lose one, use what it gave away, change a list without its lock or
 * under another's, hand over another structure's node. Each program is wrong in one way; the kernel rejects them all.
 *
 * RUN: check
 * EXIT: 1
 * NOT: : accepted
 * SAYS: tc/lost: .* .ref-leak.
 * SAYS: tc/lost_on_one_path: .* .ref-leak.
 * SAYS: tc/not_tested: .* .maybe-null.
 * SAYS: tc/used_after_drop: .* .not-memory.
 * SAYS: tc/used_after_unlock: .* .not-memory.
 * SAYS: tc/without_lock: .* .graph-lock.
 * SAYS: tc/lock_of_other_value: .* .graph-lock.
 * SAYS: tc/lock_of_other_data: .* .graph-lock.
 * SAYS: tc/pushed_twice: .* .graph-node.
 * SAYS: tc/other_type: .* .graph-node.
 * SAYS: tc/other_member: .* .graph-node.
 * SAYS: tc/node_written: .* .object-access.
 * SAYS: tc/behind_the_end: .* .object-access.
 * SAYS: tc/made_under_lock: .* .lock-call.
 * SAYS: tc/dropped_from_map: .* .arg-kind.
 * SAYS: tc/share_not_tested: .* .arg-kind.
 * SAYS: tc/compares_and_calls: .* .lock-call.
 * SAYS: tc/compares_globally: .* .callback-global.
 * SAYS: tc/in_function_after_unlock: .* .not-memory.
 *
 * RUN: check --verifier=both
 * NEEDS: bpf
 * EXIT: 1
 * NOT: DIFFER
 *
 * RUN: check --verifier=both
 * BUILD: -mcpu=v2 -O1
 * NEEDS: bpf
 * EXIT: 1
 * NOT: DIFFER
 */
#include "local_objects.h"

struct flow_item {
	__u64 hash;
	struct bpf_list_node queue;
};
struct other_item {
	__u64 hash;
	struct bpf_list_node queue;
};
struct tree_item {
	struct bpf_rb_node by_key, by_age;
	struct bpf_refcount refs;
	__u64 key;
};
struct shelf {
	struct bpf_spin_lock lock;
	struct bpf_list_head flows __contains(flow_item, queue);
};
struct slot {
	struct tree_item __kptr *item;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct shelf);
} shelves SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct slot);
} slots SEC(".maps");

guarded(one) struct bpf_spin_lock lock;
guarded(one) struct bpf_list_head list __contains(flow_item, queue);
guarded(two) struct bpf_spin_lock lock2;
guarded(two) struct bpf_rb_root tree __contains(tree_item, by_key);

static struct shelf *shelf(__u32 key)
{
	return bpf_map_lookup_elem(&shelves, &key);
}

static bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container_of(a, struct tree_item, by_key)->key <
	       container_of(b, struct tree_item, by_key)->key;
}

static bool calls(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return bpf_get_prandom_u32() & 1;
}

__attribute__((noinline)) bool global_less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return a && !b;
}

#define PROGRAM(name) SEC("tc") int name(struct __sk_buff *skb)
#define MADE(type, p)                                                                              \
	type *p = make(type);                                                                      \
	if (!p)                                                                                    \
	return 0

PROGRAM(lost)
{
	MADE(struct flow_item, f);
	return f->hash & 1;
}

PROGRAM(lost_on_one_path)
{
	MADE(struct flow_item, f);
	if (skb->len > 100)
		return 1;
	drop(f);
	return 0;
}

PROGRAM(not_tested)
{
	struct flow_item *f = make(struct flow_item);

	f->hash = 1;
	drop(f);
	return 0;
}

PROGRAM(used_after_drop)
{
	MADE(struct flow_item, f);
	drop(f);
	return f->hash & 1;
}

PROGRAM(used_after_unlock)
{
	MADE(struct flow_item, f);
	bpf_spin_lock(&lock);
	push(&list, &f->queue);
	bpf_spin_unlock(&lock);
	return f->hash & 1;
}

PROGRAM(without_lock)
{
	MADE(struct flow_item, f);
	push(&list, &f->queue);
	return 0;
}

PROGRAM(lock_of_other_value)
{
	struct shelf *a = shelf(0), *b = shelf(0);

	if (!a || !b)
		return 0;
	MADE(struct flow_item, f);
	bpf_spin_lock(&a->lock);
	push(&b->flows, &f->queue);
	bpf_spin_unlock(&a->lock);
	return 0;
}

PROGRAM(lock_of_other_data)
{
	MADE(struct flow_item, f);
	bpf_spin_lock(&lock2);
	push(&list, &f->queue);
	bpf_spin_unlock(&lock2);
	return 0;
}

PROGRAM(pushed_twice)
{
	MADE(struct flow_item, f);
	bpf_spin_lock(&lock);
	push(&list, &f->queue);
	push(&list, &f->queue);
	bpf_spin_unlock(&lock);
	return 0;
}

PROGRAM(other_type)
{
	MADE(struct other_item, f);
	bpf_spin_lock(&lock);
	push(&list, &f->queue);
	bpf_spin_unlock(&lock);
	return 0;
}

PROGRAM(other_member)
{
	MADE(struct tree_item, e);
	bpf_spin_lock(&lock2);
	add(&tree, &e->by_age, less);
	bpf_spin_unlock(&lock2);
	return 0;
}

PROGRAM(node_written)
{
	MADE(struct flow_item, f);
	f->queue.opaque[0] = 0;
	drop(f);
	return 0;
}

PROGRAM(behind_the_end)
{
	MADE(struct flow_item, f);
	skb->mark = *(volatile __u64 *)(f + 1);
	drop(f);
	return 0;
}

PROGRAM(made_under_lock)
{
	struct flow_item *f;

	bpf_spin_lock(&lock);
	f = make(struct flow_item);
	bpf_spin_unlock(&lock);
	if (f)
		drop(f);
	return 0;
}

PROGRAM(dropped_from_map)
{
	__u32 key = 0;
	struct slot *s = bpf_map_lookup_elem(&slots, &key);
	struct tree_item *e = s ? s->item : NULL;

	if (e)
		drop(e);
	return 0;
}

PROGRAM(share_not_tested)
{
	MADE(struct tree_item, e);
	bpf_spin_lock(&lock2);
	add(&tree, &e->by_key, less);
	e = share(e);
	bpf_spin_unlock(&lock2);
	drop(e);
	return 0;
}

PROGRAM(compares_and_calls)
{
	MADE(struct tree_item, e);
	bpf_spin_lock(&lock2);
	add(&tree, &e->by_key, calls);
	bpf_spin_unlock(&lock2);
	return 0;
}

PROGRAM(compares_globally)
{
	MADE(struct tree_item, e);
	bpf_spin_lock(&lock2);
	add(&tree, &e->by_key, global_less);
	bpf_spin_unlock(&lock2);
	return 0;
}

static __attribute__((noinline)) int put(struct flow_item *f)
{
	bpf_spin_lock(&lock);
	push(&list, &f->queue);
	bpf_spin_unlock(&lock);
	return 0;
}

PROGRAM(in_function_after_unlock)
{
	MADE(struct flow_item, f);
	put(f);
	return f->hash & 1;
}
