/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_MIR_H
#define NFP_BACKEND_MIR_H

#include "base/cx.h"
#include "nfp_backend/firmware.h"
#include "nfp_backend/isa/opcodes.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

/* Machine IR: the program as microengine instructions whose registers are still virtual.
 *
 * One opcode a hardware instruction class plus a few pseudo instructions that passes expand.
 * Operands are *logical*: `a` is the left source, `b` the right one (the one that is shifted), as
 * in the assembler's alu[dst, a, OP, b]; the encoder swaps A and B fields by bank.
 *
 * Stages (struct nfp_func.stage says which; nfp_check() enforces it):
 *   SSA      out of isel: every virtual register has one definition; PHI allowed at block heads
 *   VREG     PHIs are gone; several definitions allowed
 *   BANKED   every GPR virtual register has a bank (A, B or BOTH)
 *   PHYS     no virtual register left; frame slots are local-memory operands; ready to emit
 *
 * Condition codes: an instruction with `sets_cc` writes them; all other ALU and shift
 * instructions are emitted with the no_cc bit, so a pass may put copies, constants and spills
 * anywhere. `uses_cc` readers (BCC, +carry, -carry) depend on the closest setter before them in
 * the block; CC does not live across blocks.
 *
 * Glue: `glue` says that the next instruction must follow at once (PREV_A / PREV_RES consumers,
 * csr_rd + immed, mul_step sequences, indirect_ref, the fill slots of a deferred command). Passes
 * insert before or after a glued group, never inside.
 *
 * Updates: LDF without zf and IMMED of a byte or half-word change part of the register that they
 * name. In SSA such an update is no second definition: it stands later in the block of the
 * definition (so `copy t = x` first when x is still needed), and before every other use of the
 * register. XOUT tuples are filled word by word in the block of the command that reads them; XIN
 * tuples are written as a whole by one command.
 *
 * Ends of blocks: BRHELPER ends a block like BR; its target[0] is the block that the firmware
 * returns to (the one that RETADDR names). Commands with an immediate addend (add_imm, add64_imm)
 * have no xfer; the override word is PREV_RES of the glued instruction before, or, if that isn't
 * there, is made from the 16-bit addend.
 *
 * Hidden state that survives one instruction only: PREV_A (indirect shift counts) and PREV_RES
 * (asr's sign, indirect_ref words); nfp.md 1.5. */

/* ---- registers ---------------------------------------------------------------------------- */

enum nfp_bank { NFP_BANK_NONE, NFP_BANK_A, NFP_BANK_B, NFP_BANK_BOTH };

enum nfp_vclass {
	NFP_V_GPR,  /* one 32-bit register */
	NFP_V_XIN,  /* `words` consecutive transfer-in registers, written by one command */
	NFP_V_XOUT, /* `words` consecutive transfer-out registers, read by one command */
};

struct nfp_vreg {
	uint8_t vclass; /* enum nfp_vclass */
	uint8_t words;  /* 1 for GPR; 1..32 for transfer tuples */
	uint8_t bank;   /* enum nfp_bank, from BANKED on */
	int8_t phys;    /* assigned register number; -1: none yet */
	int16_t slot;   /* spilled: frame slot; -1: in a register */
};

/* ---- operands ------------------------------------------------------------------------------- */

enum nfp_opnd_kind {
	NFP_O_NONE, /* "--" */
	NFP_O_VREG, /* GPR virtual register `reg` */
	NFP_O_GPR, /* hardware register `reg` (0..31) of `bank`; BOTH as destination writes both, as
		       source may be read from either */
	NFP_O_XIN, /* word `sub` of transfer-in tuple `reg`; in PHYS: register number `reg` */
	NFP_O_XOUT, /* word `sub` of transfer-out tuple `reg`; in PHYS: register number `reg` */
	NFP_O_LM,   /* *l$index<reg>[sub], or with post-increment/decrement (`post` 1, -1) */
	NFP_O_SLOT, /* frame slot `reg` (struct nfp_slot), word `sub`; becomes LM before PHYS */
	NFP_O_IMM,  /* constant `imm`: ALU and SHF 0..255, CMD 0..127 */
};

struct nfp_opnd {
	uint8_t kind;
	uint8_t bank; /* NFP_O_GPR */
	int8_t post;  /* NFP_O_LM */
	uint8_t sub;
	uint32_t reg;
	uint32_t imm;
};

/* ---- instructions ----------------------------------------------------------------------------- */

/* Opcodes and their fields: rows of operands.def. */
enum nfp_mir_op {
#define NFP_MIR(id, name, format, dst, a, b, fields, flags, meaning) NFP_M_##id,
#include "nfp_backend/mir/operands.def"
	NFP_M_COUNT
};

/* Opcodes, conditions, multiplication steps and memory commands are those of opcodes.h. */

enum nfp_addr_mode {
	NFP_ADDR_32, /* a + b, 32 bit: the packet */
	NFP_ADDR_40, /* (hi << 8) + lo with hi = b and lo = a, either bank way round */
};

/* Command part of CMD. */
struct nfp_cmd {
	uint8_t mem;          /* enum nfp_mem_op */
	uint8_t mode;         /* enum nfp_addr_mode; operands in a, b */
	uint8_t count;        /* words or bytes, 1..32; over 8 the pass `emit` adds the override */
	bool swap;            /* wait for completion (ctx_swap on signal 1) */
	struct nfp_opnd xfer; /* first transfer register: XIN for reads, XOUT for writes */
};

/* Arguments of CALL. lower_calls.c puts key and value words into local memory, scalars into GPRs. */
struct nfp_call {
	uint32_t map;            /* image map index */
	uint32_t n_key, n_value; /* words */
	struct nfp_opnd *key, *value;
	struct nfp_opnd flags[2]; /* lo, hi */
	struct nfp_opnd ptr[2];   /* perf event: data pointer */
	struct nfp_opnd size;
	uint32_t ptr_type; /* perf event: nfp.md 4.11 */
};

/* Value of a PHI when control comes from `block`. */
struct nfp_phi {
	uint32_t block;
	struct nfp_opnd val;
};

/* Which opcode has which fields: operands.def. A field that the opcode does not have is 0. */
struct nfp_mi {
	uint8_t op; /* enum nfp_mir_op */
	bool sets_cc, uses_cc, glue;
	uint8_t alu;   /* ALU: enum nfp_alu_op; SHF: enum nfp_shf_op */
	uint8_t sc;    /* enum nfp_sc, not DBL */
	uint8_t shift; /* count; BBIT: bit; BBYTE: byte: see the accessors below */
	bool indirect; /* SHF, DSHF, ASR: count is PREV_A & 31 */
	uint8_t bmask; /* LDF */
	bool zf;       /* LDF: clear the other bytes */
	uint8_t cc;    /* BCC */
	bool br_set;   /* BBIT, BBYTE */
	uint8_t mul_type;
	int8_t mul_step;
	uint8_t width, byte_shift; /* IMMED (nfp.md 2.10) */
	bool inv;                  /* IMMED */
	bool const_exit;           /* EXIT */
	uint8_t defer; /* branches and CMD: the next `defer` instructions run in its shadow (PHYS) */
	struct nfp_opnd dst, a, b;
	struct nfp_opnd dst2; /* CALL: high half of R0 */
	uint32_t imm32;       /* one of eight things: see the accessors below */
	uint32_t target[2];   /* block indices */
	uint32_t helper;      /* CALL, BRHELPER: eBPF helper id */
	struct nfp_cmd cmd;
	struct nfp_call call;
	struct nfp_phi *phi;
	uint32_t n_phi;
	int32_t bpf_pc; /* BPF instruction it comes from; -1: none */
};

_Static_assert(sizeof(struct nfp_mi) <= 216, "blocks are arrays of instructions: keep them small");

/* What imm32 is depends on the opcode: read and written by the name of its meaning. */
#define NFP_MI_IMM(meaning, holds)                                                                 \
	static inline uint32_t nfp_mi_##meaning(const struct nfp_mi *mi)                           \
	{                                                                                          \
		assert(holds);                                                                     \
		return mi->imm32;                                                                  \
	}                                                                                          \
	static inline void nfp_mi_set_##meaning(struct nfp_mi *mi, uint32_t v)                     \
	{                                                                                          \
		assert(holds);                                                                     \
		mi->imm32 = v;                                                                     \
	}

NFP_MI_IMM(const, mi->op == NFP_M_CONST)                        /* the constant */
NFP_MI_IMM(exit_byte, mi->op == NFP_M_EXIT && mi->const_exit)   /* result byte */
NFP_MI_IMM(pointer, mi->op == NFP_M_NEWLM)                      /* number of the LM register */
NFP_MI_IMM(immed, mi->op == NFP_M_IMMED)                        /* 16 bits */
NFP_MI_IMM(byte_value, mi->op == NFP_M_BBYTE)                   /* what the byte is compared with */
NFP_MI_IMM(addend, mi->op == NFP_M_CMD)                         /* add_imm, add64_imm: 16 bits */
NFP_MI_IMM(csr, mi->op == NFP_M_CSRWR || mi->op == NFP_M_CSRRD) /* enum nfp_csr */
NFP_MI_IMM(map, mi->op == NFP_M_MAPID)                          /* image map */
#undef NFP_MI_IMM

static inline bool nfp_mi_is_shift(const struct nfp_mi *mi)
{
	return mi->op == NFP_M_SHF || mi->op == NFP_M_DSHF || mi->op == NFP_M_ASR ||
	       mi->op == NFP_M_LDF;
}

/* Places that `shift` moves by; not to be asked of an indirect shift. */
static inline unsigned nfp_mi_shift(const struct nfp_mi *mi)
{
	assert(nfp_mi_is_shift(mi) && !mi->indirect);
	return mi->shift;
}

static inline unsigned nfp_mi_bit(const struct nfp_mi *mi)
{
	assert(mi->op == NFP_M_BBIT);
	return mi->shift;
}

static inline unsigned nfp_mi_byte(const struct nfp_mi *mi)
{
	assert(mi->op == NFP_M_BBYTE && mi->shift < 4);
	return mi->shift;
}

/* ---- blocks, frame, function ------------------------------------------------------------------- */

/* A block's instructions are an array. It ends in one BR, EXIT or BRDONE; from pass `layout` on
 * the BR may be missing: control then falls to the next block. Conditional branches (BCC, BBIT,
 * BBYTE) may stand anywhere before that end (wide compares and switches use several): each leaves
 * the block for target[0] or goes on with the next instruction. So a block has one entry and
 * several exits, and a register that is live into any target is live at the branch that goes
 * there. */
struct nfp_block {
	VEC(struct nfp_mi) insns;
	uint32_t *preds; /* derived by nfp_cfg_build() */
	uint32_t n_preds;
	uint32_t *succs;
	uint32_t n_succs;
	uint32_t freq;      /* relative execution frequency, 1..1<<16; layout and spill weights */
	bool helper_return; /* entered through RETADDR by a firmware routine */
};

enum nfp_slot_kind {
	NFP_SLOT_KEY, /* argument area of helper calls: first in the frame so that LM0 need not move */
	NFP_SLOT_VALUE, /* value of map_update, record of perf_event_output */
	NFP_SLOT_SPILL,
	NFP_SLOT_STACK, /* what is left of the eBPF stack: may be addressed with a variable offset */
};

struct nfp_slot {
	uint8_t kind;
	uint32_t words;
	int32_t offset; /* words from the frame base; -1: not placed yet */
};

enum nfp_stage { NFP_STAGE_SSA, NFP_STAGE_VREG, NFP_STAGE_BANKED, NFP_STAGE_PHYS };

struct nfp_func {
	const char *name;
	uint8_t prog_type; /* enum nfp_prog_type (image.h): decides the exit table */
	uint8_t stage;
	const struct nfp_firmware *fw;
	VEC(struct nfp_block) blocks; /* layout order; [0] is the entry */
	VEC(struct nfp_vreg) vregs;
	VEC(struct nfp_slot) slots;
	uint32_t frame_words; /* local memory used, after frame layout */
};

/* ---- construction and inspection (mir.c) ------------------------------------------------------- */

uint32_t nfp_new_vreg(struct nfp_func *fn, struct cx *cx, enum nfp_vclass vclass, unsigned words);
uint32_t nfp_new_block(struct nfp_func *fn, struct cx *cx);
uint32_t nfp_new_slot(struct nfp_func *fn, struct cx *cx, enum nfp_slot_kind kind, uint32_t words);
/* Appends a zeroed instruction (bpf_pc -1) to a block; the pointer is valid until the next
 * append. */
struct nfp_mi *nfp_append(struct nfp_func *fn, struct cx *cx, uint32_t block, enum nfp_mir_op op);
void nfp_cfg_build(struct nfp_func *fn, struct cx *cx); /* preds and succs of all blocks */

static inline struct nfp_opnd nfp_none(void)
{
	return (struct nfp_opnd){ .kind = NFP_O_NONE };
}

static inline struct nfp_opnd nfp_vreg(uint32_t reg)
{
	return (struct nfp_opnd){ .kind = NFP_O_VREG, .reg = reg };
}

static inline struct nfp_opnd nfp_imm(uint32_t v)
{
	return (struct nfp_opnd){ .kind = NFP_O_IMM, .imm = v };
}

static inline struct nfp_opnd nfp_xin(uint32_t tuple, unsigned word)
{
	assert(word < 32);
	return (struct nfp_opnd){ .kind = NFP_O_XIN, .reg = tuple, .sub = (uint8_t)word };
}

static inline struct nfp_opnd nfp_xout(uint32_t tuple, unsigned word)
{
	assert(word < 32);
	return (struct nfp_opnd){ .kind = NFP_O_XOUT, .reg = tuple, .sub = (uint8_t)word };
}

static inline struct nfp_opnd nfp_lm(unsigned index, unsigned word)
{
	assert(index < 4 && word < 16);
	return (struct nfp_opnd){ .kind = NFP_O_LM, .reg = index, .sub = (uint8_t)word };
}

static inline struct nfp_opnd nfp_slot(uint32_t slot, unsigned word)
{
	assert(word <= UINT8_MAX);
	return (struct nfp_opnd){ .kind = NFP_O_SLOT, .reg = slot, .sub = (uint8_t)word };
}

static inline struct nfp_opnd nfp_gpr(enum nfp_bank bank, unsigned n)
{
	assert(bank != NFP_BANK_NONE && n < 32);
	return (struct nfp_opnd){ .kind = NFP_O_GPR, .bank = (uint8_t)bank, .reg = n };
}

/* Text form, one line an instruction; nfp_parse() reads it back (mir_print.c, mir_parse.c). */
void nfp_print(const struct nfp_func *fn, void *file /* FILE * */);
/* Any text: false is reported with line and column. `fw` is what the function is compiled for. */
bool nfp_parse(struct cx *cx, const char *text, const struct nfp_firmware *fw, struct nfp_func *fn);
/* Checks the rules of the function's stage; asserts with the instruction printed (mir_check.c). */
void nfp_check(const struct nfp_func *fn);

#endif
