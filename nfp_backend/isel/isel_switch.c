/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_lower.h"

#include <stdlib.h>

/* switch: branches on bytes, chains of comparisons, halved by order while there are many cases. */

#define MAX_CHAIN 12 /* cases that are tried one by one */

struct choice {
	uint64_t value;
	uint32_t target; /* machine block */
};

static int by_value(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;

	return x->value < y->value ? -1 : x->value > y->value;
}

static int by_high_byte(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;

	return (int)(x->value >> 8) - (int)(y->value >> 8);
}

static int by_low_byte(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;

	return (int)(x->value & 0xff) - (int)(y->value & 0xff);
}

static unsigned distinct(const struct choice *c, size_t n, unsigned byte)
{
	bool seen[256] = { false };
	unsigned count = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		uint8_t v = (uint8_t)(c[i].value >> (8 * byte));

		count += !seen[v];
		seen[v] = true;
	}
	return count;
}

/* Fields of one or two bytes: cases that agree in one byte share its test. */
static void by_bytes(struct isel *is, struct nfp_opnd o, unsigned first, unsigned n_bytes,
		     struct choice *c, size_t n)
{
	unsigned outer = n_bytes == 2 && distinct(c, n, 1) <= distinct(c, n, 0), inner = !outer;
	size_t i, j;

	if (n_bytes == 1) {
		for (i = 0; i < n; i++)
			isel_bbyte(is, o, first, (unsigned)c[i].value, true, c[i].target);
		return;
	}
	qsort(c, n, sizeof(*c), outer ? by_high_byte : by_low_byte);
	for (i = 0; i < n; i = j) {
		unsigned v = (unsigned)(c[i].value >> (8 * outer)) & 0xff;
		uint32_t next = isel_new_block(is), scope = is->here.scope;

		isel_bbyte(is, o, first + outer, v, false, next);
		for (j = i; j < n && ((c[j].value >> (8 * outer)) & 0xff) == v; j++)
			isel_bbyte(is, o, first + inner,
				   (unsigned)(c[j].value >> (8 * inner)) & 0xff, true, c[j].target);
		isel_br(is, next);
		isel_begin_arm(is, next, scope);
	}
}

/* One register counts down from case to case. */
static void by_differences(struct isel *is, struct isel_word w, const struct choice *c, size_t n)
{
	struct nfp_opnd o = isel_use(is, w);
	uint32_t before = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		uint32_t diff = (uint32_t)c[i].value - before;
		struct nfp_opnd t = isel_new_reg(is);

		isel_alu_to(is, t, NFP_ALU_SUB, o, isel_use(is, isel_w_imm(diff)))->sets_cc = true;
		isel_bcc(is, NFP_CC_EQ, c[i].target);
		o = t;
		before = (uint32_t)c[i].value;
	}
}

static void chain(struct isel *is, struct isel_val v, unsigned width, struct choice *c, size_t n)
{
	unsigned first, n_bytes, direct = 0, diffs = 0;
	uint32_t before = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		direct += isel_const_cost((uint32_t)c[i].value);
		diffs += isel_const_cost((uint32_t)c[i].value - before);
		before = (uint32_t)c[i].value;
	}
	if (v.n == 1 && isel_field_bytes(&v.w[0], width, &first, &n_bytes) && n_bytes &&
	    n_bytes <= 2 && c[n - 1].value >> (8 * n_bytes) == 0) {
		by_bytes(is, v.w[0].o, first, n_bytes, c, n);
	} else if (v.n == 1 && !isel_w_is_imm(&v.w[0]) && diffs < direct) {
		by_differences(is, v.w[0], c, n);
	} else {
		for (i = 0; i < n; i++) {
			struct isel_val k = { .n = v.n,
					      .w = { isel_w_imm((uint32_t)c[i].value),
						     isel_w_imm((uint32_t)(c[i].value >> 32)) } };

			isel_jump_cmp(is, LLVMIntEQ, v, k, c[i].target);
		}
	}
}

/* Falls through to the next instruction when no case matches. `none`: where that is. */
static void search(struct isel *is, struct isel_val v, unsigned width, struct choice *c, size_t n,
		   uint32_t none)
{
	struct isel_val mid = { .n = v.n };
	uint32_t low, scope = is->here.scope;

	if (n <= MAX_CHAIN) {
		chain(is, v, width, c, n);
		isel_br(is, none);
		return;
	}
	low = isel_new_block(is);
	mid.w[0] = isel_w_imm((uint32_t)c[n / 2].value);
	mid.w[1] = isel_w_imm((uint32_t)(c[n / 2].value >> 32));
	isel_jump_cmp(is, LLVMIntULT, v, mid, low);
	search(is, v, width, c + n / 2, n - n / 2, none);
	isel_begin_arm(is, low, scope);
	search(is, v, width, c, n / 2, none);
}

void isel_select_switch(struct isel *is, LLVMValueRef sw)
{
	unsigned n = LLVMGetNumSuccessors(sw) - 1, width = isel_width(LLVMGetOperand(sw, 0)), i;
	struct choice *c = ARENA_ARRAY(is->cx->scratch, struct choice, n + 1);
	uint32_t none = isel_edge(is, is->here.ir_block,
				  isel_block_index(&is->ir, LLVMGetSwitchDefaultDest(sw)));
	bool swapped;
	struct isel_val v;

	if (!width || width > 64) {
		isel_refuse(is, "a switch of over 64 bits");
		return;
	}
	v = isel_eq_view(is, LLVMGetOperand(sw, 0), &swapped);
	for (i = 0; i < n; i++) {
		(void)isel_const_u64(LLVMGetOperand(sw, 2 * (i + 1)), &c[i].value);
		if (swapped)
			c[i].value = __builtin_bswap64(c[i].value) >> (64 - width);
		c[i].target = isel_edge(is, is->here.ir_block,
					isel_block_index(&is->ir, LLVMGetSuccessor(sw, i + 1)));
	}
	qsort(c, n, sizeof(*c), by_value);
	if (v.n == 2 && isel_w_is(&v.w[1], 0) && (!n || c[n - 1].value <= UINT32_MAX))
		v.n = 1;
	if (n)
		search(is, v, width < 32 ? width : 32, c, n, none);
	else
		isel_br(is, none);
}
