/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_ISEL_ISEL_IR_H
#define NFP_BACKEND_ISEL_ISEL_IR_H

#include "base/bits.h"
#include "base/cx.h"
#include "base/vec.h"

#include <llvm-c/Core.h>

/* The numbered IR and what the analyses find out about it. isel_number() and the analyses fill it,
 * in the order in which they are declared; lowering only reads it (two fields of the load groups
 * excepted, which say so). Analyses see nothing else of instruction selection. */

#define ISEL_MAX_WORDS 4 /* i128 */
#define ISEL_MAX_WIDTH (32 * ISEL_MAX_WORDS)

struct isel_inst {
	LLVMValueRef v;
	LLVMOpcode op;
	uint32_t block;
	uint16_t width; /* bits; 0: no value (void), or a type that we have no words for */
	uint16_t ubits; /* significant bits at most */
	bool deferred;  /* computed where the user stands */
	bool escapes;   /* used where transfer registers or packet vector have changed since */
	uint8_t height; /* levels of deferred operands below */
	uint32_t xfer_version, pv_version; /* see isel_clobber.c */
	/* Loads. Lowering takes a load out of its group when pending stores give its bytes. */
	struct isel_group *group;
};

struct isel_block {
	LLVMBasicBlockRef bb;
	uint32_t first, n; /* instructions */
	VEC(uint32_t) preds;
	VEC(uint32_t) succs;
	uint32_t idom, dom_in, dom_out; /* preorder interval in the dominator tree */
	uint32_t freq;
	bool ret_only; /* phis, pure operations and ret */
};

/* ---- addresses ---- */

enum isel_space { ISEL_STACK = 0, ISEL_PACKET = 1, ISEL_MAP_VALUE = 2 };

#define ISEL_MAX_VARS 3

/* root + var[0] + … + off; equal keys (all but off) mean equal addresses but for off. */
struct isel_addr {
	enum isel_space space;
	LLVMValueRef root;
	uint32_t version; /* root is nfp.pkt.data: packet vector version */
	bool pkt_root;
	uint32_t n_var;
	LLVMValueRef var[ISEL_MAX_VARS];
	int64_t off;
};

/* Loads served by one memory command, issued at the first of them. */
struct isel_group {
	struct isel_addr addr; /* off: of the first byte read */
	uint32_t leader;       /* instruction index */
	int64_t min, max;      /* bytes needed: [min, max) */
	uint32_t words;
	bool big_endian;
	bool local; /* all loads stand in one block: the command may wait for the first that needs it */
	VEC(uint32_t) loads;
	/* lowering's: */
	bool issued;
	uint32_t xin; /* tuple; valid once issued */
};

/* ---- the whole ---- */

/* Key to 32-bit index; keys are never 0 (isel_map.c). */
struct isel_map {
	uint64_t *keys;
	uint32_t *vals;
	size_t len, cap;
};

uint32_t *isel_map_at(struct isel_map *map, struct cx *cx,
		      uint64_t key);                              /* added as UINT32_MAX if new */
uint32_t isel_map_find(const struct isel_map *map, uint64_t key); /* UINT32_MAX: none */

struct isel_ir {
	struct cx *cx;
	LLVMValueRef llfn;
	struct isel_inst *insts;
	uint32_t n_insts;
	struct isel_block *blocks; /* reverse postorder; [0] is the entry */
	uint32_t n_blocks;
	struct isel_map inst_of, block_of; /* LLVM handle to index */
	VEC(struct isel_group *) groups;
};

void isel_number(struct isel_ir *ir);                                      /* isel_ir.c */
uint32_t isel_inst_index(const struct isel_ir *ir, LLVMValueRef v);        /* UINT32_MAX: none */
struct isel_inst *isel_inst_of(const struct isel_ir *ir, LLVMValueRef v);  /* NULL: none */
uint32_t isel_block_index(const struct isel_ir *ir, LLVMBasicBlockRef bb); /* UINT32_MAX: none */
bool isel_dominates(const struct isel_ir *ir, uint32_t a, uint32_t b);     /* blocks */

/* ---- analyses ---- */

void isel_find_clobbers(struct isel_ir *ir); /* isel_clobber.c */
void isel_find_deferred(struct isel_ir *ir); /* isel_defer.c */
void isel_find_escapes(struct isel_ir *ir);  /* isel_clobber.c */
void isel_find_bits(struct isel_ir *ir);     /* isel_bits.c */
void isel_find_groups(struct isel_ir *ir);   /* isel_group.c */

/* Significant bits of the value at most. */
unsigned isel_ubits(const struct isel_ir *ir, LLVMValueRef v);
/* isel_posted.c: may the atomic addition `inst` go without waiting for its end? Needs the groups. */
bool isel_may_post(const struct isel_ir *ir, uint32_t inst, const struct isel_addr *addr,
		   uint32_t bytes);

#endif
