/* SPDX-License-Identifier: BSD-2-Clause */
#include "ebpf/asm.h"

#include "base/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What the disassembler prints parses back: all opcodes with random fields, and text that is none. */

#define ROUNDS 400

static uint64_t next(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static struct bpf_insn random_insn(uint8_t code, uint64_t *s)
{
	static const int16_t offs[] = { 0, 0, 1, 8, 16, 32, -3, 77 };
	static const int32_t imms[] = { 0,        1,           16,        32,
					64,       -1,          BPF_ADD,   BPF_OR | BPF_FETCH,
					BPF_XCHG, BPF_CMPXCHG, 0x12345678 };

	return (struct bpf_insn){ .code = code,
				  .dst_reg = next(s) % 3 ? (uint8_t)(next(s) % 11) & 0xfu : 0,
				  .src_reg = next(s) % 3 ? (uint8_t)(next(s) % 11) & 0xfu : 0,
				  .off = offs[next(s) >> 20 & 7],
				  .imm = imms[(next(s) >> 20) % ARRAY_SIZE(imms)] };
}

static void legal_instructions_come_back(void **state)
{
	uint64_t seed = 42;
	unsigned legal = 0;

	(void)state;
	for (unsigned code = 0; code < 256; code++) {
		for (unsigned k = 0; k < ROUNDS; k++) {
			struct bpf_insn in[2] = { random_insn((uint8_t)code, &seed), { 0 } },
					out[2];
			const char *why;
			char text[96];

			if (ebpf_is_ld_imm64(in) && in->src_reg == EBPF_IMM_VALUE)
				in[1].imm = (int32_t)next(&seed);
			if (ebpf_is_ld_imm64(in) && in->src_reg == EBPF_IMM_MAP_IDX_VALUE)
				in[1].imm = (int32_t)(next(&seed) & INT32_MAX);
			if (!ebpf_insn_legal(in, in + 1, &why))
				continue;
			if (ebpf_is_call(in))
				in->off = 0;
			legal++;
			ebpf_disasm(in, in + 1, text, sizeof(text));
			if (!ebpf_asm_insn(text, out) || memcmp(in, out, sizeof(*in)) != 0)
				fail_msg("'%s' (code %02x src %u off %d imm %d)", text, code,
					 in->src_reg, in->off, in->imm);
			if (ebpf_is_ld_imm64(in))
				assert_memory_equal(&in[1], &out[1], sizeof(*in));
		}
	}
	assert_true(legal > 2000);
}

static void other_text_is_none(void **state)
{
	static const char *const texts[] = { "",
					     "r11 = 0",
					     "r1 == 0",
					     "goto 3",
					     "r1 = r2 r3",
					     "*(u7 *)(r1 +0) = 1",
					     "call bpf_no_such_helper",
					     "r1 = be16 r2",
					     "if r1 > goto pc+1",
					     "r1 = (s9)r2",
					     "*(u8 *)(r1 +40000) = 0",
					     "r1 += 4294967296" };
	struct bpf_insn out[2];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (ebpf_asm_insn(texts[i], out))
			fail_msg("'%s' was taken", texts[i]);
	}
}

static void lines_have_numbers_and_comments(void **state)
{
	struct bpf_insn out[4];
	unsigned line;
	size_t n;

	(void)state;
	assert_true(ebpf_asm("  0: r0 = 2 ; drop\n\n; nothing\n1: exit\n", out, 4, &n, &line));
	assert_int_equal(n, 2);
	assert_int_equal(out[0].imm, 2);
	assert_false(ebpf_asm("r0 = 2\nexot\n", out, 4, &n, &line));
	assert_int_equal(line, 2);
	assert_false(ebpf_asm("r0 = 2\nexit\n", out, 1, &n, &line));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(legal_instructions_come_back),
		cmocka_unit_test(other_text_is_none),
		cmocka_unit_test(lines_have_numbers_and_comments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
