/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/isel/harness.h"

#include "base/bits.h"

#include <stdlib.h>
#include <string.h>

/* Random functions: loads and stores of packet, map value and stack in any order, widths mixed, branches,
 * loops and phis. What seed S makes never depends on other seeds.
 *
 *   isel_random_test [FIRST_SEED [COUNT]] */

enum { MAX_VALUES = 64, STORE_AT = 48, STACK_BYTES = 48 };

struct value {
	char name[12];
	unsigned width;
};

struct gen {
	FILE *f;
	uint64_t seed;
	struct value v[MAX_VALUES];
	unsigned n, next_name, next_block;
	char block[16]; /* label of the current block */
};

static unsigned rnd(struct gen *g, unsigned n)
{
	return (unsigned)(harness_random(&g->seed) % n);
}

static const unsigned widths[] = { 8, 16, 32, 64, 32, 64, 32, 24, 48, 5, 33 };
static const unsigned load_widths[] = { 8, 16, 32, 64, 8, 16, 32, 8 };

static unsigned any_width(struct gen *g)
{
	return widths[rnd(g, ARRAY_SIZE(widths))];
}

static void new_name(struct gen *g, char *name)
{
	snprintf(name, 12, "%%t%u", g->next_name++ % 100000);
}

static void remember(struct gen *g, const char *name, unsigned width)
{
	struct value *v = &g->v[g->n < MAX_VALUES ? g->n++ : rnd(g, MAX_VALUES)];

	snprintf(v->name, sizeof(v->name), "%s", name);
	v->width = width;
}

static void constant(struct gen *g, unsigned width, char *out, size_t size)
{
	static const uint64_t some[] = { 0,
					 1,
					 2,
					 3,
					 5,
					 8,
					 0xff,
					 0x100,
					 0xffff,
					 0x10000,
					 0xff00,
					 0x00ff00ff,
					 0x0800,
					 0x7fffffff,
					 0x80000000,
					 0xffffffff,
					 0xfffffff0,
					 UINT64_MAX,
					 UINT64_MAX - 299 };
	uint64_t c = rnd(g, 4) ? some[rnd(g, ARRAY_SIZE(some))] : harness_random(&g->seed);

	snprintf(out, size, "%llu", (unsigned long long)(c & bits_mask(width)));
}

/* A value of the width: an old one, one converted, or a constant. */
static void operand(struct gen *g, unsigned width, char *out, size_t size)
{
	const struct value *v = &g->v[rnd(g, g->n)];

	if (rnd(g, 5) == 0) {
		constant(g, width, out, size);
		return;
	}
	if (v->width == width) {
		snprintf(out, size, "%s", v->name);
		return;
	}
	new_name(g, out);
	fprintf(g->f, "%s = %s i%u %s to i%u\n", out,
		v->width > width ? "trunc"
		: rnd(g, 3)      ? "zext"
				 : "sext",
		v->width, v->name, width);
}

static void put_binary(struct gen *g)
{
	static const char *const ops[] = { "add", "sub",  "and",  "or",  "xor",  "add",
					   "and", "or",   "mul",  "shl", "lshr", "ashr",
					   "shl", "lshr", "udiv", "urem" };
	const char *op = ops[rnd(g, ARRAY_SIZE(ops))];
	unsigned w = any_width(g);
	char a[32], b[32], r[12];

	operand(g, w, a, sizeof(a));
	operand(g, w, b, sizeof(b));
	if (strstr(op, "sh")) {
		if (rnd(g, 2)) {
			snprintf(b, sizeof(b), "%u", rnd(g, w));
		} else {
			new_name(g, r);
			fprintf(g->f, "%s = urem i%u %s, %u\n", r, w, b, w);
			snprintf(b, sizeof(b), "%s", r);
		}
	} else if (*op == 'u') {
		new_name(g, r);
		if (rnd(g, 3))
			snprintf(b, sizeof(b), "%u", 1 + rnd(g, 30));
		fprintf(g->f, "%s = or i%u %s, 1\n", r, w, b);
		snprintf(b, sizeof(b), "%s", r);
	}
	new_name(g, r);
	fprintf(g->f, "%s = %s i%u %s, %s\n", r, op, w, a, b);
	remember(g, r, w);
}

static void put_unary(struct gen *g)
{
	static const char *const calls[] = { "bswap", "bswap", "bswap", "ctpop", "bitreverse" };
	static const unsigned w4[] = { 16, 32, 64, 48 };
	unsigned w = w4[rnd(g, 4)];
	char a[32], r[12];

	operand(g, w, a, sizeof(a));
	new_name(g, r);
	fprintf(g->f, "%s = call i%u @llvm.%s.i%u(i%u %s)\n", r, w, calls[rnd(g, 5)], w, w, a);
	remember(g, r, w);
}

static void put_min_max(struct gen *g)
{
	static const char *const calls[] = {
		"umin", "umax", "smin", "smax", "usub.sat", "uadd.sat"
	};
	unsigned w = any_width(g);
	char a[32], b[32], r[12];

	operand(g, w, a, sizeof(a));
	operand(g, w, b, sizeof(b));
	new_name(g, r);
	fprintf(g->f, "%s = call i%u @llvm.%s.i%u(i%u %s, i%u %s)\n", r, w, calls[rnd(g, 6)], w, w,
		a, w, b);
	remember(g, r, w);
}

/* An i1 in `out`. */
static void condition(struct gen *g, char *out)
{
	static const char *const p[] = { "eq",  "ne",  "ult", "ule", "ugt", "uge", "slt",
					 "sle", "sgt", "sge", "eq",  "ne",  "eq",  "ult" };
	unsigned w = any_width(g);
	char a[32], b[32], c[12], d[12];

	operand(g, w, a, sizeof(a));
	operand(g, w, b, sizeof(b));
	new_name(g, out);
	fprintf(g->f, "%s = icmp %s i%u %s, %s\n", out, p[rnd(g, ARRAY_SIZE(p))], w, a, b);
	if (rnd(g, 3))
		return;
	condition(g, c);
	new_name(g, d);
	if (rnd(g, 2))
		fprintf(g->f, "%s = %s i1 %s, %s\n", d,
			rnd(g, 3) ? rnd(g, 2) ? "and" : "or" : "xor", out, c);
	else
		fprintf(g->f, "%s = select i1 %s, i1 %s, i1 %s\n", d, out, rnd(g, 2) ? c : "true",
			rnd(g, 2) ? c : "false");
	snprintf(out, 12, "%s", d);
}

static void put_select(struct gen *g)
{
	unsigned w = any_width(g);
	char c[12], a[32], b[32], r[12];

	condition(g, c);
	new_name(g, r);
	if (rnd(g, 3) == 0) {
		fprintf(g->f, "%s = %s i1 %s to i%u\n", r, rnd(g, 3) ? "zext" : "sext", c, w);
		remember(g, r, w);
		return;
	}
	operand(g, w, a, sizeof(a));
	operand(g, w, b, sizeof(b));
	fprintf(g->f, "%s = select i1 %s, i%u %s, i%u %s\n", r, c, w, a, w, b);
	remember(g, r, w);
}

/* ---- memory ---- */

struct place {
	const char *type, *base, *mangled; /* token for its part of an intrinsic's name */
	unsigned size;
};

static const struct place places[] = {
	{ "PKT", "%pkt", "MP", 64 }, { "PKT", "%pkt", "MP", 64 },
	{ "PKT", "%pkt", "MP", 64 }, { "VAL", "%val", "MV", 56 },
	{ "VAL", "%val", "MV", 56 }, { "ptr", "%stk", "p0", STACK_BYTES - 8 }
};

/* Pointer to some bytes of the place; offsets are mostly constant. */
static void pointer(struct gen *g, const struct place *p, char *out)
{
	char a[32], m[12], q[12];

	new_name(g, out);
	if (rnd(g, 5)) {
		fprintf(g->f, "%s = getelementptr inbounds i8, %s %s, i32 %u\n", out, p->type,
			p->base, rnd(g, p->size));
		return;
	}
	operand(g, 32, a, sizeof(a));
	new_name(g, m);
	fprintf(g->f, "%s = and i32 %s, 31\n", m, a);
	new_name(g, q);
	fprintf(g->f, "%s = getelementptr i8, %s %s, i32 %s\n", q, p->type, p->base, m);
	fprintf(g->f, "%s = getelementptr i8, %s %s, i32 %u\n", out, p->type, q, rnd(g, 8));
}

static void put_load(struct gen *g)
{
	unsigned w = load_widths[rnd(g, ARRAY_SIZE(load_widths))];
	const struct place *p = &places[rnd(g, ARRAY_SIZE(places))];
	char ptr[12], r[12];

	pointer(g, p, ptr);
	new_name(g, r);
	fprintf(g->f, "%s = load i%u, %s %s, align 1\n", r, w, p->type, ptr);
	remember(g, r, w);
}

static void put_store(struct gen *g)
{
	unsigned w = load_widths[rnd(g, ARRAY_SIZE(load_widths))];
	const struct place *p = &places[rnd(g, ARRAY_SIZE(places))];
	char ptr[12], a[32];

	operand(g, w, a, sizeof(a));
	pointer(g, p, ptr);
	fprintf(g->f, "store i%u %s, %s %s, align 1\n", w, a, p->type, ptr);
}

/* Runs of neighbouring loads and stores, as header code has them. */
static void put_header_code(struct gen *g)
{
	unsigned w = 8u << rnd(g, 3), from = rnd(g, 32), to = rnd(g, 40), n = 1 + rnd(g, 6), i;

	for (i = 0; i < n; i++) {
		unsigned off = i * w / 8;
		char p[12], q[12], r[12];

		new_name(g, p);
		new_name(g, q);
		new_name(g, r);
		fprintf(g->f, "%s = getelementptr inbounds i8, PKT %%pkt, i32 %u\n", p, from + off);
		fprintf(g->f, "%s = load i%u, PKT %s, align 1\n", r, w, p);
		fprintf(g->f, "%s = getelementptr inbounds i8, PKT %%pkt, i32 %u\n", q, to + off);
		fprintf(g->f, "store i%u %s, PKT %s, align 1\n", w, r, q);
		if (i == 0)
			remember(g, r, w);
	}
}

static void put_block_copy(struct gen *g)
{
	const struct place *a = &places[rnd(g, ARRAY_SIZE(places))],
			   *b = &places[rnd(g, ARRAY_SIZE(places))];
	unsigned n = 1 + rnd(g, 20), from = rnd(g, a->size - 32), to = rnd(g, b->size - 32);
	char p[12], q[12];

	new_name(g, p);
	new_name(g, q);
	fprintf(g->f, "%s = getelementptr inbounds i8, %s %s, i32 %u\n", p, a->type, a->base, from);
	fprintf(g->f, "%s = getelementptr inbounds i8, %s %s, i32 %u\n", q, b->type, b->base, to);
	if (rnd(g, 3) == 0)
		fprintf(g->f, "call void @llvm.memset.%s.i32(%s %s, i8 %u, i32 %u, i1 false)\n",
			b->mangled, b->type, q, rnd(g, 256), n);
	else
		fprintf(g->f, "call void @llvm.memmove.%s.%s.i32(%s %s, %s %s, i32 %u, i1 false)\n",
			b->mangled, a->mangled, b->type, q, a->type, p, n);
}

/* ---- control flow ---- */

static void put_code(struct gen *g, unsigned n, unsigned depth);

static void label(struct gen *g, const char *name)
{
	fprintf(g->f, "%s:\n", name);
	snprintf(g->block, sizeof(g->block), "%s", name);
}

/* if/else with phis of values from both sides */
static void put_diamond(struct gen *g, unsigned depth)
{
	unsigned id = g->next_block++, n = g->n, w = any_width(g);
	char c[12], a[32], b[32], yes[16], no[16], end[16], r[12], from_yes[16], from_no[16];

	snprintf(yes, sizeof(yes), "y%u", id);
	snprintf(no, sizeof(no), "n%u", id);
	snprintf(end, sizeof(end), "e%u", id);
	condition(g, c);
	fprintf(g->f, "br i1 %s, label %%%s, label %%%s\n", c, yes, no);
	label(g, yes);
	put_code(g, rnd(g, 4), depth + 1);
	operand(g, w, a, sizeof(a));
	snprintf(from_yes, sizeof(from_yes), "%s", g->block);
	fprintf(g->f, "br label %%%s\n", end);
	g->n = n; /* values of this side are not known on the other */
	label(g, no);
	put_code(g, rnd(g, 4), depth + 1);
	operand(g, w, b, sizeof(b));
	snprintf(from_no, sizeof(from_no), "%s", g->block);
	if (rnd(g, 8) == 0) {
		operand(g, 32, r, sizeof(r));
		fprintf(g->f, "ret i32 %s\n", r);
		from_no[0] = 0;
	} else {
		fprintf(g->f, "br label %%%s\n", end);
	}
	g->n = n;
	label(g, end);
	new_name(g, r);
	if (from_no[0])
		fprintf(g->f, "%s = phi i%u [ %s, %%%s ], [ %s, %%%s ]\n", r, w, a, from_yes, b,
			from_no);
	else
		fprintf(g->f, "%s = phi i%u [ %s, %%%s ]\n", r, w, a, from_yes);
	remember(g, r, w);
}

/* A loop of a few rounds that carries one value. */
static void put_loop(struct gen *g, unsigned depth)
{
	unsigned id = g->next_block++, n = g->n, w = any_width(g), rounds = 1 + rnd(g, 4);
	char init[32], i[12], v[12], i1[12], c[12], next[32], head[16], before[16];

	operand(g, w, init, sizeof(init));
	snprintf(head, sizeof(head), "l%u", id);
	snprintf(before, sizeof(before), "%s", g->block);
	new_name(g, i);
	new_name(g, v);
	new_name(g, i1);
	new_name(g, c);
	fprintf(g->f, "br label %%%s\n", head);
	label(g, head);
	fprintf(g->f, "%s = phi i32 [ 0, %%%s ], [ %s, %%b%u ]\n", i, before, i1, id);
	fprintf(g->f, "%s = phi i%u [ %s, %%%s ], [ %%x%u, %%b%u ]\n", v, w, init, before, id, id);
	remember(g, i, 32);
	remember(g, v, w);
	put_code(g, 1 + rnd(g, 4), depth + 1);
	operand(g, w, next, sizeof(next));
	fprintf(g->f, "br label %%b%u\n", id);
	snprintf(before, sizeof(before), "b%u", id);
	label(g, before);
	fprintf(g->f, "%%x%u = freeze i%u %s\n%s = add i32 %s, 1\n%s = icmp ult i32 %s, %u\n", id,
		w, next, i1, i, c, i1, rounds);
	fprintf(g->f, "br i1 %s, label %%%s, label %%d%u\n", c, head, id);
	snprintf(before, sizeof(before), "d%u", id);
	label(g, before);
	if (g->n > n)
		g->n = n;
	remember(g, v, w);
}

static void put_switch(struct gen *g)
{
	unsigned id = g->next_block++, n = 2 + rnd(g, 20), w = 8u << rnd(g, 4), i;
	uint64_t step = rnd(g, 2) ? 1 + rnd(g, 300) : harness_random(&g->seed) | 1;
	char a[32], name[16], r[12];

	operand(g, w, a, sizeof(a));
	if (w == 8 && n > 8)
		n = 8;
	step = w == 8 ? 3 : step;
	fprintf(g->f, "switch i%u %s, label %%d%u [\n", w, a, id);
	for (i = 0; i < n; i++)
		fprintf(g->f, "i%u %llu, label %%%c%u\n", w,
			(unsigned long long)(i * step & bits_mask(w)), i % 3 == 1 ? 'd' : 's', id);
	fprintf(g->f, "]\ns%u:\nbr label %%d%u\n", id, id);
	snprintf(name, sizeof(name), "d%u", id);
	new_name(g, r);
	fprintf(g->f, "d%u:\n%s = phi i32 [ 5, %%s%u ]", id, r, id);
	for (i = 0; i < n; i++)
		if (i % 3 == 1)
			fprintf(g->f, ", [ 7, %%%s ]", g->block);
	fprintf(g->f, ", [ 7, %%%s ]\n", g->block);
	snprintf(g->block, sizeof(g->block), "%s", name);
	remember(g, r, 32);
}

static void put_code(struct gen *g, unsigned n, unsigned depth)
{
	while (n--) {
		switch (rnd(g, depth < 2 ? 20 : 16)) {
		case 0:
		case 1:
		case 2:
		case 3:
		case 4: put_binary(g); break;
		case 5: put_unary(g); break;
		case 6: put_min_max(g); break;
		case 7:
		case 8: put_select(g); break;
		case 9:
		case 10:
		case 11: put_load(g); break;
		case 12:
		case 13: put_store(g); break;
		case 14: put_header_code(g); break;
		case 15: put_block_copy(g); break;
		case 16: put_switch(g); break;
		case 17: put_loop(g, depth); break;
		default: put_diamond(g, depth); break;
		}
	}
}

static void add_seed(struct harness *h, uint64_t seed)
{
	struct gen g = { .seed = seed * 77, .block = "entry" };
	char *text = NULL, a[32], name[32];
	size_t size;
	unsigned i;

	g.f = open_memstream(&text, &size);
	fprintf(g.f,
		"%%stk = alloca [%u x i8], align 8\ncall void @llvm.memset.p0.i32(ptr %%stk, i8 0, "
		"i32 %u, i1 false)\n",
		STACK_BYTES, STACK_BYTES);
	fputs("%q = getelementptr inbounds i8, VAL %val, i32 0\n", g.f);
	for (i = 0; i < 3; i++) {
		fprintf(g.f,
			"%%p%u = getelementptr inbounds i8, PKT %%pkt, i32 %u\n%%in%u = load i64, "
			"PKT %%p%u, align 1\n",
			i, 16 * i, i, i);
		snprintf(name, sizeof(name), "%%in%u", i);
		remember(&g, name, 64);
	}
	put_code(&g, 4 + rnd(&g, 14), 0);
	operand(&g, 64, a, sizeof(a));
	fprintf(g.f,
		"%%ps = getelementptr inbounds i8, PKT %%pkt, i32 %u\nstore i64 %s, PKT %%ps, "
		"align 1\n",
		STORE_AT + rnd(&g, 16), a);
	operand(&g, 32, a, sizeof(a));
	fprintf(g.f, "ret i32 %s\n", a);
	fclose(g.f);
	snprintf(name, sizeof(name), "seed %llu", (unsigned long long)seed);
	harness_add(h, name, text);
	free(text);
}

int main(int argc, char **argv)
{
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 0) : 1000, i;
	struct harness *h = harness_new();
	unsigned failures;

	harness_packets(h, 8, first);
	for (i = 0; i < n; i++)
		add_seed(h, first + i);
	failures = harness_run(h);
	printf("%u failures\n", failures);
	harness_free(h);
	return failures != 0;
}
