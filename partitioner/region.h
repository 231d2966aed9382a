#ifndef PARTITIONER_REGION_H
#define PARTITIONER_REGION_H

#include "frontend/vprog.h"

/* The main program as a graph of its instructions (nodes are instruction indices). What it calls
 * counts for the calling instruction: subprograms run whole on one side. */

struct part_edge {
	uint32_t from, to;
	uint32_t freq; /* PART_FREQ_ONE: once a packet */
};

#define PART_FREQ_ONE 65536u

struct part_region {
	const struct vprog *vp;
	uint32_t n;
	VEC(struct part_edge) edges; /* sorted by from */
	uint32_t *freq;              /* by instruction */
};

/* region.c: seen instructions and the ways between them that some packet may take. */
void part_region_build(struct cx *cx, const struct vprog *vp, struct part_region *r);
/* freq.c: fills in both freq, from what branches usually do. */
void part_region_guess(struct cx *cx, struct part_region *r);

/* Second slot of a LD_IMM64. */
static inline bool part_second_slot(const struct vprog *vp, uint32_t pc)
{
	return pc > 0 && ebpf_is_ld_imm64(&vp->prog->insns[pc - 1]);
}

static inline bool part_seen(const struct vprog *vp, uint32_t pc)
{
	return vp_fact_at(vp, 0, pc)->seen && !part_second_slot(vp, pc);
}

static inline uint32_t part_next(const struct vprog *vp, uint32_t pc)
{
	return pc + (ebpf_is_ld_imm64(&vp->prog->insns[pc]) ? 2 : 1);
}

/* The instruction of main on whose behalf an instance runs. */
uint32_t part_main_pc(const struct vprog *vp, size_t inst, uint32_t pc);

/* cost.c: host cycles of one instruction of main with all that it calls, and their sum over what
 * is called. */
int64_t *part_region_cycles(struct cx *cx, const struct part_region *r);

enum part_cost {
#define COST(id, cycles, what) PART_COST_##id,
#include "partitioner/cost.def"
#undef COST
	PART_N_COSTS
};
int64_t part_cost(enum part_cost c);

#endif
