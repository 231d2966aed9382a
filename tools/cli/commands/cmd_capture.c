/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/cli/output/report.h"

#include "offload/inspect.h"
#include "sim/capture.h"

#include <stdio.h>

/* capture: writes the running kernel's machine code of a program, with its dependencies, to a file. */

static void say(const struct cli_args *args, const struct sim_captured *img, const char *path)
{
	size_t bytes = 0;

	if (args->quiet)
		return;
	for (size_t i = 0; i < img->n_funcs; i++)
		bytes += img->funcs[i].len;
	printf("%s: %zu bytes of machine code of %s, %zu map references, %zu kernel functions -> "
	       "%s\n",
	       img->program, bytes, img->kernel, img->n_relocs, img->n_symbols, path);
	if (!args->verbose)
		return;
	for (size_t i = 0; i < img->n_symbols; i++)
		printf("  0x%llx %s\n", (unsigned long long)img->symbols[i].addr,
		       img->symbols[i].name);
}

/* What the file will be refused for is said when it is made. */
static void warn_if_unusable(struct bpf_offload_program *p, const struct sim_captured *img,
			     const struct fe_prog *prog)
{
	struct diag_at at = fe_prog_at(&p->owner->obj, p->prog, -1);
	const char *what = sim_captured_missing(&p->owner->arena, img, &p->owner->obj, prog);

	if (what)
		diag_warn(&p->owner->diags, &at, REASON_IMAGE_NEEDS, what);
}

static void add_row(struct json_object *report, struct bpf_offload_program *p,
		    const struct sim_captured *img, const char *path)
{
	struct json_object *row = report_program(report, p), *symbols = json_object_new_array();

	json_object_object_add(row, "output", report_text(path));
	json_object_object_add(row, "kernel", report_text(img->kernel));
	json_object_object_add(row, "map_references", json_object_new_uint64(img->n_relocs));
	for (size_t i = 0; i < img->n_symbols; i++)
		json_object_array_add(symbols, report_text(img->symbols[i].name));
	json_object_object_add(row, "kernel_functions", symbols);
}

/* NULL, or why not. */
static const char *capture_program(struct bpf_offload_program *p, const struct fe_prog *prog,
				   struct sim_captured *img)
{
	struct bpf_offload_object *o = p->owner;
	struct sim_kernel_prog loaded;
	const char *why = prog == p->prog ? sim_kernel_load(&o->cx, &o->obj, prog, &loaded)
					  : sim_kernel_load_half(&o->cx, &o->obj,
								 p->result.split.halves, &loaded);

	why = why ? why : sim_capture(&o->cx, &o->obj, prog, &loaded, img);
	sim_kernel_unload(&loaded);
	return why;
}

/* The program to capture; NULL: none (reported). */
static const struct fe_prog *wanted(const struct cli_args *args, struct bpf_offload_program *p)
{
	struct bpf_offload_compile_opts opts = cli_compile_opts(args);

	if (!args->capture.half)
		return p->prog->broken ? NULL : p->prog;
	if (bpf_offload_program__compile(p, &opts))
		return NULL;
	if (p->result.split.halves)
		return &p->result.split.halves->host;
	fprintf(stderr, "%s: not split, so there is no host half\n", bpf_offload_program__name(p));
	return NULL;
}

static enum cli_exit capture_one(const struct cli_args *args, struct bpf_offload_program *p,
				 struct json_object *report)
{
	struct bpf_offload_object *o = p->owner;
	struct diag_at at = fe_prog_at(&o->obj, p->prog, -1);
	const struct fe_prog *prog = wanted(args, p);
	struct sim_captured img;
	const char *why, *path;
	bool ok;

	if (!prog) {
		inspect_print_messages(o);
		return CLI_PROGRAM;
	}
	path = args->capture.image ? args->capture.image
				   : arena_printf(&o->arena, "%s.hostjit", prog->name);
	why = capture_program(p, prog, &img);
	ok = why ? diag_error(&o->diags, &at, REASON_CAPTURE_FAILED, why)
		 : sim_captured_write(&o->cx, path, &img);
	if (ok)
		warn_if_unusable(p, &img, prog);
	inspect_print_messages(o);
	if (!ok)
		return CLI_ENVIRONMENT;
	if (report)
		add_row(report, p, &img, path);
	else
		say(args, &img, path);
	return CLI_OK;
}

enum cli_exit cmd_capture(const struct cli_args *args)
{
	return cli_each_program(args, capture_one);
}
