/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/report/escape.h"
#include "tools/report/spawn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- text from an object --------------------------------------------------------------------------------- */

static const struct {
	const char *text;
	size_t max;
	const char *out;
} escapes[] = {
	{ "r1 = r2", SIZE_MAX, "r1 = r2" },
	{ "a<b>&\"c'", SIZE_MAX, "a&lt;b&gt;&amp;&quot;c&#39;" },
	{ "&amp;", SIZE_MAX, "&amp;amp;" },
	{ "caf\xc3\xa9 \xe2\x82\xac", SIZE_MAX, "caf\xc3\xa9 \xe2\x82\xac" },
	{ "a\tb", SIZE_MAX, "a b" },
	{ "\x1b[31m", SIZE_MAX, "\xef\xbf\xbd[31m" },
	{ "\xff\xc0\x80", SIZE_MAX, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	{ "\xe2\x80\xae", SIZE_MAX, "\xef\xbf\xbd" }, /* right-to-left override */
	{ "\xe2\x81\xa6", SIZE_MAX, "\xef\xbf\xbd" }, /* left-to-right isolate */
	{ "\xc2\x85", SIZE_MAX, "\xef\xbf\xbd" },     /* next line */
	{ "\xef\xbf\xbf", SIZE_MAX, "\xef\xbf\xbd" }, /* no character of XML */
	{ "abc", 3, "abc" },
	{ "abcd", 3, "abc\xe2\x80\xa6" },
	{ "<<<<", 2, "&lt;&lt;\xe2\x80\xa6" }, /* characters, not bytes */
	{ "\xc3\xa9\xc3\xa9\xc3\xa9", 2, "\xc3\xa9\xc3\xa9\xe2\x80\xa6" },
	{ "", 0, "" },
};

static void escaped_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		char *text = NULL;
		size_t size = 0;
		FILE *f = open_memstream(&text, &size);

		assert_non_null(f);
		rep_escape_some(f, escapes[i].text, escapes[i].max);
		fclose(f);
		assert_string_equal(text, escapes[i].out);
		free(text);
	}
}

static void base_names(void **state)
{
	(void)state;
	assert_string_equal(rep_basename("/a/b.c"), "b.c");
	assert_string_equal(rep_basename("b.c"), "b.c");
	assert_string_equal(rep_basename("a/"), "");
}

/* ---- other programs ------------------------------------------------------------------------------------------ */

static const struct {
	const char *argv[4];
	const char *input, *output;
	enum reason reason;
	const char *said; /* within the message */
} runs[] = {
	{ { "cat", NULL }, "some input", "some input", REASON_NONE, NULL },
	{ { "cat", NULL }, NULL, "", REASON_NONE, NULL },
	{ { "echo", "a b", "$HOME;", NULL }, NULL, "a b $HOME;\n", REASON_NONE, NULL },
	{ { "no-such-program-at-all", NULL }, NULL, NULL, REASON_TOOL_MISSING, "no-such-program" },
	{ { "false", NULL }, NULL, NULL, REASON_TOOL_FAILED, "ended with an error" },
	{ { "sh", "-c", "echo too bad >&2; exit 3", NULL },
	  NULL,
	  NULL,
	  REASON_TOOL_FAILED,
	  "too bad" },
	{ { "sh", "-c", "kill -9 $$", NULL },
	  NULL,
	  NULL,
	  REASON_TOOL_FAILED,
	  "ended with an error" },
};

static void other_programs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		struct arena arena = { 0 };
		struct diags diags;
		struct cx cx = { .arena = &arena, .scratch = &arena, .diags = &diags };
		struct spawn_job job = { .argv = runs[i].argv,
					 .what_for = "--test",
					 .input = runs[i].input,
					 .input_size = runs[i].input ? strlen(runs[i].input) : 0 };
		struct spawn_output out;
		bool ok;

		diags_init(&diags, &arena);
		ok = spawn_run(&cx, &job, &out);
		assert_int_equal(ok, runs[i].output != NULL);
		assert_int_equal(diags.list.len, ok ? 0 : 1);
		if (ok) {
			assert_string_equal(out.text, runs[i].output);
		} else {
			assert_int_equal(diags.list.at[0].reason, runs[i].reason);
			assert_non_null(strstr(diags.list.at[0].text, runs[i].said));
		}
		arena_reset(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escaped_text),
		cmocka_unit_test(base_names),
		cmocka_unit_test(other_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
