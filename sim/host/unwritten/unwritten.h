/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_HOST_UNWRITTEN_UNWRITTEN_H
#define SIM_HOST_UNWRITTEN_UNWRITTEN_H

#include "sim/host.h"
#include "sim/interp.h"

/* Which bits of memory and registers come from memory that the program never wrote, followed through a packet's run
 * beside the interpreter. A host without the option `unwritten` has none of this, and all calls below do nothing.
 *
 * A bit is undefined when it was read from stack, or from a reserved record, that was never written, and as far as
 * undef_bits.h has it reach results. What the outcome of a run says is proved for that run alone. */

bool sim_unwritten_open(struct sim_host *h); /* false: no memory */
void sim_unwritten_close(struct sim_host *h);
void sim_unwritten_begin(struct sim_host *h); /* a packet */
void sim_unwritten_end(struct sim_host *h);   /* fills in its run */
/* Before each instruction: what it will do to undefined bits. */
void sim_unwritten_step(struct sim_host *h, const struct sim_interp_state *s);

/* For helpers; addresses are the guest's. */
void sim_unwritten_written(struct sim_host *h, uint64_t addr, uint64_t size);
void sim_unwritten_reserved(struct sim_host *h, uint64_t addr, uint64_t size);
void sim_unwritten_copy(struct sim_host *h, uint64_t to, uint64_t from, uint64_t size);
/* The outcome depends on these bytes otherwise than by a copy of them; `what`: "a key" … */
void sim_unwritten_decides(struct sim_host *h, uint64_t addr, uint64_t size, const char *what);
/* Some of these bits are undefined; in `size` bytes. */
bool sim_unwritten_any(const struct sim_host *h, uint64_t addr, uint64_t size);
/* Argument 1..5 has undefined bits. */
bool sim_unwritten_arg(const struct sim_host *h, unsigned arg);
void sim_unwritten_undefine(struct sim_host *h, uint64_t addr, uint64_t size);
/* Sets the undefined bits of R0, which a call else defines. */
void sim_unwritten_result(struct sim_host *h, uint64_t undef);
/* Undefined bits of a copy in memory until the next packet; NULL: all are defined. */
const uint8_t *sim_unwritten_mask(struct sim_host *h, uint64_t addr, uint64_t size);

#endif
