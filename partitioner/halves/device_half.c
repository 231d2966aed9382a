/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/halves/half.h"

#include "partitioner/handoff.h"
#include "partitioner/tc_split.h"

#include <assert.h>
#include <linux/pkt_cls.h>
#include <stddef.h>

/* The device's half, as a program of its own that goes through verifier and backend like any other:
 *
 *   the context is kept in a stack slot
 *   main's instructions that are the device's
 *   per cut: live values are packed into a buffer on the stack     -+
 *   leaving with PASS: an empty buffer, cut 0                       +-> common end: make room
 *                                                                       before the packet, write
 *                                                                       the record, PASS
 *
 * One common end because the firmware guarantees room for one adjust_head only. A tc program leaves with
 * any action but SHOT as XDP does with PASS; the action is in the buffer. */

struct device {
	struct part_half h; /* first: callbacks get its address */
	uint32_t pass, end; /* labels */
};

static int16_t buffer_at(const struct part_half *h, uint32_t at)
{
	return (int16_t)(h->save_at + 8 + (int)at); /* the lowest slot holds the cut's number */
}

static uint32_t payload_bytes(const struct part_half *h)
{
	return h->halves->record_bytes - PART_HANDOFF_HEADER;
}

/* SHOT ends on the device; all other actions are carried out by the stack. */
static void leave_tc(struct part_half *h, const struct vp_reg *r0)
{
	if (!vp_is_const(r0) || (uint32_t)r0->var.value != TC_ACT_SHOT) {
		part_asm_goto(&h->as, h->verdict);
		return;
	}
	part_asm_imm(&h->as, 0, XDP_DROP);
	part_asm_exit(&h->as);
}

/* An exit with anything but PASS leaves as it is. */
static void leave(struct part_half *h, const struct vp_reg *r0)
{
	struct device *d = (struct device *)h;
	bool known = vp_is_const(r0);

	if (known && (uint32_t)r0->var.value == XDP_PASS) {
		part_asm_goto(&h->as, d->pass);
		return;
	}
	if (!known)
		part_asm_if32(&h->as, BPF_JEQ, 0, XDP_PASS, d->pass);
	part_asm_exit(&h->as);
}

static void clear_buffer(struct part_half *h)
{
	for (uint32_t at = 0; at < payload_bytes(h); at += 8)
		part_asm_store_imm(&h->as, 8, 10, buffer_at(h, at), 0);
}

/* ---- live values into the buffer ------------------------------------------------------------------------ */

/* A register that holds none of the packet pointers still to be stored. */
static int free_register(const struct part_live *live)
{
	bool used[10] = { false };

	for (uint32_t i = 0; i < live->n; i++)
		if (live->values[i].reg >= 0 && live->values[i].kind == PART_VALUE_PKT &&
		    live->values[i].size)
			used[live->values[i].reg] = true;
	for (int r = 0; r < 10; r++)
		if (!used[r])
			return r;
	return -1;
}

static bool is_offset(const struct part_value *v)
{
	return v->kind == PART_VALUE_PKT && v->size;
}

static void store_numbers(struct part_half *h, const struct part_live *live)
{
	for (uint32_t i = 0; i < live->n; i++) {
		const struct part_value *v = &live->values[i];

		if (v->kind == PART_VALUE_SCALAR && v->reg >= 0)
			part_asm_store(&h->as, v->size, 10, buffer_at(h, v->at), (uint8_t)v->reg);
	}
}

/* Registers with packet pointers become offsets; `data` holds the packet's start. */
static void store_offsets(struct part_half *h, const struct part_live *live, uint8_t data)
{
	for (uint32_t i = 0; i < live->n; i++) {
		const struct part_value *v = &live->values[i];

		if (!is_offset(v) || v->reg < 0)
			continue;
		part_asm_alu(&h->as, BPF_SUB, (uint8_t)v->reg, data);
		part_asm_store(&h->as, v->size, 10, buffer_at(h, v->at), (uint8_t)v->reg);
	}
}

static void store_stack(struct part_half *h, const struct part_live *live, uint8_t data)
{
	uint8_t tmp = data == 0 ? 1 : 0;

	for (uint32_t i = 0; i < live->n; i++) {
		const struct part_value *v = &live->values[i];

		if (v->reg >= 0 || !v->size)
			continue;
		part_asm_load(&h->as, v->fp_bytes, tmp, 10, v->fp_off);
		if (is_offset(v))
			part_asm_alu(&h->as, BPF_SUB, tmp, data);
		part_asm_store(&h->as, v->size, 10, buffer_at(h, v->at), tmp);
	}
}

static bool cut_stub(struct device *d, struct part_cut_point *cut)
{
	struct part_half *h = &d->h;
	int data = free_register(&cut->live);

	if (data < 0)
		return false;
	cut->device_at = (uint32_t)h->as.code.len;
	part_asm_place(&h->as, h->elsewhere[cut->pc]);
	clear_buffer(h);
	part_asm_store_imm(&h->as, 8, 10, h->save_at, cut->id);
	store_numbers(h, &cut->live);
	part_asm_load(&h->as, 8, (uint8_t)data, 10, h->ctx_at);
	part_asm_load(&h->as, 4, (uint8_t)data, (uint8_t)data, h->ctx->data);
	store_offsets(h, &cut->live, (uint8_t)data);
	store_stack(h, &cut->live, (uint8_t)data);
	part_asm_goto(&h->as, d->end);
	return true;
}

/* The one place where tc programs end; other actions than SHOT continue at `pass`. */
static void verdict_stub(struct device *d)
{
	struct part_half *h = &d->h;

	part_asm_place(&h->as, h->verdict);
	part_asm_if32(&h->as, BPF_JNE, 0, TC_ACT_SHOT, d->pass);
	part_asm_imm(&h->as, 0, XDP_DROP);
	part_asm_exit(&h->as);
}

static void pass_stub(struct device *d)
{
	struct part_half *h = &d->h;

	part_asm_place(&h->as, d->pass);
	clear_buffer(h);
	part_asm_store_imm(&h->as, 8, 10, h->save_at, PART_HANDOFF_DECIDED);
	if (part_is_tc(h->vp->prog))
		part_asm_store(&h->as, 4, 10, buffer_at(h, PART_HANDOFF_ACTION), 0);
}

/* ---- the record ------------------------------------------------------------------------------------------- */

static void write_header(struct part_half *h)
{
	struct part_asm *a = &h->as;

	part_asm_imm(a, 3, h->halves->cookie);
	part_asm_store(a, 4, 2, PART_HANDOFF_OFF_COOKIE, 3);
	part_asm_store_imm(a, 1, 2, PART_HANDOFF_OFF_VERSION, PART_HANDOFF_VERSION);
	part_asm_load(a, 8, 3, 10, h->save_at);
	part_asm_store(a, 1, 2, PART_HANDOFF_OFF_CUT, 3);
	part_asm_store_imm(a, 2, 2, PART_HANDOFF_OFF_BYTES, (int32_t)h->halves->record_bytes);
}

static void write_payload(struct part_half *h)
{
	for (uint32_t at = 0; at < payload_bytes(h); at += 4) {
		part_asm_load(&h->as, 4, 3, 10, buffer_at(h, at));
		part_asm_store(&h->as, 4, 2, (int16_t)(PART_HANDOFF_HEADER + at), 3);
	}
}

/* The checks never fail: the backend knows that the room is there, the verifier does not. */
static void common_end(struct device *d)
{
	struct part_half *h = &d->h;
	struct part_asm *a = &h->as;

	part_asm_place(a, d->end);
	part_asm_load(a, 8, 1, 10, h->ctx_at);
	part_asm_imm(a, 2, (uint64_t) - (int64_t)h->halves->record_bytes);
	part_asm_helper(a, BPF_FUNC_xdp_adjust_head);
	part_asm_if(a, BPF_JNE, 0, 0, h->abort);
	part_asm_load(a, 8, 1, 10, h->ctx_at);
	part_asm_load(a, 4, 2, 1, h->ctx->data);
	part_asm_load(a, 4, 3, 1, h->ctx->data_end);
	part_asm_mov(a, 4, 2);
	part_asm_add_imm(a, 4, (int32_t)h->halves->record_bytes);
	part_asm_if_reg(a, BPF_JGT, 4, 3, h->abort);
	write_header(h);
	write_payload(h);
	part_asm_imm(a, 0, XDP_PASS);
	part_asm_exit(a);
	part_asm_place(a, h->abort);
	part_asm_imm(a, 0, XDP_ABORTED);
	part_asm_exit(a);
}

static void label_ends(struct device *d)
{
	struct part_half *h = &d->h;

	d->pass = part_asm_label(&h->as);
	d->end = part_asm_label(&h->as);
	h->verdict = part_asm_label(&h->as);
	for (uint32_t i = 0; i < h->halves->n_cuts; i++)
		h->elsewhere[h->halves->cuts[i].pc] = part_asm_label(&h->as);
}

bool part_make_device(struct cx *cx, const struct vprog *vp, struct part_halves *halves)
{
	bool tc = part_is_tc(vp->prog);
	struct device d = { .h = { .cx = cx,
				   .ctx = &part_ctx_xdp,
				   .halves = halves,
				   .vp = vp,
				   .mine = halves->on_device,
				   .exit = tc ? leave_tc : leave,
				   .replace = tc ? part_tc_replace : NULL } };
	struct part_half *h = &d.h;

	static_assert(offsetof(struct device, h) == 0, "leave() casts");
	if (!part_half_begin(h, halves->record_bytes - PART_HANDOFF_HEADER + 16))
		return false;
	label_ends(&d);
	part_asm_store(&h->as, 8, 10, h->ctx_at, 1);
	if (halves->tagged)
		part_tc_send_tagged(h, h->elsewhere[0]);
	part_half_body(h);
	for (uint32_t i = 0; i < halves->n_cuts; i++)
		if (!cut_stub(&d, &halves->cuts[i]))
			return false;
	/* unreachable code does not verify */
	if (part_asm_wanted(&h->as, h->verdict))
		verdict_stub(&d);
	if (part_asm_wanted(&h->as, d.pass))
		pass_stub(&d);
	common_end(&d);
	if (!part_half_finish(h, vp->prog->name, &halves->device, &halves->device_origin))
		return false;
	halves->device.type = BPF_PROG_TYPE_XDP;
	halves->device.attach_type = BPF_XDP;
	return true;
}
