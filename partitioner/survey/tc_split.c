/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/tc_split.h"

#include "partitioner/flow.h"

#include <string.h>

/* Attach types newer than the oldest header that we build with. */
enum { TCX_INGRESS = 46 };

#define LONGEST_PACKET 65535u

/* Programs of devmaps and cpumaps run on packets that another program redirected. */
static const char *xdp_obstacle(const struct fe_prog *prog)
{
	bool redirected =
		prog->attach_type == BPF_XDP_DEVMAP || prog->attach_type == BPF_XDP_CPUMAP;

	return redirected ? "a program of a devmap or cpumap does not run on packets from the wire"
			  : NULL;
}

static bool loads_meta(const struct vprog *vp)
{
	for (uint32_t pc = 0; pc < vp->prog->n_insns; pc++)
		if (part_field_at(vp, pc) == PART_FIELD_DATA_META)
			return true;
	return false;
}

static const char *tc_obstacle(const struct vprog *vp)
{
	const struct fe_prog *prog = vp->prog;

	if ((prog->attach_type && prog->attach_type != TCX_INGRESS) ||
	    strstr(prog->section, "egress"))
		return "the device precedes only the ingress hook";
	if (loads_meta(vp))
		return "it reads packet metadata, which the hand-off record occupies";
	return NULL;
}

const char *part_unsplittable(const struct vprog *vp)
{
	switch (vp->prog->type) {
	case BPF_PROG_TYPE_XDP: return xdp_obstacle(vp->prog);
	case BPF_PROG_TYPE_SCHED_CLS: return tc_obstacle(vp);
	case BPF_PROG_TYPE_SCHED_ACT:
		return "an action runs on packets that a filter selects, and the device does not "
		       "know the "
		       "filter";
	default: return "only xdp and tc programs are split";
	}
}

/* Proven to be a place that the kernel looks for in the packet itself, not one of its negative ones. */
static bool is_offset(const struct vp_reg *r, int32_t imm)
{
	return r->kind == VP_SCALAR && r->umax <= LONGEST_PACKET && imm >= 0 &&
	       imm <= (int32_t)LONGEST_PACKET;
}

static bool packet_load_fits(const struct vprog *vp, size_t inst, uint32_t pc)
{
	const struct bpf_insn *insn = &vp->prog->insns[pc];

	return ebpf_mode(insn) == BPF_ABS
		       ? insn->imm >= 0 && insn->imm <= (int32_t)LONGEST_PACKET
		       : is_offset(&vp_fact_at(vp, inst, pc)->regs[insn->src_reg], insn->imm);
}

bool part_tc_needs_skb(const struct vprog *vp, size_t inst, uint32_t pc)
{
	const struct bpf_insn *insn = &vp->prog->insns[pc];

	if (!part_is_tc(vp->prog))
		return false;
	if (part_is_packet_load(insn))
		return !packet_load_fits(vp, inst, pc);
	if (part_field_at(vp, pc) == PART_FIELD_LEN)
		return part_idle_register(vp, pc) < 0;
	/* a load from the context here and from elsewhere when called from there */
	return ebpf_class(insn) == BPF_LDX && part_field_at(vp, pc) == PART_FIELD_NONE &&
	       vp_fact_at(vp, inst, pc)->regs[insn->src_reg].kind == VP_CTX;
}

bool part_tc_exit_via_record(const struct vprog *vp, size_t inst, uint32_t pc)
{
	return part_is_tc(vp->prog) && !vp->inst[inst].depth && ebpf_is_exit(&vp->prog->insns[pc]);
}
