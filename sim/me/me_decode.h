/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_ME_ME_DECODE_H
#define SIM_ME_ME_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One instruction word taken apart, operands resolved, nothing executed yet. Numbering is that of
 * 4-context mode, the mode of the BPF firmware (nfp.md 1.2). */

enum me_class {
#define CLASS(id, mask, value) ME_##id,
#include "sim/me/me_isa.def"
	ME_CLASS_COUNT
};

enum me_alu_op {
#define ALU_OP(code, id, text) ME_ALU_##id = (code),
#include "sim/me/me_isa.def"
};

enum me_shf_op {
#define SHF_OP(code, id, text) ME_SHF_##id = (code),
#include "sim/me/me_isa.def"
};

enum me_cond {
#define COND(code, id, text) ME_IF_##id = (code),
#include "sim/me/me_isa.def"
};

enum me_csr {
#define CSR(addr, id, text, may_read, may_write) ME_CSR_##id = (addr),
#include "sim/me/me_isa.def"
};

enum me_effect { /* of a memory command */
		 ME_MEM_UNKNOWN,
		 ME_MEM_READ,
		 ME_MEM_WRITE,
		 ME_MEM_ATOMIC_READ,
		 ME_MEM_ATOMIC_WRITE,
		 ME_MEM_SWAP,
#define ME_MEM_ATOMIC(op) ME_MEM_##op, ME_MEM_TEST_##op, ME_MEM_##op##_IMM, ME_MEM_TEST_##op##_IMM
		 ME_MEM_ATOMIC(SET),
		 ME_MEM_ATOMIC(CLR),
		 ME_MEM_ATOMIC(ADD),
		 ME_MEM_ATOMIC(ADDSAT),
		 ME_MEM_ATOMIC(SUB),
		 ME_MEM_ATOMIC(SUBSAT),
#undef ME_MEM_ATOMIC
		 ME_MEM_XOR,
};

enum me_order { ME_ORDER_BE, ME_ORDER_LE };

struct me_mem_cmd { /* row of the command table */
	uint8_t tgt_cmd, token;
	uint8_t unit; /* bytes per count */
	enum me_effect effect;
	enum me_order order;
	const char *name;
};

struct me_csr_info {
	uint16_t addr; /* byte address */
	bool may_read, may_write;
	const char *name;
};

enum me_operand_kind {
	ME_NONE,
	ME_GPR,        /* bank, n 0..31: context relative */
	ME_GPR_ABS,    /* bank, n 0..127: any context's */
	ME_XFER,       /* n 0..63: transfer register, in when read, out when written */
	ME_XFER_INDEX, /* *$index: through T_INDEX */
	ME_LM,         /* n 0..3: pointer; offset in words, ORed */
	ME_NN,         /* n: next-neighbour register */
	ME_NN_INDEX,
	ME_CONST, /* value */
};

enum me_post { ME_KEEP, ME_INCREMENT, ME_DECREMENT };

struct me_operand {
	enum me_operand_kind kind;
	bool bank_b; /* GPRs */
	uint8_t n;
	uint8_t offset; /* ME_LM */
	enum me_post post;
	uint32_t value; /* ME_CONST */
};

enum me_shift { ME_ROTATE_RIGHT, ME_SHIFT_RIGHT, ME_SHIFT_LEFT, ME_SHIFT_DOUBLE };
enum { ME_MUL_START, ME_MUL_24X8, ME_MUL_16X16, ME_MUL_32X32 }; /* me_insn.mul_type */
enum { ME_MUL_LAST = 4, ME_MUL_LAST2 = 5 }; /* me_insn.mul_step, 0..3: step 1..4 */

struct me_insn {
	enum me_class cls;
	/* `left OP right`, swapping resolved. br_*, rtn, local_csr: left is the tested, target or
	 * written register. cmd: left is the A field, right the B field. */
	struct me_operand left, right, dst;

	uint8_t op; /* enum me_alu_op, me_shf_op or me_cond */
	bool no_cc, load_cc, wr_both, predicate;
	enum me_shift sc;
	uint8_t shift;       /* amount as meant: 0..31, left shifts decoded */
	bool shift_indirect; /* amount is the previous instruction's left operand */
	bool clear;          /* ld_field_w_clr */
	uint8_t byte_mask;   /* ld_field: bit k = byte k */

	uint16_t imm;      /* immed: the 16-bit value before shift and inversion */
	uint8_t imm_width; /* 0: all, 1: byte, 2: half-word */
	uint8_t imm_shift; /* bytes */
	bool invert;
	uint32_t imm_result; /* immed: the 32 bits it makes (positioned, for the narrow forms) */
	uint32_t imm_mask;   /* immed: the bits that it replaces */

	uint8_t defer;
	uint16_t addr;   /* code-store address of a branch */
	bool taken_if;   /* br_bit, br_byte: on set, on equal */
	uint8_t bit;     /* br_bit: bit tested; br_byte: byte compared */
	uint8_t compare; /* br_byte: the constant */
	uint8_t state;   /* context, signal or state number of a branch */
	uint32_t jump_imm;

	uint8_t mul_type, mul_step;

	uint16_t csr; /* byte address */
	bool csr_write;

	uint16_t events; /* ctx_arb */
	bool any, resume, arb_other;

	const struct me_mem_cmd *cmd; /* NULL: a target or action that is not the memory unit's */
	uint8_t tgt_cmd, token;
	uint8_t mode;   /* addressing, nfp.md 3.1 */
	uint8_t xfer;   /* first transfer register */
	uint8_t count;  /* as encoded: units - 1 */
	uint8_t signal; /* 0: none */
	bool swap;      /* gives up the engine until `signal`, after `defer` more instructions */
	bool indirect;  /* previous result overrides fields, nfp.md 3.4 */
};

/* Bits [44:0] of a word. False: no instruction has these bits. */
bool me_decode(uint64_t word, struct me_insn *in);

const struct me_mem_cmd *me_mem_cmd_find(unsigned tgt_cmd, unsigned token);
const struct me_csr_info *me_csr_find(unsigned addr);

/* ECC over bits [44:0] (nfp.md 2.1). */
uint8_t me_ecc(uint64_t op);

#endif
