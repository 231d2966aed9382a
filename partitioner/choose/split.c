/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/split.h"

#include "partitioner/survey/counters.h"
#include "partitioner/choose/min_cut.h"
#include "partitioner/halves/half.h"
#include "partitioner/handoff.h"
#include "partitioner/survey/tc_split.h"
#include "partitioner/host_object.h"
#include "partitioner/choose/pins.h"
#include "partitioner/survey/flow.h"

#include <linux/pkt_cls.h>

/* Finds the best split that holds: the cut of highest benefit is made into two programs, both are
 * verified, the device's is translated. A cut that fails is forbidden, and the next best one is tried. */

#define MAX_TRIES 48u
#define MAX_TAIL  8u
/* Instructions walked to verify a half: half of the kernel's limit, which may need twice ours where paths of
 * several cuts meet. */
#define HALF_LIMIT 500000u

struct search {
	const struct part_task *task;
	struct cx *cx;
	struct diags said; /* of a half that does not verify: an answer, not a report */
	struct vprog vp;   /* task->vp */
	const struct part_costs *costs;
	struct part_flow flow;
	struct part_counters counters;
	struct part_map *maps;
	struct part_live *live; /* by instruction of main */
	int64_t *gain;          /* by instruction of main; NEVER: refused */
	uint32_t *size;         /* by instruction of main: instructions, with those that it calls */
	bool *no_cut_here;      /* by instruction of main: no cut before it */
	bool *tail;             /* by instruction of main: each side has its own copy */
	uint32_t max_payload, min_payload;
	bool tc, tagged; /* as part_halves.tagged */
	uint64_t rng;    /* of random cuts; 0: the best */
	int64_t benefit; /* of the last choice */
	uint64_t room;   /* instructions that the device may get; UINT64_MAX: any number */
	VEC(struct part_cut_tie) ties;
	struct split *split;
};

/* ---- the benefit of a placement ----------------------------------------------------------------------- */

static int64_t random_below(struct search *s, uint32_t n)
{
	s->rng = s->rng * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (int64_t)((s->rng >> 33) % n);
}

static int64_t cost(const struct search *s, enum part_cost c)
{
	return s->costs->of[c];
}

/* Of something that is done so often, in hundredths of a cycle; what is astronomic stays below
 * PART_CUT_INF when summed over all nodes and edges. */
static int64_t benefit(const struct search *s, int64_t hundredths, uint32_t freq)
{
	int64_t most = PART_CUT_INF / 4 / (int64_t)(s->flow.n + s->flow.edges.len + 1);
	int64_t once = hundredths < 0 ? -hundredths : hundredths, all;

	if (once > most / (freq + 1))
		all = most;
	else
		all = once * freq;
	return hundredths < 0 ? -all : all;
}

/* True when R0 has one value, *r0, after an instruction. */
static bool result_after(const struct search *s, uint32_t pc, uint32_t *r0)
{
	const struct bpf_insn *insn = &s->vp.prog->insns[pc];
	const struct vp_reg *before = &vp_fact_at(&s->vp, 0, pc)->regs[0];
	bool sets = !ebpf_is_jump_class(insn) && insn->dst_reg == 0;

	if (ebpf_is_alu(insn) && sets && ebpf_op(insn) == BPF_MOV && !ebpf_src_is_reg(insn)) {
		*r0 = (uint32_t)insn->imm;
		return true;
	}
	*r0 = (uint32_t)before->var.value;
	return !sets && !ebpf_is_call(insn) && vp_is_const(before);
}

/* The benefit of ending on the device after instruction `pc`: what becomes of the packet. */
static int64_t end_gain(const struct search *s, uint32_t pc)
{
	uint32_t r0;

	if (!result_after(s, pc, &r0))
		return (cost(s, PART_COST_FINAL_PACKET) - cost(s, PART_COST_HANDOFF)) / 2;
	return (s->tc ? r0 != TC_ACT_SHOT : r0 == XDP_PASS) ? -cost(s, PART_COST_HANDOFF)
							    : cost(s, PART_COST_FINAL_PACKET);
}

static void count_sizes(struct search *s)
{
	const struct vprog *vp = &s->vp;

	s->size = ARENA_ARRAY(s->cx->arena, uint32_t, s->flow.n);
	for (size_t inst = 0; inst < vp->n_inst; inst++) {
		const struct fe_subprog *sub = &vp->prog->subprogs[vp->inst[inst].subprog];

		for (uint32_t pc = sub->start; pc < sub->end; pc++)
			if (vp_fact_at(vp, inst, pc)->seen && !part_second_slot(vp, pc))
				s->size[part_main_pc(vp, inst, pc)]++;
	}
}

static void weigh_nodes(struct search *s)
{
	int64_t *cycles = part_flow_cycles(s->cx, &s->flow, s->costs), per_packet;

	s->gain = ARENA_ARRAY(s->cx->arena, int64_t, s->flow.n);
	for (uint32_t pc = 0; pc < s->flow.n; pc++) {
		if (!part_seen(&s->vp, pc))
			continue;
		per_packet = cycles[pc] * (100 - cost(s, PART_COST_DEVICE));
		s->gain[pc] = benefit(s, per_packet, s->flow.freq[pc]);
		if (s->rng)
			s->gain[pc] = random_below(s, 30) - 8;
	}
}

/* The device's part of a split moves no packet ends: what the device grants there differs. */
static bool moves_packet(const struct bpf_insn *insn)
{
	return ebpf_is_call(insn) && insn->src_reg == EBPF_CALL_HELPER &&
	       (insn->imm == BPF_FUNC_xdp_adjust_head || insn->imm == BPF_FUNC_xdp_adjust_tail);
}

static void refuse(struct search *s, uint32_t pc)
{
	s->gain[pc] = -PART_CUT_INF;
}

static bool stays_on_host(const struct search *s, size_t inst, uint32_t pc)
{
	if (part_tc_exit_via_record(&s->vp, inst, pc))
		return false;
	return s->task->refused[pc] || moves_packet(&s->vp.prog->insns[pc]) ||
	       part_tc_needs_skb(&s->vp, inst, pc);
}

static void refuse_all(struct search *s)
{
	const struct vprog *vp = &s->vp;

	for (size_t inst = 0; inst < vp->n_inst; inst++) {
		const struct fe_subprog *sub = &vp->prog->subprogs[vp->inst[inst].subprog];

		for (uint32_t pc = sub->start; pc < sub->end; pc++)
			if (vp_fact_at(vp, inst, pc)->seen && !part_second_slot(vp, pc) &&
			    stays_on_host(s, inst, pc))
				refuse(s, part_main_pc(vp, inst, pc));
	}
}

/* What the device refuses stays refused. */
static void pin(void *priv, uint32_t pc, bool device)
{
	struct search *s = priv;

	if (!device)
		refuse(s, pc);
	else if (s->gain[pc] != -PART_CUT_INF)
		s->gain[pc] = PART_CUT_INF;
}

/* Something goes to the host, wherever: a program that the device could take whole is cut, too. */
static void refuse_one(struct search *s)
{
	uint32_t pc = (uint32_t)random_below(s, s->flow.n);

	while (pc && !part_seen(&s->vp, pc))
		pc--;
	refuse(s, pc ? pc : s->flow.n - 1);
}

/* Maps that only one side may have: all their users go together. */
struct tie_state {
	struct search *s;
	uint32_t *first; /* by map: instruction of main; UINT32_MAX: none yet */
};

static void tie_users(void *priv, uint32_t pc, size_t map)
{
	struct tie_state *t = priv;

	if (t->s->maps[map].loose)
		return;
	if (t->first[map] == UINT32_MAX)
		t->first[map] = pc;
	else if (t->first[map] != pc)
		*vec_push(&t->s->ties, t->s->cx->arena) =
			(struct part_cut_tie){ t->first[map], pc };
}

/* A counter's load and its store. */
static void tie_counters(struct search *s)
{
	for (uint32_t pc = 0; pc < s->flow.n; pc++)
		if (s->counters.role[pc] == PART_COUNTER_LOAD)
			*vec_push(&s->ties, s->cx->arena) =
				(struct part_cut_tie){ pc, s->counters.partner[pc] };
}

/* When some packets are the host's from the beginning, it needs all maps. */
static void keep_map(void *priv, uint32_t pc, size_t map)
{
	struct search *s = priv;

	if (!s->maps[map].loose)
		refuse(s, pc);
}

static void tie_maps(struct search *s)
{
	size_t n = s->vp.obj->n_maps + 1;
	struct tie_state t = { s, ARENA_ARRAY(s->cx->arena, uint32_t, n) };

	if (s->tagged)
		part_maps_each_use(&s->vp, keep_map, s);
	memset(t.first, 0xff, n * sizeof(*t.first));
	part_maps_each_use(&s->vp, tie_users, &t);
}

/* ---- tails ------------------------------------------------------------------------------------------- */

static bool is_simple(const struct bpf_insn *insn)
{
	return ebpf_is_alu(insn) || ebpf_is_ja(insn) ||
	       (ebpf_is_ld_imm64(insn) && insn->src_reg == EBPF_IMM_VALUE);
}

/* Where a simple instruction leads. */
static uint32_t only_way(const struct search *s, uint32_t pc)
{
	const struct bpf_insn *insn = &s->vp.prog->insns[pc];

	return ebpf_is_ja(insn) ? (uint32_t)ebpf_jump_target(insn, pc) : part_next(&s->vp, pc);
}

/* Exits, and a few simple instructions that lead to one: both sides may have them, so that a join
 * of all paths before the exit does not drag packets up that the device could end. */
static bool is_tail(const struct search *s, uint32_t pc)
{
	for (unsigned n = 0; n < MAX_TAIL; n++) {
		const struct bpf_insn *insn = &s->vp.prog->insns[pc];

		if (!part_seen(&s->vp, pc) || s->gain[pc] == -PART_CUT_INF ||
		    s->gain[pc] == PART_CUT_INF)
			return false;
		if (ebpf_is_exit(insn))
			return true;
		if (!is_simple(insn))
			return false;
		pc = only_way(s, pc);
	}
	return false;
}

static void find_tails(struct search *s)
{
	s->tail = ARENA_ARRAY(s->cx->arena, bool, s->flow.n);
	for (uint32_t pc = 1; pc < s->flow.n; pc++)
		s->tail[pc] = is_tail(s, pc);
	for (uint32_t pc = 1; pc < s->flow.n; pc++)
		if (s->tail[pc])
			s->gain[pc] = 0;
	for (size_t i = 0; i < s->flow.edges.len; i++) {
		const struct part_edge *e = &s->flow.edges.at[i];
		int64_t *gain = &s->gain[e->from];

		if (s->tail[e->to] && !s->tail[e->from] && *gain != -PART_CUT_INF &&
		    *gain != PART_CUT_INF)
			*gain += s->rng ? random_below(s, 20)
					: benefit(s, 100 * end_gain(s, e->from), e->freq);
	}
}

/* Tails that follow what is on the device are there, too. */
static void add_tails(const struct search *s, bool *on_device)
{
	for (unsigned n = 0; n < MAX_TAIL; n++)
		for (size_t i = 0; i < s->flow.edges.len; i++) {
			const struct part_edge *e = &s->flow.edges.at[i];

			if (on_device[e->from] && s->tail[e->to])
				on_device[e->to] = true;
		}
}

/* ---- the cut ----------------------------------------------------------------------------------------- */

static int64_t edge_cost(struct search *s, const struct part_edge *e)
{
	const struct part_live *live = &s->live[e->to];
	int64_t cycles = cost(s, PART_COST_HANDOFF);

	if (live->why_not || s->no_cut_here[e->to] || live->payload_bytes > s->max_payload)
		return PART_CUT_INF;
	for (uint32_t i = 0; i < live->n; i++)
		cycles += live->values[i].size ? cost(s, PART_COST_HANDOFF_VALUE) : 0;
	if (s->rng)
		return random_below(s, 12);
	return benefit(s, 100 * cycles, e->freq);
}

/* Whether anything is for the device. */
static bool choose(struct search *s, bool *on_device)
{
	struct part_cut_edge *edges =
		ARENA_ARRAY(s->cx->arena, struct part_cut_edge, s->flow.edges.len);
	struct part_cut cut = { .n = s->flow.n,
				.gain = s->gain,
				.edges = edges,
				.ties = s->ties.at,
				.n_ties = s->ties.len };
	struct arena mem;
	bool possible;

	for (size_t i = 0; i < s->flow.edges.len; i++) {
		const struct part_edge *e = &s->flow.edges.at[i];

		if (!s->tail[e->to])
			edges[cut.n_edges++] =
				(struct part_cut_edge){ e->from, e->to, edge_cost(s, e) };
	}
	arena_init(&mem);
	if (s->room == UINT64_MAX)
		s->benefit = part_cut_solve(&mem, &cut, on_device, &possible);
	else
		s->benefit = part_cut_limited(&mem, &cut, s->size, s->room, on_device, &possible);
	arena_reset(&mem);
	for (uint32_t pc = 0; pc < s->flow.n; pc++)
		on_device[pc] &= !s->tail[pc];
	add_tails(s, on_device);
	return possible && on_device[0];
}

/* ---- from a placement to two programs ------------------------------------------------------------------ */

/* Instructions that control may reach from the cuts as far as the host's verifier knows: what ours
 * proved on the way to the cuts (a branch never taken) may need more than the values handed over. */
static const bool *reached(struct search *s, const struct part_halves *halves, bool tagged)
{
	bool *mine = ARENA_ARRAY(s->cx->arena, bool, s->flow.n);
	VEC(uint32_t) todo = { 0 };

	for (uint32_t i = halves->tagged && !tagged; i < halves->n_cuts; i++)
		*vec_push(&todo, s->cx->arena) = halves->cuts[i].pc;
	while (todo.len) {
		uint32_t pc = todo.at[--todo.len];
		const struct bpf_insn *insn = &s->vp.prog->insns[pc];

		if (mine[pc])
			continue;
		mine[pc] = true;
		if (ebpf_is_ja(insn) || ebpf_is_cond_jump(insn))
			*vec_push(&todo, s->cx->arena) = (uint32_t)ebpf_jump_target(insn, pc);
		if (!ebpf_is_ja(insn) && !ebpf_is_exit(insn))
			*vec_push(&todo, s->cx->arena) = part_next(&s->vp, pc);
	}
	return mine;
}

static double share_of_device(const struct search *s, const struct part_halves *halves)
{
	double all = 0, device = 0;

	for (uint32_t pc = 0; pc < s->flow.n; pc++) {
		double share = part_node_share(&s->flow, pc);

		all += share;
		device += halves->on_device[pc] ? share : 0;
	}
	return all > 0 ? device / all : 0;
}

/* `like_kernel`: a kernel is to load it. */
static bool verifies(struct search *s, const struct fe_prog *prog, bool like_kernel,
		     struct vprog *vp)
{
	struct fe_verify_options opts = { .insn_limit = HALF_LIMIT,
					  .budget = s->task->budget,
					  .like_kernel = like_kernel };
	struct cx quiet = *s->cx;

	diags_init(&s->said, s->cx->arena);
	quiet.diags = &s->said;
	return fe_verify(&quiet, s->vp.obj, prog, &opts, vp);
}

static bool too_complex(const struct search *s)
{
	const struct diags *d = &s->said;

	for (size_t i = 0; i < d->list.len; i++)
		if (d->list.at[i].reason == REASON_TOO_COMPLEX)
			return true;
	return false;
}

static int64_t rejected_at(const struct search *s)
{
	const struct diags *d = &s->said;

	for (size_t i = 0; i < d->list.len; i++)
		if (d->list.at[i].severity == DIAG_ERROR)
			return d->list.at[i].at.insn;
	return -1;
}

/* ---- the host's half ------------------------------------------------------------------------------------- */

static bool host_holds(struct search *s, struct part_halves *halves)
{
	halves->on_host = reached(s, halves, true);
	return part_make_host(s->cx, &s->vp, halves) &&
	       verifies(s, &halves->host, true, &halves->host_vp) &&
	       (!s->tc || verifies(s, &halves->xdp_stub, true, &halves->xdp_stub_vp));
}

/* Facts are joined over paths: one by one, cuts show which of them lose too much by that. */
static bool forbid_bad_cuts(struct search *s, const struct part_halves *halves)
{
	bool found = false;

	for (uint32_t i = 0; i < halves->n_cuts; i++) {
		struct part_halves one = *halves;

		one.cuts = &halves->cuts[i];
		one.n_cuts = 1;
		if (host_holds(s, &one))
			continue;
		s->no_cut_here[halves->cuts[i].pc] = true;
		found = true;
	}
	return found;
}

/* ---- the device's half ----------------------------------------------------------------------------------- */

/* The cut whose packing holds instruction `at` of the device's half. */
static bool forbid_cut_at(struct search *s, const struct part_halves *halves, int64_t at)
{
	for (uint32_t i = halves->n_cuts; i-- > 0;)
		if (at >= halves->cuts[i].device_at) {
			s->no_cut_here[halves->cuts[i].pc] = true;
			return true;
		}
	return false;
}

/* What the device refuses of its half it refused less of the whole program: remembered. */
static bool refuse_as_told(struct search *s, const struct part_halves *halves,
			   const struct split *dev)
{
	bool found = false;

	for (size_t i = 0; i < dev->n_reasons; i++) {
		uint32_t at = dev->reasons[i].insn, pc;

		if (at == PART_WHOLE || dev->reasons[i].inst != 0)
			continue;
		pc = halves->device_origin[at];
		if (pc < s->flow.n) {
			refuse(s, pc);
			found = true;
		} else {
			found |= forbid_cut_at(s, halves, at);
		}
	}
	if (!found && dev->n_reasons)
		s->split->no_split_reason = dev->reasons[0].text;
	return found;
}

#define LEAST_ROOM 8u /* instructions: less is not worth a half */

/* What is too long for the device: the next choice has three quarters of its instructions at most. */
static bool shrink(struct search *s, const struct part_halves *halves, const struct split *dev)
{
	uint64_t size = 0;

	for (uint32_t pc = 0; pc < s->flow.n; pc++)
		size += halves->on_device[pc] ? s->size[pc] : 0;
	s->room = (size < s->room ? size : s->room) * 3 / 4;
	s->split->no_split_reason = dev->reasons[0].text;
	return s->room >= LEAST_ROOM;
}

enum outcome { HOLDS, TRY_AGAIN, GIVE_UP };

static enum outcome make_device(struct search *s, struct part_halves *halves, struct split *dev,
				struct offload_prog *state)
{
	const struct part_task *t = s->task;

	if (!part_make_device(s->cx, &s->vp, halves)) {
		s->split->no_split_reason = "the device's half needs more stack than there is";
		return GIVE_UP;
	}
	if (!verifies(s, &halves->device, false, &halves->device_vp)) {
		s->split->no_split_reason = "the device's half does not verify";
		return forbid_cut_at(s, halves, rejected_at(s)) ? TRY_AGAIN : GIVE_UP;
	}
	if (!part_offload_whole(s->cx, &halves->device_vp, t->ops, t->target, t->opts, dev, state))
		return GIVE_UP;
	if (dev->placement == PART_ALL_DEVICE)
		return HOLDS;
	if (dev->exceeds_device)
		return shrink(s, halves, dev) ? TRY_AGAIN : GIVE_UP;
	return refuse_as_told(s, halves, dev) ? TRY_AGAIN : GIVE_UP;
}

/* ---- the search -------------------------------------------------------------------------------------------- */

static enum outcome attempt(struct search *s, struct part_halves *halves, struct split *dev,
			    struct offload_prog *state)
{
	bool *on_device = ARENA_ARRAY(s->cx->arena, bool, s->flow.n);
	const char *why_not;

	*halves = (struct part_halves){ .on_device = on_device };
	if (!choose(s, on_device)) {
		if (!s->split->no_split_reason)
			s->split->no_split_reason = "no split is worth its hand-off";
		return GIVE_UP;
	}
	for (uint32_t pc = 0; pc < s->flow.n; pc++)
		on_device[pc] &= part_seen(&s->vp, pc);
	halves->maps = s->maps;
	part_maps_settle(&s->vp, on_device, s->tagged, s->maps);
	halves->tagged = s->tagged;
	if (!part_collect_cut_points(s->cx, &s->flow, s->live, s->min_payload, halves))
		return GIVE_UP;
	if (!host_holds(s, halves)) {
		if (too_complex(s)) { /* one cut by one it would take minutes to find another */
			s->split->no_split_reason = "verifying the host half takes too many steps";
			return GIVE_UP;
		}
		s->split->no_split_reason = "no host half verifies";
		return forbid_bad_cuts(s, halves) ? TRY_AGAIN : GIVE_UP;
	}
	why_not = part_object_unsupported(s->vp.obj, &halves->host);
	if (why_not) {
		s->split->no_split_reason = why_not;
		return GIVE_UP;
	}
	return make_device(s, halves, dev, state);
}

/* What a cut that does not hold has taken is given back; of it only the sentence stays. */
static enum outcome try_cut(struct search *s, struct part_halves *halves, struct split *dev,
			    struct offload_prog *state)
{
	struct cx *outer = s->cx, own = *outer;
	enum outcome outcome;
	struct arena mem;

	arena_init(&mem);
	own.arena = &mem;
	s->cx = &own;
	outcome = attempt(s, halves, dev, state);
	s->cx = outer;
	if (outcome == HOLDS) {
		arena_move(outer->arena, &mem);
		state->cx = outer;
	} else if (s->split->no_split_reason) {
		s->split->no_split_reason = arena_strdup(outer->arena, s->split->no_split_reason);
	}
	arena_reset(&mem);
	return outcome;
}

/* Device, host, or (a tail, a subprogram that both call) both. */
static void mark_places(struct search *s, const struct part_halves *halves, enum part_place *place)
{
	const struct vprog *vp = &s->vp;
	const bool *on_host = reached(s, halves, false); /* tagged frames would mark all */
	bool *host = ARENA_ARRAY(s->cx->arena, bool, vp->prog->n_insns);
	bool *device = ARENA_ARRAY(s->cx->arena, bool, vp->prog->n_insns);

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

static bool was_said(const struct diags *d, enum reason r, const char *prog)
{
	for (size_t i = 0; i < d->list.len; i++)
		if (d->list.at[i].reason == r && !strcmp(d->list.at[i].at.prog, prog))
			return true;
	return false;
}

/* A program that cannot be run is placed by guesses; a user is told once, whatever its shapes. */
static void measure(struct search *s)
{
	const struct part_profiler *profiler = s->task->opts->profiler;
	struct diag_at at = fe_prog_at(s->vp.obj, s->vp.prog, -1);
	const char *why = profiler ? part_flow_measure(s->cx, &s->flow, profiler) : NULL;

	if (why && !was_said(s->cx->diags, REASON_PROFILE_UNUSED, at.prog))
		diag_warn(s->cx->diags, &at, REASON_PROFILE_UNUSED, why);
}

static void start(struct search *s)
{
	s->vp = *s->task->vp;
	part_flow_build(s->cx, &s->vp, &s->flow);
	part_flow_guess(s->cx, &s->flow);
	measure(s);
	s->counters = part_counters_find(s->cx, &s->vp);
	s->maps = part_maps_survey(s->cx, &s->vp, &s->counters);
	s->no_cut_here = ARENA_ARRAY(s->cx->arena, bool, s->flow.n);
	s->live = ARENA_ARRAY(s->cx->arena, struct part_live, s->flow.n);
	for (uint32_t pc = 0; pc < s->flow.n; pc++)
		if (part_seen(&s->vp, pc))
			part_live_at(s->cx, &s->vp, pc, &s->live[pc]);
	weigh_nodes(s);
	count_sizes(s);
	refuse_all(s);
	part_pins_each(&s->vp, s->task->pins, pin, s);
	if (s->rng)
		refuse_one(s);
	find_tails(s);
	tie_maps(s);
	tie_counters(s);
}

/* The record tells what the device cannot: why it refuses those exits is of no interest now. */
static void forget_exits(struct search *s, const struct part_halves *halves)
{
	struct split *split = s->split;
	struct part_reason *kept =
		ARENA_ARRAY(s->cx->arena, struct part_reason, split->n_reasons + 1);
	size_t n = 0;

	for (size_t i = 0; i < split->n_reasons; i++) {
		const struct part_reason *r = &split->reasons[i];
		bool main = r->insn < s->flow.n && r->inst == 0;

		if (!main || !halves->on_device[r->insn] ||
		    !part_tc_exit_via_record(&s->vp, 0, r->insn))
			kept[n++] = *r;
	}
	split->reasons = kept;
	split->n_reasons = n;
}

static void accept(struct search *s, const struct part_halves *halves, const struct split *dev)
{
	struct split *split = s->split;

	split->halves = arena_dup(s->cx->arena, halves, sizeof(*halves));
	split->halves->device_share = share_of_device(s, halves);
	split->halves->measured = s->flow.counts.packets;
	split->halves->benefit = s->benefit;
	split->halves->of = arena_dup(s->cx->arena, &s->vp, sizeof(s->vp));
	split->placement = PART_SPLIT;
	split->maps = halves->maps;
	part_maps_explain(s->cx, &s->vp, split->maps);
	split->image = dev->image;
	split->no_split_reason = NULL;
	mark_places(s, halves, split->place);
	forget_exits(s, halves);
}

/* Bytes of live values that a record may and must have room for; false: there is none. */
static bool set_payload(struct search *s, uint32_t room)
{
	uint32_t most = s->task->opts->max_handoff;

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

void part_split(const struct part_task *task, uint32_t room, struct split *split,
		struct offload_prog *state)
{
	struct search s = { .task = task, .cx = task->cx, .split = split, .room = UINT64_MAX };
	enum outcome outcome = TRY_AGAIN;
	struct offload_prog dev_state;
	struct part_halves *halves = ARENA_NEW(task->cx->arena, struct part_halves);
	struct split dev;

	split->no_split_reason = part_unsplittable(task->vp);
	if (split->no_split_reason)
		return;
	s.tc = part_is_tc(task->vp->prog);
	s.tagged = s.tc && !task->opts->untagged;
	s.rng = task->opts->cut_seed;
	if (!set_payload(&s, room)) {
		split->no_split_reason = "the device has no room for a hand-off record";
		return;
	}
	s.costs = task->opts->costs ? task->opts->costs : &part_costs_default;
	start(&s);
	for (unsigned i = 0; outcome == TRY_AGAIN && i < MAX_TRIES; i++)
		outcome = try_cut(&s, halves, &dev, &dev_state);
	if (outcome != HOLDS)
		return;
	dev_state.vp = &split->vp[0]; /* facts of the program that the user knows */
	*state = dev_state;
	accept(&s, halves, &dev);
}
