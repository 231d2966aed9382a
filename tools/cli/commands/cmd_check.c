/* SPDX-License-Identifier: BSD-2-Clause */
#include "offload/inspect.h"
#include "tools/cli/output/report.h"
#include "tools/cli/output/verify_log.h"

#include <stdio.h>
#include <string.h>

/* check: the verdict on each program, of the embedded verifier, of the running kernel's, or of
 * both. Where both are asked a difference is at fault like a rejection. */

enum verifiers { EMBEDDED = 1, KERNEL = 2, BOTH = EMBEDDED | KERNEL };

struct verdict {
	unsigned asked; /* enum verifiers */
	bool accepted;  /* host-only programs: not verified, taken as they are */
	bool host_only; /* of them the embedded verifier has no opinion */
	struct fe_kernel_answer kernel;
	const char *difference; /* NULL: none, or nothing to compare */
};

/* 0: no such verifier. */
static unsigned verifiers(const char *name)
{
	static const char *const names[] = {
		[EMBEDDED] = "embedded", [KERNEL] = "kernel", [BOTH] = "both"
	};

	for (unsigned i = EMBEDDED; i <= BOTH; i++) {
		if (!name || !strcmp(name, names[i]))
			return i;
	}
	return 0;
}

/* ---- the verdict --------------------------------------------------------------------------------- */

static void ask_kernel(const struct cli_args *args, struct bpf_offload_program *p,
		       struct verdict *v)
{
	struct bpf_offload_object *o = p->owner;
	struct fe_own_answer own = { .vp = v->accepted ? &p->vprog : NULL, .why = "" };

	v->kernel = fe_kernel_verify(&o->cx, &o->obj, p->prog, args->btf, &o->kernel_maps);
	fe_kernel_report(&o->cx, &o->obj, p->prog, &v->kernel);
	if (p->reasons.len)
		own.why = arena_printf(&o->arena, "%s [%s]", p->reasons.at[0].text,
				       p->reasons.at[0].id);
	if (v->asked == BOTH && !bpf_offload_program__host_only(p))
		v->difference = fe_kernel_difference(&o->cx, &o->obj, p->prog, &own, &v->kernel);
	inspect_print_messages(o);
}

static struct verdict judge(const struct cli_args *args, struct bpf_offload_program *p)
{
	struct verdict v = { .asked = verifiers(args->check.verifier) };
	/* facts only say why a kernel differs */
	struct fe_verify_options opts = { .allow_destructive = args->allow_destructive,
					  .verdict_only = !(v.asked & KERNEL),
					  .log_states = args->check.log };

	if (v.asked & EMBEDDED)
		v.accepted = !inspect_verify(p, &opts);
	v.host_only = bpf_offload_program__host_only(p);
	if (v.asked & KERNEL)
		ask_kernel(args, p, &v);
	return v;
}

/* Did no verifier look at it? */
static bool is_unverified(const struct verdict *v)
{
	return v->host_only && (!(v->asked & KERNEL) || v->kernel.verdict == FE_KERNEL_UNAVAILABLE);
}

static enum cli_exit exit_code(const struct cli_args *args, const struct verdict *v)
{
	if (v->asked & EMBEDDED && !v->accepted)
		return CLI_PROGRAM;
	if (v->asked & KERNEL && v->kernel.verdict == FE_KERNEL_REJECTS)
		return CLI_PROGRAM;
	if (args->check.allow_unverified && v->asked & EMBEDDED)
		return CLI_OK;
	if (is_unverified(v))
		return CLI_PROGRAM;
	return v->asked & KERNEL && v->kernel.verdict == FE_KERNEL_UNAVAILABLE ? CLI_ENVIRONMENT
									       : CLI_OK;
}

/* ---- what is printed ----------------------------------------------------------------------------- */

static const char *kernel_word(const struct verdict *v)
{
	static const char *const words[] = { [FE_KERNEL_UNAVAILABLE] = "no verdict",
					     [FE_KERNEL_ACCEPTS] = "accepted",
					     [FE_KERNEL_REJECTS] = "rejected" };

	return words[v->kernel.verdict];
}

static void print_verdict(const struct cli_args *args, struct bpf_offload_program *p,
			  const struct verdict *v)
{
	const char *own = v->host_only  ? "host only, not verified"
			  : v->accepted ? "accepted"
					: "rejected";

	if (args->check.log)
		verify_log_print(p);
	if (args->quiet && exit_code(args, v) == CLI_OK)
		return;
	printf("%s (%s): ", bpf_offload_program__name(p), bpf_offload_program__section(p));
	if (v->asked & EMBEDDED)
		printf("%s, ", own);
	if (v->asked & KERNEL)
		printf("kernel: %s, ", kernel_word(v));
	if (v->difference)
		printf("THEY DIFFER, ");
	printf("%zu instructions\n", bpf_offload_program__insn_cnt(p));
}

static void add_kernel(struct json_object *row, const struct verdict *v)
{
	const struct fe_kernel_answer *k = &v->kernel;
	bool known = k->verdict != FE_KERNEL_UNAVAILABLE;

	json_object_object_add(row, "kernel_accepted",
			       known ? json_object_new_boolean(k->verdict == FE_KERNEL_ACCEPTS)
				     : NULL);
	json_object_object_add(row, "kernel_message", report_text(k->why));
	json_object_object_add(row, "kernel_log_tail", report_text(k->log_tail));
	json_object_object_add(row, "kernel_verify_usecs",
			       json_object_new_int64((int64_t)k->verify_usecs));
	json_object_object_add(row, "kernel_insns_processed",
			       json_object_new_int64(k->insns_processed));
	if (v->asked == BOTH)
		json_object_object_add(row, "difference", report_text(v->difference));
}

static void add_verdict(const struct cli_args *args, struct json_object *report,
			struct bpf_offload_program *p, const struct verdict *v)
{
	struct json_object *row = report_program(report, p);

	if (v->asked & EMBEDDED) {
		json_object_object_add(row, "accepted",
				       v->host_only ? NULL : json_object_new_boolean(v->accepted));
		json_object_object_add(row, "insns_processed",
				       v->accepted && !v->host_only
					       ? json_object_new_int64(p->vprog.insns_processed)
					       : NULL);
		json_object_object_add(row, "verify_seconds",
				       json_object_new_double(p->verify_seconds));
	}
	if (v->asked & KERNEL)
		add_kernel(row, v);
	if (args->check.log)
		json_object_object_add(row, "log", verify_log_json(p));
}

static enum cli_exit check_one(const struct cli_args *args, struct bpf_offload_program *p,
			       struct json_object *report)
{
	struct verdict v = judge(args, p);

	if (report)
		add_verdict(args, report, p, &v);
	else if (!args->check.sarif)
		print_verdict(args, p, &v);
	return exit_code(args, &v);
}

enum cli_exit cmd_check(const struct cli_args *args)
{
	if (!verifiers(args->check.verifier)) {
		fprintf(stderr,
			"bpf-offload check: unknown verifier '%s'; use embedded, kernel or both\n",
			args->check.verifier);
		return CLI_USAGE;
	}
	if (args->json && args->check.sarif) {
		fprintf(stderr, "bpf-offload check: --json or --sarif, not both\n");
		return CLI_USAGE;
	}
	return cli_each_program(args, check_one);
}
