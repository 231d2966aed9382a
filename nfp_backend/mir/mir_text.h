/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_MIR_MIR_TEXT_H
#define NFP_BACKEND_MIR_MIR_TEXT_H

#include "nfp_backend/mir/mir_ops.h"

#include <stdio.h>

/* Words of the text form, shared by mir_print.c and mir_parse.c; the grammar is docs/ir.md. Each
 * table ends in NULL and is indexed by the enum that it names. */

extern const char *const nfp_text_vclass[]; /* enum nfp_vclass */
extern const char *const nfp_text_bank[];   /* enum nfp_bank */
extern const char *const nfp_text_slot[];   /* enum nfp_slot_kind */
extern const char *const nfp_text_stage[];  /* enum nfp_stage */
extern const char *const nfp_text_prog[];   /* enum nfp_prog_type */
extern const char *const nfp_text_mul[];    /* enum nfp_mul_type; [0] is the start step's */
extern const char *const nfp_text_step[];   /* enum nfp_mul_step + 1 */

/* One instruction, without the newline. */
void nfp_print_insn(const struct nfp_func *fn, const struct nfp_mi *mi, FILE *f);

#endif
