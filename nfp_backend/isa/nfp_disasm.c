/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isa/isa_fields.h"
#include "nfp_backend/ucode.h"

#include <stdarg.h>
#include <stdio.h>

/* Instruction values as text, in the syntax of binutils' objdump for 4-context mode. */

struct text { /* appends as far as there is room, always terminated */
	char *at;
	size_t room;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->at, t->room, fmt, ap);
	va_end(ap);
	if (n < 0 || t->room == 0)
		return;
	if ((size_t)n >= t->room)
		n = (int)t->room - 1;
	t->at += n;
	t->room -= (size_t)n;
}

/* ---- parts ---- */

static const char *post_text(enum nfp_isa_post post)
{
	return post == NFP_POST_INC ? "++" : post == NFP_POST_DEC ? "--" : "";
}

static void put_opnd(struct text *t, const struct nfp_isa_opnd *o)
{
	switch (o->kind) {
	case NFP_R_NONE: put(t, "--"); break;
	case NFP_R_GPR_A:
	case NFP_R_GPR_BOTH: put(t, "gprA_%u", o->n); break;
	case NFP_R_GPR_B: put(t, "gprB_%u", o->n); break;
	case NFP_R_GPR_ABS_A: put(t, "@gprA_%u", o->n); break;
	case NFP_R_GPR_ABS_B: put(t, "@gprB_%u", o->n); break;
	case NFP_R_XFER: put(t, "$xfer_%u", o->n); break;
	case NFP_R_XFER_INDEX: put(t, "*$index%s", post_text(o->post)); break;
	case NFP_R_NN: put(t, "n$reg_%u", o->n); break;
	case NFP_R_NN_INDEX: put(t, "*n$index%s", post_text(o->post)); break;
	case NFP_R_LM:
		put(t, "*l$index%u%s", o->n, post_text(o->post));
		if (o->off)
			put(t, "[%u]", o->off);
		break;
	case NFP_R_CONST: put(t, "0x%x", o->n); break;
	}
}

static void put_shift(struct text *t, const struct nfp_isa_shift *shift)
{
	if (shift->sc == NFP_SC_ROT)
		put(t, ">>rot%u", shift->amount);
	else if (shift->indirect)
		put(t, shift->sc == NFP_SC_LEFT ? "<<indirect" : ">>indirect");
	else
		put(t, shift->sc == NFP_SC_LEFT ? "<<%u" : ">>%u", shift->amount);
}

static void put_mods(struct text *t, const struct nfp_isa_mods *mods)
{
	if (mods->no_cc)
		put(t, ", no_cc");
	if (mods->wr_both)
		put(t, ", gpr_wrboth");
	if (mods->pred_cc)
		put(t, ", predicate_cc");
}

/* "[…, .target], defer[n]": the end of every branch. */
static void put_target(struct text *t, unsigned addr, unsigned defer)
{
	put(t, ".%u]", addr);
	if (defer)
		put(t, ", defer[%u]", defer);
}

/* ---- ALU-like classes ---- */

static void put_alu(struct text *t, const struct nfp_isa_alu *i)
{
	const struct nfp_op_info *op = nfp_alu_info(i->op);

	if (op->left == NFP_LEFT_HIDDEN) { /* named after the operation; some have no result */
		put(t, "%s[", op->text);
		if (i->op != NFP_ALU_POP_COUNT1 && i->op != NFP_ALU_POP_COUNT2) {
			put_opnd(t, &i->dst);
			put(t, ", ");
		}
	} else {
		put(t, "alu[");
		put_opnd(t, &i->dst);
		put(t, ", ");
		if (op->left == NFP_LEFT_UNUSED)
			put(t, "--");
		else
			put_opnd(t, &i->left);
		put(t, ", %s, ", op->text);
	}
	put_opnd(t, &i->right);
	put(t, "]");
	put_mods(t, &i->mods);
}

static void put_alu_shf(struct text *t, const struct nfp_isa_alu_shf *i)
{
	const struct nfp_op_info *op = nfp_shf_info(i->op);
	bool dbl = i->shift.sc == NFP_SC_DBL;

	put(t, "%s[", dbl ? "dbl_shf" : i->op == NFP_SHF_ASR ? "asr" : "alu_shf");
	put_opnd(t, &i->dst);
	put(t, ", ");
	if (op->left != NFP_LEFT_HIDDEN) {
		if (op->left == NFP_LEFT_UNUSED && !dbl)
			put(t, "--");
		else
			put_opnd(t, &i->left);
		put(t, ", ");
		if (!dbl)
			put(t, "%s, ", op->text);
	}
	put_opnd(t, &i->right);
	put(t, ", ");
	put_shift(t, &i->shift);
	put(t, "]");
	put_mods(t, &i->mods);
}

static void put_ld_field(struct text *t, const struct nfp_isa_ld_field *i)
{
	put(t, i->clear ? "ld_field_w_clr[" : "ld_field[");
	put_opnd(t, &i->dst);
	put(t, ", %d%d%d%d, ", i->byte_mask >> 3 & 1, i->byte_mask >> 2 & 1, i->byte_mask >> 1 & 1,
	    i->byte_mask & 1);
	put_opnd(t, &i->src);
	if (i->shift.sc == NFP_SC_DBL) {
		put(t, ", >>dbl%u", i->shift.amount);
	} else if (i->shift.sc != NFP_SC_ROT || i->shift.amount) {
		put(t, ", ");
		put_shift(t, &i->shift);
	}
	put(t, "]");
	if (i->load_cc)
		put(t, ", load_cc");
	put_mods(t, &i->mods);
}

/* objdump shows an inverted value complemented before the shift: `0xffff0000, <<8` is 0xff0000ff. */
static void put_immed(struct text *t, const struct nfp_isa_immed *i)
{
	uint32_t value = i->invert ? ~(uint32_t)i->value : i->value;

	if (i->dst.kind == NFP_R_NONE && i->value == 0) {
		put(t, "nop");
		return;
	}
	if (i->width == NFP_WIDTH_BYTE)
		put(t, "immed_b%u[", i->shift_bytes);
	else if (i->width == NFP_WIDTH_HALF)
		put(t, "immed_w%u[", i->shift_bytes / 2u);
	else
		put(t, "immed[");
	put_opnd(t, &i->dst);
	if (i->width == NFP_WIDTH_BYTE)
		value &= 0xff;
	else if (i->width == NFP_WIDTH_HALF)
		value &= 0xffff;
	put(t, ", 0x%x", value);
	if (i->width == NFP_WIDTH_WORD && i->shift_bytes)
		put(t, ", <<%u", i->shift_bytes * 8u);
	put(t, "]");
	put_mods(t, &i->mods);
}

static void put_mul(struct text *t, const struct nfp_isa_mul *i)
{
	static const char *const types[] = { "start", "24x8", "16x16", "32x32" };
	static const char *const steps[] = { "step1", "step2", "step3", "step4", "last", "last2" };

	put(t, "mul_step[");
	if (i->step >= NFP_STEP_LAST) {
		if (i->dst.kind == NFP_R_NONE) /* shown as the constant that its code also means */
			put(t, "0x0");
		else
			put_opnd(t, &i->dst);
		put(t, ", --");
	} else {
		put_opnd(t, &i->left);
		put(t, ", ");
		put_opnd(t, &i->right);
	}
	put(t, "], %s", types[i->type]);
	if (i->step != NFP_STEP_START)
		put(t, "_%s", steps[i->step]);
	put_mods(t, &i->mods);
}

/* ---- control ---- */

static void put_branch(struct text *t, const struct nfp_isa_branch *i)
{
	const struct nfp_cc_info *cc = nfp_cc_info(i->cc);

	put(t, "%s[", cc->text);
	switch (cc->css) {
	case NFP_CSS_UNUSED: break;
	case NFP_CSS_NUMBER: put(t, "%u, ", i->number); break;
	case NFP_CSS_INPUT: /* two states of the neighbour ring, then rings in cluster memory */
		if (i->number < 2)
			put(t, i->number ? "nn_full, " : "nn_empty, ");
		else
			put(t, "ctm_ring%u_status, ", i->number - 2u);
		break;
	case NFP_CSS_CLS_RING: put(t, "cls_ring%u_status, ", i->number); break;
	}
	put_target(t, i->addr, i->defer);
}

static void put_br_bit(struct text *t, const struct nfp_isa_br_bit *i)
{
	put(t, i->set ? "br_bset[" : "br_bclr[");
	put_opnd(t, &i->reg);
	put(t, ", %u, ", i->bit);
	put_target(t, i->addr, i->defer);
}

static void put_br_byte(struct text *t, const struct nfp_isa_br_byte *i)
{
	put(t, i->equal ? "br=byte[" : "br!=byte[");
	put_opnd(t, &i->reg);
	put(t, ", %u, 0x%x, ", i->byte, i->value);
	put_target(t, i->addr, i->defer);
}

static void put_jump(struct text *t, const struct nfp_isa_jump *i)
{
	put(t, i->imm ? "jump[" : "rtn[");
	put_opnd(t, &i->reg);
	if (i->imm)
		put(t, ", .%u", i->imm);
	put(t, "]");
	if (i->defer)
		put(t, ", defer[%u]", i->defer);
}

static void put_ctx_arb(struct text *t, const struct nfp_isa_ctx_arb *i)
{
	bool kill = !i->bpt && !i->events && !i->no_load;
	const char *sep = "";

	put(t, "ctx_arb[");
	if (i->bpt)
		put(t, "bpt");
	else if (i->events == 1)
		put(t, "voluntary");
	else if (!i->events)
		put(t, kill ? "kill" : "--");
	else
		for (unsigned sig = 1; sig < 16; sig++) {
			if (!(i->events >> sig & 1))
				continue;
			put(t, "%ssig%u", sep, sig);
			sep = ", ";
		}
	put(t, "]");
	if (i->any && !kill)
		put(t, ", any");
	if (i->branch)
		put(t, ", br[.%u]", i->addr);
	if (i->defer)
		put(t, ", defer[%u]", i->defer);
}

/* ---- local_csr and commands ---- */

static void put_local_csr(struct text *t, const struct nfp_isa_local_csr *i)
{
	const char *name = nfp_csr_text(i->csr);

	put(t, i->write ? "local_csr_wr[" : "local_csr_rd[");
	if (name)
		put(t, "%s", name);
	else
		put(t, "0x%x", i->csr);
	if (i->write) {
		put(t, ", ");
		put_opnd(t, &i->src);
	}
	put(t, "]");
}

static void put_cmd(struct text *t, const struct nfp_isa_cmd *i)
{
	put(t, "mem[%s, $xfer_%u, ", nfp_mem_info(i->op)->text, i->xfer);
	put_opnd(t, &i->base);
	put(t, i->addr40 ? ", <<8, " : ", ");
	put_opnd(t, &i->off);
	put(t, ", %u]", i->count);
	if (i->indirect)
		put(t, ", indirect_ref");
	if (i->swap == NFP_SWAP_NONE) {
		if (i->sig)
			put(t, ", sig_done[sig%u]", i->sig);
		return;
	}
	if (i->sig)
		put(t, ", ctx_swap[sig%u]", i->sig);
	else
		put(t, ", ctx_swap[--]");
	if (i->swap != NFP_SWAP_NOW)
		put(t, ", defer[%d]", (int)i->swap);
}

/* ---- entry point ---- */

static void put_insn(struct text *t, const struct nfp_insn *i)
{
	switch (i->class) {
	case NFP_ISA_CMD: put_cmd(t, &i->cmd); break;
	case NFP_ISA_ALU_SHF: put_alu_shf(t, &i->shf); break;
	case NFP_ISA_ALU: put_alu(t, &i->alu); break;
	case NFP_ISA_IMMED: put_immed(t, &i->immed); break;
	case NFP_ISA_LD_FIELD: put_ld_field(t, &i->ld_field); break;
	case NFP_ISA_CTX_ARB: put_ctx_arb(t, &i->ctx_arb); break;
	case NFP_ISA_LOCAL_CSR: put_local_csr(t, &i->csr); break;
	case NFP_ISA_BRANCH: put_branch(t, &i->br); break;
	case NFP_ISA_BR_BYTE: put_br_byte(t, &i->br_byte); break;
	case NFP_ISA_BR_BIT: put_br_bit(t, &i->br_bit); break;
	case NFP_ISA_JUMP: put_jump(t, &i->jump); break;
	case NFP_ISA_MUL: put_mul(t, &i->mul); break;
	case NFP_ISA_CLASS_COUNT: break;
	}
}

bool nfp_disasm(uint64_t word, char *buf, size_t size)
{
	struct text t = { .at = buf, .room = size };
	struct nfp_insn i;

	if (!nfp_decode(word, &i)) {
		put(&t, "<invalid>");
		return false;
	}
	put_insn(&t, &i);
	return true;
}
