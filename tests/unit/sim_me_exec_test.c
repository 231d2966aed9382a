/* SPDX-License-Identifier: BSD-2-Clause */
/* Words put together by hand: pointers and their delay, flags, defer slots and shadows, transfer
 * registers, multiplier, and all that hardware cannot do. */
#include "tests/support/sim_me_rig.h"

#define NONE10     UINT64_C(0x300)
#define K10(v)     (UINT64_C(0x300) | (v))
#define LM10(p, k) (UINT64_C(0x200) | (p) << 5 | (k))

static uint64_t alu(uint64_t dst, uint64_t a, unsigned op, uint64_t b)
{
	return UINT64_C(0xa000000000) | a | b << 10 | dst << 20 | (uint64_t)op << 31;
}

static uint64_t immed_a(unsigned gpr, unsigned v)
{
	return UINT64_C(0xf000000000) | gpr | K10((uint64_t)v & 0xff) << 10 |
	       (uint64_t)(v >> 8) << 20;
}

static uint64_t csr_wr_a(unsigned csr, unsigned gpr)
{
	return UINT64_C(0xfc00200000) | gpr | NONE10 << 10 | (uint64_t)(csr / 4) << 22;
}

/* Offsets are ORed into the pointer: from an unaligned pointer they wrap instead of reaching on. */
static void lm_offset_is_ored(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	add(&r, csr_wr_a(ME_CSR_LM_ADDR_3, 5));
	for (int i = 0; i < 3; i++)
		add(&r, NOP);
	add(&r, alu(1, 0, ME_ALU_B, LM10(1, 5)) | UINT64_C(1) << 42); /* l$index3[5] */
	load(&r);
	enter(&r);
	r.cx->r[R_GPR_A + 5] = r.me->stack_word * 4 + 4 * 3;
	run(&r);
	assert_int_equal(r.cx->r[R_GPR_A + 1], r.me->lm[r.me->stack_word + (3 | 5)]);
	end(&r);
}

static void lm_pointer_takes_three_slots(void **state)
{
	(void)state;
	for (unsigned slots = 0; slots < 5; slots++) {
		for (unsigned lenient = 0; lenient < 2; lenient++) {
			struct rig r;

			begin(&r);
			r.lenient = lenient;
			add(&r, immed_a(5, 512 + 256));
			add(&r, csr_wr_a(ME_CSR_LM_ADDR_0, 5));
			for (unsigned i = 0; i < slots; i++)
				add(&r, NOP);
			add(&r, alu(1, 0, ME_ALU_B, LM10(0, 0)));
			load(&r);
			if (slots < 3 && !lenient) {
				expect_fault(&r, SIM_ME_FAULT_HAZARD_LM);
				end(&r);
				continue;
			}
			enter(&r);
			run(&r);
			assert_int_equal(r.cx->r[R_GPR_A + 1],
					 r.me->lm[r.me->stack_word + (slots < 3 ? 0 : 64)]);
			end(&r);
		}
	}
}

/* A lost branch cycle counts as a slot, as the generator's call sequence relies on. */
static void lost_branch_cycle_counts_for_the_pointer(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	add(&r, immed_a(5, 512 + 128));
	add(&r, csr_wr_a(ME_CSR_LM_ADDR_0, 5));
	add(&r, UINT64_C(0xd800000038) | (uint64_t)6 << 22 | 1 << 20); /* br[.6], defer[1] */
	add(&r, NOP);
	add(&r, alu(1, 0, ME_ALU_B, LM10(0, 0)));
	load(&r);
	enter(&r);
	run(&r);
	assert_int_equal(r.cx->r[R_GPR_A + 1], r.me->lm[r.me->stack_word + 32]);
	end(&r);
}

static void flags_of_subtract_and_borrow(void **state)
{
	static const struct {
		uint32_t a, b;
		bool c, v, n, z;
	} cases[] = { { 5, 5, true, false, false, true },
		      { 5, 6, false, false, true, false },
		      { 6, 5, true, false, false, false },
		      { 0x80000000, 1, true, true, false, false },
		      { 0x7fffffff, 0xffffffff, false, true, true, false },
		      { 0, 0xffffffff, false, false, false, false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rig r;

		begin(&r);
		add(&r, alu(NONE10, 3, ME_ALU_SUB, 4));
		load(&r);
		enter(&r);
		r.cx->r[R_GPR_A + 3] = cases[i].a;
		r.cx->r[R_GPR_B + 4] = cases[i].b;
		run(&r);
		assert_int_equal(r.cx->cc_c, cases[i].c);
		assert_int_equal(r.cx->cc_v, cases[i].v);
		assert_int_equal(r.cx->cc_res >> 31, cases[i].n);
		assert_int_equal(!r.cx->cc_res, cases[i].z);
		end(&r);
	}
}

/* Instructions in defer slots run whether the branch is taken or not; the flags are the branch's own. */
static void defer_slots_always_run(void **state)
{
	(void)state;
	for (uint32_t v = 0; v < 2; v++) {
		struct rig r;

		begin(&r);
		add(&r, alu(NONE10, 3, ME_ALU_OR, K10(0))); /* 2 */
		add(&r, UINT64_C(0xd800000020) | 1 << 8 | (uint64_t)8 << 22 |
				3 << 20);               /* beq[.8], defer[3] */
		add(&r, alu(1, 1, ME_ALU_ADD, K10(1))); /* 4, sets Z = 0 */
		add(&r, alu(1, 1, ME_ALU_ADD, K10(1)));
		add(&r, alu(1, 1, ME_ALU_ADD, K10(1)));
		add(&r, alu(1, 1, ME_ALU_ADD, K10(100))); /* 7, skipped when taken */
		load(&r);
		enter(&r);
		r.cx->r[R_GPR_A + 1] = 0;
		r.cx->r[R_GPR_A + 3] = v;
		run(&r);
		assert_int_equal(r.cx->r[R_GPR_A + 1], v ? 103 : 3);
		end(&r);
	}
}

/* Shadow less defer slots is lost, but only when taken (nfp.md 2.18). */
static void branch_shadows_cost_cycles(void **state)
{
	(void)state;
	for (unsigned defer = 0; defer < 4; defer++) {
		for (uint32_t v = 0; v < 2; v++) {
			struct rig r;

			begin(&r);
			add(&r, alu(NONE10, 3, ME_ALU_OR, K10(0)));
			add(&r, UINT64_C(0xd800000020) | 1 << 8 | (uint64_t)7 << 22 |
					(uint64_t)defer << 20); /* beq[.7] */
			for (int i = 0; i < 3; i++)
				add(&r, NOP);
			load(&r);
			enter(&r);
			r.cx->r[R_GPR_A + 3] = v;
			run(&r);
			/* intro 2, alu, branch, slots; then br[DONE] with 2 lost */
			assert_int_equal(r.cx->cycle - ME_FIRST_CYCLE,
					 v ? 2 + 2 + 3 + 1 + 2 : 2 + 2 + 3 + 1 + 2);
			assert_int_equal(r.cx->insns, v ? 8 : 5 + defer);
			end(&r);
		}
	}
}

/* Transfer registers in and out are two files under one name; data is taken after the defer slots. */
static void transfer_out_is_sampled_after_the_slots(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	add(&r, alu(0x180, 3, ME_ALU_OR, K10(0))); /* $xfer_0 = A3 */
	add(&r, 0x104210089908); /* mem[write8_swap, ...], ctx_swap[sig1], defer[1] */
	add(&r, alu(0x180, 4, ME_ALU_OR, K10(0))); /* $xfer_0 = A4 */
	load(&r);
	enter(&r);
	r.cx->r[R_GPR_A + 3] = 0x33;
	r.cx->r[R_GPR_A + 4] = 0x44;
	r.cx->r[R_IN] = 0x55;
	set_reg(&r, 4, r.me->pv_at_entry[2]);
	r.cx->r[R_GPR_A + 4] = 0x44;
	run(&r);
	assert_int_equal(r.me->pkt.ctm[r.me->pkt.start + 6], 0x44);
	end(&r);
}

/* A read that does not swap delivers when its signal does, and not before. */
static void reads_without_swap_deliver_at_the_signal(void **state)
{
	static const uint64_t read_nowait = UINT64_C(0x105c1008b308); /* sig 1, no swap */
	struct rig r;

	(void)state;
	begin(&r);
	r.lenient = true;
	add(&r, read_nowait);
	add(&r, alu(1, 0, ME_ALU_B, 0x180));      /* too early: junk */
	add(&r, UINT64_C(0xe000000000) | 1 << 1); /* ctx_arb[sig1] */
	add(&r, alu(2, 0, ME_ALU_B, 0x180));
	load(&r);
	enter(&r);
	set_reg(&r, 4, r.me->pv_at_entry[2]);
	run(&r);
	assert_int_equal(r.cx->r[R_GPR_A + 2], bytes_at(packet, 12, 4));
	assert_int_not_equal(r.cx->r[R_GPR_A + 1], bytes_at(packet, 12, 4));
	assert_true(r.cx->waited > 70);
	end(&r);
}

static void immed_forms(void **state)
{
	static const struct {
		uint64_t word; /* onto A5 */
		uint32_t want; /* from 0x11223344 */
	} cases[] = {
		{ 0xf000000000 | 5 | K10(0x34) << 10 | UINT64_C(0x12) << 20, 0x00001234 },
		{ 0xf000000000 | 5 | K10(0x34) << 10 | UINT64_C(0x12) << 20 | UINT64_C(1) << 33,
		  0x00123400 },
		{ 0xf000000000 | 5 | K10(0x34) << 10 | UINT64_C(0x12) << 20 | UINT64_C(2) << 33,
		  0x12340000 },
		{ 0xf000000000 | 5 | K10(0x34) << 10 | UINT64_C(0x12) << 20 | UINT64_C(1) << 33 |
			  UINT64_C(1) << 31,
		  0xffedcbff },
		{ 0xf000000000 | 5 | K10(0x34) << 10 | UINT64_C(0x12) << 20 | UINT64_C(2) << 29,
		  0x11221234 },
		{ 0xf000000000 | 5 | K10(0x34) << 10 | UINT64_C(0x12) << 20 | UINT64_C(2) << 29 |
			  UINT64_C(2) << 33,
		  0x12343344 },
		{ 0xf000000000 | 5 | K10(0xab) << 10 | UINT64_C(1) << 29, 0x112233ab },
		{ 0xf000000000 | 5 | K10(0xab) << 10 | UINT64_C(1) << 29 | UINT64_C(3) << 33,
		  0xab223344 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rig r;

		begin(&r);
		add(&r, cases[i].word);
		load(&r);
		enter(&r);
		r.cx->r[R_GPR_A + 5] = 0x11223344;
		run(&r);
		assert_int_equal(r.cx->r[R_GPR_A + 5], cases[i].want);
		end(&r);
	}
}

static uint64_t mul(unsigned type, unsigned step)
{
	return UINT64_C(0xf800000000) | 6 | 8 << 10 | (uint64_t)step << 20 | (uint64_t)type << 31;
}

static void multiply_24x8_and_order(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	add(&r, mul(ME_MUL_START, 0));
	add(&r, mul(ME_MUL_24X8, 0));
	add(&r, (mul(ME_MUL_24X8, ME_MUL_LAST) & ~UINT64_C(0xfffff)) | 1);
	load(&r);
	enter(&r);
	r.cx->r[R_GPR_A + 6] = 0xabcdef;
	r.cx->r[R_GPR_B + 8] = 0xfe;
	run(&r);
	assert_int_equal(r.cx->r[R_GPR_A + 1], 0xabcdefu * 0xfe);
	enter(&r);
	r.cx->r[R_GPR_A + 6] = 0xabcdef;
	r.cx->r[R_GPR_B + 8] = 0x1fe;
	assert_false(me_exec(r.me, r.cx)); /* too wide */
	assert_int_equal(r.me->error.fault, SIM_ME_FAULT_HAZARD_MUL);
	end(&r);

	begin(&r);
	add(&r, mul(ME_MUL_START, 0));
	add(&r, NOP); /* not back to back */
	add(&r, mul(ME_MUL_32X32, 0));
	load(&r);
	expect_fault(&r, SIM_ME_FAULT_HAZARD_MUL);
	end(&r);
}

#define READ_PACKET                                                                                \
	UINT64_C(0x10431604f85a) /* mem[read8, $xfer_0, *l$index1[2], 30, 4], ctx_swap */
#define WRITE_PACKET                                                                               \
	UINT64_C(0x10421e08985a) /* mem[write8_swap, $xfer_0, *l$index1[2], 6, 8], ctx_swap */

static const struct fault_case {
	enum sim_me_fault fault;
	uint64_t words[4];
} fault_cases[] = {
	{ SIM_ME_FAULT_FIRMWARE_REG, { 0xf000000000 | 23 | 0x300 << 10 } },
	{ SIM_ME_FAULT_FIRMWARE_REG, { 0xf000000000 | 0x085 | 0x300 << 10 } },
	{ SIM_ME_FAULT_CSR, { 0xfc00200000 | 5 | 0x300 << 10 | UINT64_C(0x18 / 4) << 22 } },
	{ SIM_ME_FAULT_BAD_TARGET, { 0xd800000038 | UINT64_C(100) << 22 } },
	{ SIM_ME_FAULT_BAD_TARGET,
	  { 0xf000000000 | 5 | 0x333 << 10, 0xe800000000 | 5 | 0x300 << 10 } },
	{ SIM_ME_FAULT_RUNAWAY, { 0xd800000038 | 2 << 22 } },
	{ SIM_ME_FAULT_HAZARD_SLOT, { 0xd800000038 | 2 << 22 | 1 << 20, 0xd800000038 | 2 << 22 } },
	{ SIM_ME_FAULT_HAZARD_CC,
	  { 0xd800000020 | 1 << 8 | UINT64_C(2) << 22 | 6 } }, /* bvs after AND */
	{ SIM_ME_FAULT_HAZARD_CSR_RD, { 0xfc14800000, 0xa000100000 } },
	{ SIM_ME_FAULT_HAZARD_PORTS, { 0xa000100000 | 0x301 | 0x302 << 10 | UINT64_C(1) << 31 } },
	{ SIM_ME_FAULT_UNMODELLED, { 0xa000100000 | UINT64_C(0x12) << 31 } },
	{ SIM_ME_FAULT_MEM, { 0x105c1008b008 } },                     /* junk address */
	{ SIM_ME_FAULT_CMD, { 0x105c1008b008 | UINT64_C(1) << 18 } }, /* read32_le ... */
	{ SIM_ME_FAULT_SIGNAL, { 0x005c1008b008 & ~(UINT64_C(0xf) << 28) } },
	{ SIM_ME_FAULT_SIGNAL, { 0xe000000000 | 1 << 3 } }, /* waits for signal 3 */
	{ SIM_ME_FAULT_HAZARD_PREV, { 0xfc09e05700, 0x065c12082408 } },
	/* both sources local memory, both transfer registers */
	{ SIM_ME_FAULT_HAZARD_PORTS, { 0xa000000000 | 0x220 | 0x222 << 10 | UINT64_C(1) << 31 } },
	{ SIM_ME_FAULT_HAZARD_PORTS, { 0xa000000000 | 0x180 | 0x181 << 10 | UINT64_C(1) << 31 } },
	/* a context swap in a defer slot; three slots behind an unconditional branch */
	{ SIM_ME_FAULT_HAZARD_SLOT, { 0xd800000038 | 2 << 22 | 1 << 20, READ_PACKET } },
	{ SIM_ME_FAULT_HAZARD_SLOT, { 0xd800000038 | 2 << 22 | 3 << 20 } },
	/* $xfer_0 before its signal: of a read that goes on, and in a read's own defer slot */
	{ SIM_ME_FAULT_HAZARD_XFER, { READ_PACKET | 3 << 8, 0xa000000000 | 0x180 << 10 } },
	{ SIM_ME_FAULT_HAZARD_XFER, { READ_PACKET | 1 << 8, 0xa000000000 | 0x180 << 10 } },
	/* $xfer_1 filled anew while the write before still pulls it */
	{ SIM_ME_FAULT_HAZARD_XFER,
	  { WRITE_PACKET | 3 << 8, 0xa000000000 | 0x300 << 10 | 0x181 << 20 } },
	{ SIM_ME_FAULT_LM,
	  { 0xa000000000 | 0x220 << 10 | UINT64_C(1) << 42 } }, /* junk pointer 3 */
};

static void what_hardware_cannot_do_is_a_fault(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fault_cases); i++) {
		struct rig r;

		begin(&r);
		for (size_t w = 0; w < 4 && fault_cases[i].words[w]; w++)
			add(&r, fault_cases[i].words[w]);
		load(&r);
		enter(&r);
		if (me_exec(r.me, r.cx))
			print_error("case %zu ran\n", i);
		if (r.me->error.fault != fault_cases[i].fault)
			print_error("case %zu: %s, %s\n", i, sim_me_fault_name(r.me->error.fault),
				    r.me->error.text);
		assert_int_equal(r.me->error.fault, fault_cases[i].fault);
		assert_true(r.me->error.text[0]);
		end(&r);
	}
}

static void the_end_of_the_program_is_a_fault(void **state)
{
	struct nfp_firmware fw = {
		.max_len = 4096, .done = 9, .stack_bytes = 512, .inline_mtu = 1888
	};
	uint64_t word = NOP | (uint64_t)sim_me_ecc(NOP) << 45;
	struct sim_me_config cfg = { .fw = &fw, .words = &word, .n_words = 1 };
	struct sim_me_packet in = { .data = packet, .len = sizeof(packet) };
	struct sim_me_result out;
	struct sim_me_error err;
	struct sim_me *me = sim_me_new(&cfg, &err);

	(void)state;
	assert_non_null(me);
	assert_false(sim_me_run(me, &in, &out));
	assert_int_equal(out.error.fault, SIM_ME_FAULT_RAN_OFF);
	sim_me_free(me);
}

static void bad_words_do_not_load(void **state)
{
	struct nfp_firmware fw = { .max_len = 4096, .done = 9, .stack_bytes = 512 };
	uint64_t word = 0x000f20f003f05bff, bad = word ^ 8, junk = 0xa000000040;
	struct sim_me_config cfg = { .fw = &fw, .words = &bad, .n_words = 1 };
	struct sim_me_error err;

	(void)state;
	assert_null(sim_me_new(&cfg, &err));
	assert_int_equal(err.fault, SIM_ME_FAULT_ECC);
	assert_int_equal(err.word_idx, 0);
	junk |= (uint64_t)sim_me_ecc(junk) << 45;
	cfg.words = &junk;
	assert_null(sim_me_new(&cfg, &err));
	assert_int_equal(err.fault, SIM_ME_FAULT_UNKNOWN_WORD);
	word |= UINT64_C(1) << 60; /* a relocation code is left */
	cfg.words = &word;
	assert_null(sim_me_new(&cfg, &err));
	assert_int_equal(err.fault, SIM_ME_FAULT_ECC);
	cfg.n_words = 0;
	assert_null(sim_me_new(&cfg, &err));
	assert_int_equal(err.fault, SIM_ME_FAULT_TOO_LONG);
}

/* ---- any words ------------------------------------------------------------------------------ */

/* A random word of a random class; most have legal fields. */
static uint64_t random_word(uint64_t *x)
{
	static const struct {
		uint64_t keep, set;
	} shapes[] = {
		{ 0x1f7fffffffff, 0 },            /* command */
		{ 0x1f1fffffffff, 0x8000000000 }, /* shift */
		{ 0x1f1fffffffff, 0xa000000000 }, /* ALU */
		{ 0x1e06efffffff, 0xf000000000 }, /* immed */
		{ 0x1e05ff1fffff, 0xc000000000 }, /* ld_field */
		{ 0x00000001fffe, 0xe000000000 }, /* ctx_arb */
		{ 0x0400193fffff, 0xfc00000000 }, /* local_csr on a low address */
		{ 0x00000ff3c31f, 0xd800000020 }, /* branch into the program */
		{ 0x04000ff4fcff, 0xd000000000 }, /* br_bit */
		{ 0x0c00003fffff, 0xe800000000 }, /* jump */
		{ 0x1f01c0ffffff, 0xf800000000 }, /* multiply */
	};
	size_t i;

	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	i = *x % ARRAY_SIZE(shapes);
	return (*x >> 7 & shapes[i].keep) | shapes[i].set;
}

/* Whatever is loaded runs to an end or faults: never a crash, never for ever. */
static void random_programs_end(void **state)
{
	static const struct sim_map_spec spec = { "m", 2, 4, 16, 40, 0, NULL };
	uint64_t x = 0x2545f4914f6cdd1d;
	unsigned long long insns = 0;

	(void)state;
	for (unsigned round = 0; round < 4000; round++) {
		const char *why;
		struct me_insn in;
		struct rig r;

		begin(&r);
		r.lenient = round & 1;
		if (round & 2)
			r.maps = sim_maps_new(&spec, 1, &why);
		while (r.n < 40) {
			uint64_t w = random_word(&x);

			if (me_decode(w, &in))
				add(&r, w);
		}
		load(&r);
		r.me->max_insns = 500;
		for (unsigned i = 0; i < 4; i++) {
			enter(&r);
			set_reg(&r, 1, r.me->pv_at_entry[2]);
			set_reg(&r, 2, ME_EMEM_BASE >> 8 << 32);
			set_reg(&r, 3, 16);
			r.cx->next = (uint32_t)(x >> 20) % 30;
			me_exec(r.me, r.cx);
			insns += r.cx->insns;
		}
		end(&r);
	}
	assert_true(insns > 20000); /* they do get somewhere */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lm_offset_is_ored),
		cmocka_unit_test(lm_pointer_takes_three_slots),
		cmocka_unit_test(lost_branch_cycle_counts_for_the_pointer),
		cmocka_unit_test(flags_of_subtract_and_borrow),
		cmocka_unit_test(defer_slots_always_run),
		cmocka_unit_test(branch_shadows_cost_cycles),
		cmocka_unit_test(transfer_out_is_sampled_after_the_slots),
		cmocka_unit_test(reads_without_swap_deliver_at_the_signal),
		cmocka_unit_test(immed_forms),
		cmocka_unit_test(multiply_24x8_and_order),
		cmocka_unit_test(what_hardware_cannot_do_is_a_fault),
		cmocka_unit_test(the_end_of_the_program_is_a_fault),
		cmocka_unit_test(bad_words_do_not_load),
		cmocka_unit_test(random_programs_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
