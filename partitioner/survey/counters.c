/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/counters.h"

/* Straight lines only: from each load of a map's value forward, as far as no jump leads in or out,
 * following which registers hold "the loaded value plus something". */

struct line {
	const struct vprog *vp;
	const bool *entered; /* by instruction: a jump leads there, or a function starts */
	const struct bpf_insn *load;
	uint32_t load_pc, end; /* of the function */
	uint16_t sums;         /* bit r: register r holds the loaded value plus something */
};

static bool holds(const struct line *l, unsigned reg)
{
	return l->sums >> reg & 1;
}

static void set(struct line *l, unsigned reg, bool sum)
{
	l->sums = (uint16_t)((l->sums & ~(1u << reg)) | (unsigned)sum << reg);
}

static unsigned size_of(const struct line *l)
{
	return ebpf_size_bytes(l->load);
}

/* ---- facts in all instances ------------------------------------------------------------------------- */

static bool runs_in(const struct vprog *vp, size_t inst, uint32_t pc)
{
	const struct fe_subprog *sub = &vp->prog->subprogs[vp->inst[inst].subprog];

	return pc >= sub->start && pc < sub->end && vp_fact_at(vp, inst, pc)->seen;
}

/* A value of one map that is known, and not of constants. */
static bool is_counter_memory(const struct vprog *vp, const struct vp_reg *r)
{
	return r->kind == VP_MAP_VALUE && r->object >= 0 && (size_t)r->object < vp->obj->n_maps &&
	       vp->obj->maps[r->object].kind != FE_MAP_RODATA &&
	       vp->obj->maps[r->object].kind != FE_MAP_KCONFIG;
}

static bool is_aligned(const struct vp_reg *r, int16_t off, unsigned size)
{
	if (r->min_off == r->max_off)
		return (r->min_off + off) % (int64_t)size == 0;
	return !r->off_varies && !((r->var.value | r->var.mask) & (size - 1)) &&
	       (r->off + off) % (int)size == 0;
}

static bool loads_everywhere(const struct line *l)
{
	const struct bpf_insn *insn = l->load;
	bool any = false;

	for (size_t i = 0; i < l->vp->n_inst; i++) {
		const struct vp_reg *r;

		if (!runs_in(l->vp, i, l->load_pc))
			continue;
		r = &vp_fact_at(l->vp, i, l->load_pc)->regs[insn->src_reg];
		if (!is_counter_memory(l->vp, r) || !is_aligned(r, insn->off, size_of(l)))
			return false;
		any = true;
	}
	return any;
}

/* Nobody reads a sum after the store: facts are kept of registers that are read later, only. */
static bool sums_die_at(const struct line *l, uint32_t store_pc)
{
	for (size_t i = 0; i < l->vp->n_inst; i++) {
		const struct vp_fact *f;

		if (!runs_in(l->vp, i, store_pc + 1))
			continue;
		f = vp_fact_at(l->vp, i, store_pc + 1);
		for (unsigned reg = 0; reg < 10; reg++)
			if (holds(l, reg) && f->regs[reg].kind != VP_NOT_INIT)
				return false;
	}
	return true;
}

/* ---- one instruction further ------------------------------------------------------------------------ */

/* False: the sum would be used for something else. */
static bool step_alu(struct line *l, const struct bpf_insn *insn)
{
	bool dst = holds(l, insn->dst_reg);
	bool src = ebpf_src_is_reg(insn) && holds(l, insn->src_reg);
	bool whole = ebpf_class(insn) == BPF_ALU64 || size_of(l) == 4;

	switch (ebpf_op(insn)) {
	case BPF_MOV:
		if (src && (insn->off || !whole))
			return false;
		set(l, insn->dst_reg, src);
		return true;
	case BPF_ADD:
		set(l, insn->dst_reg, dst || src);
		return !(dst && src) && (whole || !(dst || src));
	case BPF_SUB: return !src && (whole || !dst);
	default: return !dst && !src;
	}
}

/* May a store between touch the counter? Next to it through the same pointer, or elsewhere. */
static bool is_apart(const struct line *l, const struct bpf_insn *store, uint32_t pc)
{
	int32_t from = store->off, to = from + (int32_t)ebpf_size_bytes(store);
	int32_t mine = l->load->off;

	if (store->dst_reg == l->load->src_reg)
		return to <= mine || from >= mine + (int32_t)size_of(l);
	for (size_t i = 0; i < l->vp->n_inst; i++) {
		const struct vp_fact *f;

		if (!runs_in(l->vp, i, pc))
			continue;
		f = vp_fact_at(l->vp, i, pc);
		if (f->regs[store->dst_reg].kind != VP_STACK &&
		    f->regs[store->dst_reg].kind != VP_PKT)
			return false;
	}
	return true;
}

static bool is_store_back(const struct line *l, const struct bpf_insn *insn)
{
	return ebpf_class(insn) == BPF_STX && ebpf_mode(insn) == BPF_MEM &&
	       insn->dst_reg == l->load->src_reg && insn->off == l->load->off &&
	       ebpf_size_bytes(insn) == size_of(l) && holds(l, insn->src_reg);
}

/* A load, or a store elsewhere, between. */
static bool step_memory(struct line *l, const struct bpf_insn *insn, uint32_t pc)
{
	uint8_t class = ebpf_class(insn);

	if (class == BPF_LDX) {
		set(l, insn->dst_reg, false);
		return !holds(l, insn->src_reg);
	}
	if (ebpf_mode(insn) != BPF_MEM)
		return false;
	if (class == BPF_ST)
		return is_apart(l, insn, pc);
	return !holds(l, insn->src_reg) && !holds(l, insn->dst_reg) && is_apart(l, insn, pc);
}

static bool step(struct line *l, const struct bpf_insn *insn, uint32_t pc)
{
	bool writes = ebpf_is_alu(insn) || ebpf_class(insn) == BPF_LDX || ebpf_is_ld_imm64(insn);

	if (writes && insn->dst_reg == l->load->src_reg)
		return false; /* the counter's address goes */
	if (ebpf_is_alu(insn))
		return step_alu(l, insn);
	if (ebpf_is_ld_imm64(insn)) {
		set(l, insn->dst_reg, false);
		return true;
	}
	switch (ebpf_class(insn)) {
	case BPF_LDX:
	case BPF_ST:
	case BPF_STX: return step_memory(l, insn, pc);
	default: return false; /* jumps, calls, loads of the packet by LD_ABS */
	}
}

/* The store that belongs to a load; 0: none. */
static uint32_t find_store(struct line *l)
{
	const struct bpf_insn *insns = l->vp->prog->insns;
	uint32_t pc = l->load_pc + 1;

	for (; pc < l->end && !l->entered[pc] && l->sums; pc++) {
		if (is_store_back(l, &insns[pc]))
			return pc + 1 < l->end && sums_die_at(l, pc) ? pc : 0;
		if (!step(l, &insns[pc], pc))
			return 0;
		pc += ebpf_is_ld_imm64(&insns[pc]);
	}
	return 0;
}

/* ---- all --------------------------------------------------------------------------------------------- */

static bool *find_entered(struct cx *cx, const struct fe_prog *prog)
{
	bool *entered = ARENA_ARRAY(cx->scratch, bool, prog->n_insns + 1);

	for (uint32_t pc = 0; pc < prog->n_insns; pc++) {
		const struct bpf_insn *insn = &prog->insns[pc];
		int64_t to = ebpf_jump_target(insn, pc);

		if ((ebpf_is_ja(insn) || ebpf_is_cond_jump(insn)) && to >= 0 &&
		    (uint64_t)to < prog->n_insns)
			entered[to] = true;
		pc += ebpf_is_ld_imm64(insn);
	}
	return entered;
}

static bool may_count(const struct bpf_insn *insn)
{
	return ebpf_class(insn) == BPF_LDX && ebpf_mode(insn) == BPF_MEM &&
	       ebpf_size_bytes(insn) >= 4 && insn->dst_reg != insn->src_reg;
}

static void find_in(struct part_counters *c, const struct vprog *vp, const struct fe_subprog *sub,
		    const bool *entered)
{
	for (uint32_t pc = sub->start; pc < sub->end; pc++) {
		const struct bpf_insn *insn = &vp->prog->insns[pc];
		struct line l = { vp, entered, insn, pc, sub->end, 0 };
		uint32_t store;

		if (ebpf_is_ld_imm64(insn)) {
			pc++;
			continue;
		}
		if (!may_count(insn) || !loads_everywhere(&l))
			continue;
		set(&l, insn->dst_reg, true);
		store = find_store(&l);
		if (!store)
			continue;
		c->role[pc] = PART_COUNTER_LOAD;
		c->role[store] = PART_COUNTER_STORE;
		c->partner[pc] = store;
		c->partner[store] = pc;
	}
}

struct part_counters part_counters_find(struct cx *cx, const struct vprog *vp)
{
	const struct fe_prog *prog = vp->prog;
	struct part_counters c = { ARENA_ARRAY(cx->arena, uint8_t, prog->n_insns),
				   ARENA_ARRAY(cx->arena, uint32_t, prog->n_insns) };
	const bool *entered = find_entered(cx, prog);

	for (size_t i = 0; i < prog->n_subprogs; i++)
		find_in(&c, vp, &prog->subprogs[i], entered);
	return c;
}
