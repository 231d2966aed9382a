/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/core.h"

/* The kernel's types: read when something first asks for them, kept until the object is closed. */

struct fe_kernel_types {
	struct fe_open_options opts;
	struct btf *btf;
	bool tried;
};

void fe_kernel_types_init(struct cx *cx, const struct fe_open_options *opts, struct fe_object *obj)
{
	obj->kernel = ARENA_NEW(cx->arena, struct fe_kernel_types);
	obj->kernel->opts = *opts;
}

void fe_kernel_types_keep(struct fe_object *obj, struct btf *btf)
{
	obj->kernel->btf = btf;
	obj->kernel->tried = true;
}

const struct btf *fe_kernel_btf(struct cx *cx, const struct fe_object *obj)
{
	struct fe_kernel_types *k = obj->kernel;
	struct core_target t;
	const char *why;

	if (!k)
		return NULL;
	if (!k->tried && core_target_open(cx, &k->opts, &t, &why))
		k->btf = t.btf;
	k->tried = true;
	return k->btf;
}

void fe_kernel_types_free(struct fe_object *obj)
{
	if (obj->kernel)
		btf__free(obj->kernel->btf);
	obj->kernel = NULL;
}
