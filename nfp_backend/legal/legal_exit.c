/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/legal/legal.h"

#include "base/vec.h"

/* The values that R0 may have where a tc program ends. The card can pass a packet on to the host,
 * or end it; it cannot say "accepted, ask no further filter" (nfp.md 4.6, 5.1). The verifier's
 * facts are joined over paths, so compiled code with one exit shows no constant there: follow R0
 * back through the moves and joins to the constants that it came from. */

#define MAX_STEPS 65536u

struct trace {
	struct cx *cx;
	const struct nfp_prog *np;
	size_t inst;
	uint32_t start, end;
	VEC(struct step) todo;
	uint16_t *seen; /* by instruction: bit r: register r before it was asked for */
	uint32_t steps;
};

struct step {
	uint32_t pc;
	uint8_t reg;
};

static bool code_is_fine(uint32_t r0)
{
	return r0 == 2 || r0 == 4 || r0 == 5 || r0 > 7; /* SHOT, STOLEN, QUEUED, UNSPEC */
}

/* "What is `reg` before instruction pc?" */
static void ask(struct trace *t, uint32_t pc, uint8_t reg)
{
	uint16_t *seen = &t->seen[pc - t->start];
	struct step *s;

	if (*seen & 1u << reg)
		return;
	*seen |= (uint16_t)(1u << reg);
	s = vec_push(&t->todo, t->cx->scratch);
	s->pc = pc;
	s->reg = reg;
}

/* `reg` after the instruction at pc is asked for: false when it may be a code that does not do. */
static bool step_back(struct trace *t, uint32_t pc, uint8_t reg)
{
	const struct bpf_insn *insn = &t->np->insns[pc].insn;
	bool writes = ebpf_is_alu(insn) || ebpf_class(insn) == BPF_LDX || ebpf_is_ld_imm64(insn);

	if (ebpf_is_call(insn))
		return reg > 5 ? (ask(t, pc, reg), true) : false;
	if (ebpf_class(insn) == BPF_LD && !ebpf_is_ld_imm64(insn))
		return reg > 5 ? (ask(t, pc, reg), true) : false;
	if (!writes || insn->dst_reg != reg) {
		ask(t, pc, reg);
		return true;
	}
	if (ebpf_is_ld_imm64(insn))
		return insn->src_reg == EBPF_IMM_VALUE && code_is_fine((uint32_t)insn->imm);
	if (!ebpf_is_alu(insn) || ebpf_op(insn) != BPF_MOV || insn->off)
		return false;
	if (!ebpf_src_is_reg(insn))
		return code_is_fine((uint32_t)insn->imm);
	ask(t, pc, insn->src_reg);
	return true;
}

/* Asks all instructions from which control comes to pc. */
static bool ask_predecessors(struct trace *t, uint32_t pc, uint8_t reg)
{
	for (uint32_t p = t->start; p < t->end; p++) {
		const struct nfp_prog_insn *pi = &t->np->insns[p];
		bool two = ebpf_is_ld_imm64(&pi->insn);
		bool falls = p + (two ? 2 : 1) == pc && !ebpf_is_ja(&pi->insn) &&
			     !ebpf_is_exit(&pi->insn);

		if (vp_fact_at(t->np->vp, t->inst, p)->seen && (falls || pi->target == pc) &&
		    !step_back(t, p, reg))
			return false;
		p += two;
	}
	return true;
}

static bool all_fine(struct trace *t)
{
	for (size_t i = 0; i < t->todo.len; i++) {
		struct step s = t->todo.at[i];
		const struct vp_reg *r = &vp_fact_at(t->np->vp, t->inst, s.pc)->regs[s.reg];

		if (++t->steps > MAX_STEPS / (t->end - t->start) + 64)
			return false;
		if (vp_is_const(r)) {
			if (!code_is_fine((uint32_t)r->var.value))
				return false;
		} else if (s.pc == t->start || !ask_predecessors(t, s.pc, s.reg)) {
			return false;
		}
	}
	return true;
}

bool nfp_legal_exit(struct cx *cx, const struct nfp_prog *np, size_t inst, uint32_t pc,
		    struct offload_refusal *why)
{
	const struct vp_instance *vi = &np->vp->inst[inst];
	const struct fe_subprog *sub = &np->vp->prog->subprogs[vi->subprog];
	struct trace t = { .cx = cx, .np = np, .inst = inst, .start = sub->start, .end = sub->end };

	if (np->type != NFP_PROG_TC || vi->depth > 0)
		return true;
	t.seen = ARENA_ARRAY(cx->scratch, uint16_t, sub->end - sub->start);
	ask(&t, pc, 0);
	if (all_fine(&t))
		return true;
	return nfp_refuse(cx, why, REASON_NFP_TC_EXIT,
			  "UNSPEC (-1), SHOT (2), STOLEN (4) or QUEUED (5)");
}
