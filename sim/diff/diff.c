/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/diff/diff_internal.h"

#include "base/bits.h"
#include "sim/crash.h"
#include "sim/pcap.h"
#include "frontend/tail_targets.h"
#include "sim/rng.h"

#include <string.h>
#include <time.h>

#define ETHERNET_MIN  60u   /* shortest frame on a wire, without its checksum */
#define CHECK_EVERY   1024u /* packets between comparisons of all map contents, and progress */
#define CLOCK_START   UINT64_C(1000000000)
#define NO_QUEUE      64u
#define PEER_WORK     8u /* times the work that the leading host may do */
#define DEVICE_INSNS  UINT64_C(1000000)
#define INSNS_A_ROUND 64u            /* of the device, before it counts as endless */
#define CLOCK_STEP    UINT64_C(1000) /* ns between packets */

/* ---- results --------------------------------------------------------------------------------- */

struct sim_diff_mismatch *sim_diff_note(struct diff *d, const char *what)
{
	struct sim_diff_result *r;
	struct sim_diff_mismatch *m;

	if (d->whole)
		d = d->whole;
	r = d->res;
	if (d->differs)
		return NULL;
	d->differs = true;
	r->mismatches++;
	if (r->n_kept == SIM_DIFF_KEEP)
		return NULL;
	m = &r->kept[r->n_kept++];
	*m = (struct sim_diff_mismatch){
		.packet_idx = d->index,
		.what = what,
		.text = "",
		.packet = arena_dup(d->cx->arena, d->data, d->len),
		.packet_len = d->len,
	};
	return m;
}

void sim_diff_count_verdict(struct diff *d, uint32_t v)
{
	bool xdp = d->prog->type == BPF_PROG_TYPE_XDP;

	if (!xdp && v == UINT32_MAX) /* TC_ACT_UNSPEC */
		v = 0;
	d->res->verdicts[v > (xdp ? 4 : 6) ? 7 : v]++;
}

/* ---- packets --------------------------------------------------------------------------------- */

uint64_t sim_diff_packet_seed(const struct diff *d)
{
	return sim_rng_fork(~d->opts->seed, d->index);
}

static bool next_from_file(struct diff *d)
{
	while (sim_pcap_next(d->cx, d->pcap, &d->data, &d->len)) {
		if (d->len >= d->min_len && d->len <= d->max_len)
			return true;
		d->res->skipped++;
	}
	return false;
}

bool sim_diff_next_packet(struct diff *d)
{
	if (d->pcap)
		return next_from_file(d);
	d->len = sim_packet_make(d->gen, d->index, d->buf);
	d->data = d->buf;
	if (d->len > d->max_len)
		d->len = d->max_len;
	return true;
}

static bool calls_helper(const struct fe_prog *prog, int32_t helper)
{
	for (size_t i = 0; i < prog->n_insns; i++) {
		const struct bpf_insn *insn = &prog->insns[i];

		if (ebpf_is_call(insn) && insn->src_reg == EBPF_CALL_HELPER && insn->imm == helper)
			return true;
	}
	return false;
}

/* The kernel gives programs anything from 14 bytes on, a card nothing shorter than Ethernet's
 * minimum; adjust_head with a constant relies on that (nfp.md 4.13, d <= 46). Longer packets than
 * what a card keeps in CTM, or the host in a page, are left out. */
static void set_length_limits(struct diff *d)
{
	d->min_len = SIM_PACKET_MIN;
	d->max_len = SIM_PACKET_MAX;
	if (d->host_only)
		return;
	if (calls_helper(d->prog, BPF_FUNC_xdp_adjust_head))
		d->min_len = ETHERNET_MIN;
	if (d->fw->inline_mtu >= ETHERNET_MIN && d->fw->inline_mtu < d->max_len)
		d->max_len = d->fw->inline_mtu;
}

/* ---- comparison of one packet ----------------------------------------------------------------- */

/* What the epilogue makes of a verdict (nfp.md 4.6). A redirection to nowhere is an error in the kernel, which
 * drops the packet; one to somewhere is nothing that a device does. */
uint8_t sim_diff_expected_byte(const struct diff *d, const struct sim_host_run *host)
{
	static const uint8_t of_xdp[] = { SIM_ME_RESULT_ABORT, SIM_ME_RESULT_DROP,
					  SIM_ME_RESULT_PASS, SIM_ME_RESULT_TX };
	static const uint8_t of_tc[] = { 0x11, 0x11, 0x22, 0x11, 0x02, 0x02, 0x11, 0x44 };
	uint32_t v = host->verdict;

	if (d->prog->type != BPF_PROG_TYPE_XDP)
		return v < ARRAY_SIZE(of_tc) ? of_tc[v] : SIM_ME_RESULT_PASS;
	if (v == XDP_REDIRECT && host->redirects)
		return 0;
	return v < ARRAY_SIZE(of_xdp) ? of_xdp[v] : SIM_ME_RESULT_ABORT;
}

static bool same_verdict(const struct diff *d, const struct sim_host_run *host, uint8_t byte)
{
	bool xdp = d->prog->type == BPF_PROG_TYPE_XDP;
	uint8_t want = sim_diff_expected_byte(d, host);

	return xdp ? byte == want : (byte & 0xf) == (want & 0xf);
}

static bool survives(uint8_t byte)
{
	return (byte & 0xf) == SIM_ME_DO_PASS || (byte & 0xf) == SIM_ME_DO_TX;
}

static void check_packet(struct diff *d, const struct sim_host_run *host,
			 const struct sim_me_result *dev)
{
	struct sim_diff_mismatch *m;

	if (host->packet_len == dev->pkt_len &&
	    sim_diff_same_defined(host->undef_packet, host->packet, dev->pkt, dev->pkt_len))
		return;
	m = sim_diff_note(d, "packet");
	if (m)
		m->text = sim_diff_text_packet(d, host, dev);
}

/* The driver's sequence selects queue 64, which no vNIC has, for what does not fit a byte
 * (nfp.md 4.13); never written is queue 0. */
static void check_queue(struct diff *d, const struct sim_host_run *host,
			const struct sim_me_result *dev)
{
	uint32_t want = host->rx_queue_index <= UINT8_MAX ? host->rx_queue_index : NO_QUEUE;
	struct sim_diff_mismatch *m;

	if (want == (dev->queue_selected ? dev->queue : 0))
		return;
	m = sim_diff_note(d, "queue");
	if (m)
		m->text = sim_diff_text_queue(d, want, dev);
}

bool sim_diff_same_event(const struct sim_event *a, const struct sim_event *b)
{
	return a->map == b->map && a->data_len == b->data_len && a->packet_len == b->packet_len &&
	       sim_diff_same_defined(a->undef, a->data, b->data, a->data_len) &&
	       sim_diff_same_defined(a->packet_undef, a->packet, b->packet, a->packet_len);
}

static size_t event_map(const struct sim_diff_device *dev, uint64_t id)
{
	for (size_t i = 0; i < dev->n_maps; i++) {
		if (dev->maps[i].type == BPF_MAP_TYPE_PERF_EVENT_ARRAY &&
		    sim_diff_device_tid(dev, i) == id)
			return dev->maps[i].object_idx;
	}
	return SIZE_MAX;
}

struct sim_event sim_diff_device_event(const struct diff *d, const struct sim_me_event *v)
{
	return (struct sim_event){ .map = event_map(d->dev, v->map_id),
				   .data = v->data,
				   .data_len = v->data_len,
				   .packet = v->pkt,
				   .packet_len = v->pkt_len };
}

static void check_events(struct diff *d, const struct sim_host_run *host)
{
	for (size_t n = 0;; n++) {
		const struct sim_event *h = n < host->n_events ? &host->events[n] : NULL;
		struct sim_diff_mismatch *m;
		struct sim_me_event v = { 0 };
		struct sim_event as;
		bool got = sim_me_event_take(d->me, &v);

		if (!h && !got)
			return;
		as = sim_diff_device_event(d, &v);
		if (h && got && sim_diff_same_event(h, &as))
			continue;
		m = sim_diff_note(d, "event");
		if (m)
			m->text = sim_diff_text_event(d, d->cx->arena, "device", n, h,
						      got ? &as : NULL);
	}
}

static void check_outcome(struct diff *d, const struct sim_host_run *host,
			  const struct sim_me_result *dev)
{
	struct sim_diff_mismatch *m;

	if (host->undef_verdict)
		return; /* nor whether the packet lives on */
	if (!same_verdict(d, host, dev->byte)) {
		m = sim_diff_note(d, "verdict");
		if (m)
			m->text = sim_diff_text_verdict(d, host, dev);
	} else if (survives(dev->byte)) {
		check_packet(d, host, dev);
		if (d->prog->type == BPF_PROG_TYPE_XDP)
			check_queue(d, host, dev);
	}
}

static void note_fault(struct diff *d, const char *fault)
{
	struct sim_diff_mismatch *m = sim_diff_note(d, "host error");

	if (m)
		m->text = arena_strdup(d->cx->arena, fault);
}

void sim_diff_note_device_error(struct diff *d, const struct sim_me_error *e)
{
	struct sim_diff_mismatch *m = sim_diff_note(d, "device error");

	if (m)
		m->text = sim_diff_text_device(d, e);
}

static uint32_t next_random(void *arg)
{
	struct diff *d = arg;

	return (uint32_t)(sim_rng_next(&d->random_state) >> 32);
}

/* The device's turn with the packet that the host has just finished. */
static void run_device(struct diff *d, const struct sim_host_run *host)
{
	struct sim_me_packet in = { .data = d->data, .len = d->len };
	struct sim_me_result dev = { 0 };
	bool ran;

	d->random_state = sim_diff_packet_seed(d);
	d->running = "the device";
	ran = sim_me_run(d->me, &in, &dev);
	d->running = NULL;
	d->res->device_insns += dev.insns;
	d->res->device_cycles += dev.cycles;
	if (!host->fault && !ran)
		sim_diff_note_device_error(d, &dev.error);
	else if (!host->fault)
		check_outcome(d, host, &dev);
	check_events(d, host);
}

static void compare(struct diff *d, const struct sim_host_run *run)
{
	struct sim_host_run masked;
	const struct sim_host_run *host = sim_diff_unwritten_mask(d, run, &masked);

	d->differs = false;
	if (host->fault)
		note_fault(d, host->fault);
	if (d->me)
		run_device(d, host);
	sim_diff_count_verdict(d, host->verdict);
	sim_diff_maps_check(d, host);
	sim_diff_hosts_check(d, host);
	sim_diff_unwritten_end(d, host);
	d->res->packets++;
	if (d->res->packets % CHECK_EVERY == 0)
		sim_diff_maps_check_all(d);
}

struct sim_host_packet sim_diff_host_packet(const struct diff *d)
{
	/* a host half goes on with the random numbers where the device left them */
	return (struct sim_host_packet){ .data = d->data,
					 .len = d->len,
					 .meta = d->meta,
					 .meta_len = d->meta_len,
					 .random_seed = d->whole ? d->random_state
								 : sim_diff_packet_seed(d),
					 .clock_ns = CLOCK_START + d->index * CLOCK_STEP };
}

bool sim_diff_finished(const struct diff *d)
{
	if (d->pcap && !d->opts->packets)
		return false; /* to the end of the file */
	return d->res->packets + d->res->unwritten.skipped >= d->opts->packets;
}

bool sim_diff_stopped(struct diff *d)
{
	d->res->stopped |= d->opts->stop && d->opts->stop(d->opts->priv);
	return d->res->stopped;
}

uint64_t sim_diff_max_rounds(const struct diff *d, bool leads)
{
	uint64_t work = d->opts->max_work ? d->opts->max_work : SIM_DIFF_WORK;

	/* what the leading host ended in time is the others' fault when they do not */
	return leads && !d->whole ? work : work * PEER_WORK;
}

uint64_t sim_diff_device_insns(uint64_t rounds)
{
	return rounds > UINT64_MAX / INSNS_A_ROUND - DEVICE_INSNS
		       ? UINT64_MAX
		       : DEVICE_INSNS + INSNS_A_ROUND * rounds;
}

bool sim_diff_too_long(struct diff *d, const struct sim_host_run *run)
{
	struct diag_at at = fe_prog_at(d->obj, d->prog, -1);
	unsigned long long index = d->index, most = sim_diff_max_rounds(d, true);

	if (!run->too_long)
		return false;
	diag_warn(d->cx->diags, &at, REASON_SIM_WORK, index, most);
	d->res->too_long = arena_printf(
		d->cx->arena, "packet %llu takes more than %llu loop rounds", index, most);
	return true;
}

static void note_crash(struct diff *d, const char *signal)
{
	struct diag_at at = fe_prog_at(d->obj, d->prog, -1);
	const char *running = d->running ? d->running : "the comparison";
	struct sim_diff_mismatch *m;

	diag_warn(d->cx->diags, &at, REASON_SIM_CRASH, running, signal,
		  (unsigned long long)d->index);
	d->res->crashed = arena_printf(d->cx->arena, "%s ended with %s", running, signal);
	d->differs = false;
	m = sim_diff_note(d, "crash");
	if (m)
		m->text = d->res->crashed;
}

bool sim_diff_guarded(struct diff *d, void (*run)(void *priv), void *priv)
{
	const char *signal = NULL;

	if (d->opts->survive)
		signal = sim_crash_run(run, priv);
	else
		run(priv);
	if (signal)
		note_crash(d, signal);
	return !signal;
}

static bool feed_next(struct diff *d, const struct sim_host_run *previous,
		      struct sim_host_packet *next)
{
	if (previous && sim_diff_too_long(d, previous))
		return false;
	if (previous) {
		compare(d, previous);
		if (d->opts->progress && d->res->packets % CHECK_EVERY == 0)
			d->opts->progress(d->opts->priv, d->res->packets, d->opts->packets);
		d->index++;
	}
	do {
		if (sim_diff_finished(d) || sim_diff_stopped(d) || !sim_diff_next_packet(d))
			return false;
	} while (sim_diff_unwritten_skips(d) && ++d->index);
	*next = sim_diff_host_packet(d);
	return true;
}

static bool feed(void *priv, const struct sim_host_run *previous, struct sim_host_packet *next)
{
	struct diff *d = priv;
	const char *lead = d->running;
	bool more;

	d->running = NULL;
	more = feed_next(d, previous, next);
	d->running = lead;
	return more;
}

static void run_loop(struct diff *d)
{
	double start = sim_diff_now();

	d->running = sim_diff_side_name(d->lead);
	sim_host_loop(d->host, feed, d);
	d->running = NULL;
	d->differs = false; /* the last comparison stands for itself */
	d->index -= d->index > 0;
	if (!d->res->too_long) {
		sim_diff_maps_check_all(d);
		sim_diff_hosts_check_all(d);
	}
	d->res->seconds = sim_diff_now() - start;
}

/* ---- set-up ---------------------------------------------------------------------------------- */

/* Helpers that move a packet's start and end fail on the host where the firmware's would. */
static void set_adjust_rule(struct diff *d)
{
	bool head = d->fw->adjust_head.present;

	d->adjust = (struct sim_adjust_rule){
		.device = true,
		.head_start = sim_me_headroom(d->fw),
		.head_min = head ? d->fw->adjust_head.off_min : 0,
		.head_max = head ? d->fw->adjust_head.off_max : UINT16_MAX,
	};
}

struct sim_host_options sim_diff_host_options(const struct diff *d)
{
	return (struct sim_host_options){ .adjust = d->adjust, .unfolded_csum = d->unfolded_csum };
}

static void tell_device_step(void *arg, const struct sim_me_step *s)
{
	struct diff *d = arg;

	d->opts->device_step(d->opts->step_priv, s->word_idx);
}

bool sim_diff_open_device(struct diff *d)
{
	struct sim_me_map *table = ARENA_ARRAY(d->cx->arena, struct sim_me_map, d->dev->n_maps + 1);
	struct sim_me_config cfg = { .fw = d->fw,
				     .words = d->dev->words,
				     .n_words = d->dev->n_words,
				     .maps = d->dev_maps,
				     .map_table = table,
				     .n_maps = d->dev->n_maps,
				     .timing = d->opts->timing,
				     .random = next_random,
				     .random_arg = d,
				     .junk_seed = d->opts->seed,
				     .max_insns =
					     sim_diff_device_insns(sim_diff_max_rounds(d, true)) };
	struct diag_at at = fe_prog_at(d->obj, d->prog, -1);
	struct sim_me_error err;

	if (d->host_only)
		return true;
	for (size_t i = 0; i < d->dev->n_maps; i++)
		table[i] = (struct sim_me_map){ sim_diff_device_tid(d->dev, i),
						d->dev->maps[i].object_idx };
	d->me = sim_me_new(&cfg, &err);
	if (d->me && d->opts->device_step)
		sim_me_trace(d->me, tell_device_step, d);
	if (d->me)
		return true;
	return diag_error(d->cx->diags, &at, REASON_SIM_WORDS, sim_diff_text_device(d, &err));
}

static void find_direct_maps(struct diff *d, const struct fe_prog *prog)
{
	for (size_t i = 0; i < prog->n_insns; i++) {
		const struct bpf_insn *insn = &prog->insns[i];

		if (!ebpf_is_ld_imm64(insn))
			continue;
		if (insn->src_reg == EBPF_IMM_MAP_IDX_VALUE && (uint32_t)insn->imm < d->obj->n_maps)
			d->direct[insn->imm] = true;
		i++;
	}
}

bool sim_diff_open_packets(struct diff *d)
{
	d->index = 0;
	d->res->skipped = 0;
	sim_pcap_close(d->pcap);
	d->pcap = NULL;
	if (d->opts->pcap) {
		d->pcap = sim_pcap_open(d->cx, d->opts->pcap);
		return d->pcap;
	}
	d->gen = sim_packet_gen_new(d->cx->arena, d->prog, d->opts->seed, d->min_len);
	return true;
}

static size_t largest_value(const struct diff *d)
{
	size_t size = 8;

	for (size_t i = 0; i < d->obj->n_maps; i++)
		size = d->obj->maps[i].value_size > size ? d->obj->maps[i].value_size : size;
	return size;
}

void sim_diff_prepare(struct diff *d)
{
	size_t n = d->obj->n_maps + 1;
	struct sim_tails tails;

	d->word_use = ARENA_ARRAY(d->cx->arena, const uint8_t *, n);
	d->on_device = ARENA_ARRAY(d->cx->arena, bool, n);
	d->direct = ARENA_ARRAY(d->cx->arena, bool, n);
	d->special = ARENA_ARRAY(d->cx->arena, const uint8_t *, n);
	for (size_t i = 0; i < d->obj->n_maps; i++)
		d->special[i] = sim_special_bytes(d->cx->arena, d->obj, &d->obj->maps[i]);
	d->peer_value = arena_alloc(d->cx->arena, largest_value(d));
	sim_tails_find(d->obj, d->prog, &tails);
	for (size_t i = 0; i < tails.n; i++)
		find_direct_maps(d, tails.progs[i]);
}

/* The learning run uses packets up: they start again from the first. */
static bool set_up(struct diff *d)
{
	sim_diff_prepare(d);
	set_length_limits(d);
	if (!d->host_only)
		set_adjust_rule(d);
	return sim_diff_open_packets(d) && sim_diff_hosts_load(d) && sim_diff_maps_open(d) &&
	       sim_diff_maps_fill(d) && sim_diff_open_packets(d) && sim_diff_hosts_open(d) &&
	       sim_diff_open_device(d);
}

double sim_diff_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void set_up_and_run(void *priv)
{
	struct diff *d = priv;

	d->ready = set_up(d);
	if (d->ready)
		run_loop(d);
}

bool sim_diff_run(struct cx *cx, const struct fe_object *obj, const struct fe_prog *prog,
		  const struct nfp_firmware *fw, const struct sim_diff_device *dev,
		  const struct sim_diff_options *opts, struct sim_diff_result *res)
{
	static const struct sim_diff_device none;
	struct diff *d = ARENA_NEW(cx->arena, struct diff);
	unsigned errors = cx->diags->errors;

	*res = (struct sim_diff_result){ 0 };
	*d = (struct diff){ .cx = cx,
			    .obj = sim_diff_object(cx, obj, prog),
			    .prog = prog,
			    .fw = fw,
			    .opts = opts,
			    .res = res };
	d->host_only = !dev;
	d->dev = dev ? dev : &none;
	if (!sim_diff_guarded(d, set_up_and_run, d))
		return true;
	sim_me_free(d->me);
	sim_diff_hosts_close(d);
	sim_maps_free(d->host_maps);
	sim_maps_free(d->dev_maps);
	sim_pcap_close(d->pcap);
	return d->ready &&
	       cx->diags->errors == errors; /* a damaged capture file shows up while running */
}
