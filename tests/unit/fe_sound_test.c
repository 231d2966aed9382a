/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/fe_gen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Soundness: random programs run in a small interpreter, and before every instruction every number
 * and pointer must lie in what the verifier said of it. The interpreter works on real memory, so an
 * access that should have been rejected shows up under AddressSanitizer as well. */

#define PROGRAMS 4000 /* FE_SOUND_PROGRAMS=N in the environment: the long mode */
#define PACKETS  6
#define STEPS    20000u
#define ROUNDS   40u /* of may_goto loops, in all */

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
	uint64_t seed; /* decides how many rounds may_goto loops take */
	uint32_t rounds;
};

static bool scalar_inside(const struct vp_reg *f, uint64_t v)
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
	       (f->off_varies || scalar_inside(f, (uint64_t)(off - f->off)));
}

static void check_facts(struct machine *m)
{
	const struct vp_fact *fact = vp_fact_at(m->vp, m->inst, m->pc);

	assert_true(fact->seen);
	for (unsigned r = 0; r <= 10; r++) {
		const struct vp_reg *f = &fact->regs[r];
		bool ok = true;

		if (f->kind == VP_SCALAR)
			ok = scalar_inside(f, m->r[r]);
		else if (f->kind != VP_NOT_INIT && f->kind != VP_CONFLICT &&
			 f->kind != VP_ADDRESS && f->kind != VP_PKT_OR_ADDRESS)
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
	bool taken;

	if (i->code == EBPF_MAY_GOTO)
		taken = m->rounds++ >= ROUNDS || !below(&m->seed, 4);
	else
		taken = ebpf_is_ja(i) || holds(m, i);
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
	struct machine m = { .vp = vp, .seed = next(seed) | 1 };
	uint64_t kind = next(seed) % 4;

	m.pkt_len = next(seed) % 5 ? GEN_PKT_MIN + below(seed, 8) : below(seed, GEN_PKT_MIN);
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
		if (rig_verify(&r, &(struct fe_verify_options){ .insn_limit = 20000 })) {
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
