/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_MIR_LIVENESS_H
#define NFP_BACKEND_MIR_LIVENESS_H

#include "nfp_backend/mir/mir_ops.h"

/* Liveness of virtual registers at block borders: bit v of in[b] / out[b]. */
struct nfp_liveness {
	uint32_t words;     /* 32-bit words a set */
	uint32_t *in, *out; /* n_blocks * words */
};
void nfp_liveness(const struct nfp_func *fn, struct cx *cx, struct nfp_liveness *live);

/* Walking a block backwards with the set of live registers:
 *
 *   nfp_live_at_end(fn, &live, b, set);
 *   for (i = n; i-- > 0;) {
 *           ... set holds what is live behind instruction i on the way that does not branch ...
 *           nfp_live_step(fn, &live, b, &insns[i], set);
 *   }
 */

static inline void nfp_set_add(uint32_t *set, uint32_t i)
{
	set[i / 32] |= 1u << i % 32;
}

static inline void nfp_set_remove(uint32_t *set, uint32_t i)
{
	set[i / 32] &= ~(1u << i % 32);
}

static inline bool nfp_set_has(const uint32_t *set, uint32_t i)
{
	return (set[i / 32] >> i % 32 & 1) != 0;
}

/* Adds what is live along the edge from -> to, PHI operands included. */
void nfp_live_edge(const struct nfp_func *fn, const struct nfp_liveness *live, uint32_t from,
		   uint32_t to, uint32_t *set);
/* Live behind the last instruction by falling through (nothing, if the block has an end). */
void nfp_live_at_end(const struct nfp_func *fn, const struct nfp_liveness *live, uint32_t b,
		     uint32_t *set);
void nfp_live_step(const struct nfp_func *fn, const struct nfp_liveness *live, uint32_t b,
		   const struct nfp_mi *mi, uint32_t *set);

#endif
