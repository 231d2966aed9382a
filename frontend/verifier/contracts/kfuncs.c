/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/contracts/kfuncs.h"

#include "base/bits.h"
#include "ebpf/insn.h"
#include "frontend/vprog.h"

#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

/* Look-up in kfuncs.def. */

#define FE_PROG_BOTH (FE_PROG_XDP | FE_PROG_TC)

/* Ids of helpers are below; every function of the kernel is for GPL programs and takes packet memory. */
#define FIRST_ID     0x10000u
#define FLAGS_OF_ALL (FE_H_GPL | FE_H_PKT_ARGS)

enum {
	ROW_NONE,
#define KFUNC(name, progs, ret, gives, flags, a, b, c, d, e) ROW_##name,
#include "frontend/verifier/contracts/kfuncs.def"
#undef KFUNC
};

static const struct fe_kfunc table[] = {
#define KFUNC(name_, progs_, ret_, gives_, flags_, a, b, c, d, e)                                  \
	{ .proto = { .name = #name_,                                                               \
		     .id = FIRST_ID + ROW_##name_,                                                 \
		     .progs = FE_PROG_##progs_,                                                    \
		     .ret = FE_RET_##ret_,                                                         \
		     .flags = FLAGS_OF_ALL | (flags_),                                             \
		     .args = { FE_ARG_##a, FE_ARG_##b, FE_ARG_##c, FE_ARG_##d, FE_ARG_##e } },     \
	  .gives = FE_OBJ_##gives_ },
#include "frontend/verifier/contracts/kfuncs.def"
#undef KFUNC
};

const struct fe_kfunc *fe_kfunc(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (!strcmp(table[i].proto.name, name))
			return &table[i];
	}
	return NULL;
}

const char *fe_extern_name(const struct fe_object *obj, int32_t index)
{
	if (index < 0 || (size_t)index >= obj->n_externs)
		return "?";
	return obj->externs[index].name;
}

void fe_disasm(const struct fe_object *obj, const struct bpf_insn *insn,
	       const struct bpf_insn *next, char *buf, size_t size)
{
	if (ebpf_is_call(insn) && insn->src_reg == EBPF_CALL_KFUNC)
		snprintf(buf, size, "call %s", fe_extern_name(obj, insn->imm));
	else
		ebpf_disasm(insn, next, buf, size);
}

unsigned fe_kfunc_n_args(const struct fe_object *obj, int32_t index)
{
	const struct fe_kfunc *k = fe_kfunc(fe_extern_name(obj, index));
	unsigned n = 0;

	if (!k)
		return 5;
	while (n < 5 && k->proto.args[n] != FE_ARG__)
		n++;
	return n;
}

/* ---- kernel objects ---------------------------------------------------------------------------- */

static const struct fe_object_type objects[] = {
	[FE_OBJ_NONE] = { "?", false, false },
#define OBJECT(id, name, stored, socket) [FE_OBJ_##id] = { #name, stored, socket },
#include "frontend/verifier/contracts/objects.def"
#undef OBJECT
};

const struct fe_object_type *fe_object_type(enum fe_object_kind kind)
{
	return &objects[kind];
}

enum fe_object_kind fe_object_kind(const char *name)
{
	for (size_t i = 1; i < ARRAY_SIZE(objects); i++) {
		if (!strcmp(objects[i].name, name))
			return (enum fe_object_kind)i;
	}
	return FE_OBJ_NONE;
}

enum fe_object_kind fe_helper_gives(uint32_t id)
{
	switch (id) {
	case BPF_FUNC_skc_to_tcp6_sock: return FE_OBJ_TCP6_SOCK;
	case BPF_FUNC_skc_to_tcp_sock: return FE_OBJ_TCP_SOCK;
	case BPF_FUNC_skc_to_tcp_timewait_sock: return FE_OBJ_TW_SOCK;
	case BPF_FUNC_skc_to_tcp_request_sock: return FE_OBJ_REQ_SOCK;
	case BPF_FUNC_skc_to_udp6_sock: return FE_OBJ_UDP6_SOCK;
	case BPF_FUNC_skc_to_unix_sock: return FE_OBJ_UNIX_SOCK;
	case BPF_FUNC_skc_to_mptcp_sock: return FE_OBJ_MPTCP_SOCK;
	case BPF_FUNC_get_current_task_btf: return FE_OBJ_TASK;
	case BPF_FUNC_task_pt_regs: return FE_OBJ_REGS;
	default: return FE_OBJ_NONE;
	}
}
