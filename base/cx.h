/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_CX_H
#define BASE_CX_H

#include "base/arena.h"
#include "base/diag.h"

/* Passed to every stage with its input: where to allocate and where to report.
 * No stage keeps state anywhere else, so the library is re-entrant. */
struct cx {
	struct arena *arena;   /* lifetime: the results of the compilation */
	struct arena *scratch; /* reset by the driver after each pass */
	struct diags *diags;
};

#endif
