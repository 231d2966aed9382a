/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/kernel.h"
#include "frontend/kernel_load.h"
#include "frontend/verifier/contracts/btf_fields.h"

#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Large maps take the kernel seconds to make, so the programs of an object share them. Nothing runs, so they stay
 * empty. Shared are only maps of which the verifier learns no more than sizes and flags: special fields belong to
 * the BTF that a map was made with, which is loaded once per program, and arrays of programs belong to the type of
 * program that used them first. */

bool fe_kernel_prog_uses(const struct fe_prog *prog, size_t map)
{
	for (size_t i = 0; i < prog->n_insns; i++) {
		const struct bpf_insn *in = &prog->insns[i];

		if (!ebpf_is_ld_imm64(in))
			continue;
		if ((in->src_reg == EBPF_IMM_MAP_IDX || in->src_reg == EBPF_IMM_MAP_IDX_VALUE) &&
		    in->imm >= 0 && (size_t)in->imm == map)
			return true;
		i++;
	}
	return false;
}

static bool has_data_only(uint32_t type)
{
	switch (type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_LPM_TRIE: return true;
	default: return false;
	}
}

static bool may_share(const struct fe_object *obj, const struct fe_map *m)
{
	struct fe_btf_fields s = { .n = 0 };

	if (m->kind != FE_MAP_USER || m->init || !has_data_only(m->type))
		return false;
	if (obj->btf && m->btf_value_id)
		fe_special_find(&s, obj->btf, m->btf_value_id, FE_IN_VALUE);
	return !s.n && !s.refused;
}

static bool begin(struct fe_kernel_maps *maps, size_t n)
{
	if (maps->fds)
		return true;
	maps->fds = malloc((n + 1) * sizeof(*maps->fds));
	if (!maps->fds)
		return false;
	maps->n = n;
	for (size_t i = 0; i < n; i++)
		maps->fds[i] = -1;
	return true;
}

void fe_kernel_maps_make(struct fe_kernel_maps *maps, const struct fe_object *obj,
			 const struct fe_prog *prog)
{
	if (!begin(maps, obj->n_maps))
		return;
	for (size_t i = 0; i < maps->n; i++) {
		if (maps->fds[i] >= 0 || !fe_kernel_prog_uses(prog, i) ||
		    !may_share(obj, &obj->maps[i]))
			continue;
		maps->fds[i] = fe_kernel_make_map(obj, i);
		if (maps->fds[i] < 0) /* the loader finds the same, and says it */
			maps->fds[i] = -1;
	}
}

void fe_kernel_maps_close(struct fe_kernel_maps *maps)
{
	for (size_t i = 0; i < maps->n; i++) {
		if (maps->fds[i] >= 0)
			close(maps->fds[i]);
	}
	free(maps->fds);
	*maps = (struct fe_kernel_maps){ .fds = NULL };
}
