/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/libbpf_log.h"

#include <stdarg.h>
#include <stdio.h>

/* The callback takes no context: hence the thread-local pointer, set only while libbpf runs. */
static _Thread_local struct fe_libbpf_log *current_log;

__attribute__((format(printf, 2, 0))) static int catch_line(enum libbpf_print_level level,
							    const char *fmt, va_list ap)
{
	struct fe_libbpf_log *log = current_log;
	char line[512];

	if (!log)
		return 0;
	vsnprintf(line, sizeof(line), fmt, ap);
	if (level == LIBBPF_WARN)
		log->warnings[log->n_warnings++ % FE_LIBBPF_LINES] = arena_strdup(log->arena, line);
	else if (log->n_others < 4096) /* enough to tell; each costs memory */
		log->others[log->n_others++ % FE_LIBBPF_LINES] = arena_strdup(log->arena, line);
	return 0;
}

void fe_libbpf_log_begin(struct fe_libbpf_log *log, struct arena *a)
{
	*log = (struct fe_libbpf_log){ .arena = a };
	current_log = log;
	log->before = libbpf_set_print(catch_line);
}

void fe_libbpf_log_end(struct fe_libbpf_log *log)
{
	libbpf_set_print(log->before);
	current_log = NULL;
}

const char *fe_libbpf_log_text(const struct fe_libbpf_log *log, struct arena *a)
{
	const char *const *lines = log->n_warnings ? log->warnings : log->others;
	unsigned n = log->n_warnings ? log->n_warnings : log->n_others;
	unsigned first = n > FE_LIBBPF_LINES ? n - FE_LIBBPF_LINES : 0;
	const char *text = "";

	if (!log->n_warnings && n)
		first = n - 1;
	for (unsigned i = first; i < n; i++)
		text = arena_printf(a, "%s    libbpf: %s", text, lines[i % FE_LIBBPF_LINES]);
	return text;
}
