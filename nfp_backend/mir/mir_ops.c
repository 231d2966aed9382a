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
const struct nfp_mir_op_info nfp_mir_op_infos[NFP_M_COUNT] = {
	[NFP_M_PHI] = { "phi", "%d = phi %P", NFP_OF_PSEUDO | NFP_OF_RESULT },
	[NFP_M_COPY] = { "copy", "%d = copy %b", NFP_OF_PSEUDO | NFP_OF_RESULT | NFP_OF_CC },
	[NFP_M_CONST] = { "const", "%d = const %i", NFP_OF_PSEUDO | NFP_OF_RESULT },
	[NFP_M_CALL] = { "call", "%d, %e = call %h, %C", NFP_OF_PSEUDO },
	[NFP_M_EXIT] = { "exit", "exit %x", NFP_OF_PSEUDO | NFP_OF_END },
	[NFP_M_SLOT_ADDR] = { "slot_addr", "%d = slot_addr %b", NFP_OF_PSEUDO | NFP_OF_RESULT },
	[NFP_M_NEWLM] = { "newlm", "newlm %i, %a", NFP_OF_PSEUDO },
	[NFP_M_ALU] = { "alu", "%d = alu %a, %o, %b", NFP_OF_RESULT | NFP_OF_CC },
	[NFP_M_SHF] = { "shf", "%d = shf %a, %s, %b%S", NFP_OF_RESULT | NFP_OF_NARROW | NFP_OF_CC },
	[NFP_M_DSHF] = { "dshf", "%d = dshf %a, %b >> %N",
			 NFP_OF_RESULT | NFP_OF_NARROW | NFP_OF_CC },
	[NFP_M_ASR] = { "asr", "%d = asr %b >> %N", NFP_OF_RESULT | NFP_OF_NARROW | NFP_OF_CC },
	[NFP_M_LDF] = { "ldf", "%d = ldf%z %m, %b%S", NFP_OF_RESULT | NFP_OF_NARROW },
	[NFP_M_IMMED] = { "immed", "%d = immed%W %I", NFP_OF_RESULT },
	[NFP_M_MUL] = { "mul", "%d = mul %M, %a, %b", 0 },
	[NFP_M_BR] = { "br", "br %t", NFP_OF_END | NFP_OF_SUCC | NFP_OF_LABEL },
	[NFP_M_BCC] = { "bcc", "bcc %c, %t", NFP_OF_COND | NFP_OF_SUCC | NFP_OF_LABEL },
	[NFP_M_BBIT] = { "bbit", "bbit %a, %n, %v, %t",
			 NFP_OF_COND | NFP_OF_SUCC | NFP_OF_LABEL | NFP_OF_NARROW },
	[NFP_M_BBYTE] = { "bbyte", "bbyte %a, %n, %q, %i, %t",
			  NFP_OF_COND | NFP_OF_SUCC | NFP_OF_LABEL | NFP_OF_NARROW },
	[NFP_M_CMD] = { "cmd", "cmd %k %X, %A, %w", NFP_OF_NARROW },
	[NFP_M_CSRWR] = { "csr_wr", "csr_wr %i, %b", 0 },
	[NFP_M_CSRRD] = { "csr_rd", "%d = csr_rd %i", 0 },
	[NFP_M_BRDONE] = { "br_done", "br_done", NFP_OF_END },
	[NFP_M_BRHELPER] = { "br_helper", "br_helper %h, %t",
			     NFP_OF_END | NFP_OF_SUCC | NFP_OF_LABEL },
	[NFP_M_RETADDR] = { "ret_addr", "%d = ret_addr %t", NFP_OF_RESULT | NFP_OF_LABEL },
	[NFP_M_MAPID] = { "map_id", "%d = map_id %i", NFP_OF_RESULT },
	[NFP_M_NOP] = { "nop", "nop", 0 },
};

bool nfp_is_update(const struct nfp_mi *mi)
{
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
	*vec_push(&e->out, e->cx->arena) = *mi;
	e->bpf_pc = mi->bpf_pc;
}

struct nfp_mi *nfp_edit_new(struct nfp_edit *e, enum nfp_mir_op op)
{
	struct nfp_mi *mi = vec_push(&e->out, e->cx->arena);

	mi->op = (uint8_t)op;
	mi->bpf_pc = e->bpf_pc;
	return mi;
}

struct nfp_mi *nfp_edit_new_outside_glue(struct nfp_edit *e, enum nfp_mir_op op)
{
	size_t at = e->out.len;
	struct nfp_mi mi = { .op = (uint8_t)op, .bpf_pc = e->bpf_pc };

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

	mi->dst = dst;
	mi->b = src;
}

void nfp_edit_const(struct nfp_edit *e, struct nfp_opnd dst, uint32_t value)
{
	struct nfp_mi *mi = nfp_edit_new(e, NFP_M_CONST);

	mi->dst = dst;
	mi->imm32 = value;
}

void nfp_edit_commit(struct nfp_edit *e, uint32_t block)
{
	struct nfp_block *b = &e->fn->blocks.at[block];

	b->insns.at = e->out.at;
	b->insns.len = e->out.len;
	b->insns.cap = e->out.cap;
}
