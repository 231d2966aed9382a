/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_RNG_H
#define SIM_RNG_H

#include <stdint.h>

/* splitmix64: a full-period generator whose state is one number, so a packet's random sequence is
 * identified by its seed and both sides of a comparison can restart it. */
static inline uint64_t sim_rng_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* 0 .. n-1; n > 0. */
static inline uint32_t sim_rng_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)((sim_rng_next(state) >> 32) * n >> 32);
}

/* Independent state number `index` of a family. */
static inline uint64_t sim_rng_fork(uint64_t seed, uint64_t index)
{
	uint64_t s = seed ^ (index + 1) * UINT64_C(0xd1342543de82ef95);

	return sim_rng_next(&s);
}

#endif
