/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_LCG_H
#define BASE_LCG_H

#include <stdint.h>

/* A linear congruential generator (Knuth's MMIX constants) for choices that must repeat for a seed and
 * need no quality. Gives 31 bits; the low bits of the state are weak. */
static inline uint32_t lcg_next(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 33);
}

#endif
