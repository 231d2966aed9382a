/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/halves/half.h"

#include "partitioner/handoff.h"
#include "partitioner/tc_split.h"

#include <linux/pkt_cls.h>
#include <stddef.h>

/* The host half:
 *
 *   check the record: presence, cookie, version, length; else XDP_ABORTED, TC_ACT_SHOT
 *   cut 0: strip it, PASS; tc: the action in the record
 *   per cut: carried values to the stack, strip the record, restore the live state, continue
 *   main's instructions that run on the host
 *
 * All values of the record are checked again, so that the kernel's verifier has the facts of the original,
 * and a forged record does no harm: scalars against their proven bounds, packet
 * pointers against the packet's end. */

static int16_t saved_at(const struct part_half *h, uint32_t i)
{
	return (int16_t)(h->save_at + 8 * (int)i);
}

/* ---- the record -------------------------------------------------------------------------------------------- */

static void xdp_stub(struct part_half *h)
{
	part_asm_load(&h->as, 8, 1, 10, h->ctx_at);
	part_asm_imm(&h->as, 2, h->halves->record_bytes);
	part_asm_helper(&h->as, BPF_FUNC_xdp_adjust_head);
	part_asm_if(&h->as, BPF_JNE, 0, 0, h->abort);
}

void part_check_record(struct part_asm *a, const struct part_halves *halves, uint32_t abort)
{
	uint32_t mine = part_asm_label(a);

	part_asm_load(a, 4, 4, 2, PART_HANDOFF_OFF_COOKIE);
	part_asm_if32(a, BPF_JEQ, 4, (int32_t)halves->cookie, mine);
	part_asm_goto(a, abort);
	part_asm_place(a, mine);
	part_asm_load(a, 1, 4, 2, PART_HANDOFF_OFF_VERSION);
	part_asm_if(a, BPF_JNE, 4, PART_HANDOFF_VERSION, abort);
	part_asm_load(a, 2, 4, 2, PART_HANDOFF_OFF_BYTES);
	part_asm_if(a, BPF_JNE, 4, (int32_t)halves->record_bytes, abort);
	part_asm_load(a, 1, 5, 2, PART_HANDOFF_OFF_CUT);
}

/* XDP finds the record in front of the packet, tc in its metadata. Leaves its address in r2, the cut in r5. */
static void find_record(struct part_half *h)
{
	struct part_asm *a = &h->as;
	bool tc = part_is_tc(h->vp->prog);

	part_asm_store(a, 8, 10, h->ctx_at, 1);
	part_asm_load(a, 4, 2, 1, tc ? h->ctx->data_meta : h->ctx->data);
	part_asm_load(a, 4, 3, 1, tc ? h->ctx->data : h->ctx->data_end);
	part_asm_mov(a, 4, 2);
	part_asm_add_imm(a, 4, (int32_t)h->halves->record_bytes);
	part_asm_if_reg(a, BPF_JGT, 4, 3, h->abort);
	part_check_record(a, h->halves, h->abort);
}

/* ---- live state ---------------------------------------------------------------------------------------------- */

/* Bounds that the verifier loses when a scalar is stored in the packet. */
static void check_number(struct part_half *h, uint8_t r, const struct part_value *v)
{
	const struct vp_reg *f = &v->fact;
	uint64_t max = v->size >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * v->size) - 1;
	uint64_t may = f->var.value | f->var.mask;

	if ((may & max) != max && may <= INT32_MAX)
		part_asm_put(&h->as, (struct bpf_insn){ .code = BPF_ALU64 | BPF_AND | BPF_K,
							.dst_reg = r & 0xfu,
							.imm = (int32_t)may });
	if (f->umax < max && f->umax <= INT32_MAX)
		part_asm_if(&h->as, BPF_JGT, r, (int32_t)f->umax, h->abort);
	if (f->umin > 0 && f->umin <= INT32_MAX)
		part_asm_if(&h->as, BPF_JLT, r, (int32_t)f->umin, h->abort);
	if (f->umax <= INT64_MAX)
		return;
	if (f->smax < INT32_MAX)
		part_asm_if(&h->as, BPF_JSGT, r, (int32_t)f->smax, h->abort);
	if (f->smin > INT32_MIN)
		part_asm_if(&h->as, BPF_JSLT, r, (int32_t)f->smin, h->abort);
}

/* r0 = packet start + offset, proven to have as many bytes behind it as before; uses r1, r2. */
static void make_packet_pointer(struct part_half *h, const struct part_value *v, uint32_t saved)
{
	struct part_asm *a = &h->as;

	part_asm_load(a, 8, 2, 10, h->ctx_at);
	part_asm_load(a, 4, 1, 2, h->ctx->data);
	part_asm_load(a, 4, 2, 2, h->ctx->data_end);
	if (v->size) {
		part_asm_load(a, 8, 0, 10, saved_at(h, saved));
		if (v->fact.max_off < UINT16_MAX)
			part_asm_if(a, BPF_JGT, 0, (int32_t)v->fact.max_off, h->abort);
		part_asm_alu(a, BPF_ADD, 1, 0);
	} else if (v->fact.min_off) {
		part_asm_add_imm(a, 1, (int32_t)v->fact.min_off);
	}
	part_asm_mov(a, 0, 1);
	if (!v->fact.range)
		return;
	part_asm_add_imm(a, 1, (int32_t)v->fact.range);
	part_asm_if_reg(a, BPF_JGT, 1, 2, h->abort);
}

/* One value into `r`; packet pointers only into r0. */
static void make_value(struct part_half *h, const struct part_value *v, uint8_t r, uint32_t saved)
{
	struct part_asm *a = &h->as;

	switch (v->kind) {
	case PART_VALUE_SCALAR:
		part_asm_load(a, 8, r, 10, saved_at(h, saved));
		if (v->reg >= 0 || v->fp_bytes == 8)
			check_number(h, r, v);
		break;
	case PART_VALUE_CONSTANT: part_asm_imm(a, r, v->fact.var.value); break;
	case PART_VALUE_CTX: part_asm_load(a, 8, r, 10, h->ctx_at); break;
	case PART_VALUE_STACK:
		part_asm_mov(a, r, 10);
		part_asm_add_imm(a, r, (int32_t)v->fact.min_off);
		break;
	case PART_VALUE_PKT: make_packet_pointer(h, v, saved); break;
	case PART_VALUE_PKT_END:
		part_asm_load(a, 8, r, 10, h->ctx_at);
		part_asm_load(a, 4, r, r, h->ctx->data_end);
		break;
	case PART_VALUE_MAP: part_asm_map(a, r, v->fact.object); break;
	case PART_VALUE_MAP_VALUE:
		part_asm_map_value(a, r, v->fact.object, (int32_t)v->fact.min_off);
		break;
	default: break;
	}
}

/* Stack slots and packet pointers first, through r0; then registers, one by one. Value i
 * is saved in the i-th additional slot. */
static void make_live_state(struct part_half *h, const struct part_live *live)
{
	for (uint32_t i = 0; i < live->n; i++) {
		const struct part_value *v = &live->values[i];

		if (v->reg < 0) {
			make_value(h, v, 0, i);
			part_asm_store(&h->as, v->fp_bytes, 10, v->fp_off, 0);
		} else if (v->kind == PART_VALUE_PKT) {
			make_value(h, v, 0, i);
			part_asm_store(&h->as, 8, 10, saved_at(h, i), 0);
		}
	}
	for (uint32_t i = 0; i < live->n; i++) {
		const struct part_value *v = &live->values[i];

		if (v->reg >= 0 && v->kind == PART_VALUE_PKT)
			part_asm_load(&h->as, 8, (uint8_t)v->reg, 10, saved_at(h, i));
		else if (v->reg >= 0)
			make_value(h, v, (uint8_t)v->reg, i);
	}
}

/* Does the program itself move the packet's start? It then sees what lies before the packet. */
static bool moves_start(const struct fe_prog *prog)
{
	for (size_t i = 0; i < prog->n_insns; i++) {
		const struct bpf_insn *insn = &prog->insns[i];

		if (ebpf_is_call(insn) && insn->src_reg == EBPF_CALL_HELPER &&
		    (insn->imm == BPF_FUNC_xdp_adjust_head ||
		     insn->imm == BPF_FUNC_xdp_adjust_meta))
			return true;
	}
	return false;
}

/* Clears the record, so that no byte of it gets into a packet that grows at its start, and that neither later
 * programs nor this program itself interprets it as metadata again. */
static void wipe(struct part_half *h)
{
	for (uint32_t at = 0; at < h->halves->record_bytes; at += 4)
		part_asm_store_imm(&h->as, 4, 2, (int16_t)at, 0);
}

static void leave_record(struct part_half *h)
{
	bool tc = part_is_tc(h->vp->prog);

	if (tc || moves_start(h->vp->prog))
		wipe(h);
	if (!tc)
		xdp_stub(h);
}

/* The card has decided. */
static void decided(struct part_half *h)
{
	if (!part_is_tc(h->vp->prog)) {
		xdp_stub(h);
		part_asm_imm(&h->as, 0, XDP_PASS);
	} else {
		part_asm_load(&h->as, 4, 0, 2, PART_HANDOFF_HEADER + PART_HANDOFF_ACTION);
		wipe(h);
	}
	part_asm_exit(&h->as);
}

/* The device saw the tag in the frame, and the stack has removed it: offsets recorded by the device no longer
 * apply. Only possible with --untagged. */
static void refuse_tagged(struct part_half *h)
{
	const int16_t off = (int16_t)offsetof(struct __sk_buff, vlan_present);

	part_asm_load(&h->as, 8, 0, 10, h->ctx_at);
	part_asm_load(&h->as, 4, 0, 0, off);
	part_asm_if(&h->as, BPF_JNE, 0, 0, h->abort);
}

static void enter(struct part_half *h, const struct part_cut_point *cut)
{
	if (part_is_tc(h->vp->prog) && !h->halves->tagged)
		refuse_tagged(h);
	for (uint32_t i = 0; i < cut->live.n; i++) {
		const struct part_value *v = &cut->live.values[i];

		if (!v->size)
			continue;
		part_asm_load(&h->as, v->size, 0, 2, (int16_t)(PART_HANDOFF_HEADER + v->at));
		part_asm_store(&h->as, 8, 10, saved_at(h, i), 0);
	}
	leave_record(h);
	make_live_state(h, &cut->live);
	part_asm_goto(&h->as, h->label[cut->pc]);
}

/* ---- the half -------------------------------------------------------------------------------------------------- */

static uint32_t most_values(const struct part_halves *halves)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < halves->n_cuts; i++)
		if (halves->cuts[i].live.n > most)
			most = halves->cuts[i].live.n;
	return most;
}

static void entries(struct part_half *h)
{
	const struct part_halves *halves = h->halves;
	uint32_t *in = ARENA_ARRAY(h->cx->scratch, uint32_t, halves->n_cuts);

	for (uint32_t i = 0; i < halves->n_cuts; i++) {
		in[i] = part_asm_label(&h->as);
		part_asm_if(&h->as, BPF_JEQ, 5, halves->cuts[i].id, in[i]);
	}
	part_asm_if(&h->as, BPF_JNE, 5, PART_HANDOFF_DECIDED, h->abort);
	decided(h);
	for (uint32_t i = 0; i < halves->n_cuts; i++) {
		part_asm_place(&h->as, in[i]);
		enter(h, &halves->cuts[i]);
	}
	part_asm_place(&h->as, h->abort);
	part_asm_imm(&h->as, 0, part_is_tc(h->vp->prog) ? TC_ACT_SHOT : XDP_ABORTED);
	part_asm_exit(&h->as);
}

bool part_make_host(struct cx *cx, const struct vprog *vp, struct part_halves *halves)
{
	struct part_half h = {
		.cx = cx,
		.ctx = part_is_tc(vp->prog) ? &part_ctx_tc : &part_ctx_xdp,
		.halves = halves,
		.vp = vp,
		.mine = halves->on_host,
	};
	const char *name = arena_printf(cx->arena, "%s_host", vp->prog->name);

	if (!part_half_begin(&h, 8 * most_values(halves)))
		return false;
	find_record(&h);
	entries(&h);
	part_half_body(&h);
	return part_half_finish(&h, name, &halves->host, &halves->host_origin) &&
	       (!part_is_tc(vp->prog) || part_make_xdp_stub(cx, vp, halves));
}
