/* SPDX-License-Identifier: BSD-2-Clause */
#include "mutate.h"

#include "base/bits.h"

#include <string.h>

/* Changes of one instruction each. A change that moves instructions keeps the targets of jumps and
 * calls, so that what is left is still close to the program it was. */

uint64_t fuzz_next(uint64_t *seed)
{
	uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint32_t fuzz_below(uint64_t *seed, uint32_t n)
{
	return (uint32_t)(fuzz_next(seed) >> 32) % n;
}

static int32_t constant(uint64_t *seed)
{
	static const int32_t edges[] = { 0,       1,   -1,   2,         3,        4,   7,
					 8,       15,  16,   31,        32,       63,  64,
					 127,     128, 255,  256,       -8,       -16, 0xffff,
					 0x10000, 512, -512, INT32_MAX, INT32_MIN };

	return fuzz_below(seed, 3) ? edges[fuzz_below(seed, ARRAY_SIZE(edges))]
				   : (int32_t)fuzz_next(seed) >> fuzz_below(seed, 32);
}

/* ---- moving instructions ----------------------------------------------------------------------- */

/* Adds `by` to the relative target at `i` when [at, …) moved and the target is on the other side. */
static void retarget(struct fuzz_program *p, uint32_t i, uint32_t at, int by)
{
	struct bpf_insn *in = &p->insns[i];
	bool call = (ebpf_is_call(in) && in->src_reg == EBPF_CALL_SUBPROG) ||
		    (ebpf_is_ld_imm64(in) && in->src_reg == EBPF_IMM_FUNC);
	int64_t target;

	if (!call && !ebpf_is_cond_jump(in) && !ebpf_is_ja(in))
		return;
	target = call ? (int64_t)i + 1 + in->imm : ebpf_jump_target(in, i);
	if ((i < at) == (target <= at))
		return;
	by = i < at ? by : -by;
	if (call || in->code == (BPF_JMP32 | BPF_JA))
		in->imm += by;
	else
		in->off = (int16_t)(in->off + by);
}

static bool is_second_half(const struct fuzz_program *p, uint32_t i)
{
	return i && ebpf_is_ld_imm64(&p->insns[i - 1]);
}

static void insert(struct fuzz_program *p, uint32_t at, struct bpf_insn insn)
{
	if (p->n == FUZZ_MAX_INSNS || is_second_half(p, at))
		return;
	for (uint32_t i = 0; i < p->n; i++) {
		retarget(p, i, at, 1);
		i += ebpf_is_ld_imm64(&p->insns[i]);
	}
	memmove(&p->insns[at + 1], &p->insns[at], (p->n - at) * sizeof(insn));
	p->insns[at] = insn;
	p->n++;
}

/* ---- one change each --------------------------------------------------------------------------- */

static void change_constant(struct fuzz_program *p, uint32_t at, uint64_t *seed)
{
	if (!ebpf_is_call(&p->insns[at]))
		p->insns[at].imm = constant(seed);
}

static void nudge_constant(struct fuzz_program *p, uint32_t at, uint64_t *seed)
{
	if (!ebpf_is_call(&p->insns[at]))
		p->insns[at].imm += (int32_t)fuzz_below(seed, 17) - 8;
}

static void nudge_offset(struct fuzz_program *p, uint32_t at, uint64_t *seed)
{
	p->insns[at].off = (int16_t)(p->insns[at].off + (int)fuzz_below(seed, 17) - 8);
}

static void change_dst(struct fuzz_program *p, uint32_t at, uint64_t *seed)
{
	p->insns[at].dst_reg = fuzz_below(seed, 11) & 0xfu;
}

static void change_src(struct fuzz_program *p, uint32_t at, uint64_t *seed)
{
	if (!ebpf_is_call(&p->insns[at]) && !ebpf_is_ld_imm64(&p->insns[at]))
		p->insns[at].src_reg = fuzz_below(seed, 11) & 0xfu;
}

static void swap_registers(struct fuzz_program *p, uint32_t at, uint64_t *seed)
{
	uint8_t dst = p->insns[at].dst_reg;

	(void)seed;
	p->insns[at].dst_reg = p->insns[at].src_reg & 0xfu;
	p->insns[at].src_reg = dst & 0xfu;
}

static void change_operation(struct fuzz_program *p, uint32_t at, uint64_t *seed)
{
	if (ebpf_is_alu(&p->insns[at]) || ebpf_is_cond_jump(&p->insns[at]))
		p->insns[at].code =
			(uint8_t)((p->insns[at].code & 0x0f) | fuzz_below(seed, 14) << 4);
}

/* 64 and 32 bits. */
static void change_width(struct fuzz_program *p, uint32_t at, uint64_t *seed)
{
	(void)seed;
	if (ebpf_is_alu(&p->insns[at]))
		p->insns[at].code ^= BPF_ALU ^ BPF_ALU64;
	else if (ebpf_is_cond_jump(&p->insns[at]))
		p->insns[at].code ^= BPF_JMP ^ BPF_JMP32;
}

static void change_source(struct fuzz_program *p, uint32_t at, uint64_t *seed)
{
	if (!ebpf_is_alu(&p->insns[at]) && !ebpf_is_cond_jump(&p->insns[at]))
		return;
	p->insns[at].code ^= BPF_X;
	p->insns[at].imm = ebpf_src_is_reg(&p->insns[at]) ? 0 : constant(seed);
	p->insns[at].src_reg = ebpf_src_is_reg(&p->insns[at]) ? fuzz_below(seed, 10) & 0xfu : 0u;
}

static void change_size(struct fuzz_program *p, uint32_t at, uint64_t *seed)
{
	if (ebpf_class(&p->insns[at]) <= BPF_STX && !ebpf_is_ld_imm64(&p->insns[at]))
		p->insns[at].code =
			(uint8_t)((p->insns[at].code & 0xe7) | fuzz_below(seed, 4) << 3);
}

static void change_load_mode(struct fuzz_program *p, uint32_t at, uint64_t *seed)
{
	(void)seed;
	if (ebpf_class(&p->insns[at]) == BPF_LDX)
		p->insns[at].code ^= BPF_MEM ^ EBPF_MEMSX;
}

static void change_helper(struct fuzz_program *p, uint32_t at, uint64_t *seed)
{
	if (ebpf_is_call(&p->insns[at]) && p->insns[at].src_reg == EBPF_CALL_HELPER)
		p->insns[at].imm = (int32_t)fuzz_below(seed, 213);
}

static void drop(struct fuzz_program *p, uint32_t at, uint64_t *seed)
{
	(void)seed;
	if (!is_second_half(p, at) && !ebpf_is_ld_imm64(&p->insns[at]))
		p->insns[at] = (struct bpf_insn)JA(0);
}

static void copy_other(struct fuzz_program *p, uint32_t at, uint64_t *seed)
{
	uint32_t from = fuzz_below(seed, p->n);

	if (!is_second_half(p, from) && !ebpf_is_ld_imm64(&p->insns[from]))
		insert(p, at, p->insns[from]);
}

static void swap_neighbours(struct fuzz_program *p, uint32_t at, uint64_t *seed)
{
	struct bpf_insn first = p->insns[at];

	(void)seed;
	if (at + 1 >= p->n || is_second_half(p, at) || ebpf_is_ld_imm64(&first) ||
	    ebpf_is_ld_imm64(&p->insns[at + 1]))
		return;
	p->insns[at] = p->insns[at + 1];
	p->insns[at + 1] = first;
}

/* Instructions that touch the rules of the stack, of pointers and of numbers. */
static void insert_probe(struct fuzz_program *p, uint32_t at, uint64_t *seed)
{
	static const uint8_t sizes[] = { BPF_B, BPF_H, BPF_W, BPF_DW };
	static const uint8_t ops[] = { BPF_ADD,  BPF_SUB, BPF_AND, BPF_OR,  BPF_LSH, BPF_RSH,
				       BPF_ARSH, BPF_XOR, BPF_MUL, BPF_DIV, BPF_MOD };
	static const uint8_t tests[] = { BPF_JEQ,  BPF_JNE,  BPF_JGT,  BPF_JGE,  BPF_JLT, BPF_JLE,
					 BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE, BPF_JSET };
	static const int32_t atomics[] = { BPF_ADD, BPF_OR | BPF_FETCH, BPF_XCHG, BPF_CMPXCHG };
	unsigned a = fuzz_below(seed, 10), b = fuzz_below(seed, 11);
	uint8_t size = sizes[fuzz_below(seed, 4)], op = ops[fuzz_below(seed, ARRAY_SIZE(ops))];
	uint8_t test = tests[fuzz_below(seed, ARRAY_SIZE(tests))];
	uint8_t wide = fuzz_below(seed, 2) ? BPF_JMP : BPF_JMP32;
	int slot = -(int)fuzz_below(seed, 5) * 8 -
		   (int)(fuzz_below(seed, 3) ? 8 : fuzz_below(seed, 8));
	const struct bpf_insn probes[] = {
		MOV64(a, b),
		MOV32(a, b),
		MOVSX64(a, b, 8 << fuzz_below(seed, 3)),
		ALU64(op, a, b),
		ALU32(op, a, b),
		ALU64I(op, a, constant(seed)),
		ALU32I(op, a, constant(seed)),
		STX(size, BPF_REG_10, slot, b),
		LDX(size, a, BPF_REG_10, slot),
		LDSX(size, a, BPF_REG_10, slot),
		ST(size, BPF_REG_10, slot, constant(seed)),
		LDX(size, a, b, (int)fuzz_below(seed, 24)),
		STX(size, a, (int)fuzz_below(seed, 24), b),
		I(wide | test | BPF_K, a, 0, fuzz_below(seed, 4), constant(seed)),
		I(wide | test | BPF_X, a, b, fuzz_below(seed, 4), 0),
		ATOMIC(fuzz_below(seed, 2) ? BPF_W : BPF_DW, atomics[fuzz_below(seed, 4)],
		       fuzz_below(seed, 2) ? a : BPF_REG_10, slot, b),
		MOV64I(a, constant(seed)),
		EXIT(),
	};

	insert(p, at, probes[fuzz_below(seed, ARRAY_SIZE(probes))]);
}

static void (*const changes[])(struct fuzz_program *p, uint32_t at, uint64_t *seed) = {
	change_constant,  nudge_constant,   nudge_offset, change_dst,    change_src,
	swap_registers,   change_operation, change_width, change_source, change_size,
	change_load_mode, change_helper,    drop,         copy_other,    swap_neighbours,
	insert_probe,     insert_probe,     insert_probe, insert_probe,
};

void fuzz_mutate(struct fuzz_program *p, uint64_t *seed)
{
	uint32_t at = fuzz_below(seed, p->n);

	if (!is_second_half(p, at))
		changes[fuzz_below(seed, ARRAY_SIZE(changes))](p, at, seed);
}
