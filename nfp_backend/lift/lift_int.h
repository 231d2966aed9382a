/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_LIFT_LIFT_INT_H
#define NFP_BACKEND_LIFT_LIFT_INT_H

#include "nfp_backend/lift/lift.h"

#include "base/bits.h"

#include <llvm-c/Core.h>

/* State of one lifting, shared by lift*.c.
 *
 * Registers. An eBPF register is a variable with several *views*, one alloca each:
 *   INT  i64: scalars; frame pointers as LIFT_STACK_BIAS + (address - R10 of its frame); of other
 *        pointers only whether they are NULL, or the address if a scalar of the program is
 *        derived from one (VP_ADDRESS)
 *   PKT  ptr addrspace(1): packet pointers and data_end
 *   MAP  ptr addrspace(2): map values
 * Writing a pointer sets its own view and INT, for the tests for NULL where kinds are mixed;
 * writing the constant 0 also sets the pointer views to null (joins of a pointer with NULL). The
 * verifier's kind at a read selects the view. SROA removes unused views. 8-byte stack slots have
 * the same pointer views in addition to their bytes, for spilled pointers.
 *
 * Instances of the call tree are inlined: an activation (struct lift_frame) has its own registers,
 * stack and blocks. */

#define LIFT_STACK_BIAS 0x10000
#define LIFT_NOT_NULL   1      /* INT view of a pointer that is not NULL */
#define LIFT_MAX_INSNS  65536u /* lifted BPF instructions, over all inlined calls */

enum lift_view { VIEW_INT, VIEW_PKT, VIEW_MAP, N_VIEWS };

/* Address spaces of intrinsics.def. */
enum lift_space { SPACE_STACK = 0, SPACE_PKT = 1, SPACE_MAP = 2 };

#define LIFT_SLOTS (EBPF_MAX_STACK / 8)

struct lift_frame {
	const struct vp_instance *vi;
	size_t inst;
	uint32_t start, end;           /* instructions of the subprogram */
	uint32_t level;                /* 0: main program */
	LLVMValueRef reg[11][N_VIEWS]; /* allocas, made on demand */
	LLVMValueRef stack;            /* alloca [stack_bytes x i8]; NULL: no stack */
	uint32_t stack_bytes;
	LLVMValueRef spill[LIFT_SLOTS][N_VIEWS]; /* pointer views of stack slots, made on demand */
	LLVMBasicBlockRef *block; /* by instruction - start; NULL: no block starts there */
	LLVMBasicBlockRef ret;    /* continuation in the caller; NULL in main */
};

enum lift_intrinsic {
#define INTRINSIC(id, name, sig) LIFT_##id,
#include "nfp_backend/intrinsics.def"
#undef INTRINSIC
	LIFT_N_INTRINSICS
};

struct lift {
	struct cx *cx;
	const struct nfp_prog *np;
	struct offload_refusal *why;

	LLVMContextRef llvm;
	LLVMModuleRef mod;
	LLVMBuilderRef b;     /* where code goes */
	LLVMBuilderRef entry; /* end of the entry block: allocas */
	LLVMValueRef fn;
	LLVMTypeRef i1, i8, i16, i32, i64, pkt_ptr, map_ptr, void_type;
	LLVMValueRef intrinsic[LIFT_N_INTRINSICS];
	LLVMMetadataRef scope; /* debug scope: instructions are "lines" */
	unsigned kind_alias_scope, kind_noalias;
	LLVMValueRef alias_pkt, alias_map; /* scope lists */
	LLVMValueRef data, plen;           /* allocas: packet start and length as they are now */

	struct lift_frame *chain[EBPF_MAX_FRAMES]; /* activations, main first */
	struct lift_frame *f;                      /* the current one */
	uint32_t pc;
	const struct bpf_insn *insn;
	const struct vp_fact *fact;
	uint32_t n_lifted;
	bool has_loop;
	bool has_addresses;     /* some number is made of a packet pointer */
	uint32_t n_adjust_head; /* call sites */
};

/* A value with the kind that says which views are set. */
struct lift_val {
	uint8_t kind; /* enum vp_kind */
	LLVMValueRef v[N_VIEWS];
};

/* Reports that the current instruction cannot be lifted; returns false. */
bool lift_refuse(struct lift *l, enum reason r, ...);

/* ---- lift_module.c: module, types, intrinsics, metadata -------------------------------------- */
bool lift_module_begin(struct lift *l);
void lift_module_end(struct lift *l);
void lift_set_pc(struct lift *l, uint32_t pc);
LLVMValueRef lift_call(struct lift *l, enum lift_intrinsic id, LLVMValueRef *args, unsigned n);
LLVMValueRef lift_bswap(struct lift *l, LLVMValueRef v); /* i16, i32, i64 */
/* Marks a load, store or atomic as touching one memory only. */
void lift_mark_space(struct lift *l, LLVMValueRef mem_insn, enum lift_space space);

static inline LLVMValueRef lift_i32(const struct lift *l, uint32_t v)
{
	return LLVMConstInt(l->i32, v, 0);
}

static inline LLVMValueRef lift_i64(const struct lift *l, uint64_t v)
{
	return LLVMConstInt(l->i64, v, 0);
}

/* ---- lift_regs.c: registers and their views --------------------------------------------------- */
LLVMValueRef lift_alloca(struct lift *l, LLVMTypeRef type, const char *name);
LLVMTypeRef lift_view_type(const struct lift *l, enum lift_view view);
void lift_init_frame_pointer(struct lift *l); /* R10 of the current activation */
void lift_copy_result(struct lift *l, struct lift_frame *callee); /* R0 in all its views */
struct lift_val lift_read(struct lift *l, unsigned reg);          /* all views that its kind has */
LLVMValueRef lift_read64(struct lift *l, unsigned reg);
LLVMValueRef lift_read32(struct lift *l, unsigned reg);   /* low half */
LLVMValueRef lift_read_ptr(struct lift *l, unsigned reg); /* PKT or MAP view, by kind */
LLVMValueRef lift_address(struct lift *l, unsigned reg);  /* of a pointer, as i64 */
void lift_write(struct lift *l, unsigned reg, struct lift_val val);
void lift_write64(struct lift *l, unsigned reg, LLVMValueRef v); /* scalar */
void lift_write32(struct lift *l, unsigned reg, LLVMValueRef v); /* scalar, high half 0 */
struct lift_val lift_scalar(LLVMValueRef v64);
struct lift_val lift_pointer(struct lift *l, enum vp_kind kind, LLVMValueRef ptr);

static inline const struct vp_reg *lift_reg(const struct lift *l, unsigned reg)
{
	return &l->fact->regs[reg];
}

static inline bool vp_is_number(const struct vp_reg *r)
{
	return r->kind == VP_SCALAR || r->kind == VP_ADDRESS;
}

static inline bool vp_fits32(const struct vp_reg *r) /* scalar known to be below 2^32 */
{
	return r->kind == VP_SCALAR && r->umax <= UINT32_MAX;
}

/* Fact of `reg` after the current instruction, if control continues at the next one; NULL
 * if the verifier never reached it. */
const struct vp_reg *lift_after(const struct lift *l, unsigned reg);

/* ---- one instruction each: false = refused ---------------------------------------------------- */
bool lift_alu(struct lift *l);      /* lift_alu.c */
bool lift_load(struct lift *l);     /* lift_mem.c: LDX */
bool lift_store(struct lift *l);    /* ST, STX MEM */
bool lift_atomic(struct lift *l);   /* lift_atomic.c */
bool lift_ld_imm64(struct lift *l); /* lift_ld.c */
bool lift_ld_abs(struct lift *l);
bool lift_ctx_load(struct lift *l); /* lift_ctx.c */
bool lift_ctx_store(struct lift *l);
void lift_reload_packet(struct lift *l); /* reload packet start and length */
bool lift_helper(struct lift *l);        /* lift_call.c */
LLVMValueRef
lift_condition(struct lift *l); /* lift_jump.c: i1 of a conditional jump; NULL: refused */

/* Memory through a register (lift_mem.c): `size` 1, 2, 4, 8; scalar of that width as iN. */
LLVMValueRef lift_mem_load(struct lift *l, unsigned reg, int32_t off, unsigned size);
bool lift_mem_store(struct lift *l, unsigned reg, int32_t off, unsigned size, LLVMValueRef v);
/* Adds to a map value atomically. */
bool lift_mem_add(struct lift *l, unsigned reg, int32_t off, unsigned size, LLVMValueRef v);
/* `n` words of memory as i32, zero-padded after `bytes`; false: refused. */
bool lift_mem_words(struct lift *l, unsigned reg, uint32_t bytes, LLVMValueRef *words);

#endif
