/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_ISEL_ISEL_VALUE_H
#define NFP_BACKEND_ISEL_ISEL_VALUE_H

#include "nfp_backend/isel/isel_ir.h"
#include "nfp_backend/mir.h"

/* Values as words of registers: what lowering passes around, what it has made already (struct
 * isel_cache), and what the machine's phis still wait for (struct isel_phis). */

struct isel;

/* ---- words ---- */

/* 32 bits of a value: a bit field of an operand, not extracted yet.
 *
 *   value = (shift >= 0 ? o >> shift : o << -shift), bits outside [lo, hi) replaced by 0
 *
 * so byte 3 of a transfer register, or a header field after `lshr` and `and`, costs nothing until
 * somebody needs it alone in a register; branches on bytes and bits never do. A constant is
 * an NFP_O_IMM of any 32 bits with no field. `o` is IMM, VREG, XIN or LM. */
struct isel_word {
	struct nfp_opnd o;
	int8_t shift; /* -31 .. 31 */
	uint8_t lo, hi;
	uint8_t bits; /* bits of o at and above this are 0 */
};

/* A value of w bits is (w + 31) / 32 words, least significant first. Bits of the last word above w
 * are unspecified; whoever depends on them asks isel_get_zext() or isel_get_sext(). Words that
 * isel_bits.c proves 0 are the constant 0. Pointers: 1 word; map values: 2 (low part, high part). */
struct isel_val {
	uint8_t n;
	struct isel_word w[ISEL_MAX_WORDS];
};

/* ---- what has been made: grows with the code ---- */

/* Value of an IR instruction. Valid where the code that made it has run. */
struct isel_made {
	bool have;
	uint32_t block, scope; /* deferred values are computed again elsewhere */
	struct isel_val val;
};

/* A register that holds something that may be asked for again. */
struct isel_cached {
	uint32_t vreg, block, scope;
};

struct isel_base { /* an address in a register */
	struct isel_addr addr;
	struct isel_cached reg;
};

struct isel_cache {
	struct isel_made *made; /* by instruction */
	struct isel_map fields; /* extracted fields and constants: index in `cached` */
	VEC(struct isel_cached) cached;
	VEC(struct isel_base) bases;
	struct isel_map exits; /* result byte + 1 to machine block */
	struct isel_map slots; /* alloca to frame slot */
};

/* Packet or map-value stores of one block that were not emitted yet. */
struct isel_pending_store {
	struct isel_addr addr;
	LLVMValueRef value;
	uint32_t bytes;
};

/* ---- phis: filled in when all blocks are there ---- */

struct isel_phi_special {
	uint32_t pred; /* machine block */
	struct nfp_opnd val;
};

/* Value of a machine phi per predecessor: filled in when all blocks are there. */
struct isel_phi_fixup {
	uint32_t block, insn; /* the machine phi */
	LLVMValueRef phi;     /* IR phi; NULL: made by isel */
	uint8_t word;
	VEC(struct isel_phi_special) special; /* made by isel: these predecessors' values, … */
	struct nfp_opnd usual;                /* … and all others' */
};

struct isel_phi_arg { /* word of an IR phi's incoming value, in a register or constant */
	struct nfp_opnd w[ISEL_MAX_WORDS];
};

struct isel_phis {
	VEC(struct isel_phi_fixup) fixups;
	struct isel_map arg_of; /* (phi, IR predecessor) to index */
	VEC(struct isel_phi_arg) args;
};

/* ---- isel_word.c: words ---- */

struct isel_word isel_w_imm(uint32_t v);
struct isel_word isel_w_reg(struct nfp_opnd o, unsigned bits);
static inline bool isel_w_is_imm(const struct isel_word *w)
{
	return w->o.kind == NFP_O_IMM;
}
static inline bool isel_w_is(const struct isel_word *w, uint32_t v)
{
	return w->o.kind == NFP_O_IMM && w->o.imm == v;
}
bool isel_w_plain(const struct isel_word *w);                 /* no extraction needed */
unsigned isel_w_bits(const struct isel_word *w);              /* value < 2^bits */
struct isel_word isel_w_lshr(struct isel_word w, unsigned n); /* n < 32 */
struct isel_word isel_w_shl(struct isel_word w, unsigned n);
struct isel_word isel_w_keep(struct isel_word w, unsigned lo, unsigned hi);
/* a | b when both are disjoint fields of one operand with the same shift, or one is 0. */
bool isel_w_union(const struct isel_word *a, const struct isel_word *b, struct isel_word *out);
/* Instructions that extracting the word alone takes. */
unsigned isel_w_cost(const struct isel_word *w);
/* The word as an operand that instructions take as is; constants up to 255 stay, others are loaded. */
struct nfp_opnd isel_use(struct isel *is, struct isel_word w);
struct nfp_opnd isel_use_any_imm(struct isel *is,
				 struct isel_word w);              /* constants of any size stay */
struct nfp_opnd isel_use_reg(struct isel *is, struct isel_word w); /* always a GPR */
struct nfp_opnd isel_use_phi(struct isel *is, struct isel_word w); /* a GPR or any constant */
bool isel_w_shift_only(const struct isel_word *w); /* extracted by a shift, or plain */
unsigned isel_const_cost(uint32_t v); /* instructions to have v as an ALU operand: 0..2 */
struct nfp_opnd isel_const(struct isel *is, uint32_t v); /* in a register */
/* dst = a | b, at most one instruction beyond extracting a. */
struct isel_word isel_w_or(struct isel *is, struct isel_word a, struct isel_word b);
void isel_w_to_xout(struct isel *is, struct nfp_opnd xout, struct isel_word w);
void isel_w_or_to_xout(struct isel *is, struct nfp_opnd xout, struct isel_word a,
		       struct isel_word b);

/* ---- isel_value.c: values ---- */

struct isel_val isel_get(struct isel *is, LLVMValueRef v);
struct isel_word isel_get_word(struct isel *is, LLVMValueRef v, unsigned word);
void isel_set(struct isel *is, LLVMValueRef v, struct isel_val val);
struct isel_val isel_val1(struct isel_word w);
bool isel_is_imm(const struct isel_val *v); /* all words constant */
struct isel_word isel_zext_word(struct isel *is, struct isel_val *v, unsigned width, unsigned word);
/* All words with the bits above `width` 0, or copies of the sign. */
struct isel_val isel_get_zext(struct isel *is, LLVMValueRef v);
struct isel_val isel_get_sext(struct isel *is, LLVMValueRef v);
struct isel_val isel_sext(struct isel *is, struct isel_val v, unsigned from, unsigned to);

#endif
