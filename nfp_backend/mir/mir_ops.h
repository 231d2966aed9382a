/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_MIR_MIR_OPS_H
#define NFP_BACKEND_MIR_MIR_OPS_H

#include "nfp_backend/mir.h"

/* Facts about MIR opcodes, one row each (mir_ops.c), and small questions that several passes ask.
 * Private to the passes over MIR. */

enum nfp_op_flag {
	NFP_OF_END = 1 << 0,    /* ends a block */
	NFP_OF_COND = 1 << 1,   /* conditional branch: leaves for target[0] or goes on */
	NFP_OF_SUCC = 1 << 2,   /* target[0] is a successor */
	NFP_OF_LABEL = 1 << 3,  /* target[0] names a block */
	NFP_OF_PSEUDO = 1 << 4, /* gone before PHYS */
	NFP_OF_RESULT = 1 << 5, /* no effect but the result in dst: dead when nobody reads it */
	NFP_OF_NARROW = 1 << 6, /* restricted operands: local memory offsets up to 7 (nfp.md 2.5) */
	NFP_OF_CC = 1 << 7,     /* may set condition codes */
};

struct nfp_mir_op_info {
	const char *name;
	/* Text form: characters stand for themselves, %x is a field (list in mir_ops.c). */
	const char *format;
	unsigned flags;
};

extern const struct nfp_mir_op_info nfp_mir_op_infos[NFP_M_COUNT];

static inline bool nfp_op_is(const struct nfp_mi *mi, enum nfp_op_flag flag)
{
	return (nfp_mir_op_infos[mi->op].flags & (unsigned)flag) != 0;
}

/* Does the instruction read what it names as destination (ld_field, immed_b, immed_w)? */
bool nfp_is_update(const struct nfp_mi *mi);
/* Highest local-memory word offset that operands of the instruction can name. */
unsigned nfp_lm_reach(const struct nfp_mi *mi);
/* Does the command read memory into transfer registers? */
bool nfp_mem_op_reads(enum nfp_mem_op op);
/* Transfer registers that a command fills or reads. */
unsigned nfp_cmd_words(const struct nfp_mi *mi);
/* Commands whose operand is in the override word. */
bool nfp_mem_op_is_imm(enum nfp_mem_op op);
/* Branch on the opposite condition. */
enum nfp_cc nfp_cc_invert(enum nfp_cc cc);
/* Turns a conditional branch into the one that goes the other way. */
void nfp_invert_branch(struct nfp_mi *mi);

/* BCC, +carry, -carry. */
bool nfp_reads_cc(const struct nfp_mi *mi);
/* Can one immed make the constant? Two are a read of the first one's result, which transfer-out
 * registers do not allow. */
bool nfp_const_is_short(uint32_t value);
/* First rule that the function breaks, or NULL; nfp_check() asserts it (mir_check.c). */
const char *nfp_check_error(const struct nfp_func *fn, struct cx *cx);

bool nfp_opnd_equal(const struct nfp_opnd *a, const struct nfp_opnd *b);
bool nfp_is_vreg(const struct nfp_opnd *o, uint32_t reg);

/* Index of the last instruction if it ends the block, else the number of instructions: where code
 * "at the end of the block" goes, before glued groups are considered. */
size_t nfp_block_end(const struct nfp_block *b);

/* A block's instructions being rewritten: passes push old and new ones in order, then commit. */
struct nfp_edit {
	struct nfp_func *fn;
	struct cx *cx;
	VEC(struct nfp_mi) out;
	int32_t bpf_pc; /* given to instructions made by nfp_edit_new() */
};

void nfp_edit_begin(struct nfp_edit *e, struct nfp_func *fn, struct cx *cx);
void nfp_edit_keep(struct nfp_edit *e, const struct nfp_mi *mi);
struct nfp_mi *nfp_edit_new(struct nfp_edit *e, enum nfp_mir_op op);
void nfp_edit_copy(struct nfp_edit *e, struct nfp_opnd dst, struct nfp_opnd src);
void nfp_edit_const(struct nfp_edit *e, struct nfp_opnd dst, uint32_t value);
/* Inserts `mi` before the glued group that the end of `out` may stand in. */
struct nfp_mi *nfp_edit_new_outside_glue(struct nfp_edit *e, enum nfp_mir_op op);
void nfp_edit_commit(struct nfp_edit *e, uint32_t block);

#endif
