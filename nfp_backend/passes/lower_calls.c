/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/firmware/calling_convention.h"

#include "nfp_backend/image.h"
#include "nfp_backend/mir/mir_ops.h"
#include "nfp_backend/passes.h"

#include <assert.h>

/* Calls of firmware helpers and ways out of the program become fixed registers, local memory and
 * branches (nfp.md 4.6, 4.11).
 * Needs: SSA. Leaves: SSA without CALL and EXIT; blocks are split at calls.
 *
 * Before a helper runs, LM0 must point at the key: the key area is the first slot of the frame,
 * which is where LM0 points all the time, so LM0 is never moved. Values and records go to a
 * second slot. */

/* ---- arguments and clobbers of the firmware's routines ---- */

nfp_regset nfp_helper_clobbers(uint32_t helper)
{
	nfp_regset all = nfp_regs_both(0, NFP_ABI_GPRS - 1);

	if (helper == NFP_HELPER_MAP_LOOKUP)
		return all & ~nfp_regs_both(12, 22);
	return all & ~nfp_regs_both(12, 19) & ~nfp_regs_both(22, 22);
}

static const uint8_t xdp_bytes[4] = { 0x82, 0x22, 0x11, 0x44 };
static const uint8_t tc_bytes[8] = { 0x11, 0x11, 0x22, 0x11, 0x02, 0x02, 0x11, 0x44 };

enum { XDP_OTHER = 0x82, TC_OTHER = 0x11 };

uint8_t nfp_exit_byte(unsigned prog_type, uint32_t r0)
{
	if (prog_type == NFP_PROG_XDP)
		return r0 < sizeof(xdp_bytes) ? xdp_bytes[r0] : XDP_OTHER;
	return r0 < sizeof(tc_bytes) ? tc_bytes[r0] : TC_OTHER;
}

struct abi {
	struct nfp_func *fn;
	struct cx *cx;
	uint32_t key_slot, value_slot; /* + 1; 0: none yet */
	uint32_t exit_block[256];      /* by result byte, + 1 */
};

/* ---- placing arguments ---- */

static struct nfp_opnd new_reg(struct abi *abi)
{
	return nfp_vreg(nfp_new_vreg(abi->fn, abi->cx, NFP_V_GPR, 1));
}

static void put(struct nfp_edit *e, struct nfp_opnd dst, struct nfp_opnd src)
{
	if (src.kind == NFP_O_IMM && src.imm > 255)
		nfp_edit_const(e, dst, src.imm);
	else
		nfp_edit_copy(e, dst, src.kind == NFP_O_NONE ? nfp_imm(0) : src);
}

static uint32_t shared_slot(struct abi *abi, uint32_t *slot, enum nfp_slot_kind kind,
			    uint32_t words)
{
	if (!*slot)
		*slot = nfp_new_slot(abi->fn, abi->cx, kind, words) + 1;
	if (abi->fn->slots.at[*slot - 1].words < words)
		abi->fn->slots.at[*slot - 1].words = words;
	return *slot - 1;
}

static void put_words(struct nfp_edit *e, uint32_t slot, const struct nfp_opnd *words, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		put(e, nfp_slot(slot, i), words[i]);
}

/* Result register Rn of the BPF program lives in GPRs 2n (low) and 2n + 1 (high) of both banks. */
static void put_arg(struct nfp_edit *e, unsigned n, struct nfp_opnd lo, struct nfp_opnd hi)
{
	put(e, nfp_gpr(NFP_BANK_BOTH, 2 * n), lo);
	put(e, nfp_gpr(NFP_BANK_BOTH, 2 * n + 1), hi);
}

static void slot_addr(struct nfp_edit *e, struct nfp_opnd dst, uint32_t slot)
{
	struct nfp_mi *mi = nfp_edit_new(e, NFP_M_SLOT_ADDR);

	mi->dst = dst;
	mi->b = nfp_slot(slot, 0);
}

static void put_perf_args(struct abi *abi, struct nfp_edit *e, const struct nfp_call *c)
{
	struct nfp_mi *mi;

	if (c->n_value) {
		uint32_t slot = shared_slot(abi, &abi->value_slot, NFP_SLOT_VALUE, c->n_value);

		put_words(e, slot, c->value, c->n_value);
		slot_addr(e, nfp_gpr(NFP_BANK_BOTH, 8), slot);
		put(e, nfp_gpr(NFP_BANK_BOTH, 9), nfp_imm(0));
	} else {
		put_arg(e, 4, c->ptr[0], c->ptr[1]);
	}
	put_arg(e, 3, c->flags[0], c->flags[1]);
	put_arg(e, 5, c->size, nfp_none());
	mi = nfp_edit_new(e, NFP_M_MAPID);
	mi->dst = nfp_gpr(NFP_BANK_BOTH, 4);
	nfp_mi_set_map(mi, c->map);
	put(e, nfp_gpr(NFP_BANK_BOTH, 5), nfp_imm(0));
	put(e, nfp_gpr(NFP_BANK_A, 1), nfp_imm(c->ptr_type));
}

static void put_map_args(struct abi *abi, struct nfp_edit *e, const struct nfp_mi *call)
{
	const struct nfp_call *c = &call->call;
	struct nfp_mi *mi;

	if (c->n_key)
		put_words(e, shared_slot(abi, &abi->key_slot, NFP_SLOT_KEY, c->n_key), c->key,
			  c->n_key);
	if (call->helper == NFP_HELPER_MAP_UPDATE) {
		uint32_t slot = shared_slot(abi, &abi->value_slot, NFP_SLOT_VALUE, c->n_value);
		struct nfp_opnd addr = new_reg(abi);

		put_words(e, slot, c->value, c->n_value);
		slot_addr(e, addr, slot);
		mi = nfp_edit_new(e, NFP_M_NEWLM);
		nfp_mi_set_pointer(mi, 2);
		mi->a = addr;
		put_arg(e, 4, c->flags[0], c->flags[1]);
	}
	mi = nfp_edit_new(e, NFP_M_MAPID);
	mi->dst = nfp_gpr(NFP_BANK_A, 0);
	nfp_mi_set_map(mi, c->map);
}

static void put_call(struct abi *abi, struct nfp_edit *e, const struct nfp_mi *call, uint32_t ret)
{
	struct nfp_mi *mi;

	if (call->helper == NFP_HELPER_PERF_EVENT)
		put_perf_args(abi, e, &call->call);
	else
		put_map_args(abi, e, call);
	mi = nfp_edit_new(e, NFP_M_RETADDR);
	mi->dst = nfp_gpr(NFP_BANK_B, 0);
	mi->target[0] = ret;
	mi = nfp_edit_new(e, NFP_M_BRHELPER);
	mi->helper = call->helper;
	mi->target[0] = ret;
}

/* ---- splitting a block at a call ---- */

static void split_phi(struct abi *abi, struct nfp_mi *phi, uint32_t t, uint32_t head, uint32_t tail)
{
	bool from_head = nfp_block_leads_to(&abi->fn->blocks.at[head], t);
	uint32_t k, n = phi->n_phi;

	for (k = 0; k < n; k++) {
		struct nfp_phi *list;

		if (phi->phi[k].block != head)
			continue;
		if (!from_head) {
			phi->phi[k].block = tail;
			return;
		}
		list = ARENA_ARRAY(abi->cx->arena, struct nfp_phi, n + 1);
		memcpy(list, phi->phi, n * sizeof(*list));
		list[n] = (struct nfp_phi){ .block = tail, .val = list[k].val };
		phi->phi = list;
		phi->n_phi = n + 1;
		return;
	}
}

/* PHIs behind `tail` named `head` as where control came from. */
static void split_phis(struct abi *abi, uint32_t head, uint32_t tail)
{
	const struct nfp_block *b = &abi->fn->blocks.at[tail];
	size_t i, k;

	for (i = 0; i < b->insns.len; i++) {
		uint32_t t = b->insns.at[i].target[0];
		struct nfp_block *succ;

		if (!nfp_op_is(&b->insns.at[i], NFP_OF_SUCC))
			continue;
		succ = &abi->fn->blocks.at[t];
		for (k = 0; k < succ->insns.len && succ->insns.at[k].op == NFP_M_PHI; k++)
			split_phi(abi, &succ->insns.at[k], t, head, tail);
	}
}

static void lower_call(struct abi *abi, uint32_t b, size_t at)
{
	uint32_t ret = nfp_new_block(abi->fn, abi->cx);
	struct nfp_block *head = &abi->fn->blocks.at[b], *tail = &abi->fn->blocks.at[ret];
	struct nfp_mi call = head->insns.at[at];
	struct nfp_edit e;
	size_t i;

	tail->freq = head->freq;
	tail->helper_return = true;
	nfp_edit_begin(&e, abi->fn, abi->cx);
	e.bpf_pc = call.bpf_pc;
	if (call.dst.kind != NFP_O_NONE)
		nfp_edit_copy(&e, call.dst, nfp_gpr(NFP_BANK_BOTH, 0));
	if (call.dst2.kind != NFP_O_NONE)
		nfp_edit_copy(&e, call.dst2, nfp_gpr(NFP_BANK_BOTH, 1));
	for (i = at + 1; i < head->insns.len; i++)
		nfp_edit_keep(&e, &head->insns.at[i]);
	nfp_edit_commit(&e, ret);

	nfp_edit_begin(&e, abi->fn, abi->cx);
	for (i = 0; i < at; i++)
		nfp_edit_keep(&e, &head->insns.at[i]);
	e.bpf_pc = call.bpf_pc;
	put_call(abi, &e, &call, ret);
	nfp_edit_commit(&e, b);
	split_phis(abi, b, ret);
}

/* ---- exits ---- */

static void leave(struct nfp_edit *e)
{
	(void)nfp_edit_new(e, NFP_M_BRDONE);
}

/* The block that exits with `byte`: one per function, for any number of edges. */
static uint32_t exit_block(struct abi *abi, uint8_t byte, uint32_t freq)
{
	uint32_t *b = &abi->exit_block[byte];
	struct nfp_edit e;

	if (!*b) {
		*b = nfp_new_block(abi->fn, abi->cx) + 1;
		abi->fn->blocks.at[*b - 1].freq = 0;
		nfp_edit_begin(&e, abi->fn, abi->cx);
		nfp_edit_const(&e, nfp_gpr(NFP_BANK_A, 0), (uint32_t)byte << 16);
		leave(&e);
		nfp_edit_commit(&e, *b - 1);
	}
	abi->fn->blocks.at[*b - 1].freq += freq;
	return *b - 1;
}

static struct nfp_mi *shl(struct nfp_edit *e, struct nfp_opnd dst, struct nfp_opnd a,
			  enum nfp_shf_op op, struct nfp_opnd b, unsigned n)
{
	struct nfp_mi *mi = nfp_edit_new(e, NFP_M_SHF);

	mi->alu = (uint8_t)op;
	mi->sc = NFP_SC_LEFT;
	mi->shift = (uint8_t)n;
	mi->dst = dst;
	mi->a = a;
	mi->b = b;
	return mi;
}

/* dst = mask & (table >> count), the count through PREV_A (nfp.md 1.5). */
static void look_up(struct abi *abi, struct nfp_edit *e, struct nfp_opnd dst, uint32_t table,
		    uint8_t mask, struct nfp_opnd count)
{
	struct nfp_opnd tab = new_reg(abi);
	struct nfp_mi *mi;

	nfp_edit_const(e, tab, table);
	nfp_edit_alu(e, nfp_none(), count, NFP_ALU_OR, nfp_imm(0))->glue = true;
	mi = nfp_edit_new(e, NFP_M_SHF);
	mi->alu = NFP_SHF_AND;
	mi->sc = NFP_SC_RIGHT;
	mi->indirect = true;
	mi->dst = dst;
	mi->a = nfp_imm(mask);
	mi->b = tab;
}

static uint32_t pack_bytes(const uint8_t *b)
{
	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* Nibble `shift` of each TC result byte, eight in a word. */
static uint32_t pack_nibbles(unsigned shift)
{
	uint32_t w = 0;
	unsigned i;

	for (i = 0; i < sizeof(tc_bytes); i++)
		w |= (uint32_t)(tc_bytes[i] >> shift & 0xf) << 4 * i;
	return w;
}

static void lower_exit_value(struct abi *abi, struct nfp_edit *e, struct nfp_opnd r0, uint32_t freq)
{
	bool xdp = abi->fn->prog_type == NFP_PROG_XDP;
	struct nfp_opnd count = new_reg(abi), byte = new_reg(abi);
	struct nfp_mi *mi;

	nfp_edit_alu(e, nfp_none(), nfp_imm(xdp ? 3 : 7), NFP_ALU_SUB, r0)->sets_cc = true;
	mi = nfp_edit_new(e, NFP_M_BCC);
	mi->cc = NFP_CC_LO;
	mi->uses_cc = true;
	mi->target[0] = exit_block(abi, xdp ? XDP_OTHER : TC_OTHER, freq / 16);
	shl(e, count, nfp_none(), NFP_SHF_B, r0, xdp ? 3 : 2);
	if (xdp) {
		look_up(abi, e, byte, pack_bytes(xdp_bytes), 0xff, count);
	} else {
		struct nfp_opnd action = new_reg(abi), stat = new_reg(abi);

		look_up(abi, e, action, pack_nibbles(0), 0xf, count);
		look_up(abi, e, stat, pack_nibbles(4), 0xf, count);
		shl(e, byte, action, NFP_SHF_OR, stat, 4);
	}
	shl(e, nfp_gpr(NFP_BANK_A, 0), nfp_none(), NFP_SHF_B, byte, 16);
	leave(e);
}

static void lower_exit(struct abi *abi, uint32_t b)
{
	struct nfp_block *blk = &abi->fn->blocks.at[b];
	struct nfp_mi exit = blk->insns.at[blk->insns.len - 1];
	uint32_t freq = blk->freq;
	struct nfp_edit e;
	size_t i;

	nfp_edit_begin(&e, abi->fn, abi->cx);
	for (i = 0; i + 1 < blk->insns.len; i++)
		nfp_edit_keep(&e, &blk->insns.at[i]);
	e.bpf_pc = exit.bpf_pc;
	if (exit.a.kind == NFP_O_IMM) {
		exit.const_exit = true;
		nfp_mi_set_exit_byte(&exit, nfp_exit_byte(abi->fn->prog_type, exit.a.imm));
	}
	if (exit.const_exit) {
		struct nfp_mi *mi = nfp_edit_new(&e, NFP_M_BR);

		mi->target[0] = exit_block(abi, (uint8_t)nfp_mi_exit_byte(&exit), freq);
	} else {
		lower_exit_value(abi, &e, exit.a, freq);
	}
	nfp_edit_commit(&e, b);
}

/* ---- immediate addends ---- */

/* Override word of add_imm and add64_imm (nfp.md 3.4): data reference is the 16-bit operand,
 * length says 16-bit immediate (8) and operand size (4 for 64 bits). */
static uint32_t addend_word(const struct nfp_mi *mi)
{
	uint32_t len = 8u | (mi->cmd.mem == NFP_MEM_ADD64_IMM ? 4u : 0u);

	return 2u << 3 | 0x80u | len << 8 | nfp_mi_addend(mi) << 16;
}

static void lower_addends(struct abi *abi, uint32_t b)
{
	struct nfp_block *blk = &abi->fn->blocks.at[b];
	struct nfp_edit e;
	size_t i;

	nfp_edit_begin(&e, abi->fn, abi->cx);
	for (i = 0; i < blk->insns.len; i++) {
		const struct nfp_mi *mi = &blk->insns.at[i];

		if (mi->op == NFP_M_CMD && nfp_mem_op_is_imm(mi->cmd.mem) &&
		    (!i || !blk->insns.at[i - 1].glue)) {
			e.bpf_pc = mi->bpf_pc;
			nfp_edit_const(&e, new_reg(abi), addend_word(mi));
			e.out.at[e.out.len - 1].glue = true;
		}
		nfp_edit_keep(&e, mi);
	}
	nfp_edit_commit(&e, b);
}

bool nfp_lower_calls(struct nfp_func *fn, struct cx *cx)
{
	struct abi abi = { .fn = fn, .cx = cx };
	uint32_t b;
	size_t i;

	for (b = 0; b < fn->blocks.len; b++) {
		lower_addends(&abi, b);
		for (i = 0; i < fn->blocks.at[b].insns.len; i++) {
			if (fn->blocks.at[b].insns.at[i].op == NFP_M_CALL) {
				lower_call(&abi, b, i);
				break;
			}
			if (fn->blocks.at[b].insns.at[i].op == NFP_M_EXIT) {
				lower_exit(&abi, b);
				break;
			}
		}
	}
	return true;
}
