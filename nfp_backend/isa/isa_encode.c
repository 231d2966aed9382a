/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isa/isa_fields.h"

/* Instruction values to words. One builder a class: it checks the class's rules, decides which
 * operand goes into which field (nfp.md 2.6), and packs. It returns NULL, or the rule broken. */

#define TRY(expr)                                                                                  \
	do {                                                                                       \
		const char *why_ = (expr);                                                         \
		if (why_)                                                                          \
			return why_;                                                               \
	} while (0)

/* ---- where operands go ---- */

struct sources {
	uint32_t a, b; /* operand fields */
	bool sw;       /* left operand is in the B field */
	bool lm_ext, i8;
};

/* Sources that one instruction cannot read twice; 0: no restriction. */
static int read_port(const struct nfp_isa_opnd *o)
{
	switch (o->kind) {
	case NFP_R_NONE:
	case NFP_R_GPR_BOTH: return 0;
	case NFP_R_GPR_A:
	case NFP_R_GPR_ABS_A: return 1;
	case NFP_R_GPR_B:
	case NFP_R_GPR_ABS_B: return 2;
	case NFP_R_XFER:
	case NFP_R_XFER_INDEX: return 3;
	case NFP_R_NN:
	case NFP_R_NN_INDEX: return 4;
	case NFP_R_LM: return 5;
	case NFP_R_CONST: return 6;
	}
	return 0;
}

static const char *check_ports(const struct nfp_isa_opnd *x, const struct nfp_isa_opnd *y)
{
	if (!read_port(x) || read_port(x) != read_port(y))
		return NULL;
	if (nfp_opnd_in_a(x) || nfp_opnd_in_b(x))
		return "both sources in one bank";
	return "both sources of one kind";
}

/* Left in A and right in B, unless their banks ask for the opposite. */
static const char *place(const struct nfp_isa_opnd *left, const struct nfp_isa_opnd *right,
			 enum nfp_form form, struct sources *s)
{
	const struct nfp_isa_opnd *a = left, *b = right;

	TRY(nfp_opnd_check_src(left, form));
	TRY(nfp_opnd_check_src(right, form));
	s->sw = nfp_opnd_in_b(left) || nfp_opnd_in_a(right);
	if (s->sw) {
		a = right;
		b = left;
	}
	if (nfp_opnd_in_b(a) || nfp_opnd_in_a(b))
		return "both sources in one bank";
	s->a = nfp_opnd_code(a, form);
	s->b = nfp_opnd_code(b, form);
	s->lm_ext = (a->kind == NFP_R_LM && a->n > 1) || (b->kind == NFP_R_LM && b->n > 1);
	s->i8 = (a->kind == NFP_R_CONST && a->n > 127) || (b->kind == NFP_R_CONST && b->n > 127);
	return NULL;
}

/* The left operand of an operation that takes `left`. Constant 0 is how the vendor's assembler
 * says "unused". */
static const char *check_left(const struct nfp_isa_opnd *left, enum nfp_left use)
{
	if (use == NFP_LEFT_USED)
		return left->kind == NFP_R_NONE ? "left operand missing" : NULL;
	if (left->kind == NFP_R_NONE || (left->kind == NFP_R_CONST && left->n == 0))
		return NULL;
	return "the operation takes no left operand";
}

static const char *place_op(const struct nfp_isa_opnd *left, enum nfp_left use,
			    const struct nfp_isa_opnd *right, enum nfp_form form, struct sources *s)
{
	TRY(check_left(left, use));
	if (right->kind == NFP_R_NONE)
		return "right operand missing";
	if (use == NFP_LEFT_USED)
		TRY(check_ports(left, right));
	return place(left, right, form, s);
}

/* One register source and one constant: the register's bank decides which field is which. */
static const char *place_reg_const(const struct nfp_isa_opnd *reg, const struct nfp_isa_opnd *value,
				   enum nfp_form form, struct sources *s)
{
	if (reg->kind == NFP_R_NONE || reg->kind == NFP_R_CONST)
		return "needs a register";
	return place(reg, value, form, s);
}

static const char *check_wr_both(const struct nfp_isa_opnd *dst, const struct nfp_isa_mods *mods)
{
	if (!mods->wr_both || nfp_opnd_in_a(dst) || nfp_opnd_in_b(dst) ||
	    dst->kind == NFP_R_GPR_BOTH)
		return NULL;
	return "only a general register is written in both banks";
}

struct destination {
	uint32_t code;
	bool bank_b, wr_both, lm_ext;
};

static const char *place_dst(const struct nfp_isa_opnd *dst, const struct nfp_isa_mods *mods,
			     enum nfp_form form, struct destination *d)
{
	TRY(nfp_opnd_check_dst(dst, form));
	TRY(check_wr_both(dst, mods));
	d->code = nfp_opnd_dst_code(dst, form);
	d->bank_b = nfp_opnd_in_b(dst);
	d->wr_both = mods->wr_both || dst->kind == NFP_R_GPR_BOTH;
	d->lm_ext = dst->kind == NFP_R_LM && dst->n > 1;
	return NULL;
}

static const char *check_branch(uint32_t addr, unsigned defer, unsigned max_defer)
{
	if (addr >= 1u << NFP_ADDR_BITS)
		return "branch target outside the code store";
	return defer > max_defer ? "too many deferred instructions" : NULL;
}

/* A left shift by n is a 32 - n in the word; 0 with a shift control is "indirect". */
static const char *shift_code(const struct nfp_isa_shift *shift, uint32_t *code)
{
	if (shift->amount > 31 || (unsigned)shift->sc > NFP_SC_DBL)
		return "shift amount out of range";
	if (shift->indirect && (shift->sc == NFP_SC_ROT || shift->amount))
		return "an indirect shift has no amount and is no rotation";
	if (!shift->indirect && shift->sc != NFP_SC_ROT && !shift->amount)
		return "a shift by 0 would be taken for an indirect one";
	*code = shift->sc == NFP_SC_LEFT ? (32u - shift->amount) & 31 : shift->amount;
	return NULL;
}

/* ---- ALU-like classes ---- */

static const char *build_alu(const struct nfp_isa_alu *i, uint64_t *word)
{
	const struct nfp_op_info *op = nfp_alu_info(i->op);
	struct sources s;
	struct destination d;

	if (!op)
		return "no such alu operation";
	TRY(place_op(&i->left, op->left, &i->right, NFP_FORM_10, &s));
	TRY(place_dst(&i->dst, &i->mods, NFP_FORM_10, &d));
	*word = nfp_pack_alu(&(struct nfp_raw_alu){ .a = s.a,
						    .b = s.b,
						    .dst = d.code,
						    .sw = s.sw,
						    .op = i->op,
						    .dst_ab = d.bank_b,
						    .no_cc = i->mods.no_cc,
						    .wr_both = d.wr_both,
						    .src_lm = s.lm_ext,
						    .dst_lm = d.lm_ext,
						    .pred = i->mods.pred_cc });
	return NULL;
}

static const char *check_shf_op(const struct nfp_isa_alu_shf *i)
{
	if (!nfp_shf_info(i->op))
		return "no such alu_shf operation";
	if (i->shift.sc == NFP_SC_DBL && i->op != NFP_SHF_B)
		return "dbl_shf takes no operation";
	if (i->op == NFP_SHF_ASR && i->shift.sc != NFP_SC_RIGHT)
		return "asr shifts right";
	return NULL;
}

static const char *build_alu_shf(const struct nfp_isa_alu_shf *i, uint64_t *word)
{
	bool dbl = i->shift.sc == NFP_SC_DBL;
	struct sources s;
	struct destination d;
	uint32_t shift;

	TRY(check_shf_op(i));
	TRY(shift_code(&i->shift, &shift));
	TRY(place_op(&i->left, dbl ? NFP_LEFT_USED : nfp_shf_info(i->op)->left, &i->right,
		     NFP_FORM_8, &s));
	TRY(place_dst(&i->dst, &i->mods, NFP_FORM_8, &d));
	*word = nfp_pack_alu_shf(&(struct nfp_raw_alu_shf){ .a = s.a,
							    .sc = i->shift.sc,
							    .b = s.b,
							    .i8 = s.i8,
							    .sw = s.sw,
							    .dst = d.code,
							    .shift = shift,
							    .op = i->op,
							    .dst_ab = d.bank_b,
							    .no_cc = i->mods.no_cc,
							    .wr_both = d.wr_both,
							    .src_lm = s.lm_ext,
							    .dst_lm = d.lm_ext,
							    .pred = i->mods.pred_cc });
	return NULL;
}

/* The destination is read too, so it takes part in the choice of fields as left operand. */
static const char *build_ld_field(const struct nfp_isa_ld_field *i, uint64_t *word)
{
	struct sources s;
	uint32_t shift;

	if (i->mods.no_cc)
		return "ld_field has no no_cc";
	if (!i->byte_mask || i->byte_mask > 15)
		return "byte mask out of range";
	if (i->dst.kind == NFP_R_NONE || i->src.kind == NFP_R_NONE)
		return "ld_field needs both operands";
	if (i->shift.sc == NFP_SC_DBL)
		return "ld_field has no double shift";
	TRY(nfp_opnd_check_dst(&i->dst, NFP_FORM_8));
	TRY(check_wr_both(&i->dst, &i->mods));
	TRY(shift_code(&i->shift, &shift));
	TRY(check_ports(&i->dst, &i->src));
	TRY(place(&i->dst, &i->src, NFP_FORM_8, &s));
	*word = nfp_pack_ld_field(&(struct nfp_raw_ld_field){
		.a = s.a,
		.sc = i->shift.sc,
		.b = s.b,
		.i8 = s.i8,
		.sw = s.sw,
		.zf = i->clear,
		.bmask = i->byte_mask,
		.shift = shift,
		.load_cc = i->load_cc,
		.wr_both = i->mods.wr_both || i->dst.kind == NFP_R_GPR_BOTH,
		.src_lm = i->src.kind == NFP_R_LM && i->src.n > 1,
		.dst_lm = i->dst.kind == NFP_R_LM && i->dst.n > 1,
		.pred = i->mods.pred_cc });
	return NULL;
}

static const char *check_immed(const struct nfp_isa_immed *i)
{
	if (i->mods.no_cc)
		return "immed has no no_cc";
	switch (i->width) {
	case NFP_WIDTH_WORD: return i->shift_bytes > 2 ? "immed shifts by 0 to 2 bytes" : NULL;
	case NFP_WIDTH_HALF:
		if (i->invert)
			return "only a whole-register immed inverts";
		return i->shift_bytes & ~2u ? "no such half-word" : NULL;
	case NFP_WIDTH_BYTE:
		if (i->invert)
			return "only a whole-register immed inverts";
		if (i->value > 255)
			return "immed_b takes a byte";
		return i->shift_bytes > 3 ? "no such byte" : NULL;
	}
	return "no such width";
}

/* The destination takes the field of its bank, the low byte of the value takes the other. */
static const char *build_immed(const struct nfp_isa_immed *i, uint64_t *word)
{
	struct nfp_isa_opnd low = nfp_r_const(i->value & 0xff);
	uint32_t value = nfp_opnd_code(&low, NFP_FORM_10);
	struct destination d;

	TRY(check_immed(i));
	TRY(place_dst(&i->dst, &i->mods, NFP_FORM_10, &d));
	*word = nfp_pack_immed(&(struct nfp_raw_immed){ .a = d.bank_b ? value : d.code,
							.b = d.bank_b ? d.code : value,
							.imm_hi = i->value >> 8,
							.width = i->width,
							.inv = i->invert,
							.shift = i->shift_bytes,
							.wr_both = d.wr_both,
							.dst_lm = d.lm_ext,
							.pred = i->mods.pred_cc });
	return NULL;
}

static const char *check_mul_step(const struct nfp_isa_mul *i)
{
	static const enum nfp_mul_step last_step[] = {
		[NFP_MUL_24X8] = NFP_STEP_1,
		[NFP_MUL_16X16] = NFP_STEP_2,
		[NFP_MUL_32X32] = NFP_STEP_4,
	};

	if (i->step == NFP_STEP_START)
		return (unsigned)i->type ? "mul_step start has no type" : NULL;
	if (i->type < NFP_MUL_24X8 || i->type > NFP_MUL_32X32)
		return "no such multiplication";
	if (i->step < 0 || i->step > NFP_STEP_LAST2)
		return "no such multiplication step";
	if (i->step < NFP_STEP_LAST && i->step > last_step[i->type])
		return "a step that this multiplication does not have";
	return NULL;
}

static const char *build_mul(const struct nfp_isa_mul *i, uint64_t *word)
{
	struct nfp_raw_mul raw = {
		.step = i->step == NFP_STEP_START ? 0 : (uint32_t)i->step,
		.type = i->type,
		.no_cc = i->mods.no_cc,
		.pred = i->mods.pred_cc,
	};
	struct sources s;
	struct destination d;

	TRY(check_mul_step(i));
	if (i->step >= NFP_STEP_LAST) {
		if (i->left.kind != NFP_R_NONE || i->right.kind != NFP_R_NONE)
			return "the last multiplication step takes no sources";
		TRY(place_dst(&i->dst, &i->mods, NFP_FORM_10, &d));
		raw.a = d.code;
		raw.dst_ab = d.bank_b;
		raw.wr_both = d.wr_both;
		raw.dst_lm = d.lm_ext;
	} else {
		if (i->dst.kind != NFP_R_NONE || i->mods.wr_both)
			return "only the last multiplication steps write a result";
		TRY(place_op(&i->left, NFP_LEFT_USED, &i->right, NFP_FORM_10, &s));
		raw.a = s.a;
		raw.b = s.b;
		raw.sw = s.sw;
		raw.src_lm = s.lm_ext;
	}
	*word = nfp_pack_mul(&raw);
	return NULL;
}

/* ---- control ---- */

static const char *build_branch(const struct nfp_isa_branch *i, uint64_t *word)
{
	const struct nfp_cc_info *cc = nfp_cc_info(i->cc);

	if (!cc)
		return "no such branch condition";
	if (i->number > (cc->css == NFP_CSS_UNUSED ? 0 : 15))
		return "no such context, signal or state";
	TRY(check_branch(i->addr, i->defer, i->cc == NFP_CC_ALWAYS ? 2 : 3));
	*word = nfp_pack_branch(&(struct nfp_raw_branch){
		.mask = i->cc,
		.ev_pip = cc->ev_pip,
		.css = cc->css == NFP_CSS_UNUSED ? 2 : i->number, /* 2: as the driver has it */
		.defer = i->defer,
		.addr = NFP_ADDR_LO(i->addr),
		.addr_hi = NFP_ADDR_HI(i->addr) });
	return NULL;
}

static const char *build_br_bit(const struct nfp_isa_br_bit *i, uint64_t *word)
{
	struct nfp_isa_opnd rotate = nfp_r_const(i->bit + 1u); /* brings the bit to the top */
	struct sources s;

	if (i->bit > 31)
		return "no such bit";
	TRY(check_branch(i->addr, i->defer, 3));
	TRY(place_reg_const(&i->reg, &rotate, NFP_FORM_8, &s));
	*word = nfp_pack_br_bit(&(struct nfp_raw_br_bit){ .a = s.a,
							  .b = s.b,
							  .bv = i->set,
							  .defer = i->defer,
							  .addr = NFP_ADDR_LO(i->addr),
							  .addr_hi = NFP_ADDR_HI(i->addr),
							  .src_lm = s.lm_ext });
	return NULL;
}

static const char *build_br_byte(const struct nfp_isa_br_byte *i, uint64_t *word)
{
	struct nfp_isa_opnd value = nfp_r_const(i->value);
	struct sources s;

	if (i->byte > 3)
		return "no such byte";
	TRY(check_branch(i->addr, i->defer, 3));
	TRY(place_reg_const(&i->reg, &value, NFP_FORM_8, &s));
	*word = nfp_pack_br_byte(&(struct nfp_raw_br_byte){ .a = s.a,
							    .byte = i->byte,
							    .b = s.b,
							    .i8 = s.i8,
							    .eq = i->equal,
							    .defer = i->defer,
							    .addr = NFP_ADDR_LO(i->addr),
							    .addr_hi = NFP_ADDR_HI(i->addr),
							    .src_lm = s.lm_ext });
	return NULL;
}

static const char *build_jump(const struct nfp_isa_jump *i, uint64_t *word)
{
	struct nfp_isa_opnd low = nfp_r_const(i->imm & 0xff);
	struct sources s;

	if (i->imm >= 1u << 17)
		return "jump offset out of range";
	TRY(check_branch(0, i->defer, 3));
	TRY(place_reg_const(&i->reg, &low, NFP_FORM_10, &s));
	*word = nfp_pack_jump(&(struct nfp_raw_jump){
		.a = s.a, .b = s.b, .defer = i->defer, .imm_hi = i->imm >> 8, .src_lm = s.lm_ext });
	return NULL;
}

static const char *build_ctx_arb(const struct nfp_isa_ctx_arb *i, uint64_t *word)
{
	TRY(check_branch(i->addr, i->defer, 2));
	*word = nfp_pack_ctx_arb(&(struct nfp_raw_ctx_arb){ .events = i->events,
							    .any = i->any,
							    .bpt = i->bpt,
							    .resume = i->branch,
							    .no_load = i->no_load,
							    .defer = i->defer,
							    .addr = NFP_ADDR_LO(i->addr),
							    .addr_hi = NFP_ADDR_HI(i->addr) });
	return NULL;
}

/* ---- local_csr and commands ---- */

static const char *build_local_csr(const struct nfp_isa_local_csr *i, uint64_t *word)
{
	struct nfp_isa_opnd zero = nfp_r_const(0);
	struct nfp_raw_local_csr raw = { .wr = i->write, .csr = i->csr / 4u };
	struct sources s;

	if (i->csr & 3 || i->csr >= 4u << 11 || i->csr == NFP_CSR_URD_UWR)
		return "no such control register";
	if (i->write != (i->src.kind != NFP_R_NONE))
		return i->write ? "local_csr_wr needs a source" : "local_csr_rd takes no source";
	if (i->write) {
		TRY(place(&i->src, i->src.kind == NFP_R_CONST ? &i->src : &zero, NFP_FORM_10, &s));
		raw.a = s.a;
		raw.b = s.b;
		raw.src_lm = s.lm_ext;
	}
	*word = nfp_pack_local_csr(&raw);
	return NULL;
}

enum {                  /* addressing modes, nfp.md 3.1 */
       MODE_A_HIGH = 0, /* (A << 8) + B */
       MODE_B_HIGH = 1, /* (B << 8) + A */
       MODE_32 = 4,     /* A + B */
};

static bool cmd_fits_a(const struct nfp_isa_opnd *o)
{
	return o->kind != NFP_R_NONE && !nfp_opnd_in_b(o);
}

static bool cmd_fits_b(const struct nfp_isa_opnd *o)
{
	return o->kind == NFP_R_GPR_B || o->kind == NFP_R_GPR_BOTH || o->kind == NFP_R_CONST;
}

/* There is no swap bit: a 40-bit address has a mode for either way round, a 32-bit one adds. */
static const char *place_cmd(const struct nfp_isa_cmd *i, struct nfp_raw_cmd *raw)
{
	const struct nfp_isa_opnd *a = &i->base, *b = &i->off;
	bool base_in_a = cmd_fits_a(&i->base) && cmd_fits_b(&i->off);
	bool base_in_b = cmd_fits_b(&i->base) && cmd_fits_a(&i->off);

	TRY(nfp_opnd_check_src(&i->base, NFP_FORM_CMD));
	TRY(nfp_opnd_check_src(&i->off, NFP_FORM_CMD));
	TRY(check_ports(&i->base, &i->off));
	if (!base_in_a && !base_in_b)
		return "a command needs one address part for field A and one for field B";
	raw->mode = i->addr40 ? MODE_A_HIGH : MODE_32;
	if (i->addr40 ? base_in_b : !base_in_a) {
		a = &i->off;
		b = &i->base;
		raw->mode = i->addr40 ? MODE_B_HIGH : MODE_32;
	}
	raw->a = nfp_opnd_code(a, NFP_FORM_CMD);
	raw->b = nfp_opnd_code(b, NFP_FORM_CMD);
	return NULL;
}

static const char *build_cmd(const struct nfp_isa_cmd *i, uint64_t *word)
{
	const struct nfp_mem_info *op = nfp_mem_info(i->op);
	struct nfp_raw_cmd raw = { .indir = i->indirect };

	if (!op)
		return "no such memory command";
	if (i->count < 1 || i->count > 8 || i->sig > 15 || i->xfer >= NFP_XFER_COUNT ||
	    (unsigned)i->swap > NFP_SWAP_NONE)
		return "count, signal, transfer register or swap out of range";
	if (((i->count - 1u) & op->cnt_mask) != op->cnt_value)
		return "the count makes this another command";
	TRY(place_cmd(i, &raw));
	raw.ctx = i->swap;
	raw.token = op->token;
	raw.xfer = i->xfer & 31u;
	raw.xfer_hi = i->xfer >> 5;
	raw.cnt = i->count - 1u;
	raw.sig = i->sig;
	raw.tgt_cmd = op->tgt_cmd;
	*word = nfp_pack_cmd(&raw);
	return NULL;
}

/* ---- entry points ---- */

static const char *build(const struct nfp_insn *i, uint64_t *word)
{
	switch (i->class) {
	case NFP_ISA_CMD: return build_cmd(&i->cmd, word);
	case NFP_ISA_ALU_SHF: return build_alu_shf(&i->shf, word);
	case NFP_ISA_ALU: return build_alu(&i->alu, word);
	case NFP_ISA_IMMED: return build_immed(&i->immed, word);
	case NFP_ISA_LD_FIELD: return build_ld_field(&i->ld_field, word);
	case NFP_ISA_CTX_ARB: return build_ctx_arb(&i->ctx_arb, word);
	case NFP_ISA_LOCAL_CSR: return build_local_csr(&i->csr, word);
	case NFP_ISA_BRANCH: return build_branch(&i->br, word);
	case NFP_ISA_BR_BYTE: return build_br_byte(&i->br_byte, word);
	case NFP_ISA_BR_BIT: return build_br_bit(&i->br_bit, word);
	case NFP_ISA_JUMP: return build_jump(&i->jump, word);
	case NFP_ISA_MUL: return build_mul(&i->mul, word);
	case NFP_ISA_CLASS_COUNT: break;
	}
	return "no such instruction class";
}

bool nfp_encodable(const struct nfp_insn *insn, const char **why)
{
	uint64_t word;
	const char *broken = build(insn, &word);

	if (why)
		*why = broken;
	return !broken;
}

uint64_t nfp_encode(const struct nfp_insn *insn)
{
	uint64_t word = 0;
	const char *broken = build(insn, &word);

	assert(!broken && "instruction not encodable");
	(void)broken;
	return word;
}
