/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/stages.h"

#include "nfp_backend/legal/legal.h"

#include "base/clock.h"

#include <stdlib.h>

/* The callbacks of struct bpf_offload_ops for the NFP. */

static const struct nfp_target *target_of(const struct offload_prog *p)
{
	return (const struct nfp_target *)p->target;
}

/* ---- the image --------------------------------------------------------------------------------------- */

static void image_maps(struct cx *cx, const struct nfp_prog *np, struct nfp_image *img)
{
	const struct fe_object *obj = np->vp->obj;

	img->n_maps = np->n_image_maps;
	img->maps = ARENA_ARRAY(cx->arena, struct nfp_image_map, img->n_maps);
	for (size_t i = 0; i < obj->n_maps; i++) {
		const struct fe_map *m = &obj->maps[i];

		if (np->maps[i].image_idx < 0)
			continue;
		img->maps[np->maps[i].image_idx] = (struct nfp_image_map){
			.name = m->name,
			.type = nfp_map_type(np, i),
			.key_size = m->key_size,
			.value_size = m->value_size,
			.max_entries = m->max_entries,
			.flags = m->flags,
			.object_idx = (uint32_t)i,
			.word_use = np->maps[i].word_use,
			.init = m->init,
		};
	}
}

static void image_needs(const struct nfp_prog *np, struct nfp_image *img)
{
	for (uint32_t i = 0; i < np->n_live; i++) {
		const struct bpf_insn *insn = &np->insns[np->live[i]].insn;

		if (ebpf_is_call(insn) && insn->src_reg == EBPF_CALL_HELPER) {
			if (insn->imm < 64)
				img->helpers |= UINT64_C(1) << insn->imm;
			img->adjust_tail |= insn->imm == NFP_HELPER_ADJUST_TAIL;
		}
	}
	for (size_t inst = 0; inst < np->vp->n_inst; inst++) {
		const struct fe_subprog *sub = &np->vp->prog->subprogs[np->vp->inst[inst].subprog];

		for (uint32_t pc = sub->start; pc < sub->end; pc++) {
			const struct bpf_insn *insn = &np->insns[pc].insn;
			bool store = ebpf_class(insn) == BPF_STX || ebpf_class(insn) == BPF_ST;
			const struct vp_fact *f = vp_fact_at(np->vp, inst, pc);

			img->queue_select |=
				store && f->seen && f->regs[insn->dst_reg].kind == VP_CTX;
		}
	}
}

static void image_sources(struct cx *cx, const struct nfp_prog *np, struct nfp_image *img)
{
	VEC(struct nfp_image_src) srcs = { 0 };

	for (uint32_t pc = 0; pc < np->n_insns; pc++) {
		const struct fe_line *line = fe_prog_line(np->vp->prog, pc);

		if (line && line->file)
			*vec_push(&srcs, cx->arena) =
				(struct nfp_image_src){ pc, line->file, line->line };
	}
	img->srcs = srcs.at;
	img->n_srcs = srcs.len;
}

static struct nfp_image *make_image(const struct nfp_translation *t)
{
	struct cx *cx = t->cx;
	struct nfp_image *img = ARENA_NEW(cx->arena, struct nfp_image);

	img->prog_name = t->np->vp->prog->name;
	img->type = t->np->type;
	img->code = t->code;
	img->stack_bytes = t->fn.frame_words * 4;
	img->max_pkt_off = t->np->vp->max_pkt_off;
	image_maps(cx, t->np, img);
	image_needs(t->np, img);
	image_sources(cx, t->np, img);
	return img;
}

/* What only the finished program shows. */
static bool check_size(const struct nfp_translation *t)
{
	const struct nfp_firmware *fw = t->np->fw;

	if (t->code.n_words > fw->max_len)
		return nfp_refuse(t->cx, t->why, REASON_CODE_TOO_LONG, (unsigned)t->code.n_words,
				  fw->max_len);
	if (t->fn.frame_words * 4 > fw->stack_bytes)
		return nfp_refuse(t->cx, t->why, REASON_STACK_TOO_LARGE, t->fn.frame_words * 4,
				  fw->stack_bytes);
	return true;
}

/* ---- callbacks ------------------------------------------------------------------------------------------ */

static bool op_prepare(struct offload_prog *p)
{
	p->dev_priv = nfp_prog_new(p->cx, p->vp, target_of(p)->fw);
	return true;
}

static bool op_insn_hook(struct offload_prog *p, size_t inst, size_t insn,
			 struct offload_refusal *why)
{
	return nfp_legal_insn(p->cx, p->dev_priv, inst, (uint32_t)insn, why);
}

static bool op_finalize(struct offload_prog *p, struct offload_refusal *why)
{
	return nfp_legal_prog(p->cx, p->dev_priv, why);
}

static bool op_replace_insn(struct offload_prog *p, uint32_t off, const struct bpf_insn *insn)
{
	return nfp_prog_replace(p->dev_priv, off, insn);
}

static bool op_remove_insns(struct offload_prog *p, uint32_t off, uint32_t cnt)
{
	return nfp_prog_remove(p->dev_priv, off, cnt);
}

/* A stage that fails has reported an error. Here that is an answer, so the report becomes the refusal. */
static void refusal_from_report(struct diags *d, size_t n_before, struct offload_refusal *why)
{
	if (why->reason != REASON_NONE)
		return;
	for (size_t i = d->list.len; i-- > n_before;) {
		if (d->list.at[i].severity != DIAG_ERROR)
			continue;
		why->reason = d->list.at[i].reason; /* the first one stays */
		why->text = d->list.at[i].text;
		d->errors--;
	}
	d->list.len = n_before;
}

/* The dump, if one is asked for, is text in memory: the driver prints that of the form it takes. */
static bool run_stages(struct nfp_translation *t, const char **dump)
{
	char *text = NULL;
	size_t size;
	bool ok;

	if (t->opts->dump)
		t->dump = open_memstream(&text, &size);
	ok = nfp_run_stages(t);
	if (t->dump) {
		fclose(t->dump);
		*dump = arena_strdup(t->cx->arena, text);
		free(text);
	}
	return ok;
}

static bool op_translate(struct offload_prog *p, struct offload_refusal *why)
{
	struct nfp_translation t = { .cx = p->cx,
				     .opts = &target_of(p)->options,
				     .np = p->dev_priv,
				     .why = why,
				     .out = &p->out };
	size_t n_reports = p->cx->diags->list.len;

	if (!run_stages(&t, &p->out.dump)) {
		refusal_from_report(p->cx->diags, n_reports, why);
		return false;
	}
	if (!check_size(&t))
		return false;
	if (!t.opts->stop_after)
		p->out.image = &make_image(&t)->base;
	return true;
}

static void op_destroy(struct offload_prog *p)
{
	p->dev_priv = NULL; /* the copy goes with the arena */
}

/* The firmware moves a packet's start by so much without a check (nfp.md 4.13). */
static uint32_t op_handoff_room(const struct offload_target *target)
{
	const struct nfp_firmware *fw = ((const struct nfp_target *)target)->fw;

	if (!fw->adjust_head.present || !(fw->adjust_head.flags & NFP_ADJUST_HEAD_NO_META))
		return 0;
	return fw->adjust_head.guaranteed_sub;
}

const struct bpf_offload_ops nfp_offload_ops = {
	.name = "nfp",
	.prepare = op_prepare,
	.insn_hook = op_insn_hook,
	.finalize = op_finalize,
	.replace_insn = op_replace_insn,
	.remove_insns = op_remove_insns,
	.translate = op_translate,
	.destroy = op_destroy,
	.handoff_room = op_handoff_room,
};
