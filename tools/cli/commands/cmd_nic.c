/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/cli/cli.h"

#include "offload/inspect.h"
#include "sim/nic.h"
#include "sim/nic_half.h"
#include "tools/cli/testing/sim_setup.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/nic/nic_maps.h"
#include "tools/cli/nic/nic_report.h"
#include "tools/cli/output/report.h"

#include <stdio.h>

/* nic: real traffic through an image in the microengine simulator, and then through the host half in the
 * kernel. This file sets both sides up and takes them down; the loop is sim/nic. */

struct session {
	const struct cli_args *args;
	struct cx cx;
	size_t printed; /* messages */
	struct nfp_image img;
	struct nfp_firmware fw;
	struct sim_timing timing;
	struct tool_device dev;
	struct sim_throughput *engine;
	struct sim_nic_half half;
	struct nic_maps maps;
	struct sim_nic_stats stats;
	const char *tap, *wire; /* as the kernel calls them */
};

static void print_messages(struct session *s)
{
	for (; s->printed < s->cx.diags->list.len; s->printed++)
		diag_print(stderr, &s->cx.diags->list.at[s->printed]);
}

/* ---- while it runs ---- */

static struct nic_report report_of(struct session *s)
{
	return (struct nic_report){ .name = s->args->nic.image ? s->img.prog_name : NULL,
				    .host_name = s->half.name,
				    .tap = s->tap,
				    .wire = s->wire,
				    .stats = &s->stats,
				    .engine = s->engine,
				    .timing = &s->timing };
}

static bool dump(struct session *s)
{
	return !s->args->nic.dump_maps || nic_maps_dump(&s->cx, &s->maps, s->args->nic.dump_maps);
}

static bool ready(void *priv, unsigned ifindex, const char *tap, const char *wire)
{
	struct session *s = priv;

	s->tap = arena_strdup(s->cx.arena, tap);
	s->wire = arena_strdup(s->cx.arena, wire);
	if (interrupt_signal()) /* while image and host half were loaded: the report says that nothing came */
		return false;
	if (s->half.obj && !sim_nic_half_attach(&s->cx, &s->half, ifindex, tap))
		return false;
	print_messages(s);
	if (s->args->quiet || s->args->json)
		return true;
	printf("ready: %s is the wire, %s the host's interface\n  device: %s\n  host: %s\n", wire,
	       tap, s->args->nic.image ? s->img.prog_name : "no image, all frames go to the host",
	       s->half.name             ? s->half.name
	       : s->args->nic.no_attach ? "not attached by this command"
					: "nothing attached");
	fflush(stdout);
	return true;
}

static void show(void *priv, const struct sim_nic_stats *stats)
{
	struct session *s = priv;
	struct nic_report r = report_of(s);

	(void)stats; /* they are s->stats */
	if (!s->args->json && !s->args->quiet)
		nic_report_print(&r);
	fflush(stdout);
	dump(s);
	print_messages(s);
}

static void reload(void *priv)
{
	struct session *s = priv;

	if (s->args->nic.maps)
		nic_maps_fill(&s->cx, &s->maps, s->args->nic.maps);
	print_messages(s);
}

/* ---- set-up ---- */

static enum cli_exit load_image(struct session *s)
{
	const struct cli_args *args = s->args;

	s->timing = sim_timing_default;
	if (args->run.timing && !sim_timing_read(&s->cx, args->run.timing, &s->timing))
		return CLI_USAGE;
	if (!nfp_firmware_load(&s->cx, args->place.firmware, &s->fw))
		return CLI_USAGE;
	if (!args->nic.image)
		return CLI_OK;
	if (!nfp_image_read(&s->cx, args->nic.image, &s->img) ||
	    !tool_device_load(&s->cx, &s->img, &s->fw, &s->timing, 0, &s->dev))
		return CLI_PROGRAM;
	s->maps.img = &s->img;
	s->maps.card = s->dev.maps;
	s->engine = sim_throughput_new(&s->timing);
	return s->engine ? CLI_OK : CLI_ENVIRONMENT;
}

/* Both halves must come from one split, or neither be a half. */
static bool halves_fit(struct session *s, struct part_handoff_id *records)
{
	const char *path = s->args->nic.host, *why = NULL;

	*records = (struct part_handoff_id){ 0 };
	if (!path)
		return !s->img.base.handoff_bytes || s->args->nic.no_attach ||
		       diag_error(s->cx.diags, &DIAG_AT_NOWHERE, REASON_NIC_NO_HALF);
	if (!part_object_handoff_id(&s->cx, path, records))
		return false;
	if (records->bytes && !s->img.base.handoff_bytes)
		why = "it expects records, but the image writes none";
	else if (!records->bytes && s->img.base.handoff_bytes)
		why = "the image writes records, but it expects none";
	else if (records->cookie != s->img.base.handoff_cookie ||
		 records->bytes != s->img.base.handoff_bytes)
		why = arena_printf(
			s->cx.arena,
			"its records are 0x%08x with %u bytes, the image's 0x%08x with %u",
			records->cookie, records->bytes, s->img.base.handoff_cookie,
			s->img.base.handoff_bytes);
	return !why || diag_error(s->cx.diags, &DIAG_AT_NOWHERE, REASON_NIC_OTHER_HALF, path, why);
}

static bool last_is(const struct session *s, enum reason reason)
{
	const struct diags *d = s->cx.diags;

	return d->list.len && d->list.at[d->list.len - 1].reason == reason;
}

static enum cli_exit load_half(struct session *s)
{
	struct sim_nic_half_want want = { .path = s->args->nic.host, .prog = s->args->prog };
	struct part_handoff_id records;

	if (!halves_fit(s, &records))
		return CLI_PROGRAM;
	if (!want.path || s->args->nic.no_attach)
		return CLI_OK;
	want.half = records.bytes;
	if (!sim_nic_half_load(&s->cx, &want, &s->half))
		return last_is(s, REASON_NIC_PRIVILEGE) ? CLI_ENVIRONMENT : CLI_PROGRAM;
	s->maps.host = s->half.obj;
	return CLI_OK;
}

static enum cli_exit run(struct session *s)
{
	struct sim_nic_config cfg = { .card = { .me = s->dev.me,
						.fw = &s->fw,
						.engine = s->engine,
						.record_bytes = s->img.base.handoff_bytes },
				      .tap = s->args->nic.tap,
				      .wire = s->args->nic.wire,
				      .max_seconds = (double)s->args->nic.max_seconds,
				      .max_packets = s->args->nic.max_frames,
				      .priv = s,
				      .ready = ready,
				      .show = show,
				      .reload = reload };
	bool ok = sim_nic_run(&s->cx, &cfg, &s->stats);
	struct nic_report r = report_of(s);

	if (s->wire && s->args->json)
		nic_report_json(&r);
	else if (s->wire && !s->args->quiet)
		nic_report_print(&r);
	if (!dump(s) || (!ok && !interrupt_signal()))
		return CLI_ENVIRONMENT;
	return s->stats.way[SIM_NIC_FAULT].packets ? CLI_PROGRAM : CLI_OK;
}

static enum cli_exit nic(struct session *s)
{
	enum cli_exit code = load_image(s);

	if (code == CLI_OK)
		code = load_half(s);
	if (code == CLI_OK && s->args->nic.maps &&
	    !nic_maps_fill(&s->cx, &s->maps, s->args->nic.maps))
		code = CLI_USAGE;
	return code == CLI_OK ? run(s) : code;
}

enum cli_exit cmd_nic(const struct cli_args *args)
{
	struct arena arena = { 0 }, scratch = { 0 };
	struct diags diags;
	struct session s = { .args = args };
	enum cli_exit code;

	if (!args->nic.tap || (!args->nic.image && !args->nic.host && !args->nic.no_attach)) {
		fprintf(stderr, "bpf-offload nic: %s\n",
			args->nic.tap ? "--image FILE or --host FILE is required"
				      : "--tap NAME is required");
		return CLI_USAGE;
	}
	interrupt_catch();
	diags_init(&diags, &arena);
	s.cx = (struct cx){ .arena = &arena, .scratch = &scratch, .diags = &diags };
	code = nic(&s);
	print_messages(&s);
	if (args->json && !s.wire)
		report_failure(&diags);
	sim_nic_half_free(&s.half);
	sim_throughput_free(s.engine);
	tool_device_free(&s.dev);
	arena_reset(&scratch);
	arena_reset(&arena);
	return code;
}
