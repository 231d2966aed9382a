/* SPDX-License-Identifier: BSD-2-Clause
 * The place to go on at is the one piece of state that is not an argument: a signal handler can reach nothing else (C11
 * 7.14.1.1). */
#include "sim/crash.h"

#include "base/bits.h"

#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>

#define STACK_BYTES (64u << 10) /* of the handler: the stack itself may be what is wrong */

struct guard {
	sigjmp_buf at;
	volatile sig_atomic_t signal;
};

static struct guard *volatile current;

static const struct {
	int number;
	const char *name;
} signals[] = { { SIGSEGV, "SIGSEGV" },
		{ SIGBUS, "SIGBUS" },
		{ SIGILL, "SIGILL" },
		{ SIGFPE, "SIGFPE" },
		{ SIGABRT, "SIGABRT" } };

static const char *name_of(int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		if (signals[i].number == number)
			return signals[i].name;
	}
	return NULL;
}

/* A second crash, on the way out, ends the process as it would without us. */
static void go_on(int number)
{
	struct guard *g = current;

	if (!g) {
		signal(number, SIG_DFL);
		raise(number);
		return;
	}
	current = NULL;
	g->signal = number;
	siglongjmp(g->at, 1);
}

struct handlers {
	struct sigaction before[ARRAY_SIZE(signals)];
	stack_t stack_before;
	void *stack;
};

static void install(struct handlers *h)
{
	struct sigaction ours = { .sa_handler = go_on, .sa_flags = SA_ONSTACK | SA_NODEFER };
	stack_t stack = { .ss_size = STACK_BYTES };

	sigemptyset(&ours.sa_mask);
	h->stack = stack.ss_sp = malloc(STACK_BYTES);
	if (!h->stack || sigaltstack(&stack, &h->stack_before))
		ours.sa_flags &= ~SA_ONSTACK;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i].number, &ours, &h->before[i]);
}

static void restore(struct handlers *h)
{
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i].number, &h->before[i], NULL);
	if (h->stack)
		sigaltstack(&h->stack_before, NULL);
	free(h->stack);
}

const char *sim_crash_run(void (*fn)(void *priv), void *priv)
{
	struct guard g = { .signal = 0 };
	struct handlers h = { .stack = NULL };

	install(&h);
	if (!sigsetjmp(g.at, 1)) {
		current = &g;
		fn(priv);
	}
	current = NULL;
	restore(&h);
	return name_of(g.signal);
}
