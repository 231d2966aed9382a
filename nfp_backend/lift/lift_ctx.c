/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/lift/lift_int.h"

#include "nfp_backend/legal/legal.h"

/* The program's context: struct xdp_md or struct __sk_buff. The device has only the fields of the packet
 * vector (nfp.md 4.5). Packet start and length are kept in two variables, read again
 * after a helper that moved them. */

void lift_reload_packet(struct lift *l)
{
	LLVMBuildStore(l->b, lift_call(l, LIFT_PKT_DATA, NULL, 0), l->data);
	LLVMBuildStore(l->b, lift_call(l, LIFT_PKT_LEN, NULL, 0), l->plen);
}

static LLVMValueRef packet_start(struct lift *l)
{
	return LLVMBuildLoad2(l->b, l->pkt_ptr, l->data, "data");
}

static LLVMValueRef packet_len(struct lift *l)
{
	return LLVMBuildLoad2(l->b, l->i32, l->plen, "plen");
}

bool lift_ctx_load(struct lift *l)
{
	unsigned dst = l->insn->dst_reg;
	LLVMValueRef len;

	switch (nfp_ctx_field(l->np->type, l->insn->off, ebpf_size_bytes(l->insn))) {
	case NFP_CTX_DATA:
		lift_write(l, dst, lift_pointer(l, VP_PKT, packet_start(l)));
		return true;
	case NFP_CTX_DATA_END:
		len = packet_len(l);
		lift_write(l, dst,
			   lift_pointer(l, VP_PKT_END,
					LLVMBuildInBoundsGEP2(l->b, l->i8, packet_start(l), &len, 1,
							      "")));
		return true;
	case NFP_CTX_LEN: lift_write32(l, dst, packet_len(l)); return true;
	default:
		return lift_refuse(l, REASON_NFP_CTX_READ,
				   nfp_ctx_field_name(l->np->type, l->insn->off),
				   (int)l->insn->off);
	}
}

bool lift_ctx_store(struct lift *l)
{
	LLVMValueRef queue;

	if (nfp_ctx_field(l->np->type, l->insn->off, ebpf_size_bytes(l->insn)) != NFP_CTX_QUEUE)
		return lift_refuse(l, REASON_NFP_CTX_WRITE,
				   nfp_ctx_field_name(l->np->type, l->insn->off),
				   (int)l->insn->off);
	queue = ebpf_class(l->insn) == BPF_ST ? lift_i32(l, (uint32_t)l->insn->imm)
					      : lift_read32(l, l->insn->src_reg);
	lift_call(l, LIFT_QUEUE_SELECT, &queue, 1);
	return true;
}
