/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/mir/gen.h"

#include "base/bits.h"

#include <string.h>

/* A program is a tree of regions: straight code, if/else with PHIs at the join, early exits,
 * counted loops, helper calls. `pool` holds what may be read where the generator stands. */

struct gen {
	struct nfp_func *fn;
	struct cx *cx;
	const struct gen_options *opts;
	uint64_t rng;
	uint32_t block; /* being filled */
	uint32_t stack; /* slot */
	unsigned budget;
	VEC(struct nfp_opnd) pool;
};

static unsigned below(struct gen *g, unsigned n)
{
	return gen_next(&g->rng) % n;
}

static uint32_t random_word(struct gen *g)
{
	static const uint32_t nice[] = { 0,          1,          0xff,       0x100,
					 0xffff,     0x10000,    0x7fffffff, 0x80000000,
					 0xffffffff, 0xffff0000, 0x00ff0000, 0xff00ff };

	if (below(g, 2))
		return nice[below(g, ARRAY_SIZE(nice))];
	return gen_next(&g->rng) << 1 ^ gen_next(&g->rng);
}

static struct nfp_mi *op(struct gen *g, enum nfp_mir_op o)
{
	struct nfp_mi *mi = nfp_append(g->fn, g->cx, g->block, o);

	mi->bpf_pc = (int32_t)below(g, 100);
	return mi;
}

static struct nfp_opnd new_reg(struct gen *g)
{
	return nfp_vreg(nfp_new_vreg(g->fn, g->cx, NFP_V_GPR, 1));
}

/* A new value for the pool. */
static struct nfp_opnd result(struct gen *g)
{
	struct nfp_opnd r = new_reg(g);

	*vec_push(&g->pool, g->cx->arena) = r;
	return r;
}

static struct nfp_opnd value(struct gen *g)
{
	size_t n = g->pool.len;

	/* recent values more often */
	if (below(g, 2) && n > 4)
		return g->pool.at[n - 1 - below(g, 4)];
	return g->pool.at[below(g, (unsigned)n)];
}

static struct nfp_opnd value_or_imm(struct gen *g)
{
	return below(g, 4) ? value(g) : nfp_imm(below(g, 256));
}

static struct nfp_opnd reg_value(struct gen *g)
{
	struct nfp_opnd v = value(g), r;
	struct nfp_mi *mi;

	if (v.kind == NFP_O_VREG)
		return v;
	r = new_reg(g);
	mi = op(g, NFP_M_COPY);
	mi->dst = r;
	mi->b = v;
	return r;
}

static struct nfp_mi *alu(struct gen *g, struct nfp_opnd dst, struct nfp_opnd a, enum nfp_alu_op o,
			  struct nfp_opnd b)
{
	struct nfp_mi *mi = op(g, NFP_M_ALU);

	mi->alu = (uint8_t)o;
	mi->dst = dst;
	mi->a = a;
	mi->b = b;
	return mi;
}

/* ---- straight code ---- */

static void gen_alu(struct gen *g)
{
	static const uint8_t ops[] = { NFP_ALU_ADD,      NFP_ALU_SUB,      NFP_ALU_AND,
				       NFP_ALU_OR,       NFP_ALU_XOR,      NFP_ALU_RSUB,
				       NFP_ALU_NOTA_AND, NFP_ALU_AND_NOTB, NFP_ALU_ADD16,
				       NFP_ALU_ADD8 };
	struct nfp_opnd a = value_or_imm(g), b = value_or_imm(g);

	alu(g, result(g), a, ops[below(g, ARRAY_SIZE(ops))], b);
}

static void gen_move(struct gen *g)
{
	struct nfp_opnd b = value_or_imm(g);
	struct nfp_mi *mi;

	if (below(g, 2)) {
		alu(g, result(g), nfp_none(), NFP_ALU_NOTB, b);
		return;
	}
	mi = op(g, NFP_M_COPY);
	mi->b = b;
	mi->dst = result(g);
}

static void gen_const(struct gen *g)
{
	uint32_t v = random_word(g);
	struct nfp_mi *mi = op(g, NFP_M_CONST);

	mi->imm32 = v;
	mi->dst = result(g);
}

static void gen_wide(struct gen *g)
{
	bool add = below(g, 2);
	struct nfp_opnd a = value(g), b = value(g), c = value(g), d = value(g), lo = new_reg(g),
			hi = new_reg(g);

	alu(g, lo, a, add ? NFP_ALU_ADD : NFP_ALU_SUB, b)->sets_cc = true;
	if (below(g, 3) == 0)
		gen_const(g);
	alu(g, hi, c, add ? NFP_ALU_ADDC : NFP_ALU_SUBC, d)->uses_cc = true;
	*vec_push(&g->pool, g->cx->arena) = lo;
	*vec_push(&g->pool, g->cx->arena) = hi;
}

static void random_shift(struct gen *g, struct nfp_mi *mi)
{
	mi->sc = (uint8_t)below(g, 3);
	mi->shift = (uint8_t)(1 + below(g, 31));
}

static void gen_shf(struct gen *g)
{
	static const uint8_t ops[] = { NFP_SHF_B,        NFP_SHF_NOTB,     NFP_SHF_AND,
				       NFP_SHF_NOTA_AND, NFP_SHF_AND_NOTB, NFP_SHF_OR };
	unsigned o = ops[below(g, ARRAY_SIZE(ops))];
	struct nfp_opnd a = value_or_imm(g), b = value_or_imm(g), dst = result(g);
	struct nfp_mi *mi = op(g, NFP_M_SHF);

	mi->alu = (uint8_t)o;
	mi->dst = dst;
	mi->b = b;
	if (o != NFP_SHF_B && o != NFP_SHF_NOTB)
		mi->a = a;
	random_shift(g, mi);
}

static void gen_dshf(struct gen *g)
{
	struct nfp_opnd a = value(g), b = value(g), dst = result(g);
	struct nfp_mi *mi = op(g, NFP_M_DSHF);

	mi->dst = dst;
	mi->a = a;
	mi->b = b;
	mi->shift = (uint8_t)(1 + below(g, 31));
}

/* Shift by a register, and arithmetic shifts: pairs that must stay together. */
static void gen_glued_shift(struct gen *g)
{
	struct nfp_opnd count = value(g), x = value(g), y = value(g), dst;
	unsigned kind = below(g, 3);
	bool indirect = kind != 2 || below(g, 2);
	struct nfp_mi *mi;

	if (indirect)
		alu(g, nfp_none(), count, NFP_ALU_OR, kind == 2 ? y : nfp_imm(0))->glue = true;
	else
		alu(g, nfp_none(), nfp_none(), NFP_ALU_B, y)->glue = true;
	dst = result(g);
	mi = op(g, kind == 0 ? NFP_M_SHF : kind == 1 ? NFP_M_DSHF : NFP_M_ASR);
	mi->dst = dst;
	mi->b = x;
	mi->indirect = indirect;
	mi->shift = indirect ? 0 : (uint8_t)(1 + below(g, 31));
	if (kind == 0)
		mi->sc = below(g, 2) ? NFP_SC_RIGHT : NFP_SC_LEFT;
	if (kind == 1)
		mi->a = y;
}

static void gen_ldf(struct gen *g)
{
	struct nfp_opnd b = value_or_imm(g), old = value(g), dst;
	struct nfp_mi *mi;
	bool update = below(g, 2);

	if (update) {
		dst = new_reg(g);
		mi = op(g, NFP_M_COPY);
		mi->dst = dst;
		mi->b = old;
		*vec_push(&g->pool, g->cx->arena) = dst;
	} else {
		dst = result(g);
	}
	mi = op(g, NFP_M_LDF);
	mi->dst = dst;
	mi->b = b;
	mi->zf = !update;
	mi->bmask = (uint8_t)(1 + below(g, 15));
	if (below(g, 3))
		random_shift(g, mi);
}

static void gen_immed_update(struct gen *g)
{
	struct nfp_opnd old = value(g), dst = new_reg(g);
	struct nfp_mi *mi = op(g, NFP_M_COPY);

	mi->dst = dst;
	mi->b = old;
	mi = op(g, NFP_M_IMMED);
	mi->dst = dst;
	mi->width = (uint8_t)(1 + below(g, 2));
	mi->byte_shift = (uint8_t)(mi->width == 1 ? below(g, 4) : 2 * below(g, 2));
	mi->imm32 = mi->width == 1 ? below(g, 256) : below(g, 65536);
	*vec_push(&g->pool, g->cx->arena) = dst;
}

static void gen_mul(struct gen *g)
{
	static const int8_t steps[] = { NFP_STEP_START, NFP_STEP_1,    NFP_STEP_2,    NFP_STEP_3,
					NFP_STEP_4,     NFP_STEP_LAST, NFP_STEP_LAST2 };
	struct nfp_opnd a = value(g), b = value_or_imm(g), lo = new_reg(g), hi = new_reg(g);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		struct nfp_mi *mi = op(g, NFP_M_MUL);

		mi->mul_step = steps[i];
		mi->mul_type = steps[i] == NFP_STEP_START ? 0 : NFP_MUL_32X32;
		if (steps[i] < NFP_STEP_LAST) {
			mi->a = a;
			mi->b = b;
		} else {
			mi->dst = steps[i] == NFP_STEP_LAST ? lo : hi;
		}
		mi->glue = i + 1 < ARRAY_SIZE(steps);
	}
	*vec_push(&g->pool, g->cx->arena) = lo;
	*vec_push(&g->pool, g->cx->arena) = hi;
}

static void gen_stack(struct gen *g)
{
	struct nfp_opnd word = nfp_slot(g->stack, below(g, g->opts->stack)), v;
	struct nfp_mi *mi;

	switch (below(g, 3)) {
	case 0:
		v = value_or_imm(g);
		mi = op(g, NFP_M_COPY);
		mi->dst = word;
		mi->b = v;
		break;
	case 1:
		mi = op(g, NFP_M_COPY);
		mi->b = word;
		mi->dst = result(g);
		break;
	default:
		v = value_or_imm(g);
		alu(g, result(g), v, NFP_ALU_SUB, word);
		break;
	}
}

/* Stack through a pointer made at run time. */
static void gen_stack_pointer(struct gen *g)
{
	struct nfp_opnd addr = new_reg(g), v = value_or_imm(g);
	struct nfp_mi *mi = op(g, NFP_M_SLOT_ADDR);

	mi->dst = addr;
	mi->b = nfp_slot(g->stack, below(g, g->opts->stack));
	mi = op(g, NFP_M_NEWLM);
	mi->imm32 = 3;
	mi->a = addr;
	mi = op(g, NFP_M_COPY);
	mi->dst = nfp_lm(3, 0);
	mi->b = v;
	if (below(g, 2))
		gen_stack(g);
	v = value_or_imm(g);
	alu(g, result(g), v, NFP_ALU_ADD, nfp_lm(3, 0));
}

/* ---- packet ---- */

static struct nfp_opnd packet_start(struct gen *g)
{
	struct nfp_opnd p = new_reg(g);
	struct nfp_mi *mi = op(g, NFP_M_COPY);

	mi->dst = p;
	mi->b = nfp_lm(1, 2);
	return p;
}

static void gen_read(struct gen *g)
{
	static const uint8_t mems[] = { NFP_MEM_READ32_SWAP, NFP_MEM_READ32, NFP_MEM_READ8 };
	unsigned mem = mems[below(g, 3)], words = 1 + below(g, below(g, 8) ? 3 : 14), i;
	uint32_t tuple = nfp_new_vreg(g->fn, g->cx, NFP_V_XIN, words);
	struct nfp_opnd p = packet_start(g);
	struct nfp_mi *mi = op(g, NFP_M_CMD);

	mi->cmd.mem = (uint8_t)mem;
	mi->cmd.swap = true;
	if (mem == NFP_MEM_READ8 && words > 8)
		words = 8;
	mi->cmd.count = (uint8_t)(mem == NFP_MEM_READ8 ? 4 * words : words);
	mi->cmd.xfer = nfp_xin(tuple, 0);
	mi->a = p;
	mi->b = nfp_imm(below(g, GEN_PACKET_BYTES - 4 * words));
	for (i = 0; i < words; i++)
		*vec_push(&g->pool, g->cx->arena) = nfp_xin(tuple, i);
}

static void gen_write(struct gen *g)
{
	unsigned words = 1 + below(g, below(g, 8) ? 3 : 12), i;
	bool bytes = words <= 8 && below(g, 2);
	uint32_t tuple = nfp_new_vreg(g->fn, g->cx, NFP_V_XOUT, words);
	struct nfp_opnd p = packet_start(g);
	struct nfp_mi *mi;

	for (i = 0; i < words; i++) {
		struct nfp_opnd v = value_or_imm(g);

		mi = op(g, below(g, 4) ? NFP_M_COPY : NFP_M_CONST);
		mi->dst = nfp_xout(tuple, i);
		if (mi->op == NFP_M_COPY)
			mi->b = v;
		else
			mi->imm32 = random_word(g);
	}
	mi = op(g, NFP_M_CMD);
	mi->cmd.mem = bytes ? NFP_MEM_WRITE8_SWAP : NFP_MEM_WRITE32_SWAP;
	mi->cmd.swap = true;
	mi->cmd.count = (uint8_t)(bytes ? 4 * words - below(g, 3) : words);
	mi->cmd.xfer = nfp_xout(tuple, 0);
	mi->a = nfp_imm(below(g, GEN_PACKET_BYTES - 4 * words));
	mi->b = p;
}

/* ---- control flow ---- */

static uint32_t new_block(struct gen *g)
{
	uint32_t b = nfp_new_block(g->fn, g->cx);

	g->fn->blocks.at[b].freq = 1 + below(g, 1000);
	return b;
}

static void branch(struct gen *g, uint32_t to)
{
	op(g, NFP_M_BR)->target[0] = to;
}

/* A conditional branch to `to` at the end of what is there. */
static void branch_if(struct gen *g, unsigned cc, uint32_t to)
{
	struct nfp_mi *mi = op(g, NFP_M_BCC);

	mi->cc = (uint8_t)cc;
	mi->uses_cc = true;
	mi->target[0] = to;
}

/* A byte, alone in a register: put together by one of the ways that isel has. */
static struct nfp_opnd byte_value(struct gen *g)
{
	struct nfp_opnd v = value(g), r = result(g);
	struct nfp_mi *mi;

	switch (below(g, 3)) {
	case 0: alu(g, r, v, NFP_ALU_AND, nfp_imm(0xff)); break;
	case 1:
		mi = op(g, NFP_M_SHF);
		mi->alu = NFP_SHF_AND;
		mi->dst = r;
		mi->a = nfp_imm(below(g, 2) ? 0xff : 0xf);
		mi->b = v;
		mi->sc = NFP_SC_RIGHT;
		mi->shift = (uint8_t)(8 * (1 + below(g, 3)));
		break;
	default:
		mi = op(g, NFP_M_LDF);
		mi->dst = r;
		mi->b = v;
		mi->zf = true;
		mi->bmask = 1;
		mi->sc = NFP_SC_RIGHT;
		mi->shift = (uint8_t)(8 * (1 + below(g, 3)));
		break;
	}
	return r;
}

static void condition(struct gen *g, uint32_t to)
{
	struct nfp_opnd a, b;
	struct nfp_mi *mi;

	switch (below(g, 5)) {
	case 3:
		a = byte_value(g);
		alu(g, nfp_none(), a, NFP_ALU_SUB, nfp_imm(below(g, 4)))->sets_cc = true;
		branch_if(g, below(g, 2) ? NFP_CC_EQ : NFP_CC_NE, to);
		return;
	case 4:
		a = value(g);
		alu(g, nfp_none(), nfp_none(), NFP_ALU_B, a)->sets_cc = true;
		branch_if(g, below(g, NFP_CC_PL + 1), to);
		return;
	case 0:
		a = value(g);
		b = value_or_imm(g);
		alu(g, nfp_none(), a, NFP_ALU_SUB, b)->sets_cc = true;
		if (below(g, 3) == 0)
			gen_const(g);
		branch_if(g, below(g, NFP_CC_GT + 1), to);
		return;
	case 1:
		a = value(g);
		mi = op(g, NFP_M_BBIT);
		mi->a = a;
		mi->shift = (uint8_t)below(g, 32);
		mi->br_set = below(g, 2);
		break;
	default:
		a = below(g, 2) ? value(g) : byte_value(g);
		mi = op(g, NFP_M_BBYTE);
		mi->a = a;
		mi->shift = (uint8_t)below(g, 4);
		mi->imm32 = below(g, 4) ? below(g, 4) : below(g, 256);
		mi->br_set = below(g, 2);
		break;
	}
	mi->target[0] = to;
}

static struct nfp_opnd phi(struct gen *g, uint32_t join, uint32_t b0, struct nfp_opnd v0,
			   uint32_t b1, struct nfp_opnd v1);

/* A result that comes from two sides, then is tested or handed on before the program ends. */
static void gen_exit_of_phi(struct gen *g)
{
	uint32_t side = new_block(g), join = new_block(g), from = g->block, last = new_block(g);
	struct nfp_opnd r;

	condition(g, join);
	branch(g, side);
	g->block = side;
	branch(g, join);
	g->block = join;
	r = phi(g, join, from, nfp_imm(below(g, 5)), side,
		below(g, 4) ? nfp_imm(below(g, 5)) : value(g));
	if (below(g, 2)) {
		uint32_t zero = new_block(g);

		alu(g, nfp_none(), nfp_none(), NFP_ALU_B, r)->sets_cc = true;
		branch_if(g, NFP_CC_EQ, last);
		branch(g, zero);
		g->block = zero;
		branch(g, last);
		r = phi(g, last, join, r, zero, nfp_imm(2));
	} else {
		branch(g, last);
	}
	g->block = last;
	op(g, NFP_M_EXIT)->a = r;
}

static void gen_exit(struct gen *g)
{
	struct nfp_opnd r0, v;
	struct nfp_mi *mi;

	if (below(g, 3) == 0) {
		gen_exit_of_phi(g);
		return;
	}
	if (below(g, 3)) {
		mi = op(g, NFP_M_EXIT);
		mi->const_exit = true;
		mi->imm32 = below(g, 2) ? 0x11 : 0x22;
		return;
	}
	v = value(g);
	r0 = new_reg(g);
	alu(g, r0, v, NFP_ALU_AND, nfp_imm(0xf));
	mi = op(g, NFP_M_EXIT);
	mi->a = r0;
}

static void gen_region(struct gen *g, unsigned depth);

static struct nfp_opnd phi(struct gen *g, uint32_t join, uint32_t b0, struct nfp_opnd v0,
			   uint32_t b1, struct nfp_opnd v1)
{
	struct nfp_opnd dst = new_reg(g);
	struct nfp_mi *mi = nfp_append(g->fn, g->cx, join, NFP_M_PHI);

	mi->dst = dst;
	mi->n_phi = 2;
	mi->phi = ARENA_ARRAY(g->cx->arena, struct nfp_phi, 2);
	mi->phi[0] = (struct nfp_phi){ b0, v0 };
	mi->phi[1] = (struct nfp_phi){ b1, v1 };
	return dst;
}

static struct nfp_opnd phi_value(struct gen *g)
{
	if (below(g, 3) == 0)
		return nfp_imm(random_word(g));
	return value(g);
}

/* if (c) { … } else { … }, either side possibly empty; values meet in PHIs. */
static void gen_if(struct gen *g, unsigned depth)
{
	uint32_t side = new_block(g), join = new_block(g), from, to_side;
	struct nfp_opnd v[3], w[3];
	size_t mark = g->pool.len;
	unsigned n = below(g, 4), i;
	bool triangle = below(g, 2);

	from = g->block;
	to_side = triangle ? join : side;
	for (i = 0; i < n; i++)
		v[i] = phi_value(g);
	condition(g, to_side);
	if (!triangle) {
		uint32_t then = new_block(g);

		branch(g, then);
		g->block = side;
		gen_region(g, depth + 1);
		for (i = 0; i < n; i++)
			v[i] = phi_value(g);
		from = g->block;
		branch(g, join);
		g->block = then;
		g->pool.len = mark;
	} else {
		branch(g, side);
		g->block = side;
	}
	gen_region(g, depth + 1);
	for (i = 0; i < n; i++)
		w[i] = phi_value(g);
	branch(g, join);
	g->pool.len = mark;
	for (i = 0; i < n; i++)
		*vec_push(&g->pool, g->cx->arena) = phi(g, join, from, v[i], g->block, w[i]);
	g->block = join;
}

/* Leaves for a block of its own that ends the program. */
static void gen_early_exit(struct gen *g)
{
	uint32_t out = new_block(g), here;
	size_t mark;

	condition(g, out);
	here = g->block;
	mark = g->pool.len;
	g->block = out;
	gen_exit(g);
	g->block = here;
	g->pool.len = mark;
}

/* for (i = n; i; i--) with values carried round, possibly swapped. */
static void gen_loop(struct gen *g, unsigned depth)
{
	uint32_t head = new_block(g), after = new_block(g), entry = g->block;
	struct nfp_opnd x = value(g), y = value(g), i, j, p, q, next;
	unsigned rounds = 1 + below(g, 4);
	size_t mark;

	branch(g, head);
	i = phi(g, head, entry, nfp_imm(rounds), 0, nfp_none());
	p = phi(g, head, entry, x, 0, nfp_none());
	q = phi(g, head, entry, y, 0, nfp_none());
	j = new_reg(g);
	mark = g->pool.len;
	*vec_push(&g->pool, g->cx->arena) = p;
	*vec_push(&g->pool, g->cx->arena) = q;
	g->block = head;
	gen_region(g, depth + 1);
	next = below(g, 2) ? p : value(g);
	alu(g, j, i, NFP_ALU_SUB, nfp_imm(1))->sets_cc = true;
	{
		struct nfp_mi *back = op(g, NFP_M_BCC), *phis = g->fn->blocks.at[head].insns.at;

		back->cc = NFP_CC_NE;
		back->uses_cc = true;
		back->target[0] = head;
		phis[0].phi[1] = (struct nfp_phi){ g->block, j };
		phis[1].phi[1] = (struct nfp_phi){ g->block, q };
		phis[2].phi[1] = (struct nfp_phi){ g->block, next };
	}
	branch(g, after);
	g->block = after;
	g->pool.len = mark;
	*vec_push(&g->pool, g->cx->arena) = p;
	*vec_push(&g->pool, g->cx->arena) = q;
}

/* ---- helpers ---- */

static struct nfp_opnd *key(struct gen *g)
{
	struct nfp_opnd *k = ARENA_ARRAY(g->cx->arena, struct nfp_opnd, GEN_KEY_WORDS);
	struct nfp_opnd r = new_reg(g), v = value(g);

	alu(g, r, v, NFP_ALU_AND, nfp_imm(3));
	k[0] = below(g, 3) ? r : nfp_imm(below(g, 4));
	return k;
}

static struct nfp_mi *call(struct gen *g, uint32_t helper)
{
	struct nfp_opnd *k = key(g), r = new_reg(g);
	struct nfp_mi *mi = op(g, NFP_M_CALL);

	mi->helper = helper;
	mi->dst = r;
	mi->call.key = k;
	mi->call.n_key = GEN_KEY_WORDS;
	return mi;
}

/* Looks a value up and reads it if it is there. */
static void gen_lookup(struct gen *g)
{
	struct nfp_opnd hi = new_reg(g), v = phi_value(g);
	struct nfp_mi *mi = call(g, NFP_HELPER_MAP_LOOKUP);
	struct nfp_opnd lo = mi->dst;
	uint32_t tuple = nfp_new_vreg(g->fn, g->cx, NFP_V_XIN, GEN_VALUE_WORDS), from = g->block;
	uint32_t found = new_block(g), join = new_block(g);

	mi->dst2 = hi;
	alu(g, nfp_none(), lo, NFP_ALU_OR, hi)->sets_cc = true;
	mi = op(g, NFP_M_BCC);
	mi->cc = NFP_CC_EQ;
	mi->uses_cc = true;
	mi->target[0] = join;
	branch(g, found);
	g->block = found;
	mi = op(g, NFP_M_CMD);
	mi->cmd.mem = NFP_MEM_READ32_SWAP;
	mi->cmd.mode = NFP_ADDR_40;
	mi->cmd.swap = true;
	mi->cmd.count = GEN_VALUE_WORDS;
	mi->cmd.xfer = nfp_xin(tuple, 0);
	mi->a = lo;
	mi->b = hi;
	branch(g, join);
	*vec_push(&g->pool, g->cx->arena) = phi(g, join, from, v, found, nfp_xin(tuple, 1));
	g->block = join;
}

static void gen_change_map(struct gen *g)
{
	bool update = below(g, 3);
	struct nfp_opnd *v = ARENA_ARRAY(g->cx->arena, struct nfp_opnd, GEN_VALUE_WORDS), r;
	struct nfp_mi *mi;
	unsigned i;

	for (i = 0; i < GEN_VALUE_WORDS; i++)
		v[i] = below(g, 4) ? value(g) : nfp_imm(random_word(g));
	mi = call(g, update ? NFP_HELPER_MAP_UPDATE : NFP_HELPER_MAP_DELETE);
	r = mi->dst;
	if (update) {
		mi->call.value = v;
		mi->call.n_value = GEN_VALUE_WORDS;
		mi->call.flags[0] = nfp_imm(below(g, 3));
		mi->call.flags[1] = nfp_imm(0);
	}
	*vec_push(&g->pool, g->cx->arena) = r;
}

/* ---- the whole ---- */

static void gen_operation(struct gen *g)
{
	static void (*const kinds[])(struct gen * g) = {
		gen_alu,          gen_alu, gen_alu,   gen_move, gen_const,       gen_wide,
		gen_shf,          gen_shf, gen_dshf,  gen_ldf,  gen_glued_shift, gen_ldf,
		gen_immed_update, gen_mul, gen_stack, gen_read, gen_write,       gen_stack_pointer,
	};

	kinds[below(g, ARRAY_SIZE(kinds))](g);
}

static void gen_region(struct gen *g, unsigned depth)
{
	unsigned n = 1 + below(g, 6);

	while (n-- && g->budget) {
		unsigned kind = below(g, 16);

		g->budget--;
		if (kind == 0 && depth < 4)
			gen_if(g, depth);
		else if (kind == 1 && depth < 3)
			gen_loop(g, depth);
		else if (kind == 2)
			gen_early_exit(g);
		else if (kind == 3 && g->opts->calls)
			gen_lookup(g);
		else if (kind == 4 && g->opts->calls)
			gen_change_map(g);
		else
			gen_operation(g);
	}
}

/* Mixes what is in the pool and writes it to the packet. */
static void gen_result(struct gen *g)
{
	struct nfp_opnd acc = reg_value(g), p, mixed;
	uint32_t tuple = nfp_new_vreg(g->fn, g->cx, NFP_V_XOUT, 1);
	size_t i, step = g->opts->keep_all ? 1 : 1 + below(g, 8);
	struct nfp_mi *mi;

	for (i = 0; i < g->pool.len; i += step) {
		struct nfp_opnd rot = new_reg(g), next = new_reg(g);

		mi = op(g, NFP_M_SHF);
		mi->alu = NFP_SHF_B;
		mi->shift = 5;
		mi->dst = rot;
		mi->b = acc;
		alu(g, next, rot, NFP_ALU_XOR, g->pool.at[i]);
		acc = next;
	}
	mixed = acc;
	p = packet_start(g);
	mi = op(g, NFP_M_COPY);
	mi->dst = nfp_xout(tuple, 0);
	mi->b = mixed;
	mi = op(g, NFP_M_CMD);
	mi->cmd.mem = NFP_MEM_WRITE32_SWAP;
	mi->cmd.swap = true;
	mi->cmd.count = 1;
	mi->cmd.xfer = nfp_xout(tuple, 0);
	mi->a = p;
	mi->b = nfp_imm(0);
	gen_exit(g);
}

void gen_program(struct nfp_func *fn, struct cx *cx, const struct nfp_firmware *fw, uint64_t seed,
		 const struct gen_options *opts)
{
	struct gen g = { .fn = fn, .cx = cx, .opts = opts, .rng = seed * 2 + 1 };
	unsigned i;

	memset(fn, 0, sizeof(*fn));
	fn->name = "random";
	fn->fw = fw;
	fn->prog_type = (uint8_t)below(&g, 2);
	g.budget = opts->size;
	g.block = new_block(&g);
	g.stack = nfp_new_slot(fn, cx, NFP_SLOT_STACK, opts->stack);
	gen_const(&g);
	for (i = 0; i < opts->stack; i++) {
		struct nfp_mi *mi = op(&g, NFP_M_CONST);

		mi->dst = nfp_slot(g.stack, i);
		mi->imm32 = i * 0x01010101u;
	}
	gen_read(&g);
	while (g.budget)
		gen_region(&g, 0);
	gen_result(&g);
}
