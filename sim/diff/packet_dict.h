/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_DIFF_PACKET_DICT_H
#define SIM_DIFF_PACKET_DICT_H

#include "base/arena.h"
#include "frontend/object.h"

/* The constants of a program: what a packet must hold somewhere to get past its comparisons. */
struct sim_dict {
	struct arena *arena;
	VEC(uint32_t)
	words[3]; /* values that fit 1, 2 and 4 bytes, as a big-endian field holds them */
};

/* All immediates of the program, as they are and byte-swapped, and their neighbours; those that
 * are compared with are there more often. */
void sim_dict_from_prog(struct sim_dict *d, struct arena *arena, const struct fe_prog *prog);

/* A constant for a field of 1, 2 or 4 bytes; false: the program has none. */
bool sim_dict_draw(const struct sim_dict *d, uint64_t *rng, unsigned bytes, uint32_t *v);

#endif
