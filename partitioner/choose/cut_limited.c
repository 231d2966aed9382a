#include "partitioner/choose/min_cut.h"

#include "base/vec.h"

/* A choice that fits into so much room. With a limit on size the best choice is no minimum cut any more
 * (it is a knapsack with precedences), so two families of cuts are searched, each by halving, and the
 * better one is taken: a price on every piece of size, which sheds what runs rarely first; and a node
 * from which on, in program order, everything is the host's, for long chains that all run alike. */

/* Halvings: prices need no precision, ends settle on an instruction of 16,384. */
#define OF_PRICES 8u
#define OF_ENDS   14u

struct fit {
	const struct part_cut *cut;
	const uint32_t *size;
	uint64_t room;
	int64_t *gain; /* as changed */
	bool *choice;
	bool *best; /* the caller's */
	int64_t worth;
	bool found, snug; /* snug: the last that fitted left next to no room */
};

/* True: fits. What is worth more than anything before is kept. */
static bool try_gains(struct fit *f)
{
	struct part_cut changed = *f->cut;
	uint64_t size = 0;
	struct arena mem;
	int64_t worth;
	bool possible;

	changed.gain = f->gain;
	arena_init(&mem);
	part_cut_solve(&mem, &changed, f->choice, &possible);
	arena_reset(&mem);
	for (uint32_t v = 0; v < f->cut->n; v++)
		size += f->choice[v] ? f->size[v] : 0;
	worth = part_cut_worth(f->cut, f->choice);
	if (!possible || size > f->room || worth == -PART_CUT_NEVER)
		return false;
	f->snug = size >= f->room - f->room / 16;
	if (!f->found || worth > f->worth) {
		memcpy(f->best, f->choice, f->cut->n * sizeof(*f->best));
		f->worth = worth;
		f->found = true;
	}
	return true;
}

static bool is_free(const struct fit *f, uint32_t v)
{
	return f->cut->gain[v] != PART_CUT_NEVER && f->cut->gain[v] != -PART_CUT_NEVER;
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
static void try_prices(struct fit *f)
{
	int64_t low = 0, high = largest_gain(f) + 1;

	f->snug = false;
	for (unsigned i = 0; i < OF_PRICES && low + 1 < high && !f->snug; i++) {
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
static void try_ends(struct fit *f)
{
	uint32_t low = 0, high = f->cut->n;

	f->snug = false;
	for (unsigned i = 0; i < OF_ENDS && low + 1 < high && !f->snug; i++) {
		uint32_t end = low + (high - low) / 2;

		for (uint32_t v = 0; v < f->cut->n; v++)
			f->gain[v] = v < end || !is_free(f, v) ? f->cut->gain[v] : -PART_CUT_NEVER;
		if (try_gains(f))
			low = end;
		else
			high = end;
	}
}

int64_t part_cut_fit(struct arena *scratch, const struct part_cut *cut, const uint32_t *size,
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
		try_prices(&f);
		try_ends(&f);
	}
	*possible = f.found;
	return f.worth;
}
