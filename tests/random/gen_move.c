/* SPDX-License-Identifier: BSD-2-Clause */
#include "gen_internal.h"

/* Moves of the packet's two ends. Pointers from before are numbers afterwards (gen_old.c), also when the
 * call failed. */

enum move { MOVE_HEAD, MOVE_TAIL, MOVE_META };

static const struct {
	int32_t helper;
	uint32_t weight, span; /* per cent; by -back … span - back - 1 */
	int32_t back;
} moves[] = {
	[MOVE_HEAD] = { BPF_FUNC_xdp_adjust_head, 58, 100, 60 },
	[MOVE_TAIL] = { BPF_FUNC_xdp_adjust_tail, 40, 40, 40 }, /* never grows on the device */
	[MOVE_META] = { BPF_FUNC_xdp_adjust_meta, 2, 2, 1 },    /* not on the device */
};

static enum move choose_move(struct gen *g)
{
	uint32_t pick = below(g, 100), m = 0;

	for (; pick >= moves[m].weight; m++)
		pick -= moves[m].weight;
	return (enum move)m;
}

static void make_old(struct value *v, uint8_t move)
{
	if (v->kind == K_PKT || v->kind == K_END)
		*v = (struct value){ .kind = K_OLD, .map = move };
}

void packet_moved(struct gen *g)
{
	uint8_t move = ++g->n_moves;

	for (unsigned r = 0; r < 10; r++)
		make_old(&g->s.reg[r], move);
	for (unsigned i = 0; i < STACK_SLOTS; i++)
		make_old(&g->s.slot[i], move);
}

/* Both ends of the packet, in registers that calls leave alone or on the stack. */
static void keep_ends(struct gen *g, int ctx)
{
	static const uint8_t kinds[] = { K_PKT, K_END };
	uint16_t locked = g->locked;

	lock_reg(g, (uint8_t)ctx);
	for (unsigned i = 0; i < 2 && pointer_room(g, 2); i++) {
		uint8_t r = pick_dst(g, true);

		asm_emit(g->b, LDX(BPF_W, r, ctx, g->xdp ? 4 * i : 76 + 4 * i));
		set_reg(g, r, (struct value){ .kind = kinds[i] });
		if (r < 6 || percent(g, 30))
			spill_register(g, r);
		else
			lock_reg(g, r);
	}
	g->locked = locked;
}

static void write_amount(struct gen *g, enum move m)
{
	uint8_t by;

	if (m == MOVE_META) { /* a multiple of 4 */
		asm_emit(g->b, MOV64I(2, -4 * (int32_t)below(g, 3)));
		return;
	}
	if (percent(g, 80)) {
		asm_emit(g->b, MOV64I(2, (int32_t)below(g, moves[m].span) - moves[m].back));
		return;
	}
	by = bounded_scalar(g, 31);
	asm_emit(g->b, MOV64(2, by));
	if (m == MOVE_TAIL)
		asm_emit(g->b, NEG64(2));
}

void gen_move_packet(struct gen *g)
{
	enum move m = choose_move(g);
	int ctx;

	if (!g->moves_packet || (g->func && !g->funcs[g->func].moves) || !calls_allowed(g) ||
	    g->head || g->n_moves == UINT8_MAX || (ctx = context(g)) < 0)
		return;
	if (percent(g, 70))
		keep_ends(g, ctx);
	asm_emit(g->b, MOV64(1, ctx));
	set_reg(g, 1, (struct value){ .kind = K_CTX });
	lock_reg(g, 1);
	write_amount(g, m);
	end_call(g, moves[m].helper);
	packet_moved(g);
	if (percent(g, 80))
		gen_old_pointers(g);
}
