/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/legal/legal.h"

#include "base/bits.h"

/* Attach points: the device runs programs on packets from the wire, before the host
 * receives them. Programs at other attach points run on packets that the host, or another program, sends. */

/* <linux/bpf.h> of kernel 6.1 has no names for these. */
#define TCX_EGRESS     47u
#define NETKIT_PRIMARY 54u
#define NETKIT_PEER    55u

static const struct {
	uint32_t attach_type;
	const char *when;
} elsewhere[] = {
	{ BPF_XDP_DEVMAP, "runs on packets that another program redirected to a device" },
	{ BPF_XDP_CPUMAP, "runs on packets that another program redirected to a CPU" },
	{ TCX_EGRESS, "runs on packets that the host sends" },
	{ NETKIT_PRIMARY, "runs on packets of a netkit device" },
	{ NETKIT_PEER, "runs on packets of a netkit device" },
};

/* "classifier/egress", "egress", "tc_egress": who names a section so means it. */
static bool is_egress_by_name(const struct fe_prog *prog)
{
	return prog->type != BPF_PROG_TYPE_XDP && strstr(prog->section, "egress");
}

static const char *runs_elsewhere(const struct fe_prog *prog)
{
	for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++)
		if (prog->attach_type == elsewhere[i].attach_type)
			return elsewhere[i].when;
	return is_egress_by_name(prog) ? "runs on packets that the host sends" : NULL;
}

bool nfp_legal_attach(struct cx *cx, const struct nfp_prog *np, struct offload_refusal *why)
{
	const struct fe_prog *prog = np->vp->prog;
	const char *when = runs_elsewhere(prog);

	return !when || nfp_refuse(cx, why, REASON_NFP_ATTACH, prog->section, when);
}
