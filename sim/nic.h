/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_NIC_H
#define SIM_NIC_H

#include "nfp_backend/image.h"
#include "sim/maps.h"
#include "sim/me.h"
#include "sim/throughput.h"

/* A network card in software: the simulated microengine between a wire and a TAP interface, where the
 * kernel receives the packets that the device passes up.
 *
 *   wire --frames--> card: image in sim/me --record + frame--> TAP: host half as XDP --> the host's stack
 *   wire <--frames-- (TX) ------------------------------------------------------------- TAP
 *
 * The wire is the end of a cable: a second TAP, whose interface is the far end, or a packet socket on an
 * existing interface (one end of a veth pair), whose pending offloads are completed here.
 * See docs/software-nic.md. Linux only; needs CAP_NET_ADMIN, and CAP_BPF for a host half. */

/* Outcome of a frame from the wire. */
enum sim_nic_way {
	SIM_NIC_HOST,     /* up, with the record that the image put in front */
	SIM_NIC_WIRE,     /* XDP_TX: back on the wire */
	SIM_NIC_DROP,     /* the program dropped it */
	SIM_NIC_ABORT,    /* the program aborted: dropped */
	SIM_NIC_TOO_LONG, /* longer than the packet memory: dropped */
	SIM_NIC_FAULT,    /* the microcode faulted: dropped */
	SIM_NIC_WAYS
};

const char *sim_nic_way_name(enum sim_nic_way way); /* "to_host", "to_wire", … as in JSON */

struct sim_nic_sum {
	uint64_t packets, bytes;
};

struct sim_nic_stats {
	struct sim_nic_sum from_wire, way[SIM_NIC_WAYS]; /* bytes: of the incoming frame */
	struct sim_nic_sum from_host;
	uint64_t decided,
		handed; /* with a host half: passed up as PASS; passed up for the host half to continue */
	uint64_t host_refused,
		wire_refused; /* frames that an interface refused (down, queue full) */
	uint64_t wire_lost;   /* frames that the kernel dropped before they were read */
	uint64_t unusable;    /* frames of the wire's interface that are malformed for a wire */
	uint64_t insns, cycles, busy_cycles; /* of the microcode, over all frames */
	uint64_t queue_selected, events, events_lost;
	double seconds;
	char first_fault[160];
};

/* ---- card.c: the path of a frame through the image, without interfaces ---- */

struct sim_nic_card {
	struct sim_me *me; /* NULL: no image, every frame is passed up unchanged */
	const struct nfp_firmware *fw;
	struct sim_throughput *engine; /* with an image */
	uint32_t record_bytes;         /* of the image's hand-off records; 0: none */
};

struct sim_nic_out {
	enum sim_nic_way way;
	const uint8_t *data; /* SIM_NIC_HOST and SIM_NIC_WIRE: valid until the next frame */
	uint32_t len;
};

void sim_nic_frame(const struct sim_nic_card *card, const uint8_t *frame, uint32_t len,
		   struct sim_nic_stats *stats, struct sim_nic_out *out);

/* ---- nic.c: interfaces, and the loop between them ---- */

struct sim_nic_config {
	struct sim_nic_card card;
	const char *tap;      /* the host's interface; created if missing */
	const char *wire;     /* existing interface; NULL: a TAP of the host's name + "w" */
	double max_seconds;   /* 0: until SIGINT or SIGTERM */
	uint64_t max_packets; /* from the wire; 0: no limit */
	void *priv;
	/* Called when both interfaces are up, before the first frame; false: stop (reported). */
	bool (*ready)(void *priv, unsigned ifindex, const char *host, const char *wire);
	void (*show)(void *priv, const struct sim_nic_stats *stats); /* SIGUSR1 */
	void (*reload)(void *priv);                                  /* SIGHUP */
};

/* Returns at the end of the run. False: could not start, or an interface disappeared (reported); `stats` is
 * filled in either case. */
bool sim_nic_run(struct cx *cx, const struct sim_nic_config *cfg, struct sim_nic_stats *stats);

#endif
