/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_MIR_MIR_OPS_H
#define NFP_BACKEND_MIR_MIR_OPS_H

#include "nfp_backend/firmware/calling_convention.h"
#include "nfp_backend/mir.h"

/* Facts about MIR opcodes, one row each (operands.def), and small questions that several passes ask.
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

/* Fields of struct nfp_mi beside op, dst, a and b. */
enum nfp_field {
	NFP_FIELD_DST2 = 1 << 0,
	NFP_FIELD_ALU = 1 << 1,
	NFP_FIELD_SC = 1 << 2,
	NFP_FIELD_SHIFT = 1 << 3,
	NFP_FIELD_INDIRECT = 1 << 4,
	NFP_FIELD_BYTES = 1 << 5, /* bmask, zf */
	NFP_FIELD_IMMED = 1 << 6, /* width, byte_shift, inv */
	NFP_FIELD_MUL = 1 << 7,   /* mul_type, mul_step */
	NFP_FIELD_CC = 1 << 8,
	NFP_FIELD_BR_SET = 1 << 9,
	NFP_FIELD_TARGET = 1 << 10,
	NFP_FIELD_IMM = 1 << 11, /* imm32 */
	NFP_FIELD_CONST_EXIT = 1 << 12,
	NFP_FIELD_HELPER = 1 << 13,
	NFP_FIELD_CMD = 1 << 14,
	NFP_FIELD_CALL = 1 << 15,
	NFP_FIELD_PHI = 1 << 16,
};

/* A row of operands.def. */
struct nfp_mir_op_info {
	const char *name;
	const char *format;
	uint16_t dst, a, b; /* sets of enum nfp_opnd_kind; 0: no such operand */
	uint32_t fields;    /* enum nfp_field */
	unsigned flags;     /* enum nfp_op_flag */
};

extern const struct nfp_mir_op_info nfp_mir_op_infos[NFP_M_COUNT];

static inline const struct nfp_mir_op_info *nfp_op_info(const struct nfp_mi *mi)
{
	assert(mi->op < NFP_M_COUNT);
	return &nfp_mir_op_infos[mi->op];
}

static inline bool nfp_op_is(const struct nfp_mi *mi, enum nfp_op_flag flag)
{
	return (nfp_op_info(mi)->flags & (unsigned)flag) != 0;
}

/* The fields that hold something, whether the opcode has them or not. */
unsigned nfp_fields_in_use(const struct nfp_mi *mi);
/* The fields that a character of a text form stands for; 0: an operand, or no field. */
unsigned nfp_format_fields(char c);

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

/* Calls `visit` for each register operand that an instruction reads or writes, pseudo
 * instructions' argument lists included (mir.c): the one place that knows. LDF without zf reads dst. */
typedef void nfp_opnd_visitor(struct nfp_opnd *o, bool is_def, void *priv);
void nfp_visit_opnds(struct nfp_mi *mi, nfp_opnd_visitor *visit, void *priv);

bool nfp_opnd_equal(const struct nfp_opnd *a, const struct nfp_opnd *b);
bool nfp_is_vreg(const struct nfp_opnd *o, uint32_t reg);
/* The hardware registers that an NFP_O_GPR operand names. */
nfp_regset nfp_gpr_set(const struct nfp_opnd *o);

/* Does some branch of the block lead to `target`? */
bool nfp_block_leads_to(const struct nfp_block *b, uint32_t target);

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
struct nfp_mi *nfp_edit_alu(struct nfp_edit *e, struct nfp_opnd dst, struct nfp_opnd a,
			    enum nfp_alu_op op, struct nfp_opnd b);
/* Inserts `mi` before the glued group that the end of `out` may stand in. */
struct nfp_mi *nfp_edit_new_outside_glue(struct nfp_edit *e, enum nfp_mir_op op);
void nfp_edit_commit(struct nfp_edit *e, uint32_t block);

#endif
