/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_PASSES_REGALLOC_H
#define NFP_BACKEND_PASSES_REGALLOC_H

#include "nfp_backend/passes/interfere.h"

/* Between regalloc.c, which decides what is spilled, and spill.c, which rewrites the code. */

struct nfp_spills {
	const bool *spilled; /* by vreg */
	size_t n;            /* length of `spilled` */
	const struct nfp_interference *ig;
};

/* Puts registers into frame slots: operands become local memory where the instruction can name it,
 * else short-lived registers are loaded before and stored behind. New registers are appended. */
void nfp_insert_spills(struct nfp_func *fn, struct cx *cx, const struct nfp_spills *s);

/* As nfp_allocate(), with `gprs` registers in each bank instead of all 23: for tests of spilling.
 * */
bool nfp_allocate_few(struct nfp_func *fn, struct cx *cx, unsigned gprs);

#endif
