/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_LIBBPF_LOG_H
#define FRONTEND_LIBBPF_LOG_H

#include "base/arena.h"

#include <bpf/libbpf.h>

/* Captures libbpf's output, as details of a diagnostic. libbpf's
 * callback is process-wide and takes no context: begin and end enclose each use of libbpf. */

#define FE_LIBBPF_LINES 12 /* kept: the last lines hold the cause */

struct fe_libbpf_log {
	struct arena *arena;
	const char *warnings[FE_LIBBPF_LINES], *others[FE_LIBBPF_LINES];
	unsigned n_warnings, n_others;
	libbpf_print_fn_t before;
};

void fe_libbpf_log_begin(struct fe_libbpf_log *log, struct arena *a);
void fe_libbpf_log_end(struct fe_libbpf_log *log);
/* The warnings; without warnings, the last other lines. */
const char *fe_libbpf_log_text(const struct fe_libbpf_log *log, struct arena *a);

#endif
