/* SPDX-License-Identifier: BSD-2-Clause */
/* Elements of maps as text. */
#include "sim/maptext.h"

#include "base/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PATH TEST_BUILD "/sim-maptext-test.txt"

static void fields_become_bytes(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		const char *bytes;
	} cases[] = {
		{ "443", 4, "\xbb\x01\0\0" },
		{ "443", 2, "\xbb\x01" },
		{ "0xff", 1, "\xff" },
		{ "18446744073709551615", 8, "\xff\xff\xff\xff\xff\xff\xff\xff" },
		{ "443/be2", 2, "\x01\xbb" },
		{ "0", 12, "\0\0\0\0\0\0\0\0\0\0\0\0" },
		{ "24/4,10.1.2.0", 8, "\x18\0\0\0\x0a\x01\x02\0" },
		{ "10.0.0.1", 4, "\x0a\0\0\x01" },
		{ "fd00::1", 16, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01" },
		{ "02:00:00:00:00:0a,7/2", 8, "\x02\0\0\0\0\x0a\x07\0" },
		{ "x0a0B0c", 3, "\x0a\x0b\x0c" },
		{ "x0a,1/8,2/be4", 13, "\x0a\1\0\0\0\0\0\0\0\0\0\0\2" },
	};
	uint8_t got[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_null(sim_maptext_parse(cases[i].text, got, cases[i].size));
		assert_memory_equal(got, cases[i].bytes, cases[i].size);
	}
}

static void what_is_wrong_is_said(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		const char *why;
	} cases[] = {
		{ "256", 1, "does not fit" },
		{ "65536/2", 2, "does not fit" },
		{ "1", 12, "needs a width" },
		{ "1,2", 4, "needs a width" },
		{ "1/3", 4, "the width" },
		{ "1/", 4, "the width" },
		{ "1/4", 8, "shorter" },
		{ "1/8", 4, "longer" },
		{ "10.0.0.1", 3, "longer" },
		{ "x01", 2, "shorter" },
		{ "x0102", 1, "longer" },
		{ "x012", 2, "two digits" },
		{ "xzz", 1, "hexadecimal" },
		{ "", 4, "empty" },
		{ "1/4,", 8, "empty" },
		{ "-1", 4, "neither" },
		{ "99999999999999999999", 8, "neither" },
		{ "port", 4, "neither" },
	};
	uint8_t got[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *why = sim_maptext_parse(cases[i].text, got, cases[i].size);

		if (!why || !strstr(why, cases[i].why))
			fail_msg("'%s': %s", cases[i].text, why ? why : "taken");
	}
}

/* Whatever is printed is read as the same bytes, at every size. */
static void printed_text_reads_back(void **state)
{
	uint8_t bytes[300], back[300];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37 + 250);
	for (size_t size = 1; size <= sizeof(bytes); size++) {
		char *text;
		size_t len;
		FILE *f = open_memstream(&text, &len);

		sim_maptext_print(f, bytes, size);
		fclose(f);
		assert_null(sim_maptext_parse(text, back, size));
		assert_memory_equal(bytes, back, size);
		free(text);
	}
}

/* ---- files ---------------------------------------------------------------------------------------- */

struct seen {
	char text[512];
};

static const char *note(void *priv, const struct sim_maptext_line *l)
{
	struct seen *s = priv;
	size_t n = strlen(s->text);

	snprintf(s->text + n, sizeof(s->text) - n, "%d %s %s %s;", l->side, l->map, l->key,
		 l->value ? l->value : "none");
	return strcmp(l->map, "bad") ? NULL : "no such map";
}

static bool read_file(const char *content, size_t size, struct seen *s, char *message)
{
	struct arena arena = { 0 }, scratch = { 0 };
	struct diags diags;
	struct cx cx = { &arena, &scratch, &diags };
	FILE *f = fopen(PATH, "w");
	bool ok;

	assert_non_null(f);
	fwrite(content, 1, size, f);
	fclose(f);
	diags_init(&diags, &arena);
	*s = (struct seen){ 0 };
	ok = sim_maptext_read(&cx, PATH, note, s);
	assert_int_equal(diags.errors, !ok);
	if (!ok)
		snprintf(message, 256, "%s", diags.list.at[0].text);
	arena_reset(&arena);
	arena_reset(&scratch);
	unlink(PATH);
	return ok;
}

#define TEXT(s) s, sizeof(s) - 1

static void lines_are_taken_in_order(void **state)
{
	struct seen s;
	char message[256];

	(void)state;
	assert_true(read_file(TEXT("# ports\n\nports 80 1\nnic:ports\t81  x01 # one\r\n"
				   "host:other 10.0.0.1 -"),
			      &s, message));
	assert_string_equal(s.text, "0 ports 80 1;1 ports 81 x01;2 other 10.0.0.1 none;");
}

static void wrong_lines_are_named(void **state)
{
	static const struct {
		const char *content;
		size_t size;
		const char *says;
	} cases[] = {
		{ TEXT("a 1 2\nports 80\n"), "line 2: expected" },
		{ TEXT("ports 80 1 2\n"), "line 1: expected" },
		{ TEXT("\n\nbad 1 1\nports 1 1\n"), "line 3: no such map" },
		{ TEXT("a 1 1\nb\0 1 1\n"), "line 2: expected" },
		{ TEXT("a 1 1\n\0"), "line 2: a zero byte" },
	};
	struct seen s;
	char message[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_false(read_file(cases[i].content, cases[i].size, &s, message));
		if (!strstr(message, cases[i].says))
			fail_msg("case %zu: %s", i, message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_become_bytes),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(printed_text_reads_back),
		cmocka_unit_test(lines_are_taken_in_order),
		cmocka_unit_test(wrong_lines_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
