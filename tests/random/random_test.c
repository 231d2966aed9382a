/* SPDX-License-Identifier: BSD-2-Clause */
/* Random programs through the whole pipeline: see gen.h for what they are.
 *
 *   random_test [--programs N] [--packets P] [--seed S] [--size K] [--seconds T] [--kernel]
 *               [--split] [--verify-only] [--firmware NAME] [--level 0|2] [--reduce] [--dump PASSES] [--verbose]
 *
 * Program number i of a run with seed S is the only one of a run with seed S + i: "--seed S+i
 * --programs 1" repeats what a message names. */
#include "base/bits.h"
#include "gen.h"
#include "kernel.h"
#include "kernel_guard.h"
#include "packets.h"
#include "reduce.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_SHOWN    5u
#define SECONDS_EACH 1800u /* for a program in all levels: more is a hang */
#define MIN_ACCEPTED 90u   /* per cent of the programs that the verifier must take */

struct options {
	uint64_t programs, packets, seed;
	time_t until; /* 0: no limit */
	uint32_t size;
	bool kernel, split, verify_only, reduce, verbose;
	const char *dump, *firmware;
	unsigned first_level, last_level; /* of levels[] */
};

/* Shared by the process that counts and the ones that work: a program that ends its process by an
 * assertion is one more fault, not the end of the run. */
struct tally {
	uint64_t seed; /* under way */
	uint64_t programs, accepted, packets;
	uint64_t outcome[2][HARNESS_FAILED + 1]; /* by level */
	uint64_t words[2], insns[2], cycles[2];
	uint64_t split, reshaped; /* in two halves; with calls replaced */
	uint64_t verdicts[8], skipped, hits, misses;
	struct refusals {
		uint64_t n, last_seed;
	} refused_for[REASON_COUNT], rejected_for[REASON_COUNT];
	uint64_t kernel_too_strict, kernel_too_lax; /* beside ours */
	uint64_t kernel_not_asked;                  /* kernel_guard.h */
	uint64_t crashes;
};

static const unsigned levels[] = { 0, 2 };

/* ---- one program ----------------------------------------------------------------------------- */

/* What a run showed, as a number: outcome and kind of difference, or that it ended its process. */
#define SHOWED      32
#define SHOWED_END  1000
#define SHOWED_WHAT 8

struct fault {
	struct harness_options opts;
	int showed;
};

static int showed(const struct harness_result *r)
{
	static const char *const whats[] = { "verdict", "packet",       "map",       "event",
					     "queue",   "device error", "host error" };
	int what = 0;

	for (size_t i = 0; r->what && i < ARRAY_SIZE(whats); i++)
		what = strcmp(r->what, whats[i]) ? what : (int)i;
	if (r->warnings) /* a program that a stricter verifier refuses shows nothing */
		return 0;
	return SHOWED + (int)r->outcome + SHOWED_WHAT * what;
}

/* In a process of its own, silently. */
static int run_apart(const struct harness_case *c, const struct harness_options *opts)
{
	struct harness_result r;
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		alarm(SECONDS_EACH);
		(void)!freopen("/dev/null", "w", stderr);
		harness_run(c, opts, &r);
		_exit(showed(&r));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) >= SHOWED)
		return WEXITSTATUS(status);
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : SHOWED_END;
}

static bool shows_fault(const struct harness_case *c, void *priv)
{
	const struct fault *f = priv;

	return run_apart(c, &f->opts) == f->showed;
}

static void show(const struct options *o, struct gen_program *p, struct harness_case *c,
		 struct fault *f)
{
	struct harness_result r;

	if (o->reduce)
		reduce_case(c, p->code.at, p->subprog_at, shows_fault, f);
	f->opts.log = stdout;
	f->opts.dump = o->dump;
	if (f->showed == SHOWED_END)
		harness_disasm(c, stdout);
	else
		harness_run(c, &f->opts, &r);
	fflush(stdout);
}

static void ask_kernel(const struct options *o, const struct harness_case *c, bool ours,
		       enum reason reason, struct tally *t)
{
	static char log[1u << 20];
	bool theirs;

	if (breaks_kernel(c->insns, c->n_insns)) {
		t->kernel_not_asked++;
		return;
	}
	theirs = kernel_accepts(c, log, sizeof(log), o->verbose ? UINT32_MAX : 3);
	if (ours == theirs)
		return;
	t->kernel_too_strict += ours;
	t->kernel_too_lax += theirs;
	if (t->kernel_too_strict + t->kernel_too_lax > MAX_SHOWN && !o->verbose)
		return;
	printf("seed %" PRIu64 ": %s accepts, %s does not: %s\n", t->seed,
	       ours ? "ours" : "the kernel", ours ? "the kernel" : "ours",
	       ours ? log : reason_name(reason));
}

static void refuse(struct tally *t, struct refusals *r)
{
	r->n++;
	r->last_seed = t->seed;
}

static void add(struct tally *t, unsigned level, const struct harness_result *r)
{
	t->outcome[level][r->outcome]++;
	t->words[level] += r->words;
	t->split += r->split;
	t->reshaped += r->reshaped;
	t->insns[level] += r->diff.device_insns;
	t->cycles[level] += r->diff.device_cycles;
	t->packets += r->diff.packets;
	t->skipped += r->diff.skipped;
	t->hits += r->diff.map_hits;
	t->misses += r->diff.map_misses;
	for (size_t i = 0; i < 8; i++)
		t->verdicts[i] += r->diff.verdicts[i];
	if (r->outcome == HARNESS_REFUSED)
		refuse(t, &t->refused_for[r->reason]);
}

static void run_levels(const struct options *o, struct gen_program *p, struct harness_case *c,
		       const char *pcap, struct tally *t)
{
	for (unsigned i = o->first_level; i <= o->last_level; i++) {
		struct fault f = { .opts = { .packets = o->packets,
					     .seed = t->seed,
					     .pcap = pcap,
					     .firmware = o->firmware,
					     .level = levels[i],
					     .cut_seed = o->split ? t->seed : 0 } };
		uint64_t shown = t->outcome[0][HARNESS_DIFFERS] + t->outcome[1][HARNESS_DIFFERS];
		struct harness_result r;

		harness_run(c, &f.opts, &r);
		add(t, i, &r);
		f.showed = showed(&r);
		if ((r.outcome == HARNESS_DIFFERS && (shown < MAX_SHOWN || o->verbose)) ||
		    r.outcome == HARNESS_FAILED || (o->verbose && r.outcome == HARNESS_REFUSED))
			show(o, p, c, &f);
		else if (r.outcome == HARNESS_DIFFERS)
			printf("seed %" PRIu64 ", -O%u: differs\n", t->seed, levels[i]);
		if (r.outcome == HARNESS_DIFFERS && p->addresses)
			printf("  it computes with addresses: the device should have refused it\n");
	}
}

/* Program number t->seed and its packets. */
struct subject {
	struct gen_program p;
	struct harness_case c;
	char name[32];
	struct arena arena;
	struct diags diags;
	struct packet_file packets;
};

static void open_subject(const struct options *o, uint64_t seed, struct subject *s)
{
	struct cx cx = { &s->arena, &s->arena, &s->diags };

	snprintf(s->name, sizeof(s->name), "seed-%" PRIu64, seed);
	gen_program(&s->p, seed, o->size);
	gen_case(&s->p, s->name, &s->c);
	arena_init(&s->arena);
	diags_init(&s->diags, &s->arena);
	if (!packets_make(&cx, seed, o->packets, &s->packets))
		exit(3);
}

static void close_subject(struct subject *s)
{
	packets_free(&s->packets);
	arena_reset(&s->arena);
}

static void one_program(const struct options *o, struct tally *t)
{
	static struct subject s;
	enum reason reason;
	bool ok;

	open_subject(o, t->seed, &s);
	if (o->verbose)
		harness_disasm(&s.c, stdout);
	t->programs++;
	ok = harness_verifies(&s.c, o->verbose ? stdout : NULL, &reason);
	t->accepted += ok;
	if (!ok)
		refuse(t, &t->rejected_for[reason]);
	if (o->kernel && !s.p.offload_only)
		ask_kernel(o, &s.c, ok, reason, t);
	if (ok && !o->verify_only && !(o->split && s.p.addresses))
		run_levels(o, &s.p, &s.c, s.packets.path, t);
	close_subject(&s);
}

/* What ended the process, made small. */
static void show_crash(const struct options *o, uint64_t seed)
{
	static struct subject s;

	open_subject(o, seed, &s);
	for (unsigned i = o->first_level; i <= o->last_level; i++) {
		struct fault f = { .opts = { .packets = o->packets,
					     .seed = seed,
					     .pcap = s.packets.path,
					     .firmware = o->firmware,
					     .level = levels[i],
					     .cut_seed = o->split ? seed : 0 },
				   .showed = SHOWED_END };

		if (!shows_fault(&s.c, &f))
			continue;
		printf("at -O%u:\n", levels[i]);
		show(o, &s.p, &s.c, &f);
		break;
	}
	close_subject(&s);
}

/* ---- the run --------------------------------------------------------------------------------- */

static bool is_over(const struct options *o)
{
	return o->until && time(NULL) >= o->until;
}

static void work(const struct options *o, struct tally *t)
{
	for (; t->seed < o->seed + o->programs && !is_over(o); t->seed++) {
		alarm(SECONDS_EACH);
		one_program(o, t);
	}
	fflush(stdout);
}

static void supervise(const struct options *o, struct tally *t)
{
	while (t->seed < o->seed + o->programs && !is_over(o)) {
		int status = 0;
		pid_t pid;

		fflush(stdout);
		pid = fork();
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			work(o, t);
			exit(0);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid) {
			perror("fork");
			exit(3);
		}
		if (status) {
			printf("seed %" PRIu64 ": the process ended with %s %d\n", t->seed,
			       WIFSIGNALED(status) ? "signal" : "exit code",
			       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
			if (o->reduce && !o->verify_only)
				show_crash(o, t->seed);
			t->crashes++;
			t->seed++;
		}
	}
}

static void print_reasons(const char *what, const struct refusals *r)
{
	for (unsigned i = 1; i < REASON_COUNT; i++) {
		if (r[i].n)
			printf("  %s: %s %" PRIu64 ", the last at seed %" PRIu64 "\n", what,
			       reason_name((enum reason)i), r[i].n, r[i].last_seed);
	}
}

static void print_tally(const struct options *o, const struct tally *t)
{
	printf("%" PRIu64 " programs, %" PRIu64 " accepted by the verifier, %" PRIu64
	       " ended their process\n",
	       t->programs, t->accepted, t->crashes);
	print_reasons("rejected", t->rejected_for);
	if (o->kernel)
		printf("kernel: rejects %" PRIu64 " that ours accepts, accepts %" PRIu64
		       " that ours rejects, was not shown %" PRIu64 "\n",
		       t->kernel_too_strict, t->kernel_too_lax, t->kernel_not_asked);
	for (unsigned i = o->first_level; i <= o->last_level && !o->verify_only; i++) {
		printf("-O%u:", levels[i]);
		for (unsigned k = 0; k <= HARNESS_FAILED; k++)
			printf(" %" PRIu64 " %s", t->outcome[i][k],
			       harness_outcome_name((enum harness_outcome)k));
		printf("; %" PRIu64 " words, %" PRIu64 " instructions run\n", t->words[i],
		       t->insns[i]);
	}
	if (o->split)
		printf("%" PRIu64 " in two halves, %" PRIu64 " with calls replaced\n", t->split,
		       t->reshaped);
	print_reasons("refused", t->refused_for);
	printf("%" PRIu64 " packets (%" PRIu64 " skipped); verdicts", t->packets, t->skipped);
	for (size_t i = 0; i < 8; i++)
		printf(" %" PRIu64, t->verdicts[i]);
	printf("; lookups %" PRIu64 " found, %" PRIu64 " not\n", t->hits, t->misses);
}

static bool all_well(const struct tally *t)
{
	uint64_t bad = t->crashes;

	for (unsigned i = 0; i < 2; i++)
		bad += t->outcome[i][HARNESS_DIFFERS] + t->outcome[i][HARNESS_FAILED];
	return !bad && t->accepted * 100 >= t->programs * MIN_ACCEPTED;
}

static bool parse(int argc, char **argv, struct options *o)
{
	static const struct option rows[] = {
		{ "programs", required_argument, NULL, 'n' },
		{ "packets", required_argument, NULL, 'p' },
		{ "seed", required_argument, NULL, 's' },
		{ "size", required_argument, NULL, 'k' },
		{ "dump", required_argument, NULL, 'd' },
		{ "firmware", required_argument, NULL, 'f' },
		{ "seconds", required_argument, NULL, 't' },
		{ "kernel", no_argument, NULL, 'K' },
		{ "split", no_argument, NULL, 'S' },
		{ "verify-only", no_argument, NULL, 'V' },
		{ "reduce", no_argument, NULL, 'r' },
		{ "level", required_argument, NULL, 'l' },
		{ "verbose", no_argument, NULL, 'v' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", rows, NULL)) != -1) {
		switch (c) {
		case 'n': o->programs = strtoull(optarg, NULL, 0); break;
		case 'p': o->packets = strtoull(optarg, NULL, 0); break;
		case 's': o->seed = strtoull(optarg, NULL, 0); break;
		case 'k': o->size = (uint32_t)strtoul(optarg, NULL, 0); break;
		case 'd': o->dump = optarg; break;
		case 'f': o->firmware = optarg; break;
		case 't': o->until = time(NULL) + strtol(optarg, NULL, 0); break;
		case 'l': o->first_level = o->last_level = strtoul(optarg, NULL, 0) > 0; break;
		case 'K': o->kernel = true; break;
		case 'S': o->split = true; break;
		case 'V': o->verify_only = true; break;
		case 'r': o->reduce = true; break;
		case 'v': o->verbose = true; break;
		default: return false;
		}
	}
	return optind == argc;
}

int main(int argc, char **argv)
{
	struct options o = {
		.programs = 300, .packets = 16, .seed = 1, .size = 40, .last_level = 1
	};
	struct tally *t;

	if (!parse(argc, argv, &o) || !o.size || o.size > 300)
		return 2;
	if (o.kernel && !kernel_available()) {
		printf("skipped: no CAP_BPF\n");
		return 77;
	}
	t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (t == MAP_FAILED)
		return 3;
	t->seed = o.seed;
	supervise(&o, t);
	print_tally(&o, t);
	return !all_well(t);
}
