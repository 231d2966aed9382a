/* SPDX-License-Identifier: BSD-2-Clause */
#include "ebpf/insn.h"

#include "base/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Syntax of the kernel verifier's log (kernel/bpf/disasm.c prints the same for these). */

#define INSN(c, d, s, o, i)                                                                        \
	{                                                                                          \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)                \
	}

static const struct {
	struct bpf_insn insn;
	int32_t high; /* imm of the following slot */
	const char *text;
} cases[] = {
	/* arithmetic */
	{ INSN(0x07, 1, 0, 0, -4), 0, "r1 += -4" },
	{ INSN(0x0f, 1, 2, 0, 0), 0, "r1 += r2" },
	{ INSN(0x04, 3, 0, 0, 5), 0, "w3 += 5" },
	{ INSN(0x1c, 3, 4, 0, 0), 0, "w3 -= w4" },
	{ INSN(0x2f, 3, 4, 0, 0), 0, "r3 *= r4" },
	{ INSN(0x3f, 3, 4, 0, 0), 0, "r3 /= r4" },
	{ INSN(0x3f, 3, 4, 1, 0), 0, "r3 s/= r4" },
	{ INSN(0x34, 3, 0, 1, 7), 0, "w3 s/= 7" },
	{ INSN(0x97, 3, 0, 0, 7), 0, "r3 %= 7" },
	{ INSN(0x9c, 3, 4, 1, 0), 0, "w3 s%= w4" },
	{ INSN(0x47, 3, 0, 0, 255), 0, "r3 |= 255" },
	{ INSN(0x54, 3, 0, 0, 255), 0, "w3 &= 255" },
	{ INSN(0x67, 3, 0, 0, 32), 0, "r3 <<= 32" },
	{ INSN(0x77, 3, 0, 0, 32), 0, "r3 >>= 32" },
	{ INSN(0xc7, 3, 0, 0, 32), 0, "r3 s>>= 32" },
	{ INSN(0xaf, 3, 3, 0, 0), 0, "r3 ^= r3" },
	{ INSN(0x87, 3, 0, 0, 0), 0, "r3 = -r3" },
	{ INSN(0x84, 3, 0, 0, 0), 0, "w3 = -w3" },
	{ INSN(0xb7, 0, 0, 0, 2), 0, "r0 = 2" },
	{ INSN(0xbf, 6, 1, 0, 0), 0, "r6 = r1" },
	{ INSN(0xbc, 6, 1, 0, 0), 0, "w6 = w1" },
	{ INSN(0xbf, 6, 1, 8, 0), 0, "r6 = (s8)r1" },
	{ INSN(0xbf, 6, 1, 32, 0), 0, "r6 = (s32)r1" },
	{ INSN(0xbc, 6, 1, 16, 0), 0, "w6 = (s16)w1" },
	{ INSN(0xdc, 2, 0, 0, 16), 0, "r2 = be16 r2" },
	{ INSN(0xd4, 2, 0, 0, 64), 0, "r2 = le64 r2" },
	{ INSN(0xd7, 2, 0, 0, 32), 0, "r2 = bswap32 r2" },
	/* memory */
	{ INSN(0x61, 1, 2, 4, 0), 0, "r1 = *(u32 *)(r2 +4)" },
	{ INSN(0x71, 1, 2, -4, 0), 0, "r1 = *(u8 *)(r2 -4)" },
	{ INSN(0x69, 1, 2, 0, 0), 0, "r1 = *(u16 *)(r2 +0)" },
	{ INSN(0x79, 1, 10, -8, 0), 0, "r1 = *(u64 *)(r10 -8)" },
	{ INSN(0x91, 1, 2, 0, 0), 0, "r1 = *(s8 *)(r2 +0)" },
	{ INSN(0x81, 1, 2, 0, 0), 0, "r1 = *(s32 *)(r2 +0)" },
	{ INSN(0x7b, 10, 1, -8, 0), 0, "*(u64 *)(r10 -8) = r1" },
	{ INSN(0x62, 10, 0, -8, -1), 0, "*(u32 *)(r10 -8) = -1" },
	{ INSN(0x30, 0, 0, 0, 14), 0, "r0 = *(u8 *)skb[14]" },
	{ INSN(0x48, 0, 6, 0, 14), 0, "r0 = *(u16 *)skb[r6 + 14]" },
	{ INSN(0xdb, 0, 1, 0, 0), 0, "lock *(u64 *)(r0 +0) += r1" },
	{ INSN(0xc3, 0, 1, 4, 0x50), 0, "lock *(u32 *)(r0 +4) &= r1" },
	{ INSN(0xdb, 0, 1, 0, 0x01), 0, "r1 = atomic64_fetch_add((u64 *)(r0 +0), r1)" },
	{ INSN(0xc3, 0, 1, 0, 0xa1), 0, "r1 = atomic_fetch_xor((u32 *)(r0 +0), r1)" },
	{ INSN(0xdb, 2, 1, 0, 0xe1), 0, "r1 = atomic64_xchg((u64 *)(r2 +0), r1)" },
	{ INSN(0xc3, 2, 1, 8, 0xf1), 0, "r0 = atomic_cmpxchg((u32 *)(r2 +8), r0, r1)" },
	{ INSN(0xd3, 2, 1, -8, 0x100), 0, "r2 = load_acquire((u8 *)(r1 -8))" },
	{ INSN(0xcb, 2, 1, 8, 0x110), 0, "store_release((u16 *)(r2 +8), r1)" },
	/* 64-bit constants */
	{ INSN(0x18, 1, 0, 0, -1), 0x12, "r1 = 0x12ffffffff" },
	{ INSN(0x18, 1, 5, 0, 3), 0, "r1 = map[idx:3]" },
	{ INSN(0x18, 1, 6, 0, 3), 16, "r1 = map[idx:3][0]+16" },
	{ INSN(0x18, 1, 4, 0, 9), 0, "r1 = subprog[+9]" },
	{ INSN(0x18, 1, 3, 0, 2), 0, "r1 = ksym[2]" },
	/* jumps */
	{ INSN(0x05, 0, 0, 3, 0), 0, "goto pc+3" },
	{ INSN(0x06, 0, 0, 0, -70000), 0, "gotol pc-70000" },
	{ INSN(0xe5, 0, 0, 2, 0), 0, "may_goto pc+2" },
	{ INSN(0x25, 1, 0, 3, 42), 0, "if r1 > 0x2a goto pc+3" },
	{ INSN(0x2d, 1, 2, -3, 0), 0, "if r1 > r2 goto pc-3" },
	{ INSN(0x66, 1, 0, 3, -1), 0, "if w1 s> 0xffffffff goto pc+3" },
	{ INSN(0x45, 1, 0, 3, 8), 0, "if r1 & 0x8 goto pc+3" },
	{ INSN(0xd6, 1, 0, 3, 0), 0, "if w1 s<= 0x0 goto pc+3" },
	{ INSN(0x85, 0, 0, 0, 1), 0, "call bpf_map_lookup_elem#1" },
	{ INSN(0x85, 0, 0, 0, 0xbad2310), 0, "call helper#195896080" },
	{ INSN(0x85, 0, 1, 0, 7), 0, "call pc+7" },
	{ INSN(0x85, 0, 2, 0, 1), 0, "call kfunc#1" },
	{ INSN(0x95, 0, 0, 0, 0), 0, "exit" },
	/* no instruction */
	{ INSN(0xff, 1, 2, 3, 4), 0, "(unknown code 0xff: dst 1 src 2 off 3 imm 0x4)" },
	{ INSN(0xdb, 1, 2, 3, 0x77), 0, "(unknown code 0xdb: dst 1 src 2 off 3 imm 0x77)" },
};

static void prints_kernel_syntax(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bpf_insn next = { .imm = cases[i].high };
		char text[128];

		ebpf_disasm(&cases[i].insn, &next, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
}

static void any_bytes_give_text_that_fits(void **state)
{
	uint64_t x = 1;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		char text[24];
		struct bpf_insn insn;

		x = x * 6364136223846793005u + 1442695040888963407u;
		memcpy(&insn, &x, sizeof(insn));
		text[23] = 'x';
		ebpf_disasm(&insn, NULL, text, 23);
		assert_true(strlen(text) < 23 && text[0]);
		assert_int_equal(text[23], 'x');
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_kernel_syntax),
		cmocka_unit_test(any_bytes_give_text_that_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
