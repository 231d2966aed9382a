/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CLI_TESTING_MAP_IDS_H
#define TOOLS_CLI_TESTING_MAP_IDS_H

#include "offload/inspect.h"
#include "sim/diff.h"

/* --map-ids NAME=N,...: the ids that relocated words have for the object's maps. */

/* Puts them into the object; `list` NULL: nothing to do. False: reported. */
bool map_ids_read(struct bpf_offload_object *o, const char *list);
/* Gives words that came without an image the ids that were read; warns where the others are guessed. */
void map_ids_apply(struct bpf_offload_object *o, struct sim_diff_device *dev);

#endif
