/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_RANDOM_KERNEL_H
#define TESTS_RANDOM_KERNEL_H

#include "harness.h"

/* The running kernel's verifier as a second opinion. */

bool kernel_available(void);
/* True: the kernel loads the program. Else `log` has the last `lines` lines of what it says. */
bool kernel_accepts(const struct harness_case *c, char *log, size_t log_size, unsigned lines);

#endif
