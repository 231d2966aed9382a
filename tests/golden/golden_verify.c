/* SPDX-License-Identifier: BSD-2-Clause */
/* Golden cases of the verifier: one file a case, in sections.
 *
 *   # what the case pins
 *   -- asm xdp|tc           the program, one instruction a line (ebpf/asm.h)
 *   -- insns xdp|tc         or its bytes: 16 hexadecimal digits an instruction, as in memory
 *   -- externs              names of the kernel functions that "call kfunc#N" calls, one a line
 *   -- verify               "accept", or "reject REASON at INSN" and the message below it
 *   -- states               what is known before each instruction that was walked
 *   -- limit N              instructions that may be walked (else our own limit holds)
 *   -- kernel               why a running kernel decides otherwise
 *
 * A section that is present is checked; --bless rewrites verify and states with what comes out. Where
 * there is bpf(2), the kernel must decide the same, or otherwise when the section says so. Maps by
 * number: those of tests/support/fe_rig.h and verify_types.h.
 *
 *   golden_verify [--bless] FILE... */

#include "sections.h"

#include "ebpf/asm.h"
#include "frontend/kernel.h"
#include "tests/golden/verify_types.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SECTIONS = 8, MAX_INSNS = 512, MAX_EXTERNS = 16 };

struct golden {
	const char *path;
	struct arena arena;
	char *comment; /* lines before the first section */
	struct section sections[MAX_SECTIONS];
	size_t n;
	struct bpf_insn insns[MAX_INSNS];
	size_t n_insns;
	struct fe_extern externs[MAX_EXTERNS];
	size_t n_externs;
	bool accepted;
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
	text[size] = '\0';
	if (fread(text, 1, (size_t)size, f) != (size_t)size)
		text = NULL;
	fclose(f);
	return text;
}

static bool split(struct golden *g, char *text)
{
	g->comment = text;
	return sections_split(text, g->sections, MAX_SECTIONS, &g->n) && g->n > 1;
}

static struct section *find(struct golden *g, const char *head)
{
	for (size_t i = 1; i < g->n; i++) {
		if (!strcmp(g->sections[i].head, head))
			return &g->sections[i];
	}
	return NULL;
}

/* "95 00 00 …" or "9500…": eight bytes an instruction. */
static bool read_hex(struct golden *g, const char *text)
{
	uint8_t *to = (uint8_t *)g->insns;
	size_t n = 0;
	int used;
	unsigned byte;

	for (; sscanf(text, " %2x%n", &byte, &used) == 1; text += used) {
		if (n == sizeof(g->insns))
			return false;
		to[n++] = (uint8_t)byte;
	}
	g->n_insns = n / sizeof(g->insns[0]);
	return n % sizeof(g->insns[0]) == 0 && !text[strspn(text, " \n")];
}

static bool read_program(struct golden *g)
{
	const struct section *s = &g->sections[0];
	unsigned line;

	if (!strncmp(s->head, "insns", 5))
		return read_hex(g, s->want);
	if (strncmp(s->head, "asm", 3) != 0)
		return false;
	if (ebpf_asm(s->want, g->insns, MAX_INSNS, &g->n_insns, &line))
		return true;
	printf("%s: line %u of the program is no instruction\n", g->path, line);
	return false;
}

static bool read_externs(struct golden *g)
{
	const struct section *s = find(g, "externs");
	char *rest = NULL, *name;

	if (!s)
		return true;
	name = strtok_r(arena_strdup(&g->arena, s->want), "\n", &rest);
	for (; name; name = strtok_r(NULL, "\n", &rest)) {
		if (g->n_externs == MAX_EXTERNS)
			return false;
		g->externs[g->n_externs++] = (struct fe_extern){ .name = name, .is_func = true };
	}
	return true;
}

/* ---- running ---- */

static void verdict_text(struct golden *g, const struct rig *r, struct section *s)
{
	s->got = "accept\n";
	for (size_t i = 0; !g->accepted && i < r->diags.list.len; i++) {
		const struct diag *d = &r->diags.list.at[i];

		if (d->severity == DIAG_ERROR)
			s->got = arena_printf(&g->arena, "reject %s at %" PRId64 "\n%s\n",
					      reason_name(d->reason), d->at.insn, d->text);
	}
}

static void states_text(struct golden *g, const struct rig *r, struct section *s)
{
	for (size_t i = 0; i < r->diags.list.len; i++) {
		const struct diag *d = &r->diags.list.at[i];

		if (d->reason == REASON_VERIFY_LOG && d->detail)
			s->got = arena_strdup(&g->arena, d->detail);
	}
}

/* True: the kernel and the case agree, or there is no kernel to ask. */
static bool agrees_with_kernel(struct golden *g, struct rig *r)
{
	struct fe_kernel_answer k = fe_kernel_verify_insns(&r->cx, &r->obj, &r->prog);
	bool theirs = k.verdict == FE_KERNEL_ACCEPTS;

	if (k.verdict == FE_KERNEL_UNAVAILABLE ||
	    (theirs != g->accepted) == (find(g, "kernel") != NULL))
		return true;
	printf("%s: here: %s, but the kernel %s %s\n", g->path,
	       g->accepted ? "accepted" : "rejected", theirs ? "accepts" : "rejects:", k.why);
	return false;
}

/* 0: none of its own. */
static uint32_t limit(const struct golden *g)
{
	for (size_t i = 1; i < g->n; i++) {
		if (!strncmp(g->sections[i].head, "limit ", 6))
			return (uint32_t)strtoul(g->sections[i].head + 6, NULL, 10);
	}
	return 0;
}

static bool run(struct golden *g)
{
	bool tc = strstr(g->sections[0].head, "tc");
	struct section *verify = find(g, "verify"), *states = find(g, "states");
	struct fe_verify_options opts = { .log_states = states != NULL, .insn_limit = limit(g) };
	struct golden_types types;
	struct rig r;
	bool agrees;

	rig_init(&r, tc ? BPF_PROG_TYPE_SCHED_CLS : BPF_PROG_TYPE_XDP, g->insns, g->n_insns);
	r.obj.externs = g->externs;
	r.obj.n_externs = g->n_externs;
	if (!golden_types_init(&types, &r))
		return false;
	g->accepted = rig_verify(&r, &opts);
	if (verify)
		verdict_text(g, &r, verify);
	if (states)
		states_text(g, &r, states);
	agrees = agrees_with_kernel(g, &r);
	golden_types_free(&types, &r); /* in the rig's memory */
	rig_free(&r);
	return agrees;
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

/* A section that tells how the case is run, and is no result of it. */
static bool is_input(const struct section *s)
{
	return !strcmp(s->head, "kernel") || !strcmp(s->head, "externs") ||
	       !strncmp(s->head, "limit ", 6);
}

static bool check(const struct golden *g)
{
	bool ok = true;

	for (size_t i = 1; i < g->n; i++) {
		const struct section *s = &g->sections[i];

		if (is_input(s) || (s->got && is_same(s->want, s->got)))
			continue;
		printf("%s: section '%s':\n--- expected\n%s--- got\n%s\n", g->path, s->head,
		       s->want, s->got ? s->got : "(nothing)\n");
		ok = false;
	}
	return ok;
}

static bool bless(const struct golden *g)
{
	FILE *f = fopen(g->path, "w");

	if (!f)
		return false;
	fputs(g->comment, f);
	for (size_t i = 0; i < g->n; i++)
		fprintf(f, "-- %s\n%s", g->sections[i].head,
			g->sections[i].got ? g->sections[i].got : g->sections[i].want);
	return fclose(f) == 0;
}

static bool one_file(const char *path, bool blessing)
{
	static struct golden g;
	char *text;
	bool ok;

	memset(&g, 0, sizeof(g));
	g.path = path;
	arena_init(&g.arena);
	text = read_all(&g.arena, path);
	ok = text && split(&g, text) && read_externs(&g) && read_program(&g);
	if (!ok)
		printf("%s: no golden case\n", path);
	else {
		ok = run(&g);
		ok = (blessing ? bless(&g) : check(&g)) && ok;
	}
	arena_reset(&g.arena);
	return ok;
}

int main(int argc, char **argv)
{
	bool blessing = argc > 1 && !strcmp(argv[1], "--bless"), ok = true;

	for (int i = blessing ? 2 : 1; i < argc; i++)
		ok &= one_file(argv[i], blessing);
	return ok ? 0 : 1;
}
