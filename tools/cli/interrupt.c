/* SPDX-License-Identifier: BSD-2-Clause */
/* The one piece of state that is not an argument: a signal handler can reach nothing else (C11 7.14.1.1). */
#include "tools/cli/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t came;

static void note_signal(int sig)
{
	came = sig;
}

void interrupt_catch(void)
{
	/* no SA_RESTART: a wait for packets from a pipe ends too */
	struct sigaction first = { .sa_handler = note_signal, .sa_flags = (int)SA_RESETHAND };

	sigemptyset(&first.sa_mask);
	sigaction(SIGINT, &first, NULL);
	sigaction(SIGTERM, &first, NULL);
}

int interrupt_signal(void)
{
	return came;
}

bool interrupt_came(void *priv)
{
	(void)priv;
	return came;
}

int interrupt_status(void)
{
	return came ? 128 + came : 0;
}
