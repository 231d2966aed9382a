/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/host/environment/host_internal.h"

#include "base/bits.h"
#include "sim/host/unwritten/unwritten.h"
#include "sim/rng.h"

#include <assert.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define IFINDEX        1u /* of the interface that packets seem to come from */
#define EGRESS_IFINDEX 2u /* … and, for a program of a device map, go to */

/* ---- faults and addresses ------------------------------------------------------------------- */

void sim_host_fault(struct sim_host *h, const char *fmt, ...)
{
	va_list ap;

	if (h->fault[0])
		return;
	va_start(ap, fmt);
	vsnprintf(h->fault, sizeof(h->fault), fmt, ap);
	va_end(ap);
	if (h->uc)
		uc_emu_stop(h->uc);
}

bool sim_host_round(struct sim_host *h)
{
	if (!h->opts.max_rounds || ++h->rounds <= h->opts.max_rounds)
		return true;
	h->too_long = true;
	sim_host_fault(h, "more than %" PRIu64 " loop rounds", h->opts.max_rounds);
	return false;
}

void *sim_guest_find(const struct sim_host *h, uint64_t addr, uint64_t size)
{
	for (size_t i = 0; i < h->n_regions; i++) {
		const struct sim_region *r = &h->regions[i];

		if (addr >= r->base && size <= r->size && addr - r->base <= r->size - size)
			return r->host + (addr - r->base);
	}
	return NULL;
}

void *sim_guest_ptr(struct sim_host *h, uint64_t addr, uint64_t size)
{
	void *p = sim_guest_find(h, addr, size);

	if (p)
		return p;
	sim_host_fault(h,
		       "a helper was given %" PRIu64 " bytes at 0x%" PRIx64 ", which is not memory",
		       size, addr);
	return NULL;
}

uint64_t sim_map_handle(const struct sim_host *h, size_t map)
{
	return h->handles ? h->handles[map] : GUEST_HANDLE + map * GUEST_PAGE;
}

size_t sim_guest_map(struct sim_host *h, uint64_t handle)
{
	for (size_t i = 0; i < h->obj->n_maps; i++) {
		if (sim_map_handle(h, i) == handle)
			return i;
	}
	sim_host_fault(h, "a helper was given 0x%" PRIx64 " as a map", handle);
	return SIZE_MAX;
}

static bool is_data_section(const struct fe_map *m)
{
	return m->kind != FE_MAP_USER;
}

uint64_t sim_map_first_value(const struct sim_host *h, size_t map)
{
	const struct fe_map *m = &h->obj->maps[map];
	uint32_t zero = 0;
	int64_t off = -1;

	if (m->type == BPF_MAP_TYPE_ARRAY || is_data_section(m))
		off = sim_map_lookup(h->maps, map, &zero);
	return off < 0 ? 0 : GUEST_VALUES + (uint64_t)off;
}

void *sim_run_alloc(struct sim_host *h, size_t size)
{
	void *p = h->run_mem + h->run_mem_used;

	size = bits_round_up(size, 8);
	if (size > sizeof(h->run_mem) - h->run_mem_used)
		return NULL;
	h->run_mem_used += size;
	return p;
}

/* ---- one packet ----------------------------------------------------------------------------- */

void sim_ctx_sync(struct sim_host *h)
{
	uint32_t data = (uint32_t)GUEST_PACKET + h->data,
		 end = (uint32_t)GUEST_PACKET + h->data_end, meta;

	if (h->is_skb) /* always right before the data */
		h->data_meta = h->data - h->skb_meta_len;
	meta = (uint32_t)GUEST_PACKET + h->data_meta;

	if (h->is_skb) {
		struct __sk_buff *skb = (struct __sk_buff *)(void *)h->ctx;

		skb->data = data;
		skb->data_end = end;
		skb->data_meta = meta;
		skb->len = h->data_end - h->data;
		skb->wire_len = skb->len;
		skb->vlan_present = h->vlan_present;
		skb->vlan_tci = h->vlan_tci;
		skb->vlan_proto = __builtin_bswap16(h->vlan_proto);
	} else {
		struct xdp_md *xdp = (struct xdp_md *)(void *)h->ctx;

		xdp->data = data;
		xdp->data_end = end;
		xdp->data_meta = meta;
	}
	if (h->engine->sync_ctx)
		h->engine->sync_ctx(h);
}

/* skb->protocol, in network order: frames with a length instead of a type have types of their own. */
static uint16_t ethernet_protocol(const uint8_t *p, uint32_t len)
{
	uint16_t type = (uint16_t)(p[12] << 8 | p[13]);

	if (type < ETH_P_802_3_MIN)
		type = len >= 16 && p[14] == 0xff && p[15] == 0xff ? ETH_P_802_3 : ETH_P_802_2;
	return __builtin_bswap16(type);
}

static void fill_ctx(struct sim_host *h)
{
	if (h->engine->reset_ctx)
		h->engine->reset_ctx(h);
	if (h->is_skb) {
		struct __sk_buff *skb = (struct __sk_buff *)(void *)h->ctx;

		memset(skb, 0, sizeof(*skb));
		skb->protocol = ethernet_protocol(h->packet + h->data, h->data_end - h->data);
		skb->ifindex = IFINDEX;
		skb->ingress_ifindex = IFINDEX;
	} else {
		struct xdp_md *xdp = (struct xdp_md *)(void *)h->ctx;

		memset(xdp, 0, sizeof(*xdp));
		xdp->ingress_ifindex = IFINDEX;
		if (h->prog->attach_type == BPF_XDP_DEVMAP)
			xdp->egress_ifindex = EGRESS_IFINDEX;
	}
	sim_ctx_sync(h);
}

static void place_packet(struct sim_host *h, const struct sim_host_packet *pkt)
{
	assert(pkt->len >= SIM_PACKET_MIN && pkt->len <= SIM_PACKET_MAX &&
	       "caller filters lengths");
	assert(pkt->meta_len <= SIM_META_MAX && "as the kernel allows");
	memset(h->packet, 0, SIM_FRAME_BYTES);
	memcpy(h->packet + SIM_HEADROOM, pkt->data, pkt->len);
	h->data = SIM_HEADROOM;
	h->data_meta = h->data - pkt->meta_len;
	h->skb_meta_len = pkt->meta_len;
	if (pkt->meta_len)
		memcpy(h->packet + h->data_meta, pkt->meta, pkt->meta_len);
	h->data_end = SIM_HEADROOM + pkt->len;
	h->head = h->opts.adjust.head_start;
	h->vlan_present = false;
	h->vlan_tci = h->vlan_proto = 0;
	h->random_state = pkt->random_seed;
	h->clock_ns = pkt->clock_ns;
	h->redirect = (struct sim_redirect){ 0 };
	h->frame->r0 = 0;
	h->fault[0] = 0;
	h->n_events = h->n_touched = 0;
	h->run_mem_used = 0;
	h->tail_calls = 0;
	h->frame->may_gotos = 0;
	sim_ring_reset(h);
	sim_each_reset(h);
	h->touched_lost = h->device_rule = h->environment = h->too_long = false;
	h->rounds = 0;
	fill_ctx(h);
	sim_unwritten_begin(h);
}

static uint32_t redirect_target(const struct sim_redirect *r)
{
	if (r->to_all)
		return UINT32_MAX;
	return r->to_map ? r->map_value : r->index;
}

static const struct sim_host_run *collect(struct sim_host *h)
{
	struct sim_host_run *r = &h->run;

	bool tag_beside = h->vlan_present;

	sim_skb_fold_vlan(h);
	sim_ring_drop_discarded(h);
	*r = (struct sim_host_run){
		.fault = h->fault[0] ? h->fault : NULL,
		.verdict = (uint32_t)h->frame->r0,
		.packet = h->packet + h->data,
		.packet_len = h->data_end - h->data,
		.meta = h->packet + h->data_meta,
		.meta_len = h->is_skb ? 0 : h->data - h->data_meta,
		.tag_beside = tag_beside,
		.redirects = h->redirect.to_map || h->redirect.index,
		.redirect_ifindex = redirect_target(&h->redirect),
		.events = h->events,
		.n_events = h->n_events,
		.touched = h->touched,
		.n_touched = h->n_touched,
		.touched_lost = h->touched_lost,
		.too_long = h->too_long,
		.device_rule = h->device_rule,
		.environment = h->environment,
	};
	if (!h->is_skb)
		r->rx_queue_index = ((struct xdp_md *)(void *)h->ctx)->rx_queue_index;
	sim_unwritten_end(h);
	h->running = false;
	return r;
}

bool sim_host_next(struct sim_host *h)
{
	struct sim_host_packet pkt = { 0 };
	const struct sim_host_run *previous = h->running ? collect(h) : NULL;

	h->frame->stop = !h->feed(h->feed_priv, previous, &pkt);
	if (h->frame->stop)
		return false;
	place_packet(h, &pkt);
	h->running = true;
	return true;
}

void sim_host_loop(struct sim_host *h,
		   bool (*feed)(void *priv, const struct sim_host_run *previous,
				struct sim_host_packet *next),
		   void *priv)
{
	h->feed = feed;
	h->feed_priv = priv;
	h->running = false;
	h->frame->stop = 0;
	h->engine->loop(h);
}

struct one_packet {
	const struct sim_host_packet *pkt;
	struct sim_host_run *run;
};

static bool feed_one(void *priv, const struct sim_host_run *previous, struct sim_host_packet *next)
{
	struct one_packet *one = priv;

	if (previous) {
		*one->run = *previous;
		return false;
	}
	*next = *one->pkt;
	return true;
}

void sim_host_run_one(struct sim_host *h, const struct sim_host_packet *pkt,
		      struct sim_host_run *run)
{
	struct one_packet one = { pkt, run };

	sim_host_loop(h, feed_one, &one);
}

/* ---- set-up --------------------------------------------------------------------------------- */

bool sim_host_setup_failed(struct sim_host *h, const char *why)
{
	struct diag_at at = fe_prog_at(h->obj, h->prog, -1);

	return diag_error(h->cx->diags, &at, REASON_SIM_SETUP, why);
}

static bool is_xdp(uint32_t type)
{
	return type == BPF_PROG_TYPE_XDP;
}

static bool is_tc(uint32_t type)
{
	return type == BPF_PROG_TYPE_SCHED_CLS || type == BPF_PROG_TYPE_SCHED_ACT;
}

static bool set_up(struct sim_host *h)
{
	struct diag_at at = fe_prog_at(h->obj, h->prog, -1);

	if (!is_xdp(h->prog->type) && !is_tc(h->prog->type))
		return diag_error(h->cx->diags, &at, REASON_SIM_PROG_TYPE, h->prog->type);
	h->is_skb = is_tc(h->prog->type);
	sim_tails_find(h->obj, h->prog, &h->tails);
	h->pages = aligned_alloc(GUEST_PAGE, PAGES_SIZE);
	if (!h->pages)
		return sim_host_setup_failed(h, "no memory left");
	memset(h->pages, 0, PAGES_SIZE);
	h->frame = (struct sim_call_frame *)(void *)(h->pages + PAGES_FRAME);
	h->ctx = h->pages + PAGES_CTX;
	h->packet = h->pages + PAGES_PACKET;
	h->ring = h->pages + PAGES_RING;
	h->keys = h->pages + PAGES_KEYS;
	return h->engine->open(h);
}

struct sim_host *sim_host_new(struct cx *cx, const struct fe_object *obj,
			      const struct fe_prog *prog, struct sim_maps *maps,
			      const struct sim_host_options *opts)
{
	struct sim_host *h = ARENA_NEW(cx->arena, struct sim_host);

	static const struct sim_engine *const engines[] = { [SIM_HOST_JIT] = &sim_engine_jit,
							    [SIM_HOST_INTERP] = &sim_engine_interp,
							    [SIM_HOST_CAPTURED] =
								    &sim_engine_captured };

	assert(sim_maps_count(maps) == obj->n_maps && "one simulated map per map of the object");
	*h = (struct sim_host){ .cx = cx,
				.engine = engines[opts->kind],
				.obj = obj,
				.prog = prog,
				.maps = maps,
				.opts = *opts };
	if (set_up(h))
		return h;
	sim_host_free(h);
	return NULL;
}

void sim_host_free(struct sim_host *h)
{
	if (!h)
		return;
	h->engine->close(h);
	sim_each_reset(h);
	sim_unwritten_close(h);
	free(h->pages);
	h->pages = NULL;
}
