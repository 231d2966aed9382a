/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/core.h"

#include "base/bits.h"

/* Puts the decided number into an instruction: immediate, offset, or 64-bit constant. The number
 * that the compiler put there must be the expected one, else relocation and code do not belong
 * together. */

#define POISON 0xbad2310 /* libbpf's helper number for it; seen in logs as 195896080 */

void core_poison(struct bpf_insn *i, bool has_next)
{
	static const struct bpf_insn invalid = { .code = BPF_JMP | BPF_CALL, .imm = POISON };

	if (ebpf_is_ld_imm64(i) && has_next)
		i[1] = invalid;
	i[0] = invalid;
}

static bool is_unsigned(const struct btf_type *t)
{
	return btf_is_int(t) && btf_int_encoding(t) != BTF_INT_SIGNED;
}

/* A load may change its width when that changes no value: pointers and unsigned integers. */
static const char *resize(const struct core_pair *types, const struct core_decision *d,
			  struct bpf_insn *i)
{
	static const uint8_t sizes[9] = { [1] = BPF_B, [2] = BPF_H, [4] = BPF_W, [8] = BPF_DW };
	uint32_t bytes = d->now.field_bytes;
	const struct btf_type *was, *now;

	if (bytes == d->was.field_bytes)
		return NULL;
	was = btf__type_by_id(types->local, d->was.field_type);
	now = btf__type_by_id(types->target ? types->target : types->local, d->now.field_type);
	if (!(btf_is_ptr(was) && btf_is_ptr(now)) && !(is_unsigned(was) && is_unsigned(now)))
		return "the field has another size in the kernel, and is not an unsigned integer";
	if (ebpf_size_bytes(i) != d->was.field_bytes || bytes > 8 || !bits_is_pow2(bytes))
		return "the field has another size in the kernel";
	i->code = (uint8_t)((i->code & ~0x18) | sizes[bytes]);
	return NULL;
}

const char *core_patch(const struct core_pair *types, struct core_decision *d, struct bpf_insn *i,
		       bool has_next)
{
	uint64_t was = d->was.number, now = d->now.number;

	switch (ebpf_class(i)) {
	case BPF_ALU:
	case BPF_ALU64:
		if (ebpf_src_is_reg(i) || (d->was.exact && (uint64_t)(int64_t)i->imm != was))
			return "the instruction does not contain the expected number";
		i->imm = (int32_t)now;
		return NULL;
	case BPF_LDX:
	case BPF_ST:
	case BPF_STX:
		if (d->was.exact && (uint64_t)(int64_t)i->off != was)
			return "the instruction does not contain the expected offset";
		if (now > INT16_MAX)
			return "the offset in the kernel is too large for an instruction";
		d->poison = resize(types, d, i);
		i->off = (int16_t)now;
		return NULL;
	default: break;
	}
	if (!ebpf_is_ld_imm64(i) || !has_next || i->src_reg || i[1].code)
		return "the instruction contains no number";
	if (d->was.exact && ((uint32_t)i->imm | (uint64_t)(uint32_t)i[1].imm << 32) != was)
		return "the instruction does not contain the expected number";
	i[0].imm = (int32_t)now;
	i[1].imm = (int32_t)(now >> 32);
	return NULL;
}
