/* SPDX-License-Identifier: BSD-2-Clause */
#include "gen_internal.h"

#include <string.h>

/* State while a function is written: registers, joins of paths, forward labels. */

int find_reg(struct gen *g, enum kind kind)
{
	uint8_t found[10];
	uint32_t n = 0;

	for (uint8_t r = 0; r < 10; r++) {
		if (g->s.reg[r].kind == kind)
			found[n++] = r;
	}
	return n ? found[below(g, n)] : -1;
}

static bool may_write(const struct gen *g, uint8_t r, bool pointer)
{
	if (g->locked & 1u << r)
		return false;
	if (!g->head)
		return true;
	if (pointer)
		return g->head->reg[r].kind == K_NONE;
	return g->head->reg[r].kind == K_NONE || g->head->reg[r].kind == K_SCALAR;
}

uint8_t pick_dst(struct gen *g, bool pointer)
{
	uint8_t any[10], good[10];
	uint32_t n_any = 0, n_good = 0;

	for (uint8_t r = 0; r < 10; r++) {
		if (!may_write(g, r, pointer))
			continue;
		any[n_any++] = r;
		if (g->s.reg[r].kind <= K_SCALAR)
			good[n_good++] = r;
	}
	if (n_good && (!n_any || percent(g, 95)))
		return good[below(g, n_good)];
	assert(n_any && "a loop leaves a register free");
	return any[below(g, n_any)];
}

bool pointer_room(const struct gen *g, uint32_t need)
{
	uint32_t n = 0;

	for (uint8_t r = 0; r < 10; r++)
		n += may_write(g, r, true);
	return n >= need;
}

bool take_registers(struct gen *g, uint8_t *r, uint32_t n)
{
	if (!pointer_room(g, n + 1))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		r[i] = pick_dst(g, true);
		g->s.reg[r[i]] = (struct value){ 0 };
		lock_reg(g, r[i]);
	}
	return true;
}

void lock_reg(struct gen *g, uint8_t r)
{
	g->locked |= (uint16_t)(1u << r);
}

uint8_t pick_scalar(struct gen *g)
{
	int r = find_reg(g, K_SCALAR);
	uint8_t dst;

	if (r >= 0)
		return (uint8_t)r;
	dst = pick_dst(g, false);
	make_constant(g, dst);
	return dst;
}

uint8_t bounded_scalar(struct gen *g, uint32_t max)
{
	uint8_t src = pick_scalar(g), dst;
	uint32_t label;

	if (g->s.reg[src].umax <= max)
		return src;
	dst = pick_dst(g, false);
	if (dst != src) {
		asm_emit(g->b, MOV64(dst, src));
		set_reg(g, dst, g->s.reg[src]);
	}
	if (percent(g, 25) && pend(g, &label)) {
		asm_jump(g->b, (struct bpf_insn)JMPI(BPF_JGT, dst, max, 0), label);
		set_reg(g, dst, scalar(max));
		return dst;
	}
	max = (uint32_t)bits_mask(31 - (unsigned)__builtin_clz(max + 1));
	asm_emit(g->b, ALU64I(BPF_AND, dst, max));
	set_reg(g, dst, scalar(max));
	return dst;
}

void set_reg(struct gen *g, uint8_t r, struct value v)
{
	assert(!(g->locked & 1u << r));
	g->s.reg[r] = v;
}

void clobber_args(struct gen *g)
{
	memset(&g->s.reg[1], 0, 5 * sizeof(g->s.reg[1]));
}

bool calls_allowed(const struct gen *g)
{
	return !(g->locked & 0x3f) && (!g->head || g->calls_ok);
}

/* ---- joins ----------------------------------------------------------------------------------- */

static struct value join_value(const struct value *a, const struct value *b)
{
	struct value v = *a;

	if (a->kind != b->kind || a->map != b->map || a->off != b->off)
		return (struct value){ 0 };
	if (b->umax > v.umax)
		v.umax = b->umax;
	if (b->len < v.len)
		v.len = b->len;
	return v;
}

void join(struct state *into, const struct state *from)
{
	for (unsigned r = 0; r < 10; r++)
		into->reg[r] = join_value(&into->reg[r], &from->reg[r]);
	for (unsigned i = 0; i < STACK_SLOTS; i++) {
		into->slot[i] = join_value(&into->slot[i], &from->slot[i]);
		into->written[i] &= from->written[i];
	}
}

bool pend(struct gen *g, uint32_t *label)
{
	struct pending *p;

	if (g->n_pending == MAX_PENDING)
		return false;
	p = &g->pending[g->n_pending++];
	p->label = asm_label(g->b);
	p->at = g->s;
	*label = p->label;
	return true;
}

void place_pending(struct gen *g, uint32_t i)
{
	asm_place(g->b, g->pending[i].label);
	join(&g->s, &g->pending[i].at);
	g->pending[i] = g->pending[--g->n_pending];
}

void place_all_pending(struct gen *g, uint32_t from)
{
	while (g->n_pending > from)
		place_pending(g, from + below(g, g->n_pending - from));
}

void jump_out(struct gen *g, struct bpf_insn jump)
{
	asm_jump(g->b, jump, g->out);
	g->out_used = true;
}

int context(struct gen *g)
{
	int r = find_reg(g, K_CTX);
	uint8_t dst;

	if (r >= 0)
		return r;
	for (unsigned i = 0; i < g->slots; i++) {
		if (g->s.slot[i].kind != K_CTX)
			continue;
		if (!pointer_room(g, 1))
			return -1;
		dst = pick_dst(g, true);
		asm_emit(g->b, LDX(BPF_DW, dst, 10, -8 * (int)(i + 1)));
		set_reg(g, dst, (struct value){ .kind = K_CTX });
		return dst;
	}
	return -1;
}
