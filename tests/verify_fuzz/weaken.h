/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_VERIFY_FUZZ_WEAKEN_H
#define TESTS_VERIFY_FUZZ_WEAKEN_H

#include "mutate.h"

/* Replaces what is known better here than in the kernel by any number; false: there is nothing. */
bool fuzz_weaken(struct fuzz_program *p);
bool fuzz_compares_with_itself(const struct fuzz_program *p);
bool fuzz_fills_signed(const struct fuzz_program *p);
bool fuzz_tests_bits(const struct fuzz_program *p);
bool fuzz_links_by_subtraction(const struct fuzz_program *p);
bool fuzz_masks_zero_or_ones(const struct fuzz_program *p);

#endif
