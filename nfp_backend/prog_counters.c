/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/prog.h"

#include "partitioner/counters.h"
#include "partitioner/map_placement.h"

/* `*v += x` on a map that is only a counter: the load gives 0, so that the stored value is x, and the
 * store adds atomically. No engine loses the additions of another one, as on a host with one value per CPU,
 * and no engine waits for a load. The verifier's facts stay true: 0 is a possible value of the load. */

uint32_t nfp_map_type(const struct nfp_prog *np, size_t map)
{
	uint32_t type = np->vp->obj->maps[map].type;

	if (!np->maps[map].only_counts)
		return type;
	switch (type) {
	case BPF_MAP_TYPE_PERCPU_ARRAY: return BPF_MAP_TYPE_ARRAY;
	case BPF_MAP_TYPE_PERCPU_HASH: return BPF_MAP_TYPE_HASH;
	default: return type;
	}
}

/* In every instance the load is of a map that only counts. */
static bool is_wanted(const struct nfp_prog *np, uint32_t pc)
{
	for (size_t i = 0; i < np->vp->n_inst; i++) {
		const struct fe_subprog *sub = &np->vp->prog->subprogs[np->vp->inst[i].subprog];
		const struct vp_fact *f;

		if (pc < sub->start || pc >= sub->end)
			continue;
		f = vp_fact_at(np->vp, i, pc);
		if (f->seen && !np->maps[f->regs[np->insns[pc].insn.src_reg].object].only_counts)
			return false;
	}
	return true;
}

void nfp_prog_use_counters(struct nfp_prog *np, struct cx *cx)
{
	struct part_counters c = part_counters_find(cx, np->vp);
	const struct part_map *maps = part_maps_survey(cx, np->vp, &c);

	for (size_t i = 0; i < np->vp->obj->n_maps; i++)
		np->maps[i].only_counts = part_map_only_counts(&maps[i]);
	for (uint32_t pc = 0; pc < np->n_insns; pc++) {
		struct bpf_insn *load = &np->insns[pc].insn, *store;

		if (c.role[pc] != PART_COUNTER_LOAD || !is_wanted(np, pc))
			continue;
		store = &np->insns[c.partner[pc]].insn;
		*store = (struct bpf_insn){ .code = (uint8_t)(BPF_STX | BPF_ATOMIC |
							      (store->code & 0x18)),
					    .dst_reg = store->dst_reg,
					    .src_reg = store->src_reg,
					    .off = store->off,
					    .imm = BPF_ADD };
		*load = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K,
					   .dst_reg = load->dst_reg };
	}
}
