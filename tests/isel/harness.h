/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_ISEL_HARNESS_H
#define TESTS_ISEL_HARNESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Lifted IR run twice: selected, encoded and executed on the simulated microengine, and compiled
 * by LLVM itself for this machine. Verdict, packet and map value must agree.
 *
 * A case is a function body. In it %pkt points to the packet (address space PKT), %val to a map value of
 * VAL_LEN bytes (address space VAL; only if the body names it); it ends in `ret i32`. The tokens PKT
 * and VAL in the text are replaced by the pointer types of the side, MP and MV by their parts of an
 * intrinsic's name (p0, p1, p2). */

enum { HARNESS_PKT_LEN = 160, HARNESS_VAL_LEN = 64, HARNESS_BATCH = 64 };

struct harness;

struct harness *harness_new(void);
void harness_free(struct harness *h);
/* Adds a case; `name` and `body` are copied. A full batch is run at once. */
void harness_add(struct harness *h, const char *name, const char *body);
/* Runs what has been added; gives the number of failures so far. */
unsigned harness_run(struct harness *h);
/* Packets that each case is run on: `seed` fills them; operands are at offset 0, 16 and 32. */
void harness_packets(struct harness *h, unsigned n, uint64_t seed);
uint64_t harness_random(uint64_t *state);

#endif
