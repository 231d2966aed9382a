/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define PATH TEST_BUILD "/base-file-test.tmp"

struct fixture {
	struct arena arena;
	struct diags diags;
	struct cx cx;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	arena_init(&f->arena);
	diags_init(&f->diags, &f->arena);
	f->cx = (struct cx){ .arena = &f->arena, .scratch = &f->arena, .diags = &f->diags };
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	unlink(PATH);
	arena_reset(&f->arena);
	free(f);
	return 0;
}

static void round_trip(void **state)
{
	struct fixture *f = *state;
	struct file_bytes bytes;

	assert_true(file_write(&f->cx, PATH, "hello", 5));
	assert_true(file_write(&f->cx, PATH, "again", 5)); /* replaces */
	assert_true(file_read(&f->cx, PATH, 5, &bytes));
	assert_int_equal(bytes.size, 5);
	assert_string_equal((char *)bytes.data, "again"); /* a zero byte follows */
	assert_int_equal(f->diags.list.len, 0);
}

static void what_cannot_be_read(void **state)
{
	struct fixture *f = *state;
	struct file_bytes bytes;

	assert_false(file_read(&f->cx, TEST_BUILD "/no/such/file", 100, &bytes));
	assert_false(file_read(&f->cx, TEST_BUILD, 100, &bytes));
	assert_false(file_read(&f->cx, "/dev/zero", 100, &bytes));
	assert_true(file_write(&f->cx, PATH, "", 0));
	assert_false(file_read(&f->cx, PATH, 100, &bytes));
	assert_true(file_write(&f->cx, PATH, "hello", 5));
	assert_false(file_read(&f->cx, PATH, 4, &bytes));
	unlink(PATH);
	assert_int_equal(mkfifo(PATH, 0600), 0);
	assert_false(file_read(&f->cx, PATH, 100, &bytes)); /* without waiting for a writer */
	assert_int_equal(f->diags.errors, 6);
	for (size_t i = 0; i < f->diags.list.len; i++)
		assert_int_equal(f->diags.list.at[i].reason, REASON_FILE_UNREADABLE);
}

static void abandoned_output_leaves_the_old_file(void **state)
{
	struct fixture *f = *state;
	struct file_bytes bytes;
	struct file_out out;

	assert_true(file_write(&f->cx, PATH, "old", 3));
	assert_true(file_create(&f->cx, PATH, &out));
	assert_int_equal(write(out.fd, "new", 3), 3);
	assert_int_equal(access(out.tmp, F_OK), 0);
	file_abandon(&out);
	assert_int_not_equal(access(out.tmp, F_OK), 0);
	assert_true(file_read(&f->cx, PATH, 100, &bytes));
	assert_string_equal((char *)bytes.data, "old");
}

static void devices_are_not_replaced(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_true(file_write(&f->cx, "/dev/null", "x", 1));
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
}

static void full_and_forbidden_places(void **state)
{
	struct fixture *f = *state;

	assert_false(file_write(&f->cx, "/dev/full", "x", 1));
	assert_false(file_write(&f->cx, TEST_BUILD, "x", 1));
	assert_false(file_write(&f->cx, TEST_BUILD "/no/such/folder/x", "x", 1));
	assert_int_equal(f->diags.errors, 3);
	assert_int_equal(f->diags.list.at[0].reason, REASON_OUTPUT_WRITE);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(round_trip),
		TEST(what_cannot_be_read),
		TEST(abandoned_output_leaves_the_old_file),
		TEST(devices_are_not_replaced),
		TEST(full_and_forbidden_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
