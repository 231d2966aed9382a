/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_MIR_INTERP_H
#define TESTS_MIR_INTERP_H

#include "nfp_backend/mir.h"
#include "sim/maps.h"

/* Runs machine IR as it stands out of instruction selection (SSA), by the meanings that mir.h and
 * the reference give its instructions: what compiled words are compared with. */

struct interp_result {
	uint8_t byte;      /* how the program left */
	const char *stuck; /* NULL: it ran; else what the interpreter cannot do */
};

/* `pkt` is changed in place. `maps` holds the one map that the program may use; NULL: none. */
struct interp_result interp_run(const struct nfp_func *fn, struct sim_maps *maps, uint8_t *pkt,
				uint32_t len);

#endif
