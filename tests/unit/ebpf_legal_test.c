/* SPDX-License-Identifier: BSD-2-Clause */
#include "ebpf/insn.h"

#include "base/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define INSN(c, d, s, o, i)                                                                        \
	{                                                                                          \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)                \
	}

static const struct {
	const char *rule;
	struct bpf_insn insn;
	bool legal;
} cases[] = {
	{ "register above R10", INSN(0xbf, 11, 1, 0, 0), false },
	{ "source above R10", INSN(0xbf, 1, 12, 0, 0), false },
	{ "immediate form with source", INSN(0xb7, 1, 1, 0, 0), false },
	{ "register form with immediate", INSN(0xbf, 1, 1, 0, 1), false },
	{ "addition with offset", INSN(0x0f, 1, 2, 1, 0), false },
	{ "signed division", INSN(0x3f, 1, 2, 1, 0), true },
	{ "division with offset 2", INSN(0x3f, 1, 2, 2, 0), false },
	{ "sign extension of 8 bits", INSN(0xbf, 1, 2, 8, 0), true },
	{ "sign extension of 32 bits", INSN(0xbf, 1, 2, 32, 0), true },
	{ "sign extension of 32 bits in 32", INSN(0xbc, 1, 2, 32, 0), false },
	{ "sign extension of a constant", INSN(0xb7, 1, 0, 8, 5), false },
	{ "negation", INSN(0x87, 1, 0, 0, 0), true },
	{ "negation of another register", INSN(0x8f, 1, 2, 0, 0), false },
	{ "swap of 16", INSN(0xdc, 1, 0, 0, 16), true },
	{ "swap of 24", INSN(0xdc, 1, 0, 0, 24), false },
	{ "unconditional swap", INSN(0xd7, 1, 0, 0, 64), true },
	{ "unconditional swap, X", INSN(0xdf, 1, 0, 0, 64), false },
	{ "load", INSN(0x61, 1, 2, -4, 0), true },
	{ "load with immediate", INSN(0x61, 1, 2, -4, 1), false },
	{ "sign-extending load", INSN(0x81, 1, 2, 0, 0), true },
	{ "sign-extending load of 64 bits", INSN(0x99, 1, 2, 0, 0), false },
	{ "store of a constant", INSN(0x62, 1, 0, 0, 7), true },
	{ "store of a constant with source", INSN(0x62, 1, 2, 0, 7), false },
	{ "atomic add", INSN(0xdb, 1, 2, 0, 0), true },
	{ "atomic compare and exchange", INSN(0xc3, 1, 2, 0, 0xf1), true },
	{ "atomic of 16 bits", INSN(0xcb, 1, 2, 0, 0), false },
	{ "load in order of a byte", INSN(0xd3, 1, 2, 0, 0x100), true },
	{ "store in order of 64 bits", INSN(0xdb, 1, 2, 0, 0x110), true },
	{ "order of unknown kind", INSN(0xdb, 1, 2, 0, 0x120), false },
	{ "atomic of unknown kind", INSN(0xdb, 1, 2, 0, 0x10), false },
	{ "packet load", INSN(0x30, 0, 0, 0, 14), true },
	{ "packet load of 64 bits", INSN(0x38, 0, 0, 0, 14), false },
	{ "packet load with source", INSN(0x30, 0, 1, 0, 14), false },
	{ "indirect packet load", INSN(0x50, 0, 1, 0, 14), true },
	{ "jump", INSN(0x05, 0, 0, -1, 0), true },
	{ "jump with immediate", INSN(0x05, 0, 0, 1, 1), false },
	{ "long jump", INSN(0x06, 0, 0, 0, 100000), true },
	{ "long jump with offset", INSN(0x06, 0, 0, 1, 0), false },
	{ "may_goto", INSN(0xe5, 0, 0, 1, 0), true },
	{ "conditional, register", INSN(0x1d, 1, 2, 1, 0), true },
	{ "conditional, register and immediate", INSN(0x1d, 1, 2, 1, 1), false },
	{ "conditional, 32 bits", INSN(0xd6, 1, 0, 1, 9), true },
	{ "helper call", INSN(0x85, 0, 0, 0, 1), true },
	{ "helper call with offset", INSN(0x85, 0, 0, 1, 1), false },
	{ "kfunc of a module", INSN(0x85, 0, 2, 1, 1), true },
	{ "call of an unknown kind", INSN(0x85, 0, 3, 0, 1), false },
	{ "call through a register", INSN(0x8d, 0, 0, 0, 1), false },
	{ "exit", INSN(0x95, 0, 0, 0, 0), true },
	{ "exit with a value", INSN(0x95, 0, 0, 0, 1), false },
	{ "exit, 32 bits", INSN(0x96, 0, 0, 0, 0), false },
	{ "second half alone", INSN(0x00, 0, 0, 0, 0), false },
	{ "64-bit constant", INSN(0x18, 1, 0, 0, 1), true },
	{ "map index", INSN(0x18, 1, 5, 0, 1), true },
	{ "64-bit constant of an unknown kind", INSN(0x18, 1, 7, 0, 1), false },
};

static void fields_follow_the_table(void **state)
{
	static const struct bpf_insn second_half = { .imm = 7 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *why = NULL;
		bool legal = ebpf_insn_legal(&cases[i].insn, &second_half, &why);

		if (legal != cases[i].legal)
			fail_msg("%s: %s", cases[i].rule, why ? why : "legal");
		assert_int_equal(legal, !why);
	}
}

static void constant_needs_its_second_half(void **state)
{
	struct bpf_insn first = INSN(0x18, 1, 0, 0, 1), bad = INSN(0x95, 0, 0, 0, 0);
	const char *why;

	(void)state;
	assert_false(ebpf_insn_legal(&first, NULL, &why));
	assert_false(ebpf_insn_legal(&first, &bad, &why));
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(ebpf_helper_name(1), "map_lookup_elem");
	assert_string_equal(ebpf_helper_name(44), "xdp_adjust_head");
	assert_string_equal(ebpf_helper_name(65), "xdp_adjust_tail");
	assert_string_equal(ebpf_helper_name(209), "user_ringbuf_drain");
	assert_string_equal(ebpf_helper_name(211), "cgrp_storage_delete");
	assert_string_equal(ebpf_helper_name(0), "?");
	assert_string_equal(ebpf_helper_name(212), "?");
	assert_string_equal(ebpf_helper_name(UINT32_MAX), "?");
	for (uint32_t id = 1; id <= 211; id++)
		assert_string_not_equal(ebpf_helper_name(id), "?");
	assert_string_equal(ebpf_map_type_name(BPF_MAP_TYPE_LRU_PERCPU_HASH), "lru_percpu_hash");
	assert_string_equal(ebpf_map_type_name(33), "arena");
	assert_string_equal(ebpf_map_type_name(0), "?");
	assert_string_equal(ebpf_map_type_name(34), "?");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_follow_the_table),
		cmocka_unit_test(constant_needs_its_second_half),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
