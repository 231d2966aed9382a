/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/report/program_facts.h"

#include "offload/inspect.h"

/* Why a split keeps an instruction on the host that the device could execute. The rules of the choice of the cut,
 * applied to its result, the strongest first:
 *
 *   it is pinned to the host
 *   tc: the device's hook does not support it, or frames with a VLAN tag would need the map on the host as well
 *   in a split program, the packet's start and end move only on the host
 *   it follows an instruction that the device refuses: control does not return to the device
 *   it uses a map that exists on one side only, and other users of the map are on the host
 *   no hand-off is possible after it, or none that pays
 *
 * A subprogram's instructions stay where their call is. */

struct why {
	struct rep_facts *f;
	struct arena *arena;
	struct vprog vp; /* of the placed program */
	struct part_flow flow;
	bool *refused; /* by instruction of main: the device refuses it or a function that it calls */
	bool *pinned;    /* by instruction of main: to the host */
	uint32_t *after; /* by instruction of main on the host: the one of those that leads to it */
	int32_t *map;    /* by instruction of main: map of the host that it uses; -1 */
	int32_t *tied; /* by instruction of main: tc, map that all of the program must reach; -1 */
	bool *not_there; /* by instruction of main: tc, part_tc_needs_skb() */
};

/* ---- what is known of main ------------------------------------------------------------------------- */

static bool moves_packet(const struct bpf_insn *insn)
{
	return ebpf_is_call(insn) && insn->src_reg == EBPF_CALL_HELPER &&
	       (insn->imm == BPF_FUNC_xdp_adjust_head || insn->imm == BPF_FUNC_xdp_adjust_tail);
}

static void mark_refused(struct why *w)
{
	const struct vprog *vp = &w->vp;

	for (size_t inst = 0; inst < vp->n_inst; inst++) {
		const struct fe_subprog *sub = &vp->prog->subprogs[vp->inst[inst].subprog];

		for (uint32_t pc = sub->start; pc < sub->end; pc++) {
			uint32_t i = rep_insn_at(w->f, pc);

			if (vp_fact_at(vp, inst, pc)->seen && part_tc_needs_skb(vp, inst, pc))
				w->not_there[part_main_pc(vp, inst, pc)] = true;
			if (i != REP_NONE && vp_fact_at(vp, inst, pc)->seen &&
			    (w->f->insns[i].n_reasons || moves_packet(&vp->prog->insns[pc])))
				w->refused[part_main_pc(vp, inst, pc)] = true;
		}
	}
}

static void mark_pin(void *priv, uint32_t main_pc, bool device)
{
	struct why *w = priv;

	w->pinned[main_pc] |= !device;
}

static void mark_pins(struct why *w)
{
	const char *text = w->f->p->options.part.pins;
	struct part_pins pins;

	if (text && part_pins_parse(&w->f->p->owner->cx, &w->vp, text, &pins))
		part_pins_each(&w->vp, &pins, mark_pin, w);
}

static void mark_map(void *priv, uint32_t main_pc, size_t map)
{
	struct why *w = priv;

	if (w->f->p->result.split.halves->tagged && !w->f->p->result.split.maps[map].loose)
		w->tied[main_pc] = (int32_t)map;

	if (w->f->p->result.split.maps[map].home == PART_MAP_HOST)
		w->map[main_pc] = (int32_t)map;
}

/* From refused and pinned instructions along edges of the host: after[pc] is the nearest. */
static void spread(struct why *w)
{
	const bool *on_device = w->f->p->result.split.halves->on_device;
	VEC(uint32_t) todo = { 0 };

	memset(w->after, 0xff, w->flow.n * sizeof(*w->after));
	for (uint32_t pc = 0; pc < w->flow.n; pc++)
		if (w->refused[pc] || w->pinned[pc] || w->not_there[pc] || w->tied[pc] >= 0) {
			w->after[pc] = pc;
			*vec_push(&todo, w->arena) = pc;
		}
	for (size_t next = 0; next < todo.len; next++)
		for (size_t i = 0; i < w->flow.edges.len; i++) {
			const struct part_edge *e = &w->flow.edges.at[i];

			if (e->from != todo.at[next] || w->after[e->to] != REP_NONE ||
			    on_device[e->to])
				continue;
			w->after[e->to] = w->after[e->from];
			*vec_push(&todo, w->arena) = e->to;
		}
}

/* ---- words for it ----------------------------------------------------------------------------------- */

/* Why there is no hand-off right after `pc`, if no other rule applies. */
static const char *no_handoff_behind(const struct why *w, uint32_t pc)
{
	struct bpf_offload_object *o = w->f->p->owner;

	for (size_t i = 0; i < w->flow.edges.len; i++) {
		const struct part_edge *e = &w->flow.edges.at[i];
		struct part_live live;

		if (e->from != pc)
			continue;
		part_live_at(&o->cx, &w->vp, e->to, &live);
		if (live.why_not)
			return arena_printf(&o->arena, "no hand-off is possible after it: %s",
					    live.why_not);
	}
	return "a hand-off here costs less than one after it";
}

static const char *why_main(const struct why *w, uint32_t pc)
{
	struct bpf_offload_object *o = w->f->p->owner;

	if (w->pinned[pc])
		return "--pin puts it on the host";
	if (w->not_there[pc])
		return "the device cannot return this tc action";
	if (w->tied[pc] >= 0)
		return arena_printf(
			&o->arena,
			"map '%s' can be on one side only, and frames with a VLAN tag stay "
			"on the host from the entry on (--untagged)",
			o->obj.maps[w->tied[pc]].name);
	if (moves_packet(&w->vp.prog->insns[pc]))
		return "in a split program, the packet's start and end move only on the host";
	if (w->after[pc] != REP_NONE && w->after[pc] != pc)
		return arena_printf(
			&o->arena,
			"follows insn %u, which %s: control does not return to the device",
			w->after[pc],
			w->pinned[w->after[pc]] ? "--pin puts on the host" : "the device refuses");
	if (w->map[pc] >= 0)
		return arena_printf(&o->arena, "uses map '%s', which is on the host",
				    o->obj.maps[w->map[pc]].name);
	if (w->refused[pc])
		return "calls a function that the device refuses";
	return no_handoff_behind(w, pc);
}

static void explain_main(struct why *w)
{
	for (uint32_t i = 0; i < w->f->n_insns && w->f->insns[i].pc < w->flow.n; i++) {
		struct rep_insn *insn = &w->f->insns[i];

		if (insn->place == PART_HOST && !insn->n_reasons)
			insn->why = why_main(w, insn->pc);
	}
}

static void explain_subprograms(struct why *w)
{
	struct bpf_offload_object *o = w->f->p->owner;
	const struct vprog *vp = w->f->vp;

	for (size_t inst = 1; inst < vp->n_inst; inst++) {
		const struct fe_subprog *sub = &vp->prog->subprogs[vp->inst[inst].subprog];
		uint32_t main_pc = part_main_pc(vp, inst, sub->start);
		const char *text =
			arena_printf(&o->arena, "runs on the side of its call, insn %u", main_pc);

		for (uint32_t pc = sub->start; pc < sub->end; pc++) {
			uint32_t i = rep_insn_at(w->f, pc);
			struct rep_insn *insn = i == REP_NONE ? NULL : &w->f->insns[i];

			if (insn && insn->place == PART_HOST && !insn->n_reasons && !insn->why)
				insn->why = text;
		}
	}
}

static void prepare(struct why *w)
{
	uint32_t n;

	w->vp = *w->f->vp;
	part_flow_build(&w->f->p->owner->cx, &w->vp, &w->flow);
	n = w->flow.n;
	w->refused = ARENA_ARRAY(w->arena, bool, n);
	w->pinned = ARENA_ARRAY(w->arena, bool, n);
	w->after = ARENA_ARRAY(w->arena, uint32_t, n);
	w->map = ARENA_ARRAY(w->arena, int32_t, n);
	memset(w->map, 0xff, n * sizeof(*w->map));
	w->tied = ARENA_ARRAY(w->arena, int32_t, n);
	memset(w->tied, 0xff, n * sizeof(*w->tied));
	w->not_there = ARENA_ARRAY(w->arena, bool, n);
}

/* All of it is on the host, for one reason. */
static void explain_unsplit(struct rep_facts *f)
{
	const char *no_split_reason = f->p->result.split.no_split_reason, *text;

	if (f->p->result.split.placement != PART_ALL_HOST)
		return;
	text = no_split_reason ? arena_printf(&f->p->owner->arena, "the program is not split: %s",
					      no_split_reason)
			       : "the whole program stays on the host";
	for (uint32_t i = 0; i < f->n_insns; i++)
		if (f->insns[i].place == PART_HOST && !f->insns[i].n_reasons)
			f->insns[i].why = text;
}

void rep_why(struct rep_facts *f)
{
	struct why w = { .f = f, .arena = &f->p->owner->arena };

	explain_unsplit(f);
	if (!f->p->result.split.halves)
		return;
	prepare(&w);
	mark_refused(&w);
	mark_pins(&w);
	part_maps_each_use(&w.vp, mark_map, &w);
	spread(&w);
	explain_main(&w);
	explain_subprograms(&w);
}
