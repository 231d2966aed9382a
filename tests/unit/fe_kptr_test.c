/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/fe_rig.h"

#include "base/bits.h"
#include "frontend/kernel_load.h"

#include <bpf/btf.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Pointers to kernel objects in map values, on an array whose value is made
 * here:
 *
 *   struct inner { long number; struct task_struct __kptr *task; };
 *   struct value { struct task_struct __kptr *owned; struct task_struct
 * __kptr_untrusted *seen; long number; struct inner nested[2]; }; 56 bytes
 *
 * Where there is bpf(2), the kernel must decide the same. */

enum { OWNED = 0, SEEN = 8, NUMBER = 16, NESTED = 32, SECOND = 48 };

/* Kernel functions by their place in the externs. */
enum { ACQUIRE, RELEASE, FROM_PID };

#define R0 BPF_REG_0
#define R1 BPF_REG_1
#define R2 BPF_REG_2
#define R3 BPF_REG_3
#define R4 BPF_REG_4
#define R6 BPF_REG_6
#define R7 BPF_REG_7
#define R9 BPF_REG_9
#define FP BPF_REG_10

#define KFUNC(n) I(BPF_JMP | BPF_CALL, 0, EBPF_CALL_KFUNC, 0, n)
#define DONE     MOV64I(R0, 0), EXIT()
/* R6: the value. */
#define VALUE                                                                                      \
	MOV64(R9, R1), ST(BPF_W, FP, -4, 0), MOV64(R2, FP), ALU64I(BPF_ADD, R2, -4),               \
		LD_MAP(R1, RIG_ARRAY), CALL(BPF_FUNC_map_lookup_elem), JMPI(BPF_JNE, R0, 0, 2),    \
		DONE, MOV64(R6, R0)
/* Exchanges the pointer at `off` of the value for R2; what was there is
 * released. */
#define XCHG(off)                                                                                  \
	MOV64(R1, R6), ALU64I(BPF_ADD, R1, off), CALL(BPF_FUNC_kptr_xchg),                         \
		JMPI(BPF_JEQ, R0, 0, 2), MOV64(R1, R0), KFUNC(RELEASE)

#define CASE(rule, reason, ...)                                                                    \
	{                                                                                          \
		rule, REASON_##reason, { __VA_ARGS__ },                                            \
			sizeof((struct bpf_insn[]){ __VA_ARGS__ }) / sizeof(struct bpf_insn)       \
	}

static const struct verdict {
	const char *rule;
	enum reason reason;
	struct bpf_insn insns[32];
	size_t n;
} cases[] = {
	CASE("taken out and released", NONE, VALUE, MOV64I(R2, 0), XCHG(OWNED), DONE),
	CASE("taken out and kept", REF_LEAK, VALUE, MOV64I(R2, 0), MOV64(R1, R6),
	     CALL(BPF_FUNC_kptr_xchg), DONE),
	CASE("nested, in an array", NONE, VALUE, MOV64I(R2, 0), XCHG(NESTED + 8), DONE),
	CASE("nested, the second one", NONE, VALUE, MOV64I(R2, 0), XCHG(SECOND + 8), DONE),
	CASE("not at a pointer", ARG_KIND, VALUE, MOV64I(R2, 0), XCHG(NUMBER), DONE),
	CASE("not one that owns", ARG_KIND, VALUE, MOV64I(R2, 0), XCHG(SEEN), DONE),
	CASE("a task put in", NONE, VALUE, MOV64I(R1, 1), KFUNC(FROM_PID), JMPI(BPF_JEQ, R0, 0, 7),
	     MOV64(R2, R0), XCHG(OWNED), DONE),
	CASE("a task that may be null put in", ARG_KIND, VALUE, MOV64I(R1, 1), KFUNC(FROM_PID),
	     MOV64(R2, R0), XCHG(OWNED), DONE),
	CASE("a task put in is given up", ARG_KIND, VALUE, MOV64I(R1, 1), KFUNC(FROM_PID),
	     JMPI(BPF_JEQ, R0, 0, 10), MOV64(R7, R0), MOV64(R2, R0), XCHG(OWNED), MOV64(R1, R7),
	     KFUNC(RELEASE), DONE),
	CASE("a task that is not owned", REF_NOT_OWNED, VALUE, CALL(BPF_FUNC_get_current_task_btf),
	     MOV64(R2, R0), XCHG(OWNED), DONE),
	CASE("a number put in", ARG_KIND, VALUE, MOV64I(R2, 7), XCHG(OWNED), DONE),
	CASE("loaded, tested, acquired", NONE, VALUE, LDX(BPF_DW, R1, R6, OWNED),
	     JMPI(BPF_JEQ, R1, 0, 4), KFUNC(ACQUIRE), JMPI(BPF_JEQ, R0, 0, 2), MOV64(R1, R0),
	     KFUNC(RELEASE), DONE),
	CASE("loaded, not tested", ARG_KIND, VALUE, LDX(BPF_DW, R1, R6, OWNED), KFUNC(ACQUIRE),
	     JMPI(BPF_JEQ, R0, 0, 2), MOV64(R1, R0), KFUNC(RELEASE), DONE),
	CASE("loaded, tested, released", REF_NOT_OWNED, VALUE, LDX(BPF_DW, R1, R6, OWNED),
	     JMPI(BPF_JEQ, R1, 0, 1), KFUNC(RELEASE), DONE),
	CASE("untrusted, acquired", ARG_KIND, VALUE, LDX(BPF_DW, R1, R6, SEEN),
	     JMPI(BPF_JEQ, R1, 0, 4), KFUNC(ACQUIRE), JMPI(BPF_JEQ, R0, 0, 2), MOV64(R1, R0),
	     KFUNC(RELEASE), DONE),
	CASE("half of it loaded", KPTR_ACCESS, VALUE, LDX(BPF_W, R1, R6, OWNED), DONE),
	CASE("loaded from its middle", KPTR_ACCESS, VALUE, LDX(BPF_DW, R1, R6, OWNED + 4), DONE),
	CASE("stored to", KPTR_ACCESS, VALUE, ST(BPF_DW, R6, OWNED, 0), DONE),
	CASE("nested, stored to", KPTR_ACCESS, VALUE, ST(BPF_DW, R6, SECOND + 8, 0), DONE),
	CASE("untrusted, null stored", NONE, VALUE, ST(BPF_DW, R6, SEEN, 0), DONE),
	CASE("untrusted, a number stored", KPTR_ACCESS, VALUE, ST(BPF_DW, R6, SEEN, 1), DONE),
	CASE("untrusted, a task stored", NONE, VALUE, CALL(BPF_FUNC_get_current_task_btf),
	     STX(BPF_DW, R6, SEEN, R0), DONE),
	CASE("untrusted, the context stored", KPTR_ACCESS, VALUE, STX(BPF_DW, R6, SEEN, R9), DONE),
	CASE("counted up", KPTR_ACCESS, VALUE, MOV64I(R1, 1), ATOMIC(BPF_DW, BPF_ADD, R6, SEEN, R1),
	     DONE),
	CASE("at an unknown place", KPTR_ACCESS, VALUE, LDX(BPF_W, R1, R9, 0),
	     ALU64I(BPF_AND, R1, 8), ALU64(BPF_ADD, R6, R1), LDX(BPF_DW, R1, R6, 0), DONE),
	CASE("written by a helper", MAP_SPECIAL, VALUE, MOV64(R1, R9), MOV64I(R2, 0), MOV64(R3, R6),
	     MOV64I(R4, 16), CALL(BPF_FUNC_skb_load_bytes), DONE),
	CASE("a number beside it", NONE, VALUE, ST(BPF_DW, R6, NUMBER, 5),
	     LDX(BPF_DW, R1, R6, NESTED - 8), DONE),
};

static int add_pointer(struct btf *b, int to, const char *tag)
{
	return btf__add_ptr(b, btf__add_type_tag(b, tag, to));
}

static void describe_value(struct rig *r, struct btf *b)
{
	int number = btf__add_int(b, "long", 8, BTF_INT_SIGNED);
	int key = btf__add_int(b, "int", 4, BTF_INT_SIGNED), inner, two;
	int task = btf__add_struct(b, "task_struct", 0);
	int owned = add_pointer(b, task, "kptr"), seen = add_pointer(b, task, "kptr_untrusted");

	inner = btf__add_struct(b, "inner", 16);
	btf__add_field(b, "number", number, 0, 0);
	btf__add_field(b, "task", owned, 64, 0);
	two = btf__add_array(b, key, inner, 2);
	r->maps[RIG_ARRAY].btf_key_id = (uint32_t)key;
	r->maps[RIG_ARRAY].btf_value_id = (uint32_t)btf__add_struct(b, "value", 64);
	r->maps[RIG_ARRAY].value_size = 64;
	btf__add_field(b, "owned", owned, OWNED * 8, 0);
	btf__add_field(b, "seen", seen, SEEN * 8, 0);
	btf__add_field(b, "number", number, NUMBER * 8, 0);
	btf__add_field(b, "nested", two, NESTED * 8, 0);
	r->obj.btf = b;
}

/* 1 accepted, 0 rejected, -1: it cannot be asked. */
static int ask_kernel(const struct rig *r)
{
	const struct bpf_insn probe_insns[] = { LD_MAP(R1, RIG_ARRAY), DONE };
	struct fe_prog probe = r->prog;
	struct fe_kernel_load can = { .obj = &r->obj, .prog = &probe };
	struct fe_kernel_load l = { .obj = &r->obj, .prog = &r->prog };
	bool accepted;

	probe.insns = probe_insns;
	probe.n_insns = ARRAY_SIZE(probe_insns);
	if (fe_kernel_load_insns(&can))
		return -1;
	accepted = !fe_kernel_load_insns(&l);
	return l.missing ? -1 : accepted;
}

static void verdicts(void **state)
{
	static const struct fe_extern externs[] = { { .name = "bpf_task_acquire", .is_func = true },
						    { .name = "bpf_task_release", .is_func = true },
						    { .name = "bpf_task_from_pid",
						      .is_func = true } };
	bool ok = true;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct btf *b = btf__new_empty();
		struct rig r;
		int kernel;

		rig_init(&r, BPF_PROG_TYPE_SCHED_CLS, cases[i].insns, cases[i].n);
		r.obj.externs = externs;
		r.obj.n_externs = ARRAY_SIZE(externs);
		describe_value(&r, b);
		rig_verify(&r, NULL);
		kernel = ask_kernel(&r);
		if (rig_reason(&r) != cases[i].reason ||
		    (kernel >= 0 && kernel != (cases[i].reason == REASON_NONE))) {
			print_message("%s: %s, the kernel: %d\n", cases[i].rule,
				      reason_name(rig_reason(&r)), kernel);
			ok = false;
		}
		rig_free(&r);
		btf__free(b);
	}
	assert_true(ok);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(verdicts) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
