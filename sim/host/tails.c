/* Tail calls through program arrays that the object fills in (".values"), as libbpf fills them when it loads
 * the object. Arrays that user space fills are empty. */
#include "sim/host/host_internal.h"

static bool is_known(const struct sim_host *h, const struct fe_prog *prog)
{
	for (size_t i = 0; i < h->tails.len; i++)
		if (h->tails.at[i].prog == prog)
			return true;
	return false;
}

static void add_targets(struct sim_host *h, const struct fe_prog *prog)
{
	for (size_t i = 0; i < prog->n_insns; i++) {
		const struct bpf_insn *insn = &prog->insns[i];
		const struct fe_map *m;

		if (!ebpf_is_ld_imm64(insn))
			continue;
		i++;
		if (insn->src_reg != EBPF_IMM_MAP_IDX || (size_t)insn->imm >= h->obj->n_maps)
			continue;
		m = &h->obj->maps[insn->imm];
		for (size_t k = 0; m->type == BPF_MAP_TYPE_PROG_ARRAY && k < m->n_slots; k++) {
			const struct fe_prog *target = &h->obj->progs[m->slots[k].target];

			if (!target->broken && target->type == prog->type && !is_known(h, target))
				*vec_push(&h->tails, h->cx->arena) = (struct sim_tail){ target, 0 };
		}
	}
}

void sim_tails_find(struct sim_host *h)
{
	add_targets(h, h->prog);
	for (size_t i = 0; i < h->tails.len; i++)
		add_targets(h, h->tails.at[i].prog);
}

const struct sim_tail *sim_tail_target(const struct sim_host *h, uint64_t handle, uint32_t index)
{
	const struct fe_map *m = NULL;

	for (size_t i = 0; i < h->obj->n_maps && !m; i++)
		if (sim_map_handle(h, i) == handle)
			m = &h->obj->maps[i];
	for (size_t i = 0; m && i < m->n_slots; i++)
		for (size_t k = 0; m->slots[i].index == index && k < h->tails.len; k++)
			if (h->tails.at[k].prog == &h->obj->progs[m->slots[i].target])
				return &h->tails.at[k];
	return NULL;
}

bool sim_host_follows_tails(const struct fe_object *obj, const struct fe_prog *prog)
{
	for (size_t i = 0; i < prog->n_insns; i++) {
		const struct bpf_insn *insn = &prog->insns[i];

		if (!ebpf_is_ld_imm64(insn))
			continue;
		if (insn->src_reg == EBPF_IMM_MAP_IDX && (size_t)insn->imm < obj->n_maps &&
		    obj->maps[insn->imm].type == BPF_MAP_TYPE_PROG_ARRAY &&
		    obj->maps[insn->imm].n_slots)
			return true;
		i++;
	}
	return false;
}
