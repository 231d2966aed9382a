/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_INTERP_H
#define SIM_INTERP_H

#include "frontend/object.h"

/* Reference interpreter of eBPF, ISA v1 to v4 (RFC 9669): one C statement an instruction, no
 * translation, no knowledge of the verifier's proofs. It is slow and meant to be read; the other
 * host sides (sim/host/engines/x86_jit.h, captured images, the running kernel) are held against it.
 *
 * The world around the program is behind callbacks, so that the same code serves the comparison
 * (sim/host.h) and tests that look at registers between instructions. */

/* bpf_for_each_map_elem in steps: START has its arguments; NEXT answers with the address of the next value, 0: no
 * more, KEY with that of its key; END with the helper's result. */
enum sim_each_step {
	SIM_EACH_START = 0x1100,
	SIM_EACH_NEXT,
	SIM_EACH_KEY,
	SIM_EACH_END,
};

/* A tail call from a function keeps the frames of its callers, and the target may call as deep again: 33 times. */
#define SIM_INTERP_FRAMES ((33 + 1) * EBPF_MAX_FRAMES)
#define SIM_INTERP_STACK  (SIM_INTERP_FRAMES * EBPF_MAX_STACK)

struct sim_interp_state {
	const struct fe_prog *prog; /* changes with a tail call */
	uint32_t pc;                /* instruction about to run */
	uint32_t depth;             /* calls that have not returned; callbacks count */
	const uint64_t *regs;       /* R0..R10 */
};

struct sim_interp_env {
	void *priv;
	uint64_t stack;     /* address of SIM_INTERP_STACK bytes that `memory` knows */
	uint64_t steps_max; /* instructions before a run counts as endless */

	/* Host memory behind [addr, addr + size); NULL: not accessible (the run ends as faulty). */
	void *(*memory)(void *priv, uint64_t addr, uint32_t size, bool write);
	/* A helper other than tail_call, loop and for_each_map_elem, or a step of that: R1..R5 in, R0 out. */
	uint64_t (*helper)(void *priv, uint32_t id, const uint64_t args[5]);
	/* Number that `helper` knows a kernel function by; 0: it does not. May be NULL. */
	uint32_t (*kfunc)(void *priv, int32_t ext);
	/* Value of a map reference; for `value` the address of element 0's value, 0: none. */
	uint64_t (*map)(void *priv, size_t map, bool value);
	/* LD_ABS and LD_IND: false when the bytes are not in the packet. */
	bool (*packet_load)(void *priv, int32_t off, uint32_t bytes, uint64_t *value);
	/* Target of a tail call; NULL: the element is empty and the program continues. May be NULL. */
	const struct fe_prog *(*tail_target)(void *priv, uint64_t map, uint32_t index);
	/* Called when a loop goes round once more; false ends the run. May be NULL. */
	bool (*round)(void *priv);
	/* Called before every instruction; false ends the run. May be NULL. */
	bool (*step)(void *priv, const struct sim_interp_state *s);
	/* True when a callback has found something wrong: the run ends there. May be NULL. */
	bool (*stopped)(void *priv);
};

struct sim_interp_result {
	uint64_t r0;
	const char *fault; /* static text; NULL: the program ended by itself */
	uint32_t fault_pc;
	uint64_t fault_addr; /* of an access to no memory */
};

/* Runs `prog` with R1 = ctx. Accepts any instructions: an illegal one ends the run with a fault. */
void sim_interp_run(const struct sim_interp_env *env, const struct fe_prog *prog, uint64_t ctx,
		    struct sim_interp_result *res);

#endif
