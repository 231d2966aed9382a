/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/flow.h"

static void add_edge(struct cx *cx, struct part_flow *r, uint32_t from, int64_t to)
{
	if (to >= 0 && to < r->n && part_seen(r->vp, (uint32_t)to))
		*vec_push(&r->edges, cx->arena) = (struct part_edge){ from, (uint32_t)to, 0, 0 };
}

static void add_edges_of(struct cx *cx, struct part_flow *r, uint32_t pc)
{
	const struct bpf_insn *insn = &r->vp->prog->insns[pc];
	const struct vp_fact *f = vp_fact_at(r->vp, 0, pc);

	if (ebpf_is_exit(insn))
		return;
	if (ebpf_is_ja(insn)) {
		add_edge(cx, r, pc, ebpf_jump_target(insn, pc));
		return;
	}
	if (!ebpf_is_cond_jump(insn) || f->branch != VP_BRANCH_ALWAYS ||
	    part_is_empty_jump(r->vp, pc))
		add_edge(cx, r, pc, part_next(r->vp, pc));
	if (ebpf_is_cond_jump(insn) && f->branch != VP_BRANCH_NEVER &&
	    !part_is_empty_jump(r->vp, pc))
		add_edge(cx, r, pc, ebpf_jump_target(insn, pc));
}

void part_flow_build(struct cx *cx, const struct vprog *vp, struct part_flow *r)
{
	*r = (struct part_flow){ .vp = vp, .n = vp->prog->subprogs[0].end };
	r->freq = ARENA_ARRAY(cx->arena, uint32_t, r->n);
	for (uint32_t pc = 0; pc < r->n; pc++)
		if (part_seen(vp, pc))
			add_edges_of(cx, r, pc);
}

uint32_t part_main_pc(const struct vprog *vp, size_t inst, uint32_t pc)
{
	while (vp->inst[inst].parent >= 0) {
		pc = vp->inst[inst].call_pc;
		inst = (size_t)vp->inst[inst].parent;
	}
	return pc;
}
