/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_query.h"

#include <assert.h>

/* Which loads share one memory command.
 *
 * A load joins an earlier one of the same base when that one dominates it, the bytes lie within
 * MAX_SPAN, no helper call stands between (transfer registers would be gone) and no store on any
 * path between may have changed the bytes. The command then stands at the first load and reads all; the others
 * take their bytes from the transfer registers. A few bytes more than the program has proven may be read:
 * harmless, nobody looks at them.
 *
 * Where the tuple starts (which bytes share a register) and its byte order are chosen by what the
 * loads want: fewest fields across two registers, fewest byte swaps. */

#define MAX_SPAN  64   /* bytes */
#define MAX_STEPS 4096 /* instructions looked at between two loads; beyond that they stay apart */

/* ---- stores between ---- */

struct path_search {
	struct isel_ir *ir;
	const struct isel_inst *from, *to;
	const struct isel_addr *addr;
	uint32_t bytes;
	bool *seen; /* blocks whose end has been queued */
	VEC(uint32_t) queue;
	unsigned steps;
};

static bool clobbers(struct path_search *s, const struct isel_inst *in)
{
	struct isel_addr a;

	switch (in->op) {
	case LLVMStore:
		if (!isel_decompose(s->ir, LLVMGetOperand(in->v, 1), &a))
			return true;
		return isel_may_overlap(
			&a, (uint32_t)isel_type_bytes(LLVMTypeOf(LLVMGetOperand(in->v, 0))),
			s->addr, s->bytes);
	case LLVMAtomicRMW: return s->addr->space == ISEL_MAP_VALUE;
	case LLVMCall: return !strncmp(isel_callee(in->v), "llvm.mem", 8);
	default: return false;
	}
}

/* Instructions of one block backwards from `end`; true: clobbered or given up. */
static bool scan_back(struct path_search *s, uint32_t end, uint32_t first)
{
	while (end-- > first) {
		const struct isel_inst *in = &s->ir->insts[end];

		if (in == s->from)
			return false;
		if (++s->steps > MAX_STEPS || clobbers(s, in))
			return true;
	}
	return false;
}

static void queue_preds(struct path_search *s, uint32_t b)
{
	const struct isel_block *blk = &s->ir->blocks[b];
	size_t i;

	for (i = 0; i < blk->preds.len; i++) {
		if (s->seen[blk->preds.at[i]])
			continue;
		s->seen[blk->preds.at[i]] = true;
		*vec_push(&s->queue, s->ir->cx->scratch) = blk->preds.at[i];
	}
}

static bool clobbered_between(struct isel_ir *ir, const struct isel_inst *from,
			      const struct isel_inst *to, const struct isel_addr *addr,
			      uint32_t bytes)
{
	struct path_search s = { .ir = ir, .from = from, .to = to, .addr = addr, .bytes = bytes };
	uint32_t at = (uint32_t)(to - ir->insts);

	if (from->block == to->block)
		return scan_back(&s, at, ir->blocks[to->block].first);
	if (scan_back(&s, at, ir->blocks[to->block].first))
		return true;
	s.seen = ARENA_ARRAY(ir->cx->scratch, bool, ir->n_blocks);
	queue_preds(&s, to->block);
	while (s.queue.len) {
		uint32_t b = s.queue.at[--s.queue.len];
		const struct isel_block *blk = &ir->blocks[b];

		if (scan_back(&s, blk->first + blk->n, blk->first))
			return true;
		if (b != from->block)
			queue_preds(&s, b);
	}
	return false;
}

/* ---- joining ---- */

static uint32_t load_bytes(const struct isel_inst *in)
{
	return (in->width + 7u) / 8;
}

/* A place in a map's value that the running program chooses: only bytes that an instruction reads are
 * known to be in the value, only where that instruction runs. Constant distances from a lookup's result are
 * within the value on every path, and around the packet lies its buffer. */
static bool is_chosen_in_value(const struct isel_addr *addr)
{
	return addr->space == ISEL_MAP_VALUE &&
	       (addr->n_var || !isel_calls(addr->root, "nfp.map.lookup"));
}

static bool joins(struct isel_ir *ir, const struct isel_group *g, const struct isel_inst *in,
		  const struct isel_addr *addr)
{
	const struct isel_inst *leader = &ir->insts[g->leader];
	int64_t end = addr->off + load_bytes(in);

	if (!isel_same_base(&g->addr, addr) || leader->xfer_version != in->xfer_version)
		return false;
	if (is_chosen_in_value(addr) && leader->block != in->block)
		return false;
	if ((g->max > end ? g->max : end) - (g->min < addr->off ? g->min : addr->off) > MAX_SPAN)
		return false;
	return isel_dominates(ir, leader->block, in->block) &&
	       !clobbered_between(ir, leader, in, addr, load_bytes(in));
}

static void add_load(struct isel_ir *ir, uint32_t i, const struct isel_addr *addr)
{
	struct isel_inst *in = &ir->insts[i];
	int64_t end = addr->off + load_bytes(in);
	struct isel_group *g = NULL;
	size_t k;

	for (k = ir->groups.len; k-- > 0 && !g;)
		if (joins(ir, ir->groups.at[k], in, addr))
			g = ir->groups.at[k];
	if (!g) {
		g = ARENA_NEW(ir->cx->scratch, struct isel_group);
		*g = (struct isel_group){
			.addr = *addr, .leader = i, .min = addr->off, .max = end
		};
		*vec_push(&ir->groups, ir->cx->scratch) = g;
	}
	g->min = addr->off < g->min ? addr->off : g->min;
	g->max = end > g->max ? end : g->max;
	*vec_push(&g->loads, ir->cx->scratch) = i;
	in->group = g;
}

/* ---- shape of the tuple ---- */

struct wish {
	int64_t off;
	uint32_t bytes;
	unsigned little, big; /* instructions that swapping costs in a tuple of that order */
};

/* What would a tuple in either order cost this load's users? */
static struct wish wish_of(struct isel_ir *ir, uint32_t i)
{
	const struct isel_inst *in = &ir->insts[i];
	struct wish w = { .bytes = load_bytes(in) };
	unsigned swap = w.bytes <= 1 ? 0 : w.bytes <= 4 ? (w.bytes == 4 ? 2 : 1) : 4;
	struct isel_addr addr;
	LLVMUseRef u;

	(void)isel_decompose(ir, LLVMGetOperand(in->v, 0), &addr);
	w.off = addr.off;
	for (u = LLVMGetFirstUse(in->v); u; u = LLVMGetNextUse(u)) {
		LLVMValueRef user = LLVMGetUser(u);

		if (isel_is_inst(user, LLVMCall) && !strncmp(isel_callee(user), "llvm.bswap.", 11))
			w.little += swap;
		else if (isel_is_inst(user, LLVMICmp) &&
			 LLVMIsAConstantInt(LLVMGetOperand(user, 1)) &&
			 LLVMGetICmpPredicate(user) <= LLVMIntNE)
			continue; /* as good either way */
		else if (isel_is_inst(user, LLVMSwitch))
			continue;
		else
			w.big += swap;
	}
	return w;
}

static unsigned straddle_cost(const struct wish *w, int64_t start)
{
	int64_t first = w->off - start;

	return first / 4 != (first + w->bytes - 1) / 4 && (w->bytes <= 4 || first % 4) ? 2 : 0;
}

static unsigned shape_cost(struct isel_ir *ir, const struct isel_group *g, int64_t start)
{
	unsigned cost = g->max - start > 32; /* override word */
	size_t i;

	for (i = 0; i < g->loads.len; i++) {
		struct wish w = wish_of(ir, g->loads.at[i]);

		cost += straddle_cost(&w, start);
	}
	return cost;
}

static void choose_start(struct isel_ir *ir, struct isel_group *g)
{
	int64_t lowest = g->min - 3, start;
	unsigned best = UINT32_MAX;

	if (is_chosen_in_value(&g->addr)) {
		g->addr.off = g->min;
		return;
	}
	if (g->addr.space == ISEL_MAP_VALUE && g->min >= 0 && g->max <= 32) {
		g->addr.off = 0; /* no addition for the address */
		return;
	}
	if (lowest < 0)
		lowest = g->min < 0 ? g->min : 0;
	for (start = g->min; start >= lowest; start--) {
		unsigned cost = shape_cost(ir, g, start);

		if (cost < best) {
			best = cost;
			g->addr.off = start;
		}
	}
}

static void choose_shape(struct isel_ir *ir, struct isel_group *g)
{
	unsigned little = 0, big = 0;
	size_t i;

	assert(g->min < g->max && g->max - g->min <= MAX_SPAN);
	g->local = true;
	for (i = 0; i < g->loads.len; i++) {
		struct wish w = wish_of(ir, g->loads.at[i]);

		g->local &= ir->insts[g->loads.at[i]].block == ir->insts[g->leader].block;
		little += w.little;
		big += w.big;
	}
	g->big_endian = big < little;
	choose_start(ir, g);
	g->words = (uint32_t)(g->max - g->addr.off + 3) / 4;
}

void isel_find_groups(struct isel_ir *ir)
{
	size_t k;
	uint32_t i;

	for (i = 0; i < ir->n_insts; i++) {
		const struct isel_inst *in = &ir->insts[i];
		struct isel_addr addr;

		if (in->op == LLVMLoad && in->width &&
		    isel_decompose(ir, LLVMGetOperand(in->v, 0), &addr) && addr.space != ISEL_STACK)
			add_load(ir, i, &addr);
	}
	for (k = 0; k < ir->groups.len; k++)
		choose_shape(ir, ir->groups.at[k]);
}
