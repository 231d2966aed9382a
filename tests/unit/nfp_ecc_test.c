/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isa/isa.h"
#include "nfp_backend/ucode.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Words with ECC that others made. */

static unsigned check_file(const char *path)
{
	FILE *f = fopen(path, "r");
	unsigned n = 0;
	char line[256];
	bool with_ecc = strstr(path, ".rel.hex");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		uint64_t word = strtoull(line, NULL, 16);

		if (line[0] == '#') {
			with_ecc = strstr(line, "relocated+ecc");
			continue;
		}
		if (!with_ecc)
			continue;
		assert_int_equal(nfp_ecc(word), word >> NFP_OP_BITS);
		assert_true(nfp_ecc_apply(word & NFP_OP_MASK) == word);
		n++;
	}
	fclose(f);
	return n;
}

static void ecc_of_driver_words(void **state)
{
	DIR *dir = opendir(TEST_DATA "/peer-nfp-jit/words");
	unsigned words = 0;
	struct dirent *e;

	(void)state;
	assert_int_equal(check_file(TEST_DATA "/jit-vectors/jit-vectors.txt"), 26);
	assert_non_null(dir);
	while ((e = readdir(dir))) {
		char path[1024];

		if (!strstr(e->d_name, ".rel.hex"))
			continue;
		snprintf(path, sizeof(path), TEST_DATA "/peer-nfp-jit/words/%s", e->d_name);
		words += check_file(path);
	}
	closedir(dir);
	assert_in_range(words, 1000, 100000);
}

/* Reference 10: the two words that are given with their ECC. */
static void golden(void **state)
{
	(void)state;
	assert_true(nfp_ecc_apply(UINT64_C(0x00f003f05bff)) == UINT64_C(0x000f20f003f05bff));
	assert_true(nfp_ecc_apply(UINT64_C(0x00db01408125)) == UINT64_C(0x000540db01408125));
}

/* Any single wrong bit of the 52 changes the syndrome. */
static void single_errors_are_seen(void **state)
{
	const uint64_t word = nfp_ecc_apply(UINT64_C(0x1234567890ab));

	(void)state;
	for (unsigned bit = 0; bit < 52; bit++) {
		uint64_t wrong = word ^ UINT64_C(1) << bit;

		assert_true(nfp_ecc_apply(wrong) != wrong);
	}
}

static void bits_above_the_operation_do_not_count(void **state)
{
	(void)state;
	assert_true(nfp_ecc_apply(UINT64_C(0xfffff00000000000) | 5) ==
		    nfp_ecc_apply(UINT64_C(0x100000000000) | 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ecc_of_driver_words),
		cmocka_unit_test(golden),
		cmocka_unit_test(single_errors_are_seen),
		cmocka_unit_test(bits_above_the_operation_do_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
