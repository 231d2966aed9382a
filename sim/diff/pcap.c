/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/pcap.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SNAPLEN 65535

struct sim_pcap {
	pcap_t *handle;
	const char *path;
};

struct sim_pcap_writer {
	pcap_t *handle; /* describes the file's format; reads nothing */
	pcap_dumper_t *dumper;
	const char *path;
	uint64_t written;
};

static bool report(struct cx *cx, enum reason r, const char *path, const char *why)
{
	return diag_error(cx->diags, &DIAG_AT_NOWHERE, r, path, why);
}

struct sim_pcap *sim_pcap_open(struct cx *cx, const char *path)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	struct sim_pcap *p = ARENA_NEW(cx->arena, struct sim_pcap);

	p->path = arena_strdup(cx->arena, path);
	errno = 0;
	p->handle = pcap_open_offline(path, why);
	if (!p->handle) {
		if (errno != EINTR) /* a signal ends a wait, and is no damage */
			report(cx, REASON_PCAP_OPEN, path, why);
		return NULL;
	}
	if (pcap_datalink(p->handle) != DLT_EN10MB) {
		report(cx, REASON_PCAP_OPEN, path, "its packets are not Ethernet frames");
		sim_pcap_close(p);
		return NULL;
	}
	return p;
}

bool sim_pcap_next(struct cx *cx, struct sim_pcap *p, const uint8_t **data, uint32_t *len)
{
	struct pcap_pkthdr *hdr;
	int got;

	errno = 0;
	got = pcap_next_ex(p->handle, &hdr, data);

	if (got == 1) {
		*len = hdr->caplen;
		return true;
	}
	if (got == PCAP_ERROR && errno != EINTR)
		report(cx, REASON_PCAP_OPEN, p->path, pcap_geterr(p->handle));
	return false;
}

void sim_pcap_close(struct sim_pcap *p)
{
	if (p && p->handle)
		pcap_close(p->handle);
	if (p)
		p->handle = NULL;
}

struct sim_pcap_writer *sim_pcap_create(struct cx *cx, const char *path)
{
	struct sim_pcap_writer *w = ARENA_NEW(cx->arena, struct sim_pcap_writer);

	w->path = arena_strdup(cx->arena, path);
	w->handle = pcap_open_dead(DLT_EN10MB, SNAPLEN);
	w->dumper = w->handle ? pcap_dump_open(w->handle, path) : NULL;
	if (w->dumper)
		return w;
	report(cx, REASON_PCAP_WRITE, path, w->handle ? pcap_geterr(w->handle) : strerror(ENOMEM));
	if (w->handle)
		pcap_close(w->handle);
	return NULL;
}

void sim_pcap_write(struct sim_pcap_writer *w, const uint8_t *data, uint32_t len)
{
	/* a microsecond a packet: the file must not depend on when it was made */
	struct pcap_pkthdr hdr = { .caplen = len, .len = len };

	hdr.ts.tv_sec = (time_t)(w->written / 1000000);
	hdr.ts.tv_usec = (suseconds_t)(w->written % 1000000);
	w->written++;
	pcap_dump((u_char *)w->dumper, &hdr, data);
}

bool sim_pcap_finish(struct cx *cx, struct sim_pcap_writer *w)
{
	bool ok = !pcap_dump_flush(w->dumper) && !ferror(pcap_dump_file(w->dumper));

	pcap_dump_close(w->dumper);
	pcap_close(w->handle);
	return ok || report(cx, REASON_PCAP_WRITE, w->path, strerror(errno));
}
