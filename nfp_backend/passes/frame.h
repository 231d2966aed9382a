/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_PASSES_FRAME_H
#define NFP_BACKEND_PASSES_FRAME_H

#include "nfp_backend/mir/mir_ops.h"

/* Frame layout shared by the passes that must know it before it is final (frame.c).
 *
 *   word 0      key area: LM0 points here all the time
 *               values and stack, as far as they fit into the first 16 words
 *               spilled registers
 *   then        the other values and stack, each from a multiple of 16 words
 *
 * "Near" words are the first 16: operands name them through LM0. Others are "far": only COPY may
 * touch them, through LM2 or LM3. */

/* Gives key, value and stack slots that fit near their offsets, once. */
void nfp_place_near_slots(struct nfp_func *fn);
/* Gives a new spill slot its offset. */
void nfp_place_spill_slot(struct nfp_func *fn, uint32_t slot);
bool nfp_slot_is_near(const struct nfp_func *fn, const struct nfp_opnd *o);
/* Does code of the function need A22, the frame's address? B22 (scratch for far words)? */
bool nfp_needs_frame_address(const struct nfp_func *fn);
bool nfp_has_far_slots(const struct nfp_func *fn);

/* Operand of local memory, by pointer or slot. */
static inline bool nfp_is_lm(const struct nfp_opnd *o)
{
	return o->kind == NFP_O_LM || o->kind == NFP_O_SLOT;
}

/* Can the instruction name this word of local memory as operand? */
bool nfp_lm_operand_fits(const struct nfp_func *fn, const struct nfp_mi *mi,
			 const struct nfp_opnd *o);

#endif
