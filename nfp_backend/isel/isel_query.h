/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_ISEL_ISEL_QUERY_H
#define NFP_BACKEND_ISEL_ISEL_QUERY_H

#include "nfp_backend/isel/isel_ir.h"

/* Questions about values, calls and addresses that analyses and lowering both ask. They read the
 * IR and change nothing (isel_query.c, isel_decompose.c). */

/* ---- types and constants ---- */

unsigned isel_type_width(LLVMTypeRef t); /* bits of an integer or pointer; 0: neither */
/* Bytes that an array index steps over; 0: not a sized type of ours. */
uint64_t isel_type_bytes(LLVMTypeRef t);
static inline unsigned isel_width(LLVMValueRef v)
{
	return isel_type_width(LLVMTypeOf(v));
}
/* Words of a constant integer, null, undef or poison (as 0). False: not such a constant. */
bool isel_const_words(LLVMValueRef v, uint32_t w[ISEL_MAX_WORDS]);
bool isel_const_u64(LLVMValueRef v, uint64_t *out); /* up to 64 bits */

/* ---- instructions ---- */

bool isel_is_inst(LLVMValueRef v, LLVMOpcode op);
/* No effect but the result, which depends on the operands only. */
bool isel_is_pure(LLVMValueRef v);
bool isel_is_cond(LLVMValueRef v); /* i1 operation that becomes branches rather than a register */
/* The only user of v, NULL if there are none or several. */
LLVMValueRef isel_single_user(LLVMValueRef v);

/* ---- calls ---- */

/* nfp.* functions: the rows of intrinsics.def. */
enum isel_call {
#define INTRINSIC(id, name, type) ISEL_CALL_##id,
#include "nfp_backend/intrinsics.def"
#undef INTRINSIC
	ISEL_CALL_COUNT
};

enum isel_clobber {
	ISEL_CLOBBERS_XFER = 1, /* transfer registers are gone afterwards */
	ISEL_CLOBBERS_PV = 2,   /* packet vector changes: data and length must be read again */
};

/* Name of the function that a call names, "" for an indirect call. */
const char *isel_callee(LLVMValueRef call);
bool isel_calls(LLVMValueRef v, const char *name);
enum isel_call isel_call_of(const char *name); /* ISEL_CALL_COUNT: none of them */
bool isel_is_nfp_call(const char *name, unsigned *clobbers /* enum isel_clobber */);
/* An adjust helper whose result only decides the block's branch: emitted there. */
bool isel_call_is_fused(const struct isel_ir *ir, LLVMValueRef call);

bool isel_intrinsic_is_pure(const char *name);
bool isel_intrinsic_is_ignored(const char *name); /* says something to LLVM, does nothing */

/* ---- addresses ---- */

/* False: in a memory that is neither packet, stack nor map value. */
bool isel_decompose(const struct isel_ir *ir, LLVMValueRef ptr, struct isel_addr *out);
bool isel_same_base(const struct isel_addr *a, const struct isel_addr *b);
bool isel_may_overlap(const struct isel_addr *a, uint32_t a_bytes, const struct isel_addr *b,
		      uint32_t b_bytes);

#endif
