/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CLI_OUTPUT_COMPILE_FILES_H
#define TOOLS_CLI_OUTPUT_COMPILE_FILES_H

#include "tools/cli/cli.h"
#include "tools/report/manifest.h"

/* Files that compile writes in addition to image and host half: manifests, and the skeleton. */

struct compile_files {
	const struct cli_args *args;
	struct json_object *manifest; /* of --manifest; NULL: not begun */
	char *host;                   /* path of the host half that was written last */
	unsigned hosts;
};

/* Walks the programs with args->collect.compile_to set, then writes what waits for all of them. */
enum cli_exit compile_files_run(const struct cli_args *args, cli_program_fn *one);

/* Adds a program to --manifest. False: reported. */
bool compile_files_manifest(struct compile_files *x, struct bpf_offload_program *p,
			    const struct rep_files *files);
/* Writes a manifest of one program. False: reported. */
bool compile_files_own_manifest(struct bpf_offload_program *p, const struct rep_files *files,
				const char *path);
/* A host half was written. */
void compile_files_host(struct compile_files *x, const char *path);

#endif
