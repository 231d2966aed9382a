/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/diag.h"

#include "base/bits.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

static const struct {
	const char *name, *text, *advice;
} reasons[REASON_COUNT] = {
	[REASON_NONE] = { "none", "", "" },
#define REASON(id, name, text, advice) [REASON_##id] = { name, text, advice },
#include "base/reasons.def"
#undef REASON
};

void diags_init(struct diags *d, struct arena *arena)
{
	*d = (struct diags){ .arena = arena };
}

static const char *vformat(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;
	char *p;
	int n;

	va_copy(again, ap);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	n = vsnprintf(NULL, 0, fmt, again);
	p = arena_alloc(a, n < 0 ? 1 : (size_t)n + 1);
	if (n >= 0)
		vsnprintf(p, (size_t)n + 1, fmt, ap);
#pragma GCC diagnostic pop
	va_end(again);
	return p;
}

static void append(struct diags *d, enum diag_severity severity, const struct diag_at *at,
		   enum reason r, va_list ap)
{
	struct diag *e = vec_push(&d->list, d->arena);

	e->severity = severity;
	e->reason = r;
	e->at = at ? *at : DIAG_AT_NOWHERE;
	e->text = vformat(d->arena, reasons[r].text, ap);
	if (severity == DIAG_ERROR)
		d->errors++;
}

bool diag_error(struct diags *d, const struct diag_at *at, enum reason r, ...)
{
	va_list ap;

	va_start(ap, r);
	append(d, DIAG_ERROR, at, r, ap);
	va_end(ap);
	return false;
}

void diag_warn(struct diags *d, const struct diag_at *at, enum reason r, ...)
{
	va_list ap;

	va_start(ap, r);
	append(d, DIAG_WARNING, at, r, ap);
	va_end(ap);
}

void diag_add_detail(struct diags *d, const char *detail)
{
	struct diag *last;

	if (!d->list.len)
		return;
	last = &d->list.at[d->list.len - 1];
	last->detail = last->detail ? arena_printf(d->arena, "%s%s", last->detail, detail)
				    : arena_strdup(d->arena, detail);
}

const char *reason_name(enum reason r)
{
	return reasons[r].name;
}

const char *reason_text(enum reason r)
{
	return reasons[r].text;
}

const char *reason_advice(enum reason r)
{
	return reasons[r].advice;
}

enum reason reason_by_name(const char *name)
{
	for (unsigned i = 1; i < REASON_COUNT; i++) {
		if (!strcmp(reasons[i].name, name))
			return (enum reason)i;
	}
	return REASON_NONE;
}

static void print_place(FILE *out, const struct diag_at *at)
{
	if (at->object)
		fprintf(out, "%s: ", at->object);
	if (at->section && at->prog)
		fprintf(out, "%s/%s: ", at->section, at->prog);
	else if (at->section || at->prog)
		fprintf(out, "%s: ", at->section ? at->section : at->prog);
	if (at->insn >= 0)
		fprintf(out, "insn %" PRId64 ": ", at->insn);
	if (at->file && at->line)
		fprintf(out, "%s:%u: ", at->file, at->line);
}

void diag_print(FILE *out, const struct diag *d)
{
	static const char *const severities[] = { "note", "warning", "error" };

	print_place(out, &d->at);
	fprintf(out, "%s: %s [%s]\n", severities[d->severity], d->text, reason_name(d->reason));
	if (d->at.source)
		fprintf(out, "    | %s\n", d->at.source);
	if (d->detail)
		fprintf(out, "%s%s", d->detail,
			d->detail[0] && d->detail[strlen(d->detail) - 1] == '\n' ? "" : "\n");
	if (reason_advice(d->reason)[0])
		fprintf(out, "    = %s\n", reason_advice(d->reason));
}
