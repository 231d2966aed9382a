/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/check/check_call.h"
#include "frontend/verifier/check/check_insn.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/state/objects.h"
#include "frontend/verifier/walk/env.h"
#include "frontend/verifier/walk/walk.h"

#include "frontend/verifier/contracts/kfuncs.h"

/* Iterators of numbers (bpf_for) and of bits: new, next until null, destroy. One holds a reference until it is
 * destroyed. next() gives a number, and the loop goes round once more, or null, and it is drained. */

static unsigned bytes_of(enum fe_iter_kind kind)
{
	return kind == FE_ITER_BITS ? 16 : 8;
}

static struct fe_reg *find(struct fe_env *env, unsigned regno, enum fe_iter_kind kind)
{
	struct fe_place p;
	struct fe_reg *r = fe_object_place(env, regno, bytes_of(kind), &p)
				   ? fe_object_at(env, &p, FE_ITER)
				   : NULL;

	return r && r->object == (int32_t)kind ? r : NULL;
}

/* Whatever was there ends, but for another iterator, whole or in part. */
static bool overwrite(struct fe_env *env, const struct fe_call_args *c, unsigned regno,
		      unsigned bytes)
{
	struct fe_mem_access m = { .base = regno, .size = 8, .access = FE_WRITE, .value = -1 };
	struct fe_place p;
	const char *wanted = bytes == 8 ? "eight aligned bytes of stack for an iterator"
					: "sixteen aligned bytes of stack for an iterator";

	if (!fe_object_place(env, regno, bytes, &p))
		return fe_wrong_kind(env, c, regno, wanted);
	for (uint32_t i = 0; i < p.n; i++) {
		const struct fe_stack_slot *s = &p.frame->slots[p.slot - i];

		if (p.slot - i < p.frame->n_slots && fe_slot_has_object(s) &&
		    s->spill.type == FE_ITER)
			return fe_wrong_kind(env, c, regno, wanted);
	}
	for (m.off = 0; m.off < (int32_t)bytes; m.off += 8) {
		if (!fe_check_mem(env, &m))
			return false;
	}
	return true;
}

static bool make(struct fe_env *env, const struct fe_call_args *c, unsigned regno,
		 enum fe_iter_kind kind)
{
	struct fe_reg r;

	if (!overwrite(env, c, regno, bytes_of(kind)))
		return false;
	fe_reg_pointer(&r, FE_ITER, (int32_t)kind);
	r.ref = ++env->walk.id_gen;
	r.iter = FE_ITER_ACTIVE;
	if (!fe_state_add_ref(env->walk.cur, r.ref, env->walk.pc))
		return FE_REJECT(env, REASON_REF_TOO_MANY, FE_MAX_REFS);
	return fe_object_put(env, regno, bytes_of(kind), &r);
}

bool fe_check_iter_arg(struct fe_env *env, struct fe_call_args *c, unsigned regno, uint8_t kind)
{
	enum fe_iter_kind of = kind >= FE_ARG_BITS_NEW ? FE_ITER_BITS : FE_ITER_NUM;
	const struct fe_reg *r;

	if (kind == FE_ARG_ITER_NEW || kind == FE_ARG_BITS_NEW)
		return make(env, c, regno, of);
	r = find(env, regno, of);
	if (!r)
		return fe_wrong_kind(env, c, regno, "an iterator");
	c->iter_ref = r->ref;
	if (kind == FE_ARG_ITER_RELEASE || kind == FE_ARG_BITS_RELEASE)
		c->release_ref = r->ref;
	return true;
}

/* The iterator of a reference, its lowest slot; they are where they were made. */
static struct fe_reg *by_ref(const struct fe_state *s, uint32_t ref)
{
	for (uint32_t k = 0; k < s->n_frames; k++) {
		for (uint32_t i = s->frames[k]->n_slots; i-- > 0;) {
			struct fe_stack_slot *slot = &s->frames[k]->slots[i];

			if (fe_slot_has_object(slot) && slot->spill.type == FE_ITER &&
			    slot->spill.ref == ref)
				return &slot->spill;
		}
	}
	return NULL;
}

bool fe_iter_next(struct fe_env *env, const struct fe_call_args *c)
{
	struct fe_reg *iter = by_ref(env->walk.cur, c->iter_ref), *r0;
	struct fe_state *round;

	if (iter->iter == FE_ITER_ACTIVE) {
		round = fe_fork(env, fe_cfg_next(&env->cfg, env->walk.pc));
		if (!round)
			return false;
		by_ref(round, c->iter_ref)->off++; /* rounds */
		fe_begin_round(env, round);
		r0 = &fe_top(round)->regs[BPF_REG_0];
		fe_reg_pointer(r0, FE_MEM, -1);
		r0->mem_size = sizeof(int);
		r0->flags = FE_READ_ONLY;
		r0->ref = c->iter_ref;
	}
	iter->iter = FE_ITER_DRAINED;
	fe_reg_const(fe_reg(env, BPF_REG_0), 0);
	return true;
}

bool fe_iter_is_next(const struct fe_env *env, uint32_t pc)
{
	const struct bpf_insn *i = &env->prog->insns[pc];
	const struct fe_kfunc *k;

	if (!ebpf_is_call(i) || i->src_reg != EBPF_CALL_KFUNC)
		return false;
	k = fe_kfunc(fe_extern_name(env->obj, i->imm));
	return k && k->proto.ret == FE_RET_NEXT;
}

bool fe_iter_goes_on(struct fe_env *env)
{
	const struct fe_reg *r = find(env, BPF_REG_1, FE_ITER_NUM);

	r = r ? r : find(env, BPF_REG_1, FE_ITER_BITS);
	return r && r->iter == FE_ITER_ACTIVE;
}

bool fe_iter_rounds_differ(const struct fe_state *a, const struct fe_state *b)
{
	for (uint32_t k = 0; k < a->n_frames && k < b->n_frames; k++) {
		const struct fe_frame *f = a->frames[k], *g = b->frames[k];

		for (uint32_t i = 0; i < f->n_slots && i < g->n_slots; i++) {
			const struct fe_stack_slot *s = &f->slots[i], *t = &g->slots[i];

			if (fe_slot_has_object(s) && fe_slot_has_object(t) &&
			    t->spill.type == FE_ITER && t->spill.iter == FE_ITER_ACTIVE &&
			    s->spill.off != t->spill.off)
				return true;
		}
	}
	return false;
}
