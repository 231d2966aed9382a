/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_PACKET_H
#define SIM_PACKET_H

#include "base/cx.h"
#include "frontend/object.h"

/* Generator of structured Ethernet frames.
 *
 * Packet number n of a generator depends on its seed, the program and n only, so any packet can be
 * generated without those before it. Frames are stacks of real headers (VLAN, IPv4 with options
 * and fragments, IPv6 with extension headers, ARP, TCP, UDP, ICMP, GRE, tunnels) whose fields are drawn from
 * small pools, so that flows repeat, and from the constants that the program compares with;
 * some are cut at or near the end of a header, some are random bytes. */

#define SIM_PACKET_SHORTEST 14u
#define SIM_PACKET_LONGEST  1514u

struct sim_packet_gen;

/* `min_len`: shortest frame to make, at least 14. */
struct sim_packet_gen *sim_packet_gen_new(struct arena *arena, const struct fe_prog *prog,
					  uint64_t seed, uint32_t min_len);
/* Packet number `index` into `buf` (SIM_PACKET_LONGEST bytes); its length. */
uint32_t sim_packet_make(const struct sim_packet_gen *g, uint64_t index, uint8_t *buf);

#endif
