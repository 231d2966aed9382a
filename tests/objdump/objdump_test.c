/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/image.h"
#include "tests/support/nfp_random_insn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A second disassembler reads our images: binutils' objdump must find the code by itself (context
 * mode included) and print every word as nfp_disasm() does, for the driver's words and for random
 * instructions of every class. Exit status 77: there is no objdump for the NFP. */

#define EXIT_SKIP    77
#define IMAGE_PATH   TEST_BUILD "/objdump-test.nfp"
#define RANDOM_WORDS 12000

struct program {
	struct cx cx;
	uint64_t *words;
	size_t n;
	unsigned failures;
};

/* ---- finding objdump ---- */

static bool usable(const char *path)
{
	return access(path, X_OK) == 0;
}

static const char *find_objdump(struct arena *a)
{
	const char *named = getenv("OBJDUMP_NFP"), *cache = getenv("BPF_OFFLOAD_CACHE");
	const char *home = getenv("HOME");
	const char *path;

	if (named)
		return usable(named) ? named : NULL;
	path = cache  ? arena_printf(a, "%s/objdump-nfp", cache)
	       : home ? arena_printf(a, "%s/.cache/bpf-offload/objdump-nfp", home)
		      : NULL;
	return path && usable(path) ? path : NULL;
}

/* ---- comparing ---- */

/* A code line reads "<address>:\t<bytes>\t<.index>  <instruction>"; others are headings. */
static char *instruction_of(char *line)
{
	char *tab = strrchr(line, '\t'), *index;

	line[strcspn(line, "\n")] = 0;
	if (!tab || line[0] != ' ')
		return NULL;
	index = tab + 1 + strspn(tab + 1, " ");
	if (*index != '.')
		return NULL;
	index += strcspn(index, " ");
	return index + strspn(index, " ");
}

static void compare_line(struct program *p, size_t idx, const char *theirs)
{
	char ours[160];

	if (idx < p->n && nfp_disasm(p->words[idx], ours, sizeof(ours)) && !strcmp(ours, theirs))
		return;
	if (p->failures++ < 20)
		fprintf(stderr, "word %zu: objdump '%s', ours '%s'\n", idx, theirs,
			idx < p->n ? ours : "nothing");
}

static void compare(struct program *p, const char *objdump)
{
	char *command = arena_printf(p->cx.arena, "'%s' -d -z '%s' 2>&1", objdump, IMAGE_PATH);
	FILE *out = popen(command, "r");
	char line[512];
	size_t idx = 0;
	int status;

	if (!out) {
		p->failures++;
		return;
	}
	while (fgets(line, sizeof(line), out)) {
		char *text = instruction_of(line);

		if (text)
			compare_line(p, idx++, text);
	}
	status = pclose(out);
	if (status || idx != p->n) {
		fprintf(stderr, "objdump: status %d, %zu of %zu words shown\n", status, idx, p->n);
		p->failures++;
	}
}

static void check_program(struct program *p, const char *name, const char *objdump)
{
	struct nfp_image img = { .prog_name = name,
				 .code = { .words = p->words, .n_words = p->n } };

	if (!nfp_image_write(&p->cx, &img, IMAGE_PATH)) {
		p->failures++;
		return;
	}
	compare(p, objdump);
	printf("%s: %zu words\n", name, p->n);
}

/* ---- programs ---- */

static void driver_words(struct program *p)
{
	FILE *f = fopen(TEST_DATA "/jit-vectors/jit-vectors.txt", "r");
	char line[256];

	p->n = 0;
	while (f && fgets(line, sizeof(line), f)) {
		if (line[0] != '#' && line[0] != '\n')
			p->words[p->n++] = strtoull(line, NULL, 16) & NFP_OP_MASK;
	}
	if (f)
		fclose(f);
}

static void random_words(struct program *p)
{
	struct rnd r = { 77 };

	for (p->n = 0; p->n < RANDOM_WORDS; p->n++) {
		struct nfp_insn insn = rnd_insn(&r, p->n % NFP_ISA_CLASS_COUNT);

		p->words[p->n] = nfp_encode(&insn);
	}
}

static int run(struct program *p)
{
	const char *objdump = find_objdump(p->cx.arena);

	if (!objdump) {
		printf("skipped: no objdump for the NFP; tools/build-objdump builds it\n");
		return EXIT_SKIP;
	}
	p->words = ARENA_ARRAY(p->cx.arena, uint64_t, RANDOM_WORDS);
	driver_words(p);
	check_program(p, "driver", objdump);
	random_words(p);
	check_program(p, "random", objdump);
	unlink(IMAGE_PATH);
	for (size_t i = 0; i < p->cx.diags->list.len; i++)
		diag_print(stderr, &p->cx.diags->list.at[i]);
	return p->failures ? 1 : 0;
}

int main(void)
{
	struct arena arena, scratch;
	struct diags diags;
	struct program p = { .cx = { .arena = &arena, .scratch = &scratch, .diags = &diags } };
	int status;

	arena_init(&arena);
	arena_init(&scratch);
	diags_init(&diags, &arena);
	status = run(&p);
	arena_reset(&scratch);
	arena_reset(&arena);
	return status;
}
