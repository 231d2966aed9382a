/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs that a program may become by tail calls through arrays that the object fills in (".values"). What user
 * space puts into an array at run time is unknown: those slots are empty on all sides. */
#include "frontend/tail_targets.h"

#include <linux/bpf.h>

static bool has(const struct sim_tails *t, const struct fe_prog *prog)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->progs[i] == prog)
			return true;
	}
	return false;
}

static void add_targets(struct sim_tails *t, const struct fe_object *obj, size_t map)
{
	const struct fe_map *m = &obj->maps[map];

	for (size_t i = 0; m->type == BPF_MAP_TYPE_PROG_ARRAY && i < m->n_slots; i++) {
		const struct fe_prog *to =
			sim_tails_target(obj, t->progs[0]->type, map, m->slots[i].index);

		if (to && !has(t, to) && t->n < SIM_TAILS_MAX)
			t->progs[t->n++] = to;
	}
}

void sim_tails_find(const struct fe_object *obj, const struct fe_prog *prog, struct sim_tails *t)
{
	t->progs[0] = prog;
	t->n = 1;
	for (size_t at = 0; at < t->n; at++) {
		const struct fe_prog *p = t->progs[at];

		for (size_t i = 0; i < p->n_insns; i++) {
			const struct bpf_insn *in = &p->insns[i];

			if (!ebpf_is_ld_imm64(in))
				continue;
			if (in->src_reg == EBPF_IMM_MAP_IDX && (uint32_t)in->imm < obj->n_maps)
				add_targets(t, obj, (size_t)in->imm);
			i++;
		}
	}
}

const struct fe_prog *sim_tails_target(const struct fe_object *obj, uint32_t prog_type, size_t map,
				       uint32_t index)
{
	const struct fe_map *m = &obj->maps[map];

	for (size_t i = 0; i < m->n_slots; i++) {
		const struct fe_slot *s = &m->slots[i];

		if (s->index == index && s->target < obj->n_progs &&
		    !obj->progs[s->target].broken && obj->progs[s->target].type == prog_type)
			return &obj->progs[s->target];
	}
	return NULL;
}
