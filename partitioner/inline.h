/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_INLINE_H
#define PARTITIONER_INLINE_H

#include "base/vec.h"
#include "frontend/vprog.h"

/* Rewrites a program into an equivalent one before it is placed:
 *
 *   tail calls whose target is known at compile time become jumps to the target's instructions,
 *   which are appended, so that device and partitioner see one program (inline/tail_jumps.c);
 *   calls are inlined, so that a cut point can lie inside (inline/inline_body.c).
 *
 * The result is a program like any other: it is verified again, and a result that the verifier does
 * not accept is not used. docs/inlining.md describes the effects for the user. */

#define PART_NO_PROG UINT32_MAX

/* Origin of an instruction. */
struct part_origin {
	uint32_t
		prog; /* index into fe_object.progs; PART_NO_PROG: the user's program, if not among them */
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
	uint32_t n_inlined; /* inlined calls */
};

/* Calls to inline: by program of the object, by subprogram; NULL: none (of that program). */
typedef bool *const *part_inline_callset;

struct part_inliner;

/* `vp` is the program as its user wrote it; `budget` that of fe_verify_options for targets of tail calls. */
struct part_inliner *part_inliner_new(struct cx *cx, const struct vprog *vp, uint64_t *budget);
/* Does it have tail calls that can be followed? `tails` below refers to them. */
bool part_inliner_tails(struct part_inliner *s);
/* Adds to `set` the subprograms that must be inlined so that the marked ones are inlined into main:
 * their callers. Removes those that cannot be inlined. False: no call of main remains to inline. */
bool part_inliner_closure(struct part_inliner *s, bool tails, bool *const *set);
/* Excludes a subprogram from inlining. */
void part_inliner_keep(struct part_inliner *s, uint32_t sub, const char *why);
/* Marks the subprogram that contains an instruction; none if main contains it. */
void part_inliner_mark(const struct part_inliner *s, bool *const *set, struct part_origin at);
/* The user's program, or a target of its tail calls; indexed as in part_origin. */
const struct fe_prog *part_inliner_prog(const struct part_inliner *s, uint32_t prog);
uint32_t part_inliner_own(const struct part_inliner *s);
/* An empty set for part_inliner_closure() and part_inline_program(). */
bool **part_inliner_callset(struct part_inliner *s);
/* False: not possible; *why is the reason. */
bool part_inline_program(struct part_inliner *s, bool tails, part_inline_callset set,
			 struct part_inlined *out, const char **why);
/* The subprograms that could not be inlined, with the reason, as text for the user; NULL: none. */
const char *part_inliner_note(const struct part_inliner *s);

#endif
