/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/prog.h"

#include "base/bits.h"

/* How a program uses the maps of its object, from the verifier's facts alone. */

static bool is_constant_data(const struct fe_map *map)
{
	return map->init && (map->kind == FE_MAP_RODATA || map->kind == FE_MAP_KCONFIG);
}

bool nfp_map_folds(const struct fe_map *map, int64_t off, unsigned size)
{
	return is_constant_data(map) && off >= 0 && off + size <= (int64_t)map->value_size;
}

const struct fe_map *nfp_map_of(const struct nfp_prog *np, const struct vp_reg *r)
{
	return r->object >= 0 && (size_t)r->object < np->vp->obj->n_maps
		       ? &np->vp->obj->maps[r->object]
		       : NULL;
}

const char *nfp_map_name_of(const struct nfp_prog *np, const struct vp_reg *r)
{
	const struct fe_map *map = nfp_map_of(np, r);

	return map ? map->name : "one of several";
}

/* May a map value pointer point into map `i`? */
static bool is_candidate(const struct nfp_prog *np, const struct vp_reg *r, size_t i)
{
	return nfp_map_of(np, r) ? (size_t)r->object == i : np->maps[i].referenced;
}

/* ---- counters ----------------------------------------------------------------------------------- */

/* Words of one map in [from, end): how many are counters, how many are not. */
static void count_words(const struct nfp_prog_map *pm, int64_t from, int64_t end, unsigned n[2])
{
	for (int64_t w = from < 0 ? 0 : from / 4; w < pm->words && w * 4 < end; w++)
		n[pm->word_use[w] == NFP_WORD_ATOMIC]++;
}

enum nfp_swap nfp_map_swap(const struct nfp_prog *np, const struct vp_reg *r, int64_t off,
			   uint32_t size)
{
	int64_t from = r->min_off + off, end = r->max_off + off + size;
	unsigned n[2] = { 0, 0 };

	for (size_t i = 0; i < np->vp->obj->n_maps; i++)
		if (is_candidate(np, r, i))
			count_words(&np->maps[i], from, end, n);
	if (!n[1])
		return NFP_SWAP_NO;
	if (n[0] || (size != 4 && size != 8))
		return NFP_SWAP_IMPOSSIBLE;
	if (r->min_off == r->max_off)
		return from % 4 ? NFP_SWAP_IMPOSSIBLE : NFP_SWAP_YES;
	return !r->off_varies && !((r->var.value | r->var.mask) & 3) && (r->off + off) % 4 == 0
		       ? NFP_SWAP_YES
		       : NFP_SWAP_IMPOSSIBLE;
}

static void note_words(struct nfp_prog_map *pm, int64_t from, int64_t end,
		       enum nfp_map_word_use use)
{
	for (int64_t w = from < 0 ? 0 : from / 4; w < pm->words && w * 4 < end; w++) {
		uint8_t *u = &pm->word_use[w];

		if (use == NFP_WORD_ATOMIC || *u == NFP_WORD_UNUSED ||
		    (use == NFP_WORD_READ && *u == NFP_WORD_WRITE))
			*u = (uint8_t)use;
	}
}

/* An access of `size` bytes somewhere in [r.min_off, r.max_off] + off. */
static void note_use(struct nfp_prog *np, const struct vp_reg *r, int64_t off, uint32_t size,
		     enum nfp_map_word_use use)
{
	int64_t from = r->min_off + off, end = r->max_off + off + size;

	if (r->kind != VP_MAP_VALUE)
		return;
	for (size_t i = 0; i < np->vp->obj->n_maps; i++) {
		if (!is_candidate(np, r, i))
			continue;
		np->maps[i].accessed |= use != NFP_WORD_READ || r->min_off != r->max_off ||
					!nfp_map_of(np, r) ||
					!nfp_map_folds(&np->vp->obj->maps[i], from, size);
		note_words(&np->maps[i], from, end, use);
	}
}

/* Helpers read their keys, values and records from memory that a register points to. */
static void note_call(struct nfp_prog *np, const struct bpf_insn *insn, const struct vp_fact *f)
{
	const struct vp_reg *r = f->regs;
	const struct fe_map *map;

	if (insn->src_reg != EBPF_CALL_HELPER)
		return;
	for (int i = 1; i <= 5; i++)
		if (r[i].kind == VP_MAP_PTR && nfp_map_of(np, &r[i]))
			np->maps[r[i].object].accessed = true;
	if (insn->imm == BPF_FUNC_perf_event_output)
		note_use(np, &r[4], 0, (uint32_t)r[5].umax, NFP_WORD_READ);
	map = r[1].kind == VP_MAP_PTR ? nfp_map_of(np, &r[1]) : NULL;
	if (!map)
		return;
	note_use(np, &r[2], 0, map->key_size, NFP_WORD_READ);
	if (insn->imm == BPF_FUNC_map_update_elem)
		note_use(np, &r[3], 0, map->value_size, NFP_WORD_READ);
}

static void note_insn(struct nfp_prog *np, const struct bpf_insn *insn, const struct vp_fact *f)
{
	unsigned size = ebpf_size_bytes(insn);

	switch (ebpf_class(insn)) {
	case BPF_LDX: note_use(np, &f->regs[insn->src_reg], insn->off, size, NFP_WORD_READ); break;
	case BPF_ST: note_use(np, &f->regs[insn->dst_reg], insn->off, size, NFP_WORD_WRITE); break;
	case BPF_STX:
		if (ebpf_is_load_acquire(insn))
			break; /* not a device map */
		note_use(np, &f->regs[insn->dst_reg], insn->off, size,
			 ebpf_mode(insn) == BPF_ATOMIC ? NFP_WORD_ATOMIC : NFP_WORD_WRITE);
		break;
	case BPF_JMP:
		if (ebpf_is_call(insn))
			note_call(np, insn, f);
		break;
	default: break;
	}
}

static void note_instance(struct nfp_prog *np, size_t inst)
{
	const struct vp_instance *vi = &np->vp->inst[inst];
	const struct fe_subprog *sub = &np->vp->prog->subprogs[vi->subprog];

	for (uint32_t pc = sub->start; pc < sub->end; pc++) {
		const struct vp_fact *f = vp_fact_at(np->vp, inst, pc);
		const struct bpf_insn *insn = &np->insns[pc].insn;

		if (f->seen && insn->dst_reg <= 10 && insn->src_reg <= 10)
			note_insn(np, insn, f);
	}
}

/* Table ids follow the object's order of maps, over all maps that an instruction names: as when
 * the kernel binds a program's maps. Constant data that is folded needs no map. */
static void number_maps(struct nfp_prog *np)
{
	const struct fe_object *obj = np->vp->obj;

	for (size_t i = 0; i < obj->n_maps; i++) {
		struct nfp_prog_map *pm = &np->maps[i];
		bool need = obj->maps[i].kind == FE_MAP_USER ? pm->referenced : pm->accessed;

		pm->image_idx = need ? (int32_t)np->n_image_maps++ : -1;
	}
}

void nfp_prog_plan_maps(struct nfp_prog *np, struct cx *cx)
{
	const struct fe_object *obj = np->vp->obj;

	np->maps = ARENA_ARRAY(cx->arena, struct nfp_prog_map, obj->n_maps);
	for (size_t i = 0; i < obj->n_maps; i++) {
		/* values above the largest that any card takes are refused before use */
		np->maps[i].words =
			(obj->maps[i].value_size < 1u << 20 ? obj->maps[i].value_size + 3 : 0) / 4;
		np->maps[i].word_use = ARENA_ARRAY(cx->arena, uint8_t, np->maps[i].words);
	}
	nfp_prog_use_counters(np, cx);
	for (uint32_t pc = 0; pc < np->n_insns; pc++) {
		int32_t map = nfp_ld_imm_map(np, &np->insns[pc].insn);

		if (map >= 0)
			np->maps[map].referenced = true;
		if (ebpf_is_ld_imm64(&np->insns[pc].insn))
			pc++;
	}
	for (size_t i = 0; i < np->vp->n_inst; i++)
		note_instance(np, i);
	number_maps(np);
}
