/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_MAKE_HALVES_H
#define PARTITIONER_MAKE_HALVES_H

#include "partitioner/split.h"

/* From a placement (on_device, cuts) to programs. They are not verified here. False: it cannot be written. */

/* Fills in device and device_origin. */
bool part_make_device(struct cx *cx, const struct vprog *vp, struct part_halves *halves);
/* Fills in host and host_origin from on_host; of a tc program xdp_stub, too. */
bool part_make_host(struct cx *cx, const struct vprog *vp, struct part_halves *halves);

#endif
