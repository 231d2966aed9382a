/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_ISA_OPCODES_H
#define NFP_BACKEND_ISA_OPCODES_H

/* Enums of the rows of opcodes.def, for machine IR and instruction words alike. Values are the
 * hardware's codes but where noted. */

enum nfp_alu_op {
#define NFP_ALU_OP(id, code, text, left) NFP_ALU_##id = code,
#include "nfp_backend/isa/opcodes.def"
};

enum nfp_shf_op {
#define NFP_SHF_OP(id, code, text, left) NFP_SHF_##id = code,
#include "nfp_backend/isa/opcodes.def"
};

/* Shift control. Counts are always the assembler's: the encoder turns a left shift into 32 - n. */
enum nfp_sc { NFP_SC_ROT = 0, NFP_SC_RIGHT = 1, NFP_SC_LEFT = 2, NFP_SC_DBL = 3 };

enum nfp_cc {
#define NFP_CC(id, code, text, ev_pip, css) NFP_CC_##id = code,
#include "nfp_backend/isa/opcodes.def"
};

/* Memory commands: numbers are rows of the table, not a hardware code. */
enum nfp_mem_op {
#define NFP_MEM_OP(id, text, tgt_cmd, token, cnt_mask, cnt_value, unit_bytes) NFP_MEM_##id,
#include "nfp_backend/isa/opcodes.def"
	NFP_MEM_OP_COUNT
};

/* Local control registers: byte addresses. */
enum nfp_csr {
#define NFP_CSR(id, addr_bytes, text) NFP_CSR_##id = addr_bytes,
#include "nfp_backend/isa/opcodes.def"
};

enum nfp_mul_type { NFP_MUL_24X8 = 1, NFP_MUL_16X16 = 2, NFP_MUL_32X32 = 3 };

enum nfp_mul_step {
	NFP_STEP_START = -1, /* a type of its own in the word */
	NFP_STEP_1 = 0,
	NFP_STEP_2,
	NFP_STEP_3,
	NFP_STEP_4,
	NFP_STEP_LAST,  /* low word of the product */
	NFP_STEP_LAST2, /* high word */
};

/* Names for messages and dumps, as objdump prints them. NULL: no such code. */
const char *nfp_alu_op_text(enum nfp_alu_op op);
const char *nfp_shf_op_text(enum nfp_shf_op op);
const char *nfp_cc_text(enum nfp_cc cc);
const char *nfp_mem_op_text(enum nfp_mem_op op);
const char *nfp_csr_text(unsigned addr_bytes);
/* Bytes that one unit of a command's count moves. */
unsigned nfp_mem_op_unit_bytes(enum nfp_mem_op op);

#endif
