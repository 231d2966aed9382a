/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/fe_rig.h"

#include "base/bits.h"

#include <bpf/btf.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define R0 BPF_REG_0
#define R1 BPF_REG_1
#define R2 BPF_REG_2
#define FP BPF_REG_10

/* Global functions are verified from their signatures, and their callers know no more of them. */

enum signature { SIG_NUMBER, SIG_CTX, SIG_MEM, SIG_VOID };

/* BTF with `int f(int)`, `int f(struct xdp_md *)`, `int f(struct pair *)` or `void f(int)`. */
static struct btf *make_btf(enum signature sig, uint32_t *func)
{
	struct btf *btf = btf__new_empty();
	int number = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	int type = btf__add_struct(btf, sig == SIG_CTX ? "xdp_md" : "pair", 8);
	int pointer, proto;

	assert_true(type > 0);
	btf__add_field(btf, "a", number, 0, 0);
	btf__add_field(btf, "b", number, 32, 0);
	pointer = btf__add_ptr(btf, type);
	proto = btf__add_func_proto(btf, sig == SIG_VOID ? 0 : number);
	btf__add_func_param(btf, "x", sig == SIG_CTX || sig == SIG_MEM ? pointer : number);
	*func = (uint32_t)btf__add_func(btf, "f", BTF_FUNC_GLOBAL, proto);
	return btf;
}

#define CASE(rule, sig, reason, ...)                                                               \
	{                                                                                          \
		rule, SIG_##sig, REASON_##reason, { __VA_ARGS__ },                                 \
			sizeof((struct bpf_insn[]){ __VA_ARGS__ }) / sizeof(struct bpf_insn)       \
	}

static const struct {
	const char *rule;
	enum signature sig;
	enum reason reason;
	struct bpf_insn insns[16];
	size_t n;
} cases[] = {
	CASE("number in, number out", NUMBER, NONE, MOV64I(R1, 1), CALL_SUB(1), EXIT(),
	     MOV64(R0, R1), EXIT()),
	CASE("the argument may be any number", NUMBER, POINTER_ADDEND_UNBOUNDED, MOV64I(R1, 0),
	     CALL_SUB(2), MOV64I(R0, 0), EXIT(), ALU64(BPF_ADD, R1, FP), LDX(BPF_B, R0, R1, -8),
	     EXIT()),
	CASE("the result may be any number", NUMBER, POINTER_ADDEND_UNBOUNDED, MOV64I(R1, 0),
	     CALL_SUB(5), ALU64(BPF_ADD, R0, FP), LDX(BPF_B, R0, R0, -8), MOV64I(R0, 0), JA(0),
	     EXIT(), MOV64I(R0, 0), EXIT()),
	CASE("a pointer for a number", NUMBER, ARG_KIND, CALL_SUB(1), EXIT(), MOV64I(R0, 0),
	     EXIT()),
	CASE("the context", CTX, NONE, CALL_SUB(1), EXIT(), LDX(BPF_W, R0, R1, 12), EXIT()),
	CASE("a number for the context", CTX, ARG_KIND, MOV64I(R1, 0), CALL_SUB(1), EXIT(),
	     MOV64I(R0, 0), EXIT()),
	CASE("memory without a null test", MEM, MAYBE_NULL, ST(BPF_DW, FP, -8, 0), MOV64(R1, FP),
	     ALU64I(BPF_ADD, R1, -8), CALL_SUB(1), EXIT(), LDX(BPF_W, R0, R1, 0), EXIT()),
	CASE("memory with a null test", MEM, NONE, ST(BPF_DW, FP, -8, 0), MOV64(R1, FP),
	     ALU64I(BPF_ADD, R1, -8), CALL_SUB(1), EXIT(), MOV64I(R0, 0), JMPI(BPF_JEQ, R1, 0, 1),
	     LDX(BPF_W, R0, R1, 4), EXIT()),
	CASE("behind the memory", MEM, STACK_BOUNDS, ST(BPF_DW, FP, -8, 0), MOV64(R1, FP),
	     ALU64I(BPF_ADD, R1, -8), CALL_SUB(1), EXIT(), MOV64I(R0, 0), JMPI(BPF_JEQ, R1, 0, 1),
	     LDX(BPF_W, R0, R1, 8), EXIT()),
	CASE("less memory than promised", MEM, STACK_BOUNDS, ST(BPF_DW, FP, -8, 0), MOV64(R1, FP),
	     ALU64I(BPF_ADD, R1, -4), CALL_SUB(1), EXIT(), MOV64I(R0, 0), EXIT()),
	CASE("no result", VOID, GLOBAL_RESULT, MOV64I(R1, 1), CALL_SUB(2), MOV64I(R0, 0), EXIT(),
	     MOV64I(R0, 0), EXIT()),
};

static void global_functions_stand_alone(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rig r;
		struct btf *btf;

		rig_init(&r, BPF_PROG_TYPE_XDP, cases[i].insns, cases[i].n);
		btf = make_btf(cases[i].sig, &r.subprogs[1].btf_func_id);
		r.subprogs[1].global = true;
		r.obj.btf = btf;
		rig_verify(&r, NULL);
		if (rig_reason(&r) != cases[i].reason) {
			print_error("%s: expected %s, got %s\n", cases[i].rule,
				    reason_name(cases[i].reason), reason_name(rig_reason(&r)));
			wrong++;
		}
		rig_free(&r);
		btf__free(btf);
	}
	assert_int_equal(wrong, 0);
}

static void facts_exist_per_call_all_the_same(void **state)
{
	struct rig r;
	struct btf *btf;

	(void)state;
	rig_init(&r, BPF_PROG_TYPE_XDP, cases[0].insns, cases[0].n);
	btf = make_btf(SIG_NUMBER, &r.subprogs[1].btf_func_id);
	r.subprogs[1].global = true;
	r.obj.btf = btf;
	assert_true(rig_verify(&r, NULL));
	assert_int_equal(r.vp.n_inst, 2);
	assert_int_equal(vp_fact_at(&r.vp, 1, 3)->regs[R1].umax, 1);
	assert_int_equal(vp_fact_at(&r.vp, 0, 2)->regs[R0].umax, UINT64_MAX);
	rig_free(&r);
	btf__free(btf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(global_functions_stand_alone),
		cmocka_unit_test(facts_exist_per_call_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
