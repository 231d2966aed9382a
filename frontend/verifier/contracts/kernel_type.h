/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_VERIFIER_CONTRACTS_KERNEL_TYPE_H
#define FRONTEND_VERIFIER_CONTRACTS_KERNEL_TYPE_H

#include <stdbool.h>
#include <stdint.h>

struct btf;

/* What a load from a kernel structure gives, from the kernel's BTF (kernel_type.c). */

enum fe_member_kind {
	FE_MEMBER_NONE, /* there is nothing of that size: see `why` */
	FE_MEMBER_NUMBER,
	FE_MEMBER_POINTER, /* to a structure: `type` */
	FE_MEMBER_MEMORY,  /* to something else */
	FE_MEMBER_FOREIGN, /* to memory of user space or of each CPU: not for programs to look into */
};

struct fe_member {
	enum fe_member_kind kind;
	uint32_t type; /* id */
	const char *why;
};

/* Structure of that name; 0: none. `btf` may be NULL. */
uint32_t fe_kernel_struct(const struct btf *btf, const char *name);
struct fe_member fe_kernel_member(const struct btf *btf, uint32_t type, int64_t off, unsigned size);
/* A kernel variable, or a type by itself. `type` 0: not to be had. */
struct fe_ksym_type {
	uint32_t type; /* without modifiers */
	bool is_struct, percpu;
	uint32_t size;
};

struct fe_ksym_type fe_kernel_variable(const struct btf *btf, uint32_t var);
struct fe_ksym_type fe_kernel_resolved(const struct btf *btf, uint32_t type);
/* What a map of the type is in the kernel; NULL: not told. */
const char *fe_kernel_map_struct(uint32_t map_type);

#endif
