/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_RANDOM_REDUCE_H
#define TESTS_RANDOM_REDUCE_H

#include "harness.h"

/* Makes a program smaller as long as `still` says that it shows the same fault: instructions become
 * jumps to the next one, conditional jumps plain ones, and what does nothing is taken out. `insns` is
 * the case's own array, which is changed; c->n_insns goes down. */
void reduce_case(struct harness_case *c, struct bpf_insn *insns, uint32_t *subprog_at,
		 bool (*still)(const struct harness_case *c, void *priv), void *priv);

#endif
