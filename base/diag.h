/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include "base/arena.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A diagnostic is a row of reasons.def plus the values for its text.
 * A function that fails reports and returns false; its callers only return. */

enum reason {
	REASON_NONE,
#define REASON(id, name, text, advice) REASON_##id,
#include "base/reasons.def"
#undef REASON
	REASON_COUNT
};

enum diag_severity { DIAG_NOTE, DIAG_WARNING, DIAG_ERROR };

/* Location; any field may be absent. Strings live at least as long as the diagnostics' arena. */
struct diag_at {
	const char *object;  /* path of the object file */
	const char *section; /* ELF section */
	const char *prog;    /* program (C function) name */
	int64_t insn;        /* index of the BPF instruction in the program; -1: none */
	const char *file;    /* source file, from BTF */
	uint32_t line;       /* source line; 0: unknown */
	const char *source;  /* text of that line; NULL: unknown */
};

#define DIAG_AT_NOWHERE ((struct diag_at){ .insn = -1 })

struct diag {
	enum diag_severity severity;
	enum reason reason;
	struct diag_at at;
	const char *text;   /* formatted, in the arena */
	const char *detail; /* further lines (state, path to the instruction), or NULL */
};

struct diags {
	struct arena *arena;
	VEC(struct diag) list;
	unsigned errors;
};

void diags_init(struct diags *d, struct arena *arena);

/* Appends one diagnostic; the variadic values match the format of the reason's text.
 * diag_error() returns false, for `return diag_error(…)`. */
bool diag_error(struct diags *d, const struct diag_at *at, enum reason r, ...);
void diag_warn(struct diags *d, const struct diag_at *at, enum reason r, ...);
/* Adds lines to the diagnostic appended last (state, path). `detail` is copied. */
void diag_add_detail(struct diags *d, const char *detail);

const char *reason_name(enum reason r);       /* stable kebab-case id, as in JSON and docs */
const char *reason_text(enum reason r);       /* printf format */
const char *reason_advice(enum reason r);     /* how to fix it */
enum reason reason_by_name(const char *name); /* REASON_NONE: unknown name */

/* One diagnostic as text: "prog.o: xdp/main insn 12 (main.c:34): error: … [id]" + source + advice. */
void diag_print(FILE *out, const struct diag *d);

#endif
