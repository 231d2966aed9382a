/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/firmware/calling_convention.h"
#include "nfp_backend/mir/liveness.h"
#include "nfp_backend/mir/mir_text.h"

#include <assert.h>
#include <stdlib.h>

/* The rules of machine IR, per stage (mir.h). nfp_check_error() names the first one that is broken;
 * the parser turns that into a message, nfp_check() into an assert with the instruction printed. */

struct check {
	const struct nfp_func *fn;
	struct cx *cx;
	const struct nfp_mi *mi; /* where */
	const struct nfp_block *blk;
	const char *wrong;
	uint32_t *n_defs;     /* SSA: definitions seen of each register */
	uint32_t *xout_block; /* block that fills or reads an XOUT tuple, + 1 */
	uint32_t block;
	bool allocated; /* registers are hardware registers throughout */
};

static bool rule(struct check *c, bool holds, const char *what)
{
	if (!holds && !c->wrong)
		c->wrong = what;
	return holds;
}

/* ---- operands ---- */

static bool check_gpr(struct check *c, const struct nfp_opnd *o, bool is_def)
{
	bool stack = o->reg == 22 && o->bank == NFP_BANK_A;

	return rule(c, o->bank >= NFP_BANK_A && o->bank <= NFP_BANK_BOTH,
		    "register without bank") &&
	       rule(c, o->reg <= 22, "register belongs to the firmware") &&
	       rule(c, !is_def || !stack || c->allocated, "A22 is the frame's address");
}

static bool check_tuple(struct check *c, const struct nfp_opnd *o, enum nfp_vclass vclass)
{
	if (c->fn->stage == NFP_STAGE_PHYS)
		return rule(c, o->reg < 32, "no such transfer register");
	return rule(c, o->reg < c->fn->vregs.len, "no such register") &&
	       rule(c, c->fn->vregs.at[o->reg].vclass == vclass, "register of another class") &&
	       rule(c, o->sub < c->fn->vregs.at[o->reg].words, "word beyond the tuple");
}

static bool check_vreg(struct check *c, const struct nfp_opnd *o)
{
	return rule(c, c->fn->stage != NFP_STAGE_PHYS, "virtual register remains") &&
	       rule(c, o->reg < c->fn->vregs.len, "no such register") &&
	       rule(c, c->fn->vregs.at[o->reg].vclass == NFP_V_GPR, "register of another class") &&
	       rule(c, c->fn->stage != NFP_STAGE_BANKED || c->fn->vregs.at[o->reg].bank,
		    "register without bank");
}

static void check_opnd(struct nfp_opnd *o, bool is_def, void *priv)
{
	struct check *c = priv;

	switch (o->kind) {
	case NFP_O_VREG:
		if (check_vreg(c, o) && is_def && !nfp_is_update(c->mi))
			c->n_defs[o->reg]++;
		break;
	case NFP_O_GPR: check_gpr(c, o, is_def); break;
	case NFP_O_XIN:
		if (check_tuple(c, o, NFP_V_XIN) && is_def && c->fn->stage != NFP_STAGE_PHYS)
			c->n_defs[o->reg]++;
		break;
	case NFP_O_XOUT:
		if (check_tuple(c, o, NFP_V_XOUT) && c->fn->stage != NFP_STAGE_PHYS) {
			uint32_t *b = &c->xout_block[o->reg];

			rule(c, !*b || *b == c->block + 1, "transfer-out tuple in two blocks");
			*b = c->block + 1;
		}
		break;
	case NFP_O_LM: rule(c, o->reg < 4 && o->sub < 16, "no such local-memory operand"); break;
	case NFP_O_SLOT:
		rule(c, c->fn->stage != NFP_STAGE_PHYS, "frame slot remains");
		if (rule(c, o->reg < c->fn->slots.len, "no such slot"))
			rule(c, o->sub < c->fn->slots.at[o->reg].words, "word beyond the slot");
		break;
	default: rule(c, false, "no such kind of operand"); break;
	}
}

static bool check_kind(struct check *c, const struct nfp_opnd *o, unsigned allowed,
		       const char *what)
{
	return rule(c, ((allowed ? allowed : 1u << NFP_O_NONE) >> o->kind & 1) != 0, what);
}

/* ---- instructions ---- */

static void check_cmd(struct check *c, const struct nfp_mi *mi)
{
	const struct nfp_opnd *x = &mi->cmd.xfer;
	bool reads = nfp_mem_op_reads(mi->cmd.mem);
	unsigned words = nfp_cmd_words(mi), room = 32;

	rule(c, mi->cmd.mem < NFP_MEM_OP_COUNT, "no such command");
	rule(c, mi->cmd.mode <= NFP_ADDR_40, "no such address mode");
	if (nfp_mem_op_is_imm(mi->cmd.mem)) {
		rule(c, x->kind == NFP_O_NONE, "an immediate command has no transfer register");
		rule(c, nfp_mi_addend(mi) <= UINT16_MAX, "the addend has 16 bits");
		return;
	}
	rule(c, x->kind == (reads ? NFP_O_XIN : NFP_O_XOUT),
	     "wrong direction of transfer register");
	rule(c, mi->cmd.swap, "a transfer must wait for its end");
	rule(c, mi->cmd.count >= 1 && mi->cmd.count <= 32, "1 to 32 units");
	if (c->fn->stage != NFP_STAGE_PHYS && x->reg < c->fn->vregs.len)
		room = c->fn->vregs.at[x->reg].words - x->sub;
	rule(c, words <= room, "command longer than its tuple");
}

static void check_call(struct check *c, const struct nfp_mi *mi)
{
	bool perf = mi->helper == NFP_HELPER_PERF_EVENT,
	     update = mi->helper == NFP_HELPER_MAP_UPDATE;

	rule(c,
	     perf || update || mi->helper == NFP_HELPER_MAP_LOOKUP ||
		     mi->helper == NFP_HELPER_MAP_DELETE,
	     "the firmware has no such helper");
	rule(c, perf || mi->call.n_key, "a map helper needs a key");
	rule(c, !update || mi->call.n_value, "an update needs a value");
	rule(c, mi->call.n_key <= 256 && mi->call.n_value <= 256, "key or value too large");
}

static void check_fields(struct check *c, const struct nfp_mi *mi)
{
	size_t n = c->fn->blocks.len;

	rule(c, !nfp_op_is(mi, NFP_OF_LABEL) || mi->target[0] < n, "no such block");
	rule(c, !mi->sets_cc || nfp_op_is(mi, NFP_OF_CC), "cannot set condition codes");
	rule(c, mi->shift < 32, "shift of 32 or more");
	rule(c, !nfp_is_update(mi) || mi->dst.kind != NFP_O_XOUT, "transfer-out cannot be read");
	switch (mi->op) {
	case NFP_M_ALU: rule(c, nfp_alu_op_text(mi->alu) != NULL, "no such operation"); break;
	case NFP_M_SHF:
		rule(c, nfp_shf_op_text(mi->alu) && mi->alu != NFP_SHF_ASR, "no such operation");
		rule(c, mi->sc != NFP_SC_DBL, "dbl_shf is a separate opcode");
		rule(c, mi->sc == NFP_SC_ROT || mi->shift || mi->indirect, "shift by 0");
		break;
	case NFP_M_DSHF:
	case NFP_M_ASR: rule(c, mi->shift || mi->indirect, "shift by 0"); break;
	case NFP_M_LDF:
		rule(c, mi->sc != NFP_SC_DBL, "no double shift");
		rule(c, mi->sc == NFP_SC_ROT || mi->shift || mi->indirect, "shift by 0");
		rule(c, mi->bmask && mi->bmask < 16, "no bytes to load");
		break;
	case NFP_M_BCC: rule(c, mi->cc <= NFP_CC_GT, "no such condition"); break;
	case NFP_M_BBYTE:
		rule(c, mi->shift < 4 && nfp_mi_byte_value(mi) <= 255, "one byte against a byte");
		break;
	case NFP_M_IMMED:
		rule(c, nfp_mi_immed(mi) <= UINT16_MAX && mi->width < 3, "no such immed");
		break;
	case NFP_M_NEWLM:
		rule(c, nfp_mi_pointer(mi) == 2 || nfp_mi_pointer(mi) == 3, "LM0 and LM1 stay");
		break;
	case NFP_M_CMD: check_cmd(c, mi); break;
	case NFP_M_CALL: check_call(c, mi); break;
	default: break;
	}
}

static void check_stage(struct check *c, const struct nfp_mi *mi)
{
	unsigned stage = c->fn->stage;

	if (mi->op == NFP_M_PHI || mi->op == NFP_M_CALL || mi->op == NFP_M_EXIT)
		rule(c, stage == NFP_STAGE_SSA, "pseudo instruction of the SSA stage");
	if (nfp_op_is(mi, NFP_OF_PSEUDO))
		rule(c, stage != NFP_STAGE_PHYS, "pseudo instruction remains");
	rule(c, !mi->defer || stage == NFP_STAGE_PHYS, "defer slots are filled last");
}

static void check_insn(struct check *c, const struct nfp_mi *mi)
{
	const struct nfp_mir_op_info *info;
	struct nfp_mi copy = *mi;

	c->mi = mi;
	if (!rule(c, mi->op < NFP_M_COUNT, "no such opcode"))
		return;
	info = &nfp_mir_op_infos[mi->op];
	check_kind(c, &mi->dst, info->dst, "destination of a wrong kind");
	check_kind(c, &mi->dst2, info->fields & NFP_FIELD_DST2 ? info->dst : 0,
		   "second destination");
	check_kind(c, &mi->a, info->a, "left operand of a wrong kind");
	check_kind(c, &mi->b, info->b, "right operand of a wrong kind");
	rule(c, (nfp_fields_in_use(mi) & ~info->fields) == 0,
	     "field that the opcode does not have");
	check_fields(c, mi);
	check_stage(c, mi);
	if (!c->wrong)
		nfp_visit_opnds(&copy, check_opnd, c);
}

/* ---- blocks ---- */

/* LM2 and LM3 are pointed and used in one block. */
static void check_pointers(struct check *c, const struct nfp_mi *mi, unsigned *set)
{
	const struct nfp_opnd *o[] = { &mi->dst, &mi->a, &mi->b };
	size_t i;

	for (i = 0; i < 3; i++)
		rule(c, o[i]->kind != NFP_O_LM || o[i]->reg < 2 || (*set >> o[i]->reg & 1),
		     "local-memory pointer used without being set in the block");
	if (mi->op == NFP_M_NEWLM)
		*set |= 1u << nfp_mi_pointer(mi);
	if (mi->op == NFP_M_CSRWR && nfp_mi_csr(mi) == NFP_CSR_ACTIVE_LM_ADDR2)
		*set |= 1u << 2;
	if (mi->op == NFP_M_CSRWR && nfp_mi_csr(mi) == NFP_CSR_ACTIVE_LM_ADDR3)
		*set |= 1u << 3;
}

/* Hardware registers live inside a block only: written earlier in it, or left there by a helper. */
struct fixed_regs {
	struct check *c;
	nfp_regset written;
};

static void check_fixed(struct nfp_opnd *o, bool is_def, void *priv)
{
	struct fixed_regs *f = priv;
	nfp_regset bits;

	if (o->kind != NFP_O_GPR || (o->bank == NFP_BANK_A && o->reg == NFP_ABI_STACK))
		return;
	bits = nfp_gpr_set(o);
	if (is_def)
		f->written |= bits;
	else
		rule(f->c, (bits & ~f->written) == 0,
		     "hardware register read before it is written");
}

/* A helper that is branched to ends the block, its deferred instructions still run before it. */
static bool clobbers_cc(const struct nfp_mi *mi)
{
	return mi->op == NFP_M_CALL;
}

static void check_block(struct check *c, uint32_t b)
{
	const struct nfp_block *blk = &c->fn->blocks.at[b];
	struct fixed_regs fixed = { .c = c };
	bool body = false, cc = false;
	unsigned pointers = 0;
	size_t i;

	if (blk->helper_return)
		fixed.written = nfp_regs_both(0, 1);
	c->block = b;
	c->blk = blk;
	for (i = 0; i < blk->insns.len && !c->wrong; i++) {
		const struct nfp_mi *mi = &blk->insns.at[i];

		check_insn(c, mi);
		if (c->wrong)
			return;
		rule(c, mi->op != NFP_M_PHI || !body, "PHI after other instructions");
		body |= mi->op != NFP_M_PHI;
		rule(c,
		     !nfp_op_is(mi, NFP_OF_END) || i + 1 == blk->insns.len ||
			     c->fn->stage == NFP_STAGE_PHYS,
		     "instruction after the block's end");
		rule(c,
		     !mi->glue ||
			     (i + 1 < blk->insns.len && !nfp_op_is(mi, NFP_OF_END | NFP_OF_COND)),
		     "glue to nothing");
		rule(c, !nfp_reads_cc(mi) || cc, "condition codes that no instruction set");
		cc = (cc && !clobbers_cc(mi)) || mi->sets_cc;
		check_pointers(c, mi, &pointers);
		if (!c->allocated)
			nfp_visit_opnds((struct nfp_mi *)mi, check_fixed, &fixed);
	}
}

static void check_end(struct check *c, uint32_t b)
{
	const struct nfp_block *blk = &c->fn->blocks.at[b];
	bool open = nfp_block_end(blk) == blk->insns.len;

	c->blk = blk;
	c->mi = blk->insns.len ? &blk->insns.at[blk->insns.len - 1] : NULL;
	if (c->fn->stage == NFP_STAGE_PHYS)
		return; /* deferred instructions stand behind the branch */
	rule(c, !open || (c->fn->stage != NFP_STAGE_SSA && b + 1 < c->fn->blocks.len),
	     "block without end");
}

/* ---- SSA and definedness ---- */

static void check_phis(struct check *c, uint32_t b, const uint32_t *n_preds)
{
	const struct nfp_block *blk = &c->fn->blocks.at[b];
	size_t i;
	uint32_t k, j;

	c->blk = blk;
	for (i = 0; i < blk->insns.len && blk->insns.at[i].op == NFP_M_PHI; i++) {
		const struct nfp_mi *mi = &blk->insns.at[i];

		c->mi = mi;
		rule(c, mi->n_phi == n_preds[b], "PHI without a value for each predecessor");
		for (k = 0; k < mi->n_phi && !c->wrong; k++) {
			if (!rule(c, mi->phi[k].block < c->fn->blocks.len, "no such block"))
				return;
			rule(c, nfp_block_leads_to(&c->fn->blocks.at[mi->phi[k].block], b),
			     "PHI names no predecessor");
			for (j = 0; j < k; j++)
				rule(c, mi->phi[j].block != mi->phi[k].block,
				     "PHI names a block twice");
		}
	}
}

static void check_ssa(struct check *c)
{
	size_t nb = c->fn->blocks.len;
	uint32_t *n_preds = ARENA_ARRAY(c->cx->scratch, uint32_t, nb);
	uint32_t *last = ARENA_ARRAY(c->cx->scratch, uint32_t, nb);
	uint32_t b, i;

	for (i = 0; i < c->fn->vregs.len; i++)
		if (c->fn->vregs.at[i].vclass != NFP_V_XOUT)
			rule(c, c->n_defs[i] <= 1, "two definitions of one register");
	for (b = 0; b < nb; b++)
		for (i = 0; i < c->fn->blocks.at[b].insns.len; i++) {
			const struct nfp_mi *mi = &c->fn->blocks.at[b].insns.at[i];

			if (!nfp_op_is(mi, NFP_OF_SUCC) || last[mi->target[0]] == b + 1)
				continue;
			last[mi->target[0]] = b + 1;
			n_preds[mi->target[0]]++;
		}
	rule(c, !n_preds[0] || c->fn->stage != NFP_STAGE_SSA, "the entry block has a predecessor");
	for (b = 0; b < nb && !c->wrong; b++)
		check_phis(c, b, n_preds);
}

/* Nothing may be live on entry: each use has a definition on every path. */
static void check_defined(struct check *c)
{
	struct nfp_liveness live;
	uint32_t w;

	nfp_liveness(c->fn, c->cx, &live);
	c->blk = &c->fn->blocks.at[0];
	c->mi = NULL;
	for (w = 0; w < live.words; w++)
		rule(c, !live.in[w], "register read before it is written");
}

static void find_vreg(struct nfp_opnd *o, bool is_def, void *priv)
{
	(void)is_def;
	*(bool *)priv |= o->kind == NFP_O_VREG;
}

/* Behind the register allocator hardware registers live across blocks. */
static bool is_allocated(const struct nfp_func *fn)
{
	bool found = false;
	size_t b, i;

	if (fn->stage != NFP_STAGE_BANKED)
		return fn->stage == NFP_STAGE_PHYS;
	for (b = 0; b < fn->blocks.len && !found; b++)
		for (i = 0; i < fn->blocks.at[b].insns.len; i++)
			if (fn->blocks.at[b].insns.at[i].op < NFP_M_COUNT)
				nfp_visit_opnds(&fn->blocks.at[b].insns.at[i], find_vreg, &found);
	return !found;
}

static void check_func(struct check *c)
{
	const struct nfp_func *fn = c->fn;
	uint32_t b;

	if (!rule(c, fn->blocks.len > 0, "no blocks") ||
	    !rule(c, fn->stage <= NFP_STAGE_PHYS, "no such stage"))
		return;
	c->allocated = is_allocated(fn);
	c->n_defs = ARENA_ARRAY(c->cx->scratch, uint32_t, fn->vregs.len + 1);
	c->xout_block = ARENA_ARRAY(c->cx->scratch, uint32_t, fn->vregs.len + 1);
	for (b = 0; b < fn->blocks.len && !c->wrong; b++) {
		check_block(c, b);
		check_end(c, b);
	}
	if (!c->wrong && fn->stage == NFP_STAGE_SSA)
		check_ssa(c);
	if (!c->wrong && fn->stage != NFP_STAGE_PHYS)
		check_defined(c);
}

const char *nfp_check_error(const struct nfp_func *fn, struct cx *cx)
{
	struct check c = { .fn = fn, .cx = cx };

	check_func(&c);
	return c.wrong;
}

void nfp_check(const struct nfp_func *fn)
{
	struct arena scratch;
	struct cx cx = { .arena = &scratch, .scratch = &scratch };
	struct check c = { .fn = fn, .cx = &cx };

	arena_init(&scratch);
	check_func(&c);
	if (c.wrong) {
		nfp_print(fn, stderr);
		fprintf(stderr, "nfp_check: %s", c.wrong);
		if (c.blk)
			fprintf(stderr, " in b%td", c.blk - fn->blocks.at);
		if (c.mi) {
			fputs(": ", stderr);
			nfp_print_insn(fn, c.mi, stderr);
		}
		fputc('\n', stderr);
		abort();
	}
	arena_reset(&scratch);
}
