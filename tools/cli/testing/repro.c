/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/cli/testing/repro.h"

#include "base/bits.h"
#include "sim/pcap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SHORTEST 14u /* an Ethernet header */

/* ---- does this packet alone show it? --------------------------------------------------------------- */

struct shrink {
	const struct repro *r;
	const char *pcap, *what; /* file that is tried; the kind of difference that must stay */
	uint8_t *pkt;
	uint32_t len;
};

static bool write_packet(const struct shrink *s, const uint8_t *pkt, uint32_t len)
{
	struct sim_pcap_writer *w = sim_pcap_create(s->r->cx, s->pcap);

	if (!w)
		return false;
	sim_pcap_write(w, pkt, len);
	return sim_pcap_finish(s->r->cx, w);
}

static bool shows(const struct shrink *s, const uint8_t *pkt, uint32_t len)
{
	struct sim_diff_result res;

	return write_packet(s, pkt, len) && s->r->run(s->r->priv, s->pcap, NULL, &res) &&
	       res.n_kept && !strcmp(res.kept[0].what, s->what);
}

/* ---- smaller ------------------------------------------------------------------------------------------ */

/* Cuts off as much as goes, in steps that get finer. */
static void truncate_packet(struct shrink *s)
{
	for (uint32_t step = s->len / 2; step; step /= 2) {
		while (s->len >= SHORTEST + step && shows(s, s->pkt, s->len - step))
			s->len -= step;
	}
}

static bool all_zero(const uint8_t *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (p[i])
			return false;
	}
	return true;
}

static void zero_bytes(struct shrink *s)
{
	uint8_t saved[16];

	for (uint32_t step = sizeof(saved); step; step /= 2) {
		for (uint32_t at = 0; at + step <= s->len; at += step) {
			if (all_zero(s->pkt + at, step))
				continue;
			memcpy(saved, s->pkt + at, step);
			memset(s->pkt + at, 0, step);
			if (!shows(s, s->pkt, s->len))
				memcpy(s->pkt + at, saved, step);
		}
	}
}

/* ---- files -------------------------------------------------------------------------------------------- */

static void print_comment(FILE *f, const char *text)
{
	fputs("#   ", f);
	for (; *text; text++) {
		fputc(*text, f);
		if (*text == '\n')
			fputs("#   ", f);
	}
	fputc('\n', f);
}

/* A word of a shell command. */
static void print_word(FILE *f, const char *s)
{
	fputs(" '", f);
	for (; *s; s++) {
		if (*s == '\'')
			fputs("'\\''", f);
		else
			fputc(*s, f);
	}
	fputc('\'', f);
}

static void print_option(FILE *f, const char *name, const char *value)
{
	if (!value)
		return;
	fprintf(f, " %s", name);
	print_word(f, value);
}

static void print_command(FILE *f, const struct repro *r, const char *pcap, uint64_t packets)
{
	const struct cli_args *a = r->args;

	fputs("exec bpf-offload test", f);
	print_option(f, "--prog", r->prog);
	print_option(f, "--firmware", a->place.firmware);
	print_option(f, "--btf", a->btf);
	print_option(f, "--device-words", a->run.device_words);
	print_option(f, "--host", a->run.host);
	print_option(f, "--pin", a->place.pins);
	if (a->place.cut_seed)
		fprintf(f, " --cut-seed %" PRIu64, a->place.cut_seed);
	if (a->place.untagged)
		fputs(" --untagged", f);
	if (a->place.max_handoff)
		fprintf(f, " --max-handoff %" PRIu64, a->place.max_handoff);
	fprintf(f, " -O%u --seed %" PRIu64, a->place.opt_level, r->seed);
	if (pcap)
		print_option(f, "--pcap", pcap);
	if (packets)
		fprintf(f, " --packets %" PRIu64, packets);
	print_word(f, a->operand);
	fputc('\n', f);
}

/* `alone`: the packet shows the difference without the ones before it. */
static bool write_script(const struct repro *r, const struct sim_diff_mismatch *m, const char *path,
			 const char *pcap, bool alone, const char *ways)
{
	const char *given = r->args->run.pcap;
	FILE *f = fopen(path, "w");

	if (!f)
		return diag_error(r->cx->diags, NULL, REASON_PCAP_WRITE, path, strerror(errno));
	fprintf(f, "#!/bin/sh\n# %s: packet %" PRIu64 " of seed %" PRIu64 " differs, %s:\n",
		r->args->operand, m->packet_idx, r->seed, m->what);
	print_comment(f, m->text);
	if (ways)
		print_comment(f, ways);
	if (!alone)
		fprintf(f, "# Earlier packets are needed as well; the last one is in %s\n", pcap);
	print_command(f, r, alone ? pcap : given, alone ? 0 : m->packet_idx + 1);
	if (!fclose(f) && !chmod(path, 0755))
		return true;
	return diag_error(r->cx->diags, NULL, REASON_PCAP_WRITE, path, strerror(errno));
}

/* Paths of both sides for the current packet; NULL: unknown. */
static const char *compare_ways(const struct shrink *s)
{
	struct divergence *ways = s->r->ways;
	struct sim_diff_result res;

	if (!ways || !write_packet(s, s->pkt, s->len) ||
	    !s->r->run(s->r->priv, s->pcap, ways, &res))
		return NULL;
	return divergence_text(ways);
}

bool repro_write(const struct repro *r, const struct sim_diff_mismatch *m)
{
	const char *base =
		arena_printf(r->cx->arena, "%s/%s-%" PRIu64, r->args->run.repro, r->prog, r->seed);
	struct shrink s = { .r = r,
			    .pcap = arena_printf(r->cx->arena, "%s.pcap", base),
			    .what = m->what,
			    .pkt = arena_dup(r->cx->arena, m->packet, m->packet_len),
			    .len = m->packet_len };
	const char *ways = NULL;
	bool alone;

	if (mkdir(r->args->run.repro, 0777) && errno != EEXIST)
		return diag_error(r->cx->diags, NULL, REASON_PCAP_WRITE, r->args->run.repro,
				  strerror(errno));
	alone = shows(&s, s.pkt, s.len);
	if (alone) {
		truncate_packet(&s);
		zero_bytes(&s);
		ways = compare_ways(&s);
	}
	if (!write_packet(&s, s.pkt, s.len) ||
	    !write_script(r, m, arena_printf(r->cx->arena, "%s.sh", base), s.pcap, alone, ways))
		return false;
	if (!r->args->quiet)
		fprintf(stderr, "%s.sh reproduces it: %" PRIu32 " bytes%s%s%s\n", base, s.len,
			alone ? "" : ", with earlier packets", ways ? "\n  " : "",
			ways ? ways : "");
	return true;
}
