/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/cli/output/compile_files.h"

#include "base/file.h"
#include "tools/report/spawn.h"

#include <stdlib.h>
#include <string.h>

#define MAX_OBJECT (64u << 20)

/* ---- manifests --------------------------------------------------------------------------------------- */

bool compile_files_manifest(struct compile_files *x, struct bpf_offload_program *p,
			    const struct rep_files *files)
{
	if (!x->manifest)
		x->manifest = rep_manifest_new(p->owner);
	return x->manifest && rep_manifest_add(x->manifest, p, files);
}

bool compile_files_own_manifest(struct bpf_offload_program *p, const struct rep_files *files,
				const char *path)
{
	struct json_object *m = rep_manifest_new(p->owner);
	bool ok;

	if (!m)
		return false;
	if (!rep_manifest_add(m, p, files)) {
		json_object_put(m);
		return false;
	}
	ok = rep_manifest_write(&p->owner->cx, m, path);
	inspect_print_messages(p->owner);
	return ok;
}

/* ---- the skeleton ------------------------------------------------------------------------------------ */

void compile_files_host(struct compile_files *x, const char *path)
{
	free(x->host);
	x->host = strdup(path);
	x->hosts++;
}

static bool is_header(const char *path)
{
	size_t n = strlen(path);

	return n > 2 && !strcmp(path + n - 2, ".h");
}

static bool write_header(struct cx *cx, const char *host, const char *path)
{
	/* a path must not look like an option */
	const char *file = *host == '-' ? arena_printf(cx->arena, "./%s", host) : host;
	const char *const argv[] = { "bpftool", "gen", "skeleton", file, NULL };
	struct spawn_job job = { .argv = argv, .what_for = "--skeleton FILE.h" };
	struct spawn_output header;

	return spawn_run(cx, &job, &header) && file_write(cx, path, header.text, header.size);
}

static bool write_object(struct cx *cx, const char *host, const char *path)
{
	struct file_bytes file;

	return file_read(cx, host, MAX_OBJECT, &file) && file_write(cx, path, file.data, file.size);
}

static enum cli_exit write_skeleton(struct cx *cx, const struct compile_files *x)
{
	const char *path = x->args->files.skeleton;

	if (x->hosts != 1 || !x->host) {
		fprintf(stderr, "bpf-offload compile: --skeleton: %s\n",
			x->hosts ? "several programs are split; select one with --prog"
				 : "no program is split, so there is no host half");
		return x->hosts ? CLI_USAGE : CLI_PROGRAM;
	}
	return (is_header(path) ? write_header : write_object)(cx, x->host, path) ? CLI_OK
										  : CLI_ENVIRONMENT;
}

/* ---- the walk -------------------------------------------------------------------------------------------- */

static enum cli_exit finish(struct compile_files *x, enum cli_exit code)
{
	struct arena arena = { 0 };
	struct diags diags;
	struct cx cx = { .arena = &arena, .scratch = &arena, .diags = &diags };
	enum cli_exit c = CLI_OK;

	diags_init(&diags, &arena);
	if (x->manifest && !rep_manifest_write(&cx, x->manifest, x->args->files.manifest))
		code = CLI_ENVIRONMENT;
	if (x->args->files.skeleton && code <= CLI_PROGRAM)
		c = write_skeleton(&cx, x);
	for (size_t i = 0; i < diags.list.len; i++)
		diag_print(stderr, &diags.list.at[i]);
	arena_reset(&arena);
	free(x->host);
	return c > code ? c : code;
}

enum cli_exit compile_files_run(const struct cli_args *args, cli_program_fn *one)
{
	struct compile_files x = { .args = args };
	struct cli_args own = *args;

	own.collect.compile_to = &x;
	return finish(&x, cli_each_program(&own, one));
}
