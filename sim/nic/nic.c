/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/nic.h"

#include "sim/nic/port.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

/* The loop: sleeps until one of the two ports has frames or a signal comes, and takes a batch of each. */

struct nic {
	struct cx *cx;
	const struct sim_nic_config *cfg;
	struct sim_nic_stats *stats;
	struct nic_port host, wire;
	int signal_fd;
	sigset_t signals, before;
	double start;
	bool stop;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- frames ---- */

static void to_wire(struct nic *n, const uint8_t *frame, uint32_t len)
{
	if (!nic_port_send(&n->wire, frame, len))
		n->stats->wire_refused++;
}

static void from_host(void *priv, const uint8_t *frame, uint32_t len)
{
	struct nic *n = priv;

	n->stats->from_host.packets++;
	n->stats->from_host.bytes += len;
	to_wire(n, frame, len);
}

static void from_wire(void *priv, const uint8_t *frame, uint32_t len)
{
	struct nic *n = priv;
	struct sim_nic_out out;

	sim_nic_frame(&n->cfg->card, frame, len, n->stats, &out);
	if (out.way == SIM_NIC_WIRE)
		to_wire(n, out.data, out.len);
	else if (out.way == SIM_NIC_HOST && !nic_port_send(&n->host, out.data, out.len))
		n->stats->host_refused++;
}

/* ---- the loop ---- */

static void update(struct nic *n)
{
	nic_packet_count_lost(&n->wire);
	n->stats->wire_lost = n->wire.lost;
	n->stats->seconds = now() - n->start;
}

static void take_signal(struct nic *n)
{
	struct signalfd_siginfo info;

	if (read(n->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGUSR1:
		update(n);
		if (n->cfg->show)
			n->cfg->show(n->cfg->priv, n->stats);
		break;
	case SIGHUP:
		if (n->cfg->reload)
			n->cfg->reload(n->cfg->priv);
		break;
	default: n->stop = true;
	}
}

/* Milliseconds to sleep at most; -1: for ever. The kernel does not say when an interface that is down goes. */
static int patience(struct nic *n)
{
	double left = n->cfg->max_seconds - (now() - n->start), most = n->wire.down ? 1 : 3600;

	if (n->cfg->max_seconds <= 0)
		return n->wire.down ? 1000 : -1;
	n->stop = left <= 0;
	return left <= 0 ? 0 : (int)((left > most ? most : left) * 1000) + 1;
}

static bool ended(const struct nic *n)
{
	uint64_t max = n->cfg->max_packets;

	return n->stop || n->host.gone || n->wire.gone ||
	       (max && n->stats->from_wire.packets >= max);
}

static void loop(struct nic *n)
{
	struct pollfd fds[] = { { .fd = n->signal_fd, .events = POLLIN },
				{ .fd = n->wire.poll_fd, .events = POLLIN },
				{ .fd = n->host.poll_fd, .events = POLLIN } };

	while (!ended(n)) {
		if (poll(fds, 3, patience(n)) < 0 && errno != EINTR)
			return;
		if (fds[0].revents)
			take_signal(n);
		nic_packet_look(&n->wire);
		if (fds[1].revents)
			nic_port_receive(&n->wire, from_wire, n, &n->stats->unusable);
		if (fds[2].revents)
			nic_port_receive(&n->host, from_host, n, &n->stats->unusable);
	}
}

/* ---- set-up ---- */

static bool catch_signals(struct nic *n)
{
	static const int all[] = { SIGINT, SIGTERM, SIGUSR1, SIGHUP };

	sigemptyset(&n->signals);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		sigaddset(&n->signals, all[i]);
	sigprocmask(SIG_BLOCK, &n->signals, &n->before);
	n->signal_fd = signalfd(-1, &n->signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return n->signal_fd >= 0 ||
	       diag_error(n->cx->diags, &DIAG_AT_NOWHERE, REASON_NIC_SYSTEM, strerror(errno));
}

static bool open_ports(struct nic *n)
{
	const char *wire = n->cfg->wire;

	if (!nic_tap_open(n->cx, n->cfg->tap, &n->host))
		return false;
	if (wire)
		return nic_packet_open(n->cx, wire, &n->wire);
	return nic_tap_open(n->cx, arena_printf(n->cx->arena, "%sw", n->host.name), &n->wire);
}

/* Discards signals that arrived during the shutdown. */
static void finish(struct nic *n)
{
	struct signalfd_siginfo info;

	while (n->signal_fd >= 0 && read(n->signal_fd, &info, sizeof(info)) == sizeof(info))
		;
	if (n->signal_fd >= 0)
		close(n->signal_fd);
	sigprocmask(SIG_SETMASK, &n->before, NULL);
	nic_port_close(&n->host);
	nic_port_close(&n->wire);
}

bool sim_nic_run(struct cx *cx, const struct sim_nic_config *cfg, struct sim_nic_stats *stats)
{
	struct nic n = { .cx = cx, .cfg = cfg, .stats = stats, .signal_fd = -1, .start = now() };
	const struct nic_port closed = { .poll_fd = -1, .send_fd = -1, .claim_fd = -1 };
	bool ok;

	*stats = (struct sim_nic_stats){ 0 };
	n.host = n.wire = closed;
	ok = catch_signals(&n) && open_ports(&n) &&
	     (!cfg->ready || cfg->ready(cfg->priv, n.host.ifindex, n.host.name, n.wire.name));
	if (ok) {
		n.start = now();
		loop(&n);
		update(&n);
		if (n.host.gone || n.wire.gone)
			ok = diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_NIC_GONE,
					n.host.gone ? n.host.name : n.wire.name);
	}
	finish(&n);
	return ok;
}
