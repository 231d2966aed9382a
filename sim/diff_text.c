/* What a person is told about a difference: both sides, and where they part. */
#include "sim/diff_internal.h"

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

const char *sim_diff_text_verdict(struct diff *d, uint32_t host, const struct sim_me_result *dev)
{
	bool xdp = d->prog->type == BPF_PROG_TYPE_XDP;
	const char *note = xdp && host == XDP_REDIRECT ? "\n  the device aborts on XDP_REDIRECT: "
							 "such a verdict must stay on the host"
						       : "";

	return arena_printf(d->cx->arena, "host:   %s (%d)\ndevice: %s (result byte 0x%02x)%s",
			    xdp ? xdp_verdict(host) : tc_verdict(host), (int32_t)host,
			    device_action(dev->byte), dev->byte, note);
}

/* First index where the two differ; `n` when one is the other's beginning. */
static size_t first_difference(const uint8_t *a, const uint8_t *b, size_t n)
{
	size_t i = 0;

	while (i < n && a[i] == b[i])
		i++;
	return i;
}

/* Both sides' bytes around `at`, with their offset. */
static const char *bytes_around(struct arena *a, size_t at, const uint8_t *host, size_t host_len,
				const uint8_t *dev, size_t dev_len)
{
	size_t from = at > HEX_AROUND ? at - HEX_AROUND : 0;
	size_t host_n = host_len > from ? host_len - from : 0,
	       dev_n = dev_len > from ? dev_len - from : 0;

	if (host_n > 2 * HEX_AROUND)
		host_n = 2 * HEX_AROUND;
	if (dev_n > 2 * HEX_AROUND)
		dev_n = 2 * HEX_AROUND;
	return arena_printf(
		a, "first difference at byte %zu; from byte %zu:\n  host:   %s\n  device: %s", at,
		from, hex(a, host + from, host_n), hex(a, dev + from, dev_n));
}

const char *sim_diff_text_packet(struct diff *d, const struct sim_host_run *host,
				 const struct sim_me_result *dev)
{
	struct arena *a = d->cx->arena;
	uint32_t n = host->packet_len < dev->pkt_len ? host->packet_len : dev->pkt_len;
	size_t at = first_difference(host->packet, dev->pkt, n);

	return arena_printf(
		a, "host: %u bytes, device: %u bytes; %s", host->packet_len, dev->pkt_len,
		bytes_around(a, at, host->packet, host->packet_len, dev->pkt, dev->pkt_len));
}

const char *sim_diff_text_value(struct diff *d, size_t map, const uint8_t *key, const uint8_t *host,
				const uint8_t *dev)
{
	const struct fe_map *m = &d->obj->maps[map];
	struct arena *a = d->cx->arena;
	const char *head = arena_printf(a, "map '%s', key %s", m->name, hex(a, key, m->key_size));

	if (!host || !dev)
		return arena_printf(a, "%s\n  host:   %s\n  device: %s", head,
				    host ? hex(a, host, m->value_size) : "no such key",
				    dev ? hex(a, dev, m->value_size) : "no such key");
	return arena_printf(a, "%s: %s", head,
			    bytes_around(a, first_difference(host, dev, m->value_size), host,
					 m->value_size, dev, m->value_size));
}

static const char *describe_event(struct arena *a, const uint8_t *data, uint32_t len,
				  const uint8_t *pkt, uint32_t pkt_len)
{
	return arena_printf(a, "%u bytes %s, %u bytes of the packet %s", len, hex(a, data, len),
			    pkt_len, hex(a, pkt, pkt_len));
}

const char *sim_diff_text_event(struct diff *d, size_t n, const struct sim_event *host,
				const struct sim_me_event *dev)
{
	struct arena *a = d->cx->arena;

	return arena_printf(
		a, "event %zu of the packet\n  host:   %s\n  device: %s", n,
		host ? describe_event(a, host->data, host->data_len, host->packet, host->packet_len)
		     : "none",
		dev ? describe_event(a, dev->data, dev->data_len, dev->pkt, dev->pkt_len) : "none");
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
