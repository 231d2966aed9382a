/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Files of the bpf_conformance suite on every side that runs programs here (tools/bpf-conformance):
 *
 *   conformance_test [--verbose] FILE...
 *
 * Each file's program becomes a function that an XDP program calls. Its memory is the start of the packet:
 * address in R1, length in R2, both 0 without memory. R0 goes to global data, as 64 bits, and the verdict says
 * whether it is what the file wants. Exit 1: a side gave another result. */
#include "asm.h"
#include "harness.h"
#include "test_file.h"

#include "base/bits.h"
#include "sim/pcap.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SHORTEST_PACKET 60u
#define MAX_RANKED      64u

enum side { SIDE_DEVICE_O0, SIDE_DEVICE_O2, SIDE_JIT, SIDE_INTERP, SIDE_KERNEL, N_SIDES };
enum answer { ANSWER_RIGHT, ANSWER_WRONG, ANSWER_REFUSED, ANSWER_NONE, N_ANSWERS };

static const char *const side_names[] = { "device, -O0", "device, -O2", "host JIT", "interpreter",
					  "kernel" };

struct refusal {
	const char *by; /* verifier, device */
	enum reason reason;
	uint32_t n;
	char first[64]; /* file */
};

struct totals {
	bool verbose;
	uint32_t files, unreadable, answers[N_SIDES][N_ANSWERS];
	struct refusal refusals[MAX_RANKED];
	uint32_t n_refusals;
};

/* ---- the program -------------------------------------------------------------------------------- */

static const uint8_t zeros[8];

static const struct fe_map result_map = { .name = ".data",
					  .kind = FE_MAP_DATA,
					  .type = BPF_MAP_TYPE_ARRAY,
					  .key_size = 4,
					  .value_size = 8,
					  .max_entries = 1,
					  .init = zeros,
					  .inner = -1 };

struct wrapped {
	struct asm_buf code;
	uint32_t subprog_at[TEST_MAX_FUNCS];
	uint32_t n_subprogs;
};

static void give_memory(struct asm_buf *b, uint32_t len, uint32_t out)
{
	if (!len) {
		asm_emit(b, MOV64I(1, 0), MOV64I(2, 0));
		return;
	}
	asm_emit(b, MOV64(3, 1), LDX(BPF_W, 1, 3, 0), LDX(BPF_W, 2, 3, 4), MOV64(4, 1),
		 ALU64I(BPF_ADD, 4, len));
	asm_jump(b, (struct bpf_insn)JMP(BPF_JGT, 4, 2, 0), out);
	asm_emit(b, MOV64I(2, len));
}

static bool add_function(struct wrapped *w, uint32_t at)
{
	uint32_t i = 0;

	while (i < w->n_subprogs && w->subprog_at[i] < at)
		i++;
	if (i < w->n_subprogs && w->subprog_at[i] == at)
		return true;
	if (w->n_subprogs == TEST_MAX_FUNCS)
		return false;
	memmove(&w->subprog_at[i + 1], &w->subprog_at[i],
		(w->n_subprogs - i) * sizeof(w->subprog_at[0]));
	w->subprog_at[i] = at;
	w->n_subprogs++;
	return true;
}

/* Functions of the file's program begin where its calls go. */
static bool find_functions(struct wrapped *w, uint32_t body)
{
	for (uint32_t i = body; i < w->code.n; i++) {
		const struct bpf_insn *insn = &w->code.at[i];
		int64_t to = (int64_t)i + 1 + insn->imm;

		if (ebpf_is_call(insn) && insn->src_reg == EBPF_CALL_SUBPROG && to > body &&
		    to < w->code.n && !add_function(w, (uint32_t)to))
			return false;
	}
	return true;
}

static bool wrap(const struct test_file *t, struct wrapped *w)
{
	uint32_t out, body;

	memset(w, 0, sizeof(*w));
	out = asm_label(&w->code);
	body = asm_label(&w->code);
	give_memory(&w->code, t->mem_len, out);
	asm_jump(&w->code, (struct bpf_insn)CALL_SUB(0), body);
	asm_emit(&w->code, LD_MAP_VALUE(1, 0, 0), STX(BPF_DW, 1, 0, 0), LD64(2, t->result),
		 MOV64(3, 0), MOV64I(0, 2), JMP(BPF_JEQ, 3, 2, 1));
	asm_place(&w->code, out);
	asm_emit(&w->code, MOV64I(0, 1), EXIT());
	asm_place(&w->code, body);
	w->subprog_at[w->n_subprogs++] = w->code.n;
	asm_finish(&w->code);
	body = w->code.n;
	asm_put(&w->code, t->insns, t->n_insns);
	return find_functions(w, body);
}

/* One packet, as a capture in memory. */
static int write_packet(const struct test_file *t, char *path, size_t size)
{
	uint8_t bytes[TEST_MAX_MEM + SHORTEST_PACKET] = { 0 };
	struct arena arena;
	struct diags diags;
	struct cx cx = { &arena, &arena, &diags };
	int fd = memfd_create("packet", MFD_CLOEXEC);
	struct sim_pcap_writer *w;
	bool ok;

	arena_init(&arena);
	diags_init(&diags, &arena);
	snprintf(path, size, "/proc/self/fd/%d", fd);
	memcpy(bytes, t->mem, t->mem_len);
	w = sim_pcap_create(&cx, path);
	ok = w;
	if (w) {
		sim_pcap_write(w, bytes,
			       t->mem_len < SHORTEST_PACKET ? SHORTEST_PACKET : t->mem_len);
		ok = sim_pcap_finish(&cx, w);
	}
	arena_reset(&arena);
	if (ok)
		return fd;
	close(fd);
	return -1;
}

/* ---- the sides ---------------------------------------------------------------------------------- */

static bool passed(const struct sim_diff_result *d)
{
	return d->packets && d->verdicts[2] == d->packets && !d->mismatches;
}

static void note_refusal(struct totals *t, const char *by, enum reason reason, const char *file)
{
	struct refusal *r = t->refusals, *end = r + t->n_refusals;

	while (r < end && (r->reason != reason || strcmp(r->by, by)))
		r++;
	if (r == end) {
		if (t->n_refusals == MAX_RANKED)
			return;
		*r = (struct refusal){ .by = by, .reason = reason };
		snprintf(r->first, sizeof(r->first), "%s", file);
		t->n_refusals++;
	}
	r->n++;
}

/* What the file wants of a program that does not run: an error. */
static enum answer refused(const struct test_file *t)
{
	return t->wants_error ? ANSWER_RIGHT : ANSWER_REFUSED;
}

static enum answer device_answer(const struct test_file *t, const struct harness_result *r)
{
	switch (r->outcome) {
	case HARNESS_EQUAL:
		return !t->wants_error && passed(&r->diff) ? ANSWER_RIGHT : ANSWER_WRONG;
	case HARNESS_REJECTED:
	case HARNESS_REFUSED: return refused(t);
	default: return ANSWER_WRONG;
	}
}

static enum answer other_host_answer(const struct test_file *t, const struct harness_result *r,
				     enum sim_diff_host_id id)
{
	const struct sim_diff_host *h = &r->diff.hosts[id];

	if (!h->ran || !h->packets)
		return ANSWER_NONE;
	return !t->wants_error && passed(&r->diff) && !h->mismatches ? ANSWER_RIGHT : ANSWER_WRONG;
}

static void host_answers(const struct test_file *t, const struct harness_result *r,
			 enum answer *answer)
{
	if (r->outcome == HARNESS_REJECTED) {
		answer[SIDE_JIT] = answer[SIDE_INTERP] = answer[SIDE_KERNEL] = refused(t);
		return;
	}
	answer[SIDE_JIT] = !t->wants_error && r->outcome != HARNESS_FAILED &&
					   r->diff.verdicts[2] == r->diff.packets && r->diff.packets
				   ? ANSWER_RIGHT
				   : ANSWER_WRONG;
	answer[SIDE_INTERP] = other_host_answer(t, r, SIM_DIFF_INTERP);
	answer[SIDE_KERNEL] = other_host_answer(t, r, SIM_DIFF_KERNEL);
}

static void run_sides(struct totals *tot, const struct test_file *t, const struct harness_case *c,
		      const char *pcap)
{
	struct harness_options o = {
		.packets = 1, .seed = 1, .pcap = pcap, .log = tot->verbose ? stdout : NULL
	};
	enum answer answer[N_SIDES];
	struct harness_result r;

	o.hosts = 1u << SIM_DIFF_JIT | 1u << SIM_DIFF_INTERP | 1u << SIM_DIFF_KERNEL;
	harness_run_hosts(c, &o, &r);
	host_answers(t, &r, answer);
	o.hosts = 0;
	for (unsigned i = 0; i < 2; i++) {
		o.level = i ? 2 : 0;
		harness_run(c, &o, &r);
		answer[SIDE_DEVICE_O0 + i] = device_answer(t, &r);
		if (answer[SIDE_DEVICE_O0 + i] == ANSWER_REFUSED && i)
			note_refusal(tot, r.outcome == HARNESS_REJECTED ? "verifier" : "device",
				     r.reason, c->name);
	}
	for (unsigned i = 0; i < N_SIDES; i++) {
		tot->answers[i][answer[i]]++;
		if (answer[i] == ANSWER_WRONG)
			printf("%s: wrong: %s\n", c->name, side_names[i]);
	}
}

static void run_file(struct totals *tot, const char *path)
{
	static struct test_file t;
	static struct wrapped w;
	const char *slash = strrchr(path, '/');
	struct harness_case c = { .name = slash ? slash + 1 : path,
				  .type = BPF_PROG_TYPE_XDP,
				  .insns = w.code.at,
				  .subprog_at = w.subprog_at,
				  .maps = &result_map,
				  .n_maps = 1 };
	char pcap[64];
	int fd;

	tot->files++;
	if (!test_file_read(path, &t) || !wrap(&t, &w)) {
		printf("%s: not read: %s\n", c.name, t.error);
		tot->unreadable++;
		return;
	}
	c.n_insns = w.code.n;
	c.n_subprogs = w.n_subprogs;
	fd = write_packet(&t, pcap, sizeof(pcap));
	if (fd < 0) {
		tot->unreadable++;
		return;
	}
	run_sides(tot, &t, &c, pcap);
	close(fd);
}

/* ---- the table ---------------------------------------------------------------------------------- */

static void print_refusals(struct totals *t)
{
	for (uint32_t n = t->n_refusals; n; n--) { /* most first */
		uint32_t best = 0;

		for (uint32_t i = 1; i < n; i++) {
			if (t->refusals[i].n > t->refusals[best].n)
				best = i;
		}
		printf("refused by the %s: %u %s, as %s\n", t->refusals[best].by,
		       t->refusals[best].n, reason_name(t->refusals[best].reason),
		       t->refusals[best].first);
		t->refusals[best] = t->refusals[n - 1];
	}
}

static bool print_table(struct totals *t)
{
	bool right = t->files && !t->unreadable;

	printf("%-12s %6s %6s %8s %8s\n", "", "right", "wrong", "refused", "not run");
	for (unsigned i = 0; i < N_SIDES; i++) {
		printf("%-12s %6u %6u %8u %8u\n", side_names[i], t->answers[i][ANSWER_RIGHT],
		       t->answers[i][ANSWER_WRONG], t->answers[i][ANSWER_REFUSED],
		       t->answers[i][ANSWER_NONE]);
		right &= !t->answers[i][ANSWER_WRONG];
	}
	printf("%u files, %u not read\n", t->files, t->unreadable);
	print_refusals(t);
	return right;
}

int main(int argc, char **argv)
{
	struct totals t = { 0 };
	int first = 1;

	if (argc > 1 && !strcmp(argv[1], "--verbose")) {
		t.verbose = true;
		first = 2;
	}
	if (first >= argc) {
		fprintf(stderr, "usage: conformance_test [--verbose] FILE...\n");
		return 2;
	}
	for (int i = first; i < argc; i++)
		run_file(&t, argv[i]);
	return !print_table(&t);
}
