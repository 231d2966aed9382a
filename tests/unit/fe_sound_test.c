#include "fe_rig.h"

#include "base/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Soundness: random programs run in a small interpreter, and before every instruction every number
 * and pointer must lie in what the verifier said of it. The interpreter works on real memory, so an
 * access that should have been rejected shows up under AddressSanitizer as well. */

#define PROGRAMS 4000 /* FE_SOUND_PROGRAMS=N in the environment: the long mode */
#define PACKETS  6
#define PKT_MIN  64u
#define STEPS    20000u

#define R0 BPF_REG_0
#define R1 BPF_REG_1
#define R5 BPF_REG_5
#define R6 BPF_REG_6 /* loop counter */
#define R7 BPF_REG_7 /* packet */
#define R8 BPF_REG_8 /* map value */
#define R9 BPF_REG_9 /* context */
#define FP BPF_REG_10

static uint64_t next(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static uint32_t below(uint64_t *s, uint32_t n)
{
	return (uint32_t)(next(s) >> 33) % n;
}

/* ---- generator: scalars in R0 to R5, 64 bytes of packet, map value and stack ------------------- */

struct gen {
	struct asm_buf b;
	uint64_t seed;
	bool in_loop;
	bool in_func; /* body of a subprogram: R7 packet, R8 map value, R9 caller's frame pointer */
	uint32_t func[2]; /* labels */
	bool called[2];
};

static int32_t constant(struct gen *g)
{
	static const int32_t edges[] = { 0, 1, -1, 2, 7, 8, 255, 256, 65535, INT32_MAX, INT32_MIN };

	return below(&g->seed, 2) ? edges[below(&g->seed, ARRAY_SIZE(edges))]
				  : (int32_t)next(&g->seed) >> below(&g->seed, 32);
}

static unsigned scalar(struct gen *g)
{
	return below(&g->seed, 6);
}

static uint8_t size(struct gen *g)
{
	static const uint8_t sizes[] = { BPF_B, BPF_H, BPF_W, BPF_DW };

	return sizes[below(&g->seed, 4)];
}

static unsigned bytes(uint8_t sz)
{
	return sz == BPF_B ? 1 : sz == BPF_H ? 2 : sz == BPF_W ? 4 : 8;
}

static void gen_alu(struct gen *g)
{
	static const uint8_t ops[] = { BPF_ADD, BPF_SUB, BPF_MUL,  BPF_AND, BPF_OR,  BPF_XOR,
				       BPF_LSH, BPF_RSH, BPF_ARSH, BPF_DIV, BPF_MOD, BPF_MOV };
	uint8_t op = ops[below(&g->seed, ARRAY_SIZE(ops))];
	bool is64 = below(&g->seed, 2), shift = op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH;
	uint8_t class = is64 ? BPF_ALU64 : BPF_ALU;
	int32_t k = constant(g);

	if (below(&g->seed, 2)) {
		asm_emit(&g->b, I(class | op | BPF_X, scalar(g), scalar(g), 0, 0));
		return;
	}
	if (shift)
		k = (int32_t)below(&g->seed, is64 ? 64 : 32);
	if ((op == BPF_DIV || op == BPF_MOD) && !k)
		k = 3;
	asm_emit(&g->b, I(class | op | BPF_K, scalar(g), 0, 0, k));
}

static void gen_unary(struct gen *g)
{
	static const int widths[] = { 16, 32, 64 }, extend[] = { 8, 16, 32 };
	unsigned d = scalar(g);

	switch (below(&g->seed, 5)) {
	case 0: asm_emit(&g->b, NEG64(d)); break;
	case 1: asm_emit(&g->b, NEG32(d)); break;
	case 2: asm_emit(&g->b, TO_BE(d, widths[below(&g->seed, 3)])); break;
	case 3: asm_emit(&g->b, MOVSX64(d, scalar(g), extend[below(&g->seed, 3)])); break;
	default: asm_emit(&g->b, MOVSX32(d, scalar(g), extend[below(&g->seed, 2)]));
	}
}

static void gen_stack(struct gen *g)
{
	uint8_t sz = size(g);
	int off = -(int)(below(&g->seed, 64 / bytes(sz)) + 1) * (int)bytes(sz);

	switch (below(&g->seed, 4)) {
	case 0: asm_emit(&g->b, ST(sz, FP, off, constant(g))); break;
	case 1: asm_emit(&g->b, STX(sz, FP, off, scalar(g))); break;
	case 2: asm_emit(&g->b, LDX(sz, scalar(g), FP, off)); break;
	default:
		if (sz == BPF_DW)
			sz = BPF_W;
		asm_emit(&g->b, LDSX(sz, scalar(g), FP, off));
	}
}

static void gen_access(struct gen *g, uint8_t sz, unsigned base, int off)
{
	switch (below(&g->seed, 3)) {
	case 0: asm_emit(&g->b, LDX(sz, scalar(g), base, off)); break;
	case 1: asm_emit(&g->b, STX(sz, base, off, R0)); break;
	default: asm_emit(&g->b, ST(sz, base, off, constant(g)));
	}
}

/* Packet or map value at a constant offset. */
static void gen_memory(struct gen *g)
{
	uint8_t sz = size(g);

	gen_access(g, sz, below(&g->seed, 2) ? R7 : R8, (int)below(&g->seed, 65 - bytes(sz)));
}

/* … at a masked number; for the packet another test against its end is due. R1 is the pointer. */
static void gen_memory_index(struct gen *g)
{
	bool packet = below(&g->seed, 2);
	uint32_t out = asm_label(&g->b);
	uint8_t sz = size(g);

	asm_emit(&g->b, MOV64(R1, 2 + below(&g->seed, 3)), ALU64I(BPF_AND, R1, 31),
		 ALU64(BPF_ADD, R1, packet ? R7 : R8));
	if (packet) {
		asm_emit(&g->b, MOV64(R5, R1), ALU64I(BPF_ADD, R5, 33), LDX(BPF_W, 4, R9, 4));
		asm_jump(&g->b, (struct bpf_insn)JMP(BPF_JGT, R5, 4, 0), out);
	}
	if (below(&g->seed, 2))
		asm_emit(&g->b, LDX(sz, R0, R1, (int)below(&g->seed, 34 - bytes(sz))));
	else
		asm_emit(&g->b, ST(sz, R1, (int)below(&g->seed, 34 - bytes(sz)), constant(g)));
	asm_place(&g->b, out);
	asm_emit(&g->b, MOV64I(R1, constant(g)));
	if (packet)
		asm_emit(&g->b, MOV64I(R5, constant(g)), LDX(BPF_H, 4, R7, 6));
}

/* A stack access with a masked index. */
static void gen_stack_index(struct gen *g)
{
	asm_emit(&g->b, MOV64(R1, 2 + below(&g->seed, 3)), ALU64I(BPF_AND, R1, 7),
		 ALU64(BPF_ADD, R1, FP));
	if (below(&g->seed, 2))
		asm_emit(&g->b, ST(BPF_B, R1, -16, constant(g)));
	else
		asm_emit(&g->b, LDX(BPF_B, R0, R1, -16));
	asm_emit(&g->b, MOV64I(R1, constant(g)));
}

/* The caller's stack, from a subprogram. */
static void gen_caller_stack(struct gen *g)
{
	uint8_t sz = size(g);
	int off = -(int)(below(&g->seed, 64 / bytes(sz)) + 1) * (int)bytes(sz);

	if (below(&g->seed, 2))
		asm_emit(&g->b, LDX(sz, scalar(g), R9, off));
	else
		asm_emit(&g->b, STX(sz, R9, off, scalar(g)));
}

static void gen_call(struct gen *g)
{
	unsigned f = below(&g->seed, 2);

	g->called[f] = true;
	asm_emit(&g->b, MOV64(2, R7), MOV64(3, R8), MOV64(4, FP));
	asm_jump(&g->b, (struct bpf_insn)CALL_SUB(0), g->func[f]);
	for (unsigned r = 1; r < 6; r++)
		asm_emit(&g->b, LDX(size(g), r, FP, -8 * (int)r));
}

static struct bpf_insn condition(struct gen *g)
{
	static const uint8_t ops[] = { BPF_JEQ,  BPF_JNE,  BPF_JGT,  BPF_JGE,  BPF_JLT, BPF_JLE,
				       BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE, BPF_JSET };
	uint8_t op = ops[below(&g->seed, ARRAY_SIZE(ops))];
	uint8_t class = below(&g->seed, 2) ? BPF_JMP : BPF_JMP32;

	if (below(&g->seed, 3))
		return (struct bpf_insn)I(class | op | BPF_K, scalar(g), 0, 0, constant(g));
	return (struct bpf_insn)I(class | op | BPF_X, scalar(g), scalar(g), 0, 0);
}

static void gen_block(struct gen *g, unsigned n);

static void gen_branch(struct gen *g, unsigned n)
{
	uint32_t other = asm_label(&g->b), end = asm_label(&g->b);

	asm_jump(&g->b, condition(g), other);
	gen_block(g, n / 2);
	asm_jump(&g->b, (struct bpf_insn)JA(0), end);
	asm_place(&g->b, other);
	gen_block(g, n / 2);
	asm_place(&g->b, end);
}

static void gen_loop(struct gen *g, unsigned n)
{
	uint32_t top = asm_label(&g->b);
	int32_t rounds = 1 + (int32_t)below(&g->seed, 5);

	g->in_loop = true;
	asm_emit(&g->b, MOV64I(R6, 0));
	asm_place(&g->b, top);
	gen_block(g, n);
	asm_emit(&g->b, ALU64I(BPF_ADD, R6, 1));
	if (below(&g->seed, 2))
		asm_emit(&g->b, MOV64(R5, R6));
	asm_jump(&g->b, (struct bpf_insn)JMPI(BPF_JLT, R6, rounds, 0), top);
	g->in_loop = false;
}

static void gen_block(struct gen *g, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint32_t pick = below(&g->seed, 21);

		if (pick < 8)
			gen_alu(g);
		else if (pick < 10)
			gen_unary(g);
		else if (pick < 13)
			gen_stack(g);
		else if (pick == 13)
			gen_memory(g);
		else if (pick == 14 && !g->in_func)
			gen_memory_index(g);
		else if (pick == 15)
			gen_stack_index(g);
		else if (pick == 20 && g->in_func)
			gen_caller_stack(g);
		else if (pick == 20)
			gen_call(g);
		else if (pick == 16 && !g->in_loop && n > 3)
			gen_loop(g, 3);
		else if (n > 2)
			gen_branch(g, n / 2);
	}
}

static void gen_func(struct gen *g, unsigned f)
{
	if (!g->called[f])
		return;
	g->in_func = true;
	asm_place(&g->b, g->func[f]);
	asm_emit(&g->b, MOV64(R7, 2), MOV64(R8, 3), MOV64(R9, 4), MOV64(R0, R1));
	for (int off = -8; off >= -64; off -= 8)
		asm_emit(&g->b, STX(BPF_DW, FP, off, R1));
	for (unsigned r = 2; r < 6; r++)
		asm_emit(&g->b, LDX(size(g), r, R9, -8 * (int)r));
	gen_block(g, 3 + below(&g->seed, 6));
	asm_emit(&g->b, EXIT());
}

static void gen_program(struct gen *g, uint64_t seed)
{
	uint32_t out = asm_label(&g->b), have = asm_label(&g->b);

	g->seed = seed * 0x9e3779b97f4a7c15u + 1;
	g->func[0] = asm_label(&g->b);
	g->func[1] = asm_label(&g->b);
	asm_emit(&g->b, MOV64(R9, R1), ST(BPF_W, FP, -4, 3), MOV64(2, FP), ALU64I(BPF_ADD, 2, -4),
		 LD_MAP(R1, RIG_ARRAY), CALL(BPF_FUNC_map_lookup_elem));
	asm_jump(&g->b, (struct bpf_insn)JMPI(BPF_JNE, R0, 0, 0), have);
	asm_place(&g->b, out);
	asm_emit(&g->b, MOV64I(R0, 1), EXIT());
	asm_place(&g->b, have);
	asm_emit(&g->b, MOV64(R8, R0), LDX(BPF_W, R7, R9, 0), LDX(BPF_W, 2, R9, 4), MOV64(3, R7),
		 ALU64I(BPF_ADD, 3, PKT_MIN));
	asm_jump(&g->b, (struct bpf_insn)JMP(BPF_JGT, 3, 2, 0), out);
	for (int off = -8; off >= -64; off -= 8)
		asm_emit(&g->b, ST(BPF_DW, FP, off, constant(g)));
	for (unsigned r = 0; r < 6; r++)
		asm_emit(&g->b, LDX(size(g), r, below(&g->seed, 2) ? R7 : R8, 8 * (int)r));
	gen_block(g, 6 + below(&g->seed, 12));
	asm_emit(&g->b, EXIT());
	for (unsigned f = 0; f < 2; f++)
		gen_func(g, f);
	asm_finish(&g->b);
}

/* ---- interpreter ------------------------------------------------------------------------------- */

struct machine {
	const struct vprog *vp;
	uint64_t r[11];
	uint8_t *pkt, *value;
	uint32_t pkt_len;
	uint8_t stack[2][512];
	uint64_t saved[5]; /* R6 to R10 of main, while a subprogram runs */
	uint32_t ret_pc;
	uint32_t depth;
	size_t inst;
	uint64_t checks;
	uint32_t pc;
};

static bool number_inside(const struct vp_reg *f, uint64_t v)
{
	return !((v ^ f->var.value) & ~f->var.mask) && v >= f->umin && v <= f->umax &&
	       (int64_t)v >= f->smin && (int64_t)v <= f->smax && (uint32_t)v >= f->u32_min &&
	       (uint32_t)v <= f->u32_max && (int32_t)v >= f->s32_min && (int32_t)v <= f->s32_max;
}

static bool pointer_inside(const struct machine *m, const struct vp_reg *f, uint64_t v)
{
	int64_t off;

	switch (f->kind) {
	case VP_PKT:
		if (f->range && v + f->range > (uintptr_t)m->pkt + m->pkt_len)
			return false;
		off = (int64_t)(v - (uintptr_t)m->pkt);
		break;
	case VP_MAP_VALUE: off = (int64_t)(v - (uintptr_t)m->value); break;
	case VP_STACK: off = (int64_t)(v - (uintptr_t)(m->stack[f->object] + 512)); break;
	default: return true;
	}
	return off >= f->min_off && off <= f->max_off &&
	       (f->off_varies || number_inside(f, (uint64_t)(off - f->off)));
}

static void check_facts(struct machine *m)
{
	const struct vp_fact *fact = vp_fact_at(m->vp, m->inst, m->pc);

	assert_true(fact->seen);
	for (unsigned r = 0; r <= 10; r++) {
		const struct vp_reg *f = &fact->regs[r];
		bool ok = true;

		if (f->kind == VP_SCALAR)
			ok = number_inside(f, m->r[r]);
		else if (f->kind != VP_NOT_INIT && f->kind != VP_CONFLICT)
			ok = pointer_inside(m, f, m->r[r]);
		if (!ok)
			fail_msg("insn %u, R%u = 0x%llx is outside of what was proven", m->pc, r,
				 (unsigned long long)m->r[r]);
		m->checks++;
	}
}

static uint64_t bswap_to(uint64_t v, int32_t bits)
{
	switch (bits) {
	case 16: return __builtin_bswap16((uint16_t)v);
	case 32: return __builtin_bswap32((uint32_t)v);
	default: return __builtin_bswap64(v);
	}
}

static int64_t extend(uint64_t v, int bits)
{
	return bits ? (int64_t)(v << (64 - bits)) >> (64 - bits) : (int64_t)v;
}

static uint64_t alu(uint8_t op, bool is64, uint64_t a, uint64_t b)
{
	unsigned mask = is64 ? 63 : 31;

	if (!is64) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (op) {
	case BPF_ADD: return a + b;
	case BPF_SUB: return a - b;
	case BPF_MUL: return a * b;
	case BPF_AND: return a & b;
	case BPF_OR: return a | b;
	case BPF_XOR: return a ^ b;
	case BPF_LSH: return a << (b & mask);
	case BPF_RSH: return a >> (b & mask);
	case BPF_ARSH:
		return is64 ? (uint64_t)((int64_t)a >> (b & mask))
			    : (uint64_t)((int32_t)(uint32_t)a >> (b & mask));
	case BPF_DIV: return b ? a / b : 0;
	case BPF_MOD: return b ? a % b : a;
	default: return b; /* MOV */
	}
}

static void run_alu(struct machine *m, const struct bpf_insn *i)
{
	bool is64 = ebpf_class(i) == BPF_ALU64;
	uint8_t op = ebpf_op(i);
	uint64_t *d = &m->r[i->dst_reg],
		 b = ebpf_src_is_reg(i) ? m->r[i->src_reg] : (uint64_t)(int64_t)i->imm;

	if (op == BPF_NEG)
		*d = alu(BPF_SUB, is64, 0, *d);
	else if (op == BPF_END)
		*d = bswap_to(*d, i->imm);
	else
		*d = alu(op, is64, *d, op == BPF_MOV ? (uint64_t)extend(b, i->off) : b);
	if (!is64 && op != BPF_END)
		*d = (uint32_t)*d;
}

static bool holds(const struct machine *m, const struct bpf_insn *i)
{
	bool is32 = ebpf_class(i) == BPF_JMP32;
	uint64_t a = m->r[i->dst_reg],
		 b = ebpf_src_is_reg(i) ? m->r[i->src_reg] : (uint64_t)(int64_t)i->imm;
	int64_t sa = is32 ? (int32_t)a : (int64_t)a, sb = is32 ? (int32_t)b : (int64_t)b;

	if (is32) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (ebpf_op(i)) {
	case BPF_JEQ: return a == b;
	case BPF_JNE: return a != b;
	case BPF_JGT: return a > b;
	case BPF_JGE: return a >= b;
	case BPF_JLT: return a < b;
	case BPF_JLE: return a <= b;
	case BPF_JSGT: return sa > sb;
	case BPF_JSGE: return sa >= sb;
	case BPF_JSLT: return sa < sb;
	case BPF_JSLE: return sa <= sb;
	default: return a & b;
	}
}

static void run_memory(struct machine *m, const struct bpf_insn *i)
{
	unsigned n = ebpf_size_bytes(i);
	uint64_t v = ebpf_class(i) == BPF_ST ? (uint64_t)(int64_t)i->imm : m->r[i->src_reg];
	uint8_t *p;

	if (ebpf_class(i) != BPF_LDX) {
		p = (uint8_t *)(uintptr_t)(m->r[i->dst_reg] + (uint64_t)(int64_t)i->off);
		memcpy(p, &v, n);
		return;
	}
	if (i->src_reg == R9 && !m->depth) { /* the context: data, data_end */
		m->r[i->dst_reg] = (uintptr_t)m->pkt + (i->off ? m->pkt_len : 0);
		return;
	}
	p = (uint8_t *)(uintptr_t)(m->r[i->src_reg] + (uint64_t)(int64_t)i->off);
	v = 0;
	memcpy(&v, p, n);
	m->r[i->dst_reg] = ebpf_mode(i) == EBPF_MEMSX ? (uint64_t)extend(v, (int)n * 8) : v;
}

static void run_jump(struct machine *m, const struct bpf_insn *i)
{
	uint8_t branch = vp_fact_at(m->vp, m->inst, m->pc)->branch;
	bool taken = ebpf_is_ja(i) || holds(m, i);

	if (!ebpf_is_ja(i))
		assert_false(branch == (taken ? VP_BRANCH_NEVER : VP_BRANCH_ALWAYS));
	m->pc = taken ? (uint32_t)ebpf_jump_target(i, m->pc) : m->pc + 1;
}

static void enter(struct machine *m, const struct bpf_insn *i)
{
	int32_t child = vp_fact_at(m->vp, m->inst, m->pc)->child;

	assert_true(child > 0);
	memcpy(m->saved, &m->r[R6], sizeof(m->saved));
	m->ret_pc = m->pc + 1;
	m->inst = (size_t)child;
	m->depth = 1;
	m->r[FP] = (uintptr_t)(m->stack[1] + 512);
	m->pc = (uint32_t)((int32_t)m->pc + 1 + i->imm);
}

static void leave(struct machine *m)
{
	memcpy(&m->r[R6], m->saved, sizeof(m->saved));
	m->inst = m->depth = 0;
	m->pc = m->ret_pc;
}

static void run(struct machine *m)
{
	const struct bpf_insn *insns = m->vp->prog->insns;

	m->r[R1] = (uintptr_t)m; /* the context: only an address */
	m->r[FP] = (uintptr_t)(m->stack[0] + 512);
	for (uint32_t step = 0; step < STEPS; step++) {
		const struct bpf_insn *i = &insns[m->pc];

		check_facts(m);
		if (ebpf_is_exit(i)) {
			if (!m->depth)
				return;
			leave(m);
		} else if (ebpf_is_call(i) && i->src_reg == EBPF_CALL_SUBPROG) {
			enter(m, i);
		} else if (ebpf_is_call(i)) {
			m->r[R0] = (uintptr_t)m->value;
			m->pc++;
		} else if (ebpf_is_ld_imm64(i)) {
			m->pc += 2;
		} else if (ebpf_is_jump_class(i)) {
			run_jump(m, i);
		} else {
			if (ebpf_is_alu(i))
				run_alu(m, i);
			else
				run_memory(m, i);
			m->pc++;
		}
	}
	fail_msg("a loop that should be bounded does not end");
}

/* Packets and values of all kinds of bytes; a short packet now and then. */
static uint64_t run_packet(const struct vprog *vp, uint64_t *seed)
{
	struct machine m = { .vp = vp };
	uint64_t kind = next(seed) % 4;

	m.pkt_len = next(seed) % 5 ? PKT_MIN + below(seed, 8) : below(seed, PKT_MIN);
	m.pkt = malloc(m.pkt_len + 1);
	m.value = malloc(64);
	m.pkt_len = m.pkt_len ? m.pkt_len : 1;
	for (uint32_t i = 0; i < m.pkt_len; i++)
		m.pkt[i] = (uint8_t)(kind == 0 ? 0 : kind == 1 ? 0xff : next(seed) >> 20);
	for (uint32_t i = 0; i < 64; i++)
		m.value[i] = (uint8_t)(kind == 2 ? 0x80 : next(seed) >> 20);
	run(&m);
	free(m.pkt);
	free(m.value);
	return m.checks;
}

static void values_lie_in_what_was_proven(void **state)
{
	const char *wanted = getenv("FE_SOUND_PROGRAMS");
	uint64_t programs = wanted ? strtoull(wanted, NULL, 10) : PROGRAMS;
	uint64_t checks = 0, accepted = 0, seed = 99;

	(void)state;
	for (uint64_t n = 0; n < programs; n++) {
		static struct gen g;
		struct rig r;

		memset(&g, 0, sizeof(g));
		gen_program(&g, n + 1);
		rig_init(&r, BPF_PROG_TYPE_XDP, g.b.at, g.b.n);
		if (rig_verify(&r, &(struct fe_verify_options){ .insn_limit = 50000 })) {
			accepted++;
			for (unsigned k = 0; k < PACKETS; k++)
				checks += run_packet(&r.vp, &seed);
		} else if (rig_reason(&r) != REASON_TOO_COMPLEX) {
			diag_print(stderr, &r.diags.list.at[0]);
			fail_msg("program %llu is safe, but rejected", (unsigned long long)n);
		}
		rig_free(&r);
	}
	print_message("%llu of %llu programs accepted, %llu checks\n", (unsigned long long)accepted,
		      (unsigned long long)programs, (unsigned long long)checks);
	assert_true(accepted > programs / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(values_lie_in_what_was_proven) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
