/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/choose/search_state.h"

#include "base/lcg.h"
#include "partitioner/tc_split.h"

#include <assert.h>
#include <linux/pkt_cls.h>
#include <string.h>

/* The weights of a minimum cut: what each instruction gains on the device, what must go together, and
 * which ends both sides may have. */

#define MAX_TAIL 8u /* instructions */

/* ---- the benefit of a placement ----------------------------------------------------------------------- */

int64_t part_random_below(struct search_weights *w, uint32_t n)
{
	return (int64_t)(lcg_next(&w->rng) % n);
}

/* Clamped, so that the sum over all nodes and edges stays below PART_CUT_INF. */
int64_t part_benefit(const struct part_search *s, int64_t hundredths, uint32_t freq)
{
	int64_t most =
		PART_CUT_INF / 4 / (int64_t)(s->survey.flow.n + s->survey.flow.edges.len + 1);
	int64_t once = hundredths < 0 ? -hundredths : hundredths, all;

	if (once > most / (freq + 1))
		all = most;
	else
		all = once * freq;
	return hundredths < 0 ? -all : all;
}

/* True when R0 has one value, *r0, after an instruction. */
static bool result_after(const struct part_search *s, uint32_t pc, uint32_t *r0)
{
	const struct bpf_insn *insn = &s->vp->prog->insns[pc];
	const struct vp_reg *before = &vp_fact_at(s->vp, 0, pc)->regs[0];
	bool sets = !ebpf_is_jump_class(insn) && insn->dst_reg == 0;

	if (ebpf_is_alu(insn) && sets && ebpf_op(insn) == BPF_MOV && !ebpf_src_is_reg(insn)) {
		*r0 = (uint32_t)insn->imm;
		return true;
	}
	*r0 = (uint32_t)before->var.value;
	return !sets && !ebpf_is_call(insn) && vp_is_const(before);
}

/* The benefit of ending on the device after instruction `pc`: what becomes of the packet. */
static int64_t end_gain(const struct part_search *s, uint32_t pc)
{
	uint32_t r0;

	if (!result_after(s, pc, &r0))
		return (part_cost_of(s, PART_COST_FINAL_PACKET) -
			part_cost_of(s, PART_COST_HANDOFF)) /
		       2;
	return (s->tc ? r0 != TC_ACT_SHOT : r0 == XDP_PASS)
		       ? -part_cost_of(s, PART_COST_HANDOFF)
		       : part_cost_of(s, PART_COST_FINAL_PACKET);
}

static void count_sizes(struct part_search *s)
{
	const struct vprog *vp = s->vp;

	s->survey.size = ARENA_ARRAY(s->cx->arena, uint32_t, s->survey.flow.n);
	for (size_t inst = 0; inst < vp->n_inst; inst++) {
		const struct fe_subprog *sub = &vp->prog->subprogs[vp->inst[inst].subprog];

		for (uint32_t pc = sub->start; pc < sub->end; pc++)
			if (vp_fact_at(vp, inst, pc)->seen && !part_second_slot(vp, pc))
				s->survey.size[part_main_pc(vp, inst, pc)]++;
	}
}

static void weigh_nodes(struct part_search *s)
{
	int64_t *cycles = part_flow_cycles(s->cx, &s->survey.flow, s->weights.costs), per_packet;

	s->weights.gain = ARENA_ARRAY(s->cx->arena, int64_t, s->survey.flow.n);
	for (uint32_t pc = 0; pc < s->survey.flow.n; pc++) {
		if (!part_seen(s->vp, pc))
			continue;
		per_packet = cycles[pc] * (100 - part_cost_of(s, PART_COST_DEVICE));
		s->weights.gain[pc] = part_benefit(s, per_packet, s->survey.flow.freq[pc]);
		if (s->weights.rng)
			s->weights.gain[pc] = part_random_below(&s->weights, 30) - 8;
	}
}

/* A device half does not move the ends of a packet: the room that the device grants there differs. */
static bool moves_packet(const struct bpf_insn *insn)
{
	return ebpf_is_call(insn) && insn->src_reg == EBPF_CALL_HELPER &&
	       (insn->imm == BPF_FUNC_xdp_adjust_head || insn->imm == BPF_FUNC_xdp_adjust_tail);
}

void part_refuse(struct part_search *s, uint32_t pc)
{
	assert(pc < s->survey.flow.n);
	s->weights.gain[pc] = -PART_CUT_INF;
}

static bool stays_on_host(const struct part_search *s, size_t inst, uint32_t pc)
{
	if (part_tc_exit_via_record(s->vp, inst, pc))
		return false;
	return s->task.refused[pc] || moves_packet(&s->vp->prog->insns[pc]) ||
	       part_tc_needs_skb(s->vp, inst, pc);
}

static void refuse_all(struct part_search *s)
{
	const struct vprog *vp = s->vp;

	for (size_t inst = 0; inst < vp->n_inst; inst++) {
		const struct fe_subprog *sub = &vp->prog->subprogs[vp->inst[inst].subprog];

		for (uint32_t pc = sub->start; pc < sub->end; pc++)
			if (vp_fact_at(vp, inst, pc)->seen && !part_second_slot(vp, pc) &&
			    stays_on_host(s, inst, pc))
				part_refuse(s, part_main_pc(vp, inst, pc));
	}
}

/* What the device refuses stays refused. */
static void pin(void *priv, uint32_t pc, bool device)
{
	struct part_search *s = priv;

	if (!device)
		part_refuse(s, pc);
	else if (s->weights.gain[pc] != -PART_CUT_INF)
		s->weights.gain[pc] = PART_CUT_INF;
}

/* Something goes to the host, wherever: a program that the device could take whole is cut, too. */
static void refuse_one(struct part_search *s)
{
	uint32_t pc = (uint32_t)part_random_below(&s->weights, s->survey.flow.n);

	while (pc && !part_seen(s->vp, pc))
		pc--;
	part_refuse(s, pc ? pc : s->survey.flow.n - 1);
}

/* Maps that only one side may have: all their users go together. */
struct tie_state {
	struct part_search *s;
	uint32_t *first; /* by map: instruction of main; UINT32_MAX: none yet */
};

static void tie_users(void *priv, uint32_t pc, size_t map)
{
	struct tie_state *t = priv;

	if (t->s->survey.maps[map].loose)
		return;
	if (t->first[map] == UINT32_MAX)
		t->first[map] = pc;
	else if (t->first[map] != pc)
		*vec_push(&t->s->weights.ties, t->s->cx->arena) =
			(struct part_cut_tie){ t->first[map], pc };
}

/* A counter's load and its store. */
static void tie_counters(struct part_search *s)
{
	for (uint32_t pc = 0; pc < s->survey.flow.n; pc++)
		if (s->survey.counters.role[pc] == PART_COUNTER_LOAD)
			*vec_push(&s->weights.ties, s->cx->arena) =
				(struct part_cut_tie){ pc, s->survey.counters.partner[pc] };
}

/* When some packets are the host's from the beginning, it needs all maps. */
static void keep_map(void *priv, uint32_t pc, size_t map)
{
	struct part_search *s = priv;

	if (!s->survey.maps[map].loose)
		part_refuse(s, pc);
}

static void tie_maps(struct part_search *s)
{
	size_t n = s->vp->obj->n_maps + 1;
	struct tie_state t = { s, ARENA_ARRAY(s->cx->arena, uint32_t, n) };

	if (s->tagged)
		part_maps_each_use(s->vp, keep_map, s);
	memset(t.first, 0xff, n * sizeof(*t.first));
	part_maps_each_use(s->vp, tie_users, &t);
}

/* ---- tails ------------------------------------------------------------------------------------------- */

static bool is_simple(const struct bpf_insn *insn)
{
	return ebpf_is_alu(insn) || ebpf_is_ja(insn) ||
	       (ebpf_is_ld_imm64(insn) && insn->src_reg == EBPF_IMM_VALUE);
}

/* Where a simple instruction leads. */
static uint32_t only_successor(const struct part_search *s, uint32_t pc)
{
	const struct bpf_insn *insn = &s->vp->prog->insns[pc];

	return ebpf_is_ja(insn) ? (uint32_t)ebpf_jump_target(insn, pc) : part_next(s->vp, pc);
}

/* Exits, and a few simple instructions that lead to one: both sides may have them, so that a join
 * of all paths before the exit does not drag packets up that the device could end. */
static bool is_tail(const struct part_search *s, uint32_t pc)
{
	for (unsigned n = 0; n < MAX_TAIL; n++) {
		const struct bpf_insn *insn = &s->vp->prog->insns[pc];

		if (!part_seen(s->vp, pc) || s->weights.gain[pc] == -PART_CUT_INF ||
		    s->weights.gain[pc] == PART_CUT_INF)
			return false;
		if (ebpf_is_exit(insn))
			return true;
		if (!is_simple(insn))
			return false;
		pc = only_successor(s, pc);
	}
	return false;
}

static void find_tails(struct part_search *s)
{
	s->weights.tail = ARENA_ARRAY(s->cx->arena, bool, s->survey.flow.n);
	for (uint32_t pc = 1; pc < s->survey.flow.n; pc++)
		s->weights.tail[pc] = is_tail(s, pc);
	for (uint32_t pc = 1; pc < s->survey.flow.n; pc++)
		if (s->weights.tail[pc])
			s->weights.gain[pc] = 0;
	for (size_t i = 0; i < s->survey.flow.edges.len; i++) {
		const struct part_edge *e = &s->survey.flow.edges.at[i];
		int64_t *gain = &s->weights.gain[e->from];

		if (s->weights.tail[e->to] && !s->weights.tail[e->from] && *gain != -PART_CUT_INF &&
		    *gain != PART_CUT_INF)
			*gain += s->weights.rng
					 ? part_random_below(&s->weights, 20)
					 : part_benefit(s, 100 * end_gain(s, e->from), e->freq);
	}
}

void part_add_tails(const struct part_search *s, bool *on_device)
{
	for (unsigned n = 0; n < MAX_TAIL; n++)
		for (size_t i = 0; i < s->survey.flow.edges.len; i++) {
			const struct part_edge *e = &s->survey.flow.edges.at[i];

			if (on_device[e->from] && s->weights.tail[e->to])
				on_device[e->to] = true;
		}
}

/* ---- all of them ---------------------------------------------------------------------------------------- */

void part_weigh(struct part_search *s)
{
	weigh_nodes(s);
	count_sizes(s);
	refuse_all(s);
	part_pins_each(s->vp, s->task.pins, pin, s);
	if (s->weights.rng)
		refuse_one(s);
	find_tails(s);
	tie_maps(s);
	tie_counters(s);
}
