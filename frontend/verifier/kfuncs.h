#ifndef FRONTEND_VERIFIER_KFUNCS_H
#define FRONTEND_VERIFIER_KFUNCS_H

#include "frontend/object.h"
#include "frontend/verifier/helpers.h"

/* Prototypes of kernel functions (kfuncs.def). An object file names them, so they have no fixed ids. */

/* Kernel objects that are told apart: fe_reg.object of an FE_BTF_OBJ. */
enum fe_object_kind {
	FE_OBJ_NONE,
	FE_OBJ_CONN_INIT, /* struct nf_conn___init: a connection not yet in the table */
	FE_OBJ_CONN,      /* struct nf_conn */
	FE_OBJ_XFRM_STATE,
	FE_OBJ_FLOW, /* struct flow_offload_tuple_rhash */
};

struct fe_kfunc {
	struct fe_helper proto; /* id: beyond all helpers */
	uint8_t gives;          /* FE_RET_OBJECT_NULL: enum fe_object_kind */
};

/* NULL: not known here. */
const struct fe_kfunc *fe_kfunc(const char *name);
/* Of the kernel function that a call names by its number; "?": no such. */
const char *fe_extern_name(const struct fe_object *obj, int32_t index);
/* Arguments that it reads; 5 when unknown. */
unsigned fe_kfunc_n_args(const struct fe_object *obj, int32_t index);

#endif
