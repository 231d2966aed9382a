/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_VERIFIER_CHECK_CHECK_CALL_H
#define FRONTEND_VERIFIER_CHECK_CHECK_CALL_H

#include "frontend/verifier/check/check_insn.h"

/* Calls: of helpers and kernel functions, their arguments by kind, and what they leave. */

/* What a call makes of objects of the program's own: check_local.c, check_graph.c. */
struct fe_local_args {
	uint32_t type; /* of the object that the call gives; 0: it gives none */
	uint32_t off;  /* the result points to a node that lies there */
	bool percpu;
	bool never_null;                 /* what was given was owned */
	const struct fe_btf_field *root; /* list or tree argument */
	uint32_t node_ref;               /* reference of a node that goes into it */
};

/* check_args.c */
struct fe_call_args {
	uint32_t id;
	const struct fe_helper *h;
	int32_t map;    /* index of the map argument; -1: none */
	bool map_inner; /* an inner map: `map` indexes inner_maps */
	uint32_t map_uid;
	uint32_t release_ref;  /* reference given up; 0: none */
	int32_t callback;      /* subprogram; -1: none */
	unsigned callback_arg; /* register with the callback's context */
	uint64_t alloc_size;   /* ARG_ALLOC_SIZE */
	uint32_t ref;          /* reference of a socket argument */
	uint8_t gives;         /* kernel functions: enum fe_object_kind of the result */
	uint8_t dynptr_type;   /* of the last dynptr argument: enum fe_dynptr_type */
	uint32_t dynptr_id, dynptr_ref;
	uint32_t iter_ref; /* of the iterator argument */
	uint32_t type;     /* ARG_TYPE */
	struct fe_local_args local;
};
bool fe_check_args(struct fe_env *env, struct fe_call_args *call);
/* Reports that an argument is not what is wanted; false. */
bool fe_wrong_kind(struct fe_env *env, const struct fe_call_args *c, unsigned regno,
		   const char *wanted);
/* … a special field, or why the map has none. */
bool fe_no_field(struct fe_env *env, const struct fe_call_args *c, unsigned regno,
		 const char *wanted);

/* check_call.c */
bool fe_check_call(struct fe_env *env, const struct bpf_insn *insn);
/* All packet pointers lose their meaning: the packet may have moved. */
void fe_forget_packet(struct fe_reg *r, void *arg);
void fe_clear_packet_pointers(struct fe_env *env);
bool fe_release_ref(struct fe_env *env, uint32_t ref);
bool fe_licence_is_gpl(const char *licence);
/* After all checks: gives up what the call releases, clobbers R1 to R5, sets R0. */
bool fe_finish_call(struct fe_env *env, const struct fe_call_args *c);

/* check_kfunc.c */
bool fe_check_kfunc(struct fe_env *env, const struct bpf_insn *insn);

/* check_dynptr.c */
bool fe_check_dynptr_arg(struct fe_env *env, struct fe_call_args *c, unsigned regno, uint8_t kind);
bool fe_dynptr_moves_packet(const struct fe_call_args *c);
void fe_dynptr_slice(const struct fe_call_args *c, struct fe_reg *r0);

/* check_kernel.c */
bool fe_check_kernel_load(struct fe_env *env, const struct fe_mem_access *m);
bool fe_check_type_arg(struct fe_env *env, struct fe_call_args *c, unsigned regno);
void fe_cast_result(struct fe_env *env, const struct fe_call_args *c, struct fe_reg *r0);

/* check_kptr.c: fields of map values that hold pointers to kernel objects */
const struct fe_btf_field *fe_kptr_field(const struct fe_env *env, const struct fe_reg *r,
					 int64_t off, uint64_t size);
bool fe_check_kptr_access(struct fe_env *env, const struct fe_mem_access *m,
			  const struct fe_btf_field *f);
bool fe_check_kptr_arg(struct fe_env *env, struct fe_call_args *c, unsigned regno);
bool fe_check_kptr_new(struct fe_env *env, struct fe_call_args *c, unsigned regno);

/* check_local.c: objects that the program makes */
bool fe_check_local_access(struct fe_env *env, const struct fe_mem_access *m);
bool fe_check_local_arg(struct fe_env *env, struct fe_call_args *c, unsigned regno, uint8_t kind);
void fe_local_result(struct fe_env *env, const struct fe_call_args *c, struct fe_reg *r0);

/* check_graph.c: lists and trees of them */
bool fe_check_graph_arg(struct fe_env *env, struct fe_call_args *c, unsigned regno, uint8_t kind);
/* What the function that compares two nodes is given. */
void fe_graph_callback_args(struct fe_env *env, const struct fe_call_args *c, struct fe_frame *f);
bool fe_in_graph_callback(const struct fe_state *s);

/* check_ksym.c */
bool fe_check_percpu_arg(struct fe_env *env, struct fe_call_args *c, unsigned regno);
void fe_percpu_result(struct fe_env *env, const struct fe_call_args *c, struct fe_reg *r0);

/* check_iter.c */
bool fe_check_iter_arg(struct fe_env *env, struct fe_call_args *c, unsigned regno, uint8_t kind);
/* After all else of the call: one state goes round, one is done. */
bool fe_iter_next(struct fe_env *env, const struct fe_call_args *c);
bool fe_iter_is_next(const struct fe_env *env, uint32_t pc);
/* At such a call: the iterator was not seen to be drained. */
bool fe_iter_goes_on(struct fe_env *env);
/* Some iterator is not at the same round in both. */
bool fe_iter_rounds_differ(const struct fe_state *a, const struct fe_state *b);

#endif
