#ifndef SIM_NIC_HALF_H
#define SIM_NIC_HALF_H

#include "base/cx.h"

#include <stdbool.h>

/* The host's side of the card, in the running kernel: an object loaded by libbpf and attached to the host's
 * interface, for as long as the process lives. Usually the host half of a split program; any object with XDP
 * programs will do. Programs for tc are attached to the interface's ingress beside it (Linux 6.6). */

struct sim_nic_half {
	struct bpf_object *obj;
	struct bpf_link *xdp;
	const char *name; /* of the XDP program */
	int tc_links[4];
	unsigned n_tc;
};

struct sim_nic_half_want {
	const char *path;
	const char *prog; /* XDP program; NULL: the object's only one */
	bool tc;          /* attach its tc programs, too */
};

/* All report; free in any case. */
bool sim_nic_half_load(struct cx *cx, const struct sim_nic_half_want *want,
		       struct sim_nic_half *half);
bool sim_nic_half_attach(struct cx *cx, struct sim_nic_half *half, unsigned ifindex,
			 const char *ifname);
void sim_nic_half_free(struct sim_nic_half *half);

#endif
