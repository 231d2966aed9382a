/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/choose/min_cut.h"

#include "base/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The cut against brute force over all subsets of nodes, on random control flow graphs. */

#define MAX_NODES 16u
#define GRAPHS    1000u

struct graph {
	struct part_cut cut;
	int64_t gain[MAX_NODES];
	struct part_cut_edge edges[4 * MAX_NODES];
	struct part_cut_tie ties[4 * MAX_NODES];
};

static uint32_t below(uint64_t *rng, uint32_t n)
{
	*rng = *rng * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)((*rng >> 33) % n);
}

static void add_edge(struct graph *g, uint64_t *rng, uint32_t from, uint32_t to)
{
	g->edges[g->cut.n_edges++] =
		(struct part_cut_edge){ from, to,
					below(rng, 8) ? (int64_t)below(rng, 30) : PART_CUT_INF };
}

/* Every node is reached from node 0; some jump back; maps with conflicting uses tie nodes. */
static void make_graph(struct graph *g, uint64_t seed)
{
	uint64_t rng = seed * 2 + 1;
	uint32_t n = 1 + below(&rng, MAX_NODES);

	*g = (struct graph){ .cut = { .n = n } };
	g->cut.gain = g->gain;
	g->cut.edges = g->edges;
	g->cut.ties = g->ties;
	for (uint32_t v = 0; v < n; v++) {
		g->gain[v] = (int64_t)below(&rng, 60) - 20;
		if (!below(&rng, 10))
			g->gain[v] = -PART_CUT_INF; /* the device refuses */
		if (v)
			add_edge(g, &rng, below(&rng, v), v);
	}
	for (uint32_t i = below(&rng, n + 1); i > 0; i--)
		add_edge(g, &rng, below(&rng, n), below(&rng, n));
	/* maps that one side must have whole: each with up to five users */
	for (uint32_t map = below(&rng, 4); map > 0; map--) {
		uint32_t first = below(&rng, n);

		for (uint32_t user = below(&rng, 5); user > 0; user--)
			g->ties[g->cut.n_ties++] = (struct part_cut_tie){ first, below(&rng, n) };
	}
}

static uint64_t size_of(const struct part_cut *cut, const uint32_t *size, const bool *dev)
{
	uint64_t sum = 0;

	for (uint32_t v = 0; size && v < cut->n; v++)
		sum += dev[v] ? size[v] : 0;
	return sum;
}

/* Of choices that fit into `room`. */
static int64_t best_by_force(const struct part_cut *cut, const uint32_t *size, uint64_t room)
{
	int64_t best = -PART_CUT_INF, benefit;
	bool dev[MAX_NODES];

	for (uint32_t set = 0; set < 1u << cut->n; set++) {
		for (uint32_t v = 0; v < cut->n; v++)
			dev[v] = set >> v & 1;
		if (size_of(cut, size, dev) > room)
			continue;
		benefit = part_cut_benefit(cut, dev);
		best = benefit > best ? benefit : best;
	}
	return best;
}

static void equals_brute_force(void **state)
{
	struct arena arena;
	struct graph g;
	bool dev[MAX_NODES], possible;

	(void)state;
	arena_init(&arena);
	for (uint64_t seed = 0; seed < GRAPHS; seed++) {
		make_graph(&g, seed);
		assert_int_equal(part_cut_solve(&arena, &g.cut, dev, &possible),
				 best_by_force(&g.cut, NULL, 0));
		assert_true(possible);
		arena_reset(&arena);
	}
}

/* With a limit on size: never too large, never better than is possible, and mostly the best. */
static void fits_into_room(void **state)
{
	unsigned best = 0, all = 0;
	struct arena arena;
	struct graph g;
	bool dev[MAX_NODES], possible;

	(void)state;
	arena_init(&arena);
	for (uint64_t seed = 0; seed < GRAPHS; seed += 4) {
		uint64_t rng = seed + 5, room;
		uint32_t size[MAX_NODES];
		int64_t benefit, force;

		make_graph(&g, seed);
		for (uint32_t v = 0; v < g.cut.n; v++)
			size[v] = 1 + below(&rng, 9);
		room = below(&rng, 5 * g.cut.n);
		benefit = part_cut_limited(&arena, &g.cut, size, room, dev, &possible);
		force = best_by_force(&g.cut, size, room);
		if (!possible) /* nothing on the device is always possible */
			benefit = 0;
		else
			assert_true(size_of(&g.cut, size, dev) <= room);
		assert_true(benefit <= force);
		all++;
		best += benefit == force;
		arena_reset(&arena);
	}
	assert_true(best * 10 >= all * 8);
}

/* Something that must be on the device behind something that must not. */
static void contradiction_is_said(void **state)
{
	int64_t gain[] = { -PART_CUT_INF, PART_CUT_INF };
	struct part_cut_edge edge = { 0, 1, 3 };
	struct part_cut cut = { .n = 2, .gain = gain, .edges = &edge, .n_edges = 1 };
	bool dev[2], possible = true;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	part_cut_solve(&arena, &cut, dev, &possible);
	assert_false(possible);
	arena_reset(&arena);
}

static void worthless_offload_is_none(void **state)
{
	int64_t gain[] = { 5, 5, -PART_CUT_INF };
	struct part_cut_edge edges[] = { { 0, 1, 40 }, { 1, 2, 10 } };
	struct part_cut cut = { .n = 3, .gain = gain, .edges = edges, .n_edges = 2 };
	bool dev[3], possible;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	assert_int_equal(part_cut_solve(&arena, &cut, dev, &possible), 0);
	assert_false(dev[0]);
	arena_reset(&arena);
}

/* 20,000 instructions in a row with a way out at each: well below a second. */
static void long_programs_are_no_problem(void **state)
{
	enum { N = 20000 };
	struct arena arena;
	struct part_cut_edge *edges;
	int64_t *gain;
	bool *dev, possible;
	struct part_cut cut = { .n = N };

	(void)state;
	arena_init(&arena);
	gain = ARENA_ARRAY(&arena, int64_t, N);
	dev = ARENA_ARRAY(&arena, bool, N);
	edges = ARENA_ARRAY(&arena, struct part_cut_edge, 2 * N);
	for (uint32_t v = 0; v < N; v++) {
		gain[v] = v == N - 1 ? -PART_CUT_INF : 1 + v % 7;
		if (v + 1 < N)
			edges[cut.n_edges++] = (struct part_cut_edge){ v, v + 1, 20 + v % 11 };
		if (v + 50 < N)
			edges[cut.n_edges++] = (struct part_cut_edge){ v, v + 50, v % 5 };
	}
	cut.gain = gain;
	cut.edges = edges;
	assert_true(part_cut_solve(&arena, &cut, dev, &possible) > 0);
	assert_true(possible);
	arena_reset(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_brute_force),
		cmocka_unit_test(fits_into_room),
		cmocka_unit_test(contradiction_is_said),
		cmocka_unit_test(worthless_offload_is_none),
		cmocka_unit_test(long_programs_are_no_problem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
