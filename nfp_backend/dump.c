/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/dump.h"

#include <errno.h>
#include <string.h>

bool nfp_listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	if (!list)
		return false;
	if (!strcmp(list, "all"))
		return true;
	for (const char *p = list; p; p = strchr(p, ',')) {
		p += *p == ',';
		if (!strncmp(p, name, len) && (p[len] == ',' || !p[len]))
			return true;
	}
	return false;
}

FILE *nfp_dump_begin(struct cx *cx, const struct offload_options *opts, const char *prog,
		     const char *pass)
{
	const char *path;
	FILE *f = opts->dump_to ? opts->dump_to : stdout;

	if (!nfp_listed(opts->dump, pass))
		return NULL;
	if (opts->dump_dir) {
		path = arena_printf(cx->scratch, "%s/%s.%s", opts->dump_dir, prog, pass);
		f = fopen(path, "w");
		if (!f)
			diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_OUTPUT_WRITE, path,
				   strerror(errno));
	}
	if (f)
		fprintf(f, "; pass %s of %s\n", pass, prog);
	return f;
}

void nfp_dump_end(const struct offload_options *opts, FILE *f)
{
	if (opts->dump_dir)
		fclose(f);
}
