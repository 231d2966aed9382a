/* SPDX-License-Identifier: BSD-2-Clause */
/* Machine IR: text there and back, what the parser says, control-flow graph, liveness, operands. */

#include "nfp_backend/mir/liveness.h"

#include "base/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct rig {
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx;
	struct nfp_func fn;
};

static void begin(struct rig *r)
{
	arena_init(&r->arena);
	arena_init(&r->scratch);
	diags_init(&r->diags, &r->arena);
	r->cx = (struct cx){ &r->arena, &r->scratch, &r->diags };
}

static void end(struct rig *r)
{
	arena_reset(&r->arena);
	arena_reset(&r->scratch);
}

static bool parse(struct rig *r, const char *text)
{
	return nfp_parse(&r->cx, text, NULL, &r->fn);
}

static void must_parse(struct rig *r, const char *text)
{
	if (!parse(r, text))
		print_error("%s\n", r->diags.list.at[0].text);
	assert_int_equal(r->diags.errors, 0);
}

static char *print(const struct nfp_func *fn)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	nfp_print(fn, f);
	fclose(f);
	return text;
}

/* ---- every form of every instruction ---- */

#define HEAD                                                                                       \
	"func forms xdp ssa\nvregs 8\nvreg %2 xin 12\nvreg %3 xout 2\nslot @0 stack 4\nb0: freq "  \
	"7\n"
#define TAIL "\texit byte 0x11\n"

static const char *const forms[] = {
	"\t%0 = copy l1[2] ; 12\n",
	"\t%0 = const 0x12345678\n",
	"\t%0, %1 = call 1, map 3 key(1, 0xffffffff)\n",
	"\t%0, -- = call 2, map 3 key(1) value(2, 3) flags(1, 0)\n",
	"\t--, -- = call 25, map 0 flags(0xffffffff, 0) ptr(4, 5) size(0x40) type 8\n",
	"\t%0 = slot_addr @0.3\n\tnewlm 0x3, %0\n\tl3++ = copy 1\n\tl3-- = copy 2\n",
	"\t%0 = alu l1[0], +, 1 !cc\n\t%1 = alu 3, +carry, %0 !usecc\n",
	"\t%0 = alu --, ~B, l1[0]\n\t%1 = alu %0, B-A, 0xff\n\t%4 = alu %0, AND~, %1\n",
	"\t%0 = shf --, B, l1[0] <<31\n\t%1 = shf 0xf, AND, %0 >>rot8\n",
	"\t-- = alu 5, OR, 0 !glue\n\t%0 = shf --, B, l1[0] >>indirect\n",
	"\t-- = alu 5, OR, 0 !glue\n\t%0 = shf --, B, l1[0] <<indirect\n",
	"\t%0 = dshf l1[0], 1 >> 9\n\t-- = alu --, B, %0 !glue\n\t%1 = asr %0 >> 31\n",
	"\t%0 = ldf_clr 0110, l1[0] <<8\n\t%0 = ldf 1000, 3\n",
	"\t%0 = immed ~0xff<<16\n\t%0 = immed_b3 0x12\n\t%0 = immed_w1 0x1234\n",
	"\t-- = mul start, 3, l1[0] !glue\n\t-- = mul 16x16.step1, 3, l1[0] !glue\n"
	"\t-- = mul 16x16.step2, 3, l1[0] !glue\n\t%0 = mul 16x16.last, --, --\n",
	"\tcmd read32_swap $in2.0, 32(l1[2] + 0x7f), 12 swap\n",
	"\t$out3.0 = copy 1\n\t$out3.1 = const 0x80000000\n"
	"\tcmd write8_swap $out3.0, 32(l1[2] + 0), 7 swap\n",
	"\t%0 = copy 0\n\tcmd add64_imm --, 40(%0 << 8 + 5), 1 addend 0xffff\n",
	"\tcsr_wr 0x94, l1[2]\n\t%0 = csr_rd 0x148\n",
	"\t%0 = ret_addr b0\n\t%1 = map_id 0x7\n\tnop\n",
	"\tbbit l1[0], 31, 0, b1\n\tbbyte l1[0], 3, ne, 0xfe, b1\n",
};

static void test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct rig r;
		char *text, *again;

		begin(&r);
		text = arena_printf(&r.arena, "%s%s%s", HEAD, forms[i], TAIL "b1: freq 1\n" TAIL);
		must_parse(&r, text);
		again = print(&r.fn);
		assert_string_equal(text, again);
		free(again);
		end(&r);
	}
}

/* ---- what is refused ---- */

static const struct {
	const char *body, *says;
} refused[] = {
	{ "\t%0 = alu 1, PLUS, 2\n", "no such ALU operation" },
	{ "\tfrob %0\n", "no such instruction" },
	{ "\t%99 = copy 1\n", "no such register" },
	{ "\t%0 = copy 1 2\n", "expected end of line" },
	{ "\t%0 = const 0x123456789\n", "number too large" },
	{ "\t%0 = copy %1\n", "register read before it is written" },
	{ "\t%0 = copy 1\n\t%0 = copy 2\n", "two definitions of one register" },
	{ "\tbcc beq, b0\n", "condition codes that no instruction set" },
	{ "\tbr b9\n", "no such block" },
	{ "\t%0 = shf --, B, 1 <<0\n", "shift by 0" },
	{ "\t%0 = copy @0.4\n", "word beyond the slot" },
	{ "\t%0 = copy $in2.12\n", "word beyond the tuple" },
	{ "\t%0 = copy %3\n", "register of another class" },
	{ "\tA5 = copy A5\n", "hardware register read before it is written" },
	{ "\tA23 = copy 1\n", "register belongs to the firmware" },
	{ "\t%0 = copy l3[0]\n", "local-memory pointer used without being set in the block" },
	{ "\tnewlm 1, 5\n", "left operand of a wrong kind" },
	{ "\tcmd read32_swap $in2.0, 32(l1[2] + 0), 13 swap\n", "command longer than its tuple" },
	{ "\tcmd read32_swap $in2.0, 32(l1[2] + 0), 1\n", "a transfer must wait for its end" },
	{ "\t%0, -- = call 2, map 0 key(1) flags(0, 0)\n", "an update needs a value" },
	{ "\t$out3.0 = immed_w1 5\n", "transfer-out cannot be read" },
	{ "\texit byte 0x11\n", "instruction after the block's end" },
	{ "\t%0 = phi [b0, 1]\n", "PHI without a value for each predecessor" },
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct rig r;

		begin(&r);
		assert_false(
			parse(&r, arena_printf(&r.arena, "%s%s%s", HEAD, refused[i].body, TAIL)));
		if (!strstr(r.diags.list.at[0].text, refused[i].says))
			print_error("case %zu: %s\n", i, r.diags.list.at[0].text);
		assert_non_null(strstr(r.diags.list.at[0].text, refused[i].says));
		end(&r);
	}
}

static void test_position(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	assert_false(parse(&r, HEAD "\t%0 = copy 1\n\t%1 = alu %0, ?, 1\n" TAIL));
	assert_string_equal(r.diags.list.at[0].text,
			    "machine IR, line 8, column 15: no such ALU operation");
	end(&r);
}

/* ---- graph, liveness ---- */

static const char loop[] = "func loop xdp ssa\nvregs 4\n"
			   "b0: freq 1\n\t%0 = copy l1[0]\n\tbr b1\n"
			   "b1: freq 9\n\t%1 = phi [b0, 5], [b2, %2]\n\tbbit %0, 1, 1, b3\n"
			   "\tbbit %0, 2, 1, b3\n\tbr b2\n"
			   "b2: freq 9\n\t%2 = alu %1, -, 1\n\tbr b1\n"
			   "b3: freq 1\n\texit %1\n";

static void test_cfg(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	must_parse(&r, loop);
	nfp_cfg_build(&r.fn, &r.cx);
	assert_int_equal(r.fn.blocks.at[1].n_preds, 2);
	assert_int_equal(r.fn.blocks.at[1].n_succs, 2); /* two branches to b3 are one edge */
	assert_int_equal(r.fn.blocks.at[3].n_preds, 1);
	assert_int_equal(r.fn.blocks.at[3].preds[0], 1);
	assert_int_equal(r.fn.blocks.at[0].n_preds, 0);
	end(&r);
}

static void test_liveness(void **state)
{
	struct nfp_liveness live;
	struct rig r;

	(void)state;
	begin(&r);
	must_parse(&r, loop);
	nfp_liveness(&r.fn, &r.cx, &live);
	assert_int_equal(live.in[0], 0);
	assert_int_equal(live.in[1], 1u << 0); /* the PHI's result is not live in */
	assert_int_equal(live.in[2], 1u << 0 | 1u << 1);
	assert_int_equal(live.out[2], 1u << 0 | 1u << 2); /* the PHI's operand is live out */
	assert_int_equal(live.in[3], 1u << 1);
	end(&r);
}

/* ---- operands ---- */

struct seen {
	unsigned uses, defs;
};

static void count(struct nfp_opnd *o, bool is_def, void *priv)
{
	struct seen *s = priv;

	(void)o;
	(is_def ? &s->defs : &s->uses)[0]++;
}

static void test_update_reads_destination(void **state)
{
	struct nfp_mi mi = { .op = NFP_M_LDF, .dst = nfp_vreg(1), .b = nfp_vreg(2), .zf = true };
	struct seen s = { 0, 0 };

	(void)state;
	nfp_visit_opnds(&mi, count, &s);
	assert_int_equal(s.uses, 1);
	assert_int_equal(s.defs, 1);
	mi.zf = false;
	s = (struct seen){ 0, 0 };
	nfp_visit_opnds(&mi, count, &s);
	assert_int_equal(s.uses, 2);
	assert_int_equal(s.defs, 1);
}

/* The text form of an opcode names the fields that its row says it has, and no others. */
static void test_text_form_names_the_fields(void **state)
{
	(void)state;
	for (unsigned op = 0; op < NFP_M_COUNT; op++) {
		const struct nfp_mir_op_info *info = &nfp_mir_op_infos[op];
		bool address = strstr(info->format, "%A") != NULL;
		unsigned fields = 0;

		for (const char *p = info->format; *p; p++)
			if (*p == '%')
				fields |= nfp_format_fields(*++p);
		assert_int_equal(fields, info->fields);
		assert_int_equal(strstr(info->format, "%d") != NULL, info->dst != 0);
		assert_int_equal(address || strstr(info->format, "%b"), info->b != 0);
		assert_int_equal(address || strstr(info->format, "%a") ||
					 strstr(info->format, "%x"),
				 info->a != 0);
	}
}

static void test_field_of_another_opcode_is_an_error(void **state)
{
	static const struct nfp_mi extra[] = {
		{ .op = NFP_M_COPY, .imm32 = 1 },         { .op = NFP_M_COPY, .shift = 1 },
		{ .op = NFP_M_COPY, .cc = NFP_CC_NE },    { .op = NFP_M_COPY, .target = { 1 } },
		{ .op = NFP_M_COPY, .cmd.count = 1 },     { .op = NFP_M_COPY, .helper = 1 },
		{ .op = NFP_M_COPY, .alu = NFP_ALU_ADD }, { .op = NFP_M_COPY, .zf = true },
		{ .op = NFP_M_COPY, .call.n_key = 1 },    { .op = NFP_M_COPY, .n_phi = 1 },
		{ .op = NFP_M_COPY, .inv = true },        { .op = NFP_M_COPY, .mul_type = 1 },
		{ .op = NFP_M_COPY, .const_exit = true }, { .op = NFP_M_COPY, .br_set = true },
		{ .op = NFP_M_COPY, .indirect = true },   { .op = NFP_M_COPY, .sc = NFP_SC_LEFT },
	};
	struct rig r;
	struct nfp_mi *mi;

	(void)state;
	begin(&r);
	must_parse(&r, "func f xdp ssa\nvregs 1\nb0: freq 1\n\t%0 = copy l1[0]\n\texit %0\n");
	mi = r.fn.blocks.at[0].insns.at;
	for (size_t i = 0; i < sizeof(extra) / sizeof(extra[0]); i++) {
		struct nfp_mi before = *mi;

		*mi = extra[i];
		mi->dst = before.dst;
		mi->b = before.b;
		assert_string_equal(nfp_check_error(&r.fn, &r.cx),
				    "field that the opcode does not have");
		*mi = before;
		assert_null(nfp_check_error(&r.fn, &r.cx));
	}
	end(&r);
}

static void test_invert(void **state)
{
	(void)state;
	for (unsigned cc = 0; cc <= NFP_CC_GT; cc++) {
		assert_int_not_equal(nfp_cc_invert(cc), cc);
		assert_int_equal(nfp_cc_invert(nfp_cc_invert(cc)), cc);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_position),
		cmocka_unit_test(test_cfg),
		cmocka_unit_test(test_liveness),
		cmocka_unit_test(test_update_reads_destination),
		cmocka_unit_test(test_text_form_names_the_fields),
		cmocka_unit_test(test_field_of_another_opcode_is_an_error),
		cmocka_unit_test(test_invert),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
