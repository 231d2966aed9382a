#include "tools/report.h"

#include <stdio.h>

/* check: the verdict of the embedded verifier on each program. */

static void print_verdict(const struct cli_args *args, struct bpf_offload_program *p, bool ok)
{
	const char *verdict = bpf_offload_program__host_only(p) ? "host only, not verified"
			      : ok                              ? "accepted"
								: "rejected";

	if (args->quiet && ok)
		return;
	printf("%s (%s): %s, %zu instructions\n", bpf_offload_program__name(p),
	       bpf_offload_program__section(p), verdict, bpf_offload_program__insn_cnt(p));
}

static enum cli_exit check_one(const struct cli_args *args, struct bpf_offload_program *p,
			       struct json_object *report)
{
	bool ok = !bpf_offload_program__verify(p, args->allow_destructive);
	struct json_object *row;

	if (report) {
		row = report_program(report, p);
		json_object_object_add(
			row, "accepted",
			bpf_offload_program__host_only(p) ? NULL : json_object_new_boolean(ok));
	} else {
		print_verdict(args, p, ok);
	}
	return ok ? CLI_OK : CLI_PROGRAM;
}

enum cli_exit cmd_check(const struct cli_args *args)
{
	return cli_each_program(args, check_one);
}
