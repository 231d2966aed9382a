/* SPDX-License-Identifier: BSD-2-Clause */
/* From hardware-level machine IR to words: relocations, lines, limits; the firmware's
 * conventions. */

#include "nfp_backend/firmware/calling_convention.h"
#include "nfp_backend/image.h"
#include "nfp_backend/isa/isa.h"
#include "nfp_backend/passes.h"

#include "base/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct rig {
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx;
	struct nfp_firmware fw;
	struct nfp_func fn;
	struct nfp_ucode u;
};

static void begin(struct rig *r, const char *text)
{
	arena_init(&r->arena);
	arena_init(&r->scratch);
	diags_init(&r->diags, &r->arena);
	r->cx = (struct cx){ &r->arena, &r->scratch, &r->diags };
	r->fw = (struct nfp_firmware){ .max_len = 64, .stack_bytes = 512 };
	assert_true(nfp_parse(&r->cx, text, &r->fw, &r->fn));
}

static void end(struct rig *r)
{
	arena_reset(&r->arena);
	arena_reset(&r->scratch);
}

static const char phys[] =
	"func f xdp phys\nvregs 0\n"
	"b0: freq 1\n\tA0 = alu --, B, l1[2] ; 3\n\tbbit A0, 4, 1, b2 ; 3\n"
	"b1: freq 1\n\tbr_helper 1, b2 !defer 2 ; 5\n\tA0 = map_id 0x6 ; 5\n"
	"\tB0 = ret_addr b2 ; 5\n"
	"b2: freq 1 return\n\tbr_done !defer 1 ; 8\n\tA0 = immed 0x1100<<8 ; 8\n";

static void test_relocations(void **state)
{
	static const struct nfp_reloc want[] = {
		{ 1, NFP_RELOC_BR_REL, 5 },      { 2, NFP_RELOC_BR_HELPER, 1 },
		{ 3, NFP_RELOC_IMMED_MAP, 6 },   { 4, NFP_RELOC_IMMED_REL, 5 },
		{ 5, NFP_RELOC_BR_NEXT_PKT, 0 },
	};
	struct rig r;

	(void)state;
	begin(&r, phys);
	assert_true(nfp_emit(&r.fn, &r.cx, &r.u));
	assert_int_equal(r.u.n_words, 7 + NFP_ABI_END_NOPS);
	assert_int_equal(r.u.n_relocs, ARRAY_SIZE(want));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		assert_int_equal(r.u.relocs[i].word_idx, want[i].word_idx);
		assert_int_equal(r.u.relocs[i].kind, want[i].kind);
		assert_int_equal(r.u.relocs[i].target, want[i].target);
	}
	for (size_t i = 7; i < r.u.n_words; i++)
		assert_true(r.u.words[i] == NFP_NOP);
	end(&r);
}

static void test_lines(void **state)
{
	static const struct nfp_line want[] = { { 0, 3 }, { 2, 5 }, { 5, 8 }, { 7, -1 } };
	struct rig r;

	(void)state;
	begin(&r, phys);
	assert_true(nfp_emit(&r.fn, &r.cx, &r.u));
	assert_int_equal(r.u.n_lines, ARRAY_SIZE(want));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		assert_int_equal(r.u.lines[i].word_idx, want[i].word_idx);
		assert_int_equal(r.u.lines[i].bpf_pc, want[i].bpf_pc);
	}
	end(&r);
}

static void test_too_long(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, phys);
	r.fw.max_len = 14;
	assert_false(nfp_emit(&r.fn, &r.cx, &r.u));
	assert_int_equal(r.diags.list.at[0].reason, REASON_CODE_TOO_LONG);
	end(&r);
}

static void test_frame_too_large(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, "func f xdp banked\nvregs 0\nslot @0 stack 200\nb0: freq 1\n\t@0.150 = copy 1\n"
		  "\tA0 = const 0x110000\n\tbr_done\n");
	assert_false(nfp_place_frame(&r.fn, &r.cx));
	assert_int_equal(r.diags.list.at[0].reason, REASON_STACK_TOO_LARGE);
	end(&r);
}

/* Instructions that do not ask for condition codes leave them alone. */
static void test_no_cc(void **state)
{
	struct nfp_insn insn;
	struct rig r;

	(void)state;
	begin(&r, "func f xdp phys\nvregs 0\nb0: freq 1\n\tAB3 = alu l1[0], +, 1\n"
		  "\t-- = alu l1[0], -, 1 !cc\n\tbr_done\n");
	assert_true(nfp_emit(&r.fn, &r.cx, &r.u));
	assert_true(nfp_decode(r.u.words[0], &insn));
	assert_true(insn.alu.mods.no_cc && insn.alu.mods.wr_both);
	assert_true(nfp_decode(r.u.words[1], &insn));
	assert_false(insn.alu.mods.no_cc || insn.alu.mods.wr_both);
	end(&r);
}

static void test_exit_bytes(void **state)
{
	static const struct {
		unsigned prog_type;
		uint32_t r0;
		uint8_t byte;
	} cases[] = { /* nfp.md 4.6 */
		      { NFP_PROG_XDP, 0, 0x82 }, { NFP_PROG_XDP, 1, 0x22 },
		      { NFP_PROG_XDP, 2, 0x11 }, { NFP_PROG_XDP, 3, 0x44 },
		      { NFP_PROG_XDP, 4, 0x82 }, { NFP_PROG_XDP, UINT32_MAX, 0x82 },
		      { NFP_PROG_TC, 0, 0x11 },  { NFP_PROG_TC, 2, 0x22 },
		      { NFP_PROG_TC, 4, 0x02 },  { NFP_PROG_TC, 7, 0x44 },
		      { NFP_PROG_TC, 8, 0x11 },  { NFP_PROG_TC, UINT32_MAX, 0x11 }
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(nfp_exit_byte(cases[i].prog_type, cases[i].r0), cases[i].byte);
}

static void test_clobbers(void **state)
{
	nfp_regset lookup = nfp_helper_clobbers(NFP_HELPER_MAP_LOOKUP);
	nfp_regset update = nfp_helper_clobbers(NFP_HELPER_MAP_UPDATE);

	(void)state;
	assert_true(lookup == nfp_regs_both(0, 11));
	assert_true(update == (nfp_regs_both(0, 11) | nfp_regs_both(20, 21)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_relocations), cmocka_unit_test(test_lines),
		cmocka_unit_test(test_too_long),    cmocka_unit_test(test_frame_too_large),
		cmocka_unit_test(test_no_cc),       cmocka_unit_test(test_exit_bytes),
		cmocka_unit_test(test_clobbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
