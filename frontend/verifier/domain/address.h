/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_VERIFIER_DOMAIN_ADDRESS_H
#define FRONTEND_VERIFIER_DOMAIN_ADDRESS_H

#include "frontend/verifier/walk/env.h"

/* Scalars that are made of packet addresses. */

/* address.c: numbers that are made of addresses */
struct fe_address fe_packet_address(const struct fe_reg *r); /* of a packet pointer */
bool fe_alu_has_address(const struct fe_env *env, const struct bpf_insn *insn);
/* After the instruction was checked; the operands as they were before. */
void fe_address_of_alu(struct fe_env *env, const struct bpf_insn *insn, const struct fe_reg *dst,
		       const struct fe_reg *src);
void fe_address_of_compare(struct fe_env *env, uint8_t op, bool is32, const struct fe_reg *a,
			   const struct fe_reg *b);
/* The number goes where its value counts. */
void fe_address_used(struct fe_env *env, const struct fe_reg *r);
/* `size` bytes of the number are kept. */
void fe_address_cut(struct fe_env *env, struct fe_reg *r, unsigned size, bool sign_extend);
bool fe_byte_has_address(const struct fe_stack_slot *s, uint8_t byte);
/* Whatever was found of `old` holds of `cur`. */
bool fe_same_address(const struct fe_reg *old, const struct fe_reg *cur);

#endif
