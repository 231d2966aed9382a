/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/cli/nic/nic_report.h"

#include "tools/cli/output/rate.h"
#include "tools/cli/output/report.h"

#include <inttypes.h>
#include <stdio.h>

/* Frames that the microcode ran to its end. */
static uint64_t runs(const struct sim_nic_stats *s)
{
	return s->from_wire.packets - s->way[SIM_NIC_TOO_LONG].packets -
	       s->way[SIM_NIC_FAULT].packets;
}

static double mean(const struct sim_nic_stats *s, uint64_t sum)
{
	return runs(s) ? (double)sum / (double)runs(s) : 0;
}

/* ---- text ---- */

static void print_trouble(const struct sim_nic_stats *s)
{
	const struct {
		uint64_t n;
		const char *what;
	} rows[] = {
		{ s->host_refused, "refused by the host's interface" },
		{ s->wire_refused, "refused by the wire" },
		{ s->wire_lost, "lost because they arrived faster than they were read" },
		{ s->unusable, "malformed for the wire" },
		{ s->queue_selected, "with a selected receive queue (there is only one)" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].n)
			printf("  %" PRIu64 " frames %s\n", rows[i].n, rows[i].what);
	if (s->events || s->events_lost)
		printf("  %" PRIu64 " events for the host, %" PRIu64 " lost\n", s->events,
		       s->events_lost);
	if (s->way[SIM_NIC_FAULT].packets)
		printf("  first fault: %s\n", s->first_fault);
}

void nic_report_print(const struct nic_report *r)
{
	const struct sim_nic_stats *s = r->stats;
	struct sim_rate rate;

	printf("%s: %.1f s between %s and %s\n", r->name ? r->name : "no image", s->seconds,
	       r->wire, r->tap);
	printf("  from the wire %" PRIu64 " frames, %" PRIu64 " bytes:", s->from_wire.packets,
	       s->from_wire.bytes);
	for (unsigned i = 0; i < SIM_NIC_WAYS; i++)
		printf("%s %s %" PRIu64, i ? "," : "", sim_nic_way_name(i), s->way[i].packets);
	printf("\n  from the host %" PRIu64 " frames, %" PRIu64 " bytes\n", s->from_host.packets,
	       s->from_host.bytes);
	if (s->decided || s->handed)
		printf("  of those to the host: decided by the device %" PRIu64
		       ", continued by the host half %" PRIu64 "\n",
		       s->decided, s->handed);
	print_trouble(s);
	if (!r->engine)
		return;
	rate = sim_throughput_rate(r->engine);
	printf("  %.1f instructions, %.1f cycles per packet (%.1f of them not waiting)\n",
	       mean(s, s->insns), mean(s, s->cycles), mean(s, s->busy_cycles));
	rate_print(&rate, r->timing);
}

/* ---- JSON ---- */

static struct json_object *sum_row(const struct sim_nic_sum *sum)
{
	struct json_object *row = json_object_new_object();

	json_object_object_add(row, "packets", json_object_new_uint64(sum->packets));
	json_object_object_add(row, "bytes", json_object_new_uint64(sum->bytes));
	return row;
}

static void add_counts(struct json_object *row, const struct sim_nic_stats *s)
{
	const struct {
		const char *name;
		uint64_t n;
	} rows[] = {
		{ "decided", s->decided },
		{ "handed", s->handed },
		{ "host_refused", s->host_refused },
		{ "wire_refused", s->wire_refused },
		{ "wire_lost", s->wire_lost },
		{ "unusable", s->unusable },
		{ "queue_selected", s->queue_selected },
		{ "events", s->events },
		{ "events_lost", s->events_lost },
	};

	json_object_object_add(row, "from_wire", sum_row(&s->from_wire));
	for (unsigned i = 0; i < SIM_NIC_WAYS; i++)
		json_object_object_add(row, sim_nic_way_name(i), sum_row(&s->way[i]));
	json_object_object_add(row, "from_host", sum_row(&s->from_host));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		json_object_object_add(row, rows[i].name, json_object_new_uint64(rows[i].n));
}

void nic_report_json(const struct nic_report *r)
{
	struct json_object *report = report_new(), *row = json_object_new_object();
	const struct sim_nic_stats *s = r->stats;

	json_object_object_add(row, "name", report_text(r->name));
	json_object_object_add(row, "host_program", report_text(r->host_name));
	json_object_object_add(row, "tap", report_text(r->tap));
	json_object_object_add(row, "wire", report_text(r->wire));
	json_object_object_add(row, "seconds", json_object_new_double(s->seconds));
	add_counts(row, s);
	if (r->engine) {
		struct sim_rate rate = sim_throughput_rate(r->engine);

		json_object_object_add(row, "device_insns_mean",
				       json_object_new_double(mean(s, s->insns)));
		json_object_object_add(row, "device_cycles_mean",
				       json_object_new_double(mean(s, s->cycles)));
		rate_add(row, &rate, r->timing);
	}
	json_object_array_add(json_object_object_get(report, "programs"), row);
	report_print(report);
}
