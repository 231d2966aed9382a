/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/cli/output/report.h"

#include "offload/inspect.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* disasm: an image with its source positions, or a file of hexadecimal words. */

struct listing {
	const uint64_t *words;
	size_t n;
	const struct nfp_image *img; /* NULL: bare words */
};

static bool is_elf(const char *path)
{
	char magic[4] = { 0 };
	FILE *f = fopen(path, "rb");

	if (!f)
		return false;
	if (fread(magic, 1, sizeof(magic), f) != sizeof(magic))
		magic[0] = '\0';
	fclose(f);
	return !memcmp(magic, "\177ELF", 4);
}

static const struct nfp_image_src *source_of(const struct nfp_image *img, int32_t bpf_pc)
{
	for (size_t i = 0; bpf_pc >= 0 && i < img->n_srcs; i++) {
		if (img->srcs[i].bpf_pc == (uint32_t)bpf_pc)
			return &img->srcs[i];
	}
	return NULL;
}

/* A heading wherever the words of another BPF instruction begin. */
static void print_origin(const struct nfp_image *img, size_t word, size_t *row)
{
	const struct nfp_line *lines = img->code.lines;
	const struct nfp_image_src *src;

	if (*row >= img->code.n_lines || lines[*row].word_idx != word)
		return;
	src = source_of(img, lines[*row].bpf_pc);
	if (src)
		printf("; insn %d  %s:%u\n", lines[*row].bpf_pc, src->file, src->line);
	else if (lines[*row].bpf_pc >= 0)
		printf("; insn %d\n", lines[*row].bpf_pc);
	else
		printf("; (added by the compiler)\n");
	(*row)++;
}

static const char *reloc_name(enum nfp_reloc_kind kind)
{
	static const char *const names[] = { [NFP_RELOC_BR_REL] = "word",
					     [NFP_RELOC_BR_NEXT_PKT] = "done",
					     [NFP_RELOC_BR_HELPER] = "helper",
					     [NFP_RELOC_IMMED_REL] = "address of word",
					     [NFP_RELOC_IMMED_MAP] = "id of map" };

	return names[kind];
}

static size_t print_listing(const struct listing *l)
{
	size_t bad = 0, row = 0, reloc = 0;
	char text[160];

	for (size_t i = 0; i < l->n; i++) {
		if (l->img)
			print_origin(l->img, i, &row);
		if (!nfp_disasm(l->words[i], text, sizeof(text))) {
			snprintf(text, sizeof(text), "<not an instruction>");
			bad++;
		}
		printf("%6zu: %016" PRIx64 "  %s", i, l->words[i], text);
		for (; l->img && reloc < l->img->code.n_relocs &&
		       l->img->code.relocs[reloc].word_idx <= i;
		     reloc++)
			printf("  {%s %" PRIu32 "}", reloc_name(l->img->code.relocs[reloc].kind),
			       l->img->code.relocs[reloc].target);
		putchar('\n');
	}
	return bad;
}

static void add_listing(struct json_object *report, const struct listing *l, const char *name)
{
	struct json_object *row = json_object_new_object(), *words = json_object_new_array(), *o;
	char text[160], hex[24];

	for (size_t i = 0; i < l->n; i++) {
		bool ok = nfp_disasm(l->words[i], text, sizeof(text));

		snprintf(hex, sizeof(hex), "%016" PRIx64, l->words[i]);
		o = json_object_new_object();
		json_object_object_add(o, "word", json_object_new_string(hex));
		json_object_object_add(o, "text", ok ? report_text(text) : NULL);
		json_object_array_add(words, o);
	}
	json_object_object_add(row, "name", report_text(name));
	json_object_object_add(row, "words", words);
	json_object_array_add(json_object_object_get(report, "programs"), row);
}

enum cli_exit cmd_disasm(const struct cli_args *args)
{
	struct arena arena = { 0 }, scratch = { 0 };
	struct diags diags;
	struct cx cx = { .arena = &arena, .scratch = &scratch, .diags = &diags };
	enum cli_exit code = CLI_PROGRAM;
	struct json_object *report;
	struct nfp_image img;
	struct listing l = { 0 };
	uint64_t *words;
	bool ok;

	diags_init(&diags, &arena);
	if (is_elf(args->operand)) {
		ok = nfp_image_read(&cx, args->operand, &img);
		if (ok)
			l = (struct listing){ img.code.words, img.code.n_words, &img };
	} else {
		ok = nfp_words_read(&cx, args->operand, &words, &l.n);
		l.words = ok ? words : NULL;
	}
	if (ok && args->json) {
		report = report_new();
		add_listing(report, &l, l.img ? img.prog_name : args->operand);
		report_print(report);
		code = CLI_OK;
	} else if (ok) {
		code = print_listing(&l) ? CLI_PROGRAM : CLI_OK;
	} else if (args->json) {
		report_failure(&diags);
	}
	for (size_t i = 0; i < diags.list.len; i++)
		diag_print(stderr, &diags.list.at[i]);
	arena_reset(&scratch);
	arena_reset(&arena);
	return code;
}
