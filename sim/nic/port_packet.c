/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/nic/port.h"

#include "base/bits.h"
#include "sim/nic/ring.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/pkt_cls.h>
#include <string.h>
#include <unistd.h>

/* A packet socket on an existing interface. One socket receives, with the pending offloads
 * in front of each frame; another one sends plain frames. */

#define QUEUE_BYTES (4 << 20) /* received and not yet read; further frames are lost, and counted */
#define TCX_INGRESS 46        /* BPF_TCX_INGRESS, Linux 6.6 */

static bool set(int fd, int level, int option, int value)
{
	return !setsockopt(fd, level, option, &value, sizeof(value));
}

static bool bind_to(int fd, const struct nic_port *port, uint16_t protocol)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(protocol),
				  .sll_ifindex = (int)port->ifindex };

	return !bind(fd, (struct sockaddr *)&at, sizeof(at));
}

/* Frames for any address: they are for the TAP's, not for the interface's own. */
static bool listen_to_all(const struct nic_port *port)
{
	struct packet_mreq all = { .mr_ifindex = (int)port->ifindex, .mr_type = PACKET_MR_PROMISC };

	return !setsockopt(port->poll_fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all));
}

static bool open_receiver(struct nic_port *port)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	port->poll_fd = fd;
	if (fd < 0)
		return false;
	if (!set(fd, SOL_SOCKET, SO_RCVBUFFORCE, QUEUE_BYTES))
		set(fd, SOL_SOCKET, SO_RCVBUF, QUEUE_BYTES);
	return set(fd, SOL_PACKET, PACKET_VNET_HDR, 1) && set(fd, SOL_PACKET, PACKET_AUXDATA, 1) &&
	       set(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1) && bind_to(fd, port, ETH_P_ALL) &&
	       listen_to_all(port);
}

static bool open_sender(struct nic_port *port)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	port->send_fd = fd;
	if (fd < 0)
		return false;
	set(fd, SOL_PACKET, PACKET_QDISC_BYPASS, 1);
	return bind_to(fd, port, 0);
}

/* This machine's own stack must not answer frames from the wire. Packet sockets receive
 * frames before tc does, so a tc program drops all of them there, for the lifetime of the process. */
static int claim(const struct nic_port *port)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = TC_ACT_SHOT },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int link, prog = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "nic_wire", "GPL", insns,
				       ARRAY_SIZE(insns), NULL);

	if (prog < 0)
		return prog;
	link = bpf_link_create(prog, (int)port->ifindex, (enum bpf_attach_type)TCX_INGRESS, NULL);
	close(prog);
	return link;
}

static void set_up_messages(struct nic_ring *ring)
{
	for (unsigned i = 0; i < NIC_BATCH; i++) {
		struct nic_slot *s = &ring->slot[i];

		ring->iov[i][0] = (struct iovec){ &s->undone, sizeof(s->undone) };
		ring->iov[i][1] = (struct iovec){ s->bytes + NIC_FRAME_ROOM, NIC_FRAME_MAX };
		ring->msg[i].msg_hdr = (struct msghdr){ .msg_iov = ring->iov[i],
							.msg_iovlen = 2,
							.msg_control = s->control };
	}
}

bool nic_packet_open(struct cx *cx, const char *name, struct nic_port *port)
{
	if (!nic_port_begin(cx, name, port))
		return false;
	port->packet = true;
	port->ifindex = if_nametoindex(name);
	if (!port->ifindex)
		return nic_port_failed(cx, port, "find the interface");
	if (!open_receiver(port) || !open_sender(port))
		return nic_port_failed(cx, port, "open a packet socket");
	if (!nic_port_up(port))
		return nic_port_failed(cx, port, "set the interface up");
	port->claim_fd = claim(port);
	if (port->claim_fd < 0) {
		diag_warn(cx->diags, &DIAG_AT_NOWHERE, REASON_NIC_WIRE_SHARED, name,
			  strerror(-port->claim_fd));
		port->claim_fd = -1;
	}
	set_up_messages(port->ring);
	return true;
}

/* ---- receiving ---- */

static void find_tag(struct msghdr *m, struct nic_undone *u)
{
	struct tpacket_auxdata aux;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA ||
		    c->cmsg_len < CMSG_LEN(sizeof(aux)))
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		u->tagged = aux.tp_status & TP_STATUS_VLAN_VALID;
		u->tci = aux.tp_vlan_tci;
		u->tpid =
			aux.tp_status & TP_STATUS_VLAN_TPID_VALID ? aux.tp_vlan_tpid : ETH_P_8021Q;
	}
}

/* The header is in the machine's own order (struct virtio_net_hdr of a packet socket). */
static struct nic_undone undone_of(struct nic_slot *s, struct msghdr *m)
{
	const struct virtio_net_hdr *h = &s->undone;
	struct nic_undone u = { .csum = h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM,
				.csum_start = h->csum_start,
				.csum_offset = h->csum_offset,
				.gso_type = h->gso_type,
				.gso_size = h->gso_size };

	find_tag(m, &u);
	return u;
}

void nic_packet_look(struct nic_port *port)
{
	char name[IFNAMSIZ];

	port->gone |= port->down && !if_indextoname(port->ifindex, name);
}

unsigned nic_packet_receive(struct nic_port *port, nic_frame_fn *emit, void *priv,
			    uint64_t *unusable)
{
	struct nic_ring *ring = port->ring;
	int n;

	for (unsigned i = 0; i < NIC_BATCH; i++)
		ring->msg[i].msg_hdr.msg_controllen = sizeof(ring->slot[i].control);
	n = recvmmsg(port->poll_fd, ring->msg, NIC_BATCH, MSG_DONTWAIT, NULL);
	if (n < 0) {
		if (errno == EINVAL) /* segments of a kind that struct virtio_net_hdr cannot say */
			++*unusable;
		else if (errno == ENETDOWN || errno == ENODEV || errno == ENXIO)
			port->down = true;
		nic_packet_look(port);
		return 0;
	}
	port->down = false;
	for (int i = 0; i < n; i++) {
		struct nic_slot *s = &ring->slot[i];
		struct msghdr *m = &ring->msg[i].msg_hdr;
		struct nic_undone u = undone_of(s, m);
		uint32_t len = ring->msg[i].msg_len;

		if (m->msg_flags & MSG_TRUNC || len < sizeof(s->undone) ||
		    !nic_frame_finish(s->bytes + NIC_FRAME_ROOM, len - (uint32_t)sizeof(s->undone),
				      &u, emit, priv))
			++*unusable;
	}
	return (unsigned)n;
}

void nic_packet_count_lost(struct nic_port *port)
{
	struct tpacket_stats st = { 0 };
	socklen_t size = sizeof(st);

	if (port->packet && !getsockopt(port->poll_fd, SOL_PACKET, PACKET_STATISTICS, &st, &size))
		port->lost += st.tp_drops;
}
