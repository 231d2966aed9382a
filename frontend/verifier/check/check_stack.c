/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/check/check_insn.h"
#include "frontend/verifier/domain/address.h"
#include "frontend/verifier/flow/stack_use.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/state/objects.h"
#include "frontend/verifier/walk/env.h"
#include "frontend/verifier/walk/walk.h"

#include <string.h>

/* Loads and stores on the stack. A slot of eight bytes remembers a register stored to it (spill);
 * other bytes are known to be zero, to hold some number, or were never written. Reading bytes that
 * were never written gives some number: the kernel allows that to privileged programs since 6.3,
 * so a warning is all that is said. */

struct span {
	struct fe_frame *frame;
	uint32_t frame_no;
	int64_t min, max; /* first byte: offsets from the top, negative */
	unsigned size;
};

static uint32_t slot_of(int64_t off)
{
	return (uint32_t)((-off - 1) / 8);
}

static uint8_t *byte_at(const struct span *s, int64_t off)
{
	return &s->frame->slots[slot_of(off)].bytes[off & 7];
}

static bool reject_bounds(struct fe_env *env, const struct fe_reg *base, int64_t off, uint64_t size)
{
	return FE_REJECT(env, REASON_STACK_BOUNDS, fe_reg_text(env, base), (long long)off,
			 (unsigned long long)size, EBPF_MAX_STACK);
}

/* Bytes that [off, off + size) from the register may touch; makes their slots exist. */
static bool find_span(struct fe_env *env, unsigned regno, int64_t off, uint64_t size,
		      struct span *s)
{
	const struct fe_reg *base = fe_reg(env, regno);
	const struct fe_val *v = &base->val;
	uint32_t deepest;

	*s = (struct span){ .frame_no = (uint32_t)base->object, .size = (unsigned)size };
	s->frame = env->walk.cur->frames[base->object];
	if (!fe_val_is_const(v) && (v->smax >= FE_MAX_VAR_OFF || v->smin <= -FE_MAX_VAR_OFF))
		return FE_REJECT(env, REASON_STACK_UNBOUNDED, fe_reg_text(env, base));
	s->min = base->off + v->smin + off;
	s->max = base->off + v->smax + off;
	if (size > EBPF_MAX_STACK || s->min < -EBPF_MAX_STACK || s->min >= 0 ||
	    s->max + (int64_t)size > 0) /* no bytes: their place counts all the same */
		return reject_bounds(env, base, s->min, size);
	fe_fastcall_note_access(env, s->frame->subprog, s->min);
	deepest = slot_of(s->min) + 1;
	fe_frame_grow(&env->walk.pool, s->frame, deepest);
	if (env->facts.inst.at[s->frame->inst].pub.stack_bytes < deepest * 8)
		env->facts.inst.at[s->frame->inst].pub.stack_bytes = deepest * 8;
	if (env->plan.stack_of[s->frame->subprog] < deepest * 8)
		env->plan.stack_of[s->frame->subprog] = deepest * 8;
	return true;
}

static bool check_alignment(struct fe_env *env, const struct span *s, const struct fe_reg *base)
{
	/* Strict on the stack, as in the kernel: spills rely on it. */
	if ((s->min == s->max && s->min % s->size) ||
	    (s->min != s->max && (!fe_tnum_aligned(base->val.var, s->size) || s->min % s->size)))
		return FE_REJECT(env, REASON_STACK_ALIGNMENT, fe_reg_text(env, base),
				 (long long)s->min, s->size);
	return true;
}

static void warn_uninit(struct fe_env *env, int64_t off)
{
	struct diag_at at;

	if (env->totals.warned_uninit)
		return;
	env->totals.warned_uninit = true;
	diag_warn(env->cx->diags, fe_here_(&at, env), REASON_STACK_UNINIT, (long long)off);
}

static bool reject_object(struct fe_env *env, const struct fe_stack_slot *slot, int64_t off)
{
	return FE_REJECT(env, REASON_STACK_OBJECT, (long long)off, fe_reg_name(&slot->spill));
}

/* Of the address that a byte is part of. */
static uint8_t kind_of_address(const struct fe_stack_slot *slot, uint8_t byte)
{
	bool pointer = byte == FE_BYTE_SPILL && fe_reg_is_pointer(&slot->spill);

	return pointer ? fe_fact_of(&slot->spill).kind : (uint8_t)VP_PKT;
}

static void note_reads(struct fe_env *env, const struct span *s)
{
	uint32_t first = slot_of(s->max + s->size - 1), last = slot_of(s->min);

	for (uint32_t k = first; k <= last; k++)
		fe_stack_note_read(env, s->frame_no, k);
	fe_step_stack(env, s->frame_no, first, last - first + 1, false);
}

/* ---- stores ------------------------------------------------------------------------------------ */

/* Part of a spilled register is overwritten: what is left of it is just bytes. */
static void scrub(struct fe_stack_slot *slot)
{
	uint8_t rest = fe_reg_is_null(&slot->spill)   ? FE_BYTE_ZERO
		       : fe_has_address(&slot->spill) ? FE_BYTE_ADDRESS
						      : FE_BYTE_MISC;

	if (!fe_slot_has_spill(slot))
		return;
	for (unsigned i = 0; i < 8; i++) {
		if (slot->bytes[i] == FE_BYTE_SPILL)
			slot->bytes[i] = rest;
	}
	memset(&slot->spill, 0, sizeof(slot->spill));
}

static void spill(struct fe_stack_slot *slot, const struct fe_reg *r, unsigned size)
{
	if (size < 8)
		scrub(slot);
	slot->spill = *r;
	memset(slot->bytes, FE_BYTE_SPILL, size);
	if (size < 8 && (r->val.umax >> (size * 8)))
		fe_reg_unlink(&slot->spill);
}

static bool store_fixed(struct fe_env *env, const struct fe_mem_access *m, const struct span *s)
{
	struct fe_stack_slot *slot = &s->frame->slots[slot_of(s->min)];
	struct fe_reg imm, *value = &imm;
	uint8_t fill = FE_BYTE_MISC;

	if (!fe_object_overwrite(env, s->frame, slot_of(s->min)))
		return false;
	fe_reg_not_init(&imm); /* a helper's store: some bytes */
	if (m->is_imm)
		fe_reg_const(&imm, (uint64_t)(int64_t)m->imm);
	else if (m->value >= 0)
		value = fe_reg(env, (unsigned)m->value);
	if (m->size == 8)
		fe_stack_note_kill(env, s->frame_no, slot_of(s->min));
	fe_step_stack(env, s->frame_no, slot_of(s->min), 1, m->size == 8 || s->min % 8 == 0);
	if (fe_reg_is_pointer(value) && m->size != 8)
		return FE_REJECT(env, REASON_SPILL_SIZE, fe_reg_text(env, value), m->size);
	if (value->type == FE_STACK && s->frame != fe_frame(env))
		return FE_REJECT(env, REASON_STACK_ESCAPES);
	if (value->type != FE_NOT_INIT && s->min % 8 == 0) {
		if (value->type == FE_SCALAR && !(value->val.umax >> (m->size * 8 - 1) >> 1))
			fe_link_scalar(env, value);
		spill(slot, value, m->size);
		fe_address_cut(env, &slot->spill, m->size, false);
		return true;
	}
	fe_address_used(env, value);
	scrub(slot);
	if (fe_reg_is_null(value))
		fill = FE_BYTE_ZERO;
	for (unsigned i = 0; i < m->size; i++)
		*byte_at(s, s->min + i) = fill;
	return true;
}

/* Any of the bytes in reach may have been written. */
static bool store_somewhere(struct fe_env *env, const struct fe_mem_access *m, const struct span *s)
{
	uint32_t first = slot_of(s->max + m->size - 1), last = slot_of(s->min);
	bool zero = (m->is_imm && !m->imm) ||
		    (m->value >= 0 && fe_reg_is_null(fe_reg(env, (unsigned)m->value)));

	fe_step_stack(env, s->frame_no, first, last - first + 1, false);
	if (m->value >= 0)
		fe_address_used(env, fe_reg(env, (unsigned)m->value));
	for (int64_t off = s->min; off < s->max + m->size; off++) {
		uint8_t *b;

		if (!fe_object_overwrite(env, s->frame, slot_of(off)))
			return false;
		scrub(&s->frame->slots[slot_of(off)]);
		b = byte_at(s, off);
		if (!(zero && *b == FE_BYTE_ZERO))
			*b = FE_BYTE_MISC;
	}
	return true;
}

/* ---- loads ------------------------------------------------------------------------------------- */

/* Bytes without a whole register: zero if all are, some number otherwise. */
static bool load_bytes(struct fe_env *env, const struct span *s, struct fe_reg *dst)
{
	bool zero = true;

	for (int64_t off = s->min; off < s->max + s->size; off++) {
		const struct fe_stack_slot *slot = &s->frame->slots[slot_of(off)];
		uint8_t b = *byte_at(s, off);

		if (b == FE_BYTE_OBJECT)
			return reject_object(env, slot, off);
		if (b == FE_BYTE_INVALID)
			warn_uninit(env, off);
		if (fe_byte_has_address(slot, b))
			fe_facts_address(env, kind_of_address(slot, b));
		zero &= b == FE_BYTE_ZERO || (b == FE_BYTE_SPILL && fe_reg_is_null(&slot->spill));
	}
	if (zero)
		fe_reg_const(dst, 0);
	else
		fe_reg_unknown(dst);
	return true;
}

static bool load_fixed(struct fe_env *env, const struct fe_mem_access *m, const struct span *s,
		       struct fe_reg *dst)
{
	const struct fe_stack_slot *slot = &s->frame->slots[slot_of(s->min)];
	unsigned spilled = fe_slot_has_spill(slot) ? fe_slot_spill_bytes(slot) : 0;

	if (spilled && slot->spill.type != FE_SCALAR && m->size != 8)
		return FE_REJECT(env, REASON_FILL_SIZE, fe_reg_text(env, &slot->spill), m->size);
	if (spilled >= m->size && s->min % 8 == 0) {
		*dst = slot->spill;
		if (m->size < 8 && (dst->val.umax >> (m->size * 8)))
			fe_reg_unlink(dst); /* cut: no longer the same number */
		return true;
	}
	return load_bytes(env, s, dst);
}

static void finish_load(struct fe_env *env, const struct fe_mem_access *m, struct fe_reg *dst)
{
	if (dst->type != FE_SCALAR || m->size == 8)
		return;
	fe_address_cut(env, dst, m->size, m->sign_extend);
	if (m->sign_extend) {
		if (dst->val.umax >> (m->size * 8 - 1))
			fe_reg_unlink(dst);
		fe_val_sign_extend(&dst->val, m->size, true);
	} else {
		fe_val_truncate(&dst->val, m->size);
	}
}

bool fe_check_stack_access(struct fe_env *env, const struct fe_mem_access *m)
{
	struct span s;
	struct fe_reg dst;

	if (!find_span(env, m->base, m->off, m->size, &s) ||
	    !check_alignment(env, &s, fe_reg(env, m->base)))
		return false;
	if (m->access == FE_WRITE) {
		if (s.min == s.max)
			return store_fixed(env, m, &s);
		return store_somewhere(env, m, &s);
	}
	note_reads(env, &s);
	if (s.min != s.max ? !load_bytes(env, &s, &dst) : !load_fixed(env, m, &s, &dst))
		return false;
	if (m->value < 0) {
		fe_address_used(env, &dst);
		return true;
	}
	finish_load(env, m, &dst);
	*fe_reg(env, (unsigned)m->value) = dst;
	return true;
}

/* ---- helpers ----------------------------------------------------------------------------------- */

bool fe_check_stack_helper(struct fe_env *env, unsigned regno, int64_t off, uint64_t size,
			   enum fe_access access)
{
	struct span s;

	if (!find_span(env, regno, off, size, &s))
		return false;
	if (access == FE_READ && s.max + (int64_t)size > s.min)
		note_reads(env, &s);
	for (int64_t at = s.min; at < s.max + (int64_t)size; at++) {
		struct fe_stack_slot *slot = &s.frame->slots[slot_of(at)];
		uint8_t *b = byte_at(&s, at);

		if (*b == FE_BYTE_OBJECT && (access == FE_READ || slot->spill.type == FE_DYNPTR))
			return reject_object(env, slot, at);
		if (access == FE_READ) {
			if (*b == FE_BYTE_INVALID)
				warn_uninit(env, at);
			if (fe_byte_has_address(slot, *b))
				fe_facts_address(env, kind_of_address(slot, *b));
			continue;
		}
		if (!fe_object_overwrite(env, s.frame, slot_of(at)))
			return false;
		scrub(slot);
		*b = FE_BYTE_MISC;
	}
	return true;
}
