/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/domain/value.h"

#include "base/bits.h"

/* What a comparison says about the numbers compared. Bounds at both widths are handled by one set
 * of functions over struct view, which points at the bounds of the width in question. */

struct view {
	int64_t smin, smax;
	uint64_t umin, umax;
	struct vp_tnum var; /* zero-extended at 32 bits */
	unsigned bits;
};

static struct view view_of(const struct fe_val *v, bool is32)
{
	if (is32)
		return (struct view){
			v->s32_min, v->s32_max, v->u32_min, v->u32_max, fe_tnum_cast(v->var, 4), 32
		};
	return (struct view){ v->smin, v->smax, v->umin, v->umax, v->var, 64 };
}

static void view_store(struct fe_val *v, const struct view *w)
{
	if (w->bits == 32) {
		v->s32_min = (int32_t)w->smin;
		v->s32_max = (int32_t)w->smax;
		v->u32_min = (uint32_t)w->umin;
		v->u32_max = (uint32_t)w->umax;
		v->var = fe_tnum_with_low32(v->var, w->var);
		return;
	}
	v->smin = w->smin;
	v->smax = w->smax;
	v->umin = w->umin;
	v->umax = w->umax;
	v->var = w->var;
}

uint8_t fe_cond_negate(uint8_t op)
{
	switch (op) {
	case BPF_JEQ: return BPF_JNE;
	case BPF_JNE: return BPF_JEQ;
	case BPF_JSET: return FE_JNSET;
	case FE_JNSET: return BPF_JSET;
	case BPF_JGT: return BPF_JLE;
	case BPF_JLE: return BPF_JGT;
	case BPF_JGE: return BPF_JLT;
	case BPF_JLT: return BPF_JGE;
	case BPF_JSGT: return BPF_JSLE;
	case BPF_JSLE: return BPF_JSGT;
	case BPF_JSGE: return BPF_JSLT;
	default: return BPF_JSGE; /* of JSLT */
	}
}

uint8_t fe_cond_swap(uint8_t op)
{
	switch (op) {
	case BPF_JGT: return BPF_JLT;
	case BPF_JLT: return BPF_JGT;
	case BPF_JGE: return BPF_JLE;
	case BPF_JLE: return BPF_JGE;
	case BPF_JSGT: return BPF_JSLT;
	case BPF_JSLT: return BPF_JSGT;
	case BPF_JSGE: return BPF_JSLE;
	case BPF_JSLE: return BPF_JSGE;
	default: return op; /* symmetric */
	}
}

static int decide_equal(const struct view *a, const struct view *b)
{
	if (fe_tnum_is_const(a->var) && fe_tnum_is_const(b->var))
		return a->var.value == b->var.value;
	if (fe_tnum_disjoint(a->var, b->var) || a->umin > b->umax || a->umax < b->umin ||
	    a->smin > b->smax || a->smax < b->smin)
		return 0;
	return -1;
}

static int decide_set(const struct view *a, const struct view *b)
{
	const struct view *k = fe_tnum_is_const(b->var) ? b : a, *x = k == b ? a : b;

	if (!fe_tnum_is_const(k->var))
		return -1;
	if (x->var.value & k->var.value)
		return 1;
	return (x->var.value | x->var.mask) & k->var.value ? -1 : 0;
}

static int negated(int decision)
{
	return decision < 0 ? -1 : !decision;
}

int fe_cond_decide(const struct fe_val *av, const struct fe_val *bv, uint8_t op, bool is32)
{
	struct view a = view_of(av, is32), b = view_of(bv, is32);

	switch (op) {
	case BPF_JEQ: return decide_equal(&a, &b);
	case BPF_JNE: return negated(decide_equal(&a, &b));
	case BPF_JSET: return decide_set(&a, &b);
	case FE_JNSET: return negated(decide_set(&a, &b));
	case BPF_JGT: return a.umin > b.umax ? 1 : a.umax <= b.umin ? 0 : -1;
	case BPF_JLE: return a.umax <= b.umin ? 1 : a.umin > b.umax ? 0 : -1;
	case BPF_JGE: return a.umin >= b.umax ? 1 : a.umax < b.umin ? 0 : -1;
	case BPF_JLT: return a.umax < b.umin ? 1 : a.umin >= b.umax ? 0 : -1;
	case BPF_JSGT: return a.smin > b.smax ? 1 : a.smax <= b.smin ? 0 : -1;
	case BPF_JSLE: return a.smax <= b.smin ? 1 : a.smin > b.smax ? 0 : -1;
	case BPF_JSGE: return a.smin >= b.smax ? 1 : a.smax < b.smin ? 0 : -1;
	case BPF_JSLT: return a.smax < b.smin ? 1 : a.smin >= b.smax ? 0 : -1;
	default: return -1;
	}
}

static bool refine_equal(struct view *a, struct view *b)
{
	if (fe_tnum_disjoint(a->var, b->var))
		return false;
	a->umin = a->umin > b->umin ? a->umin : b->umin;
	a->umax = a->umax < b->umax ? a->umax : b->umax;
	a->smin = a->smin > b->smin ? a->smin : b->smin;
	a->smax = a->smax < b->smax ? a->smax : b->smax;
	a->var = fe_tnum_intersect(a->var, b->var);
	*b = *a;
	return true;
}

/* An end of a's interval that is excluded moves by one. */
static void refine_not_const(struct view *a, uint64_t k)
{
	int64_t signed_k = a->bits == 32 ? (int32_t)k : (int64_t)k;

	if (a->umin == k && a->umin < bits_mask(a->bits))
		a->umin++;
	if (a->umax == k && a->umax)
		a->umax--;
	if (a->smin == signed_k && a->smin < (a->bits == 32 ? INT32_MAX : INT64_MAX))
		a->smin++;
	if (a->smax == signed_k && a->smax > (a->bits == 32 ? INT32_MIN : INT64_MIN))
		a->smax--;
}

static bool refine_not_equal(struct view *a, struct view *b)
{
	if (fe_tnum_is_const(a->var) && fe_tnum_is_const(b->var))
		return a->var.value != b->var.value;
	if (fe_tnum_is_const(b->var))
		refine_not_const(a, b->var.value);
	else if (fe_tnum_is_const(a->var))
		refine_not_const(b, a->var.value);
	return true;
}

static bool refine_set(struct view *a, struct view *b, bool set)
{
	struct view *k = fe_tnum_is_const(b->var) ? b : a, *x = k == b ? a : b;

	if (!fe_tnum_is_const(k->var))
		return true;
	if (!set)
		x->var = fe_tnum_and(x->var, fe_tnum_const(~k->var.value));
	else if (bits_is_pow2(k->var.value)) /* of several bits nobody knows which one is set */
		x->var = fe_tnum_or(x->var, fe_tnum_const(k->var.value));
	return true;
}

/* a < b, or a <= b when `or_equal`. */
static bool refine_below(struct view *a, struct view *b, bool or_equal)
{
	uint64_t gap = or_equal ? 0 : 1;

	if (b->umax < gap || a->umin > bits_mask(a->bits) - gap)
		return false;
	if (a->umax > b->umax - gap)
		a->umax = b->umax - gap;
	if (b->umin < a->umin + gap)
		b->umin = a->umin + gap;
	return a->umin <= a->umax && b->umin <= b->umax;
}

static bool refine_below_signed(struct view *a, struct view *b, bool or_equal)
{
	int64_t gap = or_equal ? 0 : 1;
	int64_t top = a->bits == 32 ? INT32_MAX : INT64_MAX;
	int64_t bottom = a->bits == 32 ? INT32_MIN : INT64_MIN;

	if (b->smax < bottom + gap || a->smin > top - gap)
		return false;
	if (a->smax > b->smax - gap)
		a->smax = b->smax - gap;
	if (b->smin < a->smin + gap)
		b->smin = a->smin + gap;
	return a->smin <= a->smax && b->smin <= b->smax;
}

bool fe_cond_refine(struct fe_val *av, struct fe_val *bv, uint8_t op, bool is32)
{
	struct view a = view_of(av, is32), b = view_of(bv, is32);
	bool possible = true;

	switch (op) {
	case BPF_JEQ: possible = refine_equal(&a, &b); break;
	case BPF_JNE: possible = refine_not_equal(&a, &b); break;
	case BPF_JSET: possible = refine_set(&a, &b, true); break;
	case FE_JNSET: possible = refine_set(&a, &b, false); break;
	case BPF_JLT: possible = refine_below(&a, &b, false); break;
	case BPF_JLE: possible = refine_below(&a, &b, true); break;
	case BPF_JGT: possible = refine_below(&b, &a, false); break;
	case BPF_JGE: possible = refine_below(&b, &a, true); break;
	case BPF_JSLT: possible = refine_below_signed(&a, &b, false); break;
	case BPF_JSLE: possible = refine_below_signed(&a, &b, true); break;
	case BPF_JSGT: possible = refine_below_signed(&b, &a, false); break;
	case BPF_JSGE: possible = refine_below_signed(&b, &a, true); break;
	default: break;
	}
	if (!possible)
		return false;
	view_store(av, &a);
	view_store(bv, &b);
	return fe_val_bounds_sync(av) && fe_val_bounds_sync(bv);
}
