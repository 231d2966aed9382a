/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_NIC_HALF_H
#define SIM_NIC_HALF_H

#include "base/cx.h"

#include <stdbool.h>

/* The host half in the running kernel: an object loaded by libbpf and attached to the host's
 * interface, for as long as the process lives. Usually the host half of a split program; any object with XDP
 * programs will do. The tc half of a split program stands at the interface's ingress, behind the XDP program that
 * strips the record. */

#define SIM_NIC_LINKS 8

struct sim_nic_half {
	struct bpf_object *obj;
	const char *name;         /* of its program, or programs */
	int links[SIM_NIC_LINKS]; /* attachments; closing these descriptors removes them */
	unsigned n_links;
	unsigned clsact; /* interface to which we added a clsact qdisc; 0: none */
};

struct sim_nic_half_want {
	const char *path;
	const char *prog; /* XDP program; NULL: the object's only one */
	bool half;        /* of a split program: its tc programs, if any, are attached as well */
};

/* All report; free in any case. */
bool sim_nic_half_load(struct cx *cx, const struct sim_nic_half_want *want,
		       struct sim_nic_half *half);
bool sim_nic_half_attach(struct cx *cx, struct sim_nic_half *half, unsigned ifindex,
			 const char *ifname);
void sim_nic_half_free(struct sim_nic_half *half);

#endif
