/* SPDX-License-Identifier: BSD-2-Clause
 * A legacy packet load in a function opens a path: the function returns 0. What is wrong on that path is rejected;
 * so are loads in functions that return no number, and in callbacks.
 *
 * RUN: check --prog unreadable
 * EXIT: 1
 * SAYS: R9 is read but was never written
 *
 * RUN: check --prog by_pointer
 * EXIT: 1
 * SAYS: early-exit-result
 *
 * RUN: check --prog without_result
 * EXIT: 1
 * SAYS: early-exit-result
 *
 * RUN: check --prog fine
 * BUILD: -g0
 * EXIT: 1
 * SAYS: early-exit-result
 *
 * RUN: check --prog fine
 * EXIT: 0
 *
 * RUN: check --prog in_callback
 * EXIT: 1
 * SAYS: ld-abs-callback
 *
 * RUN: check --prog null_on_failure
 * EXIT: 1
 * SAYS: error
 *
 * RUN: check --verifier=both
 * NEEDS: bpf
 * EXIT: 1
 * NOT: DIFFER
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

unsigned long long load_half(void *skb, unsigned long long off) asm("llvm.bpf.load.half");

#define NOINLINE __attribute__((noinline))
#define ASM      __attribute__((naked, noinline, used))

static ASM int far_load(void)
{
	asm volatile("r6 = r1; r0 = *(u32 *)skb[6000]; r0 = 1; exit;");
}

SEC("tc")
__attribute__((naked)) int unreadable(void)
{
	asm volatile("call far_load; if r0 != 0 goto 1f; r0 = r9; exit; 1: r0 = -1; exit;");
}

static NOINLINE char *pointer(struct __sk_buff *skb)
{
	return (char *)(long)load_half(skb, 60);
}

SEC("tc")
int by_pointer(struct __sk_buff *skb)
{
	return pointer(skb) ? -1 : 2;
}

static NOINLINE void nothing(struct __sk_buff *skb)
{
	asm volatile("r6 = %0; r0 = *(u32 *)skb[60];" ::"r"(skb)
		     : "r0", "r1", "r2", "r3", "r4", "r5", "r6");
}

SEC("tc")
int without_result(struct __sk_buff *skb)
{
	nothing(skb);
	return -1;
}

static NOINLINE long number(struct __sk_buff *skb)
{
	return load_half(skb, 60);
}

SEC("tc")
int fine(struct __sk_buff *skb)
{
	return number(skb) ? -1 : 2;
}

static ASM int called_back(void)
{
	asm volatile("r6 = *(u64 *)(r2 + 0); r0 = *(u32 *)skb[6000]; r0 = 0; exit;");
}

SEC("tc")
int in_callback(struct __sk_buff *skb)
{
	void *context = skb;

	bpf_loop(3, called_back, &context, 0);
	return -1;
}

/* Where the load succeeds the function returns the context: a number and a pointer for one caller. */
static ASM int context_or_zero(void)
{
	asm volatile("r6 = r1; r0 = *(u32 *)skb[60]; r0 = r6; exit;");
}

SEC("tc")
__attribute__((naked)) int null_on_failure(void)
{
	asm volatile("call context_or_zero; r0 = *(u32 *)(r0 + 0); r0 = 2; exit;");
}

char _license[] SEC("license") = "GPL";
