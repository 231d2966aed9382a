/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/choose/search_state.h"

#include "partitioner/handoff.h"
#include "partitioner/tc_split.h"

#include <assert.h>
#include <string.h>

/* Finds the placement of highest benefit that is not excluded. What its user reports back changes the
 * weights: an instruction goes to the host, a cut is forbidden, the device gets fewer instructions. */

/* ---- the choice --------------------------------------------------------------------------------------- */

static int64_t edge_cost(struct part_search *s, const struct part_edge *e)
{
	const struct part_live *live = &s->survey.live[e->to];
	int64_t cycles = part_cost_of(s, PART_COST_HANDOFF);

	if (live->why_not || s->weights.no_cut_here[e->to] || live->payload_bytes > s->max_payload)
		return PART_CUT_INF;
	for (uint32_t i = 0; i < live->n; i++)
		cycles += live->values[i].size ? part_cost_of(s, PART_COST_HANDOFF_VALUE) : 0;
	if (s->weights.rng)
		return part_random_below(&s->weights, 12);
	return part_benefit(s, 100 * cycles, e->freq);
}

/* Whether anything is for the device. */
static bool solve(struct part_search *s, struct arena *scratch, bool *on_device)
{
	struct part_cut_edge *edges =
		ARENA_ARRAY(scratch, struct part_cut_edge, s->survey.flow.edges.len);
	struct part_cut cut = { .n = s->survey.flow.n,
				.gain = s->weights.gain,
				.edges = edges,
				.ties = s->weights.ties.at,
				.n_ties = s->weights.ties.len };
	bool possible;

	for (size_t i = 0; i < s->survey.flow.edges.len; i++) {
		const struct part_edge *e = &s->survey.flow.edges.at[i];

		if (!s->weights.tail[e->to])
			edges[cut.n_edges++] =
				(struct part_cut_edge){ e->from, e->to, edge_cost(s, e) };
	}
	if (s->room == UINT64_MAX)
		s->benefit = part_cut_solve(scratch, &cut, on_device, &possible);
	else
		s->benefit = part_cut_limited(scratch, &cut, s->survey.size, s->room, on_device,
					      &possible);
	for (uint32_t pc = 0; pc < s->survey.flow.n; pc++)
		on_device[pc] &= !s->weights.tail[pc];
	part_add_tails(s, on_device);
	return possible && on_device[0];
}

/* Without what no path reaches. */
static bool choose_live(struct part_search *s, bool *on_device)
{
	struct arena mem;
	bool found;

	arena_init(&mem);
	found = solve(s, &mem, on_device);
	arena_reset(&mem);
	for (uint32_t pc = 0; pc < s->survey.flow.n; pc++)
		on_device[pc] &= part_seen(s->vp, pc);
	return found;
}

bool part_search_choose(struct part_search *s, struct cx *cx, struct part_halves *halves)
{
	bool *on_device = ARENA_ARRAY(cx->arena, bool, s->survey.flow.n);

	*halves = (struct part_halves){ .on_device = on_device,
					.maps = s->survey.maps,
					.tagged = s->tagged };
	if (!choose_live(s, on_device)) {
		if (!s->why_not)
			s->why_not = "no split is worth its hand-off";
		return false;
	}
	part_maps_settle(s->vp, on_device, s->tagged, s->survey.maps);
	return part_collect_cut_points(cx, &s->survey.flow, s->survey.live, s->min_payload, halves);
}

const char *part_search_why_not(const struct part_search *s)
{
	return s->why_not;
}

void part_search_set_why_not(struct part_search *s, const char *text)
{
	s->why_not = text ? arena_strdup(s->cx->arena, text) : NULL;
}

/* Instructions that control may reach from the cuts as far as the host's verifier knows: what ours
 * proved on the way to the cuts (a branch never taken) may need more than the values handed over. */
const bool *part_search_reached(const struct part_search *s, struct cx *cx,
				const struct part_halves *halves, bool tagged)
{
	bool *reached = ARENA_ARRAY(cx->arena, bool, s->survey.flow.n);
	VEC(uint32_t) todo = { 0 };

	for (uint32_t i = halves->tagged && !tagged; i < halves->n_cuts; i++)
		*vec_push(&todo, cx->arena) = halves->cuts[i].pc;
	while (todo.len) {
		uint32_t pc = todo.at[--todo.len];
		const struct bpf_insn *insn = &s->vp->prog->insns[pc];

		if (reached[pc])
			continue;
		reached[pc] = true;
		if (ebpf_is_ja(insn) || ebpf_is_cond_jump(insn))
			*vec_push(&todo, cx->arena) = (uint32_t)ebpf_jump_target(insn, pc);
		if (!ebpf_is_ja(insn) && !ebpf_is_exit(insn))
			*vec_push(&todo, cx->arena) = part_next(s->vp, pc);
	}
	return reached;
}

/* ---- what did not hold ------------------------------------------------------------------------------ */

void part_search_forbid_cut(struct part_search *s, uint32_t pc)
{
	assert(pc < s->survey.flow.n);
	s->weights.no_cut_here[pc] = true;
}

bool part_search_forbid_packing(struct part_search *s, const struct part_halves *halves, int64_t at)
{
	for (uint32_t i = halves->n_cuts; i-- > 0;)
		if (at >= halves->cuts[i].device_at) {
			s->weights.no_cut_here[halves->cuts[i].pc] = true;
			return true;
		}
	return false;
}

/* The backend may refuse an instruction of the device half that it accepted in the whole program. */
bool part_search_exclude(struct part_search *s, const struct part_halves *halves,
			 const struct split *dev)
{
	bool found = false;

	for (size_t i = 0; i < dev->n_reasons; i++) {
		uint32_t at = dev->reasons[i].insn, pc;

		if (at == PART_WHOLE || dev->reasons[i].inst != 0)
			continue;
		pc = halves->device_origin[at];
		if (pc < s->survey.flow.n) {
			part_refuse(s, pc);
			found = true;
		} else {
			found |= part_search_forbid_packing(s, halves, at);
		}
	}
	if (!found && dev->n_reasons)
		part_search_set_why_not(s, dev->reasons[0].text);
	return found;
}

#define LEAST_ROOM 8u /* instructions: less is not worth a half */

/* What is too long for the device: the next choice has three quarters of its instructions at most. */
bool part_search_shrink(struct part_search *s, const struct part_halves *halves,
			const struct split *dev)
{
	uint64_t size = 0;

	for (uint32_t pc = 0; pc < s->survey.flow.n; pc++)
		size += halves->on_device[pc] ? s->survey.size[pc] : 0;
	s->room = (size < s->room ? size : s->room) * 3 / 4;
	part_search_set_why_not(s, dev->reasons[0].text);
	return s->room >= LEAST_ROOM;
}

/* ---- what holds --------------------------------------------------------------------------------------- */

static double device_share(const struct part_search *s, const struct part_halves *halves)
{
	double all = 0, device = 0;

	for (uint32_t pc = 0; pc < s->survey.flow.n; pc++) {
		double share = part_node_share(&s->survey.flow, pc);

		all += share;
		device += halves->on_device[pc] ? share : 0;
	}
	return all > 0 ? device / all : 0;
}

/* Device, host, or (a tail, a subprogram that both call) both. */
static void mark_places(const struct part_search *s, struct cx *cx,
			const struct part_halves *halves, enum part_place *place)
{
	const struct vprog *vp = s->vp;
	const bool *on_host =
		part_search_reached(s, cx, halves, false); /* tagged frames would mark all */
	bool *host = ARENA_ARRAY(cx->arena, bool, vp->prog->n_insns);
	bool *device = ARENA_ARRAY(cx->arena, bool, vp->prog->n_insns);

	for (size_t inst = 0; inst < vp->n_inst; inst++) {
		const struct fe_subprog *sub = &vp->prog->subprogs[vp->inst[inst].subprog];

		for (uint32_t pc = sub->start; pc < sub->end; pc++) {
			uint32_t of = part_second_slot(vp, pc) ? pc - 1 : pc;
			uint32_t main_pc = part_main_pc(vp, inst, of);

			host[pc] |= vp_fact_at(vp, inst, of)->seen && on_host[main_pc];
			device[pc] |= vp_fact_at(vp, inst, of)->seen && halves->on_device[main_pc];
		}
	}
	for (uint32_t pc = 0; pc < vp->prog->n_insns; pc++)
		if (place[pc] != PART_DEAD)
			place[pc] = device[pc] && host[pc] ? PART_BOTH
				    : device[pc]           ? PART_DEVICE
							   : PART_HOST;
}

/* The record says which action an exit takes, so it no longer matters that the device refuses those exits. */
static void forget_exits(const struct part_search *s, struct cx *cx,
			 const struct part_halves *halves, struct split *split)
{
	struct part_reason *kept = ARENA_ARRAY(cx->arena, struct part_reason, split->n_reasons + 1);
	size_t n = 0;

	for (size_t i = 0; i < split->n_reasons; i++) {
		const struct part_reason *r = &split->reasons[i];
		bool main = r->insn < s->survey.flow.n && r->inst == 0;

		if (!main || !halves->on_device[r->insn] ||
		    !part_tc_exit_via_record(s->vp, 0, r->insn))
			kept[n++] = *r;
	}
	split->reasons = kept;
	split->n_reasons = n;
}

void part_search_accept(struct part_search *s, struct cx *cx, const struct part_halves *halves,
			struct offload_image *image, struct split *split)
{
	split->halves = arena_dup(cx->arena, halves, sizeof(*halves));
	split->halves->device_share = device_share(s, halves);
	split->halves->measured = s->survey.flow.counts.packets;
	split->halves->benefit = s->benefit;
	split->halves->of = s->vp;
	split->placement = PART_SPLIT;
	split->maps = halves->maps;
	part_maps_explain(cx, s->vp, split->maps);
	split->image = image;
	split->no_split_reason = NULL;
	mark_places(s, cx, halves, split->place);
	forget_exits(s, cx, halves, split);
}

/* ---- the beginning --------------------------------------------------------------------------------------- */

static bool was_reported(const struct diags *d, enum reason r, const char *prog)
{
	for (size_t i = 0; i < d->list.len; i++)
		if (d->list.at[i].reason == r && !strcmp(d->list.at[i].at.prog, prog))
			return true;
	return false;
}

/* A program that cannot be run is placed by estimates. Reported once, whatever its forms. */
static void measure(struct part_search *s)
{
	const struct part_profiler *profiler = s->task.opts->profiler;
	struct diag_at at = fe_prog_at(s->vp->obj, s->vp->prog, -1);
	const char *why = profiler ? part_flow_measure(s->cx, &s->survey.flow, profiler) : NULL;

	if (why && !was_reported(s->cx->diags, REASON_PROFILE_UNUSED, at.prog))
		diag_warn(s->cx->diags, &at, REASON_PROFILE_UNUSED, why);
}

static void survey(struct part_search *s)
{
	struct search_survey *v = &s->survey;

	part_flow_build(s->cx, s->vp, &v->flow);
	part_flow_guess(s->cx, &v->flow);
	measure(s);
	v->counters = part_counters_find(s->cx, s->vp);
	v->maps = part_maps_survey(s->cx, s->vp, &v->counters);
	v->live = ARENA_ARRAY(s->cx->arena, struct part_live, v->flow.n);
	for (uint32_t pc = 0; pc < v->flow.n; pc++)
		if (part_seen(s->vp, pc))
			part_live_at(s->cx, s->vp, pc, &v->live[pc]);
}

/* Bytes of live values that a record may and must have room for; false: there is none. */
static bool set_payload(struct part_search *s)
{
	uint32_t room = s->task.room;
	uint32_t most = s->task.opts->max_handoff;

	if (most && most < room)
		room = most;
	if (s->tc && room > PART_META_BYTES)
		room = PART_META_BYTES;
	s->min_payload = s->tc ? sizeof(uint32_t) : 0;
	if (room < PART_HANDOFF_HEADER + s->min_payload)
		return false;
	s->max_payload = room - PART_HANDOFF_HEADER;
	return true;
}

struct part_search *part_search_open(struct cx *cx, const struct part_search_task *task,
				     const char **why_not)
{
	struct part_search *s = ARENA_NEW(cx->arena, struct part_search);

	*why_not = part_unsplittable(task->vp);
	if (*why_not)
		return NULL;
	*s = (struct part_search){ .cx = cx, .task = *task, .vp = task->vp, .room = UINT64_MAX };
	s->tc = part_is_tc(task->vp->prog);
	s->tagged = s->tc && !task->opts->untagged;
	if (!set_payload(s)) {
		*why_not = "the device has no room for a hand-off record";
		return NULL;
	}
	survey(s);
	s->weights.rng = task->opts->cut_seed;
	s->weights.costs = task->opts->costs ? task->opts->costs : &part_costs_default;
	s->weights.no_cut_here = ARENA_ARRAY(cx->arena, bool, s->survey.flow.n);
	part_weigh(s);
	return s;
}
