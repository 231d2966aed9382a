/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_query.h"

#include <assert.h>

/* The IR numbered: reachable blocks in reverse postorder with edges and dominators, instructions in block
 * order. */

/* ---- handles ---- */

uint32_t isel_inst_index(const struct isel_ir *ir, LLVMValueRef v)
{
	return isel_map_find(&ir->inst_of, (uint64_t)(uintptr_t)v);
}

struct isel_inst *isel_inst_of(const struct isel_ir *ir, LLVMValueRef v)
{
	uint32_t i = isel_inst_index(ir, v);

	return i == UINT32_MAX ? NULL : &ir->insts[i];
}

uint32_t isel_block_index(const struct isel_ir *ir, LLVMBasicBlockRef bb)
{
	return isel_map_find(&ir->block_of, (uint64_t)(uintptr_t)bb);
}

/* ---- blocks ---- */

struct dfs_frame {
	LLVMBasicBlockRef bb;
	unsigned next;
};

/* Reverse postorder without recursion: programs may be long chains. Returns the number of
 * reachable blocks; `order` gets them in postorder. */
static uint32_t postorder(struct isel_ir *ir, LLVMBasicBlockRef *order, uint32_t total)
{
	struct dfs_frame *stack = ARENA_ARRAY(ir->cx->scratch, struct dfs_frame, total);
	uint32_t depth = 0, n = 0;

	stack[depth++].bb = LLVMGetEntryBasicBlock(ir->llfn);
	*isel_map_at(&ir->block_of, ir->cx, (uint64_t)(uintptr_t)stack[0].bb) = 0;
	while (depth) {
		struct dfs_frame *f = &stack[depth - 1];
		LLVMValueRef term = LLVMGetBasicBlockTerminator(f->bb);
		unsigned n_succ = term ? LLVMGetNumSuccessors(term) : 0;
		LLVMBasicBlockRef next = NULL;

		while (f->next < n_succ && !next) {
			/* last successor first, so that the first one follows in reverse postorder */
			next = LLVMGetSuccessor(term, n_succ - 1 - f->next++);
			if (isel_block_index(ir, next) != UINT32_MAX)
				next = NULL;
		}
		if (next) {
			*isel_map_at(&ir->block_of, ir->cx, (uint64_t)(uintptr_t)next) = 0;
			stack[depth++] = (struct dfs_frame){ .bb = next };
		} else {
			order[n++] = f->bb;
			depth--;
		}
	}
	return n;
}

static void add_edges(struct isel_ir *ir, uint32_t b)
{
	LLVMValueRef term = LLVMGetBasicBlockTerminator(ir->blocks[b].bb);
	unsigned i, k, n = term ? LLVMGetNumSuccessors(term) : 0;

	for (i = 0; i < n; i++) {
		uint32_t s = isel_block_index(ir, LLVMGetSuccessor(term, i));
		struct isel_block *from = &ir->blocks[b];

		for (k = 0; k < from->succs.len && from->succs.at[k] != s; k++)
			;
		if (k < from->succs.len)
			continue;
		*vec_push(&from->succs, ir->cx->scratch) = s;
		*vec_push(&ir->blocks[s].preds, ir->cx->scratch) = b;
	}
}

static uint32_t meet(const struct isel_ir *ir, uint32_t a, uint32_t b)
{
	while (a != b) {
		while (a > b)
			a = ir->blocks[a].idom;
		while (b > a)
			b = ir->blocks[b].idom;
	}
	return a;
}

/* Cooper, Harvey and Kennedy's iteration; block numbers are reverse postorder numbers. */
static void find_dominators(struct isel_ir *ir)
{
	bool changed = true;
	uint32_t b;
	size_t i;

	for (b = 1; b < ir->n_blocks; b++)
		ir->blocks[b].idom = UINT32_MAX;
	while (changed) {
		changed = false;
		for (b = 1; b < ir->n_blocks; b++) {
			struct isel_block *blk = &ir->blocks[b];
			uint32_t d = UINT32_MAX;

			for (i = 0; i < blk->preds.len; i++) {
				uint32_t p = blk->preds.at[i];

				if (p && ir->blocks[p].idom == UINT32_MAX)
					continue;
				d = d == UINT32_MAX ? p : meet(ir, d, p);
			}
			changed |= d != blk->idom;
			blk->idom = d;
		}
	}
}

/* Preorder intervals of the dominator tree: children's sizes first, then places. */
static void number_dominators(struct isel_ir *ir)
{
	uint32_t *size = ARENA_ARRAY(ir->cx->scratch, uint32_t, ir->n_blocks);
	uint32_t *used = ARENA_ARRAY(ir->cx->scratch, uint32_t, ir->n_blocks);
	uint32_t b;

	for (b = ir->n_blocks; b-- > 0;) {
		size[b]++;
		if (b)
			size[ir->blocks[b].idom] += size[b];
	}
	for (b = 0; b < ir->n_blocks; b++) {
		struct isel_block *blk = &ir->blocks[b];
		uint32_t up = blk->idom;

		blk->dom_in = b ? ir->blocks[up].dom_in + 1 + used[up] : 0;
		blk->dom_out = blk->dom_in + size[b];
		if (b)
			used[up] += size[b];
	}
}

bool isel_dominates(const struct isel_ir *ir, uint32_t a, uint32_t b)
{
	assert(a < ir->n_blocks && b < ir->n_blocks);
	return ir->blocks[a].dom_in <= ir->blocks[b].dom_in &&
	       ir->blocks[b].dom_in < ir->blocks[a].dom_out;
}

/* Frequencies relative to the entry's: an edge takes an equal share, a loop runs eight times. */
static void find_frequencies(struct isel_ir *ir)
{
	enum { ENTRY = 1 << 8, MAX = 1 << 16, LOOP = 8 };
	uint32_t b;
	size_t i;

	for (b = 0; b < ir->n_blocks; b++) {
		struct isel_block *blk = &ir->blocks[b];
		uint64_t f = b ? 0 : ENTRY;
		bool loop = false;

		for (i = 0; i < blk->preds.len; i++) {
			const struct isel_block *p = &ir->blocks[blk->preds.at[i]];

			if (blk->preds.at[i] >= b)
				loop = true;
			else
				f += p->freq / p->succs.len;
		}
		if (loop)
			f *= LOOP;
		blk->freq = (uint32_t)(f < 1 ? 1 : f > MAX ? MAX : f);
	}
}

static void number_insts(struct isel_ir *ir)
{
	LLVMValueRef v;
	uint32_t b, n = 0;

	for (b = 0; b < ir->n_blocks; b++)
		for (v = LLVMGetFirstInstruction(ir->blocks[b].bb); v;
		     v = LLVMGetNextInstruction(v))
			n++;
	ir->insts = ARENA_ARRAY(ir->cx->scratch, struct isel_inst, n);
	for (b = 0; b < ir->n_blocks; b++) {
		ir->blocks[b].first = ir->n_insts;
		for (v = LLVMGetFirstInstruction(ir->blocks[b].bb); v;
		     v = LLVMGetNextInstruction(v)) {
			unsigned w = isel_width(v);

			*isel_map_at(&ir->inst_of, ir->cx, (uint64_t)(uintptr_t)v) = ir->n_insts;
			ir->insts[ir->n_insts++] = (struct isel_inst){
				.v = v,
				.op = LLVMGetInstructionOpcode(v),
				.block = b,
				.width = (uint16_t)(w <= ISEL_MAX_WIDTH ? w : 0),
			};
		}
		ir->blocks[b].n = ir->n_insts - ir->blocks[b].first;
	}
}

void isel_number(struct isel_ir *ir)
{
	uint32_t total = LLVMCountBasicBlocks(ir->llfn), b;
	LLVMBasicBlockRef *order = ARENA_ARRAY(ir->cx->scratch, LLVMBasicBlockRef, total);

	ir->n_blocks = postorder(ir, order, total);
	ir->blocks = ARENA_ARRAY(ir->cx->scratch, struct isel_block, ir->n_blocks);
	for (b = 0; b < ir->n_blocks; b++) {
		LLVMBasicBlockRef bb = order[ir->n_blocks - 1 - b];

		ir->blocks[b].bb = bb;
		*isel_map_at(&ir->block_of, ir->cx, (uint64_t)(uintptr_t)bb) = b;
	}
	for (b = 0; b < ir->n_blocks; b++)
		add_edges(ir, b);
	find_dominators(ir);
	number_dominators(ir);
	find_frequencies(ir);
	number_insts(ir);
}
