#include "partitioner/region.h"

static const int64_t costs[PART_N_COSTS] = {
#define COST(id, cycles, what) [PART_COST_##id] = cycles,
#include "partitioner/cost.def"
#undef COST
};

int64_t part_cost(enum part_cost c)
{
	return costs[c];
}

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

/* A subprogram's instructions count once each, for want of better. */
int64_t *part_region_cycles(struct cx *cx, const struct part_region *r)
{
	const struct vprog *vp = r->vp;
	int64_t *cycles = ARENA_ARRAY(cx->arena, int64_t, r->n);

	for (size_t inst = 0; inst < vp->n_inst; inst++) {
		const struct fe_subprog *sub = &vp->prog->subprogs[vp->inst[inst].subprog];

		for (uint32_t pc = sub->start; pc < sub->end; pc++)
			if (vp_fact_at(vp, inst, pc)->seen && !part_second_slot(vp, pc))
				cycles[part_main_pc(vp, inst, pc)] +=
					costs[cost_of(&vp->prog->insns[pc])];
	}
	return cycles;
}
