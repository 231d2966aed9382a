/* SPDX-License-Identifier: BSD-2-Clause
 * A lock in a map of an object without BTF: that the types are missing is said, not that the argument is wrong.
 *
 * BUILD: -g0
 * RUN: check --prog locked
 * EXIT: 1
 * SAYS: map 'values' of type hash has no bpf_spin_lock.*no BTF
 *
 * RUN: check --type tc --prog locked_tc
 * BUILD: -O1 -mcpu=v1
 * EXIT: 1
 * SAYS: map 'numbers' of type array has no bpf_spin_lock.*no BTF
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct legacy {
	unsigned type, key_size, value_size, max_entries, flags;
};
struct value {
	struct bpf_spin_lock lock;
	__u32 count;
};

struct legacy values __attribute__((section("maps"), used)) = { BPF_MAP_TYPE_HASH, 4, sizeof(struct value), 8, 0 };
struct legacy numbers __attribute__((section("maps"), used)) = { BPF_MAP_TYPE_ARRAY, 4, sizeof(struct value), 8, 0 };

static __always_inline int count(void *map)
{
	__u32 key = 1;
	struct value *v = bpf_map_lookup_elem(map, &key);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	v->count++;
	bpf_spin_unlock(&v->lock);
	return 2;
}

SEC("xdp")
int locked(void *ctx)
{
	return count(&values);
}

SEC("tc")
int locked_tc(void *ctx)
{
	return count(&numbers);
}

char _license[] SEC("license") = "GPL";
