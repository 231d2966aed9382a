/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/report/program_facts.h"

#include "nfp_backend/isa/isa.h"
#include "sim/timing.h"

#include <linux/pkt_cls.h>

/* Estimates the cost per packet on the device without running one: each word has the frequency of its
 * instruction; memory commands and calls of the firmware have the latencies of the simulator's
 * table. `bpf-offload test` measures; this is for comparisons. */

static double command_wait(const struct nfp_isa_cmd *c)
{
	const struct sim_timing *t = &sim_timing_default;

	if (c->swap == NFP_SWAP_NONE)
		return 0;
	return (c->addr40 ? t->emem_read : t->ctm_read) + t->swap_shadow;
}

static double helper_wait(uint32_t helper)
{
	const struct sim_timing *t = &sim_timing_default;
	uint32_t accesses = 0;

	switch (helper) {
	case NFP_HELPER_MAP_LOOKUP: accesses = t->lookup_reads; break;
	case NFP_HELPER_MAP_UPDATE:
	case NFP_HELPER_MAP_DELETE: accesses = t->update_accesses; break;
	case NFP_HELPER_PERF_EVENT: accesses = t->event_accesses; break;
	default: break;
	}
	return t->helper_insns + (double)accesses * t->emem_read;
}

static double wait_of(uint64_t word)
{
	const struct sim_timing *t = &sim_timing_default;
	struct nfp_insn insn;

	if (!nfp_decode(word, &insn))
		return 0;
	switch (insn.class) {
	case NFP_ISA_CMD: return command_wait(&insn.cmd);
	case NFP_ISA_BRANCH:
	case NFP_ISA_BR_BIT:
	case NFP_ISA_BR_BYTE: return t->br_shadow;
	case NFP_ISA_JUMP: return t->jump_shadow;
	default: return 0;
	}
}

/* A verdict with which a packet does not come up to the host. */
static bool is_end(const struct vprog *vp, uint32_t verdict)
{
	if (vp->prog->type == BPF_PROG_TYPE_XDP)
		return verdict != XDP_PASS;
	return verdict == TC_ACT_SHOT || verdict == TC_ACT_STOLEN || verdict == TC_ACT_QUEUED;
}

/* Packets that the device decides. */
static double ended(const struct rep_facts *f)
{
	const struct vprog *vp = f->vp;
	double share = 0;

	for (size_t b = 0; b < f->blocks.len; b++) {
		const struct rep_block *block = &f->blocks.at[b];
		uint32_t pc = f->insns[block->end - 1].pc;
		const struct vp_reg *r0 = &vp_fact_at(vp, 0, block->subprog ? 0 : pc)->regs[0];

		if (!block->subprog && block->place != PART_HOST &&
		    ebpf_is_exit(&vp->prog->insns[pc]) && vp_is_const(r0) &&
		    is_end(vp, (uint32_t)r0->var.value))
			share += block->freq;
	}
	return share < 1 ? share : 1;
}

/* Words that a split adds: the prologue, which always runs; the code that packs a record, per cut point;
 * and the code that writes it, for every packet passed up (partitioner/halves/device_half.c). */
static double freq_added(const struct rep_facts *f, const struct rep_word *w)
{
	const struct part_halves *halves = f->p->result.split.halves;

	if (!halves || w->at < 0 || (uint32_t)w->at < halves->cuts[0].device_at)
		return 1;
	for (uint32_t i = 0; i + 1 < halves->n_cuts; i++)
		if ((uint32_t)w->at < halves->cuts[i + 1].device_at)
			return halves->cuts[i].share;
	return 1 - ended(f);
}

static double freq_of(const struct rep_facts *f, const struct rep_word *w)
{
	if (w->insn == REP_NONE)
		return freq_added(f, w);
	return f->insns[w->insn].block == REP_NONE ? 0 : f->blocks.at[f->insns[w->insn].block].freq;
}

void rep_cycles(struct rep_facts *f)
{
	const struct nfp_ucode *code = f->p->image ? &f->p->image->code : NULL;

	for (uint32_t i = 0; i < f->n_words; i++) {
		double freq = freq_of(f, &f->words[i]);

		f->words_run += freq;
		f->cycles += freq * (1 + wait_of(f->words[i].word));
	}
	for (size_t i = 0; code && i < code->n_relocs; i++)
		if (code->relocs[i].kind == NFP_RELOC_BR_HELPER)
			f->cycles += freq_of(f, &f->words[code->relocs[i].word_idx]) *
				     helper_wait(code->relocs[i].target);
}
