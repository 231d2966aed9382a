/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/mir/mir_ops.h"

#include "nfp_backend/isa/isa.h"

#include <assert.h>

/* Fields of the text form, used by mir_print.c and mir_parse.c alike:
 *
 *   %d %e %a %b  operands dst, dst2, a, b       %t    target[0]
 *   %i           imm32                          %n    shift as a number
 *   %o           ALU operation                  %s    shift operation
 *   %S           shift: nothing, <<n, >>n, >>rotn, <<indirect, >>indirect
 *   %N           count of dshf and asr: n or indirect
 *   %z           "_clr" when zf                 %m    byte mask, binary, byte 3 first
 *   %W           immed width: "", _w0, _w2, _b0 … _b3
 *   %I           immed value: [~]value[<<shift]
 *   %M           multiplication type and step   %c    condition
 *   %v           br_set as 0 or 1               %q    br_set as eq or ne
 *   %h           helper id                      %x    what EXIT leaves with
 *   %k           memory command                 %X    cmd.xfer
 *   %A           address: 32(a + b) or 40(b << 8 + a)
 *   %C           call arguments                 %P    PHI arguments
 *   %w           cmd.count, " swap", " addend n"                                       */

enum {
	K_NONE = 1 << NFP_O_NONE,
	K_GPR = 1 << NFP_O_VREG | 1 << NFP_O_GPR,
	K_XIN = 1 << NFP_O_XIN,
	K_XOUT = 1 << NFP_O_XOUT,
	K_LM = 1 << NFP_O_LM | 1 << NFP_O_SLOT,
	K_SLOT = 1 << NFP_O_SLOT,
	K_IMM = 1 << NFP_O_IMM,
	K_SRC = K_GPR | K_XIN | K_LM | K_IMM,
	K_DST = K_NONE | K_GPR | K_XOUT | K_LM,
	K_REG = K_GPR | K_LM, /* read and written */
};

enum {
	END = NFP_OF_END,
	COND = NFP_OF_COND,
	SUCC = NFP_OF_SUCC,
	LABEL = NFP_OF_LABEL,
	PSEUDO = NFP_OF_PSEUDO,
	RESULT = NFP_OF_RESULT,
	NARROW = NFP_OF_NARROW,
	SETS_CC = NFP_OF_CC,
};

#define F(field) NFP_FIELD_##field

const struct nfp_mir_op_info nfp_mir_op_infos[NFP_M_COUNT] = {
#define NFP_MIR(id, name, format, dst, a, b, fields, flags, meaning)                               \
	[NFP_M_##id] = { name, format, dst, a, b, fields, flags },
#include "nfp_backend/mir/operands.def"
};

unsigned nfp_format_fields(char c)
{
	switch (c) {
	case 'e': return F(DST2);
	case 'i': return F(IMM);
	case 'n': return F(SHIFT);
	case 'N': return F(SC) | F(SHIFT) | F(INDIRECT);
	case 'S': return F(SC) | F(SHIFT) | F(INDIRECT);
	case 'o':
	case 's': return F(ALU);
	case 'z':
	case 'm': return F(BYTES);
	case 'W': return F(IMMED);
	case 'I': return F(IMMED) | F(IMM);
	case 'M': return F(MUL);
	case 'c': return F(CC);
	case 'v':
	case 'q': return F(BR_SET);
	case 'h': return F(HELPER);
	case 't': return F(TARGET);
	case 'x': return F(CONST_EXIT) | F(IMM);
	case 'k':
	case 'X':
	case 'A': return F(CMD);
	case 'w': return F(CMD) | F(IMM);
	case 'C': return F(CALL);
	case 'P': return F(PHI);
	default: return 0;
	}
}

unsigned nfp_fields_in_use(const struct nfp_mi *mi)
{
	return (mi->dst2.kind ? F(DST2) : 0u) | (mi->alu ? F(ALU) : 0u) | (mi->sc ? F(SC) : 0u) |
	       (mi->shift ? F(SHIFT) : 0u) | (mi->indirect ? F(INDIRECT) : 0u) |
	       (mi->bmask || mi->zf ? F(BYTES) : 0u) |
	       (mi->width || mi->byte_shift || mi->inv ? F(IMMED) : 0u) |
	       (mi->mul_type || mi->mul_step ? F(MUL) : 0u) | (mi->cc ? F(CC) : 0u) |
	       (mi->br_set ? F(BR_SET) : 0u) | (mi->target[0] ? F(TARGET) : 0u) |
	       (mi->imm32 ? F(IMM) : 0u) | (mi->const_exit ? F(CONST_EXIT) : 0u) |
	       (mi->helper ? F(HELPER) : 0u) |
	       (mi->cmd.mem || mi->cmd.mode || mi->cmd.count || mi->cmd.swap || mi->cmd.xfer.kind
			? F(CMD)
			: 0u) |
	       (mi->call.map || mi->call.n_key || mi->call.n_value ? F(CALL) : 0u) |
	       (mi->n_phi ? F(PHI) : 0u);
}

#undef F

bool nfp_is_update(const struct nfp_mi *mi)
{
	assert(mi->op < NFP_M_COUNT);
	return (mi->op == NFP_M_LDF && !mi->zf) || (mi->op == NFP_M_IMMED && mi->width != 0);
}

unsigned nfp_lm_reach(const struct nfp_mi *mi)
{
	return nfp_op_is(mi, NFP_OF_NARROW) ? 7 : 15;
}

bool nfp_mem_op_reads(enum nfp_mem_op op)
{
	switch (op) {
	case NFP_MEM_READ:
	case NFP_MEM_READ_LE:
	case NFP_MEM_READ_SWAP:
	case NFP_MEM_READ_SWAP_LE:
	case NFP_MEM_ATOMIC_READ:
	case NFP_MEM_READ8:
	case NFP_MEM_READ32:
	case NFP_MEM_READ32_LE:
	case NFP_MEM_READ32_SWAP:
	case NFP_MEM_READ32_SWAP_LE: return true;
	default: return false;
	}
}

bool nfp_mem_op_is_imm(enum nfp_mem_op op)
{
	return op == NFP_MEM_ADD_IMM || op == NFP_MEM_ADD64_IMM;
}

unsigned nfp_cmd_words(const struct nfp_mi *mi)
{
	enum nfp_mem_op op = mi->cmd.mem;

	assert(mi->op == NFP_M_CMD);
	if (mi->cmd.xfer.kind == NFP_O_NONE)
		return 0;
	if (op == NFP_MEM_ADD)
		return 1;
	if (op == NFP_MEM_ADD64)
		return 2;
	return (mi->cmd.count * nfp_mem_op_unit_bytes(op) + 3) / 4;
}

enum nfp_cc nfp_cc_invert(enum nfp_cc cc)
{
	static const uint8_t inverse[] = {
		[NFP_CC_EQ] = NFP_CC_NE, [NFP_CC_NE] = NFP_CC_EQ, [NFP_CC_MI] = NFP_CC_PL,
		[NFP_CC_PL] = NFP_CC_MI, [NFP_CC_HS] = NFP_CC_LO, [NFP_CC_LO] = NFP_CC_HS,
		[NFP_CC_VS] = NFP_CC_VC, [NFP_CC_VC] = NFP_CC_VS, [NFP_CC_GE] = NFP_CC_LT,
		[NFP_CC_LT] = NFP_CC_GE, [NFP_CC_LE] = NFP_CC_GT, [NFP_CC_GT] = NFP_CC_LE,
	};

	assert(cc <= NFP_CC_GT && "only conditions on ALU results have an opposite");
	return inverse[cc];
}

void nfp_invert_branch(struct nfp_mi *mi)
{
	assert(nfp_op_is(mi, NFP_OF_COND));
	if (mi->op == NFP_M_BCC)
		mi->cc = (uint8_t)nfp_cc_invert(mi->cc);
	else
		mi->br_set = !mi->br_set;
}

bool nfp_reads_cc(const struct nfp_mi *mi)
{
	return mi->uses_cc || mi->op == NFP_M_BCC ||
	       (mi->op == NFP_M_ALU && (mi->alu == NFP_ALU_ADDC || mi->alu == NFP_ALU_SUBC));
}

bool nfp_const_is_short(uint32_t value)
{
	struct nfp_isa_immed im = { 0 };

	return nfp_immed_fits(value, &im);
}

bool nfp_opnd_equal(const struct nfp_opnd *a, const struct nfp_opnd *b)
{
	return a->kind == b->kind && a->bank == b->bank && a->post == b->post && a->sub == b->sub &&
	       a->reg == b->reg && a->imm == b->imm;
}

bool nfp_is_vreg(const struct nfp_opnd *o, uint32_t reg)
{
	return o->kind == NFP_O_VREG && o->reg == reg;
}

nfp_regset nfp_gpr_set(const struct nfp_opnd *o)
{
	nfp_regset bits = 0;

	assert(o->kind == NFP_O_GPR && o->reg < 32 && o->bank != NFP_BANK_NONE);
	if (o->bank & NFP_BANK_A)
		bits |= UINT64_C(1) << o->reg;
	if (o->bank & NFP_BANK_B)
		bits |= UINT64_C(1) << (32 + o->reg);
	return bits;
}

bool nfp_block_leads_to(const struct nfp_block *b, uint32_t target)
{
	size_t i;

	for (i = 0; i < b->insns.len; i++)
		if (nfp_op_is(&b->insns.at[i], NFP_OF_SUCC) && b->insns.at[i].target[0] == target)
			return true;
	return false;
}

size_t nfp_block_end(const struct nfp_block *b)
{
	size_t n = b->insns.len;

	return n && nfp_op_is(&b->insns.at[n - 1], NFP_OF_END) ? n - 1 : n;
}

/* ---- rewriting a block ---- */

void nfp_edit_begin(struct nfp_edit *e, struct nfp_func *fn, struct cx *cx)
{
	*e = (struct nfp_edit){ .fn = fn, .cx = cx, .bpf_pc = -1 };
}

void nfp_edit_keep(struct nfp_edit *e, const struct nfp_mi *mi)
{
	assert(mi->op < NFP_M_COUNT);
	*vec_push(&e->out, e->cx->arena) = *mi;
	e->bpf_pc = mi->bpf_pc;
}

struct nfp_mi *nfp_edit_new(struct nfp_edit *e, enum nfp_mir_op op)
{
	struct nfp_mi *mi = vec_push(&e->out, e->cx->arena);

	assert(op < NFP_M_COUNT);
	mi->op = (uint8_t)op;
	mi->bpf_pc = e->bpf_pc;
	return mi;
}

struct nfp_mi *nfp_edit_new_outside_glue(struct nfp_edit *e, enum nfp_mir_op op)
{
	size_t at = e->out.len;
	struct nfp_mi mi = { .op = (uint8_t)op, .bpf_pc = e->bpf_pc };

	assert(op < NFP_M_COUNT);
	while (at && e->out.at[at - 1].glue)
		at--;
	(void)vec_push(&e->out, e->cx->arena);
	memmove(&e->out.at[at + 1], &e->out.at[at], (e->out.len - 1 - at) * sizeof(mi));
	e->out.at[at] = mi;
	return &e->out.at[at];
}

void nfp_edit_copy(struct nfp_edit *e, struct nfp_opnd dst, struct nfp_opnd src)
{
	struct nfp_mi *mi = nfp_edit_new(e, NFP_M_COPY);

	assert(nfp_mir_op_infos[NFP_M_COPY].dst >> dst.kind & 1);
	assert(nfp_mir_op_infos[NFP_M_COPY].b >> src.kind & 1);
	mi->dst = dst;
	mi->b = src;
}

void nfp_edit_const(struct nfp_edit *e, struct nfp_opnd dst, uint32_t value)
{
	struct nfp_mi *mi = nfp_edit_new(e, NFP_M_CONST);

	assert(nfp_mir_op_infos[NFP_M_CONST].dst >> dst.kind & 1);
	mi->dst = dst;
	nfp_mi_set_const(mi, value);
}

struct nfp_mi *nfp_edit_alu(struct nfp_edit *e, struct nfp_opnd dst, struct nfp_opnd a,
			    enum nfp_alu_op op, struct nfp_opnd b)
{
	struct nfp_mi *mi = nfp_edit_new(e, NFP_M_ALU);

	assert(nfp_alu_op_text(op));
	assert(nfp_mir_op_infos[NFP_M_ALU].dst >> dst.kind & 1);
	mi->alu = (uint8_t)op;
	mi->dst = dst;
	mi->a = a;
	mi->b = b;
	return mi;
}

void nfp_edit_commit(struct nfp_edit *e, uint32_t block)
{
	struct nfp_block *b = &e->fn->blocks.at[block];

	assert(block < e->fn->blocks.len);
	assert((!e->out.len || !e->out.at[e->out.len - 1].glue) && "glue to nothing");
	b->insns.at = e->out.at;
	b->insns.len = e->out.len;
	b->insns.cap = e->out.cap;
}
