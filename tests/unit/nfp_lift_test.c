/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/nfp_ir_eval.h"
#include "tests/support/nfp_lift_rig.h"

/* Lifted programs, before and after LLVM's passes, against what eBPF says (RFC 9669). The
 * evaluator holds LLVM's promises (no-wrap flags, shift counts, divisors) to what happens. */

static const uint64_t values[] = {
	0,
	1,
	2,
	7,
	28,
	31,
	32,
	33,
	63,
	64,
	0x7f,
	0xff,
	0x8000,
	0xffff,
	0x7fffffff,
	0x80000000,
	0xffffffff,
	0x100000000,
	0x123456789abcdef0,
	0x7fffffffffffffff,
	0x8000000000000000,
	0xffffffff80000000,
	0xffffffffffffffff,
};

/* ---- what eBPF says ----------------------------------------------------------------------------- */

static uint64_t spec_shift(uint8_t op, uint64_t a, uint64_t b, bool w64)
{
	unsigned n = (unsigned)(b & (w64 ? 63 : 31));

	if (op == BPF_LSH)
		return a << n;
	if (op == BPF_RSH)
		return a >> n;
	return w64 ? (uint64_t)((int64_t)a >> n) : (uint64_t)((int32_t)a >> n);
}

static uint64_t spec_alu(uint8_t op, uint64_t a, uint64_t b, bool w64)
{
	if (!w64) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (op) {
	case BPF_ADD: a += b; break;
	case BPF_SUB: a -= b; break;
	case BPF_MUL: a *= b; break;
	case BPF_DIV: a = b ? a / b : 0; break;
	case BPF_MOD: a = b ? a % b : a; break;
	case BPF_OR: a |= b; break;
	case BPF_AND: a &= b; break;
	case BPF_XOR: a ^= b; break;
	case BPF_NEG: a = 0 - a; break;
	case BPF_MOV: a = b; break;
	default: a = spec_shift(op, a, b, w64); break;
	}
	return w64 ? a : (uint32_t)a;
}

static uint64_t spec_signed_div(uint8_t op, uint64_t a, uint64_t by, bool w64)
{
	int64_t x = w64 ? (int64_t)a : (int32_t)a, b = w64 ? (int64_t)by : (int32_t)by, r;

	if (b == 0)
		r = op == BPF_DIV ? 0 : x;
	else if (b == -1)
		r = op == BPF_DIV ? (int64_t)(0 - (uint64_t)x) : 0;
	else
		r = op == BPF_DIV ? x / b : x % b;
	return w64 ? (uint64_t)r : (uint32_t)r;
}

static bool spec_jump(uint8_t op, uint64_t a, uint64_t b, bool w64)
{
	int64_t sa = w64 ? (int64_t)a : (int32_t)a, sb = w64 ? (int64_t)b : (int32_t)b;

	if (!w64) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (op) {
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

/* ---- one instruction in a program ------------------------------------------------------------------ */

/* Operands come from packet bytes 0 and 8 with a width of 4 (so that the verifier knows their high
 * halves to be 0) or 8; the result goes to byte 16. */
struct alu_case {
	struct bpf_insn insn; /* r6 OP r7, or r6 OP imm */
	bool narrow;          /* operands are loaded as 32 bits */
};

static struct eval env;

static void put64(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static uint64_t get64(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 8; i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

static LLVMModuleRef lift_alu_case(struct rig *r, const struct alu_case *c, unsigned opt)
{
	uint8_t size = c->narrow ? BPF_W : BPF_DW;
	struct bpf_insn code[] = {
		XDP_PACKET(24, 4), LDX(size, 6, 2, 0),    LDX(size, 7, 2, 8),
		c->insn,           STX(BPF_DW, 2, 6, 16), EXIT,
	};

	return rig_lift(r, rig_verify(r, BPF_PROG_TYPE_XDP, code, ARRAY_SIZE(code)), opt);
}

static uint64_t run_alu(LLVMModuleRef mod, uint64_t a, uint64_t b)
{
	memset(&env, 0, sizeof(env));
	env.pkt_len = 64;
	put64(&env.pkt[64], a);
	put64(&env.pkt[72], b);
	eval_run(&env, mod);
	return get64(&env.pkt[80]);
}

static uint64_t expected_alu(const struct bpf_insn *in, uint64_t a, uint64_t b)
{
	bool w64 = ebpf_class(in) == BPF_ALU64;

	if (!ebpf_src_is_reg(in))
		b = (uint64_t)(int64_t)in->imm;
	if (in->off == 1)
		return spec_signed_div(ebpf_op(in), a, b, w64);
	return spec_alu(ebpf_op(in), a, b, w64);
}

static void check_alu(struct bpf_insn in)
{
	for (unsigned k = 0; k < 4; k++) {
		struct alu_case c = { in, k & 1 };
		struct rig r;
		LLVMModuleRef mod;

		rig_open(&r);
		mod = lift_alu_case(&r, &c, k & 2);
		for (size_t x = 0; x < ARRAY_SIZE(values); x++)
			for (size_t y = 0; y < ARRAY_SIZE(values); y++) {
				uint64_t a = c.narrow ? (uint32_t)values[x] : values[x];
				uint64_t b = c.narrow ? (uint32_t)values[y] : values[y];
				uint64_t got = run_alu(mod, a, b), want = expected_alu(&in, a, b);

				if (got != want)
					fail_msg("code 0x%02x imm %d off %d narrow %d O%u: %llx, "
						 "%llx gives %llx, not %llx",
						 in.code, in.imm, in.off, c.narrow, k & 2,
						 (unsigned long long)a, (unsigned long long)b,
						 (unsigned long long)got, (unsigned long long)want);
				if (!ebpf_src_is_reg(&in))
					break;
			}
		LLVMDisposeModule(mod);
		rig_close(&r);
	}
}

static void test_alu_registers(void **state)
{
	static const uint8_t ops[] = { BPF_ADD, BPF_SUB, BPF_MUL, BPF_OR,   BPF_AND,
				       BPF_XOR, BPF_LSH, BPF_RSH, BPF_ARSH, BPF_MOV };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		check_alu(INSN(BPF_ALU64 | ops[i] | BPF_X, 6, 7, 0, 0));
		check_alu(INSN(BPF_ALU | ops[i] | BPF_X, 6, 7, 0, 0));
	}
	check_alu(INSN(BPF_ALU64 | BPF_NEG, 6, 0, 0, 0));
	check_alu(INSN(BPF_ALU | BPF_NEG, 6, 0, 0, 0));
}

/* -2^31 is the driver's fault Q1 (nfp.md 5.4); shift counts 0 are Q3. */
static void test_alu_immediates(void **state)
{
	static const uint8_t ops[] = {
		BPF_ADD, BPF_SUB, BPF_MUL, BPF_OR, BPF_AND, BPF_XOR, BPF_MOV
	};
	static const int32_t imms[] = { 0, 1, -1, 0x1234, INT32_MAX, INT32_MIN };
	static const uint8_t shifts[] = { BPF_LSH, BPF_RSH, BPF_ARSH };
	static const int32_t counts[] = { 0, 1, 31 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		for (size_t k = 0; k < ARRAY_SIZE(imms); k++) {
			check_alu(INSN(BPF_ALU64 | ops[i] | BPF_K, 6, 0, 0, imms[k]));
			check_alu(INSN(BPF_ALU | ops[i] | BPF_K, 6, 0, 0, imms[k]));
		}
	for (size_t i = 0; i < ARRAY_SIZE(shifts); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(counts); k++) {
			check_alu(INSN(BPF_ALU64 | shifts[i] | BPF_K, 6, 0, 0, counts[k]));
			check_alu(INSN(BPF_ALU | shifts[i] | BPF_K, 6, 0, 0, counts[k]));
		}
		check_alu(INSN(BPF_ALU64 | shifts[i] | BPF_K, 6, 0, 0, 32));
		check_alu(INSN(BPF_ALU64 | shifts[i] | BPF_K, 6, 0, 0, 63));
	}
}

/* 1 and 28 are the driver's fault Q2. */
static void test_division(void **state)
{
	static const int32_t divisors[] = { 1,       2,         3,  7,  28,       1000,
					    0x10001, INT32_MAX, -1, -7, INT32_MIN };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(divisors); i++) {
		check_alu(INSN(BPF_ALU64 | BPF_DIV | BPF_K, 6, 0, 0, divisors[i]));
		check_alu(INSN(BPF_ALU | BPF_DIV | BPF_K, 6, 0, 0, divisors[i]));
		check_alu(INSN(BPF_ALU64 | BPF_MOD | BPF_K, 6, 0, 0, divisors[i]));
		check_alu(INSN(BPF_ALU | BPF_MOD | BPF_K, 6, 0, 0, divisors[i]));
	}
	for (int16_t is_signed = 0; is_signed <= 1; is_signed++) {
		check_alu(INSN(BPF_ALU64 | BPF_DIV | BPF_X, 6, 7, is_signed, 0));
		check_alu(INSN(BPF_ALU | BPF_DIV | BPF_X, 6, 7, is_signed, 0));
		check_alu(INSN(BPF_ALU64 | BPF_MOD | BPF_X, 6, 7, is_signed, 0));
		check_alu(INSN(BPF_ALU | BPF_MOD | BPF_X, 6, 7, is_signed, 0));
	}
	check_alu(INSN(BPF_ALU64 | BPF_DIV | BPF_K, 6, 0, 1, -7));
	check_alu(INSN(BPF_ALU64 | BPF_MOD | BPF_K, 6, 0, 1, 7));
	check_alu(INSN(BPF_ALU | BPF_DIV | BPF_K, 6, 0, 1, -1));
	check_alu(INSN(BPF_ALU | BPF_MOD | BPF_K, 6, 0, 1, -28));
}

/* A register that is known to be 0 (the driver's fault Q5). */
static void test_division_by_known_zero(void **state)
{
	struct bpf_insn code[] = {
		XDP_PACKET(24, 7),    LDX(BPF_W, 6, 2, 0),  MOV64(8, 6),
		MOV64I(7, 0),         ALU64(BPF_DIV, 6, 7), ALU64(BPF_MOD, 8, 7),
		STX(BPF_W, 2, 6, 16), STX(BPF_W, 2, 8, 20), EXIT,
	};

	(void)state;
	for (unsigned opt = 0; opt <= 2; opt += 2) {
		struct rig r;
		LLVMModuleRef mod;

		rig_open(&r);
		mod = rig_lift(&r, rig_verify(&r, BPF_PROG_TYPE_XDP, code, ARRAY_SIZE(code)), opt);
		assert_int_equal(run_alu(mod, 0xdeadbeef, 0), 0xdeadbeef00000000);
		LLVMDisposeModule(mod);
		rig_close(&r);
	}
}

static void test_byte_order(void **state)
{
	static const struct {
		struct bpf_insn insn;
		uint64_t want; /* of 0x0102030405060708 */
	} cases[] = {
		{ I(BPF_ALU | BPF_END | BPF_TO_BE, 6, 0, 0, 16), 0x0807 },
		{ I(BPF_ALU | BPF_END | BPF_TO_BE, 6, 0, 0, 32), 0x08070605 },
		{ I(BPF_ALU | BPF_END | BPF_TO_BE, 6, 0, 0, 64), 0x0807060504030201 },
		{ I(BPF_ALU | BPF_END | BPF_TO_LE, 6, 0, 0, 16), 0x0708 },
		{ I(BPF_ALU | BPF_END | BPF_TO_LE, 6, 0, 0, 32), 0x05060708 },
		{ I(BPF_ALU | BPF_END | BPF_TO_LE, 6, 0, 0, 64), 0x0102030405060708 },
		{ I(BPF_ALU64 | BPF_END, 6, 0, 0, 16), 0x0807 },
		{ I(BPF_ALU64 | BPF_END, 6, 0, 0, 64), 0x0807060504030201 },
		{ I(BPF_ALU64 | BPF_MOV | BPF_X, 6, 6, 8, 0), 0x08 },
		{ I(BPF_ALU | BPF_MOV | BPF_X, 6, 6, 16, 0), 0x0708 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (unsigned opt = 0; opt <= 2; opt += 2) {
			struct alu_case c = { cases[i].insn, false };
			struct rig r;
			LLVMModuleRef mod;

			rig_open(&r);
			mod = lift_alu_case(&r, &c, opt);
			assert_int_equal(run_alu(mod, 0x0102030405060708, 0), cases[i].want);
			LLVMDisposeModule(mod);
			rig_close(&r);
		}
}

/* ---- jumps ------------------------------------------------------------------------------------------ */

static void check_jump(struct bpf_insn jump)
{
	jump.off = 1;
	for (unsigned k = 0; k < 4; k++) {
		bool narrow = k & 1, w64 = ebpf_class(&jump) == BPF_JMP;
		uint8_t size = narrow ? BPF_W : BPF_DW;
		struct bpf_insn code[] = {
			XDP_PACKET(16, 5),
			LDX(size, 6, 2, 0),
			LDX(size, 7, 2, 8),
			MOV64I(0, 1),
			jump,
			MOV64I(0, 2),
			EXIT,
		};
		struct rig r;
		LLVMModuleRef mod;

		rig_open(&r);
		mod = rig_lift(&r, rig_verify(&r, BPF_PROG_TYPE_XDP, code, ARRAY_SIZE(code)),
			       k & 2);
		for (size_t x = 0; x < ARRAY_SIZE(values); x++)
			for (size_t y = 0; y < ARRAY_SIZE(values); y++) {
				uint64_t a = narrow ? (uint32_t)values[x] : values[x];
				uint64_t b = narrow ? (uint32_t)values[y] : values[y];
				uint64_t s =
					ebpf_src_is_reg(&jump) ? b : (uint64_t)(int64_t)jump.imm;

				memset(&env, 0, sizeof(env));
				env.pkt_len = 64;
				put64(&env.pkt[64], a);
				put64(&env.pkt[72], b);
				if (eval_run(&env, mod) !=
				    (spec_jump(ebpf_op(&jump), a, s, w64) ? 1 : 2))
					fail_msg("jump 0x%02x imm %d of %llx, %llx goes wrong",
						 jump.code, jump.imm, (unsigned long long)a,
						 (unsigned long long)b);
			}
		LLVMDisposeModule(mod);
		rig_close(&r);
	}
}

static void test_jumps(void **state)
{
	static const uint8_t ops[] = { BPF_JEQ,  BPF_JNE,  BPF_JGT,  BPF_JGE,  BPF_JLT, BPF_JLE,
				       BPF_JSET, BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE };
	static const int32_t imms[] = { 0, 7, -1, INT32_MIN };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		check_jump(INSN(BPF_JMP | ops[i] | BPF_X, 6, 7, 0, 0));
		check_jump(INSN(BPF_JMP32 | ops[i] | BPF_X, 6, 7, 0, 0));
		for (size_t k = 0; k < ARRAY_SIZE(imms); k++) {
			check_jump(INSN(BPF_JMP | ops[i] | BPF_K, 6, 0, 0, imms[k]));
			check_jump(INSN(BPF_JMP32 | ops[i] | BPF_K, 6, 0, 0, imms[k]));
		}
	}
}

/* ---- whole programs ---------------------------------------------------------------------------------- */

enum { HASH, COUNTERS, RODATA, BSS };

static const uint8_t rodata[8] = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88 };

static const struct fe_map maps[] = {
	[HASH] = { .name = "hash",
		   .type = BPF_MAP_TYPE_HASH,
		   .key_size = 6,
		   .value_size = 8,
		   .max_entries = 16,
		   .inner = -1 },
	[COUNTERS] = { .name = "counters",
		       .type = BPF_MAP_TYPE_ARRAY,
		       .key_size = 4,
		       .value_size = 16,
		       .max_entries = 4,
		       .inner = -1 },
	[RODATA] = { .name = ".rodata",
		     .kind = FE_MAP_RODATA,
		     .type = BPF_MAP_TYPE_ARRAY,
		     .key_size = 4,
		     .value_size = 8,
		     .max_entries = 1,
		     .flags = BPF_F_RDONLY_PROG,
		     .init = rodata,
		     .inner = -1 },
	[BSS] = { .name = ".bss",
		  .kind = FE_MAP_BSS,
		  .type = BPF_MAP_TYPE_ARRAY,
		  .key_size = 4,
		  .value_size = 8,
		  .max_entries = 1,
		  .inner = -1 },
};

struct program {
	const char *rule; /* what the case pins */
	struct bpf_insn code[32];
	uint32_t type;    /* 0: XDP */
	uint32_t subs[2]; /* starts of further functions; 0: none */
	struct {
		uint32_t len, result;
		bool hit;
		uint64_t pkt, map;
	} in;
	uint32_t want; /* R0 */
	const char *log;
	uint64_t want_map; /* first 8 bytes of the map value afterwards; 0: not looked at */
};

static size_t code_len(const struct bpf_insn *code)
{
	size_t n = 32;

	while (n && !code[n - 1].code)
		n--;
	return n;
}

static const struct program programs[] = {
	{ "a packet that is too short takes the exit",
	  { XDP_PACKET(24, 1), MOV64I(0, 2), EXIT },
	  .in = { .len = 23 },
	  .want = 0 },
	{ "a packet that is just long enough does not",
	  { XDP_PACKET(24, 1), MOV64I(0, 2), EXIT },
	  .in = { .len = 24 },
	  .want = 2 },
	{ "keys are passed by value, zero-padded to words",
	  { ST(BPF_W, 10, -8, 0x04030201), ST(BPF_H, 10, -4, 0x0605), LD_MAP(1, HASH), MOV64(2, 10),
	    ALU64I(BPF_ADD, 2, -8), CALL(BPF_FUNC_map_lookup_elem), MOV64I(6, 1),
	    JMPI(BPF_JEQ, 0, 0, 1), MOV64I(6, 2), MOV64(0, 6), EXIT },
	  .in = { .len = 64, .hit = true },
	  .want = 2,
	  .log = "nfp.map.lookup(0,2,4030201,605);" },
	{ "a miss is a null pointer",
	  { ST(BPF_W, 10, -8, 1), ST(BPF_H, 10, -4, 0), LD_MAP(1, HASH), MOV64(2, 10),
	    ALU64I(BPF_ADD, 2, -8), CALL(BPF_FUNC_map_lookup_elem), MOV64I(6, 1),
	    JMPI(BPF_JEQ, 0, 0, 1), LDX(BPF_W, 6, 0, 0), MOV64(0, 6), EXIT },
	  .in = { .len = 64 },
	  .want = 1,
	  .log = "nfp.map.lookup(0,2,1,0);" },
	{ "stores to map values are plain stores",
	  { ST(BPF_W, 10, -8, 1), ST(BPF_H, 10, -4, 0), LD_MAP(1, HASH), MOV64(2, 10),
	    ALU64I(BPF_ADD, 2, -8), CALL(BPF_FUNC_map_lookup_elem), JMPI(BPF_JEQ, 0, 0, 2),
	    LDX(BPF_W, 1, 0, 4), STX(BPF_W, 0, 1, 0), MOV64I(0, 2), EXIT },
	  .in = { .len = 64, .hit = true, .map = 0x5566778811223344 },
	  .want = 2,
	  .want_map = 0x5566778855667788 },
	{ "words that are added to atomically are big-endian, low word first",
	  { MOV64I(6, 0), ST(BPF_W, 10, -4, 3), LD_MAP(1, COUNTERS), MOV64(2, 10),
	    ALU64I(BPF_ADD, 2, -4), CALL(BPF_FUNC_map_lookup_elem), JMPI(BPF_JEQ, 0, 0, 4),
	    MOV64I(1, 5), I(BPF_STX | BPF_ATOMIC | BPF_DW, 0, 1, 0, BPF_ADD), LDX(BPF_DW, 6, 0, 0),
	    ALU64I(BPF_RSH, 6, 32), MOV64(0, 6), EXIT },
	  .in = { .len = 64, .hit = true, .map = 0x0100000002000000 },
	  .want = 1,
	  .log = "nfp.map.lookup(0,1,3);",
	  .want_map = 0x0100000007000000 },
	{ "an update's value has counters swapped too",
	  { ST(BPF_W, 10, -4, 3), ST(BPF_DW, 10, -16, 0x01020304), ST(BPF_DW, 10, -24, 0x0a0b),
	    LD_MAP(1, COUNTERS), MOV64(2, 10), ALU64I(BPF_ADD, 2, -4), MOV64(3, 10),
	    ALU64I(BPF_ADD, 3, -24), MOV64I(4, 1), CALL(BPF_FUNC_map_update_elem),
	    LD_MAP(1, COUNTERS), MOV64(2, 10), ALU64I(BPF_ADD, 2, -4),
	    CALL(BPF_FUNC_map_lookup_elem), JMPI(BPF_JEQ, 0, 0, 2), MOV64I(1, 1),
	    I(BPF_STX | BPF_ATOMIC | BPF_W, 0, 1, 8, BPF_ADD), MOV64I(0, 2), EXIT },
	  .in = { .len = 64 },
	  .want = 2,
	  .log = "nfp.map.update(0,1,1,3,a0b,0,4030201,0);" },
	{ "negative results of helpers are sign-extended",
	  { MOV64I(2, -20), CALL(BPF_FUNC_xdp_adjust_head), MOV64(6, 0),
	    CALL(BPF_FUNC_get_prandom_u32), MOV64I(0, 1), JMPI(BPF_JSLT, 6, 0, 1), MOV64I(0, 2),
	    EXIT },
	  .in = { .len = 64, .result = (uint32_t)-22 },
	  .want = 2,
	  .log = "nfp.adjust.head.const(ffffffec);" },
	{ "a constant that the firmware does not guarantee takes the checked form",
	  { MOV64I(2, -200), CALL(BPF_FUNC_xdp_adjust_head), MOV64(6, 0), MOV64I(0, 1),
	    JMPI(BPF_JSLT, 6, 0, 1), MOV64I(0, 2), EXIT },
	  .in = { .len = 64, .result = (uint32_t)-22 },
	  .want = 1,
	  .log = "nfp.adjust.head(ffffff38);" },
	{ "constant data is folded and needs no map",
	  { LD_DATA(1, RODATA, 4), LDX(BPF_H, 0, 1, 1), EXIT },
	  .in = { .len = 64 },
	  .want = 0x7766 },
	{ "variable data is element 0 of an array",
	  { LD_DATA(1, BSS, 4), LDX(BPF_W, 0, 1, 0), EXIT },
	  .in = { .len = 64, .hit = true, .map = 0x0000000900000000 },
	  .want = 9,
	  .log = "nfp.map.lookup(0,1,0);" },
	{ "the receive queue is selected",
	  { MOV64I(2, 5), STX(BPF_W, 1, 2, 16), MOV64I(0, 2), EXIT },
	  .in = { .len = 64 },
	  .want = 2,
	  .log = "nfp.queue.select(5);" },
	{ "functions get their arguments and give R0",
	  { MOV64I(1, 5), MOV64I(2, 7), CALL_SUB(3), MOV64(6, 0), MOV64(0, 6), EXIT, MOV64(0, 1),
	    ALU64(BPF_ADD, 0, 2), EXIT },
	  .subs = { 6 },
	  .in = { .len = 64 },
	  .want = 12 },
	{ "functions write to their caller's stack",
	  { MOV64(1, 10), ALU64I(BPF_ADD, 1, -8), ST(BPF_DW, 10, -8, 1), CALL_SUB(2),
	    LDX(BPF_W, 0, 10, -8), EXIT, ST(BPF_W, 1, 0, 33), ST(BPF_DW, 10, -8, 44), MOV64I(0, 0),
	    EXIT },
	  .subs = { 6 },
	  .in = { .len = 64 },
	  .want = 33 },
	{ "packet pointers survive a spill",
	  { XDP_PACKET(24, 5), STX(BPF_DW, 10, 2, -8), ST(BPF_DW, 10, -16, 3),
	    LDX(BPF_DW, 5, 10, -8), LDX(BPF_B, 0, 5, 1), LDX(BPF_DW, 1, 10, -16), EXIT },
	  .in = { .len = 64, .pkt = 0x0807060504030201 },
	  .want = 2 },
	{ "a pointer that may be NULL by way of a constant",
	  { XDP_PACKET(24, 11), ST(BPF_W, 10, -8, 1), ST(BPF_H, 10, -4, 0), LDX(BPF_B, 7, 2, 0),
	    MOV64I(0, 0), JMPI(BPF_JEQ, 7, 0, 5), LD_MAP(1, HASH), MOV64(2, 10),
	    ALU64I(BPF_ADD, 2, -8), CALL(BPF_FUNC_map_lookup_elem), JMPI(BPF_JNE, 0, 0, 1), EXIT,
	    LDX(BPF_W, 0, 0, 0), EXIT },
	  .in = { .len = 64, .hit = true, .pkt = 1, .map = 77 },
	  .want = 77 },
	{ "variable offsets into the stack",
	  { XDP_PACKET(24, 8), ST(BPF_DW, 10, -8, 0x04030201), ST(BPF_DW, 10, -16, 0x14131211),
	    LDX(BPF_B, 7, 2, 0), ALU64I(BPF_AND, 7, 15), MOV64(5, 10), ALU64I(BPF_ADD, 5, -16),
	    ALU64(BPF_ADD, 5, 7), LDX(BPF_B, 0, 5, 0), EXIT },
	  .in = { .len = 64, .pkt = 10 },
	  .want = 3 },
	{ "variable offsets into the packet",
	  { LDX(BPF_W, 2, 1, 0), LDX(BPF_W, 3, 1, 4), MOV64I(0, 0), MOV64(4, 2),
	    ALU64I(BPF_ADD, 4, 1), JMP(BPF_JGT, 4, 3, 8), LDX(BPF_B, 7, 2, 0),
	    ALU64I(BPF_AND, 7, 7), MOV64(5, 2), ALU64(BPF_ADD, 5, 7), MOV64(4, 5),
	    ALU64I(BPF_ADD, 4, 4), JMP(BPF_JGT, 4, 3, 1), LDX(BPF_B, 0, 5, 2), EXIT },
	  .in = { .len = 9, .pkt = 0x0807060504030205 },
	  .want = 8 },
	{ "the same with a packet one byte shorter",
	  { LDX(BPF_W, 2, 1, 0), LDX(BPF_W, 3, 1, 4), MOV64I(0, 0), MOV64(4, 2),
	    ALU64I(BPF_ADD, 4, 1), JMP(BPF_JGT, 4, 3, 8), LDX(BPF_B, 7, 2, 0),
	    ALU64I(BPF_AND, 7, 7), MOV64(5, 2), ALU64(BPF_ADD, 5, 7), MOV64(4, 5),
	    ALU64I(BPF_ADD, 4, 4), JMP(BPF_JGT, 4, 3, 1), LDX(BPF_B, 0, 5, 2), EXIT },
	  .in = { .len = 8, .pkt = 0x0807060504030205 },
	  .want = 0 },
	{ "bounded loops",
	  { MOV64I(6, 0), MOV64I(0, 0), ALU64(BPF_ADD, 0, 6), ALU64I(BPF_ADD, 6, 1),
	    JMPI(BPF_JLT, 6, 10, -3), EXIT },
	  .in = { .len = 64 },
	  .want = 45 },
	{ "legacy packet loads are big-endian",
	  { MOV64(6, 1), I(BPF_LD | BPF_ABS | BPF_H, 0, 0, 0, 1), MOV64(7, 0), MOV64I(0, 2),
	    JMPI(BPF_JEQ, 7, 0x0203, 1), MOV64I(0, -1), EXIT },
	  .type = BPF_PROG_TYPE_SCHED_CLS,
	  .in = { .len = 3, .pkt = 0x0807060504030201 },
	  .want = 2 },
	{ "legacy packet loads out of range give the packet up",
	  { MOV64(6, 1), I(BPF_LD | BPF_ABS | BPF_H, 0, 0, 0, 2), MOV64I(0, 2), EXIT },
	  .type = BPF_PROG_TYPE_SCHED_CLS,
	  .in = { .len = 3 },
	  .want = 0,
	  .log = "nfp.abort();" },
	{ "so do indirect ones whose offset wraps",
	  { MOV64(6, 1), I(BPF_ALU | BPF_MOV | BPF_K, 7, 0, 0, -1),
	    I(BPF_LD | BPF_IND | BPF_W, 0, 7, 0, 0), MOV64I(0, 2), EXIT },
	  .type = BPF_PROG_TYPE_SCHED_CLS,
	  .in = { .len = 64 },
	  .want = 0,
	  .log = "nfp.abort();" },
	{ "skb->len",
	  { LDX(BPF_W, 0, 1, 0), EXIT },
	  .type = BPF_PROG_TYPE_SCHED_CLS,
	  .in = { .len = 77 },
	  .want = 77 },
};

static void run_program(const struct program *p, unsigned opt)
{
	uint32_t starts[3] = { 0, p->subs[0], p->subs[1] };
	struct rig r;
	LLVMModuleRef mod;
	struct nfp_prog *np;
	uint32_t got;

	rig_open(&r);
	r.obj.maps = maps;
	r.obj.n_maps = ARRAY_SIZE(maps);
	np = rig_verify_subs(&r, p->type ? p->type : BPF_PROG_TYPE_XDP, p->code, code_len(p->code),
			     starts, 1u + !!p->subs[0] + !!p->subs[1]);
	mod = rig_lift(&r, np, opt);
	memset(&env, 0, sizeof(env));
	env.pkt_len = p->in.len;
	env.map_hit = p->in.hit;
	env.result = p->in.result;
	put64(&env.pkt[64], p->in.pkt);
	put64(env.map, p->in.map);
	got = eval_run(&env, mod);
	if (got != p->want)
		fail_msg("O%u, \"%s\": returns 0x%x, not 0x%x (%s)", opt, p->rule, got, p->want,
			 env.log);
	if (p->log && !strstr(env.log, p->log))
		fail_msg("O%u, \"%s\": calls %s, not %s", opt, p->rule, env.log, p->log);
	if (p->want_map)
		assert_int_equal(get64(env.map), p->want_map);
	LLVMDisposeModule(mod);
	rig_close(&r);
}

static void test_programs(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		run_program(&programs[i], 0);
		run_program(&programs[i], 2);
	}
}

/* ---- shape -------------------------------------------------------------------------------------------- */

/* At -O2 bounds checks are comparisons of the length, frames are gone, and every instruction
 * that does something knows where it comes from. */
static void test_shape(void **state)
{
	static const struct bpf_insn code[] = {
		XDP_PACKET(54, 5),
		LDX(BPF_W, 6, 2, 26),
		STX(BPF_W, 10, 6, -4),
		LDX(BPF_B, 7, 10, -3),
		STX(BPF_B, 2, 7, 0),
		MOV64I(0, 2),
		EXIT,
	};
	struct rig r;
	LLVMModuleRef mod;
	char *text;

	(void)state;
	rig_open(&r);
	mod = rig_lift(&r, rig_verify(&r, BPF_PROG_TYPE_XDP, code, ARRAY_SIZE(code)), 2);
	text = LLVMPrintModuleToString(mod);
	assert_null(strstr(text, "alloca"));
	assert_null(strstr(text, "inttoptr"));
	assert_null(strstr(text, "!dbg"));
	assert_non_null(strstr(text, "54"));
	assert_non_null(strstr(text, "!bpf_pc"));
	LLVMDisposeMessage(text);
	LLVMDisposeModule(mod);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alu_registers), cmocka_unit_test(test_alu_immediates),
		cmocka_unit_test(test_division),      cmocka_unit_test(test_division_by_known_zero),
		cmocka_unit_test(test_byte_order),    cmocka_unit_test(test_jumps),
		cmocka_unit_test(test_programs),      cmocka_unit_test(test_shape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
