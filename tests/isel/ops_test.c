/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/isel/harness.h"

#include "base/bits.h"

#include <stdlib.h>
#include <string.h>

/* Every operation at every width, with variables and with constants on either side.
 *
 *   isel_ops_test [SUBSTRING]     runs the cases whose name contains it */

static const unsigned widths[] = { 1, 3, 8, 16, 24, 32, 33, 48, 64 };

/* Rows: name, body with W for the width; %a and %b are the operands, %r the result; C is a constant. */
struct op {
	const char *name, *body;
};

static const struct op binary_ops[] = {
	{ "add", "%r = add iW %a, %b\n" },
	{ "sub", "%r = sub iW %a, %b\n" },
	{ "mul", "%r = mul iW %a, %b\n" },
	{ "and", "%r = and iW %a, %b\n" },
	{ "or", "%r = or iW %a, %b\n" },
	{ "xor", "%r = xor iW %a, %b\n" },
	{ "shl", "%s = urem iW %b, WIDTH\n%r = shl iW %a, %s\n" },
	{ "lshr", "%s = urem iW %b, WIDTH\n%r = lshr iW %a, %s\n" },
	{ "ashr", "%s = urem iW %b, WIDTH\n%r = ashr iW %a, %s\n" },
	{ "udiv", "%z = icmp eq iW %b, 0\n%d = select i1 %z, iW 1, iW %b\n%r = udiv iW %a, %d\n" },
	{ "urem", "%z = icmp eq iW %b, 0\n%d = select i1 %z, iW 1, iW %b\n%r = urem iW %a, %d\n" },
	{ "sdiv", "%z = icmp eq iW %b, 0\n%m = icmp eq iW %b, -1\n%zm = or i1 %z, %m\n"
		  "%d = select i1 %zm, iW 1, iW %b\n%r = sdiv iW %a, %d\n" },
	{ "srem", "%z = icmp eq iW %b, 0\n%m = icmp eq iW %b, -1\n%zm = or i1 %z, %m\n"
		  "%d = select i1 %zm, iW 1, iW %b\n%r = srem iW %a, %d\n" },
	{ "umin", "%r = call iW @llvm.umin.iW(iW %a, iW %b)\n" },
	{ "umax", "%r = call iW @llvm.umax.iW(iW %a, iW %b)\n" },
	{ "smin", "%r = call iW @llvm.smin.iW(iW %a, iW %b)\n" },
	{ "smax", "%r = call iW @llvm.smax.iW(iW %a, iW %b)\n" },
	{ "usub.sat", "%r = call iW @llvm.usub.sat.iW(iW %a, iW %b)\n" },
	{ "uadd.sat", "%r = call iW @llvm.uadd.sat.iW(iW %a, iW %b)\n" },
	{ "fshl.const", "%r = call iW @llvm.fshl.iW(iW %a, iW %b, iW 5)\n" },
	{ "fshr.const", "%r = call iW @llvm.fshr.iW(iW %a, iW %b, iW 5)\n" },
	{ "rotl.const", "%r = call iW @llvm.fshl.iW(iW %a, iW %a, iW 9)\n" },
	{ "carry", "%c = icmp ult iW %a, %b\n%z = zext i1 %c to iW\n%r = add iW %a, %z\n" },
	{ "carry.uge", "%c = icmp uge iW %a, %b\n%z = zext i1 %c to iW\n%r = add iW %b, %z\n" },
	{ "carry.eq", "%c = icmp eq iW %a, %b\n%z = zext i1 %c to iW\n%r = add iW %b, %z\n" },
	{ "bool.sext", "%c = icmp ult iW %a, %b\n%r = sext i1 %c to iW\n" },
	{ "bool.sext.slt", "%c = icmp slt iW %a, %b\n%r = sext i1 %c to iW\n" },
	{ "xor.bool", "%c = icmp ult iW %a, %b\n%d = icmp eq iW %a, 3\n%e = xor i1 %c, %d\n%r = "
		      "zext i1 %e to iW\n" },
};

/* With constants a and b are swapped in too. */
static const char *const consts[] = { "1",     "2",   "3",   "7",   "10",   "13",
				      "100",   "255", "256", "641", "1000", "32767",
				      "65535", "-1",  "-2",  "-5",  "-300" };

static const char *const predicates[] = { "eq",  "ne",  "ult", "ule", "ugt",
					  "uge", "slt", "sle", "sgt", "sge" };

static const struct op unary_ops[] = {
	{ "ctpop", "%r = call iW @llvm.ctpop.iW(iW %a)\n" },
	{ "ctlz", "%r = call iW @llvm.ctlz.iW(iW %a, i1 false)\n" },
	{ "cttz", "%r = call iW @llvm.cttz.iW(iW %a, i1 false)\n" },
	{ "bitreverse", "%r = call iW @llvm.bitreverse.iW(iW %a)\n" },
	{ "abs", "%r = call iW @llvm.abs.iW(iW %a, i1 false)\n" },
	{ "not", "%r = xor iW %a, -1\n" },
	{ "freeze", "%r = freeze iW %a\n" },
	{ "shl.shr", "%s = shl iW %a, 2\n%r = lshr iW %s, 1\n" },
	{ "shr.mask", "%s = lshr iW %a, 2\n%r = and iW %s, 5\n" },
	{ "mask.hole", "%r = and iW %a, -4\n%u = add iW %r, 0\n" },
	{ "sext.shl", "%s = shl iW %a, 1\n%r = ashr iW %s, 1\n" },
};

static const struct op wide_ops[] = {
	/* widths that are pairs of bytes, or powers of two */
	{ "bswap", "%r = call iW @llvm.bswap.iW(iW %a)\n" },
	{ "bswap.add", "%s = call iW @llvm.bswap.iW(iW %a)\n%t = add iW %s, 1\n%r = call iW "
		       "@llvm.bswap.iW(iW %t)\n" },
	{ "bswap.eq",
	  "%s = call iW @llvm.bswap.iW(iW %a)\n%c = icmp eq iW %s, 256\n%r = zext i1 %c to iW\n" },
};

static const struct op pow2_ops[] = {
	{ "fshl.var", "%r = call iW @llvm.fshl.iW(iW %a, iW %b, iW %b)\n" },
	{ "fshr.var", "%r = call iW @llvm.fshr.iW(iW %a, iW %b, iW %b)\n" },
	{ "rotr.var", "%r = call iW @llvm.fshr.iW(iW %a, iW %a, iW %b)\n" },
};

static const char *const cmp_consts[] = { "0",   "1",    "2",      "5",         "8",     "255",
					  "256", "257",  "2048",   "65535",     "65536", "-1",
					  "-2",  "-256", "-65536", "2147483647" };

static const char *const overflow_ops[] = { "uadd", "usub", "sadd", "ssub", "umul", "smul" };

struct text {
	char *buf;
	size_t len;
	FILE *f;
};

static FILE *text_open(struct text *t)
{
	t->f = open_memstream(&t->buf, &t->len);
	return t->f;
}

static char *text_done(struct text *t)
{
	fclose(t->f);
	return t->buf;
}

/* `body` with iW, WIDTH, %b and %a replaced. */
static void put_op(FILE *f, const char *body, unsigned width, const char *a, const char *b)
{
	while (*body) {
		if (!strncmp(body, "iW", 2)) {
			fprintf(f, "i%u", width);
			body += 2;
		} else if (!strncmp(body, "WIDTH", 5)) {
			fprintf(f, "%lld", width == 1 ? -1LL : width == 3 ? 3LL : (long long)width);
			body += 5;
		} else if (!strncmp(body, "%a,", 3) || !strncmp(body, "%a)", 3) ||
			   !strncmp(body, "%a\n", 3)) {
			fputs(a, f);
			body += 2;
		} else if (!strncmp(body, "%b,", 3) || !strncmp(body, "%b)", 3) ||
			   !strncmp(body, "%b\n", 3)) {
			fputs(b, f);
			body += 2;
		} else {
			fputc(*body++, f);
		}
	}
}

static void put_load(FILE *f, const char *name, unsigned off, unsigned width)
{
	unsigned bytes = (width + 7) / 8 * 8;

	fprintf(f, "%%p%s = getelementptr inbounds i8, PKT %%pkt, i32 %u\n", name, off);
	fprintf(f, "%%l%s = load i%u, PKT %%p%s, align 1\n", name, bytes, name);
	if (bytes == width)
		fprintf(f, "%%%s = freeze i%u %%l%s\n", name, width, name);
	else
		fprintf(f, "%%%s = trunc i%u %%l%s to i%u\n", name, bytes, name, width);
}

static void put_store(FILE *f, unsigned width)
{
	if (width < 64)
		fprintf(f, "%%rz = zext i%u %%r to i64\n", width);
	else if (width == 64)
		fputs("%rz = freeze i64 %r\n", f);
	else
		fprintf(f,
			"%%rw = lshr i%u %%r, 64\n%%rh = trunc i%u %%rw to i64\n"
			"%%ph = getelementptr inbounds i8, PKT %%pkt, i32 72\n"
			"store i64 %%rh, PKT %%ph, align 1\n%%rz = trunc i%u %%r to i64\n",
			width, width, width);
	fputs("%pr = getelementptr inbounds i8, PKT %pkt, i32 64\nstore i64 %rz, PKT %pr, align 1\n"
	      "%v = trunc i64 %rz to i32\nret i32 %v\n",
	      f);
}

static const char *filter;

static void add(struct harness *h, const char *name, struct text *t)
{
	char *body = text_done(t);

	if (!filter || strstr(name, filter))
		harness_add(h, name, body);
	free(body);
}

static void add_op(struct harness *h, const struct op *op, unsigned width, const char *a,
		   const char *b)
{
	struct text t;
	FILE *f;
	char name[128];

	if (width == 1 && strstr(op->body, "ext i1")) /* from i1 to i1 */
		return;
	f = text_open(&t);
	put_load(f, "a", 0, width);
	put_load(f, "b", 16, width);
	put_op(f, op->body, width, a, b);
	put_store(f, width);
	snprintf(name, sizeof(name), "%s i%u %s, %s", op->name, width, a, b);
	add(h, name, &t);
}

/* Constants must fit the type, or LLVM's parser rejects them. */
static bool fits(const char *c, unsigned width)
{
	long long v = strtoll(c, NULL, 10);

	if (width >= 64)
		return true;
	return v < 0 ? -v <= (1LL << (width - 1)) : v < (1LL << width);
}

static void add_binary(struct harness *h)
{
	size_t i, w, c;

	for (i = 0; i < ARRAY_SIZE(binary_ops); i++) {
		for (w = 0; w < ARRAY_SIZE(widths); w++) {
			const struct op *op = &binary_ops[i];

			if (strstr(op->name, "const") && widths[w] < 8)
				continue;
			add_op(h, op, widths[w], "%a", "%b");
			for (c = 0; c < ARRAY_SIZE(consts) && !strstr(op->name, "const"); c++) {
				if (!fits(consts[c], widths[w]))
					continue;
				add_op(h, op, widths[w], "%a", consts[c]);
				if (c % 3 == 0)
					add_op(h, op, widths[w], consts[c], "%b");
			}
		}
	}
}

/* Over 64 bits: what byte swaps and combined loads bring. */
static void add_wide(struct harness *h)
{
	static const char *const ops[] = { "add", "sub", "mul", "and", "or", "xor" };
	static const char *const shifts[] = { "shl", "lshr", "ashr" };
	static const unsigned w[] = { 80, 96, 128 }, by[] = { 1, 8, 31, 32, 48, 64, 79 };
	size_t i, k, p;

	for (k = 0; k < ARRAY_SIZE(w); k++) {
		char body[256], name[64];
		struct op op = { name, body };

		for (i = 0; i < ARRAY_SIZE(ops); i++) {
			snprintf(name, sizeof(name), "wide %s", ops[i]);
			snprintf(body, sizeof(body), "%%r = %s iW %%a, %%b\n", ops[i]);
			add_op(h, &op, w[k], "%a", "%b");
			add_op(h, &op, w[k], "%a", "-36893488147419103233");
			add_op(h, &op, w[k], "%a", "5");
		}
		for (i = 0; i < ARRAY_SIZE(shifts); i++) {
			for (p = 0; p < ARRAY_SIZE(by); p++) {
				snprintf(name, sizeof(name), "wide %s %u", shifts[i], by[p]);
				snprintf(body, sizeof(body), "%%r = %s iW %%a, %u\n", shifts[i],
					 by[p]);
				add_op(h, &op, w[k], "%a", "%b");
			}
		}
		for (p = 0; p < ARRAY_SIZE(predicates); p++) {
			snprintf(name, sizeof(name), "wide icmp %s", predicates[p]);
			snprintf(body, sizeof(body),
				 "%%c = icmp %s iW %%a, %%b\n%%r = select i1 %%c, iW %%a, iW 7\n",
				 predicates[p]);
			add_op(h, &op, w[k], "%a", "%b");
			add_op(h, &op, w[k], "%a", "18446744073709551616");
		}
		snprintf(name, sizeof(name), "wide bswap");
		snprintf(body, sizeof(body), "%%r = call iW @llvm.bswap.iW(iW %%a)\n");
		add_op(h, &op, w[k], "%a", "%b");
	}
}

static void add_const_shifts(struct harness *h)
{
	static const char *const ops[] = { "shl", "lshr", "ashr" };
	static const unsigned by[] = { 0, 1, 7, 8, 9, 16, 24, 31, 32, 33, 40, 63 };
	size_t i, w, k;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		for (w = 0; w < ARRAY_SIZE(widths); w++) {
			for (k = 0; k < ARRAY_SIZE(by) && by[k] < widths[w]; k++) {
				char body[64];
				struct op op = { ops[i], body };

				snprintf(body, sizeof(body), "%%r = %s iW %%a, %u\n", ops[i],
					 by[k]);
				add_op(h, &op, widths[w], "%a", "%b");
			}
		}
	}
}

static void add_unary(struct harness *h)
{
	size_t i, w;

	for (w = 0; w < ARRAY_SIZE(widths); w++) {
		for (i = 0; i < ARRAY_SIZE(unary_ops); i++)
			if (widths[w] >= 8)
				add_op(h, &unary_ops[i], widths[w], "%a", "%b");
		for (i = 0; i < ARRAY_SIZE(wide_ops); i++)
			if (widths[w] % 16 == 0)
				add_op(h, &wide_ops[i], widths[w], "%a", "%b");
		for (i = 0; i < ARRAY_SIZE(pow2_ops); i++)
			if (bits_is_pow2(widths[w]) && widths[w] >= 8)
				add_op(h, &pow2_ops[i], widths[w], "%a", "%b");
	}
}

static void add_casts(struct harness *h)
{
	size_t i, k, s;

	for (i = 0; i < ARRAY_SIZE(widths); i++) {
		for (k = i + 1; k < ARRAY_SIZE(widths); k++) {
			for (s = 0; s < 2; s++) {
				char body[256];
				struct op op = { s ? "sext" : "zext", body };

				/* through a sum, so that the bits above the type are not clean */
				snprintf(body, sizeof(body),
					 "%%t = trunc iW %%a to i%u\n%%u = add i%u %%t, 1\n%%r = "
					 "%s i%u %%u to iW\n",
					 widths[i], widths[i], op.name, widths[i]);
				add_op(h, &op, widths[k], "%a", "%b");
			}
		}
	}
}

/* A comparison as number, as branch to exits, as select, and as branch to a phi. */
static const struct op cmp_shapes[] = {
	{ "bool", "%c = icmp PRED iW %a, %b\n%r = zext i1 %c to iW\n" },
	{ "select", "%c = icmp PRED iW %a, %b\n%r = select i1 %c, iW %a, iW %b\n" },
	{ "phi", "%c = icmp PRED iW %a, %b\nbr i1 %c, label %yes, label %no\nyes:\n%s = add iW %a, "
		 "1\nbr label %no\n"
		 "no:\n%r = phi iW [ %s, %yes ], [ %b, %entry ]\n" },
	{ "phi.not", "%c = icmp PRED iW %a, %b\nbr i1 %c, label %no, label %yes\nyes:\n%s = add iW "
		     "%a, 1\nbr label %no\n"
		     "no:\n%r = phi iW [ %s, %yes ], [ %b, %entry ]\n" },
	{ "and", "%c0 = icmp PRED iW %a, %b\n%c1 = icmp ne iW %a, 1\n%c = and i1 %c0, %c1\n"
		 "%r = select i1 %c, iW %a, iW -1\n" },
	{ "or", "%c0 = icmp PRED iW %a, %b\n%c1 = icmp ugt iW %b, 1\n%c = or i1 %c0, %c1\n"
		"br i1 %c, label %yes, label %no\nyes:\nret i32 1\nno:\n%r = freeze iW %b\n" },
	{ "mask", "%m = and iW %a, 1\n%n = and iW %a, %b\n%c = icmp PRED iW %m, %n\n%r = zext i1 "
		  "%c to iW\n" },
};

static void put_with_predicate(char *out, size_t size, const char *body, const char *predicate)
{
	const char *at = strstr(body, "PRED");

	snprintf(out, size, "%.*s%s%s", (int)(at - body), body, predicate, at + 4);
}

static void add_compares(struct harness *h)
{
	size_t i, p, w, c;

	for (i = 0; i < ARRAY_SIZE(cmp_shapes); i++) {
		for (p = 0; p < ARRAY_SIZE(predicates); p++) {
			for (w = 0; w < ARRAY_SIZE(widths); w++) {
				char body[512], name[32];
				struct op op = { name, body };

				put_with_predicate(body, sizeof(body), cmp_shapes[i].body,
						   predicates[p]);
				snprintf(name, sizeof(name), "icmp %s %s", predicates[p],
					 cmp_shapes[i].name);
				add_op(h, &op, widths[w], "%a", "%b");
				for (c = 0; c < ARRAY_SIZE(cmp_consts); c++)
					if (fits(cmp_consts[c], widths[w]) &&
					    (i + p + w + c) % 3 == 0)
						add_op(h, &op, widths[w], "%a", cmp_consts[c]);
			}
		}
	}
}

static void add_overflows(struct harness *h)
{
	size_t i, w;

	for (i = 0; i < ARRAY_SIZE(overflow_ops); i++) {
		for (w = 2; w < ARRAY_SIZE(widths); w++) {
			char body[512];
			struct op op = { overflow_ops[i], body };

			snprintf(body, sizeof(body),
				 "%%o = call { iW, i1 } @llvm.%s.with.overflow.iW(iW %%a, iW %%b)\n"
				 "%%x = extractvalue { iW, i1 } %%o, 0\n%%f = extractvalue { iW, "
				 "i1 } %%o, 1\n"
				 "%%r = select i1 %%f, iW 77, iW %%x\n",
				 overflow_ops[i]);
			add_op(h, &op, widths[w], "%a", "%b");
		}
	}
}

/* Verdicts: computed, chosen, and constants behind branches. */
static void add_verdicts(struct harness *h)
{
	static const struct op shapes[] = {
		{ "ret value", "%r = and iW %a, 3\n" },
		{ "ret any", "%r = add iW %a, 0\n" },
		{ "ret select",
		  "%c = icmp ult iW %a, %b\n%s = select i1 %c, i32 1, i32 2\nret i32 %s\n" },
		{ "ret select 2", "%c = icmp ult iW %a, %b\n%d = icmp eq iW %a, 5\n%s = select i1 "
				  "%c, i32 1, i32 2\n"
				  "%t = select i1 %d, i32 3, i32 %s\nret i32 %t\n" },
		{ "ret arithmetic", "%c = icmp ult iW %a, %b\n%s = zext i1 %c to i32\n%t = add i32 "
				    "%s, 1\nret i32 %t\n" },
		{ "ret sext", "%c = icmp slt iW %a, %b\n%s = sext i1 %c to i32\n%t = add i32 %s, "
			      "3\nret i32 %t\n" },
		{ "ret phi", "%c = icmp ult iW %a, %b\nbr i1 %c, label %x, label %y\nx:\n%d = icmp "
			     "eq iW %a, 0\n"
			     "br i1 %d, label %e, label %y\ny:\nbr label %e\n"
			     "e:\n%r2 = phi i32 [ 1, %x ], [ 2, %y ]\nret i32 %r2\n" },
		{ "ret phi mixed",
		  "%k = trunc iW %b to i8\n%k2 = zext i8 %k to i32\n%c = icmp ult iW %a, %b\n"
		  "br i1 %c, label %e, label %y\ny:\nbr label %e\n"
		  "e:\n%r2 = phi i32 [ %k2, %entry ], [ 2, %y ]\n%r3 = add i32 %r2, 1\nret i32 "
		  "%r3\n" },
	};
	static const unsigned w[] = { 16, 32, 64 };
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		for (k = 0; k < ARRAY_SIZE(w); k++) {
			struct text t;
			FILE *f = text_open(&t);
			char name[64];

			put_load(f, "a", 0, w[k]);
			put_load(f, "b", 16, w[k]);
			put_op(f, shapes[i].body, w[k], "%a", "%b");
			if (!strstr(shapes[i].body, "ret "))
				put_store(f, w[k]);
			snprintf(name, sizeof(name), "%s i%u", shapes[i].name, w[k]);
			add(h, name, &t);
		}
	}
}

/* n cases around small, scattered or byte-sized values. */
static void add_switches(struct harness *h)
{
	static const unsigned w[] = { 8, 16, 32, 64 };
	size_t k, n, kind;

	for (k = 0; k < ARRAY_SIZE(w); k++) {
		for (n = 1; n <= 40; n = n * 2 + 1) {
			for (kind = 0; kind < 3; kind++) {
				struct text t;
				FILE *f = text_open(&t);
				char name[64];
				size_t i;

				put_load(f, "a", 0, w[k]);
				fprintf(f, "switch i%u %%a, label %%d [\n", w[k]);
				for (i = 0; i < n; i++)
					fprintf(f, "i%u %llu, label %%c%zu\n", w[k],
						(kind == 0   ? i
						 : kind == 1 ? i * 0x1234567890bULL + 5
							     : i * 256 + 255) &
							(kind == 2 && w[k] == 8 ? i
										: bits_mask(w[k])),
						i % 3);
				fputs("]\nc0:\nret i32 1\nc1:\nbr label %d\nc2:\nret i32 3\n"
				      "d:\n%r = phi i32 [ 2, %entry ], [ 0, %c1 ]\nret i32 %r\n",
				      f);
				snprintf(name, sizeof(name), "switch i%u %zu cases, kind %zu", w[k],
					 n, kind);
				if (kind == 2 && w[k] == 8) {
					fclose(t.f);
					free(t.buf);
				} else if (
					n <
					3) { /* labels without use are no error, but phis want all */
					fclose(t.f);
					free(t.buf);
				} else {
					add(h, name, &t);
				}
			}
		}
	}
}

/* A frame's address as a value: alone or with an offset, chosen by the way taken or by a condition. */
static const struct {
	const char *name,
		*choice; /* makes %p of %f, the frame, and %g, eight bytes a step further */
} frame_addresses[] = {
	{ "frame, phi of the frame itself", "br i1 %c, label %x, label %j\nx:\nbr label %j\nj:\n"
					    "%p = phi ptr [ %g, %x ], [ %f, %entry ]\n" },
	{ "frame, phi of a constant offset", "%h = getelementptr inbounds i8, ptr %f, i32 16\n"
					     "br i1 %c, label %x, label %j\nx:\nbr label %j\nj:\n"
					     "%p = phi ptr [ %g, %x ], [ %h, %entry ]\n" },
	{ "frame, select of the frame itself", "%p = select i1 %c, ptr %g, ptr %f\n" },
};

static void add_frames(struct harness *h)
{
	for (size_t i = 0; i < ARRAY_SIZE(frame_addresses); i++) {
		struct text t;
		FILE *f = text_open(&t);

		fputs("%f = alloca [32 x i8], align 8\n", f);
		put_load(f, "a", 0, 64);
		put_load(f, "b", 16, 32);
		for (unsigned k = 0; k < 32; k += 8)
			fprintf(f,
				"%%f%u = getelementptr inbounds i8, ptr %%f, i32 %u\n"
				"store i64 %u, ptr %%f%u, align 8\n",
				k, k, k + 1, k);
		fprintf(f,
			"%%k = and i32 %%b, 24\n%%g = getelementptr inbounds i8, ptr %%f, i32 %%k\n"
			"%%c = icmp slt i64 %%a, 99\n%sstore i64 %%a, ptr %%p, align 8\n",
			frame_addresses[i].choice);
		for (unsigned k = 0; k < 32; k += 8)
			fprintf(f,
				"%%v%u = load i64, ptr %%f%u, align 8\n"
				"%%q%u = getelementptr inbounds i8, PKT %%pkt, i32 %u\n"
				"store i64 %%v%u, PKT %%q%u, align 1\n",
				k, k, k, 48 + k, k, k);
		fputs("ret i32 2\n", f);
		add(h, frame_addresses[i].name, &t);
	}
}

/* LLVM writes NULL and an offset where it proves that control never comes: still to be selected. */
static void add_null_offset(struct harness *h)
{
	struct text t;
	FILE *f = text_open(&t);

	put_load(f, "a", 0, 64);
	fputs("%k = and i64 %a, 7\n%c = icmp ugt i64 %k, 8\nbr i1 %c, label %never, label %done\n"
	      "never:\nstore i64 0, VAL inttoptr (i64 21 to VAL), align 1\n"
	      "%r = atomicrmw add VAL inttoptr (i64 8 to VAL), i64 1 monotonic, align 8\n"
	      "br label %done\ndone:\nstore i64 %k, VAL %val, align 1\nret i32 2\n",
	      f);
	add(h, "store to NULL and an offset", &t);
}

int main(int argc, char **argv)
{
	struct harness *h = harness_new();
	unsigned failures;

	filter = argc > 1 ? argv[1] : NULL;
	add_binary(h);
	add_wide(h);
	add_const_shifts(h);
	add_unary(h);
	add_casts(h);
	add_compares(h);
	add_overflows(h);
	add_verdicts(h);
	add_switches(h);
	add_frames(h);
	add_null_offset(h);
	failures = harness_run(h);
	printf("%u failures\n", failures);
	harness_free(h);
	return failures != 0;
}
