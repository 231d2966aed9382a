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

bool nfp_map_any_atomic(const struct nfp_prog_map *pm, int64_t min_off, int64_t end_off)
{
	for (int64_t w = min_off < 0 ? 0 : min_off / 4; w < pm->words && w * 4 < end_off; w++)
		if (pm->word_use[w] == NFP_WORD_ATOMIC)
			return true;
	return false;
}

/* An access of `size` bytes somewhere in [r.min_off, r.max_off] + off. */
static void note_use(struct nfp_prog *np, const struct vp_reg *r, int64_t off, unsigned size,
		     enum nfp_map_word_use use)
{
	struct nfp_prog_map *pm;
	int64_t from = r->min_off + off, end = r->max_off + off + size;

	if (r->kind != VP_MAP_VALUE || r->object < 0 || (size_t)r->object >= np->vp->obj->n_maps)
		return;
	pm = &np->maps[r->object];
	if (use != NFP_WORD_READ || r->min_off != r->max_off ||
	    !nfp_map_folds(&np->vp->obj->maps[r->object], from, size))
		pm->accessed = true;
	for (int64_t w = from < 0 ? 0 : from / 4; w < pm->words && w * 4 < end; w++) {
		uint8_t *u = &pm->word_use[w];

		if (use == NFP_WORD_ATOMIC || *u == NFP_WORD_UNUSED ||
		    (use == NFP_WORD_READ && *u == NFP_WORD_WRITE))
			*u = (uint8_t)use;
	}
	pm->has_atomic |= use == NFP_WORD_ATOMIC;
}

static void note_map_arg(struct nfp_prog *np, const struct vp_reg *r)
{
	if (r->kind == VP_MAP_PTR && r->object >= 0 && (size_t)r->object < np->vp->obj->n_maps)
		np->maps[r->object].accessed = true;
}

/* Helpers read their keys, values and records from memory that a register points to. */
static void note_call(struct nfp_prog *np, const struct bpf_insn *insn, const struct vp_fact *f)
{
	const struct fe_map *map;

	if (insn->src_reg != EBPF_CALL_HELPER)
		return;
	for (int r = 1; r <= 5; r++)
		note_map_arg(np, &f->regs[r]);
	if (f->regs[1].kind != VP_MAP_PTR || f->regs[1].object < 0 ||
	    (size_t)f->regs[1].object >= np->vp->obj->n_maps)
		return;
	map = &np->vp->obj->maps[f->regs[1].object];
	note_use(np, &f->regs[2], 0, map->key_size, NFP_WORD_READ);
	if (insn->imm == BPF_FUNC_map_update_elem)
		note_use(np, &f->regs[3], 0, map->value_size, NFP_WORD_READ);
}

static void note_insn(struct nfp_prog *np, const struct bpf_insn *insn, const struct vp_fact *f)
{
	unsigned size = ebpf_size_bytes(insn);

	switch (ebpf_class(insn)) {
	case BPF_LDX: note_use(np, &f->regs[insn->src_reg], insn->off, size, NFP_WORD_READ); break;
	case BPF_ST: note_use(np, &f->regs[insn->dst_reg], insn->off, size, NFP_WORD_WRITE); break;
	case BPF_STX:
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
