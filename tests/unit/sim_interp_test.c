/* SPDX-License-Identifier: BSD-2-Clause */
/* The reference interpreter: what each kind of instruction does, by hand; its hook; the same outcome as
 * our JIT for the programs of tests/data. */
#include "sim/interp.h"

#include "base/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/sim_host_run.h"

#define STACK UINT64_C(0x1000)

struct world {
	uint8_t stack[SIM_INTERP_STACK];
	const struct fe_prog *tail;
	uint32_t steps, deepest;
};

static void *memory(void *priv, uint64_t addr, uint32_t size, bool write)
{
	struct world *w = priv;

	(void)write;
	if (addr < STACK || addr - STACK > sizeof(w->stack) - size)
		return NULL;
	return w->stack + (addr - STACK);
}

static uint64_t helper(void *priv, uint32_t id, const uint64_t args[5])
{
	(void)priv;
	return id + args[0] + args[4];
}

static uint64_t map(void *priv, size_t idx, bool value)
{
	(void)priv;
	return value ? 0x5000 + idx : 0x4000 + idx;
}

static bool packet_load(void *priv, int32_t off, uint32_t bytes, uint64_t *value)
{
	(void)priv;
	*value = (uint64_t)off * 16 + bytes;
	return off < 64;
}

static const struct fe_prog *tail_target(void *priv, uint64_t handle, uint32_t index)
{
	return handle == 0x4001 && index == 2 ? ((struct world *)priv)->tail : NULL;
}

static bool step(void *priv, const struct sim_interp_state *s)
{
	struct world *w = priv;

	w->steps++;
	w->deepest = s->depth > w->deepest ? s->depth : w->deepest;
	return true;
}

static struct sim_interp_result run(struct world *w, const struct bpf_insn *insns, size_t n)
{
	const struct sim_interp_env env = { .priv = w,
					    .stack = STACK,
					    .steps_max = 1000,
					    .memory = memory,
					    .helper = helper,
					    .map = map,
					    .packet_load = packet_load,
					    .tail_target = tail_target,
					    .step = step };
	const struct fe_prog prog = { .name = "test", .insns = insns, .n_insns = n };
	struct sim_interp_result res;

	sim_interp_run(&env, &prog, 0x77, &res);
	return res;
}

#define MAX_INSNS        12
#define FP               BPF_REG_10
#define ALU64X(op, d, v) I(BPF_ALU64 | (op) | BPF_K, d, 0, 1, v) /* signed division: offset 1 */

static const struct {
	const char *name;
	struct bpf_insn p[MAX_INSNS];
	uint64_t r0;
} cases[] = {
	{ "context", { MOV64(0, 1), EXIT() }, 0x77 },
	{ "mov-32-clears", { MOV64I(0, -1), MOV32I(0, -2), EXIT() }, 0xfffffffe },
	{ "movsx-8",
	  { MOV64I(1, 0x80), I(BPF_ALU64 | BPF_MOV | BPF_X, 0, 1, 8, 0), EXIT() },
	  (uint64_t)-128 },
	{ "movsx-16-in-32",
	  { MOV64I(1, 0x8000), I(BPF_ALU | BPF_MOV | BPF_X, 0, 1, 16, 0), EXIT() },
	  0xffff8000 },
	{ "shift-by-zero",
	  { MOV64I(0, -5), MOV64I(1, 64), ALU64(BPF_LSH, 0, 1), EXIT() },
	  (uint64_t)-5 },
	{ "arsh-32", { MOV64I(0, -8), ALU32I(BPF_ARSH, 0, 1), EXIT() }, 0xfffffffc },
	{ "div-by-zero", { MOV64I(0, 9), MOV64I(1, 0), ALU64(BPF_DIV, 0, 1), EXIT() }, 0 },
	{ "mod-by-zero", { MOV64I(0, 9), MOV64I(1, 0), ALU64(BPF_MOD, 0, 1), EXIT() }, 9 },
	{ "mod-32-by-zero-cuts",
	  { MOV64I(0, -1), MOV64I(1, 0), ALU32(BPF_MOD, 0, 1), EXIT() },
	  0xffffffff },
	{ "sdiv", { MOV64I(0, -7), ALU64X(BPF_DIV, 0, 2), EXIT() }, (uint64_t)-3 },
	{ "smod", { MOV64I(0, -7), ALU64X(BPF_MOD, 0, 2), EXIT() }, (uint64_t)-1 },
	{ "sdiv-min", { LD64(0, INT64_MIN), ALU64X(BPF_DIV, 0, -1), EXIT() }, (uint64_t)INT64_MIN },
	{ "be16",
	  { MOV64I(0, 0x11223344), I(BPF_ALU | BPF_END | BPF_TO_BE, 0, 0, 0, 16), EXIT() },
	  0x4433 },
	{ "bswap64",
	  { LD64(0, 0x1122334455667788), I(BPF_ALU64 | BPF_END, 0, 0, 0, 64), EXIT() },
	  UINT64_C(0x8877665544332211) },
	{ "stack", { ST(BPF_DW, FP, -8, -2), LDX(BPF_W, 0, FP, -4), EXIT() }, 0xffffffff },
	{ "ldsx",
	  { ST(BPF_B, FP, -1, 0x90), I(BPF_LDX | EBPF_MEMSX | BPF_B, 0, FP, -1, 0), EXIT() },
	  (uint64_t)-112 },
	{ "fetch-add",
	  { ST(BPF_DW, FP, -8, 5), MOV64I(1, 3), ATOMIC(BPF_DW, BPF_ADD | BPF_FETCH, FP, -8, 1),
	    LDX(BPF_DW, 0, FP, -8), ALU64I(BPF_LSH, 0, 8), ALU64(BPF_OR, 0, 1), EXIT() },
	  0x805 },
	{ "cmpxchg-fails",
	  { ST(BPF_W, FP, -8, 5), MOV64I(0, 4), MOV64I(1, 9), ATOMIC(BPF_W, BPF_CMPXCHG, FP, -8, 1),
	    LDX(BPF_W, 1, FP, -8), ALU64I(BPF_LSH, 0, 8), ALU64(BPF_OR, 0, 1), EXIT() },
	  0x505 },
	{ "store-release-load-acquire",
	  { ST(BPF_DW, FP, -8, -1), MOV64I(1, 0x12345), ATOMIC(BPF_H, EBPF_STORE_REL, FP, -6, 1),
	    I(BPF_STX | BPF_ATOMIC | BPF_W, 0, FP, -8, EBPF_LOAD_ACQ), EXIT() },
	  0x2345ffff },
	{ "signed-jump-32",
	  { LD64(1, 0x1ffffffff), MOV64I(0, 1), I(BPF_JMP32 | BPF_JSLT | BPF_K, 1, 0, 1, 0),
	    MOV64I(0, 2), EXIT() },
	  1 },
	{ "jset-high",
	  { LD64(1, INT64_MIN), MOV64I(0, 1), JMPI(BPF_JSET, 1, -1, 1), MOV64I(0, 2), EXIT() },
	  1 },
	{ "long-jump",
	  { MOV64I(0, 1), I(BPF_JMP32 | BPF_JA, 0, 0, 0, 1), MOV64I(0, 2), EXIT() },
	  1 },
	{ "helper", { MOV64I(1, 100), MOV64I(5, 1000), CALL(5), EXIT() }, 1105 },
	{ "call-keeps-r6",
	  { MOV64I(6, 4), CALL_SUB(2), ALU64(BPF_ADD, 0, 6), EXIT(), MOV64I(6, 9), MOV64I(0, 1),
	    EXIT() },
	  5 },
	{ "frames-apart",
	  { ST(BPF_DW, FP, -8, 3), CALL_SUB(2), LDX(BPF_DW, 0, FP, -8), EXIT(),
	    ST(BPF_DW, FP, -8, 7), EXIT() },
	  3 },
	{ "loop",
	  { MOV64I(1, 5), I(BPF_LD | BPF_IMM | BPF_DW, 2, EBPF_IMM_FUNC, 0, 5), I(0, 0, 0, 0, 0),
	    MOV64I(3, 0), MOV64I(4, 0), CALL(BPF_FUNC_loop), EXIT(), MOV64I(0, 0),
	    JMPI(BPF_JNE, 1, 2, 1), MOV64I(0, 1), EXIT() },
	  3 },
	{ "map", { LD_MAP(0, 3), EXIT() }, 0x4003 },
	{ "map-value", { LD_MAP_VALUE(0, 3, 8), EXIT() }, 0x500b },
	{ "ld-abs", { MOV64(6, 1), I(BPF_LD | BPF_ABS | BPF_H, 0, 0, 0, 12), EXIT() }, 194 },
	{ "ld-abs-outside-ends",
	  { MOV64(6, 1), I(BPF_LD | BPF_ABS | BPF_H, 0, 0, 0, 64), MOV64I(0, 3), EXIT() },
	  0 },
	{ "tail-call-to-nothing",
	  { LD_MAP(2, 1), MOV64I(3, 3), CALL(BPF_FUNC_tail_call), MOV64I(0, 6), EXIT() },
	  6 },
	{ "tail-call",
	  { LD_MAP(2, 1), MOV64I(3, 2), CALL(BPF_FUNC_tail_call), MOV64I(0, 6), EXIT() },
	  42 },
};

static const struct bpf_insn tail_insns[] = { MOV64I(0, 42), EXIT() };
static const struct fe_prog tail_prog = { .name = "tail", .insns = tail_insns, .n_insns = 2 };

static void instructions_do_what_the_standard_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w = { .tail = &tail_prog };
		struct sim_interp_result res = run(&w, cases[i].p, MAX_INSNS);

		if (res.fault || res.r0 != cases[i].r0)
			fail_msg("%s: 0x%llx, not 0x%llx; %s", cases[i].name,
				 (unsigned long long)res.r0, (unsigned long long)cases[i].r0,
				 res.fault ? res.fault : "");
	}
}

static const struct {
	const char *name, *fault;
	struct bpf_insn p[MAX_INSNS];
	uint32_t pc;
} faults[] = {
	{ "no-memory", "load outside memory", { MOV64I(1, 8), LDX(BPF_B, 0, 1, 0), EXIT() }, 1 },
	{ "below-stack", "store outside memory", { ST(BPF_B, FP, -513, 1), EXIT() }, 0 },
	{ "endless", "endless loop", { JA(-1) }, 0 },
	{ "jump-out", "jump out of the program", { JA(100) }, 0 },
	{ "recursion", "calls nest too deep", { CALL_SUB(-1) }, 0 },
	{ "register", "register above r10", { MOV64(11, 0) }, 0 },
	{ "opcode", "unknown arithmetic operation", { I(BPF_ALU64 | 0xe0, 0, 0, 0, 0) }, 0 },
	{ "kfunc", "call of a kernel function", { I(BPF_JMP | BPF_CALL, 0, 2, 0, 1) }, 0 },
};

static void what_is_illegal_is_a_fault(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct world w = { 0 };
		struct sim_interp_result res = run(&w, faults[i].p, MAX_INSNS);

		if (!res.fault || strcmp(res.fault, faults[i].fault) ||
		    res.fault_pc != faults[i].pc)
			fail_msg("%s: %s at %u", faults[i].name, res.fault ? res.fault : "ends",
				 res.fault_pc);
	}
}

static void the_hook_sees_every_instruction(void **state)
{
	static const struct bpf_insn p[] = {
		MOV64I(0, 3), CALL_SUB(1), EXIT(), ALU64I(BPF_SUB, 0, 1), JMPI(BPF_JNE, 0, 0, -2),
		EXIT()
	};
	struct world w = { 0 };
	struct sim_interp_result res = run(&w, p, ARRAY_SIZE(p));

	(void)state;
	assert_null(res.fault);
	assert_int_equal(w.steps, 3 + 3 * 2 + 1);
	assert_int_equal(w.deepest, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instructions_do_what_the_standard_says),
		cmocka_unit_test(what_is_illegal_is_a_fault),
		cmocka_unit_test(the_hook_sees_every_instruction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
