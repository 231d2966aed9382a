/* SPDX-License-Identifier: BSD-2-Clause */
/* The JIT computes what RFC 9669 says: by hand-written cases per instruction class, by random programs
 * against a model in C, and, where bpf(2) may be used, against the running kernel. */
#include "tests/support/sim_host_run.h"

#include "base/bits.h"
#include "sim/rng.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/sim_kernel_run.h"

/* ---- one value out of a program ------------------------------------------------------------- */

#define MAX_INSNS 512

/* Runs `body`, which leaves its result in R6 and may use R0..R5 and the stack; R9 is the packet. */
static uint64_t result_of(const struct bpf_insn *body, size_t n)
{
	struct bpf_insn insns[MAX_INSNS];
	struct host_fixture f;
	struct sim_host_run run;
	uint64_t v;

	insns[0] = (struct bpf_insn)LDX(BPF_W, 9, 1, 0);
	memcpy(insns + 1, body, n * sizeof(*body));
	insns[n + 1] = (struct bpf_insn)STX(BPF_DW, 9, 0, 6);
	insns[n + 2] = (struct bpf_insn)MOV64I(0, XDP_PASS);
	insns[n + 3] = (struct bpf_insn)EXIT();
	fixture_open(&f, BPF_PROG_TYPE_XDP);
	assert_true(fixture_load(&f, insns, n + 4, 0));
	run = fixture_run(&f, NULL, 0);
	assert_null(run.fault);
	assert_int_equal(run.verdict, XDP_PASS);
	v = load_le64(run.packet);
	fixture_close(&f);
	return v;
}

#define BODY(...)                                                                                  \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}
struct value_case {
	const char *name;
	struct bpf_insn body[16];
	uint64_t want;
};

#define MIN64 UINT64_C(0x8000000000000000)

static const struct value_case value_cases[] = {
	{ "mov32 clears the high half", BODY(LD64(6, -1), ALU32(BPF_MOV, 6, 6)), 0xffffffff },
	{ "mov32 imm zero-extends", BODY(MOV32I(6, -1)), 0xffffffff },
	{ "mov64 imm sign-extends", BODY(MOV64I(6, -2)), -UINT64_C(2) },
	{ "ld_imm64", BODY(LD64(6, 0x123456789abcdef0)), 0x123456789abcdef0 },
	{ "movsx8 to 64", BODY(MOV64I(1, 0x80), I(BPF_ALU64 | BPF_MOV | BPF_X, 6, 1, 8, 0)),
	  -UINT64_C(128) },
	{ "movsx16 to 32", BODY(MOV64I(5, 0x8001), I(BPF_ALU | BPF_MOV | BPF_X, 6, 5, 16, 0)),
	  0xffff8001 },
	{ "movsx32 to 64", BODY(MOV32I(2, -5), I(BPF_ALU64 | BPF_MOV | BPF_X, 6, 2, 32, 0)),
	  -UINT64_C(5) },
	{ "div64 by zero", BODY(MOV64I(6, 7), MOV64I(1, 0), ALU64(BPF_DIV, 6, 1)), 0 },
	{ "mod64 by zero", BODY(LD64(6, -3), MOV64I(1, 0), ALU64(BPF_MOD, 6, 1)), -UINT64_C(3) },
	{ "div32 by zero", BODY(LD64(6, -1), MOV64I(1, 0), ALU32(BPF_DIV, 6, 1)), 0 },
	{ "mod32 by zero cuts", BODY(LD64(6, -1), MOV64I(1, 0), ALU32(BPF_MOD, 6, 1)), 0xffffffff },
	{ "sdiv64 overflow",
	  BODY(LD64(6, MIN64), MOV64I(1, -1), I(BPF_ALU64 | BPF_DIV | BPF_X, 6, 1, 1, 0)), MIN64 },
	{ "smod64 overflow",
	  BODY(LD64(6, MIN64), MOV64I(1, -1), I(BPF_ALU64 | BPF_MOD | BPF_X, 6, 1, 1, 0)), 0 },
	{ "sdiv32 imm", BODY(MOV64I(6, -7), I(BPF_ALU | BPF_DIV | BPF_K, 6, 0, 1, 2)), 0xfffffffd },
	{ "smod64 imm", BODY(MOV64I(6, -7), I(BPF_ALU64 | BPF_MOD | BPF_K, 6, 0, 1, 4)),
	  -UINT64_C(3) },
	{ "udiv64 of imm -1", BODY(LD64(6, -1), ALU64I(BPF_DIV, 6, -1)), 1 },
	{ "shift by 0 keeps all 64 bits",
	  BODY(LD64(6, 0x8000000000000001), MOV64I(1, 0), ALU64(BPF_LSH, 6, 1)),
	  0x8000000000000001 },
	{ "shift32 by 0 cuts", BODY(LD64(6, -1), MOV64I(1, 0), ALU32(BPF_RSH, 6, 1)), 0xffffffff },
	{ "shift count is taken mod 64", BODY(MOV64I(6, 1), MOV64I(1, 65), ALU64(BPF_LSH, 6, 1)),
	  2 },
	{ "arsh32", BODY(LD64(6, 0x180000000), ALU32I(BPF_ARSH, 6, 4)), 0xf8000000 },
	{ "shift of r4 (rcx)", BODY(MOV64I(4, 3), MOV64I(1, 4), ALU64(BPF_LSH, 4, 1), MOV64(6, 4)),
	  48 },
	{ "shift of r4 by itself", BODY(MOV64I(4, 3), ALU64(BPF_LSH, 4, 4), MOV64(6, 4)), 24 },
	{ "be16", BODY(LD64(6, 0x123456), I(BPF_ALU | BPF_END | BPF_TO_BE, 6, 0, 0, 16)), 0x5634 },
	{ "be32", BODY(LD64(6, 0x1112345678), I(BPF_ALU | BPF_END | BPF_TO_BE, 6, 0, 0, 32)),
	  0x78563412 },
	{ "le32 cuts", BODY(LD64(6, 0x1112345678), I(BPF_ALU | BPF_END | BPF_TO_LE, 6, 0, 0, 32)),
	  0x12345678 },
	{ "bswap64", BODY(LD64(6, 0x0102030405060708), I(BPF_ALU64 | BPF_END, 6, 0, 0, 64)),
	  0x0807060504030201 },
	{ "stores and loads of each size",
	  BODY(LD64(1, 0x1122334455667788), STX(BPF_DW, 10, -8, 1), ST(BPF_B, 10, -8, 0x99),
	       ST(BPF_H, 10, -6, 0xaabb), LDX(BPF_DW, 6, 10, -8)),
	  0x11223344aabb7799 },
	{ "byte store from rsi and rdi",
	  BODY(MOV64I(1, 0x1234), MOV64I(2, 0x5678), ST(BPF_DW, 10, -8, 0), STX(BPF_B, 10, -8, 1),
	       STX(BPF_B, 10, -7, 2), LDX(BPF_DW, 6, 10, -8)),
	  0x7834 },
	{ "sign-extending load",
	  BODY(ST(BPF_W, 10, -4, -2), I(BPF_LDX | EBPF_MEMSX | BPF_W, 6, 10, -4, 0)),
	  -UINT64_C(2) },
	{ "sign-extending load of a byte",
	  BODY(ST(BPF_W, 10, -4, 0x80), I(BPF_LDX | EBPF_MEMSX | BPF_B, 6, 10, -4, 0)),
	  -UINT64_C(128) },
	{ "atomic add",
	  BODY(ST(BPF_DW, 10, -8, 40), MOV64I(1, 2), ATOMIC(BPF_DW, BPF_ADD, 10, -8, 1),
	       LDX(BPF_DW, 6, 10, -8)),
	  42 },
	{ "atomic fetch add",
	  BODY(ST(BPF_DW, 10, -8, 40), MOV64I(6, 2), ATOMIC(BPF_DW, BPF_ADD | BPF_FETCH, 10, -8, 6),
	       LDX(BPF_DW, 1, 10, -8), ALU64I(BPF_LSH, 1, 8), ALU64(BPF_OR, 6, 1)),
	  42 << 8 | 40 },
	{ "atomic fetch and with src r0",
	  BODY(ST(BPF_DW, 10, -8, 0xf0), MOV64I(0, 0x3c),
	       ATOMIC(BPF_DW, BPF_AND | BPF_FETCH, 10, -8, 0), LDX(BPF_DW, 6, 10, -8),
	       ALU64I(BPF_LSH, 6, 8), ALU64(BPF_OR, 6, 0)),
	  0x30f0 },
	{ "atomic fetch xor of 32 bits keeps r0",
	  BODY(MOV64I(0, 7), ST(BPF_DW, 10, -8, 0x0f), MOV64I(6, -1),
	       ATOMIC(BPF_W, BPF_XOR | BPF_FETCH, 10, -8, 6), ALU64I(BPF_LSH, 6, 4),
	       ALU64(BPF_OR, 6, 0)),
	  0xf7 },
	{ "xchg", BODY(ST(BPF_DW, 10, -8, 5), MOV64I(6, 9), ATOMIC(BPF_DW, BPF_XCHG, 10, -8, 6)),
	  5 },
	{ "cmpxchg that matches",
	  BODY(ST(BPF_DW, 10, -8, 5), MOV64I(0, 5), MOV64I(1, 6),
	       ATOMIC(BPF_DW, BPF_CMPXCHG, 10, -8, 1), LDX(BPF_DW, 6, 10, -8)),
	  6 },
	{ "cmpxchg32 zero-extends r0 when it matches",
	  BODY(ST(BPF_DW, 10, -8, 5), LD64(0, 0x100000005), MOV64I(1, 6),
	       ATOMIC(BPF_W, BPF_CMPXCHG, 10, -8, 1), MOV64(6, 0)),
	  5 },
	{ "load-acquire and store-release are moves of their width",
	  BODY(ST(BPF_DW, 10, -8, -1), MOV64I(1, 0x12345), ATOMIC(BPF_H, EBPF_STORE_REL, 10, -6, 1),
	       I(BPF_STX | BPF_ATOMIC | BPF_W, 6, 10, -8, EBPF_LOAD_ACQ)),
	  0x2345ffff },
	{ "jset", BODY(MOV64I(6, 1), MOV64I(1, 6), JMPI(BPF_JSET, 1, 4, 1), MOV64I(6, 0)), 1 },
	{ "jlt is unsigned, jslt signed",
	  BODY(MOV64I(6, 0), MOV64I(1, -1), JMPI(BPF_JLT, 1, 5, 1), ALU64I(BPF_ADD, 6, 1),
	       JMPI(BPF_JSLT, 1, 5, 1), ALU64I(BPF_ADD, 6, 2)),
	  1 },
	{ "jmp32 looks at the low half",
	  BODY(MOV64I(6, 1), LD64(1, 0x100000000), I(BPF_JMP32 | BPF_JEQ | BPF_K, 1, 0, 1, 0),
	       MOV64I(6, 0)),
	  1 },
	{ "ja of class JMP32 has its offset in imm",
	  BODY(MOV64I(6, 1), I(BPF_JMP32 | BPF_JA, 0, 0, 0, 1), MOV64I(6, 0)), 1 },
};

static size_t body_len(const struct bpf_insn *body, size_t max)
{
	static const struct bpf_insn none;

	while (max && !memcmp(&body[max - 1], &none, sizeof(none)))
		max--;
	return max;
}

static void each_class_by_hand(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(value_cases); i++) {
		const struct value_case *c = &value_cases[i];
		uint64_t got = result_of(c->body, body_len(c->body, ARRAY_SIZE(c->body)));

		if (got != c->want)
			fail_msg("%s: 0x%llx, want 0x%llx", c->name, (unsigned long long)got,
				 (unsigned long long)c->want);
	}
}

static void long_jumps_are_relaxed(void **state)
{
	struct bpf_insn body[MAX_INSNS - 8];
	size_t n = ARRAY_SIZE(body);

	(void)state;
	body[0] = (struct bpf_insn)MOV64I(6, 0);
	body[1] = (struct bpf_insn)MOV64I(1, 0);
	body[2] = (struct bpf_insn)JMPI(BPF_JEQ, 1, 1, (int16_t)(n - 3 - 3)); /* to the last ja */
	for (size_t i = 3; i + 2 < n; i++)
		body[i] = (struct bpf_insn)ALU64I(BPF_ADD, 6, 1000);
	body[n - 3] = (struct bpf_insn)JMPI(BPF_JNE, 1, 0, 1); /* 2nd round: leave */
	body[n - 2] = (struct bpf_insn)MOV64I(1, 1);
	body[n - 1] = (struct bpf_insn)JMPI(BPF_JLT, 6, 400000,
					    -(int16_t)(n - 2)); /* back over everything */
	body[n - 2] = (struct bpf_insn)ALU64I(BPF_ADD, 6, 1);
	assert_int_equal(result_of(body, n), (n - 6) * 1000 + 1);
}

/* ---- functions, callbacks ------------------------------------------------------------------- */

static void functions_keep_r6_to_r9(void **state)
{
	static const struct bpf_insn insns[] = {
		MOV64I(6, 6),
		MOV64I(7, 7),
		MOV64I(8, 8),
		MOV64I(9, 9),
		ST(BPF_DW, 10, -8, 100),
		MOV64I(1, 1),
		CALL_SUB(7),
		ALU64(BPF_ADD, 0, 6),
		ALU64(BPF_ADD, 0, 7),
		ALU64(BPF_ADD, 0, 8),
		ALU64(BPF_ADD, 0, 9),
		LDX(BPF_DW, 1, 10, -8),
		ALU64(BPF_ADD, 0, 1),
		EXIT(),
		/* callee: overwrites them all, has a stack of its own */
		MOV64I(6, -1),
		MOV64I(7, -1),
		MOV64I(8, -1),
		MOV64I(9, -1),
		ST(BPF_DW, 10, -8, 7),
		MOV64(0, 1),
		EXIT(),
	};
	struct host_fixture f;

	(void)state;
	fixture_open(&f, BPF_PROG_TYPE_XDP);
	assert_true(fixture_load(&f, insns, ARRAY_SIZE(insns), 14));
	assert_int_equal(fixture_run(&f, NULL, 0).verdict, 1 + 6 + 7 + 8 + 9 + 100);
	fixture_close(&f);
}

static void bpf_loop_calls_back(void **state)
{
	/* sums 0 + 1 + … into the caller's stack; the callback stops at index 4 */
	static const struct bpf_insn insns[] = {
		ST(BPF_DW, 10, -8, 0),
		MOV64I(1, 10),
		I(BPF_LD | BPF_IMM | BPF_DW, 2, EBPF_IMM_FUNC, 0, 9),
		I(0, 0, 0, 0, 0),
		MOV64(3, 10),
		ALU64I(BPF_ADD, 3, -8),
		MOV64I(4, 0),
		CALL(BPF_FUNC_loop),
		LDX(BPF_DW, 1, 10, -8),
		ALU64I(BPF_LSH, 0, 8),
		ALU64(BPF_OR, 0, 1),
		EXIT(),
		/* callback(index r1, context r2) */
		ATOMIC(BPF_DW, BPF_ADD, 2, 0, 1),
		MOV64I(0, 1),
		JMPI(BPF_JEQ, 1, 4, 1),
		MOV64I(0, 0),
		EXIT(),
	};
	struct host_fixture f;

	(void)state;
	fixture_open(&f, BPF_PROG_TYPE_XDP);
	assert_true(fixture_load(&f, insns, ARRAY_SIZE(insns), 12));
	assert_int_equal(fixture_run(&f, NULL, 0).verdict, 5 << 8 | (0 + 1 + 2 + 3 + 4));
	fixture_close(&f);
}

/* ---- what cannot run is refused, never guessed ------------------------------------------------ */

static void refusals_have_a_reason(void **state)
{
	static const struct {
		const char *name;
		struct bpf_insn insn[2];
		enum reason reason;
	} cases[] = {
		{ "register 11", { I(BPF_ALU64 | BPF_MOV | BPF_K, 11, 0, 0, 0) }, REASON_SIM_INSN },
		{ "jump out", { JA(100) }, REASON_SIM_INSN },
		{ "jump before", { JA(-5) }, REASON_SIM_INSN },
		{ "unknown alu", { I(BPF_ALU64 | 0xf0, 0, 0, 0, 0) }, REASON_SIM_INSN },
		{ "kfunc", { I(BPF_JMP | BPF_CALL, 0, EBPF_CALL_KFUNC, 0, 1) }, REASON_SIM_INSN },
		{ "call of no function", { CALL_SUB(0) }, REASON_SIM_INSN },
		{ "unknown helper", { CALL(9999) }, REASON_SIM_HELPER },
		{ "negative helper", { CALL(-1) }, REASON_SIM_HELPER },
		{ "tc helper in xdp", { CALL(BPF_FUNC_skb_store_bytes) }, REASON_SIM_HELPER },
		{ "map the object lacks", { LD_MAP(1, 3) }, REASON_SIM_INSN },
		{ "8-byte atomic op", { ATOMIC(BPF_DW, 0x77, 10, -8, 0) }, REASON_SIM_INSN },
		{ "1-byte atomic", { ATOMIC(BPF_B, BPF_ADD, 10, -8, 0) }, REASON_SIM_INSN },
		{ "swap of 8 bits", { I(BPF_ALU | BPF_END, 0, 0, 0, 8) }, REASON_SIM_INSN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bpf_insn insns[3] = { cases[i].insn[0], cases[i].insn[1], EXIT() };
		struct host_fixture f;

		if (!ebpf_is_ld_imm64(&insns[0]))
			insns[1] = (struct bpf_insn)MOV64I(0, 0);
		fixture_open(&f, BPF_PROG_TYPE_XDP);
		if (fixture_load(&f, insns, ARRAY_SIZE(insns), 0) || f.diags.errors != 1 ||
		    f.diags.list.at[0].reason != cases[i].reason)
			fail_msg("%s was not refused for its reason", cases[i].name);
		fixture_close(&f);
	}
}

static void every_opcode_byte_is_emitted_or_refused(void **state)
{
	(void)state;
	for (unsigned code = 0; code < 256; code++) {
		struct bpf_insn insns[] = { I((uint8_t)code, 1, 2, 0, 16), MOV64I(0, 0), EXIT() };
		struct host_fixture f;
		bool ok;

		fixture_open(&f, BPF_PROG_TYPE_XDP);
		ok = fixture_load(&f, insns, ARRAY_SIZE(insns), 0);
		if (ok != (f.diags.errors == 0))
			fail_msg("opcode 0x%02x: %d, but %u errors", code, ok, f.diags.errors);
		fixture_close(&f);
	}
}

/* ---- random programs ------------------------------------------------------------------------ */

#define REGS  10
#define STEPS 60

static uint64_t interesting(uint64_t *s)
{
	static const uint64_t edge[] = { 0,           1,          2,          0x7f,
					 0x80,        0xff,       0x7fff,     0x8000,
					 0xffff,      0x7fffffff, 0x80000000, 0xffffffff,
					 0x100000000, INT64_MAX,  MIN64,      UINT64_MAX };

	return sim_rng_below(s, 2) ? edge[sim_rng_below(s, ARRAY_SIZE(edge))] : sim_rng_next(s);
}

static struct bpf_insn random_alu(uint64_t *s)
{
	static const uint8_t ops[] = { BPF_ADD, BPF_SUB, BPF_MUL,  BPF_DIV, BPF_OR,
				       BPF_AND, BPF_LSH, BPF_RSH,  BPF_NEG, BPF_MOD,
				       BPF_XOR, BPF_MOV, BPF_ARSH, BPF_END };
	uint8_t op = ops[sim_rng_below(s, ARRAY_SIZE(ops))];
	uint8_t class = sim_rng_below(s, 2) ? BPF_ALU64 : BPF_ALU;
	bool reg = sim_rng_below(s, 2);
	struct bpf_insn i = I((uint8_t)(class | op | (reg ? BPF_X : BPF_K)),
			      (uint8_t)sim_rng_below(s, REGS), 0, 0, 0);

	if (op == BPF_NEG) {
		i.code = class | BPF_NEG;
		return i;
	}
	if (op == BPF_END) {
		i.code = (uint8_t)(BPF_END | class | (class == BPF_ALU && reg ? BPF_TO_BE : 0));
		i.imm = 16 << sim_rng_below(s, 3);
		return i;
	}
	if (reg)
		i.src_reg = sim_rng_below(s, REGS) & 0xfu;
	else
		i.imm = (int32_t)interesting(s);
	if (!reg && (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH))
		i.imm &= class == BPF_ALU64 ? 63 : 31;
	if ((op == BPF_DIV || op == BPF_MOD) && sim_rng_below(s, 2))
		i.off = 1; /* signed */
	if (!reg && (op == BPF_DIV || op == BPF_MOD) && !i.imm)
		i.imm = 3;
	if (op == BPF_MOV && reg && sim_rng_below(s, 2))
		i.off = (int16_t)(8 << sim_rng_below(s, class == BPF_ALU64 ? 3 : 2));
	return i;
}

static struct bpf_insn random_jump(uint64_t *s, int16_t max_off)
{
	static const uint8_t ops[] = { BPF_JEQ,  BPF_JNE,  BPF_JGT,  BPF_JGE,  BPF_JLT, BPF_JLE,
				       BPF_JSET, BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE };
	bool reg = sim_rng_below(s, 2);
	uint8_t class = sim_rng_below(s, 2) ? BPF_JMP : BPF_JMP32;

	return (struct bpf_insn)I(
		(uint8_t)(class | ops[sim_rng_below(s, ARRAY_SIZE(ops))] | (reg ? BPF_X : BPF_K)),
		(uint8_t)sim_rng_below(s, REGS), reg ? (uint8_t)sim_rng_below(s, REGS) & 0xf : 0,
		(int16_t)sim_rng_below(s, (uint32_t)max_off + 1),
		reg ? 0 : (int32_t)interesting(s));
}

/* XDP program: R0..R9 get seeded constants, random steps, then all ten go into the packet. */
static size_t random_program(uint64_t seed, struct bpf_insn *p)
{
	uint64_t s = seed;
	size_t n = 0;

	p[n++] = (struct bpf_insn)LDX(BPF_W, 2, 1, 0);
	p[n++] = (struct bpf_insn)LDX(BPF_W, 3, 1, 4);
	p[n++] = (struct bpf_insn)MOV64(4, 2);
	p[n++] = (struct bpf_insn)ALU64I(BPF_ADD, 4, 8 * REGS);
	p[n++] = (struct bpf_insn)JMP(BPF_JLE, 4, 3, 2);
	p[n++] = (struct bpf_insn)MOV64I(0, 0);
	p[n++] = (struct bpf_insn)EXIT();
	p[n++] = (struct bpf_insn)STX(BPF_DW, 10, -8, 2);
	for (uint8_t r = 0; r < REGS; r++) {
		uint64_t v = interesting(&s);
		struct bpf_insn pair[] = { LD64(r, v) };

		p[n++] = pair[0];
		p[n++] = pair[1];
	}
	for (unsigned step = 0; step < STEPS; step++)
		p[n++] = step % 6 == 5 && step + 4 < STEPS ? random_jump(&s, 3) : random_alu(&s);
	for (uint8_t r = 0; r < REGS; r++)
		p[n++] = (struct bpf_insn)STX(BPF_DW, 10, (int16_t)(-16 - 8 * r), r);
	p[n++] = (struct bpf_insn)LDX(BPF_DW, 2, 10, -8);
	for (uint8_t r = 0; r < REGS; r++) {
		p[n++] = (struct bpf_insn)LDX(BPF_DW, 0, 10, (int16_t)(-16 - 8 * r));
		p[n++] = (struct bpf_insn)STX(BPF_DW, 2, (int16_t)(8 * r), 0);
	}
	p[n++] = (struct bpf_insn)MOV64I(0, XDP_PASS);
	p[n++] = (struct bpf_insn)EXIT();
	return n;
}

static void run_on_host(const struct bpf_insn *p, size_t n, uint8_t out[8 * REGS])
{
	static const uint8_t blank[128];
	struct host_fixture f;
	struct sim_host_run run;

	fixture_open(&f, BPF_PROG_TYPE_XDP);
	assert_true(fixture_load(&f, p, n, 0));
	run = fixture_run(&f, blank, sizeof(blank));
	assert_null(run.fault);
	assert_int_equal(run.verdict, XDP_PASS);
	memcpy(out, run.packet, 8 * REGS);
	fixture_close(&f);
}

/* ---- the model ------------------------------------------------------------------------------ */

static uint64_t model_divide(uint64_t a, uint64_t b, bool is64, bool is_signed, bool is_mod)
{
	int64_t sa = is64 ? (int64_t)a : (int32_t)a, sb = is64 ? (int64_t)b : (int32_t)b;

	if (!b)
		return is_mod ? a : 0;
	if (!is_signed)
		return is_mod ? a % b : a / b;
	if (sb == -1)
		return is_mod ? 0 : -(uint64_t)sa;
	return (uint64_t)(is_mod ? sa % sb : sa / sb);
}

static uint64_t model_swap(const struct bpf_insn *i, uint64_t v)
{
	bool swap = ebpf_class(i) == BPF_ALU64 || (i->code & BPF_TO_BE);

	switch (i->imm) {
	case 16: return swap ? __builtin_bswap16((uint16_t)v) : (uint16_t)v;
	case 32: return swap ? __builtin_bswap32((uint32_t)v) : (uint32_t)v;
	default: return swap ? __builtin_bswap64(v) : v;
	}
}

static uint64_t sign_extend(uint64_t v, unsigned bits)
{
	uint64_t top = UINT64_C(1) << (bits - 1);

	v &= bits_mask(bits);
	return (v ^ top) - top;
}

static uint64_t model_alu(const struct bpf_insn *i, uint64_t a, uint64_t b)
{
	bool is64 = ebpf_class(i) == BPF_ALU64;
	unsigned bits = is64 ? 64 : 32;
	uint64_t v;

	if (ebpf_op(i) == BPF_END)
		return model_swap(i, a);
	a &= bits_mask(bits);
	b &= bits_mask(bits);
	switch (ebpf_op(i)) {
	case BPF_ADD: v = a + b; break;
	case BPF_SUB: v = a - b; break;
	case BPF_MUL: v = a * b; break;
	case BPF_OR: v = a | b; break;
	case BPF_AND: v = a & b; break;
	case BPF_XOR: v = a ^ b; break;
	case BPF_NEG: v = -a; break;
	case BPF_MOV: v = i->off ? sign_extend(b, (unsigned)i->off) : b; break;
	case BPF_LSH: v = a << (b & (bits - 1)); break;
	case BPF_RSH: v = a >> (b & (bits - 1)); break;
	case BPF_ARSH: v = (uint64_t)((int64_t)sign_extend(a, bits) >> (b & (bits - 1))); break;
	case BPF_DIV: v = model_divide(a, b, is64, i->off == 1, false); break;
	default: v = model_divide(a, b, is64, i->off == 1, true); break;
	}
	return v & bits_mask(bits);
}

static bool model_jump(const struct bpf_insn *i, uint64_t a, uint64_t b)
{
	unsigned bits = ebpf_class(i) == BPF_JMP ? 64 : 32;
	int64_t sa = (int64_t)sign_extend(a, bits), sb = (int64_t)sign_extend(b, bits);

	a &= bits_mask(bits);
	b &= bits_mask(bits);
	switch (ebpf_op(i)) {
	case BPF_JEQ: return a == b;
	case BPF_JNE: return a != b;
	case BPF_JGT: return a > b;
	case BPF_JGE: return a >= b;
	case BPF_JLT: return a < b;
	case BPF_JLE: return a <= b;
	case BPF_JSET: return a & b;
	case BPF_JSGT: return sa > sb;
	case BPF_JSGE: return sa >= sb;
	case BPF_JSLT: return sa < sb;
	default: return sa <= sb;
	}
}

/* Walks constants, arithmetic and jumps of a random_program(); its frame is left out. */
static void run_model(const struct bpf_insn *p, uint8_t out[8 * REGS])
{
	uint64_t r[REGS] = { 0 };
	size_t pc = 8;

	while (!(p[pc].code == (BPF_STX | BPF_MEM | BPF_DW))) {
		const struct bpf_insn *i = &p[pc];
		uint64_t b = ebpf_src_is_reg(i) ? r[i->src_reg] : (uint64_t)(int64_t)i->imm;

		pc++;
		if (ebpf_is_ld_imm64(i))
			r[i->dst_reg] = (uint32_t)i->imm | (uint64_t)(uint32_t)p[pc++].imm << 32;
		else if (ebpf_is_alu(i))
			r[i->dst_reg] = model_alu(i, r[i->dst_reg], b);
		else if (model_jump(i, r[i->dst_reg], b))
			pc += (size_t)i->off;
	}
	for (size_t n = 0; n < REGS; n++)
		store_le64(out + 8 * n, r[n]);
}

static void assert_same_registers(uint64_t seed, const uint8_t *got, const uint8_t *want)
{
	for (unsigned r = 0; r < REGS; r++) {
		if (load_le64(got + 8 * r) != load_le64(want + 8 * r))
			fail_msg("seed %llu: r%u is 0x%llx, want 0x%llx", (unsigned long long)seed,
				 r, (unsigned long long)load_le64(got + 8 * r),
				 (unsigned long long)load_le64(want + 8 * r));
	}
}

static void random_programs_against_a_model(void **state)
{
	struct bpf_insn p[MAX_INSNS];
	uint8_t got[8 * REGS], want[8 * REGS];

	(void)state;
	for (uint64_t seed = 0; seed < 400; seed++) {
		size_t n = random_program(seed, p);

		run_on_host(p, n, got);
		run_model(p, want);
		assert_same_registers(seed, got, want);
	}
}

/* ---- the kernel ----------------------------------------------------------------------------- */

static void random_programs_against_the_kernel(void **state)
{
	struct bpf_insn p[MAX_INSNS];
	uint8_t got[8 * REGS];
	unsigned ran = 0;

	(void)state;
	skip_without_bpf();
	for (uint64_t seed = 1000; seed < 1200; seed++) {
		uint8_t in[128] = { 0 };
		struct kernel_run k;
		size_t n = random_program(seed, p);

		if (!run_in_kernel(BPF_PROG_TYPE_XDP, p, n, in, sizeof(in), &k))
			continue; /* ISA newer than this kernel */
		assert_int_equal(k.verdict, XDP_PASS);
		run_on_host(p, n, got);
		assert_same_registers(seed, got, k.packet);
		ran++;
	}
	print_message("%u random programs agree with the kernel\n", ran);
	assert_true(ran > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_class_by_hand),
		cmocka_unit_test(long_jumps_are_relaxed),
		cmocka_unit_test(functions_keep_r6_to_r9),
		cmocka_unit_test(bpf_loop_calls_back),
		cmocka_unit_test(refusals_have_a_reason),
		cmocka_unit_test(every_opcode_byte_is_emitted_or_refused),
		cmocka_unit_test(random_programs_against_a_model),
		cmocka_unit_test(random_programs_against_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
