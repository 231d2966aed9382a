/* SPDX-License-Identifier: BSD-2-Clause */
#include "gen_internal.h"

/* One pointer, two kinds of memory: stack or packet or a map's value, by a condition. */

#define ROOM 8u /* bytes that are used of either */

struct target {
	int reg; /* pointer, 10: the frame */
	int32_t off;
};

static bool stack_target(struct gen *g, struct target *t)
{
	t->reg = 10;
	t->off = stack_bytes(g, ROOM);
	return t->off;
}

static bool packet_target(struct gen *g, struct target *t)
{
	t->reg = packet_pointer(g, 64);
	if (t->reg < 0)
		return false;
	t->off = (int32_t)below(g, g->s.reg[t->reg].len - (uint16_t)g->s.reg[t->reg].off - ROOM);
	return true;
}

static bool map_target(struct gen *g, struct target *t)
{
	uint32_t first;

	t->reg = find_reg(g, K_MAPVAL);
	if (t->reg < 0)
		return false;
	first = first_data_byte(g, g->s.reg[t->reg].map);
	t->off = (int32_t)first - g->s.reg[t->reg].off;
	return g->p->maps[g->s.reg[t->reg].map].value_size >= first + ROOM;
}

static bool find_target(struct gen *g, struct target *t)
{
	bool found;

	switch (below(g, 3)) {
	case 0: found = stack_target(g, t); break;
	case 1: found = packet_target(g, t); break;
	default: found = map_target(g, t);
	}
	if (found && t->reg < 10)
		lock_reg(g, (uint8_t)t->reg);
	return found;
}

static void access_either(struct gen *g, uint8_t r)
{
	uint8_t size = random_size(g), dst;
	int32_t at = (int32_t)(below(g, ROOM / size_bytes(size)) * size_bytes(size));

	if (percent(g, 60)) {
		asm_emit(g->b, STX(size, r, at, pick_scalar(g)));
		return;
	}
	dst = pick_dst(g, false);
	asm_emit(g->b, LDX(size, dst, r, at));
	set_reg(g, dst, scalar(bits_mask(8 * size_bytes(size))));
}

void gen_either_kind(struct gen *g)
{
	uint16_t locked = g->locked;
	struct target a, b;
	struct bpf_insn cond;
	uint8_t r;

	if (find_target(g, &a) && find_target(g, &b)) {
		cond = random_condition(g);
		lock_reg(g, cond.dst_reg);
		if (ebpf_src_is_reg(&cond))
			lock_reg(g, cond.src_reg);
		if (take_registers(g, &r, 1)) {
			cond.off = 2;
			asm_emit(g->b, MOV64(r, a.reg), ALU64I(BPF_ADD, r, a.off), cond,
				 MOV64(r, b.reg), ALU64I(BPF_ADD, r, b.off));
			for (uint32_t n = 1 + below(g, 2); n; n--)
				access_either(g, r);
		}
	}
	g->locked = locked;
}
