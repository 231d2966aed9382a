/* SPDX-License-Identifier: BSD-2-Clause
 * A legacy packet load past the packet's end leaves only the function that it stands in, with R0 = 0; the caller
 * goes on. Its registers R6 to R9 and its stack are as before the call.
 *
 * RUN: test --prog classify --packets 500
 * EXIT: 0
 * SAYS: classify: equal
 *
 * RUN: test --prog classify --packets 500 -O0
 * EXIT: 0
 * SAYS: classify: equal
 *
 * RUN: test --prog kept --packets 1000
 * EXIT: 0
 * SAYS: kept: equal
 *
 * RUN: test --prog nested --packets 1000
 * EXIT: 0
 * SAYS: nested: equal
 *
 * RUN: test --prog nested --packets 1000
 * BUILD: -mcpu=v1 -O1
 * EXIT: 0
 * SAYS: nested: equal
 *
 * RUN: test --prog nested --packets 1000
 * BUILD: -mcpu=v4
 * EXIT: 0
 * SAYS: nested: equal
 *
 * RUN: test --prog indirect --packets 1000
 * EXIT: 0
 * SAYS: indirect: equal
 *
 * RUN: test --prog global --packets 1000
 * EXIT: 0
 * SAYS: global: equal
 *
 * RUN: test --prog in_a_loop --packets 1000
 * EXIT: 0
 * SAYS: in_a_loop: equal
 *
 * No host half has such a load in a function: kernels up to 6.18 at least may end its verification with an error of their own.
 * RUN: test --prog of_a_split --packets 1000
 * EXIT: 0
 * SAYS: of_a_split: skipped, it stays on the host
 *
 * RUN: explain --prog of_a_split
 * EXIT: 0
 * SAYS: of_a_split \(tc\): host
 * SAYS: not split: no host half verifies
 *
 * The instruction behind the call is not dead, though the function never returns another number than 0 here.
 * RUN: explain --prog far
 * EXIT: 0
 * NOT: dead
 *
 * RUN: test --prog far --packets 500
 * EXIT: 0
 * SAYS: far: equal
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

unsigned long long load_byte(void *skb, unsigned long long off) asm("llvm.bpf.load.byte");
unsigned long long load_half(void *skb, unsigned long long off) asm("llvm.bpf.load.half");
unsigned long long load_word(void *skb, unsigned long long off) asm("llvm.bpf.load.word");

#define NOINLINE __attribute__((noinline))

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} sums SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} recent SEC(".maps");

static NOINLINE int is_ip(struct __sk_buff *skb, int off)
{
	return load_half(skb, off) == 0x0800;
}

SEC("tc")
int classify(struct __sk_buff *skb)
{
	return is_ip(skb, 1600) ? -1 : 2;
}

static NOINLINE int byte_and_one(struct __sk_buff *skb, int off)
{
	return load_byte(skb, off) + 1;
}

SEC("tc")
int kept(struct __sk_buff *skb)
{
	volatile __u64 local[3] = { 1, skb->len, 3 };
	int a = byte_and_one(skb, 63), b = byte_and_one(skb, 13), c = byte_and_one(skb, skb->len);
	__u32 key = 1;
	__u64 *sum = bpf_map_lookup_elem(&sums, &key);

	if (sum)
		*sum += a + b * 256 + c * 65536 + local[1] + local[2];
	return c == 0 ? 2 : -1;
}

static NOINLINE int outer(struct __sk_buff *skb, int off)
{
	int a = byte_and_one(skb, off);

	return a * 2 + (load_word(skb, off + 2) & 1) + 1;
}

SEC("tc")
int nested(struct __sk_buff *skb)
{
	int r = outer(skb, 60) + 16 * outer(skb, 14);

	return r & 1 ? -1 : 2;
}

SEC("tc")
int indirect(struct __sk_buff *skb)
{
	int l = byte_and_one(skb, 14) & 63;

	return byte_and_one(skb, l + 20) > 3 ? 2 : -1;
}

NOINLINE int global_is_ip(struct __sk_buff *skb, int off)
{
	return load_half(skb, off) == 0x0800;
}

SEC("tc")
int global(struct __sk_buff *skb)
{
	return global_is_ip(skb, 12) + global_is_ip(skb, 1000) ? -1 : 2;
}

SEC("tc")
int in_a_loop(struct __sk_buff *skb)
{
	int n = 0;

	for (int i = 0; i < 5; i++)
		n += byte_and_one(skb, i * 20) != 0;
	return n > 3 ? 2 : -1;
}

SEC("tc")
int of_a_split(struct __sk_buff *skb)
{
	__u32 key = 7;
	int a = byte_and_one(skb, 70), type = load_half(skb, 12);
	__u64 *v, first = a;

	if (type != 0x800)
		return a == 0 ? 2 : -1;
	v = bpf_map_lookup_elem(&recent, &key);
	if (v)
		*v += a;
	else
		bpf_map_update_elem(&recent, &key, &first, 0);
	return a ? 2 : -1;
}

static __attribute__((naked, noinline, used)) int far_load(void)
{
	asm volatile("r6 = r1; r0 = *(u32 *)skb[6000]; r0 = 1; exit;");
}

SEC("tc")
__attribute__((naked)) int far(void)
{
	asm volatile("call far_load; if r0 != 0 goto 1f; r0 = 2; exit; 1: r0 = -1; exit;");
}

char _license[] SEC("license") = "GPL";
