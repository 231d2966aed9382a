/* SPDX-License-Identifier: BSD-2-Clause */
#include "gen_internal.h"

#include <string.h>

/* Helpers and subprograms. */

/* ---- maps ------------------------------------------------------------------------------------ */

static uint8_t some_map(struct gen *g)
{
	static const uint8_t maps[] = { MAP_ARRAY, MAP_ARRAY,    MAP_HASH,     MAP_HASH,
					MAP_HASH,  MAP_COUNTERS, MAP_COUNTERS, MAP_SPECIAL };

	return maps[below(g, ARRAY_SIZE(maps))];
}

/* R`reg` = pointer to `bytes` readable bytes, in the stack, sometimes in the packet. False: it
 * could not be made. */
static bool argument_memory(struct gen *g, uint8_t reg, uint32_t bytes, bool packet)
{
	int pkt = find_reg(g, K_PKT);
	int32_t off;

	if (packet && pkt >= 0 && percent(g, 15) &&
	    g->s.reg[pkt].len >= bytes + (uint16_t)g->s.reg[pkt].off) {
		struct value v = g->s.reg[pkt];
		uint32_t at = below(g, v.len - bytes - (uint16_t)v.off + 1);

		asm_emit(g->b, MOV64(reg, pkt));
		if (at)
			asm_emit(g->b, ALU64I(BPF_ADD, reg, at));
	} else {
		off = stack_bytes(g, bytes);
		if (!off)
			return false;
		asm_emit(g->b, MOV64(reg, 10), ALU64I(BPF_ADD, reg, off));
	}
	set_reg(g, reg, (struct value){ 0 });
	g->locked |= (uint16_t)(1u << reg);
	return true;
}

/* A key that has a chance to be there: small index for arrays, few different ones for hashes. */
static bool key_argument(struct gen *g, uint8_t map)
{
	const struct fe_map *m = &g->p->maps[map];
	uint8_t idx;
	int32_t off;

	if (percent(g, 30) && m->type == BPF_MAP_TYPE_HASH)
		return argument_memory(g, 2, m->key_size, true);
	off = stack_bytes(g, m->key_size);
	if (!off)
		return false;
	idx = bounded_scalar(g, percent(g, 80) ? 7 : 15);
	if (m->key_size >= 4)
		asm_emit(g->b, STX(BPF_W, 10, off, idx));
	asm_emit(g->b, MOV64(2, 10), ALU64I(BPF_ADD, 2, off));
	set_reg(g, 2, (struct value){ 0 });
	g->locked |= 1u << 2;
	return true;
}

void end_call(struct gen *g, int32_t helper)
{
	asm_emit(g->b, CALL(helper));
	g->locked &= (uint16_t)~0x3fu;
	clobber_args(g);
	g->s.reg[0] = scalar(UINT64_MAX);
}

void gen_map_lookup(struct gen *g)
{
	uint8_t map = some_map(g);
	uint32_t label;

	if (!calls_allowed(g) || g->n_pending == MAX_PENDING)
		return;
	if (!key_argument(g, map)) {
		g->locked &= (uint16_t)~0x3eu;
		return;
	}
	asm_emit(g->b, LD_MAP(1, map));
	end_call(g, BPF_FUNC_map_lookup_elem);
	g->s.reg[0] = (struct value){ 0 };
	if (percent(g, 30)) { /* the other way round */
		uint32_t fine = asm_label(g->b);

		if (!pend(g, &label))
			return;
		asm_jump(g->b, (struct bpf_insn)JMPI(BPF_JNE, 0, 0, 0), fine);
		asm_jump(g->b, (struct bpf_insn)JA(0), label);
		asm_place(g->b, fine);
	} else {
		if (!pend(g, &label))
			return;
		asm_jump(g->b, (struct bpf_insn)JMPI(BPF_JEQ, 0, 0, 0), label);
	}
	g->s.reg[0] = (struct value){ .kind = K_MAPVAL, .map = map };
	for (uint32_t n = 1 + below(g, 3); n; n--)
		gen_map_value_access(g);
	if (percent(g, 30) && !g->head) {
		uint8_t keep = 6 + (uint8_t)below(g, 4);

		if (!(g->locked & 1u << keep)) {
			asm_emit(g->b, MOV64(keep, 0));
			set_reg(g, keep, g->s.reg[0]);
		}
	}
}

/* What comes back depends on the map's state only as far as it is an error or not. */
static void take_result(struct gen *g)
{
	if (percent(g, 60))
		return;
	g->s.reg[0] = (struct value){ 0 };
}

void gen_map_update(struct gen *g)
{
	static const uint8_t maps[] = { MAP_ARRAY, MAP_ARRAY, MAP_HASH, MAP_HASH, MAP_SPECIAL };
	uint8_t map = maps[below(g, ARRAY_SIZE(maps))];
	static const uint8_t flags[] = { BPF_ANY, BPF_ANY, BPF_ANY, BPF_NOEXIST, BPF_EXIST };

	if (!calls_allowed(g))
		return;
	if (key_argument(g, map) && argument_memory(g, 3, g->p->maps[map].value_size, true)) {
		asm_emit(g->b, LD_MAP(1, map), MOV64I(4, flags[below(g, ARRAY_SIZE(flags))]));
		end_call(g, BPF_FUNC_map_update_elem);
		take_result(g);
	}
	g->locked &= (uint16_t)~0x3eu;
}

void gen_map_delete(struct gen *g)
{
	uint8_t map = percent(g, 80) ? MAP_HASH : MAP_ARRAY;

	if (!calls_allowed(g))
		return;
	if (key_argument(g, map)) {
		asm_emit(g->b, LD_MAP(1, map));
		end_call(g, BPF_FUNC_map_delete_elem);
		take_result(g);
	}
	g->locked &= (uint16_t)~0x3eu;
}

/* ---- others ---------------------------------------------------------------------------------- */

void gen_random(struct gen *g)
{
	if (!calls_allowed(g))
		return;
	asm_emit(g->b, CALL(BPF_FUNC_get_prandom_u32));
	clobber_args(g);
	g->s.reg[0] = scalar(UINT32_MAX);
}

void gen_event(struct gen *g)
{
	uint32_t bytes = 1 + below(g, 24), packet = percent(g, 50) ? below(g, 60) : 0;
	int ctx;

	if (!calls_allowed(g) || g->head || (ctx = context(g)) < 0)
		return;
	asm_emit(g->b, MOV64(1, ctx));
	set_reg(g, 1, (struct value){ .kind = K_CTX });
	g->locked |= 1u << 1;
	if (argument_memory(g, 4, bytes, false)) {
		asm_emit(g->b, LD_MAP(2, MAP_EVENTS),
			 LD64(3, BPF_F_CURRENT_CPU | (uint64_t)packet << 32), MOV64I(5, bytes));
		end_call(g, BPF_FUNC_perf_event_output);
		take_result(g);
	}
	g->locked &= (uint16_t)~0x3eu;
}

/* An event without bytes; memory of size 0 may be anywhere in the frame. */
void gen_empty_memory(struct gen *g)
{
	int ctx;

	if (!calls_allowed(g) || g->head || (ctx = context(g)) < 0)
		return;
	asm_emit(g->b, MOV64(1, ctx), MOV64(4, 10), ALU64I(BPF_ADD, 4, -1 - (int32_t)below(g, 64)),
		 LD_MAP(2, MAP_EVENTS), LD64(3, BPF_F_CURRENT_CPU), MOV64I(5, 0));
	end_call(g, BPF_FUNC_perf_event_output);
	take_result(g);
}

/* ---- subprograms ----------------------------------------------------------------------------- */

/* An argument made from what there is; numbers are always there. */
static struct value choose_argument(struct gen *g)
{
	static const enum kind kinds[] = { K_SCALAR, K_SCALAR, K_PKT, K_MAPVAL,
					   K_CTX,    K_STACK,  K_OLD };
	enum kind kind = kinds[below(g, ARRAY_SIZE(kinds))];
	int r = find_reg(g, kind);

	if (kind == K_STACK && g->slots >= 8)
		return (struct value){ .kind = K_STACK, .len = 16 };
	if (kind == K_SCALAR || r < 0)
		return scalar(UINT64_MAX);
	return g->s.reg[r];
}

static bool provides(const struct value *have, const struct value *want)
{
	return have->kind == want->kind && have->map == want->map && have->off == want->off &&
	       have->len >= want->len;
}

/* R(n+1) = something of this kind. False: there is none (any more). */
static bool pass_argument(struct gen *g, uint32_t n, const struct value *want)
{
	uint8_t reg = (uint8_t)(n + 1);

	if (want->kind == K_STACK && g->slots >= 8) {
		int32_t off = stack_bytes(g, want->len);

		if (!off)
			return false;
		asm_emit(g->b, MOV64(reg, 10), ALU64I(BPF_ADD, reg, off));
	} else {
		uint8_t from[10];
		uint32_t k = 0;

		for (uint8_t r = 0; r < 10; r++) {
			if (provides(&g->s.reg[r], want))
				from[k++] = r;
		}
		if (!k && want->kind != K_SCALAR)
			return false;
		if (!k)
			make_constant(g, reg);
		else
			asm_emit(g->b, MOV64(reg, from[below(g, k)]));
	}
	set_reg(g, reg, *want);
	g->locked |= (uint16_t)(1u << reg);
	return true;
}

static bool may_move(const struct gen *g)
{
	return g->moves_packet && (!g->func || g->funcs[g->func].moves);
}

/* Arguments that go together: two packet pointers from before a move, or the context with which the
 * function moves the packet or reads it in the old way. */
static void pass_special(struct gen *g, struct func *f)
{
	int old = find_reg(g, K_OLD), ctx = find_reg(g, K_CTX);

	if (old >= 0 && f->n_args > 1 && percent(g, 50)) {
		f->arg[0] = f->arg[1] = g->s.reg[old];
	} else if (ctx >= 0 && percent(g, g->xdp ? 20 : 40)) {
		f->arg[f->n_args - 1] = g->s.reg[ctx];
		f->moves = may_move(g);
	}
}

/* A function that comes after this one: no recursion. 0: none. */
static uint32_t choose_function(struct gen *g)
{
	struct func *f;

	if (g->n_funcs > g->func + 1 && percent(g, 50)) {
		uint32_t at = g->func + 1 + below(g, g->n_funcs - g->func - 1);

		return g->funcs[at].moves && !may_move(g) ? 0 : at;
	}
	if (g->n_funcs == GEN_MAX_FUNCS + 1)
		return 0;
	f = &g->funcs[g->n_funcs];
	f->label = asm_label(g->b);
	f->n_args = 1 + below(g, 4);
	for (uint32_t i = 0; i < f->n_args; i++) {
		f->arg[i] = choose_argument(g);
		f->arg[i].umax = UINT64_MAX;
	}
	pass_special(g, f);
	return g->n_funcs++;
}

void gen_subprog_call(struct gen *g)
{
	uint32_t before = g->n_funcs, f, n = 0;
	struct func *fn;

	if (!calls_allowed(g) || g->head)
		return;
	f = choose_function(g);
	if (!f)
		return;
	fn = &g->funcs[f];
	while (n < fn->n_args && pass_argument(g, n, &fn->arg[n]))
		n++;
	if (f == before && n < fn->n_args) { /* a new one takes what it gets: it must be called */
		fn->n_args = n;
		fn->moves = false;
	}
	g->locked &= (uint16_t)~0x3eu;
	if (n < fn->n_args)
		return;
	asm_jump(g->b, (struct bpf_insn)CALL_SUB(0), fn->label);
	clobber_args(g);
	g->s.reg[0] = scalar(UINT64_MAX);
	if (fn->moves)
		packet_moved(g);
}
