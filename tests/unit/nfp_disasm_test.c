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

/* Forms that the driver never emits: words and texts made with an assembler and objdump. */
static const struct {
	uint64_t word;
	const char *text;
} others[] = {
	{ 0, NULL },
};

static void other_words(void **state)
{
	(void)state;
	for (size_t i = 0; others[i].text; i++)
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
