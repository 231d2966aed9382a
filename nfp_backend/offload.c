/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/backend.h"
#include "nfp_backend/dump.h"
#include "nfp_backend/isel/isel.h"
#include "nfp_backend/legal/legal.h"
#include "nfp_backend/lift/lift.h"
#include "nfp_backend/passes.h"

#include "base/bits.h"

#include <llvm-c/Core.h>

#include <time.h>

/* The callbacks of struct bpf_offload_ops for the NFP, and the pipeline that translate runs. */

const char *const nfp_pass_names[] = {
	"lift",
	"llvm",
	"isel",
#define PASS(name, run, always, what) #name,
#include "nfp_backend/passes.def"
#undef PASS
	NULL,
};

/* One translation. LLVM's objects live from lift to isel. */
struct job {
	struct offload_prog *p;
	const struct nfp_prog *np;
	struct offload_refusal *why;
	LLVMContextRef llvm;
	LLVMModuleRef mod;
	struct nfp_func fn;
	struct nfp_ucode code;
	bool stopped; /* after opts.stop_after */
	double phase_start;
};

/* ---- phases --------------------------------------------------------------------------------------- */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Ends a phase: its time, its dump, and whether to stop here. True: go on. */
static bool end_phase(struct job *j, const char *name)
{
	struct offload_prog *p = j->p;

	if (p->opts.time_passes)
		*vec_push(&p->phases, p->cx->arena) =
			(struct offload_phase){ name, now() - j->phase_start };
	j->stopped = p->opts.stop_after && !strcmp(p->opts.stop_after, name);
	j->phase_start = now();
	return !j->stopped;
}

static void dump_llvm(struct job *j, const char *pass)
{
	FILE *f = nfp_dump_begin(j->p->cx, &j->p->opts, j->np->vp->prog->name, pass);
	char *text;

	if (!f)
		return;
	text = nfp_llvm_text(j->mod);
	fputs(text, f);
	LLVMDisposeMessage(text);
	nfp_dump_end(&j->p->opts, f);
}

static void dump_mir(struct job *j, const char *pass)
{
	FILE *f = nfp_dump_begin(j->p->cx, &j->p->opts, j->np->vp->prog->name, pass);

	if (!f)
		return;
	nfp_print(&j->fn, f);
	nfp_dump_end(&j->p->opts, f);
}

/* ---- translation ------------------------------------------------------------------------------------ */

static bool run_llvm_phases(struct job *j)
{
	struct cx *cx = j->p->cx;

	if (!nfp_lift(cx, j->np, j->llvm, &j->mod, j->why))
		return false;
	offload_probe(&j->p->opts, "lift", j->mod);
	dump_llvm(j, "lift");
	if (!end_phase(j, "lift"))
		return true;
	nfp_llvm_opt(j->mod, j->p->opts.opt_level);
	dump_llvm(j, "llvm");
	if (!end_phase(j, "llvm"))
		return true;
	if (!nfp_isel(cx, j->mod, j->np->fw, (uint8_t)j->np->type, &j->fn))
		return false;
	offload_probe(&j->p->opts, "isel", &j->fn);
	dump_mir(j, "isel");
	end_phase(j, "isel");
	return true;
}

static bool run_phases(struct job *j)
{
	bool ok;

	j->llvm = LLVMContextCreate();
	ok = run_llvm_phases(j);
	if (j->mod)
		LLVMDisposeModule(j->mod);
	LLVMContextDispose(j->llvm);
	if (!ok || j->stopped)
		return ok;
	if (!nfp_run_mir_passes(&j->fn, j->p->cx, &j->p->opts, &j->code))
		return false;
	end_phase(j, "mir");
	j->stopped = !j->code.n_words; /* told to stop among the passes over MIR */
	return true;
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

static struct nfp_image *make_image(struct job *j)
{
	struct cx *cx = j->p->cx;
	struct nfp_image *img = ARENA_NEW(cx->arena, struct nfp_image);

	img->prog_name = j->np->vp->prog->name;
	img->type = j->np->type;
	img->code = j->code;
	img->stack_bytes = j->fn.frame_words * 4;
	img->max_pkt_off = j->np->vp->max_pkt_off;
	image_maps(cx, j->np, img);
	image_needs(j->np, img);
	image_sources(cx, j->np, img);
	return img;
}

/* What only the finished program shows. */
static bool check_size(struct job *j)
{
	const struct nfp_firmware *fw = j->np->fw;

	if (j->code.n_words > fw->max_len)
		return nfp_refuse(j->p->cx, j->why, REASON_CODE_TOO_LONG, (unsigned)j->code.n_words,
				  fw->max_len);
	if (j->fn.frame_words * 4 > fw->stack_bytes)
		return nfp_refuse(j->p->cx, j->why, REASON_STACK_TOO_LARGE, j->fn.frame_words * 4,
				  fw->stack_bytes);
	return true;
}

/* ---- callbacks ------------------------------------------------------------------------------------------ */

static bool op_prepare(struct offload_prog *p)
{
	p->dev_priv = nfp_prog_new(p->cx, p->vp, p->target);
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

/* A pass that fails has reported an error; here that is an answer ("the card cannot, because"),
 * so the report becomes the refusal. */
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

static bool op_translate(struct offload_prog *p, struct offload_refusal *why)
{
	struct job j = { .p = p, .np = p->dev_priv, .why = why, .phase_start = now() };
	size_t n_reports = p->cx->diags->list.len;

	if (!run_phases(&j)) {
		refusal_from_report(p->cx->diags, n_reports, why);
		return false;
	}
	if (j.stopped)
		return true;
	if (!check_size(&j))
		return false;
	p->image = make_image(&j);
	end_phase(&j, "image");
	return true;
}

static void op_destroy(struct offload_prog *p)
{
	p->dev_priv = NULL; /* the copy goes with the arena */
}

/* The firmware moves a packet's start by so much without a check (nfp.md 4.13). */
static uint32_t op_handoff_room(const struct offload_prog *p)
{
	const struct nfp_firmware *fw = p->target;

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
