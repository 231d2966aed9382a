/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/firmware/calling_convention.h"
#include "nfp_backend/isa/isa.h"
#include "nfp_backend/mir/mir_text.h"
#include "nfp_backend/passes.h"

#include <assert.h>

/* Machine IR to instruction words, relocations and the line table.
 * Needs: PHYS. What cannot be written as a word is a mistake of an earlier pass: an assert. */

struct emit {
	const struct nfp_func *fn;
	struct cx *cx;
	uint32_t *block_word; /* first word of each block */
	VEC(uint64_t) words;
	VEC(struct nfp_reloc) relocs;
	VEC(struct nfp_line) lines;
};

/* ---- operands ---- */

static struct nfp_isa_opnd opnd(const struct nfp_opnd *o)
{
	static const enum nfp_isa_opnd_kind gpr[] = { NFP_R_NONE, NFP_R_GPR_A, NFP_R_GPR_B,
						      NFP_R_GPR_BOTH };

	assert(o->kind != NFP_O_VREG && o->kind != NFP_O_SLOT && "an operand that no word has");
	assert(o->kind != NFP_O_GPR || (o->bank != NFP_BANK_NONE && o->reg < NFP_ABI_GPRS));
	assert((o->kind != NFP_O_XIN && o->kind != NFP_O_XOUT) || o->reg < NFP_ABI_XFERS);
	switch (o->kind) {
	case NFP_O_GPR: return (struct nfp_isa_opnd){ .kind = gpr[o->bank & 3], .n = o->reg };
	case NFP_O_XIN:
	case NFP_O_XOUT: return nfp_r_xfer(o->reg);
	case NFP_O_IMM: return nfp_r_const(o->imm);
	case NFP_O_LM:
		if (o->post)
			return nfp_r_lm_post(o->reg, o->post > 0 ? NFP_POST_INC : NFP_POST_DEC);
		return nfp_r_lm(o->reg, o->sub);
	default: return NFP_R_NOTHING;
	}
}

static bool writes_both(const struct nfp_opnd *dst)
{
	return dst->kind == NFP_O_GPR && dst->bank == NFP_BANK_BOTH;
}

/* gpr_wrboth comes from a destination in both banks; whatever does not ask for condition codes
 * leaves them alone (mir.h). */
static struct nfp_isa_mods mods(const struct nfp_mi *mi)
{
	return (struct nfp_isa_mods){ .wr_both = writes_both(&mi->dst), .no_cc = !mi->sets_cc };
}

static struct nfp_isa_shift shift(const struct nfp_mi *mi)
{
	assert(mi->shift < 32 && mi->sc <= NFP_SC_LEFT);
	assert(!mi->indirect || !mi->shift);
	return (struct nfp_isa_shift){ .sc = mi->sc,
				       .amount = mi->shift,
				       .indirect = mi->indirect };
}

/* ---- words ---- */

static void put(struct emit *e, const struct nfp_mi *mi, const struct nfp_insn *insn)
{
	const char *why = NULL;

	if (!nfp_encodable(insn, &why)) {
		nfp_print_insn(e->fn, mi, stderr);
		fprintf(stderr, ": %s\n", why);
		assert(false && "instruction cannot be written");
	}
	if (!e->lines.len || e->lines.at[e->lines.len - 1].bpf_pc != mi->bpf_pc)
		*vec_push(&e->lines, e->cx->arena) =
			(struct nfp_line){ (uint32_t)e->words.len, mi->bpf_pc };
	*vec_push(&e->words, e->cx->arena) = nfp_encode(insn);
}

static void reloc(struct emit *e, enum nfp_reloc_kind kind, uint32_t target)
{
	assert((kind != NFP_RELOC_BR_REL && kind != NFP_RELOC_IMMED_REL) ||
	       target < e->fn->blocks.len);
	*vec_push(&e->relocs, e->cx->arena) =
		(struct nfp_reloc){ (uint32_t)e->words.len, kind, target };
}

static void put_immed(struct emit *e, const struct nfp_mi *mi, struct nfp_opnd dst, uint16_t value)
{
	struct nfp_insn insn = { .class = NFP_ISA_IMMED };

	insn.immed.dst = opnd(&dst);
	insn.immed.value = value;
	insn.immed.mods.wr_both = writes_both(&dst);
	put(e, mi, &insn);
}

static void emit_alu(struct emit *e, const struct nfp_mi *mi)
{
	struct nfp_insn insn = { .class = NFP_ISA_ALU };

	insn.alu = (struct nfp_isa_alu){ .op = mi->alu,
					 .dst = opnd(&mi->dst),
					 .left = opnd(&mi->a),
					 .right = opnd(&mi->b),
					 .mods = mods(mi) };
	put(e, mi, &insn);
}

static void emit_shf(struct emit *e, const struct nfp_mi *mi)
{
	struct nfp_insn insn = { .class = NFP_ISA_ALU_SHF };

	insn.shf = (struct nfp_isa_alu_shf){ .op = mi->alu,
					     .dst = opnd(&mi->dst),
					     .left = opnd(&mi->a),
					     .right = opnd(&mi->b),
					     .shift = shift(mi),
					     .mods = mods(mi) };
	if (mi->op == NFP_M_DSHF) {
		insn.shf.op = NFP_SHF_B;
		insn.shf.shift.sc = NFP_SC_DBL;
	}
	if (mi->op == NFP_M_ASR) {
		insn.shf.op = NFP_SHF_ASR;
		insn.shf.shift.sc = NFP_SC_RIGHT;
	}
	put(e, mi, &insn);
}

static void emit_ldf(struct emit *e, const struct nfp_mi *mi)
{
	struct nfp_insn insn = { .class = NFP_ISA_LD_FIELD };

	insn.ld_field = (struct nfp_isa_ld_field){ .dst = opnd(&mi->dst),
						   .src = opnd(&mi->b),
						   .byte_mask = mi->bmask,
						   .shift = shift(mi),
						   .clear = mi->zf };
	insn.ld_field.mods.wr_both = writes_both(&mi->dst);
	put(e, mi, &insn);
}

static void emit_immed(struct emit *e, const struct nfp_mi *mi)
{
	struct nfp_insn insn = { .class = NFP_ISA_IMMED };

	insn.immed = (struct nfp_isa_immed){ .dst = opnd(&mi->dst),
					     .value = (uint16_t)nfp_mi_immed(mi),
					     .width = mi->width,
					     .shift_bytes = mi->byte_shift,
					     .invert = mi->inv };
	insn.immed.mods.wr_both = writes_both(&mi->dst);
	put(e, mi, &insn);
}

static void emit_mul(struct emit *e, const struct nfp_mi *mi)
{
	struct nfp_insn insn = { .class = NFP_ISA_MUL };

	insn.mul = (struct nfp_isa_mul){ .step = mi->mul_step,
					 .type = mi->mul_type,
					 .dst = opnd(&mi->dst),
					 .left = opnd(&mi->a),
					 .right = opnd(&mi->b),
					 .mods = mods(mi) };
	put(e, mi, &insn);
}

static void emit_branch(struct emit *e, const struct nfp_mi *mi)
{
	struct nfp_insn insn = { .class = NFP_ISA_BRANCH };

	insn.br.cc = mi->op == NFP_M_BCC ? mi->cc : NFP_CC_ALWAYS;
	insn.br.defer = mi->defer;
	switch (mi->op) {
	case NFP_M_BRDONE: reloc(e, NFP_RELOC_BR_NEXT_PKT, 0); break;
	case NFP_M_BRHELPER: reloc(e, NFP_RELOC_BR_HELPER, mi->helper); break;
	default: reloc(e, NFP_RELOC_BR_REL, mi->target[0]); break;
	}
	put(e, mi, &insn);
}

static void emit_bit_branch(struct emit *e, const struct nfp_mi *mi)
{
	struct nfp_insn insn = { .class = NFP_ISA_BR_BIT };

	insn.br_bit = (struct nfp_isa_br_bit){ .reg = opnd(&mi->a),
					       .bit = (uint8_t)nfp_mi_bit(mi),
					       .set = mi->br_set,
					       .defer = mi->defer };
	reloc(e, NFP_RELOC_BR_REL, mi->target[0]);
	put(e, mi, &insn);
}

static void emit_byte_branch(struct emit *e, const struct nfp_mi *mi)
{
	struct nfp_insn insn = { .class = NFP_ISA_BR_BYTE };

	insn.br_byte = (struct nfp_isa_br_byte){ .reg = opnd(&mi->a),
						 .byte = (uint8_t)nfp_mi_byte(mi),
						 .value = (uint8_t)nfp_mi_byte_value(mi),
						 .equal = mi->br_set,
						 .defer = mi->defer };
	reloc(e, NFP_RELOC_BR_REL, mi->target[0]);
	put(e, mi, &insn);
}

/* ---- commands ---- */

enum {
	MAX_COUNT = 8,       /* CNT field */
	OVERRIDE_LEN = 0x80, /* nfp.md 3.4 */
	OVERRIDE_LEN_SHIFT = 8,
	DONE_SIGNAL = 1, /* all transfers wait for it */
};

static unsigned count_field(const struct nfp_mi *mi)
{
	assert(nfp_mem_op_is_imm(mi->cmd.mem) || (mi->cmd.count >= 1 && mi->cmd.count <= 32));
	switch (mi->cmd.mem) {
	case NFP_MEM_ADD:
	case NFP_MEM_ADD_IMM: return 1;
	case NFP_MEM_ADD64:
	case NFP_MEM_ADD64_IMM: return 5; /* CNT bit 2: 64-bit operation (nfp.md 3.2) */
	default: return (mi->cmd.count - 1u) % MAX_COUNT + 1;
	}
}

static enum nfp_isa_swap swap_field(const struct nfp_mi *mi)
{
	static const enum nfp_isa_swap by_defer[] = { NFP_SWAP_NOW, NFP_SWAP_DEFER1,
						      NFP_SWAP_DEFER2 };

	assert(mi->defer < 3);
	return mi->cmd.swap ? by_defer[mi->defer] : NFP_SWAP_NONE;
}

static void emit_cmd(struct emit *e, const struct nfp_mi *mi)
{
	bool wide = mi->cmd.mode == NFP_ADDR_40, imm = nfp_mem_op_is_imm(mi->cmd.mem);
	bool override = !imm && mi->cmd.count > MAX_COUNT;
	struct nfp_insn insn = { .class = NFP_ISA_CMD };

	if (override)
		put_immed(e, mi, nfp_none(),
			  (uint16_t)(OVERRIDE_LEN | (mi->cmd.count - 1u) << OVERRIDE_LEN_SHIFT));
	insn.cmd = (struct nfp_isa_cmd){ .op = mi->cmd.mem,
					 .addr40 = wide,
					 .base = opnd(wide ? &mi->b : &mi->a),
					 .off = opnd(wide ? &mi->a : &mi->b),
					 .count = (uint8_t)count_field(mi),
					 .sig = mi->cmd.swap ? DONE_SIGNAL : 0,
					 .swap = swap_field(mi),
					 .indirect = override || imm };
	if (mi->cmd.xfer.kind != NFP_O_NONE)
		insn.cmd.xfer = (uint8_t)mi->cmd.xfer.reg;
	put(e, mi, &insn);
}

/* ---- control registers and addresses ---- */

static void emit_csr(struct emit *e, const struct nfp_mi *mi)
{
	struct nfp_insn insn = { .class = NFP_ISA_LOCAL_CSR };

	insn.csr.csr = (uint16_t)nfp_mi_csr(mi);
	insn.csr.write = mi->op == NFP_M_CSRWR;
	if (insn.csr.write)
		insn.csr.src = opnd(&mi->b);
	put(e, mi, &insn);
	if (!insn.csr.write) /* the value replaces that of the next immed (nfp.md 1.7) */
		put_immed(e, mi, mi->dst, 0);
}

static void emit_insn(struct emit *e, const struct nfp_mi *mi)
{
	switch (mi->op) {
	case NFP_M_ALU: emit_alu(e, mi); break;
	case NFP_M_SHF:
	case NFP_M_DSHF:
	case NFP_M_ASR: emit_shf(e, mi); break;
	case NFP_M_LDF: emit_ldf(e, mi); break;
	case NFP_M_IMMED: emit_immed(e, mi); break;
	case NFP_M_MUL: emit_mul(e, mi); break;
	case NFP_M_BR:
	case NFP_M_BCC:
	case NFP_M_BRDONE:
	case NFP_M_BRHELPER: emit_branch(e, mi); break;
	case NFP_M_BBIT: emit_bit_branch(e, mi); break;
	case NFP_M_BBYTE: emit_byte_branch(e, mi); break;
	case NFP_M_CMD: emit_cmd(e, mi); break;
	case NFP_M_CSRWR:
	case NFP_M_CSRRD: emit_csr(e, mi); break;
	case NFP_M_RETADDR:
		reloc(e, NFP_RELOC_IMMED_REL, mi->target[0]);
		put_immed(e, mi, mi->dst, 0);
		break;
	case NFP_M_MAPID:
		reloc(e, NFP_RELOC_IMMED_MAP, nfp_mi_map(mi));
		put_immed(e, mi, mi->dst, 0);
		break;
	case NFP_M_NOP: put_immed(e, mi, nfp_none(), 0); break;
	default: assert(false && "pseudo instruction left"); break;
	}
}

/* Targets were blocks until all words have their place. */
static void resolve_blocks(struct emit *e)
{
	size_t i;

	for (i = 0; i < e->relocs.len; i++) {
		struct nfp_reloc *r = &e->relocs.at[i];

		if (r->kind == NFP_RELOC_BR_REL || r->kind == NFP_RELOC_IMMED_REL)
			r->target = e->block_word[r->target];
	}
}

bool nfp_emit(struct nfp_func *fn, struct cx *cx, struct nfp_ucode *out)
{
	static const struct nfp_mi end_nop = { .op = NFP_M_NOP, .bpf_pc = -1 };
	struct emit e = { .fn = fn, .cx = cx };
	unsigned n;
	uint32_t b;
	size_t i;

	assert(fn->stage == NFP_STAGE_PHYS && fn->blocks.len > 0);
	e.block_word = ARENA_ARRAY(cx->scratch, uint32_t, fn->blocks.len);
	for (b = 0; b < fn->blocks.len; b++) {
		e.block_word[b] = (uint32_t)e.words.len;
		for (i = 0; i < fn->blocks.at[b].insns.len; i++)
			emit_insn(&e, &fn->blocks.at[b].insns.at[i]);
	}
	for (n = 0; n < NFP_ABI_END_NOPS; n++)
		emit_insn(&e, &end_nop);
	resolve_blocks(&e);
	if (fn->fw && e.words.len > fn->fw->max_len)
		return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_CODE_TOO_LONG,
				  (unsigned)e.words.len, fn->fw->max_len);
	*out = (struct nfp_ucode){ .words = e.words.at,
				   .n_words = e.words.len,
				   .relocs = e.relocs.at,
				   .n_relocs = e.relocs.len,
				   .lines = e.lines.at,
				   .n_lines = e.lines.len };
	return true;
}
