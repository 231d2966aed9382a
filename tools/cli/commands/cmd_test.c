/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/cli/output/report.h"

#include "offload/inspect.h"
#include "sim/diff.h"
#include "sim/host.h"
#include "sim/captured.h"
#include "sim/split_test.h"
#include "sim/timing.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/output/junit.h"
#include "tools/cli/testing/map_ids.h"
#include "tools/cli/testing/repro.h"
#include "tools/cli/testing/test_plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* test: the microcode in the simulator against the host's machine code, packet by packet. */

/* Ours, or the words of --device-words with the maps that the program names, in object order. */
static bool device_of(const struct cli_args *args, struct bpf_offload_program *p,
		      struct sim_diff_device *dev)
{
	struct cx *cx = &p->owner->cx;
	uint64_t *words;

	if (args->run.device_words) {
		size_t n;

		if (!nfp_words_read(cx, args->run.device_words, &words, &n))
			return false;
		sim_diff_device_from_vprog(cx->arena, &p->vprog, &p->fw, words, n, dev);
		map_ids_apply(p->owner, dev);
	} else {
		if (!inspect_relocate(p, &words, &dev->n_words))
			return false;
		dev->words = words;
		dev->maps = p->image->maps;
		dev->n_maps = p->image->n_maps;
		dev->tids = ARENA_ARRAY(cx->arena, uint32_t, dev->n_maps + 1);
		for (size_t i = 0; i < dev->n_maps; i++)
			dev->tids[i] = inspect_table_id(p, i);
	}
	return true;
}

/* ---- which host sides -------------------------------------------------------------------------- */

#define HOST_BIT(id) (1u << SIM_DIFF_##id)

/* Bits of one word of --host; other words are files of capture. */
static unsigned host_bits(const char *word, size_t len)
{
	static const struct {
		const char *name;
		unsigned bits;
	} rows[] = {
		{ "jit", HOST_BIT(JIT) },
		{ "interp", HOST_BIT(INTERP) },
		{ "kernel", HOST_BIT(KERNEL) },
		{ "all", HOST_BIT(JIT) | HOST_BIT(INTERP) | HOST_BIT(IMAGE) | HOST_BIT(KERNEL) },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strlen(rows[i].name) == len && !strncmp(word, rows[i].name, len))
			return rows[i].bits;
	}
	return HOST_BIT(IMAGE);
}

/* All of --host; *file: the one that is a file, if any. */
static unsigned all_host_bits(struct bpf_offload_program *p, const char *list, const char **file)
{
	unsigned bits = 0, of_word;

	*file = NULL;
	for (size_t len; list && *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		of_word = host_bits(list, len);
		if (of_word == HOST_BIT(IMAGE))
			*file = arena_strndup(&p->owner->arena, list, len);
		bits |= of_word;
	}
	/* a kernel is compared with something whose maps can be seen into */
	return bits & ~HOST_BIT(KERNEL) ? bits : bits | HOST_BIT(JIT);
}

static bool choose_hosts(const struct cli_args *args, struct bpf_offload_program *p,
			 struct sim_diff_options *diff)
{
	struct sim_captured *img;
	const char *file;

	diff->hosts = all_host_bits(p, args->run.host, &file);
	if (!file)
		return true;
	img = ARENA_NEW(&p->owner->arena, struct sim_captured);
	diff->image = img;
	return sim_captured_read(&p->owner->cx, file, img);
}

static bool is_pair(const struct cli_args *args, const struct bpf_offload_program *p)
{
	return p->result.split.halves && !args->run.device_words;
}

/* ---- results ------------------------------------------------------------------------------------ */

static const char *const xdp_verdicts[] = { "aborted", "drop", "pass", "tx", "redirect" };
static const char *const tc_verdicts[] = { "ok_or_unspec", "reclassify", "shot",  "pipe",
					   "stolen",       "queued",     "repeat" };

static const char *verdict_name(const struct bpf_offload_program *p, size_t v)
{
	bool xdp = p->prog->type == BPF_PROG_TYPE_XDP;

	if (xdp)
		return v < 5 ? xdp_verdicts[v] : NULL;
	return v < 7 ? tc_verdicts[v] : "redirect_or_other";
}

static double mean(uint64_t sum, uint64_t n)
{
	return n ? (double)sum / (double)n : 0;
}

static bool was_asked(const struct sim_diff_host *h)
{
	return h->ran || h->skipped;
}

static struct json_object *hosts_row(const struct sim_diff_host *all)
{
	struct json_object *hosts = json_object_new_array(), *o;

	for (enum sim_diff_host_id id = 0; id < SIM_DIFF_N_HOSTS; id++) {
		const struct sim_diff_host *h = &all[id];

		if (!was_asked(h))
			continue;
		o = json_object_new_object();
		json_object_object_add(o, "name", report_text(sim_diff_host_name(id)));
		json_object_object_add(o, "leads", json_object_new_boolean(h->leads));
		json_object_object_add(o, "skipped", report_text(h->skipped));
		json_object_object_add(o, "packets", json_object_new_uint64(h->packets));
		json_object_object_add(o, "mismatches", json_object_new_uint64(h->mismatches));
		json_object_object_add(o, "skipped_packets",
				       json_object_new_uint64(h->skipped_packets));
		json_object_array_add(hosts, o);
	}
	return hosts;
}

/* A line for each host side, when there is more than one. */
static void print_hosts(const char *title, const struct sim_diff_host *hosts)
{
	bool several = false;

	for (enum sim_diff_host_id id = 0; id < SIM_DIFF_N_HOSTS; id++)
		several |= was_asked(&hosts[id]) && !hosts[id].leads;
	for (enum sim_diff_host_id id = 0; several && id < SIM_DIFF_N_HOSTS; id++) {
		const struct sim_diff_host *h = &hosts[id];

		if (!was_asked(h))
			continue;
		printf("  %s %s: ", title, sim_diff_host_name(id));
		if (h->skipped)
			printf("skipped: %s\n", h->skipped);
		else if (h->leads)
			puts("primary; the others are compared with it");
		else
			printf("%" PRIu64 " packets, %" PRIu64 " mismatches, %" PRIu64 " skipped\n",
			       h->packets, h->mismatches, h->skipped_packets);
	}
}

static struct json_object *unwritten_row(const struct sim_diff_unwritten *u)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "bytes", json_object_new_uint64(u->bytes));
	json_object_object_add(o, "packets", json_object_new_uint64(u->packets));
	json_object_object_add(o, "skipped_packets", json_object_new_uint64(u->skipped));
	return o;
}

/* What was not compared because no side has to have it so. */
static void warn_unwritten(struct bpf_offload_object *o, const struct sim_diff_unwritten *u)
{
	if (u->bytes)
		diag_warn(&o->diags, &u->at, REASON_SIM_UNWRITTEN, (unsigned long long)u->bytes,
			  (unsigned long long)u->packets, (unsigned long long)u->first, u->where);
	if (u->skipped)
		diag_warn(&o->diags, &u->decided_at, REASON_SIM_UNWRITTEN_PATH,
			  (unsigned long long)u->skipped, u->decided_by,
			  (unsigned long long)u->first_skipped);
}

static void add_result(struct json_object *row, const struct bpf_offload_program *p,
		       const struct sim_diff_result *r)
{
	struct json_object *verdicts = json_object_new_object(), *diffs = json_object_new_array(),
			   *o;

	for (size_t v = 0; v < 8; v++) {
		if (verdict_name(p, v))
			json_object_object_add(verdicts, verdict_name(p, v),
					       json_object_new_uint64(r->verdicts[v]));
	}
	json_object_object_add(row, "interrupted", json_object_new_boolean(r->stopped));
	json_object_object_add(row, "crashed", report_text(r->crashed));
	json_object_object_add(row, "packets", json_object_new_uint64(r->packets));
	json_object_object_add(row, "mismatches", json_object_new_uint64(r->mismatches));
	json_object_object_add(row, "skipped", json_object_new_uint64(r->skipped));
	json_object_object_add(row, "unwritten", unwritten_row(&r->unwritten));
	json_object_object_add(row, "device_insns_mean",
			       json_object_new_double(mean(r->device_insns, r->packets)));
	json_object_object_add(row, "device_cycles_mean",
			       json_object_new_double(mean(r->device_cycles, r->packets)));
	json_object_object_add(row, "map_hits", json_object_new_uint64(r->map_hits));
	json_object_object_add(row, "map_misses", json_object_new_uint64(r->map_misses));
	json_object_object_add(row, "seconds", json_object_new_double(r->seconds));
	json_object_object_add(row, "verdicts", verdicts);
	json_object_object_add(row, "hosts", hosts_row(r->hosts));
	for (size_t i = 0; i < r->n_kept; i++) {
		o = json_object_new_object();
		json_object_object_add(o, "packet", json_object_new_uint64(r->kept[i].packet_idx));
		json_object_object_add(o, "what", report_text(r->kept[i].what));
		json_object_object_add(o, "text", report_text(r->kept[i].text));
		json_object_array_add(diffs, o);
	}
	json_object_object_add(row, "differences", diffs);
}

static void print_headline(const struct bpf_offload_program *p, const struct sim_diff_result *r)
{
	const char *name = bpf_offload_program__name(p);
	const char *outcome = r->mismatches ? "DIFFERS" : "equal";

	if (r->crashed)
		printf("%s: %s after %" PRIu64 " packets, %" PRIu64 " mismatches, %" PRIu64
		       " skipped\n",
		       name, r->crashed, r->packets, r->mismatches, r->skipped);
	else if (r->stopped)
		printf("%s: interrupted after %" PRIu64 " packets, %s so far, %" PRIu64
		       " mismatches, %" PRIu64 " skipped\n",
		       name, r->packets, outcome, r->mismatches, r->skipped);
	else
		printf("%s: %s, %" PRIu64 " packets, %" PRIu64 " mismatches, %" PRIu64 " skipped\n",
		       name, outcome, r->packets, r->mismatches, r->skipped);
}

static void print_result(const struct cli_args *args, const struct bpf_offload_program *p,
			 const struct sim_diff_result *r)
{
	print_headline(p, r);
	if (args->quiet)
		return;
	if (r->device_insns)
		printf("  device: %.1f instructions, %.1f cycles per packet\n",
		       mean(r->device_insns, r->packets), mean(r->device_cycles, r->packets));
	printf("  map lookups: %" PRIu64 " hits, %" PRIu64 " misses\n  verdicts:", r->map_hits,
	       r->map_misses);
	for (size_t v = 0; v < 8; v++) {
		if (r->verdicts[v])
			printf(" %s %" PRIu64, verdict_name(p, v) ? verdict_name(p, v) : "other",
			       r->verdicts[v]);
	}
	putchar('\n');
	if (r->unwritten.packets || r->unwritten.skipped)
		printf("  never written by the program: %" PRIu64 " bytes in %" PRIu64
		       " packets were not compared, nor were %" PRIu64 " packets\n",
		       r->unwritten.bytes, r->unwritten.packets, r->unwritten.skipped);
	print_hosts("host", r->hosts);
	if (args->verbose)
		printf("  %.2f s, %.0f packets/s\n", r->seconds,
		       r->seconds > 0 ? (double)r->packets / r->seconds : 0);
	for (size_t i = 0; i < r->n_kept; i++)
		printf("  packet %" PRIu64 ", %s: %s\n", r->kept[i].packet_idx, r->kept[i].what,
		       r->kept[i].text);
}

static void add_junit(const struct cli_args *args, const struct bpf_offload_program *p,
		      const struct sim_diff_result *r, const char *skipped, const char *failure)
{
	struct junit_case c = { .name = bpf_offload_program__name(p),
				.section = bpf_offload_program__section(p),
				.skipped = skipped,
				.failure = failure };

	if (!args->collect.junit_to)
		return;
	if (r) {
		c.seconds = r->seconds;
		if (r->stopped && !r->mismatches)
			c.skipped = arena_printf(
				&p->owner->arena,
				"interrupted after %" PRIu64 " packets, equal so far", r->packets);
		if (r->n_kept) {
			c.failure = r->kept[0].what;
			c.details = r->kept[0].text;
		}
	}
	junit_add(args->collect.junit_to, &c);
}

/* Nothing to compare, or nothing to compare with: reported, counted as skipped, not a failure. */
static enum cli_exit skip(const struct cli_args *args, struct bpf_offload_program *p,
			  struct json_object *row, const char *why)
{
	struct sim_diff_result none = { .skipped = args->run.packets };

	add_junit(args, p, NULL, why, NULL);
	if (row) {
		add_result(row, p, &none);
		json_object_object_add(row, "not_compared", report_text(why));
	} else {
		printf("%s: skipped, %s\n", bpf_offload_program__name(p), why);
	}
	return CLI_OK;
}

/* A split program against the original, or the device against the host. */
static bool run_sides(const struct cli_args *args, struct bpf_offload_program *p,
		      const struct sim_diff_device *dev, const struct sim_diff_options *diff,
		      struct sim_split_result *res)
{
	struct bpf_offload_object *o = p->owner;

	if (is_pair(args, p))
		return sim_split_run(&o->cx, &p->vprog, p->result.split.halves, &p->fw, dev, diff,
				     res);
	return sim_diff_run(&o->cx, &o->obj, p->prog, &p->fw, dev, diff, &res->diff);
}

static void tell_pair(const struct cli_args *args, struct json_object *row,
		      const struct sim_split_result *r)
{
	struct json_object *o;

	if (row) {
		o = json_object_new_object();
		json_object_object_add(o, "decided", json_object_new_uint64(r->decided));
		json_object_object_add(o, "handed", json_object_new_uint64(r->handed));
		json_object_object_add(o, "forged", json_object_new_uint64(r->forged));
		json_object_object_add(o, "hosts", hosts_row(r->half_hosts));
		json_object_object_add(row, "split", o);
	} else if (!args->quiet) {
		printf("  split: the device decided %" PRIu64
		       " packets, the host half continued with "
		       "%" PRIu64 "; %" PRIu64 " had a forged record\n",
		       r->decided, r->handed, r->forged);
		print_hosts("host half on", r->half_hosts);
	}
}

/* ---- running ------------------------------------------------------------------------------------ */

/* Inputs of a test. */
struct sides {
	const struct cli_args *args;
	struct bpf_offload_program *p;
	const struct sim_diff_device *dev; /* NULL: the program stays on the host */
	struct sim_diff_options diff;
};

static bool run_once(struct sides *s, struct sim_split_result *res)
{
	*res = (struct sim_split_result){ 0 };
	return run_sides(s->args, s->p, s->dev, &s->diff, res);
}

/* One round, or with --time as many as there is time for; the seed of the last one stays in s->diff. */
static bool run_rounds(struct sides *s, struct test_plan *plan, struct sim_split_result *total)
{
	do {
		struct sim_split_result round;

		s->diff.seed = plan->seed;
		s->diff.packets = plan->packets;
		if (!run_once(s, &round))
			return false;
		test_plan_add(total, &round);
	} while (test_plan_next(plan, &total->diff));
	return true;
}

static bool run_for_repro(void *priv, const char *pcap, struct divergence *ways,
			  struct sim_diff_result *r)
{
	struct sides s = *(const struct sides *)priv;
	struct sim_split_result halves;
	bool ok;

	s.diff.pcap = pcap;
	s.diff.packets = 0;
	s.diff.progress = NULL;
	if (ways) {
		s.diff.hosts = HOST_BIT(INTERP);
		s.diff.host_step = divergence_host_step;
		s.diff.device_step = divergence_device_step;
		s.diff.step_priv = ways;
	}
	ok = run_once(&s, &halves);
	*r = halves.diff;
	return ok;
}

static bool write_repro(struct sides *s, const struct sim_diff_result *r)
{
	struct repro repro = { .cx = &s->p->owner->cx,
			       .args = s->args,
			       .prog = bpf_offload_program__name(s->p),
			       .seed = s->diff.seed,
			       .run = run_for_repro,
			       .priv = s };
	struct divergence ways;

	if (s->p->image && !s->args->run.device_words && !is_pair(s->args, s->p) &&
	    !s->p->result.split.inlined) {
		divergence_start(&ways, repro.cx->arena, s->p->prog, &s->p->image->code);
		repro.ways = &ways;
	}
	/* what crashed once is not tried again in this process */
	return !s->args->run.repro || !r->n_kept || r->crashed || repro_write(&repro, &r->kept[0]);
}

static enum cli_exit compile_failed(const struct cli_args *args, struct bpf_offload_program *p)
{
	size_t n;
	const struct bpf_offload_reason *why = bpf_offload_program__reasons(p, &n);

	add_junit(args, p, NULL, NULL, n ? why[0].text : "cannot be compiled");
	return CLI_PROGRAM;
}

static const char *not_to_the_end(struct bpf_offload_program *p, const struct sim_diff_result *r)
{
	return arena_printf(&p->owner->arena,
			    "not comparable: %s (see --max-work); equal before: %" PRIu64
			    " packets",
			    r->too_long, r->packets);
}

static enum cli_exit report_result(struct sides *s, struct json_object *row,
				   const struct sim_split_result *halves)
{
	const struct sim_diff_result *r = &halves->diff;

	if (r->too_long && !r->mismatches)
		return skip(s->args, s->p, row, not_to_the_end(s->p, r));
	add_junit(s->args, s->p, r, NULL, NULL);
	if (row)
		add_result(row, s->p, r);
	else
		print_result(s->args, s->p, r);
	if (is_pair(s->args, s->p))
		tell_pair(s->args, row, halves);
	if (!write_repro(s, r)) {
		inspect_print_messages(s->p->owner);
		return CLI_ENVIRONMENT;
	}
	return r->mismatches ? CLI_PROGRAM : CLI_OK;
}

/* A limit of the simulator is not a fault of the program, nor of the other programs of its object: sets *why. */
static bool is_incomparable(struct diags *d, size_t first, const char **why)
{
	for (size_t i = first; i < d->list.len; i++) {
		struct diag *e = &d->list.at[i];

		if (e->severity != DIAG_ERROR)
			continue;
		if (e->reason != REASON_SIM_MAP && e->reason != REASON_SIM_INSN &&
		    e->reason != REASON_SIM_HELPER)
			return false;
		e->severity = DIAG_WARNING;
		d->errors--;
		*why = e->text;
	}
	return *why;
}

/* It did not run to its end: why, in all forms of the report. */
static enum cli_exit cannot_run(struct sides *s, struct json_object *row, size_t first)
{
	struct bpf_offload_object *o = s->p->owner;
	const char *why = NULL;
	bool skipped = is_incomparable(&o->diags, first, &why);

	inspect_print_messages(o);
	if (skipped)
		return skip(s->args, s->p, row, why);
	why = o->diags.list.len > first ? o->diags.list.at[o->diags.list.len - 1].text
					: "cannot be run";
	add_junit(s->args, s->p, NULL, NULL, why);
	if (row)
		json_object_object_add(row, "not_compared", report_text(why));
	return CLI_PROGRAM;
}

static enum cli_exit run_and_report(struct sides *s, struct json_object *row)
{
	struct bpf_offload_object *o = s->p->owner;
	struct sim_split_result halves = { 0 };
	struct sim_timing timing;
	struct test_plan plan;
	size_t first = o->diags.list.len;
	bool ok;

	if (!test_plan(s->args, &plan))
		return CLI_USAGE;
	if (s->args->run.timing && !sim_timing_read(&o->cx, s->args->run.timing, &timing)) {
		inspect_print_messages(o);
		return CLI_USAGE;
	}
	s->diff.timing = s->args->run.timing ? &timing : NULL;
	ok = run_rounds(s, &plan, &halves);
	if (s->diff.progress)
		cli_progress(NULL, 0, 0);
	arena_reset(&o->scratch);
	if (!ok)
		return cannot_run(s, row, first);
	warn_unwritten(o, &halves.diff.unwritten);
	inspect_print_messages(o);
	return report_result(s, row, &halves);
}

static enum cli_exit test_one(const struct cli_args *args, struct bpf_offload_program *p,
			      struct json_object *report)
{
	struct bpf_offload_compile_opts opts = cli_compile_opts(args);
	struct sides s = {
		.args = args,
		.p = p,
		.diff = { .pcap = args->run.pcap,
			  .progress = args->json || args->quiet ? NULL : cli_progress,
			  .stop = interrupt_came,
			  .survive = true,
			  .max_work = args->run.max_work,
			  .priv = (void *)(uintptr_t)bpf_offload_program__name(p) },
	};
	struct sim_diff_device dev = { 0 };
	struct bpf_offload_object *o = p->owner;
	struct json_object *row = NULL;
	int err;
	const char *why_not;
	bool on_device;

	if (interrupt_signal())
		return skip(args, p, report ? report_program(report, p) : NULL,
			    "interrupted before it was compiled");
	err = bpf_offload_program__compile(p, &opts);
	if (err == -EINVAL)
		return CLI_USAGE;
	if (report) {
		row = report_program(report, p);
		report_placement(row, p);
	}
	if (err)
		return compile_failed(args, p);
	why_not = p->accepted ? sim_host_unsupported_proof(&o->arena, &p->vprog)
			      : sim_host_unsupported(&o->arena, &o->obj, p->prog);
	if (why_not)
		return skip(args, p, row, arena_printf(&o->arena, "not comparable: %s", why_not));
	on_device = p->image || args->run.device_words;
	if (!choose_hosts(args, p, &s.diff) || (on_device && !device_of(args, p, &dev))) {
		inspect_print_messages(o);
		return compile_failed(args, p);
	}
	if (!on_device && s.diff.hosts == HOST_BIT(JIT))
		return skip(args, p, row, "it stays on the host (see bpf-offload explain)");
	s.diff.unwritten = p->vprog.reads_unwritten || sim_host_may_be_unwritten(&o->obj, p->prog);
	if (on_device)
		s.dev = &dev;
	else /* nothing else to compare with */
		s.diff.hosts |= HOST_BIT(JIT);
	return run_and_report(&s, row);
}

enum cli_exit cmd_test(const struct cli_args *args)
{
	struct cli_args own = *args;
	struct arena arena = { 0 };
	struct test_plan plan;
	enum cli_exit code;

	if (!test_plan(args, &plan))
		return CLI_USAGE;
	if (args->run.junit)
		own.collect.junit_to = junit_new(&arena, args->operand);
	interrupt_catch();
	code = cli_each_program(&own, test_one);
	if (args->run.junit && !junit_write(own.collect.junit_to, args->run.junit) &&
	    code == CLI_OK)
		code = CLI_ENVIRONMENT;
	arena_reset(&arena);
	return code == CLI_OK ? (enum cli_exit)interrupt_status() : code;
}
