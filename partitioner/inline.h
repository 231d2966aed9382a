/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_INLINE_H
#define PARTITIONER_INLINE_H

#include "base/vec.h"
#include "frontend/vprog.h"

/* A program written anew before it is placed, to the same effect:
 *
 *   tail calls whose target is known at compile time become jumps to the target's instructions,
 *   which are appended, so that card and partitioner see one program (inline/tail_jumps.c);
 *   calls are replaced by the body of what they call, so that a cut may be within (inline/inline_body.c).
 *
 * The result is a program like any other: it goes through the verifier again, and what that does
 * not accept is not used. docs/handoff.md says what it means for the user. */

#define PART_NO_PROG UINT32_MAX

/* Where an instruction comes from. */
struct part_origin {
	uint32_t
		prog; /* index into fe_object.progs; PART_NO_PROG: the user's, which is none of them */
	uint32_t insn;
};

/* A program array that is compiled in. */
struct part_followed {
	uint32_t map;
	uint32_t calls;      /* tail calls that became jumps */
	const char *targets; /* "[0] parse_ip, [1] parse_arp" */
};

struct part_inlined {
	struct fe_prog prog;
	const struct part_origin *origin; /* by instruction of prog */
	struct part_followed *followed;
	size_t n_followed;
	uint32_t n_inlined; /* calls that were replaced */
};

/* Which calls to replace: by program of the object, by subprogram; NULL: none (of that program). */
typedef bool *const *part_inline_callset;

struct part_inliner;

/* `vp` is the program as its user wrote it; `budget` that of fe_verify_options for targets of tail calls. */
struct part_inliner *part_inliner_new(struct cx *cx, const struct vprog *vp, uint64_t *budget);
/* Has it tail calls that can be followed? `tails` below stands for them. */
bool part_inliner_tails(struct part_inliner *s);
/* Adds to `set` what must be replaced so that the marked subprograms are, when main calls them:
 * their callers, and takes away what cannot be. False: nothing of main is left to replace. */
bool part_inliner_closure(struct part_inliner *s, bool tails, bool *const *set);
/* A subprogram that stays one. */
void part_inliner_keep(struct part_inliner *s, uint32_t sub, const char *why);
/* Marks the subprogram that holds an instruction; none when main does. */
void part_inliner_mark(const struct part_inliner *s, bool *const *set, struct part_origin at);
/* The user's program, or one that its tail calls lead to; its index as in part_origin. */
const struct fe_prog *part_inliner_prog(const struct part_inliner *s, uint32_t prog);
uint32_t part_inliner_own(const struct part_inliner *s);
/* An empty set for part_inliner_closure() and part_inline_program(). */
bool **part_inliner_callset(struct part_inliner *s);
/* False: not possible; *why says so in a sentence. */
bool part_inline_program(struct part_inliner *s, bool tails, part_inline_callset set,
			 struct part_inlined *out, const char **why);
/* The subprograms that could not be replaced, and why: text for the user; NULL: none. */
const char *part_inliner_note(const struct part_inliner *s);

#endif
