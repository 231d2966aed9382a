/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_RANDOM_PACKETS_H
#define TESTS_RANDOM_PACKETS_H

#include "base/cx.h"

#include <stdint.h>

/* Packets whose bytes are operands: 8-byte words at every multiple of 8 that are edge values
 * (0, 1, 2^31, 2^63, -1 …), small numbers, shift amounts, equal to their neighbour, or anything. */

#define PACKETS_WORDS_AT 0u
#define PACKETS_SHORTEST 60u
#define PACKETS_LONGEST  320u

struct packet_file {
	int fd;
	char path[64]; /* in /proc/self/fd: the file has no name and goes with the descriptor */
};

/* `n` packets as a capture file in memory. False: reported. */
bool packets_make(struct cx *cx, uint64_t seed, uint64_t n, struct packet_file *f);
void packets_free(struct packet_file *f);

/* An operand of the kind described above. */
uint64_t packets_operand(uint64_t *rng);

#endif
