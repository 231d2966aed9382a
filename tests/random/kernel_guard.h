/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_RANDOM_KERNEL_GUARD_H
#define TESTS_RANDOM_KERNEL_GUARD_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

/* A program that must not be shown to a kernel: a loop that may split a number that is -1 or 0 into its two
 * values in each round, at an AND or OR (or calls what may). When too many states wait, kernel 6.18 follows a
 * null pointer (maybe_fork_scalars() does not look at what push_stack() gave). */
bool breaks_kernel(const struct bpf_insn *insns, uint32_t n);

#endif
