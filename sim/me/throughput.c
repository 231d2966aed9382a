/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/throughput.h"

#include <stdlib.h>
#include <string.h>

#define ISSUE_BOUND 0.95 /* of the cycles: more overlap would gain next to nothing */

struct context {
	struct sim_me_wait waits[SIM_ME_WAITS];
	uint32_t n, next;    /* waits, and the one that the present stretch ends in */
	uint64_t busy;       /* of the whole packet */
	uint64_t done_busy;  /* behind it already */
	uint64_t ready;      /* cycle from which it can run */
	uint8_t waiting_for; /* enum sim_me_memory */
	bool in_use;
};

struct sim_throughput {
	struct sim_timing timing;
	struct context ctx[8]; /* timing.contexts of them */
	uint32_t last;         /* context that ran last */
	uint64_t now, issued, idle[SIM_ME_MEMORIES], done;
	uint64_t full_at,
		full_done; /* when all contexts had work for the last time, packets done by then */
};

struct sim_throughput *sim_throughput_new(const struct sim_timing *timing)
{
	struct sim_throughput *e = calloc(1, sizeof(*e));

	if (e)
		e->timing = timing ? *timing : sim_timing_default;
	return e;
}

void sim_throughput_free(struct sim_throughput *e)
{
	free(e);
}

/* The ready context after the one that ran last; NULL: all wait. */
static struct context *pick(struct sim_throughput *e)
{
	for (uint32_t i = 1; i <= e->timing.contexts; i++) {
		uint32_t at = (e->last + i) % e->timing.contexts;

		if (!e->ctx[at].in_use || e->ctx[at].ready > e->now)
			continue;
		e->last = at;
		return &e->ctx[at];
	}
	return NULL;
}

static struct context *free_context(struct sim_throughput *e)
{
	for (uint32_t i = 0; i < e->timing.contexts; i++) {
		if (!e->ctx[i].in_use)
			return &e->ctx[i];
	}
	return NULL;
}

/* Nobody can run: time passes until the first can. */
static void idle(struct sim_throughput *e)
{
	struct context *first = NULL;

	for (uint32_t i = 0; i < e->timing.contexts; i++) {
		struct context *c = &e->ctx[i];

		if (c->in_use && (!first || c->ready < first->ready))
			first = c;
	}
	e->idle[first->waiting_for] += first->ready - e->now;
	e->now = first->ready;
}

/* One context runs until it waits or is done. */
static void step(struct sim_throughput *e)
{
	struct context *c = pick(e);
	uint64_t until, busy;

	if (!c) {
		idle(e);
		return;
	}
	until = c->next < c->n ? c->waits[c->next].busy : c->busy;
	busy = until - c->done_busy;
	c->done_busy = until;
	e->now += busy;
	e->issued += busy;
	if (c->next == c->n) {
		c->in_use = false;
		e->done++;
		return;
	}
	c->ready = e->now + c->waits[c->next].cycles;
	c->waiting_for = c->waits[c->next++].memory;
}

void sim_throughput_packet(struct sim_throughput *e, const struct sim_me_result *run)
{
	struct context *c = free_context(e);

	while (!c) {
		step(e);
		c = free_context(e);
	}
	c->n = run->n_waits;
	if (c->n)
		memcpy(c->waits, run->waits, c->n * sizeof(*c->waits));
	c->next = 0;
	c->busy = run->busy_cycles;
	c->done_busy = 0;
	c->ready = e->now;
	c->in_use = true;
	if (!free_context(e)) {
		e->full_at = e->now;
		e->full_done = e->done;
	}
}

/* The last packets leave contexts empty, which is not full load: they count only if there are no others. */
static void drain(struct sim_throughput *e)
{
	bool any = true;

	while (any) {
		any = false;
		for (uint32_t i = 0; i < e->timing.contexts; i++)
			any |= e->ctx[i].in_use;
		if (any)
			step(e);
	}
	e->full_at = e->now;
	e->full_done = e->done;
}

struct sim_rate sim_throughput_rate(struct sim_throughput *e)
{
	static const char *const names[] = { "packet memory", "external memory" };
	struct sim_rate r = { .bound_by = "issue" };
	unsigned most = 0;

	if (e->full_done < e->timing.contexts)
		drain(e);
	if (!e->full_done || !e->now)
		return r;
	r.cycles_per_packet = (double)e->full_at / (double)e->full_done;
	if (r.cycles_per_packet > 0)
		r.mpps = (double)e->timing.engines * e->timing.clock_mhz / r.cycles_per_packet;
	r.issue_share = (double)e->issued / (double)e->now;
	for (unsigned i = 0; i < SIM_ME_MEMORIES; i++) {
		r.wait_share[i] = (double)e->idle[i] / (double)e->now;
		if (r.wait_share[i] > r.wait_share[most])
			most = i;
	}
	if (r.issue_share < ISSUE_BOUND)
		r.bound_by = names[most];
	return r;
}
