/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CLI_INTERRUPT_H
#define TOOLS_CLI_INTERRUPT_H

#include <stdbool.h>

/* SIGINT and SIGTERM as a question that long runs ask between packets, so that they end with a report. */

/* From here on the first such signal is only noted; the second one ends the process. */
void interrupt_catch(void);
/* Number of the signal that came; 0: none. */
int interrupt_signal(void);
/* The same as a callback. */
bool interrupt_came(void *priv);
/* Exit status of a command that is otherwise fine: 128 + signal (as a shell has it), or 0. */
int interrupt_status(void);

#endif
