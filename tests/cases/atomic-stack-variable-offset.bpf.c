/* SPDX-License-Identifier: BSD-2-Clause
 * An atomic operation on the stack at an offset that is not one number: no kernel takes it, whether the old value
 * is wanted or not.
 *
 * RUN: check --prog add
 * EXIT: 1
 * SAYS: atomic-stack-offset
 *
 * RUN: check --prog fetch_xor
 * EXIT: 1
 * SAYS: atomic-stack-offset
 *
 * RUN: check --verifier=both
 * NEEDS: bpf
 * EXIT: 1
 * NOT: THEY DIFFER
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define CHOSEN_SLOT                                                                                \
	"*(u64 *)(r10 - 8) = 0; *(u64 *)(r10 - 16) = 0; r2 = *(u32 *)(r1 + 12); r2 &= 8;"          \
	"r3 = r10; r3 += r2; r4 = 1;"

SEC("xdp") __attribute__((naked)) int add(void)
{
	asm volatile(CHOSEN_SLOT "lock *(u64 *)(r3 - 16) += r4; r0 = 2; exit;");
}

SEC("xdp") __attribute__((naked)) int fetch_xor(void)
{
	asm volatile(CHOSEN_SLOT "r4 = atomic_fetch_xor((u64 *)(r3 - 16), r4); r0 = 2; exit;");
}

char _license[] SEC("license") = "GPL";
