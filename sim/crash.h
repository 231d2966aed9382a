/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_CRASH_H
#define SIM_CRASH_H

/* A crash inside an engine (Unicorn is other people's code, and machine code of a kernel runs in it) must not take the
 * report of a long run with it. */

/* Calls fn(priv) so that SIGSEGV, SIGBUS, SIGILL, SIGFPE or an abort() ends this call instead of the process. NULL: it
 * returned; else the signal's name. After a crash whatever `fn` used is in an unknown state: it may be neither used
 * nor freed. Does not nest. */
const char *sim_crash_run(void (*fn)(void *priv), void *priv);

#endif
