/* SPDX-License-Identifier: BSD-2-Clause */
#include "gen_internal.h"

/* Packet and map values: loads, stores, pointers with a known and an unknown offset. */

#define PKT_FAR     300u /* bytes asked for at most; packets are at most 320 long, mostly longer */
#define PTR_OFF_MAX 64u

uint8_t random_size(struct gen *g)
{
	static const uint8_t sizes[] = { BPF_B, BPF_H, BPF_W, BPF_DW };

	return sizes[below(g, 4)];
}

unsigned size_bytes(uint8_t size)
{
	struct bpf_insn i = { .code = size };

	return ebpf_size_bytes(&i);
}

static uint64_t size_max(uint8_t size)
{
	return bits_mask(8 * size_bytes(size));
}

static struct bpf_insn load_insn(struct gen *g, uint8_t size, uint8_t dst, uint8_t base,
				 int32_t off)
{
	if (g->new_isa && size != BPF_DW && percent(g, 20)) {
		set_reg(g, dst, scalar(UINT64_MAX));
		return (struct bpf_insn)LDSX(size, dst, base, off);
	}
	set_reg(g, dst, scalar(size_max(size)));
	return (struct bpf_insn)LDX(size, dst, base, off);
}

static void load(struct gen *g, uint8_t size, uint8_t base, int32_t off)
{
	struct bpf_insn i = load_insn(g, size, pick_dst(g, false), base, off);

	asm_put(g->b, &i, 1);
}

static void store(struct gen *g, uint8_t size, uint8_t base, int32_t off)
{
	if (percent(g, 30))
		asm_emit(g->b, ST(size, base, off, random_imm(g)));
	else
		asm_emit(g->b, STX(size, base, off, pick_scalar(g)));
}

/* ---- packet pointers ------------------------------------------------------------------------- */

/* After the check: every pointer into the packet, with off counted from its first byte, has `len`. */
static void packet_has(struct gen *g, uint32_t len)
{
	for (unsigned r = 0; r < 10; r++) {
		if (g->s.reg[r].kind == K_PKT && g->s.reg[r].len < len)
			g->s.reg[r].len = len;
	}
	for (unsigned i = 0; i < STACK_SLOTS; i++) {
		if (g->s.slot[i].kind == K_PKT && g->s.slot[i].len < len)
			g->s.slot[i].len = len;
	}
}

/* "if ptr > end goto out", in one of its forms; `spare` may be overwritten: it is behind the jump
 * that is taken when all is well. */
static void check_jump(struct gen *g, uint8_t ptr, uint8_t end)
{
	uint32_t fine;

	switch (below(g, 4)) {
	case 0: jump_out(g, (struct bpf_insn)JMP(BPF_JGT, ptr, end, 0)); return;
	case 1: jump_out(g, (struct bpf_insn)JMP(BPF_JLT, end, ptr, 0)); return;
	case 2: /* one byte more than needed */
		asm_emit(g->b, ALU64I(BPF_ADD, ptr, 1));
		jump_out(g, (struct bpf_insn)JMP(BPF_JGE, ptr, end, 0));
		return;
	default:
		fine = asm_label(g->b);
		asm_jump(g->b, (struct bpf_insn)JMP(BPF_JLE, ptr, end, 0), fine);
		jump_out(g, (struct bpf_insn)JA(0));
		asm_place(g->b, fine);
	}
}

void load_packet_pointer(struct gen *g, uint32_t len)
{
	int ctx = context(g);
	uint8_t ptr, tmp, end;
	uint16_t locked = g->locked;

	if (ctx < 0)
		return;
	g->locked |= (uint16_t)(1u << ctx);
	ptr = pick_dst(g, true);
	g->locked |= (uint16_t)(1u << ptr);
	end = pick_dst(g, true);
	g->locked |= (uint16_t)(1u << end);
	tmp = pick_dst(g, true);
	g->locked = locked;
	asm_emit(g->b, LDX(BPF_W, end, ctx, g->xdp ? 4 : 80), LDX(BPF_W, ptr, ctx, g->xdp ? 0 : 76),
		 MOV64(tmp, ptr), ALU64I(BPF_ADD, tmp, len));
	g->s.reg[end] = g->s.reg[tmp] = (struct value){ 0 };
	g->s.reg[ptr] = (struct value){ .kind = K_PKT };
	check_jump(g, tmp, end);
	packet_has(g, len);
}

/* A pointer further into the packet, sometimes. */
static uint8_t move_pointer(struct gen *g, uint8_t ptr)
{
	uint32_t room = g->s.reg[ptr].len, by;
	struct value v = g->s.reg[ptr];
	uint8_t dst;

	if (!percent(g, 15) || v.off || room < 16 || !pointer_room(g, 2))
		return ptr;
	g->locked |= (uint16_t)(1u << ptr);
	dst = pick_dst(g, true);
	g->locked &= (uint16_t) ~(1u << ptr);
	by = 1 + below(g, room / 2 < PTR_OFF_MAX ? room / 2 : PTR_OFF_MAX);
	v.off = (int16_t)by;
	asm_emit(g->b, MOV64(dst, ptr), ALU64I(BPF_ADD, dst, by));
	set_reg(g, dst, v);
	return dst;
}

int packet_pointer(struct gen *g, uint32_t need)
{
	int r = find_reg(g, K_PKT);

	if (r >= 0 && g->s.reg[r].len >= need)
		return move_pointer(g, (uint8_t)r);
	if (!pointer_room(g, 4))
		return -1;
	load_packet_pointer(g, percent(g, 15) ? 128 + below(g, PKT_FAR - 128) : 64 + below(g, 64));
	r = find_reg(g, K_PKT);
	return r >= 0 && g->s.reg[r].len >= need ? r : -1;
}

/* Offset for a pointer with room for the access: often at an end, or next to 127 and 128. */
static int32_t packet_offset(struct gen *g, uint8_t ptr, unsigned bytes)
{
	const struct value *v = &g->s.reg[ptr];
	uint32_t last = v->len - bytes, at;

	switch (below(g, 8)) {
	case 0: at = last; break;
	case 1: at = 120 + below(g, 16); break;
	case 2: at = 0; break;
	case 3:
	case 4: at = below(g, last / 8 + 1) * 8; break; /* where the operands are */
	default: at = below(g, last + 1); break;
	}
	if (at > last)
		at = last;
	return (int32_t)at - v->off;
}

void gen_packet_load(struct gen *g)
{
	uint8_t size = percent(g, 50) ? BPF_DW : random_size(g);
	int ptr = packet_pointer(g, 8);
	uint16_t locked = g->locked;
	uint32_t n = percent(g, 20) ? 2 + below(g, 3) : 1;

	if (ptr < 0)
		return;
	g->locked |= (uint16_t)(1u << ptr);
	while (n--) /* several in a row: they may share a command */
		load(g, n ? random_size(g) : size, (uint8_t)ptr, packet_offset(g, (uint8_t)ptr, 8));
	g->locked = locked;
}

/* Loads and stores in turn, as a compiler writes a copy. */
static void copy(struct gen *g, uint8_t ptr)
{
	uint8_t size = random_size(g), tmp = pick_dst(g, false);
	unsigned bytes = size_bytes(size), n = 2 + below(g, bytes == 8 ? 5 : 10);
	int32_t last = (int32_t)(g->s.reg[ptr].len - n * bytes), from, to;
	bool down = percent(g, 25);

	if (last < 0)
		return;
	from = (int32_t)below(g, (uint32_t)last + 1) - g->s.reg[ptr].off;
	to = (int32_t)below(g, (uint32_t)last + 1) - g->s.reg[ptr].off;
	for (unsigned i = 0; i < n; i++) {
		int32_t at = (int32_t)((down ? n - 1 - i : i) * bytes);

		asm_emit(g->b, LDX(size, tmp, ptr, from + at), STX(size, ptr, to + at, tmp));
	}
	set_reg(g, tmp, scalar(size_max(size)));
}

void gen_packet_store(struct gen *g)
{
	uint8_t size = random_size(g);
	int ptr = packet_pointer(g, 8);
	uint16_t locked = g->locked;

	if (ptr < 0)
		return;
	g->locked |= (uint16_t)(1u << ptr);
	if (percent(g, 20))
		copy(g, (uint8_t)ptr);
	else
		store(g, size, (uint8_t)ptr, packet_offset(g, (uint8_t)ptr, size_bytes(size)));
	g->locked = locked;
}

/* ptr = packet + number; check; access */
void gen_packet_variable(struct gen *g)
{
	uint8_t idx, ptr, tmp, end;
	uint16_t locked = g->locked;
	uint32_t len;
	int ctx;

	if ((ctx = context(g)) < 0)
		return;
	g->locked |= (uint16_t)(1u << ctx);
	idx = bounded_scalar(g, percent(g, 80) ? 60 : 4000);
	g->locked |= (uint16_t)(1u << idx);
	if (!pointer_room(g, 3)) {
		g->locked = locked;
		return;
	}
	ptr = pick_dst(g, true);
	g->locked |= (uint16_t)(1u << ptr);
	end = pick_dst(g, true);
	g->locked |= (uint16_t)(1u << end);
	tmp = pick_dst(g, true);
	g->locked |= (uint16_t)(1u << tmp);
	len = 8 + below(g, 24);
	asm_emit(g->b, LDX(BPF_W, ptr, ctx, g->xdp ? 0 : 76), LDX(BPF_W, end, ctx, g->xdp ? 4 : 80),
		 ALU64(BPF_ADD, ptr, idx), MOV64(tmp, ptr), ALU64I(BPF_ADD, tmp, len));
	g->s.reg[ptr] = g->s.reg[end] = g->s.reg[tmp] = (struct value){ 0 };
	check_jump(g, tmp, end);
	g->locked = locked | (uint16_t)(1u << ptr);
	for (uint32_t n = 1 + below(g, 3); n; n--) {
		uint8_t size = random_size(g);
		int32_t off = (int32_t)below(g, len - size_bytes(size) + 1);

		if (percent(g, 60))
			load(g, size, ptr, off);
		else
			store(g, size, ptr, off);
	}
	g->locked = locked;
}

/* ---- map values ------------------------------------------------------------------------------ */

#define COUNTER_BYTES 16u /* start of a counters' value; behind it is plain data */

static void atomic_add(struct gen *g, uint8_t ptr)
{
	uint8_t size = percent(g, 50) ? BPF_W : BPF_DW;
	int32_t at = (int32_t)(below(g, COUNTER_BYTES / size_bytes(size)) * size_bytes(size));
	uint8_t src = pick_scalar(g);

	if (percent(g, 40) && !(g->locked & 1u << src)) {
		asm_emit(g->b, MOV64I(src, below(g, 2) ? 1 : random_imm(g)));
		set_reg(g, src, scalar(UINT64_MAX));
	}
	asm_emit(g->b, ATOMIC(size, BPF_ADD, ptr, at - g->s.reg[ptr].off, src));
}

/* ptr + number, one access */
static void variable_access(struct gen *g, uint8_t ptr, uint32_t first, uint32_t room)
{
	uint8_t size = random_size(g), idx, tmp;
	unsigned bytes = size_bytes(size);
	struct value v = g->s.reg[ptr];
	uint16_t locked = g->locked;

	if (room < bytes + 1)
		return;
	idx = bounded_scalar(g, room - bytes);
	if (g->s.reg[ptr].kind != K_MAPVAL || !pointer_room(g, 2))
		return;
	g->locked |= (uint16_t)(1u << idx | 1u << ptr);
	tmp = pick_dst(g, true);
	g->locked |= (uint16_t)(1u << tmp);
	asm_emit(g->b, MOV64(tmp, ptr), ALU64(BPF_ADD, tmp, idx));
	g->s.reg[tmp] = (struct value){ 0 };
	if (percent(g, 60))
		load(g, size, tmp, (int32_t)first - v.off);
	else
		store(g, size, tmp, (int32_t)first - v.off);
	g->locked = locked;
}

uint32_t first_data_byte(const struct gen *g, uint8_t map)
{
	if (map == MAP_SPECIAL)
		return g->p->maps[map].btf_value_id == TYPE_LOCKED ? LOCKED_DATA_AT : TIMED_DATA_AT;
	return map == MAP_COUNTERS ? COUNTER_BYTES : 0;
}

static void access_value(struct gen *g, uint8_t ptr)
{
	uint8_t map = g->s.reg[ptr].map, size = random_size(g);
	uint32_t first = first_data_byte(g, map);
	uint32_t room = g->p->maps[map].value_size - first;
	int32_t off;

	if (map == MAP_COUNTERS && percent(g, 50)) {
		atomic_add(g, ptr);
		return;
	}
	while (size_bytes(size) > room)
		size = random_size(g);
	if (percent(g, 20)) {
		variable_access(g, ptr, first, room);
		return;
	}
	off = (int32_t)(first + below(g, room - size_bytes(size) + 1)) - g->s.reg[ptr].off;
	if (percent(g, 50))
		load(g, size, ptr, off);
	else
		store(g, size, ptr, off);
}

void gen_map_value_access(struct gen *g)
{
	int ptr = find_reg(g, K_MAPVAL);
	uint16_t locked = g->locked;

	if (ptr < 0)
		return;
	g->locked |= (uint16_t)(1u << ptr);
	access_value(g, (uint8_t)ptr);
	g->locked = locked;
}

void gen_global_data(struct gen *g)
{
	uint32_t size = g->p->maps[MAP_DATA].value_size;
	uint8_t dst;
	int16_t off = (int16_t)below(g, size / 2);

	if (!pointer_room(g, 4))
		return;
	dst = pick_dst(g, true);
	asm_emit(g->b, LD_MAP_VALUE(dst, MAP_DATA, off));
	set_reg(g, dst, (struct value){ .kind = K_MAPVAL, .map = MAP_DATA, .off = off });
	gen_map_value_access(g);
}
