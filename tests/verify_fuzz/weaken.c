/* SPDX-License-Identifier: BSD-2-Clause */
#include "weaken.h"

#include "base/bits.h"

/* A verdict that differs is explained when ours hangs on knowledge that the kernel does not have: with
 * the instruction that it comes from made to give any number, ours rejects as well. */

/* The kernel knows less of its result. */
static bool known_better(const struct bpf_insn *in)
{
	if (!ebpf_is_alu(in))
		return false;
	switch (ebpf_op(in)) {
	case BPF_DIV:
	case BPF_MOD: return true;
	case BPF_MOV: return ebpf_src_is_reg(in) && in->off; /* sign extension */
	case BPF_LSH:
	case BPF_RSH:
	case BPF_ARSH: return ebpf_src_is_reg(in);
	default: return false;
	}
}

/* Eight bytes of stack below all that the program uses: any number. */
static int16_t unused_slot(const struct fuzz_program *p)
{
	int lowest = 0;

	for (uint32_t i = 0; i < p->n; i++) {
		const struct bpf_insn *in = &p->insns[i];
		bool address = in->code == (BPF_ALU64 | BPF_ADD | BPF_K);
		int off = address ? in->imm : in->off;

		if ((address || ebpf_class(in) == BPF_ST || ebpf_class(in) == BPF_STX ||
		     ebpf_class(in) == BPF_LDX) &&
		    off < lowest && off >= -EBPF_MAX_STACK)
			lowest = off;
	}
	lowest = -(int)bits_round_up((uint64_t)-lowest, 8) - 8;
	return (int16_t)(lowest < -EBPF_MAX_STACK ? -EBPF_MAX_STACK : lowest);
}

bool fuzz_weaken(struct fuzz_program *p)
{
	int16_t slot = unused_slot(p);
	bool any = false;

	for (uint32_t i = 0; i < p->n; i++) {
		struct bpf_insn *in = &p->insns[i];

		if (known_better(in)) {
			*in = (struct bpf_insn)LDX(BPF_DW, in->dst_reg, BPF_REG_10, slot);
			any = true;
		}
	}
	return any;
}

/* A number compared with itself: the kernel walks both sides, and the impossible one without bounds. */
bool fuzz_compares_with_itself(const struct fuzz_program *p)
{
	for (uint32_t i = 0; i < p->n; i++) {
		const struct bpf_insn *in = &p->insns[i];

		if (ebpf_is_cond_jump(in) && ebpf_src_is_reg(in) && in->dst_reg == in->src_reg)
			return true;
	}
	return false;
}

/* The kernel keeps the name of a number that a load from the stack extends with its sign. */
bool fuzz_fills_signed(const struct fuzz_program *p)
{
	for (uint32_t i = 0; i < p->n; i++) {
		if (ebpf_class(&p->insns[i]) == BPF_LDX && ebpf_mode(&p->insns[i]) == EBPF_MEMSX &&
		    p->insns[i].src_reg == BPF_REG_10)
			return true;
	}
	return false;
}

/* Tests of bits: that the impossible side ends is known here alone. */
bool fuzz_tests_bits(const struct fuzz_program *p)
{
	for (uint32_t i = 0; i < p->n; i++) {
		if (ebpf_is_cond_jump(&p->insns[i]) && ebpf_op(&p->insns[i]) == BPF_JSET)
			return true;
	}
	return false;
}

/* A copy of a register that a constant is then subtracted from, or added to in 32 bits. */
bool fuzz_links_by_subtraction(const struct fuzz_program *p)
{
	for (uint32_t i = 1; i < p->n; i++) {
		const struct bpf_insn *copy = &p->insns[i - 1], *in = &p->insns[i];
		bool adds = in->code == (BPF_ALU | BPF_ADD | BPF_K);
		bool subtracts = ebpf_is_alu(in) && ebpf_op(in) == BPF_SUB && !ebpf_src_is_reg(in);

		if (copy->code == (BPF_ALU64 | BPF_MOV | BPF_X) && !copy->off &&
		    (adds || subtracts) && in->dst_reg == copy->dst_reg)
			return true;
	}
	return false;
}

/* A number that an arithmetic shift made 0 or -1, and a constant mask. */
bool fuzz_masks_zero_or_ones(const struct fuzz_program *p)
{
	bool shifted = false;

	for (uint32_t i = 0; i < p->n; i++) {
		const struct bpf_insn *in = &p->insns[i];
		uint8_t op = ebpf_op(in);

		if (!ebpf_is_alu(in) || ebpf_src_is_reg(in))
			continue;
		if (op == BPF_ARSH)
			shifted |= in->imm == (ebpf_class(in) == BPF_ALU64 ? 63 : 31);
		else if (shifted && (op == BPF_AND || op == BPF_OR))
			return true;
	}
	return false;
}
