/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_NFP_LIFT_RIG_H
#define TESTS_NFP_LIFT_RIG_H

#include "base/bits.h"
#include "frontend/vprog.h"
#include "nfp_backend/lift/lift.h"

#include <llvm-c/Analysis.h>
#include <llvm-c/Core.h>

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

/* Programs from arrays of instructions, verified and lifted, for tests. */

/* As an element of an array; INSN() is the same as a value. */
#define I(c, d, s, o, i)                                                                           \
	{                                                                                          \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)                \
	}
#define INSN(c, d, s, o, i) ((struct bpf_insn)I(c, d, s, o, i))
#define MOV64(d, s)         I(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define MOV64I(d, v)        I(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, v)
#define ALU64(op, d, s)     I(BPF_ALU64 | (op) | BPF_X, d, s, 0, 0)
#define ALU64I(op, d, v)    I(BPF_ALU64 | (op) | BPF_K, d, 0, 0, v)
#define LDX(sz, d, s, o)    I(BPF_LDX | BPF_MEM | (sz), d, s, o, 0)
#define STX(sz, d, s, o)    I(BPF_STX | BPF_MEM | (sz), d, s, o, 0)
#define ST(sz, d, o, v)     I(BPF_ST | BPF_MEM | (sz), d, 0, o, v)
#define JMP(op, d, s, o)    I(BPF_JMP | (op) | BPF_X, d, s, o, 0)
#define JMPI(op, d, v, o)   I(BPF_JMP | (op) | BPF_K, d, 0, o, v)
#define JA(o)               I(BPF_JMP | BPF_JA, 0, 0, o, 0)
#define CALL(id)            I(BPF_JMP | BPF_CALL, 0, 0, 0, id)
#define CALL_SUB(delta)     I(BPF_JMP | BPF_CALL, 0, EBPF_CALL_SUBPROG, 0, delta)
#define EXIT                I(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define LD_MAP(d, m)        I(BPF_LD | BPF_IMM | BPF_DW, d, EBPF_IMM_MAP_IDX, 0, m), I(0, 0, 0, 0, 0)
#define LD_DATA(d, m, o)                                                                           \
	I(BPF_LD | BPF_IMM | BPF_DW, d, EBPF_IMM_MAP_IDX_VALUE, 0, m), I(0, 0, 0, 0, o)

/* r2 = packet, at least `n` bytes of it, or return 0 (XDP); 5 instructions and the exit at the end
 * of the program, `to_exit` instructions after this macro. */
#define XDP_PACKET(n, to_exit)                                                                     \
	LDX(BPF_W, 2, 1, 0), LDX(BPF_W, 3, 1, 4), MOV64I(0, 0), MOV64(4, 2),                       \
		ALU64I(BPF_ADD, 4, n), JMP(BPF_JGT, 4, 3, to_exit)

struct rig {
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx;
	struct nfp_firmware fw;
	struct fe_object obj;
	struct fe_prog prog;
	struct fe_subprog subs[4];
	struct vprog vp;
	LLVMContextRef llvm;
};

static inline void rig_open(struct rig *r)
{
	*r = (struct rig){ .llvm = LLVMContextCreate() };
	diags_init(&r->diags, &r->arena);
	r->cx = (struct cx){ &r->arena, &r->scratch, &r->diags };
	assert_true(nfp_firmware_load(&r->cx, "generous", &r->fw));
	r->obj = (struct fe_object){ .path = "test.o", .license = "GPL" };
}

static inline void rig_close(struct rig *r)
{
	LLVMContextDispose(r->llvm);
	arena_reset(&r->scratch);
	arena_reset(&r->arena);
}

static inline struct nfp_prog *rig_verify_subs(struct rig *r, uint32_t type,
					       const struct bpf_insn *in, size_t n,
					       const uint32_t *starts, size_t n_subs)
{
	struct fe_verify_options opts = { 0 };

	for (size_t i = 0; i < n_subs; i++)
		r->subs[i] =
			(struct fe_subprog){ .start = starts[i],
					     .end = i + 1 < n_subs ? starts[i + 1] : (uint32_t)n,
					     .name = "f" };
	r->prog = (struct fe_prog){ .name = "t",
				    .section = type == BPF_PROG_TYPE_XDP ? "xdp" : "tc",
				    .type = type,
				    .insns = in,
				    .n_insns = n,
				    .subprogs = r->subs,
				    .n_subprogs = n_subs };
	r->obj.progs = &r->prog;
	r->obj.n_progs = 1;
	if (!fe_verify(&r->cx, &r->obj, &r->prog, &opts, &r->vp)) {
		for (size_t i = 0; i < r->diags.list.len; i++)
			diag_print(stderr, &r->diags.list.at[i]);
		fail_msg("the verifier refuses the test's program");
	}
	return nfp_prog_new(&r->cx, &r->vp, &r->fw);
}

static inline struct nfp_prog *rig_verify(struct rig *r, uint32_t type, const struct bpf_insn *in,
					  size_t n)
{
	uint32_t start = 0;

	return rig_verify_subs(r, type, in, n, &start, 1);
}

static inline LLVMModuleRef rig_lift(struct rig *r, const struct nfp_prog *np, unsigned opt_level)
{
	struct offload_refusal why = { 0 };
	LLVMModuleRef mod = NULL;

	if (!nfp_lift(&r->cx, np, r->llvm, &mod, &why))
		fail_msg("not lifted: %s", why.text);
	nfp_llvm_opt(mod, opt_level);
	assert_false(LLVMVerifyModule(mod, LLVMPrintMessageAction, NULL));
	return mod;
}

#endif
