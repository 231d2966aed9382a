/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_FLOW_H
#define PARTITIONER_FLOW_H

#include "frontend/vprog.h"
#include "partitioner/cost.h"
#include "partitioner/profile.h"

/* The main program as a graph of its instructions (nodes are instruction indices). What it calls
 * counts for the calling instruction: subprograms run whole on one side. */

struct part_edge {
	uint32_t from, to;
	uint32_t freq;  /* PART_FREQ_ONE: once a packet */
	uint64_t count; /* with a profile: how often it was taken */
};

#define PART_FREQ_ONE 65536u

struct part_flow {
	const struct vprog *vp;
	uint32_t n;
	VEC(struct part_edge) edges; /* sorted by from */
	uint32_t *freq;              /* by instruction */
	struct part_counts counts;   /* of all instructions; packets 0: nothing was measured */
};

/* flow.c: seen instructions and the edges between them that some packet may take. */
void part_flow_build(struct cx *cx, const struct vprog *vp, struct part_flow *r);
/* freq.c: fills in both freq, estimated from branch heuristics. */
void part_flow_guess(struct cx *cx, struct part_flow *r);
/* Replaces an estimate by the profiler's counts. The estimate keeps the weight of one
 * packet, so that a direction that no packet of the profile took is not impossible. Returns NULL, or why
 * the estimate stays. */
const char *part_flow_measure(struct cx *cx, struct part_flow *r,
			      const struct part_profiler *profiler);
/* Of all packets, the part that goes along an edge, or comes to an instruction: measured, or guessed. */
double part_edge_share(const struct part_flow *r, const struct part_edge *e);
double part_node_share(const struct part_flow *r, uint32_t pc);

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

/* A conditional jump whose two ways are one. */
static inline bool part_is_empty_jump(const struct vprog *vp, uint32_t pc)
{
	return ebpf_jump_target(&vp->prog->insns[pc], pc) == (int64_t)part_next(vp, pc);
}

/* The instruction of main on whose behalf an instance runs. */
uint32_t part_main_pc(const struct vprog *vp, size_t inst, uint32_t pc);

/* cost.c: host cycles of one instruction of main with all that it calls, and their sum over what
 * is called. */
int64_t *part_flow_cycles(struct cx *cx, const struct part_flow *r, const struct part_costs *costs);

#endif
