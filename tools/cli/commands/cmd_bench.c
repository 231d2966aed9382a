/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/cli/output/report.h"

#include "offload/inspect.h"
#include "sim/diff.h"
#include "sim/packet.h"
#include "tools/cli/testing/sim_setup.h"
#include "tools/cli/interrupt.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

/* bench: where the time of a compilation goes, and how fast simulator and comparison are. Figures
 * only; nothing here judges. */

struct figures {
	double sim_insns_per_s, sim_packets_per_s; /* microengine alone */
	double test_packets_per_s;                 /* both sides and the comparison */
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

#define SIM_PACKETS  256 /* generated once, run in turn */
#define SIM_SECONDS  0.5 /* at least this long, so that the clock's grain does not show */
#define TEST_PACKETS 20000

/* The microengine alone, packet after packet. */
static bool bench_simulator(struct bpf_offload_program *p, uint64_t seed, struct figures *f)
{
	struct cx *cx = &p->owner->cx;
	struct sim_packet_gen *gen =
		sim_packet_gen_new(cx->arena, p->prog, seed, SIM_PACKET_SHORTEST);
	struct sim_me_packet in[SIM_PACKETS];
	struct tool_device dev;
	struct sim_me_result out;
	uint64_t insns = 0, packets = 0;
	double start, seconds = 0;

	for (size_t i = 0; i < SIM_PACKETS; i++) {
		uint8_t *buf = arena_alloc(cx->arena, SIM_PACKET_LONGEST);

		in[i] = (struct sim_me_packet){ .data = buf, .len = sim_packet_make(gen, i, buf) };
	}
	if (!tool_device_load(cx, p->image, &p->fw, NULL, 0, &dev)) {
		tool_device_free(&dev);
		return false;
	}
	for (start = now(); seconds < SIM_SECONDS && !interrupt_signal(); seconds = now() - start) {
		for (size_t i = 0; i < SIM_PACKETS; i++) {
			if (sim_me_run(dev.me, &in[i], &out))
				insns += out.insns;
			packets++;
		}
	}
	f->sim_insns_per_s = (double)insns / seconds;
	f->sim_packets_per_s = (double)packets / seconds;
	tool_device_free(&dev);
	return true;
}

static bool bench_test(const struct cli_args *args, struct bpf_offload_program *p,
		       struct figures *f)
{
	struct sim_diff_options opts = { .packets = args->run.packets_given ? args->run.packets
									    : TEST_PACKETS,
					 .stop = interrupt_came,
					 .seed = args->run.seed };
	struct sim_diff_device dev = { .maps = p->image->maps, .n_maps = p->image->n_maps };
	struct sim_diff_result res;
	uint64_t *words;

	if (!inspect_relocate(p, &words, &dev.n_words))
		return false;
	dev.words = words;
	if (!sim_diff_run(&p->owner->cx, &p->owner->obj, p->prog, &p->fw, &dev, &opts, &res))
		return false;
	f->test_packets_per_s = res.seconds > 0 ? (double)res.packets / res.seconds : 0;
	return true;
}

static void print_figures(const struct bpf_offload_program *p, const struct figures *f)
{
	double total = p->verify_seconds;

	printf("%s (%s): %zu BPF instructions -> %zu words\n", p->prog->name, p->prog->section,
	       p->prog->n_insns, p->image ? p->image->code.n_words : 0);
	printf("  %-12s %9.3f ms  (whole object)\n", "open", p->owner->open_seconds * 1e3);
	printf("  %-12s %9.3f ms\n", "verify", p->verify_seconds * 1e3);
	for (size_t i = 0; i < p->result.phases.len; i++) {
		printf("  %-12s %9.3f ms\n", p->result.phases.at[i].name,
		       p->result.phases.at[i].seconds * 1e3);
		total += p->result.phases.at[i].seconds;
	}
	printf("  %-12s %9.3f ms\n", "total", total * 1e3);
	if (!p->image)
		return;
	printf("  simulator    %9.2f million instructions/s, %.0f packets/s\n",
	       f->sim_insns_per_s / 1e6, f->sim_packets_per_s);
	printf("  test         %9.0f packets/s, both sides and comparison\n",
	       f->test_packets_per_s);
}

static void add_figures(struct json_object *row, const struct bpf_offload_program *p,
			const struct figures *f)
{
	struct json_object *phases = json_object_new_object();

	json_object_object_add(phases, "open", json_object_new_double(p->owner->open_seconds));
	json_object_object_add(phases, "verify", json_object_new_double(p->verify_seconds));
	for (size_t i = 0; i < p->result.phases.len; i++)
		json_object_object_add(phases, p->result.phases.at[i].name,
				       json_object_new_double(p->result.phases.at[i].seconds));
	json_object_object_add(row, "phase_seconds", phases);
	json_object_object_add(row, "simulator_insns_per_second",
			       json_object_new_double(f->sim_insns_per_s));
	json_object_object_add(row, "simulator_packets_per_second",
			       json_object_new_double(f->sim_packets_per_s));
	json_object_object_add(row, "test_packets_per_second",
			       json_object_new_double(f->test_packets_per_s));
}

static enum cli_exit bench_one(const struct cli_args *args, struct bpf_offload_program *p,
			       struct json_object *report)
{
	struct bpf_offload_compile_opts opts = cli_compile_opts(args);
	struct figures f = { 0 };
	struct json_object *row;
	bool ok = true;
	int err;

	if (interrupt_signal()) /* the programs before have their figures */
		return CLI_OK;
	err = bpf_offload_program__compile(p, &opts);
	if (err == -EINVAL)
		return CLI_USAGE;
	if (!err && p->image)
		ok = bench_simulator(p, args->run.seed, &f) && bench_test(args, p, &f);
	inspect_print_messages(p->owner);
	if (report) {
		row = report_program(report, p);
		report_placement(row, p);
		add_figures(row, p, &f);
	} else if (!err) {
		print_figures(p, &f);
	}
	return err || !ok ? CLI_PROGRAM : CLI_OK;
}

enum cli_exit cmd_bench(const struct cli_args *args)
{
	enum cli_exit code;

	interrupt_catch();
	code = cli_each_program(args, bench_one);
	return code == CLI_OK ? (enum cli_exit)interrupt_status() : code;
}
