/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_MIR_GEN_H
#define TESTS_MIR_GEN_H

#include "nfp_backend/mir.h"

/* Random machine IR programs (SSA) that are well defined: every run ends, every value is set
 * before it is read, memory is touched inside the packet and the stack only. A seed gives one
 * program. */

enum {
	GEN_PACKET_BYTES = 128, /* the packet is at least this long */
	GEN_STACK_WORDS = 6,
	GEN_KEY_WORDS = 1, /* the map: a hash with these sizes */
	GEN_VALUE_WORDS = 2,
};

struct gen_options {
	unsigned size;  /* rough number of operations */
	unsigned stack; /* words of stack */
	bool calls;     /* map helpers */
	bool keep_all;  /* every value made is still needed at the end: pressure */
};

void gen_program(struct nfp_func *fn, struct cx *cx, const struct nfp_firmware *fw, uint64_t seed,
		 const struct gen_options *opts);

static inline uint32_t gen_next(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 33);
}

#endif
