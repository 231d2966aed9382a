/* SPDX-License-Identifier: BSD-2-Clause
 * A crash ends the call that it happens in, and nothing else. */
#include "sim/crash.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
/* after what it needs */
#include <cmocka.h>

static void count_up(void *priv)
{
	++*(int *)priv;
}

static void send(void *priv)
{
	raise(*(int *)priv);
}

static void call_abort(void *priv)
{
	(void)priv;
	abort();
}

/* A store to a page that may only be read. */
static void store_nowhere(void *priv)
{
	(void)priv;
	*(volatile char *)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) = 1;
}

static void a_call_that_returns_has_no_signal(void **state)
{
	int calls = 0;

	(void)state;
	assert_null(sim_crash_run(count_up, &calls));
	assert_int_equal(calls, 1);
}

static void each_signal_is_named(void **state)
{
	static const struct {
		int number;
		const char *name;
	} rows[] = { { SIGSEGV, "SIGSEGV" },
		     { SIGBUS, "SIGBUS" },
		     { SIGILL, "SIGILL" },
		     { SIGABRT, "SIGABRT" } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int number = rows[i].number;

		assert_string_equal(sim_crash_run(send, &number), rows[i].name);
	}
	assert_string_equal(sim_crash_run(call_abort, NULL), "SIGABRT");
	assert_string_equal(sim_crash_run(store_nowhere, NULL), "SIGSEGV");
}

/* Again and again: the mask of signals is as before. */
static void it_works_again(void **state)
{
	int number = SIGSEGV;

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		assert_string_equal(sim_crash_run(send, &number), "SIGSEGV");
}

static void afterwards_the_process_has_its_own_handlers(void **state)
{
	int number = SIGSEGV, status = 0;
	pid_t child;

	(void)state;
	signal(SIGSEGV, SIG_DFL);
	assert_string_equal(sim_crash_run(send, &number), "SIGSEGV");
	child = fork();
	if (!child) {
		raise(SIGSEGV);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_that_returns_has_no_signal),
		cmocka_unit_test(each_signal_is_named),
		cmocka_unit_test(it_works_again),
		cmocka_unit_test(afterwards_the_process_has_its_own_handlers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
