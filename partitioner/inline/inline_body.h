/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_INLINE_INLINE_BODY_H
#define PARTITIONER_INLINE_INLINE_BODY_H

#include "partitioner/halves/assemble.h"
#include "partitioner/inline/inline_source.h"

struct part_inline_unit { /* a function that is still called */
	const struct part_inline_source *src;
	uint32_t sub, label;
	uint32_t start, end; /* in the result */
};

struct part_inline_body {
	struct cx *cx;
	struct part_inliner *s;
	bool tails, counts; /* tail calls are followed; and counted at run time */
	part_inline_callset set;
	struct part_asm as; /* origins: numbers of inline_source.h */
	int16_t count_at;   /* of the count, from R10 */
	VEC(struct part_inline_unit) units;
	uint32_t main_end;
	uint32_t *calls; /* by map: tail calls that became jumps */
	uint32_t n_inlined;
	const char *why;
};

/* inline_body.c. False: `why` is the reason. */
bool part_inline_bodies(struct part_inline_body *e);

#endif
