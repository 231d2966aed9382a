/* SPDX-License-Identifier: BSD-2-Clause */
/* Golden cases of the passes over machine IR: one file a case, in sections.
 *
 *   # what the case pins
 *   -- mir [O0] [gprs N]     the function that goes in; options of the run
 *   -- after PASS            the function as it is behind that pass
 *   -- ucode                 words, disassembly, relocations
 *   -- error                 the message of a function that does not parse
 *
 * A section that is present is checked; --bless rewrites all but the first with what comes out.
 *
 *   golden_ir [--bless] FILE... */

#include "sections.h"

#include "nfp_backend/passes.h"
#include "nfp_backend/passes/regalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SECTIONS = 16 };

struct golden {
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx;
	struct nfp_firmware fw;
	char *comment; /* lines before the first section */
	struct section sections[MAX_SECTIONS];
	size_t n;
	unsigned opt_level, gprs;
};

/* ---- the file ---- */

static char *read_all(struct arena *a, const char *path)
{
	FILE *f = fopen(path, "r");
	char *text;
	long size;

	if (!f)
		return NULL;
	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	text = arena_alloc(a, (size_t)size + 1);
	if (fread(text, 1, (size_t)size, f) != (size_t)size)
		text = NULL;
	fclose(f);
	return text;
}

static bool split(struct golden *g, char *text)
{
	g->comment = text;
	return sections_split(text, g->sections, MAX_SECTIONS, &g->n) && g->n > 0 &&
	       !strncmp(g->sections[0].head, "mir", 3);
}

static void options(struct golden *g)
{
	const char *head = g->sections[0].head, *gprs = strstr(head, "gprs ");

	g->opt_level = strstr(head, "O0") ? 0 : 2;
	g->gprs = gprs ? (unsigned)atoi(gprs + 5) : 0;
}

/* ---- running ---- */

static char *print_to_text(struct golden *g, void (*print)(const void *what, FILE *f),
			   const void *what)
{
	char *text = NULL, *copy;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	print(what, f);
	fclose(f);
	copy = arena_strdup(&g->arena, text);
	free(text);
	return copy;
}

static void print_func(const void *fn, FILE *f)
{
	nfp_print(fn, f);
}

static void print_ucode(const void *what, FILE *f)
{
	static const char *const kinds[] = { "br_rel", "br_done", "br_helper", "immed_rel",
					     "immed_map" };
	const struct nfp_ucode *u = what;
	size_t i, r = 0;
	char text[128];

	for (i = 0; i < u->n_words; i++) {
		if (!nfp_disasm(u->words[i], text, sizeof(text)))
			snprintf(text, sizeof(text), "?");
		fprintf(f, "%3zu %012llx  %s", i, (unsigned long long)u->words[i], text);
		for (; r < u->n_relocs && u->relocs[r].word_idx == i; r++)
			fprintf(f, "  ; %s %u", kinds[u->relocs[r].kind], u->relocs[r].target);
		fputc('\n', f);
	}
}

static void print_diags(const void *what, FILE *f)
{
	const struct diags *d = what;
	size_t i;

	for (i = 0; i < d->list.len; i++)
		fprintf(f, "%s [%s]\n", d->list.at[i].text, reason_name(d->list.at[i].reason));
}

static void give(struct golden *g, const char *head, char *text)
{
	size_t i;

	for (i = 1; i < g->n; i++)
		if (!strcmp(g->sections[i].head, head))
			g->sections[i].got = text;
}

static bool run_passes(struct golden *g, struct nfp_func *fn)
{
	unsigned i;

	for (i = 0; i < nfp_n_mir_passes; i++) {
		const struct nfp_pass *p = &nfp_mir_passes[i];
		bool few = g->gprs && p->run == nfp_allocate;

		if (!p->always && !g->opt_level)
			continue;
		if (!(few ? nfp_allocate_few(fn, &g->cx, g->gprs) : p->run(fn, &g->cx)))
			return false;
		nfp_check(fn);
		give(g, arena_printf(&g->arena, "after %s", p->name),
		     print_to_text(g, print_func, fn));
		arena_reset(&g->scratch);
	}
	return true;
}

static void run(struct golden *g)
{
	struct nfp_func fn;
	struct nfp_ucode u;

	if (nfp_parse(&g->cx, g->sections[0].want, &g->fw, &fn) && run_passes(g, &fn) &&
	    nfp_emit(&fn, &g->cx, &u))
		give(g, "ucode", print_to_text(g, print_ucode, &u));
	if (g->diags.list.len)
		give(g, "error", print_to_text(g, print_diags, &g->diags));
}

/* ---- verdict ---- */

static bool is_same(const char *want, const char *got)
{
	size_t n = strlen(want), m = strlen(got);

	while (n && want[n - 1] == '\n')
		n--;
	while (m && got[m - 1] == '\n')
		m--;
	return n == m && !memcmp(want, got, n);
}

static bool check(const struct golden *g, const char *path)
{
	bool ok = true;
	size_t i;

	for (i = 1; i < g->n; i++) {
		const struct section *s = &g->sections[i];

		if (s->got && is_same(s->want, s->got))
			continue;
		printf("%s: section '%s':\n--- expected\n%s--- got\n%s\n", path, s->head, s->want,
		       s->got ? s->got : "(nothing)\n");
		ok = false;
	}
	if (g->n == 1)
		printf("%s: nothing to check\n", path);
	return ok && g->n > 1;
}

static bool bless(const struct golden *g, const char *path)
{
	FILE *f = fopen(path, "w");
	size_t i;

	if (!f)
		return false;
	fputs(g->comment, f);
	for (i = 0; i < g->n; i++)
		fprintf(f, "-- %s\n%s", g->sections[i].head,
			i && g->sections[i].got ? g->sections[i].got : g->sections[i].want);
	return fclose(f) == 0;
}

static bool one_file(const char *path, bool blessing)
{
	struct golden g = { .opt_level = 2 };
	char *text;
	bool ok;

	arena_init(&g.arena);
	arena_init(&g.scratch);
	diags_init(&g.diags, &g.arena);
	g.cx = (struct cx){ &g.arena, &g.scratch, &g.diags };
	text = read_all(&g.arena, path);
	ok = text && split(&g, text) && nfp_firmware_load(&g.cx, "generous", &g.fw);
	if (ok) {
		options(&g);
		run(&g);
		ok = blessing ? bless(&g, path) : check(&g, path);
	} else {
		printf("%s: no golden case\n", path);
	}
	arena_reset(&g.arena);
	arena_reset(&g.scratch);
	return ok;
}

int main(int argc, char **argv)
{
	bool blessing = argc > 1 && !strcmp(argv[1], "--bless"), ok = true;
	int i;

	for (i = blessing ? 2 : 1; i < argc; i++)
		ok &= one_file(argv[i], blessing);
	return ok ? 0 : 1;
}
