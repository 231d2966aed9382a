/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/cli/cli.h"

#include "offload/inspect.h"
#include "tools/cli/output/report.h"
#include "tools/cli/output/sarif.h"
#include "tools/cli/testing/map_ids.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Reports an error before the first program, in the requested format. */
static void report_end(const struct cli_args *args, struct bpf_offload_object *obj)
{
	struct json_object *report;

	inspect_print_messages(obj);
	if (args->json) {
		report = report_new();
		report_messages(report, obj);
		report_print(report);
	}
	if (args->check.sarif)
		sarif_print(obj);
}

/* Does the command line name something that the object does not have? */
static bool option_at_fault(const struct bpf_offload_object *obj)
{
	for (size_t i = 0; obj && i < obj->diags.list.len; i++) {
		if (obj->diags.list.at[i].severity == DIAG_ERROR &&
		    (obj->diags.list.at[i].reason == REASON_TYPE_OPTION ||
		     obj->diags.list.at[i].reason == REASON_SET_OPTION))
			return true;
	}
	return false;
}

/* NULL: *code is the exit status. */
static struct bpf_offload_object *open_operand(const struct cli_args *args, enum cli_exit *code)
{
	struct bpf_offload_open_opts opts = { .sz = sizeof(opts),
					      .types = args->types.at,
					      .n_types = args->types.n,
					      .sets = args->sets.at,
					      .n_sets = args->sets.n,
					      .btf_path = args->btf,
					      .messages_to = args->json || args->check.sarif
								     ? NULL
								     : stderr };
	struct bpf_offload_object *obj;
	bool usable;

	obj = inspect_open(args->operand, &opts, &usable);
	if (obj && usable)
		return obj;
	if (obj)
		report_end(args, obj);
	*code = option_at_fault(obj) ? CLI_USAGE : CLI_PROGRAM;
	bpf_offload_object__close(obj);
	return NULL;
}

struct bpf_offload_compile_opts cli_compile_opts(const struct cli_args *args)
{
	return (struct bpf_offload_compile_opts){
		.sz = sizeof(struct bpf_offload_compile_opts),
		.firmware = args->place.firmware,
		.opt_level = args->place.opt_level,
		.dump = args->files.dump,
		.stop_after = args->files.stop_after,
		/* with --json standard output holds one object only */
		.dump_to = args->json ? stderr : stdout,
		.check_each = args->place.check_each,
		.allow_destructive = args->allow_destructive,
		.require_device = args->place.require_device,
		.keep_tail_calls = args->place.keep_tail_calls,
		.pins = args->place.pins,
		.costs = args->place.costs,
		.profiler = args->place.profile ? &args->collect.profiler : NULL,
		.cut_seed = args->place.cut_seed,
		.untagged = args->place.untagged,
		.max_handoff = args->place.max_handoff > UINT32_MAX
				       ? 0
				       : (uint32_t)args->place.max_handoff,
	};
}

static bool selected(const struct cli_args *args, struct bpf_offload_program *p)
{
	return !args->prog || !strcmp(args->prog, bpf_offload_program__name(p));
}

static const char *program_list(struct bpf_offload_object *obj)
{
	struct bpf_offload_program *p;
	const char *all = "";

	for (size_t i = 0; (p = bpf_offload_object__program(obj, i)); i++)
		all = arena_printf(&obj->arena, "%s%s%s (%s)", all, i ? ", " : "",
				   bpf_offload_program__name(p), bpf_offload_program__section(p));
	return all;
}

/* CLI_OK when there is something to do. */
static enum cli_exit check_selection(const struct cli_args *args, struct bpf_offload_object *obj)
{
	struct diag_at at = { .object = args->operand, .insn = -1 };
	struct bpf_offload_program *p;

	for (size_t i = 0; (p = bpf_offload_object__program(obj, i)); i++) {
		if (selected(args, p))
			return CLI_OK;
	}
	diag_error(&obj->diags, &at, REASON_NO_SUCH_PROGRAM, args->prog ? args->prog : "",
		   program_list(obj));
	report_end(args, obj);
	return CLI_USAGE;
}

/* Once for all programs. */
static enum cli_exit check_profile(const struct cli_args *args, struct bpf_offload_object *obj)
{
	if (!args->place.profile || sim_profile_check(&obj->cx, args->place.profile))
		return CLI_OK;
	report_end(args, obj);
	return CLI_USAGE;
}

static enum cli_exit check_map_ids(const struct cli_args *args, struct bpf_offload_object *obj)
{
	if (map_ids_read(obj, args->run.map_ids))
		return CLI_OK;
	report_end(args, obj);
	return CLI_USAGE;
}

static enum cli_exit walk(const struct cli_args *args, struct bpf_offload_object *obj,
			  cli_program_fn *one)
{
	struct json_object *report = args->json ? report_new() : NULL;
	struct bpf_offload_program *p;
	enum cli_exit code = CLI_OK, c;

	for (size_t i = 0; code != CLI_USAGE && (p = bpf_offload_object__program(obj, i)); i++) {
		if (!selected(args, p))
			continue;
		c = one(args, p, report);
		code = c > code ? c : code;
		inspect_forget(obj);
	}
	if (report) {
		report_messages(report, obj);
		report_print(report);
	}
	if (args->check.sarif)
		sarif_print(obj);
	return code;
}

enum cli_exit cli_each_program(const struct cli_args *args, cli_program_fn *one)
{
	enum cli_exit code;
	struct bpf_offload_object *obj = open_operand(args, &code);

	if (!obj)
		return code;
	code = check_selection(args, obj);
	if (code == CLI_OK)
		code = check_profile(args, obj);
	if (code == CLI_OK)
		code = check_map_ids(args, obj);
	if (code == CLI_OK)
		code = walk(args, obj, one);
	bpf_offload_object__close(obj);
	return code;
}

void cli_progress(void *priv, uint64_t done, uint64_t total)
{
	const char *what = priv;

	if (!isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r\033[K");
	if (what)
		fprintf(stderr, "%s: %llu packets", what, (unsigned long long)done);
	if (what && total)
		fprintf(stderr, " of %llu (%u %%)", (unsigned long long)total,
			(unsigned)(done * 100 / total));
	fflush(stderr);
}
