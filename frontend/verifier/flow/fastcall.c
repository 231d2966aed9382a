/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/flow/stack_use.h"
#include "frontend/verifier/walk/env.h"

#include "frontend/verifier/contracts/kfuncs.h"

#include <string.h>

/* Calls that the kernel replaces by a few instructions (bpf_fastcall): clang spills around them the registers that
 * a call would clobber, and the kernel takes these spills out again, so that their stack does not count.
 * That holds in a function as long as nothing else touches that part of its stack, and all calls spilled
 * around are such calls. */

/* Registers that the call does not clobber by its prototype; 0: all that a call may clobber. */
static uint16_t spared(const struct fe_env *env, const struct bpf_insn *call)
{
	const struct fe_helper *h = NULL;
	const struct fe_kfunc *k;
	uint16_t clobbered = 0;
	unsigned n = 0;

	if (call->src_reg == EBPF_CALL_HELPER) {
		h = fe_helper((uint32_t)call->imm, env->plan.kind);
	} else if (call->src_reg == EBPF_CALL_KFUNC) {
		k = fe_kfunc(fe_extern_name(env->obj, call->imm));
		h = k ? &k->proto : NULL;
	}
	if (!h)
		return 0;
	while (n < 5 && h->args[n] != FE_ARG__)
		n++;
	clobbered = (uint16_t)(((1u << n) - 1) << 1 | (h->ret != FE_RET_VOID));
	return (uint16_t)(0x3f & ~clobbered);
}

/* The kernel's own list. */
static bool is_fastcall(const struct fe_env *env, const struct bpf_insn *call)
{
	const char *name;

	if (call->src_reg == EBPF_CALL_HELPER)
		return call->imm == BPF_FUNC_get_smp_processor_id;
	if (call->src_reg != EBPF_CALL_KFUNC)
		return false;
	name = fe_extern_name(env->obj, call->imm);
	return !strcmp(name, "bpf_cast_to_kern_ctx") || !strcmp(name, "bpf_rdonly_cast");
}

static bool is_spill(const struct bpf_insn *i)
{
	return i->code == (BPF_STX | BPF_MEM | BPF_DW) && i->dst_reg == BPF_REG_10;
}

static bool is_fill(const struct bpf_insn *i)
{
	return i->code == (BPF_LDX | BPF_MEM | BPF_DW) && i->src_reg == BPF_REG_10;
}

static bool is_entered(const struct fe_env *env, uint32_t pc)
{
	const struct fe_cfg *cfg = &env->cfg;
	uint32_t from = cfg->pred_start[pc];

	return cfg->pred_start[pc + 1] - from != 1 || cfg->pred[from] + 1 != pc;
}

/* Pairs of spill and fill around the call, the innermost at the lowest offset. */
static void mark_call(struct fe_env *env, const struct fe_subprog *sp, struct fe_fastcall *f,
		      uint32_t pc, int lowest)
{
	const struct bpf_insn *insns = env->prog->insns;
	uint16_t left = spared(env, &insns[pc]);
	int off = lowest;
	uint32_t n = 0;

	while (pc - n > sp->start && pc + n + 1 < sp->end && !is_entered(env, pc - n) &&
	       !is_entered(env, pc + n + 1)) {
		const struct bpf_insn *spill = &insns[pc - n - 1], *fill = &insns[pc + n + 1];

		if (!is_spill(spill) || !is_fill(fill) || spill->src_reg != fill->dst_reg ||
		    !(left >> spill->src_reg & 1) || spill->off != off || fill->off != off)
			break;
		left &= (uint16_t) ~(1u << spill->src_reg);
		env->plan.fastcall_insn[pc - n - 1] = env->plan.fastcall_insn[pc + n + 1] = true;
		off += 8;
		n++;
	}
	if (!n)
		return;
	f->removes |= is_fastcall(env, &insns[pc]);
	f->keeps |= !is_fastcall(env, &insns[pc]);
	if (off < f->from)
		f->from = (int16_t)off;
}

static int lowest_spill(const struct fe_env *env, const struct fe_subprog *sp)
{
	int lowest = 0;

	for (uint32_t i = sp->start; i < sp->end; i = fe_cfg_next(&env->cfg, i)) {
		const struct bpf_insn *insn = &env->prog->insns[i];

		if (is_spill(insn) && insn->off < lowest)
			lowest = insn->off;
	}
	return lowest;
}

void fe_fastcall_init(struct fe_env *env)
{
	env->plan.fastcall = ARENA_ARRAY(&env->mem, struct fe_fastcall, env->prog->n_subprogs);
	env->plan.fastcall_insn = ARENA_ARRAY(&env->mem, bool, env->prog->n_insns);
	for (size_t k = 0; k < env->prog->n_subprogs; k++) {
		const struct fe_subprog *sp = &env->prog->subprogs[k];
		int lowest = lowest_spill(env, sp);

		for (uint32_t i = sp->start; i < sp->end; i = fe_cfg_next(&env->cfg, i)) {
			if (ebpf_is_call(&env->prog->insns[i]))
				mark_call(env, sp, &env->plan.fastcall[k], i, lowest);
		}
	}
}

void fe_fastcall_note_access(struct fe_env *env, uint32_t subprog, int64_t off)
{
	struct fe_fastcall *f = &env->plan.fastcall[subprog];

	if (off < f->from && !env->plan.fastcall_insn[env->walk.pc])
		f->keeps = true;
}

uint32_t fe_fastcall_stack(const struct fe_env *env, uint32_t subprog)
{
	const struct fe_fastcall *f = &env->plan.fastcall[subprog];

	return f->removes && !f->keeps ? (uint32_t)-f->from : env->plan.stack_of[subprog];
}
