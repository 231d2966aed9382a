/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/halves/half.h"

#include "partitioner/handoff.h"

/* The first of the two programs of a tc host half, at the XDP hook: the stack must not see the record in
 * front of the Ethernet header, so it leaves the packet. It stays where it is in memory and becomes
 * metadata, in which the program at the tc hook finds it. */

static void add_xdp_stub(struct part_asm *a, const struct part_halves *halves)
{
	const int32_t bytes = (int32_t)halves->record_bytes;
	uint32_t abort = part_asm_label(a);

	part_asm_mov(a, 6, 1);
	part_asm_load(a, 4, 2, 1, part_ctx_xdp.data);
	part_asm_load(a, 4, 3, 1, part_ctx_xdp.data_end);
	part_asm_mov(a, 4, 2);
	part_asm_add_imm(a, 4, bytes);
	part_asm_if_reg(a, BPF_JGT, 4, 3, abort);
	part_check_record(a, halves, abort);
	part_asm_imm(a, 2, (uint64_t)bytes);
	part_asm_helper(a, BPF_FUNC_xdp_adjust_head);
	part_asm_if(a, BPF_JNE, 0, 0, abort);
	part_asm_mov(a, 1, 6);
	part_asm_imm(a, 2, (uint64_t) - (int64_t)bytes);
	part_asm_helper(a, BPF_FUNC_xdp_adjust_meta);
	part_asm_if(a, BPF_JNE, 0, 0, abort); /* a driver without metadata */
	part_asm_imm(a, 0, XDP_PASS);
	part_asm_exit(a);
	part_asm_place(a, abort);
	part_asm_imm(a, 0, XDP_ABORTED);
	part_asm_exit(a);
}

/* Somewhere in the source: the program's first line. */
static void give_line(struct cx *cx, const struct fe_prog *of, struct fe_prog *prog)
{
	const struct fe_line *line = fe_prog_line(of, 0);
	struct fe_line *copy;

	if (!line)
		return;
	copy = arena_dup(cx->arena, line, sizeof(*line));
	copy->insn = 0;
	prog->lines = copy;
	prog->n_lines = 1;
}

bool part_make_xdp_stub(struct cx *cx, const struct vprog *vp, struct part_halves *halves)
{
	struct part_asm a = { .arena = cx->arena, .origin = PART_NO_ORIGIN };
	struct fe_subprog *sub = ARENA_NEW(cx->arena, struct fe_subprog);

	add_xdp_stub(&a, halves);
	if (!part_asm_finish(&a))
		return false;
	*sub = vp->prog->subprogs[0];
	sub->end = (uint32_t)a.code.len;
	halves->xdp_stub = (struct fe_prog){
		.name = arena_printf(cx->arena, "%s_strip", vp->prog->name),
		.section = "xdp",
		.type = BPF_PROG_TYPE_XDP,
		.attach_type = BPF_XDP,
		.insns = a.code.at,
		.n_insns = a.code.len,
		.subprogs = sub,
		.n_subprogs = 1,
	};
	give_line(cx, vp->prog, &halves->xdp_stub);
	return true;
}
