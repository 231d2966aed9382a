/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_PASSES_INTERFERE_H
#define NFP_BACKEND_PASSES_INTERFERE_H

#include "nfp_backend/firmware/calling_convention.h"
#include "nfp_backend/mir/liveness.h"

/* Which GPR virtual registers may not share a hardware register (interfere.c).
 *
 * Two registers interfere when one is written while the other is live, unless the write is a copy
 * of the other. `fixed` holds the hardware registers that are in use, or clobbered by a helper,
 * somewhere in a register's life. Banks are not considered. */

struct nfp_node {
	VEC(uint32_t) adj;
	nfp_regset fixed;
	uint64_t weight; /* occurrences x frequency */
	uint32_t length; /* instructions during which it is live */
	bool used;
};

struct nfp_interference {
	struct nfp_node *nodes; /* by vreg */
	size_t n;
	/* set of pairs: open addressing */
	uint64_t *pairs;
	size_t n_pairs, cap_pairs; /* cap: power of two */
	struct cx *cx;
};

void nfp_interference_build(const struct nfp_func *fn, struct cx *cx, struct nfp_interference *ig);
bool nfp_interferes(const struct nfp_interference *ig, uint32_t a, uint32_t b);
void nfp_interference_add(struct nfp_interference *ig, uint32_t a, uint32_t b);

/* Renumbers virtual registers so that unused ones are gone. */
void nfp_compact_vregs(struct nfp_func *fn, struct cx *cx);

#endif
