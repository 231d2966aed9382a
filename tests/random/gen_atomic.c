/* SPDX-License-Identifier: BSD-2-Clause */
#include "gen_internal.h"

/* Atomic operations on memory that is the program's own: its frame, or a caller's. */

static const int32_t ops[] = { BPF_ADD,
			       BPF_OR,
			       BPF_AND,
			       BPF_XOR,
			       BPF_ADD | BPF_FETCH,
			       BPF_OR | BPF_FETCH,
			       BPF_AND | BPF_FETCH,
			       BPF_XOR | BPF_FETCH,
			       BPF_XCHG,
			       BPF_CMPXCHG };

/* Base register and offset of `bytes` written bytes, aligned to 8; off 0 with R10: none. */
static uint8_t own_memory(struct gen *g, int32_t *off)
{
	int caller = find_reg(g, K_STACK);

	if (caller >= 0 && percent(g, 50)) {
		*off = 8 * (int32_t)below(g, g->s.reg[caller].len / 8);
		return (uint8_t)caller;
	}
	*off = stack_bytes(g, 8);
	return 10;
}

void gen_stack_atomic(struct gen *g)
{
	uint8_t size = percent(g, 50) ? BPF_W : BPF_DW, src, base;
	int32_t op = ops[below(g, ARRAY_SIZE(ops))], off;
	uint16_t locked = g->locked;
	uint64_t umax = size == BPF_W ? UINT32_MAX : UINT64_MAX;

	base = own_memory(g, &off);
	if (base == 10 && !off)
		return;
	if (base < 10)
		lock_reg(g, base);
	src = pick_scalar(g);
	if ((op & BPF_FETCH && op != BPF_CMPXCHG && g->locked & 1u << src) ||
	    (op == BPF_CMPXCHG && (g->locked & 1 || g->s.reg[0].kind != K_SCALAR))) {
		g->locked = locked;
		return;
	}
	if (size == BPF_W && percent(g, 50))
		off += 4;
	asm_emit(g->b, ATOMIC(size, op, base, off, src));
	if (op == BPF_CMPXCHG)
		set_reg(g, 0, scalar(umax));
	else if (op & BPF_FETCH)
		set_reg(g, src, scalar(umax));
	g->locked = locked;
}
