/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/inline/inline_source.h"

/* Registers 6 to 9: a call leaves them alone, a body that stands in place of the call may not. What is
 * read after the call is saved around it. */

static uint8_t bit(unsigned reg)
{
	bool saved = reg >= PART_INLINE_FIRST_SAVED && reg < BPF_REG_10;

	return (uint8_t)(saved ? 1u << (reg - PART_INLINE_FIRST_SAVED) : 0);
}

static bool writes_src(const struct bpf_insn *insn)
{
	return ebpf_class(insn) == BPF_STX && ebpf_mode(insn) == BPF_ATOMIC &&
	       insn->imm != BPF_CMPXCHG && (insn->imm & BPF_FETCH);
}

static uint8_t written(const struct bpf_insn *insn)
{
	if (ebpf_is_alu(insn) || ebpf_is_load(insn) || ebpf_is_ld_imm64(insn))
		return bit(insn->dst_reg);
	return writes_src(insn) ? bit(insn->src_reg) : 0;
}

/* A superset of the registers read is safe: it only causes unneeded saves. */
static uint8_t read_by(const struct bpf_insn *insn)
{
	bool immediate = ebpf_is_ld_imm64(insn) || ebpf_is_call(insn);
	bool only_written = ebpf_is_load(insn) || (ebpf_is_alu(insn) && ebpf_op(insn) == BPF_MOV);

	if (immediate || ebpf_is_exit(insn) || ebpf_is_ja(insn))
		return 0;
	if (ebpf_class(insn) == BPF_LD) /* a packet load: R6 is the context */
		return (uint8_t)(bit(BPF_REG_6) | bit(insn->src_reg));
	return (uint8_t)((only_written ? 0 : bit(insn->dst_reg)) | bit(insn->src_reg));
}

static uint8_t after(const struct part_inline_source *src, uint32_t pc)
{
	const struct bpf_insn *insn = &src->prog->insns[pc];
	uint32_t next = part_inline_next(src->prog, pc);
	uint8_t live = 0;

	if (ebpf_is_exit(insn))
		return 0;
	if (ebpf_is_ja(insn) || ebpf_is_cond_jump(insn))
		live = src->live[ebpf_jump_target(insn, pc)];
	if (!ebpf_is_ja(insn) && next < src->prog->n_insns)
		live |= src->live[next];
	return live;
}

static bool one_round(struct part_inline_source *src)
{
	const struct fe_prog *p = src->prog;
	bool changed = false;

	for (uint32_t pc = (uint32_t)p->n_insns; pc-- > 0;) {
		const struct bpf_insn *insn = &p->insns[pc];
		uint8_t live;

		if (pc && ebpf_is_ld_imm64(insn - 1))
			continue;
		live = (uint8_t)((after(src, pc) & ~written(insn)) | read_by(insn));
		changed |= live != src->live[pc];
		src->live[pc] = live;
	}
	return changed;
}

void part_inline_registers(struct cx *cx, struct part_inline_source *src)
{
	const struct fe_prog *p = src->prog;

	src->live = ARENA_ARRAY(cx->arena, uint8_t, p->n_insns);
	while (one_round(src))
		;
	for (size_t k = 0; k < p->n_subprogs; k++)
		for (uint32_t pc = p->subprogs[k].start; pc < p->subprogs[k].end;
		     pc = part_inline_next(p, pc))
			src->subs[k].writes |= written(&p->insns[pc]);
}
