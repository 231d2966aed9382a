/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_query.h"

#include <assert.h>

/* Which atomic additions may be posted, so that nobody waits for them?
 *
 * The immediate forms have no signal, and nothing orders them with later accesses (nfp.md 3.5). So an
 * addition is posted only if no command that reads or writes its bytes can follow before the program ends
 * or calls the firmware. Bytes count as the commands have them: a group of loads reads more than the
 * program asked for. Additions of one width can come in any order, but one of 64 bits carries over what one
 * of 32 bits left. */

#define MAX_STEPS 4096 /* instructions looked at; beyond that it waits */

struct search {
	const struct isel_ir *ir;
	const struct isel_addr *addr; /* of the addition */
	uint32_t bytes;
	bool *seen; /* blocks that have been queued */
	VEC(uint32_t) queue;
	unsigned steps;
	bool meets;     /* a command may touch the bytes */
	bool any;       /* a command may touch some map value */
	bool goes_back; /* round a loop, where equal bases need not mean equal addresses */
};

static void touches(struct search *s, const struct isel_addr *addr, uint32_t bytes)
{
	if (addr->space != ISEL_MAP_VALUE)
		return;
	s->any = true;
	s->meets |= isel_may_overlap(s->addr, s->bytes, addr, bytes);
}

static void look_at_store(struct search *s, const struct isel_inst *in)
{
	uint64_t bytes = isel_type_bytes(LLVMTypeOf(LLVMGetOperand(in->v, 0)));
	struct isel_addr addr;

	if (isel_decompose(s->ir, LLVMGetOperand(in->v, 1), &addr))
		touches(s, &addr, (uint32_t)bytes);
	else
		s->meets = true;
}

static void look_at_atomic(struct search *s, const struct isel_inst *in)
{
	uint32_t bytes = isel_width(LLVMGetOperand(in->v, 1)) / 8;
	struct isel_addr addr;

	if (bytes == s->bytes)
		return;
	if (isel_decompose(s->ir, LLVMGetOperand(in->v, 0), &addr))
		touches(s, &addr, bytes);
	else
		s->meets = true;
}

/* False: all commands are over here, the firmware has been called. */
static bool look_at_call(struct search *s, const struct isel_inst *in)
{
	unsigned clobbers = 0;

	if (isel_is_nfp_call(isel_callee(in->v), &clobbers))
		return !(clobbers & ISEL_CLOBBERS_XFER);
	s->meets |= !strncmp(isel_callee(in->v), "llvm.mem", 8);
	return true;
}

/* Instructions of one block from `i` on; true: its end is reached. */
static bool scan(struct search *s, uint32_t b, uint32_t i)
{
	const struct isel_block *blk = &s->ir->blocks[b];

	for (; i < blk->first + blk->n; i++) {
		const struct isel_inst *in = &s->ir->insts[i];

		s->meets |= ++s->steps > MAX_STEPS;
		if (in->op == LLVMLoad && in->group && in->group->leader == i)
			touches(s, &in->group->addr, 4 * in->group->words);
		else if (in->op == LLVMStore)
			look_at_store(s, in);
		else if (in->op == LLVMAtomicRMW)
			look_at_atomic(s, in);
		else if (in->op == LLVMCall && !look_at_call(s, in))
			return false;
		if (s->meets)
			return false;
	}
	return true;
}

static void queue_succs(struct search *s, uint32_t b)
{
	const struct isel_block *blk = &s->ir->blocks[b];

	for (size_t i = 0; i < blk->succs.len; i++) {
		uint32_t to = blk->succs.at[i];

		s->goes_back |= to <= b;
		if (!s->seen[to])
			*vec_push(&s->queue, s->ir->cx->scratch) = to;
		s->seen[to] = true;
	}
}

bool isel_may_post(const struct isel_ir *ir, uint32_t inst, const struct isel_addr *addr,
		   uint32_t bytes)
{
	struct search s = { .ir = ir, .addr = addr, .bytes = bytes };
	uint32_t b = ir->insts[inst].block;

	assert(inst < ir->n_insts && addr->space == ISEL_MAP_VALUE);
	s.seen = ARENA_ARRAY(ir->cx->scratch, bool, ir->n_blocks);
	if (scan(&s, b, inst + 1))
		queue_succs(&s, b);
	while (s.queue.len && !s.meets) {
		b = s.queue.at[--s.queue.len];
		if (scan(&s, b, ir->blocks[b].first))
			queue_succs(&s, b);
	}
	return !s.meets && !(s.any && s.goes_back);
}
