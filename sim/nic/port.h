/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_NIC_PORT_H
#define SIM_NIC_PORT_H

#include "base/cx.h"
#include "sim/nic/nic_frame.h"

#include <net/if.h>

/* A place where frames come in and go out: a TAP interface, of which the process is the other side, or a packet
 * socket on an interface. Nothing here waits: `poll_fd` says when frames are there. */

#define NIC_BATCH 64u /* frames read before the other port has its turn */

struct nic_port {
	char name[IFNAMSIZ];
	unsigned ifindex; /* where it was opened; the interface may move to another namespace */
	int poll_fd;      /* frames are read here */
	int send_fd;
	int claim_fd; /* packet socket: link that keeps the kernel's stack off the frames; -1: none */
	bool packet;
	bool down;     /* packet socket: the interface is down, and may go without another word */
	bool gone;     /* the interface disappeared */
	uint64_t lost; /* frames that the kernel dropped because they were not read in time */
	struct nic_ring *ring;
};

/* Both report what is wrong. The TAP is made when there is none of that name, and goes with the process then. */
bool nic_tap_open(struct cx *cx, const char *name, struct nic_port *port);
bool nic_packet_open(struct cx *cx, const char *name, struct nic_port *port);
void nic_port_close(struct nic_port *port);

/* Up to NIC_BATCH frames, as they would be on a cable, to `emit`. Returns how many reads succeeded; adds frames
 * that no cable could carry to *unusable. */
unsigned nic_port_receive(struct nic_port *port, nic_frame_fn *emit, void *priv,
			  uint64_t *unusable);
/* False: the interface did not take it. */
bool nic_port_send(struct nic_port *port, const uint8_t *frame, uint32_t len);

/* Looks whether an interface that is down is still there. */
void nic_packet_look(struct nic_port *port);
/* Brings `lost` up to date. */
void nic_packet_count_lost(struct nic_port *port);

#endif
