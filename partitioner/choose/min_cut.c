/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/choose/min_cut.h"

#include "base/vec.h"

/* Minimum cut by Dinic's algorithm: levels by breadth-first search, then blocking flows along
 * arcs that go one level up. Recursion is replaced by a path array: programs are long chains. */

#define NONE UINT32_MAX

struct arc {
	uint32_t to, next; /* next arc out of the same node */
	int64_t room;
};

struct flow {
	uint32_t n, source, sink;
	VEC(struct arc) arcs; /* arc i and i ^ 1 are each other's reverse */
	uint32_t *first, *at, *level, *queue, *path;
	struct arena *arena;
};

static void add_half(struct flow *f, uint32_t from, uint32_t to, int64_t room)
{
	struct arc *a = vec_push(&f->arcs, f->arena);

	*a = (struct arc){ to, f->first[from], room };
	f->first[from] = (uint32_t)(f->arcs.len - 1);
}

static void add_arc(struct flow *f, uint32_t from, uint32_t to, int64_t room, int64_t back)
{
	if (from == to)
		return;
	add_half(f, from, to, room);
	add_half(f, to, from, back);
}

static void build(struct flow *f, const struct part_cut *c)
{
	for (uint32_t v = 0; v < c->n; v++) {
		if (c->gain[v] > 0)
			add_arc(f, f->source, v, c->gain[v], 0);
		else if (c->gain[v] < 0)
			add_arc(f, v, f->sink, -c->gain[v], 0);
	}
	for (size_t i = 0; i < c->n_edges; i++)
		add_arc(f, c->edges[i].from, c->edges[i].to, c->edges[i].cost, PART_CUT_INF);
	for (size_t i = 0; i < c->n_ties; i++)
		add_arc(f, c->ties[i].a, c->ties[i].b, PART_CUT_INF, PART_CUT_INF);
}

/* Levels from the source through arcs with room. True: the sink is among them. */
static bool find_levels(struct flow *f)
{
	uint32_t head = 0, tail = 0;

	for (uint32_t v = 0; v < f->n; v++)
		f->level[v] = NONE;
	f->level[f->source] = 0;
	f->queue[tail++] = f->source;
	while (head < tail) {
		uint32_t v = f->queue[head++];

		for (uint32_t i = f->first[v]; i != NONE; i = f->arcs.at[i].next) {
			const struct arc *a = &f->arcs.at[i];

			if (!a->room || f->level[a->to] != NONE)
				continue;
			f->level[a->to] = f->level[v] + 1;
			f->queue[tail++] = a->to;
		}
	}
	return f->level[f->sink] != NONE;
}

/* Moves on from `v` to an arc that leads one level up, or gives NONE. */
static uint32_t next_arc(struct flow *f, uint32_t v)
{
	for (; f->at[v] != NONE; f->at[v] = f->arcs.at[f->at[v]].next) {
		const struct arc *a = &f->arcs.at[f->at[v]];

		if (a->room && f->level[a->to] == f->level[v] + 1)
			break;
	}
	return f->at[v];
}

/* Augments along the path; returns the index of its first saturated arc, where the search continues. */
static uint32_t send(struct flow *f, uint32_t len)
{
	int64_t room = INT64_MAX;
	uint32_t full = 0;

	for (uint32_t i = 0; i < len; i++)
		if (f->arcs.at[f->path[i]].room < room) {
			room = f->arcs.at[f->path[i]].room;
			full = i;
		}
	for (uint32_t i = 0; i < len; i++) {
		f->arcs.at[f->path[i]].room -= room;
		f->arcs.at[f->path[i] ^ 1].room += room;
	}
	return full;
}

static void blocking_flow(struct flow *f)
{
	uint32_t v = f->source, len = 0;

	memcpy(f->at, f->first, f->n * sizeof(*f->at));
	for (;;) {
		if (v == f->sink) {
			len = send(f, len);
			v = f->arcs.at[f->path[len] ^ 1].to;
		} else if (next_arc(f, v) != NONE) {
			f->path[len++] = f->at[v];
			v = f->arcs.at[f->at[v]].to;
		} else if (!len) {
			return;
		} else { /* dead end: never again */
			f->level[v] = NONE;
			v = f->arcs.at[f->path[--len] ^ 1].to;
		}
	}
}

int64_t part_cut_benefit(const struct part_cut *c, const bool *dev)
{
	int64_t benefit = 0;

	for (uint32_t v = 0; v < c->n; v++) {
		if (c->gain[v] == (dev[v] ? -PART_CUT_INF : PART_CUT_INF))
			return -PART_CUT_INF;
		benefit += dev[v] && c->gain[v] != PART_CUT_INF ? c->gain[v] : 0;
	}
	for (size_t i = 0; i < c->n_edges; i++) {
		const struct part_cut_edge *e = &c->edges[i];

		if (dev[e->from] == dev[e->to])
			continue;
		if (dev[e->to] || e->cost == PART_CUT_INF)
			return -PART_CUT_INF;
		benefit -= e->cost;
	}
	for (size_t i = 0; i < c->n_ties; i++)
		if (dev[c->ties[i].a] != dev[c->ties[i].b])
			return -PART_CUT_INF;
	return benefit;
}

int64_t part_cut_solve(struct arena *scratch, const struct part_cut *cut, bool *on_device,
		       bool *possible)
{
	uint32_t n = cut->n + 2;
	struct flow f = { .n = n, .source = cut->n, .sink = cut->n + 1, .arena = scratch };
	int64_t benefit;

	f.first = ARENA_ARRAY(scratch, uint32_t, n);
	f.at = ARENA_ARRAY(scratch, uint32_t, n);
	f.level = ARENA_ARRAY(scratch, uint32_t, n);
	f.queue = ARENA_ARRAY(scratch, uint32_t, n);
	f.path = ARENA_ARRAY(scratch, uint32_t, n);
	memset(f.first, 0xff, n * sizeof(*f.first));
	build(&f, cut);
	while (find_levels(&f))
		blocking_flow(&f);
	/* the last search has found what the source still reaches */
	for (uint32_t v = 0; v < cut->n; v++)
		on_device[v] = f.level[v] != NONE;
	benefit = part_cut_benefit(cut, on_device);
	*possible = benefit != -PART_CUT_INF;
	return benefit;
}
