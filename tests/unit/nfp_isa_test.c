/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/nfp_random_insn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- decode(encode(x)) is x ---- */

#define SAME(member) assert_int_equal(a->member, b->member)

static void same_opnd(const struct nfp_isa_opnd *a, const struct nfp_isa_opnd *b)
{
	SAME(kind);
	SAME(n);
	SAME(off);
	SAME(post);
}

static void same_mods(const struct nfp_isa_mods *a, const struct nfp_isa_mods *b)
{
	SAME(wr_both);
	SAME(no_cc);
	SAME(pred_cc);
}

static void same_shift(const struct nfp_isa_shift *a, const struct nfp_isa_shift *b)
{
	SAME(sc);
	SAME(amount);
	SAME(indirect);
}

/* The two parts of a 32-bit address may change places. */
static void same_cmd(const struct nfp_isa_cmd *a, const struct nfp_isa_cmd *b)
{
	bool swapped = !a->addr40 && a->base.kind != b->base.kind;

	SAME(op);
	SAME(addr40);
	SAME(xfer);
	SAME(count);
	SAME(sig);
	SAME(swap);
	SAME(indirect);
	same_opnd(&a->base, swapped ? &b->off : &b->base);
	same_opnd(&a->off, swapped ? &b->base : &b->off);
}

static void same_alu_like(const struct nfp_insn *a, const struct nfp_insn *b)
{
	switch (a->class) {
	case NFP_ISA_ALU:
		SAME(alu.op);
		same_opnd(&a->alu.dst, &b->alu.dst);
		same_opnd(&a->alu.left, &b->alu.left);
		same_opnd(&a->alu.right, &b->alu.right);
		same_mods(&a->alu.mods, &b->alu.mods);
		break;
	case NFP_ISA_ALU_SHF:
		SAME(shf.op);
		same_opnd(&a->shf.dst, &b->shf.dst);
		same_opnd(&a->shf.left, &b->shf.left);
		same_opnd(&a->shf.right, &b->shf.right);
		same_shift(&a->shf.shift, &b->shf.shift);
		same_mods(&a->shf.mods, &b->shf.mods);
		break;
	case NFP_ISA_IMMED:
		SAME(immed.value);
		SAME(immed.width);
		SAME(immed.shift_bytes);
		SAME(immed.invert);
		same_opnd(&a->immed.dst, &b->immed.dst);
		same_mods(&a->immed.mods, &b->immed.mods);
		break;
	case NFP_ISA_LD_FIELD:
		SAME(ld_field.byte_mask);
		SAME(ld_field.clear);
		SAME(ld_field.load_cc);
		same_opnd(&a->ld_field.dst, &b->ld_field.dst);
		same_opnd(&a->ld_field.src, &b->ld_field.src);
		same_shift(&a->ld_field.shift, &b->ld_field.shift);
		same_mods(&a->ld_field.mods, &b->ld_field.mods);
		break;
	default:
		SAME(mul.step);
		SAME(mul.type);
		same_opnd(&a->mul.dst, &b->mul.dst);
		same_opnd(&a->mul.left, &b->mul.left);
		same_opnd(&a->mul.right, &b->mul.right);
		same_mods(&a->mul.mods, &b->mul.mods);
		break;
	}
}

static void same_branch(const struct nfp_insn *a, const struct nfp_insn *b)
{
	switch (a->class) {
	case NFP_ISA_BRANCH:
		SAME(br.cc);
		SAME(br.number);
		SAME(br.addr);
		SAME(br.defer);
		break;
	case NFP_ISA_BR_BIT:
		SAME(br_bit.bit);
		SAME(br_bit.set);
		SAME(br_bit.addr);
		SAME(br_bit.defer);
		same_opnd(&a->br_bit.reg, &b->br_bit.reg);
		break;
	case NFP_ISA_BR_BYTE:
		SAME(br_byte.byte);
		SAME(br_byte.value);
		SAME(br_byte.equal);
		SAME(br_byte.addr);
		SAME(br_byte.defer);
		same_opnd(&a->br_byte.reg, &b->br_byte.reg);
		break;
	case NFP_ISA_JUMP:
		SAME(jump.imm);
		SAME(jump.defer);
		same_opnd(&a->jump.reg, &b->jump.reg);
		break;
	default:
		SAME(ctx_arb.events);
		SAME(ctx_arb.any);
		SAME(ctx_arb.bpt);
		SAME(ctx_arb.no_load);
		SAME(ctx_arb.branch);
		SAME(ctx_arb.addr);
		SAME(ctx_arb.defer);
		break;
	}
}

static void same_insn(const struct nfp_insn *a, const struct nfp_insn *b)
{
	SAME(class);
	switch (a->class) {
	case NFP_ISA_CMD: same_cmd(&a->cmd, &b->cmd); break;
	case NFP_ISA_LOCAL_CSR:
		SAME(csr.csr);
		SAME(csr.write);
		same_opnd(&a->csr.src, &b->csr.src);
		break;
	case NFP_ISA_ALU:
	case NFP_ISA_ALU_SHF:
	case NFP_ISA_IMMED:
	case NFP_ISA_LD_FIELD:
	case NFP_ISA_MUL: same_alu_like(a, b); break;
	default: same_branch(a, b); break;
	}
}

static void random_round_trips(void **state)
{
	struct rnd r = { 1 };

	(void)state;
	for (unsigned class = 0; class < NFP_ISA_CLASS_COUNT; class ++) {
		for (unsigned n = 0; n < 3000; n++) {
			struct nfp_insn x = rnd_insn(&r, class), y;
			uint64_t word = nfp_encode(&x);

			assert_true(word <= NFP_OP_MASK);
			assert_true(nfp_decode(word, &y));
			same_insn(&x, &y);
			assert_true(nfp_encodable(&y, NULL));
			assert_true(nfp_encode(&y) == word);
		}
	}
}

/* Any word: decoding answers, and what it accepts it can be asked about. */
static void random_words(void **state)
{
	struct rnd r = { 2 };
	unsigned accepted = 0;

	(void)state;
	for (unsigned n = 0; n < 200000; n++) {
		uint64_t word = (uint64_t)rnd_u32(&r) << 32 | rnd_u32(&r);
		struct nfp_insn x, y;

		if (!nfp_decode(word, &x))
			continue;
		accepted++;
		nfp_max_defer(&x);
		if (!nfp_encodable(&x, NULL))
			continue;
		assert_true(nfp_decode(nfp_encode(&x), &y));
		same_insn(&x, &y);
	}
	assert_true(accepted > 1000);
}

/* ---- operand placement ---- */

static struct nfp_insn alu(struct nfp_isa_opnd dst, struct nfp_isa_opnd left, enum nfp_alu_op op,
			   struct nfp_isa_opnd right)
{
	return (struct nfp_insn){ .class = NFP_ISA_ALU,
				  .alu = { .op = op, .dst = dst, .left = left, .right = right } };
}

/* Words of nfp.md 10: a register that is in both banks is read where there is room. */
static void registers_in_both_banks(void **state)
{
	struct nfp_insn x = alu(nfp_r_gpr_both(6), NFP_R_NOTHING, NFP_ALU_B, nfp_r_gpr_both(8)), y;

	(void)state;
	assert_true(nfp_encode(&x) == UINT64_C(0x02a000602000));

	x = alu(nfp_r_gpr_both(7), nfp_r_gpr_both(7), NFP_ALU_ADDC, nfp_r_gpr_both(9));
	assert_true(nfp_encode(&x) == UINT64_C(0x02a880702407));

	/* right in bank A: left moves to field B and reads its B copy */
	x = alu(nfp_r_gpr_a(1), nfp_r_gpr_both(2), NFP_ALU_SUB, nfp_r_gpr_a(3));
	assert_true(nfp_decode(nfp_encode(&x), &y));
	assert_int_equal(y.alu.left.kind, NFP_R_GPR_B);
	assert_int_equal(y.alu.left.n, 2);
	assert_int_equal(y.alu.right.kind, NFP_R_GPR_A);
	assert_int_equal(y.alu.right.n, 3);
	assert_false(y.alu.mods.wr_both);
}

static void swapped_operands_keep_their_meaning(void **state)
{
	struct nfp_insn x = alu(nfp_r_gpr_b(1), nfp_r_gpr_b(2), NFP_ALU_SUB, nfp_r_gpr_a(3)), y;
	uint64_t word = nfp_encode(&x);

	(void)state;
	assert_int_equal(word >> 30 & 1, 1); /* SW */
	assert_int_equal(word & 0x3ff, 3);
	assert_int_equal(word >> 10 & 0x3ff, 2);
	assert_true(nfp_decode(word, &y));
	same_insn(&x, &y);
}

static void forty_bit_addresses_take_either_bank(void **state)
{
	struct nfp_insn x = { .class = NFP_ISA_CMD,
			      .cmd = { .op = NFP_MEM_READ32_SWAP,
				       .addr40 = true,
				       .base = nfp_r_gpr_b(21),
				       .off = nfp_r_gpr_a(21),
				       .count = 2,
				       .sig = 1 } };

	(void)state;
	assert_true(nfp_encode(&x) == UINT64_C(0x045c12085415)); /* nfp.md 10 */
	x.cmd.base = nfp_r_gpr_a(21);
	x.cmd.off = nfp_r_gpr_b(21);
	assert_int_equal(nfp_encode(&x) >> 42, 0); /* mode 0: A is the high part */
	x.cmd.base = x.cmd.off = nfp_r_gpr_both(21);
	assert_true(nfp_encode(&x) == UINT64_C(0x045c12085415));
}

/* ---- what must not be encoded ---- */

static const struct {
	struct nfp_insn insn;
	const char *why;
} refused[] = {
#define A(n)                                                                                       \
	{                                                                                          \
		.kind = NFP_R_GPR_A, n                                                             \
	}
#define B(n)                                                                                       \
	{                                                                                          \
		.kind = NFP_R_GPR_B, n                                                             \
	}
#define CONST(v)                                                                                   \
	{                                                                                          \
		.kind = NFP_R_CONST, v                                                             \
	}
#define XFER(v)                                                                                    \
	{                                                                                          \
		.kind = NFP_R_XFER, v                                                              \
	}
#define LM(p, k)                                                                                   \
	{                                                                                          \
		.kind = NFP_R_LM, p, k                                                             \
	}
#define ALU(...)                                                                                   \
	{                                                                                          \
		.class = NFP_ISA_ALU, .alu = { __VA_ARGS__ }                                       \
	}
#define SHF(...)                                                                                   \
	{                                                                                          \
		.class = NFP_ISA_ALU_SHF, .shf = { __VA_ARGS__ }                                   \
	}
#define LDF(...)                                                                                   \
	{                                                                                          \
		.class = NFP_ISA_LD_FIELD, .ld_field = { __VA_ARGS__ }                             \
	}
#define IMM(...)                                                                                   \
	{                                                                                          \
		.class = NFP_ISA_IMMED, .immed = { __VA_ARGS__ }                                   \
	}
#define BR(...)                                                                                    \
	{                                                                                          \
		.class = NFP_ISA_BRANCH, .br = { __VA_ARGS__ }                                     \
	}
#define CMD(...)                                                                                   \
	{                                                                                          \
		.class = NFP_ISA_CMD, .cmd = { __VA_ARGS__ }                                       \
	}
#define MUL(...)                                                                                   \
	{                                                                                          \
		.class = NFP_ISA_MUL, .mul = { __VA_ARGS__ }                                       \
	}
	{ ALU(.op = NFP_ALU_ADD, .left = A(1), .right = A(2)), "both sources in one bank" },
	{ ALU(.op = NFP_ALU_ADD, .left = B(1), .right = B(1)), "both sources in one bank" },
	{ ALU(.op = NFP_ALU_ADD, .left = XFER(1), .right = XFER(2)), "both sources of one kind" },
	{ ALU(.op = NFP_ALU_ADD, .left = LM(0, 1), .right = LM(1, 1)), "both sources of one kind" },
	{ ALU(.op = NFP_ALU_ADD, .left = CONST(1), .right = CONST(1)), "both sources of one kind" },
	{ ALU(.op = NFP_ALU_ADD, .right = A(2)), "left operand missing" },
	{ ALU(.op = NFP_ALU_ADD, .left = A(2)), "right operand missing" },
	{ ALU(.op = NFP_ALU_B, .left = A(1), .right = B(2)), "takes no left operand" },
	{ ALU(.op = 2, .left = A(1), .right = B(2)), "no such alu operation" },
	{ ALU(.op = NFP_ALU_B, .right = A(32)), "no such register" },
	{ ALU(.op = NFP_ALU_B, .right = CONST(256)), "constant too large" },
	{ ALU(.op = NFP_ALU_B, .right = LM(0, 16)), "offset out of reach" },
	{ ALU(.op = NFP_ALU_B, .right = LM(4, 0)), "no such local-memory pointer" },
	{ ALU(.op = NFP_ALU_B, .dst = CONST(1), .right = A(2)), "constant as destination" },
	{ SHF(.op = NFP_SHF_B, .right = LM(0, 8)), "offset out of reach" },
	{ SHF(.op = NFP_SHF_B, .right = A(1), .shift = { NFP_SC_RIGHT, 0, false }),
	  "taken for an indirect one" },
	{ SHF(.op = NFP_SHF_B, .right = A(1), .shift = { NFP_SC_LEFT, 32, false }),
	  "out of range" },
	{ SHF(.op = NFP_SHF_B, .right = A(1), .shift = { NFP_SC_ROT, 0, true }), "no rotation" },
	{ SHF(.op = NFP_SHF_OR, .left = A(1), .right = B(1), .shift = { NFP_SC_DBL, 3, false }),
	  "dbl_shf takes no operation" },
	{ SHF(.op = NFP_SHF_ASR, .right = B(1), .shift = { NFP_SC_LEFT, 3, false }),
	  "asr shifts right" },
	{ LDF(.dst = A(1), .src = A(2), .byte_mask = 1), "both sources in one bank" },
	{ LDF(.dst = A(1), .src = B(2)), "byte mask" },
	{ LDF(.src = B(2), .byte_mask = 1), "needs both operands" },
	{ IMM(.dst = A(1), .shift_bytes = 3), "0 to 2 bytes" },
	{ IMM(.dst = A(1), .width = NFP_WIDTH_HALF, .shift_bytes = 1), "no such half-word" },
	{ IMM(.dst = A(1), .width = NFP_WIDTH_BYTE, .value = 256), "takes a byte" },
	{ IMM(.dst = A(1), .mods = { .no_cc = true }), "no no_cc" },
	{ IMM(.dst = XFER(1), .mods = { .wr_both = true }), "in both banks" },
	{ LDF(.dst = LM(0, 1), .src = B(2), .byte_mask = 1, .mods = { .wr_both = true }),
	  "in both banks" },
	{ BR(.cc = NFP_CC_ALWAYS, .defer = 3), "too many deferred" },
	{ BR(.cc = NFP_CC_EQ, .addr = 1 << 14), "outside the code store" },
	{ BR(.cc = 0x0c), "no such branch condition" },
	{ CMD(.op = NFP_MEM_READ32, .base = A(1), .off = A(2), .count = 1), "one bank" },
	{ CMD(.op = NFP_MEM_READ32, .base = A(1), .off = XFER(2), .count = 1), "for field B" },
	{ CMD(.op = NFP_MEM_READ32, .base = A(1), .off = CONST(128), .count = 1), "too large" },
	{ CMD(.op = NFP_MEM_READ32, .base = LM(2, 0), .off = B(1), .count = 1), "LM0 and LM1" },
	{ CMD(.op = NFP_MEM_READ32, .base = A(1), .off = B(1), .count = 9), "out of range" },
	{ CMD(.op = NFP_MEM_ADD, .base = A(1), .off = B(1), .count = 5), "another command" },
	{ CMD(.op = NFP_MEM_ADD64, .base = A(1), .off = B(1), .count = 1), "another command" },
	{ MUL(.step = NFP_STEP_3, .type = NFP_MUL_16X16, .left = A(1), .right = B(1)),
	  "does not have" },
	{ MUL(.step = NFP_STEP_LAST, .type = NFP_MUL_16X16, .dst = A(1), .right = B(1)),
	  "takes no sources" },
	{ MUL(.step = NFP_STEP_1, .type = NFP_MUL_16X16, .dst = A(1), .left = A(1), .right = B(1)),
	  "write a result" },
	{ { .class = NFP_ISA_CLASS_COUNT }, "no such instruction class" },
};

static void rules_are_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		const char *why = NULL;

		if (nfp_encodable(&refused[i].insn, &why) || !strstr(why, refused[i].why))
			fail_msg("case %zu: %s, not %s", i, why ? why : "accepted", refused[i].why);
	}
}

/* ---- constants, defer slots, fields that relocation fills ---- */

static uint32_t value_of(const struct nfp_isa_immed *i)
{
	uint32_t v = (uint32_t)i->value << 8 * i->shift_bytes;

	return i->invert ? ~v : v;
}

static void immed_forms(void **state)
{
	static const struct {
		uint32_t v;
		bool fits;
	} cases[] = {
		{ 0, true },          { 0xffff, true },      { 0x00ffff00, true },
		{ 0xabcd0000, true }, { 0xffffffff, true },  { 0xff0000ff, true },
		{ 0xffff1234, true }, { 0x1234ffff, true },  { 0x00ff00ff, false },
		{ 0x10001, false },   { 0x12345678, false }, { 0x80000001, false },
	};
	struct nfp_isa_immed i = { .dst = nfp_r_gpr_a(1) };
	struct rnd r = { 3 };

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(cases); n++) {
		assert_int_equal(nfp_immed_fits(cases[n].v, &i), cases[n].fits);
		if (cases[n].fits)
			assert_int_equal(value_of(&i), cases[n].v);
	}
	for (unsigned n = 0; n < 10000; n++) {
		uint32_t v = rnd_u32(&r) & rnd_u32(&r) & rnd_u32(&r) & rnd_u32(&r);

		if (nfp_immed_fits(v, &i))
			assert_int_equal(value_of(&i), v);
	}
	assert_true(nfp_immed_fits(0, &i));
	i.dst = NFP_R_NOTHING;
	assert_true(nfp_encode(&(struct nfp_insn){ .class = NFP_ISA_IMMED, .immed = i }) ==
		    NFP_NOP);
}

static void defer_slots(void **state)
{
	struct nfp_insn br = BR(.cc = NFP_CC_ALWAYS), bcc = BR(.cc = NFP_CC_EQ);
	struct nfp_insn cmd = CMD(.swap = NFP_SWAP_NOW), post = CMD(.swap = NFP_SWAP_NONE);
	struct nfp_insn add = ALU(.op = NFP_ALU_ADD);

	(void)state;
	assert_int_equal(nfp_max_defer(&br), 2);
	assert_int_equal(nfp_max_defer(&bcc), 3);
	assert_int_equal(nfp_max_defer(&cmd), 2);
	assert_int_equal(nfp_max_defer(&post), 0);
	assert_int_equal(nfp_max_defer(&add), 0);
}

static void fields_for_relocation(void **state)
{
	struct rnd r = { 4 };

	(void)state;
	for (unsigned class = 0; class < NFP_ISA_CLASS_COUNT; class ++) {
		for (unsigned n = 0; n < 200; n++) {
			struct nfp_insn x = rnd_insn(&r, class), y;
			uint32_t addr = rnd_below(&r, 1 << 14), got;
			uint64_t word = nfp_encode(&x), before = word;
			bool branch = class == NFP_ISA_BRANCH || class == NFP_ISA_BR_BIT ||
				      class == NFP_ISA_BR_BYTE ||
				      (class == NFP_ISA_CTX_ARB && x.ctx_arb.branch);

			assert_int_equal(nfp_word_set_branch_addr(&word, addr), branch);
			assert_int_equal(nfp_word_branch_addr(word, &got), branch);
			if (!branch) {
				assert_true(word == before);
				continue;
			}
			assert_int_equal(got, addr);
			assert_false(nfp_word_set_branch_addr(&word, 1 << 14));
			assert_true(nfp_decode(word, &y));
			if (class == NFP_ISA_BRANCH)
				x.br.addr = (uint16_t)addr;
			else if (class == NFP_ISA_BR_BIT)
				x.br_bit.addr = (uint16_t)addr;
			else if (class == NFP_ISA_BR_BYTE)
				x.br_byte.addr = (uint16_t)addr;
			else
				x.ctx_arb.addr = (uint16_t)addr;
			same_insn(&x, &y);
		}
	}
}

static void immed_field_for_relocation(void **state)
{
	struct nfp_insn plain = IMM(.dst = B(3), .value = 7), shifted = plain, other = plain, back;
	uint64_t word = nfp_encode(&plain);

	(void)state;
	assert_true(nfp_word_set_immed(&word, 0xbeef));
	assert_true(nfp_decode(word, &back));
	assert_int_equal(back.immed.value, 0xbeef);
	assert_int_equal(back.immed.dst.n, 3);
	assert_false(nfp_word_set_immed(&word, 0x10000));
	shifted.immed.shift_bytes = 1;
	word = nfp_encode(&shifted);
	assert_false(nfp_word_set_immed(&word, 1));
	other.immed.invert = true;
	word = nfp_encode(&other);
	assert_false(nfp_word_set_immed(&word, 1));
	word = UINT64_C(0x00d803208038);
	assert_false(nfp_word_set_immed(&word, 1));
}

/* Two rows with one code, or a row that hides another, would decode wrongly. */
static void memory_commands_are_distinct(void **state)
{
	(void)state;
	for (unsigned op = 0; op < NFP_MEM_OP_COUNT; op++) {
		for (uint8_t count = 1; count <= 8; count++) {
			struct nfp_insn x =
				CMD(.op = op, .base = A(1), .off = B(1), .count = count);
			struct nfp_insn y;

			if (!nfp_encodable(&x, NULL))
				continue;
			assert_true(nfp_decode(nfp_encode(&x), &y));
			assert_int_equal(y.cmd.op, op);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_round_trips),
		cmocka_unit_test(random_words),
		cmocka_unit_test(registers_in_both_banks),
		cmocka_unit_test(swapped_operands_keep_their_meaning),
		cmocka_unit_test(forty_bit_addresses_take_either_bank),
		cmocka_unit_test(rules_are_kept),
		cmocka_unit_test(immed_forms),
		cmocka_unit_test(defer_slots),
		cmocka_unit_test(fields_for_relocation),
		cmocka_unit_test(immed_field_for_relocation),
		cmocka_unit_test(memory_commands_are_distinct),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
