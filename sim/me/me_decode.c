/* SPDX-License-Identifier: BSD-2-Clause */
/* Takes one instruction word apart: class, fields, operands. */
#include "sim/me/me_decode.h"

#include "base/bits.h"

#define OP_BITS 45

enum me_field {
	F_A,
	F_B,
	F_DST,
	F_SC,
	F_I8,
	F_SWAP,
	F_SHIFT,
	F_OP,
	F_DST_BANK,
	F_NO_CC,
	F_WR_BOTH,
	F_SRC_LM,
	F_DST_LM,
	F_PREDICATE,
	F_IMM_HI,
	F_WIDTH,
	F_INVERT,
	F_CLEAR,
	F_BYTE_MASK,
	F_LOAD_CC,
	F_EVENTS,
	F_ANY,
	F_BREAKPOINT,
	F_RESUME,
	F_NO_LOAD,
	F_DEFER,
	F_ADDR,
	F_WRITE,
	F_CSR,
	F_CONDITION,
	F_EV_PIP,
	F_STATE,
	F_BYTE,
	F_TAKEN_IF,
	F_STEP,
	F_TYPE,
	F_CTX,
	F_TOKEN,
	F_XFER,
	F_COUNT,
	F_SIGNAL,
	F_TGT_CMD,
	F_INDIRECT,
	F_MODE,
	F_COUNT_OF
};

static const struct {
	uint64_t mask, value;
} classes[] = {
#define CLASS(id, m, v) [ME_##id] = { UINT64_C(m), UINT64_C(v) },
#include "sim/me/me_isa.def"
};

static const struct field_row {
	uint8_t cls, field, lo, width, into;
} field_rows[] = {
#define FIELD(cls, field, lo, width, into) { ME_##cls, F_##field, lo, width, into },
#include "sim/me/me_isa.def"
};

static const struct me_mem_cmd mem_cmds[] = {
#define CMD(tgt, token, text, effect, order, unit)                                                 \
	{ tgt, token, unit, ME_MEM_##effect, ME_ORDER_##order, text },
#include "sim/me/me_isa.def"
};

static const struct me_csr_info csrs[] = {
#define CSR(addr, id, text, may_read, may_write) { addr, may_read, may_write, text },
#include "sim/me/me_isa.def"
};

uint8_t me_ecc(uint64_t op)
{
	static const uint64_t parity_of[7] = {
		0x0ff800007fff, 0x11f801ff801f, 0x1e387e0781e1, 0x17cb8e388e22,
		0x1af5b2c93244, 0x1f56d5525488, 0x0daf69a46910,
	};
	unsigned ecc = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(parity_of); i++)
		ecc |= (unsigned)__builtin_parityll(op & parity_of[i]) << i;
	return (uint8_t)ecc;
}

const struct me_mem_cmd *me_mem_cmd_find(unsigned tgt_cmd, unsigned token)
{
	for (size_t i = 0; i < ARRAY_SIZE(mem_cmds); i++)
		if (mem_cmds[i].tgt_cmd == tgt_cmd && mem_cmds[i].token == token)
			return &mem_cmds[i];
	return NULL;
}

const struct me_csr_info *me_csr_find(unsigned addr)
{
	for (size_t i = 0; i < ARRAY_SIZE(csrs); i++)
		if (csrs[i].addr == addr)
			return &csrs[i];
	return NULL;
}

/* ---- operands ------------------------------------------------------------------------------- */

static bool index_post(unsigned mode, struct me_operand *o)
{
	static const enum me_post post[] = { ME_KEEP, ME_INCREMENT, ME_DECREMENT };

	if (mode >= ARRAY_SIZE(post))
		return false;
	o->post = post[mode];
	return true;
}

/* 10-bit operand (nfp.md 2.4). `lm_high`: pointers 2 and 3 instead of 0 and 1. */
static bool wide_operand(unsigned code, bool bank_b, bool lm_high, struct me_operand *o)
{
	*o = (struct me_operand){ .bank_b = bank_b };
	switch (code >> 6) {
	case 0x0:
		o->kind = ME_GPR;
		o->n = (uint8_t)code;
		return code < 32;
	case 0x2:
	case 0x3:
		o->kind = ME_GPR_ABS;
		o->n = code & 0x7f;
		return true;
	case 0x4: o->kind = ME_XFER_INDEX; return !(code & 0x39) && index_post(code >> 1 & 3, o);
	case 0x6:
	case 0x7:
		o->kind = ME_XFER;
		o->n = (uint8_t)((code & 0x1f) | (code >> 1 & 0x20));
		return !(code & 0x20);
	case 0x8:
		o->kind = ME_LM;
		o->n = (uint8_t)((code >> 5 & 1) | (lm_high ? 2 : 0));
		if (!(code & 0x10)) {
			o->offset = code & 0xf;
			return true;
		}
		o->post = code & 1 ? ME_DECREMENT : ME_INCREMENT;
		return !(code & 0xe);
	case 0x9:
		o->kind = ME_NN_INDEX;
		o->post = code & 2 ? ME_INCREMENT : ME_KEEP;
		return code & 1;
	case 0xa:
	case 0xb:
		o->kind = ME_NN;
		o->n = code & 0x7f;
		return true;
	case 0xc:
	case 0xd:
	case 0xe:
	case 0xf:
		o->kind = ME_CONST;
		o->value = code & 0xff;
		return true;
	default: return false;
	}
}

/* 8-bit operand (nfp.md 2.5). `i8`: bit 7 of a constant. */
static bool narrow_operand(unsigned code, bool bank_b, bool lm_high, bool i8, struct me_operand *o)
{
	*o = (struct me_operand){ .bank_b = bank_b };
	if (code & 0x20) {
		o->kind = ME_CONST;
		o->value = (code & 0x1f) | (code >> 1 & 0x60) | (i8 ? 0x80 : 0);
		return true;
	}
	switch (code >> 5) {
	case 0:
		o->kind = ME_GPR;
		o->n = code & 0x1f;
		return true;
	case 4:
	case 6:
		o->kind = ME_XFER;
		o->n = (uint8_t)((code & 0x1f) | (code >> 1 & 0x20));
		return true;
	default: /* 2: the pointers */ break;
	}
	if (code & 0x10) {
		o->kind = ME_LM;
		o->n = (uint8_t)((code >> 3 & 1) | (lm_high ? 2 : 0));
		o->offset = code & 7;
		return true;
	}
	if (code & 1) {
		o->kind = ME_NN_INDEX;
		o->post = code & 2 ? ME_INCREMENT : ME_KEEP;
		return !(code & 0xc);
	}
	o->kind = ME_XFER_INDEX;
	return !(code & 8) && index_post(code >> 1 & 3, o);
}

/* A constant code as destination means no destination, and only the code of constant 0 does. */
static bool as_dst(struct me_operand *o)
{
	if (o->kind != ME_CONST)
		return true;
	o->kind = ME_NONE;
	return !o->value;
}

/* ---- classes -------------------------------------------------------------------------------- */

static void swap_sources(struct me_insn *in)
{
	struct me_operand t = in->left;

	in->left = in->right;
	in->right = t;
}

static void decode_shift(const uint32_t *f, struct me_insn *in)
{
	in->sc = (enum me_shift)f[F_SC];
	in->shift = (uint8_t)f[F_SHIFT];
	in->shift_indirect = in->sc != ME_ROTATE_RIGHT && !in->shift;
	if (in->sc == ME_SHIFT_LEFT && in->shift)
		in->shift = (uint8_t)(32 - in->shift); /* left by n is encoded as 32 - n */
}

static bool decode_alu(const uint32_t *f, struct me_insn *in)
{
	static const uint32_t known =
#define ALU_OP(code, id, text) 1u << (code) |
#include "sim/me/me_isa.def"
		0;

	in->op = (uint8_t)f[F_OP];
	if (!(known >> in->op & 1) || !wide_operand(f[F_A], false, f[F_SRC_LM], &in->left) ||
	    !wide_operand(f[F_B], true, f[F_SRC_LM], &in->right) ||
	    !wide_operand(f[F_DST], f[F_DST_BANK], f[F_DST_LM], &in->dst) || !as_dst(&in->dst))
		return false;
	if (f[F_SWAP])
		swap_sources(in);
	return true;
}

static bool decode_shf(const uint32_t *f, struct me_insn *in)
{
	in->op = (uint8_t)f[F_OP];
	decode_shift(f, in);
	if (!narrow_operand(f[F_A], false, f[F_SRC_LM], f[F_I8], &in->left) ||
	    !narrow_operand(f[F_B], true, f[F_SRC_LM], f[F_I8], &in->right) ||
	    !narrow_operand(f[F_DST], f[F_DST_BANK], f[F_DST_LM], false, &in->dst) ||
	    !as_dst(&in->dst))
		return false;
	if (f[F_SWAP])
		swap_sources(in);
	return true;
}

static bool decode_ld_field(const uint32_t *f, struct me_insn *in)
{
	bool dst_b = f[F_SWAP];

	decode_shift(f, in);
	in->byte_mask = (uint8_t)f[F_BYTE_MASK];
	in->clear = f[F_CLEAR];
	in->load_cc = f[F_LOAD_CC];
	return in->sc != ME_SHIFT_DOUBLE &&
	       narrow_operand(f[dst_b ? F_B : F_A], dst_b, f[F_DST_LM], false, &in->dst) &&
	       narrow_operand(f[dst_b ? F_A : F_B], !dst_b, f[F_SRC_LM], f[F_I8], &in->right) &&
	       as_dst(&in->dst);
}

static bool decode_immed(const uint32_t *f, struct me_insn *in)
{
	static const uint32_t masks[] = { UINT32_MAX, 0xff, 0xffff };
	struct me_operand a, b;
	uint32_t v;

	if (!wide_operand(f[F_A], false, f[F_DST_LM], &a) ||
	    !wide_operand(f[F_B], true, f[F_DST_LM], &b) || f[F_WIDTH] > 2)
		return false;
	if (b.kind == ME_CONST) {
		in->dst = a;
		in->imm = (uint16_t)(f[F_IMM_HI] << 8 | b.value);
		if (!as_dst(&in->dst))
			return false;
	} else if (a.kind == ME_CONST) {
		in->dst = b;
		in->imm = (uint16_t)(f[F_IMM_HI] << 8 | a.value);
	} else {
		return false;
	}
	in->imm_width = (uint8_t)f[F_WIDTH];
	in->imm_shift = (uint8_t)f[F_SHIFT];
	in->invert = f[F_INVERT];
	if ((in->imm_width == 0 && in->imm_shift > 2) || (in->imm_width == 2 && in->imm_shift % 2))
		return false;
	v = (uint32_t)in->imm << 8 * in->imm_shift;
	in->imm_mask = masks[in->imm_width];
	if (in->imm_width)
		in->imm_mask <<= 8 * in->imm_shift;
	in->imm_result = (in->invert ? ~v : v) & in->imm_mask;
	return true;
}

static bool decode_branch(const uint32_t *f, struct me_insn *in)
{
	static const uint32_t known =
#define COND(code, id, text) 1u << (code) |
#include "sim/me/me_isa.def"
		0;

	in->op = (uint8_t)f[F_CONDITION];
	in->state = (uint8_t)f[F_STATE];
	return (known >> in->op & 1) && f[F_EV_PIP] != 3;
}

/* The tested register is in the field of its bank, the other field holds a constant. */
static bool decode_br_test(const uint32_t *f, bool i8, struct me_insn *in)
{
	struct me_operand a, b;

	if (!narrow_operand(f[F_A], false, f[F_SRC_LM], i8, &a) ||
	    !narrow_operand(f[F_B], true, f[F_SRC_LM], i8, &b))
		return false;
	in->left = b.kind == ME_CONST ? a : b;
	in->right = b.kind == ME_CONST ? b : a;
	in->taken_if = f[F_TAKEN_IF];
	return in->right.kind == ME_CONST && in->left.kind != ME_CONST;
}

static bool decode_br_bit(const uint32_t *f, struct me_insn *in)
{
	if (!decode_br_test(f, false, in) || in->right.value < 1 || in->right.value > 32)
		return false;
	in->bit = (uint8_t)(in->right.value -
			    1); /* encoded as the rotate that brings it to the top */
	return true;
}

static bool decode_br_byte(const uint32_t *f, struct me_insn *in)
{
	if (!decode_br_test(f, f[F_I8], in))
		return false;
	in->bit = (uint8_t)f[F_BYTE];
	in->compare = (uint8_t)in->right.value;
	return true;
}

static bool decode_br_alu(const uint32_t *f, struct me_insn *in)
{
	struct me_operand a, b;

	if (!wide_operand(f[F_A], false, f[F_SRC_LM], &a) ||
	    !wide_operand(f[F_B], true, f[F_SRC_LM], &b))
		return false;
	in->left = b.kind == ME_CONST ? a : b;
	in->right = b.kind == ME_CONST ? b : a;
	in->jump_imm = f[F_IMM_HI] << 8 | in->right.value;
	return in->right.kind == ME_CONST && in->left.kind != ME_CONST;
}

static bool decode_mul(const uint32_t *f, struct me_insn *in)
{
	static const uint8_t last_step[] = { 0, 0, 1, 3 }; /* per type, counted from 0 */

	in->mul_type = (uint8_t)f[F_TYPE];
	in->mul_step = (uint8_t)f[F_STEP];
	if (in->mul_step > ME_MUL_LAST2)
		return false;
	if (in->mul_step >= ME_MUL_LAST)
		return in->mul_type != ME_MUL_START &&
		       wide_operand(f[F_A], f[F_DST_BANK], f[F_DST_LM], &in->dst) &&
		       as_dst(&in->dst);
	if (in->mul_step > last_step[in->mul_type] ||
	    !wide_operand(f[F_A], false, f[F_SRC_LM], &in->left) ||
	    !wide_operand(f[F_B], true, f[F_SRC_LM], &in->right))
		return false;
	if (f[F_SWAP])
		swap_sources(in);
	return true;
}

static bool decode_ctx_arb(const uint32_t *f, struct me_insn *in)
{
	in->events = (uint16_t)f[F_EVENTS];
	in->any = f[F_ANY];
	in->resume = f[F_RESUME];
	in->arb_other = f[F_BREAKPOINT] || f[F_NO_LOAD];
	return true;
}

static bool decode_local_csr(const uint32_t *f, struct me_insn *in)
{
	struct me_operand a, b;

	in->csr = (uint16_t)(f[F_CSR] * 4);
	in->csr_write = f[F_WRITE];
	if (!in->csr_write)
		return true;
	if (!wide_operand(f[F_A], false, f[F_SRC_LM], &a) ||
	    !wide_operand(f[F_B], true, f[F_SRC_LM], &b))
		return false;
	/* an immediate is in both fields, a register faces constant 0 */
	in->left = a.kind == ME_CONST ? b : a;
	return a.kind == ME_CONST || b.kind == ME_CONST;
}

static bool decode_cmd(const uint32_t *f, struct me_insn *in)
{
	in->tgt_cmd = (uint8_t)f[F_TGT_CMD];
	in->token = (uint8_t)f[F_TOKEN];
	in->cmd = me_mem_cmd_find(in->tgt_cmd, in->token);
	in->mode = (uint8_t)f[F_MODE];
	in->xfer = (uint8_t)f[F_XFER];
	in->count = (uint8_t)f[F_COUNT];
	in->signal = (uint8_t)f[F_SIGNAL];
	in->indirect = f[F_INDIRECT];
	in->swap = f[F_CTX] != 3;
	in->defer = in->swap ? (uint8_t)f[F_CTX] : 0;
	return narrow_operand(f[F_A], false, false, false, &in->left) &&
	       narrow_operand(f[F_B], true, false, false, &in->right);
}

static bool decode_class(const uint32_t *f, struct me_insn *in)
{
	switch (in->cls) {
	case ME_CMD: return decode_cmd(f, in);
	case ME_SHF: return decode_shf(f, in);
	case ME_ALU: return decode_alu(f, in);
	case ME_IMMED: return decode_immed(f, in);
	case ME_LD_FIELD: return decode_ld_field(f, in);
	case ME_CTX_ARB: return decode_ctx_arb(f, in);
	case ME_LOCAL_CSR: return decode_local_csr(f, in);
	case ME_BRANCH: return decode_branch(f, in);
	case ME_BR_BYTE: return decode_br_byte(f, in);
	case ME_BR_BIT: return decode_br_bit(f, in);
	case ME_BR_ALU: return decode_br_alu(f, in);
	case ME_MUL: return decode_mul(f, in);
	default: return false;
	}
}

bool me_decode(uint64_t word, struct me_insn *in)
{
	uint32_t f[F_COUNT_OF] = { 0 };
	uint64_t known;
	unsigned cls = 0;

	word &= bits_mask(OP_BITS);
	while (cls < ME_CLASS_COUNT && (word & classes[cls].mask) != classes[cls].value)
		cls++;
	if (cls == ME_CLASS_COUNT)
		return false;
	known = classes[cls].mask;
	for (size_t i = 0; i < ARRAY_SIZE(field_rows); i++) {
		const struct field_row *r = &field_rows[i];

		if (r->cls != cls)
			continue;
		f[r->field] |= (uint32_t)(word >> r->lo & bits_mask(r->width)) << r->into;
		known |= bits_mask(r->width) << r->lo;
	}
	if (word & ~known)
		return false;
	*in = (struct me_insn){
		.cls = (enum me_class)cls,
		.no_cc = f[F_NO_CC],
		.wr_both = f[F_WR_BOTH],
		.predicate = f[F_PREDICATE],
		.defer = (uint8_t)f[F_DEFER],
		.addr = (uint16_t)f[F_ADDR],
	};
	return decode_class(f, in);
}
