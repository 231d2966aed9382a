/* SPDX-License-Identifier: BSD-2-Clause */
/* What a person is told about a difference: both sides, and where they part. */
#include "sim/diff/diff_internal.h"

#include "base/bits.h"

#include <stdio.h>
#include <string.h>

#define HEX_AROUND 16u /* bytes shown on each side of a difference */
#define HEX_MAX    64u

static const char *hex(struct arena *a, const uint8_t *p, size_t n)
{
	char *s = arena_alloc(a, 2 * HEX_MAX + 4);
	size_t shown = n < HEX_MAX ? n : HEX_MAX;

	for (size_t i = 0; i < shown; i++)
		snprintf(s + 2 * i, 3, "%02x", p[i]);
	if (shown < n)
		strcpy(s + 2 * shown, "...");
	return s;
}

static const char *xdp_verdict(uint32_t v)
{
	static const char *const names[] = { "XDP_ABORTED", "XDP_DROP", "XDP_PASS", "XDP_TX",
					     "XDP_REDIRECT" };

	return v < ARRAY_SIZE(names) ? names[v] : "unknown verdict";
}

static const char *tc_verdict(uint32_t v)
{
	static const char *const names[] = { "TC_ACT_OK",     "TC_ACT_RECLASSIFY", "TC_ACT_SHOT",
					     "TC_ACT_PIPE",   "TC_ACT_STOLEN",     "TC_ACT_QUEUED",
					     "TC_ACT_REPEAT", "TC_ACT_REDIRECT" };

	if (v == UINT32_MAX)
		return "TC_ACT_UNSPEC";
	return v < ARRAY_SIZE(names) ? names[v] : "unknown verdict";
}

static const char *device_action(uint8_t byte)
{
	switch (byte & 0xf) {
	case SIM_ME_DO_PASS: return "pass";
	case SIM_ME_DO_DROP: return byte >> 4 & SIM_ME_COUNT_ABORT ? "abort" : "drop";
	case SIM_ME_DO_TX: return "send back";
	default: return "unknown";
	}
}

const char *sim_diff_text_verdict(struct diff *d, const struct sim_host_run *host,
				  const struct sim_me_result *dev)
{
	bool xdp = d->prog->type == BPF_PROG_TYPE_XDP;
	uint32_t v = host->verdict;
	const char *note = xdp && v == XDP_REDIRECT && host->redirects
				   ? "\n  the device aborts on XDP_REDIRECT: "
				     "such a verdict must stay on the host"
				   : "";

	return arena_printf(d->cx->arena, "host:   %s (%d)\ndevice: %s (result byte 0x%02x)%s",
			    xdp ? xdp_verdict(v) : tc_verdict(v), (int32_t)v,
			    device_action(dev->byte), dev->byte, note);
}

/* First index where the two differ; `n` when one is the other's beginning. `ignored`: bytes that do not count, or NULL. */
static size_t first_difference(const uint8_t *a, const uint8_t *b, size_t n, const uint8_t *ignored)
{
	size_t i = 0;

	while (i < n && (a[i] == b[i] || (ignored && ignored[i])))
		i++;
	return i;
}

/* Both sides' bytes around `at`, with their offset; the second side is called `name`. */
static const char *bytes_around(struct arena *a, const char *name, size_t at, const uint8_t *host,
				size_t host_len, const uint8_t *dev, size_t dev_len)
{
	size_t from = at > HEX_AROUND ? at - HEX_AROUND : 0;
	size_t host_n = host_len > from ? host_len - from : 0,
	       dev_n = dev_len > from ? dev_len - from : 0;

	if (host_n > 2 * HEX_AROUND)
		host_n = 2 * HEX_AROUND;
	if (dev_n > 2 * HEX_AROUND)
		dev_n = 2 * HEX_AROUND;
	return arena_printf(a,
			    "first difference at byte %zu; from byte %zu:\n  host:   %s\n  %s: %s",
			    at, from, hex(a, host + from, host_n), name, hex(a, dev + from, dev_n));
}

/* `ignored`: bytes that do not count, or NULL. */
static const char *two_packets(struct arena *a, const char *name, const uint8_t *ignored,
			       const uint8_t *host, uint32_t host_len, const uint8_t *other,
			       uint32_t other_len)
{
	uint32_t n = host_len < other_len ? host_len : other_len;
	size_t at = first_difference(host, other, n, ignored);

	return arena_printf(a, "host: %u bytes, %s: %u bytes; %s", host_len, name, other_len,
			    bytes_around(a, name, at, host, host_len, other, other_len));
}

const char *sim_diff_text_packet(struct diff *d, const struct sim_host_run *host,
				 const struct sim_me_result *dev)
{
	return two_packets(d->cx->arena, "device", host->undef_packet, host->packet,
			   host->packet_len, dev->pkt, dev->pkt_len);
}

const char *sim_diff_text_hosts_packet(struct diff *d, const char *name,
				       const struct sim_host_run *lead,
				       const struct sim_host_run *peer)
{
	return two_packets(d->cx->scratch, name, lead->undef_packet, lead->packet, lead->packet_len,
			   peer->packet, peer->packet_len);
}

const char *sim_diff_text_hosts_meta(struct diff *d, const char *name,
				     const struct sim_host_run *lead,
				     const struct sim_host_run *peer)
{
	return two_packets(d->cx->scratch, name, lead->undef_meta, lead->packet - lead->meta_len,
			   lead->meta_len, peer->packet - peer->meta_len, peer->meta_len);
}

static const char *two_values(struct diff *d, struct arena *a, const char *name, size_t map,
			      const uint8_t *key, const uint8_t *host, const uint8_t *other)
{
	const struct fe_map *m = &d->obj->maps[map];
	const char *head = arena_printf(a, "map '%s', key %s", m->name, hex(a, key, m->key_size));

	if (!host || !other)
		return arena_printf(a, "%s\n  host:   %s\n  %s: %s", head,
				    host ? hex(a, host, m->value_size) : "no such key", name,
				    other ? hex(a, other, m->value_size) : "no such key");
	return arena_printf(
		a, "%s: %s", head,
		bytes_around(a, name, first_difference(host, other, m->value_size, d->special[map]),
			     host, m->value_size, other, m->value_size));
}

const char *sim_diff_text_value(struct diff *d, size_t map, const uint8_t *key, const uint8_t *host,
				const uint8_t *dev)
{
	return two_values(d, d->cx->arena, "device", map, key, host, dev);
}

const char *sim_diff_text_hosts_value(struct diff *d, const char *name, size_t map,
				      const uint8_t *key, const uint8_t *lead, const uint8_t *peer)
{
	return two_values(d, d->cx->scratch, name, map, key, lead, peer);
}

static const char *describe_event(struct arena *a, const uint8_t *data, uint32_t len,
				  const uint8_t *pkt, uint32_t pkt_len)
{
	return arena_printf(a, "%u bytes %s, %u bytes of the packet %s", len, hex(a, data, len),
			    pkt_len, hex(a, pkt, pkt_len));
}

static const char *one_event(struct diff *d, struct arena *a, const struct sim_event *e)
{
	if (!e)
		return "none";
	return arena_printf(a, "to map '%s': %s",
			    e->map < d->obj->n_maps ? d->obj->maps[e->map].name
						    : "none of the program",
			    describe_event(a, e->data, e->data_len, e->packet, e->packet_len));
}

/* Where two runs of bytes part, beyond what is shown of them anyway. */
static const char *parts_at(struct arena *a, const char *what, const char *name,
			    const uint8_t *ignored, const uint8_t *host, uint32_t host_len,
			    const uint8_t *other, uint32_t other_len)
{
	uint32_t n = host_len < other_len ? host_len : other_len;
	size_t at = first_difference(host, other, n, ignored);

	if (at == host_len && at == other_len)
		return "";
	return arena_printf(a, "\n  %s: %s", what,
			    bytes_around(a, name, at, host, host_len, other, other_len));
}

const char *sim_diff_text_event(struct diff *d, struct arena *a, const char *name, size_t n,
				const struct sim_event *host, const struct sim_event *other)
{
	const char *parts = "";

	if (host && other)
		parts = arena_printf(a, "%s%s",
				     parts_at(a, "record", name, host->undef, host->data,
					      host->data_len, other->data, other->data_len),
				     parts_at(a, "packet's bytes", name, host->packet_undef,
					      host->packet, host->packet_len, other->packet,
					      other->packet_len));
	return arena_printf(a, "event %zu of the packet\n  host:   %s\n  %s: %s%s", n,
			    one_event(d, a, host), name, one_event(d, a, other), parts);
}

const char *sim_diff_text_queue(struct diff *d, uint32_t host, const struct sim_me_result *dev)
{
	struct arena *a = d->cx->arena;

	return arena_printf(a, "host:   queue %u\ndevice: %s", host,
			    dev->queue_selected ? arena_printf(a, "queue %u", dev->queue)
						: "no queue selected");
}

const char *sim_diff_text_device(struct diff *d, const struct sim_me_error *e)
{
	struct arena *a = d->cx->arena;

	if (e->word_idx == SIM_ME_NOWHERE)
		return arena_printf(a, "%s: %s", sim_me_fault_name(e->fault), e->text);
	return arena_printf(a, "%s: %s\n  word %u (0x%013llx): %s", sim_me_fault_name(e->fault),
			    e->text, e->word_idx, (unsigned long long)e->word, e->insn);
}
