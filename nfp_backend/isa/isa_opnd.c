/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isa/isa_fields.h"

/* Operands and their 10-bit (unrestricted) and 8-bit (restricted) codes: nfp.md 2.4, 2.5. */

enum {
	CODE10_ABS = 0x080,
	CODE10_XFER_INDEX = 0x100,
	CODE10_XFER = 0x180,
	CODE10_XFER_UPPER = 0x1c0,
	CODE10_LM = 0x200,
	CODE10_LM_POST = 0x210,
	CODE10_NN_INDEX = 0x241,
	CODE10_NN = 0x280,
	CODE10_CONST = 0x300, /* as destination: none */

	CODE8_CONST = 0x20, /* as destination: none */
	CODE8_XFER_INDEX = 0x40,
	CODE8_NN_INDEX = 0x41,
	CODE8_LM = 0x50,
	CODE8_XFER = 0x80,
	CODE8_XFER_UPPER = 0xc0,
};

bool nfp_opnd_in_a(const struct nfp_isa_opnd *o)
{
	return o->kind == NFP_R_GPR_A || o->kind == NFP_R_GPR_ABS_A;
}

bool nfp_opnd_in_b(const struct nfp_isa_opnd *o)
{
	return o->kind == NFP_R_GPR_B || o->kind == NFP_R_GPR_ABS_B;
}

static const char *check_lm(const struct nfp_isa_opnd *o, enum nfp_form form)
{
	unsigned max_off = form == NFP_FORM_10 ? NFP_LM_OFF_MAX : NFP_LM_OFF_RESTRICTED_MAX;

	if (o->n > (form == NFP_FORM_CMD ? 1u : 3u))
		return form == NFP_FORM_CMD ? "a command reaches LM0 and LM1 only"
					    : "no such local-memory pointer";
	if (o->off > max_off)
		return "local-memory offset out of reach";
	if (o->post != NFP_POST_NONE && form != NFP_FORM_10)
		return "a restricted operand cannot move its pointer";
	if (o->post != NFP_POST_NONE && o->off)
		return "a moving pointer takes no offset";
	return NULL;
}

const char *nfp_opnd_check_src(const struct nfp_isa_opnd *o, enum nfp_form form)
{
	switch (o->kind) {
	case NFP_R_NONE: return NULL;
	case NFP_R_GPR_A:
	case NFP_R_GPR_B:
	case NFP_R_GPR_BOTH: return o->n < NFP_GPR_COUNT ? NULL : "no such register";
	case NFP_R_GPR_ABS_A:
	case NFP_R_GPR_ABS_B:
		if (form != NFP_FORM_10)
			return "absolute registers need an unrestricted operand";
		return o->n < 128 ? NULL : "no such absolute register";
	case NFP_R_XFER: return o->n < NFP_XFER_COUNT ? NULL : "no such transfer register";
	case NFP_R_NN:
		if (form != NFP_FORM_10)
			return "next-neighbour registers need an unrestricted operand";
		return o->n < 32 ? NULL : "no such next-neighbour register";
	case NFP_R_XFER_INDEX: return NULL;
	case NFP_R_NN_INDEX: return o->post == NFP_POST_DEC ? "*n$index only counts up" : NULL;
	case NFP_R_LM: return check_lm(o, form);
	case NFP_R_CONST:
		return o->n <= (form == NFP_FORM_CMD ? NFP_CONST_CMD_MAX : NFP_CONST_MAX)
			       ? NULL
			       : "constant too large";
	}
	return "no such operand kind";
}

const char *nfp_opnd_check_dst(const struct nfp_isa_opnd *o, enum nfp_form form)
{
	return o->kind == NFP_R_CONST ? "a constant as destination" : nfp_opnd_check_src(o, form);
}

static uint32_t code10(const struct nfp_isa_opnd *o)
{
	uint32_t pointer = (o->n & 1) << 5;

	switch (o->kind) {
	case NFP_R_NONE: return 0;
	case NFP_R_GPR_A:
	case NFP_R_GPR_B:
	case NFP_R_GPR_BOTH: return o->n;
	case NFP_R_GPR_ABS_A:
	case NFP_R_GPR_ABS_B: return CODE10_ABS | o->n;
	case NFP_R_XFER: return (o->n < 32 ? CODE10_XFER : CODE10_XFER_UPPER) | (o->n & 31);
	case NFP_R_XFER_INDEX: return CODE10_XFER_INDEX | (uint32_t)o->post << 1;
	case NFP_R_NN: return CODE10_NN | o->n;
	case NFP_R_NN_INDEX: return CODE10_NN_INDEX | (uint32_t)o->post << 1;
	case NFP_R_LM:
		if (o->post != NFP_POST_NONE)
			return CODE10_LM_POST | pointer | (o->post == NFP_POST_DEC);
		return CODE10_LM | pointer | o->off;
	case NFP_R_CONST: return CODE10_CONST | o->n;
	}
	assert(false && "operand kind");
	return 0;
}

static uint32_t code8(const struct nfp_isa_opnd *o)
{
	switch (o->kind) {
	case NFP_R_NONE: return 0;
	case NFP_R_GPR_A:
	case NFP_R_GPR_B:
	case NFP_R_GPR_BOTH: return o->n;
	case NFP_R_XFER: return (o->n < 32 ? CODE8_XFER : CODE8_XFER_UPPER) | (o->n & 31);
	case NFP_R_XFER_INDEX: return CODE8_XFER_INDEX | (uint32_t)o->post << 1;
	case NFP_R_NN_INDEX: return CODE8_NN_INDEX | (uint32_t)o->post << 1;
	case NFP_R_LM: return CODE8_LM | (o->n & 1) << 3 | o->off;
	case NFP_R_CONST: /* bits 4:0 in place, bits 6:5 moved up; bit 7 is the word's I8 */
		return CODE8_CONST | (o->n & 0x1f) | (o->n & 0x60) << 1;
	case NFP_R_GPR_ABS_A:
	case NFP_R_GPR_ABS_B:
	case NFP_R_NN: break;
	}
	assert(false && "operand kind of a restricted operand");
	return 0;
}

uint32_t nfp_opnd_code(const struct nfp_isa_opnd *o, enum nfp_form form)
{
	return form == NFP_FORM_10 ? code10(o) : code8(o);
}

uint32_t nfp_opnd_dst_code(const struct nfp_isa_opnd *o, enum nfp_form form)
{
	if (o->kind == NFP_R_NONE)
		return form == NFP_FORM_10 ? CODE10_CONST : CODE8_CONST;
	return nfp_opnd_code(o, form);
}

static struct nfp_isa_opnd opnd10(uint32_t code, struct nfp_opnd_ctx ctx)
{
	unsigned pointer = (code >> 5 & 1) + (ctx.lm_ext ? 2 : 0);

	if (code < CODE10_ABS)
		return ctx.bank_b ? nfp_r_gpr_b(code) : nfp_r_gpr_a(code);
	if (code < CODE10_XFER_INDEX)
		return (struct nfp_isa_opnd){ .kind = ctx.bank_b ? NFP_R_GPR_ABS_B
								 : NFP_R_GPR_ABS_A,
					      .n = code & 0x7f };
	if (code < CODE10_XFER)
		return (struct nfp_isa_opnd){ .kind = NFP_R_XFER_INDEX, .post = code >> 1 & 3 };
	if (code < CODE10_XFER_UPPER)
		return nfp_r_xfer(code & 31);
	if (code < CODE10_LM)
		return nfp_r_xfer(32 + (code & 31));
	if (code < CODE10_NN_INDEX - 1 && (code & 0x10))
		return nfp_r_lm_post(pointer, code & 1 ? NFP_POST_DEC : NFP_POST_INC);
	if (code < CODE10_NN_INDEX - 1)
		return nfp_r_lm(pointer, code & 15);
	if (code < CODE10_NN)
		return (struct nfp_isa_opnd){ .kind = NFP_R_NN_INDEX, .post = code >> 1 & 1 };
	if (code < CODE10_CONST)
		return (struct nfp_isa_opnd){ .kind = NFP_R_NN, .n = code & 31 };
	return nfp_r_const(code & 0xff);
}

static struct nfp_isa_opnd opnd8(uint32_t code, struct nfp_opnd_ctx ctx)
{
	if (code & CODE8_CONST)
		return nfp_r_const((code & 0x1f) | (code >> 1 & 0x60) | (ctx.i8 ? 0x80u : 0));
	if (code >= CODE8_XFER_UPPER)
		return nfp_r_xfer(32 + (code & 31));
	if (code >= CODE8_XFER)
		return nfp_r_xfer(code & 31);
	if (code >= CODE8_LM)
		return nfp_r_lm((code >> 3 & 1) + (ctx.lm_ext ? 2 : 0), code & 7);
	if (code >= CODE8_XFER_INDEX)
		return (struct nfp_isa_opnd){ .kind = code & 1 ? NFP_R_NN_INDEX : NFP_R_XFER_INDEX,
					      .post = code >> 1 & 3 };
	return ctx.bank_b ? nfp_r_gpr_b(code) : nfp_r_gpr_a(code);
}

/* Bits that a kind does not use must be zero: then the operand gives its code back. */
bool nfp_opnd_decode(uint32_t code, struct nfp_opnd_ctx ctx, struct nfp_isa_opnd *o)
{
	*o = ctx.form == NFP_FORM_10 ? opnd10(code, ctx) : opnd8(code, ctx);
	return !nfp_opnd_check_src(o, ctx.form) && nfp_opnd_code(o, ctx.form) == code;
}

bool nfp_opnd_decode_dst(uint32_t code, struct nfp_opnd_ctx ctx, struct nfp_isa_opnd *o)
{
	if (code == nfp_opnd_dst_code(&NFP_R_NOTHING, ctx.form)) {
		*o = NFP_R_NOTHING;
		return true;
	}
	return nfp_opnd_decode(code, ctx, o) && o->kind != NFP_R_CONST;
}
