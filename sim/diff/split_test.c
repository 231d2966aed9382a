/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/split_test.h"

#include "base/bits.h"
#include "partitioner/handoff.h"
#include "sim/diff/split_test_internal.h"
#include "sim/captured.h"
#include "sim/pcap.h"
#include "sim/rng.h"

#include <linux/pkt_cls.h>
#include <string.h>

#define CHECK_EVERY 1024u
#define FORGE_EVERY 8u

/* ---- events ----------------------------------------------------------------------------------------------- */

/* Event `n` of the original against that of the pair; NULL: none. False: noted. */
static bool check_event(struct split_test *p, size_t n, const struct sim_host_run *ref,
			const char *side, const struct sim_event *got)
{
	const struct sim_event *want = n < ref->n_events ? &ref->events[n] : NULL;
	struct sim_diff_mismatch *m;

	if (want == got || (want && got && sim_diff_same_event(want, got)))
		return true;
	m = sim_diff_note(&p->d, "event");
	if (m)
		m->text = sim_diff_text_event(&p->d, p->d.cx->arena, side, n, want, got);
	return false;
}

/* The device's come first: control never goes back to it. All of the device's are taken. */
static void check_events(struct split_test *p, const struct sim_host_run *ref,
			 const struct sim_host_run *half)
{
	size_t n = 0, rest = half ? half->n_events : 0;
	struct sim_me_event v;
	bool same = true;

	for (; sim_me_event_take(p->d.me, &v); n++) {
		struct sim_event as = sim_diff_device_event(&p->d, &v);

		same = same && check_event(p, n, ref, "device", &as);
	}
	for (size_t i = 0; same && i < rest; i++)
		same = check_event(p, n + i, ref, "host half", &half->events[i]);
	if (same && n + rest < ref->n_events)
		check_event(p, n + rest, ref, half ? "host half" : "device", NULL);
}

/* ---- one packet ---------------------------------------------------------------------------------------------- */

static void note_text(struct split_test *p, const char *what, const char *text)
{
	struct sim_diff_mismatch *m = sim_diff_note(&p->d, what);

	if (m)
		m->text = arena_strdup(p->d.cx->arena, text);
}

static void check_packet(struct split_test *p, const struct sim_host_run *ref, const uint8_t *got,
			 uint32_t len)
{
	struct sim_me_result as = { .pkt = got, .pkt_len = len };
	struct sim_diff_mismatch *m;

	if (ref->packet_len == len &&
	    sim_diff_same_defined(ref->undef_packet, ref->packet, got, len))
		return;
	m = sim_diff_note(&p->d, "packet");
	if (m)
		m->text = sim_diff_text_packet(&p->d, ref, &as);
}

/* Of a tc program only SHOT ends on the card, whose half is an XDP program. */
static uint8_t expected_byte(struct split_test *p, const struct sim_host_run *ref)
{
	if (!split_test_is_tc(p))
		return sim_diff_expected_byte(&p->d, ref);
	return ref->verdict == TC_ACT_SHOT ? SIM_ME_RESULT_DROP : 0;
}

/* Decided on the device, and not passed up. */
static void check_device_verdict(struct split_test *p, const struct sim_host_run *ref,
				 const struct sim_me_result *dev)
{
	struct sim_diff_mismatch *m;

	p->res->decided++;
	if (ref->undef_verdict)
		return;
	if (dev->byte != expected_byte(p, ref)) {
		m = sim_diff_note(&p->d, "verdict");
		if (m)
			m->text = sim_diff_text_verdict(&p->d, ref, dev);
	} else if (dev->byte == SIM_ME_RESULT_TX) {
		check_packet(p, ref, dev->pkt, dev->pkt_len);
	}
}

/* Verdicts that mean nothing count as ABORTED, and so does a redirection to nowhere. Actions of tc are the
 * stack's to understand. */
static uint32_t verdict_of(const struct split_test *p, const struct sim_host_run *run)
{
	if (split_test_is_tc(p))
		return run->verdict;
	if (run->verdict > XDP_REDIRECT || (run->verdict == XDP_REDIRECT && !run->redirects))
		return XDP_ABORTED;
	return run->verdict;
}

/* The packet goes on, somewhere. */
static bool survives(const struct split_test *p, uint32_t verdict)
{
	if (split_test_is_tc(p))
		return verdict != TC_ACT_SHOT;
	return verdict == XDP_PASS || verdict == XDP_TX || verdict == XDP_REDIRECT;
}

static bool redirects(const struct split_test *p, uint32_t verdict)
{
	return verdict ==
	       (split_test_is_tc(p) ? (uint32_t)TC_ACT_REDIRECT : (uint32_t)XDP_REDIRECT);
}

static void check_half(struct split_test *p, const struct sim_host_run *ref,
		       const struct sim_host_run *half)
{
	uint32_t want = verdict_of(p, ref), got = verdict_of(p, half);

	if (half->fault)
		note_text(p, "host half", half->fault);
	else if (ref->undef_verdict)
		return; /* nor whether the packet lives on */
	else if (want != got)
		note_text(p, "verdict",
			  arena_printf(p->d.cx->scratch, "original %u, host half %u", want, got));
	else if (redirects(p, want) && ref->redirect_ifindex != half->redirect_ifindex)
		note_text(p, "redirect",
			  arena_printf(p->d.cx->scratch, "original to %u, host half to %u",
				       ref->redirect_ifindex, half->redirect_ifindex));
	else if (survives(p, want))
		check_packet(p, ref, half->packet, half->packet_len);
}

/* The host half's turn with what the device passed up, on the side that leads. False: noted. */
static bool run_half(struct split_test *p, const struct sim_me_result *dev,
		     struct sim_host_run *half)
{
	const char *wrong = NULL;
	struct sim_host_packet up;

	if (dev->pkt_len > PART_HANDOFF_HEADER && dev->pkt[PART_HANDOFF_OFF_CUT])
		p->res->handed++;
	else
		p->res->decided++;
	p->half.index = p->d.index;
	p->half.data = dev->pkt;
	p->half.len = dev->pkt_len;
	p->half.random_state = p->d.random_state;
	if (split_test_is_tc(p))
		wrong = split_test_tc_stub(p, dev);
	if (wrong) {
		note_text(p, "host half", wrong);
		return false;
	}
	up = sim_diff_host_packet(&p->half);
	p->d.running = "the host half";
	sim_host_run_one(p->half.host, &up, half);
	p->d.running = NULL;
	return true;
}

static void note_foreign(struct split_test *p)
{
	const char *wrong = NULL;

	if (split_test_is_tc(p) && p->d.index % FORGE_EVERY == 1)
		wrong = split_test_tc_foreign(p);
	if (wrong)
		note_text(p, "host half", wrong);
}

static void run_pair(struct split_test *p, const struct sim_host_run *ref)
{
	struct sim_me_packet in = { .data = p->d.data, .len = p->d.len };
	struct sim_me_result dev = { 0 };
	struct sim_host_run half = { 0 }, masked;
	bool up, ran;

	note_foreign(p);
	p->d.random_state = sim_diff_packet_seed(&p->d);
	p->d.running = "the device";
	ran = sim_me_run(p->d.me, &in, &dev);
	p->d.running = NULL;
	if (!ran) {
		sim_diff_note_device_error(&p->d, &dev.error);
		return;
	}
	p->d.res->device_insns += dev.insns;
	p->d.res->device_cycles += dev.cycles;
	up = (dev.byte & 0xf) == SIM_ME_DO_PASS;
	if (up && !run_half(p, &dev, &half)) {
		up = false;
	} else if (up) {
		check_half(p, ref, &half);
	} else {
		check_device_verdict(p, ref, &dev);
	}
	check_events(p, ref, up ? &half : NULL);
	if (up)
		sim_diff_hosts_check(&p->half, sim_diff_unwritten_mask(&p->half, &half, &masked));
}

/* From the wire comes a packet that begins with a record as good as any: right cookie, version and
 * length, any cut, any values. */
static void forge(struct split_test *p)
{
	uint32_t n = p->halves->record_bytes;
	uint64_t rng = sim_rng_fork(p->d.opts->seed + 77, p->d.index);

	if (p->d.index % FORGE_EVERY || p->d.len + n > p->d.max_len)
		return;
	memmove(p->forged + n, p->d.data, p->d.len);
	for (uint32_t i = 0; i < n; i++)
		p->forged[i] = (uint8_t)sim_rng_next(&rng);
	store_le32(p->forged + PART_HANDOFF_OFF_COOKIE, p->halves->cookie);
	p->forged[PART_HANDOFF_OFF_VERSION] = PART_HANDOFF_VERSION;
	p->forged[PART_HANDOFF_OFF_CUT] = (uint8_t)sim_rng_below(&rng, p->halves->n_cuts + 1);
	p->forged[PART_HANDOFF_OFF_BYTES] = (uint8_t)n;
	p->forged[PART_HANDOFF_OFF_BYTES + 1] = 0;
	p->d.data = p->forged;
	p->d.len += n;
	p->res->forged++;
}

static void check_all(struct split_test *p)
{
	split_test_maps_check_all(p);
	sim_diff_hosts_check_all(&p->d);
	sim_diff_hosts_check_all(&p->half);
}

/* The original on the side that leads and on the others, then the two halves. False: it takes too long. */
static bool one_packet(struct split_test *p)
{
	struct sim_host_packet in;
	struct sim_host_run run, masked;
	const struct sim_host_run *ref;

	forge(p);
	if (sim_diff_unwritten_skips(&p->d))
		return true;
	in = sim_diff_host_packet(&p->d);
	p->d.differs = false;
	p->d.running = sim_diff_side_name(p->d.lead);
	sim_host_run_one(p->d.host, &in, &run);
	p->d.running = NULL;
	if (sim_diff_too_long(&p->d, &run))
		return false;
	ref = sim_diff_unwritten_mask(&p->d, &run, &masked);
	if (ref->fault)
		note_text(p, "host error", ref->fault);
	else
		run_pair(p, ref);
	split_test_maps_check(p, ref);
	sim_diff_hosts_check(&p->d, ref);
	sim_diff_unwritten_end(&p->d, ref);
	sim_diff_count_verdict(&p->d, verdict_of(p, ref));
	p->d.res->packets++;
	if (p->d.res->packets % CHECK_EVERY == 0)
		check_all(p);
	return true;
}

/* ---- the run --------------------------------------------------------------------------------------------------- */

static void set_length_limits(struct split_test *p)
{
	uint32_t record = p->halves->record_bytes;

	p->d.min_len = SIM_PACKET_MIN;
	p->d.max_len = SIM_PACKET_MAX - record;
	if (p->d.fw->inline_mtu > SIM_PACKET_MIN + record &&
	    p->d.fw->inline_mtu - record < p->d.max_len)
		p->d.max_len = p->d.fw->inline_mtu - record;
}

/* A captured image is of the original or of the host half; the other one has no such side then. */
static void share_options(struct split_test *p, const struct sim_diff_options *opts)
{
	const unsigned image = 1u << SIM_DIFF_IMAGE;
	bool of_half =
		opts->image && opts->image->insns_hash == sim_captured_hash(&p->halves->host);

	p->opts = p->half_opts = *opts;
	p->half_opts.host_step = NULL; /* its instructions are not the original's */
	if (!opts->image)
		return;
	if (of_half)
		p->opts.image = NULL, p->opts.hosts &= ~image;
	else
		p->half_opts.image = NULL, p->half_opts.hosts &= ~image;
}

/* An image is of one of the two programs; its kernel's rules hold for both. */
static void one_kernel(struct split_test *p)
{
	p->d.unfolded_csum |= p->half.unfolded_csum;
	p->half.unfolded_csum = p->d.unfolded_csum;
}

static bool set_up(struct split_test *p)
{
	struct diff *d = &p->d;

	sim_diff_prepare(d);
	sim_diff_prepare(&p->half);
	set_length_limits(p);
	return sim_diff_open_packets(d) && sim_diff_hosts_load(d) &&
	       sim_diff_hosts_load(&p->half) && (one_kernel(p), true) && sim_diff_maps_open(d) &&
	       sim_diff_maps_fill(d) && sim_diff_open_packets(d) && split_test_maps_open(p) &&
	       sim_diff_hosts_open(d) && (split_test_maps_fill(p), sim_diff_hosts_open(&p->half)) &&
	       split_test_tc_open(p) && sim_diff_open_device(d);
}

static void run(struct split_test *p)
{
	const struct sim_diff_options *o = &p->opts;

	while (!sim_diff_finished(&p->d) && !sim_diff_stopped(&p->d) &&
	       sim_diff_next_packet(&p->d)) {
		if (!one_packet(p))
			return;
		if (o->progress && p->d.res->packets % CHECK_EVERY == 0)
			o->progress(o->priv, p->d.res->packets, o->packets);
		p->d.index++;
	}
	p->d.differs = false;
	p->d.index -= p->d.index > 0;
	p->half.index = p->d.index;
	check_all(p);
}

static void set_up_and_run(void *priv)
{
	struct split_test *p = priv;
	double start;

	p->d.ready = set_up(p);
	start = sim_diff_now();
	if (p->d.ready)
		run(p);
	p->res->diff.seconds = sim_diff_now() - start;
}

static void close_side(struct diff *d)
{
	sim_me_free(d->me);
	sim_diff_hosts_close(d);
	sim_maps_free(d->host_maps);
	sim_maps_free(d->dev_maps);
	sim_pcap_close(d->pcap);
}

static struct split_test *new_pair(struct cx *cx, const struct vprog *vp,
				   const struct part_halves *halves, const struct nfp_firmware *fw,
				   const struct sim_diff_device *dev, struct sim_split_result *res)
{
	static const struct sim_diff_device none;
	const struct fe_object *obj = sim_diff_object(cx, vp->obj, vp->prog);
	struct split_test *p = ARENA_NEW(cx->arena, struct split_test);

	*p = (struct split_test){ .n_homes = vp->obj->n_maps, .halves = halves, .res = res };
	p->d = (struct diff){ .cx = cx,
			      .obj = obj,
			      .prog = vp->prog,
			      .fw = fw,
			      .dev = dev,
			      .opts = &p->opts,
			      .res = &res->diff };
	p->half = (struct diff){ .cx = cx,
				 .obj = obj,
				 .prog = &halves->host,
				 .whole = &p->d,
				 .halves = halves,
				 .host_only = true,
				 .fw = fw,
				 .dev = &none,
				 .opts = &p->half_opts,
				 .res = &p->half_res };
	return p;
}

bool sim_split_run(struct cx *cx, const struct vprog *vp, const struct part_halves *halves,
		   const struct nfp_firmware *fw, const struct sim_diff_device *dev,
		   const struct sim_diff_options *opts, struct sim_split_result *res)
{
	unsigned errors = cx->diags->errors;
	bool crashed;
	struct split_test *p;

	*res = (struct sim_split_result){ 0 };
	p = new_pair(cx, vp, halves, fw, dev, res);
	share_options(p, opts);
	crashed = !sim_diff_guarded(&p->d, set_up_and_run, p);
	memcpy(res->half_hosts, p->half_res.hosts, sizeof(res->half_hosts));
	if (crashed)
		return true;
	sim_host_free(p->xdp_stub);
	close_side(&p->half);
	close_side(&p->d);
	return p->d.ready && cx->diags->errors == errors;
}
