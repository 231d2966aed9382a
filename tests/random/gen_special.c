/* SPDX-License-Identifier: BSD-2-Clause */
#include "gen_internal.h"

/* The lock of a value that has one. Its plain bytes are used without it too (gen_mem.c); the device has no
 * locks, so such a program is host-only, or split. */

void gen_lock(struct gen *g)
{
	uint8_t value = 0;

	for (uint8_t r = 6; r < 10; r++) {
		if (g->s.reg[r].kind == K_MAPVAL && g->s.reg[r].map == MAP_SPECIAL)
			value = r;
	}
	if (!value || g->s.reg[value].off || !calls_allowed(g) || g->head ||
	    g->p->maps[MAP_SPECIAL].btf_value_id != TYPE_LOCKED)
		return;
	asm_emit(g->b, MOV64(1, value), CALL(BPF_FUNC_spin_lock),
		 ST(BPF_W, value, LOCKED_DATA_AT, random_imm(g)), MOV64(1, value),
		 CALL(BPF_FUNC_spin_unlock));
	clobber_args(g);
	g->s.reg[0] = (struct value){ 0 };
}
