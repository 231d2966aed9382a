/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/flow.h"

#include "partitioner/handoff.h"
#include "partitioner/tc_split.h"
#include "partitioner/split.h"

#include "base/bits.h"

/* From a placement to its cuts: where control goes from the device to the host, how often, and the
 * record that all of them fit in. */

#define NO_CUT (-1.0)

/* By instruction of main: part of the packets that go to the host before it. */
static double *cut_shares(struct cx *cx, const struct part_flow *r,
			  const struct part_halves *halves, uint32_t *n)
{
	double *share = ARENA_ARRAY(cx->arena, double, r->n);

	for (uint32_t pc = 0; pc < r->n; pc++)
		share[pc] = NO_CUT;
	if (halves->tagged) {
		share[0] = 0;
		++*n;
	}
	for (size_t i = 0; i < r->edges.len; i++) {
		const struct part_edge *e = &r->edges.at[i];

		if (!halves->on_device[e->from] || halves->on_device[e->to])
			continue;
		if (share[e->to] < 0) {
			share[e->to] = 0;
			++*n;
		}
		share[e->to] += part_edge_share(r, e);
	}
	return share;
}

static uint32_t cookie_of(const struct vprog *vp, const struct part_halves *halves)
{
	const uint8_t *code = (const uint8_t *)vp->prog->insns;
	uint32_t h = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < vp->prog->n_insns * sizeof(struct bpf_insn); i++)
		h = (h ^ code[i]) * 16777619u;
	for (uint32_t i = 0; i < halves->n_cuts; i++)
		h = (h ^ halves->cuts[i].pc) * 16777619u;
	return (h ^ halves->record_bytes) * 16777619u;
}

bool part_collect_cut_points(struct cx *cx, const struct part_flow *r, const struct part_live *live,
			     uint32_t min_payload, struct part_halves *halves)
{
	uint32_t n = 0, payload = min_payload;
	double *share = cut_shares(cx, r, halves, &n);

	/* without cuts, an XDP program runs on the device as a whole; a tc program still passes up its action */
	if ((!n && !part_is_tc(r->vp->prog)) || n > PART_HANDOFF_MAX_CUTS)
		return false;
	halves->cuts = ARENA_ARRAY(cx->arena, struct part_cut_point, n + 1);
	for (uint32_t pc = 0; pc < r->n; pc++) {
		struct part_cut_point *c = &halves->cuts[halves->n_cuts];

		if (share[pc] < 0)
			continue;
		*c = (struct part_cut_point){ .pc = pc,
					      .id = (uint8_t)++halves->n_cuts,
					      .live = live[pc],
					      .share = share[pc] };
		if (c->live.payload_bytes > payload)
			payload = c->live.payload_bytes;
	}
	halves->record_bytes = PART_HANDOFF_HEADER + (uint32_t)bits_round_up(payload, 4);
	halves->cookie = cookie_of(r->vp, halves);
	return true;
}
