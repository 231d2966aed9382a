/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_REPORT_CONSTANTS_H
#define TOOLS_REPORT_CONSTANTS_H

#include "offload/inspect.h"

/* Variables whose values are compiled into a placed program: constant data that it reads, by the verifier's facts. */

struct rep_constant {
	const char *
		name; /* "port", "table.pair[1].low" as --set takes it; ".rodata+16" where BTF does not tell */
	const char
		*value; /* "80", "true", an enumerator, a text; bytes where it is none of these */
	const char *map;
	bool settable; /* --set takes the name */
};

/* In the order of their places; none when nothing is on the device. */
const struct rep_constant *rep_constants(const struct bpf_offload_program *p, size_t *n);

#endif
