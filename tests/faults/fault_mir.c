/* SPDX-License-Identifier: BSD-2-Clause */
/* Faults of selector, allocator and scheduler: changes to machine IR between two passes. */
#include "faults.h"

/* ---- tools ---------------------------------------------------------------------------------------- */

static struct nfp_mi *here(const struct fault_site *s)
{
	return &s->b->insns.at[s->at];
}

/* The instruction `n` further on in the block, or NULL. */
static struct nfp_mi *later(const struct fault_site *s, size_t n)
{
	return s->at + n < s->b->insns.len ? &s->b->insns.at[s->at + n] : NULL;
}

static void exchange(struct nfp_mi *a, struct nfp_mi *b)
{
	struct nfp_mi t = *a;

	*a = *b;
	*b = t;
}

static void insert_nop_behind(struct fault_site *s)
{
	(void)vec_push(&s->b->insns, s->cx->arena);
	memmove(&s->b->insns.at[s->at + 2], &s->b->insns.at[s->at + 1],
		(s->b->insns.len - s->at - 2) * sizeof(struct nfp_mi));
	s->b->insns.at[++s->at] = (struct nfp_mi){ .op = NFP_M_NOP, .bpf_pc = -1 };
}

static bool is_branch(const struct nfp_mi *mi)
{
	return mi->op == NFP_M_BR || mi->op == NFP_M_BCC || mi->op == NFP_M_BBIT ||
	       mi->op == NFP_M_BBYTE || mi->op == NFP_M_BRDONE || mi->op == NFP_M_BRHELPER;
}

static bool is_plain(const struct nfp_mi *mi) /* neither branch nor command nor part of a group */
{
	return !is_branch(mi) && mi->op != NFP_M_CMD && mi->op != NFP_M_CSRRD && !mi->glue;
}

static bool is_shift(const struct nfp_mi *mi)
{
	return mi->op == NFP_M_SHF || mi->op == NFP_M_DSHF || mi->op == NFP_M_ASR;
}

static bool reads(const struct nfp_mi *mi)
{
	return mi->op == NFP_M_CMD && mi->cmd.xfer.kind == NFP_O_XIN;
}

static bool writes(const struct nfp_mi *mi)
{
	return mi->op == NFP_M_CMD && mi->cmd.xfer.kind == NFP_O_XOUT;
}

/* ---- selector: arithmetic and flags ------------------------------------------------------------------ */

static bool change_alu(struct fault_site *s, enum nfp_alu_op from, enum nfp_alu_op to)
{
	struct nfp_mi *mi = here(s);

	if (mi->op != NFP_M_ALU || mi->alu != from)
		return false;
	mi->alu = (uint8_t)to;
	mi->uses_cc = false;
	return true;
}

bool fault_add_carry_lost(struct fault_site *s)
{
	return change_alu(s, NFP_ALU_ADDC, NFP_ALU_ADD);
}

bool fault_sub_borrow_lost(struct fault_site *s)
{
	return change_alu(s, NFP_ALU_SUBC, NFP_ALU_SUB);
}

static bool change_cc(struct fault_site *s, enum nfp_cc from, enum nfp_cc to)
{
	struct nfp_mi *mi = here(s);

	if (mi->op != NFP_M_BCC || mi->cc != from)
		return false;
	mi->cc = (uint8_t)to;
	return true;
}

bool fault_branch_unsigned_as_signed(struct fault_site *s)
{
	return change_cc(s, NFP_CC_LO, NFP_CC_LT) || change_cc(s, NFP_CC_HS, NFP_CC_GE);
}

bool fault_branch_signed_as_unsigned(struct fault_site *s)
{
	return change_cc(s, NFP_CC_LT, NFP_CC_LO) || change_cc(s, NFP_CC_GE, NFP_CC_HS);
}

/* ---- selector: shifts and fields ---------------------------------------------------------------------- */

bool fault_shift_left_right(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);

	if (mi->op != NFP_M_SHF || mi->sc != NFP_SC_LEFT)
		return false;
	mi->sc = NFP_SC_RIGHT;
	return true;
}

bool fault_shift_right_rotates(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);

	if (mi->op != NFP_M_SHF || mi->sc != NFP_SC_RIGHT || mi->indirect)
		return false;
	mi->sc = NFP_SC_ROT;
	return true;
}

bool fault_asr_zeroes(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);

	if (mi->op != NFP_M_ASR)
		return false;
	mi->op = NFP_M_SHF;
	mi->sc = NFP_SC_RIGHT;
	mi->alu = NFP_SHF_B;
	return true;
}

bool fault_double_shift_halves(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);
	struct nfp_opnd a = mi->a;

	if (mi->op != NFP_M_DSHF)
		return false;
	mi->a = mi->b;
	mi->b = a;
	return true;
}

bool fault_double_shift_count(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);

	if (mi->op != NFP_M_DSHF || mi->indirect || mi->shift == 16)
		return false;
	mi->shift = (uint8_t)(32 - mi->shift);
	return true;
}

bool fault_shift_ge_32_path(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);

	if (mi->op != NFP_M_BBIT || mi->shift != 5)
		return false;
	mi->br_set = !mi->br_set;
	return true;
}

bool fault_indirect_count_fixed(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);

	if (!is_shift(mi) || !mi->indirect)
		return false;
	mi->indirect = false;
	mi->shift = 1;
	return true;
}

bool fault_bit_test_next_bit(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);

	if (mi->op != NFP_M_BBIT || mi->shift == 31)
		return false;
	mi->shift++;
	return true;
}

bool fault_byte_test_inverted(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);

	if (mi->op != NFP_M_BBYTE)
		return false;
	mi->br_set = !mi->br_set;
	return true;
}

bool fault_field_mask_short(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);

	if (mi->op != NFP_M_LDF || !(mi->bmask & (mi->bmask - 1)))
		return false;
	mi->bmask &= (uint8_t) ~(0x80u >> (__builtin_clz(mi->bmask) - 24));
	return true;
}

bool fault_field_keeps_old(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);

	if (mi->op != NFP_M_LDF || !mi->zf || mi->dst.kind != NFP_O_GPR)
		return false;
	mi->zf = false;
	return true;
}

bool fault_field_clears_old(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);

	if (mi->op != NFP_M_LDF || mi->zf)
		return false;
	mi->zf = true;
	return true;
}

/* ---- selector: constants, PHIs, products ---------------------------------------------------------------- */

bool fault_constant_high_lost(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);

	if (mi->op != NFP_M_CONST || mi->imm32 <= UINT16_MAX)
		return false;
	mi->imm32 &= UINT16_MAX;
	return true;
}

bool fault_phi_values_swapped(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);
	struct nfp_opnd v;

	if (mi->op != NFP_M_PHI || mi->n_phi < 2)
		return false;
	v = mi->phi[0].val;
	mi->phi[0].val = mi->phi[1].val;
	mi->phi[1].val = v;
	return true;
}

bool fault_phi_copy_dropped(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);

	if (mi->op != NFP_M_COPY || mi->dst.kind != NFP_O_VREG)
		return false;
	*mi = (struct nfp_mi){ .op = NFP_M_NOP, .bpf_pc = -1 };
	return true;
}

bool fault_phi_copies_reversed(struct fault_site *s)
{
	struct nfp_mi *mi = here(s), *next = later(s, 1);

	if (!next || mi->op != NFP_M_COPY || next->op != NFP_M_COPY || mi->b.kind != NFP_O_VREG ||
	    next->dst.reg != mi->b.reg)
		return false;
	exchange(mi, next);
	return true;
}

bool fault_product_high_zero(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);

	if (mi->op != NFP_M_MUL || mi->mul_step != NFP_STEP_LAST2)
		return false;
	*mi = (struct nfp_mi){ .op = NFP_M_IMMED, .dst = mi->dst, .bpf_pc = mi->bpf_pc };
	return true;
}

bool fault_exit_counter(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);

	if ((mi->op != NFP_M_IMMED && mi->op != NFP_M_CONST && mi->op != NFP_M_LDF) ||
	    mi->dst.kind != NFP_O_GPR || mi->dst.reg != 0)
		return false;
	if (mi->op == NFP_M_LDF && mi->b.kind == NFP_O_IMM && mi->b.imm == 0x22)
		mi->b.imm = 0x12;
	else if (mi->op == NFP_M_CONST && mi->imm32 == 0x220000)
		mi->imm32 = 0x120000;
	else if (mi->op == NFP_M_IMMED && mi->imm32 == 0x22)
		mi->imm32 = 0x12;
	else
		return false;
	return true;
}

/* ---- selector: commands ---------------------------------------------------------------------------------- */

static bool change_mem(struct fault_site *s, enum nfp_mem_op from, enum nfp_mem_op to)
{
	struct nfp_mi *mi = here(s);

	if (mi->op != NFP_M_CMD || mi->cmd.mem != from)
		return false;
	mi->cmd.mem = (uint8_t)to;
	return true;
}

bool fault_read_byte_order(struct fault_site *s)
{
	return change_mem(s, NFP_MEM_READ32_SWAP, NFP_MEM_READ32) ||
	       change_mem(s, NFP_MEM_READ_SWAP, NFP_MEM_READ);
}

bool fault_write_byte_order(struct fault_site *s)
{
	return change_mem(s, NFP_MEM_WRITE32_SWAP, NFP_MEM_WRITE32) ||
	       change_mem(s, NFP_MEM_WRITE8_SWAP, NFP_MEM_WRITE8);
}

bool fault_atomic64_as_32(struct fault_site *s)
{
	return change_mem(s, NFP_MEM_ADD64, NFP_MEM_ADD) ||
	       change_mem(s, NFP_MEM_ADD64_IMM, NFP_MEM_ADD_IMM);
}

bool fault_atomic32_as_64(struct fault_site *s)
{
	return change_mem(s, NFP_MEM_ADD, NFP_MEM_ADD64) ||
	       change_mem(s, NFP_MEM_ADD_IMM, NFP_MEM_ADD64_IMM);
}

static bool shorten(struct nfp_mi *mi)
{
	if (mi->cmd.count < 2)
		return false;
	mi->cmd.count--;
	return true;
}

bool fault_read_one_short(struct fault_site *s)
{
	return reads(here(s)) && shorten(here(s));
}

bool fault_write_one_short(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);

	return writes(mi) && mi->cmd.mem != NFP_MEM_ADD && mi->cmd.mem != NFP_MEM_ADD64 &&
	       shorten(mi);
}

bool fault_swap_not_waited(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);

	if (!reads(mi) || !mi->cmd.swap)
		return false;
	mi->cmd.swap = false;
	return true;
}

/* ---- allocator ---------------------------------------------------------------------------------------------- */

static bool flip_bank(struct nfp_opnd *o)
{
	if (o->kind != NFP_O_GPR || (o->bank != NFP_BANK_A && o->bank != NFP_BANK_B))
		return false;
	o->bank = o->bank == NFP_BANK_A ? NFP_BANK_B : NFP_BANK_A;
	return true;
}

bool fault_both_banks_only_a(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);

	if (mi->dst.kind != NFP_O_GPR || mi->dst.bank != NFP_BANK_BOTH)
		return false;
	mi->dst.bank = NFP_BANK_A;
	return true;
}

bool fault_sources_change_banks(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);
	bool a = flip_bank(&mi->a), b = flip_bank(&mi->b);

	return a || b;
}

bool fault_result_other_bank(struct fault_site *s)
{
	return flip_bank(&here(s)->dst);
}

/* Register numbers by `map` in all operands. */
static bool renumber(struct fault_site *s, uint32_t (*map)(uint32_t reg))
{
	struct nfp_mi *mi = here(s);
	struct nfp_opnd *all[] = { &mi->dst, &mi->dst2, &mi->a, &mi->b };
	bool any = false;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i]->kind != NFP_O_GPR || map(all[i]->reg) == all[i]->reg)
			continue;
		all[i]->reg = map(all[i]->reg);
		any = true;
	}
	return any;
}

static uint32_t three_is_two(uint32_t reg)
{
	return reg == 3 ? 2 : reg;
}

bool fault_registers_shared(struct fault_site *s)
{
	return renumber(s, three_is_two);
}

/* 13..15 are kept by every helper, 1 and 3 by none and are no arguments of map calls. */
static uint32_t unprotected(uint32_t reg)
{
	switch (reg) {
	case 12: return 3;
	case 3: return 12;
	case 13: return 7;
	case 7: return 13;
	default: return reg;
	}
}

bool fault_live_across_helper(struct fault_site *s)
{
	return renumber(s, unprotected);
}

bool fault_spills_share_slot(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);
	struct nfp_opnd *all[] = { &mi->dst, &mi->a, &mi->b };
	bool any = false;
	uint32_t first = 0;

	while (first < s->fn->slots.len && s->fn->slots.at[first].kind != NFP_SLOT_SPILL)
		first++;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i]->kind != NFP_O_SLOT || all[i]->reg == first ||
		    s->fn->slots.at[all[i]->reg].kind != NFP_SLOT_SPILL)
			continue;
		all[i]->reg = first;
		any = true;
	}
	return any;
}

bool fault_stack_word_off(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);

	if (mi->dst.kind != NFP_O_LM || mi->dst.reg == 1 || mi->dst.post)
		return false;
	mi->dst.sub ^= 1;
	return true;
}

bool fault_xfer_in_off(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);
	struct nfp_opnd *o = mi->a.kind == NFP_O_XIN ? &mi->a : &mi->b;

	if (o->kind != NFP_O_XIN)
		return false;
	o->reg ^= 1;
	return true;
}

bool fault_xfer_out_off(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);

	if (mi->dst.kind != NFP_O_XOUT)
		return false;
	mi->dst.reg ^= 1;
	return true;
}

bool fault_pointer_register_mixed(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);

	if (mi->op != NFP_M_CSRWR || mi->imm32 != NFP_CSR_ACTIVE_LM_ADDR3)
		return false;
	mi->imm32 = NFP_CSR_ACTIVE_LM_ADDR2;
	return true;
}

/* ---- scheduler ------------------------------------------------------------------------------------------------ */

bool fault_defer_one_more(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);

	if (!is_branch(mi) || mi->op == NFP_M_BRDONE || mi->op == NFP_M_BRHELPER || mi->defer > 1)
		return false;
	mi->defer++;
	return true;
}

bool fault_defer_slots_reordered(struct fault_site *s)
{
	struct nfp_mi *mi = here(s), *second = later(s, 2);

	if (!is_branch(mi) || mi->defer < 2 || !second)
		return false;
	exchange(second - 1, second);
	return true;
}

bool fault_slot_before_flags(struct fault_site *s)
{
	struct nfp_mi *mi = here(s), *next = later(s, 1);

	if (!next || !mi->sets_cc || next->op != NFP_M_BCC || next->defer > 2)
		return false;
	exchange(mi, next);
	mi->defer++;
	s->at++;
	return true;
}

bool fault_carry_order(struct fault_site *s)
{
	struct nfp_mi *mi = here(s), *next = later(s, 1);

	if (!next || mi->op != NFP_M_ALU || !mi->sets_cc || next->op != NFP_M_ALU || !next->uses_cc)
		return false;
	exchange(mi, next);
	s->at++;
	return true;
}

bool fault_pointer_latency(struct fault_site *s)
{
	if (here(s)->op != NFP_M_NOP)
		return false;
	memmove(here(s), here(s) + 1, (s->b->insns.len - s->at - 1) * sizeof(struct nfp_mi));
	s->b->insns.len--;
	s->at--;
	return true;
}

bool fault_glue_broken(struct fault_site *s)
{
	struct nfp_mi *mi = here(s), *next = later(s, 1);

	if (!mi->glue || !next || !is_shift(next) || (!next->indirect && next->op != NFP_M_ASR))
		return false;
	insert_nop_behind(s);
	return true;
}

bool fault_csr_read_lost(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);

	if (mi->op != NFP_M_CSRRD)
		return false;
	*mi = (struct nfp_mi){ .op = NFP_M_IMMED, .dst = mi->dst, .bpf_pc = mi->bpf_pc };
	return true;
}

bool fault_fill_after_write(struct fault_site *s)
{
	struct nfp_mi *mi = here(s), *next = later(s, 1);

	if (!next || mi->dst.kind != NFP_O_XOUT || !writes(next) || next->defer || mi->glue)
		return false;
	exchange(mi, next);
	s->at++;
	return true;
}

bool fault_use_in_swap_slot(struct fault_site *s)
{
	struct nfp_mi *mi = here(s), *next = later(s, 1);

	if (!next || !reads(mi) || !mi->cmd.swap || mi->defer || !is_plain(next))
		return false;
	mi->defer = 1;
	return true;
}

/* A branch further on in the block tests flags that were set before this instruction. */
static bool flags_pass(const struct fault_site *s)
{
	for (size_t i = s->at + 1; i < s->b->insns.len && !s->b->insns.at[i].sets_cc; i++) {
		if (s->b->insns.at[i].op == NFP_M_BCC || s->b->insns.at[i].uses_cc)
			return true;
	}
	return false;
}

bool fault_flags_clobbered(struct fault_site *s)
{
	struct nfp_mi *mi = here(s);

	if (mi->op != NFP_M_ALU || mi->sets_cc || mi->uses_cc || !flags_pass(s))
		return false;
	mi->sets_cc = true;
	return true;
}
