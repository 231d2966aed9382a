/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/cli/output/junit.h"

#include "base/vec.h"

#include <errno.h>
#include <stdio.h>

struct junit {
	struct arena *arena;
	const char *object;
	VEC(struct junit_case) cases;
};

struct junit *junit_new(struct arena *arena, const char *object)
{
	struct junit *j = ARENA_NEW(arena, struct junit);

	*j = (struct junit){ .arena = arena, .object = arena_strdup(arena, object) };
	return j;
}

static const char *copy(struct junit *j, const char *s)
{
	return s ? arena_strdup(j->arena, s) : NULL;
}

void junit_add(struct junit *j, const struct junit_case *c)
{
	struct junit_case *own = vec_push(&j->cases, j->arena);

	*own = *c;
	own->name = copy(j, c->name);
	own->section = copy(j, c->section);
	own->skipped = copy(j, c->skipped);
	own->failure = copy(j, c->failure);
	own->details = copy(j, c->details);
}

/* Beyond ASCII nothing is certain to be UTF-8, and most control characters are not XML. */
static void escaped(FILE *f, const char *s)
{
	for (; s && *s; s++) {
		switch (*s) {
		case '<': fputs("&lt;", f); break;
		case '>': fputs("&gt;", f); break;
		case '&': fputs("&amp;", f); break;
		case '"': fputs("&quot;", f); break;
		case '\n': fputs("&#10;", f); break;
		case '\t': fputc('\t', f); break;
		default: fputc(*s < ' ' || *s > '~' ? '?' : *s, f);
		}
	}
}

static void write_case(FILE *f, const struct junit *j, const struct junit_case *c)
{
	fputs("    <testcase classname=\"", f);
	escaped(f, j->object);
	fputs("\" name=\"", f);
	escaped(f, c->name);
	fprintf(f, "\" time=\"%.3f\">\n", c->seconds);
	if (c->skipped) {
		fputs("      <skipped message=\"", f);
		escaped(f, c->skipped);
		fputs("\"/>\n", f);
	}
	if (c->failure) {
		fputs("      <failure message=\"", f);
		escaped(f, c->failure);
		fputs("\">", f);
		escaped(f, c->details);
		fputs("</failure>\n", f);
	}
	fputs("    </testcase>\n", f);
}

static void write_all(FILE *f, const struct junit *j)
{
	unsigned failures = 0, skipped = 0;
	double seconds = 0;

	for (size_t i = 0; i < j->cases.len; i++) {
		failures += j->cases.at[i].failure != NULL;
		skipped += j->cases.at[i].skipped != NULL;
		seconds += j->cases.at[i].seconds;
	}
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"", f);
	escaped(f, j->object);
	fprintf(f, "\" tests=\"%zu\" failures=\"%u\" skipped=\"%u\" time=\"%.3f\">\n", j->cases.len,
		failures, skipped, seconds);
	for (size_t i = 0; i < j->cases.len; i++)
		write_case(f, j, &j->cases.at[i]);
	fputs("  </testsuite>\n</testsuites>\n", f);
}

bool junit_write(const struct junit *j, const char *path)
{
	const char *temporary = arena_printf(j->arena, "%s.tmp", path);
	FILE *f = fopen(temporary, "w");
	bool ok = f != NULL;

	if (f) {
		write_all(f, j);
		ok = !ferror(f);
		ok &= !fclose(f);
	}
	if (ok && !rename(temporary, path))
		return true;
	fprintf(stderr, "cannot write '%s': %s\n", path, strerror(errno));
	if (f)
		remove(temporary);
	return false;
}
