/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/cli/output/explain_files.h"

#include "base/file.h"
#include "tools/report/dot.h"
#include "tools/report/html.h"
#include "tools/report/spawn.h"

#include <stdlib.h>

/* A text that grows in memory. */
struct sink {
	FILE *f; /* NULL: not asked for */
	char *text;
	size_t size;
};

struct explain_files {
	const struct cli_args *args;
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx;
	struct sink dot, html, links; /* html: a section a program; links: to each */
	unsigned programs;
};

static void sink_open(struct sink *s, bool wanted)
{
	if (!wanted)
		return;
	s->f = open_memstream(&s->text, &s->size);
	if (!s->f) {
		fputs("bpf-offload: out of memory\n", stderr);
		exit(CLI_ENVIRONMENT);
	}
}

static void sink_close(struct sink *s)
{
	if (s->f)
		fclose(s->f);
	free(s->text);
}

struct explain_files *explain_files_new(const struct cli_args *args)
{
	struct explain_files *x;

	if (!args->files.dot && !args->files.svg && !args->files.html)
		return NULL;
	x = calloc(1, sizeof(*x));
	if (!x) {
		fputs("bpf-offload: out of memory\n", stderr);
		exit(CLI_ENVIRONMENT);
	}
	x->args = args;
	diags_init(&x->diags, &x->arena);
	x->cx = (struct cx){ &x->arena, &x->scratch, &x->diags };
	sink_open(&x->dot, args->files.dot || args->files.svg);
	sink_open(&x->html, args->files.html);
	sink_open(&x->links, args->files.html);
	if (x->dot.f)
		rep_dot_begin(x->dot.f, args->operand);
	return x;
}

void explain_files_add(struct explain_files *x, struct bpf_offload_program *p,
		       struct rep_facts *facts)
{
	unsigned number = x->programs++;

	if (x->dot.f && facts)
		rep_dot_program(x->dot.f, facts, number);
	if (!x->html.f)
		return;
	rep_html_link(x->links.f, p, number);
	if (facts)
		rep_html_program(x->html.f, facts, number);
	else
		rep_html_other(x->html.f, p, number);
}

static bool write_svg(struct explain_files *x)
{
	const char *const argv[] = { "dot", "-Tsvg", NULL };
	struct spawn_job job = {
		.argv = argv, .what_for = "--svg", .input = x->dot.text, .input_size = x->dot.size
	};
	struct spawn_output svg;

	return spawn_run(&x->cx, &job, &svg) &&
	       file_write(&x->cx, x->args->files.svg, svg.text, svg.size);
}

static bool write_html(struct explain_files *x)
{
	struct sink all = { 0 };
	bool ok;

	fflush(x->html.f);
	fflush(x->links.f);
	sink_open(&all, true);
	rep_html_begin(all.f, x->args->operand);
	if (x->programs > 1)
		fprintf(all.f, "<nav>%s</nav>\n", x->links.text);
	fwrite(x->html.text, 1, x->html.size, all.f);
	rep_html_end(all.f);
	fflush(all.f);
	ok = file_write(&x->cx, x->args->files.html, all.text, all.size);
	sink_close(&all);
	return ok;
}

static bool write_all(struct explain_files *x)
{
	const struct cli_args *args = x->args;
	bool ok = true;

	if (x->dot.f) {
		rep_dot_end(x->dot.f);
		fflush(x->dot.f);
	}
	if (args->files.dot)
		ok &= file_write(&x->cx, args->files.dot, x->dot.text, x->dot.size);
	if (args->files.html)
		ok &= write_html(x);
	if (args->files.svg)
		ok &= write_svg(x);
	return ok;
}

enum cli_exit explain_files_finish(struct explain_files *x)
{
	bool ok = !x->programs || write_all(x);

	for (size_t i = 0; i < x->diags.list.len; i++)
		diag_print(stderr, &x->diags.list.at[i]);
	sink_close(&x->dot);
	sink_close(&x->html);
	sink_close(&x->links);
	arena_reset(&x->scratch);
	arena_reset(&x->arena);
	free(x);
	return ok ? CLI_OK : CLI_ENVIRONMENT;
}
