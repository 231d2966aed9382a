/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/choose/min_cut.h"

#include "base/vec.h"

/* The best cut within a size limit. With the limit, the optimum is no longer a minimum cut (it is a knapsack
 * with precedences). So two families of cuts are searched by bisection, and the better result is
 * kept: one with a Lagrange multiplier on size, which sheds rarely executed nodes first; and one with a node
 * from which on, in program order, everything runs on the host, for long chains of equal frequency. */

/* Halvings: prices need no precision, ends settle on an instruction of 16,384. */
#define MULTIPLIER_STEPS 8u
#define PREFIX_STEPS     14u

struct fit {
	const struct part_cut *cut;
	const uint32_t *size;
	uint64_t room;
	int64_t *gain; /* as changed */
	bool *choice;
	bool *best; /* the caller's */
	int64_t benefit;
	bool found, nearly_full; /* nearly_full: the last that fitted left next to no room */
};

/* True: fits. A placement of higher benefit than all before is kept. */
static bool try_gains(struct fit *f)
{
	struct part_cut changed = *f->cut;
	uint64_t size = 0;
	struct arena mem;
	int64_t benefit;
	bool possible;

	changed.gain = f->gain;
	arena_init(&mem);
	part_cut_solve(&mem, &changed, f->choice, &possible);
	arena_reset(&mem);
	for (uint32_t v = 0; v < f->cut->n; v++)
		size += f->choice[v] ? f->size[v] : 0;
	benefit = part_cut_benefit(f->cut, f->choice);
	if (!possible || size > f->room || benefit == -PART_CUT_INF)
		return false;
	f->nearly_full = size >= f->room - f->room / 16;
	if (!f->found || benefit > f->benefit) {
		memcpy(f->best, f->choice, f->cut->n * sizeof(*f->best));
		f->benefit = benefit;
		f->found = true;
	}
	return true;
}

static bool is_free(const struct fit *f, uint32_t v)
{
	return f->cut->gain[v] != PART_CUT_INF && f->cut->gain[v] != -PART_CUT_INF;
}

static int64_t largest_gain(const struct fit *f)
{
	int64_t most = 0;

	for (uint32_t v = 0; v < f->cut->n; v++)
		if (is_free(f, v) && f->cut->gain[v] > most)
			most = f->cut->gain[v];
	return most;
}

/* The lowest price at which it fits. */
static void try_multipliers(struct fit *f)
{
	int64_t low = 0, high = largest_gain(f) + 1;

	f->nearly_full = false;
	for (unsigned i = 0; i < MULTIPLIER_STEPS && low + 1 < high && !f->nearly_full; i++) {
		int64_t price = low + (high - low) / 2;

		for (uint32_t v = 0; v < f->cut->n; v++)
			f->gain[v] = f->cut->gain[v] - (is_free(f, v) && f->size[v] ? price : 0);
		if (try_gains(f))
			high = price;
		else
			low = price;
	}
}

/* The last node at which it fits. */
static void try_prefixes(struct fit *f)
{
	uint32_t low = 0, high = f->cut->n;

	f->nearly_full = false;
	for (unsigned i = 0; i < PREFIX_STEPS && low + 1 < high && !f->nearly_full; i++) {
		uint32_t end = low + (high - low) / 2;

		for (uint32_t v = 0; v < f->cut->n; v++)
			f->gain[v] = v < end || !is_free(f, v) ? f->cut->gain[v] : -PART_CUT_INF;
		if (try_gains(f))
			low = end;
		else
			high = end;
	}
}

int64_t part_cut_limited(struct arena *scratch, const struct part_cut *cut, const uint32_t *size,
			 uint64_t room, bool *on_device, bool *possible)
{
	struct fit f = { .cut = cut,
			 .size = size,
			 .room = room,
			 .gain = ARENA_ARRAY(scratch, int64_t, cut->n),
			 .choice = ARENA_ARRAY(scratch, bool, cut->n),
			 .best = on_device };

	memcpy(f.gain, cut->gain, cut->n * sizeof(*f.gain));
	if (!try_gains(&f)) { /* else the best of all fits */
		try_multipliers(&f);
		try_prefixes(&f);
	}
	*possible = f.found;
	return f.benefit;
}
