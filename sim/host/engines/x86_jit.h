/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_HOST_ENGINES_X86_JIT_H
#define SIM_HOST_ENGINES_X86_JIT_H

#include "base/cx.h"
#include "frontend/object.h"

/* eBPF to x86-64, in function what the kernel's bpf_int_jit_compile() does: registers, stack
 * frames, ISA v1 to v4, calls. It knows nothing of what the verifier proved.
 *
 *   R0 rax   R1 rdi   R2 rsi   R3 rdx   R4 rcx   R5 r8   R6 rbx   R7 r13   R8 r14   R9 r15   R10 rbp
 *
 * so a BPF call is a System V call. r9..r12 are temporaries inside one BPF instruction. A function
 * keeps EBPF_MAX_STACK bytes below rbp whatever it uses. */

/* Where things live in the guest's address space. */
struct sim_jit_layout {
	uint64_t code_base;         /* address of the image's first byte */
	const uint64_t *map_handle; /* per map of the object: what a map reference loads */
	const uint64_t *map_value;  /* per map: address of element 0's value; 0: has none */
	size_t n_maps;
	/* Address of the routine that a helper call goes to; 0: no such helper. That of tail_call answers with
	 * the address of the program to jump to, 0: none, and keeps the context in rdi. */
	uint64_t (*helper_addr)(void *priv, int32_t helper);
	/* Number of a kernel function, for eax of the routine at kfunc_gate; 0: it is not there. */
	uint32_t (*kfunc)(void *priv, int32_t ext);
	uint64_t kfunc_gate;
	uint64_t skb_load_addr; /* LD_ABS/LD_IND: rdi = context, esi = offset, edx = bytes; answers
				 * with rax = value in host order, edx != 0: out of the packet */
	uint64_t
		may_goto_count; /* address of 64 bits that count may_goto; the caller zeroes them */
	void *priv;
};

struct sim_jit_image {
	const uint8_t *code; /* in the context's arena */
	size_t len;
	const uint32_t *insn_off; /* per BPF instruction: where its code starts; entry: [0] */
};

/* False: reported (an instruction, helper or kernel reference that cannot run here). */
bool sim_x86_jit(struct cx *cx, const struct fe_object *obj, const struct fe_prog *prog,
		 const struct sim_jit_layout *layout, struct sim_jit_image *out);

#endif
