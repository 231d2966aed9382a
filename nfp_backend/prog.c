/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/prog.h"

/* The backend's copy of a program and the edits that the verifier's dead-code removal asks for. */

static uint32_t jump_target(const struct bpf_insn *insn, uint32_t pc, size_t n_insns)
{
	int64_t to;

	if (!ebpf_is_ja(insn) && !ebpf_is_cond_jump(insn))
		return NFP_NO_TARGET;
	to = ebpf_jump_target(insn, pc);
	return to >= 0 && (uint64_t)to < n_insns ? (uint32_t)to : NFP_NO_TARGET;
}

static void set_type(struct nfp_prog *np, uint32_t bpf_type)
{
	np->type = bpf_type == BPF_PROG_TYPE_SCHED_CLS ? NFP_PROG_TC : NFP_PROG_XDP;
	np->type_known = bpf_type == BPF_PROG_TYPE_SCHED_CLS || bpf_type == BPF_PROG_TYPE_XDP;
}

struct nfp_prog *nfp_prog_new(struct cx *cx, const struct vprog *vp, const struct nfp_firmware *fw)
{
	struct nfp_prog *np = ARENA_NEW(cx->arena, struct nfp_prog);
	size_t n = vp->prog->n_insns;

	np->vp = vp;
	np->fw = fw;
	np->n_insns = n;
	np->n_live = n;
	np->insns = ARENA_ARRAY(cx->arena, struct nfp_prog_insn, n);
	np->live = ARENA_ARRAY(cx->arena, uint32_t, n);
	set_type(np, vp->prog->type);
	for (uint32_t pc = 0; pc < n; pc++) {
		np->insns[pc].insn = vp->prog->insns[pc];
		np->insns[pc].target = jump_target(&vp->prog->insns[pc], pc, n);
		np->live[pc] = pc;
	}
	nfp_prog_plan_maps(np, cx);
	return np;
}

bool nfp_prog_replace(struct nfp_prog *np, uint32_t off, const struct bpf_insn *insn)
{
	struct nfp_prog_insn *pi;
	uint32_t to;

	if (off >= np->n_live)
		return false;
	to = jump_target(insn, off, np->n_live);
	pi = &np->insns[np->live[off]];
	pi->insn = *insn;
	pi->target = to == NFP_NO_TARGET ? NFP_NO_TARGET : np->live[to];
	return true;
}

bool nfp_prog_remove(struct nfp_prog *np, uint32_t off, uint32_t cnt)
{
	if (off > np->n_live || cnt > np->n_live - off)
		return false;
	for (uint32_t i = off; i < off + cnt; i++)
		np->insns[np->live[i]].removed = true;
	memmove(&np->live[off], &np->live[off + cnt],
		(np->n_live - off - cnt) * sizeof(np->live[0]));
	np->n_live -= cnt;
	return true;
}
