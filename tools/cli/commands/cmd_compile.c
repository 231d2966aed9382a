/* SPDX-License-Identifier: BSD-2-Clause */
#include "offload/inspect.h"
#include "tools/cli/output/compile_files.h"
#include "tools/cli/output/report.h"
#include "tools/report/text.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* compile: microcode for each program that the device can take, a reason for each that it cannot. */

static bool make_folder(const char *path)
{
	struct stat st;

	if (!mkdir(path, 0777) || (errno == EEXIST && !stat(path, &st) && S_ISDIR(st.st_mode)))
		return true;
	fprintf(stderr, "bpf-offload compile: cannot make folder '%s': %s\n", path,
		errno == EEXIST ? "a file of that name exists" : strerror(errno));
	return false;
}

/* DIR/<program>.<ext>: a program's name comes from the file, so it may hold anything. */
static bool result_path(char *path, size_t size, const char *dir, const char *prog, const char *ext)
{
	int n = snprintf(path, size, "%s/", dir), m;

	if (n < 0 || (size_t)n >= size)
		return false;
	m = snprintf(path + n, size - (size_t)n, "%s.%s", *prog ? prog : "unnamed", ext);
	for (char *c = path + n; *c; c++) {
		if (*c == '/' || (unsigned char)*c < ' ' || (c == path + n && *c == '.'))
			*c = '_';
	}
	return m >= 0 && (size_t)m < size - (size_t)n;
}

/* Writes the results of one program to DIR. */
struct results {
	char image[PATH_MAX], words[PATH_MAX], host[PATH_MAX], manifest[PATH_MAX];
	struct rep_files files;
};

static void say_wrote(const struct cli_args *args, const char *path)
{
	if (!args->json && !args->quiet)
		printf("  wrote %s\n", path);
}

/* One file: where it goes, and who writes it. */
static bool write_one(const struct cli_args *args, struct bpf_offload_program *p, char *path,
		      const char *ext,
		      int (*write)(struct bpf_offload_program *p, const char *path),
		      const char **written)
{
	if (!result_path(path, PATH_MAX, args->files.output, bpf_offload_program__name(p), ext) ||
	    write(p, path))
		return false;
	*written = path;
	say_wrote(args, path);
	return true;
}

static bool write_results(const struct cli_args *args, struct bpf_offload_program *p,
			  struct results *r)
{
	bool split = bpf_offload_program__placement(p) == BPF_OFFLOAD_SPLIT;

	return make_folder(args->files.output) &&
	       write_one(args, p, r->image, "nfp", bpf_offload_program__write_image,
			 &r->files.image) &&
	       (!split || write_one(args, p, r->host, "host.o", bpf_offload_program__write_host,
				    &r->files.host)) &&
	       (!args->files.emit || /* "words" is all it can be */
		write_one(args, p, r->words, "words", bpf_offload_program__write_words,
			  &r->files.words));
}

/* Beside the files, unless --manifest collects all programs. */
static bool write_manifest(const struct cli_args *args, struct bpf_offload_program *p,
			   struct results *r)
{
	struct compile_files *all = args->collect.compile_to;

	r->files.beside = !all->args->files.manifest;
	if (all->args->files.manifest)
		return compile_files_manifest(all, p, &r->files);
	if (!r->files.image)
		return true;
	if (!result_path(r->manifest, PATH_MAX, args->files.output, bpf_offload_program__name(p),
			 "manifest.json") ||
	    !compile_files_own_manifest(p, &r->files, r->manifest))
		return false;
	say_wrote(args, r->manifest);
	return true;
}

static void print_summary(const struct cli_args *args, struct bpf_offload_program *p)
{
	const struct bpf_offload_reason *r;
	size_t n;

	printf("%s (%s): %s, %zu BPF instructions", bpf_offload_program__name(p),
	       bpf_offload_program__section(p),
	       bpf_offload_placement__name(bpf_offload_program__placement(p)),
	       bpf_offload_program__insn_cnt(p));
	if (bpf_offload_program__device_words(p))
		printf(" -> %zu instruction words", bpf_offload_program__device_words(p));
	putchar('\n');
	r = bpf_offload_program__reasons(p, &n);
	/* a rejection was already printed in full */
	if (bpf_offload_program__placement(p) == BPF_OFFLOAD_REJECTED)
		return;
	for (size_t i = 0; i < n; i++) {
		if (i == 10 && !args->verbose) {
			printf("  … %zu more (bpf-offload explain, or -v)\n", n - i);
			break;
		}
		if (r[i].insn >= 0)
			printf("  insn %lld", (long long)r[i].insn);
		else
			printf("  program");
		if (r[i].line)
			printf(" (%s:%u)", r[i].file ? r[i].file : "?", r[i].line);
		printf(": %s [%s]\n", r[i].text, r[i].id);
	}
}

static bool write_all(const struct cli_args *args, struct bpf_offload_program *p, int err)
{
	struct results r = { 0 };

	if (!err && bpf_offload_program__device_words(p) && !write_results(args, p, &r))
		return false;
	if (r.files.host)
		compile_files_host(args->collect.compile_to, r.files.host);
	return write_manifest(args, p, &r);
}

/* Exit code of one program; the worst of all programs is the command's. */
static enum cli_exit compile_one(const struct cli_args *args, struct bpf_offload_program *p,
				 struct json_object *report)
{
	struct bpf_offload_compile_opts opts = cli_compile_opts(args);
	enum cli_exit code = CLI_OK;
	struct json_object *row;
	int err;

	err = bpf_offload_program__compile(p, &opts);
	if (err == -EINVAL)
		return CLI_USAGE; /* invalid firmware profile or pass name: already reported */
	if (err)
		code = CLI_PROGRAM;
	if (report) {
		row = report_program(report, p);
		report_placement(row, p);
		json_object_object_add(
			row, "device_words",
			json_object_new_int64((int64_t)bpf_offload_program__device_words(p)));
	} else if (!args->quiet) {
		print_summary(args, p);
		rep_text_constants(p);
	}
	if (args->place.require_device && bpf_offload_program__placement(p) != BPF_OFFLOAD_DEVICE)
		code = CLI_PROGRAM;
	if (!args->files.stop_after && !write_all(args, p, err))
		return CLI_ENVIRONMENT;
	return code;
}

/* True when each name in a comma-separated list is a pass (or "all", where that is allowed). */
static bool passes_exist(const char *option, const char *list, bool all_allowed)
{
	while (list && *list) {
		size_t len = strcspn(list, ",");
		bool found = all_allowed && len == 3 && !strncmp(list, "all", 3);

		for (unsigned i = 0; i < nfp_n_stages && !found; i++)
			found = strlen(nfp_stages[i].name) == len &&
				!strncmp(nfp_stages[i].name, list, len);
		if (!found) {
			fprintf(stderr,
				"bpf-offload compile: %s: no pass '%.*s'; the passes are:", option,
				(int)len, list);
			for (unsigned i = 0; i < nfp_n_stages; i++)
				fprintf(stderr, " %s", nfp_stages[i].name);
			fputc('\n', stderr);
			return false;
		}
		list += len + (list[len] == ',');
	}
	return true;
}

enum cli_exit cmd_compile(const struct cli_args *args)
{
	if (args->files.emit && strcmp(args->files.emit, "words")) {
		fprintf(stderr, "bpf-offload compile: --emit supports \"words\", not \"%s\"\n",
			args->files.emit);
		return CLI_USAGE;
	}
	if (!passes_exist("--dump", args->files.dump, true) ||
	    !passes_exist("--stop-after", args->files.stop_after, false))
		return CLI_USAGE;
	return compile_files_run(args, compile_one);
}
