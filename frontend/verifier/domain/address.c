/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/check/check_insn.h"
#include "frontend/verifier/domain/address.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/walk/env.h"
#include "frontend/verifier/walk/walk.h"

/* Numbers that are made of a packet's address: what becomes of packet pointers when the packet moves, or of one
 * whose half is taken. To the verdict they are numbers like any other. A device has its packets elsewhere, so its
 * number is another one; the program does the same there as long as only differences and comparisons of such
 * numbers count. Such a number is k times the address, plus the same number on both sides (struct fe_address), and
 * here is followed where k becomes 0 again. An instruction whose result depends on the address itself is marked in
 * its fact (vp_fact.address): it is the host's. */

#define FAR                                                                                        \
	(1u << 30) /* farther from the packet's start than this: unknown; no sum wraps below it */
/* Packets end well within their 4 GB of address space, so that halves of addresses have the order of the whole. */
#define NEAR     (1u << 17)
#define LOW_ONES UINT64_C(0xffffffff)

/* What one operand is made of. */
struct part {
	const struct fe_reg *reg;
	struct fe_address a; /* k: 0: an ordinary number */
	bool foreign;        /* a pointer to something else than the packet */
};

static bool is_packet(const struct fe_reg *r)
{
	return fe_reg_is_packet(r) || r->type == FE_PKT_END;
}

static uint32_t magnitude(int64_t min, int64_t max)
{
	uint64_t a = min < 0 ? -(uint64_t)min : (uint64_t)min;
	uint64_t b = max < 0 ? -(uint64_t)max : (uint64_t)max;

	a = a > b ? a : b;
	return a > FAR ? FAR : (uint32_t)a;
}

static uint32_t sum(uint32_t a, uint32_t b)
{
	return a + b > FAR ? FAR : a + b;
}

struct fe_address fe_packet_address(const struct fe_reg *r)
{
	struct fe_address a = { .k = 1, .reach = NEAR };

	if (fe_reg_is_packet(r) && !fe_val_is_const(&r->val))
		a.reach = sum(magnitude(r->off, 0), magnitude(r->val.smin, r->val.smax));
	else if (fe_reg_is_packet(r))
		a.reach = magnitude(r->off, (int64_t)r->val.var.value);
	return a;
}

static struct part part_of(const struct fe_reg *r)
{
	struct part p = { .reg = r };

	if (r->type == FE_SCALAR)
		p.a = r->address;
	else if (is_packet(r))
		p.a = fe_packet_address(r);
	else
		p.foreign = r->type != FE_NOT_INIT;
	return p;
}

/* The kind of address that a result depends on, for the message. */
static void mark(struct fe_env *env, const struct part *a, const struct part *b)
{
	const struct fe_reg *r = a->foreign ? a->reg : b && b->foreign ? b->reg : NULL;

	fe_facts_address(env, r ? fe_fact_of(r).kind : VP_PKT);
}

static struct fe_address low_half(struct fe_address a)
{
	a.k &= LOW_ONES;
	a.half = a.k != 0;
	return a;
}

/* ---- sums and differences ---------------------------------------------------------------------------------- */

static bool is_unit(const struct fe_address *a)
{
	return a->k == 1 || a->k == UINT64_MAX || (a->half && a->k == LOW_ONES);
}

static uint32_t reach_of_sum(const struct part *d, const struct part *s)
{
	const struct part *p = d->a.k ? d : s, *n = d->a.k ? s : d;

	if (n->a.k || !is_unit(&p->a))
		return FAR;
	return sum(p->a.reach, magnitude(n->reg->val.smin, n->reg->val.smax));
}

static bool add_halves_on_64(const struct part *d, const struct part *s, bool minus,
			     struct fe_address *out)
{
	bool near = d->a.reach <= NEAR && s->a.reach <= NEAR;

	if (d->a.k && s->a.k) {
		*out = (struct fe_address){ 0 };
		return minus && d->a.k == 1 && s->a.k == 1 && near;
	}
	*out = (struct fe_address){ .k = 1, .half = true, .reach = reach_of_sum(d, s) };
	return (d->a.k == 1 || (s->a.k == 1 && !minus)) && out->reach <= NEAR;
}

static bool add(const struct part *d, const struct part *s, bool minus, bool is64,
		struct fe_address *out)
{
	bool both = d->a.k && s->a.k;

	if (is64 && both && d->a.half != s->a.half)
		return false;
	if (is64 && (d->a.half || s->a.half))
		return add_halves_on_64(d, s, minus, out);
	*out = (struct fe_address){ .k = minus ? d->a.k - s->a.k : d->a.k + s->a.k,
				    .reach = reach_of_sum(d, s) };
	if (!is64)
		*out = low_half(*out);
	return true;
}

/* ---- other operations -------------------------------------------------------------------------------------- */

static bool scale(const struct part *d, uint64_t by, bool is64, struct fe_address *out)
{
	if (is64 && d->a.half)
		return false;
	*out = d->a;
	out->k *= by;
	if (!is64)
		*out = low_half(*out);
	return true;
}

static bool shift(const struct part *d, uint64_t by, uint8_t op, bool is64, struct fe_address *out)
{
	*out = d->a;
	if (op == BPF_LSH && is64 && d->a.half) {
		out->k <<= by;
		out->half = false;
		return by == 32;
	}
	if (op == BPF_LSH)
		return scale(d, UINT64_C(1) << by, is64, out);
	out->k >>= 32;
	out->half = true;
	return op == BPF_RSH && is64 && by == 32 && !d->a.half && !(d->a.k & LOW_ONES);
}

static bool unary(const struct bpf_insn *insn, const struct part *d, bool is64,
		  struct fe_address *out)
{
	if (ebpf_op(insn) == BPF_NEG)
		return scale(d, UINT64_MAX, is64, out);
	if (is64 || insn->code & BPF_TO_BE || insn->imm == 16) /* byte swaps; a part of the half */
		return false;
	*out = insn->imm == 64 ? d->a : low_half(d->a);
	return true;
}

/* ~n is -n - 1: clang's way to write differences less one. */
static bool complement(const struct part *d, bool is64, struct fe_address *out)
{
	bool followed = scale(d, UINT64_MAX, is64, out);

	out->reach = is_unit(&d->a) ? sum(out->reach, 1) : FAR;
	return followed;
}

static bool move(const struct bpf_insn *insn, const struct part *s, bool is64,
		 struct fe_address *out)
{
	*out = is64 ? s->a : low_half(s->a);
	return !insn->off;
}

static bool by_constant(const struct bpf_insn *insn, const struct part *d, uint64_t c, bool is64,
			struct fe_address *out)
{
	uint8_t op = ebpf_op(insn);

	switch (op) {
	case BPF_MUL: return scale(d, c, is64, out);
	case BPF_LSH:
	case BPF_RSH: return c < (is64 ? 64 : 32) && shift(d, c, op, is64, out);
	case BPF_XOR:
		return (is64 ? c == UINT64_MAX : (uint32_t)c == UINT32_MAX) &&
		       complement(d, is64, out);
	case BPF_AND:
		*out = low_half(d->a);
		return is64 ? c == LOW_ONES : (uint32_t)c == UINT32_MAX;
	default: return false;
	}
}

/* Pointers of one kind whose difference is the same everywhere. */
static bool same_place(const struct fe_env *env, const struct fe_reg *a, const struct fe_reg *b)
{
	if (a->type != b->type || a->object != b->object || a->flags != b->flags)
		return false;
	if (a->type == FE_MAP_VALUE && a->map_uid == b->map_uid)
		return a->id == b->id && (a->id || fe_map_of(env, a)->kind != FE_MAP_USER);
	return a->type == FE_STACK;
}

static bool binary(const struct fe_env *env, const struct bpf_insn *insn, const struct part *d,
		   const struct part *s, bool is64, struct fe_address *out)
{
	uint8_t op = ebpf_op(insn);

	*out = (struct fe_address){ 0 };
	if (d->foreign && s->foreign)
		return op == BPF_SUB && same_place(env, d->reg, s->reg);
	if (d->foreign || s->foreign)
		return false;
	if (op == BPF_ADD || op == BPF_SUB)
		return add(d, s, op == BPF_SUB, is64, out);
	if (!s->a.k && fe_val_is_const(&s->reg->val))
		return by_constant(insn, d, s->reg->val.var.value, is64, out);
	return op == BPF_MUL && !d->a.k && fe_val_is_const(&d->reg->val) &&
	       scale(s, d->reg->val.var.value, is64, out);
}

/* How far from the packet a sum may be depends on the number that is added. */
static void need_addend(struct fe_env *env, const struct bpf_insn *insn, const struct part *d,
			const struct part *s)
{
	if (!ebpf_src_is_reg(insn) || (ebpf_op(insn) != BPF_ADD && ebpf_op(insn) != BPF_SUB))
		return;
	if (d->a.k && !fe_has_address(s->reg))
		fe_need(env, insn->src_reg);
	else if (s->a.k && !fe_has_address(d->reg))
		fe_need(env, insn->dst_reg);
}

/* What the result is made of; false: of the address in a way that is not followed. */
static bool result(const struct fe_env *env, const struct bpf_insn *insn, const struct part *d,
		   const struct part *s, struct fe_address *out)
{
	bool is64 = ebpf_class(insn) == BPF_ALU64;

	switch (ebpf_op(insn)) {
	case BPF_MOV: return !s->foreign && move(insn, s, is64, out);
	case BPF_NEG:
	case BPF_END: return !d->foreign && unary(insn, d, is64, out);
	default: return binary(env, insn, d, s, is64, out);
	}
}

bool fe_alu_has_address(const struct fe_env *env, const struct bpf_insn *insn)
{
	if (ebpf_op(insn) != BPF_MOV && fe_has_address(fe_reg(env, insn->dst_reg)))
		return true;
	return ebpf_src_is_reg(insn) && ebpf_op(insn) != BPF_END &&
	       fe_has_address(fe_reg(env, insn->src_reg));
}

void fe_address_of_alu(struct fe_env *env, const struct bpf_insn *insn, const struct fe_reg *dst,
		       const struct fe_reg *src)
{
	struct fe_reg *now = fe_reg(env, insn->dst_reg);
	struct part d = part_of(dst), s = part_of(src);
	struct fe_address out = { 0 };

	if (fe_reg_is_pointer(
		    now)) { /* a pointer and a number: not one that is made of an address */
		if (ebpf_op(insn) != BPF_MOV && (dst->address.k || src->address.k))
			mark(env, &d, &s);
		return;
	}
	now->address = (struct fe_address){ 0 };
	if (fe_val_is_const(&now->val))
		return;
	need_addend(env, insn, &d, &s);
	if (!result(env, insn, &d, &s, &out))
		mark(env, ebpf_op(insn) == BPF_MOV ? &s : &d, &s);
	else if (out.k)
		now->address = out;
}

/* ---- comparisons --------------------------------------------------------------------------------------------- */

static bool is_equality(uint8_t op)
{
	return op == BPF_JEQ || op == BPF_JNE;
}

static bool same_order(const struct fe_address *a, const struct fe_address *b)
{
	bool near = a->reach <= NEAR && b->reach <= NEAR;

	if (a->k == 1 && !a->half)
		return a->reach < FAR && b->reach < FAR;
	return near && (a->k == 1 || a->k == UINT64_C(1) << 32);
}

/* No packet begins or ends at address 0, nor at a multiple of 4 GB. */
static bool is_null_test(const struct part *p, const struct part *zero, uint8_t op)
{
	return is_equality(op) && p->a.k == 1 && fe_reg_is_null(zero->reg) &&
	       (p->a.half ? p->a.reach <= NEAR : p->a.reach < FAR);
}

static bool comparable(struct part a, struct part b, uint8_t op, bool is32)
{
	if (op == BPF_JSET || a.foreign || b.foreign)
		return false;
	if (is32) {
		a.a = low_half(a.a);
		b.a = low_half(b.a);
	}
	if (!a.a.k || !b.a.k)
		return (!a.a.k && !b.a.k) || is_null_test(&a, &b, op) || is_null_test(&b, &a, op);
	return a.a.half == b.a.half && a.a.k == b.a.k &&
	       (is_equality(op) || same_order(&a.a, &b.a));
}

/* Where a number of the same kind lies in two elements of a map says nothing of the order of elements. */
static bool same_element(const struct fe_env *env, const struct fe_reg *a, const struct fe_reg *b,
			 uint8_t op)
{
	return a->type != FE_MAP_VALUE || b->type != FE_MAP_VALUE || same_place(env, a, b) ||
	       (is_equality(op) && a->off == b->off && fe_val_is_const(&a->val) &&
		fe_val_is_const(&b->val) && a->val.var.value == b->val.var.value);
}

void fe_address_of_compare(struct fe_env *env, uint8_t op, bool is32, const struct fe_reg *a,
			   const struct fe_reg *b)
{
	struct part pa = part_of(a), pb = part_of(b);
	bool fine = pa.a.k || pb.a.k ? comparable(pa, pb, op, is32) : same_element(env, a, b, op);

	if (!fine)
		mark(env, &pa, &pb);
}

/* ---- memory and the rest ----------------------------------------------------------------------------------- */

void fe_address_used(struct fe_env *env, const struct fe_reg *r)
{
	struct part p = part_of(r);

	if (fe_has_address(r))
		mark(env, &p, NULL);
}

void fe_address_cut(struct fe_env *env, struct fe_reg *r, unsigned size, bool sign_extend)
{
	if (!r->address.k || size == 8)
		return;
	if (size < 4 || sign_extend) {
		fe_address_used(env, r);
		r->address = (struct fe_address){ 0 };
	} else {
		r->address = low_half(r->address);
	}
}

bool fe_byte_has_address(const struct fe_stack_slot *s, uint8_t byte)
{
	return byte == FE_BYTE_ADDRESS || (byte == FE_BYTE_SPILL && fe_has_address(&s->spill));
}

bool fe_same_address(const struct fe_reg *old, const struct fe_reg *cur)
{
	return old->address.k == cur->address.k && old->address.half == cur->address.half &&
	       old->address.reach >= cur->address.reach;
}
