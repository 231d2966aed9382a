/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_INLINE_INLINE_SOURCE_H
#define PARTITIONER_INLINE_INLINE_SOURCE_H

#include "partitioner/inline.h"

/* The programs that one is made from: the user's, and those that its tail calls lead to. */

#define PART_INLINE_TAIL_CALLS  33u /* that follow each other: the kernel's MAX_TAIL_CALL_CNT */
#define PART_INLINE_FIRST_SAVED 6u  /* registers 6 to 9 survive a call */

/* A tail call of a source. */
struct part_inline_tail {
	bool followed;
	bool any_index; /* not a constant: one comparison a slot */
	uint32_t map;
	uint32_t min, max; /* of the index, which counts as 32 bits */
};

struct part_inline_sub {
	uint32_t own;        /* bytes of its frame */
	uint8_t writes;      /* bit r - 6: it writes register r (callees not included) */
	const char *why_not; /* why its body cannot stand in place of a call; NULL: it can */
};

struct part_inline_source {
	uint32_t index;  /* in fe_object.progs; PART_NO_PROG: not one of them */
	uint32_t number; /* of its first instruction, counted over all sources */
	const struct vprog *vp;
	const struct fe_prog *prog;
	struct part_inline_tail **tails; /* by instruction; NULL: no tail call that is known */
	struct part_inline_sub *subs;
	uint8_t *live; /* by instruction: bit r - 6, register r is read later (before it) */
	bool *keeps;   /* by map: some tail call through it is not followed */
};

struct part_inliner {
	struct cx *cx;
	const struct fe_object *obj;
	struct part_inline_source *first;
	struct part_inline_source **by_prog; /* by program of the object; NULL: not looked at */
	VEC(struct part_inline_source *) all;
	uint32_t n_insns; /* of all */
	bool *hopeless;   /* by program of the object: cannot be a target */
	const char *note;
	uint64_t *budget; /* NULL: no limit but each verification's */
};

/* inline_source.c */
struct part_inline_source *part_inline_source_new(struct part_inliner *s, uint32_t index,
						  const struct vprog *vp);
/* Place of a source in arrays by program of the object, which have one more at the end. */
static inline uint32_t part_inline_slot_of(const struct part_inliner *s,
					   const struct part_inline_source *src)
{
	return src->index == PART_NO_PROG ? (uint32_t)s->obj->n_progs : src->index;
}

/* Which source, and which of its instructions, a number is. */
const struct part_inline_source *part_inline_numbered(const struct part_inliner *s,
						      uint32_t number);
/* The source that a slot leads to; NULL: it cannot be followed there. */
struct part_inline_source *part_inline_target(struct part_inliner *s, uint32_t prog);
/* Index of the subprogram that starts at `pc`; -1: none. */
int32_t part_inline_sub_at(const struct fe_prog *prog, int64_t pc);
/* The subprogram that a call instruction calls; -1: it calls none. */
int32_t part_inline_callee(const struct fe_prog *prog, uint32_t pc);
uint32_t part_inline_next(const struct fe_prog *prog, uint32_t pc);

/* inline_regs.c: fills in live and subs[].writes. */
void part_inline_registers(struct cx *cx, struct part_inline_source *src);
/* tail_jumps.c: fills in tails and keeps. */
void part_inline_find_tails(struct part_inliner *s, struct part_inline_source *src);
/* The next slot from *at on that a tail call may choose; NULL: none. */
const struct fe_slot *part_inline_choice(const struct fe_object *obj,
					 const struct part_inline_tail *t, size_t *at);

#endif
