/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_ISEL_ISEL_PRIV_H
#define NFP_BACKEND_ISEL_ISEL_PRIV_H

#include "base/bits.h"
#include "base/vec.h"
#include "nfp_backend/isel/isel.h"

#include <llvm-c/Core.h>

/* Types shared by the files of instruction selection (isel.h lists them). */

/* ---- words ---------------------------------------------------------------------------------- */

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

#define ISEL_MAX_WORDS 4 /* i128 */
#define ISEL_MAX_WIDTH (32 * ISEL_MAX_WORDS)

/* A value of w bits is (w + 31) / 32 words, least significant first. Bits of the last word above w
 * are unspecified; whoever depends on them asks isel_get_zext() or isel_get_sext(). Words that
 * isel_bits.c proves 0 are the constant 0. Pointers: 1 word; map values: 2 (low part, high part). */
struct isel_val {
	uint8_t n;
	struct isel_word w[ISEL_MAX_WORDS];
};

/* ---- the numbered IR -------------------------------------------------------------------------- */

struct isel_inst {
	LLVMValueRef v;
	LLVMOpcode op;
	uint32_t block;
	uint16_t width; /* bits; 0: no value (void), or a type that we have no words for */
	uint16_t ubits; /* significant bits at most */
	bool deferred;  /* computed where the user stands */
	bool escapes;   /* used where transfer registers or packet vector have changed since */
	uint8_t height; /* levels of deferred operands below */
	uint32_t xfer_version, pv_version; /* see isel_ir.c */
	struct isel_group *group;          /* loads */
	bool have_val;
	uint32_t val_block,
		val_scope; /* where the code is: deferred values are computed again elsewhere */
	struct isel_val val;
};

struct isel_block {
	LLVMBasicBlockRef bb;
	uint32_t first, n; /* instructions */
	VEC(uint32_t) preds;
	VEC(uint32_t) succs;
	uint32_t idom, dom_in, dom_out; /* preorder interval in the dominator tree */
	uint32_t head;                  /* machine block */
	uint32_t freq;
	uint32_t xfer_in, pv_in; /* versions at entry */
	bool ret_only;           /* phis, pure operations and ret */
};

/* ---- addresses ---------------------------------------------------------------------------------- */

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
	bool issued;
	uint32_t xin; /* tuple; valid once issued */
	VEC(uint32_t) loads;
};

/* Packet or map-value stores of one block that were not emitted yet. */
struct isel_pending_store {
	struct isel_addr addr;
	LLVMValueRef value;
	uint32_t bytes;
};

/* ---- state ------------------------------------------------------------------------------------ */

/* Key to 32-bit index; keys are never 0. */
struct isel_map {
	uint64_t *keys;
	uint32_t *vals;
	size_t len, cap;
};

/* A register that holds something that may be asked for again. */
struct isel_cached {
	uint32_t vreg, block, scope;
};

struct isel_base { /* an address in a register */
	struct isel_addr addr;
	struct isel_cached reg;
};

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

struct isel {
	struct cx *cx;
	struct nfp_func *fn;
	LLVMModuleRef m;
	LLVMValueRef llfn;
	unsigned md_bpf_pc;
	bool failed;

	struct isel_inst *insts;
	uint32_t n_insts;
	struct isel_block *blocks; /* reverse postorder; [0] is the entry */
	uint32_t n_blocks;
	struct isel_map inst_of, block_of; /* LLVM handle to index */
	bool has_adjust;                   /* some helper moves the packet's start or end */
	VEC(struct isel_group *) groups;

	uint32_t cur;      /* machine block that code goes to */
	uint32_t ir_block; /* IR block being selected */
	uint32_t at;       /* instruction being selected */
	int32_t bpf_pc;
	VEC(uint32_t) owner; /* machine block to IR block */
	/* 0: code runs whenever the IR block does. Each conditional branch opens a scope inside the
	 * current one; whoever joins the paths again puts the old scope back. */
	uint32_t scope;
	VEC(uint32_t) scope_parent; /* of each scope ever opened */
	struct isel_map fields;     /* extracted fields and constants: index in `cached` */
	VEC(struct isel_base) bases;
	VEC(struct isel_cached) cached;
	VEC(struct isel_phi_fixup) fixups;
	struct isel_map phi_args; /* (phi, IR predecessor) to index */
	VEC(struct isel_phi_arg) args;
	VEC(struct isel_pending_store) stores[3]; /* by space; one base each */
	struct isel_map exits;                    /* result byte + 1 to machine block */
	struct isel_map slots;                    /* alloca to frame slot */
};

/* ---- isel_map.c ---------------------------------------------------------------------------------- */
uint32_t *isel_map_at(struct isel_map *map, struct cx *cx,
		      uint64_t key);                              /* added as UINT32_MAX if new */
uint32_t isel_map_find(const struct isel_map *map, uint64_t key); /* UINT32_MAX: none */

/* ---- isel_ir.c ----------------------------------------------------------------------------------- */
bool isel_number(struct isel *is);
uint32_t isel_inst_index(const struct isel *is,
			 LLVMValueRef v); /* UINT32_MAX: no instruction of ours */
struct isel_inst *isel_inst_of(struct isel *is, LLVMValueRef v); /* NULL: none */
uint32_t isel_block_index(const struct isel *is, LLVMBasicBlockRef bb);
bool isel_dominates(const struct isel *is, uint32_t a, uint32_t b); /* blocks */
unsigned isel_type_width(LLVMTypeRef t); /* bits of an integer or pointer; 0: neither */
/* Bytes that an array index steps over; 0: not a sized type of ours. */
uint64_t isel_type_bytes(LLVMTypeRef t);
static inline unsigned isel_width(LLVMValueRef v)
{
	return isel_type_width(LLVMTypeOf(v));
}
/* Words of a constant integer, null, undef or poison (as 0). False: not such a constant. */
bool isel_const_words(LLVMValueRef v, uint32_t w[ISEL_MAX_WORDS]);
bool isel_const_u64(LLVMValueRef v, uint64_t *out); /* up to 64 bits */
unsigned isel_ubits(const struct isel *is, LLVMValueRef v);
/* Name of the function that a call names, "" for an indirect call. */
const char *isel_callee(LLVMValueRef call);
bool isel_calls(LLVMValueRef v, const char *name);
bool isel_is_pure(LLVMValueRef v);
/* The only user of v, NULL if there are none or several. */
LLVMValueRef isel_single_user(LLVMValueRef v);
bool isel_is_inst(LLVMValueRef v, LLVMOpcode op);

/* ---- isel_clobber.c, isel_defer.c, isel_bits.c, isel_group.c: analyses --------------------------------- */
void isel_find_clobbers(struct isel *is);
void isel_find_deferred(struct isel *is);
void isel_find_escapes(struct isel *is);
void isel_find_bits(struct isel *is);
void isel_find_groups(struct isel *is);
/* isel_posted.c: need nobody wait for this atomic addition? Needs the groups. */
bool isel_may_post(struct isel *is, uint32_t inst, const struct isel_addr *addr, uint32_t bytes);

/* ---- isel_emit.c: machine instructions ----------------------------------------------------------------- */
struct nfp_mi *isel_emit(struct isel *is, enum nfp_mir_op op);
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
bool isel_same_opnd(const struct nfp_opnd *a, const struct nfp_opnd *b);
struct nfp_opnd isel_new_reg(struct isel *is);
struct nfp_opnd isel_const(struct isel *is, uint32_t v); /* in a register */
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
/* A two-way join: new block's phi is `special` when control comes from `special_pred`. */
struct nfp_opnd isel_join_phi(struct isel *is, uint32_t special_pred, struct nfp_opnd special,
			      struct nfp_opnd usual);
/* Gives the phi made last one more special predecessor. */
void isel_join_more(struct isel *is, uint32_t special_pred, struct nfp_opnd special);
bool isel_in_scope(const struct isel *is, uint32_t block, uint32_t scope);
/* Reports the refusal and lets selection run to its end without code. */
void isel_refuse(struct isel *is, const char *what);

/* ---- isel_word.c: words --------------------------------------------------------------------------------- */
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
/* dst = a | b, at most one instruction beyond extracting a. */
struct isel_word isel_w_or(struct isel *is, struct isel_word a, struct isel_word b);
void isel_w_to_xout(struct isel *is, struct nfp_opnd xout, struct isel_word w);
void isel_w_or_to_xout(struct isel *is, struct nfp_opnd xout, struct isel_word a,
		       struct isel_word b);

/* ---- isel_value.c: values ----------------------------------------------------------------------------------- */
struct isel_val isel_get(struct isel *is, LLVMValueRef v);
struct isel_word isel_get_word(struct isel *is, LLVMValueRef v, unsigned word);
void isel_set(struct isel *is, LLVMValueRef v, struct isel_val val);
struct isel_val isel_val1(struct isel_word w);
struct isel_word isel_zext_word(struct isel *is, struct isel_val *v, unsigned width, unsigned word);
/* All words with the bits above `width` 0, or copies of the sign. */
struct isel_val isel_get_zext(struct isel *is, LLVMValueRef v);
struct isel_val isel_get_sext(struct isel *is, LLVMValueRef v);
struct isel_val isel_sext(struct isel *is, struct isel_val v, unsigned from, unsigned to);

/* ---- isel.c ---- */
/* Makes the value of an instruction here and now. */
void isel_select_inst(struct isel *is, LLVMValueRef v);

/* ---- operations --------------------------------------------------------------------------------------------- */
/* isel_alu.c */
void isel_select_binary(struct isel *is, LLVMValueRef v);
void isel_select_cast(struct isel *is, LLVMValueRef v);
struct isel_val isel_add(struct isel *is, struct isel_val a, struct isel_val b, unsigned ubits);
struct isel_val isel_sub(struct isel *is, struct isel_val a, struct isel_val b, unsigned ubits);
/* a + (b << 32 * at), as many words as a has. */
struct isel_val isel_add_at(struct isel *is, struct isel_val a, struct isel_val b, unsigned at);
struct isel_val isel_logic(struct isel *is, LLVMOpcode op, struct isel_val a, struct isel_val b);
/* x & m as one instruction: an immediate ANDed with x's operand shifted. *shift - x->shift: how far the
 * result is from its place. */
bool isel_short_mask(const struct isel_word *x, uint32_t m, uint32_t *imm, int *shift);
/* isel_shift.c */
struct isel_val isel_shl_const(struct isel *is, struct isel_val v, unsigned n);
struct isel_val isel_lshr_const(struct isel *is, struct isel_val v,
				unsigned n); /* v zero-extended */
struct isel_val isel_ashr_const(struct isel *is, struct isel_val v,
				unsigned n); /* v sign-extended */
/* Low word of (hi:lo) >> r, 0 < r < 32. */
struct isel_word isel_shift_pair(struct isel *is, struct isel_word hi, struct isel_word lo,
				 unsigned r);
struct isel_val isel_funnel(struct isel *is, struct isel_val hi, struct isel_val lo, unsigned right,
			    unsigned width);
void isel_select_shift(struct isel *is, LLVMValueRef v);
struct isel_val isel_shift_var(struct isel *is, LLVMOpcode op, struct isel_val v, unsigned width,
			       struct isel_word amount);
/* isel_mul.c */
struct isel_val isel_mul(struct isel *is, struct isel_val a, struct isel_val b, unsigned words);
struct isel_word isel_mul_high(struct isel *is, struct isel_word a, struct isel_word b);
void isel_select_mul(struct isel *is, LLVMValueRef v);
/* isel_div.c */
void isel_select_div(struct isel *is, LLVMValueRef v);
/* isel_intrin.c: llvm.* calls */
bool isel_intrinsic_is_pure(const char *name);
bool isel_select_intrinsic(struct isel *is, LLVMValueRef v, const char *name); /* false: unknown */
struct isel_val isel_bswap(struct isel *is, struct isel_val v, unsigned bytes);
struct isel_val isel_all_ones(unsigned width);
/* isel_overflow.c: the two parts of llvm.*.with.overflow */
void isel_select_extract(struct isel *is, LLVMValueRef v);
void isel_jump_overflow(struct isel *is, LLVMValueRef extract, bool sense, uint32_t target);

/* ---- conditions --------------------------------------------------------------------------------------------- */
/* isel_cond.c: goes to `target` if the i1 value is `sense`, else on with the next instruction. */
void isel_jump_if(struct isel *is, LLVMValueRef cond, bool sense, uint32_t target);
/* Which sense needs fewer jumps. */
bool isel_natural_sense(struct isel *is, LLVMValueRef cond);
struct isel_word isel_bool(struct isel *is, LLVMValueRef cond);      /* 0 or 1 in a register */
struct isel_word isel_bool_sext(struct isel *is, LLVMValueRef cond); /* 0 or all ones */
bool isel_is_cond(LLVMValueRef v); /* i1 operation that becomes branches rather than a register */
void isel_select_select(struct isel *is, LLVMValueRef v);
/* isel_cmp.c */
void isel_jump_icmp(struct isel *is, LLVMIntPredicate p, LLVMValueRef a, LLVMValueRef b, bool sense,
		    uint32_t target);
void isel_jump_cmp(struct isel *is, LLVMIntPredicate p, struct isel_val a, struct isel_val b,
		   uint32_t target); /* operands extended to whole words as the predicate asks */
/* Can a comparison be left in the carry flag (set when it holds)? Then isel_carry_icmp() does so. */
bool isel_carry_means(struct isel *is, LLVMValueRef icmp, bool sense);
void isel_carry_icmp(struct isel *is, LLVMValueRef icmp, bool sense);
/* isel_eq.c */
void isel_jump_when(struct isel *is, bool taken, uint32_t target); /* decided already */
/* Goes to target if field w equals (eq) or differs from c; `width` bits count. */
void isel_jump_eq_const(struct isel *is, struct isel_word w, unsigned width, uint32_t c, bool eq,
			uint32_t target);
void isel_jump_eq(struct isel *is, struct isel_val a, struct isel_val b, bool eq,
		  uint32_t target); /* zero-extended to whole words */
/* Comparisons whose operands need not be made; false: none of them. */
bool isel_jump_eq_pattern(struct isel *is, LLVMValueRef a, LLVMValueRef b, bool eq,
			  uint32_t target);
unsigned isel_eq_cost(const struct isel_word *w,
		      uint32_t c); /* instructions, without byte branches */
/* The field's bytes are bytes *first, *first + 1, … of its operand, which hold nothing else. */
bool isel_field_bytes(const struct isel_word *w, unsigned width, unsigned *first, unsigned *n);
/* isel_switch.c */
void isel_select_switch(struct isel *is, LLVMValueRef sw);

/* ---- memories --------------------------------------------------------------------------------------------------- */
/* isel_addr.c */
bool isel_decompose(struct isel *is, LLVMValueRef ptr, struct isel_addr *out);
bool isel_same_base(const struct isel_addr *a, const struct isel_addr *b);
/* Operands a and b of a command for the address. */
struct isel_cmd_addr {
	enum nfp_addr_mode mode;
	struct nfp_opnd a, b;
};
struct isel_cmd_addr isel_cmd_address(struct isel *is, const struct isel_addr *addr);
void isel_select_gep(struct isel *is, LLVMValueRef v);
/* isel_mem.c */
void isel_select_load(struct isel *is, LLVMValueRef v);
void isel_select_store(struct isel *is, LLVMValueRef v);
void isel_select_atomic(struct isel *is, LLVMValueRef v);
void isel_select_memcpy(struct isel *is, LLVMValueRef v);
void isel_select_memset(struct isel *is, LLVMValueRef v);
bool isel_bswap_of_load(struct isel *is, LLVMValueRef v, struct isel_val *out);
/* A value as it is cheapest to compare for equality: `swapped` says that its bytes are reversed. */
struct isel_val isel_eq_view(struct isel *is, LLVMValueRef v, bool *swapped);
/* isel_store.c */
void isel_store_later(struct isel *is, const struct isel_pending_store *st);
void isel_flush_stores(struct isel *is); /* of all spaces */
void isel_flush_space(struct isel *is, enum isel_space space);
/* Emits what is pending in addr's space if some of it may overlap `bytes` from there. */
void isel_flush_overlapping(struct isel *is, const struct isel_addr *addr, uint32_t bytes);
/* Value of a load whose bytes are all pending. False: they are not. */
bool isel_forward(struct isel *is, const struct isel_addr *addr, uint32_t bytes,
		  struct isel_val *out);
bool isel_may_overlap(const struct isel_addr *a, uint32_t a_bytes, const struct isel_addr *b,
		      uint32_t b_bytes);
/* One or more write commands for bytes that stand in words[], first byte lowest. */
void isel_write_words(struct isel *is, const struct isel_addr *addr, const struct isel_word *words,
		      uint32_t bytes);
/* isel_stack.c */
void isel_stack_store(struct isel *is, const struct isel_addr *addr, struct isel_val val,
		      uint32_t bytes, unsigned align);
struct isel_val isel_stack_read(struct isel *is, const struct isel_addr *addr, uint32_t bytes,
				unsigned align);
struct nfp_opnd isel_stack_address(struct isel *is, const struct isel_addr *addr);

/* ---- calls ------------------------------------------------------------------------------------------------------ */
/* isel_call.c */
enum isel_call_effect {
	ISEL_CALL_XFER = 1, /* transfer registers are gone afterwards */
	ISEL_CALL_PV = 2,   /* packet vector changes: data and length must be read again */
};
bool isel_is_nfp_call(const char *name, unsigned *effects);
void isel_select_nfp_call(struct isel *is, LLVMValueRef v, const char *name);
/* An adjust helper whose result only decides the block's branch: emitted there. */
bool isel_call_is_fused(struct isel *is, LLVMValueRef call);
void isel_jump_call_failed(struct isel *is, LLVMValueRef call, bool failed, uint32_t target);

/* ---- isel_exit.c: ways out ---------------------------------------------------------------------------------------- */
uint32_t isel_exit_block(struct isel *is, uint32_t r0);
void isel_abort(struct isel *is);
void isel_return(struct isel *is, LLVMValueRef r0);
/* Machine block that the edge from -> to leads to: an exit when `to` returns a constant for it. */
uint32_t isel_edge(struct isel *is, uint32_t from, uint32_t to);

#endif
