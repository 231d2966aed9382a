/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_HOST_KERNEL_PROG_H
#define SIM_HOST_KERNEL_PROG_H

#include "frontend/object.h"

/* A program in the running kernel: the very instructions that the other sides run, on maps of its own.
 * Nothing is attached or pinned. */

struct sim_kernel_prog {
	int fd;       /* 0: not loaded */
	int *map_fds; /* per map of the object; -1: the program does not use it */
	size_t n_maps;
};

/* NULL, or why not in one line. */
const char *sim_kernel_load(struct cx *cx, const struct fe_object *obj, const struct fe_prog *prog,
			    struct sim_kernel_prog *k);
/* A host half by way of its object file, which libbpf loads: what its user does. */
struct part_halves;
const char *sim_kernel_load_half(struct cx *cx, const struct fe_object *obj,
				 const struct part_halves *pair, struct sim_kernel_prog *k);
void sim_kernel_unload(struct sim_kernel_prog *k);

#endif
