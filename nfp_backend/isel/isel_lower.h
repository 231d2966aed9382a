/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_ISEL_ISEL_LOWER_H
#define NFP_BACKEND_ISEL_ISEL_LOWER_H

#include "nfp_backend/isel/isel_cursor.h"
#include "nfp_backend/isel/isel_query.h"
#include "nfp_backend/isel/isel_value.h"

/* Lowering: one function per kind of IR instruction, which emits it and sets its value, and the parts
 * that kinds share. */

/* ---- isel.c ---- */
/* Makes the value of an instruction at the cursor. */
void isel_select_inst(struct isel *is, LLVMValueRef v);

/* ---- operations ---- */
/* isel_alu.c */
void isel_select_binary(struct isel *is, LLVMValueRef v);
void isel_select_cast(struct isel *is, LLVMValueRef v);
struct isel_val isel_add(struct isel *is, struct isel_val a, struct isel_val b, unsigned ubits);
struct isel_val isel_sub(struct isel *is, struct isel_val a, struct isel_val b, unsigned ubits);
/* a + (b << 32 * at), as many words as a has. */
struct isel_val isel_add_at(struct isel *is, struct isel_val a, struct isel_val b, unsigned at);
struct isel_val isel_logic(struct isel *is, LLVMOpcode op, struct isel_val a, struct isel_val b);
/* x & m as one instruction: an immediate ANDed with x's operand shifted. *shift - x->shift: how far the
 * result is from its place. */
bool isel_short_mask(const struct isel_word *x, uint32_t m, uint32_t *imm, int *shift);
/* isel_shift.c */
struct isel_val isel_shl_const(struct isel *is, struct isel_val v, unsigned n);
struct isel_val isel_lshr_const(struct isel *is, struct isel_val v,
				unsigned n); /* v zero-extended */
struct isel_val isel_ashr_const(struct isel *is, struct isel_val v,
				unsigned n); /* v sign-extended */
/* Low word of (hi:lo) >> r, 0 < r < 32. */
struct isel_word isel_shift_pair(struct isel *is, struct isel_word hi, struct isel_word lo,
				 unsigned r);
struct isel_val isel_funnel(struct isel *is, struct isel_val hi, struct isel_val lo, unsigned right,
			    unsigned width);
void isel_select_shift(struct isel *is, LLVMValueRef v);
struct isel_val isel_shift_var(struct isel *is, LLVMOpcode op, struct isel_val v, unsigned width,
			       struct isel_word amount);
/* isel_mul.c */
struct isel_val isel_mul(struct isel *is, struct isel_val a, struct isel_val b, unsigned words);
struct isel_word isel_mul_high(struct isel *is, struct isel_word a, struct isel_word b);
void isel_select_mul(struct isel *is, LLVMValueRef v);
/* isel_div.c */
void isel_select_div(struct isel *is, LLVMValueRef v);
/* isel_intrin.c: llvm.* calls */
bool isel_select_intrinsic(struct isel *is, LLVMValueRef v, const char *name); /* false: unknown */
struct isel_val isel_bswap(struct isel *is, struct isel_val v, unsigned bytes);
struct isel_val isel_all_ones(unsigned width);
/* isel_overflow.c: the two parts of llvm.*.with.overflow */
void isel_select_extract(struct isel *is, LLVMValueRef v);
void isel_jump_overflow(struct isel *is, LLVMValueRef extract, bool sense, uint32_t target);

/* ---- conditions ---- */
/* isel_cond.c: goes to `target` if the i1 value is `sense`, else on with the next instruction. */
void isel_jump_if(struct isel *is, LLVMValueRef cond, bool sense, uint32_t target);
/* Which sense needs fewer jumps. */
bool isel_natural_sense(struct isel *is, LLVMValueRef cond);
struct isel_word isel_bool(struct isel *is, LLVMValueRef cond);      /* 0 or 1 in a register */
struct isel_word isel_bool_sext(struct isel *is, LLVMValueRef cond); /* 0 or all ones */
void isel_select_select(struct isel *is, LLVMValueRef v);
/* isel_cmp.c */
void isel_jump_icmp(struct isel *is, LLVMIntPredicate p, LLVMValueRef a, LLVMValueRef b, bool sense,
		    uint32_t target);
void isel_jump_cmp(struct isel *is, LLVMIntPredicate p, struct isel_val a, struct isel_val b,
		   uint32_t target); /* operands extended to whole words as the predicate asks */
/* Can a comparison be left in the carry flag (set when it holds)? Then isel_carry_icmp() does so. */
bool isel_carry_means(struct isel *is, LLVMValueRef icmp, bool sense);
void isel_carry_icmp(struct isel *is, LLVMValueRef icmp, bool sense);
/* isel_eq.c */
void isel_jump_when(struct isel *is, bool taken, uint32_t target); /* decided already */
/* Goes to target if field w equals (eq) or differs from c; `width` bits count. */
void isel_jump_eq_const(struct isel *is, struct isel_word w, unsigned width, uint32_t c, bool eq,
			uint32_t target);
void isel_jump_eq(struct isel *is, struct isel_val a, struct isel_val b, bool eq,
		  uint32_t target); /* zero-extended to whole words */
/* Comparisons whose operands need not be made; false: none of them. */
bool isel_jump_eq_pattern(struct isel *is, LLVMValueRef a, LLVMValueRef b, bool eq,
			  uint32_t target);
unsigned isel_eq_cost(const struct isel_word *w,
		      uint32_t c); /* instructions, without byte branches */
/* The field's bytes are bytes *first, *first + 1, … of its operand, which hold nothing else. */
bool isel_field_bytes(const struct isel_word *w, unsigned width, unsigned *first, unsigned *n);
/* isel_switch.c */
void isel_select_switch(struct isel *is, LLVMValueRef sw);

/* ---- memories ---- */
/* isel_addr.c */
/* isel_decompose(), or a refusal. */
bool isel_address(struct isel *is, LLVMValueRef ptr, struct isel_addr *out);
/* Operands a and b of a command for the address. */
struct isel_cmd_addr {
	enum nfp_addr_mode mode;
	struct nfp_opnd a, b;
};
struct isel_cmd_addr isel_cmd_address(struct isel *is, const struct isel_addr *addr);
void isel_select_gep(struct isel *is, LLVMValueRef v);
/* isel_mem.c */
void isel_select_load(struct isel *is, LLVMValueRef v);
void isel_select_store(struct isel *is, LLVMValueRef v);
void isel_select_atomic(struct isel *is, LLVMValueRef v);
void isel_select_memcpy(struct isel *is, LLVMValueRef v);
void isel_select_memset(struct isel *is, LLVMValueRef v);
bool isel_bswap_of_load(struct isel *is, LLVMValueRef v, struct isel_val *out);
/* A value as it is cheapest to compare for equality: `swapped` says that its bytes are reversed. */
struct isel_val isel_eq_view(struct isel *is, LLVMValueRef v, bool *swapped);
/* isel_store.c */
void isel_store_later(struct isel *is, const struct isel_pending_store *st);
void isel_flush_stores(struct isel *is); /* of all spaces */
void isel_flush_space(struct isel *is, enum isel_space space);
/* Emits what is pending in addr's space if some of it may overlap `bytes` from there. */
void isel_flush_overlapping(struct isel *is, const struct isel_addr *addr, uint32_t bytes);
/* Value of a load whose bytes are all pending. False: they are not. */
bool isel_forward(struct isel *is, const struct isel_addr *addr, uint32_t bytes,
		  struct isel_val *out);
/* One or more write commands for bytes that stand in words[], first byte lowest. */
void isel_write_words(struct isel *is, const struct isel_addr *addr, const struct isel_word *words,
		      uint32_t bytes);
/* isel_stack.c */
void isel_stack_store(struct isel *is, const struct isel_addr *addr, struct isel_val val,
		      uint32_t bytes, unsigned align);
struct isel_val isel_stack_read(struct isel *is, const struct isel_addr *addr, uint32_t bytes,
				unsigned align);
struct nfp_opnd isel_stack_address(struct isel *is, const struct isel_addr *addr);

/* ---- calls ---- */
/* isel_call.c */
void isel_select_nfp_call(struct isel *is, LLVMValueRef v, const char *name);
void isel_jump_call_failed(struct isel *is, LLVMValueRef call, bool failed, uint32_t target);

/* ---- isel_exit.c: ways out ---- */
uint32_t isel_exit_block(struct isel *is, uint32_t r0);
void isel_abort(struct isel *is);
void isel_return(struct isel *is, LLVMValueRef r0);
/* Machine block that the edge from -> to leads to: an exit when `to` returns a constant for it. */
uint32_t isel_edge(struct isel *is, uint32_t from, uint32_t to);

#endif
