/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/flow.h"

static enum part_cost helper_cost(int32_t id)
{
	switch (id) {
	case BPF_FUNC_map_lookup_elem: return PART_COST_MAP_LOOKUP;
	case BPF_FUNC_map_update_elem:
	case BPF_FUNC_map_delete_elem: return PART_COST_MAP_UPDATE;
	case BPF_FUNC_perf_event_output: return PART_COST_PERF_EVENT;
	default: return PART_COST_HELPER;
	}
}

static enum part_cost cost_of(const struct bpf_insn *insn)
{
	uint8_t op = ebpf_op(insn);

	switch (ebpf_class(insn)) {
	case BPF_ALU:
	case BPF_ALU64: return op == BPF_DIV || op == BPF_MOD ? PART_COST_DIV : PART_COST_ALU;
	case BPF_LDX: return PART_COST_LOAD;
	case BPF_ST: return PART_COST_STORE;
	case BPF_STX: return ebpf_mode(insn) == BPF_ATOMIC ? PART_COST_ATOMIC : PART_COST_STORE;
	case BPF_LD: return ebpf_is_ld_imm64(insn) ? PART_COST_ALU : PART_COST_LOAD;
	default: break;
	}
	if (!ebpf_is_call(insn))
		return PART_COST_JUMP;
	return insn->src_reg == EBPF_CALL_HELPER ? helper_cost(insn->imm) : PART_COST_CALL;
}

/* A subprogram's instructions have the frequencies of the profile, averaged over
 * its calls; without a profile, 1 each. */
static double ratio(const struct part_flow *r, uint32_t pc, uint32_t to)
{
	const uint64_t *runs = r->counts.runs;

	return r->counts.packets && runs[to] ? (double)runs[pc] / (double)runs[to] : 1;
}

static uint32_t start_of(const struct vprog *vp, size_t inst)
{
	return vp->prog->subprogs[vp->inst[inst].subprog].start;
}

/* How often an instruction runs when its instance does so once. */
static double times_within(const struct part_flow *r, size_t inst, uint32_t pc)
{
	return inst ? ratio(r, pc, start_of(r->vp, inst)) : 1;
}

/* How often each instance runs when the instruction of main on whose behalf it does runs once. */
static double *times_called(struct cx *cx, const struct part_flow *r)
{
	const struct vprog *vp = r->vp;
	double *times = ARENA_ARRAY(cx->scratch, double, vp->n_inst);

	times[0] = 1;
	for (size_t i = 1; i < vp->n_inst; i++) { /* callers come before those they call */
		uint32_t call_pc = vp->inst[i].call_pc;
		const struct bpf_insn *call = &vp->prog->insns[call_pc];
		size_t parent = vp->inst[i].parent < 0 ? 0 : (size_t)vp->inst[i].parent;

		times[i] = times[parent] * times_within(r, parent, call_pc);
		if (call->src_reg == EBPF_CALL_HELPER) /* a callback, which a helper repeats */
			times[i] *= ratio(r, start_of(vp, i), call_pc);
	}
	return times;
}

#define CYCLES_MAX 1e9 /* of one instruction of main: callbacks may loop for long */

int64_t *part_flow_cycles(struct cx *cx, const struct part_flow *r, const struct part_costs *costs)
{
	const struct vprog *vp = r->vp;
	int64_t *cycles = ARENA_ARRAY(cx->arena, int64_t, r->n);
	double *sum = ARENA_ARRAY(cx->scratch, double, r->n);
	const double *times = times_called(cx, r);

	for (size_t inst = 0; inst < vp->n_inst; inst++) {
		const struct fe_subprog *sub = &vp->prog->subprogs[vp->inst[inst].subprog];

		for (uint32_t pc = sub->start; pc < sub->end; pc++)
			if (vp_fact_at(vp, inst, pc)->seen && !part_second_slot(vp, pc))
				sum[part_main_pc(vp, inst, pc)] +=
					times[inst] * times_within(r, inst, pc) *
					(double)costs->of[cost_of(&vp->prog->insns[pc])];
	}
	for (uint32_t pc = 0; pc < r->n; pc++)
		cycles[pc] = (int64_t)(sum[pc] < CYCLES_MAX ? sum[pc] : CYCLES_MAX);
	return cycles;
}
