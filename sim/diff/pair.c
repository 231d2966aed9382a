#include "sim/pair.h"

#include "base/bits.h"
#include "partitioner/handoff.h"
#include "sim/diff/diff_internal.h"
#include "sim/pcap.h"
#include "sim/rng.h"

#include <string.h>
#include <time.h>

#define CHECK_EVERY 1024u
#define FORGE_EVERY 8u
#define CLOCK_START UINT64_C(1000000000)
#define CLOCK_STEP  UINT64_C(1000)

/* `d` holds the original program's side (host, host_maps) and the device's (me, dev_maps). */
struct pair {
	struct diff d;
	const struct part_pair *halves;
	struct sim_pair_result *res;
	struct sim_host *half;
	struct sim_maps *half_maps;
	uint8_t forged[SIM_PACKET_MAX];
};

/* ---- maps ---------------------------------------------------------------------------------------------- */

static const uint8_t *find(struct sim_maps *m, size_t map, const uint8_t *key)
{
	int64_t off = sim_map_lookup(m, map, key);
	size_t size;

	return off < 0 ? NULL : sim_maps_memory(m, &size) + off;
}

static struct sim_maps *new_set(struct pair *p)
{
	const struct fe_object *obj = p->d.obj;
	struct sim_map_spec *s = ARENA_ARRAY(p->d.cx->arena, struct sim_map_spec, obj->n_maps + 1);
	struct diag_at at = fe_prog_at(obj, p->d.prog, -1);
	struct sim_maps *m;
	const char *why;

	for (size_t i = 0; i < obj->n_maps; i++)
		s[i] = *sim_maps_spec(p->d.host_maps, i);
	m = sim_maps_new(s, obj->n_maps, &why);
	if (!m)
		diag_error(p->d.cx->diags, &at, REASON_SIM_MAP, why);
	return m;
}

/* The host half starts with what the original has; where both sides add, it starts at zero. */
static void fill_half(struct pair *p)
{
	for (size_t map = 0; map < p->d.obj->n_maps; map++) {
		uint8_t *zero = arena_alloc(p->d.cx->arena, p->d.obj->maps[map].value_size);
		bool summed = p->halves->maps[map].home == PART_HOME_SUMMED;
		const uint8_t *key;
		size_t iter = 0, size;
		int64_t off;

		while (sim_map_next(p->d.host_maps, map, &iter, &key, &off))
			sim_map_update(p->half_maps, map, key,
				       summed ? zero : sim_maps_memory(p->d.host_maps, &size) + off,
				       BPF_ANY);
	}
}

static void note_map(struct pair *p, size_t map, const uint8_t *key, const uint8_t *ref,
		     const uint8_t *got)
{
	struct sim_diff_mismatch *m = sim_diff_note(&p->d, "map");

	if (m)
		m->text = arena_printf(p->d.cx->arena, "%s map: %s",
				       part_home_name(p->halves->maps[map].home),
				       sim_diff_text_value(&p->d, map, key, ref, got));
}

/* What user space sees of a map that both sides add to. */
static uint8_t *summed_value(struct pair *p, size_t map, const uint8_t *dev, const uint8_t *half)
{
	uint32_t size = p->d.obj->maps[map].value_size;
	const uint8_t *add = p->halves->maps[map].add_bytes;
	uint8_t *v = arena_dup(p->d.cx->scratch, dev, size);

	sim_me_swap_atomic(v, size, p->d.word_use[map]);
	for (uint32_t w = 0; (w + 1) * 4 <= size; w++) {
		if (add[w] == 8)
			store_le64(v + 4 * w, load_le64(v + 4 * w) + load_le64(half + 4 * w));
		else if (add[w] == 4)
			store_le32(v + 4 * w, load_le32(v + 4 * w) + load_le32(half + 4 * w));
	}
	return v;
}

static void check_element(struct pair *p, size_t map, const uint8_t *key, const uint8_t *ref)
{
	bool summed = p->halves->maps[map].home == PART_HOME_SUMMED;
	const uint8_t *half = find(p->half_maps, map, key);
	const uint8_t *dev = summed ? find(p->d.dev_maps, map, key) : NULL;

	if (summed && dev && half)
		half = summed_value(p, map, dev, half);
	if (!half || memcmp(half, ref, p->d.obj->maps[map].value_size))
		note_map(p, map, key, ref, half);
	arena_reset(p->d.cx->scratch);
}

static size_t count(struct sim_maps *m, size_t map)
{
	const uint8_t *key;
	size_t iter = 0, n = 0;
	int64_t off;

	while (sim_map_next(m, map, &iter, &key, &off))
		n++;
	return n;
}

/* Maps of the device are compared by diff_maps.c; here those of the host, and sums. */
static void check_maps(struct pair *p)
{
	sim_diff_maps_check_all(&p->d);
	for (size_t map = 0; map < p->d.obj->n_maps; map++) {
		enum part_home home = p->halves->maps[map].home;
		const uint8_t *key;
		size_t iter = 0, size;
		int64_t off;

		if (home != PART_HOME_HOST && home != PART_HOME_SUMMED)
			continue;
		while (sim_map_next(p->d.host_maps, map, &iter, &key, &off))
			check_element(p, map, key, sim_maps_memory(p->d.host_maps, &size) + off);
		if (count(p->d.host_maps, map) != count(p->half_maps, map))
			sim_diff_note(&p->d, "map");
	}
}

/* ---- events ----------------------------------------------------------------------------------------------- */

static bool same_bytes(const uint8_t *a, uint32_t an, const uint8_t *b, uint32_t bn)
{
	return an == bn && (!an || !memcmp(a, b, an));
}

static bool same_device_event(struct pair *p, const struct sim_event *h,
			      const struct sim_me_event *v)
{
	uint64_t map = v->map_id - 1;

	return map < p->d.dev->n_maps && p->d.dev->maps[map].object_idx == h->map &&
	       same_bytes(h->data, h->data_len, v->data, v->data_len) &&
	       same_bytes(h->packet, h->packet_len, v->pkt, v->pkt_len);
}

static bool same_host_event(const struct sim_event *a, const struct sim_event *b)
{
	return a->map == b->map && same_bytes(a->data, a->data_len, b->data, b->data_len) &&
	       same_bytes(a->packet, a->packet_len, b->packet, b->packet_len);
}

/* The device's come first: control never goes back to it. */
static void check_events(struct pair *p, const struct sim_host_run *ref,
			 const struct sim_host_run *half)
{
	struct sim_me_event v;
	size_t n = 0, rest = half ? half->n_events : 0;
	bool same = true;

	for (; sim_me_event_take(p->d.me, &v); n++)
		same &= n < ref->n_events && same_device_event(p, &ref->events[n], &v);
	same &= n + rest == ref->n_events;
	for (size_t i = 0; same && i < rest; i++)
		same = same_host_event(&ref->events[n + i], &half->events[i]);
	if (!same)
		sim_diff_note(&p->d, "event");
}

/* ---- one packet ---------------------------------------------------------------------------------------------- */

/* Verdicts that mean nothing count as ABORTED. */
static uint32_t verdict_of(uint32_t v)
{
	return v > XDP_REDIRECT ? XDP_ABORTED : v;
}

static void note_text(struct pair *p, const char *what, const char *text)
{
	struct sim_diff_mismatch *m = sim_diff_note(&p->d, what);

	if (m)
		m->text = arena_strdup(p->d.cx->arena, text);
}

static void check_packet(struct pair *p, const struct sim_host_run *ref, const uint8_t *got,
			 uint32_t len)
{
	struct sim_me_result as = { .pkt = got, .pkt_len = len };
	struct sim_diff_mismatch *m;

	if (same_bytes(ref->packet, ref->packet_len, got, len))
		return;
	m = sim_diff_note(&p->d, "packet");
	if (m)
		m->text = sim_diff_text_packet(&p->d, ref, &as);
}

/* Decided on the device, and not passed up. */
static void check_device_verdict(struct pair *p, const struct sim_host_run *ref,
				 const struct sim_me_result *dev)
{
	static const uint8_t expected[] = { [XDP_ABORTED] = SIM_ME_RESULT_ABORT,
					    [XDP_DROP] = SIM_ME_RESULT_DROP,
					    [XDP_PASS] = SIM_ME_RESULT_PASS,
					    [XDP_TX] = SIM_ME_RESULT_TX,
					    [XDP_REDIRECT] = 0 };
	struct sim_diff_mismatch *m;

	p->res->decided++;
	if (dev->byte != expected[verdict_of(ref->verdict)]) {
		m = sim_diff_note(&p->d, "verdict");
		if (m)
			m->text = sim_diff_text_verdict(&p->d, ref->verdict, dev);
	} else if (dev->byte == SIM_ME_RESULT_TX) {
		check_packet(p, ref, dev->pkt, dev->pkt_len);
	}
}

static void check_half(struct pair *p, const struct sim_host_run *ref,
		       const struct sim_host_run *half)
{
	uint32_t want = verdict_of(ref->verdict), got = verdict_of(half->verdict);

	if (half->fault)
		note_text(p, "host half", half->fault);
	else if (want != got)
		note_text(p, "verdict",
			  arena_printf(p->d.cx->arena, "original %u, host half %u", want, got));
	else if (want == XDP_REDIRECT && ref->redirect_ifindex != half->redirect_ifindex)
		note_text(p, "redirect", "to another interface");
	else if (want == XDP_PASS || want == XDP_TX || want == XDP_REDIRECT)
		check_packet(p, ref, half->packet, half->packet_len);
}

/* The host's turn with what the device passed up. */
static void run_half(struct pair *p, const struct sim_me_result *dev, uint64_t clock_ns,
		     struct sim_host_run *half)
{
	struct sim_host_packet up = { .data = dev->pkt,
				      .len = dev->pkt_len,
				      .random_seed = p->d.random_state,
				      .clock_ns = clock_ns };

	if (dev->pkt_len > PART_HANDOFF_HEADER && dev->pkt[PART_HANDOFF_CUT])
		p->res->handed++;
	else
		p->res->decided++;
	sim_host_run_one(p->half, &up, half);
}

static void run_pair(struct pair *p, const struct sim_host_run *ref, uint64_t clock_ns)
{
	struct sim_me_packet in = { .data = p->d.data, .len = p->d.len };
	struct sim_me_result dev = { 0 };
	struct sim_host_run half = { 0 };
	bool up;

	p->d.random_state = sim_diff_packet_seed(&p->d);
	if (!sim_me_run(p->d.me, &in, &dev)) {
		note_text(p, "device error", sim_diff_text_device(&p->d, &dev.error));
		return;
	}
	p->d.res->device_insns += dev.insns;
	p->d.res->device_cycles += dev.cycles;
	up = (dev.byte & 0xf) == SIM_ME_DO_PASS;
	if (up) {
		run_half(p, &dev, clock_ns, &half);
		check_half(p, ref, &half);
	} else {
		check_device_verdict(p, ref, &dev);
	}
	check_events(p, ref, up ? &half : NULL);
}

/* From the wire comes a packet that begins with a record as good as any: right cookie, version and
 * length, any cut, any values. */
static void forge(struct pair *p)
{
	uint32_t n = p->halves->record_bytes;
	uint64_t rng = sim_rng_fork(p->d.opts->seed + 77, p->d.index);

	if (p->d.index % FORGE_EVERY || p->d.len + n > p->d.max_len)
		return;
	memmove(p->forged + n, p->d.data, p->d.len);
	for (uint32_t i = 0; i < n; i++)
		p->forged[i] = (uint8_t)sim_rng_next(&rng);
	store_le32(p->forged + PART_HANDOFF_COOKIE, p->halves->cookie);
	p->forged[PART_HANDOFF_AT_VERSION] = PART_HANDOFF_VERSION;
	p->forged[PART_HANDOFF_CUT] = (uint8_t)sim_rng_below(&rng, p->halves->n_cuts + 1);
	p->forged[PART_HANDOFF_BYTES] = (uint8_t)n;
	p->forged[PART_HANDOFF_BYTES + 1] = 0;
	p->d.data = p->forged;
	p->d.len += n;
	p->res->forged++;
}

static void one_packet(struct pair *p)
{
	uint64_t clock_ns = CLOCK_START + p->d.index * CLOCK_STEP;
	struct sim_host_packet in;
	struct sim_host_run ref;

	forge(p);
	in = (struct sim_host_packet){ .data = p->d.data,
				       .len = p->d.len,
				       .random_seed = sim_diff_packet_seed(&p->d),
				       .clock_ns = clock_ns };
	p->d.differs = false;
	sim_host_run_one(p->d.host, &in, &ref);
	if (ref.fault)
		note_text(p, "host error", ref.fault);
	else
		run_pair(p, &ref, clock_ns);
	p->d.res->verdicts[verdict_of(ref.verdict)]++;
	p->d.res->packets++;
	if (p->d.res->packets % CHECK_EVERY == 0)
		check_maps(p);
}

/* ---- the run --------------------------------------------------------------------------------------------------- */

static uint32_t next_random(void *arg)
{
	struct pair *p = arg;

	return (uint32_t)(sim_rng_next(&p->d.random_state) >> 32);
}

static bool open_packets(struct pair *p)
{
	struct diff *d = &p->d;

	if (d->opts->pcap) {
		d->pcap = sim_pcap_open(d->cx, d->opts->pcap);
		return d->pcap;
	}
	d->gen = sim_packet_gen_new(d->cx->arena, d->prog, d->opts->seed, d->min_len);
	return true;
}

static bool open_device(struct pair *p)
{
	struct diff *d = &p->d;
	struct sim_me_map *table = ARENA_ARRAY(d->cx->arena, struct sim_me_map, d->dev->n_maps + 1);
	struct sim_me_config cfg = { .fw = d->fw,
				     .words = d->dev->words,
				     .n_words = d->dev->n_words,
				     .maps = d->dev_maps,
				     .map_table = table,
				     .n_maps = d->dev->n_maps,
				     .random = next_random,
				     .random_arg = p,
				     .junk_seed = d->opts->seed };
	struct diag_at at = fe_prog_at(d->obj, d->prog, -1);
	struct sim_me_error err;

	for (size_t i = 0; i < d->dev->n_maps; i++)
		table[i] = (struct sim_me_map){ 1 + (uint32_t)i, d->dev->maps[i].object_idx };
	d->me = sim_me_new(&cfg, &err);
	return d->me ||
	       diag_error(d->cx->diags, &at, REASON_SIM_WORDS, sim_diff_text_device(d, &err));
}

static void set_length_limits(struct pair *p)
{
	uint32_t record = p->halves->record_bytes;

	p->d.min_len = SIM_PACKET_MIN;
	p->d.max_len = SIM_PACKET_MAX - record;
	if (p->d.fw->inline_mtu > SIM_PACKET_MIN + record &&
	    p->d.fw->inline_mtu - record < p->d.max_len)
		p->d.max_len = p->d.fw->inline_mtu - record;
}

static bool set_up(struct pair *p)
{
	struct diff *d = &p->d;
	struct sim_host_options opts = { 0 };
	size_t n = d->obj->n_maps + 1;

	d->word_use = ARENA_ARRAY(d->cx->arena, const uint8_t *, n);
	d->on_device = ARENA_ARRAY(d->cx->arena, bool, n);
	d->direct = ARENA_ARRAY(d->cx->arena, bool, n);
	set_length_limits(p);
	if (!open_packets(p) || !sim_diff_maps_open(d) || !sim_diff_maps_fill(d))
		return false;
	d->index = 0;
	d->res->skipped = 0;
	sim_pcap_close(d->pcap);
	d->pcap = NULL;
	p->half_maps = new_set(p);
	if (!open_packets(p) || !p->half_maps)
		return false;
	fill_half(p);
	for (size_t i = 0; i < d->obj->n_maps; i++) /* not by itself */
		d->on_device[i] &= p->halves->maps[i].home != PART_HOME_SUMMED;
	d->host = sim_host_new(d->cx, d->obj, d->prog, d->host_maps, &opts);
	p->half = sim_host_new(d->cx, d->obj, &p->halves->host, p->half_maps, &opts);
	return d->host && p->half && open_device(p);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void run(struct pair *p)
{
	const struct sim_diff_options *o = p->d.opts;
	bool to_the_end = o->pcap && !o->packets;

	while ((to_the_end || p->d.res->packets < o->packets) && sim_diff_next_packet(&p->d)) {
		one_packet(p);
		if (o->progress && p->d.res->packets % CHECK_EVERY == 0)
			o->progress(o->priv, p->d.res->packets, o->packets);
		p->d.index++;
	}
	p->d.differs = false;
	p->d.index -= p->d.index > 0;
	check_maps(p);
}

bool sim_pair_run(struct cx *cx, const struct vprog *vp, const struct part_pair *halves,
		  const struct nfp_firmware *fw, const struct sim_diff_device *dev,
		  const struct sim_diff_options *opts, struct sim_pair_result *res)
{
	struct pair *p = ARENA_NEW(cx->arena, struct pair);
	unsigned errors = cx->diags->errors;
	double start;
	bool ok;

	*res = (struct sim_pair_result){ 0 };
	*p = (struct pair){ .halves = halves, .res = res };
	p->d = (struct diff){ .cx = cx,
			      .obj = vp->obj,
			      .prog = vp->prog,
			      .fw = fw,
			      .dev = dev,
			      .opts = opts,
			      .res = &res->diff };
	ok = set_up(p);
	start = now();
	if (ok)
		run(p);
	res->diff.seconds = now() - start;
	sim_me_free(p->d.me);
	sim_host_free(p->d.host);
	sim_host_free(p->half);
	sim_maps_free(p->d.host_maps);
	sim_maps_free(p->d.dev_maps);
	sim_maps_free(p->half_maps);
	sim_pcap_close(p->d.pcap);
	return ok && cx->diags->errors == errors;
}
