/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_KERNEL_LOAD_H
#define FRONTEND_KERNEL_LOAD_H

#include "frontend/object.h"

/* bpf(2) on a program as the frontend has it: for files that libbpf 1.x refuses (maps in the style
 * of iproute2), and for programs that never were in a file. Maps live until the load is done. */

struct fe_kernel_load {
	const struct fe_object *obj;
	const struct fe_prog *prog;
	unsigned log_level;
	char *log; /* the verifier's; empty when it was not reached */
	uint32_t log_size;
	const char *missing; /* out: what was not to be had before loading; NULL: nothing */
	int *map_fds; /* NULL: nothing stays loaded; else one a map, out: what stays open, -1: none */
	const int *lent; /* NULL, or one a map: used and left open, -1: made for this load */
	int prog_fd;     /* out, when map_fds is there and all went well */
	bool share;      /* map_fds has maps of another program of the object: these are used */
};

/* 0, or a negative errno. After an error nothing stays loaded. */
int fe_kernel_load_insns(struct fe_kernel_load *l);

/* An object file of ours as its user loads it, by libbpf. */
struct fe_kernel_file {
	const char *path, *prog_name;
	const struct fe_object *maps_of; /* whose maps the file's are, by name */
	int *map_fds;                    /* out, one a map: what stays open, -1: not in the file */
	int prog_fd;                     /* out */
	const char *why;                 /* out: what libbpf said of an error */
};

/* 0, or a negative errno. After an error nothing stays loaded. */
int fe_kernel_load_file(struct arena *a, struct fe_kernel_file *f);

/* One map of the object; a descriptor, or a negative errno. */
int fe_kernel_make_map(const struct fe_object *obj, size_t map);

/* Entries of a map whose size its user sets at run time: the least that the kernel takes. */
uint32_t fe_kernel_map_entries(uint32_t type, uint32_t max_entries);

#endif
