/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/sha256.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* FIPS 180-4 examples (NIST, "SHA256.pdf"), and lengths around the padding's edge checked with coreutils'
 * sha256sum. */
static const struct {
	const char *text;
	size_t repeat;
	const char *digest;
} digests[] = {
	{ "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	{ "a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
	{ "x", 55, "d5e285683cd4efc02d021a5c62014694958901005d6f71e89e0989fac77e4072" },
	{ "x", 64, "7ce100971f64e7001e8fe5a51973ecdfe1ced42befe7ee8d5fd6219506b5393c" },
};

static void known_digests(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++) {
		size_t len = strlen(digests[i].text);
		char *all = malloc(len * digests[i].repeat + 1), hex[SHA256_HEX];

		assert_non_null(all);
		for (size_t k = 0; k < digests[i].repeat; k++)
			memcpy(all + k * len, digests[i].text, len);
		sha256_hex(all, len * digests[i].repeat, hex);
		assert_string_equal(hex, digests[i].digest);
		free(all);
	}
}

static const struct {
	const char *text;
	size_t len;
	uint32_t cp;
} sequences[] = {
	{ "a", 1, 'a' },
	{ "", 0, 0 },
	{ "\xc3\xa9", 2, 0xe9 },
	{ "\xe2\x82\xac", 3, 0x20ac },
	{ "\xf0\x9f\x98\x80", 4, 0x1f600 },
	{ "\xc0\x80", 0, 0 },         /* overlong */
	{ "\xe0\x80\xaf", 0, 0 },     /* overlong */
	{ "\xed\xa0\x80", 0, 0 },     /* surrogate */
	{ "\xf4\x90\x80\x80", 0, 0 }, /* beyond the last code point */
	{ "\xe2\x82", 0, 0 },         /* cut off */
	{ "\x80", 0, 0 },             /* continuation alone */
	{ "\xff", 0, 0 },
};

static void utf8_sequences(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
		uint32_t cp = 0;
		size_t len = utf8_len(sequences[i].text, &cp);

		assert_int_equal(len, sequences[i].len);
		if (len)
			assert_int_equal(cp, sequences[i].cp);
		assert_int_equal(utf8_len(sequences[i].text, NULL), len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_digests),
		cmocka_unit_test(utf8_sequences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
