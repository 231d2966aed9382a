/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_PASSES_SSA_H
#define NFP_BACKEND_PASSES_SSA_H

#include "nfp_backend/mir/mir_ops.h"
#include "nfp_backend/passes.h"

/* Definitions and uses of a function in SSA, for the folding passes (ssa.c). Instruction pointers are valid until
 * a block is edited; rebuild then. */

struct nfp_ssa_reg {
	struct nfp_mi *def; /* NULL: none, or not a plain register */
	uint32_t block;     /* of the definition */
	uint32_t n_uses;    /* PHI operands included, updates of itself not */
	bool updated;       /* LDF or IMMED change it after its definition */
};

struct nfp_ssa {
	struct nfp_func *fn;
	struct cx *cx;
	struct nfp_ssa_reg *regs;
};

void nfp_ssa_build(struct nfp_ssa *s, struct nfp_func *fn, struct cx *cx);
/* Definition of a register that nothing changes later; NULL: it has none such. */
struct nfp_mi *nfp_ssa_def(const struct nfp_ssa *s, const struct nfp_opnd *o);
/* Is the operand always the same number? */
bool nfp_ssa_const(const struct nfp_ssa *s, const struct nfp_opnd *o, uint32_t *value);

/* Byte k (0: least significant) of a value: unknown, zero, or byte `k` of the register `o`
 * (fold_bytes.c). */
struct nfp_byte {
	enum nfp_byte_kind { NFP_BYTE_UNKNOWN, NFP_BYTE_ZERO, NFP_BYTE_OF } kind;
	struct nfp_opnd o;
	unsigned k;
};

struct nfp_byte nfp_byte_source(const struct nfp_ssa *s, const struct nfp_opnd *o, unsigned k);
/* Bytes known to be zero: bit k for byte k. */
unsigned nfp_zero_bytes(const struct nfp_ssa *s, const struct nfp_opnd *o);

/* Is reading `o` at instruction `at` of block `b` free of charge? A transfer register is, if the
 * block has named its tuple before and called no helper since. */
bool nfp_at_hand(const struct nfp_ssa *s, const struct nfp_opnd *o, uint32_t b, size_t at);

/* Removes blocks that cannot be reached, with their PHI operands; renumbers the rest. True: some
 * were. */
bool nfp_prune_blocks(struct nfp_func *fn, struct cx *cx);
/* All branches of `from` to `old` go to `to` instead; PHIs are the caller's. */
void nfp_retarget(struct nfp_func *fn, uint32_t from, uint32_t old, uint32_t to);
/* Takes the operands for block `from` out of the PHIs of `b`. */
void nfp_drop_phi_operand(struct nfp_func *fn, uint32_t b, uint32_t from);
/* Operand of a PHI for block `from`; NULL: none. */
struct nfp_opnd *nfp_phi_operand(struct nfp_mi *phi, uint32_t from);

/* ---- parts of nfp_fold(); true: something changed ---- */

/* fold_value.c  */ bool
nfp_fold_values(struct nfp_ssa *s); /* copies, tests, bytes at their source */
/* fold_bits.c   */ bool nfp_fold_bits(struct nfp_ssa *s);     /* masks over dead bits */
/* fold_known.c  */ bool nfp_fold_known(struct nfp_ssa *s);    /* branches of known outcome */
/* fold_const.c  */ bool nfp_fold_consts(struct nfp_ssa *s);   /* constants in registers already */
/* fold_exit.c   */ bool nfp_fold_exits(struct nfp_ssa *s);    /* results known on the way in */
/* fold_branch.c */ bool nfp_fold_branches(struct nfp_ssa *s); /* tests of PHIs of constants */

#endif
