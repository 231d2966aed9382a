/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_VERIFIER_DOMAIN_VALUE_H
#define FRONTEND_VERIFIER_DOMAIN_VALUE_H

#include "frontend/verifier/domain/tnum.h"

/* What the verifier knows of a 64-bit number: known bits, and signed and unsigned bounds of the
 * whole and of its low half. The nine views describe the same number; fe_val_bounds_sync() lets each
 * deduce from the others. For pointers it is the variable part of the offset. */
struct fe_val {
	struct vp_tnum var;
	int64_t smin, smax;
	uint64_t umin, umax;
	int32_t s32_min, s32_max;
	uint32_t u32_min, u32_max;
};

struct fe_val fe_val_unknown(void);
struct fe_val fe_val_const(uint64_t v);
static inline bool fe_val_is_const(const struct fe_val *v)
{
	return fe_tnum_is_const(v->var);
}
static inline bool fe_val_low32_is_const(const struct fe_val *v)
{
	return !(uint32_t)v->var.mask;
}
bool fe_val_is_unknown(const struct fe_val *v);

/* Lets the bounds and the known bits refine each other. False: the views contradict each other,
 * so no number is left (the path cannot be walked by any execution). */
bool fe_val_bounds_sync(struct fe_val *v);

/* dst = dst op src for an ALU opcode (BPF_ADD … BPF_ARSH); exact width semantics of BPF_ALU
 * (`is64` false: result zero-extended) and BPF_ALU64. Division, modulo, byte swaps and shifts by
 * an unknown amount give an unknown number, as they do in the kernel. */
void fe_val_alu(struct fe_val *dst, const struct fe_val *src, uint8_t op, bool is64);
void fe_val_zext32(struct fe_val *v);
/* Keeps the low `bytes` (1, 2, 4, 8), zero-extended. */
void fe_val_truncate(struct fe_val *v, unsigned bytes);
/* The low `bytes` (2, 4, 8), their order reversed when `swap`, zero-extended. */
void fe_val_end(struct fe_val *v, unsigned bytes, bool swap);
/* Sign-extends the low `bytes` (1, 2, 4) to 64 bits, or to 32 with a clear high half. */
void fe_val_sign_extend(struct fe_val *v, unsigned bytes, bool to64);

/* Every number of `inner` is one of `outer`. */
bool fe_val_covers(const struct fe_val *outer, const struct fe_val *inner);
bool fe_val_equal(const struct fe_val *a, const struct fe_val *b);
/* Covers `now`: bounds of `before` that still hold and low bits that are the same are kept, the others
 * are given up. For loops: what a round has not changed it may never change. */
struct fe_val fe_val_widen(const struct fe_val *before, const struct fe_val *now);
/* Smallest value that covers both. */
struct fe_val fe_val_join(const struct fe_val *a, const struct fe_val *b);

/* refine.c */

/* A comparison: a BPF_J* opcode at one width. Negating JSET gives a condition without an opcode:
 * see FE_JNSET. */
#define FE_JNSET 0x01

/* Condition that holds when `op` does not. */
uint8_t fe_cond_negate(uint8_t op);
/* Condition on (b, a) that equals `op` on (a, b). */
uint8_t fe_cond_swap(uint8_t op);
/* 1: `a op b` holds for all numbers, 0: for none, -1: it depends. */
int fe_cond_decide(const struct fe_val *a, const struct fe_val *b, uint8_t op, bool is32);
/* Narrows both sides knowing that `a op b` holds. False: it cannot hold. */
bool fe_cond_refine(struct fe_val *a, struct fe_val *b, uint8_t op, bool is32);

#endif
