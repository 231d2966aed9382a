/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CLI_OUTPUT_DIVERGENCE_H
#define TOOLS_CLI_OUTPUT_DIVERGENCE_H

#include "base/cx.h"
#include "base/vec.h"
#include "offload/inspect.h"

/* Where the device's way through a program leaves the host's, for one packet: the first instruction that
 * the device runs and the interpreter never reached. Optimised code may run an instruction early whose
 * block is then not taken, so this is a hint for a person. */
struct divergence {
	const struct fe_prog *prog;
	const struct nfp_ucode *code;
	bool *host;          /* per eBPF instruction: reached */
	VEC(int32_t) device; /* eBPF instructions in the order in which their code ran */
	struct arena *arena;
};

void divergence_start(struct divergence *d, struct arena *arena, const struct fe_prog *prog,
		      const struct nfp_ucode *code);
/* For struct sim_diff_options. */
void divergence_host_step(void *priv, uint32_t bpf_pc);
void divergence_device_step(void *priv, uint32_t word_idx);
/* One or two lines for a person. */
const char *divergence_text(const struct divergence *d);

#endif
