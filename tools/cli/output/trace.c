/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/cli/output/trace.h"

#include <inttypes.h>
#include <stdio.h>

/* BPF instruction of a word; -1: the backend's own. */
static int32_t bpf_pc_of(const struct nfp_ucode *code, uint32_t word_idx)
{
	int32_t pc = -1;

	for (size_t i = 0; i < code->n_lines && code->lines[i].word_idx <= word_idx; i++)
		pc = code->lines[i].bpf_pc;
	return pc;
}

static const struct nfp_image_src *source_of(const struct nfp_image *img, int32_t bpf_pc)
{
	const struct nfp_image_src *found = NULL;

	for (size_t i = 0; bpf_pc >= 0 && i < img->n_srcs; i++) {
		if (img->srcs[i].bpf_pc <= (uint32_t)bpf_pc)
			found = &img->srcs[i];
	}
	return found;
}

/* A heading where the code goes over to another BPF instruction. */
static void print_place(struct tool_trace *t, uint32_t word_idx)
{
	int32_t pc = bpf_pc_of(&t->img->code, word_idx);
	const struct nfp_image_src *src = source_of(t->img, pc);

	if (pc == t->bpf_pc)
		return;
	t->bpf_pc = pc;
	if (pc < 0)
		puts("; added by the backend");
	else if (src)
		printf("; instruction %" PRId32 ", %s:%" PRIu32 "\n", pc, src->file, src->line);
	else
		printf("; instruction %" PRId32 "\n", pc);
}

static void print_step(void *arg, const struct sim_me_step *s)
{
	struct tool_trace *t = arg;

	print_place(t, s->word_idx);
	printf("%6" PRIu64 " .%-5" PRIu32 " %-56s", s->cycle, s->word_idx, s->insn);
	for (size_t i = 0; i < s->n_changes; i++)
		printf("%s %s=0x%" PRIx32, i ? "," : "", s->changes[i].name, s->changes[i].after);
	putchar('\n');
}

void tool_trace_start(struct tool_trace *t, struct sim_me *me, const struct nfp_image *img)
{
	*t = (struct tool_trace){ .img = img, .bpf_pc = INT32_MIN };
	sim_me_trace(me, print_step, t);
}

void tool_trace_packet(struct tool_trace *t, uint64_t number, uint32_t len)
{
	t->bpf_pc = INT32_MIN;
	printf("packet %" PRIu64 ", %" PRIu32 " bytes: cycle, word, instruction, changes\n", number,
	       len);
}
