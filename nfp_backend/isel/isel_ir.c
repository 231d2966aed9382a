/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_priv.h"

#include <stdio.h>
#include <stdlib.h>

/* The IR numbered: reachable blocks in reverse postorder with edges and dominators, instructions
 * in block order, and small questions about values. */

/* ---- types and constants ---- */

unsigned isel_type_width(LLVMTypeRef t)
{
	switch (LLVMGetTypeKind(t)) {
	case LLVMIntegerTypeKind: return LLVMGetIntTypeWidth(t);
	case LLVMPointerTypeKind: return LLVMGetPointerAddressSpace(t) == ISEL_MAP_VALUE ? 64 : 32;
	default: return 0;
	}
}

uint64_t isel_type_bytes(LLVMTypeRef t)
{
	switch (LLVMGetTypeKind(t)) {
	case LLVMIntegerTypeKind:
	case LLVMPointerTypeKind: return (isel_type_width(t) + 7) / 8;
	case LLVMArrayTypeKind: {
		uint64_t elem = isel_type_bytes(LLVMGetElementType(t));
		uint64_t n = LLVMGetArrayLength(t);

		return elem && n < (UINT64_C(1) << 32) ? elem * n : 0;
	}
	default: return 0;
	}
}

/* Decimal digits, with sign, into words: constants over 64 bits have no other way out of the C API. */
static void parse_decimal(const char *s, uint32_t w[ISEL_MAX_WORDS])
{
	bool neg = *s == '-';
	uint64_t carry;
	unsigned i;

	for (s += neg; *s >= '0' && *s <= '9'; s++) {
		carry = (uint64_t)(*s - '0');
		for (i = 0; i < ISEL_MAX_WORDS; i++) {
			carry += (uint64_t)w[i] * 10;
			w[i] = (uint32_t)carry;
			carry >>= 32;
		}
	}
	for (i = 0, carry = 1; neg && i < ISEL_MAX_WORDS; i++) {
		carry += ~w[i];
		w[i] = (uint32_t)carry;
		carry >>= 32;
	}
}

static void clear_above(uint32_t w[ISEL_MAX_WORDS], unsigned width)
{
	unsigned i;

	for (i = 0; i < ISEL_MAX_WORDS; i++)
		if (width < 32 * (i + 1))
			w[i] &= width <= 32 * i ? 0 : (uint32_t)bits_mask(width - 32 * i);
}

/* The number in `inttoptr (i64 N to ptr)`: what LLVM makes of NULL and an offset where it proves that
 * control never comes. NULL: v is something else. */
static LLVMValueRef int_of_pointer(LLVMValueRef v)
{
	if (!LLVMIsAConstantExpr(v) || LLVMGetConstOpcode(v) != LLVMIntToPtr)
		return NULL;
	return LLVMIsAConstantInt(LLVMGetOperand(v, 0));
}

bool isel_const_words(LLVMValueRef v, uint32_t w[ISEL_MAX_WORDS])
{
	unsigned width = isel_width(v);

	memset(w, 0, ISEL_MAX_WORDS * sizeof(w[0]));
	if (!width || width > ISEL_MAX_WIDTH)
		return false;
	if (LLVMIsUndef(v) || LLVMIsPoison(v) || LLVMIsAConstantPointerNull(v))
		return true;
	if (int_of_pointer(v))
		v = int_of_pointer(v);
	if (!LLVMIsAConstantInt(v))
		return false;
	if (width <= 64) {
		uint64_t x = LLVMConstIntGetZExtValue(v);

		w[0] = (uint32_t)x;
		w[1] = (uint32_t)(x >> 32);
	} else {
		char *text = LLVMPrintValueToString(v); /* "i128 -5" */
		const char *digits = strchr(text, ' ');

		if (digits)
			parse_decimal(digits + 1, w);
		LLVMDisposeMessage(text);
	}
	clear_above(w, width);
	return true;
}

bool isel_const_u64(LLVMValueRef v, uint64_t *out)
{
	uint32_t w[ISEL_MAX_WORDS];

	if (!isel_const_words(v, w) || w[2] || w[3])
		return false;
	*out = w[0] | (uint64_t)w[1] << 32;
	return true;
}

/* ---- instructions ---- */

bool isel_is_inst(LLVMValueRef v, LLVMOpcode op)
{
	return LLVMIsAInstruction(v) && LLVMGetInstructionOpcode(v) == op;
}

const char *isel_callee(LLVMValueRef call)
{
	LLVMValueRef f = LLVMGetCalledValue(call);
	size_t len;

	return f && LLVMIsAFunction(f) ? LLVMGetValueName2(f, &len) : "";
}

bool isel_calls(LLVMValueRef v, const char *name)
{
	return isel_is_inst(v, LLVMCall) && !strcmp(isel_callee(v), name);
}

bool isel_is_pure(LLVMValueRef v)
{
	switch (LLVMGetInstructionOpcode(v)) {
	case LLVMAdd:
	case LLVMSub:
	case LLVMMul:
	case LLVMUDiv:
	case LLVMSDiv:
	case LLVMURem:
	case LLVMSRem:
	case LLVMShl:
	case LLVMLShr:
	case LLVMAShr:
	case LLVMAnd:
	case LLVMOr:
	case LLVMXor:
	case LLVMICmp:
	case LLVMSelect:
	case LLVMZExt:
	case LLVMSExt:
	case LLVMTrunc:
	case LLVMBitCast:
	case LLVMFreeze:
	case LLVMPtrToInt:
	case LLVMIntToPtr:
	case LLVMGetElementPtr:
	case LLVMExtractValue: return true;
	case LLVMCall: return isel_intrinsic_is_pure(isel_callee(v));
	default: return false;
	}
}

LLVMValueRef isel_single_user(LLVMValueRef v)
{
	LLVMUseRef u = LLVMGetFirstUse(v);

	return u && !LLVMGetNextUse(u) ? LLVMGetUser(u) : NULL;
}

uint32_t isel_inst_index(const struct isel *is, LLVMValueRef v)
{
	return isel_map_find(&is->inst_of, (uint64_t)(uintptr_t)v);
}

struct isel_inst *isel_inst_of(struct isel *is, LLVMValueRef v)
{
	uint32_t i = isel_inst_index(is, v);

	return i == UINT32_MAX ? NULL : &is->insts[i];
}

uint32_t isel_block_index(const struct isel *is, LLVMBasicBlockRef bb)
{
	return isel_map_find(&is->block_of, (uint64_t)(uintptr_t)bb);
}

/* ---- blocks ---- */

struct dfs_frame {
	LLVMBasicBlockRef bb;
	unsigned next;
};

/* Reverse postorder without recursion: programs may be long chains. Returns the number of
 * reachable blocks; `order` gets them in postorder. */
static uint32_t postorder(struct isel *is, LLVMBasicBlockRef *order, uint32_t total)
{
	struct dfs_frame *stack = ARENA_ARRAY(is->cx->scratch, struct dfs_frame, total);
	uint32_t depth = 0, n = 0;

	stack[depth++].bb = LLVMGetEntryBasicBlock(is->llfn);
	*isel_map_at(&is->block_of, is->cx, (uint64_t)(uintptr_t)stack[0].bb) = 0;
	while (depth) {
		struct dfs_frame *f = &stack[depth - 1];
		LLVMValueRef term = LLVMGetBasicBlockTerminator(f->bb);
		unsigned n_succ = term ? LLVMGetNumSuccessors(term) : 0;
		LLVMBasicBlockRef next = NULL;

		while (f->next < n_succ && !next) {
			/* last successor first, so that the first one follows in reverse postorder */
			next = LLVMGetSuccessor(term, n_succ - 1 - f->next++);
			if (isel_block_index(is, next) != UINT32_MAX)
				next = NULL;
		}
		if (next) {
			*isel_map_at(&is->block_of, is->cx, (uint64_t)(uintptr_t)next) = 0;
			stack[depth++] = (struct dfs_frame){ .bb = next };
		} else {
			order[n++] = f->bb;
			depth--;
		}
	}
	return n;
}

static void add_edges(struct isel *is, uint32_t b)
{
	LLVMValueRef term = LLVMGetBasicBlockTerminator(is->blocks[b].bb);
	unsigned i, k, n = term ? LLVMGetNumSuccessors(term) : 0;

	for (i = 0; i < n; i++) {
		uint32_t s = isel_block_index(is, LLVMGetSuccessor(term, i));
		struct isel_block *from = &is->blocks[b];

		for (k = 0; k < from->succs.len && from->succs.at[k] != s; k++)
			;
		if (k < from->succs.len)
			continue;
		*vec_push(&from->succs, is->cx->scratch) = s;
		*vec_push(&is->blocks[s].preds, is->cx->scratch) = b;
	}
}

static uint32_t meet(const struct isel *is, uint32_t a, uint32_t b)
{
	while (a != b) {
		while (a > b)
			a = is->blocks[a].idom;
		while (b > a)
			b = is->blocks[b].idom;
	}
	return a;
}

/* Cooper, Harvey and Kennedy's iteration; block numbers are reverse postorder numbers. */
static void find_dominators(struct isel *is)
{
	bool changed = true;
	uint32_t b;
	size_t i;

	for (b = 1; b < is->n_blocks; b++)
		is->blocks[b].idom = UINT32_MAX;
	while (changed) {
		changed = false;
		for (b = 1; b < is->n_blocks; b++) {
			struct isel_block *blk = &is->blocks[b];
			uint32_t d = UINT32_MAX;

			for (i = 0; i < blk->preds.len; i++) {
				uint32_t p = blk->preds.at[i];

				if (p && is->blocks[p].idom == UINT32_MAX)
					continue;
				d = d == UINT32_MAX ? p : meet(is, d, p);
			}
			changed |= d != blk->idom;
			blk->idom = d;
		}
	}
}

/* Preorder intervals of the dominator tree: children's sizes first, then places. */
static void number_dominators(struct isel *is)
{
	uint32_t *size = ARENA_ARRAY(is->cx->scratch, uint32_t, is->n_blocks);
	uint32_t *used = ARENA_ARRAY(is->cx->scratch, uint32_t, is->n_blocks);
	uint32_t b;

	for (b = is->n_blocks; b-- > 0;) {
		size[b]++;
		if (b)
			size[is->blocks[b].idom] += size[b];
	}
	for (b = 0; b < is->n_blocks; b++) {
		struct isel_block *blk = &is->blocks[b];
		uint32_t up = blk->idom;

		blk->dom_in = b ? is->blocks[up].dom_in + 1 + used[up] : 0;
		blk->dom_out = blk->dom_in + size[b];
		if (b)
			used[up] += size[b];
	}
}

bool isel_dominates(const struct isel *is, uint32_t a, uint32_t b)
{
	return is->blocks[a].dom_in <= is->blocks[b].dom_in &&
	       is->blocks[b].dom_in < is->blocks[a].dom_out;
}

/* Frequencies relative to the entry's: an edge takes an equal share, a loop runs eight times. */
static void find_frequencies(struct isel *is)
{
	enum { ENTRY = 1 << 8, MAX = 1 << 16, LOOP = 8 };
	uint32_t b;
	size_t i;

	for (b = 0; b < is->n_blocks; b++) {
		struct isel_block *blk = &is->blocks[b];
		uint64_t f = b ? 0 : ENTRY;
		bool loop = false;

		for (i = 0; i < blk->preds.len; i++) {
			const struct isel_block *p = &is->blocks[blk->preds.at[i]];

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

static void number_insts(struct isel *is)
{
	LLVMValueRef v;
	uint32_t b, n = 0;

	for (b = 0; b < is->n_blocks; b++)
		for (v = LLVMGetFirstInstruction(is->blocks[b].bb); v;
		     v = LLVMGetNextInstruction(v))
			n++;
	is->insts = ARENA_ARRAY(is->cx->scratch, struct isel_inst, n);
	for (b = 0; b < is->n_blocks; b++) {
		is->blocks[b].first = is->n_insts;
		for (v = LLVMGetFirstInstruction(is->blocks[b].bb); v;
		     v = LLVMGetNextInstruction(v)) {
			unsigned w = isel_width(v);

			*isel_map_at(&is->inst_of, is->cx, (uint64_t)(uintptr_t)v) = is->n_insts;
			is->insts[is->n_insts++] = (struct isel_inst){
				.v = v,
				.op = LLVMGetInstructionOpcode(v),
				.block = b,
				.width = (uint16_t)(w <= ISEL_MAX_WIDTH ? w : 0),
			};
		}
		is->blocks[b].n = is->n_insts - is->blocks[b].first;
	}
}

bool isel_number(struct isel *is)
{
	uint32_t total = LLVMCountBasicBlocks(is->llfn), b;
	LLVMBasicBlockRef *order = ARENA_ARRAY(is->cx->scratch, LLVMBasicBlockRef, total);

	is->n_blocks = postorder(is, order, total);
	is->blocks = ARENA_ARRAY(is->cx->scratch, struct isel_block, is->n_blocks);
	for (b = 0; b < is->n_blocks; b++) {
		LLVMBasicBlockRef bb = order[is->n_blocks - 1 - b];

		is->blocks[b].bb = bb;
		*isel_map_at(&is->block_of, is->cx, (uint64_t)(uintptr_t)bb) = b;
	}
	for (b = 0; b < is->n_blocks; b++)
		add_edges(is, b);
	find_dominators(is);
	number_dominators(is);
	find_frequencies(is);
	number_insts(is);
	return true;
}
