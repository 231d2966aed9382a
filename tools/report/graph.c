/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/report/program_facts.h"

#include "offload/inspect.h"

/* Basic blocks of the live instructions, main and subprograms alike. A block also ends where the side
 * changes and before a cut, so that it has one colour and a cut is always an edge. */

struct graph {
	struct rep_facts *f;
	struct part_flow flow; /* of main: edges with their frequencies */
	bool *leader;          /* by instruction of the program */
	double *sub_freq;      /* by subprogram: times called a packet */
};

static const struct bpf_insn *insn_of(const struct graph *g, uint32_t i)
{
	return &g->f->prog->insns[g->f->insns[i].pc];
}

static bool ends_block(const struct bpf_insn *insn)
{
	return ebpf_is_ja(insn) || ebpf_is_cond_jump(insn) || ebpf_is_exit(insn);
}

static void mark_target(struct graph *g, int64_t pc)
{
	if (pc >= 0 && (size_t)pc < g->f->prog->n_insns)
		g->leader[pc] = true;
}

static void mark_leaders(struct graph *g)
{
	const struct fe_prog *prog = g->f->prog;
	const struct part_halves *halves = g->f->p->result.split.halves;

	for (size_t i = 0; i < prog->n_subprogs; i++)
		mark_target(g, prog->subprogs[i].start);
	for (uint32_t i = 0; halves && i < halves->n_cuts; i++)
		mark_target(g, halves->cuts[i].pc);
	for (uint32_t i = 0; i < g->f->n_insns; i++) {
		const struct bpf_insn *insn = insn_of(g, i);
		bool last = i + 1 == g->f->n_insns;

		if (ebpf_is_ja(insn) || ebpf_is_cond_jump(insn))
			mark_target(g, ebpf_jump_target(insn, g->f->insns[i].pc));
		if (!last && (ends_block(insn) || g->f->insns[i].place != g->f->insns[i + 1].place))
			mark_target(g, g->f->insns[i + 1].pc);
	}
}

static uint32_t subprog_at(const struct graph *g, uint32_t pc)
{
	const struct fe_prog *prog = g->f->prog;
	uint32_t i = 0;

	while (i + 1 < prog->n_subprogs && prog->subprogs[i + 1].start <= pc)
		i++;
	return i;
}

static void add_blocks(struct graph *g)
{
	struct rep_facts *f = g->f;
	struct rep_block *b = NULL;

	for (uint32_t i = 0; i < f->n_insns; i++) {
		if (f->insns[i].place == PART_DEAD) {
			b = NULL;
			continue;
		}
		if (!b || g->leader[f->insns[i].pc]) {
			b = vec_push(&f->blocks, &f->p->owner->arena);
			*b = (struct rep_block){ .first = i,
						 .subprog = subprog_at(g, f->insns[i].pc),
						 .place = f->insns[i].place };
		}
		b->end = i + 1;
		f->insns[i].block = (uint32_t)f->blocks.len - 1;
	}
}

/* ---- frequencies ----------------------------------------------------------------------------------- */

/* A subprogram runs as often as the instructions of main on whose behalf it is called. */
static void count_calls(struct graph *g)
{
	const struct vprog *vp = g->f->vp;

	g->sub_freq = ARENA_ARRAY(&g->f->p->owner->scratch, double, g->f->prog->n_subprogs);
	for (size_t i = 1; i < vp->n_inst; i++) {
		uint32_t pc = part_main_pc(vp, i, vp->prog->subprogs[vp->inst[i].subprog].start);

		g->sub_freq[vp->inst[i].subprog] += part_node_share(&g->flow, pc);
	}
}

static void set_frequencies(struct graph *g)
{
	for (size_t i = 0; i < g->f->blocks.len; i++) {
		struct rep_block *b = &g->f->blocks.at[i];

		b->freq = b->subprog ? g->sub_freq[b->subprog]
				     : part_node_share(&g->flow, g->f->insns[b->first].pc);
	}
}

static double edge_freq(const struct graph *g, uint32_t from_pc, uint32_t to_pc)
{
	for (size_t i = 0; i < g->flow.edges.len; i++) {
		const struct part_edge *e = &g->flow.edges.at[i];

		if (e->from == from_pc && e->to == to_pc)
			return part_edge_share(&g->flow, e);
	}
	return 0;
}

/* ---- edges ------------------------------------------------------------------------------------------- */

static uint8_t cut_between(const struct rep_facts *f, uint32_t from_pc, uint32_t to_pc)
{
	const struct part_halves *halves = f->p->result.split.halves;

	for (uint32_t i = 0; halves && i < halves->n_cuts; i++)
		if (halves->cuts[i].pc == to_pc && halves->on_device[from_pc])
			return halves->cuts[i].id;
	return 0;
}

static void add_edge(struct graph *g, uint32_t from, int64_t to_pc, bool call)
{
	struct rep_facts *f = g->f;
	uint32_t pc = f->insns[f->blocks.at[from].end - 1].pc, to;
	bool in_main = !f->blocks.at[from].subprog && !call;

	if (to_pc < 0)
		return;
	to = rep_insn_at(f, (uint32_t)to_pc);
	if (to == REP_NONE || f->insns[to].block == REP_NONE)
		return;
	*vec_push(&f->edges, &f->p->owner->arena) = (struct rep_edge){
		.from = from,
		.to = f->insns[to].block,
		.freq = in_main ? edge_freq(g, pc, (uint32_t)to_pc) : f->blocks.at[from].freq,
		.cut = in_main ? cut_between(f, pc, (uint32_t)to_pc) : 0,
		.call = call,
	};
}

/* Edges that the verifier proved impossible are omitted in main; in subprograms, dead blocks suffice. */
static void add_ways(struct graph *g, uint32_t block, const struct bpf_insn *insn, uint32_t pc)
{
	const struct vprog *vp = g->f->vp;
	uint8_t branch = g->f->blocks.at[block].subprog ? (uint8_t)VP_BRANCH_BOTH
							: vp_fact_at(vp, 0, pc)->branch;

	if (ebpf_is_exit(insn))
		return;
	if (ebpf_is_ja(insn)) {
		add_edge(g, block, ebpf_jump_target(insn, pc), false);
		return;
	}
	if (!ebpf_is_cond_jump(insn) || branch != VP_BRANCH_ALWAYS)
		add_edge(g, block, part_next(vp, pc), false);
	if (ebpf_is_cond_jump(insn) && branch != VP_BRANCH_NEVER)
		add_edge(g, block, ebpf_jump_target(insn, pc), false);
}

static void add_edges(struct graph *g)
{
	struct rep_facts *f = g->f;

	for (uint32_t b = 0; b < f->blocks.len; b++) {
		uint32_t last = f->blocks.at[b].end - 1;

		for (uint32_t i = f->blocks.at[b].first; i <= last; i++) {
			const struct bpf_insn *insn = insn_of(g, i);

			if (ebpf_is_call(insn) && insn->src_reg == EBPF_CALL_SUBPROG)
				add_edge(g, b, (int64_t)f->insns[i].pc + 1 + insn->imm, true);
		}
		add_ways(g, b, insn_of(g, last), f->insns[last].pc);
	}
}

void rep_graph(struct rep_facts *f)
{
	struct bpf_offload_object *o = f->p->owner;
	const struct part_profiler *profiler = f->p->options.part.profiler;
	struct graph g = { .f = f };

	part_flow_build(&o->cx, f->vp, &g.flow);
	part_flow_guess(&o->cx, &g.flow);
	if (profiler)
		part_flow_measure(&o->cx, &g.flow, profiler);
	f->measured = g.flow.counts.packets;
	g.leader = ARENA_ARRAY(&o->scratch, bool, f->prog->n_insns);
	mark_leaders(&g);
	add_blocks(&g);
	count_calls(&g);
	set_frequencies(&g);
	add_edges(&g);
	for (size_t i = 0; i < f->edges.len; i++)
		f->going_up += f->edges.at[i].cut ? f->edges.at[i].freq : 0;
}
