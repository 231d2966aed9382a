/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_NIC_NIC_FRAME_H
#define SIM_NIC_NIC_FRAME_H

#include <stdbool.h>
#include <stdint.h>

/* From what a packet socket hands out to frames as a cable carries them. Between interfaces of one machine
 * checksums are often left to be filled in, several segments travel as one, and the VLAN tag lies beside the
 * frame: a card would see none of that. */

#define NIC_FRAME_ROOM 4u /* writable bytes that the caller has before the frame, for a tag */

/* Pending offloads; the fields of struct virtio_net_hdr and struct tpacket_auxdata. */
struct nic_undone {
	bool csum; /* sum from csum_start to the end into csum_start + csum_offset */
	uint16_t csum_start, csum_offset;
	uint8_t gso_type; /* VIRTIO_NET_HDR_GSO_* */
	uint16_t gso_size;
	bool tagged;
	uint16_t tpid, tci;
};

typedef void nic_frame_fn(void *priv, const uint8_t *frame, uint32_t len);

/* Calls `emit` with each frame, in order. Changes the bytes at `frame`. False: not to be done; none was
 * emitted. */
bool nic_frame_finish(uint8_t *frame, uint32_t len, const struct nic_undone *undone,
		      nic_frame_fn *emit, void *priv);

#endif
