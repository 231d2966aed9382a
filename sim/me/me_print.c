/* SPDX-License-Identifier: BSD-2-Clause */
/* Decoded instructions as text, in the syntax of binutils' objdump (4-context mode). */
#include "sim/me.h"
#include "sim/me/me_decode.h"

#include "base/bits.h"

#include <stdarg.h>
#include <stdio.h>

struct out {
	char *at;
	size_t left; /* terminating zero included */
};

static void put(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct out *o, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(o->at, o->left, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= o->left)
		n = (int)o->left - 1;
	o->at += n;
	o->left -= (size_t)n;
}

static const char *post_text(enum me_post post)
{
	return post == ME_INCREMENT ? "++" : post == ME_DECREMENT ? "--" : "";
}

static void put_operand(struct out *o, const struct me_operand *x)
{
	switch (x->kind) {
	case ME_NONE: put(o, "--"); break;
	case ME_GPR: put(o, "gpr%c_%u", x->bank_b ? 'B' : 'A', x->n); break;
	case ME_GPR_ABS: put(o, "@gpr%c_%u", x->bank_b ? 'B' : 'A', x->n); break;
	case ME_XFER: put(o, "$xfer_%u", x->n); break;
	case ME_XFER_INDEX: put(o, "*$index%s", post_text(x->post)); break;
	case ME_NN: put(o, "n$reg_%u", x->n); break;
	case ME_NN_INDEX: put(o, "*n$index%s", post_text(x->post)); break;
	case ME_CONST: put(o, "0x%x", x->value); break;
	case ME_LM:
		put(o, "*l$index%u%s", x->n, post_text(x->post));
		if (x->offset)
			put(o, "[%u]", x->offset);
		break;
	}
}

static void put_shift(struct out *o, const struct me_insn *in)
{
	static const char *const how[] = { ">>rot", ">>", "<<", ">>" };

	if (in->shift_indirect)
		put(o, ", %sindirect", how[in->sc]);
	else if (in->shift)
		put(o, ", %s%u", how[in->sc], in->shift);
}

static void put_flags(struct out *o, const struct me_insn *in)
{
	if (in->load_cc)
		put(o, ", load_cc");
	if (in->no_cc)
		put(o, ", no_cc");
	if (in->wr_both)
		put(o, ", gpr_wrboth");
	if (in->predicate)
		put(o, ", predicate_cc");
}

static void put_defer(struct out *o, unsigned defer)
{
	if (defer)
		put(o, ", defer[%u]", defer);
}

static void put_alu(struct out *o, const struct me_insn *in)
{
	static const char *const ops[32] = {
#define ALU_OP(code, id, text) [code] = (text),
#include "sim/me/me_isa.def"
	};

	put(o, "alu[");
	put_operand(o, &in->dst);
	put(o, ", ");
	if (in->op == ME_ALU_B || in->op == ME_ALU_NOT_B)
		put(o, "--");
	else
		put_operand(o, &in->left);
	put(o, ", %s, ", ops[in->op]);
	put_operand(o, &in->right);
	put(o, "]");
}

static void put_shf(struct out *o, const struct me_insn *in)
{
	static const char *const ops[] = {
#define SHF_OP(code, id, text) [code] = (text),
#include "sim/me/me_isa.def"
	};
	bool has_left = in->op != ME_SHF_B && in->op != ME_SHF_NOT_B;

	if (in->op == ME_SHF_BYTE_ALIGN)
		put(o, "byte_align_%s[", in->sc == ME_SHIFT_LEFT ? "le" : "be");
	else
		put(o, "%s[",
		    in->op == ME_SHF_ASR        ? "asr"
		    : in->sc == ME_SHIFT_DOUBLE ? "dbl_shf"
						: "alu_shf");
	put_operand(o, &in->dst);
	if (in->op == ME_SHF_ASR || in->op == ME_SHF_BYTE_ALIGN) {
		put(o, ", ");
	} else if (in->sc == ME_SHIFT_DOUBLE) {
		put(o, ", ");
		put_operand(o, &in->left);
		put(o, ", ");
	} else {
		put(o, ", ");
		if (has_left)
			put_operand(o, &in->left);
		else
			put(o, "--");
		put(o, ", %s, ", ops[in->op]);
	}
	put_operand(o, &in->right);
	if (in->op != ME_SHF_BYTE_ALIGN)
		put_shift(o, in);
	put(o, "]");
}

static void put_ld_field(struct out *o, const struct me_insn *in)
{
	put(o, "ld_field%s[", in->clear ? "_w_clr" : "");
	put_operand(o, &in->dst);
	put(o, ", %u%u%u%u, ", in->byte_mask >> 3 & 1, in->byte_mask >> 2 & 1,
	    in->byte_mask >> 1 & 1, in->byte_mask & 1);
	put_operand(o, &in->right);
	put_shift(o, in);
	put(o, "]");
}

static void put_immed(struct out *o, const struct me_insn *in)
{
	if (in->dst.kind == ME_NONE && !in->imm && !in->imm_shift && !in->imm_width &&
	    !in->invert) {
		put(o, "nop");
		return;
	}
	if (in->imm_width)
		put(o, "immed_%c%u[", in->imm_width == 1 ? 'b' : 'w',
		    in->imm_width == 1 ? in->imm_shift : in->imm_shift / 2u);
	else
		put(o, "immed[");
	put_operand(o, &in->dst);
	put(o, ", 0x%x", in->invert ? ~(uint32_t)in->imm : in->imm);
	if (in->imm_shift && !in->imm_width)
		put(o, ", <<%u", in->imm_shift * 8u);
	put(o, "]");
}

static void put_branch(struct out *o, const struct me_insn *in)
{
	static const char *const conds[32] = {
#define COND(code, id, text) [code] = (text),
#include "sim/me/me_isa.def"
	};

	put(o, "%s[", conds[in->op]);
	if (in->op >= ME_IF_CTX && in->op < ME_IF_ALWAYS)
		put(o, "%u, ", in->state);
	put(o, ".%u]", in->addr);
}

static void put_br_test(struct out *o, const struct me_insn *in)
{
	if (in->cls == ME_BR_BIT)
		put(o, "br_b%s[", in->taken_if ? "set" : "clr");
	else
		put(o, "br%s=byte[", in->taken_if ? "" : "!");
	put_operand(o, &in->left);
	put(o, ", %u, ", in->bit);
	if (in->cls == ME_BR_BYTE)
		put(o, "0x%x, ", in->compare);
	put(o, ".%u]", in->addr);
}

static void put_br_alu(struct out *o, const struct me_insn *in)
{
	put(o, in->jump_imm ? "jump[" : "rtn[");
	put_operand(o, &in->left);
	if (in->jump_imm)
		put(o, ", .%u", in->jump_imm);
	put(o, "]");
}

static void put_mul(struct out *o, const struct me_insn *in)
{
	static const char *const types[] = { "", "24x8", "16x16", "32x32" };
	static const struct me_operand zero = { .kind = ME_CONST };
	bool last = in->mul_step >= ME_MUL_LAST;
	const struct me_operand *first = !last                     ? &in->left
					 : in->dst.kind == ME_NONE ? &zero
								   : &in->dst;

	put(o, "mul_step[");
	put_operand(o, first); /* no destination is printed as constant 0 */
	put(o, ", ");
	if (last)
		put(o, "--");
	else
		put_operand(o, &in->right);
	if (in->mul_type == ME_MUL_START)
		put(o, "], start");
	else if (last)
		put(o, "], %s_last%s", types[in->mul_type],
		    in->mul_step == ME_MUL_LAST2 ? "2" : "");
	else
		put(o, "], %s_step%u", types[in->mul_type], in->mul_step + 1u);
}

static void put_ctx_arb(struct out *o, const struct me_insn *in)
{
	put(o, "ctx_arb[0x%x]%s", in->events, in->any ? ", any" : "");
	if (in->resume)
		put(o, ", br[.%u]", in->addr);
}

static void put_local_csr(struct out *o, const struct me_insn *in)
{
	const struct me_csr_info *csr = me_csr_find(in->csr);

	put(o, "local_csr_%s[", in->csr_write ? "wr" : "rd");
	if (csr)
		put(o, "%s", csr->name);
	else
		put(o, "0x%x", in->csr);
	if (in->csr_write) {
		put(o, ", ");
		put_operand(o, &in->left);
	}
	put(o, "]");
}

static void put_cmd_name(struct out *o, const struct me_insn *in)
{
	bool counts64 = in->tgt_cmd >= 0x47 && in->tgt_cmd <= 0x4a && in->count & 4;

	if (!in->cmd)
		put(o, "cmd[0x%x.%u", in->tgt_cmd, in->token);
	else if (counts64 && in->token == 0)
		put(o, "mem[%s64", in->cmd->name);
	else
		put(o, "mem[%s", in->cmd->name);
}

static void put_cmd(struct out *o, const struct me_insn *in)
{
	bool b_first = in->mode == 1 || in->mode == 3;

	put_cmd_name(o, in);
	put(o, ", $xfer_%u, ", in->xfer);
	put_operand(o, b_first ? &in->right : &in->left);
	put(o, in->mode < 4 ? ", <<8, " : ", ");
	put_operand(o, b_first ? &in->left : &in->right);
	put(o, ", %u]", in->count + 1u);
	if (in->indirect)
		put(o, ", indirect_ref");
	if (in->swap)
		put(o, ", ctx_swap[sig%u]", in->signal);
	else if (in->signal)
		put(o, ", sig_done[sig%u]", in->signal);
}

bool sim_me_disasm(uint64_t word, char *buf, size_t size)
{
	static void (*const print[ME_CLASS_COUNT])(struct out *, const struct me_insn *) = {
		[ME_CMD] = put_cmd,
		[ME_SHF] = put_shf,
		[ME_ALU] = put_alu,
		[ME_IMMED] = put_immed,
		[ME_LD_FIELD] = put_ld_field,
		[ME_CTX_ARB] = put_ctx_arb,
		[ME_LOCAL_CSR] = put_local_csr,
		[ME_BRANCH] = put_branch,
		[ME_BR_BYTE] = put_br_test,
		[ME_BR_BIT] = put_br_test,
		[ME_BR_ALU] = put_br_alu,
		[ME_MUL] = put_mul,
	};
	struct me_insn in;
	struct out o = { buf, size };

	if (!size)
		return false;
	buf[0] = '\0';
	if (!me_decode(word, &in))
		return false;
	print[in.cls](&o, &in);
	put_flags(&o, &in);
	put_defer(&o, in.defer);
	return true;
}
