/* SPDX-License-Identifier: BSD-2-Clause */
/* Mutation score: each fault of faults.def is seeded into the compiler, one at a time, and the
 * programs of the other suites are run until one shows it.
 *
 *   faults_test [--only FAULT] [--packets N] [--min PERCENT] [--verbose]
 *               [--seen-by FILE] [--bless FILE] OBJECT...
 *
 * Programs: all of the objects, the cases of tests/quirks, random ones. --seen-by names for each fault the
 * program to begin with (lines "fault program"; a wrong one costs time only), --bless writes that file.
 * Exit code 0: at least PERCENT of the faults were noticed, and without a fault nothing differs. */
#include "faults.h"

#include "../quirks/quirks.h"
#include "base/bits.h"
#include "base/file.h"
#include "gen.h"
#include "packets.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define RANDOM_PROGRAMS 24u
#define RANDOM_SIZE     40u
#define OPERANDS        96u /* packets of operands for quirks and random programs */
#define OPERAND_SEED    7u
#define SECONDS_EACH    60u /* a program under a fault: more is a hang, which counts as noticed */

/* ---- the faults ----------------------------------------------------------------------------------- */

enum form { FORM_IR, FORM_MIR, FORM_WORD, FORM_CODE, FORM_DEVICE };

static const struct fault {
	const char *name, *part, *phase, *what;
	enum form form;
	union {
		fault_ir_fn *ir;
		fault_mir_fn *mir;
		fault_word_fn *word;
		fault_code_fn *code;
		fault_device_fn *device;
	};
} faults[] = {
#define ROW(form, field, name, part, phase, what)                                                  \
	{ #name, #part, #phase, what, form, { .field = fault_##name } },
#define IR(...)     ROW(FORM_IR, ir, __VA_ARGS__)
#define MIR(...)    ROW(FORM_MIR, mir, __VA_ARGS__)
#define WORD(...)   ROW(FORM_WORD, word, __VA_ARGS__)
#define CODE(...)   ROW(FORM_CODE, code, __VA_ARGS__)
#define DEVICE(...) ROW(FORM_DEVICE, device, __VA_ARGS__)
#include "faults.def"
};

/* ---- seeding ---------------------------------------------------------------------------------------- */

struct seeding {
	const struct fault *fault; /* NULL: none */
	struct arena arena;
	struct cx cx;
	uint64_t places; /* changed in this program */
};

static void seed_ir(struct seeding *s, LLVMModuleRef mod)
{
	for (LLVMValueRef f = LLVMGetFirstFunction(mod); f; f = LLVMGetNextFunction(f)) {
		for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(f); b;
		     b = LLVMGetNextBasicBlock(b)) {
			LLVMValueRef i = LLVMGetFirstInstruction(b), next;

			for (; i; i = next) {
				next = LLVMGetNextInstruction(i);
				s->places += s->fault->ir(i);
			}
		}
	}
}

static void seed_mir(struct seeding *s, struct nfp_func *fn)
{
	for (size_t b = 0; b < fn->blocks.len; b++) {
		struct fault_site site = { .cx = &s->cx, .fn = fn, .b = &fn->blocks.at[b] };

		for (; site.at < site.b->insns.len; site.at++)
			s->places += s->fault->mir(&site);
	}
}

static void seed_words(struct seeding *s, struct nfp_ucode *u)
{
	for (size_t i = 0; i < u->n_words; i++)
		s->places += s->fault->word(&u->words[i]);
}

static void probe(void *priv, const char *phase, void *made)
{
	struct seeding *s = priv;

	if (!s->fault || strcmp(s->fault->phase, phase))
		return;
	switch (s->fault->form) {
	case FORM_IR: seed_ir(s, made); break;
	case FORM_MIR: seed_mir(s, made); break;
	case FORM_WORD: seed_words(s, made); break;
	case FORM_CODE: s->places += s->fault->code(made); break;
	case FORM_DEVICE: break;
	}
}

/* A program without a place for the fault cannot show it. */
static bool probe_device(void *priv, struct sim_diff_device *dev, uint64_t *words)
{
	struct seeding *s = priv;
	struct fault_device d = { &s->arena, dev, words };

	if (s->fault && s->fault->form == FORM_DEVICE)
		s->places += s->fault->device(&d);
	return !s->fault || s->places;
}

/* ---- the programs ------------------------------------------------------------------------------------ */

struct subject {
	const char *name;
	const struct fe_object *obj; /* NULL: `c` */
	const struct fe_prog *prog;
	struct harness_case c;
};

struct suite {
	struct arena arena;
	struct diags diags;
	struct cx cx;
	struct packet_file operands;
	VEC(struct fe_object *) objects;
	VEC(struct subject) subjects;
	const char *seen_by; /* text of the file; NULL: none */
};

/* Without the folder: the same on every machine. */
static const char *short_name(const struct subject *p)
{
	const char *slash = strrchr(p->name, '/');

	return slash ? slash + 1 : p->name;
}

static struct subject *add(struct suite *s, const char *name)
{
	struct subject *p = vec_push(&s->subjects, &s->arena);

	p->name = arena_strdup(&s->arena, name);
	return p;
}

static bool add_object(struct suite *s, const char *path)
{
	struct fe_object *obj = ARENA_NEW(&s->arena, struct fe_object);
	struct fe_open_options opts = { 0 };

	if (!fe_object_open(&s->cx, path, &opts, obj)) {
		diag_print(stderr, &s->diags.list.at[s->diags.list.len - 1]);
		return false;
	}
	*vec_push(&s->objects, &s->arena) = obj;
	for (size_t i = 0; i < obj->n_progs; i++) {
		struct subject *p;

		if (obj->progs[i].broken || (obj->progs[i].type != BPF_PROG_TYPE_XDP &&
					     obj->progs[i].type != BPF_PROG_TYPE_SCHED_CLS))
			continue;
		p = add(s, arena_printf(&s->arena, "%s:%s", path, obj->progs[i].name));
		p->obj = obj;
		p->prog = &obj->progs[i];
	}
	return true;
}

static struct asm_buf *new_code(struct suite *s)
{
	return ARENA_NEW(&s->arena, struct asm_buf);
}

static void add_code(struct suite *s, const char *name, uint32_t type, struct asm_buf *b)
{
	struct subject *p = add(s, name);
	uint32_t *subprog_at = ARENA_ARRAY(&s->arena, uint32_t, 1);

	asm_finish(b);
	p->c = (struct harness_case){ .name = p->name,
				      .type = type ? type : BPF_PROG_TYPE_XDP,
				      .insns = b->at,
				      .n_insns = b->n,
				      .subprog_at = subprog_at,
				      .maps = program_maps,
				      .n_maps = MAP_COUNT };
	for (uint32_t i = 0; i < b->n; i++) {
		if (ebpf_is_call(&b->at[i]) && b->at[i].src_reg == EBPF_CALL_SUBPROG) {
			subprog_at[0] = i + 1 + (uint32_t)b->at[i].imm;
			p->c.n_subprogs = 1;
		}
	}
}

static void add_ops(struct suite *s, const char *name, void (*fill)(struct op_list *l))
{
	struct op_list *l = ARENA_NEW(&s->arena, struct op_list);

	fill(l);
	for (uint32_t i = 0; i < l->n; i += OP_BATCH) {
		struct asm_buf *b = new_code(s);

		op_program(&l->at[i], l->n - i < OP_BATCH ? l->n - i : OP_BATCH, b);
		add_code(s, arena_printf(&s->arena, "%s from %s", name, l->at[i].name), 0, b);
	}
}

static void add_programs(struct suite *s, const struct program *rows)
{
	for (; rows->name; rows++) {
		struct asm_buf *b = new_code(s);

		rows->write(b);
		add_code(s, rows->name, rows->type, b);
	}
}

static void add_random(struct suite *s)
{
	for (uint64_t seed = 1; seed <= RANDOM_PROGRAMS; seed++) {
		struct gen_program *g = ARENA_NEW(&s->arena, struct gen_program);
		struct subject *p = add(s, arena_printf(&s->arena, "seed-%" PRIu64, seed));

		gen_program(g, seed, RANDOM_SIZE);
		gen_case(g, p->name, &p->c);
	}
}

static bool collect(struct suite *s, int n, char **objects)
{
	arena_init(&s->arena);
	diags_init(&s->diags, &s->arena);
	s->cx = (struct cx){ &s->arena, &s->arena, &s->diags };
	for (int i = 0; i < n; i++) {
		if (!add_object(s, objects[i]))
			return false;
	}
	add_random(s);
	add_programs(s, program_cases);
	add_programs(s, memory_cases);
	add_programs(s, atomic_cases);
	add_ops(s, "quirks", ops_quirk);
	add_ops(s, "shifts", ops_shift);
	add_ops(s, "jumps", ops_jump);
	add_ops(s, "divisions", ops_divide);
	add_ops(s, "swaps", ops_swap);
	add_ops(s, "alu", ops_alu);
	return packets_make(&s->cx, OPERAND_SEED, OPERANDS, &s->operands);
}

/* ---- one fault ------------------------------------------------------------------------------------------ */

struct options {
	const char *only;
	const char *seen_by, *bless; /* files */
	uint64_t packets;
	unsigned min_percent;
	bool verbose;
};

/* What a child process found out, in memory that it shares with its parent. */
struct finding {
	bool noticed;
	char program[96], how[32];
	uint64_t packets; /* until it was noticed, in that program */
	uint64_t reached; /* programs in which the fault had a place */
};

static bool run_subject(const struct suite *s, const struct subject *p, const struct options *o,
			struct seeding *seeding, struct finding *f)
{
	struct harness_options h = { .packets = p->obj ? o->packets : OPERANDS,
				     .seed = 1,
				     .pcap = p->obj ? NULL : s->operands.path,
				     .level = 2,
				     .log = o->verbose ? stdout : NULL,
				     .probe = probe,
				     .probe_device = probe_device,
				     .probe_priv = seeding };
	struct harness_result r;

	seeding->places = 0;
	if (p->obj)
		harness_run_prog(p->obj, p->prog, &h, &r);
	else
		harness_run(&p->c, &h, &r);
	f->reached += seeding->places > 0;
	if (r.outcome != HARNESS_DIFFERS && r.outcome != HARNESS_FAILED)
		return false;
	snprintf(f->how, sizeof(f->how), "%s", r.what ? r.what : harness_outcome_name(r.outcome));
	f->packets = r.diff.n_kept ? r.diff.kept[0].packet_idx + 1 : 0;
	return true;
}

static bool hunt_in(const struct suite *s, size_t i, const struct options *o,
		    struct seeding *seeding, struct finding *f)
{
	const struct subject *p = &s->subjects.at[i];

	snprintf(f->program, sizeof(f->program), "%s", short_name(p));
	alarm(SECONDS_EACH);
	f->noticed = run_subject(s, p, o, seeding, f);
	return f->noticed;
}

/* What stands behind "FAULT " on a line of s->seen_by; its length, 0: no such line. */
static size_t seen_by(const struct suite *s, const char *fault, const char **program)
{
	size_t name_len = strlen(fault);

	for (const char *line = s->seen_by; line && *line; line += *line == '\n') {
		const char *end = strchrnul(line, '\n');

		if (!strncmp(line, fault, name_len) && line[name_len] == ' ') {
			*program = line + name_len + 1;
			return (size_t)(end - *program);
		}
		line = end;
	}
	return 0;
}

/* The program that showed this fault when the file was written; SIZE_MAX: not known. */
static size_t first_program(const struct suite *s, const struct fault *fault)
{
	const char *program;
	size_t len = fault ? seen_by(s, fault->name, &program) : 0;

	for (size_t i = 0; len && i < s->subjects.len; i++) {
		const char *name = short_name(&s->subjects.at[i]);

		if (strlen(name) == len && !memcmp(name, program, len))
			return i;
	}
	return SIZE_MAX;
}

static void hunt(const struct suite *s, const struct fault *fault, const struct options *o,
		 struct finding *f)
{
	struct seeding seeding = { .fault = fault };
	size_t first = first_program(s, fault);
	bool found;

	arena_init(&seeding.arena);
	seeding.cx = (struct cx){ .arena = &seeding.arena };
	found = first != SIZE_MAX && hunt_in(s, first, o, &seeding, f);
	for (size_t i = 0; i < s->subjects.len && !found; i++) {
		if (i != first)
			found = hunt_in(s, i, o, &seeding, f);
	}
	arena_reset(&seeding.arena);
}

/* In a process of its own: a fault may end it, which is a way of being noticed. */
static void try_fault(const struct suite *s, const struct fault *fault, const struct options *o,
		      struct finding *f)
{
	int status = 0;
	pid_t pid;

	memset(f, 0, sizeof(*f));
	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (!o->verbose)
			(void)!freopen("/dev/null", "w", stderr);
		hunt(s, fault, o, f);
		fflush(stdout);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror("fork");
		exit(3);
	}
	if (!status)
		return;
	f->noticed = true;
	snprintf(f->how, sizeof(f->how), "process ended (%d)",
		 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* ---- the run ---------------------------------------------------------------------------------------------- */

struct score {
	unsigned tried, noticed, unreached;
};

static void tell(const struct fault *fault, const struct finding *f, struct score *score)
{
	score->tried++;
	score->noticed += f->noticed;
	score->unreached += !f->noticed && !f->reached;
	if (f->noticed)
		printf("noticed  %-10s %-28s %s, packet %" PRIu64 " of %s\n", fault->part,
		       fault->name, f->how, f->packets, f->program);
	else
		printf("MISSED   %-10s %-28s %s (%" PRIu64 " programs have a place for it)\n",
		       fault->part, fault->name, fault->what, f->reached);
}

static bool clean_without(const struct suite *s, const struct options *o, struct finding *f)
{
	try_fault(s, NULL, o, f);
	if (f->noticed)
		printf("without any fault: %s in %s\n", f->how, f->program);
	return !f->noticed;
}

static bool run(const struct suite *s, const struct options *o, struct finding *f)
{
	FILE *bless = o->bless ? fopen(o->bless, "w") : NULL;
	struct score score = { 0 };

	if (o->bless && !bless) {
		perror(o->bless);
		return false;
	}

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		if (o->only && strcmp(o->only, faults[i].name))
			continue;
		try_fault(s, &faults[i], o, f);
		tell(&faults[i], f, &score);
		if (bless && f->noticed)
			fprintf(bless, "%s %s\n", faults[i].name, f->program);
	}
	if (bless && fclose(bless)) {
		perror(o->bless);
		return false;
	}
	printf("%u faults, %u noticed, %u missed (%u of them without a place in any program); %zu "
	       "programs\n",
	       score.tried, score.noticed, score.tried - score.noticed, score.unreached,
	       s->subjects.len);
	return score.tried && score.noticed * 100 >= score.tried * o->min_percent;
}

static bool parse(int argc, char **argv, struct options *o)
{
	static const struct option rows[] = {
		{ "only", required_argument, NULL, 'o' },
		{ "packets", required_argument, NULL, 'p' },
		{ "min", required_argument, NULL, 'm' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "seen-by", required_argument, NULL, 's' },
		{ "bless", required_argument, NULL, 'b' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", rows, NULL)) != -1) {
		switch (c) {
		case 'o': o->only = optarg; break;
		case 'p': o->packets = strtoull(optarg, NULL, 0); break;
		case 'm': o->min_percent = (unsigned)strtoul(optarg, NULL, 0); break;
		case 'v': o->verbose = true; break;
		case 's': o->seen_by = optarg; break;
		case 'b': o->bless = optarg; break;
		default: return false;
		}
	}
	return true;
}

static bool read_seen_by(struct suite *s, const char *path)
{
	struct file_bytes text;

	if (!file_read(&s->cx, path, 1 << 20, &text))
		return false;
	s->seen_by = (const char *)text.data;
	return true;
}

int main(int argc, char **argv)
{
	static struct suite suite;
	struct options o = { .packets = 1000, .min_percent = 95 };
	struct finding *f;
	bool ok;

	if (!parse(argc, argv, &o))
		return 2;
	f = mmap(NULL, sizeof(*f), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (f == MAP_FAILED || !collect(&suite, argc - optind, argv + optind))
		return 3;
	if (o.seen_by && !read_seen_by(&suite, o.seen_by))
		return 3;
	ok = clean_without(&suite, &o, f) && run(&suite, &o, f);
	packets_free(&suite.operands);
	for (size_t i = 0; i < suite.objects.len; i++)
		fe_object_close(suite.objects.at[i]);
	arena_reset(&suite.arena);
	return !ok;
}
