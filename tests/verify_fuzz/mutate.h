/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_VERIFY_FUZZ_MUTATE_H
#define TESTS_VERIFY_FUZZ_MUTATE_H

#include "asm.h"

/* Nearly valid programs: a safe one with a few of its instructions changed. */

#define FUZZ_MAX_INSNS 4096u

struct fuzz_program {
	struct bpf_insn insns[FUZZ_MAX_INSNS];
	uint32_t n;
	uint32_t type; /* BPF_PROG_TYPE_* */
	uint32_t n_maps;
};

/* The same seed makes the same change. */
void fuzz_mutate(struct fuzz_program *p, uint64_t *seed);
/* A small program with what the random generator has not: callbacks, records, sockets, locks. */
void fuzz_template(struct fuzz_program *p, uint64_t *seed);

uint64_t fuzz_next(uint64_t *seed);
uint32_t fuzz_below(uint64_t *seed, uint32_t n);

#endif
