/* SPDX-License-Identifier: BSD-2-Clause */
/* Ring buffers. Whoever reads one is done with it between two packets, so each packet finds it empty;
 * what fits follows the kernel (kernel/bpf/ringbuf.c: header of 8 bytes, never quite full). Records are in
 * the order in which they were reserved, as a reader sees them. A record that the program never writes to is zero
 * here and anything in a kernel. */
#include "sim/host/environment/host_internal.h"

#include "base/bits.h"
#include "sim/host/helpers/host_helpers.h"
#include "sim/host/unwritten/unwritten.h"

#include <errno.h>
#include <string.h>

#define ERR(e) ((uint64_t)(int64_t)(-(e)))

#define HEADER  8u
#define WAKEUPS (BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP)

static uint64_t ring_size(const struct sim_host *h, size_t map)
{
	return sim_maps_spec(h->maps, map)->max_entries;
}

/* Bytes of this packet's records in the ring, headers included. */
static uint64_t in_use(const struct sim_host *h, size_t map)
{
	uint64_t used = 0;

	for (size_t i = 0; i < h->n_ring; i++) {
		if (h->ring_records[i].map == map)
			used += h->ring_records[i].bytes;
	}
	return used;
}

/* Guest address of the new record; 0: no room. */
static uint64_t reserve(struct sim_host *h, size_t map, uint64_t size)
{
	uint64_t bytes = bits_round_up(size + HEADER, 8);
	struct sim_ring_record *r;

	if (size > UINT32_MAX / 4 || bytes > ring_size(h, map) ||
	    in_use(h, map) + bytes > ring_size(h, map) - 1)
		return 0;
	if (h->n_ring == SIM_EVENTS_MAX || h->n_events == SIM_EVENTS_MAX ||
	    bytes > GUEST_RING_SIZE - h->ring_used) {
		h->environment = true; /* a kernel would have had room */
		return 0;
	}
	r = &h->ring_records[h->n_ring++];
	*r = (struct sim_ring_record){ .addr = GUEST_RING + h->ring_used + HEADER,
				       .size = (uint32_t)size,
				       .bytes = (uint32_t)bytes,
				       .map = map,
				       .event = h->n_events };
	memset(h->ring + h->ring_used, 0, bytes);
	sim_unwritten_reserved(h, r->addr, size);
	h->ring_used += (uint32_t)bytes;
	/* until it is submitted, there is nothing to read */
	h->events[h->n_events++] = (struct sim_event){ .map = map, .dropped = true };
	return r->addr;
}

static void publish(struct sim_host *h, const struct sim_ring_record *r, bool by_reserve)
{
	struct sim_event *e = &h->events[r->event];

	e->data = h->ring + (r->addr - GUEST_RING);
	e->data_len = r->size;
	e->undef = sim_unwritten_mask(h, r->addr, r->size);
	e->partly = by_reserve;
	e->dropped = false;
}

static struct sim_ring_record *find_record(struct sim_host *h, uint64_t addr)
{
	for (size_t i = 0; i < h->n_ring; i++) {
		if (h->ring_records[i].addr == addr)
			return &h->ring_records[i];
	}
	sim_host_fault(h, "a helper was given 0x%llx as a record of a ring buffer",
		       (unsigned long long)addr);
	return NULL;
}

/* ringbuf_reserve(map, size, flags) */
uint64_t sim_helper_ringbuf_reserve(struct sim_host *h, const uint64_t *a)
{
	size_t map = sim_guest_map(h, a[0]);

	return map == SIZE_MAX || a[2] ? 0 : reserve(h, map, a[1]);
}

uint64_t sim_helper_ringbuf_submit(struct sim_host *h, const uint64_t *a)
{
	struct sim_ring_record *r = find_record(h, a[0]);

	if (r)
		publish(h, r, true);
	return 0;
}

uint64_t sim_helper_ringbuf_discard(struct sim_host *h, const uint64_t *a)
{
	find_record(h, a[0]);
	return 0; /* it takes its room, but nobody reads it */
}

/* ringbuf_output(map, data, size, flags) */
uint64_t sim_helper_ringbuf_output(struct sim_host *h, const uint64_t *a)
{
	size_t map = sim_guest_map(h, a[0]);
	const uint8_t *data = a[2] ? sim_guest_ptr(h, a[1], a[2]) : NULL;
	uint64_t to;

	if (map == SIZE_MAX || (a[2] && !data))
		return 0;
	if (a[3] & ~(uint64_t)WAKEUPS)
		return ERR(EINVAL);
	to = reserve(h, map, a[2]);
	if (!to)
		return ERR(EAGAIN);
	if (a[2])
		memcpy(h->ring + (to - GUEST_RING), data, a[2]);
	sim_unwritten_copy(h, to, a[1], a[2]);
	publish(h, &h->ring_records[h->n_ring - 1], false);
	return 0;
}

/* ringbuf_query(map, what); positions are those of a ring that nobody read. */
uint64_t sim_helper_ringbuf_query(struct sim_host *h, const uint64_t *a)
{
	size_t map = sim_guest_map(h, a[0]);

	if (map == SIZE_MAX)
		return 0;
	switch (a[1]) {
	case BPF_RB_AVAIL_DATA: return in_use(h, map);
	case BPF_RB_RING_SIZE: return ring_size(h, map);
	case BPF_RB_CONS_POS: h->environment = true; return 0;
	case BPF_RB_PROD_POS: h->environment = true; return in_use(h, map);
	default: return 0;
	}
}

void sim_ring_reset(struct sim_host *h)
{
	h->n_ring = 0;
	h->ring_used = 0;
}

void sim_ring_drop_discarded(struct sim_host *h)
{
	size_t n = 0;

	for (size_t i = 0; h->n_ring && i < h->n_events; i++) {
		if (!h->events[i].dropped)
			h->events[n++] = h->events[i];
	}
	h->n_events = h->n_ring ? n : h->n_events;
}
