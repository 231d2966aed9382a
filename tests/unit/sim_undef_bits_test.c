/* SPDX-License-Identifier: BSD-2-Clause
 * Undefined bits through each operation, against the meaning: the instruction is executed by the interpreter for every
 * choice of the undefined bits. A result bit that varies must be marked; where the rule is exact no other one may be. */
#include "sim/host/unwritten/undef_bits.h"

#include "base/bits.h"
#include "sim/interp.h"
#include "sim/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* after what it needs */
#include <cmocka.h>

#define CHOICES 6u /* undefined bits, of both operands together */
#define ROUNDS  400u

static void *no_memory(void *priv, uint64_t addr, uint32_t size, bool write)
{
	(void)priv, (void)addr, (void)size, (void)write;
	return NULL;
}

/* R0 after `insn`, with R1 = a, R2 = b, and `taken` behind a jump over one instruction. */
static uint64_t execute(const struct bpf_insn *insn, uint64_t a, uint64_t b)
{
	bool jump = ebpf_is_cond_jump(insn);
	struct bpf_insn code[] = {
		{ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 1, .imm = (int32_t)a },
		{ .imm = (int32_t)(a >> 32) },
		{ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 2, .imm = (int32_t)b },
		{ .imm = (int32_t)(b >> 32) },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 },
		*insn,
		{ .code = BPF_ALU64 | BPF_MOV | (jump ? BPF_K : BPF_X),
		  .src_reg = jump ? 0 : 1,
		  .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct fe_prog prog = { .name = "bits", .insns = code, .n_insns = ARRAY_SIZE(code) };
	struct sim_interp_env env = { .memory = no_memory };
	struct sim_interp_result res;

	sim_interp_run(&env, &prog, 0, &res);
	assert_null(res.fault);
	return res.r0;
}

/* The bits of `choice`, spread over those of `mask`. */
static uint64_t spread(uint64_t mask, uint64_t choice)
{
	uint64_t v = 0;

	for (unsigned i = 0; mask; mask &= mask - 1, i++)
		v |= (choice >> i & 1) << __builtin_ctzll(mask);
	return v;
}

/* Bits of the result that some choice of undefined bits changes. */
static uint64_t varying(const struct bpf_insn *insn, struct sim_bits a, struct sim_bits b)
{
	unsigned n = (unsigned)__builtin_popcountll(a.undef),
		 m = (unsigned)__builtin_popcountll(b.undef);
	bool same = ebpf_src_is_reg(insn) && insn->src_reg == insn->dst_reg;
	uint64_t zeroes = 0, ones = 0;

	for (uint64_t choice = 0; choice < UINT64_C(1) << (n + m); choice++) {
		uint64_t x = (a.value & ~a.undef) | spread(a.undef, choice);
		uint64_t y = (b.value & ~b.undef) | spread(b.undef, choice >> n);
		uint64_t r = execute(insn, x, same ? x : y);

		zeroes |= ~r;
		ones |= r;
	}
	return zeroes & ones;
}

static struct sim_bits random_bits(uint64_t *rng, unsigned undefined)
{
	struct sim_bits x = { sim_rng_next(rng), 0 };

	if (sim_rng_below(rng, 2))
		x.value &= 0xff; /* small numbers meet more often */
	while (undefined--)
		x.undef |= UINT64_C(1) << sim_rng_below(rng, sim_rng_below(rng, 2) ? 64 : 9);
	return x;
}

static void check(const struct bpf_insn *insn, bool exact, uint64_t *rng)
{
	unsigned n = sim_rng_below(rng, CHOICES + 1);
	struct sim_bits a = random_bits(rng, n), b = random_bits(rng, CHOICES - n);
	uint64_t really, said;

	if (!ebpf_src_is_reg(insn))
		b = (struct sim_bits){ (uint64_t)(int64_t)insn->imm, 0 };
	else if (insn->src_reg == insn->dst_reg)
		b = a;
	really = ebpf_src_is_reg(insn) && insn->src_reg == insn->dst_reg
			 ? varying(insn, a, (struct sim_bits){ 0, 0 })
			 : varying(insn, a, b);
	if (ebpf_is_cond_jump(insn)) {
		/* what seems to decide need not, where it takes both operands' bits together */
		if (really)
			assert_true(sim_undef_decides(insn, a, b));
		return;
	}
	said = sim_undef_alu(insn, a, b);
	assert_int_equal(really & ~said, 0);
	if (exact)
		assert_int_equal(said, really);
}

static void check_all_forms(uint8_t op, bool jump, bool exact)
{
	uint64_t rng = sim_rng_fork(7, jump ? op + 256u : op);

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint8_t cls = jump ? (i & 1 ? BPF_JMP : BPF_JMP32) : (i & 1 ? BPF_ALU64 : BPF_ALU);
		struct bpf_insn insn = { .code = cls | op, .dst_reg = 1 };

		if (i & 2) {
			insn.code |= BPF_X;
			insn.src_reg = i % 16 == 3 ? 1 : 2;
		} else if (op != BPF_NEG || jump) {
			insn.imm = (int32_t)sim_rng_below(&rng, 300);
		}
		if (!jump && (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH) && !(i & 2))
			insn.imm &= i & 1 ? 63 : 31;
		if (jump)
			insn.off = 1;
		if (op == BPF_NEG && !jump)
			insn.code = cls | op, insn.src_reg = 0;
		check(&insn,
		      exact && !(i & 2 && (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH)),
		      &rng);
	}
}

static void each_bit_that_varies_is_marked(void **state)
{
	static const struct {
		uint8_t op;
		bool exact;
	} rows[] = {
		{ BPF_MOV, true },  { BPF_AND, false }, { BPF_OR, false },  { BPF_XOR, true },
		{ BPF_ADD, false }, { BPF_SUB, false }, { BPF_MUL, false }, { BPF_NEG, false },
		{ BPF_LSH, true },  { BPF_RSH, true },  { BPF_ARSH, true }, { BPF_DIV, false },
		{ BPF_MOD, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_all_forms(rows[i].op, false, rows[i].exact);
}

static void logic_on_different_operands_is_exact(void **state)
{
	uint64_t rng = 3;

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct bpf_insn insn = { .code = BPF_ALU64 | BPF_X | (i & 1 ? BPF_AND : BPF_OR),
					 .dst_reg = 1,
					 .src_reg = 2 };

		check(&insn, true, &rng);
	}
}

static void each_jump_that_varies_is_marked(void **state)
{
	static const uint8_t ops[] = { BPF_JEQ,  BPF_JNE,  BPF_JGT,  BPF_JGE,  BPF_JLT, BPF_JLE,
				       BPF_JSET, BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		check_all_forms(ops[i], true, false);
}

static void byte_order_moves_marks(void **state)
{
	static const int32_t widths[] = { 16, 32, 64 };
	uint64_t rng = 5;

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct bpf_insn insn = { .code = BPF_END | (i & 1 ? BPF_ALU64 : BPF_ALU),
					 .dst_reg = 1,
					 .imm = widths[i % 3] };

		if (!(i & 1) && i & 2)
			insn.code |= BPF_TO_BE;
		check(&insn, true, &rng);
	}
}

static void known_bits_decide(void **state)
{
	static const struct {
		uint8_t op;
		struct sim_bits a;
		int32_t b;
		bool decides;
	} rows[] = {
		{ BPF_JEQ, { 0x100, 0xff }, 5, false }, /* bit 8 is set for sure */
		{ BPF_JEQ, { 0x000, 0xff }, 5, true },
		{ BPF_JGT, { 0x100, 0xff }, 0xff, false },
		{ BPF_JGT, { 0x100, 0xff }, 0x1fe, true },
		{ BPF_JSET, { 0x101, 0xf0 }, 1, false },
		{ BPF_JSET, { 0x101, 0xf0 }, 0x10, true },
		{ BPF_JSLT, { 0, UINT64_C(1) << 63 }, 0, true },
		{ BPF_JSLT, { 0, 0xff }, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct bpf_insn insn = { .code = BPF_JMP | BPF_K | rows[i].op,
					 .dst_reg = 1,
					 .off = 1,
					 .imm = rows[i].b };
		struct sim_bits b = { (uint64_t)(int64_t)rows[i].b, 0 };

		assert_int_equal(sim_undef_decides(&insn, rows[i].a, b), rows[i].decides);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_bit_that_varies_is_marked),
		cmocka_unit_test(logic_on_different_operands_is_exact),
		cmocka_unit_test(each_jump_that_varies_is_marked),
		cmocka_unit_test(byte_order_moves_marks),
		cmocka_unit_test(known_bits_decide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
