/* SPDX-License-Identifier: BSD-2-Clause
 * The kernel refuses all types of an object file for one structure that breaks a rule; loaders go on without types, so
 * that no map of the object has a lock and no object can be made. What needs none of that is not concerned.
 *
 * RUN: check
 * EXIT: 1
 * SAYS: tc/makes: .*structure 'no_lock'.* .btf-refused.
 * SAYS: tc/locks: .* .map-no-special.
 * SAYS: tc/loads_in_function: .* .btf-refused.
 * SAYS: tc/calls_back: .* .btf-refused.
 * SAYS: plain \(tc\): accepted
 *
 * RUN: check --verifier=both
 * NEEDS: bpf
 * EXIT: 1
 * NOT: DIFFER
 *
 * RUN: check
 * BUILD: -DTWO_KINDS
 * EXIT: 1
 * SAYS: tc/makes: .*structure 'two_kinds'.* .btf-refused.
 *
 * RUN: check --verifier=both
 * BUILD: -DTWO_KINDS
 * NEEDS: bpf
 * EXIT: 1
 * NOT: DIFFER
 *
 * RUN: check
 * BUILD: -DCIRCLE
 * EXIT: 1
 * SAYS: tc/makes: .*structure 'circle'.* .btf-refused.
 *
 * RUN: check --verifier=both
 * BUILD: -DCIRCLE
 * NEEDS: bpf
 * EXIT: 1
 * NOT: DIFFER
 */
#include "local_objects.h"

struct item {
	__u64 n;
	struct bpf_list_node node;
};
#if defined(TWO_KINDS)
struct two_kinds { /* and no count */
	struct bpf_list_node in_list;
	struct bpf_rb_node in_tree;
};
#define CULPRIT two_kinds
#elif defined(CIRCLE)
struct circle {
	struct bpf_spin_lock lock;
	struct bpf_list_head list __contains(circle, node);
	struct bpf_list_node node;
};
#define CULPRIT circle
#else
struct no_lock {
	struct bpf_list_head list __contains(item, node);
};
#define CULPRIT no_lock
#endif

struct counted {
	struct bpf_spin_lock lock;
	__u32 n;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct counted);
} counts SEC(".maps");

SEC("tc") int makes(struct __sk_buff *skb)
{
	struct CULPRIT *c = make(struct CULPRIT);
	struct item *i;

	if (c)
		drop(c);
	i = make(struct item);
	if (i)
		drop(i);
	return TC_ACT_OK;
}

SEC("tc") int locks(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct counted *v = bpf_map_lookup_elem(&counts, &key);

	if (!v)
		return TC_ACT_OK;
	bpf_spin_lock(&v->lock);
	v->n++;
	bpf_spin_unlock(&v->lock);
	return TC_ACT_OK;
}

SEC("tc") int plain(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct counted *v = bpf_map_lookup_elem(&counts, &key);

	if (v)
		v->n++;
	return TC_ACT_OK;
}

unsigned long long load_byte(void *skb, unsigned long long off) asm("llvm.bpf.load.byte");

static __attribute__((noinline)) int first_byte(struct __sk_buff *skb)
{
	return load_byte(skb, 0) & 1;
}

SEC("tc") int loads_in_function(struct __sk_buff *skb)
{
	return first_byte(skb);
}

static int round(__u32 i, void *ctx)
{
	return 0;
}

SEC("tc") int calls_back(struct __sk_buff *skb)
{
	bpf_loop(3, round, NULL, 0);
	return TC_ACT_OK;
}
