#ifndef SIM_KERNEL_PROG_H
#define SIM_KERNEL_PROG_H

#include "frontend/object.h"

/* A program in the running kernel, loaded from its file through libbpf; nothing is attached or pinned. */

struct bpf_object;

struct sim_kernel_prog {
	struct bpf_object *bpf;
	int fd;
	int *map_fds; /* per map of the object; -1: the program does not use it */
};

/* NULL, or why not (one line; libbpf's words may follow). `btf_path`: kernel BTF for CO-RE, or NULL. */
const char *sim_kernel_load(struct cx *cx, const struct fe_object *obj, const struct fe_prog *prog,
			    const char *btf_path, struct sim_kernel_prog *k);
void sim_kernel_unload(struct sim_kernel_prog *k);

#endif
