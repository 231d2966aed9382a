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

/* ---- ids that the words hold ------------------------------------------------------------------ */

/* What holds the map in a call (nfp.md 4.3, 4.11): low words of R1 and R2; the map helpers read the id in A0. */
#define GPR_A0 0u
#define GPR_R1 2u
#define GPR_R2 4u

static bool is_map_helper(const struct nfp_firmware *fw, uint32_t addr)
{
	return addr && (addr == fw->helper_addr.map_lookup || addr == fw->helper_addr.map_update ||
			addr == fw->helper_addr.map_delete);
}

struct ids {
	const struct nfp_firmware *fw;
	struct arena *arena;
	uint32_t gpr; /* that holds the map */
	bool events;  /* of perf_event_output, not of the map helpers */
	bool chosen; /* each constant counts, for a branch may have chosen; else the last before a call */
	VEC(uint32_t) pending;
	VEC(uint32_t) found;
};

static bool is_call(const struct ids *ids, uint32_t addr)
{
	if (ids->events)
		return addr && addr == ids->fw->helper_addr.perf_event_output;
	return is_map_helper(ids->fw, addr);
}

/* Keeps the list sorted and free of doubles. */
static void add_found(struct ids *ids, uint32_t id)
{
	size_t at = 0;

	while (at < ids->found.len && ids->found.at[at] < id)
		at++;
	if (at < ids->found.len && ids->found.at[at] == id)
		return;
	vec_push(&ids->found, ids->arena);
	for (size_t i = ids->found.len - 1; i > at; i--)
		ids->found.at[i] = ids->found.at[i - 1];
	ids->found.at[at] = id;
}

/* Each constant that the register was given since the call before may be an id: a branch may have chosen between
 * them. */
/* A call holds it in B0 (nfp.md 4.11). */
static bool is_return_address(const struct ids *ids, const struct me_insn *in)
{
	return ids->gpr == GPR_A0 && in->dst.bank_b;
}

static void note_constant(struct ids *ids, const struct me_insn *in)
{
	if (in->cls != ME_IMMED || in->dst.kind != ME_GPR || in->dst.n != ids->gpr ||
	    in->imm_mask != UINT32_MAX || !in->imm_result || is_return_address(ids, in))
		return;
	if (!ids->chosen)
		ids->pending.len = 0;
	*vec_push(&ids->pending, ids->arena) = in->imm_result;
}

static void end_call(struct ids *ids)
{
	for (size_t k = 0; k < ids->pending.len; k++)
		add_found(ids, ids->pending.at[k]);
	ids->pending.len = 0;
}

/* A call ends behind its defer slots. */
static void find_ids(struct ids *ids, const uint64_t *words, size_t n_words)
{
	size_t call_end = SIZE_MAX;

	for (size_t i = 0; i < n_words; i++) {
		struct me_insn in;

		if (me_decode(words[i], &in)) {
			note_constant(ids, &in);
			if (in.cls == ME_BRANCH && is_call(ids, in.addr))
				call_end = i + in.defer;
		}
		if (i == call_end)
			end_call(ids);
	}
}

static bool is_event_map(const struct nfp_image_map *m)
{
	return m->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
}

static size_t count_maps(const struct sim_diff_device *dev, bool events)
{
	size_t n = 0;

	for (size_t i = 0; i < dev->n_maps; i++)
		n += is_event_map(&dev->maps[i]) == events;
	return n;
}

/* Gives maps of one sort (perf event arrays, or those with table ids) the ids found in their order, else consecutive
 * ones. */
static void assign_ids(struct sim_diff_device *dev, const struct ids *ids)
{
	uint32_t first = ids->found.len ? ids->found.at[0] : 1;
	size_t n = count_maps(dev, ids->events), k = 0;

	for (size_t i = 0; i < dev->n_maps; i++) {
		if (is_event_map(&dev->maps[i]) != ids->events)
			continue;
		dev->tids[i] = ids->found.len == n ? ids->found.at[k] : first + (uint32_t)k;
		k++;
	}
	dev->tids_guessed |= n && ids->found.len != n;
}

/* Of the ways to read the calls the first one that finds an id for each map; else what the first one finds. */
static void find_all_ids(struct arena *arena, const struct nfp_firmware *fw,
			 struct sim_diff_device *dev, bool events)
{
	const struct ids ways[] = {
		{ .gpr = events ? GPR_R2 : GPR_R1 },
		{ .gpr = events ? GPR_R2 : GPR_R1, .chosen = true },
		{ .gpr = events ? GPR_R2 : GPR_A0 },
		{ .gpr = events ? GPR_R2 : GPR_A0, .chosen = true },
	};
	struct ids found[ARRAY_SIZE(ways)];
	size_t best = 0;

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		found[i] = ways[i];
		found[i].fw = fw;
		found[i].arena = arena;
		found[i].events = events;
		find_ids(&found[i], dev->words, dev->n_words);
	}
	while (best < ARRAY_SIZE(ways) && found[best].found.len != count_maps(dev, events))
		best++;
	assign_ids(dev, &found[best < ARRAY_SIZE(ways) ? best : 0]);
}

uint32_t sim_diff_device_tid(const struct sim_diff_device *dev, size_t i)
{
	if (dev->tids)
		return dev->tids[i];
	return (dev->first_tid ? dev->first_tid : 1) + (uint32_t)i;
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
	dev->tids = ARENA_ARRAY(arena, uint32_t, dev->n_maps + 1);
	find_all_ids(arena, fw, dev, false);
	find_all_ids(arena, fw, dev, true);
	dev->first_tid = dev->n_maps ? dev->tids[0] : 1;
}
