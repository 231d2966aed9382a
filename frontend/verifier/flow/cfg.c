/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/flow/cfg.h"

#include "base/bits.h"

/* Structure of a program, checked before any state is walked: every instruction legal and
 * reachable, jumps inside their subprogram and onto instruction starts, no way to fall off an
 * end, calls onto subprogram starts and without recursion. */

struct checker {
	struct cx *cx;
	struct arena *arena;
	const struct fe_object *obj;
	const struct fe_prog *prog;
	struct fe_cfg *cfg;
};

static struct diag_at at(const struct checker *c, int64_t pc)
{
	return fe_prog_at(c->obj, c->prog, pc);
}

#define REJECT(c, pc, ...)                                                                         \
	diag_error((c)->cx->diags, &(struct diag_at[1]){ at((c), (int64_t)(pc)) }[0], __VA_ARGS__)

int32_t fe_cfg_subprog_at(const struct fe_prog *prog, int64_t pc)
{
	for (size_t i = 0; i < prog->n_subprogs; i++) {
		if (prog->subprogs[i].start == pc)
			return (int32_t)i;
	}
	return -1;
}

uint32_t fe_cfg_next(const struct fe_cfg *cfg, uint32_t pc)
{
	return pc + (ebpf_is_ld_imm64(&cfg->prog->insns[pc]) ? 2 : 1);
}

unsigned fe_cfg_succ(const struct fe_cfg *cfg, uint32_t pc, uint32_t succ[2])
{
	const struct bpf_insn *i = &cfg->prog->insns[pc];

	if (ebpf_is_exit(i))
		return 0;
	if (ebpf_is_ja(i)) {
		succ[0] = (uint32_t)ebpf_jump_target(i, pc);
		return 1;
	}
	succ[0] = fe_cfg_next(cfg, pc);
	if (!ebpf_is_cond_jump(i))
		return 1;
	succ[1] = (uint32_t)ebpf_jump_target(i, pc);
	return 2;
}

static bool check_layout(const struct checker *c)
{
	const struct fe_prog *p = c->prog;
	uint32_t end = 0;

	if (!p->n_insns || !p->n_subprogs)
		return REJECT(c, -1, REASON_PROG_EMPTY);
	if (p->n_insns > FE_MAX_INSNS)
		return REJECT(c, -1, REASON_PROG_TOO_LARGE, p->n_insns, FE_MAX_INSNS);
	for (size_t s = 0; s < p->n_subprogs; s++) {
		const struct fe_subprog *sp = &p->subprogs[s];

		if (sp->start != end || sp->end <= sp->start || sp->end > p->n_insns)
			return REJECT(c, sp->start, REASON_SUBPROG_BOUNDS, sp->start, sp->end);
		for (uint32_t i = sp->start; i < sp->end; i++)
			c->cfg->subprog[i] = (uint32_t)s;
		end = sp->end;
	}
	if (end != p->n_insns)
		return REJECT(c, end, REASON_SUBPROG_BOUNDS, end, (uint32_t)p->n_insns);
	return true;
}

static bool check_fields(const struct checker *c)
{
	const struct fe_prog *p = c->prog;

	for (uint32_t i = 0; i < p->n_insns; i++) {
		const struct bpf_insn *insn = &p->insns[i];
		uint32_t end = p->subprogs[c->cfg->subprog[i]].end;
		const char *why = "";

		if (!ebpf_insn_legal(insn, i + 1 < end ? insn + 1 : NULL, &why))
			return REJECT(c, i, REASON_INSN_ILLEGAL, insn->code, why);
		if (ebpf_is_ld_imm64(insn))
			c->cfg->flags[++i] |= FE_CFG_SECOND_HALF;
	}
	return true;
}

/* References to maps are resolved when the program is loaded, whether they are reached or not. */
static bool check_map_reference(const struct checker *c, uint32_t pc)
{
	const struct bpf_insn *insn = &c->prog->insns[pc];
	uint32_t offset = (uint32_t)insn[1].imm;
	const struct fe_map *map;

	switch (insn->src_reg) {
	case EBPF_IMM_VALUE:
	case EBPF_IMM_BTF_ID:
	case EBPF_IMM_FUNC: return true;
	case EBPF_IMM_MAP_IDX:
	case EBPF_IMM_MAP_IDX_VALUE: break;
	default: return REJECT(c, pc, REASON_IMM_KIND, insn->src_reg);
	}
	if (insn->imm < 0 || (size_t)insn->imm >= c->obj->n_maps)
		return REJECT(c, pc, REASON_MAP_INDEX, insn->imm, c->obj->n_maps);
	map = &c->obj->maps[insn->imm];
	if (insn->src_reg == EBPF_IMM_MAP_IDX)
		return !offset || REJECT(c, pc, REASON_IMM_KIND, insn->src_reg);
	/* The kernel knows an address only for arrays of one element, as data sections are. */
	if (map->type != BPF_MAP_TYPE_ARRAY || map->max_entries != 1)
		return REJECT(c, pc, REASON_MAP_NO_ADDRESS, map->name);
	if (offset >= map->value_size)
		return REJECT(c, pc, REASON_MAP_DIRECT, map->name, (unsigned long long)offset,
			      map->value_size);
	return true;
}

static bool check_maps(const struct checker *c)
{
	for (uint32_t i = 0; i < c->prog->n_insns; i = fe_cfg_next(c->cfg, i)) {
		if (ebpf_is_ld_imm64(&c->prog->insns[i]) && !check_map_reference(c, i))
			return false;
	}
	return true;
}

static bool check_call_target(const struct checker *c, uint32_t pc, int64_t target)
{
	if (fe_cfg_subprog_at(c->prog, target) < 0)
		return REJECT(c, pc, REASON_CALL_TARGET, (long long)target);
	return true;
}

static bool check_targets(const struct checker *c)
{
	const struct fe_prog *p = c->prog;

	for (uint32_t i = 0; i < p->n_insns; i = fe_cfg_next(c->cfg, i)) {
		const struct bpf_insn *insn = &p->insns[i];
		const struct fe_subprog *sp = &p->subprogs[c->cfg->subprog[i]];

		if (ebpf_is_ja(insn) || ebpf_is_cond_jump(insn)) {
			int64_t t = ebpf_jump_target(insn, i);

			if (t < sp->start || t >= sp->end)
				return REJECT(c, i, REASON_JUMP_RANGE, (long long)t, sp->start,
					      sp->end);
			if (c->cfg->flags[t] & FE_CFG_SECOND_HALF)
				return REJECT(c, i, REASON_JUMP_MIDDLE, (long long)t);
		}
		if (ebpf_is_call(insn) && insn->src_reg == EBPF_CALL_SUBPROG &&
		    !check_call_target(c, i, (int64_t)i + 1 + insn->imm))
			return false;
		if (ebpf_is_ld_imm64(insn) && insn->src_reg == EBPF_IMM_FUNC &&
		    !check_call_target(c, i, (int64_t)i + 1 + insn->imm))
			return false;
		if (!ebpf_is_exit(insn) && !ebpf_is_ja(insn) && fe_cfg_next(c->cfg, i) >= sp->end)
			return REJECT(c, i, REASON_FALLS_OFF);
	}
	return true;
}

int32_t fe_cfg_callee(const struct fe_prog *p, uint32_t pc)
{
	const struct bpf_insn *i = &p->insns[pc];
	bool calls = (ebpf_is_call(i) && i->src_reg == EBPF_CALL_SUBPROG) ||
		     (ebpf_is_ld_imm64(i) && i->src_reg == EBPF_IMM_FUNC);

	return calls ? fe_cfg_subprog_at(p, (int64_t)pc + 1 + i->imm) : -1;
}

/* Marks what can be reached from the main program, through calls and addresses of subprograms. */
static bool check_reachable(const struct checker *c)
{
	const struct fe_prog *p = c->prog;
	uint32_t *stack = ARENA_ARRAY(c->arena, uint32_t, p->n_insns * 3 + 1);
	uint32_t n = 0, succ[2];

	stack[n++] = 0;
	while (n) {
		uint32_t pc = stack[--n];
		unsigned n_succ;
		int32_t sub;

		if (c->cfg->flags[pc] & FE_CFG_REACHED)
			continue;
		c->cfg->flags[pc] |= FE_CFG_REACHED;
		n_succ = fe_cfg_succ(c->cfg, pc, succ);
		for (unsigned k = 0; k < n_succ; k++)
			stack[n++] = succ[k];
		sub = fe_cfg_callee(p, pc);
		if (sub >= 0)
			stack[n++] = p->subprogs[sub].start;
	}
	for (uint32_t i = 0; i < p->n_insns; i = fe_cfg_next(c->cfg, i)) {
		if (!(c->cfg->flags[i] & FE_CFG_REACHED))
			return REJECT(c, i, REASON_UNREACHABLE);
	}
	return true;
}

/* One step of the depth-first search for a cycle of calls: 0 new, 1 on the path, 2 done. */
static bool find_recursion(const struct checker *c, uint32_t sub, uint8_t *mark)
{
	const struct fe_prog *p = c->prog;
	const struct fe_subprog *sp = &p->subprogs[sub];

	mark[sub] = 1;
	for (uint32_t i = sp->start; i < sp->end; i = fe_cfg_next(c->cfg, i)) {
		int32_t to = ebpf_is_call(&p->insns[i]) ? fe_cfg_callee(p, i) : -1;

		if (to < 0 || mark[to] == 2)
			continue;
		if (mark[to] == 1)
			return REJECT(c, i, REASON_RECURSION, p->subprogs[to].name);
		if (!find_recursion(c, (uint32_t)to, mark))
			return false;
	}
	mark[sub] = 2;
	return true;
}

/* Longest chain of calls from `sub`, bounded before find_recursion() recurses. */
static bool check_recursion(const struct checker *c)
{
	const size_t n = c->prog->n_subprogs;
	uint8_t *mark = ARENA_ARRAY(c->arena, uint8_t, n);

	if (n > 256) /* the kernel's BPF_MAX_SUBPROGS; also bounds the recursion here */
		return REJECT(c, -1, REASON_SUBPROGS_TOO_MANY, n, (size_t)256);
	for (uint32_t s = 0; s < n; s++) {
		if (!mark[s] && !find_recursion(c, s, mark))
			return false;
	}
	return true;
}

/* Where paths meet or part: states are compared there. */
static void mark_prune_points(const struct checker *c)
{
	const struct fe_prog *p = c->prog;
	uint8_t *flags = c->cfg->flags;

	for (uint32_t i = 0; i < p->n_insns; i = fe_cfg_next(c->cfg, i)) {
		const struct bpf_insn *insn = &p->insns[i];

		if (ebpf_is_cond_jump(insn))
			flags[i] |= FE_CFG_PRUNE;
		if (ebpf_is_cond_jump(insn) || ebpf_is_ja(insn))
			flags[ebpf_jump_target(insn, i)] |= FE_CFG_PRUNE;
		if (ebpf_is_call(insn) && insn->src_reg == EBPF_CALL_SUBPROG) {
			flags[i] |= FE_CFG_PRUNE;
			flags[fe_cfg_next(c->cfg, i)] |= FE_CFG_PRUNE;
		}
	}
}

static void index_predecessors(const struct checker *c)
{
	struct fe_cfg *cfg = c->cfg;
	uint32_t n = (uint32_t)c->prog->n_insns, succ[2], *fill;

	cfg->pred_start = ARENA_ARRAY(c->arena, uint32_t, (size_t)n + 2);
	for (uint32_t i = 0; i < n; i = fe_cfg_next(cfg, i)) {
		for (unsigned k = fe_cfg_succ(cfg, i, succ); k-- > 0;)
			cfg->pred_start[succ[k] + 1]++;
	}
	for (uint32_t i = 0; i < n; i++)
		cfg->pred_start[i + 1] += cfg->pred_start[i];
	cfg->pred = ARENA_ARRAY(c->arena, uint32_t, cfg->pred_start[n] + 1);
	fill = arena_dup(c->arena, cfg->pred_start, ((size_t)n + 1) * sizeof(*fill));
	for (uint32_t i = 0; i < n; i = fe_cfg_next(cfg, i)) {
		for (unsigned k = fe_cfg_succ(cfg, i, succ); k-- > 0;)
			cfg->pred[fill[succ[k]]++] = i;
	}
}

bool fe_cfg_check(struct cx *cx, struct arena *arena, const struct fe_object *obj,
		  const struct fe_prog *prog, struct fe_cfg *cfg)
{
	struct checker c = { cx, arena, obj, prog, cfg };

	*cfg = (struct fe_cfg){ .prog = prog };
	if (prog->n_insns && prog->n_insns <= FE_MAX_INSNS) {
		cfg->flags = ARENA_ARRAY(arena, uint8_t, prog->n_insns + 1);
		cfg->subprog = ARENA_ARRAY(arena, uint32_t, prog->n_insns + 1);
	}
	if (!check_layout(&c) || !check_fields(&c) || !check_maps(&c) || !check_targets(&c) ||
	    !check_reachable(&c) || !check_recursion(&c))
		return false;
	mark_prune_points(&c);
	index_predecessors(&c);
	return true;
}
