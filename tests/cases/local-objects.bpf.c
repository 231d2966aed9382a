/* SPDX-License-Identifier: BSD-2-Clause
 * Objects of the program's own: made, put into lists, trees and map values, taken out, shared, dropped. The kernel
 * accepts these programs, and so does the verifier here. They are the host's, and explain says why.
 *
 * RUN: check
 * EXIT: 0
 * NOT: rejected
 *
 * RUN: check --verifier=both
 * NEEDS: bpf
 * EXIT: 0
 * NOT: DIFFER
 *
 * RUN: check
 * BUILD: -mcpu=v1 -O1
 * EXIT: 0
 * NOT: rejected
 *
 * RUN: check
 * BUILD: -mcpu=v4 -O3
 * EXIT: 0
 * NOT: rejected
 *
 * RUN: explain --prog queue
 * EXIT: 0
 * SAYS: kernel function 'bpf_obj_new_impl' exists only on the host .device-kfunc.
 *
 * RUN: explain --prog stash_read
 * EXIT: 0
 * SAYS: device-
 *
 * RUN: explain --prog behind_parsing
 * EXIT: 0
 * SAYS: behind_parsing .xdp.: host
 * SAYS: not split: it holds objects of its own types
 *
 * RUN: explain --prog counts_beside
 * EXIT: 0
 * SAYS: not split: it holds objects of its own types
 *
 * RUN: compile
 * EXIT: 0
 * NOT: [.]host[.]o
 *
 * RUN: test --packets 50
 * EXIT: 0
 * NOT: DIFFERS
 */
#include "local_objects.h"
#include <linux/if_ether.h>
#include <linux/ip.h>

struct flow_item {
	__u32 hash, packets;
	struct bpf_list_node queue;
};
struct tree_item {
	struct bpf_rb_node tree;
	struct bpf_list_node recent;
	struct bpf_refcount refs;
	__u64 key, seen;
};
struct cpu_sums {
	__u64 packets, bytes;
};
struct flow_group {
	__u32 id;
	struct bpf_spin_lock lock;
	struct bpf_list_head flows __contains(flow_item, queue);
};
struct slot {
	struct tree_item __kptr *entry;
	struct flow_group __kptr *bucket;
	struct cpu_sums __percpu_kptr *counters;
};
struct shelf {
	struct bpf_spin_lock lock;
	__u32 n;
	struct bpf_list_head flows __contains(flow_item, queue);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct slot);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct shelf);
} shelves SEC(".maps");

guarded(one) struct bpf_spin_lock lock;
guarded(one) struct bpf_rb_root tree __contains(tree_item, tree);
guarded(one) struct bpf_list_head recent __contains(tree_item, recent);

static struct slot *slot_of(__u32 key)
{
	return bpf_map_lookup_elem(&slots, &key);
}

static bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container_of(a, struct tree_item, tree)->key <
	       container_of(b, struct tree_item, tree)->key;
}

SEC("tc") int queue(struct __sk_buff *skb)
{
	struct flow_item *f = make(struct flow_item);
	__u32 key = skb->hash;
	struct shelf *s;

	if (!f)
		return TC_ACT_OK;
	f->hash = key;
	s = bpf_map_lookup_elem(&shelves, &key);
	if (!s) {
		drop(f);
		return TC_ACT_OK;
	}
	bpf_spin_lock(&s->lock);
	push(&s->flows, &f->queue);
	f->packets++;
	s->n++;
	bpf_spin_unlock(&s->lock);
	return TC_ACT_OK;
}

SEC("tc") int dequeue(struct __sk_buff *skb)
{
	__u32 key = skb->hash, hash = 0;
	struct bpf_list_node *node;
	struct shelf *s = bpf_map_lookup_elem(&shelves, &key);

	if (!s)
		return TC_ACT_OK;
	bpf_spin_lock(&s->lock);
	node = bpf_list_pop_front(&s->flows);
	bpf_spin_unlock(&s->lock);
	if (node) {
		hash = container_of(node, struct flow_item, queue)->hash;
		drop(container_of(node, struct flow_item, queue));
	}
	return hash & 1;
}

SEC("xdp") int tree_and_list(struct xdp_md *ctx)
{
	struct tree_item *e = make(struct tree_item), *again;

	if (!e)
		return XDP_PASS;
	e->key = ctx->rx_queue_index;
	again = share(e);
	bpf_spin_lock(&lock);
	add(&tree, &e->tree, less);
	push(&recent, &again->recent);
	bpf_spin_unlock(&lock);
	return XDP_PASS;
}

SEC("xdp") int smallest(struct xdp_md *ctx)
{
	struct bpf_rb_node *node;
	__u64 key;

	bpf_spin_lock(&lock);
	node = bpf_rbtree_first(&tree);
	if (!node) {
		bpf_spin_unlock(&lock);
		return XDP_PASS;
	}
	node = bpf_rbtree_remove(&tree, node);
	bpf_spin_unlock(&lock);
	if (!node)
		return XDP_PASS;
	key = container_of(node, struct tree_item, tree)->key;
	drop(container_of(node, struct tree_item, tree));
	return key > 4 ? XDP_DROP : XDP_PASS;
}

SEC("xdp") int shared_while_locked(struct xdp_md *ctx)
{
	struct bpf_rb_node *node;
	struct tree_item *e = NULL;
	struct slot *s = slot_of(0);

	if (!s)
		return XDP_PASS;
	bpf_spin_lock(&lock);
	node = bpf_rbtree_first(&tree);
	if (node)
		e = share(container_of(node, struct tree_item, tree));
	bpf_spin_unlock(&lock);
	if (e)
		e = bpf_kptr_xchg(&s->entry, e);
	if (e)
		drop(e);
	return XDP_PASS;
}

SEC("tc") int stash_read(struct __sk_buff *skb)
{
	struct slot *s = slot_of(skb->queue_mapping);
	struct tree_item *e = s ? s->entry : NULL;

	if (e)
		e->seen++;
	return e && e->key > 4 ? TC_ACT_SHOT : TC_ACT_OK;
}

SEC("tc") int list_in_object(struct __sk_buff *skb)
{
	struct slot *s = slot_of(1);
	struct bpf_list_node *node;
	struct flow_group *b;

	if (!s)
		return TC_ACT_OK;
	b = bpf_kptr_xchg(&s->bucket, NULL);
	if (!b)
		b = make(struct flow_group);
	if (!b)
		return TC_ACT_OK;
	b->id = skb->len;
	bpf_spin_lock(&b->lock);
	node = bpf_list_pop_front(&b->flows);
	bpf_spin_unlock(&b->lock);
	if (node)
		drop(container_of(node, struct flow_item, queue));
	b = bpf_kptr_xchg(&s->bucket, b);
	if (b)
		drop(b);
	return TC_ACT_OK;
}

SEC("tc") int each_cpu(struct __sk_buff *skb)
{
	struct cpu_sums __percpu_kptr *all;
	struct slot *s = slot_of(2);
	struct cpu_sums *mine;

	if (!s)
		return TC_ACT_OK;
	all = s->counters;
	if (!all) {
		all = bpf_percpu_obj_new_impl(TYPE_ID(struct cpu_sums), NULL);
		if (!all)
			return TC_ACT_OK;
		all = bpf_kptr_xchg(&s->counters, all);
		if (all)
			bpf_percpu_obj_drop_impl((void *)all, NULL);
		return TC_ACT_OK;
	}
	mine = bpf_this_cpu_ptr((void *)all);
	mine->packets++;
	mine->bytes += skb->len;
	return TC_ACT_OK;
}

/* Much of it could run on the device. The host half would have other types by the same numbers. */
SEC("xdp") int behind_parsing(struct xdp_md *ctx)
{
	struct iphdr *ip = (void *)(long)ctx->data + sizeof(struct ethhdr);
	struct tree_item *e;

	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP;
	if (ip->protocol != 6)
		return XDP_PASS;
	if (ip->ttl < 4)
		return XDP_TX;
	e = make(struct tree_item);
	if (!e)
		return XDP_DROP;
	e->key = ip->saddr;
	bpf_spin_lock(&lock);
	add(&tree, &e->tree, less);
	bpf_spin_unlock(&lock);
	return XDP_PASS;
}

/* Only the lock and a number beside a list: a half of it would need the list's types as well. */
SEC("xdp") int counts_beside(struct xdp_md *ctx)
{
	struct iphdr *ip = (void *)(long)ctx->data + sizeof(struct ethhdr);
	struct shelf *s;
	__u32 key;

	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP;
	if (ip->protocol != 6)
		return XDP_PASS;
	key = ip->saddr;
	s = bpf_map_lookup_elem(&shelves, &key);
	if (!s)
		return XDP_PASS;
	bpf_spin_lock(&s->lock);
	s->n++;
	bpf_spin_unlock(&s->lock);
	return XDP_PASS;
}
