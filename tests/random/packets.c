/* SPDX-License-Identifier: BSD-2-Clause */
#include "packets.h"

#include "base/bits.h"
#include "sim/pcap.h"
#include "sim/rng.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static uint64_t edge(uint64_t *rng)
{
	static const uint64_t edges[] = {
		0,
		1,
		2,
		31,
		32,
		33,
		63,
		64,
		0x7f,
		0x80,
		0xff,
		0x100,
		0x7fff,
		0x8000,
		0xffff,
		0x10000,
		0x7fffffff,
		0x80000000,
		0xfffffffe,
		0xffffffff,
		0x100000000,
		0x100000001,
		0x1ffffffff,
		0x7fffffff00000000,
		0x7fffffffffffffff,
		0x8000000000000000,
		0x8000000000000001,
		0xffffffff00000000,
		0xffffffff7fffffff,
		0xffffffff80000000,
		0xfffffffffffffffe,
		0xffffffffffffffff,
	};

	return edges[sim_rng_below(rng, ARRAY_SIZE(edges))];
}

uint64_t packets_operand(uint64_t *rng)
{
	switch (sim_rng_below(rng, 8)) {
	case 0:
	case 1: return edge(rng);
	case 2: return edge(rng) + sim_rng_below(rng, 5) - 2;
	case 3: return sim_rng_below(rng, 256);
	case 4: return (uint64_t)edge(rng) << 32 | (uint32_t)edge(rng);
	case 5: return sim_rng_next(rng) >> sim_rng_below(rng, 64);
	default: return sim_rng_next(rng);
	}
}

static uint32_t make(uint64_t seed, uint64_t index, uint8_t *buf)
{
	uint64_t rng = sim_rng_fork(seed, index), v = 0;
	uint32_t len = PACKETS_LONGEST - sim_rng_below(&rng, 9);

	if (sim_rng_below(&rng, 8) == 0)
		len = PACKETS_SHORTEST + sim_rng_below(&rng, PACKETS_LONGEST - PACKETS_SHORTEST);
	for (uint32_t at = PACKETS_WORDS_AT; at < PACKETS_LONGEST; at += 8) {
		if (!at || sim_rng_below(&rng, 6))
			v = packets_operand(&rng);
		store_le64(buf + at, v);
	}
	return len;
}

bool packets_make(struct cx *cx, uint64_t seed, uint64_t n, struct packet_file *f)
{
	struct sim_pcap_writer *w;

	f->fd = memfd_create("packets", MFD_CLOEXEC);
	snprintf(f->path, sizeof(f->path), "/proc/self/fd/%d", f->fd);
	w = sim_pcap_create(cx, f->path);
	if (!w)
		return false;
	for (uint64_t i = 0; i < n; i++) {
		uint8_t buf[PACKETS_LONGEST];

		sim_pcap_write(w, buf, make(seed, i, buf));
	}
	return sim_pcap_finish(cx, w);
}

void packets_free(struct packet_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}
