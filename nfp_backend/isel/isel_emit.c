/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_cursor.h"

#include <assert.h>

/* Machine instructions, appended to the current block; each takes operands that the hardware can
 * read (constants up to 255) and gives its result in a new register. */

struct nfp_mi *isel_emit(struct isel *is, enum nfp_mir_op op)
{
	struct nfp_mi *mi = nfp_append(is->fn, is->cx, is->here.block, op);

	assert(is->here.block < is->fn->blocks.len);
	mi->bpf_pc = is->here.bpf_pc;
	return mi;
}

uint32_t isel_new_block(struct isel *is)
{
	uint32_t b = nfp_new_block(is->fn, is->cx);

	*vec_push(&is->here.owner, is->cx->scratch) = is->here.ir_block;
	is->fn->blocks.at[b].freq = is->ir.blocks[is->here.ir_block].freq;
	return b;
}

void isel_br(struct isel *is, uint32_t block)
{
	assert(block < is->fn->blocks.len);
	isel_emit(is, NFP_M_BR)->target[0] = block;
}

/* Code after a conditional branch does not run whenever the code before does. */
static void push_scope(struct isel *is)
{
	*vec_push(&is->here.scope_parent, is->cx->scratch) = is->here.scope;
	is->here.scope = (uint32_t)is->here.scope_parent.len;
}

void isel_jump(struct isel *is, uint32_t block)
{
	isel_br(is, block);
	isel_begin(is, isel_new_block(is));
	push_scope(is);
}

void isel_bcc(struct isel *is, enum nfp_cc cc, uint32_t block)
{
	struct nfp_mi *mi = isel_emit(is, NFP_M_BCC);

	assert(cc <= NFP_CC_GT && block < is->fn->blocks.len);
	mi->cc = (uint8_t)cc;
	mi->target[0] = block;
	mi->uses_cc = true;
	push_scope(is);
}

void isel_bbit(struct isel *is, struct nfp_opnd o, unsigned bit, bool set, uint32_t block)
{
	struct nfp_mi *mi = isel_emit(is, NFP_M_BBIT);

	assert(bit < 32 && o.kind != NFP_O_IMM && block < is->fn->blocks.len);
	mi->a = o;
	mi->shift = (uint8_t)bit;
	mi->br_set = set;
	mi->target[0] = block;
	push_scope(is);
}

void isel_bbyte(struct isel *is, struct nfp_opnd o, unsigned byte, unsigned value, bool equal,
		uint32_t block)
{
	struct nfp_mi *mi = isel_emit(is, NFP_M_BBYTE);

	assert(byte < 4 && value <= 255 && o.kind != NFP_O_IMM);
	assert(block < is->fn->blocks.len);
	mi->a = o;
	mi->shift = (uint8_t)byte;
	nfp_mi_set_byte_value(mi, value);
	mi->br_set = equal;
	mi->target[0] = block;
	push_scope(is);
}

bool isel_same_opnd(const struct nfp_opnd *a, const struct nfp_opnd *b)
{
	return a->kind == b->kind && a->reg == b->reg && a->sub == b->sub && a->imm == b->imm;
}

void isel_begin(struct isel *is, uint32_t block)
{
	assert(block < is->fn->blocks.len);
	is->here.block = block;
}

void isel_begin_arm(struct isel *is, uint32_t block, uint32_t scope)
{
	assert(scope <= is->here.scope_parent.len);
	isel_begin(is, block);
	is->here.scope = scope;
	push_scope(is);
}

void isel_goto(struct isel *is, uint32_t block)
{
	isel_br(is, block);
	isel_begin(is, block);
}

struct nfp_opnd isel_new_reg(struct isel *is)
{
	return nfp_vreg(nfp_new_vreg(is->fn, is->cx, NFP_V_GPR, 1));
}

void isel_copy_to(struct isel *is, struct nfp_opnd dst, struct nfp_opnd src)
{
	struct nfp_mi *mi;

	if (src.kind == NFP_O_IMM) {
		mi = isel_emit(is, NFP_M_CONST);
		nfp_mi_set_const(mi, src.imm);
	} else {
		mi = isel_emit(is, NFP_M_COPY);
		mi->b = src;
	}
	mi->dst = dst;
}

struct nfp_opnd isel_copy(struct isel *is, struct nfp_opnd src)
{
	struct nfp_opnd dst = isel_new_reg(is);

	isel_copy_to(is, dst, src);
	return dst;
}

static bool is_local_memory(const struct nfp_opnd *o)
{
	return o->kind == NFP_O_LM || o->kind == NFP_O_SLOT;
}

/* One port each for transfer registers, local memory and constants (nfp.md 2.6). */
static void separate(struct isel *is, struct nfp_opnd *a, struct nfp_opnd *b)
{
	if ((a->kind == NFP_O_XIN && b->kind == NFP_O_XIN) ||
	    (a->kind == NFP_O_IMM && b->kind == NFP_O_IMM) ||
	    (is_local_memory(a) && is_local_memory(b)))
		*a = isel_copy(is, *a);
}

struct nfp_mi *isel_alu_to(struct isel *is, struct nfp_opnd dst, enum nfp_alu_op op,
			   struct nfp_opnd a, struct nfp_opnd b)
{
	struct nfp_mi *mi;

	assert(nfp_alu_op_text(op));
	separate(is, &a, &b);
	mi = isel_emit(is, NFP_M_ALU);
	mi->alu = (uint8_t)op;
	mi->dst = dst;
	mi->a = a;
	mi->b = b;
	mi->uses_cc = op == NFP_ALU_ADDC || op == NFP_ALU_SUBC;
	return mi;
}

struct nfp_opnd isel_alu(struct isel *is, enum nfp_alu_op op, struct nfp_opnd a, struct nfp_opnd b)
{
	struct nfp_opnd dst = isel_new_reg(is);

	isel_alu_to(is, dst, op, a, b);
	return dst;
}

void isel_test(struct isel *is, enum nfp_alu_op op, struct nfp_opnd a, struct nfp_opnd b)
{
	isel_alu_to(is, nfp_none(), op, a, b)->sets_cc = true;
}

static void set_shift(struct nfp_mi *mi, int n)
{
	assert(n > -32 && n < 32);
	mi->sc = (uint8_t)(n > 0 ? NFP_SC_RIGHT : n < 0 ? NFP_SC_LEFT : NFP_SC_ROT);
	mi->shift = (uint8_t)(n < 0 ? -n : n);
}

struct nfp_mi *isel_shf_to(struct isel *is, struct nfp_opnd dst, enum nfp_shf_op op,
			   struct nfp_opnd a, struct nfp_opnd b, int n)
{
	struct nfp_mi *mi;

	separate(is, &a, &b);
	mi = isel_emit(is, NFP_M_SHF);
	mi->alu = (uint8_t)op;
	mi->dst = dst;
	mi->a = a;
	mi->b = b;
	set_shift(mi, n);
	return mi;
}

struct nfp_opnd isel_shf(struct isel *is, struct nfp_opnd b, int n)
{
	struct nfp_opnd dst = isel_new_reg(is);

	isel_shf_to(is, dst, NFP_SHF_B, nfp_none(), b, n);
	return dst;
}

struct nfp_opnd isel_dshf(struct isel *is, struct nfp_opnd hi, struct nfp_opnd lo, unsigned n)
{
	struct nfp_opnd dst = isel_new_reg(is);
	struct nfp_mi *mi;

	assert(n < 32); /* 0: the count is made indirect */
	separate(is, &hi, &lo);
	mi = isel_emit(is, NFP_M_DSHF);
	mi->dst = dst;
	mi->a = hi;
	mi->b = lo;
	mi->shift = (uint8_t)n;
	return dst;
}

/* The sign comes from the result of the instruction before (nfp.md 2.8). */
struct nfp_opnd isel_asr(struct isel *is, struct nfp_opnd v, unsigned n)
{
	struct nfp_opnd dst = isel_new_reg(is);
	struct nfp_mi *mi;

	assert(n > 0 && n < 32);
	isel_alu_to(is, nfp_none(), NFP_ALU_B, nfp_none(), v)->glue = true;
	mi = isel_emit(is, NFP_M_ASR);
	mi->dst = dst;
	mi->b = v;
	mi->sc = NFP_SC_RIGHT;
	mi->shift = (uint8_t)n;
	return dst;
}

struct nfp_mi *isel_ldf_to(struct isel *is, struct nfp_opnd dst, unsigned bmask,
			   struct nfp_opnd src, int n, bool zf)
{
	struct nfp_mi *mi = isel_emit(is, NFP_M_LDF);

	assert(bmask > 0 && bmask < 16);
	mi->dst = dst;
	mi->b = src;
	mi->bmask = (uint8_t)bmask;
	mi->zf = zf;
	set_shift(mi, n);
	return mi;
}

struct nfp_opnd isel_join_phi(struct isel *is, uint32_t special_pred, struct nfp_opnd special,
			      struct nfp_opnd usual)
{
	struct nfp_opnd dst = isel_new_reg(is);

	isel_emit(is, NFP_M_PHI)->dst = dst;
	*vec_push(&is->phis.fixups, is->cx->scratch) = (struct isel_phi_fixup){
		.block = is->here.block,
		.insn = (uint32_t)is->fn->blocks.at[is->here.block].insns.len - 1,
		.usual = usual,
	};
	isel_join_more(is, special_pred, special);
	return dst;
}

void isel_join_more(struct isel *is, uint32_t special_pred, struct nfp_opnd special)
{
	struct isel_phi_fixup *f = &is->phis.fixups.at[is->phis.fixups.len - 1];

	assert(is->phis.fixups.len > 0);
	*vec_push(&f->special, is->cx->scratch) =
		(struct isel_phi_special){ special_pred, special };
}

/* ---- scopes ---- */

/* Has code made in (block, scope) run whenever the current code runs? */
bool isel_in_scope(const struct isel *is, uint32_t block, uint32_t scope)
{
	uint32_t s;

	assert(scope <= is->here.scope_parent.len);
	if (block != is->here.ir_block)
		return scope == 0 && isel_dominates(&is->ir, block, is->here.ir_block);
	for (s = is->here.scope; s != scope && s; s = is->here.scope_parent.at[s - 1])
		;
	return s == scope;
}

void isel_refuse(struct isel *is, const char *what)
{
	struct diag_at at = DIAG_AT_NOWHERE;

	if (is->failed)
		return;
	is->failed = true;
	at.insn = is->here.bpf_pc;
	diag_error(is->cx->diags, &at, REASON_ISEL_UNSUPPORTED, what);
}
