/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/passes/frame.h"

#include "nfp_backend/firmware/calling_convention.h"
#include "nfp_backend/isa/isa.h"
#include "nfp_backend/passes.h"

#include <assert.h>

/* Lays out the frame and expands the last pseudo instructions.
 * Needs: BANKED without virtual GPRs. Leaves: PHYS: one instruction is one word, except commands
 * with a length override and csr_rd, which emit.c expands to two.
 *
 * A far word is accessed through LM2 or LM3, whichever the surrounding code does not use, set to the
 * 64-byte window that holds the word (offsets are ORed into the pointer, nfp.md 1.4). B22
 * holds the address on the way to the CSR. hazard.c handles hazards of late pointers. */

/* ---- layout ---- */

static uint32_t placed_end(const struct nfp_func *fn)
{
	uint32_t end = 0;
	size_t i;

	for (i = 0; i < fn->slots.len; i++) {
		const struct nfp_slot *s = &fn->slots.at[i];

		if (s->offset >= 0 && (uint32_t)s->offset + s->words > end)
			end = (uint32_t)s->offset + s->words;
	}
	return end;
}

static uint32_t aligned_end(const struct nfp_func *fn, uint32_t words)
{
	return (placed_end(fn) + words - 1) & ~(words - 1);
}

void nfp_place_near_slots(struct nfp_func *fn)
{
	size_t i;

	for (i = 0; i < fn->slots.len; i++)
		if (fn->slots.at[i].kind == NFP_SLOT_KEY)
			fn->slots.at[i].offset = 0;
	for (i = 0; i < fn->slots.len; i++) {
		struct nfp_slot *s = &fn->slots.at[i];
		/* stack may hold 64-bit words that are reached by pointer */
		uint32_t at = aligned_end(fn, s->kind == NFP_SLOT_STACK ? 2 : 1);

		if (s->offset < 0 && at + s->words <= NFP_ABI_LM0_WORDS)
			s->offset = (int32_t)at;
	}
}

void nfp_place_spill_slot(struct nfp_func *fn, uint32_t slot)
{
	assert(slot < fn->slots.len && fn->slots.at[slot].kind == NFP_SLOT_SPILL);
	assert(fn->slots.at[slot].offset < 0 && "placed twice");
	fn->slots.at[slot].offset = (int32_t)placed_end(fn);
}

bool nfp_slot_is_near(const struct nfp_func *fn, const struct nfp_opnd *o)
{
	int32_t offset = fn->slots.at[o->reg].offset;

	assert(o->kind == NFP_O_SLOT && o->reg < fn->slots.len);
	assert(o->sub < fn->slots.at[o->reg].words && "a word beyond its slot");
	return offset >= 0 && (uint32_t)offset + o->sub < NFP_ABI_LM0_WORDS;
}

bool nfp_has_far_slots(const struct nfp_func *fn)
{
	size_t i;

	for (i = 0; i < fn->slots.len; i++) {
		const struct nfp_slot *s = &fn->slots.at[i];

		if (s->words &&
		    (s->offset < 0 || (uint32_t)s->offset + s->words > NFP_ABI_LM0_WORDS))
			return true;
	}
	return false;
}

static bool reads_frame_address(const struct nfp_mi *mi)
{
	return mi->op == NFP_M_SLOT_ADDR ||
	       (mi->a.kind == NFP_O_GPR && mi->a.reg == NFP_ABI_STACK) ||
	       (mi->b.kind == NFP_O_GPR && mi->b.reg == NFP_ABI_STACK);
}

bool nfp_needs_frame_address(const struct nfp_func *fn)
{
	uint32_t b;
	size_t i;

	for (b = 0; b < fn->blocks.len; b++)
		for (i = 0; i < fn->blocks.at[b].insns.len; i++)
			if (reads_frame_address(&fn->blocks.at[b].insns.at[i]))
				return true;
	return nfp_has_far_slots(fn);
}

bool nfp_lm_operand_fits(const struct nfp_func *fn, const struct nfp_mi *mi,
			 const struct nfp_opnd *o)
{
	unsigned reach = nfp_lm_reach(mi);

	if (o->kind == NFP_O_SLOT)
		return nfp_slot_is_near(fn, o) &&
		       (uint32_t)fn->slots.at[o->reg].offset + o->sub <= reach;
	if (o->post && nfp_op_is(mi, NFP_OF_NARROW))
		return false;
	return o->sub <= reach && (o->reg < 2 || mi->op != NFP_M_CMD);
}

static bool place_far_slots(struct nfp_func *fn, struct cx *cx)
{
	size_t i;

	for (i = 0; i < fn->slots.len; i++)
		if (fn->slots.at[i].offset < 0)
			fn->slots.at[i].offset = (int32_t)aligned_end(fn, NFP_ABI_LM0_WORDS);
	fn->frame_words = placed_end(fn);
	if (fn->fw && fn->frame_words * 4 > fn->fw->stack_bytes)
		return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_STACK_TOO_LARGE,
				  fn->frame_words * 4, fn->fw->stack_bytes);
	return true;
}

/* ---- expansion ---- */

struct frame {
	struct nfp_func *fn;
	struct cx *cx;
	struct nfp_edit e;
	const struct nfp_block *blk;
	size_t at;         /* instruction being expanded */
	int32_t window[4]; /* 16-word window that LM2, LM3 point to; -1: unknown */
	unsigned last;     /* pointer used last for a far word */
};

/* dst = local-memory byte address of a frame word. */
static void make_addr(struct frame *f, struct nfp_opnd dst, uint32_t word)
{
	uint32_t bytes = word * 4, first = bytes > 255 ? 252 : bytes;
	struct nfp_opnd stack = nfp_gpr(NFP_BANK_A, NFP_ABI_STACK);

	assert(word < f->fn->frame_words && "an address beyond the frame");
	if (!bytes)
		nfp_edit_alu(&f->e, dst, nfp_none(), NFP_ALU_B, stack);
	else
		nfp_edit_alu(&f->e, dst, stack, NFP_ALU_ADD, nfp_imm(first));
	for (bytes -= first; bytes; bytes -= first) {
		first = bytes > 255 ? 252 : bytes;
		nfp_edit_alu(&f->e, dst, dst, NFP_ALU_ADD, nfp_imm(first));
	}
}

static void point(struct frame *f, unsigned pointer, struct nfp_opnd addr)
{
	static const uint16_t csr[4] = { NFP_CSR_ACTIVE_LM_ADDR0, NFP_CSR_ACTIVE_LM_ADDR1,
					 NFP_CSR_ACTIVE_LM_ADDR2, NFP_CSR_ACTIVE_LM_ADDR3 };
	struct nfp_mi *mi = nfp_edit_new(&f->e, NFP_M_CSRWR);

	assert(pointer < 4);
	nfp_mi_set_csr(mi, csr[pointer]);
	mi->b = addr;
}

static bool names_pointer(const struct nfp_mi *mi, unsigned pointer)
{
	const struct nfp_opnd *o[] = { &mi->dst, &mi->a, &mi->b };
	size_t i;

	for (i = 0; i < 3; i++)
		if (o[i]->kind == NFP_O_LM && o[i]->reg == pointer)
			return true;
	return pointer == 2 && mi->op == NFP_M_BRHELPER && mi->helper == NFP_HELPER_MAP_UPDATE;
}

/* Is what the program itself put into the pointer still to be used? */
static bool pointer_in_use(const struct frame *f, unsigned pointer)
{
	size_t i;

	if (f->window[pointer] >= 0)
		return false;
	for (i = f->at; i < f->blk->insns.len; i++) {
		const struct nfp_mi *mi = &f->blk->insns.at[i];

		if (mi->op == NFP_M_NEWLM && nfp_mi_pointer(mi) == pointer)
			return false;
		if (names_pointer(mi, pointer))
			return true;
	}
	return false;
}

static struct nfp_opnd far_word(struct frame *f, uint32_t word)
{
	int32_t window = (int32_t)(word / NFP_ABI_LM0_WORDS);
	struct nfp_opnd scratch = nfp_gpr(NFP_BANK_B, NFP_ABI_STACK);
	unsigned p;

	for (p = 2; p <= 3; p++)
		if (f->window[p] == window) {
			f->last = p;
			return nfp_lm(p, word % NFP_ABI_LM0_WORDS);
		}
	p = f->last == 3 ? 2 : 3;
	if (pointer_in_use(f, p))
		p = f->last;
	assert(!pointer_in_use(f, p) && "both pointers in use");
	f->last = p;
	make_addr(f, scratch, (uint32_t)window * NFP_ABI_LM0_WORDS);
	point(f, p, scratch);
	f->window[p] = window;
	return nfp_lm(p, word % NFP_ABI_LM0_WORDS);
}

struct lower {
	struct frame *f;
	const struct nfp_mi *mi;
};

static void lower_opnd(struct nfp_opnd *o, bool is_def, void *priv)
{
	struct lower *l = priv;
	struct nfp_func *fn = l->f->fn;
	uint32_t word;

	(void)is_def;
	switch (o->kind) {
	case NFP_O_XIN:
	case NFP_O_XOUT: /* sub UINT8_MAX marks the operand as done: updates come twice */
		if (o->sub != UINT8_MAX)
			o->reg = (uint32_t)fn->vregs.at[o->reg].phys + o->sub;
		o->sub = UINT8_MAX;
		break;
	case NFP_O_SLOT:
		word = (uint32_t)fn->slots.at[o->reg].offset + o->sub;
		if (word < NFP_ABI_LM0_WORDS) {
			*o = nfp_lm(0, word);
			break;
		}
		assert(l->mi->op == NFP_M_COPY && "only copies reach far words");
		*o = far_word(l->f, word);
		break;
	default: break;
	}
}

static void unmark(struct nfp_opnd *o, bool is_def, void *priv)
{
	(void)is_def;
	(void)priv;
	if (o->sub == UINT8_MAX)
		o->sub = 0;
}

static void put_immed(struct frame *f, const struct nfp_mi *from, const struct nfp_isa_immed *im)
{
	struct nfp_mi *mi = nfp_edit_new(&f->e, NFP_M_IMMED);

	mi->dst = from->dst;
	nfp_mi_set_immed(mi, im->value);
	mi->width = (uint8_t)im->width;
	mi->byte_shift = im->shift_bytes;
	mi->inv = im->invert;
	mi->glue = from->glue;
}

static void put_const(struct frame *f, const struct nfp_mi *mi)
{
	struct nfp_isa_immed im = { 0 };
	uint32_t value = nfp_mi_const(mi);

	if (nfp_immed_fits(value, &im)) {
		put_immed(f, mi, &im);
		return;
	}
	put_immed(f, mi, &(struct nfp_isa_immed){ .value = (uint16_t)value });
	put_immed(f, mi,
		  &(struct nfp_isa_immed){ .value = (uint16_t)(value >> 16),
					   .width = NFP_WIDTH_HALF,
					   .shift_bytes = 2 });
}

static void put_copy(struct frame *f, const struct nfp_mi *mi)
{
	struct nfp_mi *n = nfp_edit_alu(&f->e, mi->dst, nfp_none(), NFP_ALU_B, mi->b);

	n->sets_cc = mi->sets_cc;
	n->glue = mi->glue;
}

static void expand(struct frame *f, struct nfp_mi *mi)
{
	struct lower l = { .f = f, .mi = mi };
	uint32_t word = 0;

	f->e.bpf_pc = mi->bpf_pc;
	if (mi->op == NFP_M_SLOT_ADDR) {
		word = (uint32_t)f->fn->slots.at[mi->b.reg].offset + mi->b.sub;
		mi->b = nfp_none();
	}
	nfp_visit_opnds(mi, lower_opnd, &l);
	nfp_visit_opnds(mi, unmark, NULL);
	switch (mi->op) {
	case NFP_M_SLOT_ADDR: make_addr(f, mi->dst, word); break;
	case NFP_M_NEWLM:
		point(f, nfp_mi_pointer(mi), mi->a);
		f->window[nfp_mi_pointer(mi)] = -1;
		break;
	case NFP_M_CONST: put_const(f, mi); break;
	case NFP_M_COPY: put_copy(f, mi); break;
	default: nfp_edit_keep(&f->e, mi); break;
	}
}

static void expand_block(struct frame *f, uint32_t b)
{
	struct nfp_block blk = f->fn->blocks.at[b];

	f->blk = &blk;
	f->window[2] = f->window[3] = -1;
	f->last = 2;
	nfp_edit_begin(&f->e, f->fn, f->cx);
	for (f->at = 0; f->at < blk.insns.len; f->at++) {
		struct nfp_mi mi = blk.insns.at[f->at];

		expand(f, &mi);
	}
	nfp_edit_commit(&f->e, b);
}

bool nfp_place_frame(struct nfp_func *fn, struct cx *cx)
{
	struct frame f = { .fn = fn, .cx = cx };
	uint32_t b;

	if (!place_far_slots(fn, cx))
		return false;
	for (b = 0; b < fn->blocks.len; b++)
		expand_block(&f, b);
	fn->stage = NFP_STAGE_PHYS;
	return true;
}
