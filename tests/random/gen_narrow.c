/* SPDX-License-Identifier: BSD-2-Clause */
#include "gen_internal.h"

/* Numbers spilled in part: the verifier keeps bounds of what comes back, which a packet offset then uses. */

void gen_narrow_spill(struct gen *g)
{
	static const uint8_t sizes[] = { BPF_B, BPF_H, BPF_W };
	uint8_t store = sizes[below(g, 3)], load = sizes[below(g, 3)], src, dst;
	uint32_t max = (uint32_t)bits_mask(4 + below(g, 8));
	uint16_t locked = g->locked;
	int32_t at;

	src = bounded_scalar(g, max);
	lock_reg(g, src);
	at = scratch_slot(g);
	g->locked = locked;
	if (!at)
		return;
	asm_emit(g->b, ST(BPF_DW, 10, at, random_imm(g)), STX(store, 10, at, src));
	dst = pick_dst(g, false);
	asm_emit(g->b, LDX(load, dst, 10, at));
	if (size_bytes(load) <= size_bytes(store))
		set_reg(g, dst, scalar(max & bits_mask(8 * size_bytes(load))));
	else
		set_reg(g, dst, scalar(bits_mask(8 * size_bytes(load))));
}
