/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/inline/inline_source.h"

/* Finds tail calls that are known at compile time: only the object fills the array, and
 * every program that the index may select can replace the call. */

#define MAX_CHOICES 32u /* slots that an index may choose from */

const struct fe_slot *part_inline_choice(const struct fe_object *obj,
					 const struct part_inline_tail *t, size_t *at)
{
	const struct fe_map *m = &obj->maps[t->map];

	while (*at < m->n_slots) {
		const struct fe_slot *slot = &m->slots[(*at)++];

		if (slot->index >= t->min && slot->index <= t->max)
			return slot;
	}
	return NULL;
}

static bool is_tail_call(const struct bpf_insn *insn)
{
	return ebpf_is_call(insn) && insn->src_reg == EBPF_CALL_HELPER &&
	       insn->imm == BPF_FUNC_tail_call;
}

/* Joins array and index of one instance with those of the other instances. False: not one array. */
static bool join(const struct vp_fact *f, bool first, struct part_inline_tail *t)
{
	const struct vp_reg *map = &f->regs[2], *index = &f->regs[3];
	uint32_t min = index->u32_min, max = index->u32_max;

	if (map->kind != VP_MAP_PTR || map->object < 0 || index->kind != VP_SCALAR)
		return false;
	if (vp_is_const(index))
		min = max = (uint32_t)index->var.value;
	if (first)
		*t = (struct part_inline_tail){ .map = (uint32_t)map->object,
						.min = min,
						.max = max };
	t->min = min < t->min ? min : t->min;
	t->max = max > t->max ? max : t->max;
	t->any_index = t->min != t->max;
	return t->map == (uint32_t)map->object;
}

/* False: not one array. A call that no path reaches is `dead`. */
static bool know(const struct vprog *vp, uint32_t pc, struct part_inline_tail *t, bool *dead)
{
	bool first = true;

	*dead = false;

	for (size_t inst = 0; inst < vp->n_inst; inst++) {
		const struct fe_subprog *sub = &vp->prog->subprogs[vp->inst[inst].subprog];

		if (pc < sub->start || pc >= sub->end || !vp_fact_at(vp, inst, pc)->seen)
			continue;
		if (!join(vp_fact_at(vp, inst, pc), first, t))
			return false;
		first = false;
	}
	*dead = first;
	return !first;
}

/* An array that is pinned may have been filled by other objects. */
static bool contents_known(const struct fe_object *obj, const struct part_inline_tail *t)
{
	const struct fe_map *m = &obj->maps[t->map];

	return m->type == BPF_MAP_TYPE_PROG_ARRAY && m->n_slots && !m->pinned;
}

static bool targets_fine(struct part_inliner *s, const struct part_inline_tail *t)
{
	const struct fe_slot *slot;
	uint32_t n = 0;

	for (size_t i = 0; (slot = part_inline_choice(s->obj, t, &i));)
		if (n++ == MAX_CHOICES || !part_inline_target(s, slot->target))
			return false;
	return true;
}

void part_inline_find_tails(struct part_inliner *s, struct part_inline_source *src)
{
	const struct fe_prog *p = src->prog;

	src->keeps = ARENA_ARRAY(s->cx->arena, bool, s->obj->n_maps + 1);
	src->tails = ARENA_ARRAY(s->cx->arena, struct part_inline_tail *, p->n_insns);
	for (uint32_t pc = 0; pc < p->n_insns; pc = part_inline_next(p, pc)) {
		struct part_inline_tail t;
		bool dead;

		if (!is_tail_call(&p->insns[pc]))
			continue;
		if (!know(src->vp, pc, &t, &dead))
			memset(src->keeps, !dead, s->obj->n_maps);
		else if (contents_known(s->obj, &t) && targets_fine(s, &t))
			src->tails[pc] = arena_dup(s->cx->arena, &t, sizeof(t));
		else
			src->keeps[t.map] = true;
	}
}
