/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/fe_rig.h"

#include "base/bits.h"
#include "frontend/verifier/flow/cfg.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define R0 BPF_REG_0
#define R1 BPF_REG_1
#define R2 BPF_REG_2
#define R6 BPF_REG_6

/* Structure: which reason each kind of malformed program gets. */

#define CASE(rule, reason, ...)                                                                    \
	{                                                                                          \
		rule, REASON_##reason, { __VA_ARGS__ },                                            \
			sizeof((struct bpf_insn[]){ __VA_ARGS__ }) / sizeof(struct bpf_insn)       \
	}

static const struct {
	const char *rule;
	enum reason reason;
	struct bpf_insn insns[12];
	size_t n;
} cases[] = {
	CASE("smallest program", NONE, MOV64I(R0, 2), EXIT()),
	CASE("illegal opcode", INSN_ILLEGAL, I(0xff, 0, 0, 0, 0), EXIT()),
	CASE("half of a 64-bit constant", INSN_ILLEGAL, MOV64I(R0, 0), I(0x18, 1, 0, 0, 0)),
	CASE("jump before the program", JUMP_RANGE, JA(-2), EXIT()),
	CASE("jump behind the program", JUMP_RANGE, MOV64I(R0, 0), JMPI(BPF_JEQ, R0, 0, 5), EXIT()),
	CASE("jump into a constant", JUMP_MIDDLE, MOV64I(R0, 0), JMPI(BPF_JEQ, R0, 0, 1),
	     LD64(R1, 7), EXIT()),
	CASE("no exit", FALLS_OFF, MOV64I(R0, 0)),
	CASE("conditional jump at the end", FALLS_OFF, MOV64I(R0, 0), JMPI(BPF_JEQ, R0, 0, -2)),
	CASE("dead code", UNREACHABLE, MOV64I(R0, 0), EXIT(), MOV64I(R0, 1), EXIT()),
	CASE("call into a function's middle", CALL_TARGET, CALL_SUB(100), EXIT()),
	CASE("call of itself", RECURSION, CALL_SUB(1), EXIT(), CALL_SUB(-1), EXIT()),
	CASE("calls in a circle", RECURSION, CALL_SUB(1), EXIT(), CALL_SUB(1), EXIT(), CALL_SUB(-3),
	     EXIT()),
	CASE("jump across functions", JUMP_RANGE, CALL_SUB(1), EXIT(), JA(-2)),
	CASE("endless jump", INFINITE_LOOP, MOV64I(R0, 0), JA(-1)),
};

static void malformed_programs_get_their_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rig r;
		bool ok;

		rig_init(&r, BPF_PROG_TYPE_XDP, cases[i].insns, cases[i].n);
		ok = rig_verify(&r, NULL);
		if (rig_reason(&r) != cases[i].reason)
			fail_msg("%s: %s", cases[i].rule, reason_name(rig_reason(&r)));
		assert_int_equal(ok, cases[i].reason == REASON_NONE);
		rig_free(&r);
	}
}

static void function_table_must_cover_the_program(void **state)
{
	static const struct bpf_insn insns[] = { MOV64I(R0, 0), EXIT() };
	struct rig r;

	(void)state;
	rig_init(&r, BPF_PROG_TYPE_XDP, insns, ARRAY_SIZE(insns));
	r.subprogs[0].end = 1;
	assert_false(rig_verify(&r, NULL));
	assert_int_equal(rig_reason(&r), REASON_SUBPROG_BOUNDS);
	rig_free(&r);
	rig_init(&r, BPF_PROG_TYPE_XDP, insns, 0);
	assert_false(rig_verify(&r, NULL));
	assert_int_equal(rig_reason(&r), REASON_PROG_EMPTY);
	rig_free(&r);
}

static void liveness_follows_both_branches(void **state)
{
	static const struct bpf_insn insns[] = {
		MOV64I(R6, 1),           /* 0 */
		MOV64I(R2, 2),           /* 1 */
		JMPI(BPF_JEQ, R1, 0, 2), /* 2 */
		MOV64(R0, R6),           /* 3 */
		EXIT(),                  /* 4 */
		MOV64(R0, R2),           /* 5 */
		EXIT(),                  /* 6 */
	};
	struct rig r;
	struct fe_cfg cfg;

	(void)state;
	rig_init(&r, BPF_PROG_TYPE_XDP, insns, ARRAY_SIZE(insns));
	assert_true(fe_cfg_check(&r.cx, &r.scratch, &r.obj, &r.prog, &cfg));
	fe_cfg_liveness(&r.scratch, &r.obj, &cfg);
	assert_int_equal(cfg.live[0], 1 << R1);
	assert_int_equal(cfg.live[2], 1 << R1 | 1 << R2 | 1 << R6);
	assert_int_equal(cfg.live[3], 1 << R6);
	assert_int_equal(cfg.live[5], 1 << R2);
	assert_true(cfg.flags[2] & FE_CFG_PRUNE);
	assert_true(cfg.flags[5] & FE_CFG_PRUNE);
	assert_false(cfg.flags[3] & FE_CFG_PRUNE);
	rig_free(&r);
}

static void high_halves_are_live_when_read(void **state)
{
	static const struct bpf_insn insns[] = {
		MOV32I(R1, 1),                  /* 0: read as 64 bits */
		MOV32I(R2, 2),                  /* 1: read as 32 bits alone */
		ALU32(BPF_ADD, R2, R2),         /* 2: stored as 32 bits */
		STX(BPF_W, BPF_REG_10, -4, R2), /* 3 */
		MOV64(R0, R1),                  /* 4 */
		EXIT(),                         /* 5 */
	};
	struct rig r;
	struct fe_cfg cfg;

	(void)state;
	rig_init(&r, BPF_PROG_TYPE_XDP, insns, ARRAY_SIZE(insns));
	assert_true(fe_cfg_check(&r.cx, &r.scratch, &r.obj, &r.prog, &cfg));
	fe_cfg_liveness(&r.scratch, &r.obj, &cfg);
	assert_true(cfg.zext_needed[0]);
	assert_false(cfg.zext_needed[1]);
	assert_false(cfg.zext_needed[2]);
	rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malformed_programs_get_their_reason),
		cmocka_unit_test(function_table_must_cover_the_program),
		cmocka_unit_test(liveness_follows_both_branches),
		cmocka_unit_test(high_halves_are_live_when_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
