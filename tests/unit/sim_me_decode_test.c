/* SPDX-License-Identifier: BSD-2-Clause */
/* The simulator's decoder against words whose meaning is known from outside. */
#include "sim/me.h"
#include "sim/me/me_decode.h"

#include "base/bits.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Every word of the kernel generator's listing decodes to the text that objdump gave for it. */
static void jit_vectors_print_as_objdump_does(void **state)
{
	FILE *f = fopen(TEST_DATA "/jit-vectors/jit-vectors.txt", "r");
	char line[256], got[128];
	unsigned n = 0;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		char *text;
		uint64_t word;

		if (line[0] == '#' || line[0] == '\n')
			continue;
		word = strtoull(line, &text, 16);
		text += strspn(text, " \t");
		text[strcspn(text, "\r\n")] = '\0';
		assert_true(sim_me_disasm(word, got, sizeof(got)));
		assert_string_equal(got, text);
		n++;
	}
	fclose(f);
	assert_int_equal(n, 841);
}

static const struct text_case {
	uint64_t word;
	const char *text;
} text_cases[] = {
	/* words of nfp.md 10 with shapes that the listing lacks */
	{ 0x00d801c08125, "bcc[.7]" },
	{ 0x065c12082408,
	  "mem[read32_swap, $xfer_0, gprB_9, <<8, gprA_8, 2], indirect_ref, ctx_swap[sig1]" },
	/* operand forms, put together by hand from nfp.md 2.4, 2.5 */
	{ 0x0a000000000 | 0x090, "alu[gprA_0, --, B, gprB_0]" },
	{ 0x0a000000000 | UINT64_C(0x14) << 31 | 0x085 | 0x1e5 << 10 | UINT64_C(0x300) << 20,
	  NULL },
	{ 0x0a000000000 | UINT64_C(0x14) << 31 | 0x085 | 0x1c5 << 10 | UINT64_C(0x300) << 20,
	  "alu[--, @gprA_5, OR, $xfer_37]" },
	{ 0x0a000000000 | UINT64_C(1) << 31 | 0x231 | 0x102 << 10 | UINT64_C(0x210) << 20,
	  "alu[*l$index0++, *l$index1--, +, *$index++]" },
	{ 0x0f000000000 | 0x300 | 0x301 << 10, "immed[--, 0x1]" },
	{ 0x0f000000000 | 0x005 | 0x312 << 10 | UINT64_C(1) << 29 | UINT64_C(3) << 33,
	  "immed_b3[gprA_5, 0x12]" },
	{ 0x0d800000020 | 0x12 | 3 << 14 | 2 << 8 | 9 << 22, "br_signal[3, .9]" },
	{ 0x0d800000020 | 0x18 | 9 << 22 | UINT64_C(1) << 40, "br[.8201]" },
	{ 0x0c800000000 | 4 | 2 << 8 | 0x68 << 10 | 1 << 19 | 7 << 22,
	  "br=byte[gprA_4, 2, 0x28, .7]" },
	{ 0x0e800000000 | 0x303 | 5 << 10 | 1 << 22 | 1 << 20, "jump[gprB_5, .259], defer[1]" },
	{ 0x0e000000000 | 0x0002 | 1 << 16, "ctx_arb[0x2], any" },
	{ 0x0f800000000 | 0x007 | 0x00b << 10 | UINT64_C(1) << 31,
	  "mul_step[gprA_7, gprB_11], 24x8_step1" },
	/* nothing has these bits */
	{ 0x0a000000000 | UINT64_C(0x02) << 31, NULL },  /* alu operation 2 */
	{ 0x0a000000000 | 0x040, NULL },                 /* operand hole */
	{ 0x0a000000000 | UINT64_C(0x305) << 20, NULL }, /* constant as destination */
	{ 0x0d800000020 | 0x0c, NULL },                  /* branch condition 12 */
	{ 0x0d000000000 | 4 | 0x20 << 10, NULL },        /* br_bclr on bit -1 */
	{ 0x0f000000000 | 0x005 | 0x312 << 10 | UINT64_C(3) << 29, NULL },
	{ 0x0f800000000 | 6 << 20 | UINT64_C(1) << 32, NULL },
};

static void hand_made_words(void **state)
{
	char got[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(text_cases); i++) {
		const struct text_case *c = &text_cases[i];
		bool ok = sim_me_disasm(c->word, got, sizeof(got));

		if (!c->text) {
			assert_false(ok);
			continue;
		}
		assert_true(ok);
		assert_string_equal(got, c->text);
	}
}

/* Relocated words carry the check bits that the driver computed. */
static void ecc_matches_loaded_words(void **state)
{
	static const uint64_t loaded[] = { 0x000f20f003f05bff, 0x000540db01408125,
					   0x000ae0db02008038, 0x000b60f444400b11 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(loaded); i++)
		assert_int_equal(sim_me_ecc(loaded[i] & bits_mask(45)), loaded[i] >> 45);
}

/* Any 45 bits: decoded and printed within bounds, or refused. */
static void random_words_are_safe(void **state)
{
	uint64_t x = 88172645463325252u;
	char tiny[24];
	unsigned ok = 0;

	(void)state;
	for (int i = 0; i < 300000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		if (sim_me_disasm(x, tiny, sizeof(tiny)))
			ok++;
		assert_true(strlen(tiny) < sizeof(tiny));
	}
	assert_true(ok > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jit_vectors_print_as_objdump_does),
		cmocka_unit_test(hand_made_words),
		cmocka_unit_test(ecc_matches_loaded_words),
		cmocka_unit_test(random_words_are_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
