/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_VERIFIER_DOMAIN_TNUM_H
#define FRONTEND_VERIFIER_DOMAIN_TNUM_H

#include "frontend/vprog.h"

/* Arithmetic on partly known numbers ("tristate numbers", Vishwanathan et al., CGO 2022). Where
 * mask has a 0 the bit equals value's; where it has a 1 the bit is unknown and value has a 0.
 * Every result covers all results of the operands' concrete values. */

#define FE_TNUM_UNKNOWN ((struct vp_tnum){ 0, UINT64_MAX })

static inline struct vp_tnum fe_tnum_const(uint64_t v)
{
	return (struct vp_tnum){ v, 0 };
}

static inline bool fe_tnum_is_const(struct vp_tnum a)
{
	return !a.mask;
}

static inline bool fe_tnum_equal(struct vp_tnum a, struct vp_tnum b)
{
	return a.value == b.value && a.mask == b.mask;
}

/* Smallest tnum that covers every number of [min, max]. */
struct vp_tnum fe_tnum_range(uint64_t min, uint64_t max);
struct vp_tnum fe_tnum_add(struct vp_tnum a, struct vp_tnum b);
struct vp_tnum fe_tnum_sub(struct vp_tnum a, struct vp_tnum b);
struct vp_tnum fe_tnum_mul(struct vp_tnum a, struct vp_tnum b);
struct vp_tnum fe_tnum_and(struct vp_tnum a, struct vp_tnum b);
struct vp_tnum fe_tnum_or(struct vp_tnum a, struct vp_tnum b);
struct vp_tnum fe_tnum_xor(struct vp_tnum a, struct vp_tnum b);
struct vp_tnum fe_tnum_lsh(struct vp_tnum a, unsigned shift);
struct vp_tnum fe_tnum_rsh(struct vp_tnum a, unsigned shift);
/* Arithmetic shift of the low `bits` (32 or 64); 32: the result has its high half clear. */
struct vp_tnum fe_tnum_arsh(struct vp_tnum a, unsigned shift, unsigned bits);
/* Numbers in both; meaningless when fe_tnum_disjoint(). */
struct vp_tnum fe_tnum_intersect(struct vp_tnum a, struct vp_tnum b);
bool fe_tnum_disjoint(struct vp_tnum a, struct vp_tnum b);
/* Numbers in either. */
struct vp_tnum fe_tnum_join(struct vp_tnum a, struct vp_tnum b);
/* The low `bytes` bytes, zero-extended. */
struct vp_tnum fe_tnum_cast(struct vp_tnum a, unsigned bytes);
/* The bytes in reverse order. */
struct vp_tnum fe_tnum_bswap(struct vp_tnum a);
/* Low half of `low` with high half of `high`. */
struct vp_tnum fe_tnum_with_low32(struct vp_tnum high, struct vp_tnum low);
/* Every number of b is one of a. */
bool fe_tnum_covers(struct vp_tnum a, struct vp_tnum b);
/* Every number is a multiple of `size`, a power of two. */
bool fe_tnum_aligned(struct vp_tnum a, uint64_t size);

#endif
