/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_REPORT_MANIFEST_H
#define TOOLS_REPORT_MANIFEST_H

#include "offload/inspect.h"

#include <json-c/json.h>

/* The manifest of a compilation, as JSON, for loaders and control planes: the files, how they are
 * attached, the placement of each map with the task of user space, the requirements on the firmware. The schema
 * is in docs/json.md, section "Manifest"; its version changes if a key is removed or changes its meaning. */

#define REP_MANIFEST_VERSION 1

/* Files that compile wrote; NULL: not that one. */
struct rep_files {
	const char *image, *words, *host;
	bool beside; /* the manifest lies in the same folder: names rather than paths */
};

/* {"manifest": 1, …, "programs": []}. NULL: the object cannot be read again (reported). */
struct json_object *rep_manifest_new(struct bpf_offload_object *o);
/* Adds a program. False: a file cannot be read again (reported). */
bool rep_manifest_add(struct json_object *manifest, struct bpf_offload_program *p,
		      const struct rep_files *files);
/* Writes and frees. False: reported. */
bool rep_manifest_write(struct cx *cx, struct json_object *manifest, const char *path);

#endif
