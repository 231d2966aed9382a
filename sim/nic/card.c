/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/nic.h"

#include "partitioner/handoff.h"

#include <stdio.h>

/* Runs one frame through the image and counts it. */

static const char *const names[SIM_NIC_WAYS] = {
	[SIM_NIC_HOST] = "to_host",  [SIM_NIC_WIRE] = "to_wire",      [SIM_NIC_DROP] = "dropped",
	[SIM_NIC_ABORT] = "aborted", [SIM_NIC_TOO_LONG] = "too_long", [SIM_NIC_FAULT] = "faults",
};

const char *sim_nic_way_name(enum sim_nic_way way)
{
	return names[way];
}

/* Records of bpf_perf_event_output(): the driver would put them into the host's buffers. */
static void take_events(struct sim_me *me, struct sim_nic_stats *stats)
{
	struct sim_me_event ev;

	while (sim_me_event_take(me, &ev))
		stats->events++;
	stats->events_lost = sim_me_events_lost(me);
}

static void count_record(const struct sim_nic_card *card, const struct sim_nic_out *out,
			 struct sim_nic_stats *stats)
{
	if (!card->record_bytes || out->way != SIM_NIC_HOST || out->len < PART_HANDOFF_HEADER)
		return;
	if (out->data[PART_HANDOFF_OFF_CUT] == PART_HANDOFF_DECIDED)
		stats->decided++;
	else
		stats->handed++;
}

static enum sim_nic_way way_of(uint8_t result)
{
	if (result >> 4 & SIM_ME_COUNT_ABORT)
		return SIM_NIC_ABORT;
	if (result & SIM_ME_DO_PASS)
		return SIM_NIC_HOST;
	return result & SIM_ME_DO_TX ? SIM_NIC_WIRE : SIM_NIC_DROP;
}

static enum sim_nic_way run(const struct sim_nic_card *card, const uint8_t *frame, uint32_t len,
			    struct sim_nic_stats *stats, struct sim_nic_out *out)
{
	struct sim_me_packet pkt = { .data = frame, .len = len };
	struct sim_me_result r;

	if (len > card->fw->inline_mtu)
		return SIM_NIC_TOO_LONG;
	if (!sim_me_run(card->me, &pkt, &r)) {
		if (!stats->way[SIM_NIC_FAULT].packets)
			snprintf(stats->first_fault, sizeof(stats->first_fault), "%s",
				 r.error.text);
		return SIM_NIC_FAULT;
	}
	take_events(card->me, stats);
	sim_throughput_packet(card->engine, &r);
	stats->insns += r.insns;
	stats->cycles += r.cycles;
	stats->busy_cycles += r.busy_cycles;
	stats->queue_selected += r.queue_selected;
	out->data = r.pkt;
	out->len = r.pkt_len;
	return way_of(r.byte);
}

void sim_nic_frame(const struct sim_nic_card *card, const uint8_t *frame, uint32_t len,
		   struct sim_nic_stats *stats, struct sim_nic_out *out)
{
	*out = (struct sim_nic_out){ .way = SIM_NIC_HOST, .data = frame, .len = len };
	stats->from_wire.packets++;
	stats->from_wire.bytes += len;
	if (card->me)
		out->way = run(card, frame, len, stats, out);
	if (out->way != SIM_NIC_HOST && out->way != SIM_NIC_WIRE) {
		out->data = NULL;
		out->len = 0;
	}
	count_record(card, out, stats);
	stats->way[out->way].packets++;
	stats->way[out->way].bytes += len;
}
