/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/domain/value.h"

#include "base/bits.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* What is known of numbers: properties over random values and their concrete members, and a few
 * results that must be as sharp as they are. */

#define ROUNDS 100000

static uint64_t next(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

/* Numbers near the places where bounds and widths change. */
static uint64_t number(uint64_t *s)
{
	static const uint64_t edges[] = { 0,
					  1,
					  63,
					  0x7f,
					  0xff,
					  0xffff,
					  INT32_MAX,
					  (uint64_t)INT32_MIN,
					  0x80000000,
					  UINT32_MAX,
					  0x100000000,
					  INT64_MAX,
					  (uint64_t)INT64_MIN,
					  UINT64_MAX };
	uint64_t r = next(s);

	switch (r % 4) {
	case 0: return edges[next(s) % ARRAY_SIZE(edges)] + next(s) % 3 - 1;
	case 1: return next(s) & 0xffff;
	case 2: return next(s) & next(s) & next(s);
	default: return next(s);
	}
}

/* A value with two members; loosened so that it is more than the join of the two. */
struct sample {
	struct fe_val val;
	uint64_t member[2];
};

static struct sample sample(uint64_t *s)
{
	struct sample x = { .member = { number(s), number(s) } };
	struct fe_val a, b;

	if (next(s) % 4 == 0)
		x.member[1] = x.member[0];
	a = fe_val_const(x.member[0]);
	b = fe_val_const(x.member[1]);
	x.val = fe_val_join(&a, &b);
	if (next(s) % 4 == 0)
		x.val = fe_val_unknown();
	else if (next(s) % 4 == 0)
		x.val.var = FE_TNUM_UNKNOWN;
	assert_true(fe_val_bounds_sync(&x.val));
	return x;
}

static bool contains(const struct fe_val *v, uint64_t n)
{
	return !((n ^ v->var.value) & ~v->var.mask) && (int64_t)n >= v->smin &&
	       (int64_t)n <= v->smax && n >= v->umin && n <= v->umax && (int32_t)n >= v->s32_min &&
	       (int32_t)n <= v->s32_max && (uint32_t)n >= v->u32_min && (uint32_t)n <= v->u32_max;
}

static uint64_t compute(uint8_t op, bool is64, uint64_t a, uint64_t b)
{
	uint64_t r;

	if (!is64) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (op) {
	case BPF_ADD: r = a + b; break;
	case BPF_SUB: r = a - b; break;
	case BPF_MUL: r = a * b; break;
	case BPF_AND: r = a & b; break;
	case BPF_OR: r = a | b; break;
	case BPF_XOR: r = a ^ b; break;
	case BPF_LSH: r = a << (b & (is64 ? 63 : 31)); break;
	case BPF_RSH: r = a >> (b & (is64 ? 63 : 31)); break;
	case BPF_ARSH:
		r = is64 ? (uint64_t)((int64_t)a >> (b & 63))
			 : (uint64_t)((int64_t)(int32_t)a >> (b & 31));
		break;
	case BPF_DIV: r = b ? a / b : 0; break;
	default: r = b ? a % b : a;
	}
	return is64 ? r : (uint32_t)r;
}

static void alu_covers_every_result(void **state)
{
	static const uint8_t ops[] = { BPF_ADD, BPF_SUB, BPF_MUL,  BPF_AND, BPF_OR, BPF_XOR,
				       BPF_LSH, BPF_RSH, BPF_ARSH, BPF_DIV, BPF_MOD };
	uint64_t seed = 1;

	(void)state;
	for (unsigned n = 0; n < ROUNDS; n++) {
		struct sample a = sample(&seed), b = sample(&seed);
		uint8_t op = ops[next(&seed) % ARRAY_SIZE(ops)];
		bool is64 = next(&seed) & 1;
		struct fe_val r;

		if (next(&seed) % 2 && (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH)) {
			b.member[0] = b.member[1] = next(&seed) % (is64 ? 64 : 32);
			b.val = fe_val_const(b.member[0]);
		}
		r = a.val;
		fe_val_alu(&r, &b.val, op, is64);
		for (unsigned k = 0; k < 4; k++)
			assert_true(
				contains(&r, compute(op, is64, a.member[k & 1], b.member[k >> 1])));
	}
}

static void narrowing_covers_every_result(void **state)
{
	static const unsigned sizes[] = { 1, 2, 4, 8 };
	uint64_t seed = 2;

	(void)state;
	for (unsigned n = 0; n < ROUNDS; n++) {
		struct sample a = sample(&seed);
		unsigned size = sizes[next(&seed) % 4], up = 64 - size * 8;
		bool to64 = next(&seed) & 1;
		struct fe_val z = a.val, s = a.val;

		fe_val_truncate(&z, size);
		if (size < 8)
			fe_val_sign_extend(&s, size, to64);
		for (unsigned k = 0; k < 2; k++) {
			uint64_t m = a.member[k], e = (uint64_t)((int64_t)(m << up) >> up);

			assert_true(contains(&z, m << up >> up));
			assert_true(size == 8 || contains(&s, to64 ? e : (uint32_t)e));
		}
	}
}

static bool holds(uint64_t a, uint64_t b, uint8_t op, bool is32)
{
	int64_t sa = is32 ? (int32_t)a : (int64_t)a, sb = is32 ? (int32_t)b : (int64_t)b;

	if (is32) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (op) {
	case BPF_JEQ: return a == b;
	case BPF_JNE: return a != b;
	case BPF_JGT: return a > b;
	case BPF_JGE: return a >= b;
	case BPF_JLT: return a < b;
	case BPF_JLE: return a <= b;
	case BPF_JSGT: return sa > sb;
	case BPF_JSGE: return sa >= sb;
	case BPF_JSLT: return sa < sb;
	case BPF_JSLE: return sa <= sb;
	default: return a & b;
	}
}

static void conditions_keep_what_satisfies_them(void **state)
{
	static const uint8_t ops[] = { BPF_JEQ,  BPF_JNE,  BPF_JGT,  BPF_JGE,  BPF_JLT, BPF_JLE,
				       BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE, BPF_JSET };
	uint64_t seed = 3;

	(void)state;
	for (unsigned n = 0; n < ROUNDS; n++) {
		struct sample a = sample(&seed), b = sample(&seed);
		uint8_t op = ops[next(&seed) % ARRAY_SIZE(ops)];
		bool is32 = next(&seed) & 1;
		int decided = fe_cond_decide(&a.val, &b.val, op, is32);
		struct fe_val ta = a.val, tb = b.val, fa = a.val, fb = b.val;
		bool may = fe_cond_refine(&ta, &tb, op, is32);
		bool may_not = fe_cond_refine(&fa, &fb, fe_cond_negate(op), is32);

		for (unsigned k = 0; k < 4; k++) {
			uint64_t x = a.member[k & 1], y = b.member[k >> 1];
			bool h = holds(x, y, op, is32);

			assert_true(decided < 0 || decided == h);
			assert_true(h ? may && contains(&ta, x) && contains(&tb, y)
				      : may_not && contains(&fa, x) && contains(&fb, y));
			assert_int_equal(holds(y, x, fe_cond_swap(op), is32), h);
		}
	}
}

static void join_covers_both_sides(void **state)
{
	uint64_t seed = 4;

	(void)state;
	for (unsigned n = 0; n < ROUNDS / 4; n++) {
		struct sample a = sample(&seed), b = sample(&seed);
		struct fe_val j = fe_val_join(&a.val, &b.val);

		assert_true(fe_val_covers(&j, &a.val) && fe_val_covers(&j, &b.val));
		assert_true(fe_val_covers(&a.val, &a.val));
	}
}

static void widening_covers_what_is_now(void **state)
{
	uint64_t seed = 5;

	(void)state;
	for (unsigned n = 0; n < ROUNDS / 4; n++) {
		struct sample before = sample(&seed), now = sample(&seed);
		struct fe_val w = fe_val_widen(&before.val, &now.val);

		assert_true(fe_val_covers(&w, &now.val));
	}
}

/* A counter that starts at 0 and grows stays at or above 0. */
static void widening_keeps_what_holds(void **state)
{
	struct fe_val zero = fe_val_const(0), four = fe_val_const(4);
	struct fe_val w = fe_val_widen(&zero, &four);

	(void)state;
	assert_int_equal(w.smin, 0);
	assert_int_equal(w.s32_min, 0);
	assert_int_equal(w.umin, 0);
	assert_int_equal(w.var.mask & 7, 4); /* a multiple of four */
}

/* As sharp as the kernel, where programs rely on it. */
static bool is_member(struct vp_tnum t, uint64_t n)
{
	return !((n ^ t.value) & ~t.mask);
}

static void check_products(struct vp_tnum a, struct vp_tnum b)
{
	struct vp_tnum product = fe_tnum_mul(a, b);

	assert_false(product.value & product.mask);
	for (uint64_t x = 0; x < 32; x++) {
		for (uint64_t y = 0; y < 32 && is_member(a, x); y++) {
			if (is_member(b, y) && !is_member(product, x * y))
				fail_msg("%llu * %llu", (unsigned long long)x,
					 (unsigned long long)y);
		}
	}
}

/* All pairs of five known and unknown bits. */
static void products_cover_all_of_five_bits(void **state)
{
	(void)state;
	for (uint64_t a = 0; a < 1024; a++) {
		for (uint64_t b = 0; b < 1024; b++) {
			struct vp_tnum x = { a & 31, a >> 5 }, y = { b & 31, b >> 5 };

			if (!(x.value & x.mask) && !(y.value & y.mask))
				check_products(x, y);
		}
	}
}

/* An unknown bit of the first operand is taken apart, as in the kernel. */
static void products_are_as_sharp_as_the_kernels(void **state)
{
	static const struct {
		struct vp_tnum a, b, product;
	} rows[] = {
		{ { 1, 2 }, { 3, 0 }, { 1, 10 } }, /* 3 or 9 */
		{ { 3, 0 }, { 1, 2 }, { 1, 14 } }, { { 0, 1 }, { 12, 0 }, { 0, 12 } },
		{ { 0, 8 }, { 5, 0 }, { 0, 40 } }, { { 6, 0 }, { 7, 0 }, { 42, 0 } },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vp_tnum p = fe_tnum_mul(rows[i].a, rows[i].b);

		if (!fe_tnum_equal(p, rows[i].product))
			fail_msg("row %u: %llx/%llx", i, (unsigned long long)p.value,
				 (unsigned long long)p.mask);
	}
}

static void bounds_are_sharp(void **state)
{
	struct fe_val v = fe_val_unknown(), k;

	(void)state;
	/* A byte times four: the IPv4 header length. */
	fe_val_truncate(&v, 1);
	k = fe_val_const(0xf);
	fe_val_alu(&v, &k, BPF_AND, true);
	k = fe_val_const(2);
	fe_val_alu(&v, &k, BPF_LSH, true);
	assert_int_equal(v.umax, 60);
	assert_int_equal(v.var.mask, 0x3c);
	/* x > 10 and x < 20, then x - 10. */
	v = fe_val_unknown();
	k = fe_val_const(10);
	assert_true(fe_cond_refine(&v, &k, BPF_JGT, false));
	k = fe_val_const(20);
	assert_true(fe_cond_refine(&v, &k, BPF_JLT, false));
	k = fe_val_const(10);
	fe_val_alu(&v, &k, BPF_SUB, true);
	assert_int_equal(v.umin, 1);
	assert_int_equal(v.smax, 9);
	/* A signed 32-bit test, then the zero-extended number. */
	v = fe_val_unknown();
	k = fe_val_const(5);
	assert_true(fe_cond_refine(&v, &k, BPF_JSLE, true));
	k = fe_val_const(0);
	assert_true(fe_cond_refine(&v, &k, BPF_JSGE, true));
	fe_val_zext32(&v);
	assert_int_equal(v.umax, 5);
	/* Two tests that exclude each other. */
	v = fe_val_const(7);
	k = fe_val_const(8);
	assert_false(fe_cond_refine(&v, &k, BPF_JEQ, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alu_covers_every_result),
		cmocka_unit_test(narrowing_covers_every_result),
		cmocka_unit_test(conditions_keep_what_satisfies_them),
		cmocka_unit_test(join_covers_both_sides),
		cmocka_unit_test(widening_covers_what_is_now),
		cmocka_unit_test(widening_keeps_what_holds),
		cmocka_unit_test(products_cover_all_of_five_bits),
		cmocka_unit_test(products_are_as_sharp_as_the_kernels),
		cmocka_unit_test(bounds_are_sharp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
