/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_PCAP_H
#define SIM_PCAP_H

#include "base/cx.h"

/* Capture files. Separate from packet.h because libpcap defines another struct bpf_insn. */

/* Packets of a pcap or pcapng file with Ethernet frames. NULL: reported. */
struct sim_pcap;
struct sim_pcap *sim_pcap_open(struct cx *cx, const char *path);
/* The next packet: valid until the next call. False: end of file, or a damaged file (reported). */
bool sim_pcap_next(struct cx *cx, struct sim_pcap *p, const uint8_t **data, uint32_t *len);
void sim_pcap_close(struct sim_pcap *p);

/* Writing, for `bpf-offload run -w`. NULL or false: reported. */
struct sim_pcap_writer;
struct sim_pcap_writer *sim_pcap_create(struct cx *cx, const char *path);
void sim_pcap_write(struct sim_pcap_writer *w, const uint8_t *data, uint32_t len);
bool sim_pcap_finish(struct cx *cx, struct sim_pcap_writer *w);

#endif
