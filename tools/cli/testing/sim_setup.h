/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CLI_TESTING_SIM_SETUP_H
#define TOOLS_CLI_TESTING_SIM_SETUP_H

#include "base/cx.h"
#include "offload/inspect.h"
#include "sim/maps.h"
#include "sim/me.h"

/* An image loaded into a simulated microengine, with empty maps: for run and bench. */
struct tool_device {
	struct sim_maps *maps;
	struct sim_me *me;
	uint64_t *words;
	size_t n_words;
};

/* `timing` NULL: the default; `max_insns` a packet, 0: the simulator's own limit. False: reported. Free in either case. */
bool tool_device_load(struct cx *cx, const struct nfp_image *img, const struct nfp_firmware *fw,
		      const struct sim_timing *timing, uint64_t max_insns, struct tool_device *dev);
void tool_device_free(struct tool_device *dev);

#endif
