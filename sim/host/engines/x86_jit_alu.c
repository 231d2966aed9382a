/* SPDX-License-Identifier: BSD-2-Clause */
/* Arithmetic of the JIT: shifts, divisions, byte orders and what is one x86 instruction. */
#include "sim/host/engines/x86_jit_internal.h"

#include "base/bits.h"

/* Operations that are one x86 instruction, by BPF operation nibble. */
static const struct {
	bool valid;
	enum x86_op reg, imm;
} simple_alu[16] = {
	[BPF_ADD >> 4] = { true, X86_ADD, X86_ADD_IMM },
	[BPF_SUB >> 4] = { true, X86_SUB, X86_SUB_IMM },
	[BPF_OR >> 4] = { true, X86_OR, X86_OR_IMM },
	[BPF_AND >> 4] = { true, X86_AND, X86_AND_IMM },
	[BPF_XOR >> 4] = { true, X86_XOR, X86_XOR_IMM },
	[BPF_MOV >> 4] = { true, X86_MOV, X86_MOV_IMM },
};

static const struct {
	enum x86_op by_cl, by_imm;
} shift_alu[16] = {
	[BPF_LSH >> 4] = { X86_SHL_CL, X86_SHL_IMM },
	[BPF_RSH >> 4] = { X86_SHR_CL, X86_SHR_IMM },
	[BPF_ARSH >> 4] = { X86_SAR_CL, X86_SAR_IMM },
};

static void emit_shift(struct jit *j, const struct bpf_insn *i, enum x86_reg dst, enum x86_reg src)
{
	enum x86_width w = alu_width(i);
	unsigned op = ebpf_op(i) >> 4;

	if (!ebpf_src_is_reg(i)) {
		int32_t count = i->imm & (w == X86_W64 ? 63 : 31);

		x86_reg_imm(&j->b, shift_alu[op].by_imm, w, dst, count);
		return;
	}
	if (src == X86_RCX && dst != X86_RCX) {
		x86_reg_reg(&j->b, shift_alu[op].by_cl, w, dst, X86_RCX);
		return;
	}
	/* x86 counts in cl only: borrow it; what is shifted may be rcx itself */
	x86_reg_reg(&j->b, X86_MOV, X86_W64, TMP_SRC, X86_RCX);
	x86_reg_reg(&j->b, X86_MOV, X86_W64, X86_RCX, src);
	x86_reg_reg(&j->b, shift_alu[op].by_cl, w, dst == X86_RCX ? TMP_SRC : dst, X86_RCX);
	x86_reg_reg(&j->b, X86_MOV, X86_W64, X86_RCX, TMP_SRC);
}

/* dst = dst / TMP_SRC or dst % TMP_SRC by x86's DIV, which is bound to rdx:rax. */
static void emit_div_core(struct jit *j, enum x86_width w, enum x86_reg dst, bool is_mod,
			  bool is_signed)
{
	struct x86_buf *b = &j->b;

	x86_reg_reg(b, X86_MOV, X86_W64, TMP_SAVE_A, X86_RAX);
	x86_reg_reg(b, X86_MOV, X86_W64, TMP_SAVE_D, X86_RDX);
	x86_reg_reg(b, X86_MOV, X86_W64, X86_RAX, dst);
	if (is_signed)
		x86_extend_a(b, w);
	else
		x86_reg_reg(b, X86_XOR, X86_W32, X86_RDX, X86_RDX);
	x86_reg_reg(b, is_signed ? X86_IDIV : X86_DIV, w, TMP_SRC, TMP_SRC);
	x86_reg_reg(b, X86_MOV, w, TMP_SRC, is_mod ? X86_RDX : X86_RAX);
	x86_reg_reg(b, X86_MOV, X86_W64, X86_RAX, TMP_SAVE_A);
	x86_reg_reg(b, X86_MOV, X86_W64, X86_RDX, TMP_SAVE_D);
	x86_reg_reg(b, X86_MOV, w, dst, TMP_SRC);
}

/* Division never traps: x / 0 = 0, x % 0 = x, MIN / -1 = MIN, MIN % -1 = 0 (RFC 9669 4.1). */
static void emit_div(struct jit *j, const struct bpf_insn *i, enum x86_reg dst, enum x86_reg src)
{
	struct x86_buf *b = &j->b;
	enum x86_width w = alu_width(i);
	bool is_mod = ebpf_op(i) == BPF_MOD, is_signed = i->off == 1;
	size_t by_zero, by_minus_one = 0, done[2], n = 0;

	if (ebpf_src_is_reg(i))
		x86_reg_reg(b, X86_MOV, w, TMP_SRC, src);
	else
		x86_reg_imm(b, X86_MOV_IMM, w, TMP_SRC, i->imm);
	x86_reg_reg(b, X86_TEST, w, TMP_SRC, TMP_SRC);
	by_zero = x86_jcc_short(b, X86_CC_E);
	if (is_signed) {
		x86_reg_imm(b, X86_CMP_IMM, w, TMP_SRC, -1);
		by_minus_one = x86_jcc_short(b, X86_CC_E);
	}
	emit_div_core(j, w, dst, is_mod, is_signed);
	done[n++] = x86_jmp_short(b);
	if (is_signed) {
		x86_land(b, by_minus_one);
		if (is_mod)
			x86_reg_reg(b, X86_XOR, X86_W32, dst, dst);
		else
			x86_reg_reg(b, X86_NEG, w, dst, dst);
		done[n++] = x86_jmp_short(b);
	}
	x86_land(b, by_zero);
	if (!is_mod)
		x86_reg_reg(b, X86_XOR, X86_W32, dst, dst);
	else if (w == X86_W32) /* clears the high half */
		x86_reg_reg(b, X86_MOV, X86_W32, dst, dst);
	while (n)
		x86_land(b, done[--n]);
}

static bool emit_mov_sign_extend(struct jit *j, const struct bpf_insn *i, enum x86_reg dst,
				 enum x86_reg src)
{
	enum x86_width w = alu_width(i);

	if (i->off == 8)
		x86_reg_reg(&j->b, X86_MOVSX8, w, src, dst);
	else if (i->off == 16)
		x86_reg_reg(&j->b, X86_MOVSX16, w, src, dst);
	else if (i->off == 32 && w == X86_W64)
		x86_reg_reg(&j->b, X86_MOVSXD, w, src, dst);
	else
		return sim_jit_refuse(j, "unknown width of a sign-extending move");
	return true;
}

static bool emit_byte_order(struct jit *j, const struct bpf_insn *i, enum x86_reg dst)
{
	/* the host is little-endian: TO_BE and the unconditional swap (ALU64) swap, TO_LE cuts */
	bool swap = ebpf_class(i) == BPF_ALU64 || (i->code & BPF_TO_BE);

	switch (i->imm) {
	case 16:
		if (swap)
			x86_reg_imm(&j->b, X86_ROL_IMM, X86_W16, dst, 8);
		x86_reg_reg(&j->b, X86_MOVZX16, X86_W32, dst, dst);
		return true;
	case 32:
		if (swap)
			x86_bswap(&j->b, X86_W32, dst);
		else
			x86_reg_reg(&j->b, X86_MOV, X86_W32, dst, dst);
		return true;
	case 64:
		if (swap)
			x86_bswap(&j->b, X86_W64, dst);
		return true;
	default: return sim_jit_refuse(j, "unknown width of a byte swap");
	}
}

bool sim_jit_alu(struct jit *j, const struct bpf_insn *i)
{
	enum x86_reg dst = sim_jit_reg_of[i->dst_reg], src = sim_jit_reg_of[i->src_reg];
	enum x86_width w = alu_width(i);
	unsigned op = ebpf_op(i);

	if (op == BPF_MOV && ebpf_src_is_reg(i) && i->off)
		return emit_mov_sign_extend(j, i, dst, src);
	if (simple_alu[op >> 4].valid) {
		if (ebpf_src_is_reg(i))
			x86_reg_reg(&j->b, simple_alu[op >> 4].reg, w, dst, src);
		else
			x86_reg_imm(&j->b, simple_alu[op >> 4].imm, w, dst, i->imm);
		return true;
	}
	switch (op) {
	case BPF_LSH:
	case BPF_RSH:
	case BPF_ARSH: emit_shift(j, i, dst, src); return true;
	case BPF_MUL:
		if (ebpf_src_is_reg(i))
			x86_reg_reg(&j->b, X86_IMUL, w, src, dst);
		else
			x86_reg_imm(&j->b, X86_IMUL_IMM, w, dst, i->imm);
		return true;
	case BPF_DIV:
	case BPF_MOD: emit_div(j, i, dst, src); return true;
	case BPF_NEG: x86_reg_reg(&j->b, X86_NEG, w, dst, dst); return true;
	case BPF_END: return emit_byte_order(j, i, dst);
	default: return sim_jit_refuse(j, "unknown arithmetic operation");
	}
}
