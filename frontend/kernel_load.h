/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_KERNEL_LOAD_H
#define FRONTEND_KERNEL_LOAD_H

#include "frontend/object.h"

/* Loads a program of the frontend with bpf(2): for files that libbpf 1.x refuses (maps in the style
 * of iproute2), and for programs without a file. Maps live until the load is done. */

struct fe_kernel_load {
	const struct fe_object *obj;
	const struct fe_prog *prog;
	unsigned log_level;
	char *log; /* the verifier's; empty when it was not reached */
	uint32_t log_size;
	const char *missing; /* out: requirement that failed before loading; NULL: none */
	int *map_fds; /* NULL: nothing stays loaded; else one per map, out: descriptors that stay open, -1: none */
	const int *lent; /* NULL, or one per map: used and left open, -1: created for this load */
	int prog_fd;     /* out, if map_fds is set and the load succeeded */
	bool share;      /* map_fds holds maps of another program of the object, to be used */
};

/* 0, or a negative errno. After an error nothing stays loaded. */
int fe_kernel_load_insns(struct fe_kernel_load *l);

/* A host object, loaded by libbpf as its user would. */
struct fe_kernel_file {
	const char *path, *prog_name;
	const struct fe_object *maps_of; /* object whose maps correspond to the file's, by name */
	int *map_fds;    /* out, one per map: descriptors that stay open, -1: not in the file */
	int prog_fd;     /* out */
	const char *why; /* out: libbpf's message after an error */
};

/* 0, or a negative errno. After an error nothing stays loaded. */
int fe_kernel_load_file(struct arena *a, struct fe_kernel_file *f);

/* One map of the object; a descriptor, or a negative errno. */
int fe_kernel_make_map(const struct fe_object *obj, size_t map);

/* max_entries of a map whose size is set at run time: the minimum that the kernel accepts. */
uint32_t fe_kernel_map_entries(uint32_t type, uint32_t max_entries);

#endif
