/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/tc_split.h"

#include <stddef.h>

/* Loads from a tc program's context, by the facts of the pointer in all instances of the
 * instruction. */

struct row {
	size_t off;
	enum part_field field;
};

static const struct row rows[] = {
	{ offsetof(struct __sk_buff, len), PART_FIELD_LEN },
	{ offsetof(struct __sk_buff, data), PART_FIELD_DATA },
	{ offsetof(struct __sk_buff, data_end), PART_FIELD_DATA_END },
	{ offsetof(struct __sk_buff, data_meta), PART_FIELD_DATA_META },
};

static bool in_instance(const struct vprog *vp, size_t inst, uint32_t pc)
{
	const struct fe_subprog *sub = &vp->prog->subprogs[vp->inst[inst].subprog];

	return pc >= sub->start && pc < sub->end && vp_fact_at(vp, inst, pc)->seen;
}

static bool from_context(const struct vprog *vp, uint32_t pc)
{
	uint8_t base = vp->prog->insns[pc].src_reg;
	const struct vp_reg *r;
	bool some = false;

	for (size_t i = 0; i < vp->n_inst; i++) {
		if (!in_instance(vp, i, pc))
			continue;
		r = &vp_fact_at(vp, i, pc)->regs[base];
		if (r->kind != VP_CTX || r->min_off || r->max_off)
			return false;
		some = true;
	}
	return some;
}

static bool is_word_load(const struct vprog *vp, uint32_t pc)
{
	return vp->prog->insns[pc].code == (BPF_LDX | BPF_MEM | BPF_W) &&
	       !(pc && ebpf_is_ld_imm64(&vp->prog->insns[pc - 1]));
}

enum part_field part_field_at(const struct vprog *vp, uint32_t pc)
{
	if (!is_word_load(vp, pc) || !from_context(vp, pc))
		return PART_FIELD_NONE;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (vp->prog->insns[pc].off == (int64_t)rows[i].off)
			return rows[i].field;
	return PART_FIELD_NONE;
}

int part_idle_register(const struct vprog *vp, uint32_t pc)
{
	bool busy[10] = { false };

	busy[vp->prog->insns[pc].dst_reg % 10] = true;
	for (size_t i = 0; i < vp->n_inst; i++)
		for (unsigned r = 0; r < 10 && in_instance(vp, i, pc); r++)
			busy[r] |= vp_fact_at(vp, i, pc)->regs[r].kind != VP_NOT_INIT;
	for (int r = 0; r < 10; r++)
		if (!busy[r])
			return r;
	return -1;
}

bool part_is_packet_load(const struct bpf_insn *insn)
{
	return ebpf_is_packet_load(insn);
}
