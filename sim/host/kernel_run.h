/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_HOST_KERNEL_RUN_H
#define SIM_HOST_KERNEL_RUN_H

#include "sim/host.h"
#include "sim/host/kernel_prog.h"

/* The running kernel as a host side: packets through BPF_PROG_TEST_RUN, contents of maps through
 * bpf(2). One CPU, to which the calling thread is bound while it is open. */

struct sim_kernel;

/* NULL: `why` says what is missing or would not repeat. The program stays the caller's. */
struct sim_kernel *sim_kernel_new(struct cx *cx, const struct fe_object *obj,
				  const struct fe_prog *prog, const struct sim_kernel_prog *loaded,
				  const char **why);
void sim_kernel_free(struct sim_kernel *k);

/* Runs one packet; false: the kernel does not take it. In `run` are verdict, packet and events. */
bool sim_kernel_run(struct sim_kernel *k, const struct sim_host_packet *pkt,
		    struct sim_host_run *run);

/* An element; per-CPU maps have this CPU's value. False: no such key, or it cannot be put there. */
bool sim_kernel_get(struct sim_kernel *k, size_t map, const void *key, uint8_t *value);
bool sim_kernel_put(struct sim_kernel *k, size_t map, const void *key, const uint8_t *value);
void sim_kernel_delete(struct sim_kernel *k, size_t map, const void *key);
/* Keys in the kernel's order: NULL first; false: no more. */
bool sim_kernel_next_key(struct sim_kernel *k, size_t map, const void *key, void *next);
/* True when the map's elements can be read from user space. */
bool sim_kernel_readable(const struct sim_kernel *k, size_t map);

#endif
