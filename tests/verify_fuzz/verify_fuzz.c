/* SPDX-License-Identifier: BSD-2-Clause */
/* Differential fuzzing of the verifier: nearly valid programs, our verdict beside the kernel's.
 *
 *   verify_fuzz [--programs N] [--seed S] [--first K] [--verbose]
 *
 * Safe programs of the random generator and of templates.c get one to three changes (mutate.c). A
 * verdict that differs is explained by a row of known.def, or shown and counted: exit 1. A program
 * is found again by its number: --first K --programs 1 --verbose. Exit 77: no bpf(2) here. */

#include "mutate.h"
#include "weaken.h"

#include "base/bits.h"
#include "frontend/kernel_load.h"
#include "frontend/vprog.h"
#include "gen.h"
#include "kernel_guard.h"

#include <bpf/btf.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	FUZZ_MAX_FUNCS = 64,
	EXIT_SKIPPED = 77,
	MAX_SHOWN = 40,
	LOG_BYTES = 1 << 20,
	SHOWN_LOG_BYTES = 600
};

struct options {
	uint64_t programs, seed, first;
	bool verbose;
};

enum cause {
	CAUSE_NONE,
	CAUSE_BETTER,
	CAUSE_SELF,
	CAUSE_BITS,
	CAUSE_SIGNED_FILL,
	CAUSE_LINK,
	CAUSE_MASK
};

static const struct known {
	const char *ours, *text, *kernel, *why;
	enum cause cause;
} known[] = {
#define KNOWN(ours, text, kernel, cause, why) { ours, text, kernel, why, CAUSE_##cause },
#include "known.def"
#undef KNOWN
};

struct totals {
	uint64_t both_accept, both_reject, unexplained, not_asked, known[ARRAY_SIZE(known)];
	double ours, kernels; /* seconds */
};

/* What the templates refer to by number. */
static const struct fe_map fuzz_maps[] = {
	{ .name = "array",
	  .type = BPF_MAP_TYPE_ARRAY,
	  .key_size = 4,
	  .value_size = 64,
	  .max_entries = 8,
	  .inner = -1 },
	{ .name = "hash",
	  .type = BPF_MAP_TYPE_HASH,
	  .key_size = 8,
	  .value_size = 16,
	  .max_entries = 100,
	  .inner = -1 },
	{ .name = "counters",
	  .type = BPF_MAP_TYPE_PERCPU_ARRAY,
	  .key_size = 4,
	  .value_size = 8,
	  .max_entries = 4,
	  .inner = -1 },
	{ .name = "records", .type = BPF_MAP_TYPE_RINGBUF, .max_entries = 4096, .inner = -1 },
	{ .name = "progs",
	  .type = BPF_MAP_TYPE_PROG_ARRAY,
	  .key_size = 4,
	  .value_size = 4,
	  .max_entries = 4,
	  .inner = -1 },
};

/* One program as both verifiers take it. */
struct fuzz_case {
	struct fuzz_program p;
	struct gen_program gen; /* keeps the maps of generated programs */
	struct fe_subprog subprogs[FUZZ_MAX_FUNCS];
	struct btf *btf; /* a static function each: the kernel wants to know callbacks */
	uint32_t func_id[FUZZ_MAX_FUNCS];
	struct fe_object obj;
	struct fe_prog prog;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static bool describe_functions(struct fuzz_case *c)
{
	int number, proto;
	char name[16];

	c->btf = btf__new_empty();
	number = btf__add_int(c->btf, "int", 4, BTF_INT_SIGNED);
	proto = btf__add_func_proto(c->btf, number);
	for (uint32_t i = 0; i < FUZZ_MAX_FUNCS; i++) {
		int id;

		snprintf(name, sizeof(name), "f%u", i);
		id = btf__add_func(c->btf, name, BTF_FUNC_STATIC, proto);
		if (id < 0)
			return false;
		c->func_id[i] = (uint32_t)id;
	}
	return true;
}

/* ---- making a program -------------------------------------------------------------------------- */

/* Functions start where calls and references to functions lead, as for the kernel. */
static void find_subprogs(struct fuzz_case *c)
{
	static bool start[FUZZ_MAX_INSNS + 1];
	uint32_t n = c->p.n, count = 0;

	memset(start, 0, sizeof(start));
	start[0] = true;
	for (uint32_t i = 0; i < n; i++) {
		const struct bpf_insn *in = &c->p.insns[i];
		int64_t to = (int64_t)i + 1 + in->imm;
		bool refers = (ebpf_is_call(in) && in->src_reg == EBPF_CALL_SUBPROG) ||
			      (ebpf_is_ld_imm64(in) && in->src_reg == EBPF_IMM_FUNC);

		if (refers && to > 0 && to < n)
			start[to] = true;
	}
	for (uint32_t i = 0; i < n && count < ARRAY_SIZE(c->subprogs); i++) {
		if (!start[i])
			continue;
		if (count)
			c->subprogs[count - 1].end = i;
		c->subprogs[count] = (struct fe_subprog){
			.start = i, .end = n, .name = "f", .btf_func_id = c->func_id[count]
		};
		count++;
	}
	c->prog.subprogs = c->subprogs;
	c->prog.n_subprogs = count;
}

/* Callbacks, and functions with legacy loads: the kernel wants to know what they return. */
static bool needs_types(const struct bpf_insn *insn)
{
	if (ebpf_is_ld_imm64(insn))
		return insn->src_reg == EBPF_IMM_FUNC;
	return ebpf_class(insn) == BPF_LD;
}

static void make(struct fuzz_case *c, uint64_t seed)
{
	uint64_t s = seed;
	uint32_t n_changes = 1 + fuzz_below(&s, 3);

	c->obj = (struct fe_object){ .path = "fuzz", .license = "GPL" };
	if (fuzz_below(&s, 2)) {
		fuzz_template(&c->p, &s);
		c->obj.maps = fuzz_maps;
		c->obj.n_maps = ARRAY_SIZE(fuzz_maps);
	} else {
		gen_program(&c->gen, fuzz_next(&s), 4 + fuzz_below(&s, 16));
		c->p.n = c->gen.code.n;
		c->p.type = c->gen.type;
		memcpy(c->p.insns, c->gen.code.at, c->p.n * sizeof(*c->p.insns));
		for (size_t i = 0; i < GEN_MAPS; i++) /* types are those of describe_functions() */
			c->gen.maps[i].btf_key_id = c->gen.maps[i].btf_value_id = 0;
		c->obj.maps = c->gen.maps;
		c->obj.n_maps = GEN_MAPS;
	}
	while (n_changes--)
		fuzz_mutate(&c->p, &s);
	c->prog = (struct fe_prog){ .name = "fuzz",
				    .section = "fuzz",
				    .type = c->p.type,
				    .insns = c->p.insns,
				    .n_insns = c->p.n };
	find_subprogs(c);
	for (uint32_t i = 0; i < c->p.n; i++) {
		if (needs_types(&c->p.insns[i]))
			c->obj.btf = c->btf;
	}
}

/* ---- the two verdicts -------------------------------------------------------------------------- */

/* "": accepted; else the reason's name. `text` takes the message. */
static const char *ask_ours(const struct fuzz_case *c, char *text, size_t size)
{
	const char *reason = "";
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx = { &arena, &scratch, &diags };
	struct vprog vp;

	arena_init(&arena);
	arena_init(&scratch);
	diags_init(&diags, &arena);
	text[0] = '\0';
	if (!fe_verify(&cx, &c->obj, &c->prog, NULL, &vp)) {
		for (size_t i = 0; i < diags.list.len; i++) {
			const struct diag *d = &diags.list.at[i];

			if (d->severity != DIAG_ERROR)
				continue;
			reason = reason_name(d->reason);
			snprintf(text, size, "insn %" PRId64 ": %s", d->at.insn, d->text);
		}
	}
	arena_reset(&arena);
	arena_reset(&scratch);
	return reason;
}

static bool kernel_takes(const struct fuzz_case *c, char *log)
{
	struct fe_kernel_load l = { .obj = &c->obj, .prog = &c->prog };

	if (log) {
		log[0] = '\0';
		l.log = log;
		l.log_level = 1;
		l.log_size = LOG_BYTES;
	}
	return !fe_kernel_load_insns(&l);
}

/* The end of the kernel's log: the failing state and its message. */
static const char *tail(const char *log)
{
	size_t n = strlen(log);

	return n > SHOWN_LOG_BYTES ? log + n - SHOWN_LOG_BYTES : log;
}

static void print_program(const struct fuzz_case *c)
{
	for (uint32_t i = 0; i < c->p.n; i++) {
		const struct bpf_insn *in = &c->p.insns[i];
		char text[96];

		ebpf_disasm(in, i + 1 < c->p.n ? in + 1 : NULL, text, sizeof(text));
		printf("  %3u: %s\n", i, text);
		i += ebpf_is_ld_imm64(in);
	}
}

/* Without what is known better here, ours decides as the kernel does. */
static bool hangs_on_knowledge(const struct fuzz_case *c)
{
	static struct fuzz_case weaker;
	char text[512];

	weaker = *c;
	weaker.prog.insns = weaker.p.insns;
	weaker.prog.subprogs = weaker.subprogs;
	return fuzz_weaken(&weaker.p) && *ask_ours(&weaker, text, sizeof(text));
}

static bool is_known(const struct known *k, const struct fuzz_case *c, const char *reason,
		     const char *text, bool theirs, const char *log)
{
	bool same = *k->ours == '*' ? *reason : !strcmp(k->ours, reason);

	if (!same || !strstr(text, k->text) || !*reason == theirs ||
	    (!theirs && !strstr(log, k->kernel)))
		return false;
	switch (k->cause) {
	case CAUSE_BETTER: return hangs_on_knowledge(c);
	case CAUSE_SIGNED_FILL: return fuzz_fills_signed(&c->p);
	case CAUSE_BITS: return fuzz_tests_bits(&c->p);
	case CAUSE_SELF: return fuzz_compares_with_itself(&c->p);
	case CAUSE_LINK: return fuzz_links_by_subtraction(&c->p);
	case CAUSE_MASK: return fuzz_masks_zero_or_ones(&c->p);
	default: return true;
	}
}

static void explain(const struct options *o, const struct fuzz_case *c, uint64_t no,
		    const char *reason, const char *text, struct totals *t)
{
	static char log[LOG_BYTES];
	bool theirs = kernel_takes(c, log);

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (!is_known(&known[i], c, reason, text, theirs, tail(log)))
			continue;
		t->known[i]++;
		if (!o->verbose)
			return;
		break;
	}
	if (!o->verbose && t->unexplained++ >= MAX_SHOWN)
		return;
	printf("program %" PRIu64 " (%s): ours %s [%s] %s; kernel %s\n", no,
	       c->p.type == BPF_PROG_TYPE_XDP ? "xdp" : "tc", *reason ? "rejects" : "accepts",
	       reason, text, theirs ? "accepts" : "rejects:");
	if (!theirs || o->verbose)
		printf("%s\n", o->verbose ? log : tail(log));
	if (o->verbose)
		print_program(c);
	fflush(stdout);
}

static void run(const struct options *o, struct fuzz_case *c, uint64_t no, struct totals *t)
{
	char text[512];
	const char *reason;
	double start, middle;
	bool theirs;

	make(c, o->seed + no);
	if (breaks_kernel(c->p.insns, c->p.n)) {
		ask_ours(c, text, sizeof(text));
		t->not_asked++;
		return;
	}
	start = now();
	reason = ask_ours(c, text, sizeof(text));
	middle = now();
	theirs = kernel_takes(c, NULL);
	t->ours += middle - start;
	t->kernels += now() - middle;
	if (theirs == !*reason) {
		t->both_accept += theirs;
		t->both_reject += !theirs;
		if (!o->verbose)
			return;
	}
	explain(o, c, no, reason, text, t);
}

/* ---- the run ----------------------------------------------------------------------------------- */

static bool kernel_available(void)
{
	const struct bpf_insn insns[] = { MOV64I(0, 2), EXIT() };
	struct fe_object obj = { .path = "probe", .license = "GPL" };
	struct fe_prog prog = { .type = BPF_PROG_TYPE_XDP, .insns = insns, .n_insns = 2 };
	struct fe_kernel_load l = { .obj = &obj, .prog = &prog };

	return !fe_kernel_load_insns(&l);
}

static bool parse(int argc, char **argv, struct options *o)
{
	static const struct option rows[] = { { "programs", required_argument, NULL, 'n' },
					      { "seed", required_argument, NULL, 's' },
					      { "first", required_argument, NULL, 'f' },
					      { "verbose", no_argument, NULL, 'v' },
					      { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "", rows, NULL)) != -1) {
		switch (c) {
		case 'n': o->programs = strtoull(optarg, NULL, 0); break;
		case 's': o->seed = strtoull(optarg, NULL, 0); break;
		case 'f': o->first = strtoull(optarg, NULL, 0); break;
		case 'v': o->verbose = true; break;
		default: return false;
		}
	}
	return optind == argc;
}

int main(int argc, char **argv)
{
	struct options o = { .programs = 2000, .seed = 0 };
	struct totals t = { 0 };
	struct fuzz_case *c = calloc(1, sizeof(*c));

	int status = 2;

	if (!c || !describe_functions(c) || !parse(argc, argv, &o)) {
		fprintf(stderr,
			"usage: verify_fuzz [--programs N] [--seed S] [--first K] [--verbose]\n");
		goto out;
	}
	if (!kernel_available()) {
		printf("skipped: no CAP_BPF\n");
		status = EXIT_SKIPPED;
		goto out;
	}
	for (uint64_t i = 0; i < o.programs; i++)
		run(&o, c, o.first + i, &t);
	printf("%" PRIu64 " programs: both accept %" PRIu64 ", both reject %" PRIu64
	       ", unexplained %" PRIu64 "; ours %.2f s, bpf(2) %.2f s\n",
	       o.programs, t.both_accept, t.both_reject, t.unexplained, t.ours, t.kernels);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		printf("%8" PRIu64 " by design: %s\n", t.known[i], known[i].why);
	printf("%8" PRIu64 " not shown to the kernel, which a defect of its own might stop\n",
	       t.not_asked);
	status = t.unexplained ? 1 : 0;
out:
	if (c)
		btf__free(c->btf);
	free(c);
	return status;
}
