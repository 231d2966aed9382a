/* SPDX-License-Identifier: BSD-2-Clause */
/* Receives what an XDP program redirects to an AF_XDP socket, and prints it: a line a packet.
 *
 *   xsk_receiver INTERFACE [QUEUE [PACKETS]]
 *
 * The program is attached already, e.g. by `bpf-offload nic` the host half of xsk_classifier: its XSKMAP is looked
 * up through the interface, so nothing has to be pinned. Ends after PACKETS packets, or at SIGINT or SIGTERM. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <xdp/xsk.h>

#define FRAMES      2048u
#define FRAME_BYTES XSK_UMEM__DEFAULT_FRAME_SIZE
#define BATCH       64u
#define MAX_MAPS    64u

struct receiver {
	void *memory;
	struct xsk_umem *umem;
	struct xsk_socket *socket;
	struct xsk_ring_prod fill;
	struct xsk_ring_cons completion, rx;
	uint64_t packets, bytes, wanted;
};

static int failed(const char *what, int err)
{
	fprintf(stderr, "xsk_receiver: %s: %s\n", what, strerror(err < 0 ? -err : err));
	return 1;
}

/* ---- the attached program's map ---- */

static int xskmap_among(const uint32_t *ids, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct bpf_map_info info = { 0 };
		uint32_t size = sizeof(info);
		int fd = bpf_map_get_fd_by_id(ids[i]);

		if (fd < 0)
			continue;
		if (!bpf_obj_get_info_by_fd(fd, &info, &size) && info.type == BPF_MAP_TYPE_XSKMAP)
			return fd;
		close(fd);
	}
	return -ENOENT;
}

static int find_xskmap(int ifindex)
{
	uint32_t ids[MAX_MAPS], prog_id = 0, size;
	struct bpf_prog_info info = { 0 };
	int err = bpf_xdp_query_id(ifindex, 0, &prog_id), fd;

	if (err)
		return err;
	fd = bpf_prog_get_fd_by_id(prog_id);
	if (fd < 0)
		return fd;
	info.map_ids = (uintptr_t)ids;
	info.nr_map_ids = MAX_MAPS;
	size = sizeof(info);
	err = bpf_obj_get_info_by_fd(fd, &info, &size);
	close(fd);
	return err ? err
		   : xskmap_among(ids, info.nr_map_ids < MAX_MAPS ? info.nr_map_ids : MAX_MAPS);
}

/* ---- the socket ---- */

static void give_frames(struct receiver *r, uint32_t n, uint64_t first)
{
	uint32_t at;

	if (xsk_ring_prod__reserve(&r->fill, n, &at) != n)
		return;
	for (uint32_t i = 0; i < n; i++)
		*xsk_ring_prod__fill_addr(&r->fill, at + i) = first + i * FRAME_BYTES;
	xsk_ring_prod__submit(&r->fill, n);
}

static int open_socket(struct receiver *r, const char *ifname, uint32_t queue)
{
	const struct xsk_umem_config umem = { .fill_size = FRAMES,
					      .comp_size = BATCH,
					      .frame_size = FRAME_BYTES };
	const struct xsk_socket_config socket = {
		.rx_size = FRAMES,
		.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
	};
	size_t bytes = (size_t)FRAMES * FRAME_BYTES;
	int err;

	r->memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r->memory == MAP_FAILED)
		return errno;
	err = xsk_umem__create(&r->umem, r->memory, bytes, &r->fill, &r->completion, &umem);
	if (!err)
		err = xsk_socket__create(&r->socket, ifname, queue, r->umem, &r->rx, NULL, &socket);
	if (!err)
		give_frames(r, FRAMES, 0);
	return err;
}

/* ---- packets ---- */

static void print_tcp(const char *from, const char *to, const uint8_t *at, size_t left)
{
	struct tcphdr tcp;

	if (left < sizeof(tcp)) {
		printf("%s > %s", from, to);
		return;
	}
	memcpy(&tcp, at, sizeof(tcp));
	printf("%s port %u > %s port %u TCP%s%s%s%s", from, ntohs(tcp.source), to, ntohs(tcp.dest),
	       tcp.syn ? " SYN" : "", tcp.ack ? " ACK" : "", tcp.fin ? " FIN" : "",
	       tcp.rst ? " RST" : "");
}

static void print_packet(const uint8_t *data, uint32_t len)
{
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	size_t at = ETH_HLEN, head;
	uint16_t proto;

	memcpy(&proto, data + 12, sizeof(proto));
	if (ntohs(proto) == ETHERTYPE_VLAN && len >= at + 4) {
		memcpy(&proto, data + 16, sizeof(proto));
		at += 4;
	}
	if (ntohs(proto) == ETHERTYPE_IP && len >= at + sizeof(struct iphdr)) {
		head = (data[at] & 0xfu) * 4u;
		inet_ntop(AF_INET, data + at + 12, from, sizeof(from));
		inet_ntop(AF_INET, data + at + 16, to, sizeof(to));
	} else if (ntohs(proto) == ETHERTYPE_IPV6 && len >= at + sizeof(struct ip6_hdr)) {
		head = sizeof(struct ip6_hdr);
		inet_ntop(AF_INET6, data + at + 8, from, sizeof(from));
		inet_ntop(AF_INET6, data + at + 24, to, sizeof(to));
	} else {
		printf("EtherType 0x%04x", ntohs(proto));
		return;
	}
	print_tcp(from, to, data + at + head, len > at + head ? len - at - head : 0);
}

static void take_batch(struct receiver *r)
{
	uint32_t at, n = xsk_ring_cons__peek(&r->rx, BATCH, &at);

	for (uint32_t i = 0; i < n; i++) {
		const struct xdp_desc *d = xsk_ring_cons__rx_desc(&r->rx, at + i);

		r->packets++;
		r->bytes += d->len;
		printf("%6llu  %4u bytes  ", (unsigned long long)r->packets, d->len);
		if (d->len >= ETH_HLEN)
			print_packet(xsk_umem__get_data(r->memory, d->addr), d->len);
		putchar('\n');
		give_frames(r, 1, d->addr - d->addr % FRAME_BYTES);
	}
	xsk_ring_cons__release(&r->rx, n);
	fflush(stdout);
}

static int receive(struct receiver *r, int signal_fd)
{
	struct pollfd fds[] = { { .fd = xsk_socket__fd(r->socket), .events = POLLIN },
				{ .fd = signal_fd, .events = POLLIN } };

	while (!r->wanted || r->packets < r->wanted) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return failed("poll", errno);
		if (fds[0].revents & POLLIN)
			take_batch(r);
		if (fds[0].revents & (POLLERR | POLLHUP))
			return failed("the interface", ENETDOWN);
		if (fds[1].revents)
			break;
	}
	printf("%llu packets, %llu bytes\n", (unsigned long long)r->packets,
	       (unsigned long long)r->bytes);
	return 0;
}

/* ---- */

static int catch_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static int run(struct receiver *r, const char *ifname, uint32_t queue)
{
	unsigned ifindex = if_nametoindex(ifname);
	int signal_fd = catch_signals(), map, err, socket;

	if (!ifindex || signal_fd < 0)
		return failed(ifname, errno);
	map = find_xskmap((int)ifindex);
	if (map < 0)
		return failed("no XSKMAP in the XDP program of that interface", map);
	err = open_socket(r, ifname, queue);
	if (err)
		return failed("AF_XDP socket", err);
	socket = xsk_socket__fd(r->socket);
	if (bpf_map_update_elem(map, &queue, &socket, BPF_ANY))
		return failed("put the socket into the map", errno);
	printf("receiving from %s, queue %u\n", ifname, queue);
	fflush(stdout);
	return receive(r, signal_fd);
}

int main(int argc, char **argv)
{
	struct receiver r = { 0 };
	uint32_t queue = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 0) : 0;
	int code;

	if (argc < 2 || argc > 4) {
		fprintf(stderr, "Usage: xsk_receiver INTERFACE [QUEUE [PACKETS]]\n");
		return 2;
	}
	r.wanted = argc > 3 ? strtoull(argv[3], NULL, 0) : 0;
	code = run(&r, argv[1], queue);
	if (r.socket)
		xsk_socket__delete(r.socket);
	if (r.umem)
		xsk_umem__delete(r.umem);
	return code;
}
