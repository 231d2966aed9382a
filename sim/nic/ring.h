/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_NIC_RING_H
#define SIM_NIC_RING_H

#include "sim/nic/port.h"

#include <linux/virtio_net.h>
#include <sys/socket.h>

/* Room for a batch of reads; made once, so that nothing is allocated while frames flow. */

#define NIC_FRAME_MAX (65536u + 256u) /* the largest frame of many segments, with its headers */

struct nic_slot {
	struct virtio_net_hdr undone;
	uint8_t bytes[NIC_FRAME_ROOM + NIC_FRAME_MAX]; /* the frame begins behind the room */
	_Alignas(struct cmsghdr) uint8_t control[128]; /* where tags lie beside the frame */
};

struct nic_ring {
	struct nic_slot slot[NIC_BATCH];
	struct mmsghdr msg[NIC_BATCH];
	struct iovec iov[NIC_BATCH][2];
};

/* port.c. The latter two report, and close. */
bool nic_port_begin(struct cx *cx, const char *name, struct nic_port *port);
bool nic_port_up(struct nic_port *port);
bool nic_port_failed(struct cx *cx, struct nic_port *port, const char *doing);
/* port_packet.c */
unsigned nic_packet_receive(struct nic_port *port, nic_frame_fn *emit, void *priv,
			    uint64_t *unusable);

#endif
