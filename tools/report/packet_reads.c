/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/report/program_facts.h"

#include "offload/inspect.h"

/* Counts the packet reads before the first refused instruction: on paths from the entry over
 * instructions that the device accepts, into subprograms and out of them. If a program reads nothing before, the
 * device has no input for a decision. */

struct place {
	size_t inst;
	uint32_t pc;
};

struct early {
	const struct rep_facts *f;
	struct arena *arena;
	bool **reached; /* by instance, by instruction of its subprogram */
	VEC(struct place) todo;
	uint32_t reads;
};

static bool is_packet(const struct vp_reg *r)
{
	return r->kind == VP_PKT || r->kind == VP_PKT_META;
}

static bool reads_packet(const struct bpf_insn *insn, const struct vp_fact *fact)
{
	if (ebpf_is_load(insn))
		return is_packet(&fact->regs[insn->src_reg]);
	return ebpf_class(insn) == BPF_LD && !ebpf_is_ld_imm64(insn);
}

static void add(struct early *e, size_t inst, uint32_t pc)
{
	const struct vprog *vp = e->f->vp;
	bool *reached = &e->reached[inst][pc - vp->prog->subprogs[vp->inst[inst].subprog].start];

	if (!*reached && vp_fact_at(vp, inst, pc)->seen && !e->f->p->result.split.refused[pc])
		*vec_push(&e->todo, e->arena) = (struct place){ inst, pc };
	*reached = true;
}

static void leave(struct early *e, size_t inst)
{
	const struct vp_instance *i = &e->f->vp->inst[inst];

	if (i->parent >= 0)
		add(e, (size_t)i->parent, part_next(e->f->vp, i->call_pc));
}

static void go_on(struct early *e, struct place at)
{
	const struct vprog *vp = e->f->vp;
	const struct vp_fact *fact = vp_fact_at(vp, at.inst, at.pc);
	const struct bpf_insn *insn = &vp->prog->insns[at.pc];

	if (ebpf_is_exit(insn)) {
		leave(e, at.inst);
		return;
	}
	if (fact->child >= 0) { /* comes back by leave() */
		add(e, (size_t)fact->child,
		    vp->prog->subprogs[vp->inst[fact->child].subprog].start);
		return;
	}
	if (ebpf_is_ja(insn) || (ebpf_is_cond_jump(insn) && fact->branch != VP_BRANCH_NEVER))
		add(e, at.inst, (uint32_t)ebpf_jump_target(insn, at.pc));
	if (!ebpf_is_ja(insn) && fact->branch != VP_BRANCH_ALWAYS)
		add(e, at.inst, part_next(vp, at.pc));
}

uint32_t rep_packet_reads(const struct rep_facts *f)
{
	struct early e = { .f = f, .arena = &f->p->owner->scratch };

	e.reached = ARENA_ARRAY(e.arena, bool *, f->vp->n_inst);
	for (size_t i = 0; i < f->vp->n_inst; i++) {
		const struct fe_subprog *s = &f->prog->subprogs[f->vp->inst[i].subprog];

		e.reached[i] = ARENA_ARRAY(e.arena, bool, s->end - s->start);
	}
	add(&e, 0, 0);
	while (e.todo.len) {
		struct place at = e.todo.at[--e.todo.len];

		e.reads += reads_packet(&f->prog->insns[at.pc], vp_fact_at(f->vp, at.inst, at.pc));
		go_on(&e, at);
	}
	return e.reads;
}
