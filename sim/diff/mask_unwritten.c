/* SPDX-License-Identifier: BSD-2-Clause
 * Programs whose results depend on memory that they never wrote: a kernel (since 6.3) lets privileged ones read such
 * stack, and padding, failed helpers and reserved records reach maps, packets and events unseen. What is there is another
 * thing on each side. The watcher, an interpreter that follows such bits (sim/host/unwritten), has each packet first:
 * bits that are undefined in its outcome are not compared, and become the leading host's on all sides, so that the next
 * packet finds the same everywhere. Where such bits decide the way, no side has the packet. */
#include "sim/diff/diff_internal.h"

#include <linux/pkt_cls.h>
#include <string.h>

bool sim_diff_same_defined(const uint8_t *mask, const uint8_t *a, const uint8_t *b, size_t n)
{
	if (!mask)
		return !n || !memcmp(a, b, n);
	for (size_t i = 0; i < n; i++) {
		if ((a[i] ^ b[i]) & ~mask[i])
			return false;
	}
	return true;
}

uint8_t *sim_diff_with_undef(struct arena *a, const uint8_t *mask, const uint8_t *lead,
			     const uint8_t *other, size_t n)
{
	uint8_t *v = arena_dup(a, other, n);

	for (size_t i = 0; i < n; i++)
		v[i] = (uint8_t)((other[i] & ~mask[i]) | (lead[i] & mask[i]));
	return v;
}

const uint8_t *sim_diff_undef_value(struct diff *d, size_t map, const uint8_t *key)
{
	struct diff *of = d->whole ? d->whole : d;

	return of->undef ? sim_diff_watcher_value(of, map, key) : NULL;
}

/* ---- counting ----------------------------------------------------------------------------------- */

static uint64_t count_bytes(const uint8_t *mask, size_t n)
{
	uint64_t bytes = 0;

	for (size_t i = 0; mask && i < n; i++)
		bytes += mask[i] != 0;
	return bytes;
}

static void count(struct sim_diff_unwritten *u, const char *where, uint64_t bytes)
{
	if (bytes && !u->where)
		u->where = where;
	u->bytes += bytes;
}

static bool is_dropped(const struct diff *d, const struct sim_host_run *r)
{
	if (r->undef_verdict)
		return false;
	if (d->prog->type == BPF_PROG_TYPE_XDP)
		return r->verdict == XDP_DROP || r->verdict == XDP_ABORTED;
	return r->verdict == TC_ACT_SHOT;
}

/* Was this element in the list before? */
static bool is_repeated(const struct diff *d, const struct sim_host_run *r, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (r->touched[k].map == r->touched[i].map &&
		    !memcmp(r->touched[k].key, r->touched[i].key,
			    d->obj->maps[r->touched[i].map].key_size))
			return true;
	}
	return false;
}

static void count_value(struct diff *d, size_t map, const uint8_t *key)
{
	const uint8_t *mask = sim_diff_watcher_value(d, map, key);
	const struct fe_map *m = &d->obj->maps[map];

	if (mask)
		count(&d->res->unwritten, arena_printf(d->cx->arena, "map '%s'", m->name),
		      count_bytes(mask, m->value_size));
}

static void count_values(struct diff *d, const struct sim_host_run *r)
{
	static const uint8_t zero[4];

	for (size_t i = 0; i < r->n_touched; i++) {
		if (!d->direct[r->touched[i].map] && !is_repeated(d, r, i))
			count_value(d, r->touched[i].map, r->touched[i].key);
	}
	for (size_t map = 0; map < d->obj->n_maps; map++) {
		if (d->direct[map])
			count_value(d, map, zero);
	}
}

static void count_outcome(struct diff *d, const struct sim_host_run *r)
{
	struct sim_diff_unwritten *u = &d->res->unwritten;
	uint64_t before = u->bytes;

	count(u, "the verdict",
	      count_bytes((const uint8_t *)&r->undef_verdict, sizeof(r->undef_verdict)));
	if (!is_dropped(d, r))
		count(u, "the packet", count_bytes(r->undef_packet, r->packet_len));
	count(u, "metadata", count_bytes(r->undef_meta, r->meta_len));
	for (size_t i = 0; i < r->n_events; i++)
		count(u, "an event",
		      count_bytes(r->events[i].undef, r->events[i].data_len) +
			      count_bytes(r->events[i].packet_undef, r->events[i].packet_len));
	if (r->undef_values)
		count_values(d, r);
	if (u->bytes == before)
		return;
	if (!u->packets++) {
		u->first = d->index;
		u->at = fe_prog_at(d->obj, r->undef_from.prog ? r->undef_from.prog : d->prog,
				   r->undef_from.prog ? (int64_t)r->undef_from.pc : -1);
	}
}

static void count_skipped(struct diff *d, const struct sim_host_run *r)
{
	struct sim_diff_unwritten *u = &d->res->unwritten;

	d->res->skipped++;
	if (u->skipped++)
		return;
	u->first_skipped = d->index;
	u->decided_by = r->decided_by;
	u->decided_at = fe_prog_at(d->obj, r->decided_at.prog, (int64_t)r->decided_at.pc);
}

/* ---- a packet ----------------------------------------------------------------------------------- */

static bool has_undef(const struct sim_host_run *r)
{
	bool any = r->undef_verdict || r->undef_packet || r->undef_meta || r->undef_values;

	for (size_t i = 0; i < r->n_events && !any; i++)
		any = r->events[i].undef || r->events[i].packet_undef;
	return any;
}

/* Sums of two sides have no bytes that could be left out. */
static bool sums_undefined(struct diff *d, const struct sim_host_run *r)
{
	static const uint8_t zero[4];

	for (size_t i = 0; d->summed && i < r->n_touched; i++) {
		if (d->summed[r->touched[i].map] &&
		    sim_diff_watcher_value(d, r->touched[i].map, r->touched[i].key))
			return true;
	}
	for (size_t map = 0; d->summed && map < d->obj->n_maps; map++) {
		if (d->summed[map] && d->direct[map] && sim_diff_watcher_value(d, map, zero))
			return true;
	}
	return false;
}

bool sim_diff_unwritten_skips(struct diff *d)
{
	struct sim_host_run *r = &d->watched;

	d->undef = false;
	if (!d->watcher)
		return false;
	sim_diff_watcher_run(d, r);
	if (r->fault || r->too_long)
		return false; /* the leading host will say so */
	if (!r->decided_by && r->undef_values && sums_undefined(d, r)) {
		r->decided_by = "a sum of both sides";
		r->decided_at = r->undef_from;
	}
	if (r->decided_by) {
		count_skipped(d, r);
		sim_diff_watcher_sync(d, r);
		return true;
	}
	d->undef = has_undef(r);
	if (d->undef)
		count_outcome(d, r);
	return false;
}

static struct sim_event *room_for_events(struct diff *d, size_t n)
{
	if (n > d->n_masked) {
		d->masked = ARENA_ARRAY(d->cx->arena, struct sim_event, n);
		d->n_masked = n;
	}
	return d->masked;
}

/* A host half has the last events of those that the watcher saw. */
static const struct sim_event *mask_events(struct diff *d, const struct sim_host_run *run,
					   const struct sim_host_run *by)
{
	size_t first = by->n_events >= run->n_events ? by->n_events - run->n_events : 0;
	struct sim_event *e = room_for_events(d, run->n_events);

	for (size_t i = 0; i < run->n_events; i++) {
		e[i] = run->events[i];
		if (first + i >= by->n_events)
			continue;
		if (e[i].data_len == by->events[first + i].data_len)
			e[i].undef = by->events[first + i].undef;
		if (e[i].packet_len == by->events[first + i].packet_len)
			e[i].packet_undef = by->events[first + i].packet_undef;
	}
	return e;
}

const struct sim_host_run *sim_diff_unwritten_mask(struct diff *d, const struct sim_host_run *run,
						   struct sim_host_run *with)
{
	const struct diff *of = d->whole ? d->whole : d;
	const struct sim_host_run *by = &of->watched;

	if (!of->undef)
		return run;
	*with = *run;
	with->undef_verdict = by->undef_verdict;
	if (run->packet_len == by->packet_len)
		with->undef_packet = by->undef_packet;
	if (run->meta_len == by->meta_len)
		with->undef_meta = by->undef_meta;
	with->events = mask_events(d, run, by);
	return with;
}

void sim_diff_unwritten_end(struct diff *d, const struct sim_host_run *lead)
{
	if (!d->watcher)
		return;
	sim_diff_watcher_sync(d, &d->watched);
	sim_diff_watcher_sync(d, lead);
	d->undef = false;
}
