/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/domain/value.h"

#include "base/bits.h"

#include <string.h>

/* Ranges and known bits of scalars. Bounds are computed by one set of functions that works on
 * both widths (struct range), the low half of a 64-bit operation being a 32-bit operation of its
 * own for everything that carries from low to high only. */

/* Bounds at one width: numbers of `bits` bits, sign- or zero-extended to 64. */
struct range {
	int64_t smin, smax;
	uint64_t umin, umax;
	unsigned bits;
};

static int64_t lowest(unsigned bits)
{
	return bits == 64 ? INT64_MIN : INT32_MIN;
}

static int64_t highest(unsigned bits)
{
	return bits == 64 ? INT64_MAX : INT32_MAX;
}

static void unbound_signed(struct range *r)
{
	r->smin = lowest(r->bits);
	r->smax = highest(r->bits);
}

static void unbound_unsigned(struct range *r)
{
	r->umin = 0;
	r->umax = bits_mask(r->bits);
}

static struct range whole(const struct fe_val *v)
{
	return (struct range){ v->smin, v->smax, v->umin, v->umax, 64 };
}

static struct range low_half(const struct fe_val *v)
{
	return (struct range){ v->s32_min, v->s32_max, v->u32_min, v->u32_max, 32 };
}

static void set_whole(struct fe_val *v, const struct range *r)
{
	v->smin = r->smin;
	v->smax = r->smax;
	v->umin = r->umin;
	v->umax = r->umax;
}

static void set_low_half(struct fe_val *v, const struct range *r)
{
	v->s32_min = (int32_t)r->smin;
	v->s32_max = (int32_t)r->smax;
	v->u32_min = (uint32_t)r->umin;
	v->u32_max = (uint32_t)r->umax;
}

struct fe_val fe_val_unknown(void)
{
	return (struct fe_val){ FE_TNUM_UNKNOWN, INT64_MIN, INT64_MAX, 0,         UINT64_MAX,
				INT32_MIN,       INT32_MAX, 0,         UINT32_MAX };
}

struct fe_val fe_val_const(uint64_t v)
{
	return (struct fe_val){ fe_tnum_const(v), (int64_t)v, (int64_t)v,  v,          v,
				(int32_t)v,       (int32_t)v, (uint32_t)v, (uint32_t)v };
}

bool fe_val_is_unknown(const struct fe_val *v)
{
	struct fe_val u = fe_val_unknown();

	return fe_val_equal(v, &u);
}

/* ---- the views deduce from each other --------------------------------------------------------- */

static void raise_s(int64_t *min, int64_t v)
{
	if (v > *min)
		*min = v;
}

static void lower_s(int64_t *max, int64_t v)
{
	if (v < *max)
		*max = v;
}

static void raise_u(uint64_t *min, uint64_t v)
{
	if (v > *min)
		*min = v;
}

static void lower_u(uint64_t *max, uint64_t v)
{
	if (v < *max)
		*max = v;
}

static int64_t sext(uint64_t v, unsigned bits)
{
	return bits == 64 ? (int64_t)v : (int64_t)(int32_t)(uint32_t)v;
}

static void deduce_from_bits(struct range *r, struct vp_tnum t)
{
	uint64_t sign = UINT64_C(1) << (r->bits - 1);

	raise_s(&r->smin, sext(t.value | (t.mask & sign), r->bits));
	lower_s(&r->smax, sext(t.value | (t.mask & ~sign), r->bits));
	raise_u(&r->umin, t.value);
	lower_u(&r->umax, t.value | t.mask);
}

/* Signed from unsigned bounds and back, at one width. */
static void deduce_across_sign(struct range *r)
{
	uint64_t all = bits_mask(r->bits);
	uint64_t low = (uint64_t)r->smin & all, high = (uint64_t)r->smax & all;

	/* The unsigned interval does not cross the sign boundary. */
	if (sext(r->umin, r->bits) <= sext(r->umax, r->bits)) {
		raise_s(&r->smin, sext(r->umin, r->bits));
		lower_s(&r->smax, sext(r->umax, r->bits));
	}
	if (low <= high) {
		raise_u(&r->umin, low);
		lower_u(&r->umax, high);
	} else if (r->umax < low) {
		/* Signed crosses 0: as unsigned it is [0, high] and [low, max]; here only the first part. */
		raise_s(&r->smin, sext(r->umin, r->bits));
		lower_u(&r->umax, high);
	} else if (high < r->umin) {
		lower_s(&r->smax, sext(r->umax, r->bits));
		raise_u(&r->umin, low);
	}
}

/* The low half from the whole: where the high half is one number, or just two neighbours. */
static void deduce_low(struct range *low, uint64_t min, uint64_t max)
{
	if (min >> 32 == max >> 32) {
		raise_u(&low->umin, (uint32_t)min);
		lower_u(&low->umax, (uint32_t)max);
		if ((int32_t)min <= (int32_t)max) {
			raise_s(&low->smin, (int32_t)min);
			lower_s(&low->smax, (int32_t)max);
		}
	} else if ((uint32_t)(min >> 32) + 1 == (uint32_t)(max >> 32) && (int32_t)min < 0 &&
		   (int32_t)max >= 0) {
		raise_s(&low->smin, (int32_t)min);
		lower_s(&low->smax, (int32_t)max);
	}
}

/* The whole from the low half: the bounds' own high half with the tighter low half. */
static void deduce_whole(struct range *r, const struct range *low)
{
	const uint64_t high = ~bits_mask(32);

	raise_u(&r->umin, (r->umin & high) | low->umin);
	lower_u(&r->umax, (r->umax & high) | low->umax);
	raise_s(&r->smin, (int64_t)(((uint64_t)r->smin & high) | low->umin));
	lower_s(&r->smax, (int64_t)(((uint64_t)r->smax & high) | low->umax));
	/* A number that fits 32 signed bits is the sign extension of its low half. */
	if (r->smin >= INT32_MIN && r->smax <= INT32_MAX) {
		raise_s(&r->smin, low->smin);
		lower_s(&r->smax, low->smax);
	}
}

bool fe_val_bounds_sync(struct fe_val *v)
{
	struct range r = whole(v), low = low_half(v);
	struct vp_tnum t, t32;

	deduce_from_bits(&low, fe_tnum_cast(v->var, 4));
	deduce_from_bits(&r, v->var);
	for (unsigned round = 0; round < 3; round++) {
		deduce_low(&low, r.umin, r.umax);
		deduce_low(&low, (uint64_t)r.smin, (uint64_t)r.smax);
		deduce_across_sign(&low);
		deduce_across_sign(&r);
		deduce_whole(&r, &low);
	}
	if (r.smin > r.smax || r.umin > r.umax || low.smin > low.smax || low.umin > low.umax)
		return false;
	t = fe_tnum_range(r.umin, r.umax);
	if (fe_tnum_disjoint(t, v->var))
		return false;
	t = fe_tnum_intersect(t, v->var);
	t32 = fe_tnum_range(low.umin, low.umax);
	if (fe_tnum_disjoint(t32, fe_tnum_cast(t, 4)))
		return false;
	v->var = fe_tnum_with_low32(t, fe_tnum_intersect(t32, fe_tnum_cast(t, 4)));
	deduce_from_bits(&low, fe_tnum_cast(v->var, 4));
	deduce_from_bits(&r, v->var);
	set_whole(v, &r);
	set_low_half(v, &low);
	return r.smin <= r.smax && r.umin <= r.umax && low.smin <= low.smax && low.umin <= low.umax;
}

/* ---- arithmetic ------------------------------------------------------------------------------- */

static bool add_fits(int64_t a, int64_t b, unsigned bits, int64_t *sum)
{
	return !__builtin_add_overflow(a, b, sum) && *sum >= lowest(bits) && *sum <= highest(bits);
}

static void range_add(struct range *d, const struct range *s)
{
	uint64_t all = bits_mask(d->bits);
	uint64_t umin = (d->umin + s->umin) & all, umax = (d->umax + s->umax) & all;
	int64_t smin, smax;

	if (add_fits(d->smin, s->smin, d->bits, &smin) &&
	    add_fits(d->smax, s->smax, d->bits, &smax)) {
		d->smin = smin;
		d->smax = smax;
	} else {
		unbound_signed(d);
	}
	/* Neither end wraps, or both do. */
	if ((umin < d->umin) == (umax < d->umax)) {
		d->umin = umin;
		d->umax = umax;
	} else {
		unbound_unsigned(d);
	}
}

static bool sub_fits(int64_t a, int64_t b, unsigned bits, int64_t *diff)
{
	return !__builtin_sub_overflow(a, b, diff) && *diff >= lowest(bits) &&
	       *diff <= highest(bits);
}

static void range_sub(struct range *d, const struct range *s)
{
	uint64_t all = bits_mask(d->bits);
	uint64_t umin = (d->umin - s->umax) & all, umax = (d->umax - s->umin) & all;
	int64_t smin, smax;

	if (sub_fits(d->smin, s->smax, d->bits, &smin) &&
	    sub_fits(d->smax, s->smin, d->bits, &smax)) {
		d->smin = smin;
		d->smax = smax;
	} else {
		unbound_signed(d);
	}
	if ((d->umin < s->umax) == (d->umax < s->umin)) {
		d->umin = umin;
		d->umax = umax;
	} else {
		unbound_unsigned(d);
	}
}

static bool mul_fits(int64_t a, int64_t b, unsigned bits, int64_t *product)
{
	return !__builtin_mul_overflow(a, b, product) && *product >= lowest(bits) &&
	       *product <= highest(bits);
}

static void range_mul(struct range *d, const struct range *s)
{
	int64_t p[4];
	uint64_t umax;
	bool fits = mul_fits(d->smin, s->smin, d->bits, &p[0]) &&
		    mul_fits(d->smin, s->smax, d->bits, &p[1]) &&
		    mul_fits(d->smax, s->smin, d->bits, &p[2]) &&
		    mul_fits(d->smax, s->smax, d->bits, &p[3]);

	if (fits) {
		d->smin = d->smax = p[0];
		for (unsigned i = 1; i < 4; i++) {
			lower_s(&d->smin, p[i]);
			raise_s(&d->smax, p[i]);
		}
	} else {
		unbound_signed(d);
	}
	if (__builtin_mul_overflow(d->umax, s->umax, &umax) || umax > bits_mask(d->bits)) {
		unbound_unsigned(d);
	} else {
		d->umin *= s->umin;
		d->umax = umax;
	}
}

/* AND, OR, XOR: unsigned bounds come from the known bits of the result `t` and from the operands;
 * signed ones follow when they do not cross the sign boundary. */
static void range_bitwise(struct range *d, const struct range *s, struct vp_tnum t, uint8_t op)
{
	uint64_t umin = t.value, umax = t.value | t.mask;

	if (op == BPF_AND)
		lower_u(&umax, d->umax < s->umax ? d->umax : s->umax);
	if (op == BPF_OR)
		raise_u(&umin, d->umin > s->umin ? d->umin : s->umin);
	d->umin = umin;
	d->umax = umax;
	unbound_signed(d);
	if (sext(umin, d->bits) <= sext(umax, d->bits)) {
		d->smin = sext(umin, d->bits);
		d->smax = sext(umax, d->bits);
	}
}

static void range_lsh(struct range *d, unsigned shift)
{
	int64_t top = highest(d->bits) >> shift, bottom = lowest(d->bits) >> shift;

	if (d->smin >= bottom && d->smax <= top) {
		d->smin = (int64_t)((uint64_t)d->smin << shift);
		d->smax = (int64_t)((uint64_t)d->smax << shift);
	} else {
		unbound_signed(d);
	}
	if (d->umax > bits_mask(d->bits) >> shift) {
		unbound_unsigned(d);
	} else {
		d->umin <<= shift;
		d->umax <<= shift;
	}
}

static void range_rsh(struct range *d, unsigned shift)
{
	d->umin >>= shift;
	d->umax >>= shift;
	unbound_signed(d);
}

static void range_arsh(struct range *d, unsigned shift)
{
	d->smin >>= shift;
	d->smax >>= shift;
	unbound_unsigned(d);
}

static struct vp_tnum tnum_alu(struct vp_tnum a, struct vp_tnum b, uint8_t op, unsigned bits)
{
	switch (op) {
	case BPF_ADD: return fe_tnum_add(a, b);
	case BPF_SUB: return fe_tnum_sub(a, b);
	case BPF_MUL: return fe_tnum_mul(a, b);
	case BPF_AND: return fe_tnum_and(a, b);
	case BPF_OR: return fe_tnum_or(a, b);
	case BPF_XOR: return fe_tnum_xor(a, b);
	case BPF_LSH: return fe_tnum_lsh(a, (unsigned)b.value);
	case BPF_RSH: return fe_tnum_rsh(a, (unsigned)b.value);
	case BPF_ARSH: return fe_tnum_arsh(a, (unsigned)b.value, bits);
	default: return FE_TNUM_UNKNOWN;
	}
}

static void range_alu(struct range *d, const struct range *s, struct vp_tnum result, uint8_t op)
{
	switch (op) {
	case BPF_ADD: range_add(d, s); break;
	case BPF_SUB: range_sub(d, s); break;
	case BPF_MUL: range_mul(d, s); break;
	case BPF_AND:
	case BPF_OR:
	case BPF_XOR: range_bitwise(d, s, result, op); break;
	case BPF_LSH: range_lsh(d, (unsigned)s->umin); break;
	case BPF_RSH: range_rsh(d, (unsigned)s->umin); break;
	case BPF_ARSH: range_arsh(d, (unsigned)s->umin); break;
	default: unbound_signed(d); unbound_unsigned(d);
	}
}

static bool is_shift(uint8_t op)
{
	return op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH;
}

/* Low half of the result depends on the low halves of the operands alone. */
static bool carries_upward(uint8_t op, uint64_t shift)
{
	return op == BPF_ADD || op == BPF_SUB || op == BPF_MUL || op == BPF_AND || op == BPF_OR ||
	       op == BPF_XOR || (op == BPF_LSH && shift < 32);
}

static void alu32(struct fe_val *dst, const struct fe_val *src, uint8_t op)
{
	struct range d = low_half(dst), s = low_half(src);
	struct vp_tnum a = fe_tnum_cast(dst->var, 4), b = fe_tnum_cast(src->var, 4);
	struct vp_tnum t = fe_tnum_cast(tnum_alu(a, b, op, 32), 4);

	range_alu(&d, &s, t, op);
	dst->var = t;
	set_low_half(dst, &d);
	fe_val_zext32(dst);
}

static void alu64(struct fe_val *dst, const struct fe_val *src, uint8_t op)
{
	struct range d = whole(dst), s = whole(src);
	struct range d32 = low_half(dst), s32 = low_half(src);
	struct vp_tnum t = tnum_alu(dst->var, src->var, op, 64);

	range_alu(&d, &s, t, op);
	if (carries_upward(op, src->var.value)) {
		range_alu(&d32, &s32, fe_tnum_cast(t, 4), op);
	} else {
		unbound_signed(&d32);
		unbound_unsigned(&d32);
	}
	dst->var = t;
	set_whole(dst, &d);
	set_low_half(dst, &d32);
	if (!fe_val_bounds_sync(dst))
		*dst = fe_val_unknown();
}

void fe_val_alu(struct fe_val *dst, const struct fe_val *src, uint8_t op, bool is64)
{
	bool amount_known = is64 ? fe_val_is_const(src) : fe_val_low32_is_const(src);
	bool computable = op == BPF_ADD || op == BPF_SUB || op == BPF_MUL || op == BPF_AND ||
			  op == BPF_OR || op == BPF_XOR ||
			  (is_shift(op) && amount_known &&
			   (is64 ? src->umax : src->u32_max) < (is64 ? 64u : 32u));

	if (!computable) {
		*dst = fe_val_unknown();
		if (!is64)
			fe_val_zext32(dst);
	} else if (is64) {
		alu64(dst, src, op);
	} else {
		alu32(dst, src, op);
	}
}

void fe_val_zext32(struct fe_val *v)
{
	v->var = fe_tnum_cast(v->var, 4);
	v->smin = 0;
	v->smax = UINT32_MAX;
	v->umin = v->u32_min;
	v->umax = v->u32_max;
	if (!fe_val_bounds_sync(v)) {
		*v = fe_val_unknown();
		v->var = fe_tnum_cast(v->var, 4);
		v->smin = 0;
		v->smax = UINT32_MAX;
		v->umax = UINT32_MAX;
	}
}

void fe_val_truncate(struct fe_val *v, unsigned bytes)
{
	uint64_t keep = bits_mask(bytes * 8);
	struct fe_val n = fe_val_unknown();

	if (bytes >= 8)
		return;
	if (bytes == 4) {
		fe_val_zext32(v);
		return;
	}
	n.var = fe_tnum_cast(v->var, bytes);
	/* The cut-off part is one number: the bounds' low parts still bound. */
	if ((v->umin & ~keep) == (v->umax & ~keep)) {
		n.umin = v->umin & keep;
		n.umax = v->umax & keep;
	} else {
		n.umax = keep;
	}
	if (!fe_val_bounds_sync(&n)) {
		n = fe_val_unknown();
		n.var = (struct vp_tnum){ 0, keep };
		fe_val_bounds_sync(&n);
	}
	*v = n;
}

void fe_val_end(struct fe_val *v, unsigned bytes, bool swap)
{
	struct fe_val n = fe_val_unknown();

	if (!swap) {
		fe_val_truncate(v, bytes);
		return;
	}
	/* Known bits move along; bounds mean nothing in another order of bytes. */
	n.var = fe_tnum_rsh(fe_tnum_bswap(v->var), 64 - bytes * 8);
	*v = fe_val_bounds_sync(&n) ? n : fe_val_unknown();
}

void fe_val_sign_extend(struct fe_val *v, unsigned bytes, bool to64)
{
	unsigned up = 64 - bytes * 8;
	struct fe_val n = fe_val_unknown();
	int64_t smin = (int64_t)((uint64_t)v->smin << up) >> up;
	int64_t smax = (int64_t)((uint64_t)v->smax << up) >> up;

	if (!to64 && bytes == 4) {
		fe_val_zext32(v);
		return;
	}
	n.var = fe_tnum_arsh(fe_tnum_lsh(v->var, up), up, 64);
	n.smin = INT64_MIN >> up;
	n.smax = INT64_MAX >> up;
	/* The cut-off part is one number, so the kept parts are in order unless the sign flips. */
	if (v->smin >> (bytes * 8) == v->smax >> (bytes * 8) && smin <= smax) {
		n.smin = smin;
		n.smax = smax;
	}
	if (!fe_val_bounds_sync(&n)) {
		n = fe_val_unknown();
		n.smin = INT64_MIN >> up;
		n.smax = INT64_MAX >> up;
		fe_val_bounds_sync(&n);
	}
	*v = n;
	if (!to64)
		fe_val_zext32(v);
}

/* ---- comparing values ------------------------------------------------------------------------- */

bool fe_val_covers(const struct fe_val *o, const struct fe_val *i)
{
	return o->umin <= i->umin && o->umax >= i->umax && o->smin <= i->smin &&
	       o->smax >= i->smax && o->u32_min <= i->u32_min && o->u32_max >= i->u32_max &&
	       o->s32_min <= i->s32_min && o->s32_max >= i->s32_max &&
	       fe_tnum_covers(o->var, i->var);
}

bool fe_val_equal(const struct fe_val *a, const struct fe_val *b)
{
	return !memcmp(a, b, sizeof(*a)); /* no padding: see the assertion */
}
_Static_assert(sizeof(struct fe_val) == 64, "fe_val has no padding");

struct fe_val fe_val_join(const struct fe_val *a, const struct fe_val *b)
{
	struct fe_val j = *a;

	j.var = fe_tnum_join(a->var, b->var);
	lower_s(&j.smin, b->smin);
	raise_s(&j.smax, b->smax);
	lower_u(&j.umin, b->umin);
	raise_u(&j.umax, b->umax);
	j.s32_min = b->s32_min < j.s32_min ? b->s32_min : j.s32_min;
	j.s32_max = b->s32_max > j.s32_max ? b->s32_max : j.s32_max;
	j.u32_min = b->u32_min < j.u32_min ? b->u32_min : j.u32_min;
	j.u32_max = b->u32_max > j.u32_max ? b->u32_max : j.u32_max;
	return j;
}

struct fe_val fe_val_widen(const struct fe_val *before, const struct fe_val *now)
{
	uint64_t moved = before->var.mask | now->var.mask | (before->var.value ^ now->var.value);
	uint64_t kept = (moved & -moved) - 1; /* bits below the lowest that is not the same */
	struct fe_val v = fe_val_unknown();

	v.var = (struct vp_tnum){ now->var.value & kept, ~kept };
	if (now->smin >= before->smin)
		v.smin = before->smin;
	if (now->smax <= before->smax)
		v.smax = before->smax;
	if (now->umin >= before->umin)
		v.umin = before->umin;
	if (now->umax <= before->umax)
		v.umax = before->umax;
	if (now->s32_min >= before->s32_min)
		v.s32_min = before->s32_min;
	if (now->s32_max <= before->s32_max)
		v.s32_max = before->s32_max;
	if (now->u32_min >= before->u32_min)
		v.u32_min = before->u32_min;
	if (now->u32_max <= before->u32_max)
		v.u32_max = before->u32_max;
	fe_val_bounds_sync(&v);
	return v;
}
