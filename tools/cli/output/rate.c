/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/cli/output/rate.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>

void rate_print(const struct sim_rate *rate, const struct sim_timing *timing)
{
	printf("  %" PRIu32
	       " contexts in turn: %.1f cycles per packet; the engine issues %.0f%% of "
	       "them and waits %.0f%% for packet memory, %.0f%% for external memory\n",
	       timing->contexts, rate->cycles_per_packet, 100 * rate->issue_share,
	       100 * rate->wait_share[SIM_ME_CTM], 100 * rate->wait_share[SIM_ME_EMEM]);
	printf("  about %.1f Mpps on %" PRIu32 " engines at %" PRIu32
	       " MHz, bound by %s; the firmware's own work is not counted\n",
	       rate->mpps, timing->engines, timing->clock_mhz, rate->bound_by);
}

void rate_add(struct json_object *row, const struct sim_rate *rate, const struct sim_timing *timing)
{
	const struct {
		const char *name;
		double v;
	} rows[] = {
		{ "estimated_mpps", rate->mpps },
		{ "engine_cycles_per_packet", rate->cycles_per_packet },
		{ "issue_share", rate->issue_share },
		{ "packet_memory_wait_share", rate->wait_share[SIM_ME_CTM] },
		{ "external_memory_wait_share", rate->wait_share[SIM_ME_EMEM] },
		{ "engines", timing->engines },
		{ "contexts", timing->contexts },
		{ "clock_mhz", timing->clock_mhz },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		json_object_object_add(row, rows[i].name, json_object_new_double(rows[i].v));
	json_object_object_add(row, "bound_by", json_object_new_string(rate->bound_by));
}
