/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_ISA_ISA_H
#define NFP_BACKEND_ISA_ISA_H

#include "base/cx.h"
#include "nfp_backend/isa/opcodes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One microengine instruction as a value, with encoder and decoder.
 *
 * Callers use logical operands (`left OP right`, `base + offset`, "test this register"). The choice
 * of the operand field and of the swap bit is made
 * here (nfp.md 2.6), so no other file knows bit positions. Register numbers are those of a
 * context in 4-context mode.
 *
 *   struct nfp_insn --nfp_encodable--> may it be written?  --nfp_encode--> 45-bit word
 *   45-bit word     --nfp_decode-----> struct nfp_insn     --nfp_disasm--> objdump's text
 */

#define NFP_OP_BITS 45
#define NFP_OP_MASK ((UINT64_C(1) << NFP_OP_BITS) - 1)
#define NFP_NOP     UINT64_C(0x00f0000c0300) /* immed[--, 0] */

/* ---- operands (nfp.md 2.4, 2.5) ---- */

enum nfp_isa_opnd_kind {
	NFP_R_NONE, /* destination: result dropped ("--"). Source: not used, field 0 */
	NFP_R_GPR_A,
	NFP_R_GPR_B,
	/* Source: same value in both banks, read from whichever field is free. Destination: as
	 * GPR_A with wr_both. Decoding never gives it. */
	NFP_R_GPR_BOTH,
	NFP_R_GPR_ABS_A, /* absolute register 0..127; unrestricted operands only */
	NFP_R_GPR_ABS_B,
	NFP_R_XFER,       /* transfer register 0..63: in as source, out as destination */
	NFP_R_XFER_INDEX, /* *$index, through T_INDEX; `post` */
	NFP_R_NN,         /* next-neighbour register 0..31; unrestricted operands only */
	NFP_R_NN_INDEX,   /* *n$index; `post` NONE or INC */
	NFP_R_LM,         /* *l$index<n>[off], n 0..3; `post` excludes an offset */
	NFP_R_CONST,      /* 0..255; 0..127 in commands; sources only */
};

enum nfp_isa_post { NFP_POST_NONE, NFP_POST_INC, NFP_POST_DEC };

struct nfp_isa_opnd {
	enum nfp_isa_opnd_kind kind;
	unsigned n;             /* register or LM pointer number, or the constant */
	unsigned off;           /* LM: words, ORed into the pointer, 0..15 (restricted: 0..7) */
	enum nfp_isa_post post; /* pointer moves by one word after the access; unrestricted only */
};

#define NFP_CONST_MAX             255 /* every source but in commands */
#define NFP_CONST_CMD_MAX         127
#define NFP_LM_OFF_MAX            15 /* alu, immed, mul_step, local_csr, jump */
#define NFP_LM_OFF_RESTRICTED_MAX 7  /* alu_shf, ld_field, commands, br_bit, br_byte */
#define NFP_XFER_COUNT            64
#define NFP_GPR_COUNT             32 /* per bank and context */

#define NFP_R_NOTHING ((struct nfp_isa_opnd){ .kind = NFP_R_NONE })

static inline struct nfp_isa_opnd nfp_r_gpr_a(unsigned n)
{
	return (struct nfp_isa_opnd){ .kind = NFP_R_GPR_A, .n = n };
}

static inline struct nfp_isa_opnd nfp_r_gpr_b(unsigned n)
{
	return (struct nfp_isa_opnd){ .kind = NFP_R_GPR_B, .n = n };
}

static inline struct nfp_isa_opnd nfp_r_gpr_both(unsigned n)
{
	return (struct nfp_isa_opnd){ .kind = NFP_R_GPR_BOTH, .n = n };
}

static inline struct nfp_isa_opnd nfp_r_xfer(unsigned n)
{
	return (struct nfp_isa_opnd){ .kind = NFP_R_XFER, .n = n };
}

static inline struct nfp_isa_opnd nfp_r_lm(unsigned pointer, unsigned off_words)
{
	return (struct nfp_isa_opnd){ .kind = NFP_R_LM, .n = pointer, .off = off_words };
}

static inline struct nfp_isa_opnd nfp_r_lm_post(unsigned pointer, enum nfp_isa_post post)
{
	return (struct nfp_isa_opnd){ .kind = NFP_R_LM, .n = pointer, .post = post };
}

static inline struct nfp_isa_opnd nfp_r_const(unsigned v)
{
	return (struct nfp_isa_opnd){ .kind = NFP_R_CONST, .n = v };
}

/* ---- instructions ---- */

/* Fields common to most instructions that write a result. */
struct nfp_isa_mods {
	bool wr_both; /* result to the same register number in both banks */
	bool no_cc;   /* leaves the condition codes alone; alu, alu_shf and mul_step only */
	bool pred_cc; /* predicated */
};

struct nfp_isa_shift {
	enum nfp_sc sc; /* ROT by 0: no shift; value of a zeroed struct */
	uint8_t amount; /* 1..31; 0 if `indirect`, or for no shift */
	bool indirect;  /* by the previous instruction's left operand; not for ROT */
};

/* dst = left op right */
struct nfp_isa_alu {
	enum nfp_alu_op op;
	struct nfp_isa_opnd dst, left, right; /* left NONE for B, ~B, pop_count, ffs */
	struct nfp_isa_mods mods;
};

/* dst = left op (right shifted); restricted operands. Covers alu_shf, dbl_shf and asr. */
struct nfp_isa_alu_shf {
	enum nfp_shf_op op;
	struct nfp_isa_opnd dst, left, right; /* left NONE for B, ~B (unless dbl_shf) and asr */
	struct nfp_isa_shift shift;           /* asr: RIGHT */
	struct nfp_isa_mods mods;
};

/* Bytes of dst picked by byte_mask = those of the shifted src; the others stay, or become 0. */
struct nfp_isa_ld_field {
	struct nfp_isa_opnd dst, src;
	uint8_t byte_mask; /* bit k: byte k, least significant first */
	struct nfp_isa_shift shift;
	bool clear; /* ld_field_w_clr: the bytes not picked become 0, dst is not read */
	bool load_cc;
	struct nfp_isa_mods mods;
};

enum nfp_isa_width { NFP_WIDTH_WORD = 0, NFP_WIDTH_BYTE = 1, NFP_WIDTH_HALF = 2 };

/* WORD: dst = value << 8*shift_bytes, or its complement. HALF, BYTE: only that part of dst. */
struct nfp_isa_immed {
	struct nfp_isa_opnd dst;
	uint16_t value;
	enum nfp_isa_width width;
	uint8_t shift_bytes; /* WORD 0..2, HALF 0 or 2, BYTE 0..3 */
	bool invert;
	struct nfp_isa_mods mods;
};

struct nfp_isa_branch {
	enum nfp_cc cc;
	uint8_t number; /* context, signal or state asked for; 0 for the other conditions */
	uint16_t addr;  /* instruction index, 14 bits */
	uint8_t defer;  /* instructions that still execute: br 0..2, others 0..3 */
};

struct nfp_isa_br_bit {
	struct nfp_isa_opnd reg;
	uint8_t bit;
	bool set; /* branch if the bit is 1, else if it is 0 */
	uint16_t addr;
	uint8_t defer; /* 0..3 */
};

struct nfp_isa_br_byte {
	struct nfp_isa_opnd reg;
	uint8_t byte;  /* 0..3, least significant first */
	uint8_t value; /* compared with that byte */
	bool equal;
	uint16_t addr;
	uint8_t defer; /* 0..3 */
};

/* jump[reg, .imm]: to reg + imm. rtn[reg] is imm 0. */
struct nfp_isa_jump {
	struct nfp_isa_opnd reg;
	uint32_t imm;  /* 17 bits */
	uint8_t defer; /* 0..3 */
};

/* start and steps repeat the two sources, last and last2 have a destination only. */
struct nfp_isa_mul {
	enum nfp_mul_step step;
	enum nfp_mul_type type; /* not of START: 0 there */
	struct nfp_isa_opnd dst, left, right;
	struct nfp_isa_mods mods;
};

struct nfp_isa_ctx_arb {
	uint16_t events; /* bit n: signal n; bit 0: voluntary; 0: kill the context */
	bool any;        /* one of them is enough */
	bool bpt, no_load;
	bool branch; /* resume at addr */
	uint16_t addr;
	uint8_t defer; /* 0..2 */
};

/* A read's value replaces that of the `immed` which must be the next instruction. */
struct nfp_isa_local_csr {
	uint16_t csr; /* enum nfp_csr or any other byte address */
	bool write;
	struct nfp_isa_opnd src; /* write only */
};

/* Values are the hardware's CTX codes. */
enum nfp_isa_swap {
	NFP_SWAP_NOW = 0,
	NFP_SWAP_DEFER1 = 1, /* one more instruction executes before the swap */
	NFP_SWAP_DEFER2 = 2,
	NFP_SWAP_NONE = 3, /* the context continues */
};

/* Memory command. Address: (base << 8) + off in 40 bits, or base + off in 32 bits. */
struct nfp_isa_cmd {
	enum nfp_mem_op op;
	bool addr40;
	struct nfp_isa_opnd base, off; /* one of bank A, LM0/1 or xfer; one of bank B; or const */
	uint8_t xfer;                  /* first transfer register */
	uint8_t count;                 /* 1..8: CNT + 1, as objdump prints it */
	uint8_t sig;                   /* signal given on completion; 0: none */
	enum nfp_isa_swap swap;
	bool indirect; /* the previous instruction's result overrides fields (nfp.md 3.4) */
};

enum nfp_isa_class {
	NFP_ISA_CMD,
	NFP_ISA_ALU_SHF,
	NFP_ISA_ALU,
	NFP_ISA_IMMED,
	NFP_ISA_LD_FIELD,
	NFP_ISA_CTX_ARB,
	NFP_ISA_LOCAL_CSR,
	NFP_ISA_BRANCH,
	NFP_ISA_BR_BYTE,
	NFP_ISA_BR_BIT,
	NFP_ISA_JUMP,
	NFP_ISA_MUL,
	NFP_ISA_CLASS_COUNT
};

struct nfp_insn {
	enum nfp_isa_class class;
	union {
		struct nfp_isa_cmd cmd;
		struct nfp_isa_alu_shf shf;
		struct nfp_isa_alu alu;
		struct nfp_isa_immed immed;
		struct nfp_isa_ld_field ld_field;
		struct nfp_isa_ctx_arb ctx_arb;
		struct nfp_isa_local_csr csr;
		struct nfp_isa_branch br;
		struct nfp_isa_br_byte br_byte;
		struct nfp_isa_br_bit br_bit;
		struct nfp_isa_jump jump;
		struct nfp_isa_mul mul;
	};
};

/* ---- words ---- */

/* May this be written as one word? If not, *why (may be NULL) names the rule that it breaks. */
bool nfp_encodable(const struct nfp_insn *insn, const char **why);
/* The 45 operation bits. The instruction must be encodable. */
uint64_t nfp_encode(const struct nfp_insn *insn);
/* Decodes bits [44:0] of `word`; the bits above are ignored. False: not an instruction, or one
 * outside the supported subset (CAM, CRC, targets other than the memory unit, third-party addressing).
 * decode(encode(x)) is x with GPR_BOTH resolved to the bank that is read or written and the two
 * parts of a 32-bit address in field order. Words of generators that choose the swap bit or an
 * unused field differently decode to the same meaning, but may not encode to the same word. */
bool nfp_decode(uint64_t word, struct nfp_insn *insn);

/* One `immed` that makes the whole word v: fills value, shift_bytes, width and invert. The plain
 * forms come first, as in the kernel's driver (nfp.md 2.10). False: needs two instructions. */
bool nfp_immed_fits(uint32_t v, struct nfp_isa_immed *immed);
/* Slots after the instruction that may still be filled (nfp.md 2.18); 0: takes no defer. */
unsigned nfp_max_defer(const struct nfp_insn *insn);

/* Fields that relocation fills. False: the word has no such field, or the value does not fit. */
bool nfp_word_branch_addr(uint64_t word, uint32_t *addr);
bool nfp_word_set_branch_addr(uint64_t *word, uint32_t addr);
/* Only the plain form: whole register, no shift, not inverted. */
bool nfp_word_set_immed(uint64_t *word, uint32_t value);

#endif
