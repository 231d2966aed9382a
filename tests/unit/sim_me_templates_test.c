/* SPDX-License-Identifier: BSD-2-Clause */
/* Instruction templates of the kernel's generator (tests/data/jit-vectors), run with many operands
 * against what eBPF says that they compute. */
#include "tests/support/sim_me_rig.h"

/* ---- arithmetic templates ------------------------------------------------------------------- */

enum domain { ANY, U32, U16, SHIFT32, SHIFT64, SHIFT64_NOT_0, LOW32_ZERO_EXT };

#define BINARY(name, expr)                                                                         \
	static uint64_t name(uint64_t d, uint64_t s)                                               \
	{                                                                                          \
		(void)d;                                                                           \
		(void)s;                                                                           \
		return (uint64_t)(expr);                                                           \
	}
#define SD ((int64_t)d)
BINARY(mov, s)
BINARY(mov_imm, 0x12345678)
BINARY(mov_minus2, -INT64_C(2))
BINARY(mov_345600, 0x345600)
BINARY(mov_34560000, 0x34560000)
BINARY(mov_inverted, INT64_C(0xffffffffff0000ff))
BINARY(mov32, (uint32_t)s)
BINARY(mov32_7, 7)
BINARY(add64, d + s)
BINARY(add5, d + 5)
BINARY(sub5, d - 5)
BINARY(add10000, d + 0x10000)
BINARY(add_int_min, d + 0x80000000u) /* the generator's quirk Q1: eBPF says d - 2^31 */
BINARY(sub64, d - s)
BINARY(and_ff, d & 0xff)
BINARY(and_m16, d & ~UINT64_C(15))
BINARY(or64, d | s)
BINARY(not64, ~d)
BINARY(neg64, -d)
BINARY(add32, (uint32_t)(d + s))
BINARY(zero, 0)
BINARY(neg32, (uint32_t) - (uint32_t)d)
BINARY(mul64, d *s)
BINARY(mul_1000, (uint32_t)(d * 1000))
BINARY(mul_7, d * 7)
BINARY(div10, d / 10)
BINARY(div8, d / 8)
BINARY(div7, d / 7)
BINARY(div_90000000, d / 0x90000000u)
BINARY(lsh8, d << 8)
BINARY(lsh32, d << 32)
BINARY(lsh40, d << 40)
BINARY(rsh8, d >> 8)
BINARY(arsh8, SD >> 8)
BINARY(arsh32, SD >> 32)
BINARY(arsh40, SD >> 40)
BINARY(lsh64, d << (s & 63))
BINARY(rsh64, d >> (s & 63))
BINARY(arsh64, SD >> (s & 63))
BINARY(lsh32x, (uint32_t)d << (s & 31))
BINARY(rsh32x, (uint32_t)d >> (s & 31))
BINARY(arsh32x, (uint32_t)((int32_t)d >> (s & 31)))
BINARY(arsh32_5, (uint32_t)((int32_t)d >> 5))
BINARY(be16, __builtin_bswap16((uint16_t)d))
BINARY(be32, __builtin_bswap32((uint32_t)d))
BINARY(be64, __builtin_bswap64(d))
BINARY(imm64, 0x1122334455667788)

static const struct alu_case {
	const char *section;
	uint64_t (*expect)(uint64_t d, uint64_t s);
	enum domain d, s;
} alu_cases[] = {
	{ "mov64 r3,r4", mov, ANY, ANY },
	{ "mov64 r3,imm 0x12345678", mov_imm, ANY, ANY },
	{ "mov64 r3,-2", mov_minus2, ANY, ANY },
	{ "mov64 r3,0x00345600", mov_345600, ANY, ANY },
	{ "mov64 r3,0x34560000", mov_34560000, ANY, ANY },
	{ "mov64 r3,0xff0000ff", mov_inverted, ANY, ANY },
	{ "mov32 r3,r4", mov32, ANY, ANY },
	{ "mov32 r3,7", mov32_7, ANY, ANY },
	{ "add64 r3,r4", add64, ANY, ANY },
	{ "add64 r3,5", add5, ANY, ANY },
	{ "add64 r3,-5", sub5, ANY, ANY },
	{ "add64 r3,0x10000", add10000, ANY, ANY },
	{ "add64 r3,INT_MIN", add_int_min, ANY, ANY },
	{ "sub64 r3,r4", sub64, ANY, ANY },
	{ "and64 r3,0xff", and_ff, ANY, ANY },
	{ "and64 r3,-16", and_m16, ANY, ANY },
	{ "or64 r3,r4", or64, ANY, ANY },
	{ "xor64 r3,-1", not64, ANY, ANY },
	{ "neg64 r3", neg64, ANY, ANY },
	{ "add32 r3,r4", add32, ANY, ANY },
	{ "and32 r3,0", zero, ANY, ANY },
	{ "neg32 r3", neg32, ANY, ANY },
	{ "mul64 r3,r4 u32", mul64, U32, U32 },
	{ "mul64 r3,r4 u16", mul64, U16, U16 },
	{ "mul32 r3,1000", mul_1000, U32, ANY },
	{ "mul32 r3,7 u16", mul_7, U16, ANY },
	{ "div64 r3,10", div10, U32, ANY },
	{ "div64 r3,8", div8, U32, ANY },
	{ "div64 r3,7 (wide)", div7, U32, ANY },
	{ "div64 r3,r4=0x90000000", div_90000000, U32, ANY },
	{ "lsh64 r3,8", lsh8, ANY, ANY },
	{ "lsh64 r3,32", lsh32, ANY, ANY },
	{ "lsh64 r3,40", lsh40, ANY, ANY },
	{ "rsh64 r3,8", rsh8, ANY, ANY },
	{ "arsh64 r3,8", arsh8, ANY, ANY },
	{ "arsh64 r3,32", arsh32, ANY, ANY },
	{ "arsh64 r3,40", arsh40, ANY, ANY },
	{ "lsh64 r3,r4 any", lsh64, ANY, SHIFT64_NOT_0 },
	{ "rsh64 r3,r4 any", rsh64, ANY, SHIFT64 },
	{ "arsh64 r3,r4 any", arsh64, ANY, SHIFT64 },
	{ "lsh32 r3,r4", lsh32x, ANY, SHIFT32 },
	{ "rsh32 r3,r4", rsh32x, ANY, SHIFT32 },
	{ "arsh32 r3,r4", arsh32x, ANY, SHIFT32 },
	{ "arsh32 r3,5", arsh32_5, ANY, ANY },
	{ "be16 r3", be16, ANY, ANY },
	{ "be32 r3", be32, ANY, ANY },
	{ "be64 r3", be64, ANY, ANY },
	{ "ld_imm64 r3,0x1122334455667788", imm64, ANY, ANY },
};

static uint64_t random_state = 7;

static uint64_t random64(void)
{
	static const uint64_t corners[] = { 0,
					    1,
					    4,
					    5,
					    7,
					    0x7fffffff,
					    0x80000000,
					    0xffffffff,
					    0x100000000,
					    INT64_MAX,
					    UINT64_C(1) << 63,
					    UINT64_MAX,
					    UINT64_MAX - 4 };

	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	if (random_state >> 62)
		return random_state * UINT64_C(0x9e3779b97f4a7c15);
	return corners[(random_state >> 33) % ARRAY_SIZE(corners)];
}

static uint64_t draw(enum domain dom)
{
	uint64_t v = random64();

	switch (dom) {
	case U32: return v & 0xffffffff;
	case U16: return v & 0xffff;
	case SHIFT32: return v & 31;
	case SHIFT64: return v & 63;
	case SHIFT64_NOT_0: return v & 63 ? v & 63 : 1;
	default: return v;
	}
}

static void alu_templates_compute_what_ebpf_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(alu_cases); i++) {
		const struct alu_case *c = &alu_cases[i];
		struct rig r;

		begin(&r);
		add_section(&r, c->section);
		load(&r);
		for (int round = 0; round < 400; round++) {
			uint64_t d = draw(c->d), s = draw(c->s), want = c->expect(d, s), got;

			enter(&r);
			set_reg(&r, 3, d);
			set_reg(&r, 4, s);
			run(&r);
			got = get_reg(&r, 3);
			if (got != want)
				print_error("%s: d=%" PRIx64 " s=%" PRIx64 "\n", c->section, d, s);
			assert_int_equal(got, want);
		}
		end(&r);
	}
}

/* Quirk Q3 of the generator: 64-bit left shift by 0 copies the low word up. */
static void shift_by_zero_quirk_shows(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	add_section(&r, "lsh64 r3,r4 any");
	load(&r);
	enter(&r);
	set_reg(&r, 3, 0x1122334455667788);
	set_reg(&r, 4, 0);
	run(&r);
	assert_int_equal(get_reg(&r, 3), 0x5566778855667788);
	end(&r);
}

/* Quirk Q2: a division that needs no final shift ends in an indirect one by whatever is left over. */
static void stale_shift_amount_is_a_hazard(void **state)
{
	static const char *const sections[] = { "div64 r3,1", "div64 r3,28 (preshift)" };
	struct rig r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		begin(&r);
		add_section(&r, sections[i]);
		load(&r);
		if (i) /* the other one follows the intro's AND, whose left operand is fresh */
			expect_fault(&r, SIM_ME_FAULT_HAZARD_PREV);
		end(&r);
	}
}

/* ---- jumps ---------------------------------------------------------------------------------- */

BINARY(always, 1)
BINARY(eq0, !d)
BINARY(eq5, d == 5)
BINARY(eqm1, d == UINT64_MAX)
BINARY(ne0, d != 0)
BINARY(ne800, d != 0x800)
BINARY(gt5, d > 5)
BINARY(ge5, d >= 5)
BINARY(ltm5, d < -UINT64_C(5))
BINARY(sgtm5, SD > -5)
BINARY(setm8, (d & -UINT64_C(8)) != 0)
BINARY(set8, (d & 8) != 0)
BINARY(eqx, d == s)
BINARY(nex, d != s)
BINARY(gtx, d > s)
BINARY(slex, SD <= (int64_t)s)
BINARY(setx, (d & s) != 0)
BINARY(eq32_5, (uint32_t)d == 5)
BINARY(ne32_0, (uint32_t)d != 0)
BINARY(gt32x, (uint32_t)d > (uint32_t)s)

static const struct alu_case jump_cases[] = {
	{ "ja", always, ANY, ANY },         { "jeq r3,0", eq0, ANY, ANY },
	{ "jeq r3,5", eq5, ANY, ANY },      { "jeq r3,-1", eqm1, ANY, ANY },
	{ "jne r3,0", ne0, ANY, ANY },      { "jne r3,0x800", ne800, ANY, ANY },
	{ "jgt r3,5", gt5, ANY, ANY },      { "jge r3,5", ge5, ANY, ANY },
	{ "jlt r3,-5", ltm5, ANY, ANY },    { "jsgt r3,-5", sgtm5, ANY, ANY },
	{ "jset r3,-8", setm8, ANY, ANY },  { "jset r3,8", set8, ANY, ANY },
	{ "jeq r3,r4", eqx, ANY, ANY },     { "jne r3,r4", nex, ANY, ANY },
	{ "jgt r3,r4", gtx, ANY, ANY },     { "jsle r3,r4", slex, ANY, ANY },
	{ "jset r3,r4", setx, ANY, ANY },   { "jeq32 r3,5", eq32_5, ANY, ANY },
	{ "jne32 r3,0", ne32_0, ANY, ANY }, { "jgt32 r3,r4", gt32x, ANY, ANY },
};

/* Each template sets R0 = 1 and leaves when the jump is not taken. */
static void jump_templates_go_where_ebpf_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(jump_cases); i++) {
		const struct alu_case *c = &jump_cases[i];
		struct rig r;

		begin(&r);
		add_section(&r, c->section);
		load(&r);
		for (int round = 0; round < 600; round++) {
			uint64_t d = random64(), s = round % 3 ? random64() : d, want;

			enter(&r);
			set_reg(&r, 0, 0x77);
			set_reg(&r, 3, d);
			set_reg(&r, 4, s);
			want = c->expect(d, s) ? 0x77 : 1;
			run(&r);
			if (get_reg(&r, 0) != want)
				print_error("%s: d=%" PRIx64 " s=%" PRIx64 "\n", c->section, d, s);
			assert_int_equal(get_reg(&r, 0), want);
		}
		end(&r);
	}
}

/* ---- packet, stack, maps -------------------------------------------------------------------- */

static void packet_loads(void **state)
{
	static const struct {
		const char *section;
		unsigned off, n;
	} cases[] = { { "ldxb pkt r3=[r4+12] (cached)", 12, 1 },
		      { "ldxh pkt", 12, 2 },
		      { "ldxw pkt", 12, 4 },
		      { "ldxdw pkt", 12, 8 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rig r;

		begin(&r);
		add_section(&r, cases[i].section);
		load(&r);
		for (unsigned shift = 0; shift < 5; shift++) { /* any alignment */
			enter(&r);
			set_reg(&r, 4, r.me->pv_at_entry[2] + shift);
			run(&r);
			assert_int_equal(get_reg(&r, 3),
					 bytes_at(packet, cases[i].off + shift, cases[i].n));
		}
		end(&r);
	}
}

static void packet_stores(void **state)
{
	static const struct {
		const char *section;
		unsigned n;
		uint64_t value; /* 0: R3 */
	} cases[] = { { "stxb pkt [r4+6]=r3", 1, 0 },
		      { "stxdw pkt [r4+6]=r3", 8, 0 },
		      { "sth pkt [r4+6]=0x1234", 2, 0x1234 },
		      { "stdw pkt imm -1", 8, UINT64_MAX } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t v = 0x8877665544332211;
		uint8_t want[sizeof(packet)];
		struct rig r;

		begin(&r);
		add_section(&r, cases[i].section);
		load(&r);
		enter(&r);
		set_reg(&r, 3, v);
		set_reg(&r, 4, r.me->pv_at_entry[2] + 1);
		run(&r);
		memcpy(want, packet, sizeof(want));
		if (cases[i].value)
			v = cases[i].value;
		memcpy(want + 7, &v, cases[i].n);
		assert_memory_equal(r.me->pkt.ctm + r.me->pkt.start, want, sizeof(want));
		end(&r);
	}
}

static void legacy_packet_loads_are_big_endian(void **state)
{
	static const struct {
		const char *section;
		uint64_t want;
	} cases[] = { { "ldabsw 30", 0x1f20a1a2 },
		      { "ldabsb 23", 0x18 },
		      { "ldindh r4+14", 0x1516 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rig r;

		begin(&r);
		add_section(&r, cases[i].section);
		load(&r);
		enter(&r);
		set_reg(&r, 4, 6);
		run(&r);
		assert_int_equal(get_reg(&r, 0), cases[i].want);
		end(&r);
	}
}

static void gathered_copies(void **state)
{
	static const struct {
		const char *section;
		unsigned n;
	} cases[] = { { "memcpy gather map->pkt 2 x 4B = 8", 8 },
		      { "memcpy gather map->pkt 3 x 4B = 12", 12 },
		      { "memcpy gather map->pkt 6 x 4B = 24", 24 },
		      { "memcpy gather map->pkt 10 x 4B = 40", 40 },
		      { "memcpy gather map->pkt 3 x 1B = 3", 3 },
		      { "memcpy gather map->pkt 5 x 1B = 5", 5 },
		      { "memcpy gather map->pkt 9 x 2B = 18", 18 },
		      { "memcpy gather map->pkt 17 x 2B = 34", 34 },
		      { "memcpy gather map->pkt 23 x 2B = 46", 46 },
		      { "memcpy gather map->pkt 3 x 8B = 24", 24 } };
	static const struct sim_map_spec spec = { "m", 2, 4, 128, 4, 0, NULL };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t want[sizeof(packet)], value[128];
		uint32_t key = 1;
		const char *why;
		struct rig r;

		begin(&r);
		r.maps = sim_maps_new(&spec, 1, &why);
		for (unsigned j = 0; j < sizeof(value); j++)
			value[j] = (uint8_t)(0x80 + j);
		assert_int_equal(sim_map_update(r.maps, 0, &key, value, 0), 0);
		add_section(&r, cases[i].section);
		load(&r);
		enter(&r);
		set_reg(&r, 4, (ME_EMEM_BASE + 128) >> 8 << 32 | 128);
		set_reg(&r, 5, r.me->pv_at_entry[2] + 3);
		run(&r);
		memcpy(want, packet, sizeof(want));
		memcpy(want + 3, value, cases[i].n);
		assert_memory_equal(r.me->pkt.ctm + r.me->pkt.start, want, sizeof(want));
		end(&r);
	}
}

static void map_value_loads(void **state)
{
	static const struct sim_map_spec spec = { "m", 2, 4, 16, 40, 0, NULL };
	static const struct {
		const char *section;
		unsigned off, n;
	} cases[] = { { "ldxdw map value r3=[r4+8]", 8, 8 }, { "ldxb map value r3=[r4+0]", 0, 1 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t key = 17;
		const char *why;
		struct rig r;

		begin(&r);
		r.maps = sim_maps_new(&spec, 1, &why);
		assert_int_equal(sim_map_update(r.maps, 0, &key, packet, 0), 0);
		add_section(&r, cases[i].section);
		load(&r);
		enter(&r);
		set_reg(&r, 4, (ME_EMEM_BASE >> 8) << 32 | 17 * 16);
		run(&r);
		assert_int_equal(get_reg(&r, 3), bytes_at(packet, cases[i].off, cases[i].n));
		end(&r);
	}
}

/* A 64-bit counter lies in device memory low word first, each word big-endian. */
static void atomic_adds(void **state)
{
	static const struct sim_map_spec spec = { "m", 2, 4, 16, 2, 0, NULL };
	static const uint8_t word_use[4] = { 3, 3, 3, 3 };
	static const struct {
		const char *section;
		unsigned off, bits;
		uint64_t x;
	} cases[] = { { "xadd32 [r4+0]+=r3 const16", 0, 32, 0xfff0 },
		      { "xadd64 [r4+8]+=r3 both", 8, 64, 0x12345 },
		      { "xadd64 [r4+8]+=r3 both", 8, 64, UINT64_C(0x7000000000) },
		      { "xadd64 [r4+8]+=r3 both", 8, 64, 9 },
		      { "xadd64 [r4+0] over only", 0, 64, UINT64_C(0xff00000011) } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t value[2] = { 0x00000000fffffff8, 0x01234567fffffff8 }, want;
		uint32_t key = 0;
		const char *why;
		size_t size;
		struct rig r;

		begin(&r);
		r.maps = sim_maps_new(&spec, 1, &why);
		want = value[cases[i].off / 8] + cases[i].x;
		if (cases[i].bits == 32)
			want &= 0xffffffff;
		sim_me_swap_atomic((uint8_t *)value, sizeof(value), word_use);
		assert_int_equal(sim_map_update(r.maps, 0, &key, value, 0), 0);
		add_section(&r, cases[i].section);
		load(&r);
		enter(&r);
		set_reg(&r, 3, cases[i].x);
		set_reg(&r, 4, (ME_EMEM_BASE >> 8) << 32);
		run(&r);
		assert_true(me_cmd_drain(r.me, r.cx, "ends"));
		memcpy(value, sim_maps_memory(r.maps, &size), sizeof(value));
		sim_me_swap_atomic((uint8_t *)value, sizeof(value), word_use);
		assert_int_equal(value[cases[i].off / 8], want);
		end(&r);
	}
}

static void stack_templates(void **state)
{
	static const struct {
		const char *section;
		unsigned byte, n; /* of the stack frame */
		bool load;
	} cases[] = { { "stack ldxw r3=[r10-4] depth 16", 12, 4, true },
		      { "stack ldxb r3=[r10-3] depth 16", 13, 1, true },
		      { "stack ldxb r3=[r10-3] depth 128 (LM3)", 125, 1, true },
		      { "stack stxdw [r10-8]=r3 depth 16", 8, 8, false },
		      { "stack stxh [r10-6]=r3 depth 64 (idx14, RMW)", 58, 2, false },
		      { "stack stxw [r10-4]=r3 depth 128 (LM3)", 124, 4, false },
		      { "stack stxdw unaligned-window [r10-36]=r3 depth 200", 188, 8, false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t v = 0x8877665544332211;
		uint8_t before[512], after[512];
		struct rig r;

		begin(&r);
		add_section(&r, cases[i].section);
		load(&r);
		enter(&r);
		set_reg(&r, 3, v);
		memcpy(before, &r.me->lm[r.me->stack_word], sizeof(before));
		run(&r);
		memcpy(after, &r.me->lm[r.me->stack_word], sizeof(after));
		if (cases[i].load)
			assert_int_equal(get_reg(&r, 3),
					 bytes_at(before, cases[i].byte, cases[i].n));
		else
			memcpy(before + cases[i].byte, &v, cases[i].n);
		if (memcmp(before, after, sizeof(before)))
			print_error("%s\n", cases[i].section);
		assert_memory_equal(before, after, sizeof(before));
		end(&r);
	}
}

static void queue_select(void **state)
{
	(void)state;
	for (unsigned q = 0; q < 600; q += 100) {
		struct rig r;

		begin(&r);
		add_section(&r, "queue select [r1+16]=r3");
		load(&r);
		enter(&r);
		set_reg(&r, 3, q);
		run(&r);
		assert_int_equal(r.me->lm[r.me->pv_word + 4] >> 4 & 1, 1);
		assert_int_equal(r.me->lm[r.me->pv_word + 6] & 0xff, q < 256 ? q : 64);
		end(&r);
	}
}

static void random_numbers_come_from_the_caller(void **state)
{
	struct rig r;
	uint32_t first;

	(void)state;
	begin(&r);
	add_section(&r, "prandom");
	load(&r);
	enter(&r);
	run(&r);
	first = (uint32_t)get_reg(&r, 0);
	assert_int_equal(get_reg(&r, 0) >> 32, 0);
	enter(&r);
	run(&r);
	assert_int_not_equal(get_reg(&r, 0), first);
	end(&r);
}

static void adjust_head_and_tail(void **state)
{
	static const struct {
		const char *section;
		int32_t delta;
		int64_t rc;
		int32_t head, tail; /* bytes that the ends move */
	} cases[] = { { "adjust_head generic", 14, 0, 14, 0 },
		      { "adjust_head generic", -20, 0, -20, 0 },
		      { "adjust_head generic", -84, 0, -84, 0 },
		      { "adjust_head generic", -85, -22, 0, 0 },
		      { "adjust_head generic", 51, -22, 0, 0 },
		      { "adjust_head generic", 50, 0, 50, 0 },
		      { "adjust_head const", -8, 0, -8, 0 },
		      { "adjust_tail", -10, 0, 0, -10 },
		      { "adjust_tail", -50, 0, 0, -50 },
		      { "adjust_tail", -51, -22, 0, 0 },
		      { "adjust_tail", -100, -22, 0, 0 },
		      { "adjust_tail", 1, -22, 0, 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rig r;

		begin(&r);
		add_section(&r, cases[i].section);
		load(&r);
		enter(&r);
		set_reg(&r, 2, (uint64_t)(int64_t)cases[i].delta);
		run(&r);
		assert_int_equal((int64_t)get_reg(&r, 0), cases[i].rc);
		assert_int_equal(me_pkt_offset(r.me), 128 + cases[i].head);
		assert_int_equal(me_pkt_len(r.me),
				 (int32_t)sizeof(packet) - cases[i].head + cases[i].tail);
		assert_int_equal(r.cx->r[R_GPR_B + 22], me_pkt_len(r.me));
		end(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alu_templates_compute_what_ebpf_says),
		cmocka_unit_test(shift_by_zero_quirk_shows),
		cmocka_unit_test(stale_shift_amount_is_a_hazard),
		cmocka_unit_test(jump_templates_go_where_ebpf_says),
		cmocka_unit_test(packet_loads),
		cmocka_unit_test(packet_stores),
		cmocka_unit_test(legacy_packet_loads_are_big_endian),
		cmocka_unit_test(gathered_copies),
		cmocka_unit_test(map_value_loads),
		cmocka_unit_test(atomic_adds),
		cmocka_unit_test(stack_templates),
		cmocka_unit_test(queue_select),
		cmocka_unit_test(random_numbers_come_from_the_caller),
		cmocka_unit_test(adjust_head_and_tail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
