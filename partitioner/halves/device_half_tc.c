/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/halves/half.h"

#include "partitioner/tc_split.h"

#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <stddef.h>

/* A tc program's instructions in the device half, which is an XDP program: loads from the context
 * become those of struct xdp_md, and packet loads (LD_ABS, LD_IND) become checks and plain loads. */

static void load_length(struct part_half *h, uint32_t pc, const struct bpf_insn *insn)
{
	uint8_t tmp = (uint8_t)part_idle_register(h->vp, pc);

	part_asm_load(&h->as, 4, tmp, insn->src_reg, h->ctx->data);
	part_asm_load(&h->as, 4, insn->dst_reg, insn->src_reg, h->ctx->data_end);
	part_asm_alu(&h->as, BPF_SUB, insn->dst_reg, tmp);
}

static void to_host_order(struct part_half *h, uint8_t reg, unsigned bytes)
{
	if (bytes > 1)
		part_asm_put(&h->as, (struct bpf_insn){ .code = BPF_ALU | BPF_END | BPF_TO_BE,
							.dst_reg = reg & 0xfu,
							.imm = (int32_t)(8 * bytes) });
}

/* r0 = bytes at a place in the packet; the kernel ends the function with 0 when they are not there. These
 * instructions leave r1 to r5 undefined, r6 is the context. */
static void load_packet(struct part_half *h, uint32_t pc)
{
	const struct bpf_insn *insn = &h->vp->prog->insns[pc];
	bool in_main = pc < h->vp->prog->subprogs[0].end;
	unsigned bytes = ebpf_size_bytes(insn);
	struct part_asm *a = &h->as;
	uint32_t there = part_asm_label(a);

	if (ebpf_mode(insn) == BPF_IND)
		part_asm_mov(a, 1, insn->src_reg);
	part_asm_load(a, 4, 2, 6, h->ctx->data);
	part_asm_load(a, 4, 3, 6, h->ctx->data_end);
	if (ebpf_mode(insn) == BPF_IND)
		part_asm_alu(a, BPF_ADD, 2, 1);
	if (insn->imm)
		part_asm_add_imm(a, 2, insn->imm);
	part_asm_mov(a, 4, 2);
	part_asm_add_imm(a, 4, (int32_t)bytes);
	part_asm_if_reg(a, BPF_JLE, 4, 3, there);
	part_asm_imm(a, 0, in_main ? TC_ACT_OK : 0);
	if (in_main)
		part_asm_goto(a, h->verdict);
	else
		part_asm_exit(a);
	part_asm_place(a, there);
	part_asm_load(a, bytes, 0, 2, 0);
	to_host_order(h, 0, bytes);
}

bool part_tc_replace(struct part_half *h, uint32_t pc)
{
	const struct bpf_insn *insn = &h->vp->prog->insns[pc];

	if (part_is_packet_load(insn)) {
		load_packet(h, pc);
		return true;
	}
	switch (part_field_at(h->vp, pc)) {
	case PART_FIELD_DATA:
		part_asm_load(&h->as, 4, insn->dst_reg, insn->src_reg, h->ctx->data);
		return true;
	case PART_FIELD_DATA_END:
		part_asm_load(&h->as, 4, insn->dst_reg, insn->src_reg, h->ctx->data_end);
		return true;
	case PART_FIELD_LEN: load_length(h, pc, insn); return true;
	default: return false;
	}
}

void part_tc_send_tagged(struct part_half *h, uint32_t label)
{
	static const uint16_t tags[] = { ETH_P_8021Q, ETH_P_8021AD };
	struct part_asm *a = &h->as;

	part_asm_load(a, 4, 2, 1, h->ctx->data);
	part_asm_load(a, 4, 3, 1, h->ctx->data_end);
	part_asm_mov(a, 4, 2);
	part_asm_add_imm(a, 4, ETH_HLEN);
	part_asm_if_reg(a, BPF_JGT, 4, 3, label);
	part_asm_load(a, 2, 4, 2, (int16_t)offsetof(struct ethhdr, h_proto));
	to_host_order(h, 4, 2);
	for (unsigned i = 0; i < 2; i++)
		part_asm_if(a, BPF_JEQ, 4, tags[i], label);
}
