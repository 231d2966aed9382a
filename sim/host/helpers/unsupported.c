/* SPDX-License-Identifier: BSD-2-Clause */
/* What of a program no host side models. Asked before anything runs, so that such a program is left out of a
 * comparison by name, rather than failing or being run as something else. */
#include "frontend/vprog.h"
#include "sim/host.h"
#include "sim/host/environment/host_internal.h"
#include "frontend/tail_targets.h"

#include <linux/bpf.h>

static bool names_map(const struct fe_prog *prog, size_t map)
{
	for (size_t i = 0; i < prog->n_insns; i++) {
		const struct bpf_insn *in = &prog->insns[i];

		if (!ebpf_is_ld_imm64(in))
			continue;
		if ((in->src_reg == EBPF_IMM_MAP_IDX || in->src_reg == EBPF_IMM_MAP_IDX_VALUE) &&
		    (size_t)in->imm == map)
			return true;
		i++;
	}
	return false;
}

bool sim_host_uses_map(const struct fe_object *obj, const struct fe_prog *prog, size_t map)
{
	struct sim_tails t;

	sim_tails_find(obj, prog, &t);
	for (size_t i = 0; i < t.n; i++) {
		if (names_map(t.progs[i], map))
			return true;
	}
	return false;
}

static const char *of_call(struct arena *a, const struct fe_object *obj, const struct fe_prog *prog,
			   const struct bpf_insn *in)
{
	uint32_t id = (uint32_t)in->imm;

	if (in->src_reg == EBPF_CALL_SUBPROG)
		return NULL;
	if (in->src_reg == EBPF_CALL_KFUNC && sim_kfunc_id(obj, in->imm))
		return NULL;
	if (in->src_reg == EBPF_CALL_KFUNC)
		return arena_printf(a, "kernel function %s",
				    id < obj->n_externs ? obj->externs[id].name : "?");
	if (in->src_reg != EBPF_CALL_HELPER || sim_host_has_helper(prog->type, id))
		return NULL;
	return arena_printf(a, "helper %s (%d)", ebpf_helper_name(id), in->imm);
}

static const char *of_constant(struct arena *a, const struct fe_object *obj,
			       const struct bpf_insn *in)
{
	const struct fe_map *m;

	if (in->src_reg == EBPF_IMM_BTF_ID)
		return "a kernel variable";
	if ((in->src_reg != EBPF_IMM_MAP_IDX && in->src_reg != EBPF_IMM_MAP_IDX_VALUE) ||
	    (uint32_t)in->imm >= obj->n_maps)
		return NULL;
	m = &obj->maps[in->imm];
	return sim_maps_know(m->type)
		       ? NULL
		       : arena_printf(a, "map %s of type %s", m->name, ebpf_map_type_name(m->type));
}

static const char *of_program(struct arena *a, const struct fe_object *obj,
			      const struct fe_prog *prog)
{
	const char *what = NULL;

	for (size_t i = 0; i < prog->n_insns && !what; i++) {
		const struct bpf_insn *in = &prog->insns[i];

		if (ebpf_is_call(in))
			what = of_call(a, obj, prog, in);
		if (in->code == EBPF_MAY_GOTO)
			what = "may_goto, which ends loops by the clock";
		if (!ebpf_is_ld_imm64(in))
			continue;
		what = of_constant(a, obj, in);
		i++;
	}
	return what;
}

const char *sim_host_unsupported(struct arena *a, const struct fe_object *obj,
				 const struct fe_prog *prog)
{
	const char *what = NULL;
	struct sim_tails t;

	if (prog->type != BPF_PROG_TYPE_XDP && prog->type != BPF_PROG_TYPE_SCHED_CLS &&
	    prog->type != BPF_PROG_TYPE_SCHED_ACT)
		return "neither an XDP nor a tc program";
	sim_tails_find(obj, prog, &t);
	for (size_t i = 0; i < t.n && !what; i++)
		what = of_program(a, obj, t.progs[i]);
	return what;
}

const char *sim_host_unsupported_proof(struct arena *a, const struct vprog *vp)
{
	for (size_t i = 0; i < vp->n_inst; i++) {
		const struct fe_subprog *s = &vp->prog->subprogs[vp->inst[i].subprog];

		for (uint32_t pc = s->start; pc < s->end; pc++) {
			const struct bpf_insn *in = &vp->prog->insns[pc];
			const struct vp_fact *f = vp_fact_at(vp, i, pc);

			if (ebpf_class(in) == BPF_LDX && f->seen &&
			    f->regs[in->src_reg].kind == VP_MAP_PTR)
				return "a load from the kernel's description of a map";
		}
	}
	return sim_host_unsupported(a, vp->obj, vp->prog);
}
