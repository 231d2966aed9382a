/* SPDX-License-Identifier: BSD-2-Clause */
#include "gen_internal.h"

/* Pointers that differ from path to path: chosen by a condition, moved on in a loop, out of one of two
 * maps; and what can be computed from pointers. */

static void access_pointer(struct gen *g, uint8_t ptr, uint32_t room)
{
	for (uint32_t n = 1 + below(g, 3); n; n--) {
		uint8_t size = random_size(g), dst;
		unsigned bytes = size_bytes(size);
		int32_t off;

		if (bytes > room)
			continue;
		off = (int32_t)below(g, room - bytes + 1);
		if (percent(g, 50)) {
			asm_emit(g->b, STX(size, ptr, off, pick_scalar(g)));
			continue;
		}
		dst = pick_dst(g, false);
		asm_emit(g->b, LDX(size, dst, ptr, off));
		set_reg(g, dst, scalar(bits_mask(8 * bytes)));
	}
}

static uint16_t registers_of(const struct bpf_insn *cond)
{
	return (uint16_t)(1u << cond->dst_reg | (ebpf_src_is_reg(cond) ? 1u << cond->src_reg : 0));
}

/* ptr = condition ? packet + a : packet + b */
void gen_either_packet(struct gen *g)
{
	int pkt = packet_pointer(g, 64);
	uint16_t locked = g->locked;
	struct bpf_insn cond;
	uint32_t last;
	uint8_t r;

	if (pkt < 0)
		return;
	g->locked |= (uint16_t)(1u << pkt);
	cond = random_condition(g);
	g->locked |= registers_of(&cond);
	if (take_registers(g, &r, 1)) {
		last = g->s.reg[pkt].len - (uint16_t)g->s.reg[pkt].off - 16;
		cond.off = 1;
		asm_emit(g->b, MOV64(r, pkt), ALU64I(BPF_ADD, r, below(g, last / 2)), cond,
			 ALU64I(BPF_ADD, r, 1 + below(g, last / 2)));
		access_pointer(g, r, 16);
	}
	g->locked = locked;
}

/* The same in the frame, aligned to 8. */
void gen_either_stack(struct gen *g)
{
	int32_t off = stack_bytes(g, 32);
	uint16_t locked = g->locked;
	struct bpf_insn cond = random_condition(g);
	uint8_t r;

	g->locked |= registers_of(&cond);
	if (!off || !take_registers(g, &r, 1)) {
		g->locked = locked;
		return;
	}
	cond.off = 1;
	asm_emit(g->b, MOV64(r, 10), ALU64I(BPF_ADD, r, off), cond, ALU64I(BPF_ADD, r, 16));
	for (uint32_t n = 1 + below(g, 3); n; n--) {
		uint8_t size = random_size(g), dst;
		unsigned bytes = size_bytes(size);
		int32_t at = (int32_t)(below(g, 16 / bytes) * bytes);

		if (percent(g, 50)) {
			asm_emit(g->b, STX(size, r, at, pick_scalar(g)));
			continue;
		}
		dst = pick_dst(g, false);
		asm_emit(g->b, LDX(size, dst, r, at));
		set_reg(g, dst, scalar(bits_mask(8 * bytes)));
	}
	g->locked = locked;
}

/* The length of the packet, or the distance of two places in it. */
void gen_pointer_difference(struct gen *g)
{
	uint16_t locked = g->locked;
	int ctx = context(g);
	uint8_t r[2];

	if (ctx < 0 || g->head)
		return;
	g->locked |= (uint16_t)(1u << ctx);
	if (take_registers(g, r, 2)) {
		asm_emit(g->b, LDX(BPF_W, r[0], ctx, g->xdp ? 4 : 80),
			 LDX(BPF_W, r[1], ctx, g->xdp ? 0 : 76), ALU64(BPF_SUB, r[0], r[1]));
		g->s.reg[r[0]] = scalar(UINT64_MAX);
	}
	g->locked = locked;
	if (!g->xdp && percent(g, 50)) { /* skb->len */
		uint8_t dst = pick_dst(g, false);

		if (g->s.reg[ctx].kind != K_CTX)
			return;
		asm_emit(g->b, LDX(BPF_W, dst, ctx, 0));
		set_reg(g, dst, scalar(UINT32_MAX));
	}
}

/* A loop that goes through the packet: every round moves the pointer and checks it. */
void gen_packet_loop(struct gen *g)
{
	uint16_t locked = g->locked;
	uint32_t again = asm_label(g->b), end = asm_label(g->b);
	uint8_t r[4], size = random_size(g), sum, step = (uint8_t)size_bytes(size);
	int ctx = -1;

	if (!g->head && pointer_room(g, 7) && (ctx = context(g)) >= 0)
		g->locked |= (uint16_t)(1u << ctx);
	if (ctx < 0 || !take_registers(g, r, 4)) { /* pointer, end, next, count */
		asm_place(g->b, again);
		asm_place(g->b, end);
		g->locked = locked;
		return;
	}
	sum = pick_dst(g, false);
	set_reg(g, sum, scalar(UINT64_MAX));
	asm_emit(g->b, MOV64I(sum, 0), LDX(BPF_W, r[0], ctx, g->xdp ? 0 : 76),
		 LDX(BPF_W, r[1], ctx, g->xdp ? 4 : 80), ALU64I(BPF_ADD, r[0], below(g, 40)),
		 MOV64I(r[3], 0));
	asm_place(g->b, again);
	asm_emit(g->b, MOV64(r[2], r[0]), ALU64I(BPF_ADD, r[2], step));
	asm_jump(g->b, (struct bpf_insn)JMP(BPF_JGT, r[2], r[1], 0), end);
	g->s.reg[r[2]] = (struct value){ 0 };
	asm_emit(g->b, LDX(size, r[2], r[0], 0));
	asm_emit(g->b, ALU64(percent(g, 50) ? BPF_ADD : BPF_XOR, sum, r[2]));
	if (percent(g, 40))
		asm_emit(g->b, ALU64I(BPF_LSH, sum, 1), STX(size, r[0], 0, sum));
	asm_emit(g->b, ALU64I(BPF_ADD, r[0], step), ALU64I(BPF_ADD, r[3], 1));
	asm_jump(g->b, (struct bpf_insn)JMPI(BPF_JLT, r[3], 2 + below(g, 7), 0), again);
	asm_place(g->b, end);
	g->locked = locked;
}

/* R0 = value of one map or another; only what both have room for is used, and no counters. */
void gen_either_map(struct gen *g)
{
	uint32_t second = asm_label(g->b), call = asm_label(g->b), label;
	const struct fe_map *m = g->p->maps;
	uint32_t room = m[MAP_ARRAY].value_size;
	struct bpf_insn cond;
	int32_t off = 0;

	if (calls_allowed(g) && !g->head && g->n_pending < MAX_PENDING)
		off = stack_bytes(g, m[MAP_HASH].key_size < 4 ? 4 : m[MAP_HASH].key_size);
	if (!off) {
		asm_place(g->b, second);
		asm_place(g->b, call);
		return;
	}
	if (room > m[MAP_HASH].value_size)
		room = m[MAP_HASH].value_size;
	asm_emit(g->b, STX(BPF_W, 10, off, bounded_scalar(g, 7)));
	cond = random_condition(g);
	if (percent(g, 10)) { /* one call, two maps: the device refuses */
		asm_jump(g->b, cond, second);
		asm_emit(g->b, LD_MAP(1, MAP_ARRAY));
		asm_jump(g->b, (struct bpf_insn)JA(0), call);
		asm_place(g->b, second);
		asm_emit(g->b, LD_MAP(1, MAP_HASH));
		asm_place(g->b, call);
		asm_emit(g->b, MOV64(2, 10), ALU64I(BPF_ADD, 2, off),
			 CALL(BPF_FUNC_map_lookup_elem));
	} else { /* two calls */
		asm_jump(g->b, cond, second);
		asm_emit(g->b, MOV64(2, 10), ALU64I(BPF_ADD, 2, off), LD_MAP(1, MAP_ARRAY),
			 CALL(BPF_FUNC_map_lookup_elem));
		asm_jump(g->b, (struct bpf_insn)JA(0), call);
		asm_place(g->b, second);
		asm_emit(g->b, MOV64(2, 10), ALU64I(BPF_ADD, 2, off), LD_MAP(1, MAP_HASH),
			 CALL(BPF_FUNC_map_lookup_elem));
		asm_place(g->b, call);
	}
	clobber_args(g);
	g->s.reg[0] = (struct value){ 0 };
	if (!pend(g, &label))
		return;
	asm_jump(g->b, (struct bpf_insn)JMPI(BPF_JEQ, 0, 0, 0), label);
	g->locked |= 1;
	access_pointer(g, 0, room);
	g->locked &= (uint16_t)~1u;
}

/* xdp_md.rx_queue_index: only a program for a card may write it, so a kernel refuses the program. */
void gen_queue(struct gen *g)
{
	int ctx;

	if (!g->xdp || !g->offload_only || (ctx = context(g)) < 0)
		return;
	asm_emit(g->b, STX(BPF_W, ctx, 16, pick_scalar(g)));
}
