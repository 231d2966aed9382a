/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_VERIFIER_CONTRACTS_BTF_FIELDS_H
#define FRONTEND_VERIFIER_CONTRACTS_BTF_FIELDS_H

#include "frontend/verifier/state/state.h"

/* Fields of map values and of objects that only helpers may touch, found by the names of BTF types. */

/* Kinds of special fields by the map types that may hold them (btf_fields.def). */
enum fe_special_family {
	FE_SPECIAL_LOCK,
	FE_SPECIAL_TIMER,
	FE_SPECIAL_ROOT,
	FE_SPECIAL_NODE,
	FE_SPECIAL_OBJECT,
	FE_SPECIAL_USER_PAGE,
};

/* Where a kind of field counts as special: in map values, in objects that the program makes. */
enum fe_special_where { FE_IN_VALUE = 1, FE_IN_OBJECT = 2, FE_IN_BOTH = 3 };

/* Fields of a map's value, or of an object, that only helpers may touch. */
struct fe_btf_field {
	uint32_t off, size;
	const char *name; /* type: "bpf_spin_lock" … */
	enum fe_special_family family;
	uint8_t kptr;      /* enum fe_kptr */
	uint8_t object;    /* … of what it points to: enum fe_object_kind */
	const char *to;    /* … its structure; roots: the structure of the nodes */
	uint32_t to_id;    /* … in the object file's BTF */
	uint32_t node_off; /* roots: where in it the node lies */
};

enum fe_kptr { FE_KPTR_NOT, FE_KPTR_UNTRUSTED, FE_KPTR_OWNED, FE_KPTR_PERCPU };

struct fe_btf_fields {
	struct fe_btf_field field[11]; /* as many as the kernel takes */
	unsigned n;
	const char *refused; /* why the fields of the value are plain bytes; NULL: they are not */
};

/* Structures of the object file's BTF that have special fields: local_type.c. */
struct fe_local_types {
	struct fe_btf_fields **of; /* by type; NULL: it has none */
	uint32_t n;
	const char *refused; /* why the kernel refuses the BTF as a whole; NULL: it does not */
	const char *culprit; /* … for which structure */
	bool used;           /* vprog.local_objects */
};

struct fe_env;

/* btf_fields.c: the fields of a value or an object of this type */
void fe_special_find(struct fe_btf_fields *s, const struct btf *btf, uint32_t type_id,
		     enum fe_special_where where);
/* Is the type a pointer with a tag (__kptr …) that the kernel takes? */
bool fe_is_kernel_pointer(const struct btf *btf, uint32_t id);
/* The first of that name; NULL: none. */
const struct fe_btf_field *fe_btf_field_named(const struct fe_btf_fields *s, const char *name);

/* btf_fields_map.c: which maps may have them */
void fe_btf_fields_init(struct fe_env *env);
/* Of what a map value or a local object has; never NULL. */
const struct fe_btf_fields *fe_btf_fields_of(const struct fe_env *env, const struct fe_reg *r);
/* The one that lies at the register's offset; NULL: none. */
const struct fe_btf_field *fe_btf_field_at(const struct fe_env *env, const struct fe_reg *r,
					   const char *name);

/* local_type.c */
void fe_local_init(struct fe_env *env);
/* The fields of a structure; never NULL. */
const struct fe_btf_fields *fe_local_fields(const struct fe_env *env, uint32_t type);
/* Is the structure that a kernel pointer names one of the program's own? */
enum fe_home { FE_HOME_KERNEL, FE_HOME_LOCAL, FE_HOME_UNKNOWN };
enum fe_home fe_home_of(const struct fe_env *env, const struct fe_btf_field *f);
/* The program uses the map: a value may hold objects of the program's own. */
void fe_local_note_map(struct fe_env *env, int32_t map);
/* Reports that the kernel takes no types from this object file; false. */
bool fe_reject_types(struct fe_env *env);

#endif
