/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/cli/output/divergence.h"

#include <inttypes.h>

#define MAX_STEPS 100000u /* of the device that are kept */

void divergence_start(struct divergence *d, struct arena *arena, const struct fe_prog *prog,
		      const struct nfp_ucode *code)
{
	*d = (struct divergence){ .prog = prog, .code = code, .arena = arena };
	d->host = ARENA_ARRAY(arena, bool, prog->n_insns);
}

void divergence_host_step(void *priv, uint32_t bpf_pc)
{
	struct divergence *d = priv;

	if (bpf_pc < d->prog->n_insns)
		d->host[bpf_pc] = true;
}

void divergence_device_step(void *priv, uint32_t word_idx)
{
	struct divergence *d = priv;
	int32_t pc = -1;

	for (size_t i = 0; i < d->code->n_lines && d->code->lines[i].word_idx <= word_idx; i++)
		pc = d->code->lines[i].bpf_pc;
	if (pc < 0 || (size_t)pc >= d->prog->n_insns || d->device.len == MAX_STEPS)
		return;
	if (!d->device.len || d->device.at[d->device.len - 1] != pc)
		*vec_push(&d->device, d->arena) = pc;
}

static const char *place(const struct divergence *d, int32_t pc)
{
	const struct fe_line *line = fe_prog_line(d->prog, (size_t)pc);

	if (!line || !line->file)
		return arena_printf(d->arena, "insn %" PRId32, pc);
	return arena_printf(d->arena, "insn %" PRId32 ", %s:%" PRIu32 ": %s", pc, line->file,
			    line->line, line->text ? line->text : "");
}

const char *divergence_text(const struct divergence *d)
{
	for (size_t i = 0; i < d->device.len; i++) {
		if (d->host[d->device.at[i]])
			continue;
		if (!i)
			return arena_printf(d->arena,
					    "the device runs %s, which the host never reaches",
					    place(d, d->device.at[0]));
		return arena_printf(
			d->arena,
			"the device runs %s,\n  which the host never reaches; before that "
			"%s",
			place(d, d->device.at[i]), place(d, d->device.at[i - 1]));
	}
	if (!d->device.len)
		return "the path of the device is unknown";
	return arena_printf(
		d->arena,
		"the host ran all instructions that the device ran; the device ended in %s",
		place(d, d->device.at[d->device.len - 1]));
}
