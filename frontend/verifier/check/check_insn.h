/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_VERIFIER_CHECK_CHECK_INSN_H
#define FRONTEND_VERIFIER_CHECK_CHECK_INSN_H

#include "frontend/verifier/walk/env.h"

/* One kind of instruction each: is it safe, and what is known afterwards. False: the rejection is reported. */

struct fe_call_args;

/* check_alu.c */
void fe_link_scalar(struct fe_env *env,
		    struct fe_reg *r); /* give the number a name for its copies */
bool fe_check_alu(struct fe_env *env, const struct bpf_insn *insn);
/* Limits on a pointer's offset after arithmetic. */
bool fe_check_sane_offset(struct fe_env *env, const struct fe_reg *r);

/* check_mem.c */
enum fe_access { FE_READ, FE_WRITE };
struct fe_mem_access {
	unsigned base; /* register with the address */
	int32_t off;   /* instruction's offset */
	unsigned size; /* bytes */
	enum fe_access access;
	int value; /* register loaded or stored; -1: an immediate or a helper's */
	bool sign_extend;
	bool atomic;
	bool is_imm; /* ST: store of `imm` */
	int32_t imm;
};
bool fe_check_mem(struct fe_env *env, const struct fe_mem_access *m);
bool fe_check_load_store(struct fe_env *env, const struct bpf_insn *insn);
bool fe_check_atomic(struct fe_env *env, const struct bpf_insn *insn);
bool fe_check_ld_imm64(struct fe_env *env, const struct bpf_insn *insn);
bool fe_check_ld_abs(struct fe_env *env, const struct bpf_insn *insn);
/* [off, off + size) from the register lies inside what it points to (not the stack). */
bool fe_check_region(struct fe_env *env, unsigned regno, int64_t off, uint64_t size,
		     bool zero_size_ok, enum fe_access access);
/* What a load of that size may give, when nothing is known of the memory. */
void fe_loaded_scalar(struct fe_reg *dst, const struct fe_mem_access *m);
const struct fe_map *fe_map_of(const struct fe_env *env, const struct fe_reg *r);

/* check_packet.c */
bool fe_check_packet(struct fe_env *env, const struct fe_reg *r, int64_t off, uint64_t size,
		     bool zero_size_ok);

/* check_stack.c */
bool fe_check_stack_access(struct fe_env *env, const struct fe_mem_access *m);
/* A helper reads and/or writes [off, off + size) through the register. */
bool fe_check_stack_helper(struct fe_env *env, unsigned regno, int64_t off, uint64_t size,
			   enum fe_access access);

/* check_ctx.c */
bool fe_check_ctx(struct fe_env *env, const struct fe_mem_access *m);

/* check_jump.c */
bool fe_check_cond_jump(struct fe_env *env, const struct bpf_insn *insn, uint32_t *next_pc,
			bool *dead);
/* Tests of pointers that may be null, by id, in all frames. */
void fe_mark_null(struct fe_state *s, uint32_t id, bool is_null);

/* Falls through for a number of times that is not known here. */
bool fe_check_may_goto(struct fe_env *env, const struct bpf_insn *insn, uint32_t *next_pc);

/* check_func.c */
bool fe_check_call_subprog(struct fe_env *env, const struct bpf_insn *insn, uint32_t *next_pc);
/* Walks the callback as often as the helper may call it; then goes on as after the call. */
bool fe_check_callback(struct fe_env *env, const struct fe_call_args *call);
/* In a called function: a path waits on which another program returned in its place. */
bool fe_check_tail_call(struct fe_env *env);
/* A packet load that fails: the function returns 0. */
bool fe_check_failed_load(struct fe_env *env);
/* `done`: the path ends here (exit of main). */
bool fe_check_exit(struct fe_env *env, uint32_t *next_pc, bool *done);
bool fe_check_stack_depth(struct fe_env *env);

/* check_ksym.c: kernel functions and variables by address */
bool fe_check_ksym(struct fe_env *env, const struct bpf_insn *insn);
/* Declared weak, and the kernel has none. */
bool fe_ksym_absent(struct fe_env *env, int32_t index);

/* exceptions.c: bpf_throw() */
bool fe_check_exceptions(struct fe_env *env);
/* After a call was checked. `done`: it does not return. */
bool fe_check_throw(struct fe_env *env, const struct bpf_insn *insn, bool *done);

/* rcu_preempt.c */
bool fe_check_section(struct fe_env *env, const char *name);
/* The program ends, or goes elsewhere: nothing may be held. */
bool fe_check_nothing_held(struct fe_env *env);

/* exception_cb.c: the program names no function for bpf_throw() to run */
bool fe_check_exception_callback(const struct fe_env *env);

#endif
