/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CLI_NIC_NIC_MAPS_H
#define TOOLS_CLI_NIC_NIC_MAPS_H

#include "offload/inspect.h"
#include "sim/maps.h"

/* The maps of a software NIC: those of the image on the device, those of the host half in the kernel. */

struct bpf_object;

struct nic_maps {
	const struct nfp_image *img; /* NULL: no image */
	struct sim_maps *card;       /* in the image's order */
	struct bpf_object *host;     /* NULL: not loaded by us */
};

/* Writes a file's elements (sim/maptext.h) to each side that has the map. A map to which both sides add gets them on
 * the device, and zeroes on the host. False: reported; elements before the wrong line remain. */
bool nic_maps_fill(struct cx *cx, const struct nic_maps *maps, const char *path);

/* Writes all elements to `path`, in the same form; elements of arrays that are zero are left out. For maps that
 * both sides add to their sum is a comment. */
bool nic_maps_dump(struct cx *cx, const struct nic_maps *maps, const char *path);

#endif
