/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_DUMP_H
#define NFP_BACKEND_DUMP_H

#include "partitioner/device_ops.h"

#include <stdio.h>

/* Dumps between passes belong to whoever drives the passes; these are his tools. */

/* Is `name` in a comma-separated list, or the list "all"? NULL lists hold nothing. */
bool nfp_listed(const char *list, const char *name);

/* Where the dump of a pass goes, with a heading "; pass <name> of <prog>"; NULL: not asked for, or
 * the file could not be made (reported). Close it with nfp_dump_end(). */
FILE *nfp_dump_begin(struct cx *cx, const struct offload_options *opts, const char *prog,
		     const char *pass);
void nfp_dump_end(const struct offload_options *opts, FILE *f);

#endif
