/* SPDX-License-Identifier: BSD-2-Clause */
/* Further host sides. One host leads: it is the one the device is compared with. The others run each
 * packet after it, on maps of their own, and are compared with it in everything that a host shows, which is more
 * than a card does: the verdict's 32 bits, packets that are dropped, the target of a redirection. */
#include "sim/diff/diff_internal.h"

#include "base/bits.h"
#include "partitioner/split.h"
#include "sim/capture.h"
#include "sim/host/kernel_run.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#define FILL_MAX      4096u      /* as diff_maps.c: of a large array only the start was filled */
#define DIRECT_MAX    4096u      /* bytes of global data compared after every packet */
#define CHECK_ALL_MAX (1u << 16) /* elements; larger maps are compared where they were touched */

struct sim_diff_peer {
	enum sim_diff_host_id id;
	struct sim_diff_host *stats;
	struct sim_maps *maps; /* simulated sides */
	struct sim_host *host;
	struct sim_kernel *kernel; /* or the running kernel */
};

static const char *const names[SIM_DIFF_N_HOSTS] = { [SIM_DIFF_JIT] = "jit",
						     [SIM_DIFF_INTERP] = "interp",
						     [SIM_DIFF_IMAGE] = "image",
						     [SIM_DIFF_KERNEL] = "kernel" };

static const char *const side_names[SIM_DIFF_N_HOSTS] = { [SIM_DIFF_JIT] = "host side jit",
							  [SIM_DIFF_INTERP] = "host side interp",
							  [SIM_DIFF_IMAGE] = "host side image",
							  [SIM_DIFF_KERNEL] = "host side kernel" };

const char *sim_diff_side_name(enum sim_diff_host_id id)
{
	return side_names[id];
}

const char *sim_diff_host_name(enum sim_diff_host_id id)
{
	return names[id];
}

/* ---- one element, wherever it is ---------------------------------------------------------------- */

static const uint8_t *lead_value(struct diff *d, size_t map, const uint8_t *key)
{
	int64_t off = sim_map_find(d->host_maps, map, key);
	size_t size;

	return off < 0 ? NULL : sim_maps_memory(d->host_maps, &size) + off;
}

/* NULL: no such key. */
static const uint8_t *peer_value(struct diff *d, struct sim_diff_peer *p, size_t map,
				 const uint8_t *key)
{
	int64_t off;
	size_t size;

	if (p->kernel)
		return sim_kernel_get(p->kernel, map, key, d->peer_value) ? d->peer_value : NULL;
	off = sim_map_find(p->maps, map, key);
	return off < 0 ? NULL : sim_maps_memory(p->maps, &size) + off;
}

/* NULL: takes the element out. */
static bool put_peer(struct sim_diff_peer *p, size_t map, const uint8_t *key, const uint8_t *value)
{
	if (p->kernel && value)
		return sim_kernel_put(p->kernel, map, key, value);
	if (p->kernel)
		sim_kernel_delete(p->kernel, map, key);
	else if (value)
		return !sim_map_update(p->maps, map, key, value, BPF_ANY);
	else
		sim_map_delete(p->maps, map, key);
	return true;
}

/* Makes the peer's element what the leading host's is. */
static bool set_peer(struct diff *d, struct sim_diff_peer *p, size_t map, const uint8_t *key)
{
	return put_peer(p, map, key, lead_value(d, map, key));
}

void sim_diff_hosts_set(struct diff *d, size_t map, const uint8_t *key, const uint8_t *value)
{
	if (value)
		sim_map_update(d->host_maps, map, key, value, BPF_ANY);
	else
		sim_map_delete(d->host_maps, map, key);
	for (size_t i = 0; i < d->n_peers; i++)
		put_peer(&d->peers[i], map, key, value);
	if (d->watcher)
		put_peer(d->watcher, map, key, value);
}

/* ---- differences -------------------------------------------------------------------------------- */

static void note(struct diff *d, struct sim_diff_peer *p, const char *what, const char *text)
{
	struct sim_diff_mismatch *m;

	if (p->stats->differs_at == d->index + 1)
		return; /* once a packet */
	p->stats->differs_at = d->index + 1;
	p->stats->mismatches++;
	m = sim_diff_note(d, "");
	if (!m)
		return;
	m->what = arena_printf(d->cx->arena, "%s%s, %s", names[p->id], d->whole ? " host half" : "",
			       what);
	m->text = arena_strdup(d->cx->arena, text);
}

static bool is_lru(uint32_t type)
{
	return type == BPF_MAP_TYPE_LRU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static void write_value(struct sim_maps *maps, size_t map, const uint8_t *key, const uint8_t *value,
			uint32_t size)
{
	size_t all;

	memcpy(sim_maps_memory(maps, &all) + sim_map_find(maps, map, key), value, size);
}

/* What is undefined of the value becomes the same on both sides. */
static void take_undef(struct diff *d, struct sim_diff_peer *p, size_t map, const uint8_t *key)
{
	const uint8_t *mask = sim_diff_undef_value(d, map, key);
	const uint8_t *lead = mask ? lead_value(d, map, key) : NULL;
	const uint8_t *peer = lead ? peer_value(d, p, map, key) : NULL;
	uint32_t size = d->obj->maps[map].value_size;

	if (!peer)
		return;
	peer = sim_diff_with_undef(d->cx->scratch, mask, lead, peer, size);
	if (p->kernel)
		put_peer(p, map, key, peer);
	else /* in place: it is no use of an element of an LRU map */
		write_value(p->maps, map, key, peer, size);
}

static void check_element(struct diff *d, struct sim_diff_peer *p, size_t map, const uint8_t *key)
{
	const uint8_t *lead = lead_value(d, map, key), *peer;
	const struct fe_map *m = &d->obj->maps[map];

	if (p->kernel && !sim_kernel_readable(p->kernel, map))
		return;
	take_undef(d, p, map, key);
	peer = peer_value(d, p, map, key);
	if ((!lead && !peer) ||
	    (lead && peer && sim_special_same(d->special[map], lead, peer, m->value_size)))
		return;
	/* which element a full LRU map gives up is the kernel's own business */
	if (!(p->kernel && is_lru(m->type) && (!lead || !peer)))
		note(d, p, "map", sim_diff_text_hosts_value(d, names[p->id], map, key, lead, peer));
	set_peer(d, p, map, key);
}

static bool is_constant(const struct fe_map *m)
{
	return m->kind == FE_MAP_RODATA || m->kind == FE_MAP_KCONFIG;
}

/* Calls `one` with each element that the packet may have changed. */
static void each_touched(struct diff *d, struct sim_diff_peer *p, const struct sim_host_run *run,
			 void (*one)(struct diff *d, struct sim_diff_peer *p, size_t map,
				     const uint8_t *key))
{
	static const uint8_t zero[4];

	for (size_t i = 0; i < run->n_touched; i++)
		one(d, p, run->touched[i].map, run->touched[i].key);
	for (size_t map = 0; map < d->obj->n_maps; map++) {
		const struct fe_map *m = &d->obj->maps[map];

		if (d->direct[map] && m->value_size <= DIRECT_MAX && !is_constant(m))
			one(d, p, map, zero);
	}
}

static void sync_element(struct diff *d, struct sim_diff_peer *p, size_t map, const uint8_t *key)
{
	set_peer(d, p, map, key);
}

static bool same_bytes(const uint8_t *mask, const uint8_t *a, uint32_t an, const uint8_t *b,
		       uint32_t bn)
{
	return an == bn && sim_diff_same_defined(mask, a, b, an);
}

/* What the program may have left as it was is zero on our sides, and anything in a kernel. */
static bool same_record(const struct sim_event *a, const struct sim_event *b)
{
	for (uint32_t i = 0; i < a->data_len; i++) {
		uint8_t differ = a->data[i] ^ b->data[i];

		if ((a->undef ? differ & ~a->undef[i] : differ) && (a->data[i] || !a->partly))
			return false;
	}
	return true;
}

/* In a kernel's ring records are padded, and the packet's bytes follow at once. */
static bool same_event(const struct sim_diff_peer *p, const struct sim_event *a,
		       const struct sim_event *b)
{
	if (a->map != b->map)
		return false;
	if (!p->kernel)
		return sim_diff_same_event(a, b);
	return b->data_len >= a->data_len + a->packet_len &&
	       b->data_len < a->data_len + a->packet_len + 8 && same_record(a, b) &&
	       sim_diff_same_defined(a->packet_undef, a->packet, b->data + a->data_len,
				     a->packet_len);
}

#define ANY_MAP SIZE_MAX

/* The first event of `map` from *at on; NULL: none. */
static const struct sim_event *next_of(const struct sim_host_run *run, size_t map, size_t *at)
{
	for (; *at < run->n_events; ++*at) {
		if (map == ANY_MAP || run->events[*at].map == map)
			return &run->events[(*at)++];
	}
	return NULL;
}

/* A place where two lists of events part. */
struct events_part {
	size_t n; /* of the leading host's events, or of those to one map */
	const struct sim_event *lead, *peer; /* NULL: none any more */
};

/* Walks both lists, or those of their events that go to `map`; false: they part. */
static bool same_order(const struct sim_diff_peer *p, const struct sim_host_run *a,
		       const struct sim_host_run *b, size_t map, struct events_part *at)
{
	size_t in_a = 0, in_b = 0;

	for (at->n = 0;; at->n++) {
		at->lead = next_of(a, map, &in_a);
		at->peer = next_of(b, map, &in_b);
		if (!at->lead && !at->peer)
			return true;
		if (!at->lead || !at->peer || !same_event(p, at->lead, at->peer))
			return false;
	}
}

/* Events of different maps have no order in a kernel: each map has a ring of its own. */
static bool same_events(const struct sim_diff_peer *p, const struct sim_host_run *a,
			const struct sim_host_run *b, size_t n_maps, struct events_part *at)
{
	if (!p->kernel)
		return same_order(p, a, b, ANY_MAP, at);
	for (size_t map = 0; map < n_maps; map++) {
		if (!same_order(p, a, b, map, at))
			return false;
	}
	return true;
}

static const uint8_t *without_tag(struct diff *d, const uint8_t *bytes, uint32_t len)
{
	uint8_t *copy = arena_dup(d->cx->scratch, bytes, len);

	memmove(copy + 12, copy + 16, len - 16);
	return copy;
}

/* BPF_PROG_TEST_RUN hands out what is in the buffer: metadata is, a tag beside it is not. */
static struct sim_host_run as_in_buffer(struct diff *d, const struct sim_host_run *run)
{
	struct sim_host_run r = *run;

	r.undef_packet = run->undef_packet ? run->undef_packet - run->meta_len : run->undef_meta;
	r.undef_meta = NULL;
	r.packet -= r.meta_len;
	r.packet_len += r.meta_len;
	r.meta_len = 0;
	if (!run->tag_beside || run->packet_len < 16)
		return r;
	r.packet = without_tag(d, run->packet, run->packet_len);
	if (r.undef_packet)
		r.undef_packet = without_tag(d, r.undef_packet, run->packet_len);
	r.packet_len -= 4;
	return r;
}

static void check_run(struct diff *d, struct sim_diff_peer *p, const struct sim_host_run *lead,
		      const struct sim_host_run *peer)
{
	const char *name = names[p->id];
	struct events_part at;

	if (!lead->fault != !peer->fault)
		note(d, p, "fault",
		     arena_printf(d->cx->scratch, "host: %s\n%s: %s",
				  lead->fault ? lead->fault : "ends", name,
				  peer->fault ? peer->fault : "ends"));
	else if (lead->fault)
		return;
	else if ((lead->verdict ^ peer->verdict) & ~lead->undef_verdict)
		note(d, p, "verdict",
		     arena_printf(d->cx->scratch, "host: %d\n%s: %d", (int32_t)lead->verdict, name,
				  (int32_t)peer->verdict));
	else if (!same_bytes(lead->undef_packet, lead->packet, lead->packet_len, peer->packet,
			     peer->packet_len))
		note(d, p, "packet", sim_diff_text_hosts_packet(d, name, lead, peer));
	else if (!same_bytes(lead->undef_meta, lead->packet - lead->meta_len, lead->meta_len,
			     peer->packet - peer->meta_len, peer->meta_len))
		note(d, p, "metadata", sim_diff_text_hosts_meta(d, name, lead, peer));
	else if (!same_events(p, lead, peer, d->obj->n_maps, &at))
		note(d, p, "event",
		     sim_diff_text_event(d, d->cx->scratch, name, at.n, at.lead, at.peer));
	else if (!p->kernel && lead->redirect_ifindex != peer->redirect_ifindex)
		note(d, p, "redirection",
		     arena_printf(d->cx->scratch, "host: %u\n%s: %u", lead->redirect_ifindex, name,
				  peer->redirect_ifindex));
}

/* ---- packets ------------------------------------------------------------------------------------ */

/* A kernel's LRU maps give up elements when they like. Where that decides what the program finds, the
 * packet is not the kernel's; what it kept beyond the leading host's time goes first. */
static bool same_lru_elements(struct diff *d, struct sim_diff_peer *p,
			      const struct sim_host_run *lead)
{
	for (size_t i = 0; i < lead->n_touched; i++) {
		const struct sim_touch *t = &lead->touched[i];
		bool first = true, there;

		if (!is_lru(d->obj->maps[t->map].type))
			continue;
		for (size_t k = 0; k < i && first; k++)
			first = !(lead->touched[k].map == t->map &&
				  !memcmp(lead->touched[k].key, t->key,
					  d->obj->maps[t->map].key_size));
		if (!first)
			continue;
		there = sim_kernel_get(p->kernel, t->map, t->key, d->peer_value);
		if (t->existed && !there)
			return false;
		if (!t->existed && there)
			sim_kernel_delete(p->kernel, t->map, t->key);
	}
	return !lead->touched_lost;
}

static bool kernel_can_follow(struct diff *d, struct sim_diff_peer *p,
			      const struct sim_host_run *lead)
{
	return !lead->device_rule && !lead->environment && !lead->fault &&
	       same_lru_elements(d, p, lead);
}

/* False: it did not run, and its maps were made those of the leading host. */
static bool run_peer(struct diff *d, struct sim_diff_peer *p, const struct sim_host_run *lead,
		     struct sim_host_run *run)
{
	struct sim_host_packet pkt = sim_diff_host_packet(d);

	if (!p->kernel) {
		sim_host_run_one(p->host, &pkt, run);
		return true;
	}
	if (kernel_can_follow(d, p, lead) && sim_kernel_run(p->kernel, &pkt, run))
		return true;
	p->stats->skipped_packets++;
	each_touched(d, p, lead, sync_element);
	return false;
}

static void check_peer(struct diff *d, struct sim_diff_peer *p, const struct sim_host_run *lead)
{
	struct sim_host_run run, expected = *lead;

	struct diff *whole = d->whole ? d->whole : d;
	bool ran;

	whole->running = side_names[p->id];
	ran = run_peer(d, p, lead, &run);
	whole->running = NULL;
	if (!ran)
		return;
	p->stats->packets++;
	if (p->kernel)
		expected = as_in_buffer(d, lead);
	check_run(d, p, &expected, &run);
	each_touched(d, p, lead, check_element);
	each_touched(d, p, &run, check_element);
}

void sim_diff_hosts_check(struct diff *d, const struct sim_host_run *lead)
{
	for (size_t i = 0; i < d->n_peers; i++)
		check_peer(d, &d->peers[i], lead);
	if (d->n_peers)
		arena_reset(d->cx->scratch);
}

struct key_list {
	struct arena arena;
	VEC(const uint8_t *) at;
};

static void list_key(struct key_list *l, const uint8_t *key, uint32_t size)
{
	*vec_push(&l->at, &l->arena) = arena_dup(&l->arena, key, size);
}

/* Keys that only a peer has; deleting moves iterators, so they are listed first. */
static void list_extra(struct diff *d, struct sim_diff_peer *p, size_t map, struct key_list *l)
{
	uint32_t size = d->obj->maps[map].key_size;
	uint8_t copy[SIM_MAP_KEY_MAX];
	const uint8_t *key;
	size_t iter = 0;
	int64_t off;

	while (!p->kernel && sim_map_next(p->maps, map, &iter, &key, &off)) {
		if (!lead_value(d, map, key))
			list_key(l, key, size);
	}
	for (bool more = p->kernel && sim_kernel_readable(p->kernel, map) &&
			 sim_kernel_next_key(p->kernel, map, NULL, copy);
	     more; more = sim_kernel_next_key(p->kernel, map, copy, copy)) {
		if (!lead_value(d, map, copy))
			list_key(l, copy, size);
	}
}

/* Every element of the leading host's maps; those that only a peer has. */
static void check_map(struct diff *d, struct sim_diff_peer *p, size_t map)
{
	struct key_list extra = { 0 };
	uint8_t copy[SIM_MAP_KEY_MAX];
	const uint8_t *key;
	size_t iter = 0;
	int64_t off;

	while (sim_map_next(d->host_maps, map, &iter, &key, &off)) {
		memcpy(copy, key, d->obj->maps[map].key_size);
		check_element(d, p, map, copy);
	}
	list_extra(d, p, map, &extra);
	for (size_t i = 0; i < extra.at.len; i++)
		check_element(d, p, map, extra.at.at[i]);
	arena_reset(&extra.arena);
}

void sim_diff_hosts_check_all(struct diff *d)
{
	for (size_t i = 0; i < d->n_peers; i++) {
		for (size_t map = 0; map < d->obj->n_maps; map++) {
			if (d->obj->maps[map].max_entries <= CHECK_ALL_MAX &&
			    !is_constant(&d->obj->maps[map]))
				check_map(d, &d->peers[i], map);
		}
	}
}

/* ---- set-up ------------------------------------------------------------------------------------- */

/* Keys that the leading host has; of a large array those that were filled. */
static struct key_list filled_keys(struct diff *d, size_t map)
{
	const struct fe_map *m = &d->obj->maps[map];
	bool is_array = m->type == BPF_MAP_TYPE_ARRAY || m->type == BPF_MAP_TYPE_PERCPU_ARRAY;
	struct key_list keys = { 0 };
	const uint8_t *key;
	size_t iter = 0;
	int64_t off;

	while (!(is_array && keys.at.len == FILL_MAX) &&
	       sim_map_next(d->host_maps, map, &iter, &key, &off))
		list_key(&keys, key, m->key_size);
	return keys;
}

/* Takes an element out of all sides, those of the whole program as well. */
static void forget(struct diff *d, size_t map, const uint8_t *key)
{
	sim_diff_hosts_set(d, map, key, NULL);
	if (d->on_device[map])
		sim_map_delete(d->dev_maps, map, key);
	if (d->whole)
		forget(d->whole, map, key);
}

/* Global data is there from loading on, but for that of a host half, which may start at zero. */
static bool to_be_filled(const struct diff *d, const struct fe_map *m)
{
	return m->kind == FE_MAP_USER ||
	       (d->whole && (m->kind == FE_MAP_DATA || m->kind == FE_MAP_BSS));
}

/* What a kernel refuses (an interface that is not there) goes everywhere. */
static void fill_map(struct diff *d, struct sim_diff_peer *p, size_t map)
{
	struct key_list keys = filled_keys(d, map);

	for (size_t i = 0; i < keys.at.len; i++) {
		if (!set_peer(d, p, map, keys.at.at[i]))
			forget(d, map, keys.at.at[i]);
	}
	arena_reset(&keys.arena);
}

/* Maps of maps first: a kernel makes the inner ones then. */
static void fill_peer(struct diff *d, struct sim_diff_peer *p)
{
	for (unsigned inner = 0; inner < 2; inner++) {
		for (size_t map = 0; map < d->obj->n_maps; map++) {
			const struct fe_map *m = &d->obj->maps[map];

			if (to_be_filled(d, m) && sim_diff_holds_maps(m->type) == !inner)
				fill_map(d, p, map);
		}
	}
}

static struct sim_diff_peer *new_peer(struct diff *d, enum sim_diff_host_id id)
{
	struct sim_diff_peer *p = &d->peers[d->n_peers++];

	*p = (struct sim_diff_peer){ .id = id, .stats = &d->res->hosts[id] };
	p->stats->ran = true;
	return p;
}

static bool skip(struct diff *d, enum sim_diff_host_id id, const char *why)
{
	d->res->hosts[id].skipped = why;
	return true;
}

static bool open_kernel(struct diff *d)
{
	struct sim_kernel *k;
	const char *why;

	if (!d->loaded.fd)
		return skip(d, SIM_DIFF_KERNEL, d->not_loaded);
	if (d->halves && d->halves->xdp_stub.n_insns)
		return skip(d, SIM_DIFF_KERNEL,
			    "it loads, but BPF_PROG_TEST_RUN passes no metadata to tc programs");
	k = sim_kernel_new(d->cx, d->obj, d->prog, &d->loaded, &why);
	if (!k)
		return skip(d, SIM_DIFF_KERNEL, why);
	new_peer(d, SIM_DIFF_KERNEL)->kernel = k;
	return true;
}

/* False: the image that was given cannot be run (reported). One that was made here is left out. */
static bool find_image(struct diff *d)
{
	struct sim_captured *img;
	const char *why;

	if (d->opts->image || !(d->opts->hosts & 1u << SIM_DIFF_IMAGE)) {
		d->image = d->opts->image;
		return true;
	}
	if (!d->loaded.fd)
		return skip(d, SIM_DIFF_IMAGE, d->not_loaded);
	img = ARENA_NEW(d->cx->arena, struct sim_captured);
	why = sim_capture(d->cx, d->obj, d->prog, &d->loaded, img);
	why = why ? why : sim_captured_missing(d->cx->arena, img, d->obj, d->prog);
	if (why)
		return skip(d, SIM_DIFF_IMAGE, why);
	d->image = img;
	return true;
}

/* The kernel that is compared: the running one, else that of an image. Without either, the newest. */
static bool compared_is_before(const struct diff *d, unsigned major, unsigned minor)
{
	const char *release = d->image ? d->image->kernel : NULL;
	struct utsname running;
	unsigned is_major, is_minor;

	if (d->loaded.fd && !uname(&running))
		release = running.release;
	if (!release || sscanf(release, "%u.%u", &is_major, &is_minor) != 2)
		return false;
	return is_major < major || (is_major == major && is_minor < minor);
}

static struct sim_host *open_host(struct diff *d, enum sim_diff_host_id id, struct sim_maps *maps)
{
	static const enum sim_host_kind kinds[] = { [SIM_DIFF_JIT] = SIM_HOST_JIT,
						    [SIM_DIFF_INTERP] = SIM_HOST_INTERP,
						    [SIM_DIFF_IMAGE] = SIM_HOST_CAPTURED };
	struct sim_host_options opts = sim_diff_host_options(d);

	opts.kind = kinds[id];
	opts.image = d->image;
	opts.step = d->opts->host_step;
	opts.step_priv = d->opts->step_priv;
	opts.max_rounds = sim_diff_max_rounds(d, id == d->lead);
	return sim_host_new(d->cx, d->obj, d->prog, maps, &opts);
}

static bool open_simulated(struct diff *d, enum sim_diff_host_id id)
{
	struct sim_diff_peer *p = new_peer(d, id);

	p->maps = sim_diff_maps_new(d, id);
	if (p->maps)
		p->host = open_host(d, id, p->maps);
	return p->host;
}

/* ---- the watcher --------------------------------------------------------------------------------- */

static bool open_watcher(struct diff *d)
{
	struct sim_diff_peer *p = ARENA_NEW(d->cx->arena, struct sim_diff_peer);
	struct sim_host_options opts = sim_diff_host_options(d);

	*p = (struct sim_diff_peer){ .id = SIM_DIFF_INTERP };
	d->watcher = p;
	opts.kind = SIM_HOST_INTERP;
	opts.unwritten = true;
	opts.max_rounds = sim_diff_max_rounds(d, true);
	p->maps = sim_diff_maps_new(d, SIM_DIFF_INTERP);
	if (p->maps)
		p->host = sim_host_new(d->cx, d->obj, d->prog, p->maps, &opts);
	if (p->host)
		fill_peer(d, p);
	return p->host;
}

void sim_diff_watcher_run(struct diff *d, struct sim_host_run *run)
{
	struct sim_host_packet pkt = sim_diff_host_packet(d);

	sim_host_run_one(d->watcher->host, &pkt, run);
}

void sim_diff_watcher_sync(struct diff *d, const struct sim_host_run *run)
{
	each_touched(d, d->watcher, run, sync_element);
}

const uint8_t *sim_diff_watcher_value(struct diff *d, size_t map, const uint8_t *key)
{
	return sim_host_unwritten_value(d->watcher->host, map, key);
}

bool sim_diff_hosts_load(struct diff *d)
{
	const unsigned hosts = d->opts->hosts;
	bool capture = hosts & 1u << SIM_DIFF_IMAGE && !d->opts->image;

	d->peers = ARENA_ARRAY(d->cx->arena, struct sim_diff_peer, SIM_DIFF_N_HOSTS);
	d->lead = SIM_DIFF_JIT;
	if (hosts & 1u << SIM_DIFF_KERNEL || capture)
		d->not_loaded = d->halves
					? sim_kernel_load_half(d->cx, d->obj, d->halves, &d->loaded)
					: sim_kernel_load(d->cx, d->obj, d->prog, &d->loaded);
	if (!find_image(d))
		return false;
	d->unfolded_csum = compared_is_before(d, 6, 13);
	if (hosts && !(hosts & 1u << SIM_DIFF_JIT)) {
		if (d->image)
			d->lead = SIM_DIFF_IMAGE;
		else if (hosts & 1u << SIM_DIFF_INTERP)
			d->lead = SIM_DIFF_INTERP;
	}
	return true;
}

bool sim_diff_hosts_open(struct diff *d)
{
	const unsigned hosts = d->opts->hosts;

	d->res->hosts[d->lead].ran = d->res->hosts[d->lead].leads = true;
	d->host = open_host(d, d->lead, d->host_maps);
	if (!d->host)
		return false;
	for (enum sim_diff_host_id id = 0; id < SIM_DIFF_KERNEL; id++) {
		if (id == d->lead || !(hosts & 1u << id) || (id == SIM_DIFF_IMAGE && !d->image))
			continue;
		if (!open_simulated(d, id))
			return false;
	}
	if (hosts & 1u << SIM_DIFF_KERNEL)
		open_kernel(d);
	/* a kernel first: what it refuses is left out everywhere */
	for (size_t i = d->n_peers; i-- > 0;)
		fill_peer(d, &d->peers[i]);
	return !d->opts->unwritten || d->whole || open_watcher(d);
}

void sim_diff_hosts_close(struct diff *d)
{
	for (size_t i = 0; i < d->n_peers; i++) {
		sim_host_free(d->peers[i].host);
		sim_maps_free(d->peers[i].maps);
		sim_kernel_free(d->peers[i].kernel);
	}
	if (d->watcher) {
		sim_host_free(d->watcher->host);
		sim_maps_free(d->watcher->maps);
	}
	sim_host_free(d->host);
	sim_kernel_unload(&d->loaded);
}
