/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isa/isa_fields.h"

#include <string.h>

/* Words to instruction values: the inverse of isa_encode.c, from the same tables. */

/* ---- operands ---- */

struct word_fields { /* fields common to the two-source classes */
	uint32_t a, b;
	bool sw, lm_ext, i8;
	enum nfp_form form;
};

static bool source(const struct word_fields *w, bool field_b, struct nfp_isa_opnd *o)
{
	struct nfp_opnd_ctx ctx = {
		.form = w->form, .bank_b = field_b, .lm_ext = w->lm_ext, .i8 = w->i8
	};

	return nfp_opnd_decode(field_b ? w->b : w->a, ctx, o);
}

/* Logical left and right. A left field of 0 that the operation does not read is not an operand. */
static bool sources(const struct word_fields *w, enum nfp_left use, struct nfp_isa_opnd *left,
		    struct nfp_isa_opnd *right)
{
	if (use != NFP_LEFT_USED && (w->sw ? w->b : w->a) == 0)
		*left = NFP_R_NOTHING;
	else if (!source(w, w->sw, left))
		return false;
	return source(w, !w->sw, right);
}

static bool is_const(uint32_t code, enum nfp_form form)
{
	return form == NFP_FORM_10 ? code >> 8 == 3 : code >> 5 & 1;
}

/* One register and one constant, distinguished by the constant's code. */
static bool reg_and_const(const struct word_fields *w, struct nfp_isa_opnd *reg, uint32_t *value)
{
	bool reg_in_b = is_const(w->a, w->form);
	struct nfp_isa_opnd c;

	if (!source(w, reg_in_b, reg) || !source(w, !reg_in_b, &c))
		return false;
	*value = c.n;
	return reg->kind != NFP_R_CONST && c.kind == NFP_R_CONST;
}

static struct nfp_isa_shift shift_of(uint32_t sc, uint32_t code)
{
	return (struct nfp_isa_shift){
		.sc = sc,
		.amount = (uint8_t)(sc == NFP_SC_LEFT ? (32 - code) & 31 : code),
		.indirect = sc != NFP_SC_ROT && code == 0,
	};
}

/* ---- ALU-like classes ---- */

static bool read_alu(uint64_t word, struct nfp_isa_alu *i)
{
	struct nfp_raw_alu raw = nfp_unpack_alu(word);
	const struct nfp_op_info *op = nfp_alu_info(raw.op);
	struct word_fields w = {
		.a = raw.a, .b = raw.b, .sw = raw.sw, .lm_ext = raw.src_lm, .form = NFP_FORM_10
	};
	struct nfp_opnd_ctx dst = { .form = NFP_FORM_10,
				    .bank_b = raw.dst_ab,
				    .lm_ext = raw.dst_lm };

	if (!op)
		return false;
	i->op = raw.op;
	i->mods = (struct nfp_isa_mods){ .wr_both = raw.wr_both,
					 .no_cc = raw.no_cc,
					 .pred_cc = raw.pred };
	return sources(&w, op->left, &i->left, &i->right) &&
	       nfp_opnd_decode_dst(raw.dst, dst, &i->dst);
}

static bool read_alu_shf(uint64_t word, struct nfp_isa_alu_shf *i)
{
	struct nfp_raw_alu_shf raw = nfp_unpack_alu_shf(word);
	const struct nfp_op_info *op = nfp_shf_info(raw.op);
	struct word_fields w = { .a = raw.a,
				 .b = raw.b,
				 .sw = raw.sw,
				 .lm_ext = raw.src_lm,
				 .i8 = raw.i8,
				 .form = NFP_FORM_8 };
	struct nfp_opnd_ctx dst = { .form = NFP_FORM_8,
				    .bank_b = raw.dst_ab,
				    .lm_ext = raw.dst_lm };

	if (!op)
		return false;
	i->op = raw.op;
	i->shift = shift_of(raw.sc, raw.shift);
	i->mods = (struct nfp_isa_mods){ .wr_both = raw.wr_both,
					 .no_cc = raw.no_cc,
					 .pred_cc = raw.pred };
	return sources(&w, raw.sc == NFP_SC_DBL ? NFP_LEFT_USED : op->left, &i->left, &i->right) &&
	       nfp_opnd_decode_dst(raw.dst, dst, &i->dst);
}

static bool read_ld_field(uint64_t word, struct nfp_isa_ld_field *i)
{
	struct nfp_raw_ld_field raw = nfp_unpack_ld_field(word);
	struct nfp_opnd_ctx src = {
		.form = NFP_FORM_8, .bank_b = !raw.sw, .lm_ext = raw.src_lm, .i8 = raw.i8
	};
	struct nfp_opnd_ctx dst = { .form = NFP_FORM_8, .bank_b = raw.sw, .lm_ext = raw.dst_lm };

	i->byte_mask = (uint8_t)raw.bmask;
	i->shift = shift_of(raw.sc, raw.shift);
	i->clear = raw.zf;
	i->load_cc = raw.load_cc;
	i->mods = (struct nfp_isa_mods){ .wr_both = raw.wr_both, .pred_cc = raw.pred };
	return nfp_opnd_decode(raw.sw ? raw.a : raw.b, src, &i->src) &&
	       nfp_opnd_decode(raw.sw ? raw.b : raw.a, dst, &i->dst) && i->dst.kind != NFP_R_CONST;
}

static bool read_immed(uint64_t word, struct nfp_isa_immed *i)
{
	struct nfp_raw_immed raw = nfp_unpack_immed(word);
	bool dst_in_b = !is_const(raw.b, NFP_FORM_10);
	struct nfp_opnd_ctx dst = { .form = NFP_FORM_10, .bank_b = dst_in_b, .lm_ext = raw.dst_lm };

	if (!is_const(raw.a, NFP_FORM_10) && dst_in_b)
		return false;
	i->value = (uint16_t)(raw.imm_hi << 8 | ((dst_in_b ? raw.a : raw.b) & 0xff));
	i->width = raw.width;
	i->shift_bytes = (uint8_t)raw.shift;
	i->invert = raw.inv;
	i->mods = (struct nfp_isa_mods){ .wr_both = raw.wr_both, .pred_cc = raw.pred };
	return raw.width <= NFP_WIDTH_HALF &&
	       nfp_opnd_decode_dst(dst_in_b ? raw.b : raw.a, dst, &i->dst);
}

static bool read_mul(uint64_t word, struct nfp_isa_mul *i)
{
	struct nfp_raw_mul raw = nfp_unpack_mul(word);
	struct word_fields w = {
		.a = raw.a, .b = raw.b, .sw = raw.sw, .lm_ext = raw.src_lm, .form = NFP_FORM_10
	};
	struct nfp_opnd_ctx dst = { .form = NFP_FORM_10,
				    .bank_b = raw.dst_ab,
				    .lm_ext = raw.dst_lm };

	if (raw.step > NFP_STEP_LAST2)
		return false;
	i->step = raw.type ? (enum nfp_mul_step)raw.step : NFP_STEP_START;
	i->type = raw.type;
	i->mods = (struct nfp_isa_mods){ .wr_both = raw.wr_both,
					 .no_cc = raw.no_cc,
					 .pred_cc = raw.pred };
	if (i->step >= NFP_STEP_LAST)
		return nfp_opnd_decode_dst(raw.sw ? raw.b : raw.a, dst, &i->dst);
	return sources(&w, NFP_LEFT_USED, &i->left, &i->right);
}

/* ---- control ---- */

static bool read_branch(uint64_t word, struct nfp_isa_branch *i)
{
	struct nfp_raw_branch raw = nfp_unpack_branch(word);
	const struct nfp_cc_info *cc = nfp_cc_info(raw.mask);

	if (!cc)
		return false;
	i->cc = raw.mask;
	i->number = (uint8_t)(cc->css == NFP_CSS_UNUSED ? 0 : raw.css);
	i->addr = NFP_ADDR_JOIN(raw);
	i->defer = (uint8_t)raw.defer;
	return true;
}

static bool read_br_bit(uint64_t word, struct nfp_isa_br_bit *i)
{
	struct nfp_raw_br_bit raw = nfp_unpack_br_bit(word);
	struct word_fields w = { .a = raw.a, .b = raw.b, .lm_ext = raw.src_lm, .form = NFP_FORM_8 };
	uint32_t rotate;

	if (!reg_and_const(&w, &i->reg, &rotate) || rotate < 1 || rotate > 32)
		return false;
	i->bit = (uint8_t)(rotate - 1);
	i->set = raw.bv;
	i->addr = NFP_ADDR_JOIN(raw);
	i->defer = (uint8_t)raw.defer;
	return true;
}

static bool read_br_byte(uint64_t word, struct nfp_isa_br_byte *i)
{
	struct nfp_raw_br_byte raw = nfp_unpack_br_byte(word);
	struct word_fields w = {
		.a = raw.a, .b = raw.b, .lm_ext = raw.src_lm, .i8 = raw.i8, .form = NFP_FORM_8
	};
	uint32_t value;

	if (!reg_and_const(&w, &i->reg, &value))
		return false;
	i->byte = (uint8_t)raw.byte;
	i->value = (uint8_t)value;
	i->equal = raw.eq;
	i->addr = NFP_ADDR_JOIN(raw);
	i->defer = (uint8_t)raw.defer;
	return true;
}

static bool read_jump(uint64_t word, struct nfp_isa_jump *i)
{
	struct nfp_raw_jump raw = nfp_unpack_jump(word);
	struct word_fields w = {
		.a = raw.a, .b = raw.b, .lm_ext = raw.src_lm, .form = NFP_FORM_10
	};
	uint32_t low;

	if (!reg_and_const(&w, &i->reg, &low))
		return false;
	i->imm = raw.imm_hi << 8 | low;
	i->defer = (uint8_t)raw.defer;
	return true;
}

static bool read_ctx_arb(uint64_t word, struct nfp_isa_ctx_arb *i)
{
	struct nfp_raw_ctx_arb raw = nfp_unpack_ctx_arb(word);

	i->events = (uint16_t)raw.events;
	i->any = raw.any;
	i->bpt = raw.bpt;
	i->branch = raw.resume;
	i->no_load = raw.no_load;
	i->addr = NFP_ADDR_JOIN(raw);
	i->defer = (uint8_t)raw.defer;
	return true;
}

/* ---- local_csr and commands ---- */

static bool read_local_csr(uint64_t word, struct nfp_isa_local_csr *i)
{
	struct nfp_raw_local_csr raw = nfp_unpack_local_csr(word);
	struct word_fields w = {
		.a = raw.a, .b = raw.b, .lm_ext = raw.src_lm, .form = NFP_FORM_10
	};

	i->csr = (uint16_t)(raw.csr * 4);
	i->write = raw.wr;
	if (i->csr == NFP_CSR_URD_UWR)
		return false;
	if (!raw.wr)
		return true;
	return source(&w, is_const(raw.a, w.form) && !is_const(raw.b, w.form), &i->src);
}

static bool find_mem_op(const struct nfp_raw_cmd *raw, enum nfp_mem_op *op)
{
	for (unsigned n = 0; n < NFP_MEM_OP_COUNT; n++) {
		const struct nfp_mem_info *row = nfp_mem_info((enum nfp_mem_op)n);

		if (row->tgt_cmd == raw->tgt_cmd && row->token == raw->token &&
		    (raw->cnt & row->cnt_mask) == row->cnt_value) {
			*op = (enum nfp_mem_op)n;
			return true;
		}
	}
	return false;
}

static bool read_cmd(uint64_t word, struct nfp_isa_cmd *i)
{
	struct nfp_raw_cmd raw = nfp_unpack_cmd(word);
	struct word_fields w = { .a = raw.a, .b = raw.b, .form = NFP_FORM_CMD };
	bool base_in_b = raw.mode == 1;

	if (raw.mode != 0 && raw.mode != 1 && raw.mode != 4)
		return false;
	i->addr40 = raw.mode != 4;
	i->xfer = (uint8_t)(raw.xfer | raw.xfer_hi << 5);
	i->count = (uint8_t)(raw.cnt + 1);
	i->sig = (uint8_t)raw.sig;
	i->swap = raw.ctx;
	i->indirect = raw.indir;
	return find_mem_op(&raw, &i->op) && source(&w, base_in_b, &i->base) &&
	       source(&w, !base_in_b, &i->off);
}

/* ---- entry point ---- */

static enum nfp_isa_class class_of(uint64_t word)
{
#define CLASS(id, name, mask, value)                                                               \
	if ((word & UINT64_C(mask)) == UINT64_C(value))                                            \
		return NFP_ISA_##id;
	NFP_CLASSES(CLASS)
#undef CLASS
	return NFP_ISA_CLASS_COUNT;
}

bool nfp_decode(uint64_t word, struct nfp_insn *i)
{
	memset(i, 0, sizeof(*i));
	word &= NFP_OP_MASK;
	i->class = class_of(word);
	switch (i->class) {
	case NFP_ISA_CMD: return read_cmd(word, &i->cmd);
	case NFP_ISA_ALU_SHF: return read_alu_shf(word, &i->shf);
	case NFP_ISA_ALU: return read_alu(word, &i->alu);
	case NFP_ISA_IMMED: return read_immed(word, &i->immed);
	case NFP_ISA_LD_FIELD: return read_ld_field(word, &i->ld_field);
	case NFP_ISA_CTX_ARB: return read_ctx_arb(word, &i->ctx_arb);
	case NFP_ISA_LOCAL_CSR: return read_local_csr(word, &i->csr);
	case NFP_ISA_BRANCH: return read_branch(word, &i->br);
	case NFP_ISA_BR_BYTE: return read_br_byte(word, &i->br_byte);
	case NFP_ISA_BR_BIT: return read_br_bit(word, &i->br_bit);
	case NFP_ISA_JUMP: return read_jump(word, &i->jump);
	case NFP_ISA_MUL: return read_mul(word, &i->mul);
	case NFP_ISA_CLASS_COUNT: break;
	}
	return false;
}
