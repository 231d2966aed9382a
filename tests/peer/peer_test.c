/* SPDX-License-Identifier: BSD-2-Clause */
/* Words that another compiler made against the host: the proof, from outside, that the simulator runs
 * what the card runs.
 *
 *   peer_test OBJECT PROGRAM WORDS LISTING [PACKETS]
 *
 * The instructions of the object must be those that the words were made from (LISTING has them); then
 * both sides run the same packets and may not differ. Exit code 0: they did not. */
#include "frontend/object.h"
#include "frontend/vprog.h"
#include "sim/diff.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_WORDS 4096u
#define MAX_INSNS 1024u
#define PACKETS   10000u
#define SEED      1u

static const struct fe_prog *find_prog(const struct fe_object *obj, const char *name)
{
	for (size_t i = 0; i < obj->n_progs; i++) {
		if (!strcmp(obj->progs[i].name, name))
			return &obj->progs[i];
	}
	fprintf(stderr, "no program '%s' in %s\n", name, obj->path);
	return NULL;
}

static size_t read_words(const char *path, uint64_t *words)
{
	FILE *f = fopen(path, "r");
	size_t n = 0;

	while (f && n < MAX_WORDS && fscanf(f, "%" SCNx64, &words[n]) == 1)
		n++;
	if (f)
		fclose(f);
	return n;
}

struct listed { /* a row's columns "flags code dst src off imm", after index, words, subprogram */
	char flags[64];
	unsigned code, dst, src, off, imm;
};

static size_t read_listing(const char *path, struct listed *rows, size_t max)
{
	FILE *f = fopen(path, "r");
	char line[256];
	size_t n = 0;

	while (f && n < max && fgets(line, sizeof(line), f)) {
		struct listed *l = &rows[n];

		n += sscanf(line, "%*u %*u %*u %*u %63s %x %x %x %x %x", l->flags, &l->code,
			    &l->dst, &l->src, &l->off, &l->imm) == 6;
	}
	if (f)
		fclose(f);
	return n;
}

/* The driver turns additions of negative constants into subtractions. */
static struct bpf_insn as_listed(struct bpf_insn i)
{
	if (ebpf_is_alu(&i) && ebpf_op(&i) == BPF_ADD && !ebpf_src_is_reg(&i) && i.imm < 0) {
		i.code ^= BPF_ADD ^ BPF_SUB;
		i.imm = -i.imm;
	}
	return i;
}

/* … and gives the first load and store of a gathered copy the lowest offsets of all. */
static bool is_gathered(const struct listed *l)
{
	return strstr(l[0].flags, "skip_prec") || strstr(l[1].flags, "skip_prec");
}

static bool same_insn(const struct bpf_insn *insn, const struct listed *l, bool second_half)
{
	struct bpf_insn i = as_listed(*insn);

	if (i.code != l->code || i.dst_reg != l->dst)
		return false;
	if ((uint16_t)i.off != l->off && !is_gathered(l))
		return false;
	if (second_half || (ebpf_is_ld_imm64(&i) && i.src_reg))
		return true; /* references to maps are numbered otherwise */
	return i.src_reg == l->src && (uint32_t)i.imm == l->imm;
}

static bool same_program(const struct fe_prog *prog, const char *path)
{
	static struct listed rows[MAX_INSNS + 1]; /* the last one stays empty */
	size_t n = read_listing(path, rows, MAX_INSNS);
	bool second_half = false;

	for (size_t i = 0; i < n && i < prog->n_insns; i++) {
		if (!same_insn(&prog->insns[i], &rows[i], second_half)) {
			fprintf(stderr, "instruction %zu is not the listing's\n", i);
			return false;
		}
		second_half = ebpf_is_ld_imm64(&prog->insns[i]);
	}
	if (!n || n != prog->n_insns)
		fprintf(stderr, "%zu instructions, the listing has %zu\n", prog->n_insns, n);
	return n && n == prog->n_insns;
}

static void print_result(const char *prog, const struct sim_diff_result *r)
{
	static const char *const verdicts[] = { "aborted",  "drop", "pass", "tx",
						"redirect", "5",    "6",    "other" };

	printf("%s: %" PRIu64 " packets, %" PRIu64 " mismatches, %" PRIu64 " skipped;", prog,
	       r->packets, r->mismatches, r->skipped);
	for (size_t i = 0; i < 8; i++) {
		if (r->verdicts[i])
			printf(" %s %" PRIu64, verdicts[i], r->verdicts[i]);
	}
	printf("; lookups %" PRIu64 " hit, %" PRIu64
	       " missed; %.0f packets/s, %.1f instructions a packet\n",
	       r->map_hits, r->map_misses, (double)r->packets / r->seconds,
	       (double)r->device_insns / (double)r->packets);
	for (size_t i = 0; i < r->n_kept; i++) {
		const struct sim_diff_mismatch *m = &r->kept[i];

		printf("packet %" PRIu64 " (%u bytes): %s\n%s\n", m->packet_idx, m->packet_len,
		       m->what, m->text);
	}
}

static bool run(struct cx *cx, char **argv, uint64_t packets)
{
	static uint64_t words[MAX_WORDS];
	struct sim_diff_options opts = { .packets = packets, .seed = SEED };
	struct sim_diff_device dev;
	struct sim_diff_result res;
	struct nfp_firmware fw;
	struct fe_object obj;
	const struct fe_prog *prog;
	struct vprog vp;
	size_t n = read_words(argv[3], words);
	bool ok;

	if (!n || !nfp_firmware_load(cx, "generous", &fw) ||
	    !fe_object_open(cx, argv[1], &(struct fe_open_options){ 0 }, &obj))
		return false;
	prog = find_prog(&obj, argv[2]);
	ok = prog && same_program(prog, argv[4]) &&
	     fe_verify(cx, &obj, prog, &(struct fe_verify_options){ 0 }, &vp);
	if (ok) {
		sim_diff_device_from_vprog(cx->arena, &vp, &fw, words, n, &dev);
		ok = sim_diff_run(cx, &obj, prog, &fw, &dev, &opts, &res);
	}
	if (ok) {
		print_result(argv[2], &res);
		ok = res.packets == packets && !res.mismatches;
	}
	fe_object_close(&obj);
	return ok;
}

int main(int argc, char **argv)
{
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx = { &arena, &scratch, &diags };
	bool ok;

	if (argc < 5) {
		fprintf(stderr, "usage: %s OBJECT PROGRAM WORDS LISTING [PACKETS]\n", argv[0]);
		return 2;
	}
	arena_init(&arena);
	arena_init(&scratch);
	diags_init(&diags, &arena);
	ok = run(&cx, argv, argc > 5 ? strtoull(argv[5], NULL, 10) : PACKETS);
	for (size_t i = 0; i < diags.list.len; i++)
		diag_print(stderr, &diags.list.at[i]);
	arena_reset(&arena);
	arena_reset(&scratch);
	return !ok;
}
