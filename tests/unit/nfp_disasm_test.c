/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isa/isa.h"
#include "nfp_backend/ucode.h"

#include <dirent.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Words made by others (the Linux driver) with the text of others (binutils' objdump). */

static void check_vector(uint64_t word, const char *want)
{
	struct nfp_insn insn;
	char text[160];

	assert_true(nfp_disasm(word, text, sizeof(text)));
	assert_string_equal(text, want);
	assert_true(nfp_decode(word, &insn));
	assert_true(nfp_encodable(&insn, NULL));
	assert_int_equal(nfp_encode(&insn), word & NFP_OP_MASK);
}

static void vectors_disassemble_and_encode_back(void **state)
{
	FILE *f = fopen(TEST_DATA "/jit-vectors/jit-vectors.txt", "r");
	unsigned n = 0;
	char line[256];

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		char *text;
		uint64_t word;

		if (line[0] == '#' || line[0] == '\n')
			continue;
		line[strcspn(line, "\n")] = 0;
		word = strtoull(line, &text, 16);
		check_vector(word, text + strspn(text, " "));
		n++;
	}
	fclose(f);
	assert_int_equal(n, 841);
}

/* Whole programs: no text to compare with, but every word must decode and encode back. */
static void peer_programs_encode_back(void **state)
{
	DIR *dir = opendir(TEST_DATA "/peer-nfp-jit/words");
	unsigned files = 0;
	struct dirent *e;

	(void)state;
	assert_non_null(dir);
	while ((e = readdir(dir))) {
		char path[1024], line[64];
		FILE *f;

		if (!strstr(e->d_name, ".hex"))
			continue;
		snprintf(path, sizeof(path), TEST_DATA "/peer-nfp-jit/words/%s", e->d_name);
		f = fopen(path, "r");
		assert_non_null(f);
		while (fgets(line, sizeof(line), f)) {
			uint64_t word = strtoull(line, NULL, 16);
			struct nfp_insn insn;

			assert_true(nfp_decode(word, &insn));
			assert_int_equal(nfp_encode(&insn), word & NFP_OP_MASK);
		}
		fclose(f);
		files++;
	}
	closedir(dir);
	assert_int_equal(files, 48);
}

/* Forms that the driver never emits, four of every class; the text is objdump's. */
static const struct {
	uint64_t word;
	const char *text;
} others[] = {
	{ UINT64_C(0x10468ce40d0a),
	  "mem[test_clr, $xfer_14, gprA_10, gprB_3, 7], ctx_swap[sig8], defer[1]" },
	{ UINT64_C(0x01854169000b), "alu_shf[gprA_22, *$index, AND, gprA_11, >>rot20], no_cc" },
	{ UINT64_C(0x02a440902dcd), "alu[gprA_9, gprB_11, AND, $xfer_45], gpr_wrboth" },
	{ UINT64_C(0x02f08b501380), "immed[gprB_4, 0xffff4a7f], gpr_wrboth" },
	{ UINT64_C(0x02c008082a5d),
	  "ld_field[gprB_10, 1000, *l$index1[5], <<indirect], gpr_wrboth" },
	{ UINT64_C(0x00e0d4d0cc7e),
	  "ctx_arb[sig1, sig2, sig3, sig4, sig5, sig6, sig10, sig11, sig14, sig15], defer[1]" },
	{ UINT64_C(0x00fc1dacfb3e), "local_csr_wr[0x1d8, 0x3e]" },
	{ UINT64_C(0x01da69f24236), "br_cls_state[cls_ring9_status, .10663], defer[3]" },
	{ UINT64_C(0x00c9deeaef42), "br=byte[*$index++, 3, 0x5b, .1915], defer[2]" },
	{ UINT64_C(0x01d4b0e4e01c), "br_bset[gprA_28, 23, .12995], defer[2]" },
	{ UINT64_C(0x00e8002c0014), "rtn[gprA_20], defer[2]" },
	{ UINT64_C(0x01f980103c1f), "mul_step[gprA_31, gprB_15], 32x32_step2, no_cc" },
	{ UINT64_C(0x064523fcdac0), "mem[test_set_imm, $xfer_31, 0x16, <<8, $xfer_32, 2], "
				    "indirect_ref, ctx_swap[sig2], defer[2]" },
	{ UINT64_C(0x0087b1991210), "alu_shf[gprA_25, *$index--, ~AND, gprA_16, <<5]" },
	{ UINT64_C(0x02a88198c41b), "alu[gprA_25, gprA_27, +carry, *l$index1--], gpr_wrboth" },
	{ UINT64_C(0x00f046a203f1), "immed_w0[@gprB_0, 0x6af1]" },
	{ UINT64_C(0x02c13100d90c), "ld_field[gprA_12, 0001, 0x16, >>19], gpr_wrboth" },
	{ UINT64_C(0x00e4eda1286a),
	  "ctx_arb[sig1, sig3, sig5, sig6, sig11, sig13], any, defer[2]" },
	{ UINT64_C(0x00fc1e000000), "local_csr_rd[0x1e0]" },
	{ UINT64_C(0x01db65a34232), "br_signal[13, .11670], defer[2]" },
	{ UINT64_C(0x01cef85ee511), "br=byte[gprA_17, 1, 0xd9, .15329], defer[1]" },
	{ UINT64_C(0x01d4c9b0d444), "br_bclr[*$index--, 20, .13094], defer[3]" },
	{ UINT64_C(0x00e85d602bf3), "jump[gprB_10, .95731], defer[2]" },
	{ UINT64_C(0x00f80002401b), "mul_step[gprA_27, @gprB_16], start" },
	{ UINT64_C(0x104ff1a2e08f), "mem[xor, $xfer_26, $xfer_15, 0x58, 1], ctx_swap[sig15]" },
	{ UINT64_C(0x0386a057811d),
	  "alu_shf[gprA_5, gprA_29, ~AND, 0xe0, >>10], no_cc, gpr_wrboth" },
	{ UINT64_C(0x01ba8196101d), "alu[gprB_25, gprA_29, -, $xfer_4], no_cc" },
	{ UINT64_C(0x02f42000772f), "immed_b2[gprB_29, 0x2f], gpr_wrboth" },
	{ UINT64_C(0x00c00f003d08), "ld_field[gprA_8, 1111, gprB_15, >>indirect]" },
	{ UINT64_C(0x01e28b00309b), "ctx_arb[sig1, sig3, sig4, sig7, sig12, sig13]" },
	{ UINT64_C(0x00fc09e00300), "local_csr_wr[ActLMAddr3, gprB_0]" },
	{ UINT64_C(0x01da00608126), "bvs[.10241], defer[2]" },
	{ UINT64_C(0x00c823c0c404), "br!=byte[gprA_4, 0, 0x11, .143]" },
	{ UINT64_C(0x00d1e9948809), "br_bset[gprA_9, 1, .1958], defer[1]" },
	{ UINT64_C(0x00e8002c0292), "rtn[n$reg_18], defer[2]" },
	{ UINT64_C(0x01f900002c0c), "mul_step[gprA_12, gprB_11], 16x16_step1, no_cc" },
	{ UINT64_C(0x06473bb8390d), "mem[add64_imm, $xfer_27, gprB_14, <<8, gprA_13, 6], "
				    "indirect_ref, ctx_swap[sig3], defer[1]" },
	{ UINT64_C(0x109860083911), "alu_shf[gprB_0, gprB_14, AND~, gprA_17, >>6], predicate_cc" },
	{ UINT64_C(0x00a49ccf78f0), "alu[$xfer_44, @gprA_112, +8, 0xde]" },
	{ UINT64_C(0x00f2200ece43), "immed_b1[*n$index++, 0xb3]" },
	{ UINT64_C(0x04c532115942),
	  "ld_field_w_clr[*$index++, 0010, *l$index2[6], >>19], load_cc" },
	{ UINT64_C(0x01e0f8cb2eb5), "ctx_arb[bpt], any" },
	{ UINT64_C(0x00fc19ec0005), "local_csr_wr[0x19c, gprA_5]" },
	{ UINT64_C(0x01dd3b408038), "br[.13549]" },
	{ UINT64_C(0x00cea8fc3f24), "br=byte[gprB_15, 3, 0x84, .6819], defer[3]" },
	{ UINT64_C(0x00d7d104c01d), "br_bset[gprA_29, 15, .8004]" },
	{ UINT64_C(0x00e8427d4012), "jump[gprA_18, .67920], defer[3]" },
	{ UINT64_C(0x00f9802a280b), "mul_step[gprA_11, n$reg_10], 32x32_step3" },
};

static void other_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		check_vector(others[i].word, others[i].text);
}

static void no_instruction(void **state)
{
	static const uint64_t words[] = {
		UINT64_C(0x00a100000000), /* alu operation 2 does not exist */
		UINT64_C(0x00d80000802c), /* branch condition 0x0c */
		UINT64_C(0x00f9806c0000), /* multiplication step 6 */
		UINT64_C(0x08d000008020), /* a reserved bit of br_bit's class */
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_false(nfp_disasm(words[i], text, sizeof(text)));
}

static void short_buffers_are_terminated(void **state)
{
	char text[64], full[64];

	(void)state;
	assert_true(nfp_disasm(UINT64_C(0x00b441605a20), full, sizeof(full)));
	for (size_t size = 1; size < sizeof(text); size++) {
		memset(text, 'x', sizeof(text));
		assert_true(nfp_disasm(UINT64_C(0x00b441605a20), text, size));
		assert_int_equal(strlen(text), strlen(full) < size ? strlen(full) : size - 1);
		assert_memory_equal(text, full, strlen(text));
	}
	assert_true(nfp_disasm(NFP_NOP, text, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_disassemble_and_encode_back),
		cmocka_unit_test(peer_programs_encode_back),
		cmocka_unit_test(other_words),
		cmocka_unit_test(no_instruction),
		cmocka_unit_test(short_buffers_are_terminated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
