/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/check/check_insn.h"
#include "frontend/verifier/walk/env.h"

#include <bpf/btf.h>
#include <string.h>

/* Exception callbacks: __exception_cb(NAME) on a program is a decl_tag that names a function, which bpf_throw() runs in
 * place of the rest. No instruction calls it, so libbpf before 1.3 leaves it out of the program, for which kernels
 * then reject the program; nor does any walk here meet it. Such programs are rejected. */

#define TAG "exception_callback:"

/* NULL: the function has no such tag. */
static const char *callback_of(const struct btf *btf, uint32_t func)
{
	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const char *name;

		if (btf_kind(t) != BTF_KIND_DECL_TAG || t->type != func ||
		    btf_decl_tag(t)->component_idx != -1)
			continue;
		name = btf__name_by_offset(btf, t->name_off);
		if (!strncmp(name, TAG, strlen(TAG)))
			return name + strlen(TAG);
	}
	return NULL;
}

bool fe_check_exception_callback(const struct fe_env *env)
{
	uint32_t func = env->prog->n_subprogs ? env->prog->subprogs[0].btf_func_id : 0;
	struct diag_at at = fe_prog_at(env->obj, env->prog, -1);
	const char *name = func && env->obj->btf ? callback_of(env->obj->btf, func) : NULL;

	return !name || diag_error(env->cx->diags, &at, REASON_EXCEPTION_CALLBACK, name);
}
