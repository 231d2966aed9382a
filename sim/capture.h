/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_CAPTURE_H
#define SIM_CAPTURE_H

#include "sim/captured.h"
#include "sim/host/kernel_prog.h"

/* The running kernel's machine code of a loaded program, with its dependencies. */

/* Returns NULL, or why it failed. Everything in `img` is in the context's arena. */
const char *sim_capture(struct cx *cx, const struct fe_object *obj, const struct fe_prog *prog,
			const struct sim_kernel_prog *k, struct sim_captured *img);

/* ---- capture_code.c: reading the code ---------------------------------------------------------- */

struct sim_capture {
	struct cx *cx;
	const struct fe_object *obj;
	const struct bpf_insn *xlated; /* all functions, in the code's order */
	size_t n_xlated;
	const uint32_t *map_ids; /* per map of the object; 0: not used */
	struct sim_captured_func *funcs;
	size_t n_funcs;
	uint64_t call_base; /* address that calls in `xlated` are relative to */

	VEC(struct sim_captured_reloc) relocs;
	VEC(struct sim_captured_symbol) percpu;
	VEC(uint64_t) calls;  /* addresses that are certainly called */
	VEC(uint64_t) thunks; /* possible jump targets; most of them are not */
};

/* Fills the lists. Returns NULL, or why the code cannot be captured. */
const char *sim_capture_code(struct sim_capture *c);

#endif
