/* SPDX-License-Identifier: BSD-2-Clause */
#include "gen_internal.h"

/* Legacy packet loads, tc only: R6 is the context. Behind the packet's end the function returns 0; in the
 * main function that ends the program. */

void legacy_context(struct gen *g)
{
	const struct func *f = &g->funcs[g->func];

	for (uint8_t r = 1; r <= f->n_args && !g->xdp; r++) {
		if (f->arg[r - 1].kind != K_CTX)
			continue;
		asm_emit(g->b, MOV64(6, r));
		set_reg(g, 6, f->arg[r - 1]);
		return;
	}
}

void gen_legacy_load(struct gen *g)
{
	static const uint8_t sizes[] = { BPF_B, BPF_H, BPF_W };
	uint8_t size = sizes[below(g, 3)], idx;

	if (g->xdp || !calls_allowed(g) || g->s.reg[6].kind != K_CTX)
		return;
	if (percent(g, 50)) {
		asm_emit(g->b, LD_ABS(size, below(g, percent(g, 70) ? 60 : 400)));
	} else {
		idx = percent(g, 90) ? bounded_scalar(g, percent(g, 70) ? 63 : 1023)
				     : pick_scalar(g);
		if (g->s.reg[6].kind != K_CTX)
			return;
		asm_emit(g->b, LD_IND(size, idx, below(g, 32)));
	}
	clobber_args(g);
	g->s.reg[0] = scalar(UINT32_MAX);
}
