/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/diff/split_test_internal.h"

#include "base/bits.h"
#include "partitioner/handoff.h"
#include "sim/rng.h"

#include <linux/pkt_cls.h>
#include <string.h>

/* A tc pair: between card and tc hook the record leaves the packet and becomes metadata. */

bool split_test_tc_open(struct split_test *p)
{
	struct sim_host_options opts = { 0 };

	if (!split_test_is_tc(p))
		return true;
	p->xdp_stub =
		sim_host_new(p->d.cx, p->d.obj, &p->halves->xdp_stub, p->half.host_maps, &opts);
	return p->xdp_stub;
}

const char *split_test_tc_stub(struct split_test *p, const struct sim_me_result *dev)
{
	struct sim_host_packet in = { .data = dev->pkt, .len = dev->pkt_len };
	struct sim_host_run out;

	sim_host_run_one(p->xdp_stub, &in, &out);
	if (out.fault || out.verdict != XDP_PASS)
		return out.fault ? out.fault : "the XDP stub does not pass the packet";
	if (out.meta_len != p->halves->record_bytes ||
	    out.packet_len + out.meta_len != dev->pkt_len)
		return "the XDP stub changes the packet";
	memcpy(p->stripped, out.packet, out.packet_len);
	memcpy(p->meta, out.meta, out.meta_len);
	p->half.data = p->stripped;
	p->half.len = out.packet_len;
	p->half.meta = p->meta;
	p->half.meta_len = out.meta_len;
	return NULL;
}

static bool is_shot(struct split_test *p, const uint8_t *meta, uint32_t len)
{
	struct sim_host_packet in = {
		.data = p->d.data, .len = p->d.len, .meta = meta, .meta_len = len
	};
	struct sim_host_run out;

	sim_host_run_one(p->half.host, &in, &out);
	return !out.fault && out.verdict == TC_ACT_SHOT && !out.n_touched && !out.n_events;
}

/* As good as it gets but for one thing. */
static void make_foreign(struct split_test *p, uint8_t *meta, uint32_t n, uint64_t *rng)
{
	for (uint32_t i = 0; i < n; i++)
		meta[i] = (uint8_t)sim_rng_next(rng);
	store_le32(meta + PART_HANDOFF_OFF_COOKIE, p->halves->cookie);
	meta[PART_HANDOFF_OFF_VERSION] = PART_HANDOFF_VERSION;
	meta[PART_HANDOFF_OFF_CUT] = 0;
	meta[PART_HANDOFF_OFF_BYTES] = (uint8_t)n;
	meta[PART_HANDOFF_OFF_BYTES + 1] = 0;
	switch (sim_rng_below(rng, 4)) {
	case 0: meta[sim_rng_below(rng, 4)] ^= (uint8_t)(1u << sim_rng_below(rng, 8)); break;
	case 1: meta[PART_HANDOFF_OFF_VERSION]++; break;
	case 2: meta[PART_HANDOFF_OFF_BYTES] ^= 4; break;
	default: meta[PART_HANDOFF_OFF_CUT] = (uint8_t)(p->halves->n_cuts + 1); break;
	}
}

const char *split_test_tc_foreign(struct split_test *p)
{
	uint32_t n = p->halves->record_bytes;
	uint64_t rng = sim_rng_fork(p->d.opts->seed + 78, p->d.index);
	uint8_t meta[SIM_META_MAX];

	if (!is_shot(p, NULL, 0))
		return "the host half passes a packet without a record";
	make_foreign(p, meta, n, &rng);
	if (!is_shot(p, meta, n))
		return "the host half accepts a record of another program";
	/* right, but cut short: the rest would be of another's */
	make_foreign(p, meta, n, &rng);
	store_le32(meta + PART_HANDOFF_OFF_COOKIE, p->halves->cookie);
	return is_shot(p, meta, n - 4) ? NULL : "the host half accepts a truncated record";
}
