/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_ISEL_ISEL_CURSOR_H
#define NFP_BACKEND_ISEL_ISEL_CURSOR_H

#include "nfp_backend/isel/isel.h"
#include "nfp_backend/isel/isel_value.h"

/* Emission: where code goes, and the machine instructions that are appended there (isel_emit.c). */

/* The place in the walk over the IR. */
struct isel_cursor {
	uint32_t block;    /* machine block that code goes to */
	uint32_t ir_block; /* IR block being selected */
	uint32_t at;       /* instruction being selected */
	int32_t bpf_pc;
	uint32_t *head;      /* IR block to its first machine block */
	VEC(uint32_t) owner; /* machine block to IR block */
	/* 0: code runs whenever the IR block does. Each conditional branch opens a scope inside the
	 * current one; whoever joins the paths again puts the old scope back. */
	uint32_t scope;
	VEC(uint32_t) scope_parent; /* of each scope ever opened */
};

/* Instruction selection of one function, by lifetime. */
struct isel {
	struct cx *cx;
	struct nfp_func *fn; /* the result */
	unsigned md_bpf_pc;
	bool failed;                              /* refused: the walk ends, the code is not used */
	struct isel_ir ir;                        /* fixed once the analyses have run */
	struct isel_cursor here;                  /* moves */
	struct isel_cache cache;                  /* grows */
	struct isel_phis phis;                    /* filled in at the end */
	VEC(struct isel_pending_store) stores[3]; /* of this block, by space; one base each */
};

/* ---- blocks and branches ---- */

uint32_t isel_new_block(struct isel *is);
void isel_goto(struct isel *is, uint32_t block);  /* ends the current block, goes on in `block` */
void isel_begin(struct isel *is, uint32_t block); /* the current block is ended already */
/* As isel_begin(), for a block that a conditional branch leads to; `scope` was current before it. */
void isel_begin_arm(struct isel *is, uint32_t block, uint32_t scope);
void isel_br(struct isel *is, uint32_t block);
void isel_jump(struct isel *is, uint32_t block); /* ends the current block; what follows is dead */
void isel_bcc(struct isel *is, enum nfp_cc cc, uint32_t block);
void isel_bbit(struct isel *is, struct nfp_opnd o, unsigned bit, bool set, uint32_t block);
void isel_bbyte(struct isel *is, struct nfp_opnd o, unsigned byte, unsigned value, bool equal,
		uint32_t block);

/* ---- instructions ---- */

struct nfp_mi *isel_emit(struct isel *is, enum nfp_mir_op op);
bool isel_same_opnd(const struct nfp_opnd *a, const struct nfp_opnd *b);
struct nfp_opnd isel_new_reg(struct isel *is);
struct nfp_opnd isel_copy(struct isel *is, struct nfp_opnd src);
void isel_copy_to(struct isel *is, struct nfp_opnd dst, struct nfp_opnd src);
/* dst = a op b; sources of one kind that the hardware cannot read together are copied. */
struct nfp_mi *isel_alu_to(struct isel *is, struct nfp_opnd dst, enum nfp_alu_op op,
			   struct nfp_opnd a, struct nfp_opnd b);
struct nfp_opnd isel_alu(struct isel *is, enum nfp_alu_op op, struct nfp_opnd a, struct nfp_opnd b);
/* As isel_alu_to() without result, for the condition codes. */
void isel_test(struct isel *is, enum nfp_alu_op op, struct nfp_opnd a, struct nfp_opnd b);
/* dst = a op (b shifted by n: right if > 0, left if < 0). */
struct nfp_mi *isel_shf_to(struct isel *is, struct nfp_opnd dst, enum nfp_shf_op op,
			   struct nfp_opnd a, struct nfp_opnd b, int n);
struct nfp_opnd isel_shf(struct isel *is, struct nfp_opnd b, int n);
struct nfp_opnd isel_dshf(struct isel *is, struct nfp_opnd hi, struct nfp_opnd lo, unsigned n);
struct nfp_opnd isel_asr(struct isel *is, struct nfp_opnd v, unsigned n);
/* dst's bytes = those of src shifted by n (as above); zf: the others become 0. */
struct nfp_mi *isel_ldf_to(struct isel *is, struct nfp_opnd dst, unsigned bmask,
			   struct nfp_opnd src, int n, bool zf);

/* ---- joins ---- */

/* A two-way join: new block's phi is `special` when control comes from `special_pred`. */
struct nfp_opnd isel_join_phi(struct isel *is, uint32_t special_pred, struct nfp_opnd special,
			      struct nfp_opnd usual);
/* Gives the phi made last one more special predecessor. */
void isel_join_more(struct isel *is, uint32_t special_pred, struct nfp_opnd special);
/* Has code made in (block, scope) run whenever the current code runs? */
bool isel_in_scope(const struct isel *is, uint32_t block, uint32_t scope);
/* Reports the refusal and lets selection run to its end without code. */
void isel_refuse(struct isel *is, const char *what);

#endif
