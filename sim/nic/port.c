/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/nic/port.h"

#include "sim/nic/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The TAP, and functions that both kinds of port share. */

static bool failed(struct cx *cx, const char *name, const char *doing)
{
	if (errno == EPERM || errno == EACCES)
		return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_NIC_PRIVILEGE, doing);
	return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_NIC_INTERFACE, name, doing,
			  strerror(errno));
}

bool nic_port_begin(struct cx *cx, const char *name, struct nic_port *port)
{
	*port = (struct nic_port){ .poll_fd = -1, .send_fd = -1, .claim_fd = -1 };
	if (strlen(name) >= sizeof(port->name)) {
		errno = ENAMETOOLONG;
		return failed(cx, name, "use the name");
	}
	memcpy(port->name, name, strlen(name) + 1);
	port->ring = calloc(1, sizeof(*port->ring));
	return port->ring || failed(cx, name, "have memory for frames");
}

bool nic_port_failed(struct cx *cx, struct nic_port *port, const char *doing)
{
	failed(cx, port->name, doing);
	nic_port_close(port);
	return false;
}

/* The MTU stays what it is; up, so that frames flow. */
bool nic_port_up(struct nic_port *port)
{
	struct ifreq ifr = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok;

	memcpy(ifr.ifr_name, port->name, sizeof(ifr.ifr_name));
	ok = fd >= 0 && !ioctl(fd, SIOCGIFFLAGS, &ifr);
	if (ok && !(ifr.ifr_flags & IFF_UP)) {
		ifr.ifr_flags |= IFF_UP;
		ok = !ioctl(fd, SIOCSIFFLAGS, &ifr);
	}
	if (fd >= 0)
		close(fd);
	return ok;
}

/* No TUNSETOFFLOAD: the kernel then completes checksums and segments before it hands frames out. Without
 * O_NONBLOCK it would run XDP in its generic form only (tun_can_build_skb() of drivers/net/tun.c). */
bool nic_tap_open(struct cx *cx, const char *name, struct nic_port *port)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };

	if (!nic_port_begin(cx, name, port))
		return false;
	port->poll_fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (port->poll_fd < 0)
		return nic_port_failed(cx, port, "open /dev/net/tun");
	memcpy(ifr.ifr_name, port->name, sizeof(ifr.ifr_name));
	if (ioctl(port->poll_fd, TUNSETIFF, &ifr))
		return nic_port_failed(cx, port, "make a TAP interface");
	memcpy(port->name, ifr.ifr_name, sizeof(port->name));
	port->ifindex = if_nametoindex(port->name);
	if (!nic_port_up(port))
		return nic_port_failed(cx, port, "set the interface up");
	port->send_fd = port->poll_fd;
	return true;
}

void nic_port_close(struct nic_port *port)
{
	if (port->send_fd >= 0 && port->send_fd != port->poll_fd)
		close(port->send_fd);
	if (port->poll_fd >= 0)
		close(port->poll_fd);
	if (port->claim_fd >= 0)
		close(port->claim_fd);
	free(port->ring);
	*port = (struct nic_port){ .poll_fd = -1, .send_fd = -1, .claim_fd = -1 };
}

static unsigned receive_tap(struct nic_port *port, nic_frame_fn *emit, void *priv)
{
	uint8_t *frame = port->ring->slot[0].bytes;
	unsigned n;
	ssize_t len;

	for (n = 0; n < NIC_BATCH; n++) {
		len = read(port->poll_fd, frame, NIC_FRAME_MAX);
		if (len < 0) {
			port->gone = errno != EAGAIN && errno != EINTR;
			break;
		}
		emit(priv, frame, (uint32_t)len);
	}
	return n;
}

unsigned nic_port_receive(struct nic_port *port, nic_frame_fn *emit, void *priv, uint64_t *unusable)
{
	if (port->packet)
		return nic_packet_receive(port, emit, priv, unusable);
	return receive_tap(port, emit, priv);
}

bool nic_port_send(struct nic_port *port, const uint8_t *frame, uint32_t len)
{
	return write(port->send_fd, frame, len) == (ssize_t)len;
}
