/* SPDX-License-Identifier: BSD-2-Clause
 * Undefined bits through arithmetic and comparisons. Sums follow the carries: two sums, one with all undefined bits 0 and
 * one with all of them 1, differ in each bit that an undefined bit or a carry out of one can reach. */
#include "sim/host/unwritten/undef_bits.h"

#include "base/bits.h"

static uint64_t least(struct sim_bits x)
{
	return x.value & ~x.undef;
}

static uint64_t most(struct sim_bits x)
{
	return x.value | x.undef;
}

static struct sim_bits cut(struct sim_bits x, unsigned bits)
{
	return (struct sim_bits){ x.value & bits_mask(bits), x.undef & bits_mask(bits) };
}

static uint64_t sign_extend(uint64_t v, unsigned bits)
{
	uint64_t sign = UINT64_C(1) << (bits - 1);

	return ((v & bits_mask(bits)) ^ sign) - sign;
}

/* ---- arithmetic ------------------------------------------------------------------------------- */

static uint64_t undef_sum(struct sim_bits a, struct sim_bits b)
{
	return a.undef | b.undef | ((least(a) + least(b)) ^ (most(a) + most(b)));
}

static uint64_t undef_difference(struct sim_bits a, struct sim_bits b)
{
	return a.undef | b.undef | ((least(a) - most(b)) ^ (most(a) - least(b)));
}

/* A bit that is surely 0 on one side decides. */
static uint64_t undef_and(struct sim_bits a, struct sim_bits b)
{
	return (a.undef | b.undef) & most(a) & most(b);
}

static uint64_t undef_or(struct sim_bits a, struct sim_bits b)
{
	return (a.undef | b.undef) & ~least(a) & ~least(b);
}

/* Zeroes below the lowest undefined bit of the product's terms stay. */
static uint64_t undef_product(struct sim_bits a, struct sim_bits b)
{
	unsigned lowest;

	if (!most(a) || !most(b))
		return 0;
	if (a.undef && b.undef)
		lowest = (unsigned)__builtin_ctzll(most(a)) + (unsigned)__builtin_ctzll(most(b));
	else if (a.undef)
		lowest = (unsigned)__builtin_ctzll(a.undef) + (unsigned)__builtin_ctzll(b.value);
	else
		lowest = (unsigned)__builtin_ctzll(b.undef) + (unsigned)__builtin_ctzll(a.value);
	return lowest > 63 ? 0 : UINT64_MAX << lowest;
}

static bool is_power_of_two(uint64_t v)
{
	return v && !(v & (v - 1));
}

static uint64_t undef_quotient(const struct bpf_insn *insn, struct sim_bits a, struct sim_bits b)
{
	bool mod = ebpf_op(insn) == BPF_MOD;

	if (b.undef || insn->off == 1 || !is_power_of_two(b.value))
		return UINT64_MAX;
	return mod ? a.undef & (b.value - 1) : a.undef >> __builtin_ctzll(b.value);
}

static uint64_t undef_shift(const struct bpf_insn *insn, struct sim_bits a, struct sim_bits b,
			    unsigned bits)
{
	unsigned by = (unsigned)(b.value & (bits - 1));

	if (b.undef & (bits - 1))
		return most(a) ? UINT64_MAX : 0;
	switch (ebpf_op(insn)) {
	case BPF_LSH: return a.undef << by;
	case BPF_RSH: return a.undef >> by;
	default: return (uint64_t)((int64_t)sign_extend(a.undef, bits) >> by);
	}
}

static uint64_t undef_byte_order(const struct bpf_insn *insn, uint64_t undef)
{
	bool swap = ebpf_class(insn) == BPF_ALU64 || (insn->code & BPF_TO_BE);

	if (!swap)
		return undef & bits_mask((unsigned)insn->imm);
	switch (insn->imm) {
	case 16: return __builtin_bswap16((uint16_t)undef);
	case 32: return __builtin_bswap32((uint32_t)undef);
	default: return __builtin_bswap64(undef);
	}
}

static uint64_t undef_move(const struct bpf_insn *insn, uint64_t undef)
{
	return insn->off ? sign_extend(undef, (unsigned)insn->off) : undef;
}

/* Both operands are the same register: the difference of anything with itself is known. */
static bool cancels(const struct bpf_insn *insn)
{
	return ebpf_src_is_reg(insn) && insn->src_reg == insn->dst_reg &&
	       (ebpf_op(insn) == BPF_SUB || ebpf_op(insn) == BPF_XOR);
}

static uint64_t undef_result(const struct bpf_insn *insn, struct sim_bits a, struct sim_bits b,
			     unsigned bits)
{
	static const struct sim_bits zero;

	switch (ebpf_op(insn)) {
	case BPF_ADD: return undef_sum(a, b);
	case BPF_SUB: return undef_difference(a, b);
	case BPF_NEG: return undef_difference(zero, a);
	case BPF_MUL: return undef_product(a, b);
	case BPF_AND: return undef_and(a, b);
	case BPF_OR: return undef_or(a, b);
	case BPF_XOR: return a.undef | b.undef;
	case BPF_LSH:
	case BPF_RSH:
	case BPF_ARSH: return undef_shift(insn, a, b, bits);
	default: return undef_quotient(insn, a, b);
	}
}

uint64_t sim_undef_alu(const struct bpf_insn *insn, struct sim_bits a, struct sim_bits b)
{
	unsigned bits = ebpf_class(insn) == BPF_ALU64 ? 64 : 32;

	if (ebpf_op(insn) == BPF_END)
		return undef_byte_order(insn, a.undef);
	if (ebpf_op(insn) == BPF_MOV)
		return undef_move(insn, b.undef) & bits_mask(bits);
	if (ebpf_op(insn) == BPF_NEG)
		b = (struct sim_bits){ 0, 0 };
	a = cut(a, bits);
	b = cut(b, bits);
	if ((!a.undef && !b.undef) || cancels(insn))
		return 0;
	return undef_result(insn, a, b, bits) & bits_mask(bits);
}

/* ---- comparisons ------------------------------------------------------------------------------ */

struct range {
	uint64_t least, most;
};

/* Signed order is unsigned order with the sign turned over. */
static struct range range_of(struct sim_bits x, bool is_signed, unsigned bits)
{
	if (is_signed)
		x.value ^= UINT64_C(1) << (bits - 1);
	return (struct range){ least(x), most(x) };
}

/* True: `a` is below `b` for some undefined bits, and not for others. */
static bool below_decides(struct range a, struct range b)
{
	return (a.least < b.most) != (a.most < b.least);
}

static bool order_decides(uint8_t op, struct range a, struct range b)
{
	switch (op) {
	case BPF_JGT:
	case BPF_JSGT:
	case BPF_JLE:
	case BPF_JSLE: return below_decides(b, a);
	default: return below_decides(a, b);
	}
}

static bool is_signed_order(uint8_t op)
{
	return op == BPF_JSGT || op == BPF_JSGE || op == BPF_JSLT || op == BPF_JSLE;
}

bool sim_undef_decides(const struct bpf_insn *insn, struct sim_bits a, struct sim_bits b)
{
	unsigned bits = ebpf_class(insn) == BPF_JMP ? 64 : 32;
	uint8_t op = ebpf_op(insn);

	a = cut(a, bits);
	b = cut(b, bits);
	if (!a.undef && !b.undef)
		return false;
	if (ebpf_src_is_reg(insn) && insn->src_reg == insn->dst_reg && op != BPF_JSET)
		return false;
	if (op == BPF_JEQ || op == BPF_JNE) /* one known bit that differs is enough */
		return !((a.value ^ b.value) & ~(a.undef | b.undef));
	if (op == BPF_JSET)
		return (most(a) & most(b)) && !(least(a) & least(b));
	return order_decides(op, range_of(a, is_signed_order(op), bits),
			     range_of(b, is_signed_order(op), bits));
}
