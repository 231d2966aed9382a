/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/mir/interp.h"

#include "nfp_backend/image.h"

#include "base/bits.h"

#include <stdlib.h>
#include <string.h>

#define PKT_ADDR 0x80100000u /* any address will do: programs do not show it */

enum {
	LM_ADDR = 0x400,
	MAP_LO = 0x40,
	MAP_HI = 0x1000,
	MAX_STEPS = 1000000,
	STACK_BYTES = 2048,
};

struct interp {
	const struct nfp_func *fn;
	struct sim_maps *maps;
	uint8_t *pkt;
	uint32_t len;
	uint32_t (*regs)[32]; /* by register and word */
	uint32_t stack[STACK_BYTES / 4];
	uint32_t pointer[4];
	uint32_t prev_left, prev_res;
	bool n, z, c, v;
	uint64_t product;
	const char *stuck;
};

/* ---- operands ---- */

static uint32_t *memory_word(struct interp *in, const struct nfp_opnd *o)
{
	uint32_t word = 0, i;

	if (o->kind == NFP_O_SLOT) {
		for (i = 0; i < o->reg; i++)
			word += in->fn->slots.at[i].words;
		word += o->sub;
	} else if (o->reg == 3) {
		word = (in->pointer[3] - LM_ADDR) / 4 | o->sub;
	}
	if (word >= ARRAY_SIZE(in->stack)) {
		in->stuck = "stack access out of range";
		word = 0;
	}
	return &in->stack[word];
}

static uint32_t get(struct interp *in, const struct nfp_opnd *o)
{
	switch (o->kind) {
	case NFP_O_NONE: return 0;
	case NFP_O_VREG: return in->regs[o->reg][0];
	case NFP_O_XIN: return in->regs[o->reg][o->sub];
	case NFP_O_IMM: return o->imm;
	case NFP_O_LM:
		if (o->reg == 1)
			return o->sub == 2 ? PKT_ADDR : o->sub ? 0 : in->len;
		return *memory_word(in, o);
	case NFP_O_SLOT: return *memory_word(in, o);
	default: in->stuck = "operand"; return 0;
	}
}

static void set(struct interp *in, const struct nfp_opnd *o, uint32_t v)
{
	switch (o->kind) {
	case NFP_O_NONE: break;
	case NFP_O_VREG: in->regs[o->reg][0] = v; break;
	case NFP_O_XOUT: in->regs[o->reg][o->sub] = v; break;
	case NFP_O_LM:
	case NFP_O_SLOT: *memory_word(in, o) = v; break;
	default: in->stuck = "destination"; break;
	}
}

/* ---- arithmetic ---- */

static uint32_t sum(struct interp *in, uint32_t a, uint32_t b, unsigned carry)
{
	uint64_t wide = (uint64_t)a + b + carry;
	uint32_t r = (uint32_t)wide;

	in->c = wide >> 32 != 0;
	in->v = ((a ^ r) & (b ^ r)) >> 31 != 0;
	return r;
}

static uint32_t alu_result(struct interp *in, unsigned op, uint32_t a, uint32_t b)
{
	unsigned carry = in->c;

	in->c = in->v = false;
	switch (op) {
	case NFP_ALU_B: return b;
	case NFP_ALU_NOTB: return ~b;
	case NFP_ALU_ADD: return sum(in, a, b, 0);
	case NFP_ALU_ADD16: return sum(in, a, b & 0xffff, 0);
	case NFP_ALU_ADD8: return sum(in, a, b & 0xff, 0);
	case NFP_ALU_ADDC: return sum(in, a, b, carry);
	case NFP_ALU_SUB: return sum(in, a, ~b, 1);
	case NFP_ALU_SUBC: return sum(in, a, ~b, carry);
	case NFP_ALU_RSUB: return sum(in, b, ~a, 1);
	case NFP_ALU_AND: return a & b;
	case NFP_ALU_NOTA_AND: return ~a & b;
	case NFP_ALU_AND_NOTB: return a & ~b;
	case NFP_ALU_OR: return a | b;
	case NFP_ALU_XOR: return a ^ b;
	default: in->stuck = "ALU operation"; return 0;
	}
}

static void run_alu(struct interp *in, const struct nfp_mi *mi)
{
	bool c = in->c, v = in->v;
	uint32_t a = get(in, &mi->a), b = get(in, &mi->b), r = alu_result(in, mi->alu, a, b);

	if (mi->sets_cc) {
		in->n = r >> 31;
		in->z = !r;
	} else {
		in->c = c;
		in->v = v;
	}
	set(in, &mi->dst, r);
	in->prev_left = a;
	in->prev_res = r;
}

static uint32_t shifted(struct interp *in, const struct nfp_mi *mi, uint32_t b)
{
	unsigned n = mi->indirect ? in->prev_left & 31 : mi->shift;

	if (!n)
		return b;
	if (mi->sc == NFP_SC_LEFT)
		return b << n;
	return mi->sc == NFP_SC_RIGHT ? b >> n : b >> n | b << (32 - n);
}

static void run_shf(struct interp *in, const struct nfp_mi *mi)
{
	uint32_t a = get(in, &mi->a), b = shifted(in, mi, get(in, &mi->b)), r = 0;

	switch (mi->alu) {
	case NFP_SHF_B: r = b; break;
	case NFP_SHF_NOTB: r = ~b; break;
	case NFP_SHF_AND: r = a & b; break;
	case NFP_SHF_NOTA_AND: r = ~a & b; break;
	case NFP_SHF_AND_NOTB: r = a & ~b; break;
	case NFP_SHF_OR: r = a | b; break;
	default: in->stuck = "shift operation"; break;
	}
	set(in, &mi->dst, r);
	in->prev_left = a;
	in->prev_res = r;
}

static void run_dshf(struct interp *in, const struct nfp_mi *mi)
{
	unsigned n = mi->indirect ? in->prev_left & 31 : mi->shift;
	uint64_t ab = (uint64_t)get(in, &mi->a) << 32 | get(in, &mi->b);

	in->prev_left = get(in, &mi->a);
	in->prev_res = (uint32_t)(ab >> n);
	set(in, &mi->dst, in->prev_res);
}

static void run_asr(struct interp *in, const struct nfp_mi *mi)
{
	unsigned n = mi->indirect ? in->prev_left & 31 : mi->shift;
	uint32_t r = get(in, &mi->b) >> n;

	if (in->prev_res >> 31)
		r |= ~(UINT32_MAX >> n);
	set(in, &mi->dst, r);
	in->prev_res = r;
}

static uint32_t byte_mask(unsigned bytes)
{
	uint32_t m = 0;
	unsigned i;

	for (i = 0; i < 4; i++)
		if (bytes >> i & 1)
			m |= 0xffu << 8 * i;
	return m;
}

static void run_ldf(struct interp *in, const struct nfp_mi *mi)
{
	uint32_t m = byte_mask(mi->bmask), old = mi->zf ? 0 : get(in, &mi->dst);

	in->prev_res = (old & ~m) | (shifted(in, mi, get(in, &mi->b)) & m);
	set(in, &mi->dst, in->prev_res);
}

static void run_immed(struct interp *in, const struct nfp_mi *mi)
{
	static const unsigned widths[] = { 15, 1, 3 };
	uint32_t m = byte_mask(widths[mi->width]) << (mi->width ? 8 * mi->byte_shift : 0);
	uint32_t v = mi->imm32 << 8 * mi->byte_shift, old = mi->width ? get(in, &mi->dst) : 0;

	in->prev_res = mi->width ? (old & ~m) | (v & m) : mi->inv ? ~v : v;
	set(in, &mi->dst, in->prev_res);
}

static void run_mul(struct interp *in, const struct nfp_mi *mi)
{
	if (mi->mul_step == NFP_STEP_START)
		in->product = (uint64_t)get(in, &mi->a) * get(in, &mi->b);
	if (mi->mul_step == NFP_STEP_LAST)
		set(in, &mi->dst, (uint32_t)in->product);
	if (mi->mul_step == NFP_STEP_LAST2)
		set(in, &mi->dst, (uint32_t)(in->product >> 32));
}

/* ---- memory ---- */

static uint8_t *address(struct interp *in, const struct nfp_mi *mi, uint32_t bytes)
{
	uint32_t a = get(in, &mi->a), b = get(in, &mi->b), off;
	uint8_t *mem;
	size_t size;

	if (mi->cmd.mode == NFP_ADDR_32) {
		off = a + b - PKT_ADDR;
		if (off <= in->len && bytes <= in->len - off)
			return in->pkt + off;
		in->stuck = "packet access out of range";
		return in->pkt;
	}
	mem = sim_maps_memory(in->maps, &size);
	off = a - MAP_LO;
	if (b != MAP_HI || off > size || bytes > size - off)
		in->stuck = "map access out of range";
	return b == MAP_HI ? mem + off : mem;
}

static void run_cmd(struct interp *in, const struct nfp_mi *mi)
{
	unsigned n = mi->cmd.count, i;
	bool bytes = mi->cmd.mem == NFP_MEM_READ8 || mi->cmd.mem == NFP_MEM_WRITE8_SWAP;
	uint8_t *m = address(in, mi, bytes ? n : 4 * n);
	uint32_t *x = &in->regs[mi->cmd.xfer.reg][mi->cmd.xfer.sub];

	if (in->stuck)
		return;
	switch (mi->cmd.mem) {
	case NFP_MEM_READ32_SWAP:
		for (i = 0; i < n; i++)
			x[i] = load_le32(m + 4 * i);
		break;
	case NFP_MEM_READ32:
		for (i = 0; i < n; i++)
			x[i] = load_be32(m + 4 * i);
		break;
	case NFP_MEM_READ8:
		for (i = 0; i < n; i++)
			x[i / 4] = (i % 4 ? x[i / 4] : 0) | (uint32_t)m[i] << (24 - 8 * (i % 4));
		break;
	case NFP_MEM_WRITE32_SWAP:
		for (i = 0; i < n; i++)
			store_le32(m + 4 * i, x[i]);
		break;
	case NFP_MEM_WRITE8_SWAP:
		for (i = 0; i < n; i++)
			m[i] = (uint8_t)(x[i / 4] >> 8 * (i % 4));
		break;
	default: in->stuck = "memory command"; break;
	}
}

static void run_call(struct interp *in, const struct nfp_mi *mi)
{
	uint32_t key = get(in, &mi->call.key[0]), i;
	uint8_t k[4], v[64];
	int64_t off;
	int rc = 0;

	store_le32(k, key);
	for (i = 0; i < mi->call.n_value; i++)
		store_le32(v + 4 * i, get(in, &mi->call.value[i]));
	switch (mi->helper) {
	case NFP_HELPER_MAP_LOOKUP:
		off = sim_map_lookup(in->maps, mi->call.map, k);
		set(in, &mi->dst, off == SIM_MAP_NONE ? 0 : MAP_LO + (uint32_t)off);
		set(in, &mi->dst2, off == SIM_MAP_NONE ? 0 : MAP_HI);
		return;
	case NFP_HELPER_MAP_UPDATE:
		rc = sim_map_update(in->maps, mi->call.map, k, v, get(in, &mi->call.flags[0]));
		break;
	case NFP_HELPER_MAP_DELETE: rc = sim_map_delete(in->maps, mi->call.map, k); break;
	default: in->stuck = "helper"; break;
	}
	set(in, &mi->dst, (uint32_t)rc);
}

/* ---- control ---- */

static bool condition(const struct interp *in, unsigned cc)
{
	switch (cc) {
	case NFP_CC_EQ: return in->z;
	case NFP_CC_NE: return !in->z;
	case NFP_CC_MI: return in->n;
	case NFP_CC_PL: return !in->n;
	case NFP_CC_HS: return in->c;
	case NFP_CC_LO: return !in->c;
	case NFP_CC_VS: return in->v;
	case NFP_CC_VC: return !in->v;
	case NFP_CC_GE: return in->n == in->v;
	case NFP_CC_LT: return in->n != in->v;
	case NFP_CC_LE: return in->z || in->n != in->v;
	default: return !in->z && in->n == in->v;
	}
}

static bool taken(struct interp *in, const struct nfp_mi *mi)
{
	uint32_t a;

	switch (mi->op) {
	case NFP_M_BR: return true;
	case NFP_M_BCC: return condition(in, mi->cc);
	case NFP_M_BBIT: return (get(in, &mi->a) >> mi->shift & 1) == mi->br_set;
	case NFP_M_BBYTE:
		a = get(in, &mi->a) >> 8 * mi->shift & 0xff;
		return (a == mi->imm32) == mi->br_set;
	default: return false;
	}
}

static void run_insn(struct interp *in, const struct nfp_mi *mi)
{
	switch (mi->op) {
	case NFP_M_COPY: set(in, &mi->dst, get(in, &mi->b)); break;
	case NFP_M_CONST: set(in, &mi->dst, mi->imm32); break;
	case NFP_M_SLOT_ADDR:
		set(in, &mi->dst, LM_ADDR + 4 * (uint32_t)(memory_word(in, &mi->b) - in->stack));
		break;
	case NFP_M_NEWLM: in->pointer[mi->imm32] = get(in, &mi->a); break;
	case NFP_M_ALU: run_alu(in, mi); break;
	case NFP_M_SHF: run_shf(in, mi); break;
	case NFP_M_DSHF: run_dshf(in, mi); break;
	case NFP_M_ASR: run_asr(in, mi); break;
	case NFP_M_LDF: run_ldf(in, mi); break;
	case NFP_M_IMMED: run_immed(in, mi); break;
	case NFP_M_MUL: run_mul(in, mi); break;
	case NFP_M_CMD: run_cmd(in, mi); break;
	case NFP_M_CALL: run_call(in, mi); break;
	case NFP_M_NOP:
	case NFP_M_PHI: break;
	default:
		if (mi->op != NFP_M_BCC && mi->op != NFP_M_BBIT && mi->op != NFP_M_BBYTE)
			in->stuck = "instruction";
		break;
	}
}

/* All PHIs of a block read before any of them is written. */
static void enter(struct interp *in, uint32_t from, uint32_t to)
{
	const struct nfp_block *b = &in->fn->blocks.at[to];
	uint32_t *v = calloc(b->insns.len + 1, sizeof(*v)), k;
	size_t i, n;

	for (n = 0; n < b->insns.len && b->insns.at[n].op == NFP_M_PHI; n++)
		for (k = 0; k < b->insns.at[n].n_phi; k++)
			if (b->insns.at[n].phi[k].block == from)
				v[n] = get(in, &b->insns.at[n].phi[k].val);
	for (i = 0; i < n; i++)
		set(in, &b->insns.at[i].dst, v[i]);
	free(v);
}

static uint8_t exit_byte(const struct interp *in, const struct nfp_mi *mi)
{
	static const uint8_t xdp[] = { 0x82, 0x22, 0x11, 0x44 };
	static const uint8_t tc[] = { 0x11, 0x11, 0x22, 0x11, 0x02, 0x02, 0x11, 0x44 };
	uint32_t r0;

	if (mi->const_exit)
		return (uint8_t)mi->imm32;
	r0 = mi->a.kind == NFP_O_IMM ? mi->a.imm : in->regs[mi->a.reg][mi->a.sub];
	if (in->fn->prog_type == NFP_PROG_XDP)
		return r0 < ARRAY_SIZE(xdp) ? xdp[r0] : 0x82;
	return r0 < ARRAY_SIZE(tc) ? tc[r0] : 0x11;
}

struct interp_result interp_run(const struct nfp_func *fn, struct sim_maps *maps, uint8_t *pkt,
				uint32_t len)
{
	struct interp *in = calloc(1, sizeof(*in));
	struct interp_result r = { .stuck = "too many steps" };
	uint32_t b = 0, steps, i = 0;

	*in = (struct interp){ .fn = fn, .maps = maps, .pkt = pkt, .len = len };
	in->regs = calloc(fn->vregs.len + 1, sizeof(*in->regs));
	for (steps = 0; steps < MAX_STEPS && !in->stuck; steps++) {
		const struct nfp_mi *mi = &fn->blocks.at[b].insns.at[i++];

		if (mi->op == NFP_M_EXIT) {
			r.byte = exit_byte(in, mi);
			r.stuck = NULL;
			break;
		}
		if (taken(in, mi)) {
			enter(in, b, mi->target[0]);
			b = mi->target[0];
			i = 0;
		} else {
			run_insn(in, mi);
		}
	}
	if (in->stuck)
		r.stuck = in->stuck;
	free(in->regs);
	free(in);
	return r;
}
