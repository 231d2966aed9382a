/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_VERIFIER_CONTRACTS_KFUNCS_H
#define FRONTEND_VERIFIER_CONTRACTS_KFUNCS_H

#include "frontend/object.h"
#include "frontend/verifier/contracts/helpers.h"

/* Prototypes of kernel functions (kfuncs.def). An object file names them, so they have no fixed ids. */

/* fe_reg.object of an FE_BTF_OBJ. */
enum fe_object_kind {
	FE_OBJ_NONE, /* some structure: its type is all that is known, no call takes it */
#define OBJECT(id, name, stored, socket) FE_OBJ_##id,
#include "frontend/verifier/contracts/objects.def"
#undef OBJECT
	FE_OBJ_COUNT
};

struct fe_object_type {
	const char *name;
	bool stored, socket; /* see objects.def */
};

const struct fe_object_type *fe_object_type(enum fe_object_kind kind);
/* FE_OBJ_NONE: not in objects.def. */
enum fe_object_kind fe_object_kind(const char *name);
/* Of the result of a helper that gives a kernel object. */
enum fe_object_kind fe_helper_gives(uint32_t id);

struct fe_kfunc {
	struct fe_helper proto; /* id: beyond all helpers */
	uint8_t gives;          /* FE_RET_OBJECT_NULL: enum fe_object_kind */
};

/* NULL: not known here. */
const struct fe_kfunc *fe_kfunc(const char *name);
/* Arguments that it reads; 5 when unknown. */
unsigned fe_kfunc_n_args(const struct fe_object *obj, int32_t index);

#endif
