/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/halves/half.h"

#include "partitioner/flow.h"

#include "base/bits.h"

#include <stddef.h>

#define FIELD(type, name) ((int16_t)offsetof(struct type, name))

const struct part_ctx part_ctx_xdp = { FIELD(xdp_md, data), FIELD(xdp_md, data_end),
				       FIELD(xdp_md, data_meta) };
const struct part_ctx part_ctx_tc = { FIELD(__sk_buff, data), FIELD(__sk_buff, data_end),
				      FIELD(__sk_buff, data_meta) };

static uint32_t main_end(const struct part_half *h)
{
	return h->vp->prog->subprogs[0].end;
}

bool part_half_begin(struct part_half *h, uint32_t bytes)
{
	uint32_t own = h->vp->inst[0].stack_bytes, n = main_end(h);
	uint32_t n_subs = (uint32_t)h->vp->prog->n_subprogs;

	h->as = (struct part_asm){ .arena = h->cx->arena, .origin = PART_NO_ORIGIN };
	h->label = ARENA_ARRAY(h->cx->scratch, uint32_t, h->vp->prog->n_insns);
	h->elsewhere = ARENA_ARRAY(h->cx->scratch, uint32_t, n);
	h->sub_label = ARENA_ARRAY(h->cx->scratch, uint32_t, n_subs);
	h->sub_wanted = ARENA_ARRAY(h->cx->scratch, bool, n_subs);
	h->sub_done = ARENA_ARRAY(h->cx->scratch, bool, n_subs);
	for (uint32_t pc = 0; pc < h->vp->prog->n_insns; pc++)
		h->label[pc] = part_asm_label(&h->as);
	for (uint32_t i = 0; i < n_subs; i++)
		h->sub_label[i] = part_asm_label(&h->as);
	h->abort = part_asm_label(&h->as);
	h->ctx_at = (int16_t)(-(int)own - 8);
	h->save_at = (int16_t)(h->ctx_at - (int)bits_round_up(bytes, 8));
	return h->save_at >= -EBPF_MAX_STACK;
}

/* ---- copies ------------------------------------------------------------------------------------------ */

static uint32_t way_to(const struct part_half *h, uint32_t pc)
{
	return h->mine[pc] ? h->label[pc] : h->elsewhere[pc];
}

/* Next instruction that is copied: control falls into it. */
static uint32_t next_mine(const struct part_half *h, uint32_t pc)
{
	for (pc++; pc < main_end(h) && !h->mine[pc]; pc++)
		;
	return pc;
}

static void fall_to(struct part_half *h, uint32_t pc)
{
	uint32_t next = part_next(h->vp, pc);

	if (next_mine(h, pc) != next)
		part_asm_goto(&h->as, way_to(h, next));
}

static void copy_jump(struct part_half *h, uint32_t pc, const struct bpf_insn *insn)
{
	uint32_t taken = (uint32_t)ebpf_jump_target(insn, pc);
	uint8_t branch = h->exit ? vp_fact_at(h->vp, 0, pc)->branch : VP_BRANCH_BOTH;

	if (ebpf_is_ja(insn) || branch == VP_BRANCH_ALWAYS) {
		if (next_mine(h, pc) != taken)
			part_asm_goto(&h->as, way_to(h, taken));
		return;
	}
	if (branch == VP_BRANCH_BOTH)
		part_asm_jump(&h->as, *insn, way_to(h, taken));
	fall_to(h, pc);
}

static int32_t callee_of(const struct part_half *h, uint32_t pc)
{
	const struct fe_prog *p = h->vp->prog;
	int64_t start = (int64_t)pc + 1 + p->insns[pc].imm;

	for (size_t i = 0; i < p->n_subprogs; i++)
		if (p->subprogs[i].start == start)
			return (int32_t)i;
	return -1;
}

static bool names_subprog(const struct bpf_insn *insn)
{
	return (ebpf_is_call(insn) && insn->src_reg == EBPF_CALL_SUBPROG) ||
	       (ebpf_is_ld_imm64(insn) && insn->src_reg == EBPF_IMM_FUNC);
}

/* Loads the address of a map for the host, which does so itself. */
static bool is_idle_map(const struct part_half *h, const struct bpf_insn *insn)
{
	return ebpf_is_ld_imm64(insn) &&
	       (insn->src_reg == EBPF_IMM_MAP_IDX || insn->src_reg == EBPF_IMM_MAP_IDX_VALUE) &&
	       !h->halves->maps[insn->imm].on_device;
}

/* Anything but jumps and exits of main. */
static void copy_plain(struct part_half *h, uint32_t pc)
{
	const struct bpf_insn *insn = &h->vp->prog->insns[pc];
	int32_t callee = names_subprog(insn) ? callee_of(h, pc) : -1;

	if (h->replace && h->replace(h, pc))
		return;
	if (h->exit && is_idle_map(h, insn)) {
		part_asm_wide(&h->as, insn->dst_reg, EBPF_IMM_VALUE, 0);
		return;
	}
	if (callee >= 0) {
		h->sub_wanted[callee] = true;
		part_asm_jump(&h->as, *insn, h->sub_label[callee]);
	} else {
		part_asm_put(&h->as, *insn);
	}
	if (ebpf_is_ld_imm64(insn))
		part_asm_put(&h->as, insn[1]);
}

static void copy_main(struct part_half *h, uint32_t pc)
{
	const struct bpf_insn *insn = &h->vp->prog->insns[pc];

	h->as.origin = pc;
	part_asm_place(&h->as, h->label[pc]);
	if (ebpf_is_ja(insn) || ebpf_is_cond_jump(insn)) {
		copy_jump(h, pc, insn);
	} else if (ebpf_is_exit(insn)) {
		if (h->exit)
			h->exit(h, &vp_fact_at(h->vp, 0, pc)->regs[0]);
		else
			part_asm_put(&h->as, *insn);
	} else {
		copy_plain(h, pc);
		fall_to(h, pc);
	}
	h->as.origin = PART_NO_ORIGIN;
}

void part_half_body(struct part_half *h)
{
	for (uint32_t pc = 0; pc < main_end(h); pc++)
		if (h->mine[pc])
			copy_main(h, pc);
}

/* ---- subprograms --------------------------------------------------------------------------------------- */

static void copy_sub(struct part_half *h, uint32_t i)
{
	const struct fe_subprog *sub = &h->vp->prog->subprogs[i];

	h->sub_done[i] = true;
	part_asm_place(&h->as, h->sub_label[i]);
	for (uint32_t pc = sub->start; pc < sub->end; pc = part_next(h->vp, pc)) {
		const struct bpf_insn *insn = &h->vp->prog->insns[pc];

		h->as.origin = pc;
		part_asm_place(&h->as, h->label[pc]);
		if (ebpf_is_ja(insn) || ebpf_is_cond_jump(insn)) /* stays within */
			part_asm_jump(&h->as, *insn, h->label[ebpf_jump_target(insn, pc)]);
		else
			copy_plain(h, pc);
	}
}

/* Those called by main or by one that is called; in the source's order as far as possible. */
static void copy_subs(struct part_half *h, struct fe_subprog *subs, size_t *n)
{
	const struct fe_prog *p = h->vp->prog;
	bool more = true;

	while (more) {
		more = false;
		for (uint32_t i = 1; i < p->n_subprogs; i++) {
			if (!h->sub_wanted[i] || h->sub_done[i])
				continue;
			subs[*n] = p->subprogs[i];
			subs[*n].start = (uint32_t)h->as.code.len;
			copy_sub(h, i);
			subs[(*n)++].end = (uint32_t)h->as.code.len;
			more = true;
		}
	}
}

/* ---- the program ------------------------------------------------------------------------------------------ */

static bool starts_function(const struct fe_prog *prog, uint32_t insn)
{
	for (size_t i = 0; i < prog->n_subprogs; i++)
		if (prog->subprogs[i].start == insn)
			return true;
	return false;
}

/* Every function has a line from its first instruction on (the kernel requires it); inserted instructions
 * of main have the first line of the source. */
static void make_lines(struct part_half *h, struct fe_prog *prog)
{
	VEC(struct fe_line) lines = { 0 };
	const struct fe_line *last = NULL, *line;

	for (uint32_t i = 0; i < h->as.code.len; i++) {
		bool first = starts_function(prog, i);

		if (h->as.origins.at[i] == PART_NO_ORIGIN && !first)
			continue;
		line = fe_prog_line(h->vp->prog, i ? h->as.origins.at[i] : 0);
		if (!line || (line == last && !first))
			continue;
		last = line;
		*vec_push(&lines, h->cx->arena) = *line;
		lines.at[lines.len - 1].insn = i;
	}
	prog->lines = lines.at;
	prog->n_lines = lines.len;
}

/* No instruction jumps to a label that is not copied. */
static void place_rest(struct part_half *h)
{
	for (size_t i = 0; i < h->as.labels.len; i++)
		if (h->as.labels.at[i] == UINT32_MAX)
			h->as.labels.at[i] = 0;
}

bool part_half_finish(struct part_half *h, const char *name, struct fe_prog *prog,
		      const uint32_t **origin)
{
	struct fe_subprog *subs =
		ARENA_ARRAY(h->cx->arena, struct fe_subprog, h->vp->prog->n_subprogs);
	size_t n = 1;

	subs[0] = h->vp->prog->subprogs[0];
	subs[0].end = (uint32_t)h->as.code.len;
	copy_subs(h, subs, &n);
	place_rest(h);
	if (!part_asm_finish(&h->as))
		return false;
	*prog = *h->vp->prog;
	prog->name = name;
	prog->insns = h->as.code.at;
	prog->n_insns = h->as.code.len;
	prog->subprogs = subs;
	prog->n_subprogs = n;
	make_lines(h, prog);
	*origin = h->as.origins.at;
	return true;
}
