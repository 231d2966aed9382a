/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CLI_OUTPUT_TRACE_H
#define TOOLS_CLI_OUTPUT_TRACE_H

#include "offload/inspect.h"
#include "sim/me.h"

/* run --trace: every executed instruction with its changes, one line each, on standard output. */
struct tool_trace {
	const struct nfp_image *img;
	int32_t bpf_pc; /* of the line printed last */
};

void tool_trace_start(struct tool_trace *t, struct sim_me *me, const struct nfp_image *img);
void tool_trace_packet(struct tool_trace *t, uint64_t number, uint32_t len);

#endif
