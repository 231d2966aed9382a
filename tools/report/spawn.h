/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_REPORT_SPAWN_H
#define TOOLS_REPORT_SPAWN_H

#include "base/cx.h"

/* Another program's help: graphviz' dot, bpftool. No shell is involved. */

struct spawn_job {
	const char *const
		*argv; /* [0]: looked for in PATH, then where Debian keeps administrators' tools */
	const char *what_for; /* option that asked for it, for the message */
	const void *input;    /* its standard input; NULL: empty */
	size_t input_size;
};

struct spawn_output {
	const char *text; /* its standard output, in cx->arena */
	size_t size;
};

/* False: reported (not installed, or it failed with a message). */
bool spawn_run(struct cx *cx, const struct spawn_job *job, struct spawn_output *out);

#endif
