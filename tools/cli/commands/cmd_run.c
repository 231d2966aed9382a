/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/cli/output/report.h"

#include "offload/inspect.h"
#include "sim/diff.h"
#include "sim/throughput.h"
#include "sim/pcap.h"
#include "tools/cli/testing/sim_setup.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/nic/nic_maps.h"
#include "tools/cli/output/rate.h"
#include "tools/cli/output/trace.h"

#include <inttypes.h>
#include <stdio.h>

/* run: runs an image on a capture file, in the microengine simulator alone. Maps start empty, or with
 * the object's initial data, or with the elements of --maps. */

struct totals {
	uint64_t packets, pass, drop, tx, abort, too_long, faults;
	uint64_t given_up; /* by --max-work */
	uint64_t insns, cycles, busy;
	char first_fault[224];
};

struct session {
	const struct cli_args *args;
	struct cx cx;
	struct nfp_image img;
	struct nfp_firmware fw;
	struct sim_timing timing;
	struct tool_device dev;
	struct nic_maps maps;
	struct tool_trace trace;
	struct sim_throughput *engine;
	struct sim_pcap *in;
	struct sim_pcap_writer *out; /* NULL: nowhere */
	struct totals sum;
	bool reported; /* the report is printed */
};

static void count(struct session *s, const struct sim_me_result *r)
{
	struct totals *t = &s->sum;

	sim_throughput_packet(s->engine, r);
	t->insns += r->insns;
	t->cycles += r->cycles;
	t->busy += r->busy_cycles;
	if (r->byte >> 4 & SIM_ME_COUNT_ABORT)
		t->abort++;
	else if (r->byte & SIM_ME_DO_PASS)
		t->pass++;
	else if (r->byte & SIM_ME_DO_TX)
		t->tx++;
	else
		t->drop++;
	if (s->out && (r->byte & (SIM_ME_DO_PASS | SIM_ME_DO_TX)))
		sim_pcap_write(s->out, r->pkt, r->pkt_len);
}

static uint64_t max_work(const struct session *s)
{
	return s->args->run.max_work ? s->args->run.max_work : SIM_DIFF_WORK;
}

/* The packet is abandoned, with a warning; it is not a fault of the program. */
static void give_up(struct session *s)
{
	const struct diag_at at = { .object = s->args->operand,
				    .prog = s->img.prog_name,
				    .insn = -1 };

	if (!s->sum.given_up++)
		diag_warn(s->cx.diags, &at, REASON_SIM_WORK,
			  (unsigned long long)(s->sum.packets - 1),
			  (unsigned long long)max_work(s));
}

static void run_packet(struct session *s, const uint8_t *data, uint32_t len)
{
	struct sim_me_packet pkt = { .data = data, .len = len };
	struct sim_me_result res;

	if (s->args->run.trace)
		tool_trace_packet(&s->trace, s->sum.packets, len);
	s->sum.packets++;
	if (len > s->fw.inline_mtu) {
		s->sum.too_long++;
	} else if (sim_me_run(s->dev.me, &pkt, &res)) {
		count(s, &res);
	} else if (res.error.fault == SIM_ME_FAULT_RUNAWAY) {
		give_up(s);
	} else if (!s->sum.faults++) {
		snprintf(s->sum.first_fault, sizeof(s->sum.first_fault), "packet %" PRIu64 ": %s",
			 s->sum.packets - 1, res.error.text);
	}
}

static double per_packet(const struct session *s, uint64_t sum)
{
	uint64_t n = s->sum.packets - s->sum.too_long - s->sum.faults - s->sum.given_up;

	return n ? (double)sum / (double)n : 0;
}

static void print_totals(const struct session *s)
{
	const struct totals *t = &s->sum;
	struct sim_rate rate = sim_throughput_rate(s->engine);

	printf("%s: %" PRIu64 " packets: pass %" PRIu64 ", drop %" PRIu64 ", tx %" PRIu64
	       ", aborted %" PRIu64 "; too long for the device %" PRIu64 ", faults %" PRIu64 "\n",
	       s->img.prog_name, t->packets, t->pass, t->drop, t->tx, t->abort, t->too_long,
	       t->faults);
	if (interrupt_signal())
		printf("  interrupted: the rest of the file was not read\n");
	if (t->given_up)
		printf("  abandoned after %" PRIu64 " loop rounds (--max-work): %" PRIu64 "\n",
		       max_work(s), t->given_up);
	if (t->faults)
		printf("  first fault: %s\n", t->first_fault);
	printf("  %.1f instructions, %.1f cycles per packet (%.1f of them not waiting)\n",
	       per_packet(s, t->insns), per_packet(s, t->cycles), per_packet(s, t->busy));
	rate_print(&rate, &s->timing);
}

static void print_json(const struct session *s)
{
	struct json_object *report = report_new(), *row = json_object_new_object(),
			   *verdicts = json_object_new_object();
	const struct totals *t = &s->sum;
	struct sim_rate rate;

	json_object_object_add(row, "name", report_text(s->img.prog_name));
	json_object_object_add(row, "interrupted", json_object_new_boolean(interrupt_signal()));
	json_object_object_add(row, "packets", json_object_new_uint64(t->packets));
	json_object_object_add(row, "skipped", json_object_new_uint64(t->too_long + t->given_up));
	json_object_object_add(row, "given_up", json_object_new_uint64(t->given_up));
	json_object_object_add(row, "errors", json_object_new_uint64(t->faults));
	json_object_object_add(verdicts, "pass", json_object_new_uint64(t->pass));
	json_object_object_add(verdicts, "drop", json_object_new_uint64(t->drop));
	json_object_object_add(verdicts, "tx", json_object_new_uint64(t->tx));
	json_object_object_add(verdicts, "aborted", json_object_new_uint64(t->abort));
	json_object_object_add(row, "verdicts", verdicts);
	json_object_object_add(row, "device_insns_mean",
			       json_object_new_double(per_packet(s, t->insns)));
	json_object_object_add(row, "device_cycles_mean",
			       json_object_new_double(per_packet(s, t->cycles)));
	rate = sim_throughput_rate(s->engine);
	rate_add(row, &rate, &s->timing);
	json_object_array_add(json_object_object_get(report, "programs"), row);
	report_diags(report, s->cx.diags);
	report_print(report);
}

/* True: all packets of the file were read. */
static bool run_packets(struct session *s)
{
	bool show = !s->args->json && !s->args->quiet;
	unsigned errors = s->cx.diags->errors;
	const uint8_t *data;
	uint32_t len;

	while (!interrupt_signal() && sim_pcap_next(&s->cx, s->in, &data, &len)) {
		run_packet(s, data, len);
		if (show && s->sum.packets % 10000 == 0)
			cli_progress((void *)(uintptr_t)s->img.prog_name, s->sum.packets, 0);
	}
	if (show)
		cli_progress(NULL, 0, 0);
	return s->cx.diags->errors == errors;
}

static enum cli_exit run_image(struct session *s)
{
	const struct cli_args *args = s->args;

	if (!nfp_image_read(&s->cx, args->operand, &s->img))
		return CLI_PROGRAM;
	if (!nfp_firmware_load(&s->cx, args->place.firmware, &s->fw))
		return CLI_USAGE;
	s->timing = sim_timing_default;
	if (args->run.timing && !sim_timing_read(&s->cx, args->run.timing, &s->timing))
		return CLI_USAGE;
	if (!tool_device_load(&s->cx, &s->img, &s->fw, &s->timing,
			      sim_diff_device_insns(max_work(s)), &s->dev))
		return CLI_PROGRAM;
	s->maps = (struct nic_maps){ .img = &s->img, .card = s->dev.maps };
	if (args->nic.maps && !nic_maps_fill(&s->cx, &s->maps, args->nic.maps))
		return CLI_USAGE;
	s->engine = sim_throughput_new(&s->timing);
	if (!s->engine)
		return CLI_ENVIRONMENT;
	if (args->run.trace)
		tool_trace_start(&s->trace, s->dev.me, &s->img);
	s->in = sim_pcap_open(&s->cx, args->run.pcap);
	if (!s->in && !interrupt_signal())
		return CLI_PROGRAM;
	if (args->run.write) {
		s->out = sim_pcap_create(&s->cx, args->run.write);
		if (!s->out)
			return CLI_ENVIRONMENT;
	}
	if (!run_packets(s))
		return CLI_PROGRAM;
	s->reported = true;
	if (args->json)
		print_json(s);
	else
		print_totals(s);
	if (args->nic.dump_maps && !nic_maps_dump(&s->cx, &s->maps, args->nic.dump_maps))
		return CLI_ENVIRONMENT;
	return s->sum.faults ? CLI_PROGRAM : CLI_OK;
}

enum cli_exit cmd_run(const struct cli_args *args)
{
	struct arena arena = { 0 }, scratch = { 0 };
	struct diags diags;
	struct session s = { .args = args };
	enum cli_exit code;

	if (!args->run.pcap) {
		fprintf(stderr, "bpf-offload run: --pcap FILE is required\n");
		return CLI_USAGE;
	}
	diags_init(&diags, &arena);
	s.cx = (struct cx){ .arena = &arena, .scratch = &scratch, .diags = &diags };
	interrupt_catch();
	code = run_image(&s);
	if (args->json && !s.reported)
		report_failure(&diags);
	if (s.out && !sim_pcap_finish(&s.cx, s.out) && code == CLI_OK)
		code = CLI_ENVIRONMENT;
	if (s.in)
		sim_pcap_close(s.in);
	sim_throughput_free(s.engine);
	tool_device_free(&s.dev);
	for (size_t i = 0; i < diags.list.len; i++)
		diag_print(stderr, &diags.list.at[i]);
	arena_reset(&scratch);
	arena_reset(&arena);
	return code == CLI_OK ? (enum cli_exit)interrupt_status() : code;
}
