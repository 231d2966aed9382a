/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/fe_rig.h"

#include "base/bits.h"
#include "partitioner/counters.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

/* Which loads and stores are counters: `*v += x` whatever the compiler makes of it, and nothing else. */

/* r0, r6: a value of the array (64 bytes); r7: a number; r8: one of 4 bytes. 16 instructions. */
#define BEGIN                                                                                      \
	LDX(BPF_W, 8, 1, 16), MOV64(7, 8), ALU64I(BPF_MUL, 7, 3), ST(BPF_W, 10, -4, 1),            \
		LD_MAP(1, RIG_ARRAY), MOV64(2, 10), ALU64I(BPF_ADD, 2, -4),                        \
		CALL(BPF_FUNC_map_lookup_elem), JMPI(BPF_JNE, 0, 0, 2), MOV64I(0, 2), EXIT(),      \
		MOV64(6, 0), LD_MAP_VALUE(9, RIG_DATA, 0), ST(BPF_DW, 10, -16, 0)
#define N_BEGIN  16
#define END      MOV64I(0, 2), EXIT()
#define RIG_DATA RIG_HASH /* made global data below */

static const struct counter_case {
	const char *rule;
	struct bpf_insn body[16];
	const char *roles; /* of the body: L(oad), S(tore), . */
} cases[] = {
	{ "one more",
	  { LDX(BPF_DW, 1, 6, 8), ALU64I(BPF_ADD, 1, 1), STX(BPF_DW, 6, 8, 1), END },
	  "L.S.." },
	{ "four bytes, by either class of instruction",
	  { LDX(BPF_W, 1, 6, 4), ALU32I(BPF_ADD, 1, 1), STX(BPF_W, 6, 4, 1), LDX(BPF_W, 1, 6, 8),
	    ALU64(BPF_ADD, 1, 7), STX(BPF_W, 6, 8, 1), END },
	  "L.SL.S.." },
	{ "the amount is the destination",
	  { LDX(BPF_DW, 1, 6, 0), ALU64(BPF_ADD, 7, 1), STX(BPF_DW, 6, 0, 7), END },
	  "L.S.." },
	{ "two at once, scheduled into each other",
	  { LDX(BPF_DW, 1, 6, 0), LDX(BPF_DW, 2, 6, 8), ALU64I(BPF_ADD, 1, 1), STX(BPF_DW, 6, 0, 1),
	    ALU64(BPF_ADD, 2, 7), STX(BPF_DW, 6, 8, 2), END },
	  "LL.S.S.." },
	{ "through another register, minus something",
	  { LDX(BPF_DW, 1, 6, 0), MOV64(2, 1), ALU64(BPF_SUB, 2, 7), STX(BPF_DW, 6, 0, 2), END },
	  "L..S.." },
	{ "global data",
	  { LDX(BPF_DW, 1, 9, 8), ALU64I(BPF_ADD, 1, 5), STX(BPF_DW, 9, 8, 1), END },
	  "L.S.." },
	{ "stores to the stack between, constants, other loads",
	  { LDX(BPF_DW, 1, 6, 0), STX(BPF_DW, 10, -16, 7), LD64(2, 5), LDX(BPF_DW, 3, 6, 16),
	    ALU64(BPF_ADD, 1, 3), STX(BPF_DW, 6, 0, 1), END },
	  "L.....S.." },
	{ "no addition at all is one of nothing",
	  { LDX(BPF_DW, 1, 6, 0), STX(BPF_DW, 6, 0, 1), END },
	  "LS.." },
	{ "not: twice the value",
	  { LDX(BPF_DW, 1, 6, 0), ALU64(BPF_ADD, 1, 1), STX(BPF_DW, 6, 0, 1), END },
	  "....." },
	{ "not: taken away from something",
	  { LDX(BPF_DW, 1, 6, 0), ALU64(BPF_SUB, 7, 1), STX(BPF_DW, 6, 0, 7), END },
	  "....." },
	{ "not: anything but a sum",
	  { LDX(BPF_DW, 1, 6, 0), ALU64I(BPF_XOR, 1, 1), STX(BPF_DW, 6, 0, 1), END },
	  "....." },
	{ "not: the low half of eight bytes",
	  { LDX(BPF_DW, 1, 6, 0), ALU32I(BPF_ADD, 1, 1), STX(BPF_DW, 6, 0, 1), END },
	  "....." },
	{ "not: cut to its low half on the way",
	  { LDX(BPF_DW, 1, 6, 0), MOV32(2, 1), STX(BPF_DW, 6, 0, 2), END },
	  "....." },
	{ "not: the sum is read later",
	  { LDX(BPF_DW, 1, 6, 0), ALU64I(BPF_ADD, 1, 1), STX(BPF_DW, 6, 0, 1),
	    JMPI(BPF_JGT, 1, 100, 0), END },
	  "......" },
	{ "not: the value as it was is read later",
	  { LDX(BPF_DW, 1, 6, 0), MOV64(2, 1), ALU64I(BPF_ADD, 1, 1), STX(BPF_DW, 6, 0, 1),
	    JMPI(BPF_JGT, 2, 100, 0), END },
	  "......." },
	{ "not: also stored elsewhere",
	  { LDX(BPF_DW, 1, 6, 0), STX(BPF_DW, 10, -16, 1), ALU64I(BPF_ADD, 1, 1),
	    STX(BPF_DW, 6, 0, 1), END },
	  "......" },
	{ "not: to another place",
	  { LDX(BPF_DW, 1, 6, 0), ALU64I(BPF_ADD, 1, 1), STX(BPF_DW, 6, 8, 1), END },
	  "....." },
	{ "not: of another size",
	  { LDX(BPF_W, 1, 6, 0), ALU64I(BPF_ADD, 1, 1), STX(BPF_DW, 6, 0, 1), END },
	  "....." },
	{ "not: the pointer has moved",
	  { LDX(BPF_DW, 1, 6, 0), ALU64I(BPF_ADD, 1, 1), ALU64I(BPF_ADD, 6, 8),
	    STX(BPF_DW, 6, 0, 1), END },
	  "......" },
	{ "not: another pointer may have written it",
	  { LDX(BPF_DW, 1, 6, 0), ALU64I(BPF_ADD, 1, 1), STX(BPF_DW, 0, 0, 7), STX(BPF_DW, 6, 0, 1),
	    END },
	  "......" },
	{ "not: overlapped by a store between",
	  { LDX(BPF_DW, 1, 6, 0), ALU64I(BPF_ADD, 1, 1), ST(BPF_W, 6, 4, 7), STX(BPF_DW, 6, 0, 1),
	    END },
	  "......" },
	{ "not: added to atomically between",
	  { LDX(BPF_DW, 1, 6, 0), ATOMIC(BPF_DW, BPF_ADD, 6, 0, 7), ALU64I(BPF_ADD, 1, 1),
	    STX(BPF_DW, 6, 0, 1), END },
	  "......" },
	{ "not: a branch between",
	  { LDX(BPF_DW, 1, 6, 0), JMPI(BPF_JGT, 7, 5, 1), ALU64I(BPF_ADD, 1, 1),
	    STX(BPF_DW, 6, 0, 1), END },
	  "......" },
	{ "not: bytes and half words, which no atomic adds to",
	  { LDX(BPF_H, 1, 6, 0), ALU64I(BPF_ADD, 1, 1), STX(BPF_H, 6, 0, 1), LDX(BPF_B, 1, 6, 8),
	    ALU64I(BPF_ADD, 1, 1), STX(BPF_B, 6, 8, 1), END },
	  "........" },
	{ "not: unaligned",
	  { LDX(BPF_DW, 1, 6, 4), ALU64I(BPF_ADD, 1, 1), STX(BPF_DW, 6, 4, 1), END },
	  "....." },
	{ "not: the stack",
	  { LDX(BPF_DW, 1, 10, -16), ALU64I(BPF_ADD, 1, 1), STX(BPF_DW, 10, -16, 1), END },
	  "....." },
};

static void test_cases(void **state)
{
	static const struct bpf_insn begin[] = { BEGIN };

	(void)state;
	assert_int_equal(ARRAY_SIZE(begin), N_BEGIN);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct counter_case *c = &cases[i];
		size_t n = strlen(c->roles);
		struct bpf_insn code[N_BEGIN + 16];
		struct part_counters found;
		char roles[17] = "";
		struct rig r;

		memcpy(code, begin, sizeof(begin));
		memcpy(code + N_BEGIN, c->body, n * sizeof(*code));
		rig_init(&r, BPF_PROG_TYPE_XDP, code, N_BEGIN + n);
		r.maps[RIG_DATA].type = BPF_MAP_TYPE_ARRAY;
		r.maps[RIG_DATA].key_size = 4;
		r.maps[RIG_DATA].kind = FE_MAP_BSS;
		r.maps[RIG_DATA].max_entries = 1;
		if (!rig_verify(&r, NULL))
			fail_msg("\"%s\": %s", c->rule, reason_name(rig_reason(&r)));
		found = part_counters_find(&r.cx, &r.vp);
		for (size_t k = 0; k < n; k++)
			roles[k] = ".LS"[found.role[N_BEGIN + k]];
		if (strcmp(roles, c->roles))
			fail_msg("\"%s\": %s, not %s", c->rule, roles, c->roles);
		for (uint32_t pc = 0; pc < N_BEGIN + n; pc++)
			if (found.role[pc])
				assert_int_equal(found.partner[found.partner[pc]], pc);
		rig_free(&r);
	}
}

/* A function counts where each of its calls points to: all of them have to allow it. */
#define FUNCTION LDX(BPF_DW, 2, 1, -8), ALU64I(BPF_ADD, 2, 1), STX(BPF_DW, 1, -8, 2), EXIT()

static const struct instances_case {
	const char *rule;
	struct bpf_insn code[12];
	enum part_counter want; /* of instruction 8 */
} instances[] = {
	{ "two maps",
	  { LD_MAP_VALUE(1, RIG_ARRAY, 8), CALL_SUB(5), LD_MAP_VALUE(1, RIG_RODATA, 8), CALL_SUB(2),
	    MOV64I(0, 2), EXIT(), FUNCTION },
	  PART_COUNTER_LOAD },
	{ "a map and the stack",
	  { LD_MAP_VALUE(1, RIG_ARRAY, 8), CALL_SUB(5), ST(BPF_DW, 10, -8, 0), MOV64(1, 10),
	    CALL_SUB(2), MOV64I(0, 2), EXIT(), FUNCTION },
	  PART_COUNTER_NONE },
};

static void test_instances(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(instances); i++) {
		const struct instances_case *c = &instances[i];
		struct part_counters found;
		struct rig r;

		rig_init(&r, BPF_PROG_TYPE_XDP, c->code, ARRAY_SIZE(c->code));
		r.maps[RIG_ARRAY].kind = r.maps[RIG_RODATA].kind = FE_MAP_BSS;
		r.maps[RIG_ARRAY].max_entries = 1;
		if (!rig_verify(&r, NULL))
			fail_msg("\"%s\": %s", c->rule, reason_name(rig_reason(&r)));
		found = part_counters_find(&r.cx, &r.vp);
		if (found.role[8] != c->want)
			fail_msg("\"%s\": %d", c->rule, found.role[8]);
		rig_free(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_instances),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
