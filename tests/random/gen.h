/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_RANDOM_GEN_H
#define TESTS_RANDOM_GEN_H

#include "asm.h"
#include "harness.h"

/* Random eBPF programs that a verifier accepts.
 *
 * A program takes its operands from the packet, computes, and writes every number that it has left
 * into the packet: whatever goes wrong on the way is seen in the packet's bytes, the verdict or the
 * maps. The same seed and size give the same program. */

#define GEN_MAX_FUNCS 5u
#define GEN_MAPS      6u
#define GEN_BTF_BYTES 1024u

struct gen_program {
	struct asm_buf code;
	uint32_t subprog_at[GEN_MAX_FUNCS];
	uint32_t n_subprogs;
	struct fe_map maps[GEN_MAPS];
	uint8_t init[64];  /* of the global data */
	uint32_t type;     /* BPF_PROG_TYPE_* */
	bool offload_only; /* a kernel takes it for a card only */
	bool addresses; /* what it computes may depend on where packet, stack or context lie: the device must
			    * refuse it, and two host sides with different addresses are not comparable */
	uint8_t btf[GEN_BTF_BYTES];
	uint32_t btf_bytes;
};

/* `size`: statements of the main function, about. */
void gen_program(struct gen_program *p, uint64_t seed, uint32_t size);
/* The same with one byte a decision from `choices`, while they last: what a fuzzer changes. */
void gen_program_by_choices(struct gen_program *p, const uint8_t *choices, size_t n, uint32_t size);
void gen_case(const struct gen_program *p, const char *name, struct harness_case *c);

#endif
