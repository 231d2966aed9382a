#include "tools/report/facts.h"

#include "partitioner/region.h"

/* How much of the packet is read before anything that the card refuses: on some way from the start, over
 * instructions of main (with what they call) that the card takes. A program that reads nothing then has nothing
 * for the card to decide by. */

struct early {
	const struct vprog *vp;
	bool *refused; /* by instruction of main */
	uint32_t *reads;
};

static bool is_packet(const struct vp_reg *r)
{
	return r->kind == VP_PKT || r->kind == VP_PKT_META;
}

static void look_at(struct early *e, const struct rep_facts *f, size_t inst, uint32_t pc)
{
	const struct vp_fact *fact = vp_fact_at(e->vp, inst, pc);
	const struct bpf_insn *insn = &e->vp->prog->insns[pc];
	uint32_t main_pc = part_main_pc(e->vp, inst, pc);
	bool direct = ebpf_class(insn) == BPF_LDX && is_packet(&fact->regs[insn->src_reg]);
	bool legacy = ebpf_class(insn) == BPF_LD && !ebpf_is_ld_imm64(insn);

	if (!fact->seen || part_second_slot(e->vp, pc))
		return;
	e->refused[main_pc] |= f->p->split.refused[pc];
	e->reads[main_pc] += direct || legacy;
}

uint32_t rep_early_reads(const struct rep_facts *f)
{
	struct bpf_offload_object *o = f->p->owner;
	const struct vprog *vp = f->vp;
	uint32_t n = vp->prog->subprogs[0].end, reads = 0;
	struct early e = { vp, ARENA_ARRAY(&o->scratch, bool, n),
			   ARENA_ARRAY(&o->scratch, uint32_t, n) };
	bool *reached = ARENA_ARRAY(&o->scratch, bool, n + 1);
	struct part_region region;
	bool more = true;

	for (size_t inst = 0; inst < vp->n_inst; inst++) {
		const struct fe_subprog *sub = &vp->prog->subprogs[vp->inst[inst].subprog];

		for (uint32_t pc = sub->start; pc < sub->end; pc++)
			look_at(&e, f, inst, pc);
	}
	part_region_build(&o->cx, vp, &region);
	reached[0] = true;
	while (more) {
		more = false;
		for (size_t i = 0; i < region.edges.len; i++) {
			const struct part_edge *edge = &region.edges.at[i];

			if (!reached[edge->from] || e.refused[edge->from] || reached[edge->to])
				continue;
			reached[edge->to] = more = true;
		}
	}
	for (uint32_t pc = 0; pc < n; pc++)
		reads += reached[pc] ? e.reads[pc] : 0;
	return reads;
}
