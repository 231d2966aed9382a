#ifndef NFP_BACKEND_ISA_H
#define NFP_BACKEND_ISA_H

#include "base/cx.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One microengine instruction as a value, and the way to and from its word.
 *
 * Callers speak of logical operands (`left OP right`, `base + offset`, "test this register"):
 * which of the two operand fields they land in and whether the word's swap bit is set is decided
 * here (reference 2.6), so nobody else knows bit positions. Register numbers are those of a
 * context in 4-context mode.
 *
 *   struct nfp_insn --nfp_encodable--> may it be written?  --nfp_encode--> 45-bit word
 *   45-bit word     --nfp_decode-----> struct nfp_insn     --disasm.c----> objdump's text
 */

#define NFP_OP_BITS 45
#define NFP_OP_MASK ((UINT64_C(1) << NFP_OP_BITS) - 1)
#define NFP_NOP     UINT64_C(0x00f0000c0300) /* immed[--, 0] */

/* ---- operands (reference 2.4, 2.5) ---- */

enum nfp_opnd_kind {
	NFP_OPND_NONE, /* destination: result dropped ("--"). Source: not used, field 0 */
	NFP_OPND_GPR_A,
	NFP_OPND_GPR_B,
	/* Source: same value in both banks, read from whichever field is free. Destination: as
	 * GPR_A with wr_both. Decoding never gives it: see nfp_canonical(). */
	NFP_OPND_GPR_BOTH,
	NFP_OPND_GPR_ABS_A, /* absolute register 0..127; unrestricted operands only */
	NFP_OPND_GPR_ABS_B,
	NFP_OPND_XFER,       /* transfer register 0..63: in as source, out as destination */
	NFP_OPND_XFER_INDEX, /* *$index, through T_INDEX; `post` */
	NFP_OPND_NN,         /* next-neighbour register 0..31; unrestricted operands only */
	NFP_OPND_NN_INDEX,   /* *n$index; `post` NONE or INC */
	NFP_OPND_LM,         /* *l$index<n>[off], n 0..3; `post` excludes an offset */
	NFP_OPND_CONST,      /* 0..255; 0..127 in commands; sources only */
};

enum nfp_post { NFP_POST_NONE, NFP_POST_INC, NFP_POST_DEC };

struct nfp_opnd {
	enum nfp_opnd_kind kind;
	uint8_t n;          /* register or LM pointer number, or the constant */
	uint8_t off;        /* LM: words, ORed into the pointer, 0..15 (restricted: 0..7) */
	enum nfp_post post; /* pointer moves by one word after the access; unrestricted only */
};

#define NFP_CONST_MAX             255 /* every source but in commands */
#define NFP_CONST_CMD_MAX         127
#define NFP_LM_OFF_MAX            15 /* alu, immed, mul_step, local_csr, jump */
#define NFP_LM_OFF_RESTRICTED_MAX 7  /* alu_shf, ld_field, commands, br_bit, br_byte */
#define NFP_XFER_COUNT            64
#define NFP_GPR_COUNT             32 /* per bank and context */

#define NFP_NONE ((struct nfp_opnd){ .kind = NFP_OPND_NONE })

static inline struct nfp_opnd nfp_gpr_a(unsigned n)
{
	return (struct nfp_opnd){ .kind = NFP_OPND_GPR_A, .n = (uint8_t)n };
}

static inline struct nfp_opnd nfp_gpr_b(unsigned n)
{
	return (struct nfp_opnd){ .kind = NFP_OPND_GPR_B, .n = (uint8_t)n };
}

static inline struct nfp_opnd nfp_gpr_both(unsigned n)
{
	return (struct nfp_opnd){ .kind = NFP_OPND_GPR_BOTH, .n = (uint8_t)n };
}

static inline struct nfp_opnd nfp_xfer(unsigned n)
{
	return (struct nfp_opnd){ .kind = NFP_OPND_XFER, .n = (uint8_t)n };
}

static inline struct nfp_opnd nfp_lm(unsigned pointer, unsigned off_words)
{
	return (struct nfp_opnd){ .kind = NFP_OPND_LM,
				  .n = (uint8_t)pointer,
				  .off = (uint8_t)off_words };
}

static inline struct nfp_opnd nfp_lm_post(unsigned pointer, enum nfp_post post)
{
	return (struct nfp_opnd){ .kind = NFP_OPND_LM, .n = (uint8_t)pointer, .post = post };
}

static inline struct nfp_opnd nfp_const(unsigned v)
{
	return (struct nfp_opnd){ .kind = NFP_OPND_CONST, .n = (uint8_t)v };
}

/* ---- opcodes: values are the hardware's codes (opcodes.def) ---- */

enum nfp_alu_op {
#define NFP_ALU_OP(id, code, text, left) NFP_ALU_##id = code,
#include "nfp_backend/opcodes.def"
};

enum nfp_shf_op {
#define NFP_SHF_OP(id, code, text, left) NFP_SHF_##id = code,
#include "nfp_backend/opcodes.def"
};

enum nfp_cond {
#define NFP_COND(id, code, text, ev_pip, css) NFP_BR_##id = code,
#include "nfp_backend/opcodes.def"
};

enum nfp_mem_op { /* rows of opcodes.def, not a hardware code */
#define NFP_MEM_OP(id, text, tgt_cmd, token, cnt_mask, cnt_value, unit_bytes) NFP_MEM_##id,
#include "nfp_backend/opcodes.def"
		  NFP_MEM_OP_COUNT
};

enum nfp_csr { /* byte addresses */
#define NFP_CSR(id, addr_bytes, text) NFP_CSR_##id = addr_bytes,
#include "nfp_backend/opcodes.def"
};

/* ---- instructions ---- */

/* What can be said of most instructions that write a result. */
struct nfp_mods {
	bool wr_both; /* result to the same register number in both banks */
	bool no_cc;   /* leaves the condition codes alone; alu, alu_shf and mul_step only */
	bool pred_cc; /* predicated */
};

enum nfp_shift_kind {                     /* values are the hardware's SC codes */
		      NFP_SHIFT_ROTR = 0, /* by 0: no shift, and what a zeroed struct says */
		      NFP_SHIFT_RIGHT = 1,
		      NFP_SHIFT_LEFT = 2,
		      NFP_SHIFT_DBL =
			      3, /* low word of (left:right) >> amount; alu_shf with op B only */
};

struct nfp_shift {
	enum nfp_shift_kind kind;
	uint8_t amount; /* 1..31; 0 if `indirect`, or for no shift */
	bool indirect;  /* by the previous instruction's left operand; not for ROTR */
};

/* dst = left op right */
struct nfp_alu {
	enum nfp_alu_op op;
	struct nfp_opnd dst, left, right; /* left NONE for B, ~B, pop_count, ffs */
	struct nfp_mods mods;
};

/* dst = left op (right shifted); restricted operands. Covers alu_shf, dbl_shf and asr. */
struct nfp_alu_shf {
	enum nfp_shf_op op;
	struct nfp_opnd dst, left, right; /* left NONE for B, ~B (unless dbl_shf) and asr */
	struct nfp_shift shift;           /* asr: RIGHT */
	struct nfp_mods mods;
};

/* Bytes of dst picked by byte_mask = those of the shifted src; the others stay, or become 0. */
struct nfp_ld_field {
	struct nfp_opnd dst, src;
	uint8_t byte_mask; /* bit k: byte k, least significant first */
	struct nfp_shift shift;
	bool clear; /* ld_field_w_clr: the bytes not picked become 0, dst is not read */
	bool load_cc;
	struct nfp_mods mods;
};

enum nfp_immed_width { NFP_IMMED_WORD = 0, NFP_IMMED_BYTE = 1, NFP_IMMED_HALF = 2 };

/* WORD: dst = value << 8*shift_bytes, or its complement. HALF, BYTE: only that part of dst. */
struct nfp_immed {
	struct nfp_opnd dst;
	uint16_t value;
	enum nfp_immed_width width;
	uint8_t shift_bytes; /* WORD 0..2, HALF 0 or 2, BYTE 0..3 */
	bool invert;
	struct nfp_mods mods;
};

struct nfp_branch {
	enum nfp_cond cond;
	uint8_t number; /* context, signal or state asked for; 0 for the other conditions */
	uint16_t addr;  /* instruction index, 14 bits */
	uint8_t defer;  /* instructions that still execute: br 0..2, others 0..3 */
};

struct nfp_br_bit {
	struct nfp_opnd reg;
	uint8_t bit;
	bool set; /* branch if the bit is 1, else if it is 0 */
	uint16_t addr;
	uint8_t defer; /* 0..3 */
};

struct nfp_br_byte {
	struct nfp_opnd reg;
	uint8_t byte;  /* 0..3, least significant first */
	uint8_t value; /* compared with that byte */
	bool equal;
	uint16_t addr;
	uint8_t defer; /* 0..3 */
};

/* jump[reg, .imm]: to reg + imm. rtn[reg] is imm 0. */
struct nfp_jump {
	struct nfp_opnd reg;
	uint32_t imm;  /* 17 bits */
	uint8_t defer; /* 0..3 */
};

enum nfp_mul_type { NFP_MUL_24X8 = 1, NFP_MUL_16X16 = 2, NFP_MUL_32X32 = 3 };
enum nfp_mul_step {
	NFP_MUL_STEP1,
	NFP_MUL_STEP2,
	NFP_MUL_STEP3,
	NFP_MUL_STEP4,
	NFP_MUL_LAST,  /* dst = low word */
	NFP_MUL_LAST2, /* dst = high word */
	NFP_MUL_START,
};

/* start and steps repeat the two sources, last and last2 have a destination only. */
struct nfp_mul {
	enum nfp_mul_step step;
	enum nfp_mul_type type; /* not of START: 0 there */
	struct nfp_opnd dst, left, right;
	struct nfp_mods mods;
};

struct nfp_ctx_arb {
	uint16_t events; /* bit n: signal n; bit 0: voluntary; 0: kill the context */
	bool any;        /* one of them is enough */
	bool bpt, no_load;
	bool branch; /* resume at addr */
	uint16_t addr;
	uint8_t defer; /* 0..2 */
};

/* A read's value replaces that of the `immed` which must be the next instruction. */
struct nfp_local_csr {
	uint16_t csr; /* enum nfp_csr or any other byte address */
	bool write;
	struct nfp_opnd src; /* write only */
};

enum nfp_swap { /* values are the hardware's CTX codes */
		NFP_SWAP_NOW = 0,
		NFP_SWAP_DEFER1 = 1, /* one more instruction executes before the swap */
		NFP_SWAP_DEFER2 = 2,
		NFP_SWAP_NONE = 3, /* the context goes on */
};

/* Memory command. Address: (base << 8) + off in 40 bits, or base + off in 32 bits. */
struct nfp_cmd {
	enum nfp_mem_op op;
	bool addr40;
	struct nfp_opnd base, off; /* one in bank A, LM0/1 or xfer, the other in bank B, or const */
	uint8_t xfer;              /* first transfer register */
	uint8_t count;             /* 1..8: CNT + 1, as objdump prints it */
	uint8_t sig;               /* signal given on completion; 0: none */
	enum nfp_swap swap;
	bool indirect; /* the previous instruction's result overrides fields (reference 3.4) */
};

enum nfp_class {
	NFP_CMD,
	NFP_ALU_SHF,
	NFP_ALU,
	NFP_IMMED,
	NFP_LD_FIELD,
	NFP_CTX_ARB,
	NFP_LOCAL_CSR,
	NFP_BRANCH,
	NFP_BR_BYTE,
	NFP_BR_BIT,
	NFP_JUMP,
	NFP_MUL,
	NFP_CLASS_COUNT
};

struct nfp_insn {
	enum nfp_class class;
	union {
		struct nfp_cmd cmd;
		struct nfp_alu_shf shf;
		struct nfp_alu alu;
		struct nfp_immed immed;
		struct nfp_ld_field ld_field;
		struct nfp_ctx_arb ctx_arb;
		struct nfp_local_csr csr;
		struct nfp_branch br;
		struct nfp_br_byte br_byte;
		struct nfp_br_bit br_bit;
		struct nfp_jump jump;
		struct nfp_mul mul;
	};
};

/* ---- words ---- */

/* May this be written as one word? If not, *why (may be NULL) names the rule that it breaks. */
bool nfp_encodable(const struct nfp_insn *insn, const char **why);
/* The 45 operation bits. The instruction must be encodable. */
uint64_t nfp_encode(const struct nfp_insn *insn);
/* What bits [44:0] of `word` say; the bits above are ignored. False: no instruction, or one
 * outside our subset (CAM, CRC, targets other than the memory unit, third-party addressing).
 * For every encodable x, decode(encode(x)) is nfp_canonical(x). Words of other generators that
 * choose the swap bit or an unused field differently decode to the same meaning. */
bool nfp_decode(uint64_t word, struct nfp_insn *insn);
/* The same instruction as decoding gives it: GPR_BOTH resolved to the bank that is used. */
struct nfp_insn nfp_canonical(const struct nfp_insn *insn);

/* One `immed` that makes the whole word v: fills value, shift_bytes, width and invert. The plain
 * forms come first, as in the kernel's driver (reference 2.10). False: needs two instructions. */
bool nfp_immed_fits(uint32_t v, struct nfp_immed *immed);
/* Slots after the instruction that may still be filled (reference 2.18); 0: takes no defer. */
unsigned nfp_max_defer(const struct nfp_insn *insn);

/* Fields that relocation fills. False: the word has no such field, or the value does not fit. */
bool nfp_word_branch_addr(uint64_t word, uint32_t *addr);
bool nfp_word_set_branch_addr(uint64_t *word, uint32_t addr);
/* Only the plain form: whole register, no shift, not inverted. */
bool nfp_word_set_immed(uint64_t *word, uint32_t value);

/* Flat words as text: one hexadecimal 64-bit word a line, 16 digits; '#' starts a comment line.
 * Write goes through a temporary file and rename. Both report what is wrong. */
bool nfp_words_write(struct cx *cx, const char *path, const uint64_t *words, size_t n);
bool nfp_words_read(struct cx *cx, const char *path, uint64_t **words, size_t *n);

/* Names for messages and dumps, as objdump prints them. NULL: no such code. */
const char *nfp_alu_op_text(enum nfp_alu_op op);
const char *nfp_shf_op_text(enum nfp_shf_op op);
const char *nfp_cond_text(enum nfp_cond cond);
const char *nfp_mem_op_text(enum nfp_mem_op op);
const char *nfp_csr_text(unsigned addr_bytes);
/* Bytes that one unit of `count` moves. */
unsigned nfp_mem_op_unit_bytes(enum nfp_mem_op op);

#endif
