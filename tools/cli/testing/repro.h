/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CLI_TESTING_REPRO_H
#define TOOLS_CLI_TESTING_REPRO_H

#include "sim/diff.h"
#include "tools/cli/cli.h"
#include "tools/cli/output/divergence.h"

/* test --repro DIR: the first difference as a packet that is as small as it gets and a command that shows
 * it again: DIR/<program>-<seed>.pcap and .sh. */

struct repro {
	struct cx *cx;
	const struct cli_args *args;
	const char *prog;
	uint64_t seed;           /* of the run that differed */
	struct divergence *ways; /* NULL: the words have no line table */
	/* Runs both sides on a capture file, telling `ways` of each step if it is not NULL; false: could
	 * not. */
	bool (*run)(void *priv, const char *pcap, struct divergence *ways,
		    struct sim_diff_result *r);
	void *priv;
};

/* `m`: the difference. False: the files could not be written (reported). */
bool repro_write(const struct repro *r, const struct sim_diff_mismatch *m);

#endif
