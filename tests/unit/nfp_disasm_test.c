#include "nfp_backend/isa.h"
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
	{ UINT64_C(0x02aa9daa280c), "alu[$xfer_58, gprA_12, -, n$reg_10], gpr_wrboth" },
	{ UINT64_C(0x02f08b521380), "immed[@gprB_4, 0xffff4a7f], gpr_wrboth" },
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
	{ UINT64_C(0x02f980400104), "mul_step[*$index--, --], 32x32_last, gpr_wrboth" },
	{ UINT64_C(0x064409d4030c), "mem[swap, $xfer_29, gprB_0, <<8, gprA_12, 5], indirect_ref" },
	{ UINT64_C(0x068b12032255), "alu_shf[--, *l$index2[5], OR, $xfer_40, <<15], gpr_wrboth" },
	{ UINT64_C(0x07ac8e08418d),
	  "alu[@gprA_96, $xfer_13, B-A, *l$index2++], no_cc, gpr_wrboth" },
	{ UINT64_C(0x02f28afd4011), "immed[gprA_17, 0xffff50af, <<8], gpr_wrboth" },
	{ UINT64_C(0x06c4cb016018),
	  "ld_field[gprA_24, 1011, *l$index3, >>rot12], load_cc, gpr_wrboth" },
	{ UINT64_C(0x01e53fc48410), "ctx_arb[sig4, sig10, sig15], br[.13567]" },
	{ UINT64_C(0x00fc18604700), "local_csr_wr[0x184, gprB_17]" },
	{ UINT64_C(0x01defd824230), "br=ctx[9, .15350]" },
	{ UINT64_C(0x01cfed8cea03), "br=byte[gprA_3, 2, 0x9a, .16310]" },
	{ UINT64_C(0x00d7d060d41a), "br_bclr[gprA_26, 20, .8001], defer[2]" },
	{ UINT64_C(0x00e806bfe40f), "jump[gprA_15, .6905], defer[3]" },
	{ UINT64_C(0x00f80002401b), "mul_step[gprA_27, @gprB_16], start" },
	{ UINT64_C(0x104ff1a2e08f), "mem[xor, $xfer_26, $xfer_15, 0x58, 1], ctx_swap[sig15]" },
	{ UINT64_C(0x0386a057811d),
	  "alu_shf[gprA_5, gprA_29, ~AND, 0xe0, >>10], no_cc, gpr_wrboth" },
	{ UINT64_C(0x01ba8196101d), "alu[gprB_25, gprA_29, -, $xfer_4], no_cc" },
	{ UINT64_C(0x0af44a3c7a02), "immed_w1[*l$index2[2], 0xa31e], gpr_wrboth" },
	{ UINT64_C(0x00c44409091a), "ld_field[*$index++, 0100, gprA_26, >>4], load_cc" },
	{ UINT64_C(0x01e7be049566),
	  "ctx_arb[sig1, sig2, sig5, sig6, sig8, sig10, sig12, sig15], br[.16120]" },
	{ UINT64_C(0x00fc1bec0016), "local_csr_wr[0x1bc, gprA_22]" },
	{ UINT64_C(0x00db0583c234), "br_inp_state[ctm_ring13_status, .3094]" },
	{ UINT64_C(0x01cebbe69c07), "br!=byte[gprA_7, 0, 0xc7, .15087], defer[2]" },
	{ UINT64_C(0x01d25a5498c6), "br_bset[$xfer_38, 5, .10601], defer[1]" },
	{ UINT64_C(0x00e8000c0008), "rtn[gprA_8]" },
	{ UINT64_C(0x01f900002c0c), "mul_step[gprA_12, gprB_11], 16x16_step1, no_cc" },
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
