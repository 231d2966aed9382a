/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_LIBBPF_LOG_H
#define FRONTEND_LIBBPF_LOG_H

#include "base/arena.h"

#include <bpf/libbpf.h>

/* What libbpf prints, caught while it works, to become the details of our own message. Its
 * callback is process-wide and takes no context: begin and end enclose each use of libbpf. */

#define FE_LIBBPF_LINES 12 /* kept: the last ones say why */

struct fe_libbpf_log {
	struct arena *arena;
	const char *warnings[FE_LIBBPF_LINES], *others[FE_LIBBPF_LINES];
	unsigned n_warnings, n_others;
	libbpf_print_fn_t before;
};

void fe_libbpf_log_begin(struct fe_libbpf_log *log, struct arena *a);
void fe_libbpf_log_end(struct fe_libbpf_log *log);
/* Warnings; when there are none, the last thing libbpf did. */
const char *fe_libbpf_log_text(const struct fe_libbpf_log *log, struct arena *a);

#endif
