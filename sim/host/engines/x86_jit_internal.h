/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_HOST_ENGINES_X86_JIT_INTERNAL_H
#define SIM_HOST_ENGINES_X86_JIT_INTERNAL_H

#include "base/vec.h"
#include "sim/host/engines/x86_emit.h"
#include "sim/host/engines/x86_jit.h"

/* Shared by x86_jit.c (the program, memory, jumps and calls) and x86_jit_alu.c (arithmetic). */

/* temporaries inside one BPF instruction */
#define TMP_SAVE_A X86_R9
#define TMP_SAVE_D X86_R10
#define TMP_SRC    X86_R11
#define TMP_BASE   X86_R12

struct fixup {     /* a displacement that waits for the address of a BPF instruction */
	size_t at; /* of the displacement; the jump is relative to its end */
	uint32_t target, from;
	bool is_long;
};

struct jit {
	struct cx *cx;
	const struct fe_object *obj;
	const struct fe_prog *prog;
	const struct sim_jit_layout *layout;
	struct x86_buf b;
	uint32_t *insn_off;
	bool *is_long;  /* per instruction: its jump needs 32 bits */
	bool *is_start; /* per instruction: first of a subprogram */
	VEC(struct fixup) fixups;
	uint32_t pc;
};

extern const enum x86_reg sim_jit_reg_of[11]; /* by BPF register */

/* Reports the instruction at j->pc; false. */
bool sim_jit_refuse(struct jit *j, const char *why);

static inline enum x86_width alu_width(const struct bpf_insn *i)
{
	return ebpf_class(i) == BPF_ALU64 || ebpf_class(i) == BPF_JMP ? X86_W64 : X86_W32;
}

static inline enum x86_width mem_width(const struct bpf_insn *i)
{
	return (enum x86_width)ebpf_size_bytes(i);
}

/* x86_jit_alu.c: classes ALU and ALU64; false: reported. */
bool sim_jit_alu(struct jit *j, const struct bpf_insn *i);

#endif
