/* SPDX-License-Identifier: BSD-2-Clause */
/* The device's view of an object's maps for words that came without an image. */
#include "sim/diff.h"

#include "base/bits.h"
#include "frontend/vprog.h"
#include "sim/me/me_decode.h"

static size_t value_words(const struct fe_map *m)
{
	return ((size_t)m->value_size + 3) / 4;
}

static void mark(const struct fe_map *m, uint8_t *use, int64_t from, int64_t to, uint8_t what)
{
	for (int64_t w = from / 4; w <= (to - 1) / 4; w++) {
		if (w >= 0 && (size_t)w < value_words(m) && use[w] < what)
			use[w] = what;
	}
}

/* Access of `insn` through the register's value, if that points into a map's value. */
static void mark_access(const struct vprog *vp, uint8_t *const *use, const struct bpf_insn *insn,
			const struct vp_reg *base, uint8_t what)
{
	int64_t from, to;

	if (base->kind != VP_MAP_VALUE || base->object < 0 ||
	    (size_t)base->object >= vp->obj->n_maps)
		return;
	from = base->min_off + insn->off;
	to = base->max_off + insn->off + ebpf_size_bytes(insn);
	mark(&vp->obj->maps[base->object], use[base->object], from, to, what);
}

static void mark_insn(const struct vprog *vp, uint8_t *const *use, const struct bpf_insn *insn,
		      const struct vp_fact *fact)
{
	switch (ebpf_class(insn)) {
	case BPF_LDX: mark_access(vp, use, insn, &fact->regs[insn->src_reg], NFP_WORD_READ); break;
	case BPF_ST: mark_access(vp, use, insn, &fact->regs[insn->dst_reg], NFP_WORD_WRITE); break;
	case BPF_STX:
		mark_access(vp, use, insn, &fact->regs[insn->dst_reg],
			    ebpf_mode(insn) == BPF_ATOMIC ? NFP_WORD_ATOMIC : NFP_WORD_WRITE);
		break;
	default: break;
	}
}

uint8_t *const *sim_word_use_from_vprog(struct arena *arena, const struct vprog *vp)
{
	uint8_t **use = ARENA_ARRAY(arena, uint8_t *, vp->obj->n_maps + 1);

	for (size_t m = 0; m < vp->obj->n_maps; m++)
		use[m] = ARENA_ARRAY(arena, uint8_t, value_words(&vp->obj->maps[m]) + 1);
	for (size_t i = 0; i < vp->n_inst; i++) {
		const struct fe_subprog *s = &vp->prog->subprogs[vp->inst[i].subprog];

		for (size_t pc = s->start; pc < s->end; pc++) {
			const struct vp_fact *fact = vp_fact_at(vp, i, pc);

			if (fact->seen)
				mark_insn(vp, use, &vp->prog->insns[pc], fact);
		}
	}
	return use;
}

static void find_references(const struct fe_prog *prog, bool *used, size_t n_maps)
{
	for (size_t i = 0; i < prog->n_insns; i++) {
		const struct bpf_insn *insn = &prog->insns[i];

		if (!ebpf_is_ld_imm64(insn))
			continue;
		if ((insn->src_reg == EBPF_IMM_MAP_IDX ||
		     insn->src_reg == EBPF_IMM_MAP_IDX_VALUE) &&
		    (uint32_t)insn->imm < n_maps)
			used[insn->imm] = true;
		i++;
	}
}

#define GPR_R1 2u /* low word of R1, which holds the map in every map helper (nfp.md 4.3) */

static bool is_map_helper(const struct nfp_firmware *fw, uint32_t addr)
{
	return addr && (addr == fw->helper_addr.map_lookup || addr == fw->helper_addr.map_update ||
			addr == fw->helper_addr.map_delete);
}

/* Smallest constant that R1 was given last before a call of a map helper; 1 when there is none. */
static uint32_t find_first_tid(const struct nfp_firmware *fw, const uint64_t *words, size_t n_words)
{
	uint32_t r1 = 0, first = 0;

	for (size_t i = 0; i < n_words; i++) {
		struct me_insn in;

		if (!me_decode(words[i], &in))
			continue;
		if (in.cls == ME_IMMED && in.dst.kind == ME_GPR && in.dst.n == GPR_R1 &&
		    in.imm_mask == UINT32_MAX)
			r1 = in.imm_result;
		else if (in.cls == ME_BRANCH && is_map_helper(fw, in.addr) && r1 &&
			 (!first || r1 < first))
			first = r1;
	}
	return first ? first : 1;
}

void sim_diff_device_from_vprog(struct arena *arena, const struct vprog *vp,
				const struct nfp_firmware *fw, const uint64_t *words,
				size_t n_words, struct sim_diff_device *dev)
{
	size_t n_maps = vp->obj->n_maps;
	uint8_t *const *use = sim_word_use_from_vprog(arena, vp);
	struct nfp_image_map *maps = ARENA_ARRAY(arena, struct nfp_image_map, n_maps + 1);
	bool *used = ARENA_ARRAY(arena, bool, n_maps + 1);

	*dev = (struct sim_diff_device){ .words = words, .n_words = n_words, .maps = maps };
	dev->first_tid = find_first_tid(fw, words, n_words);
	find_references(vp->prog, used, n_maps);
	for (size_t i = 0; i < n_maps; i++) {
		const struct fe_map *m = &vp->obj->maps[i];

		if (!used[i])
			continue;
		maps[dev->n_maps++] = (struct nfp_image_map){
			.name = m->name,
			.type = m->type,
			.key_size = m->key_size,
			.value_size = m->value_size,
			.max_entries = m->max_entries,
			.flags = m->flags,
			.object_idx = (uint32_t)i,
			.word_use = use[i],
			.init = m->init,
		};
	}
}
